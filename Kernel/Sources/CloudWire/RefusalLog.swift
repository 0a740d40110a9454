import CloudCore
import CloudStore

/// Writes refused requests to the audit log, many in one transaction, so that a flood of them costs the disk no more
/// than it can bear. A request is answered only when its refusal is written.
actor RefusalLog {
    private let store: any Store
    private var waiting: [(record: AuditRecord, done: CheckedContinuation<Result<Void, CloudError>, Never>)] = []
    private var isWriting = false

    /// How many may wait; beyond it the service says it is overloaded.
    private static let room = 4096

    init(store: any Store) { self.store = store }

    func record(
        _ caller: Caller, _ route: Route, _ parameters: [String: String], _ error: CloudError
    ) async throws(CloudError) {
        try await record(
            AuditRecord(
                caller, service: route.service.name, action: route.action, kind: route.kind?.name ?? "",
                resource: String(route.target(parameters).prefix(64))), error)
    }

    func record(_ refusal: AuditRecord, _ error: CloudError) async throws(CloudError) {
        guard waiting.count < Self.room else {
            throw .unavailable("audit log", "more than \(Self.room) refusals wait to be written")
        }
        var record = refusal
        record.outcome = error.code == .fault ? .failed : .refused
        record.reason = error.code.rawValue + ": " + error.message.prefix(200)
        let outcome = await withCheckedContinuation { done in
            waiting.append((record, done))
            if !isWriting {
                isWriting = true
                Task { await flush() }
            }
        }
        try outcome.get()
    }

    private func flush() async {
        while !waiting.isEmpty {
            let batch = waiting
            waiting = []
            let records = batch.map(\.record)
            var outcome: Result<Void, CloudError> = .success(())
            do throws(CloudError) {
                try await store.write(nil) { (writer) throws(CloudError) in
                    for record in records { try writer.append(record) }
                }
            } catch { outcome = .failure(error) }
            for item in batch { item.done.resume(returning: outcome) }
        }
        isWriting = false
    }
}

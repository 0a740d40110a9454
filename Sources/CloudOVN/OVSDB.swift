import CloudCore
import CloudHost

/// A client of one ovsdb-server (RFC 7047), whatever databases it serves. It connects when it is first needed, and
/// again when the connection was lost.
public actor OVSDB {
    /// The databases of OVN and Open vSwitch.
    public enum Database: String, Sendable {
        case host = "Open_vSwitch"
        case north = "OVN_Northbound"
        case south = "OVN_Southbound"
    }
    /// The server's socket.
    public nonisolated let path: String
    private var wire: Wire?
    private var dialling: Task<Result<Wire, CloudError>, Never>?

    public init(path: String) { self.path = path }

    /// Runs operations as one transaction and returns the result of each.
    ///
    /// - Parameters:
    ///   - limit: how long it may take, waiting for a server that is being restarted included.
    ///   - repeatable: whether to run it again where the connection was lost in the middle, for reading and waiting.
    /// - Throws: `stale` where a `wait` did not hold, `conflict` where a constraint forbids it, `fault` for any other
    ///   error of the server, `timeout`, `unavailable`.
    @discardableResult
    public func transact(
        _ database: Database, _ operations: [JSON], within limit: Duration = .seconds(10), repeatable: Bool = false
    ) async throws(CloudError) -> [JSON] {
        let deadline = ContinuousClock.now + limit
        while true {
            let wire = try await connection(until: deadline)
            do {
                let params = JSON.array([.string(database.rawValue)] + operations)
                let left = max(deadline - ContinuousClock.now, .milliseconds(1))
                return try Self.results(try await wire.call("transact", params, within: left), of: operations)
            } catch  where repeatable && error.code == .unavailable && ContinuousClock.now < deadline {
                continue
            }
        }
    }

    /// Ends the connection; the next transaction makes another.
    public func close() {
        wire?.close()
        wire = nil
    }

    /// The open connection, or a new one: tried at growing intervals, since a server that died is back within 0.1 s.
    private func connection(until deadline: ContinuousClock.Instant) async throws(CloudError) -> Wire {
        var pause = Duration.milliseconds(10)
        while true {
            if let wire, wire.isOpen { return wire }
            do {
                return try await dial()
            } catch {
                guard ContinuousClock.now + pause < deadline, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(320))
            }
        }
    }

    /// One attempt to connect, shared by all who need it at the same time.
    private func dial() async throws(CloudError) -> Wire {
        let path = path
        let task =
            dialling
            ?? Task { () -> Result<Wire, CloudError> in
                do throws(CloudError) { return .success(try await Wire.connect(path)) } catch { return .failure(error) }
            }
        dialling = task
        let result = await task.value
        if dialling == task {
            dialling = nil
            if case .success(let new) = result { wire = new }
        }
        return try result.get()
    }

    /// The results, or the first error among them; an error at commit stands behind the operations' results.
    private static func results(_ reply: JSON, of operations: [JSON]) throws(CloudError) -> [JSON] {
        guard let results = reply.array else { throw .fault("OVSDB answered \(reply.text.prefix(200))") }
        for (place, result) in results.enumerated() {
            guard let word = result["error"]?.string else { continue }
            let operation = operations.indices.contains(place) ? operations[place].text : "the commit"
            let detail = "OVSDB: \(word): \(result["details"]?.string ?? "") in \(operation.prefix(500))"
            switch word {
            case "timed out": throw CloudError(.stale, "It changed meanwhile.", detail: detail)
            case "constraint violation", "referential integrity violation":
                throw CloudError(.conflict, "It contradicts what is there.", detail: detail)
            default: throw .fault(detail)
            }
        }
        guard results.count >= operations.count else { throw .fault("OVSDB answered too few results") }
        return results
    }
}

import CloudCore
import CloudHost
import CloudNetwork
import Glibc

/// Reads what ovn-controller writes and reports rules that it could not read: OVN itself calls those a success, and
/// then does not enforce them. Reads what it says of single packets too, and keeps the daemons' logs within bounds.
actor IncidentWatch {
    private let logs: String
    private let daemons: [String]
    private let onIncident: @Sendable (String) -> Void
    private let onFlows: @Sendable ([FlowSighting]) -> Void
    private var task: Task<Void, Never>?
    private var read: Int = 0
    /// The end of what was read that is not a whole line yet.
    private var rest: [UInt8] = []

    /// A log larger than this is emptied: the daemons append, so they go on at its beginning.
    static let mostBytes = 32 << 20

    init(
        logs: String, daemons: [String], onIncident: @escaping @Sendable (String) -> Void,
        onFlows: @escaping @Sendable ([FlowSighting]) -> Void = { _ in }
    ) {
        (self.logs, self.daemons, self.onIncident, self.onFlows) = (logs, daemons, onIncident, onFlows)
    }

    private var path: String { logs + "/ovn-controller.log" }

    /// Watches from the log's present end.
    func start() {
        guard task == nil else { return }
        read = Files.status(path).map { Int($0.st_size) } ?? 0
        task = Task {
            while !Task.isCancelled {
                look()
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    func stop() {
        task?.cancel()
        task = nil
    }

    private func look() {
        take(newBytes())
        for name in daemons {
            let log = "\(logs)/\(name).log"
            if let info = Files.status(log), info.st_size > Self.mostBytes { truncate(log, 0) }
        }
    }

    private func newBytes() -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        if size < read { (read, rest) = (0, []) }
        // More than a mebibyte in half a second is read at the next look.
        var bytes = [UInt8](repeating: 0, count: min(size - read, 1 << 20))
        let count = pread(file, &bytes, bytes.count, off_t(read))
        guard count > 0 else { return [] }
        read += count
        return Array(bytes.prefix(count))
    }

    private func take(_ bytes: [UInt8]) {
        rest += bytes
        let lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // A line without end is cut, so that memory stays bounded.
        rest = Array((lines.last ?? []).suffix(65_536))
        var flows: [FlowSighting] = []
        for line in lines.dropLast() {
            let text = String(decoding: line, as: UTF8.self)
            if text.contains("|acl_log(") {
                if let flow = FlowLine.parse(text[...]) { flows.append(flow) }
            } else if text.contains("error parsing match") {
                onIncident(text)
            }
        }
        if !flows.isEmpty { onFlows(flows) }
    }
}

import CloudCore
import CloudNetwork
import Synchronization

/// An edge that nobody passes; tests say what it counted and who is besieged.
public final class SimEdge: Edge {
    /// All that the edge knows.
    public struct State: Sendable {
        public var spec: EdgeSpec?
        /// The closed lines that are shared out, by physical network.
        public var lines: [String: LineSpec] = [:]
        public var counters: [String: EdgeCounters] = [:]
        public var sieges: [IPAddress: Int] = [:]
    }
    private let mischief: Mischief
    private let books = Mutex(State())

    public init(_ mischief: Mischief) { self.mischief = mischief }

    /// The books, for checks, and for what strangers do.
    public var state: State {
        get { books.withLock { $0 } }
        set { books.withLock { $0 = newValue } }
    }

    public func ensure(_ spec: EdgeSpec) async throws(CloudError) {
        try await mischief.effect("ensure the edge with \(spec.members.count) members") { () throws(CloudError) in
            books.withLock { books in
                books.spec = spec
                let old = books.counters
                books.counters = [:]
                for member in spec.members { books.counters[member.id] = old[member.id] ?? EdgeCounters() }
            }
        }
    }

    public func ensure(_ line: LineSpec) async throws(CloudError) {
        try await mischief.effect("share out line \(line.physical)") { () throws(CloudError) in
            books.withLock { $0.lines[line.physical] = line.bandwidth > 0 ? line : nil }
        }
    }

    public func counters() async throws(CloudError) -> [String: EdgeCounters] {
        try await mischief.effect("read the edge's counters") { () throws(CloudError) in
            books.withLock { $0.counters }
        }
    }

    public func sieges() async throws(CloudError) -> [IPAddress: Int] {
        try await mischief.effect("read who is besieged") { () throws(CloudError) in books.withLock { $0.sieges } }
    }
}

import CloudCore
import CloudNetwork
import Synchronization

/// An edge that keeps books of what it was told.
public final class SimEdge: Edge {
    private let mischief: Mischief
    private let books = Mutex<EdgeSpec?>(nil)

    public init(_ mischief: Mischief) { self.mischief = mischief }

    /// What it was told last, for checks.
    public var spec: EdgeSpec? { books.withLock { $0 } }

    public func ensure(_ spec: EdgeSpec) async throws(CloudError) {
        try await mischief.effect("edge for \(spec.members.count) members") { () throws(CloudError) in
            books.withLock { $0 = spec }
        }
    }

    public func counters() async throws(CloudError) -> [String: EdgeCounters] {
        var out: [String: EdgeCounters] = [:]
        for member in spec?.members ?? [] { out[member.id] = EdgeCounters() }
        return out
    }

    public func besieged() async throws(CloudError) -> Set<IPv4> { [] }
}

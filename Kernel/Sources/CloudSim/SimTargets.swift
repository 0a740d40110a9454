import CloudCore
import CloudStorage
import Synchronization

/// Virtual storages that serve nobody: who could log in to what stands in a book.
public final class SimTargets: BlockTargets {
    private let mischief: Mischief
    private let pool: SimLayers
    private let books = Mutex<[ID<VirtualStorage>: TargetSpec]>([:])
    public let host = HostName("host0")
    public static let users = 500_000..<500_100
    public var users: Range<Int> { Self.users }

    public init(_ mischief: Mischief, pool: SimLayers) { (self.mischief, self.pool) = (mischief, pool) }

    /// Whether nothing can be served, as a test may have it.
    public var refuses: Bool {
        get { isBroken.withLock { $0 } }
        set { isBroken.withLock { $0 = newValue } }
    }
    private let isBroken = Mutex(false)

    /// The books, for checks.
    public var all: [ID<VirtualStorage>: TargetSpec] { books.withLock { $0 } }

    public func namespace(of storage: ID<VirtualStorage>) -> String { "sim-" + storage.text }

    public func ensureTarget(_ target: TargetSpec) async throws(CloudError) {
        try target.check()
        try await mischief.effect("ensure target \(target.id) with \(target.volumes.map(\.disk.volume))") {
            () throws(CloudError) in
            if refuses { throw .unavailable("virtual storage", "it is broken") }
            for file in target.volumes.flatMap(\.disk.files) where pool.user(of: file.path) != target.user {
                throw .unavailable("virtual storage", "\(file.path) is not its user's")
            }
            books.withLock { $0[target.id] = target }
        }
    }

    public func removeTarget(_ storage: ID<VirtualStorage>) async throws(CloudError) {
        try await mischief.effect("remove target \(storage)") { () throws(CloudError) in
            books.withLock { $0[storage] = nil }
        }
    }

    public func targets() async throws(CloudError) -> Set<ID<VirtualStorage>> {
        try await mischief.effect("list targets") { () throws(CloudError) in books.withLock { Set($0.keys) } }
    }
}

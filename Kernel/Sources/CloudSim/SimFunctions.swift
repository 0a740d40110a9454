import CloudCore
import CloudNetwork
import Synchronization

/// A host of common functions that keeps books.
public final class SimFunctions: FunctionHost {
    private let mischief: Mischief
    private let books = Mutex<[ID<CommonFunctionPool>: FunctionSpec]>([:])

    public init(_ mischief: Mischief) { self.mischief = mischief }

    public let host = HostName("host0")
    public func namespace(of pool: ID<CommonFunctionPool>) -> String { "cf-\(pool)" }

    /// What is served, for checks.
    public var pools: [ID<CommonFunctionPool>: FunctionSpec] { books.withLock { $0 } }

    public func ensureFunctions(_ spec: FunctionSpec) async throws(CloudError) {
        try await mischief.effect("functions of \(spec.pool)") { () throws(CloudError) in
            books.withLock { $0[spec.pool] = spec }
        }
    }

    public func removeFunctions(_ pool: ID<CommonFunctionPool>) async throws(CloudError) {
        try await mischief.effect("remove functions of \(pool)") { () throws(CloudError) in
            books.withLock { $0[pool] = nil }
        }
    }

    public func functionPools() async throws(CloudError) -> Set<ID<CommonFunctionPool>> {
        try await mischief.effect("list functions") { () throws(CloudError) in books.withLock { Set($0.keys) } }
    }
}

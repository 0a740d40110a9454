import CloudCore

/// The machine of a pool of common functions.
public struct FunctionSpec: Hashable, Sendable {
    public var pool: ID<CommonFunctionPool>
    /// Its port on the pool's network, with its card and its address there: `100.64.0.1/16`.
    public var port: ID<Port>
    public var mac: MAC
    public var address: String
    /// Bytes in the largest packet that fits.
    public var mtu: Int
    /// What it serves, by the address that guests know.
    public var services: [IPv4: CommonFunction.Service]

    public init(
        pool: ID<CommonFunctionPool>, port: ID<Port>, mac: MAC, address: String, mtu: Int,
        services: [IPv4: CommonFunction.Service]
    ) {
        (self.pool, self.port, self.mac, self.address) = (pool, port, mac, address)
        (self.mtu, self.services) = (mtu, services)
    }
}

/// Serves the functions of pools. Every call is idempotent.
public protocol FunctionHost: Sendable {
    /// The port must be there.
    func ensureFunctions(_ spec: FunctionSpec) async throws(CloudError)
    func removeFunctions(_ pool: ID<CommonFunctionPool>) async throws(CloudError)
    /// The pools that are served, for the sweep.
    func functionPools() async throws(CloudError) -> Set<ID<CommonFunctionPool>>
}

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

    /// How its port leads into a namespace.
    func jack(_ namespace: String) -> JackSpec {
        JackSpec(port: port, namespace: namespace, device: "pool0", mac: mac, addresses: [address], mtu: mtu)
    }

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
    /// The machine that serves them.
    var host: HostName { get }
    /// Where a pool is served: the name of a network namespace.
    func namespace(of pool: ID<CommonFunctionPool>) -> String
    /// The pool's port must lead into its namespace.
    func ensureFunctions(_ spec: FunctionSpec) async throws(CloudError)
    func removeFunctions(_ pool: ID<CommonFunctionPool>) async throws(CloudError)
    /// The pools that are served, for the sweep.
    func functionPools() async throws(CloudError) -> Set<ID<CommonFunctionPool>>
}

/// What a pool's lifecycle acts through.
public struct FunctionWorld: Sendable {
    public var fabric: any Fabric
    public var functions: any FunctionHost

    public init(fabric: any Fabric, functions: any FunctionHost) { (self.fabric, self.functions) = (fabric, functions) }
}

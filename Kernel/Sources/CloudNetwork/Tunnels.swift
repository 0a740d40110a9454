import CloudCore

/// What nobody may read in a log or an answer.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The secret itself.
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { "(secret)" }
    public var debugDescription: String { description }
}

/// A VPN gateway with all its tunnels.
public struct GatewaySpec: Hashable, Sendable {
    public var id: ID<VPNService>
    /// Its address outside, with the length of its subnet's prefix.
    public var address: IPv4
    public var prefix: Int
    /// The way to whatever is not of its subnet; nil for none.
    public var nextHop: IPv4?
    /// The router's address on the link between the two, by which the tenant's networks are reached.
    public var router: IPv4
    /// Bytes in the largest packet outside.
    public var mtu: Int
    /// Sorted by id.
    public var tunnels: [TunnelSpec]

    public init(
        id: ID<VPNService>, address: IPv4, prefix: Int, nextHop: IPv4?, router: IPv4, mtu: Int, tunnels: [TunnelSpec]
    ) {
        (self.id, self.address, self.prefix, self.nextHop) = (id, address, prefix, nextHop)
        (self.router, self.mtu, self.tunnels) = (router, mtu, tunnels)
    }

    /// The devices in the gateway's namespace: towards the peers, and towards the tenant's router.
    public static let outerDevice = "outer", innerDevice = "inner"
}

/// One tunnel of a gateway. Names and addresses in it have been checked; see `VPNRules`.
public struct TunnelSpec: Hashable, Sendable {
    /// By what the two ends prove themselves.
    public enum Proof: Hashable, Sendable {
        case shared(Secret)
        /// Our certificate with those that lead to its authority, our key, and the peer's authority, all in PEM.
        case certificate(chain: [String], key: Secret, authority: String)
    }
    public var id: ID<IPsecSiteConnection>
    public var peer: IPv4
    public var localName: String
    public var peerName: String
    public var proof: Proof
    public var ike: VPNProposal
    public var esp: VPNProposal
    /// What may talk to each other through it.
    public var local: [CIDR]
    public var remote: [CIDR]
    /// An address of ours in each local block: the router's there.
    public var localAddresses: [IPv4]
    /// Whether we call the peer, or only wait.
    public var initiates: Bool
    /// Seconds of silence until the peer is asked whether it lives; 0 for never.
    public var probe: Int
    /// Bytes in the largest packet inside.
    public var mtu: Int

    public init(
        id: ID<IPsecSiteConnection>, peer: IPv4, localName: String, peerName: String, proof: Proof, ike: VPNProposal,
        esp: VPNProposal, local: [CIDR], remote: [CIDR], localAddresses: [IPv4], initiates: Bool, probe: Int, mtu: Int
    ) {
        (self.id, self.peer, self.localName, self.peerName) = (id, peer, localName, peerName)
        (self.proof, self.ike, self.esp, self.local, self.remote) = (proof, ike, esp, local, remote)
        (self.localAddresses, self.initiates, self.probe, self.mtu) = (localAddresses, initiates, probe, mtu)
    }
}

/// What a gateway says of a tunnel.
public struct TunnelState: Hashable, Sendable {
    /// Bytes and packets of one pair of keys.
    public struct Flow: Hashable, Sendable {
        public var bytesIn = 0, bytesOut = 0, packetsIn = 0, packetsOut = 0
        public init() {}
    }
    /// Whether packets pass.
    public var isUp: Bool
    /// For how many seconds.
    public var seconds: Int
    /// Each pair of keys in use, by a name that no other has.
    public var flows: [String: Flow]
    /// Why it is down, as its owner may read it; empty where nothing is known.
    public var reason: String
    public init(isUp: Bool, seconds: Int = 0, flows: [String: Flow] = [:], reason: String = "") {
        (self.isUp, self.seconds, self.flows, self.reason) = (isUp, seconds, flows, reason)
    }
}

/// Runs VPN gateways on this machine. Every call is idempotent.
public protocol Tunnels: Sendable {
    /// The machine whose gateways these are.
    var host: HostName { get }
    /// The network namespace that a gateway's devices are to be in.
    func namespace(of gateway: ID<VPNService>) -> String
    /// Has a gateway with these tunnels and no others, whose devices are there. Those that do not change are not
    /// disturbed; one that is down and that we call is called again.
    ///
    /// - Throws: `unavailable` where gateways cannot be run here.
    func ensureGateway(_ gateway: GatewaySpec) async throws(CloudError)
    func removeGateway(_ gateway: ID<VPNService>) async throws(CloudError)
    /// All gateways that there are, for the sweep.
    func gateways() async throws(CloudError) -> Set<ID<VPNService>>
    /// How a tunnel does; down where it is not known.
    func state(
        of tunnel: ID<IPsecSiteConnection>, of gateway: ID<VPNService>
    ) async throws(CloudError) -> TunnelState
}

/// What the lifecycles of VPN act through.
public struct VPNWorld: Sendable {
    let fabric: any Fabric
    let tunnels: any Tunnels
    init(fabric: any Fabric, tunnels: any Tunnels) { (self.fabric, self.tunnels) = (fabric, tunnels) }
}

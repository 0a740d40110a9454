import CloudCore

/// Where the cloud meets the Internet: one machine's uplink on one side, an external network on the other.
///
/// Everything between is checked there: who may send as whom, how much, and how often strangers may knock.
public protocol Edge: Sendable {
    /// Makes the edge as the specification says, and nothing else. Idempotent; traffic that is as before is not cut.
    func ensure(_ spec: EdgeSpec) async throws(CloudError)
    /// Shares a closed line out as the specification says. Idempotent; done where the line does not begin here.
    func ensure(_ line: LineSpec) async throws(CloudError)
    /// What passed and what was refused, for each member, since the edge was made.
    func counters() async throws(CloudError) -> [String: EdgeCounters]
    /// The public addresses that are under attack now: their TCP handshakes are answered by the edge on their behalf.
    /// With each, the opening packets (SYN) that came for it, counted from some time before the attack on.
    func sieges() async throws(CloudError) -> [IPAddress: Int]
}

/// All that the edge must know.
public struct EdgeSpec: Hashable, Sendable {
    /// The edge's own addresses on the external network, each with its prefix: `203.0.113.1/25`.
    public var addresses: Set<String>
    /// What the uplink carries in each direction, in Mbit/s.
    public var bandwidth: Int
    public var members: Set<EdgeMember>

    public init(addresses: Set<String>, bandwidth: Int, members: Set<EdgeMember>) {
        (self.addresses, self.bandwidth, self.members) = (addresses, bandwidth, members)
    }
}

/// A router or gateway of a tenant, on the external network.
public struct EdgeMember: Hashable, Sendable {
    /// The router's or gateway's id: letters a to z, digits, `-`.
    public var id: String
    /// Its card on the external network; only it may send as the addresses below.
    public var mac: MAC
    /// Its own addresses on the external network, floating ones included: reached without a route.
    public var addresses: Set<IPAddress>
    /// Blocks of addresses that are routed to it, by its first address of their family.
    public var blocks: Set<CIDR>
    /// What it may use; nil for what others leave.
    public var plan: BandwidthPlan?

    public init(id: String, mac: MAC, addresses: Set<IPAddress>, blocks: Set<CIDR>, plan: BandwidthPlan?) {
        (self.id, self.mac, self.addresses, self.blocks, self.plan) = (id, mac, addresses, blocks, plan)
    }
}

/// How much a gateway may carry in each direction.
public struct BandwidthPlan: Hashable, Sendable {
    /// The most, in Mbit/s.
    public var ceiling: Int
    /// Whether that much is kept for it; otherwise it gets what others leave.
    public var isGuaranteed: Bool

    public init(ceiling: Int, isGuaranteed: Bool) { (self.ceiling, self.isGuaranteed) = (ceiling, isGuaranteed) }
}

/// A line to a closed network, and what each VLAN may send on it.
public struct LineSpec: Hashable, Sendable {
    /// The operator's name of the physical network.
    public var physical: String
    /// What the line carries in each direction, in Mbit/s; 0 for a line that is nobody's any more.
    public var bandwidth: Int
    /// By VLAN, 1 to 4094; who has no plan shares what others leave.
    public var plans: [Int: BandwidthPlan]

    public init(physical: String, bandwidth: Int, plans: [Int: BandwidthPlan]) {
        (self.physical, self.bandwidth, self.plans) = (physical, bandwidth, plans)
    }
}

/// What the edge counted for a member.
public struct EdgeCounters: Hashable, Sendable {
    public var packetsIn = 0, bytesIn = 0, packetsOut = 0, bytesOut = 0
    /// Handshakes that the edge took over from an address under attack and that never came to an end.
    public var floodDropped = 0
    /// Packets of sources that knocked more often than they may.
    public var sourceDropped = 0
    /// Packets that left under an address that is not the sender's.
    public var spoofDropped = 0

    public init() {}
}

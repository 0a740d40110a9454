/// How often strangers may knock before the edge stands in the way.
public struct EdgeLimits: Hashable, Sendable {
    /// Opening packets (SYN) a second to one address; beyond it, the address counts as besieged.
    public var siege = 200
    /// How long an address counts as besieged after the last second in which too many came.
    public var siegeSeconds = 30
    /// New TCP connections a second that one source may open, to all addresses together.
    public var sourceOpenings = 100
    /// TCP connections that one source may hold.
    public var sourceConnections = 1000
    /// UDP packets a second of one source.
    public var sourceUDP = 20_000
    /// ICMP packets a second of one source.
    public var sourceICMP = 200
    /// New TCP connections a second that one member may open, so that none fills the table of connections.
    public var memberOpenings = 2000

    /// The usual bounds.
    public init() {}

    /// Sources, and addresses, of which count is kept; of further ones none is, until others are forgotten.
    static let mostCounted = 65_535
}

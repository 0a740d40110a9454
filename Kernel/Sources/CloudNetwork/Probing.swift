import CloudCore

/// One of the probe's own ports, as it may speak and be spoken to.
public struct ProbeCard: Hashable, Sendable {
    public var port: ID<Port>
    public var mac: MAC
    public var v4: IPv4?
    public var v6: IPv6?
    public init(port: ID<Port>, mac: MAC, v4: IPv4?, v6: IPv6?) {
        (self.port, self.mac, self.v4, self.v6) = (port, mac, v4, v6)
    }
}

/// The probe's ports on one network. All are guarded, as a guest's are.
public struct ProbeStation: Hashable, Sendable {
    /// Where a router is joined to the network.
    public struct Gateway: Hashable, Sendable {
        public var mac: MAC
        public var address: IPv4
        public init(mac: MAC, address: IPv4) { (self.mac, self.address) = (mac, address) }
    }
    public var network: ID<LogicalNetwork>
    public var project: ProjectID
    /// Its group allows everything, in both directions.
    public var sender: ProbeCard
    /// Its group allows everything, in both directions: whatever comes to the network at all, it hears.
    public var listener: ProbeCard
    /// Its group allows nothing.
    public var stranger: ProbeCard
    /// What DHCP is to offer the sender; nil where none is answered.
    public var lease: IPv4?
    public var gateway: Gateway?
    /// The address by which the network's router is known outside.
    public var outside: IPv4?
    public var routers: Set<ID<Router>> = []
    /// Where the network's owner has routed on purpose, the way out apart.
    public var routes: Set<CIDR> = []

    public init(
        network: ID<LogicalNetwork>, project: ProjectID, sender: ProbeCard, listener: ProbeCard, stranger: ProbeCard
    ) {
        (self.network, self.project) = (network, project)
        (self.sender, self.listener, self.stranger) = (sender, listener, stranger)
    }

    public var cards: [ProbeCard] { [sender, listener, stranger] }

    /// Whether somebody has joined the networks on purpose: a router of both, or a route to the other's address.
    public func isJoined(to other: ProbeStation) -> Bool {
        guard routers.isDisjoint(with: other.routers), project.text.isEmpty || project != other.project else {
            return true
        }
        return other.listener.v4.map { address in routes.contains { $0.contains(.v4(address)) } } ?? false
    }
}

/// One way of crossing, tried from one network towards another, or within one by who may not.
public struct ProbeAttempt: Hashable, Sendable {
    /// What was tried.
    public enum Kind: String, CaseIterable, Sendable {
        case unicast, unicast6, arp, neighbour, announcement, advertisement, broadcast, multicast, multicast6, ethertype
        case dhcp, metadata, gateway
        case forgedDHCP = "forged-dhcp"
        case forgedRouter = "forged-router"
        case forgedMAC = "forged-mac"
        case forgedIP = "forged-ip"
        case viaGateway = "via-gateway"
        case publicAddress = "public-address"
        /// Within a network, from and to a port whose group allows nothing.
        case shutIn = "shut-in"
        case shutOut = "shut-out"
        /// No frame: the fabric's own rows compared with what the store says.
        case wiring
    }
    public var kind: Kind
    public var from: ID<LogicalNetwork>
    public var to: ID<LogicalNetwork>
    /// Frames sent; 0 where the owner has joined the networks on purpose, so that it would prove nothing.
    public var sent: Int
    /// Frames heard where nobody may hear them.
    public var heard: Int
    /// How long until the first was heard, or how long was listened: milliseconds.
    public var milliseconds: Int
    public init(
        _ kind: Kind, from: ID<LogicalNetwork>, to: ID<LogicalNetwork>, sent: Int, heard: Int = 0, milliseconds: Int = 0
    ) {
        (self.kind, self.from, self.to) = (kind, from, to)
        (self.sent, self.heard, self.milliseconds) = (sent, heard, milliseconds)
    }
}

/// What came of it.
public struct ProbeReport: Sendable {
    public var attempts: [ProbeAttempt]
    /// The networks whose ports could not be used, each with the reason. In all others, what was sent to be heard was
    /// heard before the attempts and after them.
    public var deaf: [ID<LogicalNetwork>: String]
    public init(attempts: [ProbeAttempt], deaf: [ID<LogicalNetwork>: String]) {
        (self.attempts, self.deaf) = (attempts, deaf)
    }
}

/// All that the fabric is to have, and nothing else.
public struct Wiring: Sendable {
    public var networks: [NetworkSpec] = []
    public var ports: [PortSpec] = []
    public var groups: [GroupSpec] = []
    public init() {}
}

/// Where the fabric is not what it is to be, so that networks may meet.
public struct WiringFault: Hashable, Sendable {
    /// The networks that may meet; the same twice where the fault is within one.
    public var one: ID<LogicalNetwork>
    public var other: ID<LogicalNetwork>
    /// For the operator.
    public var what: String
    public init(_ one: ID<LogicalNetwork>, _ other: ID<LogicalNetwork>, _ what: String) {
        (self.one, self.other, self.what) = (one, other, what)
    }
}

/// Tries to get from network to network, with real frames.
public protocol Probing: Sendable {
    /// The host that the probe's ports are plugged on.
    var host: HostName { get }
    /// Tries every way from every station to every other. The stations' ports are plugged and settled. At most a minute.
    func attempt(_ stations: [ProbeStation]) async throws(CloudError) -> ProbeReport
    /// Where the fabric differs from what it is to be. What is being changed just now may differ for a moment.
    func faults(in wiring: Wiring) async throws(CloudError) -> [WiringFault]
    /// Removes what routers have learned of cards that are gone.
    func forget(_ cards: [MAC]) async throws(CloudError)
}

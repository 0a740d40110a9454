import CloudCore

/// A logical network as the fabric needs to know it.
public struct NetworkSpec: Hashable, Sendable {
    public var id: ID<LogicalNetwork>
    public var subnets: [SubnetSpec]
    /// Bytes in the largest packet that fits.
    public var mtu: Int
    /// The operator's name of the physical network that it continues into; empty for none.
    public var physical: String
    /// The VLAN that it is there; 0 for none.
    public var segment = 0
    /// Further VLANs of physical networks that it is joined to.
    public var links: Set<NetworkLink> = []
    /// The domain of its hosts' names, without a full stop at the end; empty for none.
    public var domain = ""

    public init(id: ID<LogicalNetwork>, subnets: [SubnetSpec], mtu: Int, physical: String = "") {
        (self.id, self.subnets, self.mtu, self.physical) = (id, subnets, mtu, physical)
    }
}

/// A VLAN of a physical network that a logical network is joined to.
public struct NetworkLink: Hashable, Sendable {
    /// Names the link: letters a to z, digits, `-`.
    public var id: String
    /// The operator's name of the physical network.
    public var physical: String
    /// 1 to 4094.
    public var segment: Int

    public init(id: String, physical: String, segment: Int) {
        (self.id, self.physical, self.segment) = (id, physical, segment)
    }
}

/// Addresses of a logical network, and what DHCP tells about them.
public struct SubnetSpec: Hashable, Sendable {
    public var id: ID<Subnet>
    public var cidr: CIDR
    public var gateway: IPAddress?
    /// Whether DHCP is answered: of the subnet's family.
    public var dhcp: Bool
    /// Whether DHCPv6 tells all but addresses.
    public var isStateless = false
    public var nameServers: [IPAddress]
    public var timeServers: [IPAddress] = []
    /// Destination and next hop of each further route.
    public var routes: [HostRoute]
    /// The address that answers DHCP; nil for IPv6, where a server is known by its card.
    public var dhcpServer: IPv4?
    /// Whether a router has the gateway's address, and answers ARP for it.
    public var isRouted: Bool

    public init(
        id: ID<Subnet>, cidr: CIDR, gateway: IPAddress?, dhcp: Bool, nameServers: [IPAddress], routes: [HostRoute],
        dhcpServer: IPv4?, isRouted: Bool = false
    ) {
        self.isRouted = isRouted
        (self.id, self.cidr, self.gateway, self.dhcp) = (id, cidr, gateway, dhcp)
        (self.nameServers, self.routes, self.dhcpServer) = (nameServers, routes, dhcpServer)
    }
}

/// A route that DHCP hands out.
public struct HostRoute: Hashable, Sendable {
    public var destination: CIDR
    public var nextHop: IPAddress
    public init(destination: CIDR, nextHop: IPAddress) { (self.destination, self.nextHop) = (destination, nextHop) }
}

/// A port as the fabric needs to know it. It may send only from its own hardware address and addresses.
public struct PortSpec: Hashable, Sendable {
    public var id: ID<Port>
    public var network: ID<LogicalNetwork>
    public var mac: MAC
    public var addresses: [PortAddress]
    /// A port that is down carries nothing.
    public var adminUp: Bool
    /// What its groups allow, and nothing else, goes in and out.
    public var groups: Set<ID<SecurityGroup>> = []
    /// Whether it may send from its own addresses only, and hears only what its groups allow.
    public var isGuarded = true
    /// Further addresses that it may send from.
    public var pairs: [AddressPair] = []
    /// Whether it is a router's, and no guest's.
    public var isRouter = false
    /// The name that DHCP tells the guest; empty for none.
    public var hostName = ""
    /// What DNS knows of it, in its network's domain.
    public var names: Set<HostRecord> = []
    public var domain = ""
    /// How fast, and marked how, its packets are.
    public var shaping: Set<ShapingSpec> = []
    /// What DHCP tells this port alone, and what it tells on the subnets of its addresses; nil where there is nothing.
    public var options: [DHCPOption] = []
    public var told: NetworkSpec?
    /// Whether what is dropped at it is written down, and for whom: a project's lines share one allowance.
    public var logsDropsFor: ProjectID?

    public init(id: ID<Port>, network: ID<LogicalNetwork>, mac: MAC, addresses: [PortAddress], adminUp: Bool) {
        (self.id, self.network, self.mac, self.addresses, self.adminUp) = (id, network, mac, addresses, adminUp)
    }
}

/// A bound or a mark of a port's packets.
public enum ShapingSpec: Hashable, Sendable {
    /// Kilobits a second, and kilobits at once, of what a port sends or of what it is sent.
    case limit(fromPort: Bool, kbps: Int, burst: Int)
    /// The differentiated services codepoint of what it sends.
    case mark(Int)
}

/// A host's name on its network, of one label, and an address of that name.
public struct HostRecord: Hashable, Sendable {
    public var name: String
    public var address: IPAddress
    public init(name: String, address: IPAddress) { (self.name, self.address) = (name, address) }
}

/// A hardware address with a block of addresses that a port may send from beside its own.
public struct AddressPair: Hashable, Sendable {
    public var mac: MAC
    public var prefix: Prefix
    public init(mac: MAC, prefix: Prefix) { (self.mac, self.prefix) = (mac, prefix) }
}

/// A security group as the fabric needs to know it.
public struct GroupSpec: Hashable, Sendable {
    public var id: ID<SecurityGroup>
    public var rules: Set<RuleSpec>
    /// Whether answers to what is allowed are allowed too.
    public var isStateful = true
    /// The blocks of each address group that its rules name.
    public var addressGroups: [ID<AddressGroup>: Set<Prefix>] = [:]
    /// Whether what it lets pass is written down, and for whom.
    public var logsPassedFor: ProjectID?
    public init(id: ID<SecurityGroup>, rules: Set<RuleSpec>) { (self.id, self.rules) = (id, rules) }
}

/// What a security group allows.
public struct RuleSpec: Hashable, Sendable {
    public var isIngress: Bool
    public var isIPv6: Bool
    /// IANA's number; nil for any.
    public var transport: Int?
    /// Ports, or ICMP's type and code; nil for any.
    public var low: Int?
    public var high: Int?
    /// Who is at the other end; anyone where neither is said.
    public var remotePrefix: Prefix?
    public var remoteGroup: ID<SecurityGroup>?
    public var remoteAddresses: ID<AddressGroup>?

    public init(
        isIngress: Bool, isIPv6: Bool, transport: Int?, low: Int?, high: Int?, remotePrefix: Prefix?,
        remoteGroup: ID<SecurityGroup>?
    ) {
        (self.isIngress, self.isIPv6, self.transport) = (isIngress, isIPv6, transport)
        (self.low, self.high, self.remotePrefix, self.remoteGroup) = (low, high, remotePrefix, remoteGroup)
    }
}

/// A router as the fabric needs to know it. Its ports are joined to their networks as ports are.
public struct RouterSpec: Hashable, Sendable {
    /// Where it is joined to a network.
    public struct Leg: Hashable, Sendable {
        public var port: ID<Port>
        public var mac: MAC
        /// Its addresses, each with the length of its subnet's prefix: `10.0.0.1/24`.
        public var addresses: [String]
        /// Whether it leads out of the cloud, where one host speaks for all.
        public var isGateway: Bool
        /// What it advertises to IPv6 guests; nil for nothing.
        public var advertisement: Advertisement?
        public init(port: ID<Port>, mac: MAC, addresses: [String], isGateway: Bool) {
            (self.port, self.mac, self.addresses, self.isGateway) = (port, mac, addresses, isGateway)
        }
    }
    /// What guests of an IPv6 network are told unasked (RFC 4861): the network's prefixes, and this.
    public struct Advertisement: Hashable, Sendable {
        public var mode: IPv6Mode
        public var mtu: Int
        public var nameServer: IPAddress?
        public init(mode: IPv6Mode, mtu: Int, nameServer: IPAddress?) {
            (self.mode, self.mtu, self.nameServer) = (mode, mtu, nameServer)
        }
    }
    /// An address of the outside that stands for addresses of the inside.
    public struct Translation: Hashable, Sendable {
        public var external: IPv4
        /// An address where both directions are translated, a block where only what leaves is.
        public var inside: String
        public var isFloating: Bool
        public init(external: IPv4, inside: String, isFloating: Bool) {
            (self.external, self.inside, self.isFloating) = (external, inside, isFloating)
        }
    }
    /// A port of an address outside that leads to a port of an address inside.
    public struct Forward: Hashable, Sendable {
        /// `tcp`, `udp` or `sctp`.
        public var transport: String
        public var external: IPv4, externalPort: Int
        public var inside: IPv4, insidePort: Int
        public init(transport: String, external: IPv4, externalPort: Int, inside: IPv4, insidePort: Int) {
            (self.transport, self.external, self.externalPort) = (transport, external, externalPort)
            (self.inside, self.insidePort) = (inside, insidePort)
        }
    }
    /// Addresses of which nothing leaves by a leg.
    public struct Fence: Hashable, Sendable {
        public var source: CIDR
        public var leg: ID<Port>
        public init(source: CIDR, leg: ID<Port>) { (self.source, self.leg) = (source, leg) }
    }
    /// How fast, and marked how, the packets of an address outside are, on their way through a leg.
    public struct Bound: Hashable, Sendable {
        public var leg: ID<Port>, network: ID<LogicalNetwork>
        public var address: IPv4
        /// From the port is what goes out.
        public var shaping: ShapingSpec
        public init(leg: ID<Port>, network: ID<LogicalNetwork>, address: IPv4, shaping: ShapingSpec) {
            (self.leg, self.network, self.address, self.shaping) = (leg, network, address, shaping)
        }
    }
    public var id: ID<Router>
    public var adminUp: Bool
    public var legs: Set<Leg>
    public var routes: Set<HostRoute>
    public var translations: Set<Translation>
    public var forwards: Set<Forward> = []
    public var fences: Set<Fence> = []
    public var bounds: Set<Bound> = []

    public init(id: ID<Router>, adminUp: Bool, legs: Set<Leg>, routes: Set<HostRoute>, translations: Set<Translation>) {
        (self.id, self.adminUp, self.legs, self.routes) = (id, adminUp, legs, routes)
        self.translations = translations
    }
}

/// What is copied from one port's device to another's. Both are on one host.
public struct MirrorSpec: Hashable, Sendable {
    public var id: ID<TapFlow>
    /// The port whose packets are copied, and the one that hears them.
    public var source: ID<Port>
    public var listener: ID<Port>
    /// Whether what goes to the source is copied, and what comes from it.
    public var copiesIngress: Bool
    public var copiesEgress: Bool
    public init(id: ID<TapFlow>, source: ID<Port>, listener: ID<Port>, copiesIngress: Bool, copiesEgress: Bool) {
        (self.id, self.source, self.listener) = (id, source, listener)
        (self.copiesIngress, self.copiesEgress) = (copiesIngress, copiesEgress)
    }
}

/// An address of a port, and the subnet that it is of.
public struct PortAddress: Hashable, Sendable {
    public var subnet: ID<Subnet>
    public var address: IPAddress
    public init(subnet: ID<Subnet>, address: IPAddress) { (self.subnet, self.address) = (subnet, address) }
}

/// Carries packets between ports. Every call is idempotent; those about one machine name it.
public protocol Fabric: Sendable {
    func ensureNetwork(_ network: NetworkSpec) async throws(CloudError)
    func removeNetwork(_ network: ID<LogicalNetwork>) async throws(CloudError)
    /// The port's groups must be there.
    func ensurePort(_ port: PortSpec) async throws(CloudError)
    func removePort(_ port: ID<Port>) async throws(CloudError)
    func ensureGroup(_ group: GroupSpec) async throws(CloudError)
    func removeGroup(_ group: ID<SecurityGroup>) async throws(CloudError)
    func ensureRouter(_ router: RouterSpec) async throws(CloudError)
    func removeRouter(_ router: ID<Router>) async throws(CloudError)
    /// Every network, port, group and router that the fabric has, for the sweep.
    func networks() async throws(CloudError) -> Set<ID<LogicalNetwork>>
    func ports() async throws(CloudError) -> Set<ID<Port>>
    func groups() async throws(CloudError) -> Set<ID<SecurityGroup>>
    func routers() async throws(CloudError) -> Set<ID<Router>>

    /// Makes the device on the host that a guest of user `uid` may open, and joins it to the port. Returns its name.
    func ensurePlug(_ port: ID<Port>, uid: Int, mtu: Int, on host: HostName) async throws(CloudError) -> String
    /// Joins a namespace of the host to a port that is there. `removePlug` takes it away; `plugs` lists it too.
    func ensureJack(_ jack: JackSpec, on host: HostName) async throws(CloudError)
    func removePlug(_ port: ID<Port>, on host: HostName) async throws(CloudError)
    func plugs(on host: HostName) async throws(CloudError) -> Set<ID<Port>>
    /// Both ports must be plugged there; `conflict` where the host can copy no more. A device that is made anew for one of
    /// its ports is copied from, or to, as the old one was.
    func ensureMirror(_ mirror: MirrorSpec, on host: HostName) async throws(CloudError)
    func removeMirror(_ mirror: ID<TapFlow>, on host: HostName) async throws(CloudError)
    func mirrors(on host: HostName) async throws(CloudError) -> Set<ID<TapFlow>>
    /// The daemons that carry packets on each host, tried just now.
    func agents() async throws(CloudError) -> [AgentSpec]
    /// Returns when all that was asked before is in force on the host.
    func settle(on host: HostName) async throws(CloudError)
}

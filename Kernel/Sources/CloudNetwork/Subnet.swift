import CloudCore
import CloudStore
import CloudWire

/// A block of addresses of either family on a network, and what DHCP says about it.
public struct Subnet: Resource {
    public var network = ID<LogicalNetwork>("")
    public var name = "", description = ""
    public var cidr: CIDR?
    public var gateway: IPAddress?
    /// Whether nobody said which gateway: then it is the first address.
    var gatewayIsOpen = true
    public var dhcp = true
    /// How IPv6 guests come by addresses; nil where the cloud does not say, and addresses are chosen as in IPv4.
    public var addressMode: IPv6Mode?
    /// What the network's router advertises; nil where it does not.
    public var routerMode: IPv6Mode?
    public var nameServers: [String] = [], ntpServers: [String] = []
    public var hostRoutes: [Route] = []
    public var pools: [Pool] = []
    public var pool: ID<SubnetPool>?
    /// The length of the prefix that is to be cut from the pool; nil for the pool's usual one.
    var length: Int?
    /// The family that was asked for; nil where it follows from the addresses.
    var family: Int?
    public var tags: [String: String] = [:]

    public init() {}

    public static let kind = Kind("subnet", "subnets", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.network, .shared, by: "network_id")
    public static let fields: [Field<Subnet>] = [
        .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network it is on."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .parsed("cidr", \.cidr, [.read, .create, .indexed], "Its addresses, as 10.0.0.0/24 or 2001:db8::/64."),
        Field(
            "ip_version", .integer(4...6), [.read], "4 or 6, as its addresses are.",
            get: { .integer($0.isIPv6 ? 6 : 4) }, set: { (_, _) in }),
        mode("ipv6_address_mode", \.addressMode, "How IPv6 guests come by addresses."),
        mode("ipv6_ra_mode", \.routerMode, "What the network's router advertises to IPv6 guests."),
        .parsed(
            "gateway_ip", \.gateway, [.read, .create, .update], "The way out; the first address unless said otherwise."),
        .boolean("enable_dhcp", \.dhcp, [.read, .create, .update], "Whether DHCP hands the addresses out."),
        .value(
            "dns_nameservers", \.nameServers, [.read, .create, .update], max: 512, "Name servers that DHCP tells of."),
        .value("ntp_servers", \.ntpServers, [.read, .create, .update], max: 512, "Time servers that DHCP tells of."),
        .value(
            "host_routes", \.hostRoutes, [.read, .create, .update], max: 4096, "Further routes that DHCP tells of."),
        .value(
            "allocation_pools", \.pools, [.read, .create, .update], max: 4096, "Ranges that addresses are taken from."),
        .reference("subnetpool_id", \.pool, [.read, .create, .indexed], "The pool that it was cut from."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
    ]

    /// A range of addresses, both ends included.
    public struct Pool: Hashable, Sendable, JSONConvertible {
        public var start: IPAddress, end: IPAddress
        public init(start: IPAddress, end: IPAddress) { (self.start, self.end) = (start, end) }
        public init(json: JSON) throws(CloudError) {
            guard let start = json["start"]?.string.flatMap({ IPAddress($0) }),
                let end = json["end"]?.string.flatMap({ IPAddress($0) }), start <= end, start.isIPv6 == end.isIPv6
            else { throw .invalid("a pool has a start and an end that is not before it.") }
            (self.start, self.end) = (start, end)
        }
        public var json: JSON { ["start": .string(start.description), "end": .string(end.description)] }
    }

    /// A route to a destination by a next hop.
    public struct Route: Hashable, Sendable, JSONConvertible {
        public var destination: CIDR, nextHop: IPAddress
        public init(destination: CIDR, nextHop: IPAddress) { (self.destination, self.nextHop) = (destination, nextHop) }
        public init(json: JSON) throws(CloudError) {
            guard let destination = json["destination"]?.string.flatMap({ CIDR($0) }),
                let nextHop = json["nexthop"]?.string.flatMap({ IPAddress($0) }), destination.isIPv6 == nextHop.isIPv6
            else { throw .invalid("a route has a destination, as 10.0.0.0/8, and a nexthop address.") }
            (self.destination, self.nextHop) = (destination, nextHop)
        }
        public var json: JSON {
            ["destination": .string(destination.description), "nexthop": .string(nextHop.description)]
        }
    }

    /// The space in which its addresses are claimed.
    static func space(_ id: ID<Subnet>) -> String { "subnet:" + id.text }
}

extension Subnet: Metered {
    public static let quota = 100

    public static func admit(_ draft: inout Stored<Subnet>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        var network = try writer.get(draft.network, for: caller)
        guard network.project == draft.project || caller.isOperator else {
            throw .missing(LogicalNetwork.kind.title, network.id.text)
        }
        try draft.value.cut(for: caller, in: writer)
        guard let cidr = draft.cidr, cidr.first.width - cidr.prefix >= 2 else {
            throw .invalid("Invalid input for cidr: a subnet has at least four addresses.", field: "cidr")
        }
        guard draft.value.family.map({ $0 == (cidr.isIPv6 ? 6 : 4) }) ?? true else {
            throw .invalid(
                "Invalid input for operation: cidr '\(cidr)' does not match the ip_version '\(draft.value.family ?? 4)'.",
                field: "cidr")
        }
        try ReservedAddress.refuse(cidr, in: writer)
        let scope = try draft.value.scope(in: writer)
        for other in try writer.list(Subnet.self, where: "network_id", .string(network.id.text)) {
            if other.cidr?.isIPv6 == cidr.isIPv6, try other.value.scope(in: writer) != scope {
                throw .invalid(
                    "Subnets hosted on the same network must be allocated from the same address scope: subnet \(other.id) is of another.",
                    field: "subnetpool_id")
            }
            if let taken = other.cidr, taken.overlaps(cidr) {
                throw .invalid(
                    "Invalid input for operation: Requested subnet with cidr: \(cidr) for network: \(network.id) overlaps with another subnet, \(other.id) (\(taken)).",
                    field: "cidr")
            }
        }
        if draft.gatewayIsOpen { draft.value.gateway = IPAddress(number: cidr.first.number + 1, isIPv6: cidr.isIPv6) }
        draft.value.clean()
        try draft.value.check(cidr)
        if draft.pools.isEmpty { draft.value.pools = wholePools(cidr, without: draft.gateway) }
        if draft.value.isByCard { try draft.addToCards(in: writer) }
        try writer.change(&network)
    }

    public static func admitChange(
        of it: inout Stored<Subnet>, from old: Stored<Subnet>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        it.value.clean()
        if let cidr = it.cidr { try it.value.check(cidr) }
        if it.gateway != old.gateway { try writer.evictProbes(from: it.network) }
        if let gateway = it.gateway, gateway != old.gateway,
            try writer.claims(space(it.id)).contains(gateway.description)
        {
            throw .conflict("The gateway address \(gateway) is in use by a port.")
        }
        if it.gateway != old.gateway, let gateway = old.gateway,
            try writer.claims(space(it.id)).contains(gateway.description)
        {
            throw .conflict("The gateway address \(gateway) is a router's.")
        }
        var network = try writer.get(it.network)
        try writer.change(&network)
        if it.value.advertisement != old.value.advertisement { try it.readvertise(in: writer) }
        for port in try writer.list(Port.self, where: "network_id", .string(it.network.text))
        where !port.dhcpOptions.isEmpty { try writer.raise(.refresh, Reference(port.id)) }
        guard it.gateway != old.gateway else { return }
        for router in try writer.list(Router.self, where: "gateway_network", .string(it.network.text)) {
            try Router.refresh(router.id, in: writer)
        }
    }

    public static func admitRemoval(of it: Stored<Subnet>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        try writer.evictProbes(from: it.network)
        let users = try writer.list(Port.self, where: "network_id", .string(it.network.text))
            .filter { $0.addresses.contains { $0.subnet == it.id } }
        let floating = try writer.list(FloatingIP.self, where: "subnet_id", .string(it.id.text))
        let staying = users.filter { $0.value.isRouters || !it.value.isByCard }
        if let first = floating.first { throw .conflict("Subnet \(it.id) is in use by floating IP \(first.id).") }
        guard staying.isEmpty else {
            throw .conflict("Subnet \(it.id) is in use by \(Port.describe(Array(staying.prefix(4)))).")
        }
        try it.takeFromCards(users, in: writer)
        var network = try writer.get(it.network)
        try writer.change(&network)
    }

    /// Takes a block of the pool where one is named.
    private mutating func cut(for caller: Caller, in writer: any Writer) throws(CloudError) {
        guard let pool else {
            guard length == nil else { throw .invalid("prefixlen goes with subnetpool_id.", field: "prefixlen") }
            guard cidr != nil else {
                throw .invalid("Failed to parse request. Required attribute 'cidr' not specified.", field: "cidr")
            }
            return
        }
        let source = try writer.get(pool, for: caller)
        let taken = try writer.list(Subnet.self, where: "subnetpool_id", .string(pool.text)).compactMap(\.cidr)
        guard let cidr else { return self.cidr = try source.value.cut(length, taken: taken) }
        let isWithin = source.prefixes.compactMap { CIDR($0) }.contains {
            $0.prefix <= cidr.prefix && $0.contains(cidr.first)
        }
        guard isWithin, !taken.contains(where: { $0.overlaps(cidr) }) else {
            throw .invalid("The pool does not have \(cidr) to give.", field: "cidr")
        }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// A block of addresses on a network, and what DHCP says about it. IPv4.
public struct Subnet: Resource {
    public var network = ID<LogicalNetwork>("")
    public var name = "", description = ""
    public var cidr: CIDR?
    public var gateway: IPv4?
    /// Whether nobody said which gateway: then it is the first address.
    var gatewayIsOpen = true
    public var dhcp = true
    public var nameServers: [String] = [], ntpServers: [String] = []
    public var hostRoutes: [Route] = []
    public var pools: [Pool] = []
    public var pool: ID<SubnetPool>?
    /// The length of the prefix that is to be cut from the pool; nil for the pool's usual one.
    var length: Int?
    public var tags: [String: String] = [:]

    public init() {}

    public static let kind = Kind("subnet", "subnets", service: "network")
    public static let access = Access.project
    public static let fields: [Field<Subnet>] = [
        .reference("network_id", \.network, [.read, .create, .required, .indexed], "The network it is on."),
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .parsed("cidr", \.cidr, [.read, .create, .indexed], "Its addresses, as 10.0.0.0/24."),
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
        public var start: IPv4, end: IPv4
        public init(start: IPv4, end: IPv4) { (self.start, self.end) = (start, end) }
        public init(json: JSON) throws(CloudError) {
            guard let start = json["start"]?.string.flatMap({ IPv4($0) }),
                let end = json["end"]?.string.flatMap({ IPv4($0) }), start <= end
            else { throw .invalid("a pool has a start and an end that is not before it.") }
            (self.start, self.end) = (start, end)
        }
        public var json: JSON { ["start": .string(start.description), "end": .string(end.description)] }
    }

    /// A route to a destination by a next hop.
    public struct Route: Hashable, Sendable, JSONConvertible {
        public var destination: CIDR, nextHop: IPv4
        public init(json: JSON) throws(CloudError) {
            guard let destination = json["destination"]?.string.flatMap({ CIDR($0) }),
                let nextHop = json["nexthop"]?.string.flatMap({ IPv4($0) })
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
        guard let cidr = draft.cidr, cidr.prefix <= 30 else {
            throw .invalid("Invalid input for cidr: a subnet has at least four addresses.", field: "cidr")
        }
        for other in try writer.list(Subnet.self, where: "network_id", .string(network.id.text)) {
            if let taken = other.cidr, taken.overlaps(cidr) {
                throw .invalid(
                    "Invalid input for operation: Requested subnet with cidr: \(cidr) for network: \(network.id) overlaps with another subnet, \(other.id) (\(taken)).",
                    field: "cidr")
            }
        }
        if draft.gatewayIsOpen { draft.value.gateway = IPv4(number: cidr.first.number + 1) }
        draft.value.clean()
        try draft.value.check(cidr)
        if draft.pools.isEmpty { draft.value.pools = wholePools(cidr, without: draft.gateway) }
        try writer.change(&network)
    }

    public static func admitChange(
        of it: inout Stored<Subnet>, from old: Stored<Subnet>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        it.value.clean()
        if let cidr = it.cidr { try it.value.check(cidr) }
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
        guard it.gateway != old.gateway else { return }
        for router in try writer.list(Router.self, where: "gateway_network", .string(it.network.text)) {
            try Router.refresh(router.id, in: writer)
        }
    }

    public static func admitRemoval(of it: Stored<Subnet>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        let users = try writer.list(Port.self, where: "network_id", .string(it.network.text))
            .filter { $0.addresses.contains { $0.subnet == it.id } }
        let floating = try writer.list(FloatingIP.self, where: "subnet_id", .string(it.id.text))
        if let first = floating.first { throw .conflict("Subnet \(it.id) is in use by floating IP \(first.id).") }
        guard users.isEmpty else {
            throw .conflict("Subnet \(it.id) is in use by \(Port.describe(Array(users.prefix(4)))).")
        }
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

    /// ECL's client says 0.0.0.0 where it means no server.
    private mutating func clean() {
        nameServers.removeAll { $0 == "0.0.0.0" }
        ntpServers.removeAll { $0 == "0.0.0.0" }
    }

    private func check(_ cidr: CIDR) throws(CloudError) {
        func isUsable(_ address: IPv4) -> Bool {
            cidr.contains(address) && address != cidr.first && address != cidr.last
        }
        if let gateway, !isUsable(gateway) {
            throw .invalid("The gateway \(gateway) is no usable address of \(cidr).", field: "gateway_ip")
        }
        for server in nameServers + ntpServers where IPv4(server) == nil {
            throw .invalid("'\(server)' is not an IPv4 address.", field: "dns_nameservers")
        }
        guard nameServers.count <= 8, ntpServers.count <= 8, hostRoutes.count <= 20, pools.count <= 16 else {
            throw .invalid("At most 8 servers of a sort, 20 routes and 16 pools.")
        }
        for pool in pools where !isUsable(pool.start) || !isUsable(pool.end) {
            throw .invalid("The pool \(pool.start)-\(pool.end) is not within \(cidr).", field: "allocation_pools")
        }
        for (place, pool) in pools.enumerated() {
            for other in pools[(place + 1)...] where pool.start <= other.end && other.start <= pool.end {
                throw .invalid("The pools overlap.", field: "allocation_pools")
            }
            if let gateway, pool.start <= gateway, gateway <= pool.end {
                throw .invalid("The gateway \(gateway) lies in a pool.", field: "allocation_pools")
            }
        }
    }

    /// All usable addresses but the gateway.
    private static func wholePools(_ cidr: CIDR, without gateway: IPv4?) -> [Pool] {
        let (first, last) = (cidr.first.number + 1, cidr.last.number - 1)
        guard let gateway = gateway?.number else { return [Pool(start: IPv4(number: first), end: IPv4(number: last))] }
        return [(first, gateway &- 1), (gateway &+ 1, last)].filter { $0.0 <= $0.1 && $0.1 <= last && $0.0 >= first }
            .map { Pool(start: IPv4(number: $0.0), end: IPv4(number: $0.1)) }
    }
}

extension Subnet {
    /// What the fabric is told of a network's subnets.
    static func specs(of network: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> [SubnetSpec] {
        try reader.list(Subnet.self, where: "network_id", .string(network.text)).map { (it) throws(CloudError) in
            guard let cidr = it.cidr else { throw .fault("subnet \(it.id) has no addresses") }
            return SubnetSpec(
                id: it.id, cidr: cidr, gateway: it.gateway, dhcp: it.dhcp,
                nameServers: it.nameServers.compactMap { IPv4($0) },
                routes: it.hostRoutes.map { HostRoute(destination: $0.destination, nextHop: $0.nextHop) },
                // Without a gateway DHCP answers from a link-local address, which no subnet can hold.
                dhcpServer: it.gateway ?? IPv4("169.254.169.254")!,
                // Nobody but a router may have the gateway's address.
                isRouted: try it.gateway.map { (gateway) throws(CloudError) in
                    try reader.claims(space(it.id)).contains(gateway.description)
                } ?? false)
        }
    }

    static let face = Face<Subnet>(
        .network, "/v2.0/subnets", "subnet", "subnets",
        [
            .id(), .field("network_id"), .field("name"), .field("description"), .field("cidr"), gatewayAttribute,
            .field("enable_dhcp"), .field("dns_nameservers"), .field("ntp_servers"), .field("host_routes"),
            .field("allocation_pools"), .field("subnetpool_id"), lengthAttribute, .revision(), .eclTags(),
            .openstackTags(), .owner("tenant_id"), .owner("project_id"), .created(), .updated(),
            versionAttribute,
            .computed("service_types", "What its addresses are for: anything.") { (_, _) in [] },
            .computed("segment_id", "Segments are not offered.") { (_, _) in .null },
            .computed("dns_publish_fixed_ip", "Whether DNS tells its addresses.") { (_, _) in false },
            .computed("router:external", "Whether its network leads out.") { (it, reader) throws(CloudError) in
                .bool(try reader.get(it.network).isExternal)
            }.only(for: .openstack),
            .computed("ipv6_address_mode", "IPv4 subnets have none.") { (_, _) in .null },
            .computed("ipv6_ra_mode", "IPv4 subnets have none.") { (_, _) in .null },
            .computed("status", "Its network's.") { (it, reader) throws(CloudError) in
                .string(try reader.get(it.network).status.rawValue)
            },
        ])

    /// Null where there is no gateway; where nobody says, it is the first address.
    private static let gatewayAttribute = Attribute<Subnet>(
        "gateway_ip", column: "gateway_ip", type: .text(max: 64, lines: false), rights: [.read, .create, .update],
        "The way out; the first address unless said otherwise; null for none.",
        read: { (it, _) throws(CloudError) in it.gateway.map { .string($0.description) } ?? .null },
        write: { (subnet, json) throws(CloudError) in
            subnet.gatewayIsOpen = false
            guard !json.isNull else { return subnet.gateway = nil }
            guard let address = json.string.flatMap({ IPv4($0) }) else {
                throw .invalid("Invalid input for gateway_ip: not an IPv4 address.", field: "gateway_ip")
            }
            subnet.gateway = address
        })

    private static let lengthAttribute = Attribute<Subnet>(
        "prefixlen", type: .integer(1...32), rights: .create, "The length of the prefix to cut from the pool.",
        read: { (_, _) throws(CloudError) in .null },
        write: { (subnet, json) throws(CloudError) in
            guard !json.isNull else { return }
            guard let length = json.integer ?? json.string.flatMap({ Int($0) }), (1...32).contains(length) else {
                throw .invalid("Invalid input for prefixlen: 1 to 32.", field: "prefixlen")
            }
            subnet.length = length
        })

    private static let versionAttribute = Attribute<Subnet>(
        "ip_version", type: .integer(4...4), rights: [.read, .create], "Always 4.",
        read: { (_, _) throws(CloudError) in 4 },
        write: { (_, json) throws(CloudError) in
            guard json == 4 else {
                throw .invalid("Invalid input for ip_version: only 4 is offered.", field: "ip_version")
            }
        })

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["subnet": ["network_id": "{network}", "cidr": "10.0.0.0/24", "ip_version": 4]]),
        face.update(example: ["subnet": ["name": "front"]]), face.delete(),
    ]
}

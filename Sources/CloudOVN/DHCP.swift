import CloudCore
import CloudNetwork

/// What OVN answers to DHCP on a subnet, and the address that it answers from.
struct DHCP: Sendable {
    let network: String
    let subnet: String
    let cidr: String
    let options: [String: String]
    let isIPv6: Bool
    /// The hardware and network address of the server, which guests ask again to renew; nil for IPv6, where they ask
    /// all servers of the link.
    let server: String?
    /// Whether a router has the server's address, and answers ARP for it.
    let isRouted: Bool

    /// - Parameter answersNames: whether this OVN answers DNS, and guests may be told so.
    init(_ subnet: SubnetSpec, _ network: NetworkSpec, answersNames: Bool) {
        self.network = network.id.text
        self.subnet = subnet.id.text
        isRouted = subnet.isRouted
        isIPv6 = subnet.cidr.isIPv6
        cidr = subnet.cidr.description
        let mac = Self.mac(of: subnet.id)
        server = subnet.dhcpServer.map { "\(mac) \($0)" }
        var options = subnet.dhcpServer.map { Self.options(subnet, network, "\($0)", mac) } ?? ["server_id": mac]
        if subnet.isStateless { options[Self.stateless] = "true" }
        let own = subnet.dhcpServer.map(IPAddress.v4) ?? subnet.gateway
        let servers = subnet.nameServers.filter { answersNames || $0 != own }
        if !servers.isEmpty { options["dns_server"] = Self.list(servers.map(\.description)) }
        if !network.domain.isEmpty { options[isIPv6 ? "domain_search" : "domain_name"] = Self.quoted(network.domain) }
        self.options = options
    }

    /// What only DHCP of IPv4 tells: IPv6 guests learn of routers and packets' sizes from routers.
    private static func options(
        _ subnet: SubnetSpec, _ network: NetworkSpec, _ server: String, _ mac: String
    ) -> [String: String] {
        var options = [
            "server_id": server, "server_mac": mac, "lease_time": "43200", "mtu": String(network.mtu),
        ]
        if let gateway = subnet.gateway { options["router"] = gateway.description }
        if !subnet.timeServers.isEmpty { options["ntp_server"] = list(subnet.timeServers.map(\.description)) }
        // Without a gateway, guests would not know where the server is that they ask for names and longer leases.
        let near = subnet.gateway == nil ? ["\(server)/32,0.0.0.0"] : []
        if !subnet.routes.isEmpty || !near.isEmpty {
            // A client that gets routes ignores the router (RFC 3442), so it stands among them too.
            let byDefault = subnet.gateway.map { ["0.0.0.0/0,\($0)"] } ?? []
            options["classless_static_route"] = list(
                subnet.routes.map { "\($0.destination),\($0.nextHop)" } + near + byDefault)
        }
        return options
    }

    /// The option that says that addresses are not DHCPv6's.
    static let stateless = "dhcpv6_stateless"

    /// The column of a port that names the row.
    private var column: String { isIPv6 ? "dhcpv6_options" : "dhcpv4_options" }

    /// The ports of the subnet that have no row yet.
    private var orphans: [JSON] {
        let mine = isIPv6 ? Where.mark(Mark.subnet6(subnet), "") : Where.mark(Mark.subnet, subnet)
        return [mine, ["type", "==", ""], [.string(column), "==", Value.set([])]]
    }

    private var marks: [String: String] { [Mark.network: network, Mark.subnet: subnet] }

    /// Makes the row and the server's port, and joins the subnet's ports that were there first.
    func insert(_ place: Int) -> [JSON] {
        [
            Operation.insert(
                "DHCP_Options",
                ["cidr": .string(cidr), "options": Value.map(options), "external_ids": Value.map(marks)],
                as: "dhcp\(place)"),
            Operation.update("Logical_Switch_Port", orphans, [column: Value.named("dhcp\(place)")]),
        ] + answer(place, nil)
    }

    /// OVN answers DHCP by itself, but ARP for the server only where a port has its address: one of ours, unless a
    /// router has it.
    func answer(_ place: Int, _ port: JSON?) -> [JSON] {
        if let port {
            guard isRouted else { return [] }
            return [
                Operation.mutate(
                    "Logical_Switch", [Where.name(network)], "ports", "delete", Value.set([port["_uuid"] ?? .null]))
            ]
        }
        guard !isRouted, let server else { return [] }
        return [
            Operation.insert(
                "Logical_Switch_Port",
                [
                    "name": .string(Self.port(of: subnet)), "type": "localport", "addresses": .string(server),
                    "external_ids": Value.map(marks),
                ], as: "server\(place)"),
            Operation.mutate(
                "Logical_Switch", [Where.name(network)], "ports", "insert", Value.set([Value.named("server\(place)")])),
        ]
    }

    /// Changes the row where it tells something else.
    func update(_ row: JSON) -> [JSON] {
        guard row["cidr"]?.string != cidr || Value.pairs(row["options"]) != options else { return [] }
        return [
            Operation.update(
                "DHCP_Options", [Where.uuid(row["_uuid"] ?? .null)],
                ["cidr": .string(cidr), "options": Value.map(options)])
        ]
            + (server.map {
                [
                    Operation.update(
                        "Logical_Switch_Port", [Where.name(Self.port(of: subnet))], ["addresses": .string($0)])
                ]
            } ?? [])
    }

    /// The name of the server's port.
    static func port(of subnet: String) -> String { "dhcp-\(subnet)" }

    /// A locally administered address that no guest gets, always the same for a subnet (FNV-1a, 64 bits).
    private static func mac(of subnet: ID<Subnet>) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in subnet.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = Array(Hex.string(hash).suffix(10))
        let pairs = stride(from: 0, to: 10, by: 2).map { String(digits[$0...$0 + 1]) }
        return (["0a"] + pairs).joined(separator: ":")
    }

    /// The text must hold neither quotes nor backslashes: the kernel checked it.
    static func quoted(_ text: String) -> String { "\"\(text)\"" }

    static func list(_ items: [String]) -> String { "{\(items.joined(separator: ", "))}" }
}

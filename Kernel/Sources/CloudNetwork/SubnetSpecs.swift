import CloudCore
import CloudStore

extension Subnet {
    public var isIPv6: Bool { cidr?.isIPv6 ?? false }
    /// Whether its addresses follow from the cards that have them.
    public var isByCard: Bool { addressMode?.isByCard ?? routerMode?.isByCard ?? false }
    /// Whether the cloud answers DHCP. IPv6 without a mode is the affair of whoever else is on the network.
    var answersDHCP: Bool { dhcp && (!isIPv6 || addressMode == .stateful || addressMode == .stateless) }

    /// Whom guests may ask for names: those it names, or whoever answers DHCP, or the way out.
    var toldNameServers: [IPAddress] {
        let named = nameServers.compactMap { IPAddress($0) }
        if !named.isEmpty { return named }
        if isIPv6 { return gateway.map { [$0] } ?? [] }
        return answersDHCP ? [gateway ?? .v4(Self.serverWithoutGateway)] : []
    }

    /// Without a gateway DHCP answers from a link-local address, which no subnet can hold.
    private static let serverWithoutGateway = IPv4("169.254.169.254")!

    /// What a router that is joined to it advertises there.
    var advertisement: RouterSpec.Advertisement? {
        routerMode.map {
            RouterSpec.Advertisement(
                mode: $0, mtu: LogicalNetwork.mtu,
                // Whatever goes to port 53 finds the network's names; the router is always there to be asked.
                nameServer: toldNameServers.first)
        }
    }

    /// Empty for nil.
    static func mode(
        _ name: String, _ path: WritableKeyPath<Subnet, IPv6Mode?> & Sendable, _ help: String
    ) -> Field<Subnet> {
        Field(
            name, .choice([""] + IPv6Mode.allCases.map(\.rawValue)), [.read, .create], help,
            get: { .string($0[keyPath: path]?.rawValue ?? "") },
            set: { $0[keyPath: path] = $1.string.flatMap(IPv6Mode.init(rawValue:)) })
    }

    /// What the fabric is told of a network's subnets.
    static func specs(of network: ID<LogicalNetwork>, in reader: any Reader) throws(CloudError) -> [SubnetSpec] {
        try reader.list(Subnet.self, where: "network_id", .string(network.text)).map { (it) throws(CloudError) in
            guard let cidr = it.cidr else { throw .fault("subnet \(it.id) has no addresses") }
            var spec = SubnetSpec(
                id: it.id, cidr: cidr, gateway: it.gateway, dhcp: it.value.answersDHCP,
                nameServers: it.value.toldNameServers,
                routes: it.hostRoutes.map { HostRoute(destination: $0.destination, nextHop: $0.nextHop) },
                dhcpServer: cidr.isIPv6 ? nil : it.gateway?.v4 ?? Subnet.serverWithoutGateway,
                // Nobody but a router may have the gateway's address.
                isRouted: try it.gateway.map { (gateway) throws(CloudError) in
                    try reader.claims(space(it.id)).contains(gateway.description)
                } ?? false)
            spec.isStateless = it.addressMode == .stateless
            spec.timeServers = it.ntpServers.compactMap { IPAddress($0) }
            return spec
        }
    }
}

extension Stored where R == Subnet {
    /// Gives every card of its network the address that follows from it.
    func addToCards(in writer: any Writer) throws(CloudError) {
        let others = try writer.list(Subnet.self, where: "network_id", .string(value.network.text))
        // As many as fit beside those that are asked for.
        guard others.count(where: { $0.value.isByCard }) < 16 else {
            throw .invalid("A network has at most 16 subnets whose addresses follow from the cards.")
        }
        for var port in try writer.list(Port.self, where: "network_id", .string(value.network.text)) {
            let before = port.addresses
            try port.value.addCards(of: [self], for: Reference(port.id), in: writer)
            if port.addresses != before { try writer.change(&port) }
        }
    }

    /// Takes its addresses off the ports that have some.
    func takeFromCards(_ ports: [Stored<Port>], in writer: any Writer) throws(CloudError) {
        for var port in ports {
            for gone in port.addresses where gone.subnet == id {
                if let address = gone.address { try writer.release(Subnet.space(id), address.description) }
            }
            port.addresses.removeAll { $0.subnet == id }
            try writer.change(&port)
        }
    }

    /// Has the routers on it advertise what it says now.
    func readvertise(in writer: any Writer) throws(CloudError) {
        for port in try writer.list(Port.self, where: "network_id", .string(value.network.text))
        where port.value.isRouters && port.addresses.contains(where: { $0.subnet == id }) {
            try Router.refresh(ID(port.deviceID), in: writer)
        }
    }
}

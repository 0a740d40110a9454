import CloudCore
import CloudStore
import CloudWire

/// Where a pair of routers stands on a network (RFC 5798): an address of each, and the one that both speak for.
struct VirtualRouterPlace: Hashable, Sendable {
    var primary: IPv4?
    var secondary: IPv4?
    var virtual: IPv4?
    /// The length of the network's prefix.
    var length = 0
    /// The pair's number among those of its network: 1 to 255.
    var vrid = 0

    /// As a router has them: the prefix is said once, or it would be reached in three ways.
    var routerAddresses: [String] {
        guard let primary, let secondary, let virtual else { return [] }
        return ["\(virtual)/\(length)", "\(primary)/32", "\(secondary)/32"]
    }

    /// The card of the pair (RFC 5798, section 7.3).
    var mac: MAC { MAC("00:00:5e:00:01:" + Hex.string(UInt64(vrid)).suffix(2))! }

    /// The network that it stands on.
    var cidr: CIDR? { virtual.map { CIDR(holding: .v4($0), prefix: length) } }

    /// Refuses what is no place of a pair.
    func check() throws(CloudError) {
        guard let primary, let secondary, let virtual, let cidr else {
            throw .invalid("primary_ipv4, secondary_ipv4 and gw_vipv4 are addresses.", field: "gw_vipv4")
        }
        guard Set([primary, secondary, virtual]).count == 3 else {
            throw .invalid("primary_ipv4, secondary_ipv4 and gw_vipv4 must differ.", field: "gw_vipv4")
        }
        for (name, address) in [("primary_ipv4", primary), ("secondary_ipv4", secondary), ("gw_vipv4", virtual)] {
            guard cidr.contains(.v4(address)), cidr.isUsable(.v4(address)) else {
                throw .invalid("\(address) is no address of \(cidr).", field: name)
            }
        }
    }
}

/// What stands on a network as a pair of routers.
protocol VirtualRouter: OfGateway { var place: VirtualRouterPlace { get set } }

extension Stored where R: VirtualRouter {
    /// Throws `conflict` where a route of its gateway leads by its network.
    func refuseRouted(in reader: any Reader) throws(CloudError) {
        for route in try reader.list(StaticRoute.self, where: "gateway_id", .string(value.gateway.text)) {
            if let hop = route.nextHop, let cidr = value.place.cidr, cidr.contains(.v4(hop)) {
                throw .conflict("Interface \(id) is in use by static route \(route.id).")
            }
        }
    }
}

extension Field where R: VirtualRouter {
    /// The columns of a place.
    static var place: [Field<R>] {
        func address(_ name: String, _ path: WritableKeyPath<VirtualRouterPlace, IPv4?> & Sendable, _ help: String)
            -> Field<R>
        {
            Field(
                name, .text(max: 15, lines: false), [.read, .create, .required], help,
                get: { .string($0.place[keyPath: path]?.description ?? "") },
                set: { (it, json) throws(CloudError) in
                    guard let read = json.string.flatMap({ IPv4($0) }) else {
                        throw .invalid("Invalid input for \(name): not an IPv4 address.", field: name)
                    }
                    it.place[keyPath: path] = read
                })
        }
        return [
            address("primary_ipv4", \.primary, "The first router's address."),
            address("secondary_ipv4", \.secondary, "The second router's address."),
            address("gw_vipv4", \.virtual, "The address that both speak for."),
            Field(
                "netmask", .integer(8...30), [.read, .create, .required], "The length of the network's prefix.",
                get: { .integer($0.place.length) }, set: { $0.place.length = $1.integer ?? 0 }),
            Field(
                "vrid", .integer(1...255), [.read, .create, .required], "The pair's number on its network.",
                get: { .integer($0.place.vrid) }, set: { $0.place.vrid = $1.integer ?? 0 }),
        ]
    }
}

extension Attribute where R: VirtualRouter {
    /// The attributes of a place; gateways carry IPv4 only.
    static var place: [Attribute<R>] {
        ["primary_ipv4", "secondary_ipv4", "gw_vipv4", "netmask", "vrid"].map { .field($0) }
            + ["primary_ipv6", "secondary_ipv6", "gw_vipv6"].map { name in
                Attribute(
                    name, type: .text(max: 64, lines: false), rights: [.read, .create], "Gateways carry IPv4 only.",
                    read: { (_, _) throws(CloudError) in .null },
                    write: { (_, json) throws(CloudError) in
                        guard json.isNull || json == "" else {
                            throw .invalid("Gateways carry IPv4 only; routers carry IPv6.", field: name)
                        }
                    })
            }
    }
}

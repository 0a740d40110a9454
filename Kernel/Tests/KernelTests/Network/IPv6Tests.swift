import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Subnets of IPv6")
struct IPv6Tests {
    private let stage: Stage
    private let network: JSON
    init() async throws {
        stage = try await Stage()
        network = try await Self.make(stage, "networks", "network", ["name": "n"])["id"] ?? .null
    }

    private static func make(
        _ stage: Stage, _ path: String, _ key: String, _ body: [String: JSON], as actor: Actor = .member
    ) async throws -> JSON {
        let answer = await stage.send(actor, .post, "/network/v2.0/" + path, .object([key: .object(body)]))
        try #require(answer.status == 201, "\(path): \(answer.text)")
        return answer.json[key] ?? .null
    }

    private func subnet(_ cidr: String, _ mode: String? = nil, _ extra: [String: JSON] = [:]) async throws -> JSON {
        try await Self.make(stage, "subnets", "subnet", wish(cidr, mode, extra))
    }

    private func wish(_ cidr: String, _ mode: String?, _ extra: [String: JSON] = [:]) -> [String: JSON] {
        var body: [String: JSON] = [
            "network_id": network, "cidr": .string(cidr), "ip_version": cidr.contains(":") ? 6 : 4,
        ]
        if let mode { (body["ipv6_address_mode"], body["ipv6_ra_mode"]) = (.string(mode), .string(mode)) }
        return body.merging(extra) { $1 }
    }

    private func port(_ extra: [String: JSON] = [:]) async throws -> JSON {
        try await Self.make(stage, "ports", "port", ["network_id": network].merging(extra) { $1 })
    }

    private func refusal(_ path: String, _ key: String, _ body: [String: JSON]) async -> Response {
        await stage.send(.member, .post, "/network/v2.0/" + path, .object([key: .object(body)]))
    }

    private func addresses(_ port: JSON) -> [String] {
        (port["fixed_ips"]?.array ?? []).compactMap { $0["ip_address"]?.string }
    }

    @Test("a subnet says its family, its modes, and pools up to its last address")
    func attributes() async throws {
        let made = try await subnet("2001:db8::/64", "dhcpv6-stateful")
        #expect(made["ip_version"] == 6 && made["gateway_ip"] == "2001:db8::1")
        #expect(made["ipv6_address_mode"] == "dhcpv6-stateful" && made["ipv6_ra_mode"] == "dhcpv6-stateful")
        #expect(made["allocation_pools"] == [["start": "2001:db8::2", "end": "2001:db8::ffff:ffff:ffff:ffff"]])
        let plain = try await subnet("10.0.0.0/24")
        #expect(plain["ip_version"] == 4 && plain["ipv6_ra_mode"]?.isNull == true)
        let found = await stage.send(.member, .get, "/network/v2.0/subnets?ip_version=6").json["subnets"]?.array
        #expect(found?.count == 1 && found?[0]["id"] == made["id"])
    }

    @Test(
        "modes that contradict each other, or the addresses, are refused",
        arguments: [
            ("2001:db8::/64", ["ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"]),
            ("2001:db8::/64", ["ipv6_ra_mode": "slaac", "enable_dhcp": false]),
            ("2001:db8::/64", ["ipv6_ra_mode": "no mode"]), ("2001:db8::/56", ["ipv6_address_mode": "slaac"]),
            ("10.0.0.0/24", ["ipv6_address_mode": "slaac"]), ("10.0.0.0/24", ["ip_version": 6]),
            ("2001:db8::/64", ["ip_version": 4]), ("2001:db8::/64", ["ip_version": 5]), ("2001:db8::/127", [:]),
            ("2001:db8::/64", ["gateway_ip": "10.0.0.1"]), ("2001:db8::/64", ["gateway_ip": "2001:db8::"]),
            ("2001:db8::/64", ["dns_nameservers": ["192.0.2.1"]]),
            ("2001:db8::/64", ["allocation_pools": [["start": "10.0.0.2", "end": "2001:db8::9"]]]),
            ("2001:db8::/64", ["host_routes": [["destination": "10.0.0.0/8", "nexthop": "2001:db8::9"]]]),
            ("fe80::/64", [:]), ("ff02::/64", [:]), ("::/64", [:]), ("::/0", [:]),
        ] as [(String, [String: JSON])])
    func refused(_ cidr: String, _ extra: [String: JSON]) async throws {
        let answer = await refusal("subnets", "subnet", wish(cidr, nil, extra))
        #expect(answer.status == 400, "\(answer.text)")
    }

    @Test("a port has an address of each family, and those of its card")
    func allocation() async throws {
        _ = try await subnet("10.0.0.0/24")
        _ = try await subnet("2001:db8:0:1::/64", "dhcpv6-stateful")
        _ = try await subnet("2001:db8:0:2::/64", "dhcpv6-stateful")
        for (number, mode) in [(3, "slaac"), (4, "dhcpv6-stateless")] {
            _ = try await subnet("2001:db8:0:\(number)::/64", mode)
        }
        let first = try await port(["mac_address": "fa:16:3e:00:00:01"])
        let (stateful, own) = (addresses(first).dropFirst().first ?? "", Set(addresses(first).dropFirst(2)))
        #expect(addresses(first).first == "10.0.0.2" && ["2001:db8:0:1::2", "2001:db8:0:2::2"].contains(stateful))
        #expect(own == ["2001:db8:0:3:f816:3eff:fe00:1", "2001:db8:0:4:f816:3eff:fe00:1"])
        let second = try await port()
        #expect(addresses(second).prefix(2) == ["10.0.0.3", stateful.dropLast() + "3"])
        try await stage.settle()
        let spec = try #require(stage.world.fabric.state.ports[ID(first["id"]?.string ?? "")])
        #expect(spec.addresses.map(\.address.description) == addresses(first))
        let bare = try await port(["fixed_ips": []])
        #expect(addresses(bare).isEmpty)
    }

    @Test("an address is taken once, and of its subnet")
    func claims() async throws {
        let id = try await subnet("2001:db8::/64", "dhcpv6-stateful")["id"] ?? .null
        func wish(_ address: String) -> [String: JSON] {
            ["network_id": network, "fixed_ips": [["subnet_id": id, "ip_address": .string(address)]]]
        }
        #expect(addresses(try await port(wish("2001:DB8:0:0::77"))) == ["2001:db8::77"])
        let twice = await refusal("ports", "port", wish("2001:db8::77"))
        #expect(twice.status == 409 && twice.json["NeutronError"]?["type"] == "IpAddressAlreadyAllocated")
        for outside in ["2001:db8:0:1::1", "2001:db8::", "2001:db8::1", "10.0.0.1", "2001:db8::x"] {
            #expect(await refusal("ports", "port", wish(outside)).status == 400, "\(outside)")
        }
    }

    @Test("a subnet of the cards' own addresses comes to the ports that are there, and goes from them")
    func cards() async throws {
        let made = try await port(["mac_address": "fa:16:3e:00:00:01"])
        let path = "/network/v2.0/ports/" + (made["id"]?.string ?? "")
        let id = try await subnet("2001:db8::/64", "slaac")["id"] ?? .null
        func now() async -> [String] {
            addresses(await stage.send(.member, .get, path).json["port"] ?? .null)
        }
        #expect(await now() == ["2001:db8::f816:3eff:fe00:1"])
        let chosen = await refusal(
            "ports", "port",
            ["network_id": network, "fixed_ips": [["subnet_id": id, "ip_address": "2001:db8::9"]]])
        #expect(chosen.status == 400, "\(chosen.text)")
        _ = try await subnet("10.0.0.0/24")
        let changed = await stage.send(
            .member, .put, path, ["port": ["fixed_ips": [["ip_address": "10.0.0.7"]]]])
        #expect(addresses(changed.json["port"] ?? .null) == ["10.0.0.7", "2001:db8::f816:3eff:fe00:1"])
        #expect(await stage.send(.member, .delete, "/network/v2.0/subnets/\(id.string ?? "")").status == 204)
        #expect(await now() == ["10.0.0.7"])
        try await stage.settle()
        #expect(stage.world.fabric.state.ports[ID(made["id"]?.string ?? "")]?.addresses.count == 1)
    }

    @Test("a router has the gateway's address and advertises what the subnet says")
    func routers() async throws {
        let subnet = try await subnet("2001:db8::/64", "slaac", ["dns_nameservers": ["2001:db8::53"]])
        let router = try await Self.make(stage, "routers", "router", ["name": "r"])["id"]?.string ?? ""
        let joined = await stage.send(
            .member, .put, "/network/v2.0/routers/\(router)/add_router_interface", ["subnet_id": subnet["id"] ?? .null])
        #expect(joined.status == 200, "\(joined.text)")
        try await stage.settle()
        func leg() -> RouterSpec.Leg? { stage.world.fabric.state.routers[ID(router)]?.legs.first }
        #expect(leg()?.addresses == ["2001:db8::1/64"])
        #expect(
            leg()?.advertisement == .init(mode: .slaac, mtu: 1442, nameServer: IPAddress("2001:db8::53")))
        let path = "/network/v2.0/subnets/" + (subnet["id"]?.string ?? "")
        #expect(await stage.send(.member, .delete, path).status == 409)
        #expect(
            await stage.send(.member, .put, path, ["subnet": ["dns_nameservers": ["2001:db8::54"]]]).status == 200)
        #expect(await stage.send(.member, .put, path, ["subnet": ["enable_dhcp": false]]).status == 400)
        try await stage.settle()
        #expect(leg()?.advertisement?.nameServer == IPAddress("2001:db8::54"))
        let route: JSON = ["destination": "2001:db8:9::/48", "nexthop": "2001:db8::9"]
        let routed = await stage.send(
            .member, .put, "/network/v2.0/routers/\(router)", ["router": ["routes": [route]]])
        #expect(routed.status == 200, "\(routed.text)")
        try await stage.settle()
        #expect(stage.world.fabric.state.routers[ID(router)]?.routes.count == 1)
    }

    @Test("a gateway on a network of both families leads out by both, and translates IPv4 alone")
    func gateways() async throws {
        let outside = try await stage.make("external_network", for: .operator)
        _ = try await Self.make(
            stage, "subnets", "subnet",
            ["network_id": .string(outside), "cidr": "2001:db8:ff::/64", "ip_version": 6], as: .operator)
        let router = try await Self.make(
            stage, "routers", "router", ["external_gateway_info": ["network_id": .string(outside)]])
        #expect(router["external_gateway_info"]?["external_fixed_ips"]?.array?.count == 2)
        let id = router["id"]?.string ?? ""
        for cidr in ["10.0.0.0/24", "2001:db8::/64"] {
            let joined = await stage.send(
                .member, .put, "/network/v2.0/routers/\(id)/add_router_interface",
                ["subnet_id": try await subnet(cidr)["id"] ?? .null])
            #expect(joined.status == 200, "\(joined.text)")
        }
        try await stage.settle()
        let spec = try #require(stage.world.fabric.state.routers[ID(id)])
        #expect(Set(spec.routes.map(\.destination.description)) == ["0.0.0.0/0", "::/0"])
        #expect(spec.translations.map(\.inside) == ["10.0.0.0/24"])
        let port = try await port()
        let floating = try await Self.make(
            stage, "floatingips", "floatingip",
            ["floating_network_id": .string(outside), "port_id": port["id"] ?? .null])
        #expect(floating["fixed_ip_address"] == "10.0.0.2")
        let emptied = await stage.send(
            .member, .put, "/network/v2.0/floatingips/" + (floating["id"]?.string ?? ""),
            ["floatingip": ["port_id": nil]])
        #expect(emptied.status == 200)
        let unset = await stage.send(
            .member, .put, "/network/v2.0/routers/\(id)", ["router": ["external_gateway_info": [:]]])
        #expect(unset.json["router"]?["external_gateway_info"]?.isNull == true, "\(unset.text)")
    }

    @Test("a pool of blocks of IPv6 gives subnets of it")
    func pools() async throws {
        let pool = try await Self.make(
            stage, "subnetpools", "subnetpool", ["name": "p", "prefixes": ["2001:db8::/62"]])
        #expect(pool["ip_version"] == 6 && pool["default_prefixlen"] == 64)
        var cidrs: [String] = []
        for _ in 0..<4 {
            let made = try await Self.make(
                stage, "subnets", "subnet",
                ["network_id": network, "subnetpool_id": pool["id"] ?? .null, "ip_version": 6])
            cidrs.append(made["cidr"]?.string ?? "")
        }
        #expect(cidrs == ["2001:db8::/64", "2001:db8:0:1::/64", "2001:db8:0:2::/64", "2001:db8:0:3::/64"])
        let fifth = await refusal(
            "subnets", "subnet", ["network_id": network, "subnetpool_id": pool["id"] ?? .null, "ip_version": 6])
        #expect(fifth.status == 409, "\(fifth.text)")
    }

    @Test("a server shows its addresses with their family, and its config drive tells how to take them")
    func servers() async throws {
        for (cidr, mode) in [
            ("10.0.0.0/24", nil), ("2001:db8:0:1::/64", nil), ("2001:db8:0:2::/64", "slaac"),
        ] as [(String, String?)] { _ = try await subnet(cidr, mode) }
        let image = try await stage.make("image", for: .member)
        let path = "/compute/v2.1/\(stage.projects[.member]!)/servers"
        let flavor = try await stage.make("flavor", for: .operator)
        let order: JSON = [
            "name": "s", "imageRef": .string(image), "flavorRef": .string(flavor), "networks": [["uuid": network]],
        ]
        let ordered = await stage.send(.member, .post, path, ["server": order])
        let id = try #require(ordered.json["server"]?["id"]?.string, "\(ordered.text)")
        try await stage.settle()
        let shown = await stage.send(.member, .get, path + "/" + id).json["server"]?["addresses"]?["n"]?.array ?? []
        #expect(shown.map { $0["version"]?.integer } == [4, 6, 6], "\(shown)")
        #expect(shown.prefix(2).map { $0["addr"]?.string } == ["10.0.0.2", "2001:db8:0:1::2"])
        let found = await stage.send(.member, .get, path + "?ip6=2001:db8:0:1").json["servers"]?.array
        #expect(found?.count == 1)
        let guest = try #require(stage.world.hypervisor.guests.values.compactMap { $0[ID(id)] }.first)
        let file = try #require(guest.spec.configDrive["openstack/latest/network_data.json"])
        #expect(
            try JSON.parse(file)["networks"] == [
                ["id": "network0", "link": "nic0", "type": "ipv4_dhcp"],
                [
                    "id": "network1", "link": "nic0", "type": "ipv6", "ip_address": "2001:db8:0:1::2",
                    "netmask": "ffff:ffff:ffff:ffff::",
                    "routes": [["network": "::", "netmask": "::", "gateway": "2001:db8:0:1::1"]],
                ],
                ["id": "network2", "link": "nic0", "type": "ipv6_slaac"],
            ])
        let wish: JSON = [
            "interfaceAttachment": ["net_id": network, "fixed_ips": [["ip_address": "2001:db8:0:1::77"]]]
        ]
        let attached = await stage.send(.member, .post, path + "/\(id)/os-interface", wish)
        let card = attached.json["interfaceAttachment"]?["fixed_ips"]?.array ?? []
        #expect(card.first?["ip_address"] == "2001:db8:0:1::77" && card.count == 2, "\(attached.text)")
    }
}

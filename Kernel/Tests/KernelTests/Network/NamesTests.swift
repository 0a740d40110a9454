import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Names and DHCP options")
struct NamesTests {
    let network = "/network/v2.0/"

    /// A network with a subnet of each family; its id.
    private func wire(_ stage: Stage) async throws -> JSON {
        let id = try await stage.made("networks", "network", ["name": "n"])["id"] ?? .null
        _ = try await stage.made("subnets", "subnet", ["network_id": id, "cidr": "10.1.0.0/24", "ip_version": 4])
        _ = try await stage.made("subnets", "subnet", ["network_id": id, "cidr": "2001:db8:1::/64", "ip_version": 6])
        return id
    }

    private func spec(_ stage: Stage, _ port: JSON) async throws -> PortSpec {
        try await stage.settle()
        return try #require(stage.world.fabric.state.ports[ID(port["id"]?.string ?? "")])
    }

    @Test("a port's name is a label of its own on its network, and DNS learns it with the network's domain")
    func names() async throws {
        let stage = try await Stage()
        let id = try await wire(stage)
        let port = try await stage.made("ports", "port", ["network_id": id, "dns_name": "Front"])
        #expect(port["dns_name"] == "front")
        let first = port["dns_assignment"]?[0]
        #expect(first?["fqdn"] == "front.akashi.internal." && first?["hostname"] == "front")
        #expect(port["dns_assignment"]?.array?.count == 2)
        var seen = try await spec(stage, port)
        #expect(seen.domain == "akashi.internal" && seen.hostName == "front" && seen.names.count == 2)

        let again = await stage.send(
            .member, .post, network + "ports", ["port": ["network_id": id, "dns_name": "FRONT"]])
        #expect(again.status == 409, "\(again.text)")
        let path = network + "networks/" + (id.string ?? "")
        #expect(await stage.send(.member, .put, path, ["network": ["dns_domain": "Corp.Example."]]).status == 200)
        seen = try await spec(stage, port)
        #expect(seen.domain == "corp.example")

        // Without a name of its own, its addresses have one each.
        let plain = try await stage.made("ports", "port", ["network_id": id])
        let own = plain["fixed_ips"]?[0]?["ip_address"]?.string ?? ""
        #expect(plain["dns_assignment"]?[0]?["hostname"]?.string == "host-" + own.replacing(".", with: "-"))

        // Its name and its address are free at once when it goes.
        #expect(
            await stage.send(.member, .delete, network + "ports/" + (port["id"]?.string ?? "")).status == 204)
        let next = try await stage.made(
            "ports", "port",
            [
                "network_id": id, "dns_name": "front",
                "fixed_ips": [["ip_address": port["fixed_ips"]?[0]?["ip_address"] ?? .null]],
            ])
        #expect(next["dns_name"] == "front")
    }

    @Test(
        "ATTACKS 20: what is no name, domain or option of its type is refused",
        arguments: [
            ("ports", "port", "dns_name", "a.b"), ("ports", "port", "dns_name", "-a"),
            ("ports", "port", "dns_name", "a\nb"), ("ports", "port", "dns_name", "a\"b"),
            ("ports", "port", "dns_name", "host-10-0-0-1"), ("ports", "port", "dns_name", "é"),
            ("networks", "network", "dns_domain", "corp.example"), ("networks", "network", "dns_domain", "a b."),
            ("networks", "network", "dns_domain", "a..b."), ("networks", "network", "dns_domain", "a\"b."),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "mtu", "opt_value": "9000\n"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "mtu", "opt_value": "67"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "no-such-option", "opt_value": "1"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "server-id", "opt_value": "10.0.0.1"]]),
            (
                "ports", "port", "extra_dhcp_opts",
                [["opt_name": "bootfile-name", "opt_value": "a\", router = 10.0.0.9, x=\""]]
            ),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "bootfile-name", "opt_value": "a\\"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "router", "opt_value": "10.0.0.1, mtu = 1"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "dns-server", "opt_value": "fd00::1"]]),
            (
                "ports", "port", "extra_dhcp_opts",
                [["opt_name": "dns-server", "opt_value": "10.0.0.1", "ip_version": 6]]
            ),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "domain-name", "opt_value": "a b"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "classless-static-route", "opt_value": "10.0.0.0/8"]]),
            ("ports", "port", "extra_dhcp_opts", [["opt_name": "mtu", "opt_value": 1500]]),
            ("ports", "port", "extra_dhcp_opts", ["mtu"]), ("ports", "port", "extra_dhcp_opts", "mtu"),
        ] as [(String, String, String, JSON)])
    func refused(_ path: String, _ key: String, _ field: String, _ value: JSON) async throws {
        let stage = try await Stage()
        var body: [String: JSON] = [field: value]
        if key == "port" { body["network_id"] = try await wire(stage) }
        let answer = await stage.send(.member, .post, network + path, [key: .object(body)])
        #expect(answer.status == 400, "\(answer.text)")
    }

    @Test("options of a port are told on top of its subnet's, change one by one, and follow the subnet")
    func options() async throws {
        let stage = try await Stage()
        let id = try await wire(stage)
        let port = try await stage.made(
            "ports", "port",
            [
                "network_id": id,
                "extra_dhcp_opts": [
                    ["opt_name": "bootfile-name", "opt_value": "pxelinux.0"],
                    ["opt_name": "dns-server", "opt_value": "2001:db8::53", "ip_version": 6],
                ],
            ])
        #expect(port["extra_dhcp_opts"]?.array?.count == 2)
        var seen = try await spec(stage, port)
        #expect(seen.options.count == 2 && seen.told?.subnets.count == 1)
        let path = network + "ports/" + (port["id"]?.string ?? "")
        let changed = await stage.send(
            .member, .put, path,
            [
                "port": [
                    "extra_dhcp_opts": [
                        ["opt_name": "bootfile-name", "opt_value": .null], ["opt_name": "mtu", "opt_value": "1300"],
                    ]
                ]
            ])
        #expect(
            changed.json["port"]?["extra_dhcp_opts"]?.array?.compactMap { $0["opt_name"]?.string } == [
                "dns-server", "mtu",
            ], "\(changed.text)")
        let subnet = port["fixed_ips"]?[0]?["subnet_id"]?.string ?? ""
        let told: JSON = ["subnet": ["dns_nameservers": ["192.0.2.1"], "ntp_servers": ["192.0.2.2"]]]
        #expect(await stage.send(.member, .put, network + "subnets/" + subnet, told).status == 200)
        seen = try await spec(stage, port)
        #expect(seen.told?.subnets.first?.nameServers == [IPAddress("192.0.2.1")!])
        #expect(seen.told?.subnets.first?.timeServers == [IPAddress("192.0.2.2")!])
        let many: [JSON] = (0..<33).map { _ in ["opt_name": "mtu", "opt_value": "1300"] }
        #expect(await stage.send(.member, .put, path, ["port": ["extra_dhcp_opts": .array(many)]]).status == 400)
    }

    @Test("guests who are named no server ask whoever answers DHCP")
    func usualServer() async throws {
        let stage = try await Stage()
        let id = try await wire(stage)
        try await stage.settle()
        let specs = try #require(stage.world.fabric.state.networks[ID(id.string ?? "")]).subnets
        #expect(specs.first { !$0.cidr.isIPv6 }?.nameServers == [IPAddress("10.1.0.1")!])
        #expect(specs.first { $0.cidr.isIPv6 }?.nameServers == [IPAddress("2001:db8:1::1")!])
    }
}

import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Security groups, routers and floating addresses")
struct NetworkCoreTests {
    @Test("a port is in the default group unless told otherwise, and the fabric learns its rules")
    func ports() async throws {
        let stage = try await Stage()
        let network = try await stage.made("networks", "network", ["name": "n"])["id"] ?? .null
        let port = try await stage.made("ports", "port", ["network_id": network])
        try await stage.settle()
        let group = port["security_groups"]?[0]?.string ?? ""
        let spec = try #require(stage.world.fabric.state.groups[ID(group)])
        #expect(spec.rules.count == 4)
        #expect(stage.world.fabric.state.ports[ID(port["id"]?.string ?? "")]?.groups == [ID(group)])
        let inUse = await stage.send(.operator, .delete, "/network/v2.0/security-groups/\(group)")
        #expect(inUse.status == 409, "\(inUse.text)")
        let lifted: JSON = ["port": ["port_security_enabled": false, "security_groups": []]]
        let path = "/network/v2.0/ports/" + (port["id"]?.string ?? "")
        #expect(await stage.send(.stranger, .put, path, lifted).status == 404)
        #expect(await stage.send(.member, .put, path, lifted).status == 200)
        try await stage.settle()
        #expect(stage.world.fabric.state.ports[ID(port["id"]?.string ?? "")]?.isGuarded == false)
    }

    @Test(
        "what would lift the guard too far is refused",
        arguments: [
            ["allowed_address_pairs": [["ip_address": "0.0.0.0/0"]]],
            ["allowed_address_pairs": [["ip_address": "224.0.0.1"]]],
            ["allowed_address_pairs": [["ip_address": "10.0.0.9", "mac_address": "x\ny"]]],
            ["extra_dhcp_opts": [["opt_name": "mtu\n", "opt_value": "1"]]],
            ["security_groups": ["00000000-0000-4000-8000-000000000000"]], ["device_owner": "network:dhcp"],
            ["port_security_enabled": false, "allowed_address_pairs": [["ip_address": "10.0.0.9"]]],
        ] as [[String: JSON]])
    func guards(_ extra: [String: JSON]) async throws {
        let stage = try await Stage()
        let network = try await stage.made("networks", "network", ["name": "n"])["id"] ?? .null
        let body: JSON = ["port": .object(extra.merging(["network_id": network]) { $1 })]
        let answer = await stage.send(.member, .post, "/network/v2.0/ports", body)
        #expect((400..<500).contains(answer.status), "\(answer.text)")
    }

    @Test("a floating address goes the way of its port, and the router is told")
    func floating() async throws {
        let stage = try await Stage()
        let outside = try await stage.make("external_network", for: .operator)
        let network = try await stage.made("networks", "network", ["name": "n"])["id"] ?? .null
        let subnet = try await stage.made(
            "subnets", "subnet", ["network_id": network, "cidr": "10.1.0.0/24", "ip_version": 4])
        let router = try await stage.made(
            "routers", "router", ["name": "r", "external_gateway_info": ["network_id": .string(outside)]])
        let id = router["id"]?.string ?? ""
        let joined = await stage.send(
            .member, .put, "/network/v2.0/routers/\(id)/add_router_interface", ["subnet_id": subnet["id"] ?? .null])
        #expect(joined.status == 200, "\(joined.text)")
        let port = try await stage.made("ports", "port", ["network_id": network])
        let floating = try await stage.made(
            "floatingips", "floatingip",
            ["floating_network_id": .string(outside), "port_id": port["id"] ?? .null])
        #expect(floating["router_id"]?.string == id && floating["status"] == "ACTIVE")
        try await stage.settle()
        let spec = try #require(stage.world.fabric.state.routers[ID(id)])
        #expect(spec.legs.count == 2 && spec.translations.count == 2)
        let busy = await stage.send(.member, .delete, "/network/v2.0/routers/\(id)")
        #expect(busy.status == 409)
        #expect(await stage.send(.member, .delete, "/network/v2.0/ports/\(port["id"]?.string ?? "")").status == 204)
        try await stage.settle()
        #expect(stage.world.fabric.state.routers[ID(id)]?.translations.count == 1)
        let shown = await stage.send(.member, .get, "/network/v2.0/floatingips/\(floating["id"]?.string ?? "")")
        #expect(shown.json["floatingip"]?["port_id"]?.isNull == true, "\(shown.text)")
    }

    @Test("quotas, revisions, fields and many at once")
    func manners() async throws {
        let stage = try await Stage()
        let many = await stage.send(
            .member, .post, "/network/v2.0/networks", ["networks": [["name": "a"], ["name": "b"], ["name": "c"]]])
        #expect(many.status == 201 && many.json["networks"]?.array?.count == 3, "\(many.text)")
        let id = many.json["networks"]?[0]?["id"]?.string ?? ""
        let narrow = await stage.send(.member, .get, "/network/v2.0/networks/\(id)?fields=id&fields=name").json[
            "network"]
        #expect(narrow?.object?.count == 2)
        #expect(
            await stage.send(.member, .post, "/network/v2.0/networks", ["network": ["router:external": true]]).status
                == 403)
        let stale = await stage.send(
            .member, .put, "/network/v2.0/networks/\(id)", ["network": ["name": "d"]],
            headers: ["if-match": "revision_number=99"])
        #expect(stale.status == 412)
        let project = stage.projects[.member]!
        let limited = await stage.send(.operator, .put, "/network/v2.0/quotas/\(project)", ["quota": ["network": 3]])
        #expect(limited.status == 200, "\(limited.text)")
        #expect(await stage.send(.member, .post, "/network/v2.0/networks", ["network": ["name": "e"]]).status == 409)
    }
}

@Suite("Hardware addresses")
struct HardwareAddressTests {
    @Test("C017: a hardware address is had once on a network, and on every other network again")
    func onceOnANetwork() async throws {
        let stage = try await Stage()
        for actor in [Actor.member, .stranger] {
            let network = try await stage.make("network", for: actor)
            let body: JSON = ["port": ["network_id": .string(network), "mac_address": "fa:16:3e:00:00:01"]]
            #expect(await stage.send(actor, .post, "/network/v2.0/ports", body).status == 201)
            let again = await stage.send(actor, .post, "/network/v2.0/ports", body)
            #expect(again.status == 409, "\(again.text)")
        }
    }
}

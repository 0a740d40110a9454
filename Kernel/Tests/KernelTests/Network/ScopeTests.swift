import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("Address scopes, forwarded ports and policies of packets")
struct ScopeTests {
    let network = "/network/v2.0/"

    /// A network with a subnet from a pool, joined to a router.
    private func join(_ stage: Stage, _ router: String, pool: JSON, cidr: String) async throws {
        let net = try await stage.made("networks", "network", ["name": "n"])["id"] ?? .null
        let subnet = try await stage.made(
            "subnets", "subnet",
            ["network_id": net, "subnetpool_id": pool, "cidr": .string(cidr), "ip_version": 4])
        let joined = await stage.send(
            .member, .put, network + "routers/\(router)/add_router_interface", ["subnet_id": subnet["id"] ?? .null])
        #expect(joined.status == 200, "\(joined.text)")
    }

    @Test("within a scope nothing is translated, and between scopes nothing is routed")
    func scopes() async throws {
        let stage = try await Stage()
        let shared = try await stage.made(
            "address-scopes", "address_scope", ["name": "world", "ip_version": 4, "shared": true],
            as: .operator)
        let mine = try await stage.made("address-scopes", "address_scope", ["name": "lab", "ip_version": 4])
        let refused = await stage.send(
            .member, .post, network + "address-scopes",
            ["address_scope": ["name": "a", "ip_version": 4, "shared": true]])
        #expect(refused.status == 403)
        func pool(_ scope: JSON, _ prefix: String, as actor: Actor = .member) async throws -> JSON {
            try await stage.made(
                "subnetpools", "subnetpool",
                ["name": "p", "prefixes": [.string(prefix)], "address_scope_id": scope["id"] ?? .null], as: actor)["id"]
                ?? .null
        }
        let outside = try await pool(shared, "198.18.0.0/16", as: .operator)
        let (open, closed) = (try await pool(shared, "10.10.0.0/16"), try await pool(mine, "10.20.0.0/16"))
        let wrong = await stage.send(
            .member, .post, network + "subnetpools",
            ["subnetpool": ["name": "p", "prefixes": ["2001:db8::/32"], "address_scope_id": mine["id"] ?? .null]])
        #expect(wrong.status == 400)
        let twice = await stage.send(
            .member, .post, network + "subnetpools",
            ["subnetpool": ["name": "p", "prefixes": ["10.20.1.0/24"], "address_scope_id": mine["id"] ?? .null]])
        #expect(twice.status == 409, "\(twice.text)")

        let external =
            try await stage.made("networks", "network", ["name": "out", "router:external": true], as: .operator)["id"]
            ?? .null
        _ = try await stage.made(
            "subnets", "subnet",
            ["network_id": external, "subnetpool_id": outside, "cidr": "198.18.0.0/24", "ip_version": 4], as: .operator)
        let router =
            try await stage.made("routers", "router", ["external_gateway_info": ["network_id": external]])["id"]?.string
            ?? ""
        try await join(stage, router, pool: open, cidr: "10.10.0.0/24")
        try await join(stage, router, pool: closed, cidr: "10.20.0.0/24")
        try await stage.settle()
        let spec = try #require(stage.world.fabric.state.routers[ID(router)])
        #expect(spec.translations.map(\.inside) == ["10.20.0.0/24"])
        #expect(Set(spec.fences.map { "\($0.source)" }) == ["10.10.0.0/24", "10.20.0.0/24"])
        let shown = await stage.send(.operator, .get, network + "networks/\(external.string ?? "")")
        #expect(shown.json["network"]?["ipv4_address_scope"] == shared["id"])
        #expect(
            await stage.send(.member, .delete, network + "address-scopes/\(mine["id"]?.string ?? "")").status == 409)
    }

    @Test("several ports share an address, each port outside leads to one inside, and they go with what they lead to")
    func forwards() async throws {
        let stage = try await Stage()
        let floating = try await stage.make("floating_ip", for: .member)
        let port = try await stage.make("reachable_port", for: .member)
        let path = "floatingips/\(floating)/port_forwardings"
        func body(_ outside: JSON, _ inside: JSON) -> JSON {
            [
                "internal_port_id": .string(port), "protocol": "tcp", "external_port_range": outside,
                "internal_port_range": inside,
            ]
        }
        let first = try await stage.made(path, "port_forwarding", body("80:82", "8080:8082"))
        #expect(first["external_port_range"] == "80:82" && first["external_port"]?.isNull == true)
        for wrong in [body("82:83", "1:2"), body("0:1", "1:2"), body("90:95", "1:2"), body("1:129", "1:129")] {
            let answer = await stage.send(.member, .post, network + path, ["port_forwarding": wrong])
            #expect([400, 409].contains(answer.status), "\(answer.text)")
        }
        #expect(await stage.send(.stranger, .get, network + path).status == 404)
        try await stage.settle()
        let shown = await stage.send(.member, .get, network + "floatingips/\(floating)").json["floatingip"]
        #expect(shown?["port_forwardings"]?.array?.count == 1 && shown?["status"] == "ACTIVE")
        let router = ID<Router>(shown?["router_id"]?.string ?? "")
        let forwards = try #require(stage.world.fabric.state.routers[router]).forwards
        #expect(Set(forwards.map { "\($0.externalPort)>\($0.insidePort)" }) == ["80>8080", "81>8081", "82>8082"])
        let taken = await stage.send(
            .member, .put, network + "floatingips/\(floating)", ["floatingip": ["port_id": .string(port)]])
        #expect(taken.status == 409, "\(taken.text)")
        #expect(await stage.send(.member, .delete, network + "ports/\(port)").status == 204)
        try await stage.settle()
        #expect(try #require(stage.world.fabric.state.routers[router]).forwards.isEmpty)
        #expect(await stage.send(.member, .delete, network + "floatingips/\(floating)").status == 204)
    }

    @Test("a port has its own policy or its network's, and follows its rules")
    func policies() async throws {
        let stage = try await Stage()
        let policy = try await stage.made("qos/policies", "policy", ["name": "slow"])["id"] ?? .null
        let path = network + "qos/policies/\(policy.string ?? "")"
        let limit: JSON = ["bandwidth_limit_rule": ["max_kbps": 1000]]
        let rule = await stage.send(.member, .post, path + "/bandwidth_limit_rules", limit)
        #expect(rule.status == 201, "\(rule.text)")
        #expect(await stage.send(.member, .post, path + "/bandwidth_limit_rules", limit).status == 409)
        for mark in [1, 57] {
            let body: JSON = ["dscp_marking_rule": ["dscp_mark": .integer(mark)]]
            #expect(await stage.send(.member, .post, path + "/dscp_marking_rules", body).status == 400)
        }
        #expect(await stage.send(.stranger, .get, path + "/bandwidth_limit_rules").status == 404)
        let net = try await stage.made("networks", "network", ["name": "n", "qos_policy_id": policy])["id"] ?? .null
        let port = try await stage.made("ports", "port", ["network_id": net])["id"]?.string ?? ""
        try await stage.settle()
        #expect(
            stage.world.fabric.state.ports[ID(port)]?.shaping == [.limit(fromPort: true, kbps: 1000, burst: 800)])
        let id = rule.json["bandwidth_limit_rule"]?["id"]?.string ?? ""
        let faster: JSON = ["bandwidth_limit_rule": ["max_kbps": 2000, "max_burst_kbps": 500]]
        #expect(await stage.send(.member, .put, path + "/bandwidth_limit_rules/" + id, faster).status == 200)
        try await stage.settle()
        #expect(
            stage.world.fabric.state.ports[ID(port)]?.shaping == [.limit(fromPort: true, kbps: 2000, burst: 500)])
        #expect(await stage.send(.member, .delete, path).status == 409)
        let own = try await stage.made("qos/policies", "policy", ["name": "own"])["id"] ?? .null
        #expect(
            await stage.send(.member, .put, network + "ports/" + port, ["port": ["qos_policy_id": own]]).status == 200)
        try await stage.settle()
        #expect(stage.world.fabric.state.ports[ID(port)]?.shaping == [])
        let theirs = await stage.send(
            .stranger, .post, network + "networks", ["network": ["name": "n", "qos_policy_id": policy]])
        #expect(theirs.status == 404)
    }
}

import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("What is made at once, what is tried at once, and what is bounded outside")
struct AutoTopologyTests {
    private let network = "/network/v2.0/"

    private func defaults(_ stage: Stage) async throws -> (outside: String, pool: JSON) {
        let outside = try await stage.make("external_network", for: .operator)
        let refused = await stage.send(
            .operator, .post, network + "networks", ["network": ["name": "n", "is_default": true]])
        #expect(refused.status == 400, "\(refused.text)")
        let set: JSON = ["network": ["is_default": true]]
        #expect(await stage.send(.operator, .put, network + "networks/\(outside)", set).status == 200)
        let pool: JSON = ["name": "p", "prefixes": ["10.60.0.0/16"], "is_default": true, "shared": true]
        #expect(await stage.send(.member, .post, network + "subnetpools", ["subnetpool": pool]).status == 403)
        return (outside, try await stage.made("subnetpools", "subnetpool", pool, as: .operator)["id"] ?? .null)
    }

    @Test("a network, a subnet and a router to the default way out come at once, once, and go at once")
    func topology() async throws {
        let stage = try await Stage()
        let path = network + "auto-allocated-topology/\(stage.projects[.member]!)"
        func get(_ query: String = "", as actor: Actor = .member) async -> Response {
            await stage.send(actor, .get, path + query)
        }
        #expect(await get("?fields=dry-run").status == 409)
        #expect(await get().status == 409)
        let (outside, pool) = try await defaults(stage)
        let again: JSON = ["name": "q", "prefixes": ["10.61.0.0/16"], "is_default": true]
        let second = await stage.send(.operator, .post, network + "subnetpools", ["subnetpool": again])
        #expect(second.status == 409, "\(second.text)")
        let dry = await get("?fields=dry-run")
        #expect(dry.json["auto_allocated_topology"]?["id"] == "dry-run=pass", "\(dry.text)")
        #expect(
            await stage.send(.member, .get, network + "networks?name=auto_allocated_network").json["networks"] == [])
        // Only who may make things has it made, and only for the project that is its own.
        #expect(await get(as: .reader).status == 403)
        #expect((400..<500).contains(await get(as: .stranger).status))
        let made = await get()
        #expect(made.status == 200, "\(made.text)")
        let id = made.json["auto_allocated_topology"]?["id"]?.string ?? ""
        #expect(await get().json["auto_allocated_topology"]?["id"] == .string(id))
        try await stage.settle()
        let subnets = await stage.send(.member, .get, network + "subnets?network_id=\(id)").json["subnets"]
        #expect(subnets?.array?.count == 1 && subnets?[0]?["subnetpool_id"] == pool, "\(subnets?.text ?? "")")
        let routers = await stage.send(.member, .get, network + "routers").json["routers"]
        #expect(routers?[0]?["external_gateway_info"]?["network_id"] == .string(outside))
        #expect(stage.world.fabric.state.routers.values.contains { $0.legs.count == 2 })
        // What is used stays.
        let port = try await stage.made("ports", "port", ["network_id": .string(id)])["id"]?.string ?? ""
        #expect(await stage.send(.member, .delete, path).status == 409)
        #expect(await stage.send(.member, .get, network + "routers").json["routers"] == routers)
        #expect(await stage.send(.member, .delete, network + "ports/\(port)").status == 204)
        try await stage.settle()
        #expect(await stage.send(.member, .delete, path).status == 204)
        for _ in 0..<3 { try await stage.settle() }
        #expect(await stage.send(.member, .delete, path).status == 404)
        #expect(
            await stage.send(.member, .get, network + "networks?name=auto_allocated_network").json["networks"] == [])
        #expect(await get().status == 200)
    }

    @Test("an operator sees who carries packets, and nobody else does")
    func agents() async throws {
        let stage = try await Stage()
        let list = await stage.send(.operator, .get, network + "agents")
        #expect(list.json["agents"]?[0]?["id"] == "ovn-controller-host0", "\(list.text)")
        #expect(list.json["agents"]?[0]?["alive"] == true)
        #expect(await stage.send(.operator, .get, network + "agents?alive=false").json["agents"] == [])
        #expect(await stage.send(.operator, .get, network + "agents?binary=x").json["agents"] == [])
        #expect(await stage.send(.operator, .get, network + "agents?mood=good").status == 400)
        #expect(await stage.send(.operator, .get, network + "agents/none").status == 404)
        #expect(await stage.send(.member, .get, network + "agents").json["agents"] == [])
        #expect(await stage.send(.member, .get, network + "agents/ovn-controller-host0").status == 403)
    }

    @Test("a floating address has a policy, which its router follows and which stays while it is used")
    func floating() async throws {
        let stage = try await Stage()
        let outside = try await stage.make("external_network", for: .operator)
        let port = try await stage.make("reachable_port", for: .member)
        let policy = try await stage.make("qos_policy", for: .member)
        let rules = network + "qos/policies/\(policy)/bandwidth_limit_rules"
        let rule = await stage.send(
            .member, .post, rules, ["bandwidth_limit_rule": ["max_kbps": 1000, "direction": "ingress"]])
        #expect(rule.status == 201)
        let made = try await stage.made(
            "floatingips", "floatingip",
            [
                "floating_network_id": .string(outside), "port_id": .string(port), "qos_policy_id": .string(policy),
            ])
        let (id, address) = (made["id"]?.string ?? "", made["floating_ip_address"]?.string ?? "")
        #expect(made["qos_policy_id"] == .string(policy))
        func bounds() async throws -> [RouterSpec.Bound] {
            try await stage.settle()
            return stage.world.fabric.state.routers.values.flatMap(\.bounds)
        }
        #expect(try await bounds().map(\.shaping) == [.limit(fromPort: false, kbps: 1000, burst: 800)])
        #expect(try await bounds()[0].address.description == address)
        let ruleID = rule.json["bandwidth_limit_rule"]?["id"]?.string ?? ""
        let faster: JSON = ["bandwidth_limit_rule": ["max_kbps": 2000]]
        #expect(await stage.send(.member, .put, rules + "/\(ruleID)", faster).status == 200)
        #expect(try await bounds().map(\.shaping) == [.limit(fromPort: false, kbps: 2000, burst: 1600)])
        #expect(await stage.send(.member, .delete, network + "qos/policies/\(policy)").status == 409)
        let theirs = try await stage.make("qos_policy", for: .stranger)
        let steal: JSON = ["floatingip": ["qos_policy_id": .string(theirs)]]
        #expect(await stage.send(.member, .put, network + "floatingips/\(id)", steal).status == 404)
        let none: JSON = ["floatingip": ["qos_policy_id": .null]]
        #expect(await stage.send(.member, .put, network + "floatingips/\(id)", none).status == 200)
        #expect(try await bounds().isEmpty)
        #expect(await stage.send(.member, .delete, network + "qos/policies/\(policy)").status == 204)
    }
}

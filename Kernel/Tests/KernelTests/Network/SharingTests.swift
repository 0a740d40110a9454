import CloudCore
import CloudNetwork
import CloudWire
import Testing

@Suite("What is shared with other projects")
struct SharingTests {
    private let network = "/network/v2.0/"

    /// The stage's member owns, the stranger is shared with, and a third looks on.
    private struct Scene {
        let stage: Stage
        let net: String, subnet: String
        let target: JSON

        init() async throws {
            stage = try await Stage()
            net = try await stage.make("network", for: .member)
            subnet =
                try await stage.made(
                    "subnets", "subnet", ["network_id": .string(net), "cidr": "10.5.0.0/24", "ip_version": 4])["id"]?
                .string ?? ""
            target = .string(stage.projects[.stranger]!)
        }

        func share(
            _ type: String, _ id: String, to target: JSON? = nil, action: String = "access_as_shared",
            as actor: Actor = .member
        ) async -> Response {
            await stage.send(
                actor, .post, "/network/v2.0/rbac-policies",
                [
                    "rbac_policy": [
                        "object_type": .string(type), "object_id": .string(id), "action": .string(action),
                        "target_tenant": target ?? self.target,
                    ]
                ])
        }
        func get(_ path: String, as actor: Actor) async -> Response {
            await stage.send(actor, .get, "/network/v2.0/" + path)
        }
        func port(_ more: [String: JSON] = [:], as actor: Actor = .stranger) async -> Response {
            await stage.send(
                actor, .post, "/network/v2.0/ports",
                ["port": .object(more.merging(["network_id": .string(net)]) { $1 })])
        }
    }

    private func id(_ answer: Response) -> String { answer.json.object?.first?.value["id"]?.string ?? "" }

    @Test("a project sees a network that is shared with it, and has guests' ports there and nothing else")
    func guests() async throws {
        let scene = try await Scene()
        let (stage, path) = (scene.stage, "networks/\(scene.net)")
        #expect(await scene.get(path, as: .stranger).status == 404)
        #expect(await scene.port().status == 404)
        let mine = await scene.port(as: .member)
        let policy = await scene.share("network", scene.net)
        #expect(policy.status == 201, "\(policy.text)")
        #expect(await scene.get(path, as: .stranger).status == 200)
        #expect(await scene.get("networks", as: .stranger).text.firstRange(of: scene.net) != nil)
        #expect(await scene.get("subnets/\(scene.subnet)", as: .stranger).status == 200)
        #expect(await scene.get("subnets", as: .stranger).text.firstRange(of: scene.subnet) != nil)
        // The owner's ports are the owner's to see, and so are its policies.
        #expect(await scene.get("ports/\(id(mine))", as: .stranger).status == 404)
        #expect(await scene.get("ports?network_id=\(scene.net)", as: .stranger).json["ports"] == [])
        #expect(await scene.get("rbac-policies/\(id(policy))", as: .stranger).status == 404)
        #expect(await scene.get("rbac-policies", as: .stranger).json["rbac_policies"] == [])
        // Whoever may use it may not change it, nor what is on it.
        let rename: JSON = ["network": ["name": "theirs"]]
        #expect(await stage.send(.stranger, .put, network + path, rename).status == 403)
        #expect(await stage.send(.stranger, .delete, network + path).status == 403)
        #expect(await stage.send(.stranger, .delete, network + "subnets/\(scene.subnet)").status == 403)
        let block: JSON = ["subnet": ["network_id": .string(scene.net), "cidr": "10.6.0.0/24", "ip_version": 4]]
        #expect(await stage.send(.stranger, .post, network + "subnets", block).status == 404)
        #expect(await scene.share("network", scene.net, to: "another", as: .stranger).status == 403)
        // A guest takes the addresses it gets.
        #expect(await scene.port(["fixed_ips": [["ip_address": "10.5.0.9"]]]).status == 403)
        #expect(await scene.port(["mac_address": "fa:16:3e:00:00:01"]).status == 403)
        #expect(await scene.port(["port_security_enabled": false]).status == 403)
        #expect(await scene.port(["allowed_address_pairs": [["ip_address": "10.5.0.1"]]]).status == 403)
        let port = await scene.port(["fixed_ips": [["subnet_id": .string(scene.subnet)]]])
        #expect(port.status == 201, "\(port.text)")
        for change: JSON in [
            ["port_security_enabled": false, "security_groups": []], ["fixed_ips": [["ip_address": "10.5.0.9"]]],
            ["allowed_address_pairs": [["ip_address": "10.5.0.1"]]],
        ] {
            let answer = await stage.send(.stranger, .put, network + "ports/\(id(port))", ["port": change])
            #expect(answer.status == 403, "\(answer.text)")
        }
        // Nobody leads out of it, or out by it, but its owner.
        let router = try await stage.make("router", for: .stranger)
        let join = network + "routers/\(router)/add_router_interface"
        #expect(await stage.send(.stranger, .put, join, ["subnet_id": .string(scene.subnet)]).status == 404)
        #expect(await stage.send(.stranger, .put, join, ["port_id": .string(id(port))]).status == 409)
        // While a guest is there the policy stays; when it has left, all is as before.
        let busy = await stage.send(.member, .delete, network + "rbac-policies/\(id(policy))")
        #expect(busy.status == 409, "\(busy.text)")
        let swap: JSON = ["rbac_policy": ["target_tenant": "another"]]
        #expect(await stage.send(.member, .put, network + "rbac-policies/\(id(policy))", swap).status == 409)
        #expect(await stage.send(.member, .delete, network + path).status == 409)
        #expect(await stage.send(.stranger, .delete, network + "ports/\(id(port))").status == 204)
        #expect(await stage.send(.member, .delete, network + "rbac-policies/\(id(policy))").status == 204)
        #expect(await scene.get(path, as: .stranger).status == 404)
        #expect(await scene.get("networks", as: .stranger).text.firstRange(of: scene.net) == nil)
        #expect(await scene.port().status == 404)
    }

    @Test("nobody shares what is another's, and only an operator shares with everyone or gives a way out")
    func refusals() async throws {
        let scene = try await Scene()
        #expect(await scene.share("network", scene.net, as: .stranger).status == 404)
        #expect(await scene.share("network", "none").status == 404)
        // A subnet is no network, and an id of one kind none of another.
        #expect(await scene.share("subnet", scene.subnet).status == 400)
        #expect(await scene.share("qos_policy", scene.net).status == 404)
        #expect(await scene.share("network", scene.net, to: "*").status == 403)
        #expect(await scene.share("network", scene.net, action: "access_as_external").status == 403)
        #expect(await scene.share("network", scene.net, to: "a b\"").status == 400)
        #expect(await scene.share("network", scene.net, to: "").status == 400)
        let policy = await scene.share("network", scene.net, to: "a-third")
        #expect(policy.status == 201)
        #expect(await scene.share("network", scene.net, to: "a-third").status == 409)
        // A share to a third opens nothing to anybody else.
        #expect(await scene.get("networks/\(scene.net)", as: .stranger).status == 404)
        #expect(await scene.port().status == 404)
        let swap: JSON = ["rbac_policy": ["target_tenant": "*"]]
        let path = network + "rbac-policies/\(id(policy))"
        #expect(await scene.stage.send(.member, .put, path, swap).status == 403)
        #expect(await scene.stage.send(.stranger, .delete, path).status == 404)
        #expect(await scene.stage.send(.stranger, .put, path, swap).status == 404)
        let other: JSON = ["rbac_policy": ["object_id": "x"]]
        #expect(await scene.stage.send(.member, .put, path, other).status == 400)
        // It goes with what it is of.
        #expect(await scene.stage.send(.member, .delete, network + "networks/\(scene.net)").status == 204)
        #expect(await scene.stage.send(.member, .get, path).status == 404)
    }

    @Test("shared with everyone is one truth, however it is said")
    func everyone() async throws {
        let scene = try await Scene()
        let (stage, path) = (scene.stage, "networks/\(scene.net)")
        func set(_ flag: Bool, as actor: Actor = .operator) async -> Int {
            await stage.send(actor, .put, network + path, ["network": ["shared": .bool(flag)]]).status
        }
        func policies() async -> [JSON] {
            await scene.get("rbac-policies?object_id=\(scene.net)", as: .operator).json["rbac_policies"]?.array ?? []
        }
        #expect(await set(true, as: .member) == 403)
        #expect(await set(true) == 200)
        #expect(await set(true, as: .member) == 200)
        #expect(await policies().map { $0["target_tenant"] } == ["*"])
        #expect(await scene.get(path, as: .stranger).json["network"]?["shared"] == true)
        #expect(await scene.get("networks?shared=true", as: .stranger).json["networks"]?.array?.count == 1)
        let port = await scene.port()
        #expect(port.status == 201)
        #expect(await set(false) == 409)
        // A policy of its own holds what the one for everyone held.
        let own = await scene.share("network", scene.net)
        #expect(await set(false) == 200)
        #expect(await policies().count == 1)
        #expect(await scene.get(path, as: .member).json["network"]?["shared"] == false)
        let all = await scene.share("network", scene.net, to: "*", as: .operator)
        #expect(all.status == 201)
        #expect(await scene.get(path, as: .member).json["network"]?["shared"] == true)
        #expect(await stage.send(.member, .delete, network + "rbac-policies/\(id(own))").status == 204)
        #expect(await stage.send(.operator, .delete, network + "rbac-policies/\(id(all))").status == 409)
        #expect(await stage.send(.stranger, .delete, network + "ports/\(id(port))").status == 204)
        #expect(await stage.send(.operator, .delete, network + "rbac-policies/\(id(all))").status == 204)
        #expect(await scene.get(path, as: .member).json["network"]?["shared"] == false)
    }

    @Test("a way out may be opened to some projects only")
    func external() async throws {
        let scene = try await Scene()
        let stage = scene.stage
        let outside = try await stage.make("external_network", for: .operator)
        func leadOut(_ actor: Actor) async -> Response {
            await stage.send(
                actor, .post, network + "routers",
                ["router": ["name": "r", "external_gateway_info": ["network_id": .string(outside)]]])
        }
        let all = await scene.get("rbac-policies?object_id=\(outside)", as: .operator)
        let everyone = all.json["rbac_policies"]?[0]?["id"]?.string ?? ""
        #expect(all.json["rbac_policies"]?[0]?["action"] == "access_as_external", "\(all.text)")
        let given = await scene.share("network", outside, action: "access_as_external", as: .operator)
        #expect(given.status == 201, "\(given.text)")
        #expect(await stage.send(.operator, .delete, network + "rbac-policies/\(everyone)").status == 204)
        #expect(await scene.get("networks/\(outside)", as: .member).status == 404)
        #expect(await leadOut(.member).status == 404)
        let address: JSON = ["floatingip": ["floating_network_id": .string(outside)]]
        #expect(await stage.send(.member, .post, network + "floatingips", address).status == 404)
        #expect(await scene.get("networks/\(outside)", as: .stranger).json["network"]?["router:external"] == true)
        let router = await leadOut(.stranger)
        #expect(router.status == 201, "\(router.text)")
        // A way out is no place for ports of others.
        let port: JSON = ["port": ["network_id": .string(outside)]]
        #expect(await stage.send(.stranger, .post, network + "ports", port).status == 404)
        #expect(await stage.send(.operator, .delete, network + "rbac-policies/\(id(given))").status == 409)
        #expect(await stage.send(.stranger, .delete, network + "routers/\(id(router))").status == 204)
        try await stage.settle()
        #expect(await stage.send(.operator, .delete, network + "rbac-policies/\(id(given))").status == 204)
        // Nobody's way out any more, it is none.
        #expect(
            await scene.get("networks/\(outside)", as: .operator).json["network"]?["router:external"] == false)
    }

    @Test(
        "each sort of thing is used by whom it is shared with, and by nobody else",
        arguments: ["security_group", "address_group", "address_scope", "subnetpool", "qos_policy"])
    func sorts(_ type: String) async throws {
        let scene = try await Scene()
        let stage = scene.stage
        let own = try await stage.make("network", for: .stranger)
        let places = [
            "security_group": "security-groups", "address_group": "address-groups", "address_scope": "address-scopes",
            "subnetpool": "subnetpools", "qos_policy": "qos/policies",
        ]
        let key = type == "qos_policy" ? "policy" : type
        let shared = try await stage.make(type, for: .member)
        let item = "\(places[type]!)/\(shared)"
        let group = try await stage.make("security_group", for: .stranger)
        let uses: [String: (String, JSON)] = [
            "security_group": (
                "ports", ["port": ["network_id": .string(own), "security_groups": [.string(shared)]]]
            ),
            "address_group": (
                "security-group-rules",
                [
                    "security_group_rule": [
                        "security_group_id": .string(group), "direction": "ingress",
                        "remote_address_group_id": .string(shared),
                    ]
                ]
            ),
            "address_scope": (
                "subnetpools",
                ["subnetpool": ["name": "p", "prefixes": ["10.9.0.0/16"], "address_scope_id": .string(shared)]]
            ),
            "subnetpool": (
                "subnets",
                ["subnet": ["network_id": .string(own), "subnetpool_id": .string(shared), "ip_version": 4]]
            ),
            "qos_policy": ("ports", ["port": ["network_id": .string(own), "qos_policy_id": .string(shared)]]),
        ]
        let (collection, body) = uses[type]!
        func use() async -> Response { await stage.send(.stranger, .post, network + collection, body) }
        #expect(await use().status == 404)
        let policy = await scene.share(type, shared)
        #expect(policy.status == 201, "\(policy.text)")
        #expect(await scene.get(item, as: .stranger).status == 200)
        #expect(await scene.get(places[type]!, as: .stranger).text.firstRange(of: shared) != nil)
        let rename: JSON = .object([key: ["name": "theirs"]])
        #expect(await stage.send(.stranger, .put, network + item, rename).status == 403)
        #expect(await stage.send(.stranger, .delete, network + item).status == 403)
        let used = await use()
        #expect(used.status == 201, "\(used.text)")
        let busy = await stage.send(.member, .delete, network + "rbac-policies/\(id(policy))")
        #expect(busy.status == 409, "\(busy.text)")
        #expect(await stage.send(.member, .delete, network + item).status == 409)
        #expect(await stage.send(.stranger, .delete, network + collection + "/\(id(used))").status == 204)
        try await stage.settle()
        #expect(await stage.send(.member, .delete, network + "rbac-policies/\(id(policy))").status == 204)
        #expect(await scene.get(item, as: .stranger).status == 404)
        #expect(await use().status == 404)
        #expect(await stage.send(.operator, .put, network + item, .object([key: ["name": "n"]])).status == 200)
        #expect(await stage.send(.member, .delete, network + item).status == 204)
    }
}

import CloudCore
@testable import CloudNetwork
import CloudWire
import Testing

@Suite("C084: a server on another tenant's network")
struct ConnectionTests {
    @Test("its owner connects it, the network's owner sees its addresses, and nothing else of either is open")
    func connected() async throws {
        let pair = try await Pair()
        let stage = pair.stage
        let request = try await pair.grant()
        #expect(await pair.connect(request, as: .member).status == 403, "who opened it does not connect")
        let before = pair.cards
        let (id, port) = try await pair.connected(
            request, ["attachment_opts": ["fixed_ips": [["ip_address": "10.7.0.20"]]], "name": "to them"])
        #expect(pair.cards == before.union([port]))
        let spec = stage.world.fabric.state.ports[ID(port)]
        #expect(spec?.network.text == pair.network && spec?.isGuarded == true && spec?.groups.count == 1)
        for actor in [Actor.stranger, .member] {
            let shown = await pair.show(id, as: actor).json["tenant_connection"]
            #expect(shown?["status"] == "active" && shown?["port_id"]?.string == port)
            #expect(shown?["tenant_id"]?.string == stage.projects[.stranger])
            #expect(shown?["tenant_id_other"]?.string == stage.projects[.member])
            #expect(shown?["attachment_opts"]?["fixed_ips"]?[0]?["ip_address"] == "10.7.0.20")
            let listed = await stage.send(actor, .get, Pair.connections + "?status=active").json["tenant_connections"]
            #expect(listed?[0]?["id"]?.string == id)
            let sight = await stage.send(actor, .get, Pair.requests + "/\(request)/address_assignments")
            let first = sight.json["address_assignments"]?[0]
            #expect(first?["tenant_connection_id"]?.string == id && first?["request_id"]?.string == request)
            #expect(
                first?["fixed_ips"]?[0]?["ip_address"] == "10.7.0.20" && first?["network_id"]?.string == pair.network)
        }
        #expect(await stage.send(.member, .get, "/network/v2.0/ports/" + port).status == 404, "the port is not theirs")
        let networks = await stage.send(.stranger, .get, "/network/v2.0/networks").json["networks"]?.array ?? []
        #expect(!networks.contains { $0["id"]?.string == pair.network })
        let own = await stage.send(
            .stranger, .post, "/network/v2.0/ports", ["port": ["network_id": .string(pair.network)]])
        #expect(own.status == 404, "no port but by a connection")
    }

    @Test("the port stays as it was agreed, whoever asks Neutron otherwise")
    func agreed() async throws {
        let pair = try await Pair()
        let (id, port) = try await pair.connected(try await pair.grant())
        let path = "/network/v2.0/ports/" + port
        let changes: [JSON] = [
            ["fixed_ips": [["ip_address": "10.7.0.99"]]], ["fixed_ips": []], ["device_id": ""],
            ["allowed_address_pairs": [["ip_address": "10.7.0.1"]]],
            ["port_security_enabled": false, "security_groups": []],
        ]
        for change in changes {
            let answer = await pair.stage.send(.stranger, .put, path, ["port": change])
            #expect(answer.status == 409, "\(change): \(answer.text)")
        }
        #expect(await pair.stage.send(.stranger, .delete, path).status == 409)
        #expect(await pair.stage.send(.stranger, .put, path, ["port": ["name": "mine"]]).status == 200)
        #expect(await pair.stage.send(.stranger, .put, path, ["port": ["admin_state_up": false]]).status == 200)
        #expect(await pair.status(id) == "down")
        #expect(await pair.stage.send(.stranger, .put, path, ["port": ["admin_state_up": true]]).status == 200)
        let outside = try await pair.stage.make("external_network", for: .operator)
        let floating = await pair.stage.send(
            .stranger, .post, "/network/v2.0/floatingips",
            ["floatingip": ["floating_network_id": .string(outside), "port_id": .string(port)]])
        #expect(floating.status == 409, "the network's way out is its owner's: \(floating.text)")
    }

    @Test("what is asked of the port beyond what is free is refused, and nothing is left behind")
    func attachments() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let theirs = await pair.stage.send(
            .member, .post, "/network/v2.0/ports",
            ["port": ["network_id": .string(pair.network), "fixed_ips": [["ip_address": "10.7.0.50"]]]]
        ).json["port"]
        let mac = theirs?["mac_address"] ?? .null
        func options(_ options: JSON) -> [String: JSON] { ["attachment_opts": options] }
        let wishes: [([String: JSON], Int)] = [
            (["device_type": "ECL::Baremetal::Server"], 400), (["device_type": "x"], 400),
            (["device_interface_id": "eth0"], 400), (["device_id": "none"], 404),
            (["port_id": "x"], 400), (["tenant_id_other": "x"], 400), (["network_id": "x"], 400),
            (options("x"), 400), (options(["x": 1]), 400), (options(["segmentation_type": "flat"]), 400),
            (options(["fixed_ips": "x"]), 400), (options(["fixed_ips": ["x"]]), 400),
            (options(["fixed_ips": [["ip_address": "10.8.0.1"]]]), 400),
            (options(["fixed_ips": [["ip_address": "10.7.0.1"]]]), 400),
            (options(["fixed_ips": [["ip_address": "10.7.0.50"]]]), 409),
            (options(["mac_address": "01:00:00:00:00:01"]), 400), (options(["mac_address": mac]), 409),
            (options(["allowed_address_pairs": [["ip_address": "10.7.0.0/24"]]]), 400),
            (options(["allowed_address_pairs": [["ip_address": "10.7.0.1"]]]), 400),
            (options(["allowed_address_pairs": [["ip_address": "10.9.0.1"]]]), 400),
            (options(["allowed_address_pairs": [["ip_address": "0.0.0.0/0"]]]), 400),
            (options(["allowed_address_pairs": [["ip_address": "10.7.0.50"]]]), 409),
            (options(["allowed_address_pairs": [["ip_address": "10.7.0.60", "mac_address": mac]]]), 409),
        ]
        let before = try await pair.stage.holdings(.stranger)
        for (wish, status) in wishes {
            let answer = await pair.connect(request, wish)
            #expect(answer.status == status, "\(wish): \(answer.text)")
        }
        #expect(try await pair.stage.holdings(.stranger) == before)
        let empty: JSON = ["fixed_ips": [[:]], "allowed_address_pairs": [[:]]]
        _ = try await pair.connected(request, options(empty))
    }

    @Test("further addresses are the request's: its connections share them, and nobody else has them")
    func pairs() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let shared: [String: JSON] = [
            "attachment_opts": [
                "allowed_address_pairs": [["ip_address": "10.7.0.60", "mac_address": "00:00:5e:00:01:07"]]
            ]
        ]
        let first = try await pair.connected(request, shared).id
        let second = try await pair.connected(request, shared).id
        func port(_ address: String, _ mac: JSON = "02:00:00:00:00:01") async -> Int {
            await pair.stage.send(
                .member, .post, "/network/v2.0/ports",
                [
                    "port": [
                        "network_id": .string(pair.network), "mac_address": mac,
                        "fixed_ips": [["ip_address": .string(address)]],
                    ]
                ]
            ).status
        }
        for id in [first, second] {
            #expect(await port("10.7.0.60") == 409)
            #expect(await port("10.7.0.61", "00:00:5e:00:01:07") == 409)
            #expect(await pair.stage.send(.stranger, .delete, Pair.connections + "/" + id).status == 204)
            try await pair.later()
        }
        #expect(await port("10.7.0.60", "00:00:5e:00:01:07") == 201)
    }

    @Test("a lock that keeps its owner from ending it does not keep the network's owner from it")
    func locked() async throws {
        let pair = try await Pair()
        let (id, port) = try await pair.connected(try await pair.grant())
        try await pair.act(["lock": nil])
        let own = await pair.stage.send(.stranger, .delete, Pair.connections + "/" + id)
        #expect(own.status == 409 && own.text.contains("locked"), "\(own.text)")
        #expect(await pair.connect(try await pair.stage.grant(to: .stranger, from: .operator)).status == 409)
        #expect(await pair.status(id) == "active")
        #expect(await pair.stage.send(.member, .delete, Pair.connections + "/" + id).status == 204)
        try await pair.later(.seconds(1))
        #expect(await pair.show(id).status == 404)
        #expect(!pair.cards.contains(port))
    }

    @Test("either ends it, and the card is gone from the server", arguments: [Actor.member, .stranger])
    func ended(_ actor: Actor) async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let (id, port) = try await pair.connected(request)
        let inUse = await pair.stage.send(.member, .delete, Pair.requests + "/" + request)
        #expect(inUse.status == 409 && inUse.text.contains(id), "\(inUse.text)")
        let network = await pair.stage.send(.member, .delete, "/network/v2.0/networks/" + pair.network)
        #expect(network.status == 409 && network.text.contains(port), "\(network.text)")
        #expect(await pair.stage.send(actor, .delete, Pair.connections + "/" + id).status == 204)
        #expect(await pair.status(id) == "deleting")
        #expect(
            await pair.stage.send(actor, .delete, Pair.connections + "/" + id).status == 204, "once more is no harm")
        try await pair.later(.seconds(1))
        #expect(await pair.show(id).status == 404)
        #expect(!pair.cards.contains(port) && pair.stage.world.fabric.state.ports[ID(port)] == nil)
        #expect(await pair.stage.send(.member, .delete, Pair.requests + "/" + request).status == 204)
    }

    @Test("a server that sleeps keeps its card but is cut off at once; awake, it loses the card")
    func asleep() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let (id, port) = try await pair.connected(request)
        try await pair.act(["suspend": nil])
        #expect(await pair.status(id) == "down")
        #expect(await pair.stage.send(.stranger, .delete, Pair.connections + "/" + id).status == 409)
        #expect(await pair.stage.send(.member, .delete, Pair.connections + "/" + id).status == 204)
        try await pair.later()
        #expect(pair.stage.world.fabric.state.ports[ID(port)]?.adminUp == false)
        #expect(await pair.status(id) == "deleting")
        let path = "/network/v2.0/ports/" + port
        #expect(await pair.stage.send(.stranger, .put, path, ["port": ["admin_state_up": true]]).status == 409)
        #expect(await pair.stage.send(.member, .delete, Pair.requests + "/" + request).status == 409)
        try await pair.act(["resume": nil])
        try await pair.later()
        #expect(await pair.show(id).status == 404)
        #expect(!pair.cards.contains(port) && !pair.cards.isEmpty)
        #expect(await pair.stage.send(.member, .delete, Pair.requests + "/" + request).status == 204)
    }

    @Test("it is down while the server is off, and goes with the server or with its card")
    func server() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let (first, port) = try await pair.connected(request)
        let card = "/compute/v2.1/\(pair.stage.projects[.stranger]!)/servers/\(pair.server)"
        #expect(await pair.stage.send(.stranger, .delete, card + "/os-interface/" + port).status == 202)
        try await pair.later()
        #expect(await pair.show(first).status == 404, "taken out by Nova's way")
        try await pair.act(["os-stop": nil])
        let (id, again) = try await pair.connected(request)
        #expect(await pair.status(id) == "down")
        try await pair.act(["os-start": nil])
        #expect(await pair.status(id) == "active" && pair.cards.contains(again))
        #expect(
            await pair.stage.send(.operator, .delete, "/identity/v3/projects/" + pair.stage.projects[.stranger]!).status
                == 409)
        #expect(await pair.stage.send(.stranger, .delete, card).status == 204)
        try await pair.later()
        #expect(await pair.show(id).status == 404)
        #expect(await pair.stage.send(.member, .delete, Pair.requests + "/" + request).status == 204)
    }

    @Test("a server has so many cards, a tenant so many ports")
    func bounds() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        while pair.cards.count < 8 { _ = try await pair.connected(request) }
        let full = await pair.connect(request)
        #expect(full.status == 403 && full.text.contains("8"), "\(full.text)")
        let path = "/network/v2.0/quotas/" + pair.stage.projects[.stranger]!
        let another = try await pair.stage.make("server", for: .stranger)
        #expect(await pair.stage.send(.operator, .put, path, ["quota": ["port": 8]]).status == 200)
        let poor = await pair.connect(request, ["device_id": .string(another)])
        #expect(poor.status == 403 && poor.text.contains("ports"), "\(poor.text)")
    }
}

import CloudCore
@testable import CloudNetwork
import CloudWire
import Testing

@Suite("C084: a network is opened to another tenant")
struct ConnectionRequestTests {
    @Test("one asks, the other approves; both see it, and what the network is")
    func approved() async throws {
        let pair = try await Pair()
        let (request, approval) = try await pair.offer()
        let stage = pair.stage
        let digits = approval.dropFirst(3)
        #expect(approval.hasPrefix("req") && digits.utf8.count == 10 && digits.allSatisfy(\.isNumber))
        for actor in [Actor.member, .stranger] {
            let listed = await stage.send(actor, .get, Pair.requests).json["tenant_connection_requests"]
            #expect(listed?[0]?["id"]?.string == request && listed?[0]?["status"] == "registering")
            let asked = await stage.send(actor, .get, "/sss/v2/approval-requests/" + approval).json
            #expect(asked["status"] == "registered" && asked["service"] == "provider-connectivity")
            #expect(asked["request_user"] == .bool(actor == .member) && asked["approver"] == .bool(actor == .stranger))
            #expect(asked["actions"]?[0]?["region"] == "sim1" && asked["actions"]?[0]?["method"] == "POST")
            #expect(asked["approver_id"]?.string == stage.projects[.stranger])
            let named = await stage.send(
                actor, .get, "/sss/v2/approval-requests?status=registered&service=provider-connectivity")
            #expect(named.json["approval_requests"]?[0]?["request_id"]?.string == approval, "\(named.text)")
        }
        #expect(await pair.connect(request).status == 409, "nothing is approved yet")
        #expect(await pair.answer(.member, approval, "approved").status == 403, "who asks does not approve")
        #expect(await pair.answer(.stranger, approval, "cancelled").status == 403, "who is asked does not cancel")
        for wrong in ["expired", "registered", "", "x\ny"] {
            #expect(await pair.answer(.stranger, approval, wrong).status == 400)
        }
        #expect(await pair.answer(.stranger, approval, "approved").status == 204)
        #expect(await pair.answer(.stranger, approval, "denied").status == 409, "it has been answered")
        let shown = await stage.send(.member, .get, Pair.requests + "/" + request)
        #expect(shown.json["tenant_connection_request"]?["status"] == "registered")
        let path = Pair.requests + "/" + request
        let network = await stage.send(.stranger, .get, path + "/network").json["network"]
        #expect(network?["name"] == "shop" && network?["subnets"] == [.string(pair.subnet)])
        let subnets = await stage.send(.stranger, .get, path + "/subnets").json["subnets"]
        #expect(subnets?[0]?["cidr"] == "10.7.0.0/24" && subnets?[0]?["dhcp_server_address"] == "10.7.0.1")
        #expect(await stage.send(.stranger, .get, path + "/subnets/" + pair.subnet).status == 200)
        let foreign = try await stage.make("subnet", for: .member)
        #expect(await stage.send(.stranger, .get, path + "/subnets/" + foreign).status == 404, "another network's")
        for own in ["networks/" + pair.network, "subnets/" + pair.subnet] {
            #expect(await stage.send(.stranger, .get, "/network/v2.0/" + own).status == 404, "by the request alone")
        }
    }

    @Test("what is denied or cancelled opens nothing, and may be asked anew", arguments: ["denied", "cancelled"])
    func refused(_ status: String) async throws {
        let pair = try await Pair()
        let (request, approval) = try await pair.offer()
        let again = [
            "network_id": JSON.string(pair.network), "tenant_id_other": .string(pair.stage.projects[.stranger]!),
        ]
        let twice = await pair.stage.send(
            .member, .post, Pair.requests, ["tenant_connection_request": .object(again)])
        #expect(twice.status == 409, "\(twice.text)")
        #expect(await pair.answer(status == "denied" ? .stranger : .member, approval, status).status == 204)
        try await pair.stage.settle()
        #expect(await pair.connect(request).status == 409)
        for part in ["/network", "/subnets", "/address_assignments"] {
            #expect(await pair.stage.send(.stranger, .get, Pair.requests + "/" + request + part).status == 404)
            #expect(await pair.stage.send(.member, .get, Pair.requests + "/" + request + part).status == 200)
        }
        _ = try await pair.grant()
    }

    @Test("nobody waits for an answer for ever")
    func expired() async throws {
        let pair = try await Pair()
        let (request, approval) = try await pair.offer()
        pair.stage.world.clock.advance(ApprovalRequest.patience - .seconds(60))
        try await pair.stage.settle()
        for actor in [Actor.member, .stranger] { try await pair.stage.logIn(actor) }
        let shown = {
            await pair.stage.send(.member, .get, Pair.requests + "/" + request).json["tenant_connection_request"]
        }
        #expect(await shown()?["status"] == "registering")
        pair.stage.world.clock.advance(.seconds(61))
        #expect(await pair.answer(.stranger, approval, "approved").status == 409, "though nothing has looked yet")
        try await pair.stage.settle()
        #expect(await shown()?["status"] == "expired")
        let operations = await pair.stage.send(.member, .get, Pair.operations).json["operations"]
        #expect(operations?[0]?["operation_status"] == "ERROR", "\(operations ?? nil)")
        _ = try await pair.grant()
    }

    @Test("each side changes its own words only")
    func labels() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let connection = try await pair.connected(request).id
        let sides: [(path: String, key: String, owner: Actor, other: Actor)] = [
            (Pair.requests + "/" + request, "tenant_connection_request", .member, .stranger),
            (Pair.connections + "/" + connection, "tenant_connection", .stranger, .member),
        ]
        for (path, key, owner, other) in sides {
            let own: [String: JSON] = ["name": "a", "description": "b", "tags": ["c": "d"]]
            let theirs = Dictionary(uniqueKeysWithValues: own.map { ($0 + "_other", $1) })
            #expect(await pair.stage.send(owner, .put, path, [key: .object(own)]).status == 200)
            #expect(await pair.stage.send(other, .put, path, [key: .object(theirs)]).status == 200)
            for name in own.keys {
                let change: JSON = [key: [name: own[name]!]]
                let change2: JSON = [key: [name + "_other": own[name]!]]
                #expect(await pair.stage.send(other, .put, path, change).status == 403)
                #expect(await pair.stage.send(owner, .put, path, change2).status == 403)
            }
            #expect(await pair.stage.send(owner, .put, path, [key: ["status": "x"]]).status == 400)
            let many = JSON.object(Dictionary(uniqueKeysWithValues: (0..<65).map { ("k\($0)", "v") }))
            #expect(await pair.stage.send(owner, .put, path, [key: ["tags": many]]).status == 400)
            let shown = await pair.stage.send(owner, .get, path).json[key]
            for (name, value) in own.merging(theirs, uniquingKeysWith: { $1 }) { #expect(shown?[name] == value) }
        }
    }

    @Test("what is no network of one's own, or no other tenant, is refused")
    func wrong() async throws {
        let pair = try await Pair()
        let outside = try await pair.stage.make("external_network", for: .operator)
        let other = JSON.string(pair.stage.projects[.stranger]!)
        let wishes: [([String: JSON], Int)] = [
            (["network_id": .string(outside), "tenant_id_other": other], 403),
            (["network_id": "none", "tenant_id_other": other], 404),
            (["network_id": .string(pair.network), "tenant_id_other": .string(pair.stage.projects[.member]!)], 400),
            (["network_id": .string(pair.network), "tenant_id_other": ""], 400),
            (["network_id": .string(pair.network), "tenant_id_other": "a\nb"], 400),
            (["network_id": .string(pair.network), "tenant_id_other": "Über"], 400),
            (["network_id": .string(pair.network), "tenant_id_other": other, "name_other": "mine"], 400),
            (["network_id": .string(pair.network)], 400), (["tenant_id_other": other], 400),
            (["network_id": .string(pair.network), "tenant_id_other": other, "tenant_id": "someone"], 403),
        ]
        for (wish, status) in wishes {
            let body: JSON = ["tenant_connection_request": .object(wish)]
            let answer = await pair.stage.send(.member, .post, Pair.requests, body)
            #expect(answer.status == status, "\(wish): \(answer.text)")
            #expect(answer.json["cause"]?.string?.isEmpty == false, "ECL's client looks there")
        }
        let long = String(repeating: "x", count: CloudNetwork.Operation.mostBody)
        let body: JSON = [
            "tenant_connection_request": ["network_id": .string(pair.network), "description": .string(long)]
        ]
        #expect(await pair.stage.send(.member, .post, Pair.requests, body).status == 413)
        let theirs = await pair.stage.send(
            .stranger, .post, Pair.requests,
            [
                "tenant_connection_request": [
                    "network_id": .string(pair.network), "tenant_id_other": .string(pair.stage.projects[.operator]!),
                ]
            ])
        #expect(theirs.status == 404)
    }

    @Test("a request keeps its network and both projects until it is withdrawn, by its owner alone")
    func withdrawn() async throws {
        let pair = try await Pair()
        let request = try await pair.grant()
        let network = await pair.stage.send(.member, .delete, "/network/v2.0/networks/" + pair.network)
        #expect(network.status == 409 && network.text.contains(request), "\(network.text)")
        let project = "/identity/v3/projects/" + pair.stage.projects[.member]!
        #expect(await pair.stage.send(.operator, .delete, project).status == 409)
        #expect(await pair.stage.send(.stranger, .delete, Pair.requests + "/" + request).status == 403)
        #expect(await pair.stage.send(.member, .delete, Pair.requests + "/" + request).status == 204)
        #expect(await pair.connect(request).status == 404)
        #expect(await pair.stage.send(.member, .delete, "/network/v2.0/networks/" + pair.network).status == 204)
        try await pair.later()
        let approvals = await pair.stage.send(.stranger, .get, "/sss/v2/approval-requests").json["approval_requests"]
        #expect(approvals == [])
        #expect(pair.stage.world.fabric.state.networks[ID(pair.network)] == nil)
        let fallen = await pair.stage.send(.operator, .delete, project)
        #expect(fallen.status == 204, "what is left of it goes along: \(fallen.text)")
    }

    @Test("operations tell what was ordered and what became of it, so many and no more")
    func operations() async throws {
        let pair = try await Pair()
        let (request, approval) = try await pair.offer()
        func latest(_ actor: Actor) async -> JSON? {
            await pair.stage.send(actor, .get, Pair.operations).json["operations"]?.array?.last
        }
        let first = await latest(.member)
        #expect(first?["operation_status"] == "PROCESSING" && first?["commit_datetime"] == JSON.null)
        #expect(first?["resource_id"]?.string == request && first?["request_type"] == "create")
        let body = try JSON.parse(Array((first?["request_body"]?.string ?? "").utf8))
        #expect(body["tenant_connection_request"]?["network_id"]?.string == pair.network)
        #expect(await latest(.stranger) == nil, "it is the asker's")
        _ = await pair.answer(.stranger, approval, "approved")
        #expect(await latest(.member)?["operation_status"] == "COMPLETE")
        let connection = try await pair.connected(request).id
        try await pair.later()
        let made = await latest(.stranger)
        #expect(made?["resource_id"]?.string == connection && made?["operation_status"] == "COMPLETE")
        _ = await pair.stage.send(.member, .delete, Pair.connections + "/" + connection)
        #expect(await latest(.member)?["operation_status"] == "PROCESSING")
        try await pair.later()
        #expect(await latest(.member)?["operation_status"] == "COMPLETE")
        for _ in 0...CloudNetwork.Operation.most / 2 {
            let made = await pair.stage.send(
                .stranger, .post, Pair.requests,
                [
                    "tenant_connection_request": [
                        "network_id": .string(try await network(of: pair)), "tenant_id_other": "someone",
                    ]
                ])
            let id = made.json["tenant_connection_request"]?["id"]?.string ?? ""
            #expect(await pair.stage.send(.stranger, .delete, Pair.requests + "/" + id).status == 204)
        }
        let kept = await pair.stage.send(.stranger, .get, Pair.operations).json["operations"]?.array
        #expect(kept?.count == CloudNetwork.Operation.most)
    }

    private func network(of pair: Pair) async throws -> String {
        let known = await pair.stage.send(.stranger, .get, "/network/v2.0/networks").json["networks"]
        if let id = known?[0]?["id"]?.string { return id }
        return try await pair.stage.make("network", for: .stranger)
    }
}

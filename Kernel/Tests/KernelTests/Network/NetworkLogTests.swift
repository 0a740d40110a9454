import CloudCore
import CloudSim
import CloudStore
import Testing

@testable import CloudNetwork

@Suite("issue 4: logs of what security groups drop and pass")
struct NetworkLogTests {
    private struct Scene {
        let stage: Stage
        let port: Port
        let id: String
        let group: String
        var world: SimWorld { stage.world }

        init() async throws {
            stage = try await Stage()
            id = try await stage.make("port", for: .member)
            let text = ID<Port>(id)
            port = try await stage.world.store.read { (reader) throws(CloudError) in try reader.get(text).value }
            group = port.groups[0].text
        }

        func log(_ members: [String: JSON], by actor: Actor = .member) async throws -> (status: Int, id: String) {
            let body = members.merging(["resource_type": "security_group"]) { $1 }
            let answer = await stage.send(actor, .post, "/network/v2.0/log/logs", ["log": .object(body)])
            try await stage.settle()
            return (answer.status, answer.json["log"]?["id"]?.string ?? answer.text)
        }

        func isLogged() -> [Bool] {
            let state = world.fabric.state
            return [
                state.ports[ID(id)]?.logsDropsFor != nil, state.groups[ID(group)]?.logsPassedFor != nil,
            ]
        }

        func sighting(
            _ place: FlowSighting.Place, _ verdict: FlowRecord.Verdict, port number: Int = 22, to mac: String? = nil
        ) -> FlowSighting {
            FlowSighting(
                at: world.clock.now(), place: place, verdict: verdict, isIngress: true, source: "fa:16:3e:00:00:01",
                destination: mac ?? port.mac!.text,
                packet: ["protocol": "tcp", "source": "10.0.0.9", "destination_port": .integer(number)])
        }

        func seen(_ actor: Actor, _ query: String = "") async -> [JSON] {
            await stage.send(actor, .get, "/v1/flow-logs" + query).json["flow_logs"]?.array ?? []
        }
    }

    @Test("what is ordered is woven, and unwoven", arguments: ["DROP", "ACCEPT", "ALL"])
    func orders(_ event: String) async throws {
        let scene = try await Scene()
        let wanted = [event != "ACCEPT", event != "DROP"]
        for members: [String: JSON] in [
            [:], ["resource_id": .string(scene.group)], ["target_id": .string(scene.id)],
            ["resource_id": .string(scene.group), "target_id": .string(scene.id)],
        ] {
            #expect(scene.isLogged() == [false, false])
            let made = try await scene.log(members.merging(["event": .string(event)]) { $1 })
            #expect(made.status == 201 && scene.isLogged() == wanted, "\(made.id)")
            let path = "/network/v2.0/log/logs/\(made.id)"
            _ = await scene.stage.send(.member, .put, path, ["log": ["enabled": false]])
            try await scene.stage.settle()
            #expect(scene.isLogged() == [false, false])
            _ = await scene.stage.send(.member, .put, path, ["log": ["enabled": true]])
            try await scene.stage.settle()
            #expect(scene.isLogged() == wanted)
            #expect((await scene.stage.send(.member, .delete, path)).status == 204)
            try await scene.stage.settle()
        }
    }

    @Test func aNewPortIsLoggedFromItsBeginningAndALogGoesWithItsPort() async throws {
        let scene = try await Scene()
        _ = try await scene.log(["event": "DROP"])
        let later = try await scene.stage.make("port", for: .member)
        #expect(scene.world.fabric.state.ports[ID(later)]?.logsDropsFor != nil)
        let own = try await scene.log(["target_id": .string(later)])
        _ = await scene.stage.send(.member, .delete, "/network/v2.0/ports/\(later)")
        try await scene.stage.settle()
        #expect((await scene.stage.send(.member, .get, "/network/v2.0/log/logs/\(own.id)")).status == 404)
    }

    @Test func nobodyLogsAnothersPortOrGroup() async throws {
        let scene = try await Scene()
        #expect(try await scene.log(["target_id": .string(scene.id)], by: .stranger).status == 404)
        #expect(try await scene.log(["resource_id": .string(scene.group)], by: .stranger).status == 404)
        #expect(try await scene.log(["event": "SOME"]).status == 400)
        _ = try await scene.log([:], by: .stranger)
        #expect(scene.isLogged() == [false, false])
    }

    @Test func recordsAreTheirPortsOwnersAlone() async throws {
        let scene = try await Scene()
        _ = try await scene.log(["event": "ALL"])
        let cloud = scene.stage.cloud
        let mine = FlowSighting.Place.port(ID(scene.id))
        #expect(try await cloud.flowsSeen([scene.sighting(mine, .drop), scene.sighting(mine, .drop)]) == 1)
        #expect(try await cloud.flowsSeen([scene.sighting(.group(ID(scene.group)), .accept)]) == 1)
        let seen = await scene.seen(.member)
        #expect(seen.map { $0["verdict"] } == ["ACCEPT", "DROP"] && seen[1]["count"] == 2, "\(seen)")
        #expect(seen.allSatisfy { $0["port_id"] == .string(scene.id) && $0["direction"] == "ingress" })
        #expect(await scene.seen(.stranger).isEmpty)
        #expect(await scene.seen(.stranger, "?port=\(scene.id)").isEmpty)
        #expect(await scene.seen(.stranger, "?all_tenants=1").isEmpty)
        #expect(await scene.seen(.operator).isEmpty)
        #expect(await scene.seen(.operator, "?all_tenants=1").count == 2)
    }

    @Test func whatNobodyOrderedOrCannotBeToldApartIsNotWritten() async throws {
        let scene = try await Scene()
        let cloud = scene.stage.cloud
        let mine = FlowSighting.Place.port(ID(scene.id))
        #expect(try await cloud.flowsSeen([scene.sighting(mine, .drop)]) == 0, "no log")
        _ = try await scene.log(["event": "ALL"])
        let group = FlowSighting.Place.group(ID(scene.group))
        #expect(try await cloud.flowsSeen([scene.sighting(group, .accept, to: "ff:ff:ff:ff:ff:ff")]) == 0, "nobody's")
        #expect(try await cloud.flowsSeen([scene.sighting(.port(ID("gone")), .drop)]) == 0)
        // Two members with one hardware address, on two networks.
        let twin: JSON = [
            "port": [
                "network_id": .string(try await scene.stage.make("network", for: .member)),
                "mac_address": .string(scene.port.mac!.text),
            ]
        ]
        #expect((await scene.stage.send(.member, .post, "/network/v2.0/ports", twin)).status == 201)
        #expect(try await cloud.flowsSeen([scene.sighting(group, .accept)]) == 0, "either of two")
    }

    @Test func aConnectionLetPassIsWrittenOnceAMinuteAndAFloodIsCut() async throws {
        let scene = try await Scene()
        _ = try await scene.log(["event": "ALL"])
        let cloud = scene.stage.cloud
        let group = FlowSighting.Place.group(ID(scene.group))
        for number in 0..<10 {
            var later = scene.sighting(group, .accept)
            later.packet["tcp_flags"] = .string(number == 0 ? "syn" : "ack")
            #expect(try await cloud.flowsSeen([later]) == (number == 0 ? 1 : 0))
            scene.world.clock.advance(.seconds(5))
        }
        scene.world.clock.advance(.seconds(60))
        #expect(try await cloud.flowsSeen([scene.sighting(group, .accept)]) == 1)
        let mine = FlowSighting.Place.port(ID(scene.id))
        let flood = (0..<(FlowRecorder.mostAtOnce + 500)).map { scene.sighting(mine, .drop, port: $0) }
        #expect(try await cloud.flowsSeen(flood) == FlowRecorder.mostAtOnce)
    }

    @Test func pagesAndFilters() async throws {
        let scene = try await Scene()
        _ = try await scene.log(["event": "DROP"])
        let mine = FlowSighting.Place.port(ID(scene.id))
        for number in 0..<5 {
            try await scene.stage.cloud.flowsSeen([scene.sighting(mine, .drop, port: number)])
            scene.world.clock.advance(.seconds(60))
        }
        var (path, ports): (String?, [JSON?]) = ("/v1/flow-logs?limit=2", [])
        while let next = path {
            let page = await scene.stage.send(.member, .get, next).json
            ports += (page["flow_logs"]?.array ?? []).map { $0["destination_port"] }
            path = page["next"]?.string.map { String($0.dropFirst("https://sim".count)) }
        }
        #expect(ports == [4, 3, 2, 1, 0])
        #expect(await scene.seen(.member, "?port=\(scene.id)&network=\(scene.port.network)").count == 5)
        #expect(await scene.seen(.member, "?verdict=accept").isEmpty)
        let since = Instant(microseconds: scene.world.clock.now().microseconds - 130_000_000).text()
        #expect(await scene.seen(.member, "?since=\(since)").count == 2)
        for bad in ["limit=0", "limit=1001", "limit=x", "marker=x", "since=yesterday", "verdict=MAYBE", "colour=red"] {
            #expect((await scene.stage.send(.member, .get, "/v1/flow-logs?\(bad)")).status == 400, "\(bad)")
        }
    }
}

import CloudCore
@testable import CloudNetwork
import CloudServices
import CloudSim
import CloudStore
@testable import CloudWire
import Testing

@Suite("C050: what tenants read of the Internet edge") struct EdgeTests {
    /// A router of `actor` with a way out, and its address there.
    private static func router(
        _ stage: Stage, _ actor: Actor, on known: String? = nil
    ) async throws -> (id: String, address: IPAddress) {
        var network = known ?? ""
        if known == nil { network = try await stage.make("external_network", for: .operator) }
        let body: JSON = ["router": ["name": "edge", "external_gateway_info": ["network_id": .string(network)]]]
        let made = await stage.send(actor, .post, "/network/v2.0/routers", body).json["router"]
        let id = try #require(made?["id"]?.string)
        let text = made?["external_gateway_info"]?["external_fixed_ips"]?[0]?["ip_address"]?.string
        return (id, try #require(text.flatMap { IPAddress($0) }))
    }

    private static func events(_ stage: Stage, _ actor: Actor, _ query: String = "") async -> [JSON] {
        await stage.send(actor, .get, "/network/v1/ddos-events" + query).json["ddos_events"]?.array ?? []
    }

    private static func watch(_ stage: Stage) -> SiegeWatch {
        SiegeWatch(stage.world.edge, stage.world.store, clock: stage.world.clock, dice: stage.world.dice)
    }

    @Test func anAttackIsWrittenDownFromItsBeginToItsEnd() async throws {
        let stage = try await Stage()
        let (router, address) = try await Self.router(stage, .member)
        let edge = stage.world.edge
        let watch = Self.watch(stage)
        try await watch.look()
        #expect(await Self.events(stage, .member).isEmpty)

        edge.state.sieges = [address: 500]
        try await watch.look()
        let begun = try #require(await Self.events(stage, .member).first)
        #expect(begun["address"]?.string == address.description && begun["gateway_id"]?.string == router)
        #expect(begun["until"] == .null)
        #expect(await Self.events(stage, .stranger).isEmpty)
        #expect(await Self.events(stage, .operator).count == 1)

        let began = stage.world.clock.now()
        edge.state.sieges = [address: 8500]
        edge.state.counters[router] = EdgeCounters()
        edge.state.counters[router]!.floodDropped = 7900
        stage.world.clock.advance(.seconds(2))
        try await watch.look()
        // Not at every look: an attack may last.
        #expect(await Self.events(stage, .member)[0]["openings"] == 0)
        stage.world.clock.advance(.seconds(60))
        try await watch.look()
        let noted = await Self.events(stage, .member)[0]
        #expect(noted["openings"] == 8000 && noted["dropped"] == 7900 && noted["until"] == .null)
        let peak = try #require(noted["peak"]?.integer)
        #expect((3000...4000).contains(peak))

        edge.state.sieges = [:]
        try await watch.look()
        let ended = await Self.events(stage, .member)[0]
        #expect(ended["until"]?.string != nil && ended["openings"] == 8000 && ended["peak"]?.integer == peak)
        #expect(stage.world.clock.now() > began)
        let acts = try await stage.audit().filter { $0.kind == "ddos_event" }.map(\.action)
        #expect(acts == ["begin", "note", "end"])
        let filtered = await Self.events(stage, .member, "?address=\(address)&limit=1")
        #expect(filtered.count == 1)
        #expect(await Self.events(stage, .member, "?address=192.0.2.1").isEmpty)
    }

    @Test func aFloatingAddressIsItsOwnersAndAStrangeOneTheOperators() async throws {
        let stage = try await Stage()
        let network = try await stage.make("external_network", for: .operator)
        let body: JSON = ["floatingip": ["floating_network_id": .string(network)]]
        let made = await stage.send(.stranger, .post, "/network/v2.0/floatingips", body).json["floatingip"]
        let floating = try #require(made?["floating_ip_address"]?.string.flatMap { IPAddress($0) })
        stage.world.edge.state.sieges = [floating: 300, IPAddress("2001:db8::7")!: 300]
        try await Self.watch(stage).look()
        #expect(await Self.events(stage, .stranger).map { $0["address"]?.string } == [floating.description])
        #expect(await Self.events(stage, .member).isEmpty)
        #expect(await Self.events(stage, .operator).count == 2)
    }

    @Test func aNewControlPlaneGoesOnWithWhatAnOlderBegan() async throws {
        let stage = try await Stage()
        let network = try await stage.make("external_network", for: .operator)
        let (_, first) = try await Self.router(stage, .member, on: network)
        let (_, second) = try await Self.router(stage, .member, on: network)
        let edge = stage.world.edge
        edge.state.sieges = [first: 500, second: 500]
        try await Self.watch(stage).look()
        edge.state.sieges = [first: 700]
        let next = Self.watch(stage)
        try await next.look()
        let seen = await Self.events(stage, .member)
        #expect(seen.count == 2)
        #expect(seen.filter { $0["until"] == .null }.map { $0["address"]?.string } == [first.description])
        edge.state.sieges = [:]
        try await next.look()
        #expect(await Self.events(stage, .member).allSatisfy { $0["until"] != .null })
    }

    @Test func theOldestGiveWay() async throws {
        let stage = try await Stage()
        let record = AuditRecord(.system("edge"), service: "network", action: "begin", kind: "ddos_event")
        for numbers in [0..<1, 1..<DDoSEvent.most] {
            try await stage.world.store.write(record) { (writer) throws(CloudError) in
                for number in numbers {
                    var event = DDoSEvent()
                    (event.address, event.until) = (.v4(IPv4(number: 0xcb00_0000 + UInt32(number))), writer.now)
                    try writer.insert(event, id: ID(stage.world.dice.uuid()))
                }
            }
            stage.world.clock.advance(.seconds(1))
        }
        stage.world.edge.state.sieges = [IPAddress("198.51.100.1")!: 300]
        try await Self.watch(stage).look()
        let kept = try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.list(DDoSEvent.self, .everything(DDoSEvent.kind))
        }
        #expect(kept.count == DDoSEvent.most)
        #expect(!kept.contains { $0.address == IPAddress("203.0.0.0") })
    }

    @Test func countersAreTheProjectsOwnPageByPage() async throws {
        let stage = try await Stage()
        var mine: [String] = []
        for _ in 1...3 { mine.append(try await Self.router(stage, .member).id) }
        let theirs = try await Self.router(stage, .stranger).id
        for (place, id) in (mine + [theirs, "gone"]).enumerated() {
            var counters = EdgeCounters()
            (counters.packetsIn, counters.spoofDropped) = (place, 7)
            stage.world.edge.state.counters[id] = counters
        }
        func ids(_ actor: Actor, _ query: String = "") async -> [String] {
            let list = await stage.send(actor, .get, "/network/v1/edge-counters" + query).json
            return (list["edge_counters"]?.array ?? []).compactMap { $0["id"]?.string }
        }
        #expect(await ids(.reader) == mine.sorted())
        #expect(await ids(.stranger) == [theirs])
        #expect(await ids(.operator) == (mine + [theirs, "gone"]).sorted())
        let first = await stage.send(.member, .get, "/network/v1/edge-counters?limit=2").json
        #expect(first["edge_counters"]?.array?.count == 2)
        #expect(first["edge_counters"]?[0]?["spoof_dropped"] == 7)
        let next = try #require(first["edge_counters_links"]?[0]?["href"]?.string)
        #expect(await ids(.member, String(next.drop { $0 != "?" })) == [mine.sorted()[2]])
        for query in ["?limit=-1", "?limit=x", "?project_id=1"] {
            #expect(await stage.send(.member, .get, "/network/v1/edge-counters" + query).status == 400)
        }
    }
}

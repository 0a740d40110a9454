import CloudCore
@testable import CloudNetwork
import CloudSim
import CloudStore
@testable import CloudWire
import Testing

/// A cloud in which the probe can be ordered, and what it finds be staged.
private struct Yard {
    let stage: Stage
    /// What the cloud began with.
    private let founded: Set<String>

    init() async throws {
        stage = try await Stage()
        founded = try await stage.world.store.read { (reader) throws(CloudError) in
            var ids: Set<String> = []
            for kind in [LogicalNetwork.kind, Subnet.kind, Port.kind] {
                ids.formUnion(try reader.rows(.everything(kind)).map(\.id))
            }
            return ids
        }
    }

    /// Ports that came with tenants and probes, on the fabric, and those that have a device there.
    var ports: [ID<Port>] { stage.world.fabric.state.ports.keys.filter { !founded.contains($0.text) } }
    var plugs: [ID<Port>] {
        stage.world.fabric.state.plugs.values.flatMap(\.keys).filter { !founded.contains($0.text) }
    }

    /// A network of an actor's project, with a subnet that has room.
    @discardableResult
    func network(_ actor: Actor, cidr: String = "10.0.0.0/24") async throws -> String {
        let made = await stage.send(actor, .post, "/network/v2.0/networks", ["network": ["name": "n"]])
        let id = try #require(made.json["network"]?["id"]?.string)
        let subnet = await stage.send(
            actor, .post, "/network/v2.0/subnets",
            ["subnet": ["network_id": .string(id), "cidr": .string(cidr), "ip_version": 4]])
        try #require(subnet.status == 201, "\(subnet.text)")
        try await stage.settle()
        return id
    }

    func order(_ networks: [String] = []) async -> Response {
        await stage.send(
            .operator, .post, "/v1/isolation-probes",
            ["isolation_probe": ["networks": .array(networks.map(JSON.string))]])
    }

    /// Lets it run to its end, and shows it.
    func run(_ networks: [String] = [], as actor: Actor = .operator) async throws -> JSON {
        let ordered = await order(networks)
        let id = try #require(ordered.json["isolation_probe"]?["id"]?.string, "\(ordered.text)")
        try await finish()
        return await stage.send(actor, .get, "/v1/isolation-probes/" + id).json["isolation_probe"] ?? .null
    }

    func finish() async throws {
        for _ in 0..<40 {
            try await stage.settle()
            stage.world.clock.advance(.seconds(1))
        }
    }

    func rows<R: Resource>(_ type: R.Type) async throws -> [Stored<R>] {
        try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.list(R.self, .everything(R.kind)).filter { [founded] in !founded.contains($0.id.text) }
        }
    }
}

@Suite("C017, C043: the isolation probe")
struct IsolationProbeTests {
    @Test("two tenants' networks are tried in both directions, and nothing is left behind")
    func blocked() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member), try await yard.network(.stranger))
        let probe = try await yard.run()
        #expect(probe["verdict"] == "blocked" && probe["status"] == "done", "\(probe.text)")
        #expect(probe["pairs_total"] == 4 && probe["pairs_crossed"] == 0 && probe["pairs_not_tried"] == 0)
        let ways = Set((probe["pairs"]?.array ?? []).map { [$0["from_network"], $0["to_network"]] })
        #expect(ways == [[mine, mine], [mine, theirs], [theirs, mine], [theirs, theirs]].asJSON)
        #expect(try await yard.rows(Port.self).isEmpty)
        #expect(try await yard.rows(LogicalNetwork.self).count == 2)
        #expect(yard.plugs.isEmpty)
        #expect(yard.ports.isEmpty)
        #expect(yard.stage.world.prober.state.forgotten == 6)
    }

    @Test("where there are too few tenants, it makes two networks of its own with the same addresses")
    func alone() async throws {
        let yard = try await Yard()
        try await yard.network(.member)
        try await yard.network(.member)
        let probe = try await yard.run()
        #expect(probe["verdict"] == "blocked" && probe["pairs_total"] == 16, "\(probe.text)")
        #expect(try await yard.rows(LogicalNetwork.self).count == 2)
        #expect(try await yard.rows(Subnet.self).count == 2)
    }

    @Test("what crosses is red and named; the other direction is not")
    func crossed() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member), try await yard.network(.stranger))
        yard.stage.world.prober.change { $0.leaks = [(ID(mine), ID(theirs))] }
        let probe = try await yard.run()
        #expect(probe["verdict"] == "crossed" && probe["pairs_crossed"] == 1)
        let red = (probe["pairs"]?.array ?? []).filter { $0["verdict"] == "crossed" }
        #expect(red.count == 1 && red[0]["from_network"] == .string(mine) && red[0]["to_network"] == .string(theirs))
    }

    @Test("a network on which nothing is heard makes its pairs not tried, and the whole never green; red goes first")
    func deaf() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member), try await yard.network(.stranger))
        yard.stage.world.prober.change { $0.deaf = [ID(mine)] }
        let probe = try await yard.run()
        #expect(probe["verdict"] == "not_tried" && probe["pairs_not_tried"] == 3, "\(probe.text)")
        yard.stage.world.prober.change { $0.leaks = [(ID(theirs), ID(theirs))] }
        #expect(try await yard.run()["verdict"] == "crossed")
    }

    @Test("a wrong wiring is red, also of networks that were not chosen")
    func wiring() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member), try await yard.network(.stranger))
        let third = try await yard.network(.member)
        yard.stage.world.prober.change { $0.faults = [WiringFault(ID(third), ID(mine), "swapped")] }
        let probe = try await yard.run([mine, theirs])
        #expect(probe["verdict"] == "crossed" && probe["pairs_total"] == 5)
        let red = (probe["pairs"]?.array ?? []).filter { $0["verdict"] == "crossed" }
        #expect(red.count == 1 && red[0]["from_network"] == .string(third) && red[0]["why"] == "swapped")
    }

    @Test("a tenant sees what concerns its own networks, and not whose the others are")
    func tenants() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member), try await yard.network(.stranger))
        #expect(await yard.stage.send(.reader, .get, "/v1/isolation-probes").json["isolation_probes"] == [])
        let seen = try await yard.run(as: .reader)
        #expect(seen["pairs_total"] == 3 && seen["verdict"] == "blocked" && seen["age_seconds"] != .null)
        #expect(seen.text.contains(mine) && !seen.text.contains(theirs) && seen["networks"] == nil, "\(seen.text)")
        let list = await yard.stage.send(.reader, .get, "/v1/isolation-probes?limit=1").json["isolation_probes"]
        #expect(list?.array?.count == 1 && list?[0]?["verdict"] == "blocked")
        #expect(await yard.stage.send(.reader, .get, "/v1/isolation-probes?limit=0").status == 400)
    }

    @Test("while it runs, a tenant gets every address, deletes its network, and sees nothing")
    func harmless() async throws {
        let yard = try await Yard()
        let (mine, _) = (try await yard.network(.member), try await yard.network(.stranger))
        try await Self.ports(yard, 9, mine)
        #expect(await yard.order().status == 202)
        #expect(await yard.order().status == 409)
        _ = try await yard.stage.cloud.engine.drain()
        let probes = try await yard.rows(Port.self).filter(\.isProbes)
        #expect(probes.count == 6 && probes.allSatisfy { $0.addresses.count == 1 })
        let list = await yard.stage.send(.member, .get, "/network/v2.0/ports")
        #expect(list.json["ports"]?.array?.count == 9)
        let address = try #require(probes.first { $0.network.text == mine }?.addresses[0].address?.description)
        let wish: JSON = ["port": ["network_id": .string(mine), "fixed_ips": [["ip_address": .string(address)]]]]
        let got = await yard.stage.send(.member, .post, "/network/v2.0/ports", wish)
        #expect(got.status == 201 && got.text.contains(address), "\(got.text)")
        try await yard.finish()
        #expect(
            await yard.stage.send(.operator, .get, "/v1/isolation-probes").json["isolation_probes"]?[0]?["verdict"]
                == "not_tried")
        #expect(try await yard.rows(Port.self).count == 10)
    }

    @Test("a subnet with little room is left alone; a network that is deleted meanwhile is no failure")
    func small() async throws {
        let yard = try await Yard()
        let (mine, theirs) = (try await yard.network(.member, cidr: "10.0.0.0/28"), try await yard.network(.stranger))
        let third = try await yard.network(.operator)
        #expect(await yard.order().status == 202)
        _ = try await yard.stage.cloud.engine.drain()
        let onMine = try await yard.rows(Port.self).filter { $0.network.text == mine }
        #expect(onMine.count == 3 && onMine.allSatisfy { $0.addresses.isEmpty && $0.pairs.count == 1 })
        #expect(await yard.stage.send(.stranger, .delete, "/network/v2.0/networks/" + theirs).status == 204)
        try await yard.finish()
        let probe = await yard.stage.send(.operator, .get, "/v1/isolation-probes").json["isolation_probes"]?[0]
        #expect(probe?["verdict"] == "blocked" && probe?["pairs_total"] == 4, "\(probe?.text ?? "")")
        #expect(try await yard.rows(LogicalNetwork.self).map(\.id.text).sorted() == [mine, third].sorted())
        #expect(yard.plugs.isEmpty)
    }

    @Test("every network has its turn, and no run has more than twelve or all of one tenant's")
    func turns() async throws {
        let yard = try await Yard()
        var all: Set<String> = []
        for _ in 0..<14 { all.insert(try await yard.network(.member)) }
        all.insert(try await yard.network(.stranger))
        var seen: Set<String> = []
        for _ in 0..<3 {
            let probe = try await yard.run()
            let chosen = (probe["networks"]?.array ?? []).compactMap(\.string)
            #expect(chosen.count <= IsolationProbe.most && probe["verdict"] == "blocked")
            seen.formUnion(chosen)
            yard.stage.world.clock.advance(.seconds(60))
        }
        #expect(seen.isSuperset(of: all))
    }

    @Test("runs on schedule only where the last is old, and keeps a bounded number")
    func schedule() async throws {
        let yard = try await Yard()
        let cloud = yard.stage.cloud
        #expect(try await cloud.probe(ifOlderThan: .seconds(3000)))
        #expect(try await !cloud.probe(ifOlderThan: .seconds(3000)))
        try await yard.finish()
        #expect(try await !cloud.probe(ifOlderThan: .seconds(3000)))
        for _ in 0..<IsolationProbe.kept + 3 {
            yard.stage.world.clock.advance(.seconds(3000))
            #expect(try await cloud.probe(ifOlderThan: .seconds(3000)))
            try await yard.stage.settle()
            yard.stage.world.clock.advance(.seconds(1))
            try await yard.stage.settle()
        }
        try await yard.finish()
        #expect(try await yard.rows(IsolationProbe.self).count == IsolationProbe.kept)
        #expect(try await yard.rows(IsolationPair.self).count == IsolationProbe.kept * 4)
        #expect(try await yard.rows(LogicalNetwork.self).isEmpty)
    }

    @Test("what cannot be made ready ends as not tried, with the reason for the operator")
    func late() async throws {
        let yard = try await Yard()
        try await yard.network(.member)
        yard.stage.world.mischief.rates.failsBefore = 1000
        let probe = try await yard.run()
        #expect(probe["verdict"] == "not_tried" && probe["cause"]?.string?.isEmpty == false, "\(probe.text)")
        yard.stage.world.mischief.rates.failsBefore = 0
        yard.stage.world.clock.advance(.seconds(60))
        try await yard.finish()
        #expect(try await yard.rows(Port.self).isEmpty)
        #expect(try await yard.run()["verdict"] == "blocked")
    }

    private static func ports(_ yard: Yard, _ count: Int, _ network: String) async throws {
        for _ in 0..<count {
            let made = await yard.stage.send(
                .member, .post, "/network/v2.0/ports", ["port": ["network_id": .string(network)]])
            try #require(made.status == 201)
        }
        try await yard.stage.settle()
    }
}

extension [[String]] {
    fileprivate var asJSON: Set<[JSON?]> { Set(map { $0.map { JSON.string($0) } }) }
}

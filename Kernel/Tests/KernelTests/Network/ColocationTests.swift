import CloudCore
import CloudStore
import CloudWire
import Testing

@testable import CloudNetwork

@Suite("Cables into tenants' own spaces")
struct ColocationTests {
    private static let path = "/network/v2.0/colocation_logical_links"

    /// An order of a link; to make what it names gives the engine its turns.
    private func order(_ stage: Stage, _ actor: Actor, on network: String? = nil, vlan: Int) async throws -> JSON {
        var place = network ?? ""
        if network == nil { place = try await stage.make("network", for: actor) }
        let cables = try await stage.make("colocation_physical_link", for: actor)
        return [
            "colocation_logical_link": [
                "colocation_physical_link_id": .string(cables), "network_id": .string(place), "vlan_id": .integer(vlan),
            ]
        ]
    }

    private func link(_ stage: Stage, on network: String? = nil, vlan: Int) async throws -> JSON {
        let made = await stage.send(.member, .post, Self.path, try await order(stage, .member, on: network, vlan: vlan))
        return try #require(made.json["colocation_logical_link"], "\(made.text)")
    }

    @Test("a VLAN is another's only when the fabric has let go of it")
    func leaving() async throws {
        let stage = try await Stage()
        let other = try await order(stage, .stranger, vlan: 3000)
        let first = try await link(stage, vlan: 3000)
        let (id, network) = (first["id"]?.string ?? "", first["network_id"]?.string ?? "")
        try await stage.settle()
        #expect(stage.world.fabric.state.networks[ID(network)]?.links.map(\.segment) == [3000])
        #expect(await stage.send(.member, .delete, Self.path + "/" + id).status == 204)
        #expect(await stage.send(.member, .get, Self.path + "/" + id).status == 404)
        #expect(await stage.send(.stranger, .post, Self.path, other).status == 409)
        // The network may go before its link has.
        #expect(await stage.send(.member, .delete, "/network/v2.0/networks/" + network).status == 204)
        for _ in 0..<5 {
            try await stage.settle()
            stage.world.clock.advance(.seconds(1))
        }
        #expect(stage.world.fabric.state.networks[ID(network)] == nil)
        #expect(await stage.send(.stranger, .post, Self.path, other).status == 201)
    }

    @Test("a link changes nothing of what DHCP tells a port of its own")
    func told() async throws {
        let stage = try await Stage()
        let network = try await stage.make("network", for: .member)
        let port = try await stage.made(
            "ports", "port",
            ["network_id": .string(network), "extra_dhcp_opts": [["opt_name": "mtu", "opt_value": "1300"]]])
        try await stage.settle()
        _ = try await link(stage, on: network, vlan: 3001)
        try await stage.settle()
        let id = ID<Port>(port["id"]?.string ?? "")
        let spec = try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.get(id).spec(in: reader)
        }
        #expect(stage.world.fabric.state.ports[id] == spec)
    }

    @Test("a link from before links had a lifecycle gets one when the cloud begins")
    func older() async throws {
        let stage = try await Stage()
        let id = ID<ColocationLogicalLink>(try await link(stage, vlan: 3002)["id"]?.string ?? "")
        try await stage.settle()
        try await stage.world.store.write(AuditRecord(.system("test"), service: "network", action: "create")) {
            (writer) throws(CloudError) in
            let row = try writer.row(ColocationLogicalLink.kind, id.text)!
            try writer.remove(Reference(id))
            try writer.insert(ColocationLogicalLink.kind, row)
        }
        try await stage.cloud.begin()
        #expect(await stage.send(.member, .delete, Self.path + "/" + id.text).status == 204)
        try await stage.settle()
        let left = try await stage.world.store.read { (reader) throws(CloudError) in try reader.find(id) }
        #expect(left == nil)
    }
}

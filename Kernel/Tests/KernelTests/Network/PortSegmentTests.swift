import CloudCore
import CloudNetwork
import CloudStore
import CloudWire
import Testing

@Suite("Ports on physical ports")
struct PortSegmentTests {
    private let path = "/network/v2.0/ports"
    private let ecl = ["user-agent": "python-esiclient"]

    private func physicalPort(_ stage: Stage, _ physical: String, of actor: Actor = .member) async throws -> JSON {
        try await stage.made(
            "physical_ports", "physical_port",
            [
                "name": "leaf", "segmentation_ranges": ["100-199"], "physical_network": .string(physical),
                "tenant_id": .string(stage.projects[actor]!),
            ], as: .operator)["id"] ?? .null
    }

    @Test("a network goes on to a physical port, untagged or in a VLAN, while a port is plugged there")
    func carried() async throws {
        let stage = try await Stage()
        let net = try await stage.make("network", for: .member)
        let place = try await physicalPort(stage, "leaf1")
        func send(_ method: CloudWire.Method, _ path: String, _ body: JSON) async -> Response {
            await stage.send(.member, method, path, ["port": body], headers: ecl)
        }
        let made = await send(
            .post, path, ["network_id": .string(net), "segmentation_type": "vlan", "segmentation_id": 150])
        #expect(made.status == 201, "\(made.text)")
        let port = made.json["port"]?["id"]?.string ?? ""
        #expect(made.json["port"]?["segmentation_type"] == "vlan" && made.json["port"]?["segmentation_id"] == 150)
        func links() async throws -> Set<NetworkLink> {
            try await stage.settle()
            return stage.world.fabric.state.networks[ID(net)]?.links ?? []
        }
        func claims() async throws -> Set<String> {
            try await stage.world.store.read { (reader) throws(CloudError) in try reader.claims("segment:leaf1") }
        }
        #expect(try await links().isEmpty)
        let plugged = await send(.put, "\(path)/\(port)", ["device_id": place])
        #expect(plugged.status == 200, "\(plugged.text)")
        #expect(try await links() == [NetworkLink(id: port, physical: "leaf1", segment: 150)])
        #expect(stage.world.fabric.state.ports[ID(port)] == nil)
        #expect(await stage.send(.member, .get, "\(path)/\(port)").json["port"]?["status"] == "ACTIVE")
        // What it is plugged into stays while it is.
        let busy = await stage.send(.operator, .delete, "/network/v2.0/physical_ports/\(place.string ?? "")")
        #expect(busy.status == 409, "\(busy.text)")
        // Its VLAN is its own until nothing is carried there any more.
        #expect(await send(.put, "\(path)/\(port)", ["segmentation_type": "flat"]).status == 409)
        #expect(await send(.put, "\(path)/\(port)", ["device_id": ""]).status == 409)
        #expect(await send(.put, "\(path)/\(port)", ["admin_state_up": false]).status == 200)
        #expect(await send(.put, "\(path)/\(port)", ["segmentation_type": "flat"]).status == 409)
        #expect(try await links().isEmpty)
        // ECL's client cannot say 0: flat alone means it.
        let flat = await send(.put, "\(path)/\(port)", ["segmentation_type": "flat", "admin_state_up": true])
        #expect(flat.json["port"]?["segmentation_id"] == 0, "\(flat.text)")
        #expect(try await links() == [NetworkLink(id: port, physical: "leaf1", segment: 0)])
        let crossing = await stage.send(
            .operator, .post, "/network/v2.0/networks",
            ["network": ["name": "n", "provider:physical_network": "leaf1"]])
        #expect(crossing.status == 409, "\(crossing.text)")
        #expect(await send(.put, "\(path)/\(port)", ["admin_state_up": false]).status == 200)
        #expect(try await links().isEmpty)
        #expect(await send(.put, "\(path)/\(port)", ["admin_state_up": true, "device_id": ""]).status == 200)
        #expect(try await links().isEmpty)
        #expect(stage.world.fabric.state.ports[ID(port)] != nil)
        #expect(await send(.put, "\(path)/\(port)", ["device_id": place]).status == 200)
        #expect(try await links().count == 1)
        #expect(await stage.send(.member, .delete, "\(path)/\(port)").status == 204)
        #expect(try await claims() == ["0"])
        #expect(try await links().isEmpty)
        #expect(try await claims() == [])

        // The same where its network goes with it.
        let more = ["network_id": .string(net), "device_id": place] as JSON
        let last = await send(.post, path, more).json["port"]?["id"]?.string ?? ""
        #expect(try await links().count == 1)
        #expect(await stage.send(.member, .delete, "\(path)/\(last)").status == 204)
        #expect(await stage.send(.member, .delete, "/network/v2.0/networks/\(net)").status == 204)
        #expect(try await links().isEmpty)
        #expect(stage.world.fabric.state.networks[ID(net)] == nil)
    }

    @Test("what cannot be carried is refused, and nobody has another's VLAN or physical port")
    func refusals() async throws {
        let stage = try await Stage()
        let net = try await stage.make("network", for: .member)
        let place = try await physicalPort(stage, "leaf1")
        let other = try await physicalPort(stage, "leaf1")
        let (loose, foreign) = (
            try await physicalPort(stage, ""), try await physicalPort(stage, "leaf2", of: .stranger)
        )
        func status(_ body: [String: JSON]) async -> Int {
            let all = body.merging(["network_id": .string(net)]) { $1 }
            return await stage.send(.member, .post, path, ["port": .object(all)], headers: ecl).status
        }
        let vlan: [String: JSON] = ["segmentation_type": "vlan", "segmentation_id": 100]
        func with(_ more: [String: JSON]) -> [String: JSON] { vlan.merging(more) { $1 } }
        #expect(await status(["segmentation_type": "vlan"]) == 400)
        #expect(await status(["segmentation_id": 5]) == 400)
        #expect(await status(["segmentation_type": "flat", "segmentation_id": 5]) == 400)
        #expect(await status(with(["segmentation_id": 4095])) == 400)
        #expect(await status(with(["segmentation_type": "qinq"])) == 400)
        #expect(await status(with(["device_id": "a-server"])) == 409)
        #expect(await status(with(["device_id": foreign])) == 409)
        #expect(await status(with(["device_id": loose])) == 409)
        #expect(await status(with(["device_id": place, "segmentation_id": 200])) == 400)
        #expect(await status(with(["device_id": place])) == 201)
        #expect(await status(with(["device_id": other])) == 409)
        #expect(await status(["device_id": place]) == 201)
        #expect(await status(["device_id": other]) == 409)
        // OpenStack's clients do not know these names.
        let theirs = await stage.send(
            .member, .post, path, ["port": ["network_id": .string(net), "segmentation_type": "flat"]])
        #expect(theirs.status == 400)
    }
}

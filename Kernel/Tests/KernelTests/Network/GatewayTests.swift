import CloudCore
import CloudNetwork
import Testing

@Suite("C084, C097: gateways and the lines that they lead out by")
struct GatewayTests {
    private static let network = "/network/v2.0/"

    /// A service of one type on physical network `backbone`; its id.
    private func service(_ stage: Stage, _ type: String, bandwidth: Int) async throws -> JSON {
        try await stage.made(
            "\(type)_services", "\(type)_service",
            ["name": "s", "physical_network": "backbone", "bandwidth": .integer(bandwidth)], as: .operator)["id"]
            ?? .null
    }

    private func option(_ stage: Stage, _ type: String, _ bandwidth: Int, of service: JSON) async throws -> JSON {
        try await stage.made(
            "qos_options", "qos_option",
            ["name": "o", "qos_type": .string(type), "bandwidth": .integer(bandwidth), "service_id": service],
            as: .operator)["id"] ?? .null
    }

    private func gateway(_ stage: Stage, _ service: JSON, vlan: Int, _ option: JSON) async throws -> String {
        let made = try await stage.made(
            "interdc_gateways", "interdc_gateway",
            [
                "name": "g", "interdc_service_id": service, "segmentation_id": .integer(vlan), "qos_option_id": option,
                "tenant_id": .string(stage.projects[.member]!),
            ], as: .operator)
        return made["id"]?.string ?? ""
    }

    @Test("a closed line is shared out by VLAN, and what comes by it is bounded at the gateway's port alone")
    func sharedOut() async throws {
        let stage = try await Stage()
        let service = try await service(stage, "interdc", bandwidth: 100)
        _ = try await self.service(stage, "fic", bandwidth: 50)
        let (kept, rest) = (
            try await option(stage, "guarantee", 60, of: service),
            try await option(stage, "besteffort", 100, of: service)
        )
        let first = try await gateway(stage, service, vlan: 101, kept)
        _ = try await gateway(stage, service, vlan: 102, rest)
        _ = try await gateway(stage, service, vlan: 103, "")
        try await stage.settle()
        let (sixty, hundred) = (
            BandwidthPlan(ceiling: 60, isGuaranteed: true), BandwidthPlan(ceiling: 100, isGuaranteed: false)
        )
        let line = LineSpec(physical: "backbone", bandwidth: 150, plans: [101: sixty, 102: hundred])
        #expect(stage.world.edge.state.lines == ["backbone": line])
        let bounds = stage.world.fabric.state.ports.values.map(\.shaping).filter { !$0.isEmpty }
        #expect(
            Set(bounds) == [
                [.limit(fromPort: false, kbps: 60_000, burst: 12_000)],
                [.limit(fromPort: false, kbps: 100_000, burst: 20_000)],
            ])

        // Another plan, and none: the line follows.
        let path = Self.network + "interdc_gateways/" + first
        for (plan, left) in [(rest, [101: hundred, 102: hundred]), ("", [102: hundred])] {
            let changed = await stage.send(.operator, .put, path, ["interdc_gateway": ["qos_option_id": plan]])
            #expect(changed.status == 200, "\(changed.text)")
            try await stage.settle()
            #expect(stage.world.edge.state.lines["backbone"]?.plans == left)
        }
        #expect(await stage.send(.operator, .delete, path).status == 204)
        try await stage.settle()
        #expect(stage.world.edge.state.lines["backbone"]?.plans == [102: hundred])
    }

    @Test("a guarantee beyond the line is refused with what is left, and the last service takes the line along")
    func refused() async throws {
        let stage = try await Stage()
        let service = try await service(stage, "interdc", bandwidth: 100)
        let sixty = try await option(stage, "guarantee", 60, of: service)
        let id = try await gateway(stage, service, vlan: 101, sixty)
        let order: JSON = [
            "name": "g", "interdc_service_id": service, "segmentation_id": 102, "qos_option_id": sixty,
            "tenant_id": .string(stage.projects[.stranger]!),
        ]
        let path = Self.network + "interdc_gateways"
        let more = await stage.send(.operator, .post, path, ["interdc_gateway": order])
        #expect(more.status == 409 && more.text.contains("40 are left"), "\(more.text)")
        let taken = await stage.send(
            .operator, .post, Self.network + "fic_services",
            ["fic_service": ["name": "s", "physical_network": "internet"]])
        #expect(taken.status == 400 && taken.text.contains("the edge's"), "\(taken.text)")

        let own = Self.network + "interdc_services/" + (service.string ?? "")
        #expect(await stage.send(.operator, .delete, own).status == 409)
        #expect(await stage.send(.operator, .delete, path + "/" + id).status == 204)
        try await stage.settle()
        let plan = Self.network + "qos_options/" + (sixty.string ?? "")
        #expect(await stage.send(.operator, .delete, plan).status == 204)
        #expect(await stage.send(.operator, .delete, own).status == 204)
        try await stage.settle()
        #expect(stage.world.edge.state.lines.isEmpty)
    }

    @Test("neighbours on the edge's network are reached by the edge, those of other networks outside directly")
    func byTheEdge() async throws {
        let stage = try await Stage()
        func routes(_ network: JSON) async throws -> Set<String> {
            let router = try await stage.made(
                "routers", "router", ["name": "r", "external_gateway_info": ["network_id": network]])
            try await stage.settle()
            let spec = stage.world.fabric.state.routers[ID(router["id"]?.string ?? "")]
            return Set((spec?.routes ?? []).map { "\($0.destination) \($0.nextHop)" })
        }
        let plain = try await stage.make("external_network", for: .operator)
        #expect(try await routes(.string(plain)).count == 1)
        let edge =
            try await stage.made(
                "networks", "network",
                ["name": "e", "router:external": true, "provider:physical_network": "internet"], as: .operator)["id"]
            ?? .null
        _ = try await stage.made(
            "subnets", "subnet", ["network_id": edge, "cidr": "198.51.100.0/24", "ip_version": 4], as: .operator)
        let hop = "198.51.100.1"
        let both: Set = ["198.51.100.0/25 \(hop)", "198.51.100.128/25 \(hop)"]
        #expect(try await routes(edge) == both.union(["0.0.0.0/0 \(hop)"]))
    }
}

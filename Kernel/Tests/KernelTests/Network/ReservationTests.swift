import CloudCore
import CloudStore
import CloudWire
import Testing

@testable import CloudNetwork

@Suite("Addresses are kept for one thing at a time")
struct ReservationTests {
    private func keep(_ stage: Stage, _ blocks: JSON) async -> Int {
        let order: JSON = ["reserve_address": ["name": "ours", "subnets": blocks]]
        return await stage.send(.operator, .post, "/network/v2.0/reserve_addresses", order).status
    }

    @Test("neither with other reservations, nor with public blocks")
    func kept() async throws {
        let stage = try await Stage()
        let network = try await stage.make("external_network", for: .operator)
        func service(_ blocks: JSON) async -> Int {
            let order: JSON = [
                "internet_service": ["name": "more", "network_id": .string(network), "blocks": blocks]
            ]
            return await stage.send(.operator, .post, "/network/v2.0/internet_services", order).status
        }
        #expect(await keep(stage, ["10.5.0.0/16"]) == 201)
        #expect(await keep(stage, ["10.5.6.0/24"]) == 409)
        #expect(await keep(stage, ["10.6.0.0/16", "10.6.7.0/24"]) == 400)
        #expect(await service(["10.5.6.0/24"]) == 400)
        #expect(await service(["192.0.2.0/25"]) == 201)
        #expect(await keep(stage, ["192.0.2.0/24"]) == 409)

        let all = await stage.send(.operator, .get, "/network/v2.0/reserve_addresses").json["reserve_addresses"]?.array
        let id = try #require(all?.first { $0["name"] == "ours" }?["id"]?.string)
        let path = "/network/v2.0/reserve_addresses/" + id
        func change(_ blocks: JSON) async -> Int {
            await stage.send(.operator, .put, path, ["reserve_address": ["subnets": blocks]]).status
        }
        #expect(await change(["192.0.2.0/24"]) == 409)
        #expect(await change(["10.5.0.0/16", "10.7.0.0/16"]) == 200)
    }

    @Test("a VPN gateway's cards are claimed on their networks, as everyone's are")
    func cards() async throws {
        let stage = try await Stage()
        let id = try await stage.make("vpnservice", for: .member)
        try await stage.world.store.read { (reader) throws(CloudError) in
            for port in try reader.list(Port.self, where: "device_id", .string(id)) {
                #expect(try reader.claims(Port.hardware(port.network)).contains(port.mac?.text ?? ""))
            }
        }
    }
}

import CloudCore
import CloudWire
import Testing

@testable import CloudCompute

@Suite("Images of servers")
struct SnapshotTests {
    @Test("one that crashed before it could be suspended still becomes an image")
    func crashed() async throws {
        let stage = try await Stage()
        let id = try await stage.make("server", for: .member)
        try await stage.settle()
        let path = "/compute/v2.1/\(stage.projects[.member]!)/servers/\(id)/action"
        #expect(await stage.send(.member, .post, path, ["suspend": nil]).status == 202)
        let server = ID<Server>(id)
        for _ in 0..<1000
        where !stage.world.hypervisor.guests.values.contains(where: { $0[server]?.state == .crashed }) {
            _ = stage.world.hypervisor.mishap()
        }
        try await stage.cloud.guestChanged(server)
        try await stage.settle()
        let made = await stage.send(.member, .post, path, ["createImage": ["name": "left"]])
        #expect(made.status == 202, "\(made.text)")
        try await stage.settle()
        let images = await stage.send(.member, .get, "/image/v2/images?name=left").json["images"]
        #expect(images?[0]?["status"] == "active", "\(images ?? .null)")
    }
}

import CloudCore
import CloudWire
import Testing

@Suite("Images in Nova's words")
struct NovaImageTests {
    @Test("an image is the same in both dialects, its metadata too, and newer versions have none of this")
    func image() async throws {
        let stage = try await Stage()
        let id = try await stage.make("image", for: .member)
        let path = "/compute/v2.1/\(stage.projects[.member]!)/images"
        let shown = await stage.send(.member, .get, "\(path)/\(id)").json["image"]
        #expect(shown?["status"] == "ACTIVE" && shown?["OS-EXT-IMG-SIZE:size"] == 512)
        let put = await stage.send(.member, .put, "\(path)/\(id)/metadata/purpose", ["meta": ["purpose": "web"]])
        #expect(put.status == 200, "\(put.text)")
        #expect(await stage.send(.member, .get, "/image/v2/images/\(id)").json["purpose"] == "web")
        for reserved: JSON in [["owner": "x"], ["status": "active"], ["os_glance_x": "1"]] {
            #expect(await stage.send(.member, .post, "\(path)/\(id)/metadata", ["metadata": reserved]).status == 400)
        }
        #expect(await stage.send(.member, .delete, "\(path)/\(id)/metadata/purpose").status == 204)
        #expect(await stage.send(.member, .delete, "\(path)/\(id)/metadata/purpose").status == 404)
        for (query, count) in [
            ("?status=ACTIVE", 1), ("?status=SAVING", 0), ("?server=nowhere", 0), ("?limit=1", 1), ("?name=none", 0),
            ("?changes-since=2100-01-01T00:00:00Z", 0),
        ] {
            let list = await stage.send(.member, .get, path + "/detail" + query)
            #expect(list.json["images"]?.array?.count == count, "\(query): \(list.text)")
        }
        let newer = ["openstack-api-version": "compute 2.36"]
        #expect(await stage.send(.member, .get, path, headers: newer).status == 404)
        #expect(await stage.send(.member, .delete, "\(path)/").status == 404)
        #expect(await stage.send(.member, .delete, "\(path)/\(id)").status == 204)
    }
}

import CloudCore
import CloudStore
import Testing

@testable import CloudEngine
@testable import CloudImage

@Suite("Uploads and who cleans up after them")
struct UploadRaceTests {
    @Test("an upload that ends while somebody looks after the image keeps its bytes", arguments: [true, false])
    func keeps(_ ended: Bool) async throws {
        let stage = try await Stage()
        let made = await stage.send(
            .member, .post, "/image/v2/images", ["name": "i", "disk_format": "raw", "container_format": "bare"])
        let id = ID<Image>(made.json["id"]?.string ?? "")
        _ = await stage.send(.member, .put, "/image/v2/images/\(id)/file", bytes: [1, 2, 3])
        let store = stage.world.store
        // As it was read a moment ago; in the store it is so where the upload was cut off.
        let record = AuditRecord(.system("test"), service: "image", action: "upload")
        var it = try await store.read { (reader) throws(CloudError) in try reader.get(id) }
        it.value.status = .saving
        let stale = it
        if !ended {
            try await store.write(record) { (writer) throws(CloudError) in
                var it = stale
                try writer.update(&it)
            }
        }
        var turn = Turn(it, signals: [], store: store, clock: stage.world.clock, dice: stage.world.dice)
        let world = Image.World(files: stage.world.files, uploads: Uploads())
        _ = try await Image.step(.keep, &turn, in: world)
        #expect(try await stage.world.files.all() == (ended ? [id] : []))
        #expect(turn.it.status == (ended ? .saving : .queued))
    }
}

import CloudCore
import CloudSim
import CloudStorage
import CloudWire
import Testing

@Suite("Volumes and their snapshots")
struct VolumeSnapshotTests {
    private func path(_ stage: Stage, _ rest: String) -> String { "/volume/v3/\(stage.projects[.member]!)/\(rest)" }

    /// A resource of storage that was ordered and has come to rest.
    private func made(_ stage: Stage, _ plural: String, _ order: JSON) async throws -> String {
        let singular = String(plural.dropLast())
        let answer = await stage.send(.member, .post, path(stage, plural), [singular: order])
        #expect(answer.status == 202, "\(answer.text)")
        for _ in 0..<3 { try await stage.settle() }
        return answer.json[singular]?["id"]?.string ?? ""
    }

    private func show(_ stage: Stage, _ plural: String, _ id: String) async -> JSON {
        await stage.send(.member, .get, path(stage, "\(plural)/\(id)")).json[String(plural.dropLast())] ?? .null
    }

    private func act(_ stage: Stage, _ volume: String, _ body: JSON) async -> Response {
        await stage.send(.member, .post, path(stage, "volumes/\(volume)/action"), body)
    }

    /// What a volume's files hold together, by block.
    private func content(_ stage: Stage, _ id: String) async throws -> [Int: UInt8] {
        let layers = try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.get(ID<Volume>(id)).layers
        }
        return layers.reduce(into: [:]) { found, layer in
            for (place, block) in stage.world.pool.all[layer]?.blocks ?? [:] { found[place] = block[0] }
        }
    }

    /// Writes a byte into the volume's newest file, as a guest would.
    private func write(_ stage: Stage, _ id: String, _ byte: UInt8, at block: Int) async throws {
        let newest = try await stage.world.store.read { (reader) throws(CloudError) in
            try reader.get(ID<Volume>(id)).layers.last ?? ""
        }
        let secret = stage.world.pool.all[newest]?.secret ?? ""
        try stage.world.pool.write(
            [byte], at: block * 4096,
            to: LayeredDisk(size: Gibibytes(1), layers: [Layer(id: newest, secret: secret)]))
    }

    @Test(
        "what was written later is not in it: new volumes begin as it, its own becomes so again, and its end loses nothing"
    )
    func contents() async throws {
        let stage = try await Stage()
        let volume = try await made(stage, "volumes", ["name": "data", "size": 2])
        try await write(stage, volume, 1, at: 0)
        let first = try await made(stage, "snapshots", ["volume_id": .string(volume), "name": "first"])
        #expect(await show(stage, "snapshots", first)["status"] == "available")
        try await write(stage, volume, 2, at: 0)
        try await write(stage, volume, 3, at: 1)
        let second = try await made(stage, "snapshots", ["volume_id": .string(volume), "force": true])
        try await write(stage, volume, 4, at: 1)

        let copy = try await made(stage, "volumes", ["snapshot_id": .string(first)])
        #expect(await show(stage, "volumes", copy)["size"] == 2)
        #expect(await show(stage, "volumes", copy)["snapshot_id"] == .string(first))
        #expect(try await content(stage, copy) == [0: 1])

        let notLatest = await act(stage, volume, ["revert": ["snapshot_id": .string(first)]])
        #expect(notLatest.status == 400 && notLatest.text.contains("latest"), "\(notLatest.text)")
        #expect(await act(stage, volume, ["revert": ["snapshot_id": .string(second)]]).status == 202)
        #expect(await show(stage, "volumes", volume)["status"] == "reverting")
        for _ in 0..<3 { try await stage.settle() }
        #expect(await show(stage, "volumes", volume)["status"] == "available")
        #expect(try await content(stage, volume) == [0: 2, 1: 3])

        // The first goes: the second and the volume keep what they share with it.
        #expect(await stage.send(.member, .delete, path(stage, "snapshots/\(first)")).status == 202)
        for _ in 0..<3 { try await stage.settle() }
        #expect(await stage.send(.member, .get, path(stage, "snapshots/\(first)")).status == 404)
        #expect(try await content(stage, volume) == [0: 2, 1: 3])
        try await write(stage, volume, 9, at: 0)
        #expect(await act(stage, volume, ["revert": ["snapshot_id": .string(second)]]).status == 202)
        for _ in 0..<3 { try await stage.settle() }
        #expect(try await content(stage, volume) == [0: 2, 1: 3])
        // Its layer was erased, and its key with it.
        #expect(stage.world.pool.all.count == 3)
        #expect(stage.world.token.all.count == 1)
    }

    @Test("what has snapshots stays, and what is attached has none taken")
    func refusals() async throws {
        let stage = try await Stage()
        let volume = try await made(stage, "volumes", ["size": 1])
        let other = try await made(stage, "volumes", ["size": 1])
        let snapshot = try await made(stage, "snapshots", ["volume_id": .string(volume)])
        #expect(await stage.send(.member, .delete, path(stage, "volumes/\(volume)")).status == 400)
        #expect(await act(stage, other, ["revert": ["snapshot_id": .string(snapshot)]]).status == 400)
        let foreign = await stage.send(
            .stranger, .post, "/volume/v3/\(stage.projects[.stranger]!)/snapshots",
            ["snapshot": ["volume_id": .string(volume)]])
        #expect(foreign.status == 404, "\(foreign.text)")
        let smaller = await stage.send(
            .member, .post, path(stage, "volumes"), ["volume": ["snapshot_id": .string(snapshot), "size": 0]])
        #expect(smaller.status == 400)
        let two = await stage.send(
            .member, .post, path(stage, "volumes"),
            ["volume": ["snapshot_id": .string(snapshot), "source_volid": .string(other), "size": 1]])
        #expect(two.status == 400)
        let server = try await stage.make("server", for: .member)
        let attached = await stage.send(
            .member, .post, "/compute/v2.1/\(stage.projects[.member]!)/servers/\(server)/os-volume_attachments",
            ["volumeAttachment": ["volumeId": .string(volume)]])
        #expect(attached.status == 200, "\(attached.text)")
        for _ in 0..<3 { try await stage.settle() }
        #expect(await show(stage, "volumes", volume)["status"] == "in-use")
        for refused in [
            await stage.send(.member, .post, path(stage, "snapshots"), ["snapshot": ["volume_id": .string(volume)]]),
            await act(stage, volume, ["revert": ["snapshot_id": .string(snapshot)]]),
            await stage.send(.member, .delete, path(stage, "snapshots/\(snapshot)")),
            await act(stage, volume, ["os-retype": ["new_type": "standard"]]),
        ] { #expect(refused.status == 400, "\(refused.text)") }
    }

    @Test(
        "a volume goes with its snapshots where that is asked for, and while one is being deleted its layers are left alone"
    )
    func cascade() async throws {
        let stage = try await Stage()
        let volume = try await made(stage, "volumes", ["size": 1])
        let first = try await made(stage, "snapshots", ["volume_id": .string(volume)])
        _ = try await made(stage, "snapshots", ["volume_id": .string(volume)])
        let server = try await stage.make("server", for: .member)
        #expect(await stage.send(.member, .delete, path(stage, "snapshots/\(first)")).status == 202)
        // Before the engine has done anything of it.
        for refused in [
            await stage.send(.member, .post, path(stage, "snapshots"), ["snapshot": ["volume_id": .string(volume)]]),
            await stage.send(.member, .delete, path(stage, "volumes/\(volume)?cascade=true")),
            await act(stage, volume, ["os-extend": ["new_size": 2]]),
            await stage.send(
                .member, .post, "/compute/v2.1/\(stage.projects[.member]!)/servers/\(server)/os-volume_attachments",
                ["volumeAttachment": ["volumeId": .string(volume)]]),
        ] { #expect(refused.status == 409, "\(refused.text)") }
        for _ in 0..<3 { try await stage.settle() }
        #expect(await stage.send(.member, .delete, path(stage, "volumes/\(volume)")).status == 400)
        #expect(await stage.send(.member, .delete, path(stage, "volumes/\(volume)?cascade=true")).status == 202)
        for _ in 0..<4 {
            try await stage.settle()
            stage.world.clock.advance(.milliseconds(300))
        }
        #expect(await stage.send(.member, .get, path(stage, "volumes/\(volume)")).status == 404)
        #expect(await stage.send(.member, .get, path(stage, "snapshots")).json["snapshots"] == [])
        #expect(stage.world.pool.all.isEmpty && stage.world.token.all.count == 1)
    }

    @Test("snapshots count against their quota, and their GiB too")
    func quota() async throws {
        let stage = try await Stage()
        let volume = try await made(stage, "volumes", ["size": 2])
        let quotas = path(stage, "os-quota-sets/\(stage.projects[.member]!)")
        func limit(_ limits: JSON) async -> Int {
            let set = await stage.send(.operator, .put, quotas, ["quota_set": limits])
            #expect(set.status == 200, "\(set.text)")
            return await stage.send(
                .member, .post, path(stage, "snapshots"), ["snapshot": ["volume_id": .string(volume)]]
            ).status
        }
        #expect(await limit(["snapshots": 0]) == 413)
        #expect(await limit(["snapshots": 1, "gigabytes": 3]) == 413)
        #expect(await limit(["gigabytes": 4]) == 202)
        for _ in 0..<3 { try await stage.settle() }
        #expect(await limit(["gigabytes": -1]) == 413)
        let usage = await stage.send(.member, .get, quotas + "?usage=true").json["quota_set"]
        #expect(usage?["snapshots"]?["in_use"] == 1 && usage?["gigabytes"]?["in_use"] == 4, "\(usage?.text ?? "")")
    }
}

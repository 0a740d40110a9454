import CloudCore
import CloudWire

extension Stage {
    /// What virtual storages stand on, and the volumes in them.
    func makeStored(_ kind: String, for actor: Actor) async throws(CloudError) -> String? {
        func create(_ path: String, _ key: String, _ body: JSON) async throws(CloudError) -> String {
            let answer = await send(actor, .post, path, [key: body])
            guard let id = answer.json[key]?["id"]?.string else { throw .fault("no \(key): \(answer.text)") }
            try await settle()
            return id
        }
        switch kind {
        case "target_type": return "0d6f2c9b-8e41-4a57-b3c2-6f1a9e4d7b35"
        case "berth_network":
            let network = try await create("/network/v2.0/networks", "network", ["name": "disks"])
            lastBerth = try await create(
                "/network/v2.0/subnets", "subnet",
                ["network_id": .string(network), "cidr": "10.78.0.0/24", "ip_version": 4])
            return network
        case "berth_subnet":
            if lastBerth.isEmpty { _ = try await makeStored("berth_network", for: actor) }
            return lastBerth
        case "exported_volume":
            let storage = try await make("virtual_storage", for: actor)
            return try await create(
                "/storage/v1.0/\(projects[actor]!)/volumes", "volume",
                ["name": "data", "size": 100, "virtual_storage_id": .string(storage)])
        case "exported_snapshot":
            let volume = try await make("exported_volume", for: actor)
            return try await create(
                "/storage/v1.0/\(projects[actor]!)/snapshots", "snapshot",
                ["name": "now", "volume_id": .string(volume)])
        default: return nil
        }
    }

    /// A new volume of the server whose volumes a path lists.
    func attachVolume(_ path: String, of owner: Actor) async throws(CloudError) -> String {
        let actor = owner == .reader ? Actor.member : owner
        let volume = try await make("volume", for: actor)
        let answer = await send(actor, .post, path, ["volumeAttachment": ["volumeId": .string(volume)]])
        guard answer.status == 200 else { throw .fault("no volume can be attached: \(answer.text)") }
        try await settle()
        return volume
    }
}

@testable import CloudStorage
import CloudCompute
import CloudCore
import CloudSim
import CloudStore
import CloudWire

/// What tenants of a simulation ask of storage.
extension SimulatedCloud {
    func orderVolumes(_ tenant: Int) async {
        if chance.chance(450) { return await orderTargets(tenant) }
        let base = "/volume/v3/\(tenants[tenant].project)/volumes"
        let servers = "/compute/v2.1/\(tenants[tenant].project)/servers/"
        let id = some("volume", tenant)
        switch chance.below(100) {
        case 0..<30:
            guard let made = await createVolume(tenant) else { return }
            guard chance.chance(800) else { return }
            await cloud.engine.drainQuietly()
            guard chance.chance(600) else { return await orderSnapshots(tenant, of: made) }
            await attach(made, servers + some("server", tenant), tenant)
        case 30..<45: await attach(id, servers + some("server", tenant), tenant)
        case 45..<60:
            _ = await send(tenant, .delete, servers + some("server", tenant) + "/os-volume_attachments/\(id)", [])
        case 60..<82: await orderSnapshots(tenant, of: id)
        case 82..<89:
            let size: JSON = ["os-extend": ["new_size": .integer(2 + chance.below(4))]]
            _ = await send(tenant, .post, base + "/\(id)/action", size)
        default:
            guard let answer = await send(tenant, .delete, base + "/\(id)", []) else { return promises.unsure(id) }
            if answer.status == 202 { promises.deleted(id) }
        }
    }

    /// Empty mostly, or as something that there is; its id.
    func createVolume(_ tenant: Int) async -> String? {
        let name = freshName()
        var volume: [String: JSON] = ["name": .string(name), "size": .integer(1 + chance.below(3))]
        let source = isQuiet ? 9 : chance.below(10)
        if source == 0 { volume["source_volid"] = .string(some("volume", tenant)) }
        if source == 1 { volume["imageRef"] = .string(some("image", tenant)) }
        if source < 4, source > 1 { volume["snapshot_id"] = .string(some("snapshot", tenant)) }
        let answer = await send(
            tenant, .post, "/volume/v3/\(tenants[tenant].project)/volumes", ["volume": .object(volume)])
        guard let answer, answer.status == 202, let made = answer.body["volume"]?["id"]?.string else { return nil }
        promises.created("volume", made, tenant, name: name)
        return made
    }

    private func orderSnapshots(_ tenant: Int, of volume: String) async {
        let base = "/volume/v3/\(tenants[tenant].project)/"
        let id = some("snapshot", tenant)
        switch chance.below(10) {
        case 0..<6:
            let name = freshName()
            let order: JSON = ["snapshot": ["volume_id": .string(volume), "name": .string(name)]]
            let answer = await send(tenant, .post, base + "snapshots", order)
            guard let answer, answer.status == 202, let made = answer.body["snapshot"]?["id"]?.string else { return }
            promises.created("snapshot", made, tenant, name: name)
            await cloud.engine.drainQuietly()
            switch chance.below(4) {
            case 0: return
            case 1: return await deleteSnapshot(made, tenant)
            default: break
            }
            let revert: JSON = ["revert": ["snapshot_id": .string(made)]]
            _ = await send(tenant, .post, base + "volumes/\(volume)/action", revert)
        case 6..<8:
            _ = await send(
                tenant, .post, base + "volumes/\(volume)/action", ["revert": ["snapshot_id": .string(id)]])
        default: await deleteSnapshot(id, tenant)
        }
    }

    private func deleteSnapshot(_ id: String, _ tenant: Int) async {
        let path = "/volume/v3/\(tenants[tenant].project)/snapshots/\(id)"
        guard let answer = await send(tenant, .delete, path, []) else { return promises.unsure(id) }
        if answer.status == 202 { promises.deleted(id) }
    }

    private func attach(_ volume: String, _ server: String, _ tenant: Int) async {
        let body: JSON = ["volumeAttachment": ["volumeId": .string(volume)]]
        _ = await send(tenant, .post, server + "/os-volume_attachments", body)
    }
}

/// What storage holds in the end.
struct Shelves: Sendable {
    var volumes: [Stored<Volume>]
    var keys: [Stored<DiskKey>]
    var rings: [Stored<Keyring>]
    var attachments: [Stored<VolumeAttachment>]
    var snapshots: [Stored<Snapshot>]
    var storages: [Stored<VirtualStorage>]

    init(_ reader: any Reader) throws(CloudError) {
        volumes = try reader.list(Volume.self, .everything(Volume.kind))
        keys = try reader.list(DiskKey.self, .everything(DiskKey.kind))
        rings = try reader.list(Keyring.self, .everything(Keyring.kind))
        attachments = try reader.list(VolumeAttachment.self, .everything(VolumeAttachment.kind))
        snapshots = try reader.list(Snapshot.self, .everything(Snapshot.kind))
        storages = try reader.list(VirtualStorage.self, .everything(VirtualStorage.kind))
    }

    /// The layers that there are to be: those of snapshots that failed are kept until their owner deletes them.
    var layers: [String] { volumes.flatMap(\.layers) + snapshots.map(\.next).filter { !$0.isEmpty } }
}

extension SimulatedCloud {
    /// Volumes are there once, under keys that open them; what was deleted has neither file nor key (C061).
    func shelves(_ shelves: Shelves, _ holdings: Holdings) async throws(CloudError) -> [String] {
        var faults: [String] = []
        for it in shelves.volumes {
            if it.deletingSince != nil { faults.append("volume \(it.id) was not deleted") }
            let states = shelves.attachments.filter { $0.volume == it.id }.map(\.state)
            let isRight =
                switch it.status {
                case .available: states.isEmpty
                case .inUse: it.storage == nil ? !states.isEmpty : states.isEmpty && it.service == .served
                // What it was to be made of went away, or what failed goes on failing: it says so.
                case .error: !it.fault.isEmpty
                // The guest does not let it go, until its next stop.
                case .detaching, .attaching: states.contains { $0 != .attached }
                default: false
                }
            if !isRight { faults.append("volume \(it.id) rests as \(it.status) \(it.fault) with \(states)") }
            guard it.status != .error else { continue }
            if let size = it.layers.last.flatMap({ world.pool.all[$0]?.size.count }), size != it.size {
                faults.append("volume \(it.id) of \(it.size) GiB has \(size)")
            }
        }
        for it in shelves.snapshots {
            let isThere = shelves.volumes.contains { $0.id == it.volume && $0.layers.dropLast().contains(it.layer) }
            let isRight =
                it.status == .available ? isThere && it.dropped.isEmpty : it.status == .error && !it.fault.isEmpty
            if !isRight || it.deletingSince != nil {
                faults.append("snapshot \(it.id) rests as \(it.status) \(it.fault), there: \(isThere)")
            }
        }
        let wanted = Set(shelves.layers)
        for layer in Set(world.pool.all.keys).symmetricDifference(wanted).sorted() {
            // One that could not be made has no file.
            let isOfFailure =
                shelves.volumes.contains { $0.layers.contains(layer) && $0.status == .error }
                || shelves.snapshots.contains { $0.next == layer }
            if wanted.contains(layer), isOfFailure { continue }
            faults.append("layer \(layer) is \(wanted.contains(layer) ? "missing" : "nobody's")")
        }
        for (layer, times) in world.pool.timesMade.sorted(by: { $0.key < $1.key }) where times > 1 {
            faults.append("layer \(layer) was made \(times) times: its data are lost")
        }
        return faults + (try await keys(shelves)) + volumes(of: holdings, shelves) + targets(shelves, holdings)
    }

    private func keys(_ shelves: Shelves) async throws(CloudError) -> [String] {
        var faults: [String] = []
        if Set(shelves.keys.map(\.id.text)) != Set(shelves.layers) {
            faults.append("keys and layers differ")
        }
        for ring in shelves.rings {
            let there = world.token.all.filter { $0.project == ring.project }
            if there != [ring.name(ring.epoch)] {
                faults.append("project \(ring.project) has keys \(there) and should have \(ring.epoch)")
            }
        }
        for key in shelves.keys {
            let ring = shelves.rings.first { $0.project == key.project }
            if key.isLost || ring?.epoch != key.epoch { faults.append("key \(key.id) was not carried over") }
        }
        return faults
    }

    private func volumes(of holdings: Holdings, _ shelves: Shelves) -> [String] {
        var faults: [String] = []
        for it in shelves.attachments where !holdings.servers.contains(where: { $0.id.text == it.server }) {
            faults.append("volume \(it.volume) is attached to server \(it.server), which is none")
        }
        for it in holdings.servers {
            guard let guest = world.hypervisor.guests[HostName(it.host)]?[it.id],
                guest.state == .running || guest.state == .paused
            else { continue }
            let mine = shelves.attachments.filter { $0.server == it.id.text }
            let there = Set(guest.disks.map(\.volume))
            if there != Set(mine.filter { $0.state == .attached }.map(\.volume.text)),
                !mine.contains(where: { $0.state != .attached })
            {
                faults.append("guest \(it.id) has volumes \(there) and its server \(mine.map(\.volume))")
            }
        }
        return faults
    }
}

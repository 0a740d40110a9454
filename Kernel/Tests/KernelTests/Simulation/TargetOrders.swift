import CloudCore
import CloudNetwork
import CloudSim
import CloudStorage
import CloudStore
import CloudWire

/// What tenants of a simulation ask of ECL's storage.
extension SimulatedCloud {
    func orderTargets(_ tenant: Int) async {
        let base = "/storage/v1.0/\(tenants[tenant].project)/"
        let (storage, volume) = (some("virtual storage", tenant), some("target volume", tenant))
        // Without one there is nothing else to ask for.
        switch storage.hasPrefix("00000000-") ? 0 : chance.below(100) {
        case 0..<10: await orderStorage(base, tenant)
        case 10..<60:
            let name = freshName()
            let wish: JSON = [
                "name": .string(name), "size": 100, "virtual_storage_id": .string(storage),
                "initiator_iqns": initiators,
            ]
            let answer = await send(tenant, .post, base + "volumes", ["volume": wish])
            guard let answer, answer.status == 202, let id = answer.body["volume"]?["id"]?.string else { return }
            promises.created("target volume", id, tenant, name: name)
        case 60..<72:
            _ = await send(tenant, .put, base + "volumes/" + volume, ["volume": ["initiator_iqns": initiators]])
        case 72..<76:
            // Never while it is served.
            let server = "/compute/v2.1/\(tenants[tenant].project)/servers/" + some("server", tenant)
            let answer = await send(
                tenant, .post, server + "/os-volume_attachments", ["volumeAttachment": ["volumeId": .string(volume)]])
            if answer?.status == 200 { faults.append("a server got volume \(volume), which is served") }
        case 76..<80:
            let name = freshName()
            let wish: JSON = ["snapshot": ["volume_id": .string(volume), "name": .string(name)]]
            let answer = await send(tenant, .post, base + "snapshots", wish)
            guard let answer, answer.status == 202, let id = answer.body["snapshot"]?["id"]?.string else { return }
            promises.created("target snapshot", id, tenant, name: name)
        case 80..<82:
            _ = await send(
                tenant, .post, base + "snapshots/\(some("target snapshot", tenant))/action", ["restore": .null])
        case 82..<85:
            let snapshot = some("target snapshot", tenant)
            guard let answer = await send(tenant, .delete, base + "snapshots/" + snapshot, []) else {
                return promises.unsure(snapshot)
            }
            if answer.status == 200 { promises.deleted(snapshot) }
        case 85..<92:
            guard let answer = await send(tenant, .delete, base + "volumes/" + volume, []) else {
                return promises.unsure(volume)
            }
            if answer.status == 200 { promises.deleted(volume) }
        default:
            guard let answer = await send(tenant, .delete, base + "virtual_storages/" + storage, []) else {
                return promises.unsure(storage)
            }
            if answer.status == 200 { promises.deleted(storage) }
        }
    }

    private var initiators: JSON {
        .array((0..<chance.below(3)).map { .string("iqn.2026-11.example:\($0 + chance.below(3) * 3)") })
    }

    private func orderStorage(_ base: String, _ tenant: Int) async {
        let (network, name) = (some("network", tenant), freshName())
        let list = await send(tenant, .get, "/network/v2.0/subnets", [])
        let subnets = (list?.body["subnets"]?.array ?? []).filter { $0["network_id"] == .string(network) }
        guard let subnet = subnets.first, let cidr = subnet["cidr"]?.string.flatMap({ CIDR($0) }),
            let last = cidr.last.v4
        else { return }
        let wish: JSON = [
            "name": .string(name), "volume_type_id": "piops_iscsi_na", "network_id": .string(network),
            "subnet_id": subnet["id"] ?? .null,
            "ip_addr_pool": [
                "start": .string(IPv4(number: last.number - UInt32(1 + chance.below(3))).description),
                "end": .string(last.description),
            ],
        ]
        let answer = await send(tenant, .post, base + "virtual_storages", ["virtual_storage": wish])
        guard let answer, answer.status == 202, let id = answer.body["virtual_storage"]?["id"]?.string else { return }
        promises.created("virtual storage", id, tenant, name: name)
    }
}

extension SimulatedCloud {
    /// Each virtual storage serves its volumes to whom they are for, and nothing else is served.
    func targets(_ shelves: Shelves, _ holdings: Holdings) -> [String] {
        var faults: [String] = []
        let books = world.targets.all
        for id in Set(books.keys).subtracting(shelves.storages.map(\.id)).sorted() {
            faults.append("target \(id) is nobody's")
        }
        for it in shelves.storages {
            if it.deletingSince != nil || it.status != .available {
                faults.append("virtual storage \(it.id) rests as \(it.status) \(it.fault)")
            }
            let wanted = shelves.volumes.filter { $0.storage == it.id && $0.made > 0 }
            let served = books[it.id]?.volumes ?? []
            if Dictionary(uniqueKeysWithValues: served.map { ($0.disk.volume, $0.initiators) })
                != Dictionary(uniqueKeysWithValues: wanted.map { ($0.id.text, Set($0.initiators)) })
            {
                faults.append("virtual storage \(it.id) serves \(served.map(\.disk.volume))")
            }
            for volume in served where volume.disk.iops != 200 { faults.append("\(volume.name) has no ceiling") }
            let ports = holdings.ports.filter { $0.deviceID == it.id.text }
            if ports.count != 1 || ports[0].addresses.first?.address != it.address.map({ .v4($0) }) {
                faults.append("virtual storage \(it.id) has ports \(ports.map(\.id))")
            }
        }
        faults += world.pool.misused.sorted().map { "layer \($0) was changed while it was served" }
        let users = shelves.storages.map(\.uid)
        if Set(users).count != users.count { faults.append("virtual storages share a user") }
        return faults
    }
}

import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The storage service: volumes, what they promise, and the keys that they are encrypted under.
public struct Storage: Sendable {
    public static let schemas = [
        Schema(StorageQuota.self), Schema(Keyring.self, labels: Keyring.Label.allCases.map(\.rawValue)),
        Schema(DiskKey.self), Schema(VolumeType.self),
        Schema(VirtualStorage.self, labels: VirtualStorage.Label.allCases.map(\.rawValue)),
        Schema(Volume.self, labels: Volume.Label.allCases.map(\.rawValue)), Schema(VolumeAttachment.self),
        Schema(Snapshot.self, labels: Snapshot.Label.allCases.map(\.rawValue)),
    ]

    private let world: Volume.World
    private let targets: VirtualStorage.World

    public init(
        token: any KeyToken, pool: any LayerPool, images: any ImageCatalog, targets: any BlockTargets,
        berths: any Berths
    ) {
        world = Volume.World(token: token, pool: pool, images: images)
        self.targets = VirtualStorage.World(volumes: world, targets: targets, berths: berths)
    }

    public var shelf: some Shelf { StorageShelf(world: world) }

    public var routes: [Route] {
        Cinder.versions + [Cinder.zones] + VolumeType.routes + Volume.routes + Snapshot.routes
            + VolumeOrders(images: world.images).routes + StorageQuota.routes
            + VirtualStorageOrders(berths: targets.berths).routes + ExportedVolume.routes + ExportedSnapshot.routes
            + TargetType.routes + ECLStorage.routes
    }

    public func enroll(in engine: Engine) {
        engine.enroll(Keyring.self, world: world.token)
        engine.enroll(Volume.self, world: world)
        engine.enroll(Snapshot.self, world: world)
        engine.enroll(VirtualStorage.self, world: targets)
    }

    /// Makes the types that every cloud begins with; leaves those that are there as they are.
    public func found(_ store: any Store) async throws(CloudError) {
        let isFounded = try await store.read { (reader) throws(CloudError) in
            try reader.count(Query(VolumeType.kind)) > 0
        }
        guard !isFounded else { return }
        let record = AuditRecord(.system("start-up"), service: "volume", action: "found", kind: VolumeType.kind.name)
        try await store.write(record) { (writer) throws(CloudError) in
            var type = VolumeType()
            (type.name, type.description) = ("standard", "As fast as the pool is; it promises no rate.")
            try writer.insert(type, id: VolumeType.standard)
            (type.name, type.description) = ("piops_iscsi_na", "Block storage over iSCSI, at a rate of its own.")
            type.extraSpecs = [
                VolumeType.sizesSpec: "100,250,500,1000,2000,4000,8000,12000", VolumeType.ratesSpec: "2,4",
            ]
            try writer.insert(type, id: VolumeType.targets)
        }
    }

    /// Removes layers and keys that exist beneath and not in the store.
    public func sweep(_ store: any Store) async throws(CloudError) -> [String] {
        var removed: [String] = []
        for target in try await targets.targets.targets().sorted() {
            let isKnown = try await store.read { (reader) throws(CloudError) in try reader.find(target) != nil }
            guard !isKnown else { continue }
            try await targets.targets.removeTarget(target)
            removed.append("virtual storage \(target)")
        }
        for layer in try await world.pool.layers().sorted() {
            let isKnown = try await store.read { (reader) throws(CloudError) in
                try reader.find(ID<DiskKey>(layer)) != nil
            }
            guard !isKnown else { continue }
            try await world.pool.remove(layer)
            removed.append("layer \(layer)")
        }
        return removed
    }
}

import CloudCore
import CloudEngine
import CloudStore

extension Volume: Lifecycle {
    /// What volumes act through.
    public struct World: Sendable {
        public let token: any KeyToken
        public let pool: any LayerPool
        public let images: any ImageCatalog
        var sealer: Sealer { Sealer(token: token) }

        public init(token: any KeyToken, pool: any LayerPool, images: any ImageCatalog) {
            (self.token, self.pool, self.images) = (token, pool, images)
        }

        /// A volume's files, and what opens them.
        func disk(_ it: Stored<Volume>, in store: any Store) async throws(CloudError) -> LayeredDisk {
            LayeredDisk(
                size: Gibibytes(it.size), layers: try await sealer.open(it.layers, of: it.project, in: store))
        }

        /// Opens a volume for processes of a system user.
        func open(_ volume: ID<Volume>, uid: Int, in store: any Store) async throws(CloudError) -> OpenDisk {
            let (it, iops) = try await store.read { (reader) throws(CloudError) in
                let it = try reader.get(volume)
                return (it, try it.iops(in: reader))
            }
            let layered = try await disk(it, in: store)
            try await pool.give(it.layers, to: uid)
            return OpenDisk(
                volume: volume.text,
                files: layered.layers.map { OpenDisk.File(path: pool.path($0.id), secret: $0.secret) },
                isReadonly: it.isReadonly, iops: iops)
        }
    }

    public static func step(_ label: Label, _ turn: inout Turn<Self>, in world: World) async throws(CloudError)
        -> Next<Label>
    {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .seal: return try await seal(&turn, in: world)
        case .make:
            let disk = try await world.disk(turn.it, in: turn.store)
            try await world.pool.ensure(disk, from: try await source(turn, in: world))
            (turn.it.made, turn.it.copying, turn.it.copyingSnapshot) = (turn.it.size, nil, nil)
            turn.it.fault = ""
            if let storage = turn.it.storage {
                // It may have been given up before.
                turn.it.status = .creating
                turn.also { (writer) throws(CloudError) in try writer.raise(.refresh, Reference(storage)) }
            } else {
                turn.it.status = .available
            }
            return .hop(.keep)
        case .keep:
            guard turn.it.made < turn.it.size else { return .rest }
            try await world.pool.ensureSize(try await world.disk(turn.it, in: turn.store))
            (turn.it.made, turn.it.status) = (turn.it.size, .available)
            return .rest
        case .destroy:
            if let storage = turn.it.storage {
                // It is served until its virtual storage says otherwise.
                turn.also { (writer) throws(CloudError) in try writer.raise(.refresh, Reference(storage)) }
                return .nap(.seconds(5))
            }
            let id = turn.it.id
            let snapshots = try await turn.store.read { (reader) throws(CloudError) in
                try Snapshot.all(of: id, in: reader)
            }
            // They are being deleted with it, and take their layers out first.
            guard snapshots.isEmpty else { return .nap(.milliseconds(200)) }
            for layer in turn.it.layers { try await world.pool.remove(layer) }
            let it = turn.it
            turn.also { (writer) throws(CloudError) in
                try DiskKey.destroy(it.layers, of: it.project, in: writer)
            }
            return .gone
        }
    }

    /// Chooses its file's name and secret; they are written before there is any file.
    private static func seal(_ turn: inout Turn<Self>, in world: World) async throws(CloudError) -> Next<Label> {
        let (it, layer) = (turn.it, turn.dice.uuid())
        let key = try await world.sealer.make(layer, of: it.id.text, for: it.project, in: turn.store, dice: turn.dice)
        guard let key else { return .nap(.milliseconds(200)) }
        turn.it.layers = [layer]
        turn.also { (writer) throws(CloudError) in try Sealer.keep(key, layer, for: it.project, in: writer) }
        return .hop(.make)
    }

    /// What its file begins with.
    private static func source(_ turn: Turn<Self>, in world: World) async throws(CloudError) -> DiskSource? {
        if let origin = turn.it.copying {
            let it = try await turn.store.read { (reader) throws(CloudError) in try reader.get(origin) }
            return .disk(try await world.disk(it, in: turn.store))
        }
        if let snapshot = turn.it.copyingSnapshot {
            let (it, stored) = try await turn.store.read { (reader) throws(CloudError) in
                let it = try reader.get(snapshot)
                return (it, try reader.get(it.volume))
            }
            var volume = stored
            (volume.layers, volume.size) = (it.value.layers(of: volume.value), it.size)
            return .disk(try await world.disk(volume, in: turn.store))
        }
        guard !turn.it.image.isEmpty else { return nil }
        let file = try await world.images.file(of: turn.it.image, in: turn.store)
        return .image(path: file.path, format: file.format)
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Self>, _ error: CloudError) -> Next<Label> {
        switch label {
        case .destroy:
            turn.it.status = .errorDeleting
            return .nap(.seconds(15))
        case .keep: turn.it.status = .errorExtending
        case .seal, .make: turn.it.status = .error
        }
        turn.it.fault = error.message
        (turn.it.copying, turn.it.copyingSnapshot) = (nil, nil)
        return .rest
    }

    /// A copy of a large disk takes its time.
    public static func deadline(_ label: Label) -> Duration { label == .make ? .seconds(3600) : .seconds(60) }
    public static var patience: Int { 3 }
}

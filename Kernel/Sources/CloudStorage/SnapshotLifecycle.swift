import CloudCore
import CloudEngine
import CloudStore

extension Snapshot: Lifecycle {
    public static func step(_ label: Label, _ turn: inout Turn<Self>, in world: Volume.World) async throws(CloudError)
        -> Next<Label>
    {
        if turn.isDoomed, label != .merge, label != .erase { return .hop(.merge) }
        switch label {
        case .seal: return try await seal(&turn, then: .freeze, in: world)
        case .freeze: return try await freeze(&turn, in: world)
        case .keep:
            guard turn.signals.remove(.restore) != nil else { return .rest }
            return .hop(.renew)
        case .renew: return try await seal(&turn, then: .swap, in: world)
        case .swap: return try await swap(&turn, in: world)
        case .erase: return try await erase(&turn, in: world)
        case .merge: return try await merge(&turn, in: world)
        }
    }

    /// Chooses the volume's next layer; its key is written before there is any file.
    private static func seal(
        _ turn: inout Turn<Self>, then label: Label, in world: Volume.World
    ) async throws(CloudError) -> Next<Label> {
        let (it, layer) = (turn.it, turn.dice.uuid())
        let key = try await world.sealer.make(
            layer, of: it.volume.text, for: it.project, in: turn.store, dice: turn.dice)
        guard let key else { return .nap(.milliseconds(200)) }
        turn.it.next = layer
        turn.also { (writer) throws(CloudError) in try Sealer.keep(key, layer, for: it.project, in: writer) }
        return .hop(label)
    }

    private static func volume(_ turn: Turn<Self>) async throws(CloudError) -> Stored<Volume> {
        let id = turn.it.volume
        return try await turn.store.read { (reader) throws(CloudError) in try reader.get(id) }
    }

    /// Puts the next layer above the one that is written, which nobody writes to from then on.
    private static func freeze(_ turn: inout Turn<Self>, in world: Volume.World) async throws(CloudError)
        -> Next<Label>
    {
        var volume = try await volume(turn)
        guard volume.value.isUnserved else { return turn.awaitRelease(of: volume) }
        let frozen = volume.layers.last ?? ""
        volume.layers.append(turn.it.next)
        try await world.pool.ensure(try await world.disk(volume, in: turn.store), from: nil)
        (turn.it.layer, turn.it.next, turn.it.status) = (frozen, "", .available)
        turn.update(volume)
        return .hop(.keep)
    }

    /// Puts the next layer above the snapshot's own, in place of the one that was written since.
    private static func swap(_ turn: inout Turn<Self>, in world: Volume.World) async throws(CloudError) -> Next<Label> {
        var volume = try await volume(turn)
        guard volume.value.isUnserved else { return turn.awaitRelease(of: volume) }
        turn.it.dropped = volume.layers.last ?? ""
        volume.layers = turn.it.value.layers(of: volume.value) + [turn.it.next]
        try await world.pool.ensure(try await world.disk(volume, in: turn.store), from: nil)
        turn.it.next = ""
        turn.update(volume)
        return .hop(.erase)
    }

    /// Erases the layer that nobody needs any more, and has its key destroyed.
    private static func erase(_ turn: inout Turn<Self>, in world: Volume.World) async throws(CloudError) -> Next<Label>
    {
        let it = turn.it
        if !it.dropped.isEmpty {
            try await world.pool.remove(it.dropped)
            turn.also { (writer) throws(CloudError) in
                try DiskKey.destroy([it.dropped], of: it.project, in: writer)
            }
            turn.it.dropped = ""
        }
        if turn.isDoomed { return it.layer.isEmpty && it.next.isEmpty ? .gone : .hop(.merge) }
        turn.it.status = .available
        turn.also { (writer) throws(CloudError) in
            guard var volume = try writer.find(it.volume), volume.status == .reverting else { return }
            volume.status = .available
            try writer.update(&volume)
        }
        return .hop(.keep)
    }

    /// Moves what only its layer has into the one above, so that the volume needs it no more.
    private static func merge(_ turn: inout Turn<Self>, in world: Volume.World) async throws(CloudError) -> Next<Label>
    {
        if !turn.it.next.isEmpty {
            // It was to be the volume's, and did not come to it.
            (turn.it.dropped, turn.it.next) = (turn.it.next, "")
            return .hop(.erase)
        }
        guard !turn.it.layer.isEmpty else { return .gone }
        var volume = try await volume(turn)
        guard volume.value.isUnserved else { return turn.awaitRelease(of: volume) }
        // What goes with its volume is needed by nobody.
        if volume.deletingSince == nil {
            try await world.pool.ensureMerged(turn.it.layer, of: try await world.disk(volume, in: turn.store))
        }
        let layer = turn.it.layer
        volume.layers.removeAll { $0 == layer }
        (turn.it.dropped, turn.it.layer) = (layer, "")
        turn.update(volume)
        return .hop(.erase)
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Self>, _ error: CloudError) -> Next<Label> {
        turn.it.fault = error.message
        switch label {
        case .merge:
            turn.it.status = .errorDeleting
            return .nap(.seconds(15))
        case .erase: return .nap(.seconds(15))
        case .renew, .swap:
            // The volume has what it had.
            let volume = turn.it.volume
            turn.it.status = .available
            turn.also { (writer) throws(CloudError) in
                guard var it = try writer.find(volume), it.status == .reverting else { return }
                it.status = .available
                try writer.update(&it)
            }
            (turn.it.dropped, turn.it.next) = (turn.it.next, "")
            return .hop(.erase)
        case .seal, .freeze, .keep:
            turn.it.status = .error
            return .rest
        }
    }

    /// Merging moves as much as was written until the snapshot was taken.
    public static func deadline(_ label: Label) -> Duration { label == .merge ? .seconds(3600) : .seconds(60) }
    public static var patience: Int { 3 }
}

extension Turn where R == Snapshot {
    /// Has the volume's virtual storage let go of it, and looks again soon.
    mutating func awaitRelease(of volume: Stored<Volume>) -> Next<Snapshot.Label> {
        if let storage = volume.storage {
            also { (writer) throws(CloudError) in try writer.raise(.refresh, Reference(storage)) }
        }
        return .nap(.milliseconds(200))
    }
}

extension Turn {
    /// Writes another resource with this turn's commit; the turn is taken anew where that has changed since.
    mutating func update<Other: Resource>(_ other: Stored<Other>) {
        also { (writer) throws(CloudError) in
            var it = other
            try writer.update(&it)
        }
    }
}

extension Signal {
    /// A volume is to be again as it was when the snapshot was taken.
    static let restore = Signal(rawValue: "restore")
}

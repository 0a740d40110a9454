import CloudCore
import CloudEngine
import CloudStore

/// A tenant's block storage on one of its networks (ECL): volumes that initiators there reach over iSCSI.
public struct VirtualStorage: Lifecycle {
    public var name = "", description = ""
    public var type = ID<VolumeType>("")
    public var network = "", subnet = ""
    /// The addresses that it may have.
    public var start: IPv4?, end: IPv4?
    public var routes: [HostPath] = []
    /// The one that it has.
    public var address: IPv4?
    /// The system user that serves it; 0 before it is chosen.
    public var uid = 0
    public var status = Status.creating, fault = ""

    public enum Status: String, CaseIterable, Sendable { case creating, available, updating, error }
    public enum Label: String, CaseIterable, Sendable { case place, gather, serve, close }

    public init() {}

    public static let kind = Kind("virtual_storage", "virtual_storages", service: "storage")
    public static let access = Access.project
    public static let isShownWhileDeleted = true
    public static let fields: [Field<VirtualStorage>] = [
        .text("name", \.name, [.read, .create, .update, .required, .indexed], "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .reference("volume_type_id", \.type, [.read, .create, .required, .indexed], "What its volumes promise."),
        .text("network_id", \.network, [.read, .create, .required], max: 64, "The network that it is on."),
        .text("subnet_id", \.subnet, [.read, .create, .required], max: 64, "The subnet of its address."),
        .parsed("pool_start", \.start, [], max: 15, "The first address that it may have."),
        .parsed("pool_end", \.end, [], max: 15, "The last address that it may have."),
        .value("host_routes", \.routes, [.read, .create, .update], max: 2048, "Ways to initiators beyond the subnet."),
        .parsed("address", \.address, [.read], max: 15, "The address that it has."),
        .integer("uid", \.uid, [], 0...Int(Int32.max), "The system user that serves it."),
        .choice("status", \.status, [.read, .indexed], "What it does."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
    ]

    /// What virtual storages act through.
    public struct World: Sendable {
        let volumes: Volume.World
        let targets: any BlockTargets
        let berths: any Berths
    }

    /// The mark of its port.
    static let portOwner = "storage:virtual-storage"
    private static let users = "target-uid"

    public static func step(
        _ label: Label, _ turn: inout Turn<Self>, in world: World
    ) async throws(CloudError) -> Next<Label> {
        if turn.isDoomed, label != .close { return .hop(.close) }
        switch label {
        case .place: return try await place(&turn, in: world)
        case .gather:
            let it = turn.it
            turn.also { (writer) throws(CloudError) in try Export.gather(it.id, in: writer) }
            return .hop(.serve)
        case .serve:
            let it = turn.it
            let isMore = try await turn.store.read { (reader) throws(CloudError) in
                try Export.isMore(it.id, in: reader)
            }
            if isMore { return .hop(.gather) }
            return try await serve(&turn, in: world) ? .nap(.milliseconds(300)) : .rest
        case .close:
            let it = turn.it
            // It has none but volumes that are being deleted, which wait for this.
            try await world.targets.removeTarget(it.id)
            let all = try await turn.store.read { (reader) throws(CloudError) in try Export.all(it.id, in: reader) }
            guard all.isEmpty else {
                for export in all { try await world.volumes.pool.takeBack(export.volume.layers) }
                turn.also { (writer) throws(CloudError) in try Export.settle(all, of: it.id, in: writer) }
                return .nap(.milliseconds(200))
            }
            try await world.berths.part(Reference(it.id), on: world.targets.host, in: turn.store)
            turn.also { (writer) throws(CloudError) in try world.berths.release(Reference(it.id), in: writer) }
            return .gone
        }
    }

    /// Chooses its user, settled in the commit.
    private static func place(_ turn: inout Turn<Self>, in world: World) async throws(CloudError) -> Next<Label> {
        let it = turn.it
        guard it.uid == 0 else { return .hop(.gather) }
        let taken = try await turn.store.read { (reader) throws(CloudError) in try reader.claims(users) }
        guard let free = world.targets.users.first(where: { !taken.contains(String($0)) }) else {
            throw .conflict("There are as many virtual storages as there are users for.")
        }
        turn.it.uid = free
        turn.also { (writer) throws(CloudError) in
            do throws(CloudError) { try writer.claim(users, String(free), for: Reference(it.id)) } catch {
                throw CloudError(.stale, "Another virtual storage was placed in the meantime.")
            }
        }
        return .hop(.gather)
    }

    /// Has it serve what it is to, and returns whether it waits for a volume whose snapshots change.
    private static func serve(_ turn: inout Turn<Self>, in world: World) async throws(CloudError) -> Bool {
        let (it, host) = (turn.it, world.targets.host)
        let berth = try await world.berths.join(
            Reference(it.id), namespace: world.targets.namespace(of: it.id), as: TargetSpec.device, on: host,
            in: turn.store)
        let all = try await turn.store.read { (reader) throws(CloudError) in try Export.all(it.id, in: reader) }
        var served: [TargetVolume] = []
        for export in all where export.isWanted {
            let disk = try await world.volumes.open(export.volume.id, uid: it.uid, in: turn.store)
            served.append(TargetVolume(disk: disk, initiators: Set(export.volume.initiators)))
        }
        try await world.targets.ensureTarget(
            TargetSpec(id: it.id, user: it.uid, address: berth.address, routes: it.routes, volumes: served))
        for export in all where !export.isWanted { try await world.volumes.pool.takeBack(export.volume.layers) }
        turn.also { (writer) throws(CloudError) in
            try world.berths.bind(Reference(it.id), to: host, in: writer)
            try Export.settle(all, of: it.id, in: writer)
        }
        (turn.it.status, turn.it.fault) = (.available, "")
        return all.contains(where: \.isChanging)
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Self>, _ error: CloudError) -> Next<Label> {
        if label != .close { turn.it.status = .error }
        turn.it.fault = "It cannot be served now; it will be tried again."
        return .nap(.seconds(30))
    }
}

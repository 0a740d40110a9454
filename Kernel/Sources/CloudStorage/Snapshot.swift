import CloudCore
import CloudStore
import CloudWire

/// A volume as it was at one moment. It is the layer that was written until then: from then on the volume writes to
/// one above it.
public struct Snapshot: Resource {
    // What the tenant asked for.
    public var name = "", description = "", userID = ""
    public var metadata: [String: String] = [:]
    public var volume = ID<Volume>("")
    /// GiB that the volume had.
    public var size = 1
    /// Whether its volume was ordered in a virtual storage.
    public var isExported = false
    // What is observed.
    public var status = Status.creating, fault = ""
    /// The newest of the volume's layers that belong to it; empty until there is one, and when it was merged away.
    public var layer = ""
    /// The volume's next layer, while it is being made.
    public var next = ""
    /// A layer that nobody needs any more and that is being erased.
    public var dropped = ""

    public enum Status: String, CaseIterable, Sendable {
        case creating, available, restoring, error
        case errorDeleting = "error_deleting"
    }
    public enum Label: String, CaseIterable, Sendable { case seal, freeze, keep, renew, swap, erase, merge }

    public init() {}

    public static let kind = Kind("snapshot", "snapshots", service: "volume")
    public static let access = Access.project
    public static let isShownWhileDeleted = true
    public static let totals = [Totals(by: "project_id", of: ["size"])]
    public static let fields: [Field<Snapshot>] = [
        .text("name", \.name, [.read, .create, .update, .indexed], "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .text("user_id", \.userID, [.read], max: 64, "Who created it."),
        .value("metadata", \.metadata, [.read, .create, .update], max: 32_768, "Names and values of the owner's own."),
        .reference("volume_id", \.volume, [.read, .create, .required, .indexed], "The volume."),
        .integer("size", \.size, [.read], 1...Volume.largest, "GiB that the volume had."),
        .boolean("exported", \.isExported, [.read, .indexed], "Whether its volume was ordered in a virtual storage."),
        .choice("status", \.status, [.read, .indexed], "What it does."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .text("layer", \.layer, [], max: 64, "The newest of the volume's layers that belong to it."),
        .text("next", \.next, [], max: 64, "The volume's next layer, while it is being made."),
        .text("dropped", \.dropped, [], max: 64, "A layer that is being erased."),
    ]

    /// A volume's snapshots, those that are being deleted among them: they still have layers of it.
    static func all(of volume: ID<Volume>, in reader: any Reader) throws(CloudError) -> [Stored<Snapshot>] {
        var query = Query(kind, limit: .max).with("volume_id", .string(volume.text))
        query.includesDeleting = true
        return try reader.list(Snapshot.self, query)
    }

    /// The layers that it reads, of all that its volume has.
    func layers(of volume: Volume) -> [String] {
        volume.layers.firstIndex(of: layer).map { Array(volume.layers[...$0]) } ?? []
    }
}

extension Snapshot: Labelled {
    /// Counted against the project's quota of storage.
    public static let quota = Int.max

    public static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        draft.userID = caller.user?.text ?? ""
        try draft.value.metadata.checkNames()
        let volume = try writer.own(draft.volume, for: caller)
        guard volume.project == draft.project else { throw .missing(Volume.kind.title, draft.volume.text) }
        guard volume.value.isToBeHad else {
            throw .invalid(
                "Invalid volume: Volume \(volume.id) status must be available, but current status is: \(volume.status.rawValue). Detach it first."
            )
        }
        try Volume.requireQuiet(volume.id, in: writer)
        guard volume.layers.count < LayeredDisk.maxLayers else {
            throw .conflict("Volume \(volume.id) has as many snapshots as a volume can have.")
        }
        (draft.size, draft.isExported) = (volume.size, volume.isExported)
        let allowance = try StorageQuota.of(draft.project, in: writer)
        try allowance.require(.snapshots, in: writer)
        try allowance.require(.gigabytes, draft.size, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try it.value.metadata.checkNames() }

    public static func admitRemoval(of it: Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        guard [.available, .error, .errorDeleting].contains(it.status) else {
            throw .invalid(
                "Invalid snapshot: Volume Snapshot status must be available or error, but current status is: \(it.status.rawValue)"
            )
        }
        guard !it.layer.isEmpty, let volume = try writer.find(it.volume) else { return }
        guard volume.value.isToBeHad else {
            throw .invalid(
                "Invalid snapshot: its volume \(volume.id) is \(volume.status.rawValue); what both share is merged while the volume is available."
            )
        }
        try Volume.requireQuiet(volume.id, in: writer)
    }
}

extension Volume {
    /// Throws `conflict` while the volume's layers change: one of its snapshots is being made, restored or deleted.
    static func requireNoChange(of id: ID<Volume>, in reader: any Reader) throws(CloudError) {
        for it in try Snapshot.all(of: id, in: reader) {
            guard it.deletingSince == nil, it.status != .creating, it.status != .restoring else {
                throw .conflict("Snapshot \(it.id) of volume \(id) is being made, restored or deleted.")
            }
        }
    }

    /// Throws `conflict` while the volume's layers change, or must stay as they are since they are being copied.
    static func requireQuiet(_ id: ID<Volume>, in reader: any Reader) throws(CloudError) {
        try requireNoChange(of: id, in: reader)
        let snapshots = try Snapshot.all(of: id, in: reader)
        for (column, source) in [("copying", id.text)] + snapshots.map({ ("copying_snapshot", $0.id.text) }) {
            guard try reader.first(Volume.self, where: column, .string(source)) == nil else {
                throw .conflict("Volume \(id) is being copied.")
            }
        }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// A disk that servers can have besides their own, and that outlives them.
public struct Volume: Resource {
    // What the tenant asked for.
    public var name = "", description = "", size = 1, zone = "", userID = ""
    public var type = ID<VolumeType>("")
    public var metadata: [String: String] = [:]
    public var isBootable = false, isReadonly = false
    /// What it began as: an image, another volume, or a snapshot; empty for none.
    public var image = "", origin = "", snapshot = ""
    /// What it is being copied from, which must stay as it is until that is done.
    public var copying: ID<Volume>?, copyingSnapshot: ID<Snapshot>?
    /// What the image said of itself.
    public var imageMetadata: [String: String] = [:]
    /// Requests a second that each GiB has, where its type lets that be chosen; 0 where not.
    public var rate = 0
    /// The virtual storage that serves it, until it does so no longer; and who may log in there.
    public var storage: ID<VirtualStorage>?
    public var initiators: [String] = []
    /// Whether it was ordered in a virtual storage.
    public var isExported = false
    // What is observed.
    public var service = Service.out
    public var status = Status.creating, fault = ""
    /// GiB that its file has.
    public var made = 0
    /// Its files, from the oldest to the one that is written.
    public var layers: [String] = []

    public enum Status: String, CaseIterable, Sendable {
        case creating, available, attaching, detaching, extending, reverting, deleting, error
        case inUse = "in-use"
        case errorDeleting = "error_deleting"
        case errorExtending = "error_extending"
    }
    /// What its virtual storage does with it: it has it not; it has it or may have it; it serves it as it is to.
    public enum Service: String, CaseIterable, Sendable { case out, taken, served }
    public enum Label: String, CaseIterable, Sendable { case seal, make, keep, destroy }

    public init() {}

    public static let kind = Kind("volume", "volumes", service: "volume")
    public static let access = Access.project
    public static let isShownWhileDeleted = true
    public static let totals = [Totals(by: "project_id", of: ["size"])]
    /// GiB of the largest volume: 64 TiB.
    static let largest = 65_536
    public static let fields: [Field<Volume>] = [
        .text("name", \.name, [.read, .create, .update, .indexed], "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .integer("size", \.size, [.read, .create], 1...largest, "GiB."),
        .text("availability_zone", \.zone, [.read, .create], max: 64, "Where it is."),
        .text("user_id", \.userID, [.read], max: 64, "Who created it."),
        .reference("volume_type", \.type, [.read, .create, .indexed], "What it promises."),
        .value("metadata", \.metadata, [.read, .create, .update], max: 32_768, "Names and values of the owner's own."),
        .boolean("bootable", \.isBootable, [.read], "Whether a server can start from it."),
        .boolean("readonly", \.isReadonly, [.read], "Whether servers can only read it."),
        .text("image", \.image, [.read], max: 64, "The image that it began as."),
        .text("origin", \.origin, [.read], max: 64, "The volume that it began as."),
        .text("snapshot", \.snapshot, [.read], max: 64, "The snapshot that it began as."),
        .reference("copying", \.copying, [.indexed], "The volume that it is being copied from."),
        .reference("copying_snapshot", \.copyingSnapshot, [.indexed], "The snapshot that it is being copied from."),
        .integer("iops_per_gb", \.rate, [.read], 0...100_000, "Requests a second that each GiB has."),
        .reference("virtual_storage_id", \.storage, [.read, .indexed], "The virtual storage that serves it."),
        .value("initiator_iqns", \.initiators, [.read, .update], max: 8192, "Who may log in there."),
        .boolean("exported", \.isExported, [.read, .indexed], "Whether it was ordered in a virtual storage."),
        .choice("service", \.service, [.read], "Whether its virtual storage serves it."),
        .value("image_metadata", \.imageMetadata, [.read], max: 32_768, "What the image said of itself."),
        .choice("status", \.status, [.read, .indexed], "What it does."),
        .text("fault", \.fault, [.read], max: 1024, "Why it is in error."),
        .integer("made", \.made, [], 0...largest, "GiB that its file has."),
        .value("layers", \.layers, [], max: 4096, "Its files."),
    ]
}

extension Volume: Labelled {
    /// Counted with their sizes against the project's quota.
    public static let quota = Int.max

    public static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        draft.userID = caller.user?.text ?? ""
        if draft.type.text.isEmpty { draft.type = VolumeType.standard }
        let type = try writer.get(draft.type)
        guard type.isPublic || caller.isOperator else { throw .missing(VolumeType.kind.title, draft.type.text) }
        try type.value.require(size: draft.size)
        draft.rate = try type.value.rate(draft.rate)
        try draft.value.metadata.checkNames()
        let allowance = try StorageQuota.of(draft.project, in: writer)
        try allowance.require(.volumes, in: writer)
        try allowance.require(.gigabytes, draft.size, in: writer)
        try allowance.requireEach(draft.size)
        try Keyring.ensure(draft.project, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.metadata.checkNames()
        if it.type != old.type {
            let type = try writer.get(it.type)
            try type.value.require(size: it.size)
            it.rate = try type.value.rate(0)
        }
        guard it.size != old.size else { return }
        try requireQuiet(it.id, in: writer)
        guard it.size > old.size else {
            throw .invalid(
                "New size for extend must be greater than current size. (current: \(old.size), extended: \(it.size)).",
                field: "new_size")
        }
        try writer.get(it.type).value.require(size: it.size)
        let allowance = try StorageQuota.of(it.project, in: writer)
        try allowance.require(.gigabytes, it.size - old.size, in: writer)
        try allowance.requireEach(it.size)
    }

    public static func admitRemoval(of it: Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        guard try Snapshot.all(of: it.id, in: writer).isEmpty else { throw notFree }
        try requireFree(it)
    }

    private static let notFree = CloudError.invalid(
        "Invalid volume: Volume status must be available or error or error_deleting or error_extending and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer."
    )

    /// Throws `invalid` for a volume in a status in which none is deleted.
    static func requireFree(_ it: Stored<Volume>) throws(CloudError) {
        // One that is served goes when its virtual storage has let go of it.
        let isServed = it.storage != nil && it.made > 0 && [.creating, .inUse].contains(it.status)
        guard isServed || [.available, .error, .errorDeleting, .errorExtending].contains(it.status) else {
            throw notFree
        }
    }

    /// Writes the status that follows from its attachments.
    static func restate(_ id: ID<Volume>, in writer: any Writer) throws(CloudError) {
        guard var it = try writer.find(id), [.available, .attaching, .inUse, .detaching].contains(it.status) else {
            return
        }
        let states = Set(
            try writer.list(VolumeAttachment.self, where: "volume_id", .string(id.text)).map(\.state))
        let status: Status =
            states.contains(.attaching)
            ? .attaching : states.contains(.detaching) ? .detaching : states.isEmpty ? .available : .inUse
        guard it.status != status else { return }
        it.status = status
        try writer.update(&it)
    }
}

extension Stored where R == Volume {
    /// Requests a second that it makes at most; nil for as many as the pool can.
    func iops(in reader: any Reader) throws(CloudError) -> Int? {
        let each = try value.rate > 0 ? value.rate : reader.find(value.type)?.iopsPerGiB
        return each.map { $0 * value.size }
    }
}

extension Dictionary where Key == String, Value == String {
    /// Names of 1 to 255 bytes, values of at most 255: what Cinder takes of metadata.
    func checkNames() throws(CloudError) {
        guard count <= 128 else { throw CloudError(.tooLarge, "At most 128 items of metadata.", field: "metadata") }
        for (name, value) in self {
            guard (1...255).contains(name.utf8.count), value.utf8.count <= 255 else {
                throw .invalid("Metadata has names of 1 to 255 bytes and values of at most 255.", field: "metadata")
            }
        }
    }
}

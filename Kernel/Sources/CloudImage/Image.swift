import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// A disk that servers can begin as (Glance v2).
public struct Image: Lifecycle {
    public var name = "", visibility = Visibility.shared, status = Status.queued
    public var diskFormat = "", containerFormat = ""
    public var minDisk = 0, minRAM = 0, protected = false, hidden = false
    public var size = 0, virtualSize = 0, checksum = "", sha512 = ""
    public var tags: [String] = [], properties: [String: String] = [:]

    public enum Visibility: String, CaseIterable, Sendable { case `private`, shared, community, `public` }
    public enum Status: String, CaseIterable, Sendable { case queued, saving, active, deactivated }
    public enum Label: String, CaseIterable, Sendable { case keep, destroy }

    public init() {}

    public static let kind = Kind("image", "images", service: "image")
    public static let access = Access.project
    public static let opening: (column: String, value: JSON)? = ("visibility", "public")
    public static let fields: [Field<Image>] = [
        .text("name", \.name, [.read, .create, .update, .indexed], "A name for people."),
        .choice(
            "visibility", \.visibility, [.read, .create, .update, .indexed],
            "Who may use it: its project, those it is shared with, or all."),
        .choice("status", \.status, [.read, .indexed], "Whether its bytes are here."),
        .text("disk_format", \.diskFormat, [.read, .create, .update], max: 20, "raw, qcow2, vmdk, vhd or vhdx."),
        .text("container_format", \.containerFormat, [.read, .create, .update], max: 20, "bare."),
        .integer(
            "min_disk", \.minDisk, [.read, .create, .update], 0...65_536, "GiB of disk that a server needs for it."),
        .integer(
            "min_ram", \.minRAM, [.read, .create, .update], 0...4_194_304, "MiB of memory that a server needs for it."),
        .boolean("protected", \.protected, [.read, .create, .update], "Whether it cannot be deleted."),
        .boolean("os_hidden", \.hidden, [.read, .create, .update], "Whether lists leave it out."),
        .integer("size", \.size, [.read], 0...Int.max, "Bytes of the file."),
        .integer("virtual_size", \.virtualSize, [.read], 0...Int.max, "Bytes of the disk."),
        .text("checksum", \.checksum, [.read], max: 32, "The file's MD5, in hexadecimal."),
        .text("os_hash_value", \.sha512, [.read], max: 128, "The file's SHA-512, in hexadecimal."),
        .value("tags", \.tags, [.read, .create, .update], max: 36_864, "Labels."),
        .value(
            "properties", \.properties, [.read, .create, .update], max: 32_768, "Names and values of the owner's own."),
    ]

    /// What an image's lifecycle acts through: its bytes, and which of them are on their way.
    public struct World: Sendable {
        public let files: any ImageFiles
        let uploads: Uploads
    }

    public static func step(_ label: Label, _ turn: inout Turn<Image>, in world: World) async throws(CloudError)
        -> Next<Label>
    {
        let id = turn.it.id
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .keep:
            // An upload that nobody is sending any more was cut off: the image waits for another.
            guard turn.it.status == .saving, world.uploads.begin(id) else { return .rest }
            defer { world.uploads.end(id) }
            // Or it came to its end since the row was read: then the bytes are the image's.
            let now = try await turn.store.read { (reader) throws(CloudError) in try reader.find(id)?.status }
            guard now == .saving else { return .rest }
            try await world.files.remove(id)
            turn.it.status = .queued
            return .rest
        case .destroy:
            try await world.files.remove(id)
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Image>, _ error: CloudError) -> Next<Label> {
        .nap(.seconds(30))
    }
}

extension Image: Governed {
    public static let quota = 200
    /// Bytes that a project's images may have together: 2 TiB.
    public static let byteQuota = 2 << 40

    public static func admit(_ draft: inout Stored<Image>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        try draft.value.check(caller, was: .private)
    }

    public static func admitChange(
        of it: inout Stored<Image>, from old: Stored<Image>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check(caller, was: old.visibility)
        if it.project != old.project { try admitOwner(of: it, for: caller, in: writer) }
        if old.status != .queued, it.diskFormat != old.diskFormat || it.containerFormat != old.containerFormat {
            throw CloudError(.forbidden, "The formats are set when the bytes are.", field: "disk_format")
        }
    }

    /// Another project takes an image over as if it had made it; it needs no share of its own any more.
    private static func admitOwner(of it: Stored<Image>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        guard caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator gives an image to another project.", field: "owner")
        }
        let theirs = Query(kind).with("project_id", .string(it.project.text))
        let limit = try limit(of: it.project, in: writer)
        guard try writer.count(theirs) < limit else {
            throw CloudError(.overQuota, "Quota exceeded for images: \(limit) at most.")
        }
        guard try writer.sum("size", theirs) + it.size <= byteQuota else {
            throw CloudError(.overQuota, "The project's images have \(byteQuota) bytes at most.")
        }
        if let share = try writer.share(of: it.id, with: it.project.text) { try writer.remove(Reference(share.id)) }
    }

    public static func admitRemoval(of it: Stored<Image>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        guard !it.protected else {
            throw CloudError(.forbidden, "Image \(it.id) is protected and cannot be deleted.")
        }
        for member in try writer.list(ImageMember.self, where: "image_id", .string(it.id.text)) {
            try writer.remove(Reference(member.id))
        }
    }

    private mutating func check(_ caller: Caller, was: Visibility) throws(CloudError) {
        if visibility == .public, was != .public, !caller.isOperator {
            throw CloudError(.forbidden, "Only an operator publishes an image.", field: "visibility")
        }
        var seen: Set<String> = []
        tags = tags.filter { seen.insert($0).inserted }
        guard tags.count <= 128 else { throw CloudError(.overQuota, "An image has at most 128 tags.", field: "tags") }
        guard tags.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 }) else {
            throw .invalid("A tag has 1 to 255 bytes.", field: "tags")
        }
        guard properties.count <= 128 else { throw CloudError(.overQuota, "An image has at most 128 properties.") }
        guard diskFormat.isEmpty || ImageFormat(rawValue: diskFormat) != nil else {
            throw .invalid("The disk_format must be one of \(ImageFormat.names).", field: "disk_format")
        }
        guard containerFormat.isEmpty || containerFormat == "bare" else {
            throw .invalid("The container_format must be bare.", field: "container_format")
        }
    }
}

extension Stored where R == Image {
    /// The same image as another project's.
    func given(to owner: ProjectID) -> Self {
        Stored(
            id: id, project: owner, createdAt: createdAt, updatedAt: updatedAt, version: version,
            deletingSince: deletingSince, value: value)
    }
}

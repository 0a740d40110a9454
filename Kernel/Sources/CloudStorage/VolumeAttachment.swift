import CloudCore
import CloudStore
import CloudWire

/// That a server has a volume, or is to have it, or is to lose it. Compute makes and ends it.
public struct VolumeAttachment: Resource {
    public var volume = ID<Volume>("")
    public var server = ""
    /// As what the server's owner knows it: `/dev/vdc`.
    public var device = ""
    public var state = State.attaching
    /// Whether it goes for good with its server.
    public var goesWithServer = false

    public enum State: String, CaseIterable, Sendable { case attaching, attached, detaching }

    public init() {}

    public static let kind = Kind("volume_attachment", "volume_attachments", service: "volume")
    public static let access = Access.project
    public static let fields: [Field<VolumeAttachment>] = [
        .reference("volume_id", \.volume, [.read, .create, .required, .indexed], "The volume."),
        .text("server_id", \.server, [.read, .create, .required, .indexed], max: 64, "The server."),
        .text("device", \.device, [.read, .create], max: 32, "As what the server's owner knows it."),
        .choice("state", \.state, [.read], "Whether it is there."),
        .boolean("goes_with_server", \.goesWithServer, [.read, .create], "Whether it goes for good with its server."),
    ]
}

/// Volumes, as compute asks for them.
public struct StorageShelf: Shelf {
    let world: Volume.World

    /// Volumes that one server may have.
    static let most = 8

    public func attach(
        _ volume: String, to server: Reference, of project: ProjectID, device: String?, goesWithServer: Bool,
        caller: Caller, dice: any Dice, in writer: any Writer
    ) throws(CloudError) -> ServerDisk {
        let it = try writer.own(ID<Volume>(volume), for: caller)
        guard it.project == project else { throw .missing(Volume.kind.title, volume) }
        let present = try attachments(of: server, in: writer)
        guard !present.contains(where: { $0.volume == it.id }) else {
            throw .conflict("Volume \(volume) is already attached to server \(server.id).")
        }
        guard it.status == .available else {
            throw .invalid(
                "Invalid volume: volume \(volume) status must be 'available'. Currently in '\(it.status.rawValue)'.")
        }
        try Volume.requireQuiet(it.id, in: writer)
        guard present.count < Self.most else {
            throw CloudError(.overQuota, "A server has at most \(Self.most) volumes.")
        }
        let taken = Set(present.map(\.device))
        var draft = VolumeAttachment()
        (draft.volume, draft.server, draft.goesWithServer) = (it.id, server.id, goesWithServer)
        draft.device = try Self.device(device, taken)
        let id = ID<VolumeAttachment>(dice.uuid())
        try writer.insert(draft, id: id, project: project)
        try Volume.restate(it.id, in: writer)
        return ServerDisk(
            attachment: id.text, volume: volume, device: draft.device, isLeaving: false, isThere: false,
            goesWithServer: goesWithServer)
    }

    /// The name that is asked for, or the first that is free: the root disk and the config drive have the first two.
    private static func device(_ wish: String?, _ taken: Set<String>) throws(CloudError) -> String {
        let name = wish.map { $0.isEmpty || $0.hasPrefix("/dev/") ? $0 : "/dev/" + $0 } ?? ""
        // The first two are wished for by who does not know that they are taken; guests choose names of their own anyway.
        if !["", "/dev/auto", "/dev/vda", "/dev/vdb"].contains(name) {
            guard name.utf8.count == 8, name.hasPrefix("/dev/vd"), ("c"..."z").contains(name.last ?? "a") else {
                throw .invalid("The supplied device path (\(name.prefix(32))) is invalid.", field: "device")
            }
            guard !taken.contains(name) else {
                throw .conflict("The supplied device path (\(name)) is in use.")
            }
            return name
        }
        for letter in "cdefghijklmnopqrstuvwxyz" where !taken.contains("/dev/vd\(letter)") { return "/dev/vd\(letter)" }
        throw CloudError(.overQuota, "A server has at most \(most) volumes.")
    }

    public func detach(_ volume: String, from server: Reference, in writer: any Writer) throws(CloudError) {
        guard var it = try attachments(of: server, in: writer).first(where: { $0.volume.text == volume }) else {
            throw CloudError(.missing, "Server \(server.id) has no volume \(volume.prefix(64)).")
        }
        guard it.state != .detaching else { throw .conflict("Volume \(volume) is being detached already.") }
        it.state = .detaching
        try writer.update(&it)
        try Volume.restate(it.volume, in: writer)
    }

    private func attachments(of server: Reference, in reader: any Reader) throws(CloudError)
        -> [Stored<VolumeAttachment>]
    {
        try reader.list(VolumeAttachment.self, where: "server_id", .string(server.id))
    }

    public func disks(of server: Reference, in reader: any Reader) throws(CloudError) -> [ServerDisk] {
        try attachments(of: server, in: reader).map {
            ServerDisk(
                attachment: $0.id.text, volume: $0.volume.text, device: $0.device, isLeaving: $0.state == .detaching,
                isThere: $0.state == .attached, goesWithServer: $0.goesWithServer)
        }
    }

    public func open(_ disks: [ServerDisk], uid: Int, in store: any Store) async throws(CloudError) -> [OpenDisk] {
        var out: [OpenDisk] = []
        for disk in disks { out.append(try await world.open(ID(disk.volume), uid: uid, in: store)) }
        return out
    }

    public func close(_ disks: [ServerDisk], in store: any Store) async throws(CloudError) {
        for disk in disks {
            let layers = try await store.read { (reader) throws(CloudError) in
                try reader.find(ID<Volume>(disk.volume))?.layers
            }
            if let layers { try await world.pool.takeBack(layers) }
        }
    }

    public func attached(_ disks: [ServerDisk], in writer: any Writer) throws(CloudError) {
        for disk in disks {
            guard var it = try writer.find(ID<VolumeAttachment>(disk.attachment)), it.state == .attaching else {
                continue
            }
            it.state = .attached
            try writer.update(&it)
            try Volume.restate(it.volume, in: writer)
        }
    }

    public func detached(_ disks: [ServerDisk], in writer: any Writer) throws(CloudError) {
        for disk in disks {
            guard let it = try writer.find(ID<VolumeAttachment>(disk.attachment)) else { continue }
            try writer.remove(Reference(it.id))
            try Volume.restate(it.volume, in: writer)
            guard it.goesWithServer, var volume = try writer.find(it.volume), volume.deletingSince == nil else {
                continue
            }
            try writer.delete(&volume)
        }
    }
}

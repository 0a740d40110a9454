import CloudCore
import CloudStore
import CloudWire

/// Orders of volumes (Block Storage API v3, `POST /volumes`), and what is done with them.
struct VolumeOrders: Sendable {
    let images: any ImageCatalog

    var routes: [Route] { [create, action] }

    private static let known: Set<String> = [
        "name", "display_name", "description", "display_description", "size", "availability_zone", "metadata",
        "volume_type", "imageRef", "image_id", "source_volid", "snapshot_id", "multiattach", "consistencygroup_id",
        "group_id", "backup_id", "source_replica", "user_id", "project_id", "status", "attach_status",
        "scheduler_hints",
    ]

    private var create: Route {
        Route(
            .post, .volume, Volume.path, action: "create", kind: Volume.kind, rule: .role(.member), intake: .json(),
            status: 202, "Creates a volume: empty, of an image, or as a copy of another or of a snapshot.",
            example: ["volume": ["name": "data", "size": 1]], schema: Volume.face.schema("volume")
        ) { (call) throws(CloudError) in
            let object = try call.object("volume")
            for name in object.keys.sorted() where !Self.known.contains(name) {
                throw .invalid(
                    "Additional properties are not allowed ('\(name.prefix(64))' was unexpected).", field: name)
            }
            for name in ["consistencygroup_id", "group_id", "backup_id", "source_replica"] {
                guard object[name].map({ $0.isNull || $0 == "" }) ?? true else {
                    throw .invalid("A volume cannot be made of a \(name) here.", field: name)
                }
            }
            guard object["multiattach"]?.bool != true else {
                throw .invalid("Volumes that several servers have at once are not offered.", field: "multiattach")
            }
            var draft = Volume()
            for (names, field) in [
                (["name", "display_name"], "name"), (["description", "display_description"], "description"),
                (["metadata"], "metadata"), (["availability_zone"], "availability_zone"),
            ] {
                if let value = names.compactMap({ object[$0] }).first(where: { !$0.isNull }) {
                    try Volume.fields.first { $0.name == field }!.set(&draft, value)
                }
            }
            guard draft.zone.isEmpty || draft.zone == Cinder.zone else {
                throw .invalid("Availability zone '\(draft.zone.prefix(64))' is invalid.", field: "availability_zone")
            }
            draft.zone = Cinder.zone
            let (value, id) = (draft, Volume.newID(call.dice))
            return .bytes(
                202,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let whole = try complete(value, object, call, in: writer)
                    let it = try writer.create(whole, id: id, project: call.project, for: call.caller)
                    return try Volume.face.body(it, writer, only: Volume.plain)
                })
        }
    }

    /// Adds what the order names: type, source and size.
    private func complete(
        _ value: Volume, _ object: [String: JSON], _ call: Call, in writer: any Writer
    ) throws(CloudError) -> Volume {
        var it = value
        if let name = object["volume_type"]?.string, !name.isEmpty {
            it.type = try VolumeType.named(name, for: call.caller, in: writer).id
        }
        let image = (object["imageRef"] ?? object["image_id"])?.string ?? ""
        let origin = object["source_volid"]?.string ?? ""
        let snapshot = object["snapshot_id"]?.string ?? ""
        guard [image, origin, snapshot].count(where: { !$0.isEmpty }) <= 1 else {
            throw .invalid("A volume has one source at most: an image, a volume or a snapshot.", field: "source_volid")
        }
        var least = 1
        if !image.isEmpty {
            let found = try images.bootable(image, for: call.caller, in: writer)
            least = max(found.minDisk, (found.virtualSize + (1 << 30) - 1) >> 30)
            (it.image, it.isBootable) = (found.id, true)
            it.imageMetadata = ["image_id": found.id, "disk_format": found.format, "container_format": "bare"]
        } else if !origin.isEmpty {
            let source = try writer.own(ID<Volume>(origin), for: call.caller)
            guard source.project == call.project else { throw .missing(Volume.kind.title, origin) }
            guard source.status == .available else {
                throw .invalid(
                    "Invalid volume: volume \(origin) must be available to be copied; it is \(source.status.rawValue).")
            }
            try Volume.requireNoChange(of: source.id, in: writer)
            least = source.size
            (it.origin, it.copying, it.isBootable) = (origin, source.id, source.isBootable)
            it.imageMetadata = source.imageMetadata
            if it.type.text.isEmpty { it.type = source.type }
        } else if !snapshot.isEmpty {
            let source = try writer.own(ID<Snapshot>(snapshot), for: call.caller)
            guard source.project == call.project else { throw .missing(Snapshot.kind.title, snapshot) }
            guard source.status == .available else {
                throw .invalid(
                    "Invalid snapshot: Originating snapshot status must be one of 'available', 'backing-up' values; it is \(source.status.rawValue)."
                )
            }
            try Volume.requireNoChange(of: source.volume, in: writer)
            let volume = try writer.get(source.volume)
            least = source.size
            (it.snapshot, it.copyingSnapshot, it.isBootable) = (snapshot, source.id, volume.isBootable)
            it.imageMetadata = volume.imageMetadata
            if it.type.text.isEmpty { it.type = volume.type }
        }
        let size = object["size"].flatMap { $0.isNull ? nil : $0 }
        guard
            let wanted = size.map({ $0.integer ?? $0.string.flatMap(Int.init) ?? -1 })
                ?? (origin.isEmpty && snapshot.isEmpty ? nil : least)
        else { throw .invalid("Invalid input for size: it is needed.", field: "size") }
        guard (1...Volume.largest).contains(wanted) else {
            throw .invalid(
                "Invalid input received: Volume size must be a whole number of GiB from 1 to \(Volume.largest).",
                field: "size")
        }
        guard wanted >= least else {
            throw .invalid(
                "Invalid input received: Size of specified source \(least)GB is larger than volume size \(wanted)GB.",
                field: "size")
        }
        it.size = wanted
        return it
    }

    private var action: Route {
        Route(
            .post, .volume, Volume.itemPath + "/action", action: "act", kind: Volume.kind, rule: .role(.member),
            intake: .json(), status: 202, "Extends a volume, or sets what it is.",
            example: ["os-set_bootable": ["bootable": true]]
        ) { (call) throws(CloudError) in
            guard let object = call.body.object, object.count == 1, let (name, body) = object.first else {
                throw .invalid("The body must hold one action.")
            }
            guard let act = Self.actions[name] else {
                throw .invalid("There is no such action: \(name.prefix(64))")
            }
            return try await act(call, body)
        }
    }

    private typealias Action = @Sendable (Call, JSON) async throws(CloudError) -> Response

    private static let actions: [String: Action] = [
        "os-extend": extend, "revert": revert, "os-retype": retype, "os-force_delete": forceDelete,
        "os-set_bootable": { (call, body) throws(CloudError) in
            _ = try await Volume.change(call) { (it, _) throws(CloudError) in
                it.isBootable = try flag(body, "bootable")
            }
            return Response(200)
        },
        "os-update_readonly_flag": { (call, body) throws(CloudError) in
            _ = try await Volume.change(call) { (it, _) throws(CloudError) in
                guard it.status == .available else {
                    throw .invalid("Invalid volume: Volume \(it.id) must be available; it is \(it.status.rawValue).")
                }
                it.isReadonly = try flag(body, "readonly")
                // Clients look for it here.
                it.value.metadata["readonly"] = it.isReadonly ? "True" : "False"
            }
            return Response(202)
        },
        "os-set_image_metadata": { (call, body) throws(CloudError) in
            let items = try [String: String](json: body["metadata"] ?? .null)
            try items.checkNames()
            _ = try await Volume.change(call) { (it, _) throws(CloudError) in
                it.value.imageMetadata.merge(items) { $1 }
            }
            return .json(200, ["metadata": items.json])
        },
        "os-show_image_metadata": { (call, _) throws(CloudError) in
            let id = ID<Volume>(call.parameter("volume_id"))
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
            return .json(200, ["metadata": it.imageMetadata.json])
        },
        "os-unset_image_metadata": { (call, body) throws(CloudError) in
            _ = try await Volume.change(call) { (it, _) throws(CloudError) in
                guard let key = body["key"]?.string, it.value.imageMetadata.removeValue(forKey: key) != nil else {
                    throw CloudError(.missing, "The volume's image metadata has no such key.")
                }
            }
            return Response(200)
        },
    ]

    @Sendable private static func extend(_ call: Call, _ body: JSON) async throws(CloudError) -> Response {
        _ = try await Volume.change(call) { (it, writer) throws(CloudError) in
            guard let size = body["new_size"].flatMap({ $0.integer ?? $0.string.flatMap(Int.init) }),
                (1...Volume.largest).contains(size)
            else { throw .invalid("Invalid input for new_size: a whole number of GiB.", field: "new_size") }
            guard it.status == .available || it.status == .errorExtending else {
                throw .invalid(
                    "Invalid volume: Volume \(it.id) status must be '('available',)' to extend, currently \(it.status.rawValue)."
                )
            }
            guard size > it.size else {
                throw .invalid(
                    "Invalid input received: New size for extend must be greater than current size. (current: \(it.size), extended: \(size)).",
                    field: "new_size")
            }
            (it.size, it.status) = (size, .extending)
        }
        return Response(202)
    }

    /// To the latest snapshot, as Cinder has it: a later one would have nothing left to stand on.
    @Sendable private static func revert(_ call: Call, _ body: JSON) async throws(CloudError) -> Response {
        guard let id = body["snapshot_id"]?.string else {
            throw .invalid("'snapshot_id' is a required property", field: "snapshot_id")
        }
        let volume = ID<Volume>(call.parameter("volume_id"))
        try await call.write(volume.text) { (writer) throws(CloudError) in
            let snapshot = try writer.own(ID<Snapshot>(id), for: call.caller)
            guard snapshot.volume == volume else {
                throw .invalid("Invalid snapshot: Snapshot \(id) is not of volume \(volume).", field: "snapshot_id")
            }
            try Snapshot.restore(snapshot, for: call.caller, in: writer)
        }
        return Response(202)
    }

    /// All types are kept in the same pool, so that another promise moves no data.
    @Sendable private static func retype(_ call: Call, _ body: JSON) async throws(CloudError) -> Response {
        _ = try await Volume.change(call) { (it, writer) throws(CloudError) in
            guard let name = body["new_type"]?.string, !name.isEmpty else {
                throw .invalid("'new_type' is a required property", field: "new_type")
            }
            guard it.status == .available else {
                throw .invalid(
                    "Invalid volume: Volume \(it.id) status must be available to retype, currently \(it.status.rawValue)."
                )
            }
            it.value.type = try VolumeType.named(name, for: call.caller, in: writer).id
        }
        return Response(202)
    }

    @Sendable private static func forceDelete(_ call: Call, _ body: JSON) async throws(CloudError) -> Response {
        guard call.caller.isOperator else { throw CloudError(.forbidden, "Only an operator forces a deletion.") }
        let id = ID<Volume>(call.parameter("volume_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
        return Response(202)
    }

    private static func flag(_ body: JSON, _ name: String) throws(CloudError) -> Bool {
        let value = body[name]
        guard let flag = value?.bool ?? value?.string.flatMap({ Bool($0.lowercased()) }) else {
            throw .invalid("Invalid input for \(name): true or false.", field: name)
        }
        return flag
    }
}

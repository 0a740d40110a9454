import CloudCore
import CloudStore
import CloudWire

/// Snapshots as Cinder shows them (Block Storage API v3).
extension Snapshot {
    private static let path = "/v3/{project_id}/snapshots"
    private static let itemPath = path + "/{snapshot_id}"

    static let face = Face<Snapshot>(
        .volume, path, "snapshot", "snapshots",
        [
            .id(), .field("name"), .field("description"), .field("volume_id"), .field("size"),
            .field("metadata"), .owner("os-extended-snapshot-attributes:project_id"), .created(), .updated(),
            Attribute(
                "status", column: "status", type: nil, rights: .read, "What it does.",
                read: { (it, _) throws(CloudError) in
                    .string(it.deletingSince != nil && it.status != .errorDeleting ? "deleting" : it.status.rawValue)
                }, write: nil),
            .computed("os-extended-snapshot-attributes:progress", "How much of it is made.") { (it, _) in
                it.status == .creating ? "0%" : "100%"
            },
        ])

    private static let brief: Set<String> = [
        "id", "name", "description", "volume_id", "size", "status", "metadata", "created_at", "updated_at",
    ]

    static var routes: [Route] {
        [
            Cinder.list(face, only: brief), Cinder.list(face, "/detail"), face.show(), create, update,
            face.delete(status: 202),
        ] + MetadataRoutes<Snapshot>(path: itemPath, parameter: "snapshot_id").routes
    }

    private static let create = Route(
        .post, .volume, path, action: "create", kind: kind, rule: .role(.member), intake: .json(), status: 202,
        "Takes a snapshot of a volume.", example: ["snapshot": ["volume_id": "{volume}", "name": "before"]],
        schema: face.schema("snapshot")
    ) { (call) throws(CloudError) in
        var object = try Cinder.renamed(call.object("snapshot"))
        // Whether also while a server has it: that is looked at anyway.
        object["force"] = nil
        guard object["volume_id"]?.isNull != true else { throw .missing(Volume.kind.title, "None") }
        for (name, value) in object where value.isNull { object[name] = nil }
        var draft = Snapshot()
        try face.apply(object, to: &draft, right: .create)
        let (value, id) = (draft, Snapshot.newID(call.dice))
        return .bytes(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                try face.body(
                    try writer.create(value, id: id, project: call.project, for: call.caller), writer, only: brief)
            })
    }

    private static let update = Route(
        .put, .volume, itemPath, action: "update", kind: kind, rule: .role(.member), intake: .json(),
        "Changes a snapshot's name and description.", example: ["snapshot": ["name": "before"]],
        schema: face.schema("snapshot")
    ) { (call) throws(CloudError) in
        let wanted = try Cinder.renamed(call.object("snapshot"))
        let id = ID<Snapshot>(call.parameter("snapshot_id"))
        return .bytes(
            200,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try face.apply(wanted, to: &it.value, right: .update)
                }
                return try face.body(it, writer, only: brief)
            })
    }

    /// Asks for the volume to be again as it was: `invalid` unless it is free and this its latest snapshot.
    static func restore(_ it: Stored<Snapshot>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        var volume = try writer.own(it.volume, for: caller)
        guard it.status == .available else {
            throw .invalid("Invalid snapshot: Snapshot \(it.id) must be available; it is \(it.status.rawValue).")
        }
        guard volume.value.isToBeHad else {
            throw .invalid(
                "Invalid volume: Volume \(volume.id) must be available to be reverted; it is \(volume.status.rawValue)."
            )
        }
        try Volume.requireQuiet(volume.id, in: writer)
        guard it.value.layers(of: volume.value).count == volume.layers.count - 1 else {
            throw .invalid("Invalid volume: Specified snapshot \(it.id) is not the latest one of volume \(volume.id).")
        }
        var restoring = it
        restoring.status = .restoring
        try writer.update(&restoring)
        if volume.storage == nil {
            volume.status = .reverting
            try writer.update(&volume)
        }
        try writer.raise(.restore, Reference(it.id))
    }
}

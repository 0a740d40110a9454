import CloudCore
import CloudStore
import CloudWire

/// Snapshots of virtual storages' volumes, as ECL's clients order and see them.
enum ExportedSnapshot {
    private static let path = VirtualStorage.root + "/snapshots"
    private static let itemPath = path + "/{exported_snapshot_id}"

    private static let face = Face<Snapshot>(
        .storage, path, "snapshot", "snapshots", only: ("exported", true),
        [
            .id(), .field("name"), .field("description"), .field("volume_id"), .created(), .updated(),
            .field("size", as: "usage", rights: .read), .field("fault", as: "error_message"),
            Attribute(
                "status", column: "status", type: nil, rights: .read, "What it does.",
                read: { (it, _) throws(CloudError) in
                    .string(it.deletingSince != nil && it.status != .errorDeleting ? "deleting" : it.status.rawValue)
                }, write: nil),
            .computed("links", "Where it is.") { (it, _) in ECLStorage.links("\(it.project)/snapshots/\(it.id)") },
        ])

    static let routes = [list("/detail"), list(""), show, create, update, delete, restore]

    private static func list(_ suffix: String) -> Route {
        ECLStorage.list(face, suffix) { (query, _) in query = query.with("exported", true) }
    }

    /// The snapshot that the path names; `missing` where its volume is in no virtual storage.
    private static func found(_ call: Call, in reader: any Reader) throws(CloudError) -> Stored<Snapshot> {
        let id = ID<Snapshot>(call.parameter("exported_snapshot_id"))
        let it = try reader.get(id, for: call.caller)
        guard it.isExported else { throw .missing(Snapshot.kind.title, id.text) }
        return it
    }

    private static let show = Route(
        .get, .storage, itemPath, action: "show", kind: Snapshot.kind, rule: .role(.reader),
        "Shows a snapshot of a virtual storage's volume.", schema: face.schema("snapshot")
    ) { (call) throws(CloudError) in
        .bytes(
            200,
            try await call.store.read { (reader) throws(CloudError) in
                try face.body(try found(call, in: reader), reader)
            })
    }

    private static let create = Route(
        .post, .storage, path, action: "create", kind: Snapshot.kind, rule: .role(.member), intake: .json(),
        status: 202, "Takes a snapshot of a virtual storage's volume, which is not served for that moment.",
        example: ["snapshot": ["volume_id": "{exported_volume}", "name": "before"]]
    ) { (call) throws(CloudError) in
        var draft = Snapshot()
        try face.apply(try call.object("snapshot").filter { !$0.value.isNull }, to: &draft, right: .create)
        let (value, id) = (draft, Snapshot.newID(call.dice))
        return .bytes(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                guard try writer.own(value.volume, for: call.caller).isExported else {
                    throw .missing(Volume.kind.title, value.volume.text)
                }
                return try face.body(
                    try writer.create(value, id: id, project: call.project, for: call.caller), writer)
            })
    }

    private static let update = Route(
        .put, .storage, itemPath, action: "update", kind: Snapshot.kind, rule: .role(.member), intake: .json(),
        status: 202, "Changes a snapshot's name and description.", example: ["snapshot": ["name": "after"]]
    ) { (call) throws(CloudError) in
        let object = try call.object("snapshot").filter { !$0.value.isNull }
        let id = ID<Snapshot>(call.parameter("exported_snapshot_id"))
        return .bytes(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try found(call, in: writer)
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try face.apply(object, to: &it.value, right: .update)
                }
                return try face.body(it, writer)
            })
    }

    private static let delete = Route(
        .delete, .storage, itemPath, action: "delete", kind: Snapshot.kind, rule: .role(.member), status: 200,
        "Deletes a snapshot of a virtual storage's volume."
    ) { (call) throws(CloudError) in
        let id = ID<Snapshot>(call.parameter("exported_snapshot_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try found(call, in: writer)
            try writer.withdraw(id, for: call.caller)
        }
        return Response(200)
    }

    private static let restore = Route(
        .post, .storage, itemPath + "/action", action: "restore", kind: Snapshot.kind, rule: .role(.member),
        intake: .json(), status: 202, "Makes a volume again what it was when its latest snapshot was taken.",
        example: ["restore": .null]
    ) { (call) throws(CloudError) in
        guard call.body.object?.keys.elementsEqual(["restore"]) ?? false else {
            throw .invalid("The body must hold the action 'restore'.")
        }
        let id = ID<Snapshot>(call.parameter("exported_snapshot_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try found(call, in: writer)
            try Snapshot.restore(try writer.own(id, for: call.caller), for: call.caller, in: writer)
        }
        return Response(202)
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Volumes of virtual storages, as ECL's clients order and see them. They are volumes like all others.
enum ExportedVolume {
    private static let path = VirtualStorage.root + "/volumes"
    private static let itemPath = path + "/{exported_volume_id}"

    private static let face = Face<Volume>(
        .storage, path, "volume", "volumes", only: ("exported", true),
        [
            .id(), .field("name"), .field("description"), .field("size"), .field("availability_zone"),
            .field("initiator_iqns"), .created(), .updated(),
            .computed("iops_per_gb", "Requests a second that each GiB has.") { (it, _) in .string(String(it.rate)) },
            .computed("virtual_storage_id", "The virtual storage that serves it.") { (it, _) in
                .string(it.storage?.text ?? "")
            },
            .computed("status", "What it does.") { (it, _) in .string(status(it)) },
            .computed("target_ips", "The addresses that it is served at.") { (it, reader) throws(CloudError) in
                let storage = try it.storage.flatMap { (id) throws(CloudError) in try reader.find(id) }
                return .array([storage?.address].compactMap { $0 }.map { .string($0.description) })
            },
            .computed("metadata", "How initiators name it.") { (it, _) in
                [
                    "lun_id": .string(String(TargetVolume.unit)),
                    "target_iqn": .string(TargetVolume.name(of: it.id.text)),
                ]
            },
            .computed("error_message", "Why it is in error.") { (it, reader) throws(CloudError) in
                let storage = try it.storage.flatMap { (id) throws(CloudError) in try reader.find(id) }
                return .string(it.fault.isEmpty && it.service != .served ? storage?.fault ?? "" : it.fault)
            },
            .computed("snapshot_ids", "Its snapshots.") { (it, reader) throws(CloudError) in
                let all = try reader.list(Snapshot.self, where: "volume_id", .string(it.id.text))
                return .array(all.map { .string($0.id.text) })
            },
            .fixed("throughput", .null, "For file storage, which is not offered."),
            .fixed("export_rules", [], "For file storage, which is not offered."),
            .computed("links", "Where it is.") { (it, _) in ECLStorage.links("\(it.project)/volumes/\(it.id)") },
        ])

    private static func status(_ it: Stored<Volume>) -> String {
        switch it.status {
        case .errorDeleting: "error_deleting"
        case _ where it.deletingSince != nil: "deleting"
        case .creating: "creating"
        case .error: "error"
        default: it.service == .served ? "available" : "updating"
        }
    }

    static let routes = [
        ECLStorage.list(face, "/detail", narrow: narrow), ECLStorage.list(face, narrow: narrow), show, create, update,
        delete,
    ]

    /// Those of virtual storages, and of one where a client names it.
    private static func narrow(_ query: inout Query, _ call: Call) throws(CloudError) {
        query = query.with("exported", true)
        query.conditions.removeAll { $0.column == "status" }
        if let storage = call.request[query: "virtual_storage_id"] {
            query = query.with("virtual_storage_id", .string(storage))
        }
        switch call.request[query: "status"] {
        case nil: break
        case "available": query = query.with("status", "in-use").with("service", "served")
        case "updating": query = query.with("status", "in-use").with("service", among: ["out", "taken"])
        case "creating": query = query.with("status", "creating")
        case "error": query = query.with("status", "error")
        default: query = query.with("status", among: [])
        }
    }

    /// The volume that the path names; `missing` where no virtual storage has it.
    private static func found(_ call: Call, in reader: any Reader) throws(CloudError) -> Stored<Volume> {
        let id = ID<Volume>(call.parameter("exported_volume_id"))
        let it = try reader.get(id, for: call.caller)
        guard it.isExported else { throw .missing(Volume.kind.title, id.text) }
        return it
    }

    private static let show = Route(
        .get, .storage, itemPath, action: "show", kind: Volume.kind, rule: .role(.reader),
        "Shows a volume of a virtual storage.", schema: face.schema("volume")
    ) { (call) throws(CloudError) in
        .bytes(
            200,
            try await call.store.read { (reader) throws(CloudError) in
                try face.body(try found(call, in: reader), reader)
            })
    }

    private static let known: Set<String> = [
        "name", "description", "size", "virtual_storage_id", "iops_per_gb", "initiator_iqns", "availability_zone",
        "throughput",
    ]

    private static let create = Route(
        .post, .storage, path, action: "create", kind: Volume.kind, rule: .role(.member), intake: .json(),
        status: 202, "Creates a volume in a virtual storage.",
        example: [
            "volume": [
                "name": "data", "size": 100, "virtual_storage_id": "{virtual_storage}", "iops_per_gb": "2",
                "initiator_iqns": ["iqn.2026-11.example:one"],
            ]
        ]
    ) { (call) throws(CloudError) in
        let object = try call.object("volume").filter { !$0.value.isNull }
        for name in object.keys.sorted() where !known.contains(name) {
            throw .invalid("Unrecognized attribute(s) '\(name.prefix(64))'.", field: name)
        }
        guard object["throughput"] == nil else {
            throw .invalid(
                "A throughput is chosen for file storage (NFS, SMB), which is not offered.", field: "throughput")
        }
        var draft = Volume()
        for name in ["name", "description", "initiator_iqns", "availability_zone", "size"] {
            guard var value = object[name] else { continue }
            if name == "size", let text = value.string { value = Int(text).map { .integer($0) } ?? value }
            try Volume.fields.first { $0.name == name }!.set(&draft, value)
        }
        guard !draft.name.isEmpty else { throw .invalid("A volume has a name.", field: "name") }
        guard object["size"] != nil else { throw .invalid("A volume has a size.", field: "size") }
        guard draft.zone.isEmpty || draft.zone == Cinder.zone else {
            throw .invalid("There is no availability zone '\(draft.zone.prefix(64))'.", field: "availability_zone")
        }
        if let wish = object["iops_per_gb"] {
            guard let rate = wish.integer ?? wish.string.flatMap(Int.init), rate > 0 else {
                throw .invalid("iops_per_gb must be one of those that the volume type lists.", field: "iops_per_gb")
            }
            draft.rate = rate
        }
        try Initiators.check(draft.initiators)
        (draft.zone, draft.isExported) = (Cinder.zone, true)
        let (value, id) = (draft, Volume.newID(call.dice))
        let storage = ID<VirtualStorage>(object["virtual_storage_id"]?.string ?? "")
        return .bytes(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                let place = try writer.own(storage, for: call.caller)
                guard place.project == call.project else { throw .missing(VirtualStorage.kind.title, storage.text) }
                guard try writer.count(Export.query(place.id)) < TargetSpec.mostVolumes else {
                    throw CloudError(.overQuota, "A virtual storage has at most \(TargetSpec.mostVolumes) volumes.")
                }
                var whole = value
                (whole.storage, whole.type) = (place.id, place.type)
                return try face.body(
                    try writer.create(whole, id: id, project: call.project, for: call.caller), writer)
            })
    }

    private static let update = Route(
        .put, .storage, itemPath, action: "update", kind: Volume.kind, rule: .role(.member), intake: .json(),
        status: 202, "Changes a volume's name, description and initiators.",
        example: ["volume": ["name": "logs", "initiator_iqns": ["iqn.2026-11.example:two"]]]
    ) { (call) throws(CloudError) in
        let object = try call.object("volume").filter { !$0.value.isNull }
        for name in object.keys.sorted() where !["name", "description", "initiator_iqns"].contains(name) {
            throw .invalid("Attribute '\(name.prefix(64))' cannot be changed.", field: name)
        }
        let id = ID<Volume>(call.parameter("exported_volume_id"))
        return .bytes(
            202,
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try found(call, in: writer)
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    let old = it.initiators
                    for (name, value) in object {
                        try Volume.fields.first { $0.name == name }!.set(&it.value, value)
                    }
                    try Initiators.check(it.initiators)
                    guard it.initiators != old, let storage = it.storage else { return }
                    if it.service == .served { it.service = .taken }
                    try writer.raise(.refresh, Reference(storage))
                }
                return try face.body(it, writer)
            })
    }

    private static let delete = Route(
        .delete, .storage, itemPath, action: "delete", kind: Volume.kind, rule: .role(.member), status: 200,
        "Deletes a volume of a virtual storage."
    ) { (call) throws(CloudError) in
        let id = ID<Volume>(call.parameter("exported_volume_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try found(call, in: writer)
            try writer.withdraw(id, for: call.caller)
        }
        return Response(200)
    }
}

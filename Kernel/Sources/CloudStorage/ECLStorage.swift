import CloudCore
import CloudStore
import CloudWire

/// What all collections of ECL's storage service have in common.
enum ECLStorage {
    static func links(_ place: String) -> JSON {
        [["rel": "self", "href": .string("/storage/v1.0/" + place)]]
    }

    /// A list, oldest first. Clients filter by `display_name` and `status`; what else they send is ignored.
    static func list<R: Governed>(
        _ face: Face<R>, _ suffix: String = "",
        narrow: @escaping @Sendable (inout Query, Call) throws(CloudError) -> Void = { (_, _) throws(CloudError) in }
    ) -> Route {
        Route(
            .get, face.service, face.path + suffix, action: "list", kind: R.kind, rule: .role(.reader),
            "Lists the \(face.plural) of the project.", schema: face.schema(face.plural, list: true)
        ) { (call) throws(CloudError) in
            try await face.page(
                call, strict: false,
                adjust: { (query) throws(CloudError) in
                    if let name = call.request[query: "display_name"] { query = query.with("name", .string(name)) }
                    try narrow(&query, call)
                },
                write: { (it, reader, writer, _) throws(CloudError) in try face.write(it, reader, into: &writer) },
                next: { writer, marker in
                    let more = call.base + call.request.nextPath(marker)
                    writer.field(face.plural + "_links", [["rel": "next", "href": .string(more)]])
                })
        }
    }

    /// The type that an order names, by id or name; `invalid` where no virtual storage is made of it.
    static func type(
        _ name: String, for caller: Caller, in reader: any Reader
    ) throws(CloudError) -> Stored<VolumeType> {
        var found = try reader.find(ID<VolumeType>(name))
        if found == nil { found = try reader.first(VolumeType.self, where: "name", .string(name)) }
        guard let found, found.isPublic || caller.isOperator, found.value.isForTargets else {
            throw .invalid(
                "There is no volume type \(name.prefix(64)) for virtual storages. Block storage over iSCSI is offered; file storage (NFS, SMB) is not.",
                field: "volume_type_id")
        }
        return found
    }

    static let routes =
        [
            Route(.get, .storage, "", action: "show", rule: .anyone, "Storage's versions.") {
                (call) throws(CloudError) in
                .json(
                    200,
                    [
                        "versions": [
                            [
                                "id": "v1.0", "status": "CURRENT", "updated": "2026-11-01T00:00:00Z",
                                "links": [["rel": "self", "href": .string(call.base + "/storage/v1.0/")]],
                            ]
                        ]
                    ])
            }
        ]
        + ["", "/detail"].map { suffix in
            Route(
                .get, .storage, VirtualStorage.root + "/availability_zone" + suffix, action: "list",
                rule: .role(.reader),
                "Lists the zones that volumes may be in."
            ) { (_) throws(CloudError) in
                .json(
                    200,
                    ["availabilityZoneInfo": [["zoneName": .string(Cinder.zone), "zoneState": ["available": true]]]])
            }
        }
}

/// Volume types of which virtual storages are made.
enum TargetType {
    private static let face = Face<VolumeType>(
        .storage, VirtualStorage.root + "/volume_types", "volume_type", "volume_types",
        [
            .id(), .field("name"),
            .computed("extra_specs", "What each order chooses from.") { (it, _) in
                [
                    "available_volume_size": .array(it.value.sizes.map { .integer($0) }),
                    "available_iops_per_gb": .array(it.value.rates.map { .string(String($0)) }),
                ]
            },
        ])

    static let routes =
        ["", "/detail"].map { suffix in
            Route(
                .get, .storage, face.path + suffix, action: "list", kind: VolumeType.kind, rule: .role(.reader),
                "Lists the volume types of which virtual storages are made.",
                schema: face.schema("volume_types", list: true)
            ) { (call) throws(CloudError) in
                try await call.store.read { (reader) throws(CloudError) in
                    var query = Query(VolumeType.kind)
                    if let name = call.request[query: "name"] { query = query.with("name", .string(name)) }
                    let all = try reader.list(VolumeType.self, query)
                    var writer = JSONWriter()
                    try writer.object { (writer) throws(CloudError) in
                        writer.key("volume_types")
                        try writer.array(all.filter { isShown($0, to: call.caller) }) {
                            (it, writer) throws(CloudError) in
                            try writer.object { (writer) throws(CloudError) in
                                try face.write(it, reader, into: &writer)
                            }
                        }
                    }
                    return .bytes(200, writer.bytes)
                }
            }
        } + [
            Route(
                .get, .storage, face.path + "/{target_type}", action: "show", kind: VolumeType.kind,
                rule: .role(.reader), "Shows a volume type of which virtual storages are made.",
                schema: face.schema("volume_type")
            ) { (call) throws(CloudError) in
                let id = ID<VolumeType>(call.parameter("target_type"))
                return .bytes(
                    200,
                    try await call.store.read { (reader) throws(CloudError) in
                        guard let it = try reader.find(id), isShown(it, to: call.caller) else {
                            throw .missing(VolumeType.kind.title, id.text)
                        }
                        return try face.body(it, reader)
                    })
            }
        ]

    private static func isShown(_ it: Stored<VolumeType>, to caller: Caller) -> Bool {
        it.value.isForTargets && (it.isPublic || caller.isOperator)
    }
}

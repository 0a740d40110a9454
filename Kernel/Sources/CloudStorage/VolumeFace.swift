import CloudCore
import CloudStore
import CloudWire

extension Volume {
    static let path = "/v3/{project_id}/volumes"
    static let itemPath = path + "/{volume_id}"

    static let face = Face<Volume>(
        .volume, path, "volume", "volumes",
        [
            .id(), .field("name"), .field("description"), .field("size"), .field("availability_zone"),
            .field("user_id"), .field("metadata"), .owner("os-vol-tenant-attr:tenant_id"), .created(), .updated(),
            Attribute(
                "status", column: "status", type: nil, rights: .read, "What it does.",
                read: { (it, _) throws(CloudError) in
                    .string(
                        it.deletingSince != nil && it.status != .errorDeleting
                            ? Status.deleting.rawValue : it.status.rawValue)
                }, write: nil),
            // Cinder's clients read this as text.
            .computed("bootable", "Whether a server can start from it.") { (it, _) in
                .string(it.isBootable ? "true" : "false")
            },
            .computed("encrypted", "Whether it is encrypted: all are.") { (_, _) in true },
            .computed("multiattach", "Whether several servers may have it at once: none can.") { (_, _) in false },
            .computed("volume_type", "What it promises.") { (it, reader) throws(CloudError) in
                .string(try reader.find(it.type)?.name ?? it.type.text)
            },
            .computed("snapshot_id", "The snapshot that it began as.") { (it, _) in
                it.snapshot.isEmpty ? .null : .string(it.snapshot)
            },
            .computed("source_volid", "The volume that it began as.") { (it, _) in
                it.origin.isEmpty ? .null : .string(it.origin)
            },
            .computed("consistencygroup_id", "Volumes are in no group.") { (_, _) in .null },
            .computed("replication_status", "Nothing is copied elsewhere unasked.") { (_, _) in "disabled" },
            .computed("attachments", "The servers that have it.") { (it, reader) throws(CloudError) in
                let all = try reader.list(VolumeAttachment.self, where: "volume_id", .string(it.id.text))
                return .array(all.filter { $0.state != .attaching }.map(\.json))
            },
            .computed("volume_image_metadata", "What the image said of itself.") { (it, _) in
                it.imageMetadata.isEmpty ? .null : it.imageMetadata.json
            },
            .computed("links", "Where it is.") { (it, _) in
                [["rel": "self", "href": .string("/volume/v3/\(it.project)/volumes/\(it.id)")]]
            },
        ])

    private static let brief: Set<String> = ["id", "name", "links"]
    /// What the answers to an order and to a change show.
    static let plain = Set(face.attributes.map(\.name)).subtracting([
        "os-vol-tenant-attr:tenant_id", "volume_image_metadata",
    ])

    static var routes: [Route] {
        [
            Cinder.list(face, only: brief), Cinder.list(face, "/detail"), summary, face.show(), update, delete,
        ] + MetadataRoutes<Volume>(path: itemPath, parameter: "volume_id").routes
    }

    private static let update = Route(
        .put, .volume, itemPath, action: "update", kind: kind, rule: .role(.member), intake: .json(),
        "Changes a volume's name, description and metadata.", example: ["volume": ["name": "data"]],
        schema: face.schema("volume")
    ) { (call) throws(CloudError) in
        let wanted = try Cinder.renamed(call.object("volume"))
        return try await change(call) { (it, _) throws(CloudError) in
            try face.apply(wanted, to: &it.value, right: .update)
        }
    }

    private static let summary = Route(
        .get, .volume, path + "/summary", action: "list", kind: kind, rule: .role(.reader),
        "Counts the project's volumes and their GiB."
    ) { (call) throws(CloudError) in
        let query = Query(kind, limit: .max).with("project_id", .string(call.project.text))
        let (count, size) = try await call.store.read { (reader) throws(CloudError) in
            (try reader.count(query), try reader.sum("size", query))
        }
        var out: [String: JSON] = ["total_count": .integer(count), "total_size": .integer(size)]
        if call.microversion >= 36 { out["metadata"] = [:] }
        return .json(200, ["volume-summary": .object(out)])
    }

    private static let delete = Route(
        .delete, .volume, itemPath, action: "delete", kind: kind, rule: .role(.member), status: 202,
        "Deletes a volume; with `cascade=true` its snapshots too."
    ) { (call) throws(CloudError) in
        let id = ID<Volume>(call.parameter("volume_id"))
        let cascade = call.request[query: "cascade"]?.lowercased() == "true"
        try await call.write(id.text) { (writer) throws(CloudError) in
            if cascade { return try withdrawAll(id, for: call.caller, in: writer) }
            try writer.withdraw(id, for: call.caller)
        }
        return Response(202)
    }

    /// Deletes a volume and its snapshots; its files go when theirs are gone.
    private static func withdrawAll(_ id: ID<Volume>, for caller: Caller, in writer: any Writer) throws(CloudError) {
        var it = try writer.own(id, for: caller)
        try requireQuiet(id, in: writer)
        for var snapshot in try writer.list(Snapshot.self, where: "volume_id", .string(id.text)) {
            try writer.delete(&snapshot)
        }
        try requireFree(it)
        it.deletingSince = writer.now
        try writer.update(&it)
        try writer.raise(.destroy, Reference(id))
    }

    /// Changes the volume that the path names, and shows it.
    static func change(
        _ call: Call, status: Int = 200,
        _ body: @escaping @Sendable (inout Stored<Volume>, any Writer) throws(CloudError) -> Void
    ) async throws(CloudError) -> Response {
        let id = ID<Volume>(call.parameter("volume_id"))
        return .bytes(
            status,
            try await call.write(id.text) { (writer) throws(CloudError) in
                try face.body(
                    try writer.revise(id, for: call.caller) { (it) throws(CloudError) in try body(&it, writer) },
                    writer, only: plain)
            })
    }
}

extension Stored where R == VolumeAttachment {
    /// As Cinder shows it within a volume.
    var json: JSON {
        [
            "id": .string(value.volume.text), "attachment_id": .string(id.text),
            "volume_id": .string(value.volume.text), "server_id": .string(value.server), "host_name": .null,
            "device": .string(value.device), "attached_at": .string(createdAt.text()),
        ]
    }
}

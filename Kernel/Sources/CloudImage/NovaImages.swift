import CloudCore
import CloudStore
import CloudWire

/// Images as Nova's older clients know them (API Reference: `images`, up to 2.35; their metadata up to 2.38).
enum NovaImages {
    private static let path = "/v2.1/{project_id}/images"
    private static let itemPath = path + "/{image_id}"

    static let routes = [
        list("", isDetailed: false), list("/detail", isDetailed: true), show, delete, metadata, replaceMetadata,
        addMetadata, showItem, putItem, deleteItem,
    ]

    private static func require(_ call: Call, upTo last: Int = 35) throws(CloudError) {
        guard call.microversion <= last else { throw CloudError(.missing, "There is nothing at this path.") }
    }

    private static func list(_ suffix: String, isDetailed: Bool) -> Route {
        Route(.get, .compute, path + suffix, action: "list", kind: Image.kind, rule: .role(.reader), "Lists images.") {
            (call) throws(CloudError) in
            try require(call)
            return try await Image.face.page(
                call, strict: false, adjust: { (query) throws(CloudError) in try narrow(&query, call) },
                isVisible: { (it, reader) throws(CloudError) in try reader.sees(it, call.caller) }
            ) { (it, _, writer, _) throws(CloudError) in
                for (name, value) in json(it, call).sorted(by: { $0.key < $1.key })
                where isDetailed || ["id", "name", "links"].contains(name) { writer.field(name, value) }
            } next: { writer, marker in
                let more = call.base + call.request.nextPath(marker)
                writer.field("images_links", [["rel": "next", "href": .string(more)]])
            }
        }
    }

    /// Nova's names of what Glance calls otherwise.
    private static func narrow(_ query: inout Query, _ call: Call) throws(CloudError) {
        query.conditions.removeAll { ["status", "min_disk", "min_ram"].contains($0.column) }
        switch call.request[query: "status"]?.uppercased() {
        case nil: break
        case "ACTIVE": query = query.with("status", among: ["active", "deactivated"])
        case "SAVING": query = query.with("status", among: ["queued", "saving"])
        default: query = query.with("status", "none")
        }
        if let server = call.request[query: "server"] {
            // Named by its id or its address.
            let id = String(server.split(separator: "/").last ?? "")
            query.tests.append(.holds("properties", key: "instance_uuid", id))
        }
        if call.request[query: "type"] == "snapshot" {
            query.tests.append(.holds("properties", key: "image_type", "snapshot"))
        }
        if let text = call.request[query: "changes-since"] {
            guard let since = Instant(text: text) else {
                throw .invalid("changes-since is a time, as 2026-11-23T00:00:00Z.", field: "changes-since")
            }
            query.tests.append(.between("updated_at", Int(since.microseconds)...Int.max))
        }
        query = query.with("os_hidden", false)
    }

    private static let show = Route(
        .get, .compute, itemPath, action: "show", kind: Image.kind, rule: .role(.reader), "Shows one image."
    ) { (call) throws(CloudError) in
        try require(call)
        let it = try await image(call)
        return .json(200, ["image": .object(json(it, call))])
    }

    private static let delete = Route(
        .delete, .compute, itemPath, action: "delete", kind: Image.kind, rule: .role(.member), status: 204,
        "Deletes an image; servers made of it keep their disks."
    ) { (call) throws(CloudError) in
        try require(call)
        let id = ID<Image>(call.parameter("image_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try writer.ownImage(id, for: call.caller)
            try writer.withdraw(id, for: call.caller)
        }
        return Response(204)
    }

    // MARK: Metadata

    private static let metadata = Route(
        .get, .compute, itemPath + "/metadata", action: "show", kind: Image.kind, rule: .role(.reader),
        "Lists an image's metadata."
    ) { (call) throws(CloudError) in
        try require(call, upTo: 38)
        return .json(200, ["metadata": try await image(call).properties.json])
    }

    private static let replaceMetadata = Route(
        .put, .compute, itemPath + "/metadata", action: "update", kind: Image.kind, rule: .role(.member),
        intake: .json(), "Replaces an image's metadata.", example: ["metadata": ["purpose": "web"]]
    ) { (call) throws(CloudError) in
        let given = try call.object("metadata")
        let it = try await change(call) { (image) throws(CloudError) in
            image.properties = [:]
            try set(given, on: &image)
        }
        return .json(200, ["metadata": it.properties.json])
    }

    private static let addMetadata = Route(
        .post, .compute, itemPath + "/metadata", action: "add", kind: Image.kind, rule: .role(.member),
        intake: .json(), "Adds to an image's metadata.", example: ["metadata": ["purpose": "web"]]
    ) { (call) throws(CloudError) in
        let given = try call.object("metadata")
        let it = try await change(call) { (image) throws(CloudError) in try set(given, on: &image) }
        return .json(200, ["metadata": it.properties.json])
    }

    private static let showItem = Route(
        .get, .compute, itemPath + "/metadata/{metadata_key}", action: "show", kind: Image.kind, rule: .role(.reader),
        "Shows one item of an image's metadata."
    ) { (call) throws(CloudError) in
        try require(call, upTo: 38)
        let key = call.parameter("metadata_key")
        guard let value = try await image(call).properties[key] else { throw noItem }
        return .json(200, ["meta": [key: .string(value)]])
    }

    private static let putItem = Route(
        .put, .compute, itemPath + "/metadata/{metadata_key}", action: "update", kind: Image.kind,
        rule: .role(.member), intake: .json(), "Sets one item of an image's metadata.",
        example: ["meta": ["purpose": "web"]]
    ) { (call) throws(CloudError) in
        let (given, key) = (try call.object("meta"), call.parameter("metadata_key"))
        guard given.count == 1, given[key] != nil else {
            throw .invalid("The body holds the one item that the path names.", field: "meta")
        }
        _ = try await change(call) { (image) throws(CloudError) in try set(given, on: &image) }
        return .json(200, ["meta": .object(given)])
    }

    private static let deleteItem = Route(
        .delete, .compute, itemPath + "/metadata/{metadata_key}", action: "remove", kind: Image.kind,
        rule: .role(.member), status: 204, "Takes one item out of an image's metadata."
    ) { (call) throws(CloudError) in
        let key = call.parameter("metadata_key")
        _ = try await change(call) { (image) throws(CloudError) in
            guard image.properties.removeValue(forKey: key) != nil else { throw noItem }
        }
        return Response(204)
    }

    private static let noItem = CloudError(.missing, "The image has no such metadata.")

    private static func set(_ given: [String: JSON], on image: inout Image) throws(CloudError) {
        for (name, value) in given.sorted(by: { $0.key < $1.key }) {
            guard !Image.isReserved(name) else { throw .invalid("'\(name.prefix(64))' is no metadata.", field: name) }
            try Image.set(name, value, on: &image, right: .update)
        }
    }

    private static func image(_ call: Call) async throws(CloudError) -> Stored<Image> {
        let id = ID<Image>(call.parameter("image_id"))
        return try await call.store.read { (reader) throws(CloudError) in try reader.image(id, for: call.caller) }
    }

    private static func change(
        _ call: Call, _ body: @escaping @Sendable (inout Image) throws(CloudError) -> Void
    ) async throws(CloudError) -> Stored<Image> {
        try require(call, upTo: 38)
        let id = ID<Image>(call.parameter("image_id"))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try writer.reviseImage(id, for: call.caller) { (it) throws(CloudError) in try body(&it.value) }
        }
    }

    private static func json(_ it: Stored<Image>, _ call: Call) -> [String: JSON] {
        let isHere = it.status == .active || it.status == .deactivated
        let place = "\(call.base)/compute/v2.1/\(call.project)"
        var out: [String: JSON] = [
            "id": .string(it.id.text), "name": .string(it.value.name), "status": isHere ? "ACTIVE" : "SAVING",
            "created": .string(it.createdAt.text()), "updated": .string(it.updatedAt.text()),
            "minDisk": .integer(it.minDisk), "minRam": .integer(it.minRAM), "progress": isHere ? 100 : 25,
            "metadata": it.properties.json, "OS-EXT-IMG-SIZE:size": isHere ? .integer(it.size) : .null,
            "links": [
                ["rel": "self", "href": .string("\(place)/images/\(it.id)")],
                ["rel": "bookmark", "href": .string("\(call.base)/compute/images/\(it.id)")],
            ],
        ]
        if let server = it.properties["instance_uuid"] {
            out["server"] = [
                "id": .string(server),
                "links": [
                    ["rel": "self", "href": .string("\(place)/servers/\(server)")],
                    ["rel": "bookmark", "href": .string("\(call.base)/compute/servers/\(server)")],
                ],
            ]
        }
        return out
    }
}

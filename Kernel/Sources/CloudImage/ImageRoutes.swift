import CloudCore
import CloudEngine
import CloudStore
import CloudWire

/// The image service.
public struct Images: Sendable {
    public static let schemas = [
        Schema(Image.self, labels: Image.Label.allCases.map(\.rawValue)), Schema(ImageMember.self),
    ]

    let files: any ImageFiles
    let uploads = Uploads()
    /// Bytes that one image may have.
    let limit: Int

    public init(files: any ImageFiles, limit: Int = ImageFormat.largest) { (self.files, self.limit) = (files, limit) }

    public func enroll(in engine: Engine) {
        engine.enroll(Image.self, world: Image.World(files: files, uploads: uploads))
    }

    /// Removes bytes that no image has.
    public func sweep(_ store: any Store) async throws(CloudError) -> [String] {
        var removed: [String] = []
        for image in try await files.all().sorted()
        where try await store.read({ (reader) throws(CloudError) in try reader.find(image) == nil }) {
            try await files.remove(image)
            removed.append("image \(image)")
        }
        return removed
    }

    public var routes: [Route] {
        [Self.versions, list, show, create, ImagePatch.route, delete, upload, download] + ImageActs.routes
            + MemberRoutes.routes
            + ImageSchema.routes + NovaImages.routes
    }

    private static let versions = Route(
        .get, .image, "", action: "show", rule: .anyone, status: 300, "Image's versions."
    ) {
        (call) throws(CloudError) in
        .json(
            300,
            [
                "versions": [
                    [
                        "id": "v2.9", "status": "CURRENT",
                        "links": [["rel": "self", "href": .string(call.base + "/image/v2/")]],
                    ]
                ]
            ])
    }

    private var list: Route {
        Route(.get, .image, "/v2/images", action: "list", kind: Image.kind, rule: .role(.reader), "Lists images.") {
            (call) throws(CloudError) in
            let wish = try ImageQuery(call.request)
            let shares = try await call.store.read { (reader) throws(CloudError) in
                try wish.shares(with: call.project, reader)
            }
            return try await Image.face.page(
                call, strict: false, adjust: { (query) throws(CloudError) in wish.narrow(&query, shares: shares) },
                isVisible: { (it, reader) throws(CloudError) in try reader.sees(it, call.caller) }
            ) { (it, reader, writer, only) throws(CloudError) in
                try Image.write(it, reader, into: &writer, only: only)
            } next: { writer, marker in
                // Below the service's prefix, as Glance's clients expect.
                writer.field(
                    "next", .string(String(call.request.nextPath(marker).dropFirst(Service.image.prefix.count))))
            }
        }
    }

    private var show: Route {
        Route(
            .get, .image, "/v2/images/{image_id}", action: "show", kind: Image.kind, rule: .role(.reader),
            "Shows one image."
        ) { (call) throws(CloudError) in
            let id = ID<Image>(call.parameter("image_id"))
            return .bytes(
                200,
                try await call.store.read { (reader) throws(CloudError) in
                    try Image.body(try reader.image(id, for: call.caller), reader)
                })
        }
    }

    private var create: Route {
        Route(
            .post, .image, "/v2/images", action: "create", kind: Image.kind, rule: .role(.member), intake: .json(),
            status: 201, "Creates an image; its bytes come after.",
            example: ["name": "debian", "disk_format": "raw", "container_format": "bare"]
        ) { (call) throws(CloudError) in
            guard let object = call.body.object else { throw .invalid("The body must be an object.") }
            var draft = Image()
            var owner = call.project
            for (name, value) in object.sorted(by: { $0.key < $1.key }) {
                if name == "owner", let named = value.string, named == owner.text || call.caller.isOperator {
                    owner = ID(named)
                } else {
                    try Image.set(name, value, on: &draft, right: .create)
                }
            }
            let (value, id, project) = (draft, Image.newID(call.dice), owner)
            var response = Response.bytes(
                201,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    try Image.body(try writer.create(value, id: id, project: project, for: call.caller), writer)
                })
            response.headers.append(("location", call.base + "/image/v2/images/" + id.text))
            return response
        }
    }

    private var delete: Route {
        Route(
            .delete, .image, "/v2/images/{image_id}", action: "delete", kind: Image.kind, rule: .role(.member),
            status: 204,
            "Deletes an image; servers made of it keep their disks."
        ) { (call) throws(CloudError) in
            let id = ID<Image>(call.parameter("image_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.ownImage(id, for: call.caller)
                try writer.withdraw(id, for: call.caller)
            }
            return Response(204)
        }
    }

    private var upload: Route {
        Route(
            .put, .image, "/v2/images/{image_id}/file", action: "upload", kind: Image.kind, rule: .role(.member),
            intake: .stream, status: 204, "Sends an image's bytes."
        ) { (call) throws(CloudError) in
            let id = ID<Image>(call.parameter("image_id"))
            if let type = call.request.headers["content-type"], !type.hasPrefix("application/octet-stream") {
                throw CloudError(.badType, "The bytes are sent as application/octet-stream.")
            }
            try await call.store.read { (reader) throws(CloudError) in _ = try reader.get(id, for: call.caller) }
            guard uploads.begin(id) else { throw .conflict("Image \(id) is being received already.") }
            defer { uploads.end(id) }
            try await move(id, from: .queued, to: .saving, call) { (_, _) throws(CloudError) in }
            let room = try await call.store.read { (reader) throws(CloudError) in try Self.room(for: id, reader) }
            do throws(CloudError) {
                let received = try await files.receive(id, call.request.body, limit: min(limit, room))
                try await finish(id, received, call)
            } catch {
                try await files.remove(id)
                try await move(id, from: .saving, to: .queued, call) { (_, _) throws(CloudError) in }
                throw error
            }
            return Response(204)
        }
    }

    private func finish(_ id: ID<Image>, _ received: Received, _ call: Call) async throws(CloudError) {
        let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
        guard let format = ImageFormat(rawValue: it.diskFormat), it.containerFormat == "bare" else {
            throw .invalid(
                "disk_format and container_format must be set before the bytes are sent.", field: "disk_format")
        }
        // The format stays while the bytes are judged: it changes in an image that is queued only.
        let size = try await files.judge(id, received, as: format)
        try await move(id, from: .saving, to: .active, call) { (image, room) throws(CloudError) in
            guard received.size <= room else {
                throw CloudError(.overQuota, "The project's images have \(Image.byteQuota) bytes at most.")
            }
            (image.virtualSize, image.size, image.checksum, image.sha512) = (
                size, received.size, received.md5, received.sha512
            )
        }
    }

    private func move(
        _ id: ID<Image>, from old: Image.Status, to new: Image.Status, _ call: Call,
        _ change: @escaping @Sendable (inout Image, _ room: Int) throws(CloudError) -> Void
    ) async throws(CloudError) {
        try await call.write(id.text) { (writer) throws(CloudError) in
            let room = try Self.room(for: id, writer)
            _ = try writer.reviseImage(id, for: call.caller) { (it) throws(CloudError) in
                guard it.status == old else {
                    throw .conflict("Image \(id) is \(it.status.rawValue), not \(old.rawValue).")
                }
                it.status = new
                try change(&it.value, room)
            }
        }
    }

    /// How many more bytes the image's project may keep.
    private static func room(for id: ID<Image>, _ reader: any Reader) throws(CloudError) -> Int {
        guard let it = try reader.find(id) else { return 0 }
        let others = try reader.list(Image.self, Query(Image.kind).with("project_id", .string(it.project.text)))
        return max(0, Image.byteQuota - others.reduce(0) { $0 + $1.size })
    }

    private var download: Route {
        Route(
            .get, .image, "/v2/images/{image_id}/file", action: "download", kind: Image.kind, rule: .role(.reader),
            "Fetches an image's bytes."
        ) { (call) throws(CloudError) in
            let id = ID<Image>(call.parameter("image_id"))
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.image(id, for: call.caller) }
            guard it.status != .deactivated || call.caller.isOperator else {
                throw CloudError(.forbidden, "Image \(id) is deactivated.")
            }
            guard it.size > 0 else { return Response(204) }
            return Response(
                200, headers: [("content-type", "application/octet-stream"), ("content-md5", it.checksum)],
                body: .file(path: files.path(id), length: it.size))
        }
    }
}

extension Images: ImageCatalog {
    public func bootable(_ id: String, for caller: Caller, in reader: any Reader) throws(CloudError) -> BootImage {
        guard let it = try reader.find(ID<Image>(id)), it.deletingSince == nil, try reader.sees(it, caller) else {
            throw .invalid("Image \(id.prefix(64)) could not be found.", field: "imageRef")
        }
        guard it.status == .active else {
            throw .invalid("Image \(id) is \(it.status.rawValue): its bytes are not here yet.", field: "imageRef")
        }
        return BootImage(
            id: id, format: it.diskFormat, virtualSize: it.virtualSize, minRAM: it.minRAM, minDisk: it.minDisk)
    }

    public func file(of id: String, in store: any Store) async throws(CloudError) -> (path: String, format: String) {
        let it = try await store.read { (reader) throws(CloudError) in try reader.get(ID<Image>(id)) }
        guard it.status == .active || it.status == .deactivated else { throw .missing(Image.kind.title, id) }
        return (files.path(it.id), it.diskFormat)
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Sharing: the owner names projects, and each of them accepts or rejects for itself.
enum MemberRoutes {
    static let routes = [list, show, share, answer, unshare]
    private static let path = "/v2/images/{image_id}/members"
    private static let onePath = path + "/{member_id}"

    private static func write(_ it: Stored<ImageMember>, into writer: inout JSONWriter) {
        writer.field("member_id", .string(it.member))
        writer.field("image_id", .string(it.image.text))
        writer.field("status", .string(it.status.rawValue))
        writer.field("created_at", .string(it.createdAt.text()))
        writer.field("updated_at", .string(it.updatedAt.text()))
        writer.field("schema", "/v2/schemas/member")
    }

    private static func body(_ it: Stored<ImageMember>) throws(CloudError) -> Response {
        try .write(200) { (writer) throws(CloudError) in write(it, into: &writer) }
    }

    /// The image, if its owner shares it at all.
    private static func shared(_ id: ID<Image>, _ call: Call, _ reader: any Reader) throws(CloudError) -> Stored<Image>
    {
        let it = try reader.image(id, for: call.caller)
        guard it.visibility == .shared else {
            throw CloudError(.forbidden, "Only images whose visibility is shared have members.")
        }
        return it
    }

    /// One share, if it is the caller's own or of the caller's image.
    private static func one(_ call: Call, _ reader: any Reader) throws(CloudError) -> (
        Stored<Image>, Stored<ImageMember>
    ) {
        let it = try shared(ID(call.parameter("image_id")), call, reader)
        let member = call.parameter("member_id")
        guard it.belongs(to: call.caller) || call.project.text == member,
            let found = try reader.share(of: it.id, with: member)
        else { throw .missing("Member", member) }
        return (it, found)
    }

    private static let list = Route(
        .get, .image, path, action: "list shares", kind: Image.kind, rule: .role(.reader),
        "Lists the projects that an image is shared with; a member sees itself."
    ) { (call) throws(CloudError) in
        let found = try await call.store.read { (reader) throws(CloudError) in
            let it = try shared(ID(call.parameter("image_id")), call, reader)
            return try reader.list(ImageMember.self, where: "image_id", .string(it.id.text))
                .filter { it.belongs(to: call.caller) || $0.member == call.project.text }
        }
        return try .write(200) { (writer) throws(CloudError) in
            writer.key("members")
            try writer.array(found[...]) { (member, writer) throws(CloudError) in
                try writer.object { (writer) throws(CloudError) in write(member, into: &writer) }
            }
            writer.field("schema", "/v2/schemas/members")
        }
    }

    private static let show = Route(
        .get, .image, onePath, action: "show share", kind: Image.kind, rule: .role(.reader), "Shows one member."
    ) { (call) throws(CloudError) in
        try body(try await call.store.read { (reader) throws(CloudError) in try one(call, reader).1 })
    }

    private static let share = Route(
        .post, .image, path, action: "share", kind: Image.kind, rule: .role(.member), intake: .json(),
        "Shares an image with a project.", example: ["member": "{project}"]
    ) { (call) throws(CloudError) in
        guard let name = call.body["member"]?.string, !name.isEmpty else {
            throw .invalid("The body must name a project as 'member'.", field: "member")
        }
        let (id, memberID) = (ID<Image>(call.parameter("image_id")), ID<ImageMember>(call.dice.uuid()))
        return try body(
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.ownImage(id, for: call.caller)
                _ = try shared(id, call, writer)
                guard try writer.count(Query(ImageMember.kind).with("image_id", .string(id.text))) < ImageMember.most
                else {
                    throw CloudError(.overQuota, "An image has at most \(ImageMember.most) members.")
                }
                guard try writer.share(of: id, with: name) == nil else {
                    throw .conflict("Image \(id) is shared with project \(name.prefix(64)) already.")
                }
                var member = ImageMember()
                member.image = id
                try ImageMember.fields.first { $0.name == "member_id" }?.set(&member, .string(name))
                return try writer.insert(member, id: memberID)
            })
    }

    private static let answer = Route(
        .put, .image, onePath, action: "answer share", kind: Image.kind, rule: .role(.member), intake: .json(),
        "Accepts or rejects an image that is shared with the caller's project.", example: ["status": "accepted"]
    ) { (call) throws(CloudError) in
        guard let status = call.body["status"]?.string.flatMap(ImageMember.Status.init(rawValue:)) else {
            throw .invalid("The status must be pending, accepted or rejected.", field: "status")
        }
        return try body(
            try await call.write(call.parameter("image_id")) { (writer) throws(CloudError) in
                var (_, member) = try one(call, writer)
                guard member.member == call.project.text || call.caller.isOperator else {
                    throw CloudError(.forbidden, "Only the member itself answers.")
                }
                member.status = status
                try writer.update(&member)
                return member
            })
    }

    private static let unshare = Route(
        .delete, .image, onePath, action: "unshare", kind: Image.kind, rule: .role(.member), status: 204,
        "Ends a project's share of an image."
    ) { (call) throws(CloudError) in
        let id = ID<Image>(call.parameter("image_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try writer.ownImage(id, for: call.caller)
            try writer.remove(Reference(try one(call, writer).1.id))
        }
        return Response(204)
    }
}

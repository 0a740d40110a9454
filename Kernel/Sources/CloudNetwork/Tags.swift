import CloudCore
import CloudStore
import CloudWire

/// What a tenant may mark with names and values.
protocol Taggable: Governed { var tags: [String: String] { get set } }
extension LogicalNetwork: Taggable {}
extension Subnet: Taggable {}
extension Port: Taggable {}
extension SecurityGroup: Taggable {}
extension Router: Taggable {}
extension FloatingIP: Taggable {}
extension SubnetPool: Taggable {}

extension Taggable {
    /// As OpenStack's clients see them: `name=value`, or a name alone.
    var tagNames: [String] { tags.map { $1.isEmpty ? $0 : $0 + "=" + $1 }.sorted() }

    fileprivate mutating func add(_ tag: String) {
        if !tagNames.contains(tag) { tags[tag] = "" }
    }

    fileprivate mutating func drop(_ tag: String) {
        tags = tags.filter { ($0.value.isEmpty ? $0.key : $0.key + "=" + $0.value) != tag }
    }
}

/// Bounds of tags: at most 64, names of 128 bytes, values of 256.
enum TagBounds {
    static func check(_ tags: [String: String]) throws(CloudError) {
        guard tags.count <= 64, tags.allSatisfy({ $0.key.utf8.count <= 128 && $0.value.utf8.count <= 256 }) else {
            throw .invalid("At most 64 tags, names of 128 bytes, values of 256.", field: "tags")
        }
    }
    static func check(_ tag: String) throws(CloudError) {
        guard !tag.isEmpty, tag.utf8.count <= 128, !tag.holds(",") else {
            throw .invalid("A tag has 1 to 128 bytes and no comma.", field: "tags")
        }
        try FieldType.text(max: 128, lines: false).check(.string(tag), name: "tags")
    }
}

extension Attribute where R: Taggable {
    /// ECL's tags are an object.
    static func eclTags() -> Self {
        Attribute(
            "tags", type: .json(max: 8192), rights: [.read, .create, .update], "Names and values of the owner's own.",
            read: { (it, _) throws(CloudError) in it.value.tags.json },
            write: { (value, json) throws(CloudError) in
                let tags = json.isNull ? [:] : try [String: String](json: json)
                try TagBounds.check(tags)
                value.tags = tags
            }
        ).only(for: .ecl)
    }

    /// OpenStack's are a list of `name=value`, or of names alone.
    static func openstackTags() -> Self {
        Attribute(
            "tags", type: .json(max: 8192), rights: [.read, .create], "The owner's own, as name=value.",
            read: { (it, _) throws(CloudError) in .array(it.value.tagNames.map { .string($0) }) },
            write: { (value, json) throws(CloudError) in value.tags = try Tags.read(json) }
        ).only(for: .openstack)
    }
}

/// Neutron's routes for the tags of each kind.
enum Tags {
    static let routes =
        routes(LogicalNetwork.face) + routes(Subnet.face) + routes(Port.face) + routes(SecurityGroup.face)
        + routes(Router.face) + routes(FloatingIP.face) + routes(SubnetPool.face)

    static func read(_ json: JSON?) throws(CloudError) -> [String: String] {
        let names = try [String](json: json ?? .null)
        for name in names { try TagBounds.check(name) }
        let tags = Dictionary(names.map { ($0, "") }, uniquingKeysWith: { first, _ in first })
        try TagBounds.check(tags)
        return tags
    }

    private static func routes<R: Taggable>(_ face: Face<R>) -> [Route] {
        let parameter = R.kind.name + "_id"
        let all = face.path + "/{" + parameter + "}/tags"
        let noun = R.kind.name
        @Sendable func change(_ call: Call, _ body: @escaping @Sendable (inout R) throws(CloudError) -> Void)
            async throws(CloudError) -> [String]
        {
            let id = ID<R>(call.parameter(parameter))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try call.checkRevision(it.version)
                    try body(&it.value)
                    try TagBounds.check(it.tags)
                }
                return it.value.tagNames
            }
        }
        @Sendable func answer(_ tags: [String]) -> Response { .json(200, ["tags": .array(tags.map { .string($0) })]) }
        return [
            Route(
                .get, face.service, all, action: "list-tags", kind: R.kind, rule: .role(.reader),
                "Lists the tags of a \(noun)."
            ) {
                (call) throws(CloudError) in
                let id = ID<R>(call.parameter(parameter))
                return answer(
                    try await call.store.read { (reader) throws(CloudError) in
                        try reader.get(id, for: call.caller).value.tagNames
                    })
            },
            Route(
                .put, face.service, all, action: "replace-tags", kind: R.kind, rule: .role(.member), intake: .json(),
                "Replaces the tags of a \(noun).", example: ["tags": ["red", "blue"]]
            ) { (call) throws(CloudError) in
                let tags = try read(call.body["tags"])
                return answer(try await change(call) { (it) throws(CloudError) in it.tags = tags })
            },
            Route(
                .delete, face.service, all, action: "delete-tags", kind: R.kind, rule: .role(.member), status: 204,
                "Takes all tags off a \(noun)."
            ) { (call) throws(CloudError) in
                _ = try await change(call) { (it) throws(CloudError) in it.tags = [:] }
                return Response(204)
            },
        ] + single(face, all, change)
    }

    private static func single<R: Taggable>(
        _ face: Face<R>, _ all: String,
        _ change:
            @escaping @Sendable (Call, @escaping @Sendable (inout R) throws(CloudError) -> Void)
            async throws(CloudError) -> [String]
    ) -> [Route] {
        let (parameter, noun) = (R.kind.name + "_id", R.kind.name)
        return [
            Route(
                .get, face.service, all + "/{tag}", action: "show-tag", kind: R.kind, rule: .role(.reader), status: 204,
                "Tells whether a \(noun) has a tag."
            ) { (call) throws(CloudError) in
                let (id, tag) = (ID<R>(call.parameter(parameter)), call.parameter("tag"))
                let tags = try await call.store.read { (reader) throws(CloudError) in
                    try reader.get(id, for: call.caller).value.tagNames
                }
                guard tags.contains(tag) else { throw .missing("Tag", tag) }
                return Response(204)
            },
            Route(
                .put, face.service, all + "/{tag}", action: "add-tag", kind: R.kind, rule: .role(.member), status: 201,
                "Adds a tag to a \(noun)."
            ) { (call) throws(CloudError) in
                let tag = call.parameter("tag")
                try TagBounds.check(tag)
                _ = try await change(call) { (it) throws(CloudError) in it.add(tag) }
                return Response(201)
            },
            Route(
                .delete, face.service, all + "/{tag}", action: "delete-tag", kind: R.kind, rule: .role(.member),
                status: 204, "Takes a tag off a \(noun)."
            ) { (call) throws(CloudError) in
                let tag = call.parameter("tag")
                _ = try await change(call) { (it) throws(CloudError) in
                    guard it.tagNames.contains(tag) else { throw .missing("Tag", tag) }
                    it.drop(tag)
                }
                return Response(204)
            },
        ]
    }
}

import CloudCore
import CloudStore
import CloudWire

/// A size that servers come in.
public struct Flavor: Resource {
    public var name = "", vcpus = 1, ram = 512, disk = 0, isPublic = true

    public init() {}

    public static let kind = Kind("flavor", "flavors", service: "compute")
    public static let access = Access.system
    public static let fields: [Field<Flavor>] = [
        .text("name", \.name, [.read, .create, .required, .unique], "Its name."),
        .integer("vcpus", \.vcpus, [.read, .create, .required], 1...256, "Virtual processors."),
        .integer("ram", \.ram, [.read, .create, .required], 16...4_194_304, "MiB of memory."),
        .integer("disk", \.disk, [.read, .create], 0...65_536, "GiB of root disk; 0 for the image's own size."),
        .boolean("is_public", \.isPublic, [.read, .create], "Whether every project may use it."),
    ]
}

extension Flavor: Governed {
    static func face(_ base: String) -> Face<Flavor> {
        Face(
            .compute, "/v2.1/{project_id}/flavors", "flavor", "flavors",
            [
                .id(), .field("name"), .field("vcpus"), .field("ram"), .field("disk"),
                .field("is_public", as: "os-flavor-access:is_public"),
                .zero("OS-FLV-EXT-DATA:ephemeral", "GiB of a second disk: there is none."),
                .zero("swap", "MiB of swap disk: there is none."),
                .computed("rxtx_factor", "Networks are not weighted by flavor.") { (_, _) in .number(1) },
                .computed("OS-FLV-DISABLED:disabled", "Whether new servers are refused.") { (_, _) in false },
                .computed("links", "Where it is.") { (it, _) in
                    [["rel": "self", "href": .string("\(base)/compute/v2.1/flavors/\(it.id)")]]
                },
            ])
    }

    static func routes(_ base: String) -> [Route] {
        let face = face(base)
        return [
            list(face, "", only: ["id", "name", "links"]), list(face, "/detail", only: []),
            face.show(.role(.reader)), create(face), face.delete(.operator),
            Route(
                .get, .compute, face.path + "/{flavor_id}/os-extra_specs", action: "show", kind: kind,
                rule: .role(.reader), "Shows a flavor's extra properties."
            ) { (call) throws(CloudError) in
                let id = ID<Flavor>(call.parameter("flavor_id"))
                _ = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
                return .json(200, ["extra_specs": [:]])
            },
        ]
    }

    private static func list(_ face: Face<Flavor>, _ suffix: String, only: Set<String>) -> Route {
        Route(
            .get, .compute, face.path + suffix, action: "list", kind: kind, rule: .role(.reader), "Lists the flavors."
        ) { (call) throws(CloudError) in
            try await face.page(call, strict: false) { (it, reader, writer, _) throws(CloudError) in
                try face.write(it, reader, into: &writer, only: only)
            } next: { writer, marker in
                writer.field(
                    "flavors_links", [["rel": "next", "href": .string(call.base + call.request.nextPath(marker))]])
            }
        }
    }

    private static func create(_ face: Face<Flavor>) -> Route {
        Route(
            .post, .compute, face.path, action: "create", kind: kind, rule: .operator, intake: .json(),
            "Creates a flavor.", example: ["flavor": ["name": "small", "ram": 512, "vcpus": 1, "disk": 1]]
        ) { (call) throws(CloudError) in
            var object = try call.object("flavor")
            let wanted = object.removeValue(forKey: "id")?.string ?? ""
            let id = wanted.isEmpty || wanted == "auto" ? newID(call.dice) : ID<Flavor>(wanted)
            try FieldType.text(max: 64, lines: false).check(.string(id.text), name: "id")
            // Zero or one is all there is of these, and clients always send them.
            for name in ["OS-FLV-EXT-DATA:ephemeral", "swap", "rxtx_factor"] { object[name] = nil }
            var draft = Flavor()
            try face.apply(object, to: &draft, right: .create)
            let value = draft
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    try face.body(try writer.create(value, id: id, project: call.project, for: call.caller), writer)
                })
        }
    }
}

extension Attribute {
    static func zero(_ name: String, _ help: String) -> Self { .computed(name, help) { (_, _) in 0 } }
}

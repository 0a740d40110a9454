import CloudCore
import CloudStore
import CloudWire

/// A size that servers come in.
public struct Flavor: Resource {
    public var name = "", vcpus = 1, ram = 512, disk = 0, isPublic = true, description = ""
    /// What schedulers and hypervisors of other clouds read; kept for their users.
    public var extraSpecs: [String: String] = [:]
    /// The projects that may use it, if not every one.
    public var projects: [String] = []

    public init() {}

    public static let kind = Kind("flavor", "flavors", service: "compute")
    public static let access = Access.system
    public static let fields: [Field<Flavor>] = [
        .text("name", \.name, [.read, .create, .required, .unique], "Its name."),
        .integer("vcpus", \.vcpus, [.read, .create, .required], 1...256, "Virtual processors."),
        .integer("ram", \.ram, [.read, .create, .required], 16...4_194_304, "MiB of memory."),
        .integer("disk", \.disk, [.read, .create], 0...65_536, "GiB of root disk; 0 for the image's own size."),
        .boolean("is_public", \.isPublic, [.read, .create], "Whether every project may use it."),
        .text("description", \.description, [.read, .create, .update], max: 65_535, lines: true, "What it is for."),
        .value("extra_specs", \.extraSpecs, [.read], max: 32_768, "Names and values of its own."),
        .value("projects", \.projects, [], max: 65_535, "The projects that may use it."),
    ]

    /// Whether a caller may see it and order servers of it: all, if it is public.
    func isOpen(to caller: Caller) -> Bool {
        isPublic || caller.isOperator || caller.project.map { projects.contains($0.text) } ?? false
    }
}

extension Flavor: Governed {
    static let path = "/v2.1/{project_id}/flavors"
    static let itemPath = path + "/{flavor_id}"

    static func face(_ base: String) -> Face<Flavor> {
        Face(
            .compute, path, "flavor", "flavors",
            [
                .id(), .field("name"), .field("vcpus"), .field("ram"), .field("disk"),
                .field("is_public", as: "os-flavor-access:is_public"),
                .zero("OS-FLV-EXT-DATA:ephemeral", "GiB of a second disk: there is none."),
                .computed("swap", "MiB of swap disk: there is none.") { (_, _) in "" },
                .computed("rxtx_factor", "Networks are not weighted by flavor.") { (_, _) in .number(1) },
                .computed("OS-FLV-DISABLED:disabled", "Whether new servers are refused.") { (_, _) in false },
                .computed("links", "Where it is.") { (it, _) in
                    [
                        ["rel": "self", "href": .string("\(base)/compute/v2.1/flavors/\(it.id)")],
                        ["rel": "bookmark", "href": .string("\(base)/compute/flavors/\(it.id)")],
                    ]
                },
            ])
    }

    /// 2.55 added the description, 2.61 the extra specs.
    private static func write(
        _ it: Stored<Flavor>, _ reader: any Reader, _ face: Face<Flavor>, _ call: Call, into out: inout JSONWriter,
        isDetailed: Bool = true
    ) throws(CloudError) {
        try face.write(it, reader, into: &out, only: isDetailed ? [] : ["id", "name", "links"])
        if call.microversion >= 55 {
            out.field("description", it.description.isEmpty ? .null : .string(it.description))
        }
        if isDetailed, call.microversion >= 61 { out.field("extra_specs", it.extraSpecs.json) }
    }

    static func body(_ it: Stored<Flavor>, _ reader: any Reader, _ face: Face<Flavor>, _ call: Call) throws(CloudError)
        -> Response
    {
        try .write(200) { (out) throws(CloudError) in
            out.key("flavor")
            try out.object { (out) throws(CloudError) in try write(it, reader, face, call, into: &out) }
        }
    }

    static func routes(_ base: String) -> [Route] {
        let face = face(base)
        return [
            list(face, "", isDetailed: false), list(face, "/detail", isDetailed: true), show(face), create(face),
            update(face), face.delete(.operator, status: 202),
        ]
            + specRoutes + accessRoutes
    }

    /// The flavor, if the caller may see it.
    static func open(_ call: Call, in reader: any Reader) throws(CloudError) -> Stored<Flavor> {
        let it = try reader.get(ID<Flavor>(call.parameter("flavor_id")))
        guard it.value.isOpen(to: call.caller) else { throw .missing(kind.title, it.id.text) }
        return it
    }

    private static func show(_ face: Face<Flavor>) -> Route {
        Route(.get, .compute, itemPath, action: "show", kind: kind, rule: .role(.reader), "Shows one flavor.") {
            (call) throws(CloudError) in
            try await call.store.read { (reader) throws(CloudError) in
                try body(try open(call, in: reader), reader, face, call)
            }
        }
    }

    private static func list(_ face: Face<Flavor>, _ suffix: String, isDetailed: Bool) -> Route {
        Route(
            .get, .compute, path + suffix, action: "list", kind: kind, rule: .role(.reader), "Lists the flavors."
        ) { (call) throws(CloudError) in
            let pick = try FlavorPick(call)
            return try await call.store.read { (reader) throws(CloudError) in
                let (found, goesOn) = try pick.page(reader)
                let items = try reader.written(found, as: Flavor.self, call.variant()) {
                    (it, out) throws(CloudError) in
                    try write(it, reader, face, call, into: &out, isDetailed: isDetailed)
                }
                return try .write(200) { (out) throws(CloudError) in
                    out.field("flavors", written: items)
                    guard goesOn, let last = found.last else { return }
                    out.field(
                        "flavors_links",
                        [["rel": "next", "href": .string(call.base + call.request.nextPath(last.id))]])
                }
            }
        }
    }

    private static func create(_ face: Face<Flavor>) -> Route {
        Route(
            .post, .compute, face.path, action: "create", kind: kind, rule: .operator, intake: .json(),
            "Creates a flavor.", example: ["flavor": ["name": "small", "ram": 512, "vcpus": 1, "disk": 1]]
        ) { (call) throws(CloudError) in
            var object = try call.object("flavor")
            let wanted = object.removeValue(forKey: "id").flatMap { $0.string ?? $0.integer.map(String.init) } ?? ""
            let id = wanted.isEmpty || wanted == "auto" ? newID(call.dice) : ID<Flavor>(wanted)
            try FieldType.text(max: 64, lines: false).check(.string(id.text), name: "id")
            // Zero or one is all there is of these, and clients always send them.
            for name in ["OS-FLV-EXT-DATA:ephemeral", "swap", "rxtx_factor"] {
                let given = object.removeValue(forKey: name)
                guard given.map({ [0, 1, "", "0", "1", "1.0", .number(1), .number(0), .null].contains($0) }) ?? true
                else {
                    throw .invalid("\(name) is not offered.", field: name)
                }
            }
            var draft = Flavor()
            if call.microversion >= 55, let text = object.removeValue(forKey: "description") {
                try fields.first { $0.name == "description" }!.set(&draft, text.isNull ? "" : text)
            }
            for name in ["ram", "vcpus", "disk"] {
                if let number = object[name]?.string.flatMap(Int.init) { object[name] = .integer(number) }
            }
            if let flag = object["os-flavor-access:is_public"]?.string.flatMap(Bool.init(word:)) {
                object["os-flavor-access:is_public"] = .bool(flag)
            }
            try face.apply(object, to: &draft, right: .create)
            let value = draft
            return try await call.write(id.text) { (writer) throws(CloudError) in
                guard try writer.find(id) == nil,
                    try writer.first(Flavor.self, where: "name", .string(value.name)) == nil
                else {
                    throw .conflict("Flavor with name \(value.name) or ID \(id) already exists.")
                }
                return try body(
                    try writer.create(value, id: id, project: call.project, for: call.caller), writer, face, call)
            }
        }
    }

    private static func update(_ face: Face<Flavor>) -> Route {
        Route(
            .put, .compute, itemPath, action: "update", kind: kind, rule: .operator, intake: .json(),
            "Changes a flavor's description.", example: ["flavor": ["description": "for tests"]]
        ) { (call) throws(CloudError) in
            let object = try call.object("flavor")
            guard object.count == 1, let text = object["description"] else {
                throw .invalid("Only the description changes.", field: "description")
            }
            let id = ID<Flavor>(call.parameter("flavor_id"))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try fields.first { $0.name == "description" }!.set(&it.value, text.isNull ? "" : text)
                }
                return try body(it, writer, face, call)
            }
        }
    }
}

extension Attribute {
    static func zero(_ name: String, _ help: String) -> Self { .computed(name, help) { (_, _) in 0 } }
}

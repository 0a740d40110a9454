import CloudCore
import CloudStore
import CloudWire

/// A kind of volume and what it promises.
public struct VolumeType: Resource {
    public var name = "", description = "", isPublic = true
    /// What clients and schedulers read. `iops_per_gb` is also a promise: so many requests a second for each GiB,
    /// no more and no fewer.
    public var extraSpecs: [String: String] = [:]

    public init() {}

    public static let kind = Kind("volume_type", "volume_types", service: "volume")
    public static let access = Access.system
    public static let fields: [Field<VolumeType>] = [
        .text("name", \.name, [.read, .create, .update, .required, .unique], "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .boolean("is_public", \.isPublic, [.read, .create, .update], "Whether every project may order it."),
        .value("extra_specs", \.extraSpecs, [.read, .create], max: 32_768, "Names and values of its own."),
    ]

    /// Requests a second that each GiB has; nil where the type promises none.
    var iopsPerGiB: Int? { extraSpecs[Self.iopsSpec].flatMap { Int($0) } }
    static let iopsSpec = "iops_per_gb"
    /// What lets each order choose: the sizes in GiB, and the requests a second of each GiB, in lists with commas.
    static let sizesSpec = "available_volume_size", ratesSpec = "available_iops_per_gb"
    var sizes: [Int] { list(Self.sizesSpec) }
    var rates: [Int] { list(Self.ratesSpec) }
    private func list(_ spec: String) -> [Int] {
        (extraSpecs[spec] ?? "").split(separator: ",").compactMap { Int($0) }
    }
    /// Whether virtual storages are made of it.
    var isForTargets: Bool { !sizes.isEmpty && !rates.isEmpty }

    /// Throws `invalid` for a size in GiB that it does not list, where it lists any.
    func require(size: Int) throws(CloudError) {
        guard sizes.isEmpty || sizes.contains(size) else {
            throw .invalid(
                "Volumes of type \(name) have one of these sizes in GiB: \(extraSpecs[Self.sizesSpec] ?? "").",
                field: "size")
        }
    }

    /// The rate of a volume that asks for this one, or for none: then the lowest. 0 where there is no choice.
    func rate(_ wish: Int) throws(CloudError) -> Int {
        guard wish == 0 || rates.contains(wish) else {
            throw .invalid(
                "Volumes of type \(name) have no iops_per_gb of \(wish); there are: \(extraSpecs[Self.ratesSpec] ?? "none").",
                field: "iops_per_gb")
        }
        return wish == 0 ? rates.min() ?? 0 : wish
    }
}

extension VolumeType: Governed {
    /// What a cloud begins with, and what a volume is of that names no type.
    static let standard = ID<VolumeType>("5a1e7a6c-3f0b-4c38-9d57-0e5d2c1b8f64")
    /// What virtual storages are made of from the beginning.
    static let targets = ID<VolumeType>("0d6f2c9b-8e41-4a57-b3c2-6f1a9e4d7b35")

    public static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        try draft.value.check()
    }

    public static func admitChange(
        of it: inout Stored<Self>, from old: Stored<Self>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check()
        let uses = try writer.first(Volume.self, where: "volume_type", .string(it.id.text)) != nil
        guard !uses || it.iopsPerGiB == old.iopsPerGiB else {
            throw .conflict("Volumes of type \(it.name) were promised \(iopsSpec) as it is.")
        }
    }

    /// The type of an id or a name, if the caller may order it.
    static func named(_ name: String, for caller: Caller, in reader: any Reader) throws(CloudError) -> Stored<Self> {
        var found = try reader.find(ID<VolumeType>(name))
        if found == nil { found = try reader.first(VolumeType.self, where: "name", .string(name)) }
        guard let found, found.isPublic || caller.isOperator else {
            throw CloudError(.missing, "Volume type \(name.prefix(255)) could not be found.")
        }
        return found
    }

    private func check() throws(CloudError) {
        for (name, value) in extraSpecs {
            guard name.isPlainKey(upTo: 255), value.utf8.count <= 255 else {
                throw .invalid("Extra specs have names of letters, digits and -_:. of at most 255.")
            }
        }
        guard extraSpecs["multiattach"] != "<is> True" else {
            throw .invalid("Volumes that several servers have at once are not offered.", field: "multiattach")
        }
        for (spec, most) in [(Self.sizesSpec, Volume.largest), (Self.ratesSpec, 100_000)] {
            guard let text = extraSpecs[spec] else { continue }
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard parts.allSatisfy((1...most).contains) else {
                throw .invalid("\(spec) must be whole numbers from 1 to \(most), joined by commas.", field: spec)
            }
        }
        if let text = extraSpecs[Self.iopsSpec] {
            guard let number = Int(text), (1...100_000).contains(number) else {
                throw .invalid("\(Self.iopsSpec) must be a whole number from 1 to 100000.", field: Self.iopsSpec)
            }
        }
    }

    static let path = "/v3/{project_id}/types"
    private static let itemPath = path + "/{volume_type_id}"

    static let face = Face<VolumeType>(
        .volume, path, "volume_type", "volume_types",
        [
            .id(), .field("name"), .field("description"), .field("is_public"), .field("extra_specs"),
            .field("is_public", as: "os-volume-type-access:is_public"),
        ])

    static let routes =
        [
            Cinder.list(face) { (query, call) throws(CloudError) in
                if !call.caller.isOperator { query = query.with("is_public", true) }
                // Clients send "None" for both.
                query.conditions.removeAll {
                    $0.column == "is_public" && call.request[query: "is_public"]?.lowercased() == "none"
                }
            },
            face.show(), face.create(.operator, status: 200, example: ["volume_type": ["name": "fast"]]),
            face.update(.put, .operator, example: ["volume_type": ["description": "for databases"]]),
            face.delete(.operator, status: 202), standardRoute,
        ] + specRoutes

    private static let standardRoute = Route(
        .get, .volume, path + "/default", action: "show", rule: .role(.reader),
        "Shows the type of volumes that name none."
    ) { (call) throws(CloudError) in
        .bytes(
            200,
            try await call.store.read { (reader) throws(CloudError) in
                try face.body(try reader.get(standard), reader)
            })
    }

    private static func noSpec(_ key: String) -> CloudError {
        CloudError(.missing, "The volume type has no extra spec '\(key.prefix(64))'.")
    }

    private static func change(
        _ call: Call, _ body: @escaping @Sendable (inout VolumeType) throws(CloudError) -> Void
    ) async throws(CloudError) -> Stored<VolumeType> {
        let id = ID<VolumeType>(call.parameter("volume_type_id"))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try writer.revise(id, for: call.caller) { (it) throws(CloudError) in try body(&it.value) }
        }
    }

    private static let specRoutes = [
        Route(
            .get, .volume, itemPath + "/extra_specs", action: "list_specs", kind: kind, rule: .role(.reader),
            "Shows a volume type's extra specs."
        ) { (call) throws(CloudError) in
            let id = ID<VolumeType>(call.parameter("volume_type_id"))
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
            return .json(200, ["extra_specs": it.extraSpecs.json])
        },
        Route(
            .post, .volume, itemPath + "/extra_specs", action: "add_specs", kind: kind, rule: .operator,
            intake: .json(), "Adds to a volume type's extra specs.", example: ["extra_specs": ["iops_per_gb": "4"]]
        ) { (call) throws(CloudError) in
            let specs = try [String: String](json: call.body["extra_specs"] ?? .null)
            _ = try await change(call) { (it) throws(CloudError) in it.extraSpecs.merge(specs) { $1 } }
            return .json(200, ["extra_specs": specs.json])
        },
        Route(
            .get, .volume, itemPath + "/extra_specs/{spec_key}", action: "show_spec", kind: kind, rule: .role(.reader),
            "Shows one of a volume type's extra specs."
        ) { (call) throws(CloudError) in
            let (id, key) = (ID<VolumeType>(call.parameter("volume_type_id")), call.parameter("spec_key"))
            let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id) }
            guard let value = it.extraSpecs[key] else { throw noSpec(key) }
            return .json(200, [key: .string(value)])
        },
        Route(
            .put, .volume, itemPath + "/extra_specs/{spec_key}", action: "set_spec", kind: kind, rule: .operator,
            intake: .json(), "Sets one of a volume type's extra specs.", example: ["hw:cpu_policy": "shared"]
        ) { (call) throws(CloudError) in
            let (key, specs) = (call.parameter("spec_key"), try [String: String](json: call.body))
            guard specs.count == 1, let value = specs[key] else {
                throw .invalid("The body must hold the one spec that the path names.")
            }
            _ = try await change(call) { (it) throws(CloudError) in it.extraSpecs[key] = value }
            return .json(200, specs.json)
        },
        Route(
            .delete, .volume, itemPath + "/extra_specs/{spec_key}", action: "remove_spec", kind: kind,
            rule: .operator, status: 202, "Removes one of a volume type's extra specs."
        ) { (call) throws(CloudError) in
            let key = call.parameter("spec_key")
            _ = try await change(call) { (it) throws(CloudError) in
                guard it.extraSpecs.removeValue(forKey: key) != nil else { throw noSpec(key) }
            }
            return Response(202)
        },
    ]
}

extension String {
    /// Whether it is a name of letters, digits and `-_:.`, of 1 to `most` bytes.
    func isPlainKey(upTo most: Int) -> Bool {
        (1...most).contains(utf8.count)
            && utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-_:. ".utf8.contains(byte)
            }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// What a project may have of compute at most; -1 for as much as there is. A project without one has the defaults.
public struct QuotaSet: Resource {
    public var limits: [String: Int] = [:]

    public init() {}

    public static let kind = Kind("quota_set", "quota_sets", service: "compute")
    public static let access = Access.system
    public static let fields: [Field<QuotaSet>] = [
        .value("limits", \.limits, [.read, .update], max: 2048, "The limits that differ from the defaults.")
    ]

    /// What is counted, by Nova's names.
    enum Item: String, CaseIterable, Sendable {
        case instances, cores, ram
        case keyPairs = "key_pairs"
        case metadataItems = "metadata_items"
        case serverGroups = "server_groups"
        case serverGroupMembers = "server_group_members"

        /// What a new project may have.
        var standard: Int {
            switch self {
            case .instances: 50
            case .cores: 200
            case .ram: 512_000
            case .keyPairs: 100
            case .metadataItems: 128
            case .serverGroups: 10
            case .serverGroupMembers: 10
            }
        }
    }

    /// Nova's names for what other services count, or what is not offered: shown while clients still ask for it.
    static let legacy: [(name: String, until: Int, value: Int)] = [
        ("injected_files", 57, 0), ("injected_file_content_bytes", 57, 0), ("injected_file_path_bytes", 57, 0),
        ("fixed_ips", 36, -1), ("floating_ips", 36, -1), ("security_groups", 36, -1), ("security_group_rules", 36, -1),
    ]

    func limit(_ item: Item) -> Int { limits[item.rawValue] ?? item.standard }
}

/// A project's limits, and what it uses of them at this moment of a transaction.
struct Allowance {
    let project: ProjectID
    let quota: QuotaSet

    func used(_ item: QuotaSet.Item, in reader: any Reader) throws(CloudError) -> Int {
        switch item {
        case .instances: try reader.count(servers)
        case .cores: try reader.sum("vcpus", servers)
        case .ram: try reader.sum("memory", servers)
        case .serverGroups:
            try reader.count(Query(ServerGroup.kind, limit: .max).with("project_id", .string(project.text)))
        case .keyPairs, .metadataItems, .serverGroupMembers: 0
        }
    }

    private var servers: Query {
        var query = Query(Server.kind, limit: .max).with("project_id", .string(project.text))
        query.includesDeleting = true
        return query
    }

    /// Throws `overQuota` where `more` of an item go beyond its limit.
    func require(_ item: QuotaSet.Item, _ more: Int = 1, in reader: any Reader) throws(CloudError) {
        let limit = quota.limit(item)
        guard limit >= 0, more > 0 else { return }
        let used = try used(item, in: reader)
        guard used + more <= limit else {
            throw CloudError(
                .overQuota,
                "Quota exceeded for \(item.rawValue): Requested \(more), but already used \(used) of \(limit) \(item.rawValue)."
            )
        }
    }

    /// Throws `overQuota` for more names of metadata than a server may have.
    func requireMetadata(_ count: Int) throws(CloudError) {
        let limit = quota.limit(.metadataItems)
        guard limit < 0 || count <= limit else {
            throw CloudError(.overQuota, "Maximum number of metadata items exceeds \(limit).")
        }
    }

    /// The same for all that servers of a size take.
    func require(servers count: Int, vcpus: Int, memory: Int, in reader: any Reader) throws(CloudError) {
        try require(.instances, count, in: reader)
        try require(.cores, count * vcpus, in: reader)
        try require(.ram, count * memory, in: reader)
    }
}

extension QuotaSet {
    static func of(_ project: ProjectID, in reader: any Reader) throws(CloudError) -> Allowance {
        Allowance(project: project, quota: try reader.find(ID<QuotaSet>(project.text))?.value ?? QuotaSet())
    }

    private static let path = "/v2.1/{project_id}/os-quota-sets/{quota_project_id}"

    static let routes = [
        show("", "show", "Shows a project's quotas.") { (allowance, item, _) throws(CloudError) in
            .integer(allowance.quota.limit(item))
        },
        show("/defaults", "show_defaults", "Shows what a new project may have.") { (_, item, _) throws(CloudError) in
            .integer(item.standard)
        },
        show("/detail", "show_detail", "Shows a project's quotas and what it uses.") {
            (allowance, item, reader) throws(CloudError) in
            [
                "limit": .integer(allowance.quota.limit(item)),
                "in_use": .integer(try allowance.used(item, in: reader)), "reserved": 0,
            ]
        },
        update, delete,
    ]

    private static func show(
        _ suffix: String, _ action: String, _ help: String,
        _ value: @escaping @Sendable (Allowance, Item, any Reader) throws(CloudError) -> JSON
    ) -> Route {
        Route(.get, .compute, path + suffix, action: action, rule: .role(.reader), help) { (call) throws(CloudError) in
            let project = try target(call)
            return try await call.store.read { (reader) throws(CloudError) in
                try .json(200, ["quota_set": body(project, call.microversion, id: true, reader, value)])
            }
        }
    }

    /// One's own project; any for an operator.
    private static func target(_ call: Call) throws(CloudError) -> ProjectID {
        let project = ProjectID(call.parameter("quota_project_id"))
        guard call.caller.isOperator || project == call.project else {
            throw CloudError(.forbidden, "Only an operator sees the quotas of another project.")
        }
        return project
    }

    private static func body(
        _ project: ProjectID, _ version: Int, id: Bool, _ reader: any Reader,
        _ value: (Allowance, Item, any Reader) throws(CloudError) -> JSON
    ) throws(CloudError) -> JSON {
        let allowance = try of(project, in: reader)
        var out: [String: JSON] = id ? ["id": .string(project.text)] : [:]
        var isDetail = false
        for item in Item.allCases {
            let shown = try value(allowance, item, reader)
            isDetail = shown.object != nil
            out[item.rawValue] = shown
        }
        for (name, until, number) in legacy where version < until {
            out[name] = isDetail ? ["limit": .integer(number), "in_use": 0, "reserved": 0] : .integer(number)
        }
        return .object(out)
    }

    private static let update = Route(
        .put, .compute, path, action: "update", kind: kind, rule: .operator, intake: .json(),
        "Changes a project's quotas.",
        example: ["quota_set": ["instances": 20, "cores": 40]]
    ) { (call) throws(CloudError) in
        let project = try target(call)
        let wanted = try call.object("quota_set")
        return try await call.write(project.text) { (writer) throws(CloudError) in
            let id = ID<QuotaSet>(project.text)
            let known = try writer.find(id)
            var it: Stored<QuotaSet>
            if let known { it = known } else { it = try writer.insert(QuotaSet(), id: id) }
            let isForced = wanted["force"]?.bool ?? false
            for (name, value) in wanted.sorted(by: { $0.key < $1.key }) where name != "force" && name != "tenant_id" {
                guard let item = Item(rawValue: name) else {
                    if legacy.contains(where: { $0.name == name && call.microversion < $0.until }) { continue }
                    throw .invalid("'\(name.prefix(64))' is not a quota of compute.", field: name)
                }
                guard let number = value.integer ?? value.string.flatMap(Int.init),
                    (-1...Int(Int32.max)).contains(number)
                else {
                    throw .invalid("\(name) must be -1 or a whole number up to \(Int32.max).", field: name)
                }
                let used = try of(project, in: writer).used(item, in: writer)
                guard isForced || number < 0 || number >= used else {
                    throw .invalid(
                        "Quota limit \(number) for \(name) must be greater than or equal to already used \(used).",
                        field: name)
                }
                it.value.limits[name] = number
            }
            try writer.update(&it)
            return try .json(
                200,
                [
                    "quota_set": body(project, call.microversion, id: false, writer) {
                        (allowance, item, _) throws(CloudError) in
                        .integer(allowance.quota.limit(item))
                    }
                ])
        }
    }

    private static let delete = Route(
        .delete, .compute, path, action: "delete", kind: kind, rule: .operator, status: 202,
        "Gives a project the default quotas again."
    ) { (call) throws(CloudError) in
        let project = try target(call)
        try await call.write(project.text) { (writer) throws(CloudError) in
            guard try writer.find(ID<QuotaSet>(project.text)) != nil else { return }
            try writer.remove(Reference(kind, project.text))
        }
        return Response(202)
    }
}

import CloudCore
import CloudStore
import CloudWire

/// What a project may have of storage at most; -1 for as much as there is. A project without one has the defaults.
public struct StorageQuota: Resource {
    public var limits: [String: Int] = [:]

    public init() {}

    public static let kind = Kind("storage_quota", "storage_quotas", service: "volume")
    public static let access = Access.system
    public static let fields: [Field<StorageQuota>] = [
        .value("limits", \.limits, [.read, .update], max: 2048, "The limits that differ from the defaults.")
    ]

    /// What is counted, by Cinder's names.
    enum Item: String, CaseIterable, Sendable {
        case volumes, snapshots, gigabytes, backups, groups
        case gigabytesEach = "per_volume_gigabytes"
        case backupGigabytes = "backup_gigabytes"

        /// What a new project may have.
        var standard: Int {
            switch self {
            case .volumes: 200
            case .snapshots: 400
            case .gigabytes: 20_000
            case .backups, .groups: 10
            case .gigabytesEach: -1
            case .backupGigabytes: 1000
            }
        }
    }

    func limit(_ item: Item) -> Int { limits[item.rawValue] ?? item.standard }

    static func of(_ project: ProjectID, in reader: any Reader) throws(CloudError) -> StorageAllowance {
        StorageAllowance(
            project: project, quota: try reader.find(ID<StorageQuota>(project.text))?.value ?? StorageQuota())
    }
}

/// A project's limits, and what it uses of them at this moment of a transaction.
struct StorageAllowance {
    let project: ProjectID
    let quota: StorageQuota

    func used(_ item: StorageQuota.Item, in reader: any Reader) throws(CloudError) -> Int {
        func all(_ kind: Kind) -> Query {
            var query = Query(kind, limit: .max).with("project_id", .string(project.text))
            query.includesDeleting = true
            return query
        }
        return switch item {
        case .volumes: try reader.count(all(Volume.kind))
        case .snapshots: try reader.count(all(Snapshot.kind))
        case .gigabytes: try reader.sum("size", all(Volume.kind)) + reader.sum("size", all(Snapshot.kind))
        // One limits each volume, and of the others there are none yet.
        case .gigabytesEach, .backups, .groups, .backupGigabytes: 0
        }
    }

    /// Throws `tooLarge` for a volume that is larger than one may be.
    func requireEach(_ size: Int) throws(CloudError) {
        let limit = quota.limit(.gigabytesEach)
        guard limit < 0 || size <= limit else {
            throw CloudError(
                .tooLarge,
                "VolumeSizeExceedsLimit: Requested volume size \(size)G is larger than maximum allowed limit \(limit)G."
            )
        }
    }

    /// Throws `tooLarge` where `more` of an item go beyond its limit.
    func require(_ item: StorageQuota.Item, _ more: Int = 1, in reader: any Reader) throws(CloudError) {
        let limit = quota.limit(item)
        guard limit >= 0 else { return }
        let used = try used(item, in: reader)
        guard used + more <= limit else {
            throw CloudError(
                .tooLarge,
                item != .gigabytes
                    ? "\(item == .volumes ? "Volume" : "Snapshot")LimitExceeded: Maximum number of \(item.rawValue) allowed (\(limit)) exceeded for quota '\(item.rawValue)'."
                    : "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested \(more)G, quota is \(limit)G and \(used)G has been consumed."
            )
        }
    }
}

extension StorageQuota {
    private static let path = "/v3/{project_id}/os-quota-sets/{quota_project_id}"

    static let routes = [
        show("", "show", "Shows a project's quotas of storage.", usage: false),
        show("/defaults", "show_defaults", "Shows what a new project may have of storage.", isDefault: true),
        update, delete, limits,
    ]

    private static func target(_ call: Call) throws(CloudError) -> ProjectID {
        let project = ProjectID(call.parameter("quota_project_id"))
        guard call.caller.isOperator || project == call.project else {
            throw CloudError(.forbidden, "Only an operator sees the quotas of another project.")
        }
        return project
    }

    private static func show(
        _ suffix: String, _ action: String, _ help: String, usage: Bool = false, isDefault: Bool = false
    ) -> Route {
        Route(.get, .volume, path + suffix, action: action, rule: .role(.reader), help) { (call) throws(CloudError) in
            let project = try target(call)
            let detailed = Bool(call.request[query: "usage"]?.lowercased() ?? "") ?? false
            return try await call.store.read { (reader) throws(CloudError) in
                let allowance = try of(project, in: reader)
                var out: [String: JSON] = ["id": .string(project.text)]
                for item in Item.allCases {
                    let limit = JSON.integer(isDefault ? item.standard : allowance.quota.limit(item))
                    out[item.rawValue] =
                        detailed
                        ? ["limit": limit, "in_use": .integer(try allowance.used(item, in: reader)), "reserved": 0]
                        : limit
                }
                return .json(200, ["quota_set": .object(out)])
            }
        }
    }

    private static let update = Route(
        .put, .volume, path, action: "update", kind: kind, rule: .operator, intake: .json(),
        "Changes a project's quotas of storage.", example: ["quota_set": ["volumes": 20, "gigabytes": 400]]
    ) { (call) throws(CloudError) in
        let project = try target(call)
        let wanted = try call.object("quota_set")
        return try await call.write(project.text) { (writer) throws(CloudError) in
            let id = ID<StorageQuota>(project.text)
            let known = try writer.find(id)
            var it: Stored<StorageQuota>
            if let known { it = known } else { it = try writer.insert(StorageQuota(), id: id) }
            for (name, value) in wanted.sorted(by: { $0.key < $1.key }) where name != "tenant_id" {
                guard let item = Item(rawValue: name) else {
                    throw .invalid("'\(name.prefix(64))' is not a quota of storage.", field: name)
                }
                guard let number = value.integer ?? value.string.flatMap(Int.init),
                    (-1...Int(Int32.max)).contains(number)
                else {
                    throw .invalid("\(name) must be -1 or a whole number up to \(Int32.max).", field: name)
                }
                it.value.limits[item.rawValue] = number
            }
            try writer.update(&it)
            let quota = it.value
            return .json(
                200,
                [
                    "quota_set": .object(
                        Dictionary(
                            uniqueKeysWithValues: Item.allCases.map { ($0.rawValue, .integer(quota.limit($0))) }))
                ])
        }
    }

    private static let delete = Route(
        .delete, .volume, path, action: "delete", kind: kind, rule: .operator,
        "Gives a project the default quotas of storage again."
    ) { (call) throws(CloudError) in
        let project = try target(call)
        try await call.write(project.text) { (writer) throws(CloudError) in
            guard try writer.find(ID<StorageQuota>(project.text)) != nil else { return }
            try writer.remove(Reference(kind, project.text))
        }
        return Response(200)
    }

    private static let limits = Route(
        .get, .volume, "/v3/{project_id}/limits", action: "show", rule: .role(.reader),
        "Shows the project's limits of storage and what it uses of them."
    ) { (call) throws(CloudError) in
        try await call.store.read { (reader) throws(CloudError) in
            let allowance = try of(call.project, in: reader)
            return .json(
                200,
                [
                    "limits": [
                        "rate": [],
                        "absolute": [
                            "maxTotalVolumes": .integer(allowance.quota.limit(.volumes)),
                            "maxTotalVolumeGigabytes": .integer(allowance.quota.limit(.gigabytes)),
                            "maxTotalBackups": .integer(allowance.quota.limit(.backups)),
                            "totalBackupsUsed": .integer(try allowance.used(.backups, in: reader)),
                            "maxTotalBackupGigabytes": .integer(allowance.quota.limit(.backupGigabytes)),
                            "totalBackupGigabytesUsed": .integer(try allowance.used(.backupGigabytes, in: reader)),
                            "maxTotalSnapshots": .integer(allowance.quota.limit(.snapshots)),
                            "totalSnapshotsUsed": .integer(try allowance.used(.snapshots, in: reader)),
                            "totalVolumesUsed": .integer(try allowance.used(.volumes, in: reader)),
                            "totalGigabytesUsed": .integer(try allowance.used(.gigabytes, in: reader)),
                        ],
                    ]
                ])
        }
    }
}

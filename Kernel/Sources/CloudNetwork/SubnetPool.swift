import CloudCore
import CloudStore
import CloudWire

/// Blocks of addresses that subnets are cut from, so that those of a project do not overlap.
public struct SubnetPool: Resource {
    public var name = "", description = ""
    public var prefixes: [String] = []
    public var shortest = 8, usual = 24, longest = 30
    public var tags: [String: String] = [:]

    public init() {}

    public static let kind = Kind("subnetpool", "subnetpools", service: "network")
    public static let access = Access.project
    public static let fields: [Field<SubnetPool>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .value("prefixes", \.prefixes, [.read, .create, .update, .required], max: 4096, "The blocks."),
        .integer("min_prefixlen", \.shortest, [.read, .create, .update], 1...32, "The shortest prefix of a subnet."),
        .integer(
            "default_prefixlen", \.usual, [.read, .create, .update], 1...32, "A subnet's unless it says another."),
        .integer("max_prefixlen", \.longest, [.read, .create, .update], 1...32, "The longest prefix of a subnet."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
    ]

    /// The first block of a length that no subnet of the pool overlaps.
    ///
    /// - Throws: `invalid` where the length is not allowed, `conflict` where none is left.
    func cut(_ length: Int?, taken: [CIDR]) throws(CloudError) -> CIDR {
        let length = length ?? usual
        guard (shortest...longest).contains(length) else {
            throw .invalid("The prefix length \(length) is not between \(shortest) and \(longest).", field: "prefixlen")
        }
        let step = UInt64(1) << UInt64(32 - length)
        for block in prefixes.compactMap({ CIDR($0) }) where block.prefix <= length {
            var first = UInt64(block.first.number)
            while first + step - 1 <= UInt64(block.last.number) {
                guard let wish = CIDR("\(IPv4(number: UInt32(first)))/\(length)") else { break }
                guard let other = taken.first(where: { $0.overlaps(wish) }) else { return wish }
                first = max(first, UInt64(other.last.number) / step * step) + step
            }
        }
        throw .conflict("No block of length \(length) is left in the pool.")
    }
}

extension SubnetPool: Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<SubnetPool>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try draft.value.check()
    }

    public static func admitChange(
        of it: inout Stored<SubnetPool>, from old: Stored<SubnetPool>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check()
        let blocks = it.prefixes.compactMap { CIDR($0) }
        for gone in old.prefixes.compactMap({ CIDR($0) })
        where !blocks.contains(where: { $0.prefix <= gone.prefix && $0.contains(gone.first) }) {
            throw .invalid("The pool keeps its blocks: \(gone) is missing.", field: "prefixes")
        }
    }

    private mutating func check() throws(CloudError) {
        guard (1...32).contains(prefixes.count) else { throw .invalid("A pool has 1 to 32 blocks.", field: "prefixes") }
        for text in prefixes {
            guard let prefix = Prefix(text) else {
                throw .invalid("'\(text.prefix(64))' is not a CIDR.", field: "prefixes")
            }
            guard !prefix.isIPv6 else { throw .invalid("Only IPv4 pools are offered.", field: "prefixes") }
        }
        prefixes = prefixes.compactMap { Prefix($0)?.description }
        guard shortest <= usual, usual <= longest, longest <= 30 else {
            throw .invalid("min_prefixlen <= default_prefixlen <= max_prefixlen <= 30.", field: "default_prefixlen")
        }
    }
}

extension SubnetPool {
    static let face = Face<SubnetPool>(
        .network, "/v2.0/subnetpools", "subnetpool", "subnetpools",
        [
            .id(), .field("name"), .field("description"), prefixAttribute, .field("min_prefixlen"),
            .field("default_prefixlen"), .field("max_prefixlen"), .eclTags(), .openstackTags(), .owner("tenant_id"),
            .owner("project_id"), .created(), .updated(), .revision(),
            .computed("ip_version", "Always 4.") { (_, _) in 4 },
            .computed("shared", "Whether other projects may use it.") { (_, _) in false },
            .computed("is_default", "Whether subnets are cut from it unless they say otherwise.") { (_, _) in false },
            .computed("address_scope_id", "Address scopes are not offered.") { (_, _) in .null },
            .computed("default_quota", "Pools have no quotas of their own.") { (_, _) in .null },
        ])

    /// A list, or one alone.
    private static let prefixAttribute = Attribute<SubnetPool>(
        "prefixes", type: .json(max: 4096), rights: [.read, .create, .update, .required], "The blocks.",
        read: { (it, _) throws(CloudError) in it.prefixes.json },
        write: { (pool, json) throws(CloudError) in
            if let one = json.string { return pool.prefixes = [one] }
            pool.prefixes = try [String](json: json)
        })

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["subnetpool": ["name": "office", "prefixes": ["10.0.0.0/16"], "default_prefixlen": 24]]),
        face.update(example: ["subnetpool": ["description": "the office's"]]), face.delete(),
    ]
}

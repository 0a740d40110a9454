import CloudCore
import CloudStore
import CloudWire

/// Blocks of addresses that subnets are cut from, so that those of a project do not overlap.
public struct SubnetPool: Resource {
    public var name = "", description = ""
    public var prefixes: [String] = []
    /// Lengths of the prefixes of its subnets; 0 where nobody says, until it is known which family it is of.
    public var shortest = 0, usual = 0, longest = 0
    public var tags: [String: String] = [:]
    public var scope: ID<AddressScope>?
    /// Whether every project may cut subnets from it, where somebody says so.
    var opens: Bool?

    /// Whether subnets are cut from it where nobody names another.
    public var isDefault = false

    public init() {}

    public static let kind = Kind("subnetpool", "subnetpools", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.subnetpool)
    public static let fields: [Field<SubnetPool>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], max: 1024, "What it is for."),
        .value("prefixes", \.prefixes, [.read, .create, .update, .required], max: 4096, "The blocks."),
        .integer("min_prefixlen", \.shortest, [.read, .create, .update], 1...128, "The shortest prefix of a subnet."),
        .integer(
            "default_prefixlen", \.usual, [.read, .create, .update], 1...128, "A subnet's unless it says another."),
        .integer("max_prefixlen", \.longest, [.read, .create, .update], 1...128, "The longest prefix of a subnet."),
        .value("tags", \.tags, [.read, .create, .update], max: 8192, "Names and values of the owner's own."),
        .reference("address_scope_id", \.scope, [.read, .create, .update, .indexed], "The scope of its addresses."),
        .boolean("is_default", \.isDefault, [.read, .create, .update, .indexed], "Whether it is the usual pool."),
    ]

    /// The first block of a length that no subnet of the pool overlaps.
    ///
    /// - Throws: `invalid` where the length is not allowed, `conflict` where none is left.
    func cut(_ length: Int?, taken: [CIDR]) throws(CloudError) -> CIDR {
        let length = length ?? usual
        guard (shortest...longest).contains(length) else {
            throw .invalid("The prefix length \(length) is not between \(shortest) and \(longest).", field: "prefixlen")
        }
        for block in prefixes.compactMap({ CIDR($0) }) where block.prefix <= length {
            let step = (1 as UInt128) << UInt128(block.first.width - length)
            var first = block.first.number
            while first <= block.last.number {
                let wish = CIDR(holding: IPAddress(number: first, isIPv6: block.isIPv6), prefix: length)
                guard let other = taken.first(where: { $0.overlaps(wish) }) else { return wish }
                let next = max(first, other.last.number / step * step).addingReportingOverflow(step)
                if next.overflow { break }
                first = next.partialValue
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
        try Sharing.settle(draft.opens, .subnetpool, draft.id.text, of: draft.project, caller, in: writer)
        try draft.value.checkScope(draft.id, was: nil, caller, in: writer)
        try draft.checkDefault(was: false, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<SubnetPool>, from old: Stored<SubnetPool>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check()
        try it.value.checkScope(it.id, was: old.value, caller, in: writer)
        try it.checkDefault(was: old.isDefault, caller, in: writer)
        let blocks = it.prefixes.compactMap { CIDR($0) }
        for gone in old.prefixes.compactMap({ CIDR($0) })
        where !blocks.contains(where: { $0.prefix <= gone.prefix && $0.contains(gone.first) }) {
            throw .invalid("The pool keeps its blocks: \(gone) is missing.", field: "prefixes")
        }
    }

    public static func admitRemoval(
        of it: Stored<SubnetPool>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try Sharing.forget(it.id.text, in: writer) }

    /// Whether its blocks are of IPv6; they are of one family.
    var isIPv6: Bool { prefixes.first.flatMap { Prefix($0)?.isIPv6 } ?? false }

    private mutating func check() throws(CloudError) {
        guard (1...32).contains(prefixes.count) else { throw .invalid("A pool has 1 to 32 blocks.", field: "prefixes") }
        for text in prefixes {
            guard let prefix = Prefix(text) else {
                throw .invalid("'\(text.prefix(64))' is not a CIDR.", field: "prefixes")
            }
            guard prefix.isIPv6 == isIPv6 else {
                throw .invalid("A pool's blocks are of one family.", field: "prefixes")
            }
        }
        prefixes = prefixes.compactMap { Prefix($0)?.description }
        let (least, common, most) = isIPv6 ? (48, 64, 126) : (8, 24, 30)
        if shortest == 0 { shortest = min(least, usual == 0 ? least : usual) }
        if longest == 0 { longest = most }
        if usual == 0 { usual = max(common, shortest) }
        guard shortest <= usual, usual <= longest, longest <= most else {
            throw .invalid(
                "min_prefixlen <= default_prefixlen <= max_prefixlen <= \(most).", field: "default_prefixlen")
        }
    }
}

extension Stored where R == SubnetPool {
    /// One pool of a family is the usual one.
    fileprivate func checkDefault(was old: Bool, _ caller: Caller, in reader: any Reader) throws(CloudError) {
        try Defaults.check(self, \.isDefault, was: old, caller, in: reader) { $0.isIPv6 == value.isIPv6 }
    }
}

extension SubnetPool {
    static let face = Face<SubnetPool>(
        .network, "/v2.0/subnetpools", "subnetpool", "subnetpools",
        [
            .id(), .field("name"), .field("description"), prefixAttribute, .field("min_prefixlen"),
            .field("default_prefixlen"), .field("max_prefixlen"), .eclTags(), .openstackTags(), .owner("tenant_id"),
            .owner("project_id"), .created(), .updated(), .revision(),
            .computed("ip_version", "4 or 6, as its blocks are.") { (it, _) in it.value.isIPv6 ? 6 : 4 },
            Sharing.attribute(\.opens, rights: [.read, .create]),
            .field("is_default"),
            .field("address_scope_id"),
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

import CloudCore
import CloudStore
import CloudWire

/// Blocks of addresses under one name, which rules of security groups may name as the other end.
public struct AddressGroup: Resource {
    public var name = "", description = ""
    public var addresses: [String] = []
    /// Whether every project may use it, where somebody says so.
    var opens: Bool?

    public init() {}

    public static let kind = Kind("address_group", "address_groups", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.addressGroup)
    public static let fields: [Field<AddressGroup>] = [
        .text("name", \.name, [.read, .create, .update], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .value("addresses", \.addresses, [.read, .create], max: 32_768, "Its blocks."),
    ]

    /// The most blocks of one group.
    static let most = 500

    var prefixes: Set<Prefix> { Set(addresses.compactMap { Prefix($0) }) }

    /// Puts blocks in, each once and in the order given.
    ///
    /// - Throws: `invalid` for what is no block, and for too many.
    mutating func add(_ texts: [String]) throws(CloudError) {
        for text in texts {
            guard let prefix = Prefix(text) else {
                throw .invalid("'\(text.prefix(64))' is neither an address nor a CIDR.", field: "addresses")
            }
            if !addresses.contains(prefix.description) { addresses.append(prefix.description) }
        }
        guard addresses.count <= Self.most else {
            throw .invalid("An address group has at most \(Self.most) blocks.", field: "addresses")
        }
    }

    /// Takes blocks out; `invalid` for what is no block, `missing` for those it does not have.
    mutating func drop(_ texts: [String]) throws(CloudError) {
        for text in texts {
            guard let prefix = Prefix(text) else {
                throw .invalid("'\(text.prefix(64))' is neither an address nor a CIDR.", field: "addresses")
            }
            guard let place = addresses.firstIndex(of: prefix.description) else {
                throw CloudError(.missing, "The address group does not have \(prefix).")
            }
            addresses.remove(at: place)
        }
    }
}

extension AddressGroup: Metered {
    public static let quota = 100

    public static func admit(
        _ draft: inout Stored<AddressGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try Sharing.settle(draft.opens, .addressGroup, draft.id.text, of: draft.project, caller, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<AddressGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try Sharing.forget(it.id.text, in: writer) }

    public static func admitChange(
        of it: inout Stored<AddressGroup>, from old: Stored<AddressGroup>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try Sharing.settle(it.opens, .addressGroup, it.id.text, of: it.project, caller, in: writer)
        guard it.addresses != old.addresses else { return }
        // The groups whose rules name it are spelled with its blocks.
        var seen: Set<ID<SecurityGroup>> = []
        for rule in try writer.list(
            SecurityGroupRule.self, where: "remote_address_group_id", .string(it.id.text)
        ) where seen.insert(rule.group).inserted {
            try writer.raise(.refresh, Reference(rule.group))
        }
    }
}

extension AddressGroup {
    static let face = Face<AddressGroup>(
        .network, "/v2.0/address-groups", "address_group", "address_groups",
        [
            .id(), .field("name"), .field("description"), addressAttribute, .owner("tenant_id"), .owner("project_id"),
            .created(), .updated(), .revision(),
            Sharing.attribute(\.opens),
        ])

    private static let addressAttribute = Attribute<AddressGroup>(
        "addresses", type: .json(max: 32_768), rights: [.read, .create], "Its blocks.",
        read: { (it, _) throws(CloudError) in it.addresses.json },
        write: { (group, json) throws(CloudError) in try group.add(try [String](json: json.isNull ? [] : json)) })

    private static func act(
        _ name: String, _ help: String,
        _ body: @escaping @Sendable (inout AddressGroup, [String]) throws(CloudError) -> Void
    ) -> Route {
        Route(
            .put, .network, "/v2.0/address-groups/{address_group_id}/\(name)_addresses", action: "\(name)-addresses",
            kind: kind, rule: .role(.member), intake: .json(), help, example: ["addresses": ["192.0.2.0/24"]]
        ) { (call) throws(CloudError) in
            let id = ID<AddressGroup>(call.parameter("address_group_id"))
            guard let json = call.body["addresses"] else {
                throw .invalid("The body must hold a list named 'addresses'.", field: "addresses")
            }
            let texts = try [String](json: json)
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        try body(&it.value, texts)
                    }
                    return try face.body(it, writer, for: call.audience)
                })
        }
    }

    static let routes = [
        face.list(), face.show(),
        face.create(example: ["address_group": ["name": "offices", "addresses": ["192.0.2.0/24", "2001:db8::/32"]]]),
        face.update(example: ["address_group": ["description": "where we work"]]), face.delete(),
        act("add", "Puts blocks into an address group.") { (it, texts) throws(CloudError) in try it.add(texts) },
        act("remove", "Takes blocks out of an address group.") { (it, texts) throws(CloudError) in try it.drop(texts) },
    ]
}

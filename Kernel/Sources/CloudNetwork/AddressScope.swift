import CloudCore
import CloudStore
import CloudWire

/// Addresses that mean the same everywhere in it: between networks of one scope routers do not translate, and between
/// networks of different scopes they do not route.
public struct AddressScope: Resource {
    public var name = ""
    /// The family: 4 or 6.
    public var family = 4
    /// Whether every project may put pools into it, where somebody says so.
    var opens: Bool?

    public init() {}

    public static let kind = Kind("address_scope", "address_scopes", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.addressScope)
    public static let fields: [Field<AddressScope>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .integer("ip_version", \.family, [.read, .create, .required], 4...6, "The family, 4 or 6."),
    ]
}

extension AddressScope: Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<AddressScope>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard draft.family != 5 else {
            throw .invalid("Invalid input for ip_version: 4 or 6.", field: "ip_version")
        }
        try Sharing.settle(draft.opens, .addressScope, draft.id.text, of: draft.project, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<AddressScope>, from old: Stored<AddressScope>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if it.opens == false, try Sharing.isOpen(it.id.text, in: writer) {
            throw .invalid("Unable to update address scope \(it.id): a shared one stays shared.", field: "shared")
        }
        try Sharing.settle(it.opens, .addressScope, it.id.text, of: it.project, caller, in: writer)
    }

    public static func admitRemoval(
        of it: Stored<AddressScope>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) { try Sharing.forget(it.id.text, in: writer) }
}

extension AddressScope {
    static let face = Face<AddressScope>(
        .network, "/v2.0/address-scopes", "address_scope", "address_scopes",
        [
            .id(), .field("name"), .field("ip_version"), Sharing.attribute(\.opens), .owner("tenant_id"),
            .owner("project_id"),
        ])

    static let routes = [
        face.list(), face.show(), face.create(example: ["address_scope": ["name": "office", "ip_version": 4]]),
        face.update(example: ["address_scope": ["name": "offices"]]), face.delete(),
    ]
}

extension Subnet {
    /// The scope of its pool; nil where it was cut from none, or from one without a scope.
    func scope(in reader: any Reader) throws(CloudError) -> ID<AddressScope>? {
        guard let pool else { return nil }
        return try reader.find(pool)?.scope
    }
}

extension LogicalNetwork {
    /// The scope of its subnets of a family.
    static func scope(isIPv6: Bool) -> Attribute<LogicalNetwork> {
        .computed("ipv\(isIPv6 ? 6 : 4)_address_scope", "The scope of its addresses of IPv\(isIPv6 ? 6 : 4).") {
            (it, reader) throws(CloudError) in
            let subnets = try reader.list(Subnet.self, where: "network_id", .string(it.id.text))
            for subnet in subnets where subnet.value.isIPv6 == isIPv6 {
                if let scope = try subnet.value.scope(in: reader) { return .string(scope.text) }
            }
            return .null
        }
    }
}

extension SubnetPool {
    /// Checks the scope that it is put into: of its family, and without another pool's addresses.
    func checkScope(_ id: ID<SubnetPool>, was old: SubnetPool?, _ caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard scope != old?.scope || prefixes != old?.prefixes else { return }
        if let old, scope != old.scope, try writer.first(Subnet.self, where: "subnetpool_id", .string(id.text)) != nil {
            throw .conflict("Subnet pool \(id) keeps its address scope while subnets are cut from it.")
        }
        guard let scope else { return }
        let found = try writer.get(scope, for: caller)
        guard found.family == (isIPv6 ? 6 : 4) else {
            throw .invalid(
                "Illegal subnetpool association: subnetpool \(id) cannot associate with address scope \(scope) because subnetpool ip_version is not \(found.family).",
                field: "address_scope_id")
        }
        let isOpen = if let opens { opens } else { try Sharing.isOpen(id.text, in: writer) }
        let isScopeOpen = try Sharing.isOpen(scope.text, in: writer)
        guard !isOpen || isScopeOpen else {
            throw .invalid("A shared pool goes into a shared scope.", field: "address_scope_id")
        }
        let blocks = prefixes.compactMap { CIDR($0) }
        for other in try writer.list(SubnetPool.self, where: "address_scope_id", .string(scope.text))
        where other.id != id
            && other.prefixes.compactMap({ CIDR($0) }).contains(where: { it in
                blocks.contains { $0.overlaps(it) }
            })
        {
            throw .conflict("Pools of address scope \(scope) do not overlap: another has some of these addresses.")
        }
    }
}

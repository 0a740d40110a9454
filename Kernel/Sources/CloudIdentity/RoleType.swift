import CloudCore
import CloudStore
import CloudWire

/// A role that can be granted. The three of Keystone's default set exist from the first start; others may be added,
/// and mean nothing to Akashi's own rules but for what they imply.
public struct RoleType: Resource {
    public var name = ""
    public var description = ""
    /// A role of a domain is in no token; it stands for the roles it implies.
    public var domain: ID<Domain>?
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("role", "roles", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<RoleType>] = [
        .text("name", \.name, [.read, .create, .update, .required, .indexed], max: 64, "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it permits."),
        .reference("domain_id", \.domain, [.read, .create, .indexed], "The domain it is of; null for the cloud's."),
        .extras,
    ]
}

extension RoleType: Extensible {
    public static func newID(_ dice: any Dice) -> ID<RoleType> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<RoleType>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        if let domain = draft.domain { _ = try writer.get(domain) }
        try writer.claimName(draft.value.name, of: Reference(draft.id), in: draft.domain)
    }

    public static func admitChange(
        of it: inout Stored<RoleType>, from old: Stored<RoleType>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        guard it.value.name == old.value.name || !isBuiltIn(old) else { throw builtIn(old) }
        try writer.moveName(from: old.value.name, to: it.value.name, of: Reference(it.id), in: it.domain)
    }

    /// What was granted of it, and what it implies, goes with it.
    public static func admitRemoval(of it: Stored<RoleType>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard !isBuiltIn(it) else { throw builtIn(it) }
        try writer.removeGrants("role_id", it.id.text)
        for column in ["prior_role_id", "implied_role_id"] {
            for rule in try writer.list(
                RoleImplication.self, .everything(RoleImplication.kind).with(column, .string(it.id.text)))
            {
                try writer.remove(Reference(rule.id))
            }
        }
    }

    private static func isBuiltIn(_ it: Stored<RoleType>) -> Bool {
        it.domain == nil && Role(rawValue: it.value.name) != nil
    }

    private static func builtIn(_ it: Stored<RoleType>) -> CloudError {
        CloudError(.forbidden, "The role \(it.value.name) is part of the cloud's rules and stays as it is.")
    }

    static let face = Face<RoleType>(
        .identity, "/v3/roles", "role", "roles",
        [
            .id(), .field("name"), .field("description"), .field("domain_id"),
            .noOptions(),
        ])

    static let routes = [
        // Roles of a domain are listed by asking for them.
        face.lister(.operator) { (query, call) throws(CloudError) in
            if call.request[query: "domain_id"] == nil { query = query.with("domain_id", nil) }
        },
        face.shower(.operator), face.creator(example: ["role": ["name": "auditor"]]),
        face.changer(example: ["role": ["description": "reads"]]), face.deleter(),
    ]
}

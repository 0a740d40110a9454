import CloudCore
import CloudStore
import CloudWire

/// A namespace of users, groups and projects (Keystone v3).
public struct Domain: Resource {
    public var name = ""
    public var description = ""
    public var enabled = true
    public var extras = Extras()

    public init() {}

    public static let kind = Kind("domain", "domains", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Domain>] = [
        .text("name", \.name, [.read, .create, .update, .required, .unique], max: 64, "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
        .boolean("enabled", \.enabled, [.read, .create, .update], "Whether its users may log in."),
        .extras,
    ]
    /// The domain that exists from the first start, and that callers mean who name none.
    public static let `default` = ID<Domain>("default")
}

extension Domain: Extensible {
    public static func newID(_ dice: any Dice) -> ID<Domain> { ID(dice.hex32()) }

    public static func admit(_ draft: inout Stored<Domain>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try requireName(draft.value.name)
    }

    public static func admitChange(
        of it: inout Stored<Domain>, from old: Stored<Domain>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try requireName(it.value.name)
    }

    /// Users, groups, projects and roles of a domain go with it; a project that still owns something holds it back.
    public static func admitRemoval(of it: Stored<Domain>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        guard it.id != Domain.default else { throw CloudError(.forbidden, "The default domain cannot be deleted.") }
        guard !it.enabled else { throw CloudError(.forbidden, "Disable the domain before deleting it.") }
        try writer.removeGrants("target_domain_id", it.id.text)
        var left = try writer.list(Project.self, all("domain_id", it.id, Project.kind))
        while !left.isEmpty {
            // Children go before their parents.
            let parents = Set(left.compactMap(\.parent))
            for leaf in left where !parents.contains(leaf.id) { try writer.withdraw(leaf.id, for: caller) }
            left.removeAll { !parents.contains($0.id) }
        }
        for user in try writer.list(User.self, all("domain_id", it.id, User.kind)) {
            try writer.withdraw(user.id, for: caller)
        }
        for group in try writer.list(Group.self, all("domain_id", it.id, Group.kind)) {
            try writer.withdraw(group.id, for: caller)
        }
        for role in try writer.list(RoleType.self, all("domain_id", it.id, RoleType.kind)) {
            try writer.withdraw(role.id, for: caller)
        }
    }

    private static func all(_ column: String, _ id: ID<Domain>, _ kind: Kind) -> Query {
        Query.everything(kind).with(column, .string(id.text))
    }
}

/// Throws `invalid` for a name that is empty or blank.
func requireName(_ name: String) throws(CloudError) {
    guard name.utf8.contains(where: { $0 > 0x20 }) else { throw .invalid("The name must not be empty.", field: "name") }
}

extension Domain {
    static let face = Face<Domain>(
        .identity, "/v3/domains", "domain", "domains",
        [
            .id(), .field("name"), .field("description"), .field("enabled"),
            .computed("tags", "Labels: domains have none.") { (_, _) in [] },
            .noOptions(),
        ])

    static func routes(_ directory: Directory) -> [Route] {
        [
            face.lister(.operator), face.creator(example: ["domain": ["name": "branch"]]),
            face.changer(example: ["domain": ["enabled": false]]), face.deleter(),
            face.shower(.signedIn) { (id, call) throws(CloudError) in try requireSight(id, call, directory) },
        ]
    }

    static func requireSight(_ id: ID<Domain>, _ call: Call, _ directory: Directory) throws(CloudError) {
        guard !call.caller.isOperator, !directory.see({ seen(by: call.caller, $0) }).contains(id) else { return }
        throw .missing(kind.title, id.text)
    }

    /// One's own domain, that of the project one works in, and those one has a role on.
    static func seen(by caller: Caller, _ facts: Facts) -> Set<ID<Domain>> {
        guard let user = caller.user else { return [] }
        let project = caller.project.flatMap { facts.tenants[ID($0.text)]?.domain }
        return Set(facts.domains(of: ID(user.text)) + [ID(caller.domain)] + (project.map { [$0] } ?? []))
    }
}

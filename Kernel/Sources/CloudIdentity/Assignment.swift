import CloudCore
import CloudStore
import CloudWire

/// A role that a user or a group holds on a project, a domain or the cloud.
public struct Assignment: Resource {
    public var user: ID<User>?
    public var group: ID<Group>?
    /// With neither project nor domain it is held on the cloud as a whole.
    public var project: ID<Project>?
    public var domain: ID<Domain>?
    public var role = ID<RoleType>("")
    /// Whether it holds on what is below the target rather than on the target.
    public var isInherited = false

    public init() {}

    public static let kind = Kind("role_assignment", "role_assignments", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Assignment>] = [
        .reference("user_id", \.user, [.read, .create, .indexed], "The user who holds it."),
        .reference("group_id", \.group, [.read, .create, .indexed], "The group that holds it."),
        .reference("target_id", \.project, [.read, .create, .indexed], "The project it is held on."),
        .reference("target_domain_id", \.domain, [.read, .create, .indexed], "The domain it is held on."),
        .reference("role_id", \.role, [.read, .create, .indexed], "The role."),
        .boolean("inherited", \.isInherited, [.read, .create], "Whether it holds on the projects below."),
    ]
}

extension Assignment {
    init(_ grant: Facts.Grant) {
        switch grant.grantee {
        case .user(let id): user = id
        case .group(let id): group = id
        }
        switch grant.target {
        case .project(let id): project = id
        case .domain(let id): domain = id
        case .system: break
        }
        (role, isInherited) = (grant.role, grant.isInherited)
    }

    /// Nil where nobody holds it, which no grant written here lacks.
    var grant: Facts.Grant? {
        guard let grantee = user.map(Grantee.user) ?? group.map(Grantee.group) else { return nil }
        let target = project.map(Scope.project) ?? domain.map(Scope.domain) ?? .system
        return Facts.Grant(grantee: grantee, target: target, role: role, isInherited: isInherited)
    }

    /// One grant has one id, so that granting twice is granting once.
    static func id(_ grant: Facts.Grant) -> ID<Assignment> {
        ID(grant.grantee.text + "@" + grant.target.text + "@" + grant.role.text + (grant.isInherited ? "@i" : ""))
    }
}

extension Writer {
    /// Grants a role, once.
    func grant(_ grant: Facts.Grant) throws(CloudError) {
        guard try find(Assignment.id(grant)) == nil else { return }
        try insert(Assignment(grant), id: Assignment.id(grant))
    }
}

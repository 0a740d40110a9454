import CloudCore
import CloudStore
import CloudWire

/// A role that can be granted. The three of Keystone's default set exist from the first start; others may be added,
/// and mean nothing to Akashi's own rules.
public struct RoleType: Resource {
    public var name = ""
    public var description = ""

    public init() {}

    public static let kind = Kind("role", "roles", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<RoleType>] = [
        .text("name", \.name, [.read, .create, .update, .required, .unique], max: 64, "Its name."),
        .text("description", \.description, [.read, .create, .update], "What it permits."),
    ]
}

extension RoleType: Governed {
    public static func newID(_ dice: any Dice) -> ID<RoleType> { ID(dice.hex32()) }

    public static func admitRemoval(of it: Stored<RoleType>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard Role(rawValue: it.value.name) == nil else {
            throw CloudError(.forbidden, "The role \(it.value.name) is part of the cloud's rules and stays.")
        }
    }

    static let face = Face<RoleType>(
        .identity, "/v3/roles", "role", "roles",
        [
            .id(), .field("name"), .field("description"),
            .computed("domain_id", "Roles belong to no domain.") { (_, _) in .null },
        ])

    static let routes = [
        face.list(.operator), face.show(.operator), face.create(.operator, example: ["role": ["name": "auditor"]]),
        face.update(.patch, .operator, example: ["role": ["description": "reads"]]), face.delete(.operator),
    ]
}

/// A user's role on a project.
public struct Assignment: Resource {
    public var user = ID<User>("")
    public var target = ID<Project>("")
    public var role = ID<RoleType>("")

    public init() {}

    public static let kind = Kind("role_assignment", "role_assignments", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Assignment>] = [
        .reference("user_id", \.user, [.read, .create, .indexed], "Who holds it."),
        .reference("target_id", \.target, [.read, .create, .indexed], "The project it is held on."),
        .reference("role_id", \.role, [.read, .create, .indexed], "The role."),
    ]

    /// One grant has one id, so that granting twice is granting once.
    static func id(_ user: ID<User>, _ project: ID<Project>, _ role: ID<RoleType>) -> ID<Assignment> {
        ID("\(user)\(project)\(role)")
    }
}

extension Assignment {
    private static let grantPath = "/v3/projects/{project}/users/{user}/roles/{role}"

    static let routes = [
        Route(
            .put, .identity, grantPath, action: "grant", kind: kind, rule: .operator, status: 204,
            "Grants a user a role on a project."
        ) { (call) throws(CloudError) in
            let (user, project, role) = names(call)
            try await call.write(user.text) { (writer) throws(CloudError) in
                _ = (try writer.get(user), try writer.get(project), try writer.get(role))
                guard try writer.find(id(user, project, role)) == nil else { return }
                var grant = Assignment()
                (grant.user, grant.target, grant.role) = (user, project, role)
                try writer.insert(grant, id: id(user, project, role))
            }
            return Response(204)
        },
        Route(
            .delete, .identity, grantPath, action: "revoke", kind: kind, rule: .operator, status: 204,
            "Takes a role on a project from a user."
        ) { (call) throws(CloudError) in
            let (user, project, role) = names(call)
            try await call.write(user.text) { (writer) throws(CloudError) in
                _ = try writer.get(id(user, project, role))
                try writer.remove(Reference(id(user, project, role)))
            }
            return Response(204)
        },
        Route(
            .head, .identity, grantPath, action: "check", kind: kind, rule: .operator, status: 204,
            "Tells whether a user has a role on a project."
        ) { (call) throws(CloudError) in
            let (user, project, role) = names(call)
            _ = try await call.store.read { (reader) throws(CloudError) in try reader.get(id(user, project, role)) }
            return Response(204)
        },
        Route(
            .get, .identity, "/v3/role_assignments", action: "list", kind: kind, rule: .operator,
            "Lists who has which role where."
        ) { (call) throws(CloudError) in try await list(call) },
    ]

    private static func names(_ call: Call) -> (ID<User>, ID<Project>, ID<RoleType>) {
        (ID(call.parameter("user")), ID(call.parameter("project")), ID(call.parameter("role")))
    }

    private static func list(_ call: Call) async throws(CloudError) -> Response {
        var query = Query(kind)
        for (parameter, column) in [("user.id", "user_id"), ("scope.project.id", "target_id"), ("role.id", "role_id")] {
            if let value = call.request[query: parameter] { query = query.with(column, .string(value)) }
        }
        let withNames = call.request.query.contains { $0.name == "include_names" && $0.value.lowercased() != "false" }
        let asked = query
        return try await call.store.read { (reader) throws(CloudError) in
            let found = try reader.list(Assignment.self, asked)
            return try .write(200) { (writer) throws(CloudError) in
                writer.key("role_assignments")
                try writer.array(found) { (it, writer) throws(CloudError) in
                    var (user, project, role): (JSON, JSON, JSON) = (
                        ["id": .string(it.user.text)], ["id": .string(it.target.text)], ["id": .string(it.role.text)]
                    )
                    if withNames {
                        let domain: JSON = ["id": "default", "name": "Default"]
                        user = [
                            "id": .string(it.user.text), "name": .string(try reader.get(it.user).value.name),
                            "domain": domain,
                        ]
                        project = [
                            "id": .string(it.target.text), "name": .string(try reader.get(it.target).value.name),
                            "domain": domain,
                        ]
                        role = ["id": .string(it.role.text), "name": .string(try reader.get(it.role).value.name)]
                    }
                    writer.value(["user": user, "role": role, "scope": ["project": project], "links": [:]])
                }
            }
        }
    }
}

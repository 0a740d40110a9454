import CloudCore
import CloudStore
import CloudWire

/// Domains as ECL's own clients know them (`/workspaces` of service `sssv2`): a workspace holds tenants, and who is
/// given a role on it has that on each of them, which in Keystone is a member's role that is inherited.
struct SSSWorkspaces: Sendable {
    let directory: Directory
    let region: String

    var routes: [Route] { [list, show, create, update, Self.delete, Self.grant, Self.revoke] }

    private static let path = "/workspaces"
    private static let item = path + "/{domain_id}"
    private static let rolesPath = "/workspace-roles"

    private static let face = Face<Domain>(
        .sss, path, "", "workspaces",
        [
            .id("workspace_id"), .field("name", as: "workspace_name", rights: [.read, .create, .required]),
            .field("description"),
            .computed("start_time", "Since when there is this workspace.") { (it, _) in .string(it.createdAt.sssText) },
        ])

    private var list: Route {
        Route(
            .get, .sss, Self.path, action: "list", kind: Domain.kind, rule: .signedIn,
            "Lists the workspaces that one is in, and all of them for an operator.",
            schema: Self.face.schema("workspaces", list: true)
        ) { (call) throws(CloudError) in
            try await Self.face.page(call, strict: true) { (query) throws(CloudError) in
                guard !call.caller.isOperator else { return }
                let mine = directory.see { Domain.seen(by: call.caller, $0) }
                query = query.with("id", among: mine.map { .string($0.text) })
            } write: { (it, reader, writer, _) throws(CloudError) in
                try write(it, reader, call, into: &writer)
            } next: { _, _ in
            }
        }
    }

    private var show: Route {
        Route(
            .get, .sss, Self.item, action: "show", kind: Domain.kind, rule: .signedIn,
            "Shows a workspace that one is in.", schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            let id = ID<Domain>(call.parameter("domain_id"))
            try Domain.requireSight(id, call, directory)
            return try await call.store.read { (reader) throws(CloudError) in
                let it = try reader.get(id)
                return try .write(200) { (writer) throws(CloudError) in try write(it, reader, call, into: &writer) }
            }
        }
    }

    /// Of the tenants in it everyone is told of those that they may see.
    private func write(_ it: Stored<Domain>, _ reader: any Reader, _ call: Call, into writer: inout JSONWriter)
        throws(CloudError)
    {
        try Self.face.write(it, reader, into: &writer)
        var tenants = Query(Project.kind, limit: 1000).with("domain_id", .string(it.id.text))
        if !call.caller.isOperator {
            let mine = directory.see { Project.seen(by: call.caller, $0) }
            tenants = tenants.with("id", among: mine.map { .string($0.text) })
        }
        let regions = try reader.rows(tenants).map { (row) -> JSON in
            ["region_name": .string(region), "tenant_id": .string(row.id)]
        }
        writer.field("regions", .array(regions))
    }

    private var create: Route {
        Route(
            .post, .sss, Self.path, action: "create", kind: Domain.kind, rule: .operator, intake: .json(),
            status: 201, "Creates a workspace.", example: ["workspace_name": "shop", "description": "what we sell"],
            schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            var draft = Domain()
            try Self.face.apply(try call.object(""), to: &draft, right: .create)
            let (value, id) = (draft, Domain.newID(call.dice))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.create(value, id: id, project: ID(""), for: call.caller)
                return try .write(201) { (body) throws(CloudError) in try write(it, writer, call, into: &body) }
            }
        }
    }

    private var update: Route {
        Route(
            .put, .sss, Self.item, action: "update", kind: Domain.kind, rule: .operator, intake: .json(), status: 204,
            "Changes a workspace's description.", example: ["description": "what we sold"], schema: Self.face.schema("")
        ) { (call) throws(CloudError) in
            let (object, id) = (try call.object(""), ID<Domain>(call.parameter("domain_id")))
            try await call.write(id.text) { (writer) throws(CloudError) in
                _ = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try Self.face.apply(object, to: &it.value, right: .update)
                }
            }
            return Response(204)
        }
    }

    /// Keystone has a domain disabled before it can go with all that is in it; here it must be empty instead.
    private static let delete = Route(
        .delete, .sss, item, action: "delete", kind: Domain.kind, rule: .operator, status: 204,
        "Deletes a workspace that nothing is in."
    ) { (call) throws(CloudError) in
        let id = ID<Domain>(call.parameter("domain_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try writer.get(id)
            for kind in [Project.kind, User.kind, Group.kind] {
                let left = try writer.count(Query(kind).with("domain_id", .string(id.text)))
                guard left == 0 else { throw .conflict("The workspace still has \(left) \(kind.plural).") }
            }
            _ = try writer.revise(id, for: call.caller) { $0.enabled = false }
            try writer.withdraw(id, for: call.caller)
        }
        return Response(204)
    }

    // MARK: Roles

    private static let grant = Route(
        .post, .sss, rolesPath, action: "grant", kind: Assignment.kind, rule: .operator, intake: .json(),
        status: 201, "Makes a user a member of each tenant of a workspace.",
        example: ["user_id": "{user}", "workspace_id": "{domain}"]
    ) { (call) throws(CloudError) in
        let object = try call.object("")
        guard let user = object["user_id"]?.string, let workspace = object["workspace_id"]?.string, object.count == 2
        else { throw .invalid("The body must hold user_id and workspace_id, and nothing else.") }
        return try await call.write(user) { (writer) throws(CloudError) in
            _ = try writer.get(ID<User>(user))
            let name = try writer.get(ID<Domain>(workspace)).value.name
            try writer.grant(membership(user, workspace))
            return .json(
                201,
                [
                    "user_id": .string(user), "workspace_id": .string(workspace), "workspace_name": .string(name),
                ])
        }
    }

    private static let revoke = Route(
        .delete, .sss, rolesPath + "/workspaces/{domain_id}/users/{user_id}", action: "revoke", kind: Assignment.kind,
        rule: .operator, status: 204, "Takes a workspace's tenants from a user."
    ) { (call) throws(CloudError) in
        let id = Assignment.id(membership(call.parameter("user_id"), call.parameter("domain_id")))
        try await call.write(call.parameter("user_id")) { (writer) throws(CloudError) in
            guard try writer.find(id) != nil else { throw GrantRoutes.absent }
            try writer.remove(Reference(id))
        }
        return Response(204)
    }

    private static func membership(_ user: String, _ workspace: String) -> Facts.Grant {
        Facts.Grant(
            grantee: .user(ID(user)), target: .domain(ID(workspace)), role: ID(Role.member.rawValue), isInherited: true)
    }
}

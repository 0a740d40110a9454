import CloudCore
import CloudStore
import CloudWire

/// `GET /v3/role_assignments`: who has which role where, as granted or as it works out.
struct AssignmentList: Sendable {
    let directory: Directory

    var route: Route {
        Route(
            .get, .identity, "/v3/role_assignments", action: "list", kind: Assignment.kind, rule: .operator,
            "Lists who has which role where; with effective, groups, inheritance and implied roles are worked out.",
            handle: { (call) throws(CloudError) in try answer(call) })
    }

    /// One line of the answer.
    private struct Line: Hashable {
        var grantee: Grantee
        var scope: Scope
        var role: ID<RoleType>
        var isInherited = false
        /// The group through which it reaches a user.
        var group: ID<Group>?
    }

    private static let filters: Set<String> = [
        "user.id", "group.id", "role.id", "scope.project.id", "scope.domain.id", "scope.system",
        "scope.OS-INHERIT:inherited_to", "effective", "include_names", "include_subtree",
    ]

    private func answer(_ call: Call) throws(CloudError) -> Response {
        for (name, _) in call.request.query where !Self.filters.contains(name) {
            throw .invalid("'\(name.prefix(64))' is not a filter of role assignments.", field: name)
        }
        let isEffective = Self.flag(call, "effective")
        if isEffective, call.request[query: "group.id"] != nil {
            throw .invalid("effective works groups out; it does not go with group.id.", field: "effective")
        }
        let withNames = Self.flag(call, "include_names")
        let lines = directory.see { facts -> [JSON] in
            var lines = Set(granted(facts, call, isEffective).flatMap { isEffective ? effective($0, facts) : [$0] })
            lines = lines.filter { fits($0, call, isEffective) }
            return lines.map { (Self.key($0), $0) }.sorted { $0.0 < $1.0 }.map { json($0.1, facts, call, withNames) }
        }
        return .json(
            200, ["role_assignments": .array(lines), "links": ["self": .string(call.base + call.request.path)]])
    }

    private static func flag(_ call: Call, _ name: String) -> Bool {
        call.request[query: name].map { !["false", "0", "no"].contains($0.lowercased()) } ?? false
    }

    private static func key(_ line: Line) -> String { line.grantee.text + line.scope.text + line.role.text }

    /// Those that can matter: all, or one holder's.
    private func granted(_ facts: Facts, _ call: Call, _ isEffective: Bool) -> [Line] {
        let grants: [Facts.Grant]
        if let user = call.request[query: "user.id"] {
            let holder = ID<User>(user)
            grants = isEffective ? facts.grants(reaching: holder) : Array(facts.grants(to: .user(holder)))
        } else if let group = call.request[query: "group.id"] {
            grants = Array(facts.grants(to: .group(ID(group))))
        } else {
            grants = Array(facts.allGrants)
        }
        return grants.map { Line(grantee: $0.grantee, scope: $0.target, role: $0.role, isInherited: $0.isInherited) }
    }

    private func effective(_ line: Line, _ facts: Facts) -> [Line] {
        var users: [(ID<User>, ID<Group>?)]
        switch line.grantee {
        case .user(let id): users = [(id, nil)]
        case .group(let id): users = facts.members(id).map { ($0, id) }
        }
        let scopes = line.isInherited ? facts.projects(below: line.scope).map(Scope.project) : [line.scope]
        let roles = facts.expanded([line.role])
        return users.flatMap { user, group in
            scopes.flatMap { scope in roles.map { Line(grantee: .user(user), scope: scope, role: $0, group: group) } }
        }
    }

    private func fits(_ line: Line, _ call: Call, _ isEffective: Bool) -> Bool {
        let request = call.request
        if let user = request[query: "user.id"], line.grantee != .user(ID(user)) { return false }
        if let role = request[query: "role.id"], line.role.text != role { return false }
        if let project = request[query: "scope.project.id"], line.scope != .project(ID(project)) { return false }
        if let domain = request[query: "scope.domain.id"], line.scope != .domain(ID(domain)) { return false }
        if request[query: "scope.system"] != nil, line.scope != .system { return false }
        if !isEffective, request[query: "scope.OS-INHERIT:inherited_to"] != nil, !line.isInherited { return false }
        return true
    }

    private func json(_ line: Line, _ facts: Facts, _ call: Call, _ withNames: Bool) -> JSON {
        func thing(_ id: String, _ name: String?, _ domain: ID<Domain>?) -> JSON {
            guard withNames else { return ["id": .string(id)] }
            var out: [String: JSON] = ["id": .string(id), "name": .string(name ?? "")]
            if let domain {
                out["domain"] = ["id": .string(domain.text), "name": .string(facts.domains[domain]?.name ?? "")]
            }
            return .object(out)
        }
        var out: [String: JSON] = [:]
        switch line.grantee {
        case .user(let id): out["user"] = thing(id.text, facts.people[id]?.name, facts.people[id]?.domain)
        case .group(let id): out["group"] = thing(id.text, facts.groupNames[id]?.name, facts.groupNames[id]?.domain)
        }
        var scope: [String: JSON] = [:]
        switch line.scope {
        case .project(let id): scope["project"] = thing(id.text, facts.tenants[id]?.name, facts.tenants[id]?.domain)
        case .domain(let id): scope["domain"] = thing(id.text, facts.domains[id]?.name, nil)
        case .system: scope["system"] = ["all": true]
        }
        if line.isInherited { scope["OS-INHERIT:inherited_to"] = "projects" }
        out["scope"] = .object(scope)
        out["role"] = thing(line.role.text, facts.roleTypes[line.role]?.name, facts.roleTypes[line.role]?.domain)
        var links: [String: JSON] = ["assignment": .string(link(line, call))]
        if let group = line.group {
            links["membership"] = .string("\(call.base)/identity/v3/groups/\(group)/users/\(line.grantee.id)")
        }
        out["links"] = .object(links)
        return .object(out)
    }

    private func link(_ line: Line, _ call: Call) -> String {
        let place: String =
            switch line.scope {
            case .project(let id): "/projects/\(id)"
            case .domain(let id): "/domains/\(id)"
            case .system: "/system"
            }
        var holder = "/users/\(line.grantee.id)"
        if case .group = line.grantee { holder = "/groups/\(line.grantee.id)" }
        if let group = line.group { holder = "/groups/\(group)" }
        let ending = line.isInherited ? "/inherited_to_projects" : ""
        return call.base + "/identity/v3" + (line.isInherited ? "/OS-INHERIT" : "") + place + holder
            + "/roles/\(line.role)" + ending
    }
}

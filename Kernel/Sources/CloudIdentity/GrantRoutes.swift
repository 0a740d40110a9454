import CloudCore
import CloudStore
import CloudWire

/// Granting, checking, taking and listing one holder's roles on one target: a set of four routes for each pair.
struct GrantRoutes: Sendable {
    let target: Target
    let isGroup: Bool
    let isInherited: Bool

    enum Target: String, CaseIterable, Sendable { case project, domain, system }

    static var all: [Route] {
        Target.allCases.flatMap { target in
            [false, true].flatMap { isGroup in
                [false, true].filter { !$0 || target != .system }.flatMap {
                    GrantRoutes(target: target, isGroup: isGroup, isInherited: $0).routes
                }
            }
        }
    }

    private var holder: String { isGroup ? "group" : "user" }

    private var listPath: String {
        let path = target == .system ? "/system" : "/\(target.rawValue)s/{\(target.rawValue)}"
        return "/v3" + (isInherited ? "/OS-INHERIT" : "") + path + "/\(holder)s/{\(holder)}/roles"
    }
    private var path: String { listPath + "/{role}" + ending }
    private var ending: String { isInherited ? "/inherited_to_projects" : "" }
    private var place: String {
        (isInherited ? "what is below " : "") + (target == .system ? "the cloud" : "a \(target.rawValue)")
    }

    private var routes: [Route] {
        [
            Route(
                .put, .identity, path, action: "grant", kind: Assignment.kind, rule: .operator, status: 204,
                "Grants a \(holder) a role on \(place)."
            ) { (call) throws(CloudError) in
                let grant = grant(call)
                try await call.write(grant.grantee.id) { (writer) throws(CloudError) in
                    try requireParts(grant, writer)
                    try writer.grant(grant)
                }
                return Response(204)
            },
            Route(
                .delete, .identity, path, action: "revoke", kind: Assignment.kind, rule: .operator, status: 204,
                "Takes a role on \(place) from a \(holder)."
            ) { (call) throws(CloudError) in
                let grant = grant(call)
                try await call.write(grant.grantee.id) { (writer) throws(CloudError) in
                    guard try writer.find(Assignment.id(grant)) != nil else { throw Self.absent }
                    try writer.remove(Reference(Assignment.id(grant)))
                }
                return Response(204)
            },
            Route(
                .head, .identity, path, action: "check", kind: Assignment.kind, rule: .operator, status: 204,
                "Tells whether a \(holder) has a role on \(place)."
            ) { (call) throws(CloudError) in
                let grant = grant(call)
                let isThere = try await call.store.read { (reader) throws(CloudError) in
                    try reader.find(Assignment.id(grant)) != nil
                }
                guard isThere else { throw Self.absent }
                return Response(204)
            },
            Route(
                .get, .identity, listPath + ending, action: "list", kind: Assignment.kind, rule: .operator,
                "Lists the roles of a \(holder) on \(place).",
                handle: { (call) throws(CloudError) in try await list(call) }),
        ]
    }

    static let absent = CloudError(.missing, "There is no such role assignment.")

    private func grant(_ call: Call) -> Facts.Grant {
        let named = call.parameter(holder)
        let scope: Scope =
            switch target {
            case .project: .project(ID(call.parameter("project")))
            case .domain: .domain(ID(call.parameter("domain")))
            case .system: .system
            }
        return Facts.Grant(
            grantee: isGroup ? .group(ID(named)) : .user(ID(named)), target: scope, role: ID(call.parameter("role")),
            isInherited: isInherited)
    }

    private func requireParts(_ grant: Facts.Grant, _ reader: any Reader) throws(CloudError) {
        switch grant.grantee {
        case .user(let id): _ = try reader.get(id)
        case .group(let id): _ = try reader.get(id)
        }
        switch grant.target {
        case .project(let id): _ = try reader.get(id)
        case .domain(let id): _ = try reader.get(id)
        case .system: break
        }
        if !grant.role.text.isEmpty { _ = try reader.get(grant.role) }
    }

    private func list(_ call: Call) async throws(CloudError) -> Response {
        let wanted = grant(call)
        return .bytes(
            200,
            try await call.store.read { (reader) throws(CloudError) in
                try requireParts(wanted, reader)
                let column = isGroup ? "group_id" : "user_id"
                let theirs = Query.everything(Assignment.kind).with(column, .string(wanted.grantee.id))
                var roles: [Stored<RoleType>] = []
                for it in try reader.list(Assignment.self, theirs) {
                    guard let grant = it.value.grant, grant.target == wanted.target, grant.isInherited == isInherited
                    else { continue }
                    roles.append(try reader.get(grant.role))
                }
                return try RoleType.face.envelope(roles, reader, call)
            })
    }
}

extension Grantee {
    var id: String {
        switch self {
        case .user(let id): id.text
        case .group(let id): id.text
        }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Getting, checking and giving back tokens (Keystone v3, `/v3/auth/tokens`).
struct Login: Sendable {
    let directory: Directory
    let vault: any Vault
    let region: String
    let clock: any Clock

    /// How long a token made from a password lives.
    static let lifetime = Duration.seconds(3600)

    var routes: [Route] {
        [
            Route(
                .post, .identity, "/v3/auth/tokens", action: "log_in", rule: .anyone, intake: .json(max: 16_384),
                status: 201, "Issues a token for a password or for another token.",
                handle: { (call) throws(CloudError) in try await issue(call) }),
            Route(
                .get, .identity, "/v3/auth/tokens", action: "validate", rule: .signedIn,
                "Shows what the token in X-Subject-Token says.",
                handle: { (call) throws(CloudError) in try await validate(call) }),
            Route(
                .delete, .identity, "/v3/auth/tokens", action: "log_out", rule: .signedIn, status: 204,
                "Ends the token in X-Subject-Token.", handle: { (call) throws(CloudError) in try await revoke(call) }),
            Route(
                .get, .identity, "/v3/auth/catalog", action: "list", rule: .signedIn, "Lists the services.",
                handle: { (call) throws(CloudError) in
                    .json(200, ["catalog": Catalog.json(call, call.caller.project, region: region), "links": [:]])
                }),
            Route(
                .get, .identity, "/v3/auth/projects", action: "list", rule: .signedIn,
                "Lists the projects that the caller has a role on.",
                handle: { (call) throws(CloudError) in try await projects(call) }),
        ]
    }

    private static let refused = CloudError(.unauthenticated, "The request you have made requires authentication.")

    private func issue(_ call: Call) async throws(CloudError) -> Response {
        let identity = call.body["auth"]?["identity"]
        guard let methods = identity?["methods"]?.array?.compactMap(\.string), methods.count == 1 else {
            throw .invalid("auth.identity.methods must name one method: password or token.", field: "methods")
        }
        let now = clock.now()
        var token: Token
        switch methods[0] {
        case "password":
            let user = try await person(identity?["password"]?["user"])
            token = Token(
                user: user, project: nil, methods: ["password"], issuedAt: now, expiresAt: now + Self.lifetime,
                auditID: Base64.url(call.dice.bytes(16)), parentID: "")
        case "token":
            guard let text = identity?["token"]?["id"]?.string, let old = directory.token(text, now: now) else {
                throw Self.refused
            }
            // A token made from a token never outlives it.
            token = Token(
                user: old.user, project: nil, methods: Array(Set(old.methods + ["token"])).sorted(), issuedAt: now,
                expiresAt: old.expiresAt, auditID: Base64.url(call.dice.bytes(16)),
                parentID: old.parentID.isEmpty ? old.auditID : old.parentID)
        default: throw .invalid("The method '\(methods[0].prefix(64))' is not offered.", field: "methods")
        }
        token.project = try scope(call.body["auth"]?["scope"], for: token.user)
        let issued = token
        try await call.store.write(record(call, issued)) { (_) throws(CloudError) in }
        return answer(call, issued, status: 201)
    }

    /// A log-in's record names who logged in, which only now is known.
    private func record(_ call: Call, _ token: Token) -> AuditRecord {
        var record = call.record(token.user.text)
        record.caller.user = ID(token.user.text)
        record.caller.userName = directory.snapshot().people[token.user]?.name ?? ""
        record.caller.project = token.project.map { ID($0.text) }
        record.caller.token = token.auditID
        record.kind = User.kind.name
        return record
    }

    /// Who knows this password. Takes as long whether or not there is such a user.
    private func person(_ claim: JSON?) async throws(CloudError) -> ID<User> {
        guard let password = claim?["password"]?.string, password.utf8.count <= 128 else {
            throw .invalid("A user and a password are needed.", field: "password")
        }
        let state = directory.snapshot()
        var found: ID<User>?
        if let id = claim?["id"]?.string {
            found = ID(id)
        } else if let name = claim?["name"]?.string, let domain = state.domainID(claim?["domain"]) {
            found = state.people.first { $0.value.name == name && $0.value.domain == domain }?.key
        }
        let hash = try await hash(of: found)
        guard await vault.verify(password, hash), let found, let person = state.people[found], person.enabled,
            state.domains[person.domain]?.enabled ?? false
        else { throw Self.refused }
        return found
    }

    private func hash(of user: ID<User>?) async throws(CloudError) -> String {
        guard let user else { return "" }
        return try await store.read { (reader) throws(CloudError) in try reader.find(user)?.password ?? "" }
    }

    let store: any Store

    private func scope(_ scope: JSON?, for user: ID<User>) throws(CloudError) -> ID<Project>? {
        guard let scope, scope.string != "unscoped", let wanted = scope["project"] else { return nil }
        let state = directory.snapshot()
        var found: ID<Project>?
        if let id = wanted["id"]?.string {
            found = ID(id)
        } else if let name = wanted["name"]?.string, let domain = state.domainID(wanted["domain"]) {
            found = state.tenants.first { $0.value.name == name && $0.value.domain == domain }?.key
        }
        guard let found, let tenant = state.tenants[found], tenant.enabled,
            state.domains[tenant.domain]?.enabled ?? false, !state.roles(user, found).isEmpty
        else { throw Self.refused }
        return found
    }

    private func validate(_ call: Call) async throws(CloudError) -> Response {
        answer(call, try subject(call), status: 200)
    }

    private func revoke(_ call: Call) async throws(CloudError) -> Response {
        let token = try subject(call)
        try await call.store.write(call.record(token.user.text)) { (writer) throws(CloudError) in
            for old in try writer.list(Revocation.self, .everything(Revocation.kind))
            where old.expiresAt.map({ $0 < writer.now }) ?? true {
                try writer.remove(Reference(old.id))
            }
            var revocation = Revocation()
            revocation.expiresAt = token.expiresAt
            try writer.insert(revocation, id: ID(token.auditID))
        }
        return Response(204)
    }

    /// The token that the call is about: one's own, or any for an operator.
    private func subject(_ call: Call) throws(CloudError) -> Token {
        guard let text = call.request.headers["x-subject-token"], let token = directory.token(text, now: clock.now()),
            call.caller.isOperator || call.caller.user?.text == token.user.text
        else { throw CloudError(.missing, "The token could not be found.") }
        return token
    }

    private func answer(_ call: Call, _ token: Token, status: Int) -> Response {
        let state = directory.snapshot()
        var body: [String: JSON] = [
            "methods": .array(token.methods.map(JSON.string)),
            "issued_at": .string(token.issuedAt.text(fraction: true)),
            "expires_at": .string(token.expiresAt.text(fraction: true)),
            "audit_ids": .array([token.auditID, token.parentID].filter { !$0.isEmpty }.map(JSON.string)),
        ]
        if let person = state.people[token.user] {
            body["user"] = [
                "id": .string(token.user.text), "name": .string(person.name), "domain": domain(person.domain, state),
                "password_expires_at": .null,
            ]
        }
        if let project = token.project, let tenant = state.tenants[project] {
            body["project"] = [
                "id": .string(project.text), "name": .string(tenant.name), "domain": domain(tenant.domain, state),
            ]
            body["roles"] = .array(
                (state.grants[token.user]?[project] ?? []).sorted().map {
                    ["id": .string($0.text), "name": .string(state.roleNames[$0] ?? "")]
                })
            if call.request[query: "nocatalog"] == nil {
                body["catalog"] = Catalog.json(call, ID(project.text), region: region)
            }
        }
        var response = Response.json(status, ["token": .object(body)])
        let text = status == 201 ? token.sealed(vault) : call.request.headers["x-subject-token"] ?? ""
        response.headers += [("x-subject-token", text), ("vary", "X-Auth-Token"), ("cache-control", "no-store")]
        return response
    }

    private func domain(_ id: ID<Domain>, _ state: Directory.Snapshot) -> JSON {
        ["id": .string(id.text), "name": .string(state.domains[id]?.name ?? "")]
    }

    private func projects(_ call: Call) async throws(CloudError) -> Response {
        let state = directory.snapshot()
        let mine = (call.caller.user.flatMap { state.grants[ID($0.text)] } ?? [:]).keys.sorted()
        return try .write(200) { (writer) throws(CloudError) in
            writer.key("projects")
            try writer.array(mine.filter { state.tenants[$0]?.enabled ?? false }) { (id, writer) throws(CloudError) in
                writer.value([
                    "id": .string(id.text), "name": .string(state.tenants[id]?.name ?? ""),
                    "domain_id": .string(state.tenants[id]?.domain.text ?? ""), "enabled": true,
                ])
            }
        }
    }
}

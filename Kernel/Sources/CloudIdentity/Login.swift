import CloudCore
import CloudStore
import CloudWire

/// Getting tokens (Keystone v3, `POST /v3/auth/tokens`): who it is, and what the token is for.
struct Login: Sendable {
    let directory: Directory
    let vault: any Vault
    let guardian: LoginGuard
    let clock: any Clock

    /// How long a token lives that was not made from another.
    static let lifetime = Duration.seconds(3600)

    static let refused = CloudError(.unauthenticated, "The request you have made requires authentication.")

    var route: Route {
        Route(
            .post, .identity, "/v3/auth/tokens", action: "log_in", rule: .anyone, intake: .json(max: 16_384),
            status: 201, "Issues a token for a password, an application credential or another token.",
            handle: { (call) throws(CloudError) in try await issue(call) })
    }

    private func issue(_ call: Call) async throws(CloudError) -> Response {
        let identity = call.body["auth"]?["identity"]
        guard let methods = identity?["methods"]?.array?.compactMap(\.string), methods.count == 1 else {
            throw .invalid("auth.identity.methods must name one method.", field: "methods")
        }
        var token: Token
        switch methods[0] {
        case "password": token = try await byPassword(identity?["password"]?["user"], call)
        case "token": token = try byToken(identity?["token"]?["id"]?.string, call)
        case "application_credential": token = try await byCredential(identity?["application_credential"], call)
        default: throw .invalid("The method '\(methods[0].prefix(64))' is not offered.", field: "methods")
        }
        let wanted = call.body["auth"]?["scope"]
        if token.credential == nil {
            token.scope = try scope(wanted, for: token)
        } else if let wanted, try scope(wanted, for: token) != token.scope {
            // An application credential is for its project and no other, its tokens' tokens too.
            throw Self.refused
        }
        let issued = token
        guard directory.see({ $0.isInForce(issued, now: clock.now()) }) else { throw Self.refused }
        try await call.store.write(record(call, issued)) { (_) throws(CloudError) in }
        return try TokenAnswer(directory: directory, call: call).response(
            issued, text: issued.sealed(vault), status: 201)
    }

    /// A log-in's record names who logged in, which only now is known.
    private func record(_ call: Call, _ token: Token) -> AuditRecord {
        var record = call.record(token.user.text)
        record.caller.user = ID(token.user.text)
        record.caller.userName = directory.see { $0.people[token.user]?.name ?? "" }
        record.caller.project = token.project.map { ID($0.text) }
        record.caller.token = token.auditID
        record.kind = User.kind.name
        return record
    }

    // MARK: Methods

    private func fresh(_ user: ID<User>, _ method: String, _ call: Call) -> Token {
        let now = clock.now()
        return Token(
            user: user, generation: directory.see { $0.people[user]?.generation ?? -1 }, scope: nil, methods: [method],
            issuedAt: now, expiresAt: now + Self.lifetime, auditID: Base64.url(call.dice.bytes(16)), parentID: "")
    }

    private func byPassword(_ claim: JSON?, _ call: Call) async throws(CloudError) -> Token {
        guard let password = claim?["password"]?.string, password.utf8.count <= 128 else {
            throw .invalid("A user and a password are needed.", field: "password")
        }
        let found = person(claim)
        let token = found.map { fresh($0, "password", call) }
        let key =
            found.map(LoginGuard.Key.user)
            ?? .unknown((claim?["id"] ?? claim?["name"] ?? "").text + (claim?["domain"]?.text ?? ""))
        try await check(password, key, call) { (reader) throws(CloudError) in
            guard let found else { return nil }
            return try reader.find(found)?.password
        }
        guard let token, directory.see({ $0.isOpen(token.user) }) else { throw Self.refused }
        return token
    }

    private func byCredential(_ claim: JSON?, _ call: Call) async throws(CloudError) -> Token {
        guard let secret = claim?["secret"]?.string, secret.utf8.count <= 128 else {
            throw .invalid("An application credential and its secret are needed.", field: "secret")
        }
        let it = try await credential(claim, call)
        let token = it.map { it in
            var token = fresh(it.user, "application_credential", call)
            (token.scope, token.credential) = (.project(it.value.project), it.id)
            if let end = it.expiresAt { token.expiresAt = min(token.expiresAt, end) }
            return token
        }
        let key = it.map { LoginGuard.Key.unknown("credential " + $0.id.text) } ?? .unknown(claim?["id"]?.text ?? "")
        let hash = it?.secret
        try await check(secret, key, call) { (_) throws(CloudError) in hash }
        guard let token else { throw Self.refused }
        return token
    }

    private func credential(_ claim: JSON?, _ call: Call) async throws(CloudError) -> Stored<ApplicationCredential>? {
        if let id = claim?["id"]?.string {
            return try await call.store.read { (reader) throws(CloudError) in try reader.find(ID(id)) }
        }
        guard let name = claim?["name"]?.string, let user = person(claim?["user"]) else { return nil }
        return try await call.store.read { (reader) throws(CloudError) in
            let theirs = Query(ApplicationCredential.kind, limit: 1).with("user_id", .string(user.text)).with(
                "name", .string(name))
            return try reader.list(ApplicationCredential.self, theirs).first
        }
    }

    /// A token made from a token dies with it and never outlives or outgrows it.
    private func byToken(_ text: String?, _ call: Call) throws(CloudError) -> Token {
        let now = clock.now()
        // Keystone's clients tell a token that has ended from a wrong password by 404.
        guard let text, text.utf8.count <= 1024, let old = directory.token(text, now: now) else {
            throw CloudError(.missing, "The token could not be found.")
        }
        var token = old
        token.methods = Array(Set(old.methods + ["token"])).sorted()
        token.issuedAt = now
        token.auditID = Base64.url(call.dice.bytes(16))
        token.parentID = old.parentID.isEmpty ? old.auditID : old.parentID
        return token
    }

    /// Throws `refused` where the secret is wrong or guessing was too frequent; takes as long in every case.
    private func check(
        _ secret: String, _ key: LoginGuard.Key, _ call: Call,
        hash: @escaping @Sendable (any Reader) throws(CloudError) -> String?
    ) async throws(CloudError) {
        let keys = [key, .address(call.caller.address)]
        // Hashing is what a flood of log-ins takes from all others. An address that is shut out gets none, which
        // tells it nothing of any user.
        guard !guardian.isLocked([.address(call.caller.address)], clock.now()) else { throw Self.refused }
        let isLocked = guardian.isLocked(keys, clock.now())
        let kept = try await call.store.read(hash) ?? ""
        if try await vault.verify(secret, isLocked ? "" : kept) {
            guardian.clear(key)
            return
        }
        for locked in guardian.fail(keys, clock.now()) {
            var record = call.record()
            record.action = "lock_out"
            record.outcome = .refused
            switch locked {
            case .user(let id): (record.kind, record.resource) = (User.kind.name, id.text)
            case .address: record.reason = "too many failed log-ins from this address"
            case .unknown: record.reason = "too many failed log-ins with one name"
            }
            let written = record
            try await call.store.write(nil) { (writer) throws(CloudError) in try writer.append(written) }
        }
        throw Self.refused
    }

    /// The user that a body names, by id or by name and domain.
    private func person(_ claim: JSON?) -> ID<User>? {
        directory.see { facts in
            if let id = claim?["id"]?.string { return facts.people[ID(id)] == nil ? nil : ID(id) }
            guard let name = claim?["name"]?.string, let domain = facts.domainID(claim?["domain"]) else { return nil }
            return facts.personNamed[Facts.Name(domain: domain, name: name)]
        }
    }

    // MARK: Scope

    /// What the token is to be for. Who does not say, means the user's default project where that can be.
    private func scope(_ wanted: JSON?, for token: Token) throws(CloudError) -> Scope? {
        if wanted?.string == "unscoped" || wanted?["unscoped"] != nil { return nil }
        guard let wanted, !wanted.isNull else {
            guard !token.methods.contains("token") else { return nil }
            return directory.see { facts in
                guard let id = facts.people[token.user]?.defaultProject else { return nil }
                let scope = Scope.project(id)
                return facts.isOpen(scope) && !facts.roles(token.user, scope).isEmpty ? scope : nil
            }
        }
        guard wanted["OS-TRUST:trust"] == nil else { throw .invalid("Trusts are not offered.", field: "scope") }
        let found = directory.see { facts -> Scope? in
            if let project = wanted["project"] {
                if let id = project["id"]?.string { return .project(ID(id)) }
                guard let name = project["name"]?.string, let domain = facts.domainID(project["domain"]) else {
                    return nil
                }
                return facts.tenantNamed[Facts.Name(domain: domain, name: name)].map(Scope.project)
            }
            if wanted["domain"]?.object != nil { return facts.domainID(wanted["domain"]).map(Scope.domain) }
            return wanted["system"]?["all"] == true ? .system : nil
        }
        guard let found, directory.see({ $0.isOpen(found) && !$0.roles(token.user, found).isEmpty }) else {
            throw Self.refused
        }
        return found
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Checking and giving back tokens, and what a token's user may log in to.
struct TokenRoutes: Sendable {
    let directory: Directory
    let vault: any Vault
    let clock: any Clock

    var all: [Route] {
        [
            Route(
                .get, .identity, "/v3/auth/tokens", action: "validate", rule: .signedIn,
                "Shows what the token in X-Subject-Token says.",
                handle: { (call) throws(CloudError) in
                    let (token, text) = try subject(call)
                    return try TokenAnswer(directory: directory, call: call).response(token, text: text, status: 200)
                }),
            Route(
                .delete, .identity, "/v3/auth/tokens", action: "log_out", rule: .signedIn, status: 204,
                "Ends the token in X-Subject-Token, and those made from it.",
                handle: { (call) throws(CloudError) in try await revoke(call) }),
            Route(
                .get, .identity, "/v3/auth/catalog", action: "list", rule: .signedIn, "Lists the services.",
                handle: { (call) throws(CloudError) in
                    let entries = directory.see { $0.catalog.map { $0.json(call.base, call.caller.project?.text) } }
                    return list("catalog", entries, call)
                }),
            Route(
                .get, .identity, "/v3/auth/projects", action: "list", rule: .signedIn,
                "Lists the projects that the caller has a role on.",
                handle: { (call) throws(CloudError) in list("projects", projects(call), call) }),
            Route(
                .get, .identity, "/v3/auth/domains", action: "list", rule: .signedIn,
                "Lists the domains that the caller has a role on.",
                handle: { (call) throws(CloudError) in list("domains", domains(call), call) }),
            Route(
                .get, .identity, "/v3/auth/system", action: "list", rule: .signedIn,
                "Tells whether the caller has a role on the cloud as a whole.",
                handle: { (call) throws(CloudError) in
                    let has = directory.see { facts in
                        call.caller.user.map { !facts.roles(ID($0.text), .system).isEmpty } ?? false
                    }
                    return list("system", has ? [["all": true]] : [], call)
                }),
        ]
    }

    private func list(_ key: String, _ items: [JSON], _ call: Call) -> Response {
        .json(
            200,
            [
                key: .array(items),
                "links": ["self": .string(call.base + call.request.path), "previous": nil, "next": nil],
            ])
    }

    private func projects(_ call: Call) -> [JSON] {
        directory.see { facts in
            Project.seen(by: call.caller, facts).filter { facts.isOpen(.project($0)) }.map { id in
                [
                    "id": .string(id.text), "name": .string(facts.tenants[id]?.name ?? ""),
                    "domain_id": .string(facts.tenants[id]?.domain.text ?? ""), "enabled": true, "is_domain": false,
                    "links": ["self": .string(Project.face.link(id, call))],
                ]
            }
        }
    }

    private func domains(_ call: Call) -> [JSON] {
        guard let user = call.caller.user else { return [] }
        return directory.see { facts in
            facts.domains(of: ID(user.text)).filter { facts.isOpen(.domain($0)) }.map { id in
                [
                    "id": .string(id.text), "name": .string(facts.domains[id]?.name ?? ""), "enabled": true,
                    "links": ["self": .string(Domain.face.link(id, call))],
                ]
            }
        }
    }

    private func revoke(_ call: Call) async throws(CloudError) -> Response {
        let (token, _) = try subject(call)
        try await call.store.write(call.record(token.user.text)) { (writer) throws(CloudError) in
            // A few that have ended go each time, so that they never pile up and no call has many to remove.
            var oldest = Query(Revocation.kind, limit: 8)
            oldest.order = [Query.Order("expires_at")]
            for old in try writer.list(Revocation.self, oldest) where old.expiresAt.map({ $0 < writer.now }) ?? true {
                try writer.remove(Reference(old.id))
            }
            var revocation = Revocation()
            revocation.expiresAt = token.expiresAt
            if try writer.find(ID<Revocation>(token.auditID)) == nil {
                try writer.insert(revocation, id: ID(token.auditID))
            }
        }
        return Response(204)
    }

    /// The token that the call is about: one's own, or any for an operator.
    private func subject(_ call: Call) throws(CloudError) -> (Token, String) {
        guard let text = call.request.headers["x-subject-token"], text.utf8.count <= 1024,
            let token = directory.token(text, now: clock.now()),
            call.caller.isOperator || call.caller.user?.text == token.user.text
        else { throw CloudError(.missing, "The token could not be found.") }
        return (token, text)
    }
}

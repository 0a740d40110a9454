import CloudCore
import CloudWire

/// A token as Keystone shows it.
struct TokenAnswer: Sendable {
    let directory: Directory
    let call: Call

    func response(_ token: Token, text: String, status: Int) -> Response {
        var body: [String: JSON] = [
            "methods": .array(token.methods.map(JSON.string)),
            "issued_at": .string(token.issuedAt.text(fraction: true)),
            "expires_at": .string(token.expiresAt.text(fraction: true)),
            "audit_ids": .array([token.auditID, token.parentID].filter { !$0.isEmpty }.map(JSON.string)),
        ]
        directory.see { facts in
            if let person = facts.people[token.user] {
                body["user"] = [
                    "id": .string(token.user.text), "name": .string(person.name),
                    "domain": Self.domain(person.domain, facts), "password_expires_at": .null,
                ]
            }
            switch token.scope {
            case .project(let id):
                guard let tenant = facts.tenants[id] else { break }
                body["project"] = [
                    "id": .string(id.text), "name": .string(tenant.name), "domain": Self.domain(tenant.domain, facts),
                ]
                body["is_domain"] = false
            case .domain(let id): body["domain"] = Self.domain(id, facts)
            case .system: body["system"] = ["all": true]
            case nil: break
            }
            if let id = token.credential, let credential = facts.credentials[id] {
                body["application_credential"] = [
                    "id": .string(id.text), "name": .string(credential.name),
                    "restricted": .bool(!credential.unrestricted),
                ]
            }
            guard token.scope != nil else { return }
            body["roles"] = .array(
                facts.roles(token).sorted().map {
                    ["id": .string($0.text), "name": .string(facts.roleTypes[$0]?.name ?? "")]
                })
            if call.request[query: "nocatalog"] == nil {
                body["catalog"] = .array(facts.catalog.map { $0.json(call.base, token.project?.text) })
            }
        }
        var response = Response.json(status, ["token": .object(body)])
        response.headers += [("x-subject-token", text), ("vary", "X-Auth-Token"), ("cache-control", "no-store")]
        return response
    }

    static func domain(_ id: ID<Domain>, _ facts: Facts) -> JSON {
        ["id": .string(id.text), "name": .string(facts.domains[id]?.name ?? "")]
    }
}

import CloudCore
import CloudWire

/// A token as Keystone shows it.
struct TokenAnswer: Sendable {
    let directory: Directory
    let call: Call

    func response(_ token: Token, text: String, status: Int) throws(CloudError) -> Response {
        let hasCatalog = token.scope != nil && call.request[query: "nocatalog"] == nil
        let bytes = try directory.written(text, token, catalog: hasCatalog ? call.base : nil) {
            (facts, catalog) throws(CloudError) in
            var writer = JSONWriter()
            try writer.object { (writer) throws(CloudError) in
                writer.key("token")
                try writer.object { (writer) throws(CloudError) in
                    Self.write(token, facts, &writer)
                    if let catalog {
                        writer.key("catalog")
                        writer.value(written: catalog)
                    }
                }
            }
            return writer.bytes
        }
        var response = Response.bytes(status, bytes)
        response.headers += [("x-subject-token", text), ("vary", "X-Auth-Token"), ("cache-control", "no-store")]
        return response
    }

    private static func write(_ token: Token, _ facts: Facts, _ writer: inout JSONWriter) {
        writer.field("methods", .array(token.methods.map(JSON.string)))
        writer.field("issued_at", .string(token.issuedAt.text(fraction: true)))
        writer.field("expires_at", .string(token.expiresAt.text(fraction: true)))
        writer.field(
            "audit_ids", .array([token.auditID, token.parentID].filter { !$0.isEmpty }.map(JSON.string)))
        if let person = facts.people[token.user] {
            writer.field(
                "user",
                [
                    "id": .string(token.user.text), "name": .string(person.name),
                    "domain": domain(person.domain, facts), "password_expires_at": .null,
                ])
        }
        switch token.scope {
        case .project(let id):
            guard let tenant = facts.tenants[id] else { break }
            writer.field(
                "project",
                ["id": .string(id.text), "name": .string(tenant.name), "domain": domain(tenant.domain, facts)])
            writer.field("is_domain", false)
        case .domain(let id): writer.field("domain", domain(id, facts))
        case .system: writer.field("system", ["all": true])
        case nil: return
        }
        if let id = token.credential, let credential = facts.credentials[id] {
            writer.field(
                "application_credential",
                [
                    "id": .string(id.text), "name": .string(credential.name),
                    "restricted": .bool(!credential.unrestricted),
                ])
        }
        writer.field(
            "roles",
            .array(
                facts.roles(token).sorted().map {
                    ["id": .string($0.text), "name": .string(facts.roleTypes[$0]?.name ?? "")]
                }))
    }

    static func domain(_ id: ID<Domain>, _ facts: Facts) -> JSON {
        ["id": .string(id.text), "name": .string(facts.domains[id]?.name ?? "")]
    }
}

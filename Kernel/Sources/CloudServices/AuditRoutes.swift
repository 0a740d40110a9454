import CloudCore
import CloudStore
import CloudWire

/// The audit log, for tenants about themselves and for operators about all (white paper C120).
enum AuditRoutes {
    static let list = Route(
        .get, .akashi, "/v1/audit", action: "list", rule: .role(.reader),
        "Lists audit records from a sequence number on: the project's own; all of them for an operator who asks with all_tenants=1."
    ) { (call) throws(CloudError) in
        guard let after = Int(call.request[query: "after"] ?? "0"), after >= 0,
            let limit = Int(call.request[query: "limit"] ?? "100"), (1...1000).contains(limit)
        else { throw .invalid("after is a sequence number, limit 1 to 1000.") }
        let all = call.caller.isOperator && call.request[query: "all_tenants"] == "1"
        let project: ProjectID? = all ? nil : call.project
        let found = try await call.store.read { (reader) throws(CloudError) in
            try reader.audit(after: after, project: project, limit: limit)
        }
        return try .write(200) { (writer) throws(CloudError) in
            writer.key("records")
            try writer.array(found) { (record, writer) throws(CloudError) in
                try writer.object { (writer) throws(CloudError) in
                    for (name, value) in columns(record) { writer.field(name, value) }
                }
            }
        }
    }

    private static func columns(_ record: AuditRecord) -> [(String, JSON)] {
        [
            ("sequence", .integer(record.sequence)), ("time", .string(record.at.text(fraction: true))),
            ("request_id", .string(record.caller.requestID)), ("user_id", .string(record.caller.user?.text ?? "")),
            ("user_name", .string(record.caller.userName)), ("project_id", .string(record.caller.project?.text ?? "")),
            ("roles", .array(record.caller.roles.sorted().map(JSON.string))),
            ("token_id", .string(record.caller.token ?? "")), ("address", .string(record.caller.address)),
            ("service", .string(record.service)), ("action", .string(record.action)), ("kind", .string(record.kind)),
            ("resource", .string(record.resource)), ("outcome", .string(record.outcome.rawValue)),
            ("reason", .string(record.reason)),
        ]
    }
}

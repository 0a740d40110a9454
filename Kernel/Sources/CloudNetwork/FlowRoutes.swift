import CloudCore
import CloudStore
import CloudWire

/// What was dropped and let pass, for tenants about their own ports and for operators about all.
public enum FlowRoutes {
    private static let parameters: Set = ["port", "network", "verdict", "since", "limit", "marker", "all_tenants"]

    /// The route that reads the book.
    public static func list(_ book: any FlowBook) -> Route {
        Route(
            .get, .akashi, "/v1/flow-logs", action: "list", rule: .role(.reader),
            "Lists what security groups dropped and let pass at the project's ports, newest first, as far as `/v2.0/log/logs` orders it; of all projects for an operator who asks with all_tenants=1."
        ) { (call) throws(CloudError) in
            let query = try query(call)
            var further = query
            further.limit += 1
            var found = try await book.list(further)
            let hasMore = found.count > query.limit
            found = Array(found.prefix(query.limit))
            let (page, next) = (found, hasMore ? call.request.nextPath(String(found.last?.sequence ?? 0)) : nil)
            return try .write(200) { (writer) throws(CloudError) in
                writer.key("flow_logs")
                try writer.array(page) { (record, writer) throws(CloudError) in
                    try writer.object { (writer) throws(CloudError) in write(record, into: &writer) }
                }
                writer.field("next", next.map { .string(call.base + $0) } ?? .null)
            }
        }
    }

    private static func query(_ call: Call) throws(CloudError) -> FlowQuery {
        for (name, _) in call.request.query where !parameters.contains(name) {
            throw .invalid("'\(name.prefix(64))' is not a filter of flow logs.", field: name)
        }
        func given(_ name: String) -> String? { call.request[query: name].flatMap { $0.isEmpty ? nil : $0 } }
        let all = call.caller.isOperator && given("all_tenants") == "1"
        var query = FlowQuery(project: all ? nil : call.project)
        (query.port, query.network) = (given("port"), given("network"))
        if let text = given("limit") {
            guard let number = Int(text), (1...FlowQuery.most).contains(number) else {
                throw .invalid("limit is a number from 1 to \(FlowQuery.most).", field: "limit")
            }
            query.limit = number
        }
        if let text = given("verdict") {
            guard let verdict = FlowRecord.Verdict(rawValue: text.uppercased()) else {
                throw .invalid("verdict is DROP or ACCEPT.", field: "verdict")
            }
            query.verdict = verdict
        }
        if let text = given("since") {
            guard let since = Instant(text: text) else {
                throw .invalid("since is a time, as 2026-11-23T02:53:42Z.", field: "since")
            }
            query.since = since
        }
        if let text = given("marker") {
            guard let number = Int(text), number > 0 else {
                throw .invalid("marker is the id of a record.", field: "marker")
            }
            query.before = number
        }
        return query
    }

    private static func write(_ record: FlowRecord, into writer: inout JSONWriter) {
        writer.field("id", .string(String(record.sequence)))
        writer.field("time", .string(record.at.text(fraction: true)))
        writer.field("project_id", .string(record.project.text))
        writer.field("network_id", .string(record.network))
        writer.field("port_id", .string(record.port))
        writer.field("verdict", .string(record.verdict.rawValue))
        writer.field("count", .integer(record.count))
        for (name, value) in record.packet.sorted(by: { $0.key < $1.key }) { writer.field(name, value) }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// What the edge counts, as those read it whom it is about.
struct EdgeRoutes: Sendable {
    let edge: any Edge

    private static let most = 1000

    var all: [Route] { [list] }

    private var list: Route {
        Route(
            .get, .network, "/v1/edge-counters", action: "list", rule: .role(.reader),
            "Lists what the Internet edge let through and what it refused, by router and gateway: the project's own; all of them for an operator."
        ) { (call) throws(CloudError) in
            let (limit, marker) = try Self.page(call.request)
            let counted = try await edge.counters()
            let seesAll = call.caller.isOperator
            let owned = try await call.store.read { (reader) throws(CloudError) -> [(String, ProjectID)] in
                var out: [(String, ProjectID)] = []
                for member in counted.keys.sorted() where member > marker && out.count <= limit {
                    let project = try EdgeOwner.of(member: member, in: reader)
                    if seesAll || project != nil && project == call.caller.project {
                        out.append((member, project ?? ID("")))
                    }
                }
                return out
            }
            return try .write(200) { (writer) throws(CloudError) in
                writer.key("edge_counters")
                try writer.array(owned.prefix(limit)) { (one, writer) throws(CloudError) in
                    try writer.object { (writer) throws(CloudError) in
                        for (name, value) in Self.columns(one.0, one.1, counted[one.0] ?? EdgeCounters()) {
                            writer.field(name, value)
                        }
                    }
                }
                guard owned.count > limit else { return }
                let next = call.base + call.request.nextPath(owned[limit - 1].0)
                writer.field("edge_counters_links", [["rel": "next", "href": .string(next)]])
            }
        }
    }

    private static func page(_ request: Request) throws(CloudError) -> (limit: Int, marker: String) {
        for (name, _) in request.query where name != "limit" && name != "marker" {
            throw .invalid("'\(name.prefix(64))' is not a filter of edge counters.", field: name)
        }
        let text = request[query: "limit"] ?? "0"
        guard let limit = Int(text), limit >= 0 else {
            throw .invalid("limit must be a whole number that is not negative.", field: "limit")
        }
        return (limit == 0 ? most : min(limit, most), request[query: "marker"] ?? "")
    }

    private static func columns(_ id: String, _ project: ProjectID, _ it: EdgeCounters) -> [(String, JSON)] {
        [
            ("id", .string(id)), ("project_id", .string(project.text)), ("tenant_id", .string(project.text)),
            ("packets_in", .integer(it.packetsIn)), ("bytes_in", .integer(it.bytesIn)),
            ("packets_out", .integer(it.packetsOut)), ("bytes_out", .integer(it.bytesOut)),
            ("flood_dropped", .integer(it.floodDropped)), ("source_dropped", .integer(it.sourceDropped)),
            ("spoof_dropped", .integer(it.spoofDropped)),
        ]
    }
}

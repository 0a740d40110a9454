import CloudCore
import CloudStore
import CloudWire

/// A project's topology, to be read by programs and to be looked at.
enum TopologyRoutes {
    /// The most things that programs are told, and that are drawn.
    static let mostTold = 5000
    static let mostDrawn = 500

    static let all = [
        Route(
            .get, .akashi, "/v1/topology", action: "show", rule: .role(.reader),
            "Shows what the project has in its networks, and how it hangs together; for an operator, of the project named by project_id."
        ) { (call) throws(CloudError) in .json(200, try await map(call, TopologyMap(limit: mostTold)).json) },
        Route(
            .get, .akashi, "/v1/topology.svg", action: "show", rule: .role(.reader),
            "Draws the project's networks, routers and servers (SVG); for an operator, those of the project named by project_id."
        ) { (call) throws(CloudError) in
            let map = try await map(call, TopologyMap(limit: mostDrawn, hasNotes: false))
            let name = call.request[query: "project_id"] == nil ? call.caller.projectName : ""
            return Response(
                200,
                headers: [
                    ("content-type", "image/svg+xml; charset=utf-8"), ("x-content-type-options", "nosniff"),
                    // Names in it are tenants' text: were one to be taken for more, it still could not do anything.
                    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
                    ("cache-control", "no-store"),
                ], body: .bytes(Array(TopologyDrawing(map, title: name).svg.utf8)))
        },
    ]

    private static func map(_ call: Call, _ empty: TopologyMap) async throws(CloudError) -> TopologyMap {
        for (name, _) in call.request.query where name != "project_id" {
            throw .invalid("'\(name.prefix(64))' is not a parameter of a topology.", field: name)
        }
        var project = call.project
        if let named = call.request[query: "project_id"], named != project.text {
            guard call.caller.isOperator else {
                throw CloudError(.forbidden, "Only an operator sees another project's topology.")
            }
            project = ProjectID(named)
        }
        let whose = project
        return try await call.store.read { (reader) throws(CloudError) in
            var map = empty
            let scope = try TopologyScope(whose, &map, reader)
            for collect in TopologyCollectors.all { try collect(scope, reader, &map) }
            return map
        }
    }
}

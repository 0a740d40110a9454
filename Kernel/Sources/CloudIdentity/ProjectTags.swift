import CloudCore
import CloudStore
import CloudWire

/// The labels of a project, one by one and together.
extension Project {
    static func tagRoutes(_ directory: Directory) -> [Route] {
        let path = "/v3/projects/{project_id}/tags"
        return [
            Route(
                .get, .identity, path, action: "list_tags", kind: kind, rule: .signedIn, "Lists a project's tags."
            ) { (call) throws(CloudError) in
                .json(200, ["tags": try await tags(call, directory).json])
            },
            Route(
                .put, .identity, path, action: "set_tags", kind: kind, rule: .operator, intake: .json(max: 65_536),
                "Replaces a project's tags.", example: ["tags": ["gold"]]
            ) { (call) throws(CloudError) in
                guard let list = call.body["tags"] else { throw .invalid("The body must hold tags.", field: "tags") }
                let tags = try [String](json: list)
                try await change(call) { $0 = tags }
                return .json(200, ["tags": tags.json, "links": [:]])
            },
            Route(
                .delete, .identity, path, action: "clear_tags", kind: kind, rule: .operator, status: 204,
                "Takes all tags from a project."
            ) { (call) throws(CloudError) in
                try await change(call) { $0 = [] }
                return Response(204)
            },
            Route(
                .put, .identity, path + "/{tag}", action: "add_tag", kind: kind, rule: .operator, status: 201,
                "Adds a tag to a project."
            ) { (call) throws(CloudError) in
                let tag = call.parameter("tag")
                try await change(call) { if !$0.contains(tag) { $0.append(tag) } }
                return Response(201)
            },
            Route(
                .get, .identity, path + "/{tag}", action: "check_tag", kind: kind, rule: .signedIn, status: 204,
                "Tells whether a project has a tag."
            ) { (call) throws(CloudError) in
                guard try await tags(call, directory).contains(call.parameter("tag")) else {
                    throw .missing("Tag", call.parameter("tag"))
                }
                return Response(204)
            },
            Route(
                .delete, .identity, path + "/{tag}", action: "remove_tag", kind: kind, rule: .operator, status: 204,
                "Takes a tag from a project."
            ) { (call) throws(CloudError) in
                let tag = call.parameter("tag")
                try await change(call) { (tags) throws(CloudError) in
                    guard let place = tags.firstIndex(of: tag) else { throw .missing("Tag", tag) }
                    tags.remove(at: place)
                }
                return Response(204)
            },
        ]
    }

    private static func tags(_ call: Call, _ directory: Directory) async throws(CloudError) -> [String] {
        let id = ID<Project>(call.parameter("project_id"))
        try requireSight(id, call, directory)
        return try await call.store.read { (reader) throws(CloudError) in try reader.get(id).tags }
    }

    private static func change(
        _ call: Call, _ body: @escaping @Sendable (inout [String]) throws(CloudError) -> Void
    ) async throws(CloudError) {
        let id = ID<Project>(call.parameter("project_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in
            _ = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in try body(&it.value.tags) }
        }
    }
}

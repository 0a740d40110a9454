import CloudCore
import CloudStore
import CloudWire

/// What a server has of its owner's: metadata and tags, each with paths of its own.
extension Compute {
    private var metadataPath: String { itemPath + "/metadata" }
    private var tagsPath: String { itemPath + "/tags" }

    var metadataRoutes: [Route] {
        [
            Route(
                .get, .compute, metadataPath, action: "list_metadata", kind: Server.kind, rule: .role(.reader),
                "Shows a server's metadata."
            ) {
                (call) throws(CloudError) in
                .json(200, ["metadata": try await server(call).metadata.json])
            },
            Route(
                .get, .compute, metadataPath + "/{metadata_key}", action: "show_metadata", kind: Server.kind,
                rule: .role(.reader),
                "Shows one value of a server's metadata."
            ) { (call) throws(CloudError) in
                let key = call.parameter("metadata_key")
                guard let value = try await server(call).metadata[key] else { throw Self.noKey }
                return .json(200, ["meta": [key: .string(value)]])
            },
            changeMetadata(.put, "set_metadata", "Replaces a server's metadata.") { (it, wanted) throws(CloudError) in
                it.metadata = wanted
            },
            changeMetadata(.post, "update_metadata", "Adds to a server's metadata.") {
                (it, wanted) throws(CloudError) in
                it.metadata.merge(wanted) { _, new in new }
            },
            Route(
                .put, .compute, metadataPath + "/{metadata_key}", action: "set_metadata_item", kind: Server.kind,
                rule: .role(.member),
                intake: .json(), "Sets one value of a server's metadata.", example: ["meta": ["purpose": "web"]]
            ) { (call) throws(CloudError) in
                let key = call.parameter("metadata_key")
                _ = try await server(call)
                let wanted = try [String: String](json: call.body["meta"] ?? .null)
                guard wanted.count == 1, let value = wanted[key] else {
                    throw .invalid("The body must hold the one value that the path names.", field: "meta")
                }
                try await change(call) { (it, writer) throws(CloudError) in
                    it.value.metadata[key] = value
                    try it.value.checkMetadata(in: writer, project: it.project)
                }
                return .json(200, ["meta": wanted.json])
            },
            Route(
                .delete, .compute, metadataPath + "/{metadata_key}", action: "delete_metadata_item", kind: Server.kind,
                rule: .role(.member), status: 204, "Removes one value of a server's metadata."
            ) { (call) throws(CloudError) in
                try await change(call) { (it, _) throws(CloudError) in
                    guard it.value.metadata.removeValue(forKey: call.parameter("metadata_key")) != nil else {
                        throw Self.noKey
                    }
                }
                return Response(204)
            },
        ]
    }

    private static let noKey = CloudError(.missing, "Metadata item was not found")

    private func changeMetadata(
        _ method: Method, _ action: String, _ help: String,
        _ merge: @escaping @Sendable (inout Server, [String: String]) throws(CloudError) -> Void
    ) -> Route {
        Route(
            method, .compute, metadataPath, action: action, kind: Server.kind, rule: .role(.member), intake: .json(),
            help,
            example: ["metadata": ["purpose": "web"]]
        ) { (call) throws(CloudError) in
            let wanted = try [String: String](json: call.body["metadata"] ?? .null)
            let it = try await change(call) { (it, writer) throws(CloudError) in
                try merge(&it.value, wanted)
                try it.value.checkMetadata(in: writer, project: it.project)
            }
            return .json(200, ["metadata": it.metadata.json])
        }
    }

    var tagRoutes: [Route] {
        [
            Route(
                .get, .compute, tagsPath, action: "list_tags", kind: Server.kind, rule: .role(.reader),
                "Lists a server's tags."
            ) {
                (call) throws(CloudError) in
                try Self.requireTags(call)
                return .json(200, ["tags": try await server(call).tags.json])
            },
            Route(
                .get, .compute, tagsPath + "/{tag}", action: "check_tag", kind: Server.kind, rule: .role(.reader),
                status: 204, "Tells whether a server has a tag."
            ) {
                (call) throws(CloudError) in
                try Self.requireTags(call)
                guard try await server(call).tags.contains(call.parameter("tag")) else { throw Self.noTag(call) }
                return Response(204)
            },
            Route(
                .put, .compute, tagsPath, action: "replace_tags", kind: Server.kind, rule: .role(.member),
                intake: .json(),
                "Replaces a server's tags.", example: ["tags": ["blue"]]
            ) { (call) throws(CloudError) in
                try Self.requireTags(call)
                let tags = try Server.tags(call.body["tags"] ?? .null)
                let it = try await change(call) { (it, _) throws(CloudError) in it.value.tags = tags }
                return .json(200, ["tags": it.tags.json])
            },
            Route(
                .put, .compute, tagsPath + "/{tag}", action: "add_tag", kind: Server.kind, rule: .role(.member),
                status: 201, "Adds a tag to a server."
            ) {
                (call) throws(CloudError) in
                try Self.requireTags(call)
                let tag = call.parameter("tag")
                let before = try await server(call).tags.contains(tag)
                try await change(call) { (it, _) throws(CloudError) in
                    guard !it.tags.contains(tag) else { return }
                    it.value.tags = try Server.tags((it.tags + [tag]).json)
                }
                let place = "\(base)/compute\(call.request.path.dropFirst("/compute".count))"
                return before ? Response(204) : Response(201, headers: [("location", place)])
            },
            Route(
                .delete, .compute, tagsPath + "/{tag}", action: "remove_tag", kind: Server.kind, rule: .role(.member),
                status: 204, "Removes a tag from a server."
            ) {
                (call) throws(CloudError) in
                try Self.requireTags(call)
                try await change(call) { (it, _) throws(CloudError) in
                    guard let place = it.tags.firstIndex(of: call.parameter("tag")) else { throw Self.noTag(call) }
                    it.value.tags.remove(at: place)
                }
                return Response(204)
            },
            Route(
                .delete, .compute, tagsPath, action: "remove_tags", kind: Server.kind, rule: .role(.member),
                status: 204, "Removes all tags from a server."
            ) {
                (call) throws(CloudError) in
                try Self.requireTags(call)
                try await change(call) { (it, _) throws(CloudError) in it.value.tags = [] }
                return Response(204)
            },
        ]
    }

    /// Tags came with 2.26; a client that names no version at all gets them too.
    private static func requireTags(_ call: Call) throws(CloudError) {
        guard call.microversion >= 26 || call.microversion == 1 else {
            throw CloudError(.missing, "Tags came with version 2.26.")
        }
    }

    private static func noTag(_ call: Call) -> CloudError {
        CloudError(.missing, "Server \(call.parameter("server_id")) has no tag '\(call.parameter("tag").prefix(64))'.")
    }

    /// The server that the path names.
    func server(_ call: Call) async throws(CloudError) -> Stored<Server> {
        let id = ID<Server>(call.parameter("server_id"))
        return try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
    }

    /// Changes the server that the path names, unless it is locked.
    @discardableResult
    func change(
        _ call: Call, _ body: @escaping @Sendable (inout Stored<Server>, any Writer) throws(CloudError) -> Void
    ) async throws(CloudError) -> Stored<Server> {
        let id = ID<Server>(call.parameter("server_id"))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                try it.requireUnlocked(for: call.caller)
                try body(&it, writer)
            }
        }
    }
}

extension Server {
    func checkMetadata(in reader: any Reader, project: ProjectID) throws(CloudError) {
        try metadata.checkMetadata()
        try Server.fields.first { $0.name == "metadata" }!.type.check(metadata.json, name: "metadata")
        try QuotaSet.of(project, in: reader).requireMetadata(metadata.count)
    }

    mutating func replaceMetadata(_ json: JSON, in reader: any Reader, project: ProjectID) throws(CloudError) {
        metadata = try [String: String](json: json)
        try checkMetadata(in: reader, project: project)
    }
}

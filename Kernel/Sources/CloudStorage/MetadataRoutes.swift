import CloudCore
import CloudStore
import CloudWire

/// What carries names and values of its owner's own.
protocol Labelled: Governed {
    var metadata: [String: String] { get set }
}

/// Metadata of a resource, by name (Block Storage API v3, `…/metadata`).
struct MetadataRoutes<R: Labelled>: Sendable {
    /// The resource's own path.
    let path: String
    /// Which part of the path is its id.
    let parameter: String

    private var collection: String { path + "/metadata" }
    private var item: String { collection + "/{metadata_key}" }

    var routes: [Route] {
        [
            Route(
                .get, .volume, collection, action: "show_metadata", kind: R.kind, rule: .role(.reader),
                "Lists a \(R.kind.name)'s metadata."
            ) { (call) throws(CloudError) in .json(200, ["metadata": try await found(call).metadata.json]) },
            Route(
                .get, .volume, item, action: "show_metadata_item", kind: R.kind, rule: .role(.reader),
                "Shows one item of a \(R.kind.name)'s metadata."
            ) { (call) throws(CloudError) in
                let key = call.parameter("metadata_key")
                guard let value = try await found(call).metadata[key] else { throw Self.noKey }
                return .json(200, ["meta": [key: .string(value)]])
            },
            set(.put, "replace_metadata", "Replaces a \(R.kind.name)'s metadata.") { $0 = $1 },
            set(.post, "add_metadata", "Adds to a \(R.kind.name)'s metadata.") { $0.merge($1) { $1 } },
            Route(
                .put, .volume, item, action: "set_metadata_item", kind: R.kind, rule: .role(.member),
                intake: .json(), "Sets one item of a \(R.kind.name)'s metadata.",
                example: ["meta": ["purpose": "logs"]]
            ) { (call) throws(CloudError) in
                let items = try [String: String](json: call.body["meta"] ?? .null)
                guard items.count == 1, items[call.parameter("metadata_key")] != nil else {
                    throw .invalid("The body must hold the one item that the path names.")
                }
                _ = try await change(call) { (it) throws(CloudError) in it.merge(items) { $1 } }
                return .json(200, ["meta": items.json])
            },
            Route(
                .delete, .volume, item, action: "delete_metadata_item", kind: R.kind, rule: .role(.member),
                "Removes one item of a \(R.kind.name)'s metadata."
            ) { (call) throws(CloudError) in
                _ = try await change(call) { (it) throws(CloudError) in
                    guard it.removeValue(forKey: call.parameter("metadata_key")) != nil else { throw Self.noKey }
                }
                return Response(200)
            },
        ]
    }

    private static var noKey: CloudError { CloudError(.missing, "Metadata item was not found") }

    private func set(
        _ method: Method, _ action: String, _ help: String,
        _ merge: @escaping @Sendable (inout [String: String], [String: String]) -> Void
    ) -> Route {
        Route(
            method, .volume, collection, action: action, kind: R.kind, rule: .role(.member), intake: .json(), help,
            example: ["metadata": ["purpose": "logs"]]
        ) { (call) throws(CloudError) in
            let items = try [String: String](json: call.body["metadata"] ?? .null)
            let it = try await change(call) { (it) throws(CloudError) in merge(&it, items) }
            return .json(200, ["metadata": it.json])
        }
    }

    private func id(_ call: Call) -> ID<R> { ID(call.parameter(parameter)) }

    private func found(_ call: Call) async throws(CloudError) -> Stored<R> {
        let id = id(call)
        return try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
    }

    private func change(
        _ call: Call, _ body: @escaping @Sendable (inout [String: String]) throws(CloudError) -> Void
    ) async throws(CloudError) -> [String: String] {
        let id = id(call)
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try writer.revise(id, for: call.caller) { (it) throws(CloudError) in try body(&it.value.metadata) }
                .metadata
        }
    }
}

import CloudCore
import CloudStore

/// The routes that most resources have, derived from their face.
extension Face where R: Governed {
    /// The path's name for the resource's id.
    private var parameter: String { noun + "_id" }
    private var itemPath: String { path + "/{" + parameter + "}" }

    public func list(_ rule: Rule = .role(.reader)) -> Route {
        Route(
            .get, service, path, action: "list", kind: R.kind, rule: rule,
            "Lists the \(plural.replacingUnderscores) of the project.", schema: schema(plural, list: true)
        ) { (call) throws(CloudError) in
            try await page(call, strict: true) { (query) in
                if let part { query = query.with(part.column, part.value) }
            } write: { (stored, reader, writer, only) throws(CloudError) in
                try write(stored, reader, into: &writer, only: only, for: call.audience)
            } next: { _, _ in
            }
        }
    }

    public func show(_ rule: Rule = .role(.reader)) -> Route {
        Route(
            .get, service, itemPath, action: "show", kind: R.kind, rule: rule,
            "Shows one \(noun.replacingUnderscores).", schema: schema(singular)
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(parameter))
            let only = Set(call.request.query.filter { $0.name == "fields" }.map(\.value))
            return .bytes(
                200,
                try await call.store.read { (reader) throws(CloudError) in
                    let it = try reader.get(id, for: call.caller)
                    try require(it)
                    return enveloped(
                        try reader.written(it, call.variant(only)) { (it, writer) throws(CloudError) in
                            try write(it, reader, into: &writer, only: only, for: call.audience)
                        })
                })
        }
    }

    /// - Parameter then: what is written with each new one, in the same transaction.
    public func create(
        _ rule: Rule = .role(.member), status: Int = 201, example: JSON,
        then: @escaping @Sendable (Stored<R>, any Writer) throws(CloudError) -> Void = { (_, _) throws(CloudError) in }
    ) -> Route {
        Route(
            .post, service, path, action: "create", kind: R.kind, rule: rule, intake: .json(), status: status,
            "Creates a \(noun.replacingUnderscores).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            if service == .network, call.body[singular] == nil, let items = call.body[plural]?.array {
                return try await createAll(items, call, status, then)
            }
            let object = try call.object(singular)
            var draft = R()
            try begin(&draft)
            try apply(object, to: &draft, right: .create, for: call.audience)
            let (value, owner, id) = (draft, try owner(object, call), R.newID(call.dice))
            return .bytes(
                status,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.create(value, id: id, project: owner, for: call.caller)
                    try then(it, writer)
                    return try body(it, writer, for: call.audience)
                })
        }
    }

    public func update(
        _ method: Method = .put, _ rule: Rule = .role(.member), status: Int = 200, example: JSON
    ) -> Route {
        Route(
            method, service, itemPath, action: "update", kind: R.kind, rule: rule, intake: .json(), status: status,
            "Changes a \(noun.replacingUnderscores).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            let object = try call.object(singular)
            let id = ID<R>(call.parameter(parameter))
            return .bytes(
                status,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        try require(it)
                        try call.checkRevision(it.version)
                        try apply(object, to: &it.value, right: .update, for: call.audience)
                    }
                    return try body(it, writer, for: call.audience)
                })
        }
    }

    public func delete(_ rule: Rule = .role(.member), status: Int = 204) -> Route {
        Route(
            .delete, service, itemPath, action: "delete", kind: R.kind, rule: rule, status: status,
            "Deletes a \(noun.replacingUnderscores)."
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(parameter))
            try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.get(id, for: call.caller)
                try require(it)
                try call.checkRevision(it.version)
                try writer.withdraw(id, for: call.caller)
            }
            return Response(status)
        }
    }
}

extension Face where R: Governed {
    /// Creates several at once: all of them, or none (Neutron's bulk form).
    private func createAll(
        _ items: [JSON], _ call: Call, _ status: Int,
        _ then: @escaping @Sendable (Stored<R>, any Writer) throws(CloudError) -> Void
    ) async throws(CloudError) -> Response {
        guard (1...100).contains(items.count) else {
            throw .invalid("At least one and at most 100 \(R.kind.plural) are created at once.", field: plural)
        }
        var drafts: [(value: R, id: ID<R>, owner: ProjectID)] = []
        for item in items {
            guard let object = item.object else { throw .invalid("'\(plural)' must list objects.", field: plural) }
            var draft = R()
            try begin(&draft)
            try apply(object, to: &draft, right: .create, for: call.audience)
            drafts.append((draft, R.newID(call.dice), try owner(object, call)))
        }
        let all = drafts
        return .bytes(
            status,
            try await call.write(all[0].id.text) { (writer) throws(CloudError) in
                var made: [Stored<R>] = []
                for (value, id, owner) in all {
                    let it = try writer.create(value, id: id, project: owner, for: call.caller)
                    try then(it, writer)
                    made.append(it)
                    if made.count > 1 { try writer.append(call.record(id.text)) }
                }
                var body = JSONWriter()
                try body.object { (body) throws(CloudError) in
                    body.key(plural)
                    try body.array(made) { (it, body) throws(CloudError) in
                        try body.object { (body) throws(CloudError) in
                            try write(it, writer, into: &body, for: call.audience)
                        }
                    }
                }
                return body.bytes
            })
    }
}

extension Call {
    /// Throws `stale` where the caller asks for another revision than there is (`If-Match: revision_number=N`).
    public func checkRevision(_ version: Int) throws(CloudError) {
        guard let text = request.headers["if-match"], text.hasPrefix("revision_number=") else { return }
        guard Int(text.dropFirst("revision_number=".count)) == version else {
            throw CloudError(.stale, "The revision is \(version); the request is for \(text.prefix(64)).")
        }
    }
}

extension String {
    var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}

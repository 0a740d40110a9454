import CloudCore
import CloudStore

/// The routes that most resources have, derived from their face.
extension Face where R: Governed {
    /// The path's name for the resource's id.
    private var parameter: String { R.kind.name + "_id" }
    private var itemPath: String { path + "/{" + parameter + "}" }

    public func list(_ rule: Rule = .role(.reader)) -> Route {
        Route(
            .get, service, path, action: "list", kind: R.kind, rule: rule,
            "Lists the \(R.kind.plural.replacingUnderscores) of the project.", schema: schema(plural, list: true)
        ) { (call) throws(CloudError) in
            try await page(call, strict: true) { (stored, reader, writer, only) throws(CloudError) in
                try write(stored, reader, into: &writer, only: only, for: call.audience)
            } next: { writer, marker in
                writer.field(
                    plural + "_links", [["rel": "next", "href": .string(call.base + call.request.nextPath(marker))]])
            }
        }
    }

    public func show(_ rule: Rule = .role(.reader)) -> Route {
        Route(
            .get, service, itemPath, action: "show", kind: R.kind, rule: rule,
            "Shows one \(R.kind.name.replacingUnderscores).", schema: schema(singular)
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(parameter))
            return .bytes(
                200,
                try await call.store.read { (reader) throws(CloudError) in
                    try body(try reader.get(id, for: call.caller), reader, for: call.audience)
                })
        }
    }

    public func create(_ rule: Rule = .role(.member), status: Int = 201, example: JSON) -> Route {
        Route(
            .post, service, path, action: "create", kind: R.kind, rule: rule, intake: .json(), status: status,
            "Creates a \(R.kind.name.replacingUnderscores).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            let object = try call.object(singular)
            var draft = R()
            try apply(object, to: &draft, right: .create, for: call.audience)
            let (value, owner, id) = (draft, try owner(object, call), R.newID(call.dice))
            return .bytes(
                status,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    try body(
                        try writer.create(value, id: id, project: owner, for: call.caller), writer, for: call.audience)
                })
        }
    }

    public func update(
        _ method: Method = .put, _ rule: Rule = .role(.member), status: Int = 200, example: JSON
    ) -> Route {
        Route(
            method, service, itemPath, action: "update", kind: R.kind, rule: rule, intake: .json(), status: status,
            "Changes a \(R.kind.name.replacingUnderscores).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            let object = try call.object(singular)
            let id = ID<R>(call.parameter(parameter))
            return .bytes(
                status,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        try apply(object, to: &it.value, right: .update, for: call.audience)
                    }
                    return try body(it, writer, for: call.audience)
                })
        }
    }

    public func delete(_ rule: Rule = .role(.member)) -> Route {
        Route(
            .delete, service, itemPath, action: "delete", kind: R.kind, rule: rule, status: 204,
            "Deletes a \(R.kind.name.replacingUnderscores)."
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(parameter))
            try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
            return Response(204)
        }
    }
}

extension String {
    var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}

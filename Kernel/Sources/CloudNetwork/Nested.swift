import CloudCore
import CloudStore
import CloudWire

/// The routes of resources that live below another in the path, and belong to its owner.
struct Nested<P: Resource, R: Governed>: Sendable {
    let face: Face<R>
    let owner: P.Type
    /// The path's name for the other's id.
    let parent: String
    /// The column that holds it.
    let column: String
    /// Writes it into a draft.
    let place: @Sendable (inout R, String) -> Void

    init(
        _ face: Face<R>, below owner: P.Type, parent: String, column: String,
        _ place: @escaping @Sendable (inout R, String) -> Void
    ) {
        (self.face, self.owner, self.parent, self.column, self.place) = (face, owner, parent, column, place)
    }

    private var parameter: String { R.kind.name + "_id" }
    private var item: String { face.path + "/{" + parameter + "}" }
    private var noun: String { R.kind.name.replacing("_", with: " ") }

    /// The resource that a path names, if it is below the one that the path names before it.
    private func find(_ call: Call, in reader: any Reader) throws(CloudError) -> Stored<R> {
        _ = try reader.get(ID<P>(call.parameter(parent)), for: call.caller)
        let it = try reader.get(ID<R>(call.parameter(parameter)))
        guard let field = R.fields.first(where: { $0.name == column }),
            field.get(it.value) == .string(call.parameter(parent))
        else { throw .missing(R.kind.title, call.parameter(parameter)) }
        return it
    }

    func routes(create: JSON, update: JSON) -> [Route] {
        [
            Route(
                .get, face.service, face.path, action: "list", kind: R.kind, rule: .role(.reader),
                "Lists every \(noun) of one.", schema: face.schema(face.plural, list: true)
            ) { (call) throws(CloudError) in
                .json(
                    200,
                    try await call.store.read { (reader) throws(CloudError) in
                        _ = try reader.get(ID<P>(call.parameter(parent)), for: call.caller)
                        var out: [JSON] = []
                        for it in try reader.list(R.self, where: column, .string(call.parameter(parent))) {
                            out.append(
                                try JSON.parse(try face.body(it, reader, for: call.audience))[face.singular] ?? .null)
                        }
                        return [face.plural: .array(out)]
                    })
            },
            Route(
                .get, face.service, item, action: "show", kind: R.kind, rule: .role(.reader), "Shows one \(noun).",
                schema: face.schema(face.singular)
            ) { (call) throws(CloudError) in
                .bytes(
                    200,
                    try await call.store.read { (reader) throws(CloudError) in
                        try face.body(try find(call, in: reader), reader, for: call.audience)
                    })
            },
            Route(
                .post, face.service, face.path, action: "create", kind: R.kind, rule: .role(.member), intake: .json(),
                status: 201, "Creates a \(noun).", example: create, schema: face.schema(face.singular)
            ) { (call) throws(CloudError) in
                var draft = R()
                try face.apply(try call.object(face.singular), to: &draft, right: .create, for: call.audience)
                place(&draft, call.parameter(parent))
                let (value, id) = (draft, R.newID(call.dice))
                return .bytes(
                    201,
                    try await call.write(id.text) { (writer) throws(CloudError) in
                        let owner = try writer.own(ID<P>(call.parameter(parent)), for: call.caller)
                        let it = try writer.create(value, id: id, project: owner.project, for: call.caller)
                        return try face.body(it, writer, for: call.audience)
                    })
            },
            Route(
                .put, face.service, item, action: "update", kind: R.kind, rule: .role(.member), intake: .json(),
                "Changes a \(noun).", example: update, schema: face.schema(face.singular)
            ) { (call) throws(CloudError) in
                let object = try call.object(face.singular)
                return .bytes(
                    200,
                    try await call.write(call.parameter(parameter)) { (writer) throws(CloudError) in
                        let id = try find(call, in: writer).id
                        let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                            try face.apply(object, to: &it.value, right: .update, for: call.audience)
                        }
                        return try face.body(it, writer, for: call.audience)
                    })
            },
            Route(
                .delete, face.service, item, action: "delete", kind: R.kind, rule: .role(.member), status: 204,
                "Deletes a \(noun)."
            ) { (call) throws(CloudError) in
                try await call.write(call.parameter(parameter)) { (writer) throws(CloudError) in
                    try writer.withdraw(try find(call, in: writer).id, for: call.caller)
                }
                return Response(204)
            },
        ]
    }
}

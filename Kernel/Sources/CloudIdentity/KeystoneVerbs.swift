import CloudCore
import CloudStore
import CloudWire

/// Keystone's way with the common routes: `links` in every object, null for what is left out, PATCH to change.
extension Attribute {
    /// Keystone's options of a resource: an empty object, which clients send as they read it.
    static func noOptions() -> Self {
        Attribute(
            "options", type: .json(max: 64), rights: [.read, .create, .update], "Options: none is offered.",
            read: { (_, _) throws(CloudError) in [:] },
            write: { (_, json) throws(CloudError) in
                guard json.isNull || json.object?.isEmpty ?? false else {
                    throw .invalid("No options are offered.", field: "options")
                }
            })
    }
}

extension Face where R: Governed {
    private var item: String { path + "/{" + R.kind.name + "_id}" }
    private var noun: String { R.kind.title.lowercased() }

    /// Writes one as an open object's members, with the link to itself.
    func members(_ it: Stored<R>, _ reader: any Reader, _ call: Call, into writer: inout JSONWriter) throws(CloudError)
    {
        try write(it, reader, into: &writer)
        if let it = it.value as? any Extensible { writeExtras(it.extras, into: &writer) }
        writer.field("links", ["self": .string(link(it.id, call))])
    }

    func link(_ id: ID<R>, _ call: Call) -> String { call.base + service.prefix + path + "/" + id.text.percentEncoded }

    /// One under its key.
    func envelope(_ it: Stored<R>, _ reader: any Reader, _ call: Call) throws(CloudError) -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { (writer) throws(CloudError) in
            writer.key(singular)
            try writer.object { (writer) throws(CloudError) in try members(it, reader, call, into: &writer) }
        }
        return writer.bytes
    }

    /// Many under their key, in the order given.
    func envelope(_ them: [Stored<R>], _ reader: any Reader, _ call: Call) throws(CloudError) -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { (writer) throws(CloudError) in
            writer.key(plural)
            try writer.array(them) { (it, writer) throws(CloudError) in
                try writer.object { (writer) throws(CloudError) in try members(it, reader, call, into: &writer) }
            }
            let here = call.base + call.request.path
            writer.field("links", ["self": .string(here), "previous": nil, "next": nil])
        }
        return writer.bytes
    }

    /// - Parameter special: query parameters that are no attribute; `adjust` gives them their meaning.
    func lister(
        _ rule: Rule, special: Set<String> = [],
        adjust: @escaping @Sendable (inout Query, Call) throws(CloudError) -> Void = { (_, _) throws(CloudError) in }
    ) -> Route {
        Route(
            .get, service, path, action: "list", kind: R.kind, rule: rule, "Lists the \(R.kind.plural).",
            schema: schema(plural, list: true)
        ) { (call) throws(CloudError) in
            try await answerList(call, special: special) { (query) throws(CloudError) in try adjust(&query, call) }
        }
    }

    func answerList(
        _ call: Call, special: Set<String> = [], adjust: (inout Query) throws(CloudError) -> Void
    ) async throws(CloudError) -> Response {
        let known = special.union(["limit", "marker", "sort_key", "sort_dir"])
        for (name, _) in call.request.query where !known.contains(name) {
            guard attributes.contains(where: { $0.name == name && $0.column != nil }) else {
                throw .invalid("'\(name.prefix(64))' is not a filter of \(R.kind.plural).", field: name)
            }
        }
        return try await page(call, strict: false, adjust: adjust) { (it, reader, writer, _) throws(CloudError) in
            try members(it, reader, call, into: &writer)
        } next: { writer, marker in
            writer.field("links", ["next": .string(call.base + call.request.nextPath(marker))])
        }
    }

    /// - Parameter sees: throws where the caller may not see this one; `missing`, as for one that is none.
    func shower(
        _ rule: Rule,
        sees: @escaping @Sendable (ID<R>, Call) throws(CloudError) -> Void = { (_, _) throws(CloudError) in }
    ) -> Route {
        Route(
            .get, service, item, action: "show", kind: R.kind, rule: rule, "Shows one \(noun).",
            schema: schema(singular)
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(R.kind.name + "_id"))
            try sees(id, call)
            return .bytes(
                200,
                try await call.store.read { (reader) throws(CloudError) in
                    try envelope(try reader.get(id), reader, call)
                })
        }
    }
}

extension Face where R: Extensible {
    /// - Parameter namesItself: whether a body may choose the id.
    func creator(example: JSON, namesItself: Bool = false) -> Route {
        Route(
            .post, service, path, action: "create", kind: R.kind, rule: .operator, intake: .json(), status: 201,
            "Creates a \(noun).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            var object = try call.object(singular)
            var id = R.newID(call.dice)
            if namesItself, let named = object.removeValue(forKey: "id"), !named.isNull {
                id = try chosenID(named)
            }
            let (value, chosen) = (try draft(object), id)
            return .bytes(
                201,
                try await call.write(chosen.text) { (writer) throws(CloudError) in
                    let it = try writer.create(value, id: chosen, project: ID(""), for: call.caller)
                    return try envelope(it, writer, call)
                })
        }
    }

    /// An id that the caller chose.
    func chosenID(_ named: JSON) throws(CloudError) -> ID<R> {
        try FieldType.text(max: 64, lines: false).check(named, name: "id")
        guard let text = named.string, !text.isEmpty, !text.holds("/") else {
            throw .invalid("The id must not be empty or hold a slash.", field: "id")
        }
        return ID(text)
    }

    /// A new value as a body says it; null is as if it were not said.
    func draft(_ object: [String: JSON]) throws(CloudError) -> R {
        var value = R()
        try set(object.filter { !$0.value.isNull }, on: &value, right: .create)
        return value
    }

    func changer(example: JSON) -> Route {
        Route(
            .patch, service, item, action: "update", kind: R.kind, rule: .operator, intake: .json(),
            "Changes a \(noun).", example: example, schema: schema(singular)
        ) { (call) throws(CloudError) in
            let object = nulled(try call.object(singular))
            let id = ID<R>(call.parameter(R.kind.name + "_id"))
            return .bytes(
                200,
                try await call.write(id.text) { (writer) throws(CloudError) in
                    let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                        try set(object, on: &it.value, right: .update)
                    }
                    return try envelope(it, writer, call)
                })
        }
    }

    /// A text that may be left out is emptied by null.
    func nulled(_ object: [String: JSON]) -> [String: JSON] {
        var out = object
        for attribute in attributes where out[attribute.name]?.isNull == true && !attribute.rights.contains(.required) {
            if case .text = attribute.type { out[attribute.name] = "" }
        }
        return out
    }

    func deleter() -> Route {
        Route(
            .delete, service, item, action: "delete", kind: R.kind, rule: .operator, status: 204, "Deletes a \(noun)."
        ) { (call) throws(CloudError) in
            let id = ID<R>(call.parameter(R.kind.name + "_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
            return Response(204)
        }
    }
}

extension Call {
    /// The user of a path, who must be the caller unless an operator asks; otherwise as if there were no such user.
    func ownUser(_ name: String = "user_id") throws(CloudError) -> ID<User> {
        let id = ID<User>(parameter(name))
        guard caller.isOperator || caller.user?.text == id.text else { throw .missing(User.kind.title, id.text) }
        return id
    }
}

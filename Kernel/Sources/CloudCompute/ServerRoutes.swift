import CloudCore
import CloudStore
import CloudWire

extension Compute {
    var serverFace: Face<Server> { Server.face(base: base, cabling: cabling, shelf: shelf) }
    var itemPath: String { Server.path + "/{server_id}" }

    var serverRoutes: [Route] {
        let face = serverFace
        return [
            list("", isDetailed: false), list("/detail", isDetailed: true), show(face), create(face), update, delete,
            action,
        ] + metadataRoutes + tagRoutes + interfaceRoutes + volumeRoutes + [
            addresses, addressesByNetwork, diagnostics, securityGroups, remoteConsole,
        ]
    }

    /// A server's attributes, and its fault while it is in error.
    func write(
        _ it: Stored<Server>, _ reader: any Reader, _ face: Face<Server>, _ call: Call, into writer: inout JSONWriter,
        only: Set<String> = []
    ) throws(CloudError) {
        try face.write(it, reader, into: &writer, only: only)
        guard only.isEmpty || only.contains("flavor") else { return }
        try Server.writeVersioned(it, reader, call, base, isWhole: only.isEmpty, into: &writer)
        // Nova speaks of progress only where there may be any.
        if [.build, .active, .reboot, .rebuild, .resize, .revertResize].contains(it.status) {
            writer.field("progress", .integer(it.status == .build ? 0 : 100))
        }
        guard it.status == .error else { return }
        writer.field("fault", ["code": 500, "message": .string(it.fault), "created": .string(it.updatedAt.text())])
    }

    private func show(_ face: Face<Server>) -> Route {
        Route(
            .get, .compute, itemPath, action: "show", kind: Server.kind, rule: .role(.reader), "Shows one server."
        ) { (call) throws(CloudError) in
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.store.read { (reader) throws(CloudError) in
                let it = try reader.get(id, for: call.caller)
                let object = try reader.written(it, call.variant()) { (it, writer) throws(CloudError) in
                    try write(it, reader, face, call, into: &writer)
                    guard call.microversion >= 71 else { return }
                    writer.field("server_groups", it.serverGroup.isEmpty ? [] : [.string(it.serverGroup)])
                }
                return .bytes(200, face.enveloped(object))
            }
        }
    }

    private func create(_ face: Face<Server>) -> Route {
        Route(
            .post, .compute, Server.path, action: "create", kind: Server.kind, rule: .role(.member), intake: .json(),
            status: 202, "Creates servers from an image.",
            example: [
                "server": [
                    "name": "web", "flavorRef": "{flavor}", "imageRef": "{image}", "networks": [["uuid": "{network}"]],
                ]
            ]
        ) { (call) throws(CloudError) in
            let order = try ServerOrder(call)
            let ids = (0..<order.count).map { _ in Server.newID(call.dice) }
            let bytes = try await call.write(ids[0].text) { (writer) throws(CloudError) in
                for (number, id) in ids.enumerated() {
                    _ = try order.place(id, number: number + 1, call: call, compute: self, in: writer)
                }
                let it = try writer.get(ids[0])
                var out = JSONWriter()
                try out.object { (out) throws(CloudError) in
                    out.key("server")
                    try out.object { (out) throws(CloudError) in
                        try face.write(
                            it, writer, into: &out, only: ["id", "links", "OS-DCF:diskConfig", "security_groups"])
                        out.field("adminPass", .string(order.draft.adminPass))
                    }
                }
                return out.bytes
            }
            var response = Response.bytes(202, bytes)
            response.headers.append(("location", "\(base)/compute/v2.1/\(call.project)/servers/\(ids[0])"))
            return response
        }
    }

    /// What an answer to a change shows: less than the whole.
    static let summary: Set<String> = [
        "id", "name", "status", "image", "flavor", "user_id", "tenant_id", "created", "updated", "metadata",
        "links",
        "addresses", "hostId", "OS-DCF:diskConfig", "accessIPv4", "accessIPv6",
    ]

    private var update: Route {
        Route(
            .put, .compute, itemPath, action: "update", kind: Server.kind, rule: .role(.member), intake: .json(),
            "Changes a server's name and what its owner says of it.", example: ["server": ["name": "web2"]]
        ) { (call) throws(CloudError) in
            let object = try call.object("server")
            var known = ["name", "accessIPv4", "accessIPv6", "OS-DCF:diskConfig"]
            if call.microversion >= 19 { known.append("description") }
            for name in object.keys.sorted() where !known.contains(name) {
                throw .invalid("Unrecognized attribute(s) '\(name.prefix(64))'.", field: name)
            }
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.write(id.text) { (writer) throws(CloudError) in
                let it = try writer.revise(id, for: call.caller) { (it) throws(CloudError) in
                    try it.value.rename(object)
                    try it.value.describe(object)
                }
                return try .write(200) { (out) throws(CloudError) in
                    out.key("server")
                    try out.object { (out) throws(CloudError) in
                        try write(it, writer, serverFace, call, into: &out, only: Self.summary)
                    }
                }
            }
        }
    }

    private var delete: Route {
        Route(
            .delete, .compute, itemPath, action: "delete", kind: Server.kind, rule: .role(.member), status: 204,
            "Deletes a server and its disk."
        ) { (call) throws(CloudError) in
            let id = ID<Server>(call.parameter("server_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in try remove(id, call, in: writer) }
            return Response(204)
        }
    }

    func remove(_ id: ID<Server>, _ call: Call, in writer: any Writer) throws(CloudError) {
        let it = try writer.own(id, for: call.caller, evenGoing: true)
        try it.requireUnlocked(for: call.caller)
        if it.deletingSince == nil { try InstanceAction.begin("delete", it, call, in: writer) }
        try writer.withdraw(id, for: call.caller)
    }
}

extension Writer {
    /// The server, if the caller may change it; also one that is being deleted already, if that is no matter.
    func own(_ id: ID<Server>, for caller: Caller, evenGoing: Bool) throws(CloudError) -> Stored<Server> {
        if evenGoing, let it = try find(id), it.deletingSince != nil, it.belongs(to: caller) { return it }
        return try own(id, for: caller)
    }
}

extension Stored where R == Server {
    /// Throws `conflict` where its owner has locked it; an operator is not held up.
    func requireUnlocked(for caller: Caller) throws(CloudError) {
        guard value.isLocked, !caller.isOperator else { return }
        throw .conflict(
            "Server \(id) is locked." + (value.lockReason.isEmpty ? "" : " Its owner says: \(value.lockReason)"))
    }
}

extension Server {
    /// Takes a new name and description.
    mutating func rename(_ body: [String: JSON]) throws(CloudError) {
        if let name = body["name"] {
            guard let text = name.string, text.contains(where: { $0 != " " }) else {
                throw .invalid("A server has a name.", field: "name")
            }
            try Server.fields.first { $0.name == "name" }!.set(&self, name)
        }
        if let text = body["description"] {
            try Server.fields.first { $0.name == "description" }!.set(&self, text.isNull ? "" : text)
        }
    }
}

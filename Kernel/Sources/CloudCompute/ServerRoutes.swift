import CloudCore
import CloudStore
import CloudWire

extension Compute {
    var serverFace: Face<Server> { Server.face(base: base, cabling: cabling) }
    private var itemPath: String { Server.path + "/{server_id}" }

    var serverRoutes: [Route] {
        let face = serverFace
        return [
            list(face, "", only: ["id", "name", "links"]), list(face, "/detail", only: []), show(face), create(face),
            face.update(example: ["server": ["name": "web2"]]), delete, action,
        ]
    }

    private func list(_ face: Face<Server>, _ suffix: String, only: Set<String>) -> Route {
        Route(
            .get, .compute, Server.path + suffix, action: "list", kind: Server.kind, rule: .role(.reader),
            "Lists the project's servers."
        ) { (call) throws(CloudError) in
            try await face.page(call, strict: false) { (it, reader, writer, _) throws(CloudError) in
                try write(it, reader, face, into: &writer, only: only)
            } next: { writer, marker in
                writer.field(
                    "servers_links", [["rel": "next", "href": .string(call.base + call.request.nextPath(marker))]])
            }
        }
    }

    /// A server's attributes, and its fault while it is in error.
    private func write(
        _ it: Stored<Server>, _ reader: any Reader, _ face: Face<Server>, into writer: inout JSONWriter,
        only: Set<String> = []
    ) throws(CloudError) {
        try face.write(it, reader, into: &writer, only: only)
        guard it.status == .error, only.isEmpty else { return }
        writer.field("fault", ["code": 500, "message": .string(it.fault), "created": .string(it.updatedAt.text())])
    }

    private func show(_ face: Face<Server>) -> Route {
        Route(
            .get, .compute, itemPath, action: "show", kind: Server.kind, rule: .role(.reader), "Shows one server."
        ) { (call) throws(CloudError) in
            let id = ID<Server>(call.parameter("server_id"))
            return try await call.store.read { (reader) throws(CloudError) in
                let it = try reader.get(id, for: call.caller)
                return try .write(200) { (writer) throws(CloudError) in
                    writer.key("server")
                    try writer.object { (writer) throws(CloudError) in try write(it, reader, face, into: &writer) }
                }
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
            return .bytes(
                202,
                try await call.write(ids[0].text) { (writer) throws(CloudError) in
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
                        }
                    }
                    return out.bytes
                })
        }
    }

    private var delete: Route {
        Route(
            .delete, .compute, itemPath, action: "delete", kind: Server.kind, rule: .role(.member), status: 204,
            "Deletes a server and its disk."
        ) { (call) throws(CloudError) in
            let id = ID<Server>(call.parameter("server_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
            return Response(204)
        }
    }

    private var action: Route {
        Route(
            .post, .compute, itemPath + "/action", action: "act", kind: Server.kind, rule: .role(.member),
            intake: .json(), status: 202, "Starts, stops, pauses or reboots a server, or reads its console.",
            example: ["os-getConsoleOutput": [:]]
        ) { (call) throws(CloudError) in
            guard let acts = call.body.object, acts.count == 1, let (name, argument) = acts.first else {
                throw .invalid("The body must hold exactly one action.")
            }
            if name == "os-getConsoleOutput" { return try await console(call, argument) }
            guard let act = ServerAction(name, argument) else {
                throw .invalid("There is no such action: '\(name.prefix(64))'.")
            }
            let id = ID<Server>(call.parameter("server_id"))
            try await call.write(id.text) { (writer) throws(CloudError) in
                writer.record?.action = act.rawValue
                var it = try writer.own(id, for: call.caller)
                try act.apply(to: &it, in: writer)
            }
            return Response(202)
        }
    }

    private func console(_ call: Call, _ argument: JSON) async throws(CloudError) -> Response {
        let id = ID<Server>(call.parameter("server_id"))
        var lines: Int?
        if let wanted = argument["length"], !wanted.isNull, wanted != -1 {
            lines = wanted.integer ?? wanted.string.flatMap(Int.init)
            guard let lines, lines >= 0 else { throw .invalid("length must be a whole number.", field: "length") }
        }
        let it = try await call.store.read { (reader) throws(CloudError) in try reader.get(id, for: call.caller) }
        guard !it.host.isEmpty else { throw .conflict("Server \(id) has no host yet.") }
        let bytes = try await hypervisor.consoleLog(of: id, lines: lines, on: ID(it.host))
        // What a guest wrote is its owner's: whoever reads it is written down.
        var record = call.record(id.text)
        record.action = "read_console"
        try await call.store.write(record) { (_) throws(CloudError) in }
        // A guest may write anything; what is not text is left out.
        let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
            $0.value >= 0x20 || $0 == "\n" || $0 == "\t" || $0 == "\r"
        }
        return .json(200, ["output": .string(String(String.UnicodeScalarView(text)))])
    }
}

/// What can be done to a server besides changing and deleting it.
enum ServerAction: String, Sendable {
    case start, stop, pause, unpause
    case rebootSoft = "reboot_soft"
    case rebootHard = "reboot_hard"

    /// By Nova's names; nil for those it does not know.
    init?(_ name: String, _ argument: JSON) {
        switch name {
        case "os-start": self = .start
        case "os-stop": self = .stop
        case "pause": self = .pause
        case "unpause": self = .unpause
        case "reboot":
            switch argument["type"]?.string?.uppercased() {
            case "SOFT": self = .rebootSoft
            case "HARD": self = .rebootHard
            default: return nil
            }
        default: return nil
        }
    }

    /// The states in which it makes sense.
    private var from: [Server.Status] {
        switch self {
        case .start: [.shutoff]
        case .stop: [.active, .error]
        case .pause, .rebootSoft: [.active]
        case .unpause: [.paused]
        case .rebootHard: [.active, .shutoff, .paused, .error, .reboot]
        }
    }

    func apply(to it: inout Stored<Server>, in writer: any Writer) throws(CloudError) {
        guard from.contains(it.status) else {
            throw .conflict("Cannot '\(rawValue)' server \(it.id) while it is in state \(it.status.rawValue).")
        }
        switch self {
        case .start, .unpause: it.power = .on
        case .stop: it.power = .off
        case .pause: it.power = .paused
        case .rebootSoft, .rebootHard: (it.power, it.status) = (.on, .reboot)
        }
        try writer.change(&it)
        switch self {
        case .start: try writer.raise(.start, Reference(it.id))
        case .rebootSoft: try writer.raise(.rebootSoft, Reference(it.id))
        case .rebootHard: try writer.raise(.rebootHard, Reference(it.id))
        case .stop, .pause, .unpause: break
        }
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Something that was done to a server at somebody's wish. It outlives the server.
public struct InstanceAction: Resource {
    public var server = "", action = "", requestID = "", userID = "", result = ""
    public var finishedAt: Instant?

    public init() {}

    public static let kind = Kind("instance_action", "instance_actions", service: "compute")
    public static let access = Access.project
    public static func goesWithProject(_ it: InstanceAction) -> Bool { true }
    public static let fields: [Field<InstanceAction>] = [
        .text("server_id", \.server, [.read, .indexed], max: 64, "The server."),
        .text("action", \.action, [.read], max: 64, "What was done, in Nova's words."),
        .text("request_id", \.requestID, [.read], max: 64, "The request that asked for it."),
        .text("user_id", \.userID, [.read], max: 64, "Who asked for it."),
        .text("result", \.result, [.read], max: 16, "Success or Error; empty while it goes on."),
        .time("finished_at", \.finishedAt, [.read], "When it had ended."),
    ]

    /// So many are kept of one server.
    private static let most = 100

    /// Writes down that a request does something to a server, in the transaction that does.
    static func begin(
        _ action: String, _ server: Stored<Server>, _ call: Call, in writer: any Writer
    ) throws(CloudError) {
        try begin(action, server, by: call.caller, call.dice, in: writer)
    }

    static func begin(
        _ action: String, _ server: Stored<Server>, by caller: Caller, _ dice: any Dice, in writer: any Writer
    ) throws(CloudError) {
        var draft = InstanceAction()
        (draft.server, draft.action, draft.requestID) = (server.id.text, action, caller.requestID)
        draft.userID = caller.user?.text ?? ""
        let old = try writer.list(Self.self, where: "server_id", .string(server.id.text))
        for it in old.prefix(max(0, old.count - most + 1)) { try writer.remove(Reference(it.id)) }
        try writer.insert(draft, id: ID(dice.uuid()), project: server.project)
    }

    /// Writes down how all that goes on with a server has ended.
    static func finish(_ server: ID<Server>, _ result: String, in writer: any Writer) throws(CloudError) {
        for var it in try writer.list(Self.self, where: "server_id", .string(server.text)) where it.finishedAt == nil {
            (it.finishedAt, it.result) = (writer.now, result)
            try writer.update(&it)
        }
    }

    private static let path = Server.path + "/{server_id}/os-instance-actions"

    static let routes = [list, show]

    private static func all(_ call: Call, _ reader: any Reader) throws(CloudError) -> [Stored<InstanceAction>] {
        let id = ID<Server>(call.parameter("server_id"))
        let found = try reader.list(Self.self, where: "server_id", .string(id.text)).filter {
            $0.isVisible(to: call.caller)
        }
        // From 2.21 on, those of a server that is gone too.
        if found.isEmpty || call.microversion < 21 { _ = try reader.get(id, for: call.caller) }
        return found.reversed()
    }

    private static let list = Route(
        .get, .compute, path, action: "list", kind: Server.kind, rule: .role(.reader),
        "Lists what was done to a server."
    ) { (call) throws(CloudError) in
        let limit = call.request[query: "limit"].map { Int($0) ?? -1 } ?? most
        guard limit >= 0 else { throw .invalid("limit must be a whole number that is not negative.", field: "limit") }
        let found = try await call.store.read { (reader) throws(CloudError) in try all(call, reader) }
        var rest = found[...]
        if call.microversion >= 58, let marker = call.request[query: "marker"] {
            guard let place = found.firstIndex(where: { $0.requestID == marker }) else {
                throw .invalid("The marker \(marker.prefix(64)) is no action of the server.", field: "marker")
            }
            rest = found[(place + 1)...]
        }
        let page = call.microversion >= 58 && limit > 0 ? rest.prefix(limit) : rest
        return .json(200, ["instanceActions": .array(page.map { .object($0.head(call.microversion)) })])
    }

    private static let show = Route(
        .get, .compute, path + "/{request_id}", action: "show", kind: Server.kind, rule: .role(.reader),
        "Shows one thing that was done to a server."
    ) { (call) throws(CloudError) in
        let request = call.parameter("request_id")
        let found = try await call.store.read { (reader) throws(CloudError) in try all(call, reader) }
        guard let it = found.first(where: { $0.requestID == request }) else {
            throw CloudError(.missing, "Action for request_id \(request.prefix(64)) could not be found.")
        }
        var out = it.head(call.microversion)
        if call.microversion >= 51 || call.caller.isOperator { out["events"] = [it.event(call)] }
        return .json(200, ["instanceAction": .object(out)])
    }
}

extension Stored where R == InstanceAction {
    /// Moments as Nova shows them here: without a zone.
    private static func text(_ moment: Instant) -> String { String(moment.text(fraction: true).dropLast()) }

    fileprivate func head(_ version: Int) -> [String: JSON] {
        var out: [String: JSON] = [
            "action": .string(value.action), "instance_uuid": .string(value.server),
            "request_id": .string(value.requestID),
            "user_id": .string(value.userID), "project_id": .string(project.text),
            "start_time": .string(Self.text(createdAt)), "message": value.result == "Error" ? "Error" : .null,
        ]
        if version >= 58 { out["updated_at"] = .string(Self.text(updatedAt)) }
        return out
    }

    fileprivate func event(_ call: Call) -> JSON {
        var out: [String: JSON] = [
            "event": .string("compute_" + value.action), "start_time": .string(Self.text(createdAt)),
            "finish_time": value.finishedAt.map { .string(Self.text($0)) } ?? .null,
            "result": value.result.isEmpty ? .null : .string(value.result),
        ]
        if call.caller.isOperator { out["traceback"] = .null }
        if call.microversion >= 62 { out["hostId"] = "" }
        return .object(out)
    }
}

import CloudCore
import CloudStore
import CloudWire

/// Servers that are to be near each other, or apart.
public struct ServerGroup: Resource {
    public var name = "", policy = Policy.affinity, userID = ""

    /// How its members lie to each other; a soft policy gives way where there is no room.
    public enum Policy: String, CaseIterable, Sendable {
        case affinity
        case antiAffinity = "anti-affinity"
        case softAffinity = "soft-affinity"
        case softAntiAffinity = "soft-anti-affinity"
    }

    public init() {}

    public static let kind = Kind("server_group", "server_groups", service: "compute")
    public static let access = Access.project
    public static let fields: [Field<ServerGroup>] = [
        .text("name", \.name, [.read, .create, .required], "Its name."),
        .choice("policy", \.policy, [.read, .create, .required], "How its members lie to each other."),
        .text("user_id", \.userID, [.read], max: 64, "Who created it."),
    ]
}

extension ServerGroup: Governed {
    /// Counted against the project's quota set.
    public static let quota = Int.max

    public static func admit(_ draft: inout Stored<Self>, for caller: Caller, in writer: any Writer) throws(CloudError)
    {
        guard !draft.name.isEmpty else { throw .invalid("A server group needs a name.", field: "name") }
        draft.userID = caller.user?.text ?? ""
        try QuotaSet.of(draft.project, in: writer).require(.serverGroups, in: writer)
    }

    static let path = "/v2.1/{project_id}/os-server-groups"

    /// Nova 2.13 shows whose it is, 2.64 one policy where there was a list of one.
    static func write(
        _ it: Stored<ServerGroup>, _ reader: any Reader, _ version: Int, into out: inout JSONWriter
    ) throws(CloudError) {
        out.field("id", .string(it.id.text))
        out.field("name", .string(it.name))
        let members = try reader.list(Server.self, where: "server_group", .string(it.id.text))
        out.field("members", .array(members.map { .string($0.id.text) }))
        if version < 64 {
            out.field("policies", [.string(it.policy.rawValue)])
            out.field("metadata", [:])
        } else {
            out.field("policy", .string(it.policy.rawValue))
            out.field("rules", it.policy == .antiAffinity ? ["max_server_per_host": 1] : [:])
        }
        if version >= 13 {
            out.field("project_id", .string(it.project.text))
            out.field("user_id", .string(it.userID))
        }
    }

    private static func body(_ it: Stored<ServerGroup>, _ reader: any Reader, _ version: Int) throws(CloudError)
        -> Response
    {
        try .write(200) { (out) throws(CloudError) in
            out.key("server_group")
            try out.object { (out) throws(CloudError) in try write(it, reader, version, into: &out) }
        }
    }

    static let routes = [list, show, create, delete]

    private static let list = Route(
        .get, .compute, path, action: "list", kind: kind, rule: .role(.reader), "Lists the project's server groups."
    ) { (call) throws(CloudError) in
        let all = call.caller.isOperator && call.request[query: "all_projects"] != nil
        let query = all ? Query(kind) : Query(kind).with("project_id", .string(call.project.text))
        return try await call.store.read { (reader) throws(CloudError) in
            let found = try reader.list(ServerGroup.self, query)
            return try .write(200) { (out) throws(CloudError) in
                out.key("server_groups")
                try out.array(found) { (it, out) throws(CloudError) in
                    try out.object { (out) throws(CloudError) in try write(it, reader, call.microversion, into: &out) }
                }
            }
        }
    }

    private static let show = Route(
        .get, .compute, path + "/{server_group_id}", action: "show", kind: kind, rule: .role(.reader),
        "Shows a server group."
    ) { (call) throws(CloudError) in
        let id = ID<ServerGroup>(call.parameter("server_group_id"))
        return try await call.store.read { (reader) throws(CloudError) in
            try body(try reader.get(id, for: call.caller), reader, call.microversion)
        }
    }

    private static let create = Route(
        .post, .compute, path, action: "create", kind: kind, rule: .role(.member), intake: .json(),
        "Creates a server group.", example: ["server_group": ["name": "apart", "policies": ["anti-affinity"]]]
    ) { (call) throws(CloudError) in
        let object = try call.object("server_group")
        let named =
            call.microversion < 64
            ? object["policies"]?.array?.count == 1 ? object["policies"]?[0] : nil : object["policy"]
        guard let policy = named?.string.flatMap(Policy.init(rawValue:)),
            call.microversion >= 15 || [.affinity, .antiAffinity].contains(policy)
        else {
            throw .invalid(
                "A server group has one policy: affinity or anti-affinity, from 2.15 on soft too.", field: "policies")
        }
        for name in object.keys.sorted() where !["name", "policies", "policy", "rules"].contains(name) {
            throw .invalid("'\(name.prefix(64))' is no attribute of a server group.", field: name)
        }
        if let rules = object["rules"], rules != [:], rules != ["max_server_per_host": 1] || policy != .antiAffinity {
            throw .invalid("The one rule is max_server_per_host 1, of anti-affinity.", field: "rules")
        }
        var draft = ServerGroup()
        try fields[0].set(&draft, object["name"] ?? .null)
        draft.policy = policy
        let (value, id) = (draft, newID(call.dice))
        return try await call.write(id.text) { (writer) throws(CloudError) in
            try body(
                try writer.create(value, id: id, project: call.project, for: call.caller), writer, call.microversion)
        }
    }

    private static let delete = Route(
        .delete, .compute, path + "/{server_group_id}", action: "delete", kind: kind, rule: .role(.member), status: 204,
        "Deletes a server group; its members stay."
    ) { (call) throws(CloudError) in
        let id = ID<ServerGroup>(call.parameter("server_group_id"))
        try await call.write(id.text) { (writer) throws(CloudError) in try writer.withdraw(id, for: call.caller) }
        return Response(204)
    }
}

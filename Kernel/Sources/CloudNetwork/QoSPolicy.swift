import CloudCore
import CloudStore
import CloudWire

/// How fast, and marked how, the packets of ports may be: rules that are of one policy.
public struct QoSPolicy: Resource {
    public var name = "", description = ""
    /// Whether every project may use it, where somebody says so.
    var opens: Bool?

    public init() {}

    public static let kind = Kind("qos_policy", "qos_policies", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.qosPolicy)
    public static let fields: [Field<QoSPolicy>] = [
        .text("name", \.name, [.read, .create, .update, .required], "A name for people."),
        .text("description", \.description, [.read, .create, .update], "What it is for."),
    ]
}

extension QoSPolicy: Metered {
    public static let quota = 50

    public static func admit(_ draft: inout Stored<QoSPolicy>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try Sharing.settle(draft.opens, .qosPolicy, draft.id.text, of: draft.project, caller, in: writer)
    }

    public static func admitChange(
        of it: inout Stored<QoSPolicy>, from old: Stored<QoSPolicy>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try Sharing.settle(it.opens, .qosPolicy, it.id.text, of: it.project, caller, in: writer)
    }

    public static func admitRemoval(of it: Stored<QoSPolicy>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        for schema in [Port.kind, LogicalNetwork.kind, FloatingIP.kind] {
            let users = try writer.rows(Query(schema, limit: 4).with("qos_policy_id", .string(it.id.text)))
            guard users.isEmpty else {
                throw .conflict(
                    "QoS Policy \(it.id) is used by \(schema.name) \(users.map(\.id).joined(separator: ", ")).")
            }
        }
        try Sharing.forget(it.id.text, in: writer)
        // What is being deleted no longer asks for it.
        var leaving = Query(Port.kind).with("qos_policy_id", .string(it.id.text))
        leaving.includesDeleting = true
        for var port in try writer.list(Port.self, leaving) {
            port.value.policy = nil
            try writer.update(&port)
        }
        leaving.kind = LogicalNetwork.kind
        for var network in try writer.list(LogicalNetwork.self, leaving) {
            network.value.policy = nil
            try writer.update(&network)
        }
        for rule in try writer.list(BandwidthRule.self, where: "policy", .string(it.id.text)) {
            try writer.remove(Reference(rule.id))
        }
        for rule in try writer.list(MarkingRule.self, where: "policy", .string(it.id.text)) {
            try writer.remove(Reference(rule.id))
        }
    }

    /// Has every port and router that a policy is for look again.
    static func spread(_ id: ID<QoSPolicy>, in writer: any Writer) throws(CloudError) {
        for floating in try writer.list(FloatingIP.self, where: "qos_policy_id", .string(id.text)) {
            if let router = floating.router { try Router.refresh(router, in: writer) }
        }
        for port in try writer.list(Port.self, where: "qos_policy_id", .string(id.text)) {
            try writer.raise(.refresh, Reference(port.id))
        }
        for network in try writer.list(LogicalNetwork.self, where: "qos_policy_id", .string(id.text)) {
            for port in try writer.list(Port.self, where: "network_id", .string(network.id.text)) {
                try writer.raise(.refresh, Reference(port.id))
            }
        }
    }

    /// What a policy asks of a port's packets.
    static func shaping(_ id: ID<QoSPolicy>?, in reader: any Reader) throws(CloudError) -> Set<ShapingSpec> {
        guard let id else { return [] }
        var out: Set<ShapingSpec> = []
        for it in try reader.list(BandwidthRule.self, where: "policy", .string(id.text)) {
            out.insert(.limit(fromPort: it.direction == .egress, kbps: it.rate, burst: it.value.usedBurst))
        }
        for it in try reader.list(MarkingRule.self, where: "policy", .string(id.text)) { out.insert(.mark(it.mark)) }
        return out
    }
}

extension QoSPolicy {
    static let face = Face<QoSPolicy>(
        .network, "/v2.0/qos/policies", "policy", "policies",
        [
            .id(), .field("name"), .field("description"), Sharing.attribute(\.opens), .owner("tenant_id"),
            .owner("project_id"),
            .created(), .updated(), .revision(),
            .fixed("is_default", false, "Whether new networks have it: none does."),
            .computed("tags", "Policies have no tags.") { (_, _) in [] },
            .computed("rules", "What it asks.") { (it, reader) throws(CloudError) in
                var rules: [JSON] = []
                for rule in try reader.list(BandwidthRule.self, where: "policy", .string(it.id.text)) {
                    rules.append(try Self.rule(BandwidthRule.face, rule, "bandwidth_limit", reader))
                }
                for rule in try reader.list(MarkingRule.self, where: "policy", .string(it.id.text)) {
                    rules.append(try Self.rule(MarkingRule.face, rule, "dscp_marking", reader))
                }
                return .array(rules)
            },
        ])

    private static func rule<R: Resource>(
        _ face: Face<R>, _ it: Stored<R>, _ type: String, _ reader: any Reader
    ) throws(CloudError) -> JSON {
        var object = try JSON.parse(try face.body(it, reader))[face.singular]?.object ?? [:]
        object["type"] = .string(type)
        object["qos_policy_id"] = R.fields.first { $0.name == "policy" }?.get(it.value) ?? .null
        return .object(object)
    }

    static let routes: [Route] =
        [
            face.list(), face.show(), face.create(example: ["policy": ["name": "slow"]]),
            face.update(example: ["policy": ["description": "for backups"]]), face.delete(), types, type,
        ] + BandwidthRule.routes + MarkingRule.routes

    private static let names = ["bandwidth_limit", "dscp_marking"]

    private static let types = Route(
        .get, .network, "/v2.0/qos/rule-types", action: "list", rule: .signedIn, "Lists the sorts of rules of policies."
    ) { (_) throws(CloudError) in
        .json(200, ["rule_types": .array(names.map { ["type": .string($0)] })])
    }

    private static let type = Route(
        .get, .network, "/v2.0/qos/rule-types/{rule_type}", action: "show", rule: .signedIn,
        "Shows a sort of rules of policies."
    ) { (call) throws(CloudError) in
        let name = call.parameter("rule_type")
        guard names.contains(name) else { throw .missing("Rule type", name) }
        return .json(200, ["rule_type": ["type": .string(name), "drivers": []]])
    }

    /// The attribute by which ports and networks name their policy; null for none.
    static func attribute<R: Resource>(
        _ path: WritableKeyPath<R, ID<QoSPolicy>?> & Sendable
    ) -> Attribute<R> {
        Attribute(
            "qos_policy_id", column: "qos_policy_id", type: .reference(kind, optional: true),
            rights: [.read, .create, .update], "The policy of its packets; null for none.",
            read: { (it, _) throws(CloudError) in it.value[keyPath: path].map { .string($0.text) } ?? .null },
            write: { (value, json) throws(CloudError) in
                try FieldType.reference(kind, optional: true).check(json, name: "qos_policy_id")
                value[keyPath: path] = json.string.map { ID($0) }
            })
    }
}

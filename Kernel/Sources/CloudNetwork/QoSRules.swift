import CloudCore
import CloudStore
import CloudWire

/// The most that a port may send, or be sent.
public struct BandwidthRule: Resource {
    public var policy = ID<QoSPolicy>("")
    /// Kilobits a second, and kilobits at once; 0 for a burst that suits TCP.
    public var rate = 0, burst = 0
    public var direction = Direction.egress

    public enum Direction: String, CaseIterable, Sendable { case egress, ingress }

    public init() {}

    public static let kind = Kind("bandwidth_limit_rule", "bandwidth_limit_rules", service: "network")
    public static let access = Access.project
    public static let fields: [Field<BandwidthRule>] = [
        .reference("policy", \.policy, [.indexed], "The policy that it is of."),
        .integer("max_kbps", \.rate, [.read, .create, .update, .required], 1...2_147_483_647, "Kilobits a second."),
        .integer("max_burst_kbps", \.burst, [.read, .create, .update], 0...2_147_483_647, "Kilobits at once."),
        .choice("direction", \.direction, [.read, .create, .update], "Whether it is about what leaves or comes."),
    ]

    /// Four fifths of a second's, as Neutron reckons, where nobody says.
    var usedBurst: Int { burst == 0 ? max(rate * 4 / 5, 1) : burst }
}

extension BandwidthRule: Governed {
    public static func admit(_ draft: inout Stored<BandwidthRule>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try draft.checkAlone(in: writer)
        try QoSPolicy.spread(draft.policy, in: writer)
    }
    public static func admitChange(
        of it: inout Stored<BandwidthRule>, from old: Stored<BandwidthRule>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.checkAlone(in: writer)
        try QoSPolicy.spread(it.policy, in: writer)
    }
    public static func admitRemoval(of it: Stored<BandwidthRule>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try QoSPolicy.spread(it.policy, in: writer)
    }

    static let face = Face<BandwidthRule>(
        .network, "/v2.0/qos/policies/{qos_policy_id}/bandwidth_limit_rules", "bandwidth_limit_rule",
        "bandwidth_limit_rules", [.id(), .field("max_kbps"), .field("max_burst_kbps"), .field("direction")])

    static let routes = Nested(face, below: QoSPolicy.self, parent: "qos_policy_id", column: "policy") {
        (rule, parent) in rule.policy = ID(parent)
    }.routes(
        create: ["bandwidth_limit_rule": ["max_kbps": 10_000, "max_burst_kbps": 8000, "direction": "egress"]],
        update: ["bandwidth_limit_rule": ["max_kbps": 20_000]])
}

extension Stored where R == BandwidthRule {
    fileprivate func checkAlone(in reader: any Reader) throws(CloudError) {
        for other in try reader.list(BandwidthRule.self, where: "policy", .string(value.policy.text))
        where other.id != id && other.direction == value.direction {
            throw .conflict(
                "Rule bandwidth_limit already exists in QoS Policy \(value.policy) for \(value.direction.rawValue).")
        }
    }
}

/// The mark that a port's packets carry.
public struct MarkingRule: Resource {
    public var policy = ID<QoSPolicy>("")
    /// The differentiated services codepoint (RFC 2474).
    public var mark = 0

    public init() {}

    public static let kind = Kind("dscp_marking_rule", "dscp_marking_rules", service: "network")
    public static let access = Access.project
    public static let fields: [Field<MarkingRule>] = [
        .reference("policy", \.policy, [.indexed], "The policy that it is of."),
        .integer("dscp_mark", \.mark, [.read, .create, .update, .required], 0...56, "The codepoint."),
    ]

    /// Those that Neutron allows.
    static let marks = [0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56]
}

extension MarkingRule: Governed {
    public static func admit(_ draft: inout Stored<MarkingRule>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard try writer.first(MarkingRule.self, where: "policy", .string(draft.policy.text)) == nil else {
            throw .conflict("Rule dscp_marking already exists in QoS Policy \(draft.policy).")
        }
        try draft.value.check()
        try QoSPolicy.spread(draft.policy, in: writer)
    }
    public static func admitChange(
        of it: inout Stored<MarkingRule>, from old: Stored<MarkingRule>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        try it.value.check()
        try QoSPolicy.spread(it.policy, in: writer)
    }
    public static func admitRemoval(of it: Stored<MarkingRule>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        try QoSPolicy.spread(it.policy, in: writer)
    }

    private func check() throws(CloudError) {
        guard Self.marks.contains(mark) else {
            throw .invalid(
                "Invalid input for dscp_mark: one of \(Self.marks.map(String.init).joined(separator: ", ")).",
                field: "dscp_mark")
        }
    }

    static let face = Face<MarkingRule>(
        .network, "/v2.0/qos/policies/{qos_policy_id}/dscp_marking_rules", "dscp_marking_rule", "dscp_marking_rules",
        [.id(), .field("dscp_mark")])

    static let routes = Nested(face, below: QoSPolicy.self, parent: "qos_policy_id", column: "policy") {
        (rule, parent) in rule.policy = ID(parent)
    }.routes(create: ["dscp_marking_rule": ["dscp_mark": 26]], update: ["dscp_marking_rule": ["dscp_mark": 34]])
}

import CloudCore
import CloudStore
import CloudWire

/// A rule that every new security group begins with, as an operator says. Groups that are there keep their rules.
public struct DefaultRule: Resource {
    public var rule = SecurityGroupRule()
    /// Whether the other end is whoever is in the same group.
    public var isAmongMembers = false
    /// Whether projects' default groups begin with it, and those that people make.
    public var forDefault = false, forOthers = true

    public init() {}

    public static let kind = Kind("default_security_group_rule", "default_security_group_rules", service: "network")
    public static let access = Access.system
    public static let fields: [Field<DefaultRule>] = [
        .choice(
            "direction", \.rule.direction, [.read, .create, .required], "Whether it is about what comes or leaves."),
        .choice("ethertype", \.rule.etherType, [.read, .create], "IPv4 or IPv6."),
        .text("protocol", \.rule.transport, [.read, .create], max: 32, "The protocol's name or number."),
        .integer("port_range_min", \.rule.low, [.read, .create], -1...65_535, "The first port, or ICMP's type."),
        .integer("port_range_max", \.rule.high, [.read, .create], -1...65_535, "The last port, or ICMP's code."),
        .parsed("remote_ip_prefix", \.rule.remotePrefix, [.read, .create], "The addresses at the other end."),
        .text("description", \.rule.description, [.read, .create], "What it is for."),
        .boolean("is_among_members", \.isAmongMembers, [.read, .create], "Whether the other end is the same group."),
        .boolean("used_in_default_sg", \.forDefault, [.read, .create], "Whether default groups begin with it."),
        .boolean("used_in_non_default_sg", \.forOthers, [.read, .create], "Whether other groups begin with it."),
    ]

    /// The word for the group that a rule is in.
    static let parent = "PARENT"
}

extension DefaultRule: Governed {
    public static func admit(_ draft: inout Stored<DefaultRule>, for caller: Caller, in writer: any Writer)
        throws(CloudError)
    {
        guard !draft.isAmongMembers || draft.rule.remotePrefix == nil else {
            throw .invalid("Only remote_ip_prefix or remote_group_id may be provided.", field: "remote_ip_prefix")
        }
        try draft.value.rule.check()
        guard draft.forDefault || draft.forOthers else {
            throw .invalid("A rule that no group begins with is of no use.", field: "used_in_non_default_sg")
        }
        guard try writer.count(Query(kind)) < 50 else {
            throw CloudError(.overQuota, "There are at most 50 default rules.")
        }
    }

    /// Gives a new group the rules that such groups begin with, each once however often it is said.
    static func apply(
        to group: ID<SecurityGroup>, isDefault: Bool, _ project: ProjectID, in writer: any Writer
    ) throws(CloudError) {
        var given: Set<RuleSpec> = []
        for it in try writer.list(DefaultRule.self, Query(kind)) where isDefault ? it.forDefault : it.forOthers {
            var rule = it.rule
            rule.group = group
            if it.isAmongMembers { rule.remoteGroup = group }
            guard given.insert(rule.spec).inserted else { continue }
            try writer.insert(rule, id: Derived.id("rule \(it.id) of \(group)"), project: project)
        }
    }

    /// Writes the rules that a new cloud begins with: all may leave, and members of a default group meet.
    static func found(in writer: any Writer) throws(CloudError) {
        for version in SecurityGroupRule.EtherType.allCases {
            var leaving = DefaultRule()
            (leaving.rule.direction, leaving.rule.etherType, leaving.forDefault) = (.egress, version, true)
            try writer.insert(leaving, id: Derived.id("default egress \(version)"))
            var coming = DefaultRule()
            (coming.rule.etherType, coming.isAmongMembers) = (version, true)
            (coming.forDefault, coming.forOthers) = (true, false)
            try writer.insert(coming, id: Derived.id("default ingress \(version)"))
        }
    }
}

extension DefaultRule {
    static let face = Face<DefaultRule>(
        .network, "/v2.0/default-security-group-rules", "default_security_group_rule", "default_security_group_rules",
        [
            .id(), .field("direction"), ethertype, transport, bound("port_range_min"),
            bound("port_range_max"), prefix, member, .field("description"), .field("used_in_default_sg"),
            .field("used_in_non_default_sg"), .created(), .updated(), .revision(),
            .fixed("remote_address_group_id", .null, "Address groups are their projects' own."),
        ])

    /// The attribute of rules, for what a default rule holds of one.
    private static func of(_ it: Attribute<SecurityGroupRule>) -> Attribute<DefaultRule> {
        Attribute(
            it.name, column: it.column, type: it.type, rights: it.rights, it.help,
            read: { (stored, reader) throws(CloudError) in
                try it.read(
                    Stored(
                        id: ID(stored.id.text), project: stored.project, createdAt: stored.createdAt,
                        updatedAt: stored.updatedAt, version: stored.version, deletingSince: nil,
                        value: stored.value.rule), reader)
            },
            write: { (value, json) throws(CloudError) in try it.write?(&value.rule, json) })
    }

    private static let ethertype = of(SecurityGroupRule.ethertypeAttribute)
    private static let transport = of(SecurityGroupRule.protocolAttribute)
    private static let prefix = of(SecurityGroupRule.prefixAttribute)

    private static func bound(_ name: String) -> Attribute<DefaultRule> {
        of(SecurityGroupRule.bound(name, name.hasSuffix("min") ? \.low : \.high))
    }

    private static let member = Attribute<DefaultRule>(
        "remote_group_id", type: .text(max: 64, lines: false), rights: [.read, .create],
        "PARENT for whoever is in the same group; null for anyone.",
        read: { (it, _) throws(CloudError) in it.isAmongMembers ? .string(parent) : .null },
        write: { (value, json) throws(CloudError) in
            guard json.isNull || json == .string(parent) else {
                throw .invalid(
                    "Invalid input for remote_group_id: only \(parent) is offered: a group is its project's own.",
                    field: "remote_group_id")
            }
            value.isAmongMembers = !json.isNull
        })

    static let routes = [
        face.list(), face.show(),
        face.create(
            .operator,
            example: [
                "default_security_group_rule": [
                    "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22,
                    "port_range_max": 22, "used_in_default_sg": true,
                ]
            ]), face.delete(.operator),
    ]
}

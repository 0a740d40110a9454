import CloudCore
import CloudStore
import CloudWire

/// What a security group allows.
public struct SecurityGroupRule: Resource {
    public var group = ID<SecurityGroup>("")
    public var direction = Direction.ingress, etherType = EtherType.v4
    /// A name or number as it was given; empty for any.
    public var transport = ""
    /// Ports, or ICMP's type and code; -1 where nothing was said.
    public var low = -1, high = -1
    public var remotePrefix: Prefix?
    public var remoteGroup: ID<SecurityGroup>?
    public var remoteAddresses: ID<AddressGroup>?
    public var description = ""

    public enum Direction: String, CaseIterable, Sendable { case ingress, egress }
    public enum EtherType: String, CaseIterable, Sendable { case v4 = "IPv4", v6 = "IPv6" }

    public init() {}

    public static let kind = Kind("security_group_rule", "security_group_rules", service: "network")
    public static let access = Access.project
    public static let shares: Shares? = RBACPolicy.shares(.securityGroup, by: "security_group_id")
    /// Its group decides.
    public static func goesWithProject(_ it: SecurityGroupRule) -> Bool { true }
    public static let fields: [Field<SecurityGroupRule>] = [
        .reference("security_group_id", \.group, [.read, .create, .required, .indexed], "The group that it is of."),
        .choice(
            "direction", \.direction, [.read, .create, .required], "Whether it is about what comes or what leaves."),
        .choice("ethertype", \.etherType, [.read, .create], "IPv4 or IPv6."),
        .text("protocol", \.transport, [.read, .create], max: 32, "The protocol's name or number."),
        .integer("port_range_min", \.low, [.read, .create], -1...65_535, "The first port, or ICMP's type."),
        .integer("port_range_max", \.high, [.read, .create], -1...65_535, "The last port, or ICMP's code."),
        .parsed("remote_ip_prefix", \.remotePrefix, [.read, .create], "The addresses at the other end."),
        .reference("remote_group_id", \.remoteGroup, [.read, .create, .indexed], "The group at the other end."),
        .text("description", \.description, [.read, .create], "What it is for."),
        .reference(
            "remote_address_group_id", \.remoteAddresses, [.read, .create, .indexed],
            "The address group at the other end."),
    ]

    /// Protocols by name (IANA's numbers).
    static let numbers = [
        "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58, "igmp": 2, "ipip": 4,
        "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43,
        "ospf": 89, "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
    ]

    /// The protocol's number; nil for any.
    var number: Int? {
        guard let number = Self.numbers[transport] ?? Int(transport) else { return nil }
        return number == 1 && etherType == .v6 ? 58 : number
    }

    /// What the fabric is told of it.
    var spec: RuleSpec {
        var spec = RuleSpec(
            isIngress: direction == .ingress, isIPv6: etherType == .v6, transport: number, low: low < 0 ? nil : low,
            high: high < 0 ? nil : high, remotePrefix: remotePrefix, remoteGroup: remoteGroup)
        spec.remoteAddresses = remoteAddresses
        return spec
    }
}

extension SecurityGroupRule: Metered {
    public static let quota = 1000

    public static func admit(
        _ draft: inout Stored<SecurityGroupRule>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        var group = try writer.own(draft.group, for: caller)
        try draft.value.check()
        if let remote = draft.remoteGroup { _ = try writer.get(remote, for: caller) }
        if let remote = draft.remoteAddresses { _ = try writer.get(remote, for: caller) }
        for other in try writer.list(SecurityGroupRule.self, where: "security_group_id", .string(group.id.text))
        where other.value.spec == draft.value.spec {
            throw .conflict("Security group rule already exists. Rule id is \(other.id).")
        }
        try writer.change(&group)
    }

    public static func admitRemoval(
        of it: Stored<SecurityGroupRule>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        var group = try writer.get(it.group)
        guard group.deletingSince == nil else { return }
        try writer.change(&group)
    }

    func check() throws(CloudError) {
        if !transport.isEmpty {
            let own = Int(transport)
            guard
                Self.numbers[transport] != nil
                    || own.map({ (0...255).contains($0) && String($0) == transport }) ?? false
            else { throw .invalid("Security group rule protocol \(transport) not supported.", field: "protocol") }
        }
        try checkRange()
        guard [remotePrefix != nil, remoteGroup != nil, remoteAddresses != nil].count(where: { $0 }) < 2 else {
            throw .invalid(
                "Only remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
                field: "remote_group_id")
        }
        if let remotePrefix, remotePrefix.isIPv6 != (etherType == .v6) {
            throw .invalid(
                "Conflicting value ethertype \(etherType.rawValue) for CIDR \(remotePrefix).", field: "remote_ip_prefix"
            )
        }
        if etherType == .v4, ["icmpv6", "ipv6-icmp"].contains(transport) {
            throw .invalid("Invalid ethertype IPv4 for protocol \(transport).", field: "ethertype")
        }
    }

    private func checkRange() throws(CloudError) {
        guard low >= 0 || high >= 0 else { return }
        switch number {
        case 1, 58:
            guard low >= 0 else {
                throw .invalid(
                    "ICMP code (port-range-max) \(high) is provided but ICMP type (port-range-min) is missing.",
                    field: "port_range_min")
            }
            for (name, value) in [("type (port-range-min)", low), ("code (port-range-max)", high)] where value > 255 {
                throw .invalid("Invalid value for ICMP \(name) \(value): 0 to 255.", field: "port_range_min")
            }
        case 6, 17, 33, 132, 136:
            guard low >= 0, high >= 0, low <= high else {
                throw .invalid(
                    "For TCP/UDP protocols, port_range_min must be <= port_range_max.", field: "port_range_min")
            }
            guard low >= 1 else { throw .invalid("Invalid value for port: 1 to 65535.", field: "port_range_min") }
        default:
            throw .invalid("Must also specify protocol if port range is given.", field: "protocol")
        }
    }
}

extension SecurityGroupRule {
    static let face = Face<SecurityGroupRule>(
        .network, "/v2.0/security-group-rules", "security_group_rule", "security_group_rules",
        [
            .id(), .field("security_group_id"), .field("direction"), ethertypeAttribute, protocolAttribute,
            bound("port_range_min", \.low), bound("port_range_max", \.high), prefixAttribute, .field("remote_group_id"),
            .field("description"), .owner("tenant_id"), .owner("project_id"), .created(), .updated(), .revision(),
            .field("remote_address_group_id"),
        ])

    static let ethertypeAttribute = Attribute<SecurityGroupRule>(
        "ethertype", column: "ethertype", type: .choice(["IPv4", "IPv6"]), rights: [.read, .create], "IPv4 or IPv6.",
        read: { (it, _) throws(CloudError) in .string(it.etherType.rawValue) },
        write: { (rule, json) throws(CloudError) in
            guard !json.isNull else { return }
            guard let type = EtherType.allCases.first(where: { $0.rawValue.lowercased() == json.string?.lowercased() })
            else { throw .invalid("Invalid input for ethertype: must be IPv4 or IPv6.", field: "ethertype") }
            rule.etherType = type
        })

    static let protocolAttribute = Attribute<SecurityGroupRule>(
        "protocol", column: "protocol", type: .text(max: 32, lines: false), rights: [.read, .create],
        "The protocol's name or number; null for any.",
        read: { (it, _) throws(CloudError) in it.transport.isEmpty ? .null : .string(it.transport) },
        write: { (rule, json) throws(CloudError) in
            if json.isNull { return rule.transport = "" }
            guard let text = (json.string ?? json.integer.map(String.init))?.lowercased(), text.utf8.count <= 32 else {
                throw .invalid("Invalid input for protocol: a name or a number.", field: "protocol")
            }
            rule.transport = text == "any" ? "" : text
        })

    static let prefixAttribute = Attribute<SecurityGroupRule>(
        "remote_ip_prefix", column: "remote_ip_prefix", type: .text(max: 64, lines: false), rights: [.read, .create],
        "The addresses at the other end; null for all.",
        read: { (it, _) throws(CloudError) in it.remotePrefix.map { .string($0.description) } ?? .null },
        write: { (rule, json) throws(CloudError) in
            if json.isNull { return rule.remotePrefix = nil }
            guard let text = json.string, let prefix = Prefix(text) else {
                throw .invalid("Invalid input for remote_ip_prefix: not a CIDR.", field: "remote_ip_prefix")
            }
            rule.remotePrefix = prefix
        })

    static func bound(
        _ name: String, _ path: WritableKeyPath<SecurityGroupRule, Int> & Sendable
    ) -> Attribute<SecurityGroupRule> {
        Attribute(
            name, column: name, type: .integer(-1...65_535), rights: [.read, .create],
            "A port, or ICMP's type or code.",
            read: { (it, _) throws(CloudError) in
                it.value[keyPath: path] < 0 ? .null : .integer(it.value[keyPath: path])
            },
            write: { (rule, json) throws(CloudError) in
                if json.isNull { return rule[keyPath: path] = -1 }
                guard let number = json.integer ?? json.string.flatMap({ Int($0) }), (0...65_535).contains(number)
                else {
                    throw .invalid(
                        "Invalid input for \(name): Invalid value for port \(json.text.prefix(32)): 0 to 65535.",
                        field: name)
                }
                rule[keyPath: path] = number
            })
    }

    static let routes = [
        face.list(), face.show(),
        face.create(example: [
            "security_group_rule": [
                "security_group_id": "{security_group}", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
                "port_range_min": 80, "port_range_max": 80, "remote_ip_prefix": "192.0.2.0/24",
            ]
        ]), face.delete(),
    ]
}

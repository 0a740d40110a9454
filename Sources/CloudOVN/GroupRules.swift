import CloudCore
import CloudNetwork

/// How OVN spells a security group: a port group with a rule for each of the group's. Every rule allows; what none
/// allows is dropped by the network's base rule, so that whatever fails to be read fails closed.
enum GroupRules {
    /// The group's name in OVN, also that of the sets of its ports' addresses.
    static func name(of group: String) -> String { "pg_" + group.filter { $0 != "-" } }

    static func row(_ rule: RuleSpec, of group: String, isStateful: Bool) throws(CloudError) -> [String: JSON] {
        [
            "priority": 1000, "direction": rule.isIngress ? "to-lport" : "from-lport",
            "action": isStateful ? "allow-related" : "allow-stateless",
            "match": .string(try match(rule, of: group)),
        ]
    }

    /// The addresses of one family of an address group, under the name that a group's rules use for them.
    static func addressSet(_ addresses: String, of group: String, isIPv6: Bool) -> String {
        "as_\(group.filter { $0 != "-" })_\(addresses.filter { $0 != "-" })_\(isIPv6 ? "ip6" : "ip4")"
    }

    /// The sets of addresses that a group's rules name: each name with its addresses in OVN's order.
    static func addressSets(_ group: GroupSpec) throws(CloudError) -> [String: [String]] {
        var sets: [String: [String]] = [:]
        for (id, prefixes) in group.addressGroups {
            let id = try OVNFabric.safe(id)
            for isIPv6 in [false, true] {
                let mine = prefixes.filter { $0.isIPv6 == isIPv6 }.map(\.description)
                sets[addressSet(id, of: group.id.text, isIPv6: isIPv6)] = mine.sorted()
            }
        }
        return sets
    }

    /// What makes, changes and removes a group's sets of addresses.
    static func addressChanges(_ group: GroupSpec, _ rows: [JSON]) throws(CloudError) -> [JSON] {
        var wanted = try addressSets(group)
        var changes: [JSON] = []
        for row in rows {
            let own = [Where.uuid(row["_uuid"] ?? .null)]
            guard let addresses = wanted.removeValue(forKey: row["name"]?.string ?? "") else {
                changes.append(Operation.delete("Address_Set", own))
                continue
            }
            guard Value.strings(row["addresses"]).sorted() != addresses else { continue }
            let set = Value.set(addresses.map { .string($0) })
            changes.append(Operation.update("Address_Set", own, ["addresses": set]))
        }
        for (name, addresses) in wanted.sorted(by: { $0.key < $1.key }) {
            changes.append(
                Operation.insert(
                    "Address_Set",
                    [
                        "name": .string(name), "addresses": Value.set(addresses.map { .string($0) }),
                        "external_ids": Value.map([Mark.group: group.id.text]),
                    ]))
        }
        return changes
    }

    private static func match(_ rule: RuleSpec, of group: String) throws(CloudError) -> String {
        let name = name(of: group)
        var parts = ["\(rule.isIngress ? "outport" : "inport") == @\(name)", rule.isIPv6 ? "ip6" : "ip4"]
        parts += transport(rule)
        let (family, side) = (rule.isIPv6 ? "ip6" : "ip4", rule.isIngress ? "src" : "dst")
        if let prefix = rule.remotePrefix, prefix.length > 0 { parts.append("\(family).\(side) == \(prefix)") }
        if let remote = rule.remoteGroup {
            let set = Self.name(of: try OVNFabric.safe(remote))
            parts.append("\(family).\(side) == $\(set)_\(family)")
        }
        if let addresses = rule.remoteAddresses {
            let set = addressSet(try OVNFabric.safe(addresses), of: group, isIPv6: rule.isIPv6)
            parts.append("\(family).\(side) == $\(set)")
        }
        return parts.joined(separator: " && ")
    }

    private static func transport(_ rule: RuleSpec) -> [String] {
        guard let number = rule.transport else { return [] }
        let names = [6: "tcp", 17: "udp", 132: "sctp"]
        if let name = names[number] {
            guard let low = rule.low, let high = rule.high else { return [name] }
            if low == high { return [name, "\(name).dst == \(low)"] }
            return [name, "\(name).dst >= \(low)", "\(name).dst <= \(high)"]
        }
        guard number == 1 || number == 58 else { return ["ip.proto == \(number)"] }
        let name = number == 1 ? "icmp4" : "icmp6"
        return [name] + (rule.low.map { ["\(name).type == \($0)"] } ?? [])
            + (rule.high.map { ["\(name).code == \($0)"] } ?? [])
    }
}

/// Ports that no group speaks for: those of routers and of physical networks, and those whose owner lifted the guard.
enum OpenPorts {
    static let name = "pg_open"

    static let rules: [[String: JSON]] = [
        ["priority": 1500, "direction": "from-lport", "action": "allow", "match": .string("inport == @\(name)")],
        ["priority": 1500, "direction": "to-lport", "action": "allow", "match": .string("outport == @\(name)")],
    ]

    /// Makes the group where it is missing.
    static func ensure(in central: OVSDB) async throws(CloudError) {
        let found = try await central.transact(.north, [Operation.select("Port_Group", [Where.name(name)], ["_uuid"])])
        guard found[0]["rows"]?.array?.isEmpty ?? true else { return }
        do {
            try await central.transact(
                .north,
                [Operation.expectNone("Port_Group", [Where.name(name)])]
                    + rules.enumerated().map { Operation.insert("ACL", $1, as: "rule\($0)") } + [
                        Operation.insert(
                            "Port_Group",
                            ["name": .string(name), "acls": Value.set([Value.named("rule0"), Value.named("rule1")])])
                    ])
        } catch  where error.code == .stale {
            return  // Another was faster.
        }
    }
}

import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensureNetwork(_ network: NetworkSpec) async throws(CloudError) {
        let id = try Self.safe(network.id)
        let outlets = try Outlet.all(of: network, on: host)
        if !outlets.isEmpty { try await OpenPorts.ensure(in: central) }
        for subnet in network.subnets { _ = try Self.safe(subnet.id) }
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Logical_Switch", [Where.name(id)], ["_uuid"]),
                    Operation.select(
                        "ACL", [Where.mark(Mark.network, id)], ["priority", "direction", "match", "action"]),
                    Operation.select(
                        "DHCP_Options", [Where.mark(Mark.network, id)], ["_uuid", "cidr", "options", "external_ids"]),
                    Operation.select(
                        "Logical_Switch_Port", [["type", "==", "localport"], Where.mark(Mark.network, id)],
                        ["_uuid", "name"]),
                ] + Outlet.selection(id))
            var changes: [JSON] = []
            if found[0]["rows"]?.array?.isEmpty ?? true {
                changes.append(Operation.expectNone("Logical_Switch", [Where.name(id)]))
                changes.append(
                    Operation.insert(
                        "Logical_Switch", ["name": .string(id), "external_ids": Value.map([Mark.network: id])]))
            }
            changes += Self.ruleChanges(id, found[1]["rows"]?.array ?? [])
            changes += dhcpChanges(network, found[2]["rows"]?.array ?? [], servers: found[3]["rows"]?.array ?? [])
            changes += Outlet.changes(outlets, of: id, found[4...].flatMap { $0["rows"]?.array ?? [] })
            guard !changes.isEmpty else { return }
            changes.append(Operation.expectSome("Logical_Switch", [Where.name(id)]))
            try await central.transact(.north, changes)
        }
    }

    public func removeNetwork(_ network: ID<LogicalNetwork>) async throws(CloudError) {
        let id = try Self.safe(network)
        // Ports and rules live only as long as the switch that has them.
        try await central.transact(
            .north,
            [
                Operation.delete("Logical_Switch", [Where.name(id), Where.mark(Mark.network, id)]),
                Operation.delete("DHCP_Options", [Where.mark(Mark.network, id)]),
                Operation.delete("DNS", [Where.mark(Mark.network, id)]),
                Operation.delete("Port_Group", [Where.mark(Mark.network, id)]),
            ])
    }

    public func networks() async throws(CloudError) -> Set<ID<LogicalNetwork>> {
        let found = try await central.transact(
            .north, [Operation.select("Logical_Switch", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.network] }.map(ID.init))
    }

    /// Replaces the network's rules where they are not what they should be.
    private static func ruleChanges(_ id: String, _ rows: [JSON]) -> [JSON] {
        let wanted = BaseRule.all.map(\.row)
        guard Set(rows) != Set(wanted.map { .object($0) }) || rows.count != wanted.count else { return [] }
        let inserts = wanted.enumerated().map { place, row in
            Operation.insert(
                "ACL", row.merging(["external_ids": Value.map([Mark.network: id])]) { $1 }, as: "rule\(place)")
        }
        let names = wanted.indices.map { Value.named("rule\($0)") }
        return inserts + [Operation.update("Logical_Switch", [Where.name(id)], ["acls": Value.set(names)])]
    }

    /// Makes, changes and removes what DHCP tells, a row a subnet.
    private func dhcpChanges(_ network: NetworkSpec, _ rows: [JSON], servers: [JSON]) -> [JSON] {
        var changes: [JSON] = []
        var left = Dictionary(
            rows.map { (Value.pairs($0["external_ids"])[Mark.subnet] ?? "", $0) },
            uniquingKeysWith: { first, _ in first })
        for (place, subnet) in network.subnets.filter(\.dhcp).enumerated() {
            let wanted = DHCP(subnet, network, answersNames: answersNames)
            if let row = left.removeValue(forKey: subnet.id.text) {
                changes += wanted.update(row)
                let server = servers.first { $0["name"]?.string == DHCP.port(of: subnet.id.text) }
                changes += wanted.answer(place, server)
            } else {
                changes += wanted.insert(place)
            }
        }
        for (subnet, row) in left.sorted(by: { $0.key < $1.key }) {
            changes.append(Operation.delete("DHCP_Options", [Where.uuid(row["_uuid"] ?? .null)]))
            for server in servers where server["name"]?.string == DHCP.port(of: subnet) {
                changes.append(
                    Operation.mutate(
                        "Logical_Switch", [Where.name(network.id.text)], "ports", "delete",
                        Value.set([server["_uuid"] ?? .null])))
            }
        }
        return changes
    }
}

import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensureGroup(_ group: GroupSpec) async throws(CloudError) {
        let id = try Self.safe(group.id)
        let name = GroupRules.name(of: id)
        var wanted: Set<JSON> = []
        for rule in group.rules {
            wanted.insert(.object(try GroupRules.row(rule, of: id, isStateful: group.isStateful)))
        }
        let rows = wanted.sorted { $0.text < $1.text }
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Port_Group", [Where.name(name)], ["_uuid"]),
                    Operation.select(
                        "ACL", [Where.mark(Mark.group, id)], ["priority", "direction", "match", "action"]),
                    Operation.select("Address_Set", [Where.mark(Mark.group, id)], ["_uuid", "name", "addresses"]),
                ])
            let isThere = !(found[0]["rows"]?.array?.isEmpty ?? true)
            let there = found[1]["rows"]?.array ?? []
            let sets = try GroupRules.addressChanges(group, found[2]["rows"]?.array ?? [])
            guard !isThere || Set(there) != wanted || there.count != wanted.count else {
                if !sets.isEmpty { try await central.transact(.north, sets) }
                return
            }
            var changes =
                sets
                + rows.enumerated().map { place, row in
                    Operation.insert(
                        "ACL", (row.object ?? [:]).merging(["external_ids": Value.map([Mark.group: id])]) { $1 },
                        as: "rule\(place)")
                }
            let rules = Value.set(rows.indices.map { Value.named("rule\($0)") })
            if isThere {
                changes.append(Operation.expectSome("Port_Group", [Where.name(name)]))
                changes.append(Operation.update("Port_Group", [Where.name(name)], ["acls": rules]))
            } else {
                changes.insert(Operation.expectNone("Port_Group", [Where.name(name)]), at: 0)
                changes.append(
                    Operation.insert(
                        "Port_Group",
                        ["name": .string(name), "acls": rules, "external_ids": Value.map([Mark.group: id])]))
            }
            try await central.transact(.north, changes)
        }
    }

    public func removeGroup(_ group: ID<SecurityGroup>) async throws(CloudError) {
        let id = try Self.safe(group)
        try await central.transact(
            .north,
            [
                Operation.delete("Port_Group", [Where.name(GroupRules.name(of: id)), Where.mark(Mark.group, id)]),
                Operation.delete("Address_Set", [Where.mark(Mark.group, id)]),
            ])
    }

    public func groups() async throws(CloudError) -> Set<ID<SecurityGroup>> {
        let found = try await central.transact(
            .north, [Operation.select("Port_Group", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.group] }.map(ID.init))
    }

    /// The port groups that a port is to be in.
    static func memberships(_ port: PortSpec) throws(CloudError) -> Set<String> {
        guard port.isGuarded, !port.isRouter else { return [OpenPorts.name] }
        var names: Set<String> = []
        for group in port.groups { names.insert(GroupRules.name(of: try safe(group))) }
        return names
    }

    /// The rows of groups by name, and of those that hold a port.
    func groups(_ names: Set<String>, holding port: JSON?) async throws(CloudError) -> [JSON] {
        var asked = names.sorted().map { Operation.select("Port_Group", [Where.name($0)], ["name", "ports"]) }
        if let port {
            asked.append(
                Operation.select("Port_Group", [["ports", "includes", Value.set([port])]], ["name", "ports"]))
        }
        guard !asked.isEmpty else { return [] }
        var rows: [String: JSON] = [:]
        for result in try await central.transact(.north, asked) {
            for row in result["rows"]?.array ?? [] { rows[row["name"]?.string ?? ""] = row }
        }
        return rows.sorted { $0.key < $1.key }.map(\.value)
    }

    /// What makes a port a member of the groups wanted and of no others.
    ///
    /// - Parameter groups: the rows of those wanted and of those that hold it, each with its name and ports.
    /// - Parameter port: the port's row, as an id or as the name of an insert.
    static func joining(_ wanted: Set<String>, _ groups: [JSON], port: JSON) throws(CloudError) -> [JSON] {
        var changes: [JSON] = []
        let there = Set(groups.compactMap { $0["name"]?.string })
        for name in wanted.subtracting(there).sorted() {
            throw .unavailable("network", "a port is wanted before its group \(name)")
        }
        for row in groups {
            guard let name = row["name"]?.string else { continue }
            let isMember = Value.items(row["ports"]).contains(port)
            guard isMember != wanted.contains(name) else { continue }
            changes.append(Operation.expectSome("Port_Group", [Where.name(name)]))
            changes.append(
                Operation.mutate(
                    "Port_Group", [Where.name(name)], "ports", isMember ? "delete" : "insert", Value.set([port])))
        }
        return changes
    }
}

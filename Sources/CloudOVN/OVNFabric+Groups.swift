import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensureGroup(_ group: GroupSpec) async throws(CloudError) {
        let id = try Self.safe(group.id)
        let name = GroupRules.name(of: id)
        var wanted: Set<JSON> = []
        try await ensureMeter(of: group.logsPassedFor)
        var meter: String?
        if let project = group.logsPassedFor { meter = try FlowLogging.meter(of: project) }
        let logging = FlowLogging.columns(FlowLogging.passedPrefix + id, meter)
        for rule in group.rules {
            wanted.insert(
                .object(try GroupRules.row(rule, of: id, isStateful: group.isStateful).merging(logging) { $1 }))
        }
        var meters: Set<String> = []
        let rows = wanted.sorted { $0.text < $1.text }
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Port_Group", [Where.name(name)], ["_uuid"]),
                    Operation.select(
                        "ACL", [Where.mark(Mark.group, id)],
                        ["priority", "direction", "match", "action"] + FlowLogging.names),
                    Operation.select("Address_Set", [Where.mark(Mark.group, id)], ["_uuid", "name", "addresses"]),
                ])
            let isThere = !(found[0]["rows"]?.array?.isEmpty ?? true)
            let there = found[1]["rows"]?.array ?? []
            meters = Set(there.compactMap { $0["meter"]?.string })
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
            if let meter { changes.insert(Operation.expectSome("Meter", [Where.name(meter)]), at: 0) }
            try await central.transact(.north, changes)
        }
        if meter == nil { try await trimMeters(meters) }
    }

    public func removeGroup(_ group: ID<SecurityGroup>) async throws(CloudError) {
        let id = try Self.safe(group)
        let results = try await central.transact(
            .north,
            [
                Operation.select("ACL", [Where.mark(Mark.group, id)], ["meter"]),
                Operation.delete("Port_Group", [Where.name(GroupRules.name(of: id)), Where.mark(Mark.group, id)]),
                Operation.delete("Address_Set", [Where.mark(Mark.group, id)]),
            ])
        try await trimMeters(Set((results[0]["rows"]?.array ?? []).compactMap { $0["meter"]?.string }))
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

    /// Which of some groups there are, and which groups hold a port. Who else is in them is not asked: they may be many.
    func groups(
        _ names: Set<String>, holding port: JSON?
    ) async throws(CloudError) -> (there: Set<String>, holding: Set<String>) {
        var asked = names.sorted().map { Operation.select("Port_Group", [Where.name($0)], ["name"]) }
        if let port {
            asked.append(Operation.select("Port_Group", [["ports", "includes", Value.set([port])]], ["name"]))
        }
        guard !asked.isEmpty else { return ([], []) }
        let found = try await central.transact(.north, asked).map { result in
            (result["rows"]?.array ?? []).compactMap { $0["name"]?.string }
        }
        // Those that log at a port come and go by themselves.
        let holding = port == nil ? [] : (found[names.count]).filter { !$0.hasPrefix(FlowLogging.prefix) }
        return (Set(found.prefix(names.count).joined()), Set(holding))
    }

    /// What makes a port a member of the groups wanted and of no others.
    ///
    /// - Parameter groups: which of those wanted there are, and which groups hold it.
    /// - Parameter port: the port's row, as an id or as the name of an insert.
    static func joining(
        _ wanted: Set<String>, _ groups: (there: Set<String>, holding: Set<String>), port: JSON
    ) throws(CloudError) -> [JSON] {
        for name in wanted.subtracting(groups.there).sorted() {
            throw .unavailable("network", "a port is wanted before its group \(name)")
        }
        return wanted.symmetricDifference(groups.holding).sorted().flatMap { name in
            [
                Operation.expectSome("Port_Group", [Where.name(name)]),
                Operation.mutate(
                    "Port_Group", [Where.name(name)], "ports", wanted.contains(name) ? "insert" : "delete",
                    Value.set([port])),
            ]
        }
    }
}

import CloudCore
import CloudNetwork

/// How OVN is told to log packets: rules with a name that says whose they are, and a meter for each project, so that
/// one project's lines never cost another's, nor more than a bound.
enum FlowLogging {
    /// Lines a second that a project's rules may write together, and so many at once.
    static let rate = 50
    static let burst = 100

    /// What the names of the port groups begin with that hold what logs at one port.
    static let prefix = "pl_"
    static let droppedPrefix = "drop-"
    static let passedPrefix = "pass-"

    static func name(of port: String) -> String { prefix + port.filter { $0 != "-" } }
    static func meter(of project: ProjectID) throws(CloudError) -> String { "log_" + (try OVNFabric.safe(project)) }

    /// The columns by which a rule logs; nil for one that does not. As the server writes them.
    static func columns(_ name: String, _ meter: String?) -> [String: JSON] {
        guard let meter else {
            return ["log": false, "name": Value.set([]), "severity": Value.set([]), "meter": Value.set([])]
        }
        return ["log": true, "name": .string(name), "severity": "info", "meter": .string(meter)]
    }

    /// The names of those columns.
    static let names = ["log", "name", "severity", "meter"]

    /// The rules that drop at one port what the base rules would drop just beneath, and say so.
    static func dropRules(_ port: String, _ meter: String) -> [[String: JSON]] {
        [("from-lport", "inport"), ("to-lport", "outport")].map { direction, side in
            columns(droppedPrefix + port, meter).merging([
                "priority": 1, "direction": .string(direction), "action": "drop",
                "match": .string("\(side) == \"\(port)\""), "external_ids": Value.map([Mark.log: port]),
            ]) { $1 }
        }
    }
}

extension OVNFabric {
    /// What makes a port's drops logged, or not.
    ///
    /// - Parameter row: the port group that logs for it, if there is one.
    /// - Parameter own: the port's row, as an id or as the name of an insert.
    static func dropLogChanges(_ port: PortSpec, _ row: JSON?, own: JSON) throws(CloudError) -> [JSON] {
        let id = port.id.text
        let name = FlowLogging.name(of: id)
        guard let project = port.logsDropsFor, port.isGuarded, !port.isRouter else {
            return row == nil ? [] : [Operation.delete("Port_Group", [Where.name(name)])]
        }
        let meter = try FlowLogging.meter(of: project)
        if let row, Value.items(row["ports"]).contains(own), Value.pairs(row["external_ids"])[Mark.meter] == meter {
            return []
        }
        let rules = FlowLogging.dropRules(id, meter)
        let marks = [Mark.log: id, Mark.network: port.network.text, Mark.meter: meter]
        let group: [String: JSON] = [
            "ports": Value.set([own]), "acls": Value.set(rules.indices.map { Value.named("drop\($0)") }),
            "external_ids": Value.map(marks),
        ]
        return [Operation.expectSome("Meter", [Where.name(meter)])]
            + rules.enumerated().map { Operation.insert("ACL", $1, as: "drop\($0)") } + [
                row == nil
                    ? Operation.insert("Port_Group", group.merging(["name": .string(name)]) { $1 })
                    : Operation.update("Port_Group", [Where.name(name)], group)
            ]
    }

    /// Makes a project's meter where it is missing.
    func ensureMeter(of project: ProjectID?) async throws(CloudError) {
        guard let project else { return }
        let name = try FlowLogging.meter(of: project)
        let found = try await central.transact(.north, [Operation.select("Meter", [Where.name(name)], ["_uuid"])])
        guard found[0]["rows"]?.array?.isEmpty ?? true else { return }
        let band: [String: JSON] = [
            "action": "drop", "rate": .integer(FlowLogging.rate), "burst_size": .integer(FlowLogging.burst),
        ]
        do {
            try await central.transact(
                .north,
                [
                    Operation.expectNone("Meter", [Where.name(name)]), Operation.insert("Meter_Band", band, as: "band"),
                    Operation.insert(
                        "Meter",
                        [
                            "name": .string(name), "unit": "pktps", "fair": false,
                            "bands": Value.set([Value.named("band")]),
                        ]),
                ])
        } catch  where error.code == .stale {
            return  // Another was faster.
        }
    }

    /// Removes meters that no rule uses any more.
    func trimMeters(_ names: Set<String>) async throws(CloudError) {
        for name in names.sorted() {
            do {
                try await central.transact(
                    .north,
                    [
                        Operation.expectNone("ACL", [["meter", "==", .string(name)]]),
                        Operation.delete("Meter", [Where.name(name)]),
                    ])
            } catch  where error.code == .stale {
                continue  // It is in use.
            }
        }
    }
}

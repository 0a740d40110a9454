import CloudCore
import CloudNetwork

extension OVNProber {
    public func faults(in wiring: Wiring) async throws(CloudError) -> [WiringFault] {
        let north = try await fabric.central.transact(
            .north,
            [
                Operation.select("Logical_Switch", [], ["name", "ports", "acls", "external_ids"]),
                Operation.select("Logical_Switch_Port", [], ["_uuid", "name"] + OVNFabric.portColumns),
                Operation.select("ACL", [], ["_uuid", "priority", "direction", "match", "action"]),
                Operation.select("Port_Group", [], ["name", "ports", "acls", "external_ids"]),
                Operation.select("DHCP_Options", [], ["_uuid", "cidr", "options", "external_ids"]),
            ], repeatable: true)
        let local = try await fabric.local.transact(
            .host, [Operation.select("Interface", [], ["name", "external_ids"])], repeatable: true)
        var look = WiringLook(wiring, north.map { $0["rows"]?.array ?? [] }, answersNames: fabric.answersNames)
        try look.switches()
        try look.groups()
        look.devices(local[0]["rows"]?.array ?? [])
        return look.faults
    }
}

/// The fabric's rows beside what the store says.
private struct WiringLook {
    private(set) var faults: [WiringFault] = []
    private let networks: [String: NetworkSpec]
    private let ports: [String: PortSpec]
    private let wantedGroups: [String: GroupSpec]
    private let switchRows: [JSON]
    private let groupRows: [JSON]
    private let dhcpRows: [String: [JSON]]
    /// Those of ports that are told more than others.
    private let ownRows: [String: [JSON]]
    private let answersNames: Bool
    /// Rows by their id, without it.
    private let portRows: [JSON: [String: JSON]]
    private let rules: [JSON: JSON]

    init(_ wiring: Wiring, _ rows: [[JSON]], answersNames: Bool) {
        self.answersNames = answersNames
        func byText<R, T>(_ items: [T], _ id: (T) -> ID<R>) -> [String: T] {
            Dictionary(items.map { (id($0).text, $0) }, uniquingKeysWith: { first, _ in first })
        }
        networks = byText(wiring.networks, \.id)
        ports = byText(wiring.ports, \.id)
        wantedGroups = byText(wiring.groups, \.id)
        (switchRows, groupRows) = (rows[0], rows[3])
        dhcpRows = Dictionary(grouping: rows[4]) { Value.pairs($0["external_ids"])[Mark.network] ?? "" }
        ownRows = Dictionary(grouping: rows[4]) { Value.pairs($0["external_ids"])[Mark.port] ?? "" }
        func byRow(_ rows: [JSON]) -> [(JSON, [String: JSON])] {
            rows.map { row in
                var columns = row.object ?? [:]
                return (columns.removeValue(forKey: "_uuid") ?? .null, columns)
            }
        }
        portRows = Dictionary(byRow(rows[1]), uniquingKeysWith: { first, _ in first })
        rules = Dictionary(byRow(rows[2]).map { ($0, .object($1)) }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func blame(_ one: String, _ other: String, _ what: String) {
        faults.append(WiringFault(ID(one), ID(other), what))
    }
    private func marks(_ row: [String: JSON]?) -> [String: String] { Value.pairs(row?["external_ids"]) }
    private func network(ofPort id: String?) -> String { id.flatMap { ports[$0]?.network.text } ?? "" }

    /// Whether rules are these, each once and no other.
    private func are(_ ids: JSON?, _ wanted: [JSON]) -> Bool {
        let there = Value.items(ids).map { rules[$0] ?? .null }
        return there.count == wanted.count && Set(there) == Set(wanted)
    }

    /// Every switch has the base rules and no others, and on it are the ports that the store says, as it says.
    mutating func switches() throws(CloudError) {
        for row in switchRows {
            guard let id = Value.pairs(row["external_ids"])[Mark.network] else { continue }
            guard let spec = networks[id] else {
                blame(id, id, "Network \(id) is not in the store.")
                continue
            }
            if !are(row["acls"], BaseRule.all.map { .object($0.row) }) {
                blame(id, id, "The base rules of network \(id) are not what they should be.")
            }
            for uuid in Value.items(row["ports"]) { try port(portRows[uuid] ?? [:], on: spec) }
        }
    }

    private mutating func port(_ row: [String: JSON], on network: NetworkSpec) throws(CloudError) {
        let (id, name) = (network.id.text, row["name"]?.string ?? "")
        guard let mark = marks(row)[Mark.port] else {
            let isServer = row["type"] == "localport" && marks(row)[Mark.network] == id && name.hasPrefix("dhcp-")
            let isOutlet =
                (row["type"] == "localnet" || row["type"] == "l2gateway") && Outlet.names(of: network).contains(name)
            if !isServer, !isOutlet { blame(id, id, "Port \(name) on network \(id) is nobody's.") }
            return
        }
        guard let spec = ports[mark] else { return blame(id, id, "Port \(mark) on network \(id) is not in the store.") }
        let own = spec.network.text
        if own != id { blame(own, id, "Port \(mark) of network \(own) is on network \(id).") }
        var there = row
        there["name"] = nil
        if name != mark || there != wanted(spec) {
            blame(own, own, "Port \(mark) is not as the store says: its addresses, security, DHCP or state differ.")
        }
    }

    private func wanted(_ port: PortSpec) -> [String: JSON] {
        OVNFabric.wanted(
            port, dhcpRows[port.network.text] ?? [], own: ownRows[port.id.text] ?? [], answersNames: answersNames)
    }

    /// What rules of a group that logs drops say; nil where it is none, or none of a port that is to log.
    private func logRules(_ row: JSON) -> [JSON]? {
        guard let port = Value.pairs(row["external_ids"])[Mark.log].flatMap({ ports[$0] }), port.logsDropsFor != nil
        else { return nil }
        return FlowLogging.dropRules(port.id.text, "").map { rule in
            .object(rule.filter { ["priority", "direction", "match", "action"].contains($0.key) })
        }
    }

    /// Every group has its rules and no others, and every port is in the groups that the store says and in no others.
    mutating func groups() throws(CloudError) {
        var members: [JSON: Set<String>] = [:]
        for row in groupRows {
            let name = row["name"]?.string ?? ""
            for uuid in Value.items(row["ports"]) { members[uuid, default: []].insert(name) }
            var wanted: [JSON] = []
            if let spec = Value.pairs(row["external_ids"])[Mark.group].flatMap({ wantedGroups[$0] }) {
                for rule in spec.rules {
                    wanted.append(.object(try GroupRules.row(rule, of: spec.id.text, isStateful: spec.isStateful)))
                }
                wanted = Array(Set(wanted))
            } else if let rules = logRules(row) {
                wanted = rules
            } else if name == OpenPorts.name {
                wanted = OpenPorts.rules.map { .object($0) }
            }
            guard !are(row["acls"], wanted) else { continue }
            let reached = Set(Value.items(row["ports"]).map { network(ofPort: marks(portRows[$0])[Mark.port]) })
            for network in reached.sorted() where !network.isEmpty {
                blame(network, network, "The rules of group \(name) are not what they should be.")
            }
        }
        for (uuid, row) in portRows {
            guard let mark = marks(row)[Mark.port], let spec = ports[mark] else { continue }
            let there = (members[uuid] ?? []).subtracting([FlowLogging.name(of: mark)])
            if there != (try OVNFabric.memberships(spec)) {
                let id = spec.network.text
                blame(id, id, "Port \(mark) is in other groups than the store says: \(there.sorted()).")
            }
        }
    }

    /// Every device is bound to the port that it was made for.
    mutating func devices(_ rows: [JSON]) {
        for row in rows {
            let (marks, name) = (Value.pairs(row["external_ids"]), row["name"]?.string ?? "")
            let (made, bound) = (marks[Mark.port], marks["iface-id"])
            guard made != nil || bound != nil else { continue }
            let (one, other) = (network(ofPort: made), network(ofPort: bound))
            if made != bound {
                let place = one.isEmpty ? other : one
                guard !place.isEmpty else { continue }
                blame(
                    place, other.isEmpty ? place : other,
                    "Device \(name) of port \(made ?? "nobody") is bound to port \(bound ?? "nobody").")
            } else if let made, !one.isEmpty, name.hasPrefix(Plug.prefix), name != Plug.device(of: ID(made)) {
                blame(one, one, "Device \(name) is not the one of port \(made).")
            }
        }
    }
}

import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensurePort(_ port: PortSpec) async throws(CloudError) {
        let id = try Self.safe(port.id)
        let network = try Self.safe(port.network)
        let memberships = try Self.memberships(port)
        if memberships.contains(OpenPorts.name) { try await OpenPorts.ensure(in: central) }
        for own in port.addresses { _ = try Self.safe(own.subnet) }
        try await ensureMeter(of: port.logsDropsFor)
        var meters: Set<String> = []
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Logical_Switch_Port", [Where.name(id)], Self.portColumns + ["_uuid"]),
                    Operation.select("Logical_Switch", [Where.name(network)], ["_uuid"]),
                    Operation.select(
                        "DHCP_Options", [Where.mark(Mark.network, network)], ["_uuid", "options", "external_ids"]),
                    Operation.select(
                        "DHCP_Options", [Where.mark(Mark.port, id)], ["_uuid", "cidr", "options", "external_ids"]),
                    Operation.select("DNS", [Where.mark(Mark.port, id)], ["_uuid", "records"]),
                    Operation.select("QoS", [Where.mark(Mark.port, id)], Shaping.columns + ["_uuid"]),
                    Operation.select(
                        "Port_Group", [Where.name(FlowLogging.name(of: id))], ["ports", "external_ids"]),
                ])
            let logging = found[6]["rows"]?[0]
            if let meter = Value.pairs(logging?["external_ids"])[Mark.meter] { meters = [meter] }
            let groups = try await groups(memberships, holding: found[0]["rows"]?[0]?["_uuid"])
            guard found[1]["rows"]?[0] != nil else {
                throw .unavailable("network", "port \(id) is wanted before its network \(network)")
            }
            let own = OwnDHCP(port, found[3]["rows"]?.array ?? [], answersNames: answersNames)
            let wanted = Self.row(port, DHCPRows(port, found[2]["rows"]?.array ?? [], own))
            let beside =
                own.changes + (answersNames ? Names(port).changes(found[4]["rows"]?[0]) : [])
                + (try Shaping.changes(port, found[5]["rows"]?.array ?? []))
            if let row = found[0]["rows"]?[0] {
                guard Value.pairs(row["external_ids"])[Mark.network] == network else {
                    throw .fault("port \(id) is there on another network than \(network)")
                }
                var there = row.object ?? [:]
                let own = there.removeValue(forKey: "_uuid") ?? .null
                var changes = beside + (try Self.joining(memberships, groups, port: own))
                changes += try Self.dropLogChanges(port, logging, own: own)
                if there != wanted { changes.append(Operation.update("Logical_Switch_Port", [Where.name(id)], wanted)) }
                if changes.isEmpty { return }
                try await central.transact(.north, changes)
            } else {
                try await central.transact(
                    .north,
                    [
                        Operation.expectNone("Logical_Switch_Port", [Where.name(id)]),
                        // Without a switch to hold it, the port would vanish without a word.
                        Operation.expectSome("Logical_Switch", [Where.name(network)]),
                    ] + beside + [
                        Operation.insert("Logical_Switch_Port", wanted.merging(["name": .string(id)]) { $1 }, as: "p"),
                        Operation.mutate(
                            "Logical_Switch", [Where.name(network)], "ports", "insert", Value.set([Value.named("p")])),
                        // In the same step: no packet passes before its groups speak for it.
                    ] + Self.joining(memberships, groups, port: Value.named("p"))
                        + Self.dropLogChanges(port, logging, own: Value.named("p")))
            }
        }
        if port.logsDropsFor == nil { try await trimMeters(meters) }
    }

    public func removePort(_ port: ID<Port>) async throws(CloudError) {
        let id = try Self.safe(port)
        unsettled.subtract([Plug.device(of: port)])
        let logging = Where.name(FlowLogging.name(of: id))
        let found = try await central.transact(
            .north,
            [
                Operation.select("Logical_Switch_Port", [Where.name(id), Where.mark(Mark.port, id)], ["_uuid"]),
                Operation.select("QoS", [Where.mark(Mark.port, id)], ["_uuid"]),
                Operation.select("Port_Group", [logging], ["external_ids"]),
            ])
        let mine = [Where.mark(Mark.port, id)]
        var changes = [Operation.delete("DHCP_Options", mine), Operation.delete("DNS", mine)]
        if let row = found[0]["rows"]?[0]?["_uuid"] {
            let rows = Value.set([row])
            changes.append(Operation.mutate("Logical_Switch", [["ports", "includes", rows]], "ports", "delete", rows))
        }
        let marks = Value.pairs(found[2]["rows"]?[0]?["external_ids"])
        if !marks.isEmpty { changes.append(Operation.delete("Port_Group", [logging])) }
        try await central.transact(.north, changes + Shaping.removal(found[1]["rows"]?.array ?? []))
        if let meter = marks[Mark.meter] { try await trimMeters([meter]) }
    }

    public func ports() async throws(CloudError) -> Set<ID<Port>> {
        let found = try await central.transact(
            .north, [Operation.select("Logical_Switch_Port", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.port] }.map(ID.init))
    }

    static let portColumns = [
        "addresses", "port_security", "dhcpv4_options", "dhcpv6_options", "enabled", "external_ids", "type", "options",
    ]

    /// What a port's row is to hold, of `portColumns`.
    ///
    /// - Parameter rows: its network's of DHCP, and its own.
    static func wanted(_ port: PortSpec, _ rows: [JSON], own: [JSON], answersNames: Bool) -> [String: JSON] {
        row(port, DHCPRows(port, rows, OwnDHCP(port, own, answersNames: answersNames)))
    }

    /// A port's row as the server would write it, so that equal rows compare equal.
    private static func row(_ port: PortSpec, _ dhcp: DHCPRows) -> [String: JSON] {
        let numbers = port.addresses.map(\.address.description)
        let addresses = ([port.mac.text] + numbers).joined(separator: " ")
        var marks = [Mark.port: port.id.text, Mark.network: port.network.text]
        if port.isRouter {
            return [
                "addresses": "router", "type": "router", "port_security": Value.set([]),
                "dhcpv4_options": Value.set([]), "dhcpv6_options": Value.set([]),
                "options": Value.map(["router-port": leg(of: port.id)]), "enabled": .bool(port.adminUp),
                "external_ids": Value.map(marks),
            ]
        }
        if let v4 = port.addresses.first(where: { !$0.address.isIPv6 }) { marks[Mark.subnet] = v4.subnet.text }
        for v6 in port.addresses where v6.address.isIPv6 { marks[Mark.subnet6(v6.subnet.text)] = "" }
        // DHCP tells the guest its name.
        let options = Value.map(port.hostName.isEmpty ? [:] : ["hostname": DHCP.quoted(port.hostName)])
        guard port.isGuarded else {
            return [
                "addresses": Value.set([.string(addresses), "unknown"]), "port_security": Value.set([]), "type": "",
                "options": options, "dhcpv4_options": dhcp.v4 ?? Value.set([]),
                "dhcpv6_options": dhcp.v6 ?? Value.set([]), "enabled": .bool(port.adminUp),
                "external_ids": Value.map(marks),
            ]
        }
        // Without an address of IPv4 its rules for ARP would not be said.
        let hasIPv4 = port.addresses.contains { !$0.address.isIPv6 }
        var own = [hasIPv4 ? addresses : ([port.mac.text, "0.0.0.0"] + numbers).joined(separator: " ")]
        own += port.pairs.map { "\($0.mac) \($0.prefix)" }
        // The server keeps a set in its own order, and writes a set of one as the member alone.
        let guarded = Set(own).sorted().map { JSON.string($0) }
        return [
            "type": "", "options": options, "addresses": .string(addresses),
            // Never empty: without it the port could send as anyone, and router advertisements, whatever the rules.
            "port_security": guarded.count == 1 ? guarded[0] : Value.set(guarded),
            "dhcpv4_options": dhcp.v4 ?? Value.set([]), "dhcpv6_options": dhcp.v6 ?? Value.set([]),
            "enabled": .bool(port.adminUp), "external_ids": Value.map(marks),
        ]
    }

    /// The rows from which DHCP answers a port: one a family is all that a port may have.
    private struct DHCPRows {
        var v4: JSON?
        var v6: JSON?

        /// The first IPv4 subnet's; of IPv6, one that hands out addresses before one that does not.
        init(_ port: PortSpec, _ rows: [JSON], _ own: OwnDHCP) {
            let bySubnet = Dictionary(
                rows.map { (Value.pairs($0["external_ids"])[Mark.subnet] ?? "", $0) },
                uniquingKeysWith: { first, _ in first })
            func found(_ isIPv6: Bool) -> [JSON] {
                port.addresses.filter { $0.address.isIPv6 == isIPv6 }.compactMap { bySubnet[$0.subnet.text] }
            }
            v4 = own.v4 ?? found(false).first?["_uuid"]
            let sixth = found(true)
            let stateful = sixth.first { Value.pairs($0["options"])[DHCP.stateless] == nil }
            v6 = own.v6 ?? (stateful ?? sixth.first)?["_uuid"]
        }
    }
}

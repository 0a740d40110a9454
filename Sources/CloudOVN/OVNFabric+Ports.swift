import CloudCore
import CloudNetwork

extension OVNFabric {
    public func ensurePort(_ port: PortSpec) async throws(CloudError) {
        let id = try Self.safe(port.id)
        let network = try Self.safe(port.network)
        let subnet = try port.addresses.first.map { (first) throws(CloudError) in try Self.safe(first.subnet) }
        try await repeating { () throws(CloudError) in
            let found = try await central.transact(
                .north,
                [
                    Operation.select("Logical_Switch_Port", [Where.name(id)], Self.portColumns),
                    Operation.select("Logical_Switch", [Where.name(network)], ["_uuid"]),
                    Operation.select("DHCP_Options", [Where.mark(Mark.subnet, subnet ?? "")], ["_uuid"]),
                ])
            guard found[1]["rows"]?[0] != nil else {
                throw .unavailable("network", "port \(id) is wanted before its network \(network)")
            }
            let wanted = Self.row(port, subnet: subnet, dhcp: found[2]["rows"]?[0]?["_uuid"])
            if let row = found[0]["rows"]?[0] {
                guard Value.pairs(row["external_ids"])[Mark.network] == network else {
                    throw .fault("port \(id) is there on another network than \(network)")
                }
                if row == .object(wanted) { return }
                try await central.transact(.north, [Operation.update("Logical_Switch_Port", [Where.name(id)], wanted)])
            } else {
                try await central.transact(
                    .north,
                    [
                        Operation.expectNone("Logical_Switch_Port", [Where.name(id)]),
                        // Without a switch to hold it, the port would vanish without a word.
                        Operation.expectSome("Logical_Switch", [Where.name(network)]),
                        Operation.insert("Logical_Switch_Port", wanted.merging(["name": .string(id)]) { $1 }, as: "p"),
                        Operation.mutate(
                            "Logical_Switch", [Where.name(network)], "ports", "insert", Value.set([Value.named("p")])),
                    ])
            }
        }
    }

    public func removePort(_ port: ID<Port>) async throws(CloudError) {
        let id = try Self.safe(port)
        unsettled.subtract([Plug.device(of: port)])
        let found = try await central.transact(
            .north, [Operation.select("Logical_Switch_Port", [Where.name(id), Where.mark(Mark.port, id)], ["_uuid"])])
        guard let row = found[0]["rows"]?[0]?["_uuid"] else { return }
        let rows = Value.set([row])
        try await central.transact(
            .north, [Operation.mutate("Logical_Switch", [["ports", "includes", rows]], "ports", "delete", rows)])
    }

    public func ports() async throws(CloudError) -> Set<ID<Port>> {
        let found = try await central.transact(
            .north, [Operation.select("Logical_Switch_Port", [], ["external_ids"])], repeatable: true)
        return Set(
            (found[0]["rows"]?.array ?? []).compactMap { Value.pairs($0["external_ids"])[Mark.port] }.map(ID.init))
    }

    private static let portColumns = ["addresses", "port_security", "dhcpv4_options", "enabled", "external_ids"]

    /// A port's row as the server would write it, so that equal rows compare equal.
    private static func row(_ port: PortSpec, subnet: String?, dhcp: JSON?) -> [String: JSON] {
        let addresses = ([port.mac.text] + port.addresses.map(\.address.description)).joined(separator: " ")
        var marks = [Mark.port: port.id.text, Mark.network: port.network.text]
        if let subnet { marks[Mark.subnet] = subnet }
        return [
            "addresses": .string(addresses),
            // Never empty: without it the port could send as anyone, and router advertisements, whatever the rules.
            "port_security": .string(port.addresses.isEmpty ? "\(port.mac) 0.0.0.0" : addresses),
            "dhcpv4_options": dhcp ?? Value.set([]), "enabled": .bool(port.adminUp), "external_ids": Value.map(marks),
        ]
    }
}

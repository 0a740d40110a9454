import CloudCore
import CloudNetwork

/// What OVN answers to DNS of one port, in a row of its own: OVN takes up what goes to port 53 of whomever, and lets
/// pass what it does not know.
struct Names: Sendable {
    let port: String
    let network: String
    /// Names and addresses, or addresses' reverse names and names, as OVN spells them.
    let records: [String: String]

    init(_ port: PortSpec) {
        (self.port, network) = (port.id.text, port.network.text)
        var records: [String: String] = [:]
        for it in port.names.sorted(by: { $0.address < $1.address }) {
            let whole = port.domain.isEmpty ? it.name : it.name + "." + port.domain
            for name in Set([it.name, whole]) {
                records[name] = records[name].map { "\($0) \(it.address)" } ?? it.address.description
            }
            records[Self.reverse(it.address)] = whole
        }
        self.records = records
    }

    /// The name by which DNS asks for the name of an address (RFC 1035, 3.5; RFC 3596, 2.5).
    static func reverse(_ address: IPAddress) -> String {
        switch address {
        case .v4(let it): it.description.split(separator: ".").reversed().joined(separator: ".") + ".in-addr.arpa"
        case .v6(let it):
            (0..<32).map { String(UInt8(truncatingIfNeeded: it.number >> UInt128(4 * $0) & 15), radix: 16) }
                .joined(separator: ".") + ".ip6.arpa"
        }
    }

    /// Makes, changes or removes the row.
    func changes(_ row: JSON?) -> [JSON] {
        guard let row else {
            guard !records.isEmpty else { return [] }
            return [
                Operation.insert(
                    "DNS",
                    [
                        "records": Value.map(records),
                        "external_ids": Value.map([Mark.port: port, Mark.network: network]),
                        // A name of ours without an address of the family that is asked for: no, and not silence.
                        "options": Value.map(["ovn-owned": "true"]),
                    ], as: "names"),
                Operation.mutate(
                    "Logical_Switch", [Where.name(network)], "dns_records", "insert",
                    Value.set([Value.named("names")])),
            ]
        }
        let own = [Where.uuid(row["_uuid"] ?? .null)]
        if records.isEmpty { return [Operation.delete("DNS", own)] }
        if Value.pairs(row["records"]) == records { return [] }
        return [Operation.update("DNS", own, ["records": Value.map(records)])]
    }
}

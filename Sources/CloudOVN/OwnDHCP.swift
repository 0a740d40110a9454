import CloudCore
import CloudNetwork

/// What DHCP tells one port that is told more than its subnet's others: a row of its own for each family.
struct OwnDHCP: Sendable {
    /// What makes, changes and removes the rows.
    private(set) var changes: [JSON] = []
    /// The rows, as ids or as names of inserts.
    private(set) var v4: JSON?
    private(set) var v6: JSON?

    /// - Parameter rows: those of the port that are there, each with its marks.
    init(_ port: PortSpec, _ rows: [JSON], answersNames: Bool) {
        var left = Dictionary(
            rows.map { (Value.pairs($0["external_ids"])[Mark.family] ?? "", $0) },
            uniquingKeysWith: { first, _ in first })
        for isIPv6 in [false, true] {
            guard let network = port.told, let subnet = Self.subnet(of: port, network, isIPv6) else { continue }
            var options = DHCP(subnet, network, answersNames: answersNames).options
            for option in port.options where option.isIPv6 == isIPv6 {
                let (name, value) = Self.spelled(option)
                options[name] = value
            }
            let family = isIPv6 ? "6" : "4"
            let wanted: [String: JSON] = ["cidr": .string(subnet.cidr.description), "options": Value.map(options)]
            let place: JSON
            if let row = left.removeValue(forKey: family) {
                place = row["_uuid"] ?? .null
                if row["cidr"] != wanted["cidr"] || Value.pairs(row["options"]) != options {
                    changes.append(Operation.update("DHCP_Options", [Where.uuid(place)], wanted))
                }
            } else {
                place = Value.named("own\(family)")
                let marks = Value.map([Mark.port: port.id.text, Mark.family: family])
                changes.append(
                    Operation.insert("DHCP_Options", wanted.merging(["external_ids": marks]) { $1 }, as: "own\(family)")
                )
            }
            if isIPv6 { v6 = place } else { v4 = place }
        }
        for (_, row) in left.sorted(by: { $0.key < $1.key }) {
            changes.append(Operation.delete("DHCP_Options", [Where.uuid(row["_uuid"] ?? .null)]))
        }
    }

    /// The first IPv4 subnet; of IPv6, one that hands out addresses before one that does not.
    private static func subnet(of port: PortSpec, _ network: NetworkSpec, _ isIPv6: Bool) -> SubnetSpec? {
        let byID = Dictionary(network.subnets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let mine = port.addresses.filter { $0.address.isIPv6 == isIPv6 }.compactMap { byID[$0.subnet] }.filter(\.dhcp)
        return mine.first { !$0.isStateless } ?? mine.first
    }

    /// OVN's name and notation. Text stands in quotes, which it cannot hold itself.
    static func spelled(_ option: DHCPOption) -> (name: String, value: String) {
        let others = [
            "server-ip-address": "next_server", "arp-timeout": "arp_cache_timeout",
            "tcp-keepalive": "tcp_keepalive_interval",
            "domain-search": option.isIPv6 ? "domain_search" : "domain_search_list",
        ]
        let name = others[option.name] ?? option.name.replacing("-", with: "_")
        switch option.value {
        case .flag(let flag): return (name, flag ? "1" : "0")
        case .number(let number): return (name, String(number))
        case .addresses(let list):
            let texts = list.map(\.description)
            return (name, texts.count == 1 ? texts[0] : DHCP.list(texts))
        case .text(let text): return (name, DHCP.quoted(text))
        case .domains(let list): return (name, DHCP.quoted(list.joined(separator: ",")))
        case .routes(let list): return (name, DHCP.list(list.map { "\($0.destination),\($0.nextHop)" }))
        }
    }
}

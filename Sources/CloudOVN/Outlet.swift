import CloudCore
import CloudNetwork

/// A port by which a network continues into a physical one.
struct Outlet: Sendable {
    let name: String
    private let type: String
    private let options: [String: String]
    /// The VLAN that it is there; nil for none.
    private let tag: Int?

    /// Those of a network: OVN has one for the network's own continuation on every host, and any number that are on
    /// one host alone.
    static func all(of network: NetworkSpec, on host: HostName) throws(CloudError) -> [Outlet] {
        var out: [Outlet] = []
        if !network.physical.isEmpty {
            out.append(
                Outlet(
                    name: continuation(of: network), type: "localnet", options: ["network_name": network.physical],
                    tag: network.segment > 0 ? network.segment : nil))
        }
        for link in network.links.sorted(by: { $0.id < $1.id }) {
            _ = try OVNFabric.safe(ID<NetworkLinkName>(link.id))
            out.append(
                Outlet(
                    name: Self.link(of: link), type: "l2gateway",
                    options: ["network_name": link.physical, "l2gateway-chassis": host.text],
                    tag: link.segment > 0 ? link.segment : nil))
        }
        return out
    }

    /// What those of a network are called.
    static func names(of network: NetworkSpec) -> Set<String> {
        Set(network.links.map { link(of: $0) } + (network.physical.isEmpty ? [] : [continuation(of: network)]))
    }

    private static func continuation(of network: NetworkSpec) -> String { "outlet-\(network.id)" }
    private static func link(of it: NetworkLink) -> String { "link-\(it.id)" }

    /// What there is of a network.
    static func selection(_ network: String) -> [JSON] {
        ["localnet", "l2gateway"].map {
            Operation.select(
                "Logical_Switch_Port", [["type", "==", .string($0)], Where.mark(Mark.network, network)],
                ["_uuid", "name", "options", "tag"])
        }
    }

    static func changes(_ wanted: [Outlet], of network: String, _ rows: [JSON]) -> [JSON] {
        var left = Dictionary(rows.map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        var changes: [JSON] = []
        for (place, outlet) in wanted.enumerated() {
            if let row = left.removeValue(forKey: outlet.name) {
                let isSame =
                    Value.pairs(row["options"]) == outlet.options
                    && Value.items(row["tag"]).first?.integer == outlet.tag
                if isSame { continue }
                changes.append(
                    Operation.update("Logical_Switch_Port", [Where.name(outlet.name)], outlet.changing))
            } else {
                changes += outlet.insert(into: network, as: "outlet\(place)")
            }
        }
        for row in left.values {
            changes.append(
                Operation.mutate(
                    "Logical_Switch", [Where.name(network)], "ports", "delete", Value.set([row["_uuid"] ?? .null])))
        }
        return changes
    }

    private var changing: [String: JSON] {
        ["options": Value.map(options), "tag": Value.set(tag.map { [.integer($0)] } ?? [])]
    }

    private func insert(into network: String, as place: String) -> [JSON] {
        let row: [String: JSON] = [
            "name": .string(name), "type": .string(type), "addresses": "unknown",
            "external_ids": Value.map([Mark.network: network]),
        ]
        let ports = Value.set([Value.named(place)])
        return [
            Operation.insert("Logical_Switch_Port", row.merging(changing) { $1 }, as: place),
            Operation.mutate("Logical_Switch", [Where.name(network)], "ports", "insert", ports),
            // What comes from there is for the groups of who hears it to judge.
            Operation.mutate("Port_Group", [Where.name(OpenPorts.name)], "ports", "insert", ports),
        ]
    }
}

/// Names of links are checked as ids are.
private enum NetworkLinkName {}

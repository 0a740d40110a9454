import CloudCore
import CloudNetwork

/// How OVN bounds and marks packets: a row a direction, since of rows that fit alike only one holds.
enum Shaping {
    /// The rows that a port is to have; empty where nothing is asked of its packets.
    static func rows(_ port: PortSpec) throws(CloudError) -> Set<JSON> {
        let id = try OVNFabric.safe(port.id)
        return rows(port.shaping) { fromPort in (fromPort ? "inport" : "outport") + " == \"\(id)\" && ip" }
    }

    /// The rows of the switches outside on which a router's floating addresses are to be shaped, by switch.
    static func rows(_ router: RouterSpec) throws(CloudError) -> [String: Set<JSON>] {
        var out: [String: Set<JSON>] = [:]
        for (place, bounds) in Dictionary(grouping: router.bounds, by: { Place($0) }) {
            let (leg, network) = (try OVNFabric.safe(place.leg), try OVNFabric.safe(place.network))
            let rows = rows(Set(bounds.map(\.shaping))) { fromPort in
                (fromPort ? "inport" : "outport") + " == \"\(leg)\" && ip4." + (fromPort ? "src" : "dst")
                    + " == \(place.address)"
            }
            out[network, default: []].formUnion(rows)
        }
        return out
    }

    /// Where an address leaves a router.
    private struct Place: Hashable {
        let leg: ID<Port>, network: ID<LogicalNetwork>, address: IPv4
        init(_ it: RouterSpec.Bound) { (leg, network, address) = (it.leg, it.network, it.address) }
    }

    private static func rows(_ shaping: Set<ShapingSpec>, match: (Bool) -> String) -> Set<JSON> {
        var columns: [Bool: [String: JSON]] = [:]
        for it in shaping {
            switch it {
            case .limit(let fromPort, let kbps, let burst):
                columns[fromPort, default: [:]]["bandwidth"] = [
                    "map", [["burst", .integer(burst)], ["rate", .integer(kbps)]],
                ]
            case .mark(let mark): columns[true, default: [:]]["action"] = ["map", [["dscp", .integer(mark)]]]
            }
        }
        return Set(
            columns.map { fromPort, values in
                var row: [String: JSON] = [
                    "priority": 1000, "direction": fromPort ? "from-lport" : "to-lport",
                    "match": .string(match(fromPort)), "bandwidth": ["map", []], "action": ["map", []],
                ]
                row.merge(values) { $1 }
                return .object(row)
            })
    }

    static let columns = ["priority", "direction", "match", "bandwidth", "action"]

    /// What replaces the port's rows where they are not what they should be.
    static func changes(_ port: PortSpec, _ rows: [JSON]) throws(CloudError) -> [JSON] {
        replacing(rows, by: [port.network.text: try Self.rows(port)], marks: [Mark.port: port.id.text])
    }

    /// What replaces the router's rows where they are not what they should be.
    static func changes(_ router: RouterSpec, _ rows: [JSON]) throws(CloudError) -> [JSON] {
        replacing(rows, by: try Self.rows(router), marks: [Mark.router: router.id.text])
    }

    /// - Parameter wanted: the rows, by the switch that they are on.
    private static func replacing(_ rows: [JSON], by wanted: [String: Set<JSON>], marks: [String: String]) -> [JSON] {
        let there = rows.map { row in
            var row = row.object ?? [:]
            row["_uuid"] = nil
            return JSON.object(row)
        }
        let all = wanted.values.flatMap { $0 }
        guard Set(there) != Set(all) || there.count != all.count else { return [] }
        var changes = removal(rows)
        for (network, rows) in wanted.sorted(by: { $0.key < $1.key }) where !rows.isEmpty {
            var names: [JSON] = []
            for row in rows.sorted(by: { $0.text < $1.text }) {
                let name = "qos\(changes.count)"
                let columns = (row.object ?? [:]).merging(["external_ids": Value.map(marks)]) { $1 }
                changes.append(Operation.insert("QoS", columns, as: name))
                names.append(Value.named(name))
            }
            changes.append(
                Operation.mutate("Logical_Switch", [Where.name(network)], "qos_rules", "insert", Value.set(names)))
        }
        return changes
    }

    /// What takes rows away, whichever switch has them.
    static func removal(_ rows: [JSON]) -> [JSON] {
        rows.map { row in
            let one = Value.set([row["_uuid"] ?? .null])
            return Operation.mutate("Logical_Switch", [["qos_rules", "includes", one]], "qos_rules", "delete", one)
        }
    }
}

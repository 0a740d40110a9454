import CloudCore
import CloudNetwork

/// How OVN bounds and marks a port's packets: a row a direction, since of rows that fit alike only one holds.
enum Shaping {
    /// The rows that a port is to have; empty where nothing is asked of its packets.
    static func rows(_ port: PortSpec) throws(CloudError) -> Set<JSON> {
        let id = try OVNFabric.safe(port.id)
        var columns: [Bool: [String: JSON]] = [:]
        for it in port.shaping {
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
                    "match": .string((fromPort ? "inport" : "outport") + " == \"\(id)\" && ip"),
                    "bandwidth": ["map", []], "action": ["map", []],
                ]
                row.merge(values) { $1 }
                return .object(row)
            })
    }

    static let columns = ["priority", "direction", "match", "bandwidth", "action"]

    /// What replaces the port's rows where they are not what they should be.
    static func changes(_ port: PortSpec, _ rows: [JSON]) throws(CloudError) -> [JSON] {
        let wanted = try Self.rows(port)
        let there = rows.map { row in
            var row = row.object ?? [:]
            row["_uuid"] = nil
            return JSON.object(row)
        }
        guard Set(there) != wanted || there.count != wanted.count else { return [] }
        let network = [Where.name(port.network.text)]
        var changes: [JSON] = []
        if !rows.isEmpty {
            let gone = Value.set(rows.map { $0["_uuid"] ?? .null })
            changes.append(Operation.mutate("Logical_Switch", network, "qos_rules", "delete", gone))
        }
        let sorted = wanted.sorted { $0.text < $1.text }
        for (place, row) in sorted.enumerated() {
            let marks = Value.map([Mark.port: port.id.text])
            changes.append(
                Operation.insert("QoS", (row.object ?? [:]).merging(["external_ids": marks]) { $1 }, as: "qos\(place)"))
        }
        if !sorted.isEmpty {
            let names = Value.set(sorted.indices.map { Value.named("qos\($0)") })
            changes.append(Operation.mutate("Logical_Switch", network, "qos_rules", "insert", names))
        }
        return changes
    }

    /// What takes a port's rows away.
    static func removal(_ rows: [JSON]) -> [JSON] {
        guard !rows.isEmpty else { return [] }
        let gone = Value.set(rows.map { $0["_uuid"] ?? .null })
        return rows.map { row in
            let one = Value.set([row["_uuid"] ?? .null])
            return Operation.mutate("Logical_Switch", [["qos_rules", "includes", one]], "qos_rules", "delete", gone)
        }
    }
}

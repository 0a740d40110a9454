import CloudCore

/// A rule on every network, beneath those of the security groups. The last of each direction drops, so that whatever else fails to be read fails closed.
struct BaseRule: Sendable {
    let priority: Int
    let direction: String
    let match: String
    let action: String

    /// Never a `drop` above an `allow` in which a reference could be missing: that would fail open.
    static let all: [BaseRule] = [
        BaseRule(priority: 2000, direction: "from-lport", match: "arp", action: "allow"),
        BaseRule(priority: 2000, direction: "from-lport", match: "ip4 && udp.src == 67", action: "drop"),
        BaseRule(priority: 2000, direction: "from-lport", match: "ip6 && udp.src == 547", action: "drop"),
        BaseRule(
            priority: 1900, direction: "from-lport", match: "ip4 && udp.src == 68 && udp.dst == 67", action: "allow"),
        BaseRule(
            priority: 1900, direction: "from-lport", match: "ip6 && udp.src == 546 && udp.dst == 547", action: "allow"),
        BaseRule(priority: 0, direction: "from-lport", match: "1", action: "drop"),
        BaseRule(priority: 2000, direction: "to-lport", match: "arp", action: "allow"),
        BaseRule(priority: 0, direction: "to-lport", match: "1", action: "drop"),
    ]

    var row: [String: JSON] {
        [
            "priority": .integer(priority), "direction": .string(direction), "match": .string(match),
            "action": .string(action),
        ]
    }
}

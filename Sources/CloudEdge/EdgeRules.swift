import CloudCore
import CloudNetwork

/// The edge's rules as one file for nft: it replaces rules and members in one step, and leaves what was counted, and
/// who is besieged, as it is.
struct EdgeRules: Sendable {
    let plan: EdgePlan
    let limits: EdgeLimits
    /// The class of each member that has a plan, by its id.
    let classes: [String: Int]
    /// Other tables and counters of gone members, as they are there.
    let stale: [String]

    /// A number that is raised with every change of a set's or map's form, which the kernel does not change in place.
    static let table = "akashi-edge-1"
    static let inside = "inside"
    static let uplink = "uplink"

    /// What is counted for each member.
    enum Count: String, CaseIterable {
        case came, left, forged, refused, knocked, met
    }

    /// The name of a member's counter: its id is of a to z, digits and `-`.
    static func counter(_ count: Count, _ member: String) -> String { "\(count.rawValue)-\(member)" }

    /// The counts that are found by a member's addresses, and those found by its card.
    private static let byAddress: [Count] = [.came, .refused, .knocked, .met]
    private static let byCard: [Count] = [.left, .forged, .refused]

    private static let families = [("4", "ipv4_addr", "ip"), ("6", "ipv6_addr", "ip6")]

    var text: String {
        var out = ""
        func line(_ text: String) { out += text + "\n" }
        line("add table inet \(Self.table)")
        for (chain, hook) in EdgeChains.hooks {
            line("add chain inet \(Self.table) \(chain)" + (hook.isEmpty ? "" : " { \(hook) }"))
            line("flush chain inet \(Self.table) \(chain)")
        }
        for part in plan.parts {
            for count in Count.allCases {
                line("add counter inet \(Self.table) \(Self.counter(count, part.member.id))")
            }
        }
        // After the counters: the kernel does not find those that come in one transaction behind the map naming them.
        for (kind, name, type) in sets { line("add \(kind) inet \(Self.table) \(name) { \(type) }") }
        for (kind, name, elements) in contents {
            line("flush \(kind) inet \(Self.table) \(name)")
            if !elements.isEmpty {
                line("add element inet \(Self.table) \(name) { \(elements.joined(separator: ", ")) }")
            }
        }
        stale.forEach(line)
        line("table inet \(Self.table) {")
        for (chain, rules) in EdgeChains(limits).rules {
            line("chain \(chain) {")
            rules.forEach(line)
            line("}")
        }
        line("}")
        return out
    }

    /// Every set and map by kind, name and form.
    private var sets: [(String, String, String)] {
        let counted = "size \(EdgeLimits.mostCounted); flags dynamic,timeout;"
        var out: [(String, String, String)] = []
        for (family, type, _) in Self.families {
            out.append(("set", "own\(family)", "type \(type);"))
            out.append(("set", "reach\(family)", "type \(type); flags interval;"))
            out.append(("set", "members\(family)", "type ether_addr . \(type); flags interval;"))
            out.append(("map", "entering\(family)", "type \(type) : classid; flags interval;"))
            for count in Self.byAddress {
                out.append(("map", "\(count.rawValue)\(family)", "type \(type) : counter; flags interval;"))
            }
            for (name, seconds) in [("udp", 10), ("icmp", 10), ("sources", 10), ("openings", 60)] {
                out.append(("set", "\(name)\(family)", "type \(type); \(counted) timeout \(seconds)s;"))
            }
            out.append(("set", "besieged\(family)", "type \(type); \(counted) timeout \(limits.siegeSeconds)s;"))
            out.append(("set", "held\(family)", "type \(type); size \(EdgeLimits.mostCounted); flags dynamic;"))
        }
        out.append(("map", "leaving", "type ether_addr : classid;"))
        out.append(("set", "openers", "type ether_addr; \(counted) timeout 10s;"))
        for count in Self.byCard { out.append(("map", "\(count.rawValue)-card", "type ether_addr : counter;")) }
        return out
    }

    /// What each set and map holds of the specification.
    private var contents: [(String, String, [String])] {
        var out: [(String, String, [String])] = []
        for (family, _, _) in Self.families {
            func mine(_ element: (EdgePlan.Part, CIDR) -> String?) -> [String] {
                plan.parts.flatMap { part in
                    part.reach.filter { $0.isIPv6 == (family == "6") }.compactMap { element(part, $0) }
                }
            }
            let own = plan.addresses.map(\.address).filter { $0.isIPv6 == (family == "6") }.map(\.description)
            out.append(("set", "own\(family)", own))
            out.append(("set", "reach\(family)", mine { $1.plain }))
            out.append(("set", "members\(family)", mine { "\($0.member.mac) . \($1.plain)" }))
            out.append(
                (
                    "map", "entering\(family)",
                    mine { part, block in
                        classes[part.member.id].map { "\(block.plain) : \(Shaping.name($0))" }
                    }
                ))
            for count in Self.byAddress {
                let elements = mine { "\($1.plain) : \(quoted(Self.counter(count, $0.member.id)))" }
                out.append(("map", "\(count.rawValue)\(family)", elements))
            }
        }
        let leaving = plan.parts.compactMap { part in
            classes[part.member.id].map { "\(part.member.mac) : \(Shaping.name($0))" }
        }
        out.append(("map", "leaving", leaving))
        for count in Self.byCard {
            let elements = plan.parts.map { "\($0.member.mac) : \(quoted(Self.counter(count, $0.member.id)))" }
            out.append(("map", "\(count.rawValue)-card", elements))
        }
        return out
    }

    private func quoted(_ name: String) -> String { "\"\(name)\"" }
}

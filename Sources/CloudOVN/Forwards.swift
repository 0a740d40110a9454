import CloudCore
import CloudNetwork

/// How OVN spells single ports that are forwarded, and what keeps address scopes apart.
enum Forwards {
    /// A load balancer for each protocol, with an address and port outside and one inside for each forward.
    static func balancers(_ router: RouterSpec) -> Set<JSON> {
        var out: Set<JSON> = []
        for (transport, forwards) in Dictionary(grouping: router.forwards, by: \.transport) {
            let pairs = forwards.map {
                ("\($0.external):\($0.externalPort)", "\($0.inside):\($0.insidePort)")
            }
            out.insert([
                "name": .string("forwards-\(router.id)-\(transport)"), "protocol": .string(transport),
                "vips": Value.map(Dictionary(pairs, uniquingKeysWith: { first, _ in first })),
            ])
        }
        return out
    }

    /// A policy for each fence: what has these addresses does not leave there.
    static func policies(_ router: RouterSpec) -> Set<JSON> {
        Set(
            router.fences.map {
                let family = $0.source.isIPv6 ? "ip6" : "ip4"
                let leg = OVNFabric.leg(of: $0.leg)
                return [
                    "priority": 1000, "action": "drop",
                    "match": .string("\(family).src == \($0.source) && outport == \"\(leg)\""),
                ]
            })
    }
}

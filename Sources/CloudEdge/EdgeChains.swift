/// What the edge does with a packet, as nftables' chains. They name no member: members are in sets and maps.
struct EdgeChains: Sendable {
    let limits: EdgeLimits

    init(_ limits: EdgeLimits) { self.limits = limits }

    /// Every chain, with where the kernel calls it; empty for those that other chains go to.
    static let hooks: [(String, String)] = [
        ("arrive", "type filter hook prerouting priority raw; policy accept;"),
        ("forward", "type filter hook forward priority filter; policy drop;"),
        ("input", "type filter hook input priority filter; policy drop;"),
        ("output", "type filter hook output priority filter; policy accept;"),
        ("arrive-inside", ""), ("arrive-uplink", ""), ("knock", ""), ("leave", ""), ("enter", ""), ("stranger", ""),
        ("meet", ""), ("forged", ""), ("refused", ""), ("refused-card", ""),
    ]

    private static let opening = "tcp flags & (fin|syn|rst|ack) == syn"
    private static let neighbours = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255"

    var rules: [(String, [String])] {
        [
            (
                "arrive",
                [
                    // Only TCP's state matters here; so nothing else can fill the table of connections.
                    "meta l4proto != tcp notrack",
                    "iifname \(EdgeRules.inside) goto arrive-inside", "iifname \(EdgeRules.uplink) goto arrive-uplink",
                ]
            ),
            (
                "arrive-inside",
                [
                    // What is of the link alone is never forwarded, and of it only neighbour discovery is heard.
                    "ip6 saddr { ::, fe80::/10 } ip6 daddr { fe80::/10, ff02::/16 } accept",
                    "ip6 saddr fe80::/10 \(Self.neighbours) accept",
                    "meta nfproto ipv4 ether saddr . ip saddr != @members4 goto forged",
                    "meta nfproto ipv6 ether saddr . ip6 saddr != @members6 goto forged",
                ]
            ),
            ("arrive-uplink", arriveUplink), ("knock", knock),
            (
                "forward",
                ["iifname \(EdgeRules.inside) goto leave", "iifname \(EdgeRules.uplink) goto enter"]
            ),
            (
                "leave",
                [
                    "meta l4proto tcp ct state new update @openers "
                        + "{ ether saddr \(over(limits.memberOpenings)) } goto refused-card",
                    "counter name ether saddr map @left-card", "oifname \(EdgeRules.inside) goto enter",
                    "meta priority set ether saddr map @leaving", "oifname \(EdgeRules.uplink) accept",
                ]
            ),
            ("enter", enter), ("stranger", stranger(then: "return")),
            // The handshakes that the edge passes on, after it had them itself.
            ("output", ["icmpv6 type nd-redirect drop", "oifname \(EdgeRules.inside) \(Self.opening) goto meet"]),
            ("meet", stranger(then: "") + both { "counter name \($1) daddr map @met\($0)" }),
            (
                "input",
                [
                    "iif lo accept", "\(Self.neighbours) accept",
                    "icmp type echo-request limit rate 100/second burst 100 packets accept",
                    "icmpv6 type echo-request limit rate 100/second burst 100 packets accept",
                ]
            ),
            ("forged", ["counter name ether saddr map @forged-card", "drop"]),
            ("refused", both { "counter name \($1) daddr map @refused\($0)" } + ["drop"]),
            ("refused-card", ["counter name ether saddr map @refused-card", "drop"]),
        ]
    }

    /// A rule for each family: what ends the sets' names, and the header's name.
    private func both(_ rule: (String, String) -> String) -> [String] { [rule("4", "ip"), rule("6", "ip6")] }

    private func over(_ rate: Int) -> String { "limit rate over \(rate)/second burst \(rate) packets" }

    private var arriveUplink: [String] {
        both { "\($1) saddr @reach\($0) drop" } + both { "\($1) saddr @own\($0) drop" } + ["\(Self.neighbours) accept"]
            + both { "meta l4proto udp update @udp\($0) { \($1) saddr \(over(limits.sourceUDP)) } goto refused" }
            + both {
                "meta l4proto { icmp, ipv6-icmp } update @icmp\($0) { \($1) saddr \(over(limits.sourceICMP)) } "
                    + "goto refused"
            } + both { "\(Self.opening) \($1) daddr @reach\($0) goto knock" }
    }

    /// A SYN to a besieged address is not tracked: the table of connections cannot be filled by it. Few may come at once:
    /// those before the siege stay in the server's queue for a minute, and must not fill it.
    private var knock: [String] {
        both {
            "update @openings\($0) { \($1) daddr counter limit rate over \(limits.siege)/second "
                + "burst \(max(5, limits.siege / 10)) packets } update @besieged\($0) { \($1) daddr }"
        } + both { "\($1) daddr @besieged\($0) notrack" }
    }

    private var enter: [String] {
        both { "meta nfproto ipv\($0) \($1) daddr != @reach\($0) drop" } + [
            "meta l4proto tcp ct state new jump stranger"
        ] + both { "meta l4proto tcp ct state untracked counter name \($1) daddr map @knocked\($0)" } + [
            // The answer to our cookie belongs to no connection that is known (nf_conntrack_tcp_loose is 0). It is read
            // when the siege is over too, for those who were asked just before. The segments must fit behind tunnels.
            "meta l4proto tcp ct state untracked,invalid synproxy mss 1380 wscale 7 timestamp sack-perm",
            "ct state invalid drop",
        ] + both { "counter name \($1) daddr map @came\($0)" }
            + both { "meta priority set \($1) daddr map @entering\($0)" } + ["accept"]
    }

    private func stranger(then end: String) -> [String] {
        both { "update @sources\($0) { \($1) saddr \(over(limits.sourceOpenings)) } goto refused" }
            + both { "add @held\($0) { \($1) saddr ct count over \(limits.sourceConnections) } goto refused" }
            + (end.isEmpty ? [] : [end])
    }
}

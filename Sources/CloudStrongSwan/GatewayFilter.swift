import CloudCore
import CloudNetwork

/// A gateway's own packet filter: between the two sides only what was agreed passes, and only encrypted.
enum GatewayFilter {
    /// Made empty and deleted first, so that the text replaces the table in one step.
    static func text(_ spec: GatewaySpec, _ esp: ESP, _ mtu: Int) -> String {
        """
        table inet akashi
        delete table inet akashi
        table inet akashi {
          chain input {
            type filter hook input priority filter; policy drop;
            iifname "lo" accept
            iifname "outer" udp dport { 500, 4500 } accept
            iifname "outer" meta l4proto esp accept
            icmp type { echo-request, echo-reply, destination-unreachable, time-exceeded } accept
          }
          chain output {
            type filter hook output priority filter; policy drop;
            oifname != "outer" accept
            udp sport { 500, 4500 } accept
            meta l4proto { esp, icmp } accept
          }
          chain forward {
            type filter hook forward priority filter; policy drop;
        \(spec.tunnels.map { rules($0, esp, mtu) }.joined())  }
        }

        """
    }

    private static func rules(_ tunnel: TunnelSpec, _ esp: ESP, _ mtu: Int) -> String {
        let (ours, theirs) = (set(tunnel.local), set(tunnel.remote))
        // What goes out unencrypted would leave by the outer device: only what the kernel has keys for may.
        let (out, back) =
            esp == .userspace
            ? (#"iifname "inner" oifname "ipsec0""#, #"iifname "ipsec0" oifname "inner""#)
            : (
                #"iifname "inner" oifname "outer" rt ipsec exists"#,
                #"iifname "outer" oifname "inner" meta ipsec exists"#
            )
        // A TCP segment that fits: 40 bytes are its headers.
        let segment = min(tunnel.mtu, mtu) - 40
        return [(out, ours, theirs), (back, theirs, ours)].map { way, from, to in
            """
                \(way) ip saddr \(from) ip daddr \(to) tcp flags & (syn|rst) == syn tcp option maxseg size > \(segment) tcp option maxseg size set \(segment)
                \(way) ip saddr \(from) ip daddr \(to) accept

            """
        }.joined()
    }

    private static func set(_ blocks: [CIDR]) -> String {
        "{ " + blocks.map(\.description).sorted().joined(separator: ", ") + " }"
    }
}

import CloudCore
import CloudHost

/// The namespace's own network stack. A tap's end is an interface of that stack too, which would answer guests' ARP and
/// send them router solicitations; Open vSwitch reads packets before any of this.
enum HostStack {
    /// Makes the stack deaf towards guests' devices. Repeating it is harmless.
    static func silence(_ namespace: NetworkNamespace) async throws(CloudError) {
        try await Inside.run(namespace) { () throws(CloudError) in
            // The kernel shows the settings of the namespace of whoever opens the file.
            for (name, value) in [
                ("ipv6/conf/all/disable_ipv6", "1"), ("ipv6/conf/default/disable_ipv6", "1"), ("ipv4/ip_forward", "0"),
            ] { try set("/proc/sys/net/" + name, value) }
        }
        try await Command.run(namespace.enter(["nft", "-f", "-"]), input: Array(rules.utf8))
    }

    /// Made empty and deleted first, so that the file replaces the tables in one step.
    private static let rules = """
        table inet akashi
        delete table inet akashi
        table inet akashi {
          chain pre { type filter hook prerouting priority raw; policy accept; iifname "\(Plug.prefix)*" drop; }
        }
        table arp akashi
        delete table arp akashi
        table arp akashi {
          chain in { type filter hook input priority filter; policy accept; iifname "\(Plug.prefix)*" drop; }
        }

        """

    private static func set(_ path: String, _ value: String) throws(CloudError) {
        // A kernel without IPv6 has no such file, and nothing to switch off.
        guard Files.exists(path) else { return }
        try Files.overwrite(path, value)
    }
}

import CloudCore
import CloudHost
import CloudStorage

/// What is set in a virtual storage's network namespace. All of it is replaced, so that repeating it is harmless.
enum TargetNetwork {
    /// IANA's number for iSCSI.
    static let port = 3260

    static func prepare(_ spec: TargetSpec, _ namespace: NetworkNamespace) async throws(CloudError) {
        let settings = [
            "net/ipv4/ip_forward": "0", "net/ipv4/conf/all/arp_ignore": "1", "net/ipv4/conf/all/accept_redirects": "0",
            "net/ipv4/conf/all/send_redirects": "0", "net/ipv6/conf/all/disable_ipv6": "1",
            "net/ipv6/conf/default/disable_ipv6": "1",
        ]
        let script = settings.sorted { $0.key < $1.key }
            .map { "[ ! -e /proc/sys/\($0.key) ] || echo \($0.value) > /proc/sys/\($0.key)" }.joined(separator: "\n")
        // The kernel shows the settings of the namespace of whoever opens the file.
        try await Command.run(namespace.enter(["sh", "-e"]), input: Array(script.utf8))
        try await Command.run(namespace.enter(["nft", "-f", "-"]), input: Array(filter(spec.address).utf8))
        var lines = ["route flush dev \(TargetSpec.device) proto static"]
        for route in spec.routes {
            lines.append(
                "route replace \(route.destination) via \(route.nextHop) dev \(TargetSpec.device) proto static")
        }
        // A flush of nothing ends with an error that says so.
        try await Command.run(
            ["ip", "-n", namespace.name, "-force", "-batch", "-"],
            input: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    /// Nothing but iSCSI at its address comes in, and nothing goes out but answers. Made empty and deleted first, so that
    /// the text replaces the table in one step.
    private static func filter(_ address: IPv4) -> String {
        """
        table inet akashi
        delete table inet akashi
        table inet akashi {
          chain input {
            type filter hook input priority filter; policy drop;
            iifname "\(TargetSpec.device)" ip daddr \(address) tcp dport \(port) accept
            iifname "\(TargetSpec.device)" ip daddr \(address) icmp type { echo-request, destination-unreachable, time-exceeded } accept
          }
          chain output {
            type filter hook output priority filter; policy drop;
            oifname "\(TargetSpec.device)" ip saddr \(address) tcp sport \(port) accept
            oifname "\(TargetSpec.device)" icmp type { echo-reply, destination-unreachable } accept
          }
          chain forward {
            type filter hook forward priority filter; policy drop;
          }
        }

        """
    }
}

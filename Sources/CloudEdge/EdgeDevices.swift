import CloudCore
import CloudHost
import Glibc

/// The edge's namespace and the two devices in it.
struct EdgeDevices: Sendable {
    let tools: EdgeTools
    /// Where the other end of `inside` is.
    let net: NetworkNamespace
    let uplink: Uplink?
    /// Eight hexadecimal digits of the installation.
    let tag: String

    private var namespace: NetworkNamespace { tools.namespace }

    /// The network's end of the pair: what the network attaches.
    static let peer = "inet"

    /// Makes what is missing, both ends of the pair down.
    func ensure() async throws(CloudError) {
        try await namespace.ensure()
        let links = try await links()
        if links[EdgeRules.inside] == nil {
            guard net.isThere else {
                throw .unavailable("Internet edge", "the network's namespace \(net.name) is not there yet")
            }
            // Always the same card: routers remember it, and their memory outlasts a reboot.
            let parts = stride(from: 0, to: 8, by: 2).map { Array(tag)[$0..<$0 + 2] }
            let mac = "02:ed:" + parts.map { String($0) }.joined(separator: ":")
            try await Command.run([
                "ip", "-n", namespace.name, "link", "add", EdgeRules.inside, "address", mac, "type", "veth", "peer",
                "name", Self.peer, "netns", net.name,
            ])
        }
        let there = links[EdgeRules.uplink].map(Self.origin)
        if let there, there.device != uplink?.device { try await giveBack(there) }
        if let uplink, there?.device != uplink.device { try await take(uplink.device) }
        try await settle()
    }

    /// Lets packets through: called when the rules are in force.
    func open() async throws(CloudError) {
        try await Inside.run(namespace) { () throws(CloudError) in
            try Files.overwrite("/proc/sys/net/ipv4/ip_forward", "1")
            if Files.exists("/proc/sys/net/ipv6/conf/all/forwarding") {
                try Files.overwrite("/proc/sys/net/ipv6/conf/all/forwarding", "1")
            }
        }
        try await Command.run(["ip", "-n", net.name, "link", "set", Self.peer, "up"])
        try await tools.batch(
            ["ip", "-batch", "-"],
            ([EdgeRules.inside] + (uplink == nil ? [] : [EdgeRules.uplink])).map { "link set \($0) up" })
    }

    /// Gives the uplink back to the host, and removes the rest. Done where there is nothing.
    func remove() async throws(CloudError) {
        guard namespace.isThere else { return try await namespace.remove() }
        let links = try await links()
        if let there = links[EdgeRules.uplink].map(Self.origin) { try await giveBack(there) }
        // By itself: the namespace's end would delete it some time later.
        if links[EdgeRules.inside] != nil {
            try await Command.run(["ip", "-n", namespace.name, "link", "delete", EdgeRules.inside])
        }
        try await namespace.remove()
    }

    /// The devices by name, and each one's alias.
    private func links() async throws(CloudError) -> [String: String] {
        var out: [String: String] = [:]
        for link in try await tools.json(["ip", "-j", "link", "show"]).array ?? [] {
            if let name = link["ifname"]?.string { out[name] = link["ifalias"]?.string ?? "" }
        }
        return out
    }

    // MARK: The uplink

    /// Where the uplink came from, as its alias says: it goes wherever the device goes.
    private struct Origin {
        let device: String
        let wasUp: Bool
        var alias: String { "akashi \(device) \(wasUp ? "up" : "down")" }
    }

    private static func origin(_ alias: String) -> Origin {
        let words = alias.split(separator: " ").map(String.init)
        guard words.count == 3, words[0] == "akashi" else { return Origin(device: EdgeRules.uplink, wasUp: false) }
        return Origin(device: words[1], wasUp: words[2] == "up")
    }

    private func take(_ device: String) async throws(CloudError) {
        let ending = try await Command.end(["ip", "-j", "addr", "show", "dev", device])
        guard ending.code == 0, let link = try JSON.parse(ending.output)[0] else {
            throw .unavailable("Internet edge", "the host has no device \(device) for the uplink")
        }
        let own = (link["addr_info"]?.array ?? []).filter { $0["scope"]?.string != "link" }
        guard own.isEmpty, link["link_type"]?.string == "ether" else {
            // Its addresses would be lost, and perhaps the operator's own way to this machine with them.
            throw .conflict(
                own.isEmpty
                    ? "The uplink \(device) is no Ethernet device."
                    : "The uplink \(device) has addresses of the host. The edge needs a device of its own.")
        }
        let isUp = link["flags"]?.array?.contains("UP") ?? false
        try await Command.run(["ip", "link", "set", device, "alias", Origin(device: device, wasUp: isUp).alias])
        try await Command.run(["ip", "link", "set", device, "netns", namespace.name, "name", EdgeRules.uplink])
    }

    private func giveBack(_ origin: Origin) async throws(CloudError) {
        try await Command.run(["ip", "-n", namespace.name, "link", "set", EdgeRules.uplink, "down"])
        try await Command.run([
            "ip", "-n", namespace.name, "link", "set", EdgeRules.uplink, "netns", String(getpid()), "name",
            origin.device,
        ])
        try await Command.run(["ip", "link", "set", origin.device, "alias", ""])
        if origin.wasUp { try await Command.run(["ip", "link", "set", origin.device, "up"]) }
    }

    // MARK: The kernel's settings

    private func settle() async throws(CloudError) {
        var settings: [(String, String)] = [
            // An answer to what no connection is known for may be one to our cookie: it must not begin one by itself.
            ("netfilter/nf_conntrack_tcp_loose", "0"), ("netfilter/nf_conntrack_tcp_timeout_syn_sent", "30"),
            ("netfilter/nf_conntrack_tcp_timeout_syn_recv", "30"), ("ipv4/tcp_syncookies", "1"),
            ("ipv4/tcp_timestamps", "1"),
        ]
        for device in ["all", "default", EdgeRules.inside] + (uplink == nil ? [] : [EdgeRules.uplink]) {
            settings += [
                ("ipv4/conf/\(device)/rp_filter", "1"), ("ipv4/conf/\(device)/send_redirects", "0"),
                ("ipv4/conf/\(device)/accept_redirects", "0"), ("ipv4/conf/\(device)/accept_source_route", "0"),
                ("ipv4/conf/\(device)/arp_ignore", "1"), ("ipv4/conf/\(device)/arp_announce", "2"),
                // Else an address that goes takes others of its network along.
                ("ipv4/conf/\(device)/promote_secondaries", "1"), ("ipv6/conf/\(device)/accept_ra", "0"),
                ("ipv6/conf/\(device)/accept_redirects", "0"),
            ]
        }
        let all = settings
        try await Inside.run(namespace) { () throws(CloudError) in
            // The kernel shows the settings of the namespace of whoever opens the file.
            for (name, value) in all where Files.exists("/proc/sys/net/" + name) {
                try Files.overwrite("/proc/sys/net/" + name, value)
            }
            // Only the host's own namespace may set it, and it holds for each: without a bound there is no edge.
            guard let most = Files.line("/proc/sys/net/netfilter/nf_conntrack_max").flatMap({ Int($0) }), most > 0
            else {
                throw .unavailable("Internet edge", "the kernel does not bound its table of connections")
            }
        }
    }
}

import CloudCore
import CloudHost
import CloudNetwork
import Glibc

@testable import CloudEdge

/// An edge between tenants and an outside of its own, each a network namespace. Nothing reaches any other network.
final class Lab: Sendable {
    let dirs: InstanceDirs
    let edge: NamespaceEdge
    let limits: EdgeLimits
    /// The strangers, behind the uplink: they are the edge's gateway too.
    var outside: NetworkNamespace { dirs.namespace("out") }
    /// The device of the host that the edge gets.
    var device: String { "edge" + dirs.tag }

    static let stranger = "192.0.2.1"

    private init(_ dirs: InstanceDirs, _ limits: EdgeLimits) throws {
        (self.dirs, self.limits) = (dirs, limits)
        edge = NamespaceEdge(dirs: dirs, uplink: try Self.uplink("edge" + dirs.tag), limits: limits)
    }

    static func uplink(_ device: String) throws(CloudError) -> Uplink {
        try Uplink(
            device: device, addresses: ["192.0.2.2/24", "2001:db8:f::2/64"], gateways: [stranger, "2001:db8:f::1"])
    }

    /// A tenant's router or gateway, with one address of each family and one block.
    struct Tenant: Sendable {
        let number: Int
        var namespace: String { "t\(number)" }
        var mac: MAC { MAC("fa:16:3e:00:00:0\(number)")! }
        var address: String { "203.0.113.1\(number)" }
        var address6: String { "2001:db8:e::1\(number)" }
        /// An address of its block.
        var further: String { "198.51.100.\(number * 16 + 5)" }

        func member(_ plan: BandwidthPlan? = nil) -> EdgeMember {
            EdgeMember(
                id: "tenant-\(number)", mac: mac, addresses: [IPAddress(address)!, IPAddress(address6)!],
                blocks: [CIDR("198.51.100.\(number * 16)/28")!], plan: plan)
        }
    }

    static func spec(_ members: [EdgeMember], bandwidth: Int = 1000) -> EdgeSpec {
        EdgeSpec(addresses: ["203.0.113.1/25", "2001:db8:e::1/64"], bandwidth: bandwidth, members: Set(members))
    }

    /// Runs `body` in a lab with tenants 1 and 2 joined to the edge, and removes all of it, whatever happens.
    static func with(_ limits: EdgeLimits = EdgeLimits(), _ body: (Lab) async throws -> Void) async throws {
        let dirs = try InstanceDirs(state: "/tmp/akashi-edge-\(Hex.string(SystemDice().roll()))")
        let lab = try Lab(dirs, limits)
        var failed: (any Error)?
        do {
            try await lab.build()
            try await body(lab)
        } catch { failed = error }
        try await lab.edge.release()
        _ = try await Command.end(["ip", "link", "delete", lab.device])
        for name in try Files.names(in: "/run/netns") where name.hasPrefix("ak-\(dirs.tag)-") {
            try await NetworkNamespace(name).remove()
        }
        try Files.remove(dirs.state)
        try dirs.removeRun()
        if let failed { throw failed }
    }

    private func build() async throws {
        let net = dirs.namespace("net")
        try await net.ensure()
        try await outside.ensure()
        try await ip(nil, "link add \(device) type veth peer name eth0 netns \(outside.name)")
        for command in [
            "addr add \(Self.stranger)/24 dev eth0", "addr add 2001:db8:f::1/64 dev eth0 nodad", "link set eth0 up",
            "route add 203.0.113.0/25 via 192.0.2.2", "route add 198.51.100.0/24 via 192.0.2.2",
            "route add 2001:db8:e::/64 via 2001:db8:f::2",
        ] { try await ip(outside, command) }
        try await ip(net, "link add br0 type bridge")
        try await ip(net, "link set br0 up")
        try await edge.ensure(Self.spec([]))
        try await ip(net, "link set \(NamespaceEdge.peer) master br0")
        for tenant in [Tenant(number: 1), Tenant(number: 2)] { try await build(tenant, net) }
    }

    private func build(_ tenant: Tenant, _ net: NetworkNamespace) async throws {
        let own = dirs.namespace(tenant.namespace)
        try await own.ensure()
        let pair = "type veth peer name \(tenant.namespace) netns \(net.name)"
        try await ip(own, "link add eth0 address \(tenant.mac) \(pair)")
        try await ip(net, "link set \(tenant.namespace) master br0 up")
        for command in [
            "addr add \(tenant.address)/25 dev eth0", "addr add \(tenant.address6)/64 dev eth0 nodad",
            "addr add \(tenant.further)/32 dev lo", "link set eth0 up", "route add default via 203.0.113.1",
            "route add default via 2001:db8:e::1",
        ] { try await ip(own, command) }
    }

    func ip(_ namespace: NetworkNamespace?, _ command: String) async throws {
        let words = command.split(separator: " ").map(String.init)
        try await Command.run(["ip"] + (namespace.map { ["-n", $0.name] } ?? []) + words)
    }

    func tenant(_ number: Int) -> NetworkNamespace { dirs.namespace("t\(number)") }

    /// The edge's card towards the tenants, or towards the strangers.
    func card(_ device: String) async throws -> String {
        let link = try await Command.run(["ip", "-n", edge.namespace.name, "-j", "link", "show", "dev", device])
        return try JSON.parse(link.bytes)[0]?["address"]?.string ?? ""
    }

    // MARK: Peers

    private static let program = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/peer.py"

    static func peer(_ namespace: NetworkNamespace, _ words: [String]) -> [String] {
        namespace.enter(["python3", program] + words)
    }

    /// What a peer says at its end.
    func run(_ namespace: NetworkNamespace, _ words: String..., within limit: Duration = .seconds(60)) async throws
        -> JSON
    {
        try JSON.parse(try await Command.run(Self.peer(namespace, words), timeout: limit).bytes)
    }

    /// Runs `body` while a server echoes in a namespace.
    func serving(
        _ namespace: NetworkNamespace, port: Int = 80, backlog: Int = 128, _ body: () async throws -> Void
    ) async throws {
        let server = try Spawn.detached(
            Self.peer(namespace, ["serve", String(port), String(backlog)]), environment: Spawn.plainEnvironment,
            log: dirs.logs + "/server.log")
        var failed: (any Error)?
        do {
            for _ in 0..<200 {
                let sockets = try await Command.run(namespace.enter(["ss", "-Htln", "sport", "=", ":\(port)"])).text
                if !sockets.isEmpty { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            try await body()
        } catch { failed = error }
        try await server.stop(grace: .zero)
        if let failed { throw failed }
    }
}

extension Edge {
    /// The public addresses of IPv4 that are under attack now.
    func besieged() async throws(CloudError) -> Set<IPv4> { Set(try await sieges().keys.compactMap(\.v4)) }
}

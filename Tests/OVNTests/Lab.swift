import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Logging
import Synchronization

@testable import CloudOVN

/// A runtime of its own for one test, and peers on its ports.
final class Lab: Sendable {
    let dirs: InstanceDirs
    let runtime: OVNRuntime
    let incidents = Incidents()
    let flows = Flows()
    let host = HostName("lab")
    var fabric: OVNFabric { runtime.fabric }

    final class Incidents: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// What was logged of packets.
    final class Flows: Sendable {
        private let seen = Mutex<[FlowSighting]>([])
        func add(_ sightings: [FlowSighting]) { seen.withLock { $0 += sightings } }
        var all: [FlowSighting] { seen.withLock { $0 } }
    }

    private init(_ dirs: InstanceDirs, _ engine: OVNEngine) {
        self.dirs = dirs
        let (incidents, flows) = (incidents, flows)
        runtime = OVNRuntime(
            dirs: dirs, host: host, engine: engine, logger: Logger(label: "lab") { _ in SwiftLogNoOpLogHandler() },
            onIncident: { incidents.add($0) }, onFlows: { flows.add($0) })
    }

    /// Another control plane over the same state directory.
    func successor() -> Lab { Lab(dirs, runtime.engine) }

    /// The repository.
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    static func engine() async throws(CloudError) -> OVNEngine {
        if await OVNEngine.kernelForwards() { return try await .installed() }
        return try await .fetched(try await Command.run([root + "/deps/fetch-ovn"], timeout: .seconds(300)).text)
    }

    /// Runs `body` with a runtime that is up, and removes all of it, whatever happens.
    static func with(_ body: (Lab) async throws -> Void) async throws {
        let engine = try await engine()
        let dirs = try InstanceDirs(state: "/tmp/akashi-ovn-\(Hex.string(SystemDice().roll()))")
        let lab = Lab(dirs, engine)
        var failed: (any Error)?
        do {
            let start = ContinuousClock.now
            try await lab.runtime.start()
            print("started in \(ContinuousClock.now - start)")
            try await lab.fabric.ensureGroup(open)
            try await body(lab)
        } catch { failed = error }
        for name in try Files.names(in: "/run/netns") where name.hasPrefix("ak-\(dirs.tag)-peer") {
            try await NetworkNamespace(name).remove()
        }
        try await lab.runtime.remove()
        if failed != nil, getenv("KEEP_LOGS") != nil {
            print("logs: \(dirs.logs)")
        } else {
            try Files.remove(dirs.state)
        }
        try dirs.removeRun()
        if let failed { throw failed }
    }

    /// A network with one subnet 10.0.0.0/24 and its ports' description.
    static func network(_ number: Int, dns: [String] = ["192.0.2.53", "192.0.2.54"], mtu: Int = 1442) -> NetworkSpec {
        NetworkSpec(
            id: ID("\(number)0000000-0000-4000-8000-000000000000"),
            subnets: [
                SubnetSpec(
                    id: ID("\(number)0000000-0000-4000-8000-0000000000aa"), cidr: CIDR("10.0.0.0/24")!,
                    gateway: IPAddress("10.0.0.1"), dhcp: true, nameServers: dns.map { IPAddress($0)! },
                    routes: [HostRoute(destination: CIDR("10.9.0.0/16")!, nextHop: IPAddress("10.0.0.9")!)],
                    dhcpServer: IPv4("10.0.0.2")!)
            ], mtu: mtu)
    }

    static func port(_ number: Int, _ host: Int, up: Bool = true, in groups: [GroupSpec] = [open]) -> PortSpec {
        let net = network(number)
        var port = PortSpec(
            id: ID("\(number)\(host)00000-0000-4000-8000-000000000001"), network: net.id,
            mac: MAC("fa:16:3e:00:0\(number):\(host)")!,
            addresses: [PortAddress(subnet: net.subnets[0].id, address: IPAddress("10.0.0.\(host)")!)], adminUp: up)
        port.groups = Set(groups.map(\.id))
        return port
    }

    /// The group that allows everything.
    static let open = group(
        0,
        [
            rule(ingress: true), rule(ingress: false), rule(ingress: true, isIPv6: true),
            rule(ingress: false, isIPv6: true),
        ])

    static func group(_ number: Int, _ rules: Set<RuleSpec>) -> GroupSpec {
        GroupSpec(id: ID("0\(number)000000-0000-4000-8000-00000000000a"), rules: rules)
    }

    static func rule(
        ingress: Bool, isIPv6: Bool = false, transport: Int? = nil, port: Int? = nil, from group: GroupSpec? = nil
    ) -> RuleSpec {
        RuleSpec(
            isIngress: ingress, isIPv6: isIPv6, transport: transport, low: port, high: port, remotePrefix: nil,
            remoteGroup: group?.id)
    }
}

/// A namespace whose eth0 is on a port, as a guest's is.
struct Peer: Sendable {
    let namespace: NetworkNamespace
    let port: PortSpec

    /// Makes the port and joins a veth pair to it; `address` sets the port's own on eth0.
    ///
    /// - Parameter early: called with eth0 up, before the port is there and anything is joined to it.
    static func make(
        _ lab: Lab, _ port: PortSpec, address: Bool = true, early: ((NetworkNamespace) async throws -> Void)? = nil
    ) async throws -> Peer {
        let device = Plug.device(of: port.id)
        let namespace = lab.dirs.namespace("peer-\(device.dropFirst())".prefix(12).description)
        if early == nil { try await lab.fabric.ensurePort(port) }
        try await namespace.ensure()
        let name = namespace.name
        try await Command.run([
            "ip", "-n", name, "link", "add", "eth0", "address", port.mac.text, "type", "veth", "peer", "name", device,
            "netns", lab.runtime.namespace.name,
        ])
        try await Inside.run(lab.runtime.namespace) { () throws(CloudError) in try Tap.closeToRouters(device) }
        try await Command.run(["ip", "-n", lab.runtime.namespace.name, "link", "set", device, "up"])
        if let early {
            try await Command.run(["ip", "-n", name, "link", "set", "eth0", "up"])
            try await early(namespace)
            try await lab.fabric.ensurePort(port)
        }
        try await lab.fabric.local.transact(.host, OVNFabric.makePlug(device, port.id.text, 0))
        lab.fabric.unsettled.insert(device)
        try await lab.fabric.settle(on: lab.host)
        for own in address ? port.addresses.map(\.address) : [] {
            // Nobody else can have it: waiting whether somebody does would only take a second.
            let how = own.isIPv6 ? ["\(own)/64", "dev", "eth0", "nodad"] : ["\(own)/24", "dev", "eth0"]
            try await Command.run(["ip", "-n", name, "addr", "add"] + how)
        }
        try await Command.run(["ip", "-n", name, "link", "set", "eth0", "up"])
        return Peer(namespace: namespace, port: port)
    }

    /// Whether one of `count` pings, five a second, is answered.
    func reaches(_ address: String, count: Int = 1) async throws -> Bool {
        let ping = ["ping", "-q", "-n", "-c", "1", "-W", "1", "-i", "0.2", "-w", String(count), address]
        return try await Command.end(namespace.enter(ping), timeout: .seconds(30)).code == 0
    }

    /// How long it takes until a ping is answered, at most ten seconds.
    func wait(for address: String) async throws -> Duration {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(10) {
            let ping = ["ping", "-q", "-n", "-c", "1", "-W", "0.1", address]
            if try await Command.end(namespace.enter(ping)).code == 0 { return ContinuousClock.now - start }
        }
        throw CloudError.fault("\(address) does not answer")
    }
}

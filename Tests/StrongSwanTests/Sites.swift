import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Logging

@testable import CloudStrongSwan

/// Two gateways of two installations that meet on a plain link, each with a host of a tenant behind it.
final class Sites: Sendable {
    /// One end: its installation, its number, and its host's namespace.
    struct Site: Sendable {
        let dirs: InstanceDirs
        let swan: StrongSwan
        let number: Int
        let host: NetworkNamespace
        var gateway: ID<VPNService> { ID("0000000\(number)-0000-4000-8000-00000000000a") }
        var place: NetworkNamespace { NetworkNamespace(swan.namespace(of: gateway)) }
        var address: IPv4 { IPv4("198.51.100.\(number)")! }
        var block: CIDR { CIDR("10.\(number).0.0/24")! }
        var inside: IPv4 { IPv4("10.\(number).0.1")! }
        var tunnel: ID<IPsecSiteConnection> { ID("0000000\(number)-0000-4000-8000-00000000000b") }

        func run(_ argv: [String], within limit: Duration = .seconds(20)) async throws -> Command.Ending {
            try await Command.end(host.enter(argv), timeout: limit)
        }
        func reaches(_ address: IPv4, size: Int = 56) async throws -> Bool {
            try await run(["ping", "-q", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-s", "\(size)", "\(address)"]).code
                == 0
        }

        /// What this end wants of the other.
        func spec(
            to other: Site, proof: TunnelSpec.Proof = .shared(Secret("correct horse battery")),
            ike: VPNProposal = Sites.proposal(), esp: VPNProposal = Sites.proposal(), initiates: Bool? = nil,
            peerName: String? = nil, localName: String? = nil
        ) -> GatewaySpec {
            let tunnel = TunnelSpec(
                id: tunnel, peer: other.address, localName: localName ?? address.description,
                peerName: peerName ?? other.address.description, proof: proof, ike: ike, esp: esp, local: [block],
                remote: [other.block], localAddresses: [inside], initiates: initiates ?? (number == 1), probe: 2,
                mtu: 1500)
            return GatewaySpec(
                id: gateway, address: address, prefix: 24, nextHop: nil, router: IPv4("169.254.100.1")!, mtu: 1442,
                tunnels: [tunnel])
        }

        func state() async throws -> TunnelState { try await swan.state(of: tunnel, of: gateway) }
        /// Another control plane over the same gateways.
        func successor() -> Site {
            Site(dirs: dirs, swan: Sites.swan(dirs, number), number: number, host: host)
        }
    }

    let a: Site, b: Site

    static func proposal(
        _ cipher: VPNCipher = .aes256gcm, _ hash: VPNHash = .sha384, _ group: VPNGroup = .group20, lifetime: Int = 3600
    ) -> VPNProposal {
        VPNProposal(cipher: cipher, hash: hash, group: group, lifetime: lifetime)
    }

    fileprivate static func swan(_ dirs: InstanceDirs, _ number: Int) -> StrongSwan {
        StrongSwan(
            dirs: dirs, host: HostName("lab"), esp: esp,
            logger: Logger(label: "swan") { _ in SwiftLogNoOpLogHandler() })
    }

    nonisolated(unsafe) private static var esp = ESP.userspace

    private init(_ a: Site, _ b: Site) { (self.a, self.b) = (a, b) }

    /// Runs `body` between two sites, and removes all of it, whatever happens.
    static func with(_ body: (Sites) async throws -> Void) async throws {
        esp = await ESP.probe()
        var made: [Site] = []
        for number in 1...2 {
            let dirs = try InstanceDirs(state: "/tmp/akashi-swan-\(Hex.string(SystemDice().roll()))")
            made.append(
                Site(dirs: dirs, swan: swan(dirs, number), number: number, host: dirs.namespace("peer")))
        }
        var failed: (any Error)?
        do {
            try await wire(made[0], made[1])
            try await body(Sites(made[0], made[1]))
        } catch { failed = error }
        for site in made {
            if failed != nil, let log = try? Files.names(in: site.dirs.logs).first {
                print(String(decoding: try Files.readTail(site.dirs.logs + "/" + log, limit: 3000), as: UTF8.self))
            }
            try await site.swan.remove()
            for namespace in [site.place, site.host] { try await namespace.remove() }
            try Files.remove(site.dirs.state)
            try site.dirs.removeRun()
        }
        if let failed { throw failed }
    }

    private static func wire(_ a: Site, _ b: Site) async throws {
        for site in [a, b] { for namespace in [site.place, site.host] { try await namespace.ensure() } }
        try await Command.run([
            "ip", "-n", a.place.name, "link", "add", "outer", "mtu", "1442", "type", "veth", "peer", "name", "outer",
            "mtu", "1442", "netns", b.place.name,
        ])
        for site in [a, b] {
            let (place, host) = (site.place.name, site.host.name)
            try await Command.run([
                "ip", "-n", place, "link", "add", "inner", "mtu", "1442", "type", "veth", "peer", "name", "eth0",
                "mtu", "1442", "netns", host,
            ])
            for line in [
                "\(place) addr add \(site.address)/24 dev outer", "\(place) link set outer up",
                "\(place) addr add 169.254.100.2/30 dev inner", "\(place) link set inner up",
                "\(host) addr add 169.254.100.1/30 dev eth0", "\(host) link set eth0 up",
                "\(host) addr add \(site.inside)/32 dev lo", "\(host) addr add 10.\(site.number).0.5/24 dev lo",
                "\(host) route add 10.0.0.0/8 via 169.254.100.2 src 10.\(site.number).0.5",
            ] { try await Command.run(["ip", "-n"] + line.split(separator: " ").map(String.init)) }
        }
    }

    /// Has both ends, and returns when packets pass; or when both say why not, in the words given.
    func settle(
        _ one: GatewaySpec, _ two: GatewaySpec, failing: (String, String)? = nil, within limit: Duration = .seconds(15)
    ) async throws -> (TunnelState, TunnelState) {
        let end = ContinuousClock.now + limit
        while true {
            try await a.swan.ensureGateway(one)
            try await b.swan.ensureGateway(two)
            try await Task.sleep(for: .milliseconds(300))
            let states = (try await a.state(), try await b.state())
            if let failing {
                if (states.0.reason, states.1.reason) == failing { return states }
            } else if states.0.isUp, states.1.isUp {
                return states
            }
            guard ContinuousClock.now < end else { throw CloudError.fault("the tunnel is \(states)") }
        }
    }
}

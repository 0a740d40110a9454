import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct GroupTests {
        private static let out = Lab.rule(ingress: false)

        @Test func whatNoRuleAllowsDoesNotPassAndAnswersDo() async throws {
            try await Lab.with { lab in
                var closed = Lab.group(1, [Self.out])
                try await lab.fabric.ensureGroup(closed)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let open = try await Peer.make(lab, Lab.port(1, 11))
                let shy = try await Peer.make(lab, Lab.port(1, 12, in: [closed]))
                #expect(try await shy.reaches("10.0.0.11"))
                #expect(try await !open.reaches("10.0.0.12"))

                // A rule that comes later holds at once, and goes as it came.
                closed.rules.insert(Lab.rule(ingress: true, transport: 1))
                try await lab.fabric.ensureGroup(closed)
                _ = try await open.wait(for: "10.0.0.12")
                closed.rules = [Self.out]
                try await lab.fabric.ensureGroup(closed)
                try await lab.fabric.settle(on: lab.host)
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await !open.reaches("10.0.0.12"))

                // In no group, nothing passes either way.
                try await lab.fabric.ensurePort(Lab.port(1, 12, in: []))
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await !shy.reaches("10.0.0.11"))
                #expect(try await lab.fabric.groups().contains(closed.id))
                try await lab.fabric.removeGroup(closed.id)
                #expect(try await !lab.fabric.groups().contains(closed.id))
            }
        }

        @Test func aRuleMayNameTheMembersOfAGroupAndAPort() async throws {
            try await Lab.with { lab in
                let friends = Lab.group(2, [Self.out])
                let web = Lab.group(
                    3,
                    [
                        Lab.rule(ingress: true, transport: 6, port: 80),
                        Lab.rule(ingress: true, transport: 1, from: friends),
                    ])
                for group in [friends, web] { try await lab.fabric.ensureGroup(group) }
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let friend = try await Peer.make(lab, Lab.port(1, 11, in: [friends]))
                let stranger = try await Peer.make(lab, Lab.port(1, 12))
                let server = try await Peer.make(lab, Lab.port(1, 13, in: [web]))
                #expect(try await friend.reaches("10.0.0.13"))
                #expect(try await !stranger.reaches("10.0.0.13"))
                #expect(try await stranger.connects("10.0.0.13", 80))
                #expect(try await !stranger.connects("10.0.0.13", 81))
                // It may answer and not begin: the group has no rule for what leaves.
                #expect(try await !server.reaches("10.0.0.11"))
            }
        }

        @Test func routersJoinNetworksAndNothingElseDoes() async throws {
            try await Lab.with { lab in
                var (left, right) = (Lab.network(1), Lab.network(2))
                left.subnets[0].isRouted = true
                right.subnets[0].cidr = CIDR("10.1.0.0/24")!
                right.subnets[0].gateway = IPAddress("10.1.0.1")
                right.subnets[0].isRouted = true
                for network in [left, right] { try await lab.fabric.ensureNetwork(network) }
                let here = try await Peer.make(lab, Lab.port(1, 11))
                var spec = Lab.port(2, 12)
                spec.addresses[0].address = IPAddress("10.1.0.12")!
                let there = try await Peer.make(lab, spec)
                for (peer, gateway) in [(here, "10.0.0.1"), (there, "10.1.0.1")] {
                    try await Command.run(
                        ["ip", "-n", peer.namespace.name, "route", "add", "default", "via", gateway, "dev", "eth0"])
                }
                #expect(try await !here.reaches("10.1.0.12"))

                var router = RouterSpec(
                    id: ID("0a000000-0000-4000-8000-00000000000b"), adminUp: true, legs: [], routes: [],
                    translations: [])
                for (number, gateway) in [(1, "10.0.0.1"), (2, "10.1.0.1")] {
                    var leg = Lab.port(number, 99)
                    leg.addresses[0].address = IPAddress(gateway)!
                    leg.isRouter = true
                    try await lab.fabric.ensurePort(leg)
                    router.legs.insert(
                        RouterSpec.Leg(port: leg.id, mac: leg.mac, addresses: [gateway + "/24"], isGateway: false))
                }
                try await lab.fabric.ensureRouter(router)
                _ = try await here.wait(for: "10.1.0.12")
                router.adminUp = false
                try await lab.fabric.ensureRouter(router)
                try await Task.sleep(for: .milliseconds(500))
                #expect(try await !here.reaches("10.1.0.12"))
                #expect(try await lab.fabric.routers() == [router.id])
                try await lab.fabric.removeRouter(router.id)
                #expect(try await lab.fabric.routers().isEmpty)
            }
        }
    }
}

extension Peer {
    /// Whether a TCP connection is answered within a second, be it by a refusal: nobody need listen.
    func connects(_ address: String, _ port: Int) async throws -> Bool {
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET); s.settimeout(1)
            sys.exit(0 if s.connect_ex((sys.argv[1], int(sys.argv[2]))) in (0, 111) else 1)
            """
        let python = ["python3", "-c", script, address, String(port)]
        return try await Command.end(namespace.enter(python), timeout: .seconds(10)).code == 0
    }
}

import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Testing

@testable import CloudStrongSwan

/// Real charons; they need root.
@Suite("C018, C091: VPN gateways", .serialized, .enabled(if: geteuid() == 0 && ESP.lack == nil))
struct GatewayTests {
    @Test("a tunnel carries what was agreed and nothing else, and outlives the control plane")
    func carries() async throws {
        try await Sites.with { sites in
            let (a, b) = (sites.a, sites.b)
            let specs = (a.spec(to: b), b.spec(to: a))
            let start = ContinuousClock.now
            _ = try await sites.settle(specs.0, specs.1)
            print("up in \(ContinuousClock.now - start)")
            #expect(try await a.reaches(IPv4("10.2.0.5")!))
            #expect(try await b.reaches(IPv4("10.1.0.5")!))
            // As large as the network lets packets be: cut to pieces on the way.
            #expect(try await a.reaches(IPv4("10.2.0.5")!, size: 1400))
            // Not agreed: another address at the peer's end, and another of ours.
            _ = try await Command.run(["ip", "-n", b.host.name, "addr", "add", "10.3.0.5/32", "dev", "lo"])
            _ = try await Command.run(["ip", "-n", a.host.name, "addr", "add", "10.4.0.5/32", "dev", "lo"])
            #expect(try await !a.reaches(IPv4("10.3.0.5")!))
            #expect(try await a.run(["ping", "-c", "1", "-W", "1", "-I", "10.4.0.5", "10.2.0.5"]).code != 0)
            #expect(try await !a.reaches(b.address), "the tenant reaches the network outside")
            let state = try await a.state()
            #expect(state.flows.count == 1 && state.flows.first!.value.packetsOut >= 4, "\(state)")

            let charon = try #require(await a.swan.process(of: a.gateway))
            await a.swan.release()
            let next = a.successor()
            try await next.swan.ensureGateway(specs.0)
            #expect(await next.swan.process(of: a.gateway) == charon)
            #expect(try await next.state().flows.keys == state.flows.keys, "the tunnel was disturbed")
            #expect(try await next.swan.gateways() == [a.gateway])

            // Its death is noticed, it is started and told anew, and calls its peer.
            charon.signal(SIGKILL)
            let died = ContinuousClock.now
            while try await !a.reaches(IPv4("10.2.0.5")!) {
                guard ContinuousClock.now - died < .seconds(30) else { throw CloudError.fault("it does not heal") }
            }
            print("healed in \(ContinuousClock.now - died)")

            var without = specs.0
            without.tunnels = []
            try await next.swan.ensureGateway(without)
            #expect(try await !a.reaches(IPv4("10.2.0.5")!))
            for _ in 1...2 { try await next.swan.removeGateway(a.gateway) }
            #expect(try await next.swan.gateways().isEmpty)
            #expect(!a.place.isThere)
        }
    }

    @Test("every cipher, hash and group that is offered works", arguments: VPNCipher.allCases)
    func proposals(_ cipher: VPNCipher) async throws {
        try await Sites.with { sites in
            let place = VPNCipher.allCases.firstIndex(of: cipher)!
            let proposal = Sites.proposal(
                cipher, VPNHash.allCases[place % 3], VPNGroup.allCases[place % VPNGroup.allCases.count])
            _ = try await sites.settle(
                sites.a.spec(to: sites.b, ike: proposal, esp: proposal),
                sites.b.spec(to: sites.a, ike: proposal, esp: proposal))
            #expect(try await sites.a.reaches(IPv4("10.2.0.5")!, size: 1400))
        }
    }

    @Test("what differs is told: secret, name, proposal")
    func reasons() async throws {
        try await Sites.with { sites in
            let (a, b) = (sites.a, sites.b)
            let good = b.spec(to: a)
            let refused = "The peer refused our key, certificate or local_id."
            _ = try await sites.settle(
                a.spec(to: b, proof: .shared(Secret("another secret"))), good,
                failing: (refused, "The pre-shared keys of the two ends differ."))
            let stranger = "The peer says it is, or takes us for, someone else than was agreed."
            _ = try await sites.settle(
                a.spec(to: b, peerName: "198.51.100.99"), good, failing: (refused, stranger))
            let none = (
                "The peer takes none of what the policies propose.",
                "The peer proposes nothing that the policies allow."
            )
            _ = try await sites.settle(a.spec(to: b, ike: Sites.proposal(.aes128)), good, failing: none)
            _ = try await sites.settle(a.spec(to: b, esp: Sites.proposal(.camellia256)), good, failing: none)
            _ = try await sites.settle(a.spec(to: b), good)
            #expect(try await a.reaches(IPv4("10.2.0.5")!))
        }
    }

    @Test("a peer that falls silent is noticed, and is back when it speaks")
    func death() async throws {
        try await Sites.with { sites in
            let (a, b) = (sites.a, sites.b)
            let specs = (a.spec(to: b), b.spec(to: a))
            _ = try await sites.settle(specs.0, specs.1)
            try await Command.run(["ip", "-n", b.place.name, "link", "set", "outer", "down"])
            let start = ContinuousClock.now
            while try await a.state().isUp {
                guard ContinuousClock.now - start < .seconds(60) else { throw CloudError.fault("nobody notices") }
                try await Task.sleep(for: .seconds(1))
            }
            print("noticed in \(ContinuousClock.now - start)")
            let reason = try await a.state().reason
            #expect(["The peer does not answer.", "The peer has not been heard of."].contains(reason), "\(reason)")
            try await Command.run(["ip", "-n", b.place.name, "link", "set", "outer", "up"])
            _ = try await sites.settle(specs.0, specs.1, within: .seconds(40))
            #expect(try await a.reaches(IPv4("10.2.0.5")!))
        }
    }

    @Test("keys are exchanged anew while packets pass")
    func rekeys() async throws {
        try await Sites.with { sites in
            let short = Sites.proposal(lifetime: 5)
            let specs = (sites.a.spec(to: sites.b, esp: short), sites.b.spec(to: sites.a))
            let before = try await sites.settle(specs.0, specs.1).0
            var after = before
            let start = ContinuousClock.now
            while Set(after.flows.keys) == Set(before.flows.keys) {
                #expect(try await sites.a.reaches(IPv4("10.2.0.5")!))
                after = try await sites.a.state()
                guard ContinuousClock.now - start < .seconds(20) else { throw CloudError.fault("no new keys") }
            }
            #expect(after.isUp)
        }
    }
}

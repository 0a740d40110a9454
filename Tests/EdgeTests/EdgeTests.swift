import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudEdge

/// Expects what a peer says at its end.
func expect(_ value: JSON, at place: SourceLocation = #_sourceLocation, of body: () async throws -> JSON) async throws {
    let said = try await body()
    #expect(said == value, sourceLocation: place)
}

/// The edge against real packets. The suites follow one another: they measure.
@Suite(.serialized) enum RealEdge {}

extension RealEdge {
    @Suite("C019: who may send as whom") struct PassageTests {
        static let one = Lab.Tenant(number: 1)
        static let two = Lab.Tenant(number: 2)

        @Test func strangersReachMembersAndNothingElse() async throws {
            try await Lab.with { lab in
                try await lab.edge.ensure(Lab.spec([Self.one.member()]))
                func reaches(_ address: String, from namespace: NetworkNamespace) async throws -> Bool {
                    let ping = ["ping", "-q", "-n", "-c", "1", "-W", "1", address]
                    return try await Command.end(namespace.enter(ping), timeout: .seconds(10)).code == 0
                }
                for address in [Self.one.address, Self.one.address6, Self.one.further, "192.0.2.2"] {
                    #expect(try await reaches(address, from: lab.outside), "\(address)")
                }
                for address in [Lab.stranger, "2001:db8:f::1"] {
                    #expect(try await reaches(address, from: lab.tenant(1)), "\(address)")
                }
                // It is there, but no member.
                #expect(try await !reaches(Self.two.address, from: lab.outside))
                #expect(try await !reaches(Lab.stranger, from: lab.tenant(2)))
                try await lab.serving(lab.edge.namespace, port: 8080) {
                    try await expect(0) { try await lab.run(lab.outside, "connect", "192.0.2.2", "8080", "1", "1") }
                    try await expect(0) { try await lab.run(lab.tenant(1), "connect", "203.0.113.1", "8080", "1", "1") }
                }
                try await lab.serving(lab.tenant(1)) {
                    for address in [Self.one.address, Self.one.address6] {
                        try await expect(3) { try await lab.run(lab.outside, "connect", address, "80", "3", "1") }
                    }
                }
                let counted = try await lab.edge.counters()["tenant-1"]!
                #expect(counted.packetsIn > 10 && counted.packetsOut > 10 && counted.spoofDropped == 0)
                // One who joins reaches everyone at once, another tenant's block too; one who leaves reaches nobody.
                try await lab.edge.ensure(Lab.spec([Self.one.member(), Self.two.member()]))
                #expect(try await reaches(Lab.stranger, from: lab.tenant(2)))
                #expect(try await reaches(Self.one.further, from: lab.tenant(2)))
                try await lab.edge.ensure(Lab.spec([Self.two.member()]))
                #expect(try await !reaches(Self.one.address, from: lab.outside))
                #expect(try await lab.edge.counters().keys.sorted() == ["tenant-2"])
            }
        }

        @Test func forgedSourcesNeitherLeaveNorCome() async throws {
            try await Lab.with { lab in
                try await lab.edge.ensure(Lab.spec([Self.one.member(), Self.two.member()]))
                let (inside, uplink) = (try await lab.card("inside"), try await lab.card("uplink"))
                async let heard = lab.run(lab.outside, "listen", "9", "3")
                try await Task.sleep(for: .seconds(1))
                for source in ["8.8.8.8", Self.two.address, Self.two.further, "203.0.113.1", "192.0.2.2"] {
                    _ = try await lab.run(lab.tenant(1), "forge", "eth0", inside, source, Lab.stranger, "5")
                }
                for source in [Self.one.address, Self.one.further] {
                    _ = try await lab.run(lab.tenant(1), "forge", "eth0", inside, source, Lab.stranger, "5")
                }
                let atOutside = try await heard
                #expect(atOutside == .object([Self.one.address: 5, Self.one.further: 5]))
                let counted = try await lab.edge.counters()
                #expect(counted["tenant-1"]?.spoofDropped == 25 && counted["tenant-2"]?.spoofDropped == 0)

                async let inHeard = lab.run(lab.tenant(2), "listen", "9", "3")
                try await Task.sleep(for: .seconds(1))
                for source in [Self.one.address, "203.0.113.1", "8.8.8.8"] {
                    _ = try await lab.run(lab.outside, "forge", "eth0", uplink, source, Self.two.address, "5")
                }
                let atTenant = try await inHeard
                #expect(atTenant == ["8.8.8.8": 5])
            }
        }

        @Test func ensuringTwiceChangesNothingAndSuccessorsAdopt() async throws {
            try await Lab.with { lab in
                let spec = Lab.spec([
                    Self.one.member(BandwidthPlan(ceiling: 50, isGuaranteed: true)), Self.two.member(),
                ])
                try await lab.edge.ensure(spec)
                try await lab.serving(lab.tenant(1)) {
                    try await expect(5) { try await lab.run(lab.outside, "connect", Self.one.address, "80", "5", "1") }
                    let before = try await Self.everything(lab)
                    let counted = try await lab.edge.counters()
                    async let held = lab.run(lab.outside, "hold", Self.one.address, "80", "2")
                    try await Task.sleep(for: .milliseconds(300))
                    let start = ContinuousClock.now
                    try await lab.edge.ensure(spec)
                    print("ensured again in \(ContinuousClock.now - start)")
                    let next = NamespaceEdge(
                        dirs: lab.dirs, uplink: try Lab.uplink(lab.device), limits: lab.limits)
                    try await next.ensure(spec)
                    let words = try await held[0]?.integer ?? 0
                    #expect(words > 60)
                    try await Self.expectUnchanged(lab, before)
                    let later = try await next.counters()["tenant-1"]!
                    #expect(later.packetsIn > counted["tenant-1"]!.packetsIn)
                    // A plan that others get does not touch the numbers of those who stay.
                    try await next.ensure(
                        Lab.spec([
                            Self.one.member(BandwidthPlan(ceiling: 50, isGuaranteed: true)),
                            Self.two.member(BandwidthPlan(ceiling: 10, isGuaranteed: false)),
                        ]))
                    #expect(try await Self.everything(lab).contains("class htb 1:10"))
                    #expect(try await next.counters()["tenant-1"]!.packetsIn >= later.packetsIn)
                    try await next.ensure(spec)
                    try await Self.expectUnchanged(lab, before)
                }
                // The edge moves to another address of its network, and to another network, and back.
                for addresses: Set<String> in [["203.0.113.2/25"], ["198.18.0.1/24"], spec.addresses] {
                    var moved = spec
                    moved.addresses = addresses
                    for _ in 1...2 { try await lab.edge.ensure(moved) }
                }
                try await lab.serving(lab.tenant(1)) {
                    try await expect(3) { try await lab.run(lab.outside, "connect", Self.one.further, "80", "3", "1") }
                }
                // What a hand removed comes back.
                try await Command.run(lab.edge.namespace.enter(["nft", "flush", "ruleset"]))
                try await Command.run(lab.edge.namespace.enter(["tc", "qdisc", "del", "dev", "uplink", "root"]))
                try await lab.ip(lab.edge.namespace, "route flush proto 77")
                try await lab.edge.ensure(spec)
                try await lab.serving(lab.tenant(1)) {
                    try await expect(3) { try await lab.run(lab.outside, "connect", Self.one.further, "80", "3", "1") }
                }
            }
        }

        @Test func theUplinkIsTakenAndGivenBack() async throws {
            try await Lab.with { lab in
                func host() async throws -> Bool {
                    try await Command.end(["ip", "link", "show", "dev", lab.device]).code == 0
                }
                #expect(try await !host())
                for _ in 1...2 { try await lab.edge.release() }
                #expect(try await host())
                #expect(!lab.edge.namespace.isThere)
                // Without an uplink there is no way out, and the rest works.
                try await lab.ip(nil, "addr add 192.0.2.77/32 dev \(lab.device)")
                let error = await #expect(throws: CloudError.self) { try await lab.edge.ensure(Lab.spec([])) }
                #expect(error?.code == .conflict)
                try await lab.ip(nil, "addr flush dev \(lab.device)")
                let alone = NamespaceEdge(dirs: lab.dirs, uplink: nil)
                try await alone.ensure(Lab.spec([Self.one.member(), Self.two.member()]))
                try await lab.ip(lab.dirs.namespace("net"), "link set inet master br0")
                let ping = ["ping", "-q", "-n", "-c", "2", "-W", "1"]
                #expect(try await Command.end(lab.tenant(1).enter(ping + ["203.0.113.1"])).code == 0)
                #expect(try await Command.end(lab.tenant(1).enter(ping + [Self.two.further])).code == 0)
                #expect(try await Command.end(lab.tenant(1).enter(ping + [Lab.stranger])).code != 0)
                #expect(try await host())
                // The operator names a device at the next start.
                try await lab.edge.ensure(Lab.spec([Self.one.member()]))
                #expect(try await Command.end(lab.tenant(1).enter(ping + [Lab.stranger])).code == 0)
                // And none at the one after it.
                try await alone.ensure(Lab.spec([Self.one.member()]))
                #expect(try await host())
            }
        }

        private static func expectUnchanged(
            _ lab: Lab, _ before: String, at place: SourceLocation = #_sourceLocation
        ) async throws {
            let old = before.split(separator: "\n")
            let new = try await everything(lab).split(separator: "\n")
            #expect(new.difference(from: old).map { "\($0)" } == [], sourceLocation: place)
        }

        /// Rules, sets, classes, addresses, routes and cards: without what is counted.
        private static func everything(_ lab: Lab) async throws -> String {
            var out = ""
            for command in [
                "nft -s list ruleset", "tc qdisc show", "tc class show dev inside", "tc class show dev uplink",
                "ip addr show", "ip route show", "ip -6 route show", "ip neigh show nud permanent",
            ] {
                let text = try await Command.run(
                    lab.edge.namespace.enter(command.split(separator: " ").map(String.init))
                ).text
                // Sources that are remembered for some seconds, and addresses of the link that come by themselves.
                let passing = ["expires", "burst 200 packets", "ct count over 1000", "fe80::"]
                let lines = text.split(separator: "\n").filter { line in !passing.contains { line.contains($0) } }
                out += lines.sorted().joined(separator: "\n") + "\n"
            }
            return out
        }
    }
}

import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Testing

@testable import CloudEdge

/// A server that a spoofed flood stops by itself, as one without SYN cookies does.
struct Besieged {
    let lab: Lab
    static let tenant = Lab.Tenant(number: 1)

    /// SYNs a second, and for how long: the bound of what is sent.
    static let (rate, seconds) = (2000, 6)

    /// Runs `body` with a server at the tenant's address, port 80.
    static func with(_ limits: EdgeLimits, _ body: (Lab) async throws -> Void) async throws {
        try await Lab.with(limits) { lab in
            try await lab.edge.ensure(Lab.spec([tenant.member(), Lab.Tenant(number: 2).member()]))
            try await Inside.run(lab.tenant(1)) { () throws(CloudError) in
                try Files.overwrite("/proc/sys/net/ipv4/tcp_syncookies", "0")
                try Files.overwrite("/proc/sys/net/ipv4/tcp_max_syn_backlog", "256")
            }
            try await lab.serving(lab.tenant(1), backlog: 64) { try await body(lab) }
        }
    }

    /// Floods the tenant's address, and tells how many of 20 legitimate connections came about meanwhile, each within
    /// `patience` seconds.
    static func flood(_ lab: Lab, patience: String) async throws -> Int {
        let card = try await lab.card("uplink")
        async let sent = lab.run(
            lab.outside, "flood", "eth0", card, tenant.address, "80", "\(rate)", "\(seconds)")
        try await Task.sleep(for: .milliseconds(1500))
        let good = try await lab.run(lab.outside, "connect", tenant.address, "80", "20", patience, "0.05")
        #expect(try await sent.integer ?? 0 > rate * seconds / 2)
        return good.integer ?? -1
    }

    /// Bounds under which nobody counts as besieged.
    static var none: EdgeLimits {
        var limits = EdgeLimits()
        limits.siege = 1_000_000
        return limits
    }
    /// The usual bounds, and a siege that ends soon.
    static var brief: EdgeLimits {
        var limits = EdgeLimits()
        limits.siegeSeconds = 3
        return limits
    }
}

extension RealEdge {
    @Suite("C050: a spoofed SYN flood at a public address") struct SiegeTests {
        @Test func withoutDefenceHardlyAnyoneConnects() async throws {
            try await Besieged.with(Besieged.none) { lab in
                try await expect(5) {
                    try await lab.run(lab.outside, "connect", Besieged.tenant.address, "80", "5", "1")
                }
                let good = try await Besieged.flood(lab, patience: "0.15")
                print("without defence: \(good) of 20")
                #expect(good <= 2)
                #expect(try await lab.edge.besieged().isEmpty)
            }
        }

        @Test func withItEveryoneDoesAndWhoIsConnectedStaysSo() async throws {
            try await Besieged.with(Besieged.brief) { lab in
                async let held = lab.run(lab.outside, "hold", Besieged.tenant.address, "80", "16")
                try await Task.sleep(for: .milliseconds(500))
                async let flooded = Besieged.flood(lab, patience: "3")
                try await Task.sleep(for: .seconds(3))
                let besieged = try await lab.edge.besieged()
                #expect(besieged == [IPv4(Besieged.tenant.address)!])
                // One that is made during the siege outlasts it, too.
                async let late = lab.run(lab.outside, "hold", Besieged.tenant.address, "80", "9")
                let good = try await flooded
                print("with defence: \(good) of 20")
                #expect(good == 20)
                let counted = try await lab.edge.counters()["tenant-1"]!
                print("dropped \(counted.floodDropped) handshakes")
                #expect(counted.floodDropped > 3000)
                #expect(try await lab.edge.sieges()[IPAddress(Besieged.tenant.address)!] ?? 0 > 6000)
                // What was asked meanwhile of the specification changes nothing about the siege.
                try await lab.edge.ensure(Lab.spec([Besieged.tenant.member(), Lab.Tenant(number: 2).member()]))
                try await Task.sleep(for: .seconds(4))
                #expect(try await lab.edge.besieged().isEmpty)
                for words in [try await held, try await late] {
                    print("held: \(words)")
                    #expect(words[0]?.integer ?? 0 > 200)
                }
                try await expect(5) {
                    try await lab.run(lab.outside, "connect", Besieged.tenant.address, "80", "5", "1")
                }
            }
        }

        @Test func oneSourceOpensAndHoldsOnlySoMany() async throws {
            var limits = EdgeLimits()
            (limits.sourceOpenings, limits.sourceConnections, limits.sourceICMP) = (50, 20, 10)
            try await Lab.with(limits) { lab in
                try await lab.edge.ensure(Lab.spec([Besieged.tenant.member()]))
                try await lab.serving(lab.tenant(1)) {
                    let held = try await lab.run(lab.outside, "crowd", Besieged.tenant.address, "80", "40")
                    #expect((18...21).contains(held.integer ?? 0), "\(held)")
                    #expect(try await lab.edge.counters()["tenant-1"]!.sourceDropped > 10)
                    // Another source is not held up by it.
                    let second = [
                        "addr add 192.0.2.9/24 dev eth0",
                        "route add \(Besieged.tenant.further) via 192.0.2.2 src 192.0.2.9",
                    ]
                    for command in second { try await lab.ip(lab.outside, command) }
                    try await expect(5) {
                        try await lab.run(lab.outside, "connect", Besieged.tenant.further, "80", "5", "1")
                    }
                    let quick = try await lab.run(
                        lab.outside, "connect", Besieged.tenant.further, "80", "200", "0.02")
                    #expect((40...160).contains(quick.integer ?? 0), "\(quick)")
                }
                let pings = ["ping", "-q", "-n", "-c", "60", "-i", "0.01", "-W", "1", Besieged.tenant.address]
                let text = String(decoding: try await Command.end(lab.outside.enter(pings)).output, as: UTF8.self)
                let answered = text.split(separator: ",").dropFirst().first?.split(separator: " ").first.flatMap {
                    Int($0)
                }
                #expect((10...30).contains(answered ?? 0), "\(text)")
            }
        }
    }
}

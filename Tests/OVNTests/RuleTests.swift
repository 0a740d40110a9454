import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    /// What each part of a rule lets through and keeps out, with packets of both families.
    @Suite(.serialized) struct RuleTests {
        private static let out = Lab.rule(ingress: false)
        private static let out6 = Lab.rule(ingress: false, isIPv6: true)

        /// A port with an address of each family.
        private static func port(_ host: Int, in groups: [GroupSpec]) -> PortSpec {
            var port = Lab.port(1, host, in: groups)
            port.addresses.append(
                PortAddress(
                    subnet: ID("10000000-0000-4000-8000-0000000000bb"), address: IPAddress("fd00:1::\(host)")!))
            return port
        }

        private static func rule(
            _ isIngress: Bool, _ isIPv6: Bool, _ transport: Int?, _ low: Int?, _ high: Int?, _ remote: String? = nil
        ) -> RuleSpec {
            RuleSpec(
                isIngress: isIngress, isIPv6: isIPv6, transport: transport, low: low, high: high,
                remotePrefix: remote.flatMap { Prefix($0) }, remoteGroup: nil)
        }

        @Test func rangesKindsOfICMPAndBlocksHoldInBothFamilies() async throws {
            try await Lab.with { lab in
                let server = Lab.group(
                    1,
                    [
                        Self.rule(true, false, 6, 8000, 8010), Self.rule(true, true, 6, 8000, 8010),
                        // Echo requests only.
                        Self.rule(true, false, 1, 8, 0, "10.0.0.11/32"),
                        Self.rule(true, true, 58, 128, 0, "fd00:1::11/128"),
                    ])
                let reader = Lab.group(
                    2, [Self.rule(false, false, 6, 8000, 8005), Self.rule(false, true, 6, 8000, 8005)])
                for group in [server, reader] { try await lab.fabric.ensureGroup(group) }
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let friend = try await Peer.make(lab, Self.port(11, in: [Lab.open]))
                let other = try await Peer.make(lab, Self.port(12, in: [Lab.open]))
                let narrow = try await Peer.make(lab, Self.port(13, in: [reader]))
                _ = try await Peer.make(lab, Self.port(14, in: [server]))
                for address in ["10.0.0.14", "fd00:1::14"] {
                    #expect(try await friend.reaches(address), "\(address)")
                    #expect(try await !other.reaches(address), "\(address)")
                    for (port, isOpen) in [(7999, false), (8000, true), (8010, true), (8011, false)] {
                        #expect(try await other.connects(address, port) == isOpen, "\(address) \(port)")
                    }
                    // What may leave is asked as well.
                    #expect(try await narrow.connects(address, 8005))
                    #expect(try await !narrow.connects(address, 8006))
                }
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func aStatelessGroupLetsNoAnswersInUnasked() async throws {
            try await Lab.with { lab in
                var group = Lab.group(1, [Self.out, Self.out6])
                group.isStateful = false
                try await lab.fabric.ensureGroup(group)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let peer = try await Peer.make(lab, Self.port(11, in: [Lab.open]))
                let plain = try await Peer.make(lab, Self.port(12, in: [group]))
                // Its question leaves, and the answer has no rule.
                #expect(try await !plain.reaches("10.0.0.11"))
                #expect(try await !plain.reaches("fd00:1::11"))
                group.rules.formUnion([Self.rule(true, false, 1, 0, 0), Self.rule(true, true, 58, 129, 0)])
                try await lab.fabric.ensureGroup(group)
                _ = try await plain.wait(for: "10.0.0.11")
                _ = try await plain.wait(for: "fd00:1::11")
                #expect(try await !peer.reaches("10.0.0.12"))
                group.isStateful = true
                group.rules = [Self.out, Self.out6]
                try await lab.fabric.ensureGroup(group)
                _ = try await plain.wait(for: "10.0.0.11")
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func rulesFollowTheirAddressGroup() async throws {
            try await Lab.with { lab in
                let addresses = ID<AddressGroup>("0a000000-0000-4000-8000-0000000000ad")
                var group = Lab.group(1, [Self.out])
                for isIPv6 in [false, true] {
                    var rule = Self.rule(true, isIPv6, nil, nil, nil)
                    rule.remoteAddresses = addresses
                    group.rules.insert(rule)
                }
                group.addressGroups = [addresses: [Prefix("10.0.0.11")!]]
                try await lab.fabric.ensureGroup(group)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let first = try await Peer.make(lab, Self.port(11, in: [Lab.open]))
                let second = try await Peer.make(lab, Self.port(12, in: [Lab.open]))
                _ = try await Peer.make(lab, Self.port(13, in: [group]))
                #expect(try await first.reaches("10.0.0.13"))
                #expect(try await !second.reaches("10.0.0.13"))
                #expect(try await !first.reaches("fd00:1::13"))
                group.addressGroups = [
                    addresses: [Prefix("10.0.0.12/31")!, Prefix("fd00:1::/124")!, Prefix("fd00:1::12")!]
                ]
                try await lab.fabric.ensureGroup(group)
                _ = try await second.wait(for: "10.0.0.13")
                _ = try await second.wait(for: "fd00:1::13")
                try await lab.fabric.settle(on: lab.host)
                #expect(try await !first.reaches("10.0.0.13"))
                // Emptied, it lets in nobody.
                group.addressGroups = [addresses: []]
                try await lab.fabric.ensureGroup(group)
                try await lab.fabric.settle(on: lab.host)
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await !second.reaches("10.0.0.13"))
                try await lab.fabric.removeGroup(group.id)
                let left = try await lab.fabric.central.transact(
                    .north, [Operation.select("Address_Set", [Where.mark(Mark.group, group.id.text)], ["name"])])
                #expect(left[0]["rows"]?.array?.isEmpty == true)
            }
        }

        /// A sender floods an address while its port is made: what no rule allows is not heard once.
        @Test func rulesHoldBeforeAPortsFirstPacket() async throws {
            try await Lab.with { lab in
                let closed = Lab.group(1, [Self.out])
                try await lab.fabric.ensureGroup(closed)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let sender = try await Peer.make(lab, Lab.port(1, 11))
                let spec = Lab.port(1, 12, in: [closed])
                let frame = Frames.ethernet(
                    sender.port.mac.text, spec.mac.text, 0x800,
                    Frames.udp("10.0.0.11", "10.0.0.12", 4000, 4000, Array("TOO-EARLY".utf8)))
                let flood = """
                    import socket, time
                    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
                    ends = time.time() + 12
                    frame = bytes.fromhex("\(Self.hex(frame))")
                    while time.time() < ends: s.send(frame); time.sleep(0.0005)
                    """
                async let sending = Command.end(
                    sender.namespace.enter(["python3", "-c", flood]), timeout: .seconds(30))
                try await Task.sleep(for: .milliseconds(300))
                var ear: Task<[[UInt8]], any Error>?
                let victim = try await Peer.make(lab, spec) { namespace in
                    ear = Task { try await Frames.receive(namespace, seconds: 4) }
                    try await Task.sleep(for: .milliseconds(100))
                }
                let early = try await ear?.value ?? []
                #expect(early.count { Self.isFlood($0) } == 0)
                // The flood is heard as soon as a rule allows it, so the ear works.
                try await lab.fabric.ensureGroup(Lab.group(1, [Self.out, Lab.rule(ingress: true)]))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await Frames.receive(victim.namespace, seconds: 1).contains { Self.isFlood($0) })
                _ = try await sending
            }
        }

        private static func isFlood(_ frame: [UInt8]) -> Bool {
            String(decoding: frame, as: UTF8.self).contains("TOO-EARLY")
        }

        private static func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }
}

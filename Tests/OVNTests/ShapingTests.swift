import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct ShapingTests {
        @Test func aPortSendsAndIsSentNoFasterThanItsPolicySays() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                var slow = Lab.port(1, 11)
                let sender = try await Peer.make(lab, slow)
                let receiver = try await Peer.make(lab, Lab.port(1, 12))
                // 20 Mbit/s offered for two seconds.
                let free = try await receiver.hears(from: sender, seconds: 2)
                #expect(free > 12_000, "\(free) kbit/s")
                slow.shaping = [.limit(fromPort: true, kbps: 2000, burst: 200), .mark(26)]
                try await lab.fabric.ensurePort(slow)
                try await lab.fabric.settle(on: lab.host)
                let bound = try await receiver.hears(from: sender, seconds: 2)
                #expect((1000...2600).contains(bound), "\(bound) kbit/s")
                async let seen = Frames.receive(receiver.namespace, seconds: 1)
                try await Task.sleep(for: .milliseconds(100))
                _ = try await sender.reaches("10.0.0.12")
                // The codepoint is the upper six bits of the second byte of IPv4's header.
                #expect(try await seen.contains { $0.count > 33 && $0[23] == 1 && $0[15] >> 2 == 26 })

                slow.shaping = [.limit(fromPort: false, kbps: 1000, burst: 100)]
                try await lab.fabric.ensurePort(slow)
                try await lab.fabric.settle(on: lab.host)
                let back = try await sender.hears(from: receiver, seconds: 2)
                #expect((400...1400).contains(back), "\(back) kbit/s")
                let onward = try await receiver.hears(from: sender, seconds: 2)
                #expect(onward > 12_000, "\(onward) kbit/s")
                slow.shaping = []
                try await lab.fabric.ensurePort(slow)
                let rows = try await lab.fabric.central.transact(.north, [Operation.select("QoS", [], ["match"])])
                #expect(rows[0]["rows"]?.array?.isEmpty == true)
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func aFloatingAddressIsSentAndSendsNoFasterThanItsPolicySays() async throws {
            try await Lab.with { lab in
                var (left, right) = (Lab.network(1), Lab.network(2))
                left.subnets[0].isRouted = true
                right.subnets[0].cidr = CIDR("10.1.0.0/24")!
                right.subnets[0].gateway = IPAddress("10.1.0.1")
                for network in [left, right] { try await lab.fabric.ensureNetwork(network) }
                let inside = try await Peer.make(lab, Lab.port(1, 11))
                try await Command.run(
                    ["ip", "-n", inside.namespace.name, "route", "add", "default", "via", "10.0.0.1", "dev", "eth0"])
                var spec = Lab.port(2, 12)
                spec.addresses[0].address = IPAddress("10.1.0.12")!
                let outside = try await Peer.make(lab, spec)
                var router = RouterSpec(
                    id: ID("0a000000-0000-4000-8000-00000000000c"), adminUp: true, legs: [], routes: [],
                    translations: [
                        .init(external: IPv4("10.1.0.50")!, inside: "10.0.0.11", isFloating: true)
                    ])
                for (number, address) in [(1, "10.0.0.1"), (2, "10.1.0.2")] {
                    var leg = Lab.port(number, 99)
                    leg.addresses[0].address = IPAddress(address)!
                    leg.isRouter = true
                    try await lab.fabric.ensurePort(leg)
                    router.legs.insert(
                        RouterSpec.Leg(
                            port: leg.id, mac: leg.mac, addresses: [address + "/24"], isGateway: number == 2))
                }
                try await lab.fabric.ensureRouter(router)
                _ = try await outside.wait(for: "10.1.0.50")
                let free = try await outside.hears(from: inside, seconds: 2)
                #expect(free > 12_000, "\(free) kbit/s")
                func bound(_ shaping: ShapingSpec) -> RouterSpec.Bound {
                    .init(leg: Lab.port(2, 99).id, network: right.id, address: IPv4("10.1.0.50")!, shaping: shaping)
                }
                router.bounds = [bound(.limit(fromPort: true, kbps: 2000, burst: 200))]
                try await lab.fabric.ensureRouter(router)
                try await lab.fabric.settle(on: lab.host)
                let sent = try await outside.hears(from: inside, seconds: 2)
                #expect((1000...2600).contains(sent), "\(sent) kbit/s")
                let heard = try await inside.hears(from: outside, at: "10.1.0.50", seconds: 2)
                #expect(heard > 12_000, "\(heard) kbit/s")

                router.bounds = [bound(.limit(fromPort: false, kbps: 1000, burst: 100))]
                try await lab.fabric.ensureRouter(router)
                try await lab.fabric.settle(on: lab.host)
                let slowed = try await inside.hears(from: outside, at: "10.1.0.50", seconds: 2)
                #expect((400...1400).contains(slowed), "\(slowed) kbit/s")
                // Asked again, nothing changes; and with the router its bounds go.
                let before = try await lab.fabric.central.transact(.north, [Operation.select("QoS", [], ["_uuid"])])
                try await lab.fabric.ensureRouter(router)
                let after = try await lab.fabric.central.transact(.north, [Operation.select("QoS", [], ["_uuid"])])
                #expect(before == after && before[0]["rows"]?.array?.count == 1)
                try await lab.fabric.removeRouter(router.id)
                let rows = try await lab.fabric.central.transact(.north, [Operation.select("QoS", [], ["match"])])
                #expect(rows[0]["rows"]?.array?.isEmpty == true)
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func singlePortsAreForwardedAndScopesStayApart() async throws {
            try await Lab.with { lab in
                var (left, right) = (Lab.network(1), Lab.network(2))
                left.subnets[0].isRouted = true
                right.subnets[0].cidr = CIDR("10.1.0.0/24")!
                right.subnets[0].gateway = IPAddress("10.1.0.1")
                right.subnets[0].isRouted = true
                for network in [left, right] { try await lab.fabric.ensureNetwork(network) }
                let inside = try await Peer.make(lab, Lab.port(1, 11))
                var spec = Lab.port(2, 12)
                spec.addresses[0].address = IPAddress("10.1.0.12")!
                let outside = try await Peer.make(lab, spec)
                for (peer, gateway) in [(inside, "10.0.0.1"), (outside, "10.1.0.1")] {
                    try await Command.run(
                        ["ip", "-n", peer.namespace.name, "route", "add", "default", "via", gateway, "dev", "eth0"])
                }
                var router = RouterSpec(
                    id: ID("0a000000-0000-4000-8000-00000000000b"), adminUp: true, legs: [], routes: [],
                    translations: [])
                for (number, gateway) in [(1, "10.0.0.1"), (2, "10.1.0.1")] {
                    var leg = Lab.port(number, 99)
                    leg.addresses[0].address = IPAddress(gateway)!
                    leg.isRouter = true
                    try await lab.fabric.ensurePort(leg)
                    router.legs.insert(
                        RouterSpec.Leg(
                            port: leg.id, mac: leg.mac, addresses: [gateway + "/24"], isGateway: number == 2))
                }
                router.forwards = [
                    .init(
                        transport: "tcp", external: IPv4("10.1.0.99")!, externalPort: 8080,
                        inside: IPv4("10.0.0.11")!, insidePort: 80)
                ]
                try await lab.fabric.ensureRouter(router)
                _ = try await outside.wait(for: "10.0.0.11")
                // Nobody listens: the refusal comes from inside, and from nowhere else.
                #expect(try await outside.connects("10.1.0.99", 8080))
                #expect(try await !outside.connects("10.1.0.99", 8081))
                router.forwards = []
                try await lab.fabric.ensureRouter(router)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await !outside.connects("10.1.0.99", 8080))

                router.fences = [
                    .init(source: CIDR("10.1.0.0/24")!, leg: Lab.port(1, 99).id),
                    .init(source: CIDR("10.0.0.0/24")!, leg: Lab.port(2, 99).id),
                ]
                try await lab.fabric.ensureRouter(router)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await !outside.reaches("10.0.0.11"))
                #expect(try await outside.reaches("10.1.0.1"))
                try await lab.fabric.removeRouter(router.id)
                let left_ = try await lab.fabric.central.transact(
                    .north, [Operation.select("Load_Balancer", [], ["name"])])
                #expect(left_[0]["rows"]?.array?.isEmpty == true)
                #expect(lab.incidents.all.isEmpty)
            }
        }
    }
}

extension Peer {
    /// Kilobits a second that arrive of 20 Mbit/s in datagrams from another port.
    ///
    /// - Parameter other: where they are sent to, if not to its own address.
    func hears(from sender: Peer, at other: String? = nil, seconds: Int) async throws -> Int {
        let listen = """
            import socket, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 5000)); s.settimeout(3)
            got = len(s.recv(2048)); begin = time.time()
            while time.time() - begin < \(seconds):
                try: got += len(s.recv(2048))
                except OSError: break
            print(int(got * 8 / \(seconds) / 1000))
            """
        let send = """
            import socket, sys, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); begin = time.time(); sent = 0
            while time.time() - begin < \(seconds) + 0.5:
                if sent * 8 < (time.time() - begin) * 20e6:
                    s.sendto(b"x" * 1250, (sys.argv[1], 5000)); sent += 1250
                else: time.sleep(0.0005)
            """
        let address = other ?? port.addresses[0].address.description
        async let heard = Command.run(namespace.enter(["python3", "-c", listen]), timeout: .seconds(20))
        try await Task.sleep(for: .milliseconds(500))
        _ = try await Command.end(
            sender.namespace.enter(["python3", "-c", send, address]), timeout: .seconds(20))
        return Int(try await heard.text) ?? 0
    }
}

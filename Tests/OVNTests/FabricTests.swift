import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct FabricTests {
        @Test func portsOfANetworkReachEachOtherAndNoOthers() async throws {
            try await Lab.with { lab in
                for number in [1, 2] { try await lab.fabric.ensureNetwork(Lab.network(number)) }
                let a1 = try await Peer.make(lab, Lab.port(1, 11))
                let a2 = try await Peer.make(lab, Lab.port(1, 12))
                let b1 = try await Peer.make(lab, Lab.port(2, 11))
                let b3 = try await Peer.make(lab, Lab.port(2, 13))
                #expect(try await a1.reaches("10.0.0.12"))
                #expect(try await b1.reaches("10.0.0.13"))
                #expect(try await !a1.reaches("10.0.0.13"))
                #expect(try await !b1.reaches("10.0.0.12"))
                // The host's own stack answers nobody, not even for its own address.
                let host = lab.runtime.namespace.name
                try await Command.run(["ip", "-n", host, "addr", "add", "10.0.0.254/32", "dev", "lo"])
                _ = try await a1.reaches("10.0.0.254")
                let neighbour = ["ip", "-n", a1.namespace.name, "neigh", "show", "10.0.0.254"]
                #expect(try await !Command.run(neighbour).text.contains("lladdr"))

                try await lab.fabric.ensurePort(Lab.port(1, 12, up: false))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await !a1.reaches("10.0.0.12"))
                try await lab.fabric.ensurePort(Lab.port(1, 12))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await a1.reaches("10.0.0.12"))
                _ = (a2, b3)
            }
        }

        @Test func forgedFramesArriveNowhere() async throws {
            try await Lab.with { lab in
                for number in [1, 2] { try await lab.fabric.ensureNetwork(Lab.network(number)) }
                let attacker = try await Peer.make(lab, Lab.port(1, 11))
                let victim = try await Peer.make(lab, Lab.port(1, 12))
                let other = try await Peer.make(lab, Lab.port(2, 12))
                let attack = Attack()
                let frames = Array(attack.illegal.values) + Array(attack.legal.values)
                var silent = Lab.port(1, 13)
                silent.addresses = []
                let unnumbered = try await Peer.make(lab, silent, address: false)
                async let atVictim = Frames.receive(victim.namespace, seconds: 1)
                async let atOther = Frames.receive(other.namespace, seconds: 1)
                try await Task.sleep(for: .milliseconds(100))
                try await Frames.send(frames, from: attacker.namespace)
                try await Frames.send(attack.unnumbered, from: unnumbered.namespace)
                let seen = Self.marks(try await atVictim, attack)
                #expect(seen == Set(attack.legal.keys))
                #expect(Self.marks(try await atOther, attack).isEmpty)
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func dhcpTellsWhatTheSubnetSaysAndFollowsItsChanges() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let peer = try await Peer.make(lab, Lab.port(1, 11), address: false)
                let first = try #require(try await DHCPClient.offer(peer))
                #expect(first.address == "10.0.0.11")
                #expect(first.options[54] == [10, 0, 0, 2])
                #expect(first.options[6] == [192, 0, 2, 53, 192, 0, 2, 54])
                #expect(first.options[26] == [5, 162])
                #expect(first.options[51] == [0, 0, 168, 192])
                #expect(first.options[121] == [16, 10, 9, 10, 0, 0, 9, 0, 10, 0, 0, 1])

                try await lab.fabric.ensureNetwork(Lab.network(1, dns: ["192.0.2.1"], mtu: 1300))
                try await lab.fabric.settle(on: lab.host)
                let second = try #require(try await DHCPClient.offer(peer))
                #expect(second.options[6] == [192, 0, 2, 1])
                #expect(second.options[26] == [5, 20])

                var without = Lab.network(1)
                without.subnets[0].dhcp = false
                try await lab.fabric.ensureNetwork(without)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await DHCPClient.offer(peer) == nil)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                try await lab.fabric.settle(on: lab.host)
                #expect(try await DHCPClient.offer(peer) != nil)
            }
        }

        private static func marks(_ frames: [[UInt8]], _ attack: Attack) -> Set<String> {
            let all = Array(attack.legal.keys) + Array(attack.illegal.keys) + ["NO-ADDRESS"]
            let texts = frames.map { String(decoding: $0, as: UTF8.self) }
            return Set(all.filter { mark in texts.contains { $0.contains(mark) } })
        }
    }
}

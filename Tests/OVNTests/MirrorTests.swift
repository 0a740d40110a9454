import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite("issue 4: packets are copied to another port", .serialized) struct MirrorTests {
        @Test func bothDirectionsAreHeardUntilTheyAreNot() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let source = try await Peer.make(lab, Lab.port(1, 11))
                let other = try await Peer.make(lab, Lab.port(1, 12))
                let detector = try await Peer.make(lab, Lab.port(1, 13, in: []))
                var mirror = MirrorSpec(
                    id: ID("70000000-0000-4000-8000-000000000001"), source: source.port.id, listener: detector.port.id,
                    copiesIngress: true, copiesEgress: true)
                #expect(try await heard(detector, other) == [false, false])
                try await lab.fabric.ensureMirror(mirror, on: lab.host)
                try await lab.fabric.ensureMirror(mirror, on: lab.host)
                #expect(try await lab.fabric.mirrors(on: lab.host) == [mirror.id])
                #expect(try await heard(detector, other) == [true, true])
                mirror.copiesIngress = false
                try await lab.fabric.ensureMirror(mirror, on: lab.host)
                #expect(try await heard(detector, other) == [false, true], "what the source sends alone")
                mirror.copiesIngress = true
                try await lab.fabric.ensureMirror(mirror, on: lab.host)

                // The datapath dies and is back.
                let old = await lab.runtime.process("ovs-vswitchd")
                try await old?.stop(grace: .zero)
                try await Task.sleep(for: .seconds(4))
                _ = try await other.wait(for: "10.0.0.11")
                #expect(try await heard(detector, other) == [true, true], "after ovs-vswitchd's death")

                // The source's device is made anew, as for a server that starts again.
                let device = Plug.device(of: source.port.id)
                let row = try await lab.fabric.local.transact(
                    .host, [Operation.select("Port", [Where.name(device)], ["_uuid"])])[0]["rows"]![0]!["_uuid"]!
                try await lab.fabric.local.transact(
                    .host,
                    [
                        Operation.mutate(
                            "Bridge", [Where.name(OVNPaths.bridgeName)], "ports", "delete", Value.set([row]))
                    ])
                try await Task.sleep(for: .milliseconds(300))
                try await lab.fabric.local.transact(
                    .host, OVNFabric.makePlug(device, source.port.id.text, 0))
                _ = try await other.wait(for: "10.0.0.11")
                #expect(try await heard(detector, other) == [true, true], "after a new device")

                try await lab.fabric.removeMirror(mirror.id, on: lab.host)
                try await lab.fabric.removeMirror(mirror.id, on: lab.host)
                #expect(try await lab.fabric.mirrors(on: lab.host).isEmpty)
                #expect(try await heard(detector, other) == [false, false], "after its end")
            }
        }

        /// Whether a third hears the requests that go to the source, and the answers that it sends.
        private func heard(_ detector: Peer, _ other: Peer) async throws -> [Bool] {
            async let dump = Command.end(
                detector.namespace.enter([
                    "timeout", "2", "tcpdump", "-n", "-l", "-i", "eth0", "-p", "icmp",
                ]), timeout: .seconds(10))
            try await Task.sleep(for: .milliseconds(700))
            _ = try await other.reaches("10.0.0.11", count: 1)
            let text = String(decoding: try await dump.output, as: UTF8.self)
            return [
                text.contains("10.0.0.12 > 10.0.0.11: ICMP echo request"),
                text.contains("10.0.0.11 > 10.0.0.12: ICMP echo reply"),
            ]
        }
    }
}

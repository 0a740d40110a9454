import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct ProberTests {
        static let shut = Lab.group(1, [])

        /// Networks of their own with the same addresses, and three plugged ports on each.
        private static func build(_ lab: Lab) async throws -> (stations: [ProbeStation], wiring: Wiring) {
            var (stations, wiring) = ([ProbeStation](), Wiring())
            wiring.groups = [Lab.open, shut]
            try await lab.fabric.ensureGroup(shut)
            for number in [1, 2] {
                let network = Lab.network(number)
                try await lab.fabric.ensureNetwork(network)
                wiring.networks.append(network)
                var cards: [ProbeCard] = []
                for (host, group) in [(11, Lab.open), (12, Lab.open), (13, shut)] {
                    let port = Lab.port(number, host, in: [group])
                    try await lab.fabric.ensurePort(port)
                    _ = try await lab.fabric.ensurePlug(port.id, uid: 0, mtu: 1442, on: lab.host)
                    wiring.ports.append(port)
                    cards.append(
                        ProbeCard(port: port.id, mac: port.mac, v4: port.addresses[0].address.v4, v6: nil))
                }
                var station = ProbeStation(
                    network: network.id, project: ID("p\(number)"), sender: cards[0], listener: cards[1],
                    stranger: cards[2])
                station.lease = cards[0].v4
                stations.append(station)
            }
            try await lab.fabric.settle(on: lab.host)
            return (stations, wiring)
        }

        private static func red(_ report: ProbeReport) -> Set<String> {
            Set(report.attempts.filter { $0.heard > 0 }.map { "\($0.from.text.prefix(1))\($0.to.text.prefix(1))" })
        }

        @Test("C017: all is quiet between networks; what is broken by hand is heard, and what cannot hear is told")
        func framesTell() async throws {
            try await Lab.with { lab in
                let prober = lab.runtime.prober
                let (stations, wiring) = try await Self.build(lab)
                let start = ContinuousClock.now
                let good = try await prober.attempt(stations)
                print("attempts: \(ContinuousClock.now - start), \(good.attempts.count)")
                #expect(Self.red(good).isEmpty && good.deaf.isEmpty, "\(good)")
                #expect(good.attempts.count > 40 && good.attempts.allSatisfy { $0.sent >= 2 })
                #expect(try await prober.faults(in: wiring).isEmpty)

                // Each of two devices carries the other's port.
                let (one, other) = (stations[0].listener.port, stations[1].listener.port)
                try await Self.bind(lab, one, to: other)
                try await Self.bind(lab, other, to: one)
                let swapped = try await prober.attempt(stations)
                #expect(Self.red(swapped).isSuperset(of: ["12", "21"]), "\(swapped)")
                let faults = try await prober.faults(in: wiring)
                #expect(Set(faults.map { "\($0.one.text.prefix(1))\($0.other.text.prefix(1))" }) == ["12", "21"])
                try await Self.bind(lab, one, to: one)
                try await Self.bind(lab, other, to: other)
                try await lab.fabric.settle(on: lab.host)
                #expect(try await prober.faults(in: wiring).isEmpty)

                // Without its last rule, a network lets everything in.
                try await Self.dropBaseRule(lab, stations[0].network)
                try await lab.fabric.settle(on: lab.host)
                let open = try await prober.attempt(stations)
                #expect(Self.red(open) == ["11"], "\(open)")
                #expect(open.attempts.contains { $0.kind == .shutIn && $0.heard > 0 })
                #expect(try await prober.faults(in: wiring).map(\.one) == [stations[0].network])
                try await lab.fabric.ensureNetwork(wiring.networks[0])
                try await lab.fabric.settle(on: lab.host)

                // A device that is gone makes its network not tried, and no other.
                let device = Plug.device(of: stations[1].stranger.port)
                try await Inside.run(lab.runtime.namespace) { () throws(CloudError) in try Tap.remove(device) }
                let partly = try await prober.attempt(stations)
                #expect(Set(partly.deaf.keys) == [stations[1].network] && Self.red(partly).isEmpty, "\(partly)")
                try await prober.forget(stations.flatMap(\.cards).map(\.mac))
            }
        }

        @Test("C017: rows that are not as the store says are faults, each in its network")
        func rowsTell() async throws {
            try await Lab.with { lab in
                let (stations, wiring) = try await Self.build(lab)
                let prober = lab.runtime.prober
                func found() async throws -> [String] { try await prober.faults(in: wiring).map(\.what).sorted() }
                let port = stations[0].sender.port.text
                let central = lab.fabric.central
                let changes: [(String, JSON)] = [
                    (
                        "is not as the store says",
                        Operation.update(
                            "Logical_Switch_Port", [Where.name(port)], ["port_security": Value.set([])])
                    ),
                    (
                        "is in other groups",
                        Operation.mutate(
                            "Port_Group", [Where.name(GroupRules.name(of: Lab.open.id.text))], "ports", "delete",
                            try await Self.row(lab, port))
                    ),
                ]
                for (what, change) in changes {
                    try await central.transact(.north, [change])
                    let said = try await found()
                    #expect(said.count == 1 && said[0].contains(what), "\(said)")
                    try await lab.fabric.ensurePort(wiring.ports[0])
                    #expect(try await found().isEmpty)
                }
                // A port and a rule of somebody else's.
                let network = stations[1].network.text
                try await central.transact(
                    .north,
                    [
                        Operation.insert("Logical_Switch_Port", ["name": "stray", "addresses": "unknown"], as: "p"),
                        Operation.insert(
                            "ACL", ["priority": 30_000, "direction": "to-lport", "match": "ip4", "action": "allow"],
                            as: "a"),
                        Operation.mutate(
                            "Logical_Switch", [Where.name(network)], "ports", "insert", Value.set([Value.named("p")])),
                        Operation.mutate(
                            "Logical_Switch", [Where.name(network)], "acls", "insert", Value.set([Value.named("a")])),
                    ])
                let said = try await found()
                #expect(said.count == 2 && said.allSatisfy { $0.contains(network) }, "\(said)")
            }
        }

        private static func row(_ lab: Lab, _ port: String) async throws -> JSON {
            let found = try await lab.fabric.central.transact(
                .north, [Operation.select("Logical_Switch_Port", [Where.name(port)], ["_uuid"])])
            return Value.set([try #require(found[0]["rows"]?[0]?["_uuid"])])
        }

        private static func bind(_ lab: Lab, _ device: ID<Port>, to port: ID<Port>) async throws {
            let this = [Where.name(Plug.device(of: device))]
            try await lab.fabric.local.transact(
                .host,
                [
                    Operation.mutate("Interface", this, "external_ids", "delete", Value.set(["iface-id"])),
                    Operation.mutate("Interface", this, "external_ids", "insert", Value.map(["iface-id": port.text])),
                ])
            try await lab.fabric.settle(on: lab.host)
        }

        private static func dropBaseRule(_ lab: Lab, _ network: ID<LogicalNetwork>) async throws {
            let found = try await lab.fabric.central.transact(
                .north,
                [
                    Operation.select(
                        "ACL",
                        [
                            Where.mark(Mark.network, network.text), ["priority", "==", 0],
                            ["direction", "==", "to-lport"],
                        ], ["_uuid"])
                ])
            let rule = try #require(found[0]["rows"]?[0]?["_uuid"])
            try await lab.fabric.central.transact(
                .north,
                [
                    Operation.mutate(
                        "Logical_Switch", [Where.name(network.text)], "acls", "delete", Value.set([rule]))
                ])
        }
    }
}

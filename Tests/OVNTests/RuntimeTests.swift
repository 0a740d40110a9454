import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Testing

@testable import CloudOVN

/// Tests with the real daemons, one at a time: they share two processors with much else.
@Suite(.serialized) enum RealOVN {}

extension RealOVN {
    @Suite(.serialized) struct RuntimeTests {
        @Test func everyDaemonThatDiesComesBack() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let a1 = try await Peer.make(lab, Lab.port(1, 11))
                _ = try await Peer.make(lab, Lab.port(1, 12))
                for (place, name) in lab.runtime.daemons.enumerated() {
                    let old = try #require(await lab.runtime.process(name))
                    old.signal(SIGKILL)
                    _ = await old.exit(within: .seconds(2))
                    let start = ContinuousClock.now
                    while await lab.runtime.process(name) == nil { try await Task.sleep(for: .milliseconds(5)) }
                    let restarted = ContinuousClock.now - start
                    let again = try await a1.wait(for: "10.0.0.12")
                    // Configuration is taken up again, too.
                    try await lab.fabric.ensurePort(Lab.port(1, 20 + place))
                    try await lab.fabric.settle(on: lab.host)
                    print(
                        "\(name): restarted \(restarted), traffic \(again), configuration \(ContinuousClock.now - start)"
                    )
                }
            }
        }

        @Test func theNextControlPlaneAdoptsAll() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let a1 = try await Peer.make(lab, Lab.port(1, 11))
                _ = try await Peer.make(lab, Lab.port(1, 12))
                var before: [ProcessHandle?] = []
                for name in lab.runtime.daemons { before.append(await lab.runtime.process(name)) }
                await lab.runtime.release()
                // One dies while nobody looks.
                before[3]?.signal(SIGKILL)
                _ = await before[3]?.exit(within: .seconds(2))
                #expect(try await a1.reaches("10.0.0.12"))

                let next = lab.successor()
                let start = ContinuousClock.now
                try await next.runtime.start()
                print("adopted in \(ContinuousClock.now - start)")
                for (place, name) in next.runtime.daemons.enumerated() {
                    let now = await next.runtime.process(name)
                    #expect(now != nil && (now == before[place]) == (place != 3), "\(name)")
                }
                #expect(try await next.fabric.ports() == [Lab.port(1, 11).id, Lab.port(1, 12).id])
                try await next.fabric.ensurePort(Lab.port(1, 13))
                try await next.fabric.settle(on: lab.host)
                #expect(try await a1.reaches("10.0.0.12"))
                // Whoever removes the runtime need not be who started it.
                let last = await next.runtime.process("ovs-vswitchd")
                await next.runtime.release()
                try await lab.successor().runtime.remove()
                #expect(last?.isAlive == false && !lab.runtime.namespace.isThere)
            }
        }

        @Test func aDaemonThatDoesNothingIsNotAlive() async throws {
            try await Lab.with { lab in
                let all = try await lab.fabric.agents()
                #expect(Set(all.map(\.role)) == Set(AgentSpec.Role.allCases) && all.count == 2, "\(all)")
                for agent in all { #expect(agent.isAlive && agent.host == lab.host && agent.seen != nil, "\(agent)") }
                for role in AgentSpec.Role.allCases {
                    let process = await lab.runtime.process(role.rawValue)
                    process?.signal(SIGSTOP)
                    let frozen = try await lab.fabric.agents()
                    // Without northd nothing reaches the controller, so that it takes nothing up either.
                    let dead = role == .central ? Set(AgentSpec.Role.allCases) : [role]
                    #expect(Set(frozen.filter { !$0.isAlive }.map(\.role)) == dead, "\(role): \(frozen)")
                    process?.signal(SIGCONT)
                    let thawed = try await lab.fabric.agents()
                    #expect(!thawed.contains { !$0.isAlive }, "\(thawed)")
                }
            }
        }

        @Test func aRuleThatCannotBeReadIsAnIncidentEvenToALateWatcher() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let id = Lab.network(1).id.text
                for name in ["first", "second"] {
                    try await lab.fabric.central.transact(
                        .north,
                        [
                            Operation.insert(
                                "ACL",
                                [
                                    "priority": 5, "direction": "to-lport", "match": .string("outport == @pg-\(name)"),
                                    "action": "allow",
                                ], as: "a"),
                            Operation.mutate(
                                "Logical_Switch", [Where.name(id)], "acls", "insert", Value.set([Value.named("a")])),
                        ])
                }
                _ = try await Peer.make(lab, Lab.port(1, 11))
                try await Task.sleep(for: .seconds(1))
                #expect(lab.incidents.all.count { $0.contains("@pg-") } >= 2)
                await lab.runtime.release()
                let next = lab.successor()
                try await next.runtime.start()
                try await Task.sleep(for: .seconds(1))
                #expect(!next.incidents.all.isEmpty)
                try await next.runtime.stop()
            }
        }

        @Test func anEngineThatTenantsCanCrashIsRefused() async throws {
            func engine(_ datapath: OVNEngine.Datapath, _ line: String) -> OVNEngine {
                OVNEngine(
                    directories: ["/usr/bin"], schemas: [], datapath: datapath, ovs: OVNEngine.Version(line: line)!,
                    ovn: OVNEngine.Version(23, 3))
            }
            #expect(engine(.netdev, "ovs-vswitchd (Open vSwitch) 3.1.0").refusal != nil)
            #expect(engine(.netdev, "ovs-vswitchd (Open vSwitch) 3.2.2").refusal != nil)
            #expect(engine(.netdev, "ovs-vswitchd (Open vSwitch) 3.1.3").refusal == nil)
            #expect(engine(.netdev, "ovs-vswitchd (Open vSwitch) 3.5.0").refusal == nil)
            #expect(engine(.system, "ovs-vswitchd (Open vSwitch) 3.1.0").refusal == nil)
        }
    }
}

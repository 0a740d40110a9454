import CloudCore
import CloudHost
import CloudNetwork
import CloudStore
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite("issue 4: what groups drop and pass is logged", .serialized) struct FlowTests {
        private static let project = ProjectID("p1")

        private static func seen(
            _ lab: Lab, _ verdict: FlowRecord.Verdict, from start: Int = 0
        ) async throws -> [FlowSighting] {
            for _ in 0..<40 {
                let found = lab.flows.all.dropFirst(start).filter { $0.verdict == verdict }
                if !found.isEmpty { return found }
                try await Task.sleep(for: .milliseconds(100))
            }
            return []
        }

        @Test func dropsAndPassesAreSeenAtThePortThatTheyAreOf() async throws {
            try await Lab.with { lab in
                var shy = Lab.group(1, [Lab.rule(ingress: false)])
                try await lab.fabric.ensureGroup(shy)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let open = try await Peer.make(lab, Lab.port(1, 11))
                var quiet = Lab.port(1, 12, in: [shy])
                quiet.logsDropsFor = Self.project
                let target = try await Peer.make(lab, quiet)
                #expect(try await !open.reaches("10.0.0.12"))
                let dropped = try await Self.seen(lab, .drop)
                let line = try #require(dropped.first)
                #expect(line.place == .port(quiet.id) && line.isIngress && line.packet["protocol"] == "icmp")
                #expect(line.packet["source"] == "10.0.0.11" && line.packet["destination"] == "10.0.0.12")
                #expect(line.source == open.port.mac.text && line.destination == quiet.mac.text)

                // The other port's drops are nobody's: it is not logged.
                try await open.connects("10.0.0.12", 80)
                #expect(dropped.allSatisfy { $0.place == .port(quiet.id) })

                // What the group lets pass, with its answers let pass and not told.
                shy.rules.insert(Lab.rule(ingress: true, transport: 1))
                shy.logsPassedFor = Self.project
                try await lab.fabric.ensureGroup(shy)
                _ = try await open.wait(for: "10.0.0.12")
                let passed = try await Self.seen(lab, .accept)
                #expect(passed.first?.place == .group(shy.id) && passed.first?.isIngress == true)
                #expect(lab.incidents.all.isEmpty, "\(lab.incidents.all)")

                // Both off again: nothing is left of it, the meter neither.
                quiet.logsDropsFor = nil
                shy.logsPassedFor = nil
                try await lab.fabric.ensurePort(quiet)
                try await lab.fabric.ensureGroup(shy)
                let left = try await lab.fabric.central.transact(
                    .north,
                    [
                        Operation.select("Meter", [], ["name"]),
                        Operation.select("ACL", [["log", "==", true]], ["_uuid"]),
                        Operation.select("Port_Group", [Where.name(FlowLogging.name(of: quiet.id.text))], ["_uuid"]),
                    ])
                #expect(left.allSatisfy { $0["rows"]?.array?.isEmpty ?? false }, "\(left)")
                _ = target
            }
        }

        @Test func aFloodWritesNoMoreThanItsProjectMay() async throws {
            try await Lab.with { lab in
                let shy = Lab.group(1, [Lab.rule(ingress: false)])
                try await lab.fabric.ensureGroup(shy)
                try await lab.fabric.ensureNetwork(Lab.network(1))
                let open = try await Peer.make(lab, Lab.port(1, 11))
                for (host, project) in [(12, "p1"), (13, "p2")] {
                    var port = Lab.port(1, host, in: [shy])
                    port.logsDropsFor = ProjectID(project)
                    _ = try await Peer.make(lab, port)
                }
                let start = ContinuousClock.now
                let flood = Task {
                    _ = try await Command.end(
                        open.namespace.enter(["ping", "-q", "-f", "-w", "5", "10.0.0.12"]), timeout: .seconds(30))
                }
                try await Task.sleep(for: .seconds(2))
                #expect(try await !open.reaches("10.0.0.13", count: 2))
                try await flood.value
                try await Task.sleep(for: .seconds(1))
                let seconds = Double((ContinuousClock.now - start).components.seconds + 1)
                let (flooded, quiet) = (
                    lab.flows.all.filter { $0.place == .port(Lab.port(1, 12).id) },
                    lab.flows.all.filter { $0.place == .port(Lab.port(1, 13).id) }
                )
                print("\(flooded.count) lines of the flood in \(seconds) s, \(quiet.count) of the neighbour")
                #expect(!quiet.isEmpty, "the flood of one project silences another's log")
                #expect(flooded.count > FlowLogging.rate)
                #expect(Double(flooded.count) <= Double(FlowLogging.rate) * seconds + Double(FlowLogging.burst) + 50)
            }
        }

        @Test func aLineIsReadAndNothingElseIs() throws {
            let start = "2026-11-23T16:00:00.123Z|00042|acl_log(ovn_pinctrl0)|INFO|"
            let packet =
                "tcp,vlan_tci=0x0000,dl_src=fa:16:3e:00:01:11,dl_dst=fa:16:3e:00:01:12,nw_src=10.0.0.11,nw_dst=10.0.0.12,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=4000,tp_dst=22,tcp_flags=syn"
            let told = "name=\"drop-p-1\", verdict=drop, severity=info, direction=to-lport: "
            let line = try #require(FlowLine.parse("\(start)\(told)\(packet)"[...]))
            #expect(line.place == .port(ID("p-1")) && line.isIngress && line.verdict == .drop)
            #expect(line.packet["source_port"] == 4000 && line.packet["destination_port"] == 22)
            #expect(line.packet["tcp_flags"] == "syn" && line.at.text(fraction: true).hasSuffix("00.123000Z"))
            for bad in [
                "", start, start + told, "\(start)\(told)tcp",
                "\(start)name=\"x\", verdict=drop, direction=to-lport: \(packet)",
                "2026-11-23T16:00:00.123Z|00042|pinctrl(ovn_pinctrl0)|INFO|DHCP name acl_log( \(told)\(packet)",
                "yesterday|1|acl_log(x)|INFO|\(told)\(packet)",
                "\(start)name=\"drop-\", verdict=drop: \(packet)",
            ] { #expect(FlowLine.parse(bad[...]) == nil, "\(bad)") }
        }
    }
}

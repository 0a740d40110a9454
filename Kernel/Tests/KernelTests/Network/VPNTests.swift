import CloudCore
import CloudSim
import CloudWire
import Testing

@testable import CloudNetwork

@Suite("C018, C091: VPN gateways, as they are asked for")
struct VPNTests {
    private static let path = "/network/v2.0/vpn/ipsec-site-connections"

    private func connection(_ stage: Stage, _ changes: [String: JSON] = [:]) async throws -> Response {
        var order: [String: JSON] = [
            "vpnservice_id": .string(try await stage.make("vpnservice", for: .member)),
            "ikepolicy_id": .string(try await stage.make("ike_policy", for: .member)),
            "ipsecpolicy_id": .string(try await stage.make("ipsec_policy", for: .member)),
            "peer_address": "203.0.113.9", "peer_id": "203.0.113.9", "peer_cidrs": ["10.99.0.0/24"],
            "psk": "correct horse battery",
        ]
        order.merge(changes) { $1 }
        return await stage.send(.member, .post, Self.path, ["ipsec_site_connection": .object(order)])
    }

    @Test("a gateway learns its tunnel, the router the way to it, and both forget it with the connection")
    func life() async throws {
        let stage = try await Stage()
        // The common functions of every cloud have a device too.
        let functions = 1
        let made = try await connection(stage).json["ipsec_site_connection"] ?? .null
        try await stage.settle()
        let gateway = try #require(stage.world.tunnels.all.values.first)
        #expect(gateway.tunnels.map(\.remote) == [[CIDR("10.99.0.0/24")!]])
        #expect(gateway.tunnels.map(\.local) == [[CIDR("10.77.0.0/24")!]])
        let way = HostRoute(destination: CIDR("10.99.0.0/24")!, nextHop: .v4(VPNService.innerAddress))
        #expect(stage.world.fabric.state.routers.values.contains { $0.routes.contains(way) })
        #expect(stage.world.fabric.state.plugs.values.map(\.count) == [2 + functions])
        let inUse = await stage.send(.member, .delete, "/network/v2.0/vpn/vpnservices/\(gateway.id)")
        #expect(inUse.status == 409, "\(inUse.text)")
        #expect(await stage.send(.member, .delete, Self.path + "/" + (made["id"]?.string ?? "")).status == 204)
        #expect(await stage.send(.member, .delete, "/network/v2.0/vpn/vpnservices/\(gateway.id)").status == 204)
        try await stage.settle()
        stage.world.clock.advance(.seconds(60))
        try await stage.settle()
        #expect(stage.world.tunnels.all.isEmpty)
        #expect(!stage.world.fabric.state.routers.values.contains { $0.routes.contains(way) })
        #expect(stage.world.fabric.state.plugs.values.map(\.count) == [functions])
    }

    @Test("a connection of a gateway that nobody wants is down, and says why")
    func unwanted() async throws {
        let stage = try await Stage()
        let service = try await stage.make("vpnservice", for: .member)
        let path = "/network/v2.0/vpn/vpnservices/" + service
        #expect(await stage.send(.member, .put, path, ["vpnservice": ["admin_state_up": false]]).status == 200)
        try await stage.settle()
        let made = try await connection(stage, ["vpnservice_id": .string(service)]).json["ipsec_site_connection"]
        try await stage.settle()
        let shown = await stage.send(.member, .get, Self.path + "/" + (made?["id"]?.string ?? ""))
        let it = shown.json["ipsec_site_connection"]
        #expect(it?["status"] == "DOWN" && it?["status_reason"] == "Its VPN service is down.", "\(shown.text)")
    }

    @Test(
        "what could mean something else to a gateway, or leads astray, is refused",
        arguments: [
            ["peer_id": "%any"], ["peer_id": "*"], ["peer_id": "0.0.0.0"], ["peer_id": "a\nb = c"],
            ["peer_id": "a.example { }"], ["peer_id": "@#0102"], ["peer_id": ""], ["local_id": "::"],
            ["peer_address": "0.0.0.0"], ["peer_address": "vpn.example"], ["peer_address": "127.0.0.1"],
            ["peer_cidrs": ["0.0.0.0/0"]], ["peer_cidrs": ["10.99.0.1/24"]], ["peer_cidrs": ["10.77.0.0/25"]],
            ["peer_cidrs": ["203.0.113.0/24"]], ["peer_cidrs": ["169.254.0.0/16"]], ["peer_cidrs": []],
            ["psk": "short"], ["psk": "with a \n line"], ["psk": ""], ["mtu": 100], ["initiator": "nobody"],
            ["dpd": ["action": "hold", "interval": 30, "timeout": 10]], ["dpd": ["action": "clear"]],
            ["auth_mode": "cert"], ["private_key": "x"], ["route_mode": "dynamic"],
        ] as [[String: JSON]])
    func refused(_ changes: [String: JSON]) async throws {
        let answer = try await connection(try await Stage(), changes)
        #expect(answer.status == 400, "\(answer.text)")
    }

    @Test("no text but a name of the plain sort passes for one")
    func names() {
        let dice = SeededDice(7)
        for _ in 0..<20_000 {
            let text = String(
                decoding: (0..<dice.below(24)).map { _ in UInt8(dice.below(128)) }, as: UTF8.self)
            guard (try? VPNRules.checkName(text, field: "peer_id")) != nil else { continue }
            #expect(!text.contains { "\n\r\t\"'{}#%*;\\$`<>|&!?[]~^".contains($0) }, "\(text.debugDescription)")
            let number = IPAddress(text)?.number
            #expect(number != 0)
        }
    }

    @Test("weak proposals are refused with the list, for either layer")
    func proposals() async throws {
        let stage = try await Stage()
        for (path, key) in [("ikepolicies", "ikepolicy"), ("ipsecpolicies", "ipsecpolicy")] {
            for (name, values) in [
                ("encryption_algorithm", ["3des", "des", "aes-128-gcm-8", "null", "chacha20"]),
                ("auth_algorithm", ["md5", "sha1", "aes-xcbc"]), ("pfs", ["group1", "group2", "group5", "group24"]),
            ] {
                for value in values {
                    let body: JSON = .object([key: .object([name: .string(value)])])
                    let answer = await stage.send(.member, .post, "/network/v2.0/vpn/" + path, body)
                    #expect(answer.status == 400 && answer.text.contains("CRYPTREC"), "\(answer.text)")
                }
            }
        }
    }

    @Test("a meter counts over all keys, and new ones as new")
    func meter() throws {
        var meter = TunnelMeter()
        func state(_ flows: [String: Int]) -> TunnelState {
            TunnelState(
                isUp: !flows.isEmpty, seconds: 5,
                flows: flows.mapValues { bytes in
                    var flow = TunnelState.Flow()
                    flow.bytesIn = bytes
                    return flow
                })
        }
        let start = Instant(microseconds: 10_000_000)
        for (step, flows) in [["a": 100], ["a": 150, "b": 1], ["b": 20], [:], ["c": 7]].enumerated() {
            meter.take(state(flows), at: start + .seconds(step))
        }
        #expect(meter.total.bytesIn == 177 && meter.rekeys == 1)
        let again = try TunnelMeter(json: meter.json)
        #expect(again == meter)
    }
}

import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudOVN

extension RealOVN {
    @Suite(.serialized) struct IPv6Tests {
        @Test func portsReachEachOtherWithinTheirNetworkOnly() async throws {
            try await Lab.with { lab in
                for number in [1, 2] { try await lab.fabric.ensureNetwork(Lab.network6(number)) }
                let a1 = try await Peer.make(lab, Lab.port6(1, 11))
                let a2 = try await Peer.make(lab, Lab.port6(1, 12, alone: true))
                let b1 = try await Peer.make(lab, Lab.port6(2, 13))
                #expect(try await a1.reaches("2001:db8:1::12", count: 3))
                #expect(try await a2.reaches("2001:db8:1::11", count: 3))
                #expect(try await a1.reaches("fe80::f816:3eff:fe00:112%eth0", count: 3))
                try await Command.run(
                    ["ip", "-n", a1.namespace.name, "route", "add", "2001:db8:2::/64", "dev", "eth0"])
                #expect(try await !a1.reaches("2001:db8:2::13"))
                #expect(try await !b1.reaches("2001:db8:1::11"))
                // A port without IPv4 has no use of it either.
                try await Command.run(["ip", "-n", a2.namespace.name, "addr", "add", "10.0.0.12/24", "dev", "eth0"])
                #expect(try await !a2.reaches("10.0.0.11"))
                let before = try await lab.fabric.rows()
                for number in [1, 2] { try await lab.fabric.ensureNetwork(Lab.network6(number)) }
                try await lab.fabric.ensurePort(Lab.port6(1, 11))
                #expect(try await lab.fabric.rows() == before)
            }
        }

        @Test func forgedFramesArriveNowhere() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network6(1))
                let attacker = try await Peer.make(lab, Lab.port6(1, 11))
                let victim = try await Peer.make(lab, Lab.port6(1, 12))
                let attack = Attack6()
                async let atVictim = Frames.receive(victim.namespace, seconds: 1)
                try await Task.sleep(for: .milliseconds(100))
                try await Frames.send(
                    Array(attack.illegal.values) + Array(attack.legal.values), from: attacker.namespace)
                let texts = try await atVictim.map { String(decoding: $0, as: UTF8.self) }
                let all = Set(attack.legal.keys).union(attack.illegal.keys)
                let seen = all.filter { mark in texts.contains { $0.contains(mark) } }
                #expect(seen == Set(attack.legal.keys))
                #expect(lab.incidents.all.isEmpty)
            }
        }

        @Test func dhcpHandsOutTheAddressOrOnlyTheRest() async throws {
            try await Lab.with { lab in
                try await lab.fabric.ensureNetwork(Lab.network6(1, mode: nil))
                let peer = try await Peer.make(lab, Lab.port6(1, 11))
                #expect(try await DHCP6Client.ask(peer) == nil)
                // A port that was there first is answered as soon as its subnet is.
                try await lab.fabric.ensureNetwork(Lab.network6(1, mode: .stateful))
                try await lab.fabric.settle(on: lab.host)
                let stateful = try #require(try await DHCP6Client.ask(peer))
                #expect(stateful.address == "2001:db8:1::11" && stateful.nameServers == ["2001:db8::53"])
                try await lab.fabric.ensureNetwork(Lab.network6(1, mode: .stateless))
                try await lab.fabric.settle(on: lab.host)
                let stateless = try #require(try await DHCP6Client.ask(peer))
                #expect(stateless.address == nil && stateless.nameServers == ["2001:db8::53"])
                #expect(try await DHCPClient.offer(peer)?.address == "10.0.0.11")
            }
        }

        @Test func guestsMakeTheirAddressOfWhatTheRouterAdvertises() async throws {
            try await Lab.with { lab in
                var router = RouterSpec(
                    id: ID("0a000000-0000-4000-8000-00000000000b"), adminUp: true, legs: [], routes: [],
                    translations: [])
                for number in [1, 2] {
                    try await lab.fabric.ensureNetwork(Lab.network6(number, mode: nil))
                    var port = Lab.port6(number, 99, alone: true)
                    port.addresses[0].address = IPAddress("2001:db8:\(number)::1")!
                    port.isRouter = true
                    try await lab.fabric.ensurePort(port)
                    var leg = RouterSpec.Leg(
                        port: port.id, mac: port.mac, addresses: ["2001:db8:\(number)::1/64"], isGateway: false)
                    leg.advertisement = .init(mode: .slaac, mtu: 1400, nameServer: IPAddress("2001:db8::53"))
                    router.legs.insert(leg)
                }
                try await lab.fabric.ensureRouter(router)
                var guests: [Peer] = []
                for number in [1, 2] {
                    var port = Lab.port6(number, 11, alone: true)
                    port.addresses[0].address = CIDR("2001:db8:\(number)::/64")!.address(of: port.mac)!
                    guests.append(try await Peer.make(lab, port, address: false))
                }
                let far = guests[1].port.addresses[0].address
                #expect(far == IPAddress("2001:db8:2:0:f816:3eff:fe00:211"))
                // The kernel solicits, makes the address of its card, and finds its way through the router.
                _ = try await guests[0].wait(for: far.description)
                let name = guests[0].namespace.name
                let own = try await Command.run(["ip", "-n", name, "-6", "addr", "show", "dev", "eth0"]).text
                #expect(own.contains("2001:db8:1:0:f816:3eff:fe00:111/64"))
                #expect(try await Command.run(["ip", "-n", name, "-6", "route"]).text.contains("default via fe80::"))
                let before = try await lab.fabric.rows()
                try await lab.fabric.ensureRouter(router)
                #expect(try await lab.fabric.rows() == before)
                router.legs = Set(
                    router.legs.map { leg in
                        var leg = leg
                        leg.advertisement = nil
                        return leg
                    })
                try await lab.fabric.ensureRouter(router)
                #expect(try await lab.fabric.rows() != before)
            }
        }
    }
}

extension Lab {
    /// A network with IPv4's subnet and 2001:db8:NUMBER::/64.
    static func network6(_ number: Int, mode: IPv6Mode? = .stateful) -> NetworkSpec {
        var network = network(number)
        var subnet = SubnetSpec(
            id: ID("\(number)0000000-0000-4000-8000-0000000000a6"), cidr: CIDR("2001:db8:\(number)::/64")!,
            gateway: IPAddress("2001:db8:\(number)::1"), dhcp: mode == .stateful || mode == .stateless,
            nameServers: [IPAddress("2001:db8::53")!], routes: [], dhcpServer: nil)
        subnet.isStateless = mode == .stateless
        network.subnets.append(subnet)
        return network
    }

    /// A port with an address of each family, or of IPv6 alone.
    static func port6(_ number: Int, _ host: Int, alone: Bool = false) -> PortSpec {
        var port = port(number, host)
        if alone { port.addresses = [] }
        port.addresses.append(
            PortAddress(
                subnet: network6(number).subnets[1].id, address: IPAddress("2001:db8:\(number)::\(host)")!))
        return port
    }
}

extension OVNFabric {
    /// Rows that the fabric writes.
    fileprivate func rows() async throws -> [JSON] {
        let tables = ["Logical_Switch", "DHCP_Options", "Logical_Router_Port"]
        return try await central.transact(
            .north,
            tables.map { ["op": "select", "table": .string($0), "where": []] }
                + [
                    Operation.select(
                        "Logical_Switch_Port", [],
                        ["_uuid", "external_ids", "addresses", "port_security", "dhcpv6_options"])
                ]
        ).map { .array(($0["rows"]?.array ?? []).sorted { $0.text < $1.text }) }
    }
}

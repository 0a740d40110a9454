import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudEdge

@Suite("What an edge is told is checked before anything is done") struct PlanTests {
    private static let guaranteed = BandwidthPlan(ceiling: 600, isGuaranteed: true)

    private static func member(
        _ id: String, _ number: Int, _ addresses: [String], _ blocks: [String] = [], _ plan: BandwidthPlan? = nil
    ) -> EdgeMember {
        EdgeMember(
            id: id, mac: MAC("fa:16:3e:00:00:0\(number)")!, addresses: Set(addresses.map { IPAddress($0)! }),
            blocks: Set(blocks.map { CIDR($0)! }), plan: plan)
    }

    @Test(arguments: [
        ("two of one id", [member("a", 1, ["203.0.113.10"]), member("a", 2, ["203.0.113.11"])]),
        ("two of one card", [member("a", 1, ["203.0.113.10"]), member("b", 1, ["203.0.113.11"])]),
        ("one address twice", [member("a", 1, ["203.0.113.10"]), member("b", 2, ["203.0.113.10"])]),
        (
            "a block over another's",
            [member("a", 1, ["203.0.113.10"]), member("b", 2, ["203.0.113.2"], ["203.0.113.8/29"])]
        ),
        ("the edge's own address", [member("a", 1, ["203.0.113.1"])]),
        ("an id that is none", [member("a\ndrop", 1, ["203.0.113.10"])]),
        ("an empty id", [member("", 1, ["203.0.113.10"])]),
        ("a block without a way", [member("a", 1, ["203.0.113.10"], ["2001:db8::/64"])]),
        ("no bandwidth", [member("a", 1, ["203.0.113.10"], [], BandwidthPlan(ceiling: 0, isGuaranteed: false))]),
        (
            "more than there is",
            [member("a", 1, ["203.0.113.10"], [], guaranteed), member("b", 2, ["203.0.113.11"], [], guaranteed)]
        ),
    ])
    func refused(_ why: String, _ members: [EdgeMember]) {
        let spec = EdgeSpec(addresses: ["203.0.113.1/25"], bandwidth: 1000, members: Set(members))
        let error = #expect(throws: CloudError.self, "\(why)") { try EdgePlan(spec) }
        #expect(error?.code == .invalid)
    }

    @Test func boundsOfTheWhole() throws {
        for (addresses, bandwidth) in [("203.0.113.1", 10), ("203.0.113.1/33", 10), ("203.0.113.1/24", 0)] {
            #expect(throws: CloudError.self) {
                try EdgePlan(EdgeSpec(addresses: [addresses], bandwidth: bandwidth, members: []))
            }
        }
        let many = (0...EdgePlan.mostMembers).map { number in
            EdgeMember(
                id: "m\(number)", mac: MAC("02:00:00:00:" + String(Hex.string(UInt64(number)).suffix(4)).pairs)!,
                addresses: [IPAddress.v4(IPv4(number: 0x0a00_0000 + UInt32(number)))], blocks: [], plan: nil)
        }
        #expect(throws: CloudError.self) {
            try EdgePlan(EdgeSpec(addresses: [], bandwidth: 10, members: Set(many)))
        }
        #expect(throws: Never.self) {
            try EdgePlan(EdgeSpec(addresses: [], bandwidth: 10, members: Set(many.dropFirst())))
        }
    }

    @Test func anAddressWithinItsOwnersBlockIsTheBlocks() throws {
        let spec = EdgeSpec(
            addresses: ["203.0.113.1/25"], bandwidth: 10,
            members: [Self.member("a", 1, ["203.0.113.10", "198.51.100.3"], ["198.51.100.0/28", "198.51.100.8/29"])])
        #expect(try EdgePlan(spec).parts[0].reach.map(\.plain) == ["198.51.100.0/28", "203.0.113.10"])
    }

    @Test func uplinksAreChecked() {
        for (device, address, gateway) in [
            ("", "192.0.2.2/24", "192.0.2.1"), ("eth0; reboot", "192.0.2.2/24", "192.0.2.1"),
            ("-x", "192.0.2.2/24", "192.0.2.1"), ("../../eth0", "192.0.2.2/24", "192.0.2.1"),
            ("eth0", "192.0.2.2", "192.0.2.1"), ("eth0", "192.0.2.2/24", "198.51.100.1"),
            ("eth0", "192.0.2.2/24", "192.0.2.2"), ("eth0", "192.0.2.2/0", "192.0.2.1"),
        ] {
            #expect(throws: CloudError.self, "\(device) \(address) \(gateway)") {
                try Uplink(device: device, addresses: [address], gateways: [gateway])
            }
        }
        #expect(throws: CloudError.self) {
            try Uplink(device: "eth0", addresses: ["192.0.2.2/24"], gateways: ["192.0.2.1", "192.0.2.3"])
        }
        #expect(throws: Never.self) {
            try Uplink(device: "eth0.7", addresses: ["192.0.2.2/24"], gateways: ["192.0.2.1"])
        }
    }

    @Test func numbersStayWithTheirCards() throws {
        let plan = BandwidthPlan(ceiling: 1, isGuaranteed: false)
        func numbers(_ members: [EdgeMember], _ taken: [String: Int]) throws -> [String: Int] {
            let spec = EdgeSpec(addresses: [], bandwidth: 10, members: Set(members))
            return try Shaping.numbers(
                for: try EdgePlan(spec), taken: Dictionary(uniqueKeysWithValues: taken.map { (MAC($0)!, $1) }))
        }
        let a = Self.member("a", 1, ["203.0.113.10"], [], plan)
        let b = Self.member("b", 2, ["203.0.113.11"], [], plan)
        #expect(try numbers([a, b], [:]) == ["a": 0x10, "b": 0x11])
        #expect(try numbers([a, b], ["fa:16:3e:00:00:02": 0x10]) == ["a": 0x11, "b": 0x10])
        // One that is just going keeps its number until it is gone.
        #expect(try numbers([b], ["fa:16:3e:00:00:01": 0x10]) == ["b": 0x11])
        #expect(
            Shaping.read("class htb 1:1 root\nclass htb 1:10 parent 1:1\nclass htb 1:ff parent 1:1\nx\n") == [
                1, 16, 255,
            ])
    }
}

extension String {
    /// `02ed` as `02:ed`.
    var pairs: String { prefix(2) + ":" + suffix(2) }
}

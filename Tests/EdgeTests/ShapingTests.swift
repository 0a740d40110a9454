import CloudCore
import CloudHost
import CloudNetwork
import Testing

@testable import CloudEdge

/// What two members get of an uplink of 50 Mbit/s, one of them with 20 of them guaranteed.
enum Neighbours {
    static let (one, two) = (Lab.Tenant(number: 1), Lab.Tenant(number: 2))
    static let bandwidth = 50
    static let guaranteed = 20
    static let seconds = "5"

    static func spec(guarantee: Bool) -> EdgeSpec {
        Lab.spec(
            [
                one.member(guarantee ? BandwidthPlan(ceiling: guaranteed, isGuaranteed: true) : nil),
                two.member(guarantee ? BandwidthPlan(ceiling: 45, isGuaranteed: false) : nil),
            ], bandwidth: bandwidth)
    }

    /// Mbit/s of payload that a TCP connection of tenant 1 carries out, or in from a stranger.
    static func pour(_ lab: Lab, out: Bool) async throws -> Double {
        var rate = 0.0
        let (from, to) = out ? (lab.tenant(1), lab.outside) : (lab.outside, lab.tenant(1))
        try await lab.serving(to) {
            let said = try await lab.run(from, "pour", out ? Lab.stranger : one.address, "80", seconds)
            rate = said.number / 1e6
        }
        return rate
    }

    /// The same, while tenant 2 floods that direction with three times of what there is.
    static func contended(_ lab: Lab, out: Bool) async throws -> Double {
        let (from, target) = out ? (lab.tenant(2), Lab.stranger) : (lab.outside, two.address)
        async let blast = lab.run(from, "blast", target, "9", "\(3 * bandwidth)", "9")
        try await Task.sleep(for: .seconds(1))
        let rate = try await pour(lab, out: out)
        _ = try await blast
        return rate
    }
}

extension JSON {
    /// The value of a number, whole or not.
    var number: Double {
        if case .number(let value) = self { value } else { Double(integer ?? 0) }
    }
}

extension RealEdge {
    @Suite("C084: bandwidth plans") struct ShapingTests {
        @Test(arguments: [true, false])
        func aGuaranteeHoldsAgainstANeighboursFlood(out: Bool) async throws {
            try await Lab.with { lab in
                try await lab.edge.ensure(Neighbours.spec(guarantee: true))
                let alone = try await Neighbours.pour(lab, out: out)
                let contended = try await Neighbours.contended(lab, out: out)
                print("\(out ? "out" : "in"): alone \(alone), beside a flood \(contended) Mbit/s")
                // The plan counts whole frames: 1,448 of 1,514 bytes are payload.
                #expect(alone >= Double(Neighbours.guaranteed) * 1448 / 1514 * 0.95)
                #expect(contended >= alone * 0.95)
            }
        }

        @Test(arguments: [true, false])
        func ceilingsHold(out: Bool) async throws {
            try await Lab.with { lab in
                for plan in [
                    BandwidthPlan(ceiling: 20, isGuaranteed: true), BandwidthPlan(ceiling: 40, isGuaranteed: false),
                ] {
                    try await lab.edge.ensure(Lab.spec([Neighbours.one.member(plan)], bandwidth: 100))
                    let (from, to) = out ? (lab.tenant(1), lab.outside) : (lab.outside, lab.tenant(1))
                    async let counted = lab.run(to, "count", "7", "4")
                    try await Task.sleep(for: .milliseconds(500))
                    let target = out ? Lab.stranger : Neighbours.one.address
                    _ = try await lab.run(from, "blast", target, "7", "\(2 * plan.ceiling)", "5")
                    let rate = try await counted.number / 1e6
                    print("\(out ? "out" : "in"): a ceiling of \(plan.ceiling) let \(rate) Mbit/s through")
                    #expect(abs(rate - Double(plan.ceiling)) <= 0.05 * Double(plan.ceiling))
                }
            }
        }
    }
}

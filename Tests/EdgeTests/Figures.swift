import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Testing

@testable import CloudEdge

extension RealEdge {
    /// What `tools/bench/edge` asks for: figures with and without each defence, as JSON in the file it names.
    @Suite("Figures", .enabled(if: getenv("AKASHI_EDGE_FIGURES") != nil)) struct Figures {
        @Test func ofFloodsAndGuarantees() async throws {
            let file = String(cString: getenv("AKASHI_EDGE_FIGURES")!)
            var out: [String: JSON] = [:]
            for (name, limits) in [("flood_without", Besieged.none), ("flood_with", Besieged.brief)] {
                var good = 0
                var dropped = 0
                for _ in 1...3 {
                    try await Besieged.with(limits) { lab in
                        good += try await Besieged.flood(lab, patience: limits == Besieged.none ? "0.15" : "3")
                        dropped += try await lab.edge.counters()["tenant-1"]?.floodDropped ?? 0
                    }
                }
                out[name] = ["of": 60, "good": .integer(good), "dropped": .integer(dropped)]
            }
            for (name, guarantee) in [("shaping_without", false), ("shaping_with", true)] {
                for isOut in [true, false] {
                    try await Lab.with { lab in
                        try await lab.edge.ensure(Neighbours.spec(guarantee: guarantee))
                        let alone = try await Neighbours.pour(lab, out: isOut)
                        let contended = try await Neighbours.contended(lab, out: isOut)
                        out["\(name)_\(isOut ? "out" : "in")"] = [
                            "alone": .number(alone), "contended": .number(contended),
                        ]
                    }
                }
            }
            try await Lab.with { lab in
                out["pass_out"] = .number(try await Neighbours.free(lab))
                for count in [100, 1000] {
                    let start = ContinuousClock.now
                    try await lab.edge.ensure(Neighbours.crowd(count))
                    let first = ContinuousClock.now
                    try await lab.edge.ensure(Neighbours.crowd(count))
                    out["ensure_\(count)"] = [
                        "first": .number((first - start).milliseconds),
                        "again": .number((ContinuousClock.now - first).milliseconds),
                    ]
                }
            }
            out["rate"] = .integer(Besieged.rate)
            out["seconds"] = .integer(Besieged.seconds)
            try Files.write(Array(JSON.object(out).text.utf8), to: file)
        }
    }
}

extension Neighbours {
    /// Mbit/s that pass where nothing but the processor is in the way.
    static func free(_ lab: Lab) async throws -> Double {
        try await lab.edge.ensure(Lab.spec([one.member()], bandwidth: 100_000))
        return try await pour(lab, out: true)
    }

    /// So many members, each with a plan and a block.
    static func crowd(_ count: Int) -> EdgeSpec {
        let members = (1...count).map { number in
            EdgeMember(
                id: "m\(number)",
                mac: MAC("02:00:00:00:" + Hex.string([UInt8(number >> 8), UInt8(number & 255)]).pairs)!,
                addresses: [.v4(IPv4(number: 0x0a01_0000 + UInt32(number)))],
                blocks: [CIDR(holding: .v4(IPv4(number: 0x0b00_0000 + UInt32(number) << 4)), prefix: 28)],
                plan: BandwidthPlan(ceiling: 10, isGuaranteed: number % 2 == 0))
        }
        return EdgeSpec(addresses: ["10.1.255.254/16"], bandwidth: 10_000, members: Set(members))
    }
}

extension Duration {
    var milliseconds: Double {
        Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
    }
}

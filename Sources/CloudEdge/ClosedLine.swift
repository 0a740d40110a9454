import CloudCore
import CloudHost
import CloudNetwork

/// What leaves by a device of the network's namespace, shared out by VLAN: each is known by its tag alone, so that the
/// rule is a row of a map and the class has the tag's own number.
struct ClosedLine: Sendable {
    /// Of the namespace in which the device is.
    let tools: EdgeTools
    let device: String
    /// The bytes that the switch may have on their way to the device, where one socket of it sends for everyone:
    /// packets that wait in one class must not keep those of others from being sent. Nil where the kernel forwards.
    let buffer: Int?

    func ensure(_ line: LineSpec) async throws(CloudError) {
        let plans = try Self.checked(line)
        let table = "akashi-\(line.physical)"
        let shaper = Shaper(tools: tools, device: device)
        guard !plans.isEmpty else {
            try await tell(table, [])
            return try await shaper.remove()
        }
        // Classes come before the rules that name them, and go after those.
        var shaping = Shaping(classes: plans, bandwidth: line.bandwidth)
        // A packet takes twice its length of the buffer; half of it stays free, though every class be full.
        shaping.most = buffer.map { max($0 / 4 / (plans.count + 1), 3100) }
        try await shaper.ensure(shaping)
        let rows = plans.keys.sorted().map { "\($0 - Self.first) : \(Shaping.name($0))" }.joined(separator: ", ")
        try await tell(
            table,
            [
                "table netdev \(table) { chain leaving { type filter hook egress device \"\(device)\" priority filter; "
                    + "meta priority set vlan id map { \(rows) }; }; }"
            ])
        try await shaper.trim(keeping: Set(plans.keys))
    }

    /// The number of VLAN 0's class, had it one.
    private static let first = 0x1000

    /// Plans by class.
    private static func checked(_ line: LineSpec) throws(CloudError) -> [Int: BandwidthPlan] {
        guard PhysicalName.isValid(line.physical) else {
            throw .invalid("'\(line.physical)' names no physical network.", field: "physical_network")
        }
        guard line.plans.isEmpty || (1...1_000_000).contains(line.bandwidth) else {
            throw .invalid("A bandwidth is 1 to 1,000,000 Mbit/s, not \(line.bandwidth).", field: "bandwidth")
        }
        var out: [Int: BandwidthPlan] = [:]
        for (segment, plan) in line.plans {
            guard (1...4094).contains(segment), (1...1_000_000).contains(plan.ceiling) else {
                throw .invalid("VLAN \(segment) cannot have a plan of \(plan.ceiling) Mbit/s.", field: "plan")
            }
            out[first + segment] = plan
        }
        return out
    }

    /// Replaces a table in one step: nothing passes unshared.
    private func tell(_ table: String, _ lines: [String]) async throws(CloudError) {
        let fresh = ["add table netdev \(table)", "delete table netdev \(table)"]
        try await tools.batch(["nft", "-f", "-"], fresh + lines)
    }
}

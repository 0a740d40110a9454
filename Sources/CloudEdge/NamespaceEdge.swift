import CloudCore
import CloudHost
import CloudNetwork

/// The edge as a network namespace of this machine, kept by the kernel alone: it goes on while no control plane runs.
///
/// The network's namespace has one end of a pair of devices, `inet`; the edge has the other and the operator's uplink.
/// nftables checks, counts and answers for those under attack; HTB shapes both directions.
public struct NamespaceEdge: Edge {
    /// Where the edge is.
    public let namespace: NetworkNamespace
    /// The device in the network's namespace that leads to the edge.
    public static let peer = EdgeDevices.peer
    private let devices: EdgeDevices
    private let tools: EdgeTools
    private let uplink: Uplink?
    private let limits: EdgeLimits
    private let lines: Lines
    /// Where closed lines begin.
    private let inside: EdgeTools
    private let lock = KeyedLock<String>()

    /// - Parameters:
    ///   - uplink: nil for an edge that leads nowhere; all else of it works.
    ///   - lines: the closed lines that begin at this machine.
    public init(dirs: InstanceDirs, uplink: Uplink?, lines: Lines = Lines(), limits: EdgeLimits = EdgeLimits()) {
        namespace = dirs.namespace("edge")
        tools = EdgeTools(namespace: namespace)
        inside = EdgeTools(namespace: dirs.namespace("net"))
        (self.uplink, self.limits, self.lines) = (uplink, limits, lines)
        devices = EdgeDevices(tools: tools, net: dirs.namespace("net"), uplink: uplink, tag: dirs.tag)
    }

    /// Lines to closed networks.
    public struct Lines: Sendable {
        /// The device of each in the network's namespace, by the physical network's name.
        public var devices: [String: String]
        /// Whether a switch outside of the kernel sends to them.
        public var areSentToBySockets: Bool
        public init(devices: [String: String] = [:], areSentToBySockets: Bool = false) {
            (self.devices, self.areSentToBySockets) = (devices, areSentToBySockets)
        }
    }

    public func ensure(_ spec: EdgeSpec) async throws(CloudError) {
        let plan = try EdgePlan(spec)
        try await lock.run(namespace.name) { () throws(CloudError) in
            try await devices.ensure()
            let taken = try await numbers()
            let classes = try Shaping.numbers(for: plan, taken: taken)
            var plans: [Int: BandwidthPlan] = [:]
            for part in plan.parts {
                if let number = classes[part.member.id] { plans[number] = part.member.plan }
            }
            // Classes come before the rules that name them, and go after those.
            let shaping = Shaping(classes: plans, bandwidth: plan.bandwidth)
            for device in shaped { try await shaper(device).ensure(shaping) }
            let rules = EdgeRules(plan: plan, limits: limits, classes: classes, stale: try await stale(plan))
            try await tools.batch(["nft", "-f", "-"], [rules.text])
            for device in shaped { try await shaper(device).trim(keeping: Set(plans.keys)) }
            try await devices.open()
            try await EdgeAddresses(tools: tools, plan: plan, uplink: uplink).ensure()
        }
    }

    public func ensure(_ line: LineSpec) async throws(CloudError) {
        guard let device = lines.devices[line.physical] else { return }
        let buffer = lines.areSentToBySockets ? Files.line("/proc/sys/net/core/wmem_default").flatMap { Int($0) } : nil
        try await lock.run(device) { () throws(CloudError) in
            try await ClosedLine(tools: inside, device: device, buffer: buffer).ensure(line)
        }
    }

    public func counters() async throws(CloudError) -> [String: EdgeCounters] {
        var out: [String: EdgeCounters] = [:]
        for (count, member, packets, bytes) in try await counted() {
            var own = out[member] ?? EdgeCounters()
            switch count {
            case .came: (own.packetsIn, own.bytesIn) = (packets, bytes)
            case .left: (own.packetsOut, own.bytesOut) = (packets, bytes)
            case .forged: own.spoofDropped = packets
            case .refused: own.sourceDropped = packets
            case .knocked: own.floodDropped += packets
            case .met: own.floodDropped -= packets
            }
            out[member] = own
        }
        // The two are not read at one moment.
        for member in out.keys { out[member]!.floodDropped = max(0, out[member]!.floodDropped) }
        return out
    }

    public func sieges() async throws(CloudError) -> [IPAddress: Int] {
        var out: [IPAddress: Int] = [:]
        for family in ["4", "6"] {
            let besieged = try await elements("besieged" + family)
            guard !besieged.isEmpty else { continue }
            let came = Dictionary(try await elements("openings" + family).map { ($0, $1) }) { $1 }
            for (text, _) in besieged {
                if let address = IPAddress(text) { out[address] = came[text] ?? 0 }
            }
        }
        return out
    }

    /// Gives the uplink back to the host, and removes the edge with all that it counted. Done where there is none.
    public func release() async throws(CloudError) {
        try await lock.run(namespace.name) { () throws(CloudError) in try await devices.remove() }
    }

    // MARK: What is there

    private func shaper(_ device: String) -> Shaper { Shaper(tools: tools, device: device) }

    private var shaped: [String] { [EdgeRules.inside] + (uplink == nil ? [] : [EdgeRules.uplink]) }

    /// The class that each card has: the rules are the only place where it is written.
    private func numbers() async throws(CloudError) -> [MAC: Int] {
        var out: [MAC: Int] = [:]
        for object in try await tools.nft(["list", "map", "inet", EdgeRules.table, "leaving"]) ?? [] {
            for element in object["map"]?["elem"]?.array ?? [] {
                guard let mac = element[0]?.string.flatMap({ MAC($0) }), let name = element[1]?.string,
                    let number = Int(name.dropFirst(2), radix: 16)
                else { continue }
                out[mac] = number
            }
        }
        return out
    }

    private func counted() async throws(CloudError) -> [(EdgeRules.Count, String, Int, Int)] {
        let all = try await tools.nft(["list", "counters", "table", "inet", EdgeRules.table])
        return (all ?? []).compactMap { object in
            guard let counter = object["counter"], let name = counter["name"]?.string,
                let dash = name.firstIndex(of: "-"), let count = EdgeRules.Count(rawValue: String(name[..<dash]))
            else { return nil }
            let member = String(name[name.index(after: dash)...])
            return (count, member, counter["packets"]?.integer ?? 0, counter["bytes"]?.integer ?? 0)
        }
    }

    /// Commands that remove counters of gone members, and tables that another version made.
    private func stale(_ plan: EdgePlan) async throws(CloudError) -> [String] {
        var out: [String] = []
        for object in try await tools.nft(["list", "tables"]) ?? [] {
            guard let table = object["table"], let family = table["family"]?.string, let name = table["name"]?.string,
                name != EdgeRules.table
            else { continue }
            out.append("delete table \(family) \(name)")
        }
        let members = Set(plan.parts.map(\.member.id))
        for (count, member, _, _) in try await counted() where !members.contains(member) {
            out.append("delete counter inet \(EdgeRules.table) \(EdgeRules.counter(count, member))")
        }
        return out
    }

    /// The elements of a set with what was counted of each.
    private func elements(_ set: String) async throws(CloudError) -> [(String, Int)] {
        var out: [(String, Int)] = []
        for object in try await tools.nft(["list", "set", "inet", EdgeRules.table, set]) ?? [] {
            for element in object["set"]?["elem"]?.array ?? [] {
                guard let text = element["elem"]?["val"]?.string else { continue }
                out.append((text, element["elem"]?["counter"]?["packets"]?.integer ?? 0))
            }
        }
        return out
    }
}

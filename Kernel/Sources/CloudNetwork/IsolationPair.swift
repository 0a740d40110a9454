import CloudCore
import CloudStore

/// What a probe found between two networks, in one direction; or within one network, where both are the same.
public struct IsolationPair: Resource {
    public var probe = "", from = "", to = "", fromProject = "", toProject = ""
    public var verdict = Verdict.untried, why = ""
    public var attempts: [Attempt] = []

    /// What is known of a network's isolation.
    public enum Verdict: String, CaseIterable, Sendable {
        /// Every way was tried, by ports that could be heard, and none led across.
        case blocked
        case crossed
        /// It could not be tried, so that nothing is known.
        case untried = "not_tried"
    }

    /// One way that was tried.
    public struct Attempt: Hashable, Sendable, JSONConvertible {
        public var kind: ProbeAttempt.Kind
        public var sent = 0, heard = 0, milliseconds = 0

        init(_ it: ProbeAttempt) {
            (kind, sent, heard, milliseconds) = (it.kind, it.sent, it.heard, it.milliseconds)
        }
        public init(json: JSON) throws(CloudError) {
            guard let kind = json["name"]?.string.flatMap(ProbeAttempt.Kind.init(rawValue:)) else {
                throw .invalid("an attempt has a name.")
            }
            self.kind = kind
            (sent, heard) = (json["sent"]?.integer ?? 0, json["heard"]?.integer ?? 0)
            milliseconds = json["ms"]?.integer ?? 0
        }
        public var json: JSON {
            [
                "name": .string(kind.rawValue), "sent": .integer(sent), "heard": .integer(heard),
                "ms": .integer(milliseconds),
                "verdict": .string(heard > 0 ? "crossed" : sent > 0 ? "blocked" : "routed"),
            ]
        }
    }

    public init() {}

    public static let kind = Kind("isolation_pair", "isolation_pairs", service: "network")
    public static let access = Access.system
    public static let fields: [Field<IsolationPair>] = [
        .text("probe", \.probe, [.read, .indexed], max: 64, "The probe."),
        .text("from_network", \.from, [.read], max: 64, "The network that was tried from."),
        .text("to_network", \.to, [.read], max: 64, "The network that was tried to reach."),
        .text("from_project", \.fromProject, [.read], max: 64, "The project of the one."),
        .text("to_project", \.toProject, [.read], max: 64, "The project of the other."),
        .choice("verdict", \.verdict, [.read], "Whether anything got across."),
        .text("why", \.why, [.read], max: 1024, "Why it could not be tried, or what is wired wrongly."),
        .value("attempts", \.attempts, [.read], max: 8192, "What was tried, and what was heard of it."),
    ]

    /// The most pairs that one probe keeps beside those of its own networks.
    static let mostFaults = 100
}

extension IsolationPair {
    /// The pairs of a probe, each in both directions and each network with itself, from what was found.
    ///
    /// - Parameter owners: the networks that were to be probed, and their projects.
    static func judge(
        _ owners: [ID<LogicalNetwork>: ProjectID], _ report: ProbeReport, _ faults: [WiringFault], probe: String,
        ownerOf: (ID<LogicalNetwork>) throws(CloudError) -> ProjectID
    ) throws(CloudError) -> [IsolationPair] {
        struct Way: Hashable { let from: ID<LogicalNetwork>, to: ID<LogicalNetwork> }
        var found = Dictionary(grouping: report.attempts) { Way(from: $0.from, to: $0.to) }
        var pairs: [Way: IsolationPair] = [:]
        for from in owners.keys {
            for to in owners.keys {
                let way = Way(from: from, to: to)
                var pair = IsolationPair()
                (pair.probe, pair.from, pair.to) = (probe, from.text, to.text)
                (pair.fromProject, pair.toProject) = (owners[from]!.text, owners[to]!.text)
                pair.attempts = (found.removeValue(forKey: way) ?? []).map(Attempt.init)
                let deaf = Set([from, to]).compactMap { report.deaf[$0] }.sorted()
                if pair.attempts.contains(where: { $0.heard > 0 }) {
                    pair.verdict = .crossed
                } else if deaf.isEmpty, pair.attempts.contains(where: { $0.sent > 0 }) {
                    pair.verdict = .blocked
                } else {
                    pair.why = deaf.isEmpty ? "Nothing was sent." : deaf.joined(separator: " ")
                }
                pairs[way] = pair
            }
        }
        for fault in faults.prefix(mostFaults) {
            let way = Way(from: fault.one, to: fault.other)
            var pair = pairs[way] ?? IsolationPair()
            (pair.probe, pair.from, pair.to) = (probe, fault.one.text, fault.other.text)
            (pair.fromProject, pair.toProject) = (try ownerOf(fault.one).text, try ownerOf(fault.other).text)
            if !pair.attempts.contains(where: { $0.kind == .wiring }) {
                pair.attempts.append(
                    Attempt(ProbeAttempt(.wiring, from: fault.one, to: fault.other, sent: 1, heard: 1)))
            }
            pair.verdict = .crossed
            pair.why = String((pair.why.isEmpty ? fault.what : pair.why + " " + fault.what).prefix(1000))
            pairs[way] = pair
        }
        return pairs.values.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }
}

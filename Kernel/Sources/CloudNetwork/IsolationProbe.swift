import CloudCore
import CloudEngine
import CloudStore

/// One run of the isolation probe: ports of the cloud's own on tenants' networks try to reach each other (white paper
/// C017, C043). It is green only where every pair could be tried and none led across.
public struct IsolationProbe: Lifecycle {
    public typealias Verdict = IsolationPair.Verdict

    /// The networks that an operator asked for; any where it is empty.
    public var wanted: [String] = []
    /// The networks that were chosen.
    public var networks: [String] = []
    public var status = Status.running
    public var verdict = Verdict.untried
    /// Why it could not be tried, for the operator.
    public var cause = ""
    public var finishedAt: Instant?
    public var pairs = 0, crossed = 0, untried = 0

    public enum Status: String, CaseIterable, Sendable { case running, done }
    public enum Label: String, CaseIterable, Sendable { case choose, plug, attempt, clear, rest }

    /// What its steps act through.
    public struct World: Sendable {
        public let fabric: any Fabric
        public let prober: any Probing
        public init(fabric: any Fabric, prober: any Probing) { (self.fabric, self.prober) = (fabric, prober) }
    }

    public init() {}

    public static let kind = Kind("isolation_probe", "isolation_probes", service: "network")
    public static let access = Access.system
    public static let fields: [Field<IsolationProbe>] = [
        .value("wanted", \.wanted, [.create], max: 1024, "The networks that were asked for."),
        .value("networks", \.networks, [.read], max: 1024, "The networks that were chosen."),
        .choice("status", \.status, [.read, .indexed], "Whether it still tries."),
        .choice("verdict", \.verdict, [.read], "What it found."),
        .text("cause", \.cause, [], max: 1024, "Why it could not be tried."),
        .time("finished_at", \.finishedAt, [.read], "When it had its verdict."),
        .integer("pairs", \.pairs, [.read], 0...1000, "How many pairs it has looked at."),
        .integer("crossed", \.crossed, [.read], 0...1000, "How many of them meet."),
        .integer("untried", \.untried, [.read], 0...1000, "How many of them could not be tried."),
    ]

    /// The most networks of one run.
    public static let most = 12
    /// How many runs are kept.
    static let kept = 48
    /// How long it may take from its order to its verdict.
    static let limit = Duration.seconds(150)
    /// How often, two seconds apart, rows are compared before a difference counts.
    static let looks = 8
    public static let resync = Duration.seconds(86_400)
    /// The next run comes soon, and an operator waits for this one.
    public static let patience = 2
    public static func deadline(_ label: Label) -> Duration { .seconds(label == .attempt ? 90 : 30) }

    public static func step(
        _ label: Label, _ turn: inout Turn<IsolationProbe>, in world: World
    ) async throws(CloudError) -> Next<Label> {
        let isLate = turn.now - turn.it.createdAt > limit
        if isLate, label != .clear, label != .rest {
            giveUp(&turn, "It took longer than \(limit.components.seconds) seconds to get ready.")
            return .hop(.clear)
        }
        switch label {
        case .choose:
            try await choose(&turn)
            return .hop(.plug)
        case .plug: return try await plug(&turn, in: world)
        case .attempt:
            try await attempt(&turn, in: world)
            return .hop(.clear)
        case .clear:
            try await clear(&turn, in: world)
            return .hop(.rest)
        case .rest: return .rest
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<IsolationProbe>, _ error: CloudError) -> Next<Label> {
        guard label != .clear, label != .rest else { return .nap(.seconds(30)) }
        giveUp(&turn, error.detail ?? error.message)
        return .hop(.clear)
    }

    private static func choose(_ turn: inout Turn<IsolationProbe>) async throws(CloudError) {
        let (id, wanted) = (turn.it.id, turn.it.wanted)
        let chosen = try await turn.store.read { (reader) throws(CloudError) in
            try ProbePlan.choose(wanted.map { ID($0) }, for: id, in: reader)
        }
        turn.it.networks = chosen.map(\.text)
        turn.also { (writer) throws(CloudError) in
            try forgetOld(in: writer)
            for network in chosen { try ProbePlan.place(on: network, for: id, in: writer) }
        }
    }

    /// Waits until the ports are in the fabric, and gives each a device.
    private static func plug(
        _ turn: inout Turn<IsolationProbe>, in world: World
    ) async throws(CloudError) -> Next<Label> {
        let plan = turn.it.plan
        let wanted = try await turn.store.read { (reader) throws(CloudError) in
            var ports: [ID<Port>] = []
            for place in plan { ports += try place.ports(in: reader).map(\.id) }
            return ports
        }
        guard try await world.fabric.ports().isSuperset(of: wanted) else { return .nap(.milliseconds(300)) }
        for port in wanted {
            _ = try await world.fabric.ensurePlug(port, uid: 0, mtu: LogicalNetwork.mtu, on: world.prober.host)
        }
        try await world.fabric.settle(on: world.prober.host)
        return .hop(.attempt)
    }

    private static func attempt(_ turn: inout Turn<IsolationProbe>, in world: World) async throws(CloudError) {
        let plan = turn.it.plan
        let seen = try await turn.store.read { (reader) throws(CloudError) in try ProbePlan.look(plan, in: reader) }
        var report = try await world.prober.attempt(seen.stations)
        report.deaf.merge(seen.incomplete) { mine, _ in mine }
        let faults = try await lastingFaults(turn, world.prober)
        let (probe, told) = (turn.it.id.text, report)
        let results = try await turn.store.read { (reader) throws(CloudError) in
            try IsolationPair.judge(seen.owners, told, faults, probe: probe) { (network) throws(CloudError) in
                try reader.find(network)?.project ?? ID("")
            }
        }
        finish(&turn, results)
    }

    /// The faults that are there at every look of several: whatever is only being changed just now is not.
    private static func lastingFaults(
        _ turn: Turn<IsolationProbe>, _ prober: any Probing
    ) async throws(CloudError) -> [WiringFault] {
        var lasting: [WiringFault] = []
        for look in 0..<looks {
            if look > 0 { await turn.clock.sleep(.seconds(2)) }
            let wiring = try await turn.store.read { (reader) throws(CloudError) in try Wiring(all: reader) }
            let found = try await prober.faults(in: wiring)
            lasting = look == 0 ? found : lasting.filter(Set(found).contains)
            if lasting.isEmpty { break }
        }
        return lasting
    }

    private static func finish(_ turn: inout Turn<IsolationProbe>, _ results: [IsolationPair]) {
        turn.it.pairs = results.count
        turn.it.crossed = results.count { $0.verdict == .crossed }
        turn.it.untried = results.count { $0.verdict == .untried }
        let isWhole = turn.it.untried == 0 && results.contains { $0.from != $0.to && $0.verdict == .blocked }
        turn.it.verdict = turn.it.crossed > 0 ? .crossed : isWhole ? .blocked : .untried
        (turn.it.status, turn.it.finishedAt) = (.done, turn.clock.now())
        let id = turn.it.id
        turn.also { (writer) throws(CloudError) in
            for (place, pair) in results.enumerated() {
                try writer.insert(pair, id: Derived.id("pair \(place) of \(id)"))
            }
        }
    }

    /// Ends without knowing anything.
    private static func giveUp(_ turn: inout Turn<IsolationProbe>, _ why: String) {
        (turn.it.status, turn.it.verdict, turn.it.finishedAt) = (.done, .untried, turn.now)
        turn.it.cause = String(decoding: why.utf8.prefix(1000), as: UTF8.self)
        let (id, networks) = (turn.it.id, turn.it.plan.map(\.network))
        turn.it.pairs = networks.count * networks.count
        turn.it.untried = turn.it.pairs
        turn.also { (writer) throws(CloudError) in
            var owners: [ID<LogicalNetwork>: ProjectID] = [:]
            for network in networks { owners[network] = try writer.find(network)?.project ?? ID("") }
            let deaf = ProbeReport(
                attempts: [], deaf: owners.mapValues { _ in "The probe ended before it could try." })
            let pairs = try IsolationPair.judge(owners, deaf, [], probe: id.text) { (_) in ID("") }
            for (place, pair) in pairs.enumerated() {
                try writer.insert(pair, id: Derived.id("pair \(place) of \(id)"))
            }
        }
    }

    /// Takes away all that was put for the probe, whatever of it is there.
    private static func clear(_ turn: inout Turn<IsolationProbe>, in world: World) async throws(CloudError) {
        let plan = turn.it.plan
        for port in plan.flatMap(\.portIDs) { try await world.fabric.removePlug(port, on: world.prober.host) }
        try await world.prober.forget(plan.flatMap(\.portIDs).map(Port.freshMAC))
        turn.also { (writer) throws(CloudError) in
            for place in plan { try place.leave(in: writer) }
        }
    }

    /// Removes the runs before the last ones.
    private static func forgetOld(in writer: any Writer) throws(CloudError) {
        var query = Query.everything(kind).with("status", .string(Status.done.rawValue))
        query.order = [Query.Order("created_at", ascending: false)]
        for old in try writer.list(IsolationProbe.self, query).dropFirst(kept - 1) {
            // Its ports are still being taken away.
            guard try writer.work(Reference(old.id))?.label == Label.rest.rawValue else { continue }
            for pair in try writer.rows(Query.everything(IsolationPair.kind).with("probe", .string(old.id.text))) {
                try writer.remove(Reference(IsolationPair.kind, pair.id))
            }
            try writer.remove(Reference(old.id))
        }
    }
}

extension Stored where R == IsolationProbe {
    /// Its places on the networks that were chosen.
    var plan: [ProbePlan] { value.networks.map { ProbePlan(probe: id, network: ID($0)) } }
}

extension IsolationProbe: Governed {
    public static func admit(
        _ draft: inout Stored<IsolationProbe>, for caller: Caller, in writer: any Writer
    ) throws(CloudError) {
        if let other = try writer.first(IsolationProbe.self, where: "status", .string(Status.running.rawValue)) {
            throw .conflict("Isolation probe \(other.id) still runs.")
        }
        guard draft.wanted.count <= most, Set(draft.wanted).count == draft.wanted.count else {
            throw .invalid("At most \(most) networks are probed at once, and each once.", field: "networks")
        }
        for network in draft.wanted { _ = try writer.get(ID<LogicalNetwork>(network), for: caller) }
    }

    /// Orders a run where the newest is older than it may be, and none runs; returns whether it did.
    @discardableResult
    static func order(ifOlderThan age: Duration, _ dice: any Dice, in store: any Store) async throws(CloudError) -> Bool
    {
        var newest = Query(kind, limit: 1)
        newest.order = [Query.Order("created_at", ascending: false)]
        let query = newest
        let isDue = try await store.read { (reader) throws(CloudError) in
            guard let last = try reader.list(IsolationProbe.self, query).first else { return true }
            return last.status == .done && reader.now - last.createdAt >= age
        }
        guard isDue else { return false }
        let (id, caller) = (newID(dice), Caller.system("schedule"))
        let record = AuditRecord(caller, service: "network", action: "create", kind: kind.name, resource: id.text)
        try await store.write(record) { (writer) throws(CloudError) in
            _ = try writer.create(IsolationProbe(), id: id, project: ID(""), for: caller)
        }
        return true
    }
}

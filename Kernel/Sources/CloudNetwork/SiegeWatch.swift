import CloudCore
import CloudStore

/// Looks at the edge now and then, and writes down who was attacked, since when, until when and how hard.
public actor SiegeWatch {
    /// What is known of an attack that goes on, beside what is written.
    private struct Siege {
        let id: ID<DDoSEvent>
        let member: String
        var value: DDoSEvent
        /// What was counted when it was last looked at, and when that was.
        var openings: Int
        var dropped: Int
        var at: Instant
        var written: Instant
    }
    private let edge: any Edge
    private let store: any Store
    private let clock: any Clock
    private let dice: any Dice
    private var sieges: [IPAddress: Siege] = [:]
    /// Whether those that an earlier control plane began have been taken over.
    private var hasAdopted = false

    /// How often it looks.
    public static let interval = Duration.seconds(2)
    /// An attack that goes on is written down so often.
    static let pause = Duration.seconds(60)

    public init(_ edge: any Edge, _ store: any Store, clock: any Clock, dice: any Dice) {
        (self.edge, self.store, self.clock, self.dice) = (edge, store, clock, dice)
    }

    /// Looks once.
    ///
    /// - Throws: what the edge or the store throws; nothing is lost by it, and the next look goes on.
    public func look() async throws(CloudError) {
        let now = clock.now()
        let counted = try await edge.sieges()
        if !hasAdopted {
            try await adopt(counted, now)
            hasAdopted = true
        }
        guard !counted.isEmpty || !sieges.isEmpty else { return }
        let dropped = try await edge.counters().mapValues(\.floodDropped)
        for (address, openings) in counted.sorted(by: { $0.key < $1.key }) {
            if sieges[address] == nil {
                try await begin(address, openings, dropped, now)
            } else {
                observe(address, openings, dropped, now)
                if sieges[address]!.written + Self.pause <= now { try await write(address, "note", now) }
            }
        }
        for address in sieges.keys.sorted() where counted[address] == nil {
            observe(address, sieges[address]!.openings, dropped, now)
            sieges[address]!.value.until = now
            try await write(address, "end", now)
            sieges[address] = nil
        }
    }

    private func observe(_ address: IPAddress, _ openings: Int, _ dropped: [String: Int], _ now: Instant) {
        guard var siege = sieges[address] else { return }
        // Counts begin anew where the edge was made anew.
        let more = openings >= siege.openings ? openings - siege.openings : openings
        let milliseconds = max(1, Int(now.microseconds - siege.at.microseconds) / 1000)
        siege.value.openings += more
        siege.value.peak = max(siege.value.peak, more * 1000 / milliseconds)
        let lost = dropped[siege.member] ?? 0
        siege.value.dropped += max(0, lost >= siege.dropped ? lost - siege.dropped : lost)
        (siege.openings, siege.dropped, siege.at) = (openings, lost, now)
        sieges[address] = siege
    }

    private func begin(
        _ address: IPAddress, _ openings: Int, _ dropped: [String: Int], _ now: Instant
    ) async throws(CloudError) {
        let id = ID<DDoSEvent>(dice.uuid())
        let member = try await store.write(record("begin", id)) { (writer) throws(CloudError) -> String in
            let owner = try EdgeOwner.of(address, in: writer)
            var event = DDoSEvent()
            (event.address, event.member) = (address, owner?.member ?? "")
            let project = owner?.project ?? ID("")
            var query = Query(DDoSEvent.kind).with("project_id", .string(project.text))
            query.limit = max(0, try writer.count(query) - DDoSEvent.most + 1)
            if query.limit > 0 {
                for it in try writer.rows(query) { try writer.remove(Reference(DDoSEvent.kind, it.id)) }
            }
            try writer.insert(event, id: id, project: project)
            return event.member
        }
        var value = DDoSEvent()
        (value.address, value.member) = (address, member)
        sieges[address] = Siege(
            id: id, member: member, value: value, openings: openings, dropped: dropped[member] ?? 0, at: now,
            written: now)
    }

    private func write(_ address: IPAddress, _ action: String, _ now: Instant) async throws(CloudError) {
        guard let siege = sieges[address] else { return }
        try await store.write(record(action, siege.id)) { (writer) throws(CloudError) in
            // Its project may be gone, and it with that.
            guard var event = try writer.find(siege.id) else { return }
            event.value = siege.value
            try writer.update(&event)
        }
        sieges[address]?.written = now
    }

    /// Goes on with attacks that an earlier control plane wrote down, and ends those that ended meanwhile.
    private func adopt(_ counted: [IPAddress: Int], _ now: Instant) async throws(CloudError) {
        let open = try await store.read { (reader) throws(CloudError) in
            try reader.list(DDoSEvent.self, Query(DDoSEvent.kind, limit: .max).with("until", .null))
        }
        for event in open {
            guard let address = event.address else { continue }
            sieges[address] = Siege(
                id: event.id, member: event.member, value: event.value, openings: counted[address] ?? 0,
                dropped: try await edge.counters()[event.member]?.floodDropped ?? 0, at: now, written: now)
        }
    }

    private func record(_ action: String, _ id: ID<DDoSEvent>) -> AuditRecord {
        AuditRecord(
            .system("edge"), service: "network", action: action, kind: DDoSEvent.kind.name, resource: id.text)
    }
}

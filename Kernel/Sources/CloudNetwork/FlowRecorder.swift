import CloudCore
import CloudStore

/// A packet that a rule dropped or let pass, as a host saw it. Where it was is said by the rule, never by the packet.
public struct FlowSighting: Hashable, Sendable {
    /// Whose rule it was.
    public enum Place: Hashable, Sendable {
        /// What drops at one port.
        case port(ID<Port>)
        /// What a group lets pass: the port is the member with the packet's hardware address.
        case group(ID<SecurityGroup>)
    }
    public var at: Instant
    public var place: Place
    public var verdict: FlowRecord.Verdict
    /// Whether the packet was going to the port, and not coming from it.
    public var isIngress: Bool
    /// The packet's hardware addresses.
    public var source: String
    public var destination: String
    /// What else is known of it, by the API's names.
    public var packet: [String: JSON]

    public init(
        at: Instant, place: Place, verdict: FlowRecord.Verdict, isIngress: Bool, source: String, destination: String,
        packet: [String: JSON]
    ) {
        (self.at, self.place, self.verdict, self.isIngress) = (at, place, verdict, isIngress)
        (self.source, self.destination, self.packet) = (source, destination, packet)
    }
}

/// Finds out whose the packets are that hosts saw, and writes them into the book. What nobody ordered, or what cannot
/// be told apart, is not written.
public actor FlowRecorder {
    private let store: any Store
    private let book: any FlowBook
    /// Connections let pass of which a packet was written lately: rules say so of each packet.
    private var passing: [FlowSighting: Instant] = [:]

    /// A connection is written again after so long.
    static let silence = Duration.seconds(60)
    /// So many connections are remembered; beyond, they may be written twice.
    static let mostPassing = 8192
    /// The most that is taken at once; what is beyond is not written.
    static let mostAtOnce = 4096

    public init(store: any Store, book: any FlowBook) { (self.store, self.book) = (store.withoutRemembering, book) }

    /// Writes what is wanted of it; packets alike become one record with their number.
    ///
    /// - Returns: how many records were written.
    @discardableResult
    public func take(_ sightings: [FlowSighting]) async throws(CloudError) -> Int {
        var order: [FlowSighting] = []
        var counts: [FlowSighting: (at: Instant, count: Int)] = [:]
        for sighting in sightings.prefix(Self.mostAtOnce) {
            var key = sighting
            key.at = Instant(microseconds: 0)
            if counts[key] == nil { order.append(key) }
            counts[key] = (counts[key]?.at ?? sighting.at, (counts[key]?.count ?? 0) + 1)
        }
        let fresh = order.filter { isNew($0, counts[$0]!.at) }
        guard !fresh.isEmpty else { return 0 }
        let seen = counts
        let records = try await store.read { (reader) throws(CloudError) in
            var owners = Owners(reader)
            var records: [FlowRecord] = []
            for it in fresh {
                guard let port = try owners.port(of: it), try owners.wants(it.verdict, of: port) else { continue }
                var packet = it.packet
                packet["direction"] = it.isIngress ? "ingress" : "egress"
                packet["source_mac"] = .string(it.source)
                packet["destination_mac"] = .string(it.destination)
                if case .group(let id) = it.place { packet["security_group_id"] = .string(id.text) }
                var record = FlowRecord(
                    at: seen[it]!.at, project: port.project, network: port.network.text, port: port.id.text,
                    verdict: it.verdict, packet: packet)
                record.count = seen[it]!.count
                records.append(record)
            }
            return records
        }
        if !records.isEmpty { try await book.append(records) }
        return records.count
    }

    private func isNew(_ it: FlowSighting, _ now: Instant) -> Bool {
        guard it.verdict == .accept else { return true }
        var it = it
        it.packet["tcp_flags"] = nil
        if let last = passing[it], now - last < Self.silence { return false }
        if passing.count >= Self.mostPassing { passing = passing.filter { now - $0.value < Self.silence } }
        if passing.count >= Self.mostPassing { passing = [:] }
        passing[it] = now
        return true
    }
}

/// Whose packets are whose, looked up once for many.
private struct Owners {
    private let reader: any Reader
    private var members: [ID<SecurityGroup>: [String: [Stored<Port>]]] = [:]
    private var wishes: [String: Bool] = [:]

    init(_ reader: any Reader) { self.reader = reader }

    /// Nil where there is none, or where more than one could be meant.
    mutating func port(of it: FlowSighting) throws(CloudError) -> Stored<Port>? {
        switch it.place {
        case .port(let id): return try reader.find(id)
        case .group(let id):
            if members[id] == nil {
                var ports: [Stored<Port>] = []
                for text in try reader.claims(SecurityGroup.space(id)).sorted() {
                    if let port = try reader.find(ID<Port>(text)) { ports.append(port) }
                }
                members[id] = Dictionary(grouping: ports) { $0.mac?.text ?? "" }
            }
            let found = members[id]?[it.isIngress ? it.destination : it.source] ?? []
            guard found.count > 1 else { return found.first }
            // A hardware address is a port's own on its network only.
            let address = it.packet[it.isIngress ? "destination" : "source"]?.string ?? ""
            let exact = found.filter { $0.addresses.contains { $0.address?.description == address } }
            return exact.count == 1 ? exact[0] : nil
        }
    }

    mutating func wants(_ verdict: FlowRecord.Verdict, of port: Stored<Port>) throws(CloudError) -> Bool {
        let key = "\(verdict) \(port.id)"
        if let known = wishes[key] { return known }
        let answer = try NetworkLog.wants(verdict, of: port, in: reader)
        wishes[key] = answer
        return answer
    }
}

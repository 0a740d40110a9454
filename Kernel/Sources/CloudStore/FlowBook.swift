import CloudCore

/// A packet that a rule dropped or let pass, or several alike, with the port that it was of.
public struct FlowRecord: Hashable, Sendable {
    public enum Verdict: String, CaseIterable, Sendable { case drop = "DROP", accept = "ACCEPT" }

    /// Its place in the book, from 1; 0 until it is written.
    public var sequence = 0
    public var at: Instant
    public var project: ProjectID
    public var network: String
    public var port: String
    public var verdict: Verdict
    /// What was seen of the packets, as the API shows it.
    public var packet: [String: JSON]
    /// How many packets were alike.
    public var count = 1

    public init(
        at: Instant, project: ProjectID, network: String, port: String, verdict: Verdict, packet: [String: JSON]
    ) {
        (self.at, self.project, self.network, self.port) = (at, project, network, port)
        (self.verdict, self.packet) = (verdict, packet)
    }
}

/// Which flow records, newest first.
public struct FlowQuery: Hashable, Sendable {
    /// The most that are asked for at once.
    public static let most = 1000

    /// Nil for every project's.
    public var project: ProjectID?
    public var port: String?
    public var network: String?
    public var verdict: FlowRecord.Verdict?
    /// None that is older.
    public var since: Instant?
    /// Only those written before that place.
    public var before: Int?
    public var limit: Int

    public init(project: ProjectID?, limit: Int = 100) { (self.project, self.limit) = (project, limit) }

    /// Whether a record is one of those.
    public func permits(_ it: FlowRecord) -> Bool {
        (project == nil || it.project == project) && (port == nil || it.port == port)
            && (network == nil || it.network == network) && (verdict == nil || it.verdict == verdict)
            && since.map { it.at >= $0 } != false && before.map { it.sequence < $0 } != false
    }
}

/// How much a flow book keeps.
public struct FlowBounds: Hashable, Sendable {
    /// The newest so many of each project.
    public var records = 20_000
    public var age = Duration.seconds(7 * 86_400)
    public init() {}
}

/// Where flow records are kept: beside the store, since they are what was observed and no promise. Bounded by
/// `FlowBounds`; what is beyond is forgotten, oldest first, project by project.
public protocol FlowBook: Sendable {
    /// Writes records in their order; `fault` where the disk does not take them.
    func append(_ records: [FlowRecord]) async throws(CloudError)
    func list(_ query: FlowQuery) async throws(CloudError) -> [FlowRecord]
}

import CloudCore
import CloudStore
import GRDB
import Glibc

/// A flow book in a SQLite file of its own: what a packet flood writes never waits before, or fills, the store.
public final class FlowTable: FlowBook {
    private let pool: DatabasePool
    private let clock: any Clock
    private let bounds: FlowBounds

    /// Opens or creates the file; `fault` where it cannot be used.
    public init(_ path: String, clock: any Clock, bounds: FlowBounds = FlowBounds()) throws(CloudError) {
        (self.clock, self.bounds) = (clock, bounds)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512")
        }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0, fchmod(file, 0o600) == 0 else { throw .fault("cannot create \(path): errno \(errno)") }
        close(file)
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.write { db in try db.execute(sql: Self.table) }
        } catch { throw SQLiteStore.translate(error) }
    }

    private static let table = """
        CREATE TABLE IF NOT EXISTS flows (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, project TEXT NOT NULL,
          network TEXT NOT NULL, port TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,
          packet TEXT NOT NULL CHECK (length(packet) <= 4096)) STRICT;
        CREATE INDEX IF NOT EXISTS flows_project ON flows (project, sequence);
        CREATE INDEX IF NOT EXISTS flows_port ON flows (port, sequence);
        CREATE INDEX IF NOT EXISTS flows_at ON flows (at);
        """

    public func append(_ records: [FlowRecord]) async throws(CloudError) {
        let oldest = clock.now().microseconds - bounds.age.inMicroseconds
        do {
            try await pool.write { [bounds] db in
                for it in records {
                    try db.execute(
                        sql: "INSERT INTO flows VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
                        arguments: [
                            it.at.microseconds, it.project.text, it.network, it.port, it.verdict.rawValue, it.count,
                            JSON.object(it.packet).text,
                        ])
                }
                try db.execute(sql: "DELETE FROM flows WHERE at < ?", arguments: [oldest])
                for project in Set(records.map(\.project.text)) {
                    try db.execute(
                        sql: """
                            DELETE FROM flows WHERE project = ?1 AND sequence <= (SELECT sequence FROM flows
                            WHERE project = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)
                            """, arguments: [project, bounds.records])
                }
            }
        } catch { throw SQLiteStore.translate(error) }
    }

    public func list(_ query: FlowQuery) async throws(CloudError) -> [FlowRecord] {
        var (conditions, values): ([String], [any DatabaseValueConvertible]) = (["1"], [])
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        add("project = ?", query.project?.text)
        add("port = ?", query.port)
        add("network = ?", query.network)
        add("verdict = ?", query.verdict?.rawValue)
        add("at >= ?", query.since?.microseconds)
        add("sequence < ?", query.before)
        let sql = "SELECT * FROM flows WHERE \(conditions.joined(separator: " AND ")) ORDER BY sequence DESC LIMIT ?"
        let arguments = StatementArguments((values + [query.limit]).map { $0 as (any DatabaseValueConvertible)? })
        do {
            let rows = try await pool.read { db in try Row.fetchAll(db, sql: sql, arguments: arguments) }
            return try rows.map { (row) throws(CloudError) in try Self.record(row) }
        } catch { throw SQLiteStore.translate(error) }
    }

    private static func record(_ row: GRDB.Row) throws(CloudError) -> FlowRecord {
        var record = FlowRecord(
            at: Instant(microseconds: row["at"]), project: ID(row["project"]), network: row["network"],
            port: row["port"], verdict: row["verdict"] == "DROP" ? .drop : .accept,
            packet: try JSON.parse(row["packet"] as String).object ?? [:])
        (record.sequence, record.count) = (row["sequence"], row["count"])
        return record
    }
}

import CloudCore
import CloudHost
import CloudServices
import CloudSim
import CloudStore
import Foundation
import GRDB
import Testing

import CloudSQLite

/// A directory that goes with the test.
final class Scratch: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "akashi-sqlite-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/store.sqlite" }
}

@Suite("The store in SQLite")
struct SQLiteStoreTests {
    @Test("keeps the store's contract", arguments: StoreContract.cases)
    func contract(_ one: StoreContract.Case) async throws {
        let scratch = try Scratch()
        let contract = StoreContract { (schemas, clock) throws(CloudError) in
            let tables = Migration(name: "contract", sql: SchemaSQL.everything(schemas))
            return try SQLiteStore(scratch.file, schemas, clock: clock, migrations: [tables])
        }
        try await contract.run(one)
    }

    @Test("has, after all migrations, just the tables that follow from the fields")
    func migrationsMatchTheFields() throws {
        let migrated = try DatabaseQueue()
        let derived = try DatabaseQueue()
        try migrated.write { db in for migration in Migration.all { try db.execute(sql: migration.sql) } }
        try derived.write { db in try db.execute(sql: SchemaSQL.everything(Cloud.schemas)) }
        let statement = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        func parts(_ queue: DatabaseQueue) throws -> Set<String> {
            Set(
                try queue.read { try Row.fetchAll($0, sql: statement) }.map { row in
                    let sql: String = row["sql"]
                    return "\(row["name"] as String): " + (row["type"] == "table" ? Self.columns(sql) : sql)
                })
        }
        let (left, right) = (try parts(migrated), try parts(derived))
        let odd = left.symmetricDifference(right).sorted()
        #expect(odd.isEmpty, "run ./dev schema, and add a migration for what changed")
    }

    /// A table's columns in an order of their own: one that came later stands last, and has a value for older rows.
    private static func columns(_ sql: String) -> String {
        let plain = sql.replacing(/\s+DEFAULT ('[^']*'|\d+)/, with: "").replacing(/\s+/, with: " ")
        let inner = plain.replacing(/\)[^)]*$/, with: "")
        return inner.replacing(/^[^(]*\(/, with: "").replacing(", \"", with: "\n\"").split(separator: "\n")
            .map { $0.replacing(/^\s+|\s+$/, with: "") }.sorted().joined(separator: "\n")
    }

    @Test("refuses to start over tables that are not what the code expects")
    func unexpectedTables() throws {
        let scratch = try Scratch()
        let wrong = Migration(
            name: "wrong", sql: SchemaSQL.everything(Cloud.schemas) + "ALTER TABLE servers ADD COLUMN extra TEXT;")
        #expect(throws: CloudError.self) {
            try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock(), migrations: [wrong])
        }
    }

    @Test("C120: neither changes nor deletes a line of the audit log, whoever asks SQLite")
    func auditIsAppendOnly() async throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock())
        try await store.write(AuditRecord(.system("test"), service: "test", action: "note")) { (_) throws(CloudError) in
        }
        let other = try DatabaseQueue(path: scratch.file)
        for sql in ["DELETE FROM audit", "UPDATE audit SET action = 'nothing'"] {
            #expect(throws: DatabaseError.self) { try other.write { try $0.execute(sql: sql) } }
        }
    }

    @Test("has every commit on the disk: another process sees it, and a new store too")
    func durable() async throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock())
        let mode = try await store.read { (reader) throws(CloudError) in
            try reader.audit(after: 0, project: nil, limit: 10)
        }
        #expect(mode.isEmpty)
        try await store.write(AuditRecord(.system("one"), service: "test", action: "note")) { (_) throws(CloudError) in
        }
        let again = try SQLiteStore(scratch.file, Cloud.schemas, clock: SystemClock())
        let found = try await again.read { (reader) throws(CloudError) in
            try reader.audit(after: 0, project: nil, limit: 10)
        }
        #expect(found.map(\.caller.requestID) == ["one"])
    }
}

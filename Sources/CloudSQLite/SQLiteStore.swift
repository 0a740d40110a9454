import CloudCore
import CloudStore
import GRDB
import Glibc
import Synchronization

/// The store of one machine: a SQLite file. Every commit is on the disk before it is answered (WAL,
/// `synchronous=FULL`), and the database itself holds the invariants: types, bounds, uniqueness, references.
public final class SQLiteStore: Store {
    private let pool: DatabasePool
    private let schemas: Schemas
    private let statements: Statements
    private let clock: any Clock
    private let cache = ReadCache()
    private let observers = Mutex<[@Sendable (Set<Reference>, any Reader) -> Void]>([])
    /// One at a time tells observers, with a view no older than the last one's.
    private let telling = Mutex(())

    /// Opens or creates the file and brings its tables up to date; `fault` where they are not what the code expects.
    public init(_ path: String, _ schemas: Schemas, clock: any Clock, migrations: [Migration] = Migration.all)
        throws(CloudError)
    {
        (self.schemas, self.clock) = (schemas, clock)
        statements = Statements(schemas)
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // KiB of pages, per connection: what is read often is in `ReadCache`, and the rest in the kernel's cache.
            try db.execute(sql: "PRAGMA cache_size = -512")
        }
        // Only root reads it; SQLite gives its other files the same mode.
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0, fchmod(file, 0o600) == 0 else { throw .fault("cannot create \(path): errno \(errno)") }
        close(file)
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            var migrator = DatabaseMigrator()
            for migration in migrations {
                migrator.registerMigration(migration.name) { db in try db.execute(sql: migration.sql) }
            }
            try migrator.migrate(pool)
            try pool.read { [schemas] db in try Self.check(db, schemas) }
        } catch { throw Self.translate(error) }
    }

    /// Whether each table has just the columns that its resource has fields.
    private static func check(_ db: Database, _ schemas: Schemas) throws {
        for schema in schemas.all {
            let expected = Statements.common + schema.columns.map(\.name)
            let found = try db.columns(in: schema.kind.plural).map(\.name)
            guard Set(expected) == Set(found) else {
                throw CloudError.fault("table \(schema.kind.plural) has the columns \(found), not \(expected)")
            }
        }
    }

    public var withoutRemembering: any Store { Forgetful(store: self) }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any Reader) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        try read(remembers: true, body)
    }

    /// Reads are answered from memory where all they ask for is there. SQLite's take microseconds and never wait for a
    /// writer, so they too run where they are asked for.
    fileprivate func read<T>(
        remembers: Bool, _ body: (any Reader) throws(CloudError) -> T
    ) throws(CloudError) -> T {
        let memory = MemoryReader(cache, schemas, clock.now())
        let generation = cache.generation
        let outcome = Result { () throws(CloudError) in try body(memory) }
        // What was put together while something was committed may be half of before and half of after.
        guard !memory.missed, cache.generation == generation else {
            return try readNow(remembers: remembers, body)
        }
        return try outcome.get()
    }

    private func readNow<T>(
        remembers: Bool = true, _ body: (any Reader) throws(CloudError) -> T
    ) throws(CloudError) -> T {
        let generation = cache.generation
        do {
            return try pool.read { db in
                try body(
                    SQLiteTransaction(
                        db, schemas, statements, clock.now(), record: nil, cache: remembers ? cache : nil,
                        generation: generation))
            }
        } catch { throw Self.translate(error) }
    }

    public func write<T: Sendable>(
        _ record: AuditRecord?, _ body: @escaping @Sendable (any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let (value, changed): (T, Set<Reference>)
        let window = CommitWindow(cache)
        do {
            (value, changed) = try await pool.write { [schemas, statements, clock] db in
                let transaction = SQLiteTransaction(db, schemas, statements, clock.now(), record: record)
                let value = try body(transaction)
                let changed = try transaction.finish()
                window.open(transaction.written, schemas)
                return (value, changed)
            }
        } catch {
            window.close()
            throw Self.translate(error)
        }
        window.close()
        if !changed.isEmpty { try tell(changed) }
        return value
    }

    private func tell(_ changed: Set<Reference>) throws(CloudError) {
        let all = observers.withLock { $0 }
        let outcome = telling.withLock { _ in
            Result { () throws(CloudError) in
                try readNow { (reader) throws(CloudError) in for observer in all { observer(changed, reader) } }
            }
        }
        try outcome.get()
    }

    public func observe(_ onCommit: @escaping @Sendable (Set<Reference>, any Reader) -> Void) {
        observers.withLock { $0.append(onCommit) }
    }

    /// What SQLite says, in our words. Constraints that the code checks itself are a last line: reaching them is a
    /// race that was lost, or a fault of ours.
    static func translate(_ error: any Error) -> CloudError {
        guard let error = error as? DatabaseError else {
            return error as? CloudError ?? .fault("\(error)")
        }
        let said = error.message ?? ""
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY: return .conflict("It already exists.")
        case .SQLITE_CONSTRAINT_FOREIGNKEY: return .conflict("What it refers to is gone, or it is in use.")
        default: break
        }
        switch error.resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_READONLY:
            return .unavailable("store", "SQLite \(error.resultCode.rawValue): \(said)")
        default: return .fault("SQLite \(error.extendedResultCode.rawValue): \(said)")
        }
    }
}

/// The store, read without filling its memory.
private struct Forgetful: Store {
    let store: SQLiteStore

    var withoutRemembering: any Store { self }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Reader) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        try store.read(remembers: false, body)
    }

    func write<T: Sendable>(
        _ record: AuditRecord?, _ body: @escaping @Sendable (any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        try await store.write(record, body)
    }

    func observe(_ onCommit: @escaping @Sendable (Set<Reference>, any Reader) -> Void) { store.observe(onCommit) }
}

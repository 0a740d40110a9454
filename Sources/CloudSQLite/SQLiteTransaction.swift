import CloudCore
import CloudStore
import GRDB

/// One transaction, for reading or writing.
final class SQLiteTransaction: Writer {
    private let db: Database
    private let statements: Statements
    let schemas: Schemas
    private let moment: Instant
    var record: AuditRecord?
    /// Where what is read is remembered; nil in a transaction that writes.
    private let cache: ReadCache?
    private let generation: Int
    private var sources: Sources?
    /// What was done something to or about; and the rows that were written, nil for those removed.
    private var changed: Set<Reference> = []
    private(set) var written: [Reference: CloudStore.Row?] = [:]

    init(
        _ db: Database, _ schemas: Schemas, _ statements: Statements, _ now: Instant, record: AuditRecord?,
        cache: ReadCache? = nil, generation: Int = 0
    ) {
        (self.db, self.schemas, self.statements, self.moment, self.record) = (db, schemas, statements, now, record)
        (self.cache, self.generation) = (cache, generation)
    }

    func finish() throws(CloudError) -> Set<Reference> {
        if let record {
            try append(record)
        } else if !written.isEmpty {
            throw .fault("a resource was changed without an audit record")
        }
        return changed
    }

    /// Runs something of GRDB's with its errors in our words.
    private func run<T>(_ body: () throws -> T) throws(CloudError) -> T {
        do { return try body() } catch { throw SQLiteStore.translate(error) }
    }

    private func execute(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws(CloudError) {
        try run { try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments)) }
    }

    func fetch<T>(
        _ sql: String, _ arguments: [(any DatabaseValueConvertible)?], _ read: (GRDB.Row) throws(CloudError) -> T
    ) throws(CloudError) -> [T] {
        try run {
            var out: [T] = []
            let cursor = try GRDB.Row.fetchCursor(
                db.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
            while let row = try cursor.next() { out.append(try read(row)) }
            return out
        }
    }

    // MARK: Resources

    /// What depends on the time is not remembered.
    var now: Instant {
        sources?.add(nil)
        return moment
    }

    func sourced<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> (value: T, sources: [Memo]?) {
        guard cache != nil else { return (try body(), nil) }
        let own = Sources()
        sources = own
        defer { sources = nil }
        return (try body(), own.all)
    }

    /// What was remembered, if it was, or else what was found.
    private func found<T>(_ known: Known<T>?, _ found: T) -> T {
        sources?.add(known?.memo)
        return known?.value ?? found
    }

    func row(_ kind: Kind, _ id: String) throws(CloudError) -> CloudStore.Row? {
        if let known = cache?.row(kind, id, since: generation) { return found(known, nil) }
        let schema = schemas[kind]
        let row = try fetch(statements[kind].select + " WHERE id = ?", [id]) { (row) throws(CloudError) in
            try decode(row, schema)
        }.first
        return found(cache?.keep(row, kind, id, since: generation), row)
    }

    func rows(_ query: Query) throws(CloudError) -> [CloudStore.Row] {
        if let known = cache?.rows(query, since: generation) { return found(known, []) }
        var (condition, arguments) = try filter(query)
        let order = query.order + [Query.Order("id")]
        if let after = query.after, let (later, values) = try behind(after, order, query.kind) {
            condition += " AND " + later
            arguments += values
        }
        let sorting = order.map { Statements.quote($0.column) + ($0.ascending ? "" : " DESC") }.joined(separator: ", ")
        let schema = schemas[query.kind]
        let limit = query.limit == .max ? -1 : query.limit
        let rows = try fetch(
            "\(statements[query.kind].select) WHERE \(condition) ORDER BY \(sorting) LIMIT ?", arguments + [limit]
        ) { (row) throws(CloudError) in
            // Of a list that one change ended, all but one are known.
            if let cache, let known = cache.row(query.kind, row[0], since: generation)?.value { return known }
            return try decode(row, schema)
        }
        return found(cache?.keep(rows, query, since: generation), rows)
    }

    func count(_ query: Query) throws(CloudError) -> Int {
        let count: Int
        if let all = try total("", query) {
            count = query.includesDeleting ? all : all - (try total(SchemaSQL.deleting, query) ?? 0)
        } else {
            let (condition, arguments) = try filter(query)
            let table = Statements.quote(query.kind.plural)
            count =
                try fetch("SELECT count(*) FROM \(table) WHERE \(condition)", arguments) { (row) in
                    row[0] as Int
                }.first ?? 0
        }
        return found(cache?.keep(count, query, since: generation), count)
    }

    func sum(_ column: String, _ query: Query) throws(CloudError) -> Int {
        sources?.add(nil)
        try checkColumn(column, query.kind)
        if query.includesDeleting, let total = try total(column, query) { return total }
        let (condition, arguments) = try filter(query)
        let (name, table) = (Statements.quote(column), Statements.quote(query.kind.plural))
        return try fetch("SELECT coalesce(sum(\(name)), 0) FROM \(table) WHERE \(condition)", arguments) { (row) in
            row[0] as Int
        }.first ?? 0
    }

    private func filter(_ query: Query) throws(CloudError) -> (String, [(any DatabaseValueConvertible)?]) {
        var parts = query.includesDeleting ? ["1"] : ["deleting_since IS NULL"]
        var arguments: [(any DatabaseValueConvertible)?] = []
        func part(_ condition: Query.Condition) throws(CloudError) -> String {
            let marks = condition.among.map { _ in "?" }.joined(separator: ", ")
            let isNumeric = try isNumeric(condition.column, query.kind)
            // SQLite would turn text into a number to compare it with one; text is no number.
            arguments += condition.among.map { isNumeric && $0.string != nil ? nil : Self.encode($0) }
            let column = Statements.quote(condition.column)
            // To SQL null is like nothing, itself included; to a query it is a value.
            return condition.among.contains(.null)
                ? "(\(column) IN (\(marks)) OR \(column) IS NULL)" : "\(column) IN (\(marks))"
        }
        for condition in query.conditions { parts.append(try part(condition)) }
        for test in query.tests {
            try checkColumn(test.column, query.kind)
            let column = Statements.quote(test.column)
            switch test {
            case .between(_, let range, let isInside):
                parts.append("\(column) \(isInside ? "" : "NOT ")BETWEEN ? AND ?")
                arguments += [range.lowerBound, range.upperBound]
            case .holds(_, let key, let text):
                parts.append(
                    "EXISTS (SELECT 1 FROM json_each(\(column)) WHERE value = ?\(key == nil ? "" : " AND key = ?"))")
                arguments += [text] + (key.map { [$0] } ?? [])
            }
        }
        if !query.either.isEmpty {
            var either: [String] = []
            for condition in query.either { either.append(try part(condition)) }
            parts.append("(" + either.joined(separator: " OR ") + ")")
        }
        return (parts.joined(separator: " AND "), arguments)
    }

    /// Names of columns become part of SQL, so only those of the schema may.
    private func checkColumn(_ name: String, _ kind: Kind) throws(CloudError) { _ = try isNumeric(name, kind) }

    private func isNumeric(_ name: String, _ kind: Kind) throws(CloudError) -> Bool {
        if let place = Statements.common.firstIndex(of: name) { return place > 1 }
        switch schemas[kind].columns.first(where: { $0.name == name })?.type {
        case .integer, .boolean, .time: return true
        case .text, .choice, .reference, .json: return false
        case nil: throw .fault("\(kind) has no column \(name)")
        }
    }

    /// The condition of standing behind a row in an order, key by key; nil where there is no such row.
    private func behind(
        _ id: String, _ order: [Query.Order], _ kind: Kind
    ) throws(CloudError) -> (String, [(any DatabaseValueConvertible)?])? {
        guard let marker = try row(kind, id) else { return nil }
        var cases: [String] = []
        var arguments: [(any DatabaseValueConvertible)?] = []
        for (place, key) in order.enumerated() {
            try checkColumn(key.column, kind)
            var parts: [String] = []
            for earlier in order[..<place] {
                parts.append("\(Statements.quote(earlier.column)) IS ?")
                arguments.append(Self.encode(marker.value(earlier.column, schemas[kind]) ?? .null))
            }
            parts.append("\(Statements.quote(key.column)) \(key.ascending ? ">" : "<") ?")
            arguments.append(Self.encode(marker.value(key.column, schemas[kind]) ?? .null))
            cases.append(parts.joined(separator: " AND "))
        }
        return ("(" + cases.map { "(\($0))" }.joined(separator: " OR ") + ")", arguments)
    }

    func insert(_ kind: Kind, _ row: CloudStore.Row) throws(CloudError) {
        do throws(CloudError) { try execute(statements[kind].insert, encode(row, schemas[kind])) } catch {
            throw try explain(error, kind, row)
        }
        note(Reference(kind, row.id), row)
    }

    func update(_ kind: Kind, _ row: CloudStore.Row) throws(CloudError) {
        do throws(CloudError) {
            try execute(statements[kind].update, encode(row, schemas[kind]) + [row.id, row.version - 1])
        } catch { throw try explain(error, kind, row) }
        guard db.changesCount == 1 else {
            guard try self.row(kind, row.id) != nil else { throw .missing(kind.title, row.id) }
            throw staleError(kind, row.id)
        }
        note(Reference(kind, row.id), row)
    }

    /// Which constraint a refused row broke, in words that its sender understands.
    private func explain(_ error: CloudError, _ kind: Kind, _ row: CloudStore.Row) throws(CloudError) -> CloudError {
        guard error.code == .conflict else { return error }
        for (column, value) in zip(schemas[kind].columns, row.values) {
            if case .reference(let target, _) = column.type, let id = value.string, try self.row(target, id) == nil {
                return .missing(target.title, id)
            }
            guard column.rights.contains(.unique) else { continue }
            let twins = try rows(Query.everything(kind).with(column.name, value))
            if twins.contains(where: { $0.id != row.id }) { return takenError(kind, column.name) }
        }
        return .conflict("\(kind.title) \(row.id) already exists.")
    }

    func remove(_ target: Reference) throws(CloudError) {
        do throws(CloudError) { try execute(statements[target.kind].delete, [target.id]) } catch {
            guard error.code == .conflict else { throw error }
            throw .conflict("\(target.kind.title) \(target.id) is in use.")
        }
        guard db.changesCount == 1 else { throw .missing(target.kind.title, target.id) }
        for table in ["signals", "work", "claims"] {
            try execute("DELETE FROM \(table) WHERE kind = ? AND id = ?", [target.kind.name, target.id])
        }
        note(target, nil)
    }

    private func note(_ target: Reference, _ row: CloudStore.Row?) {
        changed.insert(target)
        written[target] = .some(row)
    }

    // MARK: Signals and work

    func signals(_ target: Reference) throws(CloudError) -> [PendingSignal] {
        sources?.add(nil)
        return try fetch(
            "SELECT number, name FROM signals WHERE kind = ? AND id = ? ORDER BY number", [target.kind.name, target.id]
        ) { (row) in PendingSignal(number: row[0], signal: Signal(rawValue: row[1])) }
    }

    func raise(_ signal: Signal, _ target: Reference) throws(CloudError) {
        try execute(
            "INSERT INTO signals (kind, id, name) VALUES (?, ?, ?)", [target.kind.name, target.id, signal.rawValue])
        changed.insert(target)
    }

    func clear(_ signals: [PendingSignal]) throws(CloudError) {
        for signal in signals { try execute("DELETE FROM signals WHERE number = ?", [signal.number]) }
    }

    private static let workColumns = "kind, id, label, wake_at, attempts, lessee, leased_until"

    func work(_ target: Reference) throws(CloudError) -> Work? {
        sources?.add(nil)
        return try fetch(
            "SELECT \(Self.workColumns) FROM work WHERE kind = ? AND id = ?", [target.kind.name, target.id], decodeWork
        ).first
    }

    func put(_ work: Work) throws(CloudError) {
        try execute(
            "INSERT OR REPLACE INTO work (\(Self.workColumns)) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                work.target.kind.name, work.target.id, work.label, work.wakeAt.microseconds, work.attempts, work.lessee,
                work.leasedUntil.microseconds,
            ])
        changed.insert(work.target)
    }

    func dueWork(limit: Int) throws(CloudError) -> [Work] {
        let columns = Self.workColumns
        return try fetch(
            """
            SELECT \(columns) FROM (
                SELECT * FROM (
                    SELECT \(columns) FROM work WHERE wake_at <= ?1 AND leased_until <= ?1
                    ORDER BY wake_at, kind, id LIMIT ?2
                )
                UNION
                SELECT \(columns) FROM work WHERE (kind, id) IN (SELECT kind, id FROM signals) AND leased_until <= ?1
            ) ORDER BY wake_at, id LIMIT ?2
            """, [now.microseconds, limit], decodeWork)
    }

    func nextWork() throws(CloudError) -> Instant? {
        try fetch(
            """
            SELECT min(at) FROM (
                SELECT min(wake_at) AS at FROM work WHERE leased_until <= ?1
                UNION ALL
                SELECT min(leased_until) FROM work WHERE leased_until > ?1
                UNION ALL
                SELECT leased_until FROM work WHERE (kind, id) IN (SELECT kind, id FROM signals)
            )
            """, [now.microseconds]
        ) { (row) in (row[0] as Int64?).map(Instant.init(microseconds:)) }.first ?? nil
    }

    private func decodeWork(_ row: GRDB.Row) throws(CloudError) -> Work {
        guard let kind = schemas.find(row[0])?.kind else {
            throw .fault("work for the unknown kind \(row[0] as String)")
        }
        var work = Work(
            target: Reference(kind, row[1]), label: row[2], wakeAt: Instant(microseconds: row[3]))
        (work.attempts, work.lessee, work.leasedUntil) = (row[4], row[5], Instant(microseconds: row[6]))
        return work
    }

    // MARK: Claims

    func claims(_ space: String) throws(CloudError) -> Set<String> {
        sources?.add(nil)
        return Set(try fetch("SELECT key FROM claims WHERE space = ?", [space]) { (row) in row[0] as String })
    }

    func claim(_ space: String, _ key: String, for owner: Reference) throws(CloudError) {
        try execute(
            "INSERT INTO claims (space, key, kind, id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [space, key, owner.kind.name, owner.id])
        guard db.changesCount == 0 else { return }
        let isOwn = try fetch(
            "SELECT 1 FROM claims WHERE space = ? AND key = ? AND kind = ? AND id = ?",
            [space, key, owner.kind.name, owner.id]
        ) { (_) in true }
        guard !isOwn.isEmpty else { throw .conflict("\(key) is already in use.") }
    }

    func release(_ space: String, _ key: String) throws(CloudError) {
        try execute("DELETE FROM claims WHERE space = ? AND key = ?", [space, key])
    }

    // MARK: Audit

    private static let auditColumns = """
        at, request_id, user_id, user_name, domain, project_id, project_name, roles, token, address, service, action, \
        kind, resource, outcome, reason
        """

    func append(_ record: AuditRecord) throws(CloudError) {
        let caller = record.caller
        try execute(
            "INSERT INTO audit (\(Self.auditColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                now.microseconds, caller.requestID, caller.user?.text, caller.userName, caller.domain,
                caller.project?.text, caller.projectName, caller.roles.sorted().joined(separator: ","), caller.token,
                caller.address, record.service, record.action, record.kind, record.resource, record.outcome.rawValue,
                record.reason,
            ])
    }

    func audit(after sequence: Int, project: ProjectID?, limit: Int) throws(CloudError) -> [AuditRecord] {
        let (condition, arguments): (String, [(any DatabaseValueConvertible)?]) =
            project.map { (" AND project_id = ?", [$0.text]) } ?? ("", [])
        return try fetch(
            "SELECT \(Self.auditColumns), sequence FROM audit WHERE sequence > ?\(condition) ORDER BY sequence LIMIT ?",
            [sequence] + arguments + [limit]
        ) { (row) in
            var caller = Caller()
            (caller.requestID, caller.user, caller.userName) = (row[1], (row[2] as String?).map(ID.init), row[3])
            (caller.domain, caller.project, caller.projectName) = (row[4], (row[5] as String?).map(ID.init), row[6])
            caller.roles = Set((row[7] as String).split(separator: ",").map(String.init))
            (caller.token, caller.address) = (row[8], row[9])
            var record = AuditRecord(caller, service: row[10], action: row[11], kind: row[12], resource: row[13])
            record.at = Instant(microseconds: row[0])
            (record.outcome, record.reason) = (AuditRecord.Outcome(rawValue: row[14]) ?? .failed, row[15])
            record.sequence = row[16]
            return record
        }
    }
}

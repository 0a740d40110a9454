import CloudCore
import Synchronization

/// A store in memory: the simulation's, and the contract suite's second opinion. Nothing survives it.
public final class MemoryStore: Store {
    private let state: Mutex<MemoryState>
    private let observers = Mutex<[@Sendable (Set<Reference>, any Reader) -> Void]>([])
    private let schemas: Schemas
    private let clock: any Clock
    /// Asked before each commit; an error it throws stands for a crash or a store that is away.
    private let beforeCommit: @Sendable () throws(CloudError) -> Void

    public init(
        _ schemas: Schemas, clock: any Clock, beforeCommit: @escaping @Sendable () throws(CloudError) -> Void = {}
    ) {
        (self.schemas, self.clock, self.beforeCommit) = (schemas, clock, beforeCommit)
        state = Mutex(MemoryState())
    }

    public func read<T: Sendable>(
        _ body: @escaping @Sendable (any Reader) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let snapshot = state.withLock { $0 }
        return try body(MemoryTransaction(snapshot, schemas, clock.now(), record: nil))
    }

    public func write<T: Sendable>(
        _ record: AuditRecord?, _ body: @escaping @Sendable (any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let outcome = state.withLock { state in
            Result { () throws(CloudError) in
                let transaction = MemoryTransaction(state, schemas, clock.now(), record: record)
                let value = try body(transaction)
                let changed = try transaction.finish()
                try beforeCommit()
                state = transaction.state
                return (value, changed)
            }
        }
        let (value, changed) = try outcome.get()
        if !changed.isEmpty {
            observers.withLock { observers in
                let view = MemoryTransaction(state.withLock { $0 }, schemas, clock.now(), record: nil)
                for observer in observers { observer(changed, view) }
            }
        }
        return value
    }

    public func observe(_ onCommit: @escaping @Sendable (Set<Reference>, any Reader) -> Void) {
        observers.withLock { $0.append(onCommit) }
    }
}

struct MemoryState: Sendable {
    var tables: [Kind: [String: Row]] = [:]
    var signals: [Reference: [PendingSignal]] = [:]
    var work: [Reference: Work] = [:]
    var claims: [String: [String: Reference]] = [:]
    var audit: [AuditRecord] = []
    var lastSignal = 0
}

/// One transaction on a copy of the state.
final class MemoryTransaction: Writer {
    var state: MemoryState
    let schemas: Schemas
    let now: Instant
    var record: AuditRecord?
    private var changed: Set<Reference> = []
    private var changedResource = false

    init(_ state: MemoryState, _ schemas: Schemas, _ now: Instant, record: AuditRecord?) {
        (self.state, self.schemas, self.now, self.record) = (state, schemas, now, record)
    }

    func finish() throws(CloudError) -> Set<Reference> {
        if let record {
            try append(record)
        } else if changedResource {
            throw .fault("a resource was changed without an audit record")
        }
        return changed
    }

    func row(_ kind: Kind, _ id: String) throws(CloudError) -> Row? { state.tables[kind]?[id] }

    func rows(_ query: Query) throws(CloudError) -> [Row] {
        let schema = schemas[query.kind]
        let order = query.order + [Query.Order("id")]
        func precedes(_ a: Row, _ b: Row) -> Bool {
            for key in order {
                guard let left = a.value(key.column, schema), let right = b.value(key.column, schema), left != right
                else { continue }
                return left.precedes(right) == key.ascending
            }
            return false
        }
        let found = matching(query).sorted(by: precedes)
        guard let after = query.after.flatMap({ state.tables[query.kind]?[$0] }) else {
            return Array(found.prefix(query.limit))
        }
        return Array(found.filter { precedes(after, $0) }.prefix(query.limit))
    }

    func count(_ query: Query) throws(CloudError) -> Int { matching(query).count }

    func sum(_ column: String, _ query: Query) throws(CloudError) -> Int {
        matching(query).reduce(0) { $0 + ($1.value(column, schemas[query.kind])?.integer ?? 0) }
    }

    private func matching(_ query: Query) -> [Row] {
        let schema = schemas[query.kind]
        func holds(_ condition: Query.Condition, _ row: Row) -> Bool {
            row.value(condition.column, schema).map(condition.among.contains) ?? false
        }
        return (state.tables[query.kind] ?? [:]).values.filter { row in
            (query.includesDeleting || row.deletingSince == nil)
                && query.conditions.allSatisfy { holds($0, row) }
                && query.tests.allSatisfy { test in row.value(test.column, schema).map(test.permits) ?? false }
                && (query.either.isEmpty || query.either.contains { holds($0, row) })
        }
    }

    func signals(_ target: Reference) throws(CloudError) -> [PendingSignal] { state.signals[target] ?? [] }
    func work(_ target: Reference) throws(CloudError) -> Work? { state.work[target] }

    func dueWork(limit: Int) throws(CloudError) -> [Work] {
        state.work.values
            .filter { $0.leasedUntil <= now && ($0.wakeAt <= now || !(state.signals[$0.target] ?? []).isEmpty) }
            .sorted { ($0.wakeAt, $0.target.id) < ($1.wakeAt, $1.target.id) }
            .prefix(limit).map { $0 }
    }

    func nextWork() throws(CloudError) -> Instant? {
        state.work.values.map { work in
            let isCalled = !(state.signals[work.target] ?? []).isEmpty
            return work.leasedUntil > now || isCalled ? work.leasedUntil : work.wakeAt
        }.min()
    }

    func claims(_ space: String) throws(CloudError) -> Set<String> { Set((state.claims[space] ?? [:]).keys) }

    func audit(after sequence: Int, project: ProjectID?, limit: Int) throws(CloudError) -> [AuditRecord] {
        Array(
            state.audit.dropFirst(sequence).lazy.filter { project == nil || $0.caller.project == project }
                .prefix(limit))
    }

    func insert(_ kind: Kind, _ row: Row) throws(CloudError) {
        guard state.tables[kind]?[row.id] == nil else { throw .conflict("\(kind.title) \(row.id) already exists.") }
        try check(kind, row)
        state.tables[kind, default: [:]][row.id] = row
        note(Reference(kind, row.id))
    }

    func update(_ kind: Kind, _ row: Row) throws(CloudError) {
        guard let old = state.tables[kind]?[row.id] else { throw .missing(kind.title, row.id) }
        guard old.version == row.version - 1 else { throw staleError(kind, row.id) }
        try check(kind, row)
        state.tables[kind]![row.id] = row
        note(Reference(kind, row.id))
    }

    func remove(_ target: Reference) throws(CloudError) {
        guard state.tables[target.kind]?.removeValue(forKey: target.id) != nil else {
            throw .missing(target.kind.title, target.id)
        }
        for referrer in schemas.referring(to: target.kind) {
            let users = matching(Query.everything(referrer.kind).with(referrer.column, .string(target.id)))
            guard users.isEmpty else { throw .conflict("\(target.kind.title) \(target.id) is in use.") }
        }
        state.signals[target] = nil
        state.work[target] = nil
        for space in state.claims.keys { state.claims[space] = state.claims[space]!.filter { $0.value != target } }
        note(target)
    }

    func raise(_ signal: Signal, _ target: Reference) throws(CloudError) {
        state.lastSignal += 1
        state.signals[target, default: []].append(PendingSignal(number: state.lastSignal, signal: signal))
        changed.insert(target)
    }

    func clear(_ signals: [PendingSignal]) throws(CloudError) {
        let numbers = Set(signals.map(\.number))
        for (target, pending) in state.signals where pending.contains(where: { numbers.contains($0.number) }) {
            let rest = pending.filter { !numbers.contains($0.number) }
            state.signals[target] = rest.isEmpty ? nil : rest
        }
    }

    func put(_ work: Work) throws(CloudError) {
        state.work[work.target] = work
        changed.insert(work.target)
    }

    func claim(_ space: String, _ key: String, for owner: Reference) throws(CloudError) {
        if let other = state.claims[space]?[key], other != owner { throw .conflict("\(key) is already in use.") }
        state.claims[space, default: [:]][key] = owner
    }

    func release(_ space: String, _ key: String) throws(CloudError) { state.claims[space]?[key] = nil }

    func append(_ record: AuditRecord) throws(CloudError) {
        var record = record
        record.sequence = state.audit.count + 1
        record.at = now
        state.audit.append(record)
    }

    private func note(_ target: Reference) {
        changed.insert(target)
        changedResource = true
    }

    private func check(_ kind: Kind, _ row: Row) throws(CloudError) {
        for (column, value) in zip(schemas[kind].columns, row.values) {
            if case .reference(let target, _) = column.type, let id = value.string, state.tables[target]?[id] == nil {
                throw .missing(target.title, id)
            }
            guard column.rights.contains(.unique), !value.isNull else { continue }
            let twins = matching(Query.everything(kind).with(column.name, value))
            guard twins.allSatisfy({ $0.id == row.id }) else { throw takenError(kind, column.name) }
        }
    }
}

/// A unique value that another resource has.
public func takenError(_ kind: Kind, _ column: String) -> CloudError {
    .conflict("A \(kind.name) with this \(column) already exists.")
}

/// A write that did not see the latest version.
public func staleError(_ kind: Kind, _ id: String) -> CloudError {
    CloudError(.stale, "\(kind.title) \(id) was changed in the meantime.")
}

extension JSON {
    /// An order among values of one column.
    func precedes(_ other: JSON) -> Bool {
        switch (self, other) {
        case (.integer(let a), .integer(let b)): a < b
        case (.string(let a), .string(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.bool(let a), .bool(let b)): !a && b
        case (.null, _): !other.isNull
        default: false
        }
    }
}

import CloudCore
import CloudStore
import Synchronization

/// Rows and short lists that were read lately, so that what is asked again and again does not go to SQLite.
///
/// A commit drops what it changes before it happens, and nothing is remembered until it has: so whoever reads from
/// memory never sees half of a commit, and whoever reads after a writer was answered sees what it wrote.
final class ReadCache: Sendable {
    private struct State {
        var kinds: [Kind: KnownOfKind] = [:]
        /// Raised by every commit: what was read before one may not be remembered after it.
        var generation = 0
        /// Commits that are happening.
        var commits = 0

        /// Whether nothing was committed since; then what is remembered is what a reader of that time would find.
        func isStill(_ generation: Int) -> Bool { self.generation == generation && commits == 0 }
    }

    private let state = Mutex(State())

    var generation: Int { state.withLock { $0.generation } }

    func row(_ kind: Kind, _ id: String) -> Known<Row?>? { state.withLock { $0.kinds[kind]?.rows[id] } }
    func rows(_ query: Query) -> Known<[Row]>? { state.withLock { $0.kinds[query.kind]?.list(query) } }
    func count(_ query: Query) -> Known<Int>? { state.withLock { $0.kinds[query.kind]?.counts[query] } }

    /// The same for who reads the store as it was at a generation; nil where that is not what is remembered.
    func row(_ kind: Kind, _ id: String, since generation: Int) -> Known<Row?>? {
        state.withLock { $0.isStill(generation) ? $0.kinds[kind]?.rows[id] : nil }
    }
    func rows(_ query: Query, since generation: Int) -> Known<[Row]>? {
        state.withLock { $0.isStill(generation) ? $0.kinds[query.kind]?.list(query) : nil }
    }

    /// Remembers what was found at a generation; nil where something was committed since.
    func keep(_ row: Row?, _ kind: Kind, _ id: String, since generation: Int) -> Known<Row?>? {
        keep(kind, since: generation) { $0.keep(row, id) }
    }
    func keep(_ rows: [Row], _ query: Query, since generation: Int) -> Known<[Row]>? {
        guard rows.count <= KnownOfKind.longest else { return nil }
        return keep(query.kind, since: generation) { $0.keep(rows, query) }
    }
    func keep(_ count: Int, _ query: Query, since generation: Int) -> Known<Int>? {
        keep(query.kind, since: generation) { $0.keep(count, query) }
    }

    private func keep<T: Sendable>(
        _ kind: Kind, since generation: Int, _ change: (inout KnownOfKind) -> Known<T>
    ) -> Known<T>? {
        state.withLock { state in
            state.isStill(generation) ? change(&state.kinds[kind, default: KnownOfKind()]) : nil
        }
    }

    /// Called right before a commit, with what it writes: nil for what it removes.
    func beginCommit(_ written: [Reference: Row?], _ schemas: Schemas) {
        state.withLock { state in
            state.commits += 1
            state.generation += 1
            for (reference, row) in written {
                state.kinds[reference.kind]?.change(reference.id, to: row, schemas[reference.kind])
            }
        }
    }

    /// Called once for each `beginCommit`, whether the commit succeeded or not.
    func endCommit() {
        state.withLock { state in
            state.commits -= 1
            state.generation += 1
        }
    }
}

/// One commit's time with the cache.
final class CommitWindow: Sendable {
    private let cache: ReadCache
    private let isOpen = Mutex(false)

    init(_ cache: ReadCache) { self.cache = cache }

    func open(_ written: [Reference: Row?], _ schemas: Schemas) {
        guard !written.isEmpty else { return }
        cache.beginCommit(written, schemas)
        isOpen.withLock { $0 = true }
    }

    func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { cache.endCommit() }
    }
}

/// Reads from memory alone. What is not there ends the attempt, and `missed` says so.
final class MemoryReader: Reader {
    private let cache: ReadCache
    let schemas: Schemas
    private let moment: Instant
    private(set) var missed = false
    private var sources: Sources?

    init(_ cache: ReadCache, _ schemas: Schemas, _ moment: Instant) {
        (self.cache, self.schemas, self.moment) = (cache, schemas, moment)
    }

    private func miss<T>() throws(CloudError) -> T {
        missed = true
        throw .fault("not in memory")
    }

    private func found<T>(_ known: Known<T>?) throws(CloudError) -> T {
        guard let known else { return try miss() }
        sources?.add(known.memo)
        return known.value
    }

    /// What depends on the time is not remembered.
    var now: Instant {
        sources?.add(nil)
        return moment
    }

    func row(_ kind: Kind, _ id: String) throws(CloudError) -> Row? { try found(cache.row(kind, id)) }
    func rows(_ query: Query) throws(CloudError) -> [Row] { try found(cache.rows(query)) }
    func count(_ query: Query) throws(CloudError) -> Int { try found(cache.count(query)) }
    func sum(_ column: String, _ query: Query) throws(CloudError) -> Int { try miss() }
    func signals(_ target: Reference) throws(CloudError) -> [PendingSignal] { try miss() }
    func work(_ target: Reference) throws(CloudError) -> Work? { try miss() }
    func dueWork(limit: Int) throws(CloudError) -> [Work] { try miss() }
    func nextWork() throws(CloudError) -> Instant? { try miss() }
    func claims(_ space: String) throws(CloudError) -> Set<String> { try miss() }
    func audit(after sequence: Int, project: ProjectID?, limit: Int) throws(CloudError) -> [AuditRecord] { try miss() }

    func sourced<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> (value: T, sources: [Memo]?) {
        let own = Sources()
        sources = own
        defer { sources = nil }
        return (try body(), own.all)
    }
}

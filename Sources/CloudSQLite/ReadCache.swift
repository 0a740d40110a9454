import CloudCore
import CloudStore
import Synchronization

/// Rows and short lists that were read lately, so that what is asked again and again does not go to SQLite.
///
/// A commit drops what it changes before it happens, and nothing is remembered until it has: so whoever reads from
/// memory never sees half of a commit, and whoever reads after a writer was answered sees what it wrote.
final class ReadCache: Sendable {
    /// What is remembered of one kind of resource.
    private struct OfKind {
        var rows: [String: CloudStore.Row?] = [:]
        var lists: [Query: [Row]] = [:]
        var counts: [Query: Int] = [:]
        var size = 0
    }
    private struct State {
        var kinds: [Kind: OfKind] = [:]
        /// Raised by every commit: what was read before one may not be remembered after it.
        var generation = 0
        /// Commits that are happening.
        var commits = 0

        /// Whether nothing was committed since; then what is remembered is what a reader of that time would find.
        func isStill(_ generation: Int) -> Bool { self.generation == generation && commits == 0 }
    }

    /// Rows remembered of a kind; beyond it all of them are dropped.
    private static let room = 20_000
    /// Lists longer than this are not remembered.
    private static let longest = 1001

    private let state = Mutex(State())

    var generation: Int { state.withLock { $0.generation } }

    func row(_ kind: Kind, _ id: String) -> Row?? { state.withLock { $0.kinds[kind]?.rows[id] } }
    func rows(_ query: Query) -> [Row]? { state.withLock { $0.kinds[query.kind]?.lists[query] } }
    func count(_ query: Query) -> Int? { state.withLock { $0.kinds[query.kind]?.counts[query] } }

    /// The same for who reads the store as it was at a generation; nil where that is not what is remembered.
    func row(_ kind: Kind, _ id: String, since generation: Int) -> Row?? {
        state.withLock { $0.isStill(generation) ? $0.kinds[kind]?.rows[id] : nil }
    }
    func rows(_ query: Query, since generation: Int) -> [Row]? {
        state.withLock { $0.isStill(generation) ? $0.kinds[query.kind]?.lists[query] : nil }
    }

    func keep(_ row: Row?, _ kind: Kind, _ id: String, since generation: Int) {
        var row = row
        row?.memo = CloudStore.Row.Memo()
        keep(kind, 1, since: generation) { $0.rows[id] = .some(row) }
    }

    func keep(_ rows: [Row], _ query: Query, since generation: Int) {
        guard rows.count <= Self.longest else { return }
        let remembered = rows.map { row in
            var row = row
            row.memo = CloudStore.Row.Memo()
            return row
        }
        keep(query.kind, rows.count + 1, since: generation) { $0.lists[query] = remembered }
    }

    func keep(_ count: Int, _ query: Query, since generation: Int) {
        keep(query.kind, 1, since: generation) { $0.counts[query] = count }
    }

    private func keep(_ kind: Kind, _ size: Int, since generation: Int, _ change: (inout OfKind) -> Void) {
        state.withLock { state in
            guard state.isStill(generation) else { return }
            if state.kinds[kind, default: OfKind()].size + size > Self.room { state.kinds[kind] = OfKind() }
            change(&state.kinds[kind, default: OfKind()])
            state.kinds[kind]!.size += size
        }
    }

    /// Called right before a commit, with what it changes.
    func beginCommit(_ changed: Set<Reference>) {
        state.withLock { state in
            state.commits += 1
            state.generation += 1
            for reference in changed {
                state.kinds[reference.kind]?.rows[reference.id] = nil
                state.kinds[reference.kind]?.lists = [:]
                state.kinds[reference.kind]?.counts = [:]
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

    func open(_ changed: Set<Reference>) {
        guard !changed.isEmpty else { return }
        cache.beginCommit(changed)
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
    let now: Instant
    private(set) var missed = false

    init(_ cache: ReadCache, _ schemas: Schemas, _ now: Instant) {
        (self.cache, self.schemas, self.now) = (cache, schemas, now)
    }

    private func miss<T>() throws(CloudError) -> T {
        missed = true
        throw .fault("not in memory")
    }

    func row(_ kind: Kind, _ id: String) throws(CloudError) -> Row? {
        if let known = cache.row(kind, id) { known } else { try miss() }
    }
    func rows(_ query: Query) throws(CloudError) -> [Row] {
        if let known = cache.rows(query) { known } else { try miss() }
    }
    func count(_ query: Query) throws(CloudError) -> Int {
        if let known = cache.count(query) { known } else { try miss() }
    }
    func sum(_ column: String, _ query: Query) throws(CloudError) -> Int { try miss() }
    func signals(_ target: Reference) throws(CloudError) -> [PendingSignal] { try miss() }
    func work(_ target: Reference) throws(CloudError) -> Work? { try miss() }
    func dueWork(limit: Int) throws(CloudError) -> [Work] { try miss() }
    func nextWork() throws(CloudError) -> Instant? { try miss() }
    func claims(_ space: String) throws(CloudError) -> Set<String> { try miss() }
    func audit(after sequence: Int, project: ProjectID?, limit: Int) throws(CloudError) -> [AuditRecord] { try miss() }
}

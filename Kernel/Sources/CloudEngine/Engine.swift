import CloudCore
import CloudStore
import Synchronization

/// Runs lifecycles. It knows no resource type: each is enrolled with the ports that its steps act through.
///
/// Two engines over one store do not step on each other: work is leased, and every commit checks the lease.
public final class Engine: Sendable {
    private let store: any Store
    private let clock: any Clock
    private let dice: any Dice
    private let name: String
    private let lease: Duration
    private let report: @Sendable (Reference, CloudError) -> Void
    private let handlers = Mutex<[Kind: any Stepping]>([:])
    private let bell: Bell

    /// How many lifecycles are stepped side by side.
    private static let width = 32

    /// - Parameters:
    ///   - name: this engine's, unlike any other's over the same store; the same again after a restart.
    ///   - lease: longer than any step's deadline.
    ///   - report: told of every failed step.
    public init(
        store: any Store, clock: any Clock, dice: any Dice, name: String, lease: Duration = .seconds(150),
        report: @escaping @Sendable (Reference, CloudError) -> Void
    ) {
        (self.store, self.clock, self.dice, self.name) = (store.withoutRemembering, clock, dice, name)
        (self.lease, self.report) = (lease, report)
        bell = Bell()
        store.observe { [bell] _, _ in bell.ring() }
    }

    /// Takes charge of a type of resource.
    public func enroll<R: Lifecycle>(_ type: R.Type, world: R.World) {
        let runner = Runner<R>(
            world: world, store: store, clock: clock, dice: dice, engine: name, lease: lease, report: report)
        handlers.withLock { $0[R.kind] = runner }
    }

    /// Gives up what an earlier run of this engine held, and has every lifecycle look at the world anew.
    public func begin() async throws(CloudError) {
        try await store.write(nil) { [name] (writer) throws(CloudError) in
            for schema in writer.schemas.all where !schema.labels.isEmpty {
                for row in try writer.rows(.everything(schema.kind)) {
                    let target = Reference(schema.kind, row.id)
                    // A row from before its kind had a lifecycle begins one now.
                    var work =
                        try writer.work(target) ?? Work(target: target, label: schema.labels[0], wakeAt: writer.now)
                    if work.lessee == name { work.leasedUntil = writer.now }
                    work.wakeAt = min(work.wakeAt, writer.now)
                    try writer.put(work)
                }
            }
        }
    }

    /// Works until it is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            let busy = Tally()
            while !Task.isCancelled {
                let room = Self.width - busy.count
                let taken = room > 0 ? await takeReporting(room) : []
                for target in taken {
                    busy.add(1)
                    group.addTask { [self] in
                        await advance(target)
                        busy.add(-1)
                        bell.ring()
                    }
                }
                if taken.isEmpty { await bell.wait(atMost: await pause(), clock) }
            }
        }
    }

    /// Steps what is due, one after the other, until nothing is; for simulations. Returns whether anything was.
    @discardableResult
    public func drain(limit: Int = 64) async throws(CloudError) -> Bool {
        let taken = try await take(limit)
        for target in taken { try await advanceThrowing(target) }
        return !taken.isEmpty
    }

    /// Leases what is due.
    private func take(_ limit: Int) async throws(CloudError) -> [Reference] {
        guard !(try await store.read { (reader) throws(CloudError) in try reader.dueWork(limit: 1) }).isEmpty else {
            return []
        }
        return try await store.write(nil) { [name, lease] (writer) throws(CloudError) in
            var taken: [Reference] = []
            for var work in try writer.dueWork(limit: limit) {
                work.lessee = name
                work.leasedUntil = writer.now + lease
                try writer.put(work)
                taken.append(work.target)
            }
            return taken
        }
    }

    private func takeReporting(_ room: Int) async -> [Reference] {
        do throws(CloudError) { return try await take(room) } catch {
            report(Reference(Kind("engine", "engines", service: "engine"), name), error)
            await clock.sleep(.milliseconds(200))
            return []
        }
    }

    private func advance(_ target: Reference) async {
        do throws(CloudError) { try await advanceThrowing(target) } catch { report(target, error) }
    }

    private func advanceThrowing(_ target: Reference) async throws(CloudError) {
        guard let handler = handlers.withLock({ $0[target.kind] }) else {
            throw .fault("nobody is enrolled for \(target)")
        }
        try await handler.advance(target)
    }

    private func pause() async -> Duration {
        // A store that is away is asked again in a second; taking work from it reports the failure.
        let soon = try? await store.read { (reader) throws(CloudError) in try reader.nextWork() }
        guard let moment = soon ?? nil else { return .seconds(1) }
        return max(.milliseconds(1), min(moment - clock.now(), .seconds(1)))
    }
}

/// How many are at work.
private final class Tally: Sendable {
    private let number = Mutex(0)
    var count: Int { number.withLock { $0 } }
    func add(_ change: Int) { number.withLock { $0 += change } }
}

import CloudCore
import CloudStore

/// Whoever can take a lifecycle's turns.
protocol Stepping: Sendable {
    /// Takes turns until the lifecycle rests, the lease is lost, or it has had its stretch.
    func advance(_ target: Reference) async throws(CloudError)
}

/// Runs the turns of one resource type, whatever it is.
struct Runner<R: Lifecycle>: Stepping {
    let world: R.World
    let store: any Store
    let clock: any Clock
    let dice: any Dice
    let engine: String
    let lease: Duration
    let report: @Sendable (Reference, CloudError) -> Void

    /// Hops in a row before others get a turn.
    private static var stretch: Int { 16 }

    func advance(_ target: Reference) async throws(CloudError) {
        do throws(CloudError) {
            for _ in 0..<Self.stretch {
                guard let seen = try await look(target) else { return }
                let goesOn = try await turn(target, seen)
                if !goesOn { return }
            }
        } catch {
            // The commit failed. Waiting for the lease to run out would leave the resource alone for minutes; if the
            // store does not take this either, it does.
            do throws(CloudError) { try await release(target, after: backOff(1)) } catch { report(target, error) }
            throw error
        }
        try await release(target, after: .zero)
    }

    private struct Seen: Sendable {
        let work: Work
        let label: R.Label
        let stored: Stored<R>
        let signals: [PendingSignal]
    }

    private func look(_ target: Reference) async throws(CloudError) -> Seen? {
        try await store.read { (reader) throws(CloudError) -> Seen? in
            guard let work = try reader.work(target), work.lessee == engine, work.leasedUntil > reader.now,
                let stored = try reader.find(ID<R>(target.id))
            else { return nil }
            guard let label = R.Label(rawValue: work.label) else {
                throw .fault("\(target) stands at \(work.label), which is no label of \(R.kind)")
            }
            return Seen(work: work, label: label, stored: stored, signals: try reader.signals(target))
        }
    }

    /// One step and its commit; returns whether to go on at once.
    private func turn(_ target: Reference, _ seen: Seen) async throws(CloudError) -> Bool {
        var turn = Turn(
            seen.stored, signals: Set(seen.signals.map(\.signal)), store: store, now: clock.now(), dice: dice)
        var work = seen.work
        var next: Next<R.Label>
        var failure: CloudError?
        do throws(CloudError) {
            let before = turn
            (next, turn) = try await clock.within(R.deadline(seen.label)) { () throws(CloudError) in
                var turn = before
                let next = try await R.step(seen.label, &turn, in: world)
                return (next, turn)
            }
            work.attempts = 0
        } catch {
            report(target, error)
            failure = error
            work.attempts += 1
            if error.isTransient, work.attempts < R.patience {
                return try await retry(target, work, after: backOff(work.attempts))
            } else {
                next = R.failed(seen.label, &turn, error)
                work.attempts = 0
            }
        }
        do throws(CloudError) {
            return try await commit(target, seen, turn, work, next, failure)
        } catch  where error.code == .stale {
            return true  // someone wrote in the meantime: look again
        }
    }

    private func commit(
        _ target: Reference, _ seen: Seen, _ turn: Turn<R>, _ work: Work, _ next: Next<R.Label>, _ failure: CloudError?
    ) async throws(CloudError) -> Bool {
        var work = work
        var goesOn = false
        var cleared = seen.signals
        switch next {
        case .hop(let label):
            work.label = label.rawValue
            work.leasedUntil = clock.now() + lease
            cleared = cleared.filter { !turn.signals.contains($0.signal) }
            goesOn = true
        case .rest: work.wakeAt = clock.now() + R.resync
        case .nap(let pause): work.wakeAt = clock.now() + pause
        case .gone: break
        }
        if !goesOn { work.leasedUntil = clock.now() }
        let record = self.record(target, seen, turn, next, failure)
        let (settled, done) = (work, cleared)
        try await store.write(record) { (writer) throws(CloudError) in
            guard let held = try writer.work(target), held.lessee == engine, held.label == seen.work.label else {
                throw staleError(R.kind, target.id)
            }
            for write in turn.writes { try write(writer) }
            if case .gone = next { return try writer.remove(target) }
            if hasChanged(seen, turn) {
                var it = turn.it
                try writer.update(&it)
            }
            try writer.clear(done)
            try writer.put(settled)
        }
        return goesOn
    }

    private func hasChanged(_ seen: Seen, _ turn: Turn<R>) -> Bool {
        R.fields.contains { $0.get(seen.stored.value) != $0.get(turn.it.value) }
    }

    /// The audit log's line, where the turn changes anything a reader of the log would miss.
    private func record(
        _ target: Reference, _ seen: Seen, _ turn: Turn<R>, _ next: Next<R.Label>, _ failure: CloudError?
    ) -> AuditRecord? {
        var isChange = hasChanged(seen, turn) || !turn.writes.isEmpty
        if case .gone = next { isChange = true }
        guard isChange else { return nil }
        var caller = Caller.system("engine")
        caller.project = seen.stored.project
        var record = AuditRecord(
            caller, service: R.kind.service, action: "engine:" + seen.label.rawValue, kind: R.kind.name,
            resource: target.id)
        if let failure { (record.outcome, record.reason) = (.failed, failure.description) }
        return record
    }

    /// Leaves everything as it was, signals too, and holds the lease by nobody until it is time to try again.
    private func retry(_ target: Reference, _ work: Work, after pause: Duration) async throws(CloudError) -> Bool {
        var waiting = work
        waiting.leasedUntil = clock.now() + pause
        waiting.wakeAt = waiting.leasedUntil
        let settled = waiting
        try await store.write(nil) { (writer) throws(CloudError) in
            guard let held = try writer.work(target), held.lessee == engine, held.label == work.label else { return }
            try writer.put(settled)
        }
        return false
    }

    private func release(_ target: Reference, after pause: Duration) async throws(CloudError) {
        try await store.write(nil) { (writer) throws(CloudError) in
            guard var work = try writer.work(target), work.lessee == engine else { return }
            work.leasedUntil = writer.now + pause
            try writer.put(work)
        }
    }

    /// Doubles from half a second to a minute, and spreads by up to a half so that failures do not march in step.
    private func backOff(_ attempts: Int) -> Duration {
        let whole = min(500 << min(attempts - 1, 8), 60_000)
        return .milliseconds(whole - dice.below(whole / 2))
    }
}

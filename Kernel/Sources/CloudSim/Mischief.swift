import CloudCore
import Synchronization

/// What goes wrong, how often, and what was done: every effect of the twins passes through here.
///
/// A crash stands for the death of the control plane: from then on every effect and commit fails, until whoever runs
/// the simulation starts a new one over the same store and world, and says so with `revive`.
public final class Mischief: Sendable {
    /// In so many cases of a thousand.
    public struct Rates: Sendable {
        public var failsBefore = 0
        public var failsAfter = 0
        public var crashes = 0
        public var interrupted = 0
        public var commitCrashes = 0
        public var storeAway = 0

        public init() {}

        /// As much as lifecycles can bear and still get anywhere.
        public static var lively: Rates {
            var rates = Rates()
            (rates.failsBefore, rates.failsAfter, rates.crashes, rates.interrupted) = (60, 50, 12, 50)
            (rates.commitCrashes, rates.storeAway) = (10, 15)
            return rates
        }
    }

    private struct State {
        var rates = Rates()
        var isDead = false
        var isInterrupted = false
        var failedCommits = 0
        var keepsLog = false
        var log: [String] = []
        var interloper: (@Sendable () async -> Void)?
    }
    private let state = Mutex(State())
    private let dice: SeededDice
    private let clock: SimClock

    public init(dice: SeededDice, clock: SimClock) { (self.dice, self.clock) = (dice, clock) }

    /// What goes wrong from here on; nothing in the beginning.
    public var rates: Rates {
        get { state.withLock { $0.rates } }
        set { state.withLock { $0.rates = newValue } }
    }
    /// Whether the control plane has crashed.
    public var isDead: Bool { state.withLock { $0.isDead } }
    /// A new control plane has begun.
    public func revive() { state.withLock { $0.isDead = false } }
    public func kill() { state.withLock { $0.isDead = true } }
    /// How many commits have failed by mischief.
    public var failedCommits: Int { state.withLock { $0.failedCommits } }
    /// Run by chance in the middle of an effect, and never within itself.
    public func interrupt(with interloper: (@Sendable () async -> Void)?) {
        state.withLock { $0.interloper = interloper }
    }

    /// Keeps a log from here on; it is empty without.
    public func keepLog() { state.withLock { $0.keepsLog = true } }
    public var log: [String] { state.withLock { $0.log } }
    /// Writes a line of the log, if it is kept.
    public func note(_ line: @autoclosure () -> String) {
        guard state.withLock({ $0.keepsLog }) else { return }
        let text = clock.now().text(fraction: true).dropFirst(11) + " " + line()
        state.withLock { $0.log.append(text) }
    }

    private static let death = CloudError.unavailable("control plane", "it has crashed")

    /// Makes one effect on the world, or does not, or does and says otherwise.
    public func effect<T>(
        _ what: @autoclosure () -> String, _ body: () throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        guard !isDead else { throw Self.death }
        let rates = self.rates
        clock.advance(.milliseconds(1 + dice.below(30)))
        if dice.chance(rates.failsBefore) {
            note("  \(what()): fails before")
            throw failure()
        }
        if dice.chance(rates.crashes) {
            note("  \(what()): crash before")
            kill()
            throw Self.death
        }
        let cutsIn = dice.chance(rates.interrupted)
        let isFirst = dice.chance(500)
        if cutsIn, isFirst { try await cutIn(what()) }
        let value: T
        do throws(CloudError) { value = try body() } catch {
            note("  \(what()): \(error)")
            throw error
        }
        note("  \(what())")
        if cutsIn, !isFirst { try await cutIn(what()) }
        if dice.chance(rates.crashes) {
            note("  \(what()): crash after")
            kill()
            throw Self.death
        }
        if dice.chance(rates.failsAfter) {
            note("  \(what()): fails after")
            throw failure()
        }
        return value
    }

    private func cutIn(_ what: String) async throws(CloudError) {
        let interloper = state.withLock { state in
            guard !state.isInterrupted else { return nil as (@Sendable () async -> Void)? }
            state.isInterrupted = state.interloper != nil
            return state.interloper
        }
        guard let interloper else { return }
        note("  \(what): meanwhile …")
        await interloper()
        note("  \(what): … and on")
        state.withLock { $0.isInterrupted = false }
        if isDead { throw Self.death }
    }

    private func failure() -> CloudError {
        dice.chance(500) ? .unavailable("engine", "by mischief") : CloudError(.timeout, "It took longer than it may.")
    }

    /// For `MemoryStore(beforeCommit:)`.
    public func beforeCommit() throws(CloudError) {
        guard !isDead else { throw Self.death }
        let rates = self.rates
        if dice.chance(rates.commitCrashes) {
            note("  commit: crash before")
            state.withLock { ($0.isDead, $0.failedCommits) = (true, $0.failedCommits + 1) }
            throw Self.death
        }
        if dice.chance(rates.storeAway) {
            note("  commit: the store is away")
            state.withLock { $0.failedCommits += 1 }
            throw .unavailable("store", "by mischief")
        }
    }
}

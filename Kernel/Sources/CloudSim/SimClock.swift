import CloudCore
import Synchronization

/// Virtual time: it moves only when somebody waits or the simulation says so, and never backwards.
public final class SimClock: Clock {
    private let time: Mutex<Instant>

    /// - Parameter start: 2026-01-01T00:00:00Z unless said otherwise.
    public init(_ start: Instant = Instant(microseconds: 1_767_225_600_000_000)) { time = Mutex(start) }

    public func now() -> Instant { time.withLock { $0 } }
    public func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    /// Moves on to a moment, if it is yet to come.
    public func advance(to moment: Instant) { time.withLock { $0 = max($0, moment) } }

    /// Whoever waits makes the time pass: a simulation has one task, so nobody else could.
    public func sleep(_ duration: Duration) async { advance(duration) }

    /// Runs the body to its end, without a race; late is what virtual time says is late.
    public func within<T: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let end = now() + limit
        let value = try await body()
        guard now() <= end else { throw CloudError(.timeout, "It took longer than it may.") }
        return value
    }

    /// One after the other, so that a seed always tells the same story.
    public func together(
        _ one: @escaping @Sendable () async throws(CloudError) -> Void,
        _ other: @escaping @Sendable () async throws(CloudError) -> Void
    ) async throws(CloudError) {
        try await one()
        try await other()
    }
}

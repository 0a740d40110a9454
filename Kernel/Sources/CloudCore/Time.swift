/// A moment: microseconds since 1970-01-01T00:00:00Z.
public struct Instant: Hashable, Comparable, Sendable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static func < (a: Self, b: Self) -> Bool { a.microseconds < b.microseconds }
    public static func + (a: Self, b: Duration) -> Self { Self(microseconds: a.microseconds + b.inMicroseconds) }
    public static func - (a: Self, b: Self) -> Duration { .microseconds(a.microseconds - b.microseconds) }

    /// `2026-11-23T02:53:42Z` (RFC 3339), with six fractional digits if asked.
    public func text(fraction: Bool = false) -> String {
        let seconds = microseconds >= 0 ? microseconds / 1_000_000 : -((-microseconds + 999_999) / 1_000_000)
        let days = seconds >= 0 ? seconds / 86_400 : -((-seconds + 86_399) / 86_400)
        let (year, month, day) = Self.civil(days)
        let inDay = seconds - days * 86_400
        let date = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))"
        let time = "\(Self.pad(inDay / 3600, 2)):\(Self.pad(inDay / 60 % 60, 2)):\(Self.pad(inDay % 60, 2))"
        let part = fraction ? "." + Self.pad(microseconds - seconds * 1_000_000, 6) : ""
        return "\(date)T\(time)\(part)Z"
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1970 to a date of the proleptic Gregorian calendar, counted in 400-year eras that begin in March.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Duration {
    /// Whole microseconds, the unit in which times are stored.
    public var inMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

/// What time it is, and waiting. Everything that waits takes one, so that a simulation can run a day in a second.
public protocol Clock: Sendable {
    func now() -> Instant
    /// Returns after `duration`, or earlier if the task is cancelled.
    func sleep(_ duration: Duration) async
    /// Runs `body`, and cancels it where it takes longer than `limit`: then `timeout`.
    func within<T: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws(CloudError) -> T
    ) async throws(CloudError) -> T
    /// Runs two things side by side to their ends, and throws what either threw. A simulation runs one after the other.
    func together(
        _ one: @escaping @Sendable () async throws(CloudError) -> Void,
        _ other: @escaping @Sendable () async throws(CloudError) -> Void
    ) async throws(CloudError)
}

extension Clock {
    public func within<T: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let outcome = await withTaskGroup(of: Result<T, CloudError>?.self) { group in
            group.addTask { () -> Result<T, CloudError>? in
                do throws(CloudError) { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                await sleep(limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let outcome else { throw CloudError(.timeout, "It took longer than it may.") }
        return try outcome.get()
    }
}

extension Clock {
    public func together(
        _ one: @escaping @Sendable () async throws(CloudError) -> Void,
        _ other: @escaping @Sendable () async throws(CloudError) -> Void
    ) async throws(CloudError) {
        let task = Task { () -> Result<Void, CloudError> in
            do throws(CloudError) { return .success(try await other()) } catch { return .failure(error) }
        }
        let outcome = await withTaskCancellationHandler {
            let mine: Result<Void, CloudError>
            do throws(CloudError) { mine = .success(try await one()) } catch { mine = .failure(error) }
            return (mine, await task.value)
        } onCancel: {
            task.cancel()
        }
        try outcome.0.get()
        try outcome.1.get()
    }
}

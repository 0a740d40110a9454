import NIOCore
import NIOPosix
import Synchronization

/// A value that comes once, from wherever it comes first; any number may wait for it.
public final class Once<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [CheckedContinuation<Value, Never>] = []
    }
    private let state = Mutex(State())

    /// Begins without a value.
    public init() {}

    /// Gives the value; false, and nothing done, where it has been given already.
    @discardableResult
    public func give(_ value: Value) -> Bool {
        let waiters: [CheckedContinuation<Value, Never>]? = state.withLock { state in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.waiters = [] }
            return state.waiters
        }
        waiters?.forEach { $0.resume(returning: value) }
        return waiters != nil
    }

    /// The value; the one given here, where none has come within a time.
    public func value(within limit: Duration, else late: @escaping @Sendable () -> Value) async -> Value {
        let timer = MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: TimeAmount(limit)) {
            _ = self.give(late())
        }
        defer { timer.cancel() }
        return await value
    }

    /// The value, when it has come.
    public var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let ready: Value? = state.withLock { state in
                    if state.value == nil { state.waiters.append(continuation) }
                    return state.value
                }
                if let ready { continuation.resume(returning: ready) }
            }
        }
    }
}

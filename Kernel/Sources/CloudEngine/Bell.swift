import CloudCore
import Synchronization

/// Wakes the one who waits; a ring that nobody waited for is remembered.
final class Bell: Sendable {
    private struct State {
        var rung = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.rung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, or after a while.
    func wait(atMost pause: Duration, _ clock: any Clock) async {
        let timer = Task {
            await clock.sleep(pause)
            if !Task.isCancelled { ring() }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = state.withLock { state in
                    defer { state.rung = false }
                    if !state.rung { state.waiter = continuation }
                    return state.rung
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        timer.cancel()
    }
}

import CloudCore
import Glibc

/// The machine's own clock.
public struct SystemClock: Clock {
    public init() {}

    public func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// A cancelled `Task.sleep` keeps its task and its timer until the time has come. Most of our waits bound something
    /// that ends long before, thousands of times a minute; so these leave nothing behind.
    public func sleep(_ duration: Duration) async {
        let over = Once<Void>()
        await withTaskCancellationHandler {
            await over.value(within: duration) {}
        } onCancel: {
            over.give(())
        }
    }
}

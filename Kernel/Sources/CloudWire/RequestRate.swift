import CloudCore
import Synchronization

/// How fast one caller may ask: each has a bucket of requests that fills at a steady rate. Kept by each process for
/// itself.
public final class RequestRate: Sendable {
    private struct Bucket {
        /// Millionths of a request.
        var level: Int
        var at: Instant
    }
    /// Requests a second, and how many may come at once.
    public let rate: Int
    public let burst: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    /// Callers that are remembered. One more than that shares a bucket with all that come after it.
    static let most = 20_000

    public init(rate: Int, burst: Int) { (self.rate, self.burst) = (rate, burst) }

    /// Takes a request out of the caller's bucket; throws `tooMany` where it is empty.
    func take(_ caller: Caller, now: Instant) throws(CloudError) {
        // Whoever has a token counts as that user from wherever they ask; anybody else as their address.
        let key = caller.user?.text ?? "from " + caller.address
        let isFree = buckets.withLock { buckets in
            if buckets.count >= Self.most, buckets[key] == nil { forget(&buckets, now) }
            let place = buckets.count < Self.most || buckets[key] != nil ? key : ""
            let full = burst * 1_000_000
            var bucket = buckets[place] ?? Bucket(level: full, at: now)
            let passed = max(0, Int(now.microseconds - bucket.at.microseconds))
            bucket.level = passed > full / rate ? full : min(full, bucket.level + passed * rate)
            bucket.at = now
            let isFree = bucket.level >= 1_000_000
            if isFree { bucket.level -= 1_000_000 }
            buckets[place] = bucket
            return isFree
        }
        guard isFree else {
            throw CloudError(.tooMany, "Too many requests: \(rate) a second. Try again in a second.")
        }
    }

    /// A bucket that is full again is like one that never was.
    private func forget(_ buckets: inout [String: Bucket], _ now: Instant) {
        buckets = buckets.filter { Int(now.microseconds - $0.value.at.microseconds) < burst * 1_000_000 / rate }
    }
}

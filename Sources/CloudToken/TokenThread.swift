import CloudCore
import CloudHost
import Dispatch
import Synchronization

/// Calls of the library, one after the other, on a thread that nobody else waits for: an HSM may take seconds.
struct TokenThread: Sendable {
    private let queue = DispatchQueue(label: "akashi.token")
    private let waiting = Waiting()
    /// How many may wait for their turn.
    let room: Int
    /// After so long a caller goes on without an answer; the call itself cannot be ended.
    let patience: Duration

    private final class Waiting: Sendable { let count = Mutex(0) }

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: what `body` throws; `unavailable` where too many wait already; `timeout`.
    func run<T: Sendable>(_ body: @escaping @Sendable () throws(CloudError) -> T) async throws(CloudError) -> T {
        let isIn = waiting.count.withLock { count in
            guard count < room else { return false }
            count += 1
            return true
        }
        guard isIn else { throw .unavailable("key store", "\(room) calls wait for the token") }
        let answer = Once<Result<T, CloudError>>()
        let waiting = self.waiting
        queue.async {
            let result: Result<T, CloudError>
            do throws(CloudError) { result = .success(try body()) } catch { result = .failure(error) }
            waiting.count.withLock { $0 -= 1 }
            answer.give(result)
        }
        let patience = self.patience
        return try await answer.value(within: patience) {
            .failure(CloudError(.timeout, "The key store took too long.", detail: "no answer within \(patience)"))
        }.get()
    }
}

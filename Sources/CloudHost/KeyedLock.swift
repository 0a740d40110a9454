import CloudCore
import Synchronization

/// Lets calls about the same key follow one another, and calls about different keys run side by side.
public final class KeyedLock<Key: Hashable & Sendable>: Sendable {
    /// Who waits for each key that is taken.
    private let queues = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    /// Nothing is taken yet.
    public init() {}

    /// Runs `body` when nobody else is at the key.
    public func run<T>(_ key: Key, _ body: () async throws(CloudError) -> T) async throws(CloudError) -> T {
        await take(key)
        defer { give(key) }
        return try await body()
    }

    private func take(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = queues.withLock { queues in
                if queues[key] == nil {
                    queues[key] = []
                    return true
                }
                queues[key]!.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func give(_ key: Key) {
        let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
            guard queues[key]?.isEmpty == false else {
                queues[key] = nil
                return nil
            }
            return queues[key]!.removeFirst()
        }
        next?.resume()
    }
}

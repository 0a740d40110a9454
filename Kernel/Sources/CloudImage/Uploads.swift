import CloudCore
import Synchronization

/// Which images this process is receiving right now.
final class Uploads: Sendable {
    private let current = Mutex<Set<ID<Image>>>([])

    func contains(_ image: ID<Image>) -> Bool { current.withLock { $0.contains(image) } }
    /// Whether it was not being received before.
    func begin(_ image: ID<Image>) -> Bool { current.withLock { $0.insert(image).inserted } }
    func end(_ image: ID<Image>) { current.withLock { _ = $0.remove(image) } }
}

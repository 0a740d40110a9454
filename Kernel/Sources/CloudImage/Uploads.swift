import CloudCore
import Synchronization

/// Whose bytes this process is touching right now: by receiving them, or by removing what was cut off.
final class Uploads: Sendable {
    private let current = Mutex<Set<ID<Image>>>([])

    /// Whether it was not being received before.
    func begin(_ image: ID<Image>) -> Bool { current.withLock { $0.insert(image).inserted } }
    func end(_ image: ID<Image>) { current.withLock { _ = $0.remove(image) } }
}

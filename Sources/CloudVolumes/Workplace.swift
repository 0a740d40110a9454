import CloudCore
import CloudHost
import Glibc
import Synchronization

/// Where one call's tools work, as a user that no other call has at the same time: what one tool is tricked into, it
/// cannot do to another.
struct Workplace: Sendable {
    let user: Int
    /// On the pool's file system. Root's: the tool opens the files we made there and makes none.
    let directory: String
    /// The user's own, under /run and with a short name, for a socket and the header that is being made.
    let run: String

    /// The layer that is being made.
    var layer: String { directory + "/layer" }
    /// A second name of an image.
    var image: String { directory + "/image" }
    var header: String { run + "/header" }
    var socket: String { run + "/socket" }

    func prepare() throws(CloudError) {
        try clear()
        try Files.ensureDirectory(directory, mode: 0o710, group: user)
        try Files.ensureDirectory(run, mode: 0o700, user: user, group: user)
    }

    /// Nothing of it is left, and no key of what was half made.
    func clear() throws(CloudError) {
        for path in [layer, header] where Files.status(path) != nil { try LayerFile.erase(path) }
        for path in [directory, run] { try Files.remove(path) }
    }
}

/// Users for tools, and who waits for one.
final class Workplaces: Sendable {
    private struct State {
        var free: [Workplace]
        var waiters: [CheckedContinuation<Workplace, Never>] = []
    }
    private let state: Mutex<State>

    init(_ all: [Workplace]) { state = Mutex(State(free: all)) }

    /// Runs `body` with a place of its own, which is empty before and after.
    func use<T: Sendable>(
        _ body: (Workplace) async throws(CloudError) -> T
    ) async throws(CloudError) -> T {
        let place = await take()
        defer { give(place) }
        try place.prepare()
        // What cannot be cleared now is cleared before the next use.
        defer { try? place.clear() }
        return try await body(place)
    }

    private func take() async -> Workplace {
        await withCheckedContinuation { continuation in
            let place: Workplace? = state.withLock { state in
                if state.free.isEmpty { state.waiters.append(continuation) }
                return state.free.popLast()
            }
            if let place { continuation.resume(returning: place) }
        }
    }

    private func give(_ place: Workplace) {
        let next: CheckedContinuation<Workplace, Never>? = state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.free.append(place)
            return nil
        }
        next?.resume(returning: place)
    }
}

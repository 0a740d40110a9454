import CloudCore
import Synchronization

/// Counts failed log-ins, and shuts out for a while whom they are tried on and where they come from.
///
/// It is kept in memory: a restart forgets it, which gives an attacker one more round and no more. A name that nobody
/// has is counted too, so that being shut out does not tell who exists.
final class LoginGuard: Sendable {
    enum Key: Hashable, Sendable {
        case user(ID<User>)
        case unknown(String)
        case address(String)
    }

    /// How many failures a user may have, and an address, before it is shut out.
    static let mostOfUser = 6
    static let mostOfAddress = 100
    /// How long it is shut out, and after how long without a failure all is forgotten.
    static let pause = Duration.seconds(120)
    /// How many names and addresses are remembered that are no user's.
    private static let room = 8192

    private struct Track: Sendable {
        var failures = 0
        var last: Instant
        var lockedUntil: Instant?

        func isOver(_ now: Instant) -> Bool { last + LoginGuard.pause <= now }
    }
    private struct State: Sendable {
        var users: [Key: Track] = [:]
        var others: [Key: Track] = [:]

        subscript(key: Key) -> Track? {
            get { if case .user = key { users[key] } else { others[key] } }
            set { if case .user = key { users[key] = newValue } else { others[key] = newValue } }
        }
    }
    private let state = Mutex(State())

    func isLocked(_ keys: [Key], _ now: Instant) -> Bool {
        state.withLock { state in keys.contains { state[$0]?.lockedUntil.map { $0 > now } ?? false } }
    }

    /// Counts a failure; returns those that are shut out from now on. What is tried while shut out prolongs nothing,
    /// so that nobody can keep another out for good by trying on.
    func fail(_ keys: [Key], _ now: Instant) -> [Key] {
        state.withLock { state in
            if state.others.count >= Self.room { Self.makeRoom(&state, now) }
            return keys.filter { key in
                var track = state[key] ?? Track(last: now)
                if let until = track.lockedUntil {
                    guard until <= now else { return false }
                    track = Track(last: now)
                } else if track.isOver(now) {
                    track = Track(last: now)
                }
                track.failures += 1
                track.last = now
                var most = Self.mostOfUser
                if case .address = key { most = Self.mostOfAddress }
                let isLocked = track.failures >= most
                if isLocked { track.lockedUntil = now + Self.pause }
                state[key] = track
                return isLocked
            }
        }
    }

    func clear(_ key: Key) { state.withLock { $0[key] = nil } }

    /// Forgets what is over and, where that is not enough, those with the fewest failures.
    private static func makeRoom(_ state: inout State, _ now: Instant) {
        state.users = state.users.filter { !$0.value.isOver(now) }
        state.others = state.others.filter { !$0.value.isOver(now) }
        guard state.others.count >= room else { return }
        let fewest = state.others.sorted { ($0.value.failures, $0.value.last) < ($1.value.failures, $1.value.last) }
        for (key, _) in fewest.prefix(room / 2) { state.others[key] = nil }
    }
}

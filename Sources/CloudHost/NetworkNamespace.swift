import CloudCore
import Glibc

/// A network namespace by name, as `ip netns` keeps them under /run/netns.
public struct NetworkNamespace: Hashable, Sendable {
    /// Letters, digits and `-`.
    public let name: String

    /// Names a namespace; makes none.
    public init(_ name: String) { self.name = name }

    /// The file that setns(2) and nsenter take.
    public var path: String { "/run/netns/\(name)" }

    /// Puts a command into the namespace. nsenter replaces itself, so the pid is the command's own.
    public func enter(_ argv: [String]) -> [String] { ["nsenter", "--net=\(path)"] + argv }

    /// Makes the namespace, with its loopback up, if it is missing.
    public func ensure() async throws(CloudError) {
        if !isThere {
            // Left behind by a reboot or a crash half-way: a plain file that no namespace is mounted on.
            if Files.exists(path) { try Files.remove(path) }
            try await Command.run(["ip", "netns", "add", name])
        }
        try await Command.run(["ip", "-n", name, "link", "set", "lo", "up"])
    }

    /// Unmounts the name; the namespace ends with the last process in it.
    public func remove() async throws(CloudError) {
        if isThere { return _ = try await Command.run(["ip", "netns", "delete", name]) }
        try Files.remove(path)
    }

    /// Whether a namespace is mounted there, rather than nothing or a stale file.
    public var isThere: Bool {
        guard let there = Files.status(path), let parent = Files.status("/run/netns") else { return false }
        return there.st_dev != parent.st_dev
    }
}

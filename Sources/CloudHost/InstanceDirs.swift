import CloudCore
import Glibc

/// Where one instance of the cloud keeps things on a machine. Two instances differ by their state directory alone.
public struct InstanceDirs: Hashable, Sendable {
    /// The real path of the state directory: what must outlast a reboot.
    public let state: String
    /// Eight hexadecimal digits that stand for the state directory, in names that must be short and unique.
    public let tag: String

    /// The directory of sockets and process handles: short, since a socket's path has at most 107 bytes.
    public var run: String { "/run/akashi/\(tag)" }
    /// What daemons write to stdout and stderr.
    public var logs: String { state + "/log" }
    /// Disks and images.
    public var pool: String { state + "/pool" }

    /// Makes every directory that is missing. `state` may be relative.
    ///
    /// - Throws: `invalid` where guests, which run as users of their own, could not reach their disks.
    public init(state: String) throws(CloudError) {
        if mkdir(state, 0o711) != 0, errno != EEXIST { throw Files.failure("mkdir", state) }
        guard let real = realpath(state, nil) else { throw Files.failure("realpath", state) }
        self.state = String(cString: real)
        free(real)
        tag = Self.digest(self.state)
        try Self.checkReach(self.state)
        try Files.ensureDirectory(self.state, mode: 0o711)
        try Files.ensureDirectory("/run/akashi", mode: 0o711)
        try Files.ensureDirectory(run, mode: 0o711)
        try Files.ensureDirectory(logs, mode: 0o750)
        try Files.ensureDirectory(pool, mode: 0o711)
    }

    /// A network namespace of this instance: `ak-TAG-NAME`.
    public func namespace(_ name: String) -> NetworkNamespace { NetworkNamespace("ak-\(tag)-\(name)") }

    /// Erases what does not outlast a reboot anyway; for tests and for the removal of an instance.
    public func removeRun() throws(CloudError) { try Files.remove(run) }

    private static func checkReach(_ path: String) throws(CloudError) {
        var part = ""
        for name in path.split(separator: "/").dropLast() {
            part += "/" + name
            guard let info = Files.status(part), info.st_mode & 0o001 != 0 else {
                throw .invalid(
                    "Guests run as users of their own and cannot pass through \(part). "
                        + "Choose a state directory elsewhere, or run: chmod o+x \(part)")
            }
        }
    }

    /// FNV-1a, 32 bits: for names, not for secrets.
    private static func digest(_ text: String) -> String {
        var hash: UInt32 = 0x811c_9dc5
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return String(Hex.string(UInt64(hash)).suffix(8))
    }
}

import CloudCore
import Glibc

/// A user without rights, as whom a tool reads what strangers wrote: no capability, no way to gain one, little memory,
/// no memory dump, and behind everyone else in the queue for the processor.
public struct Confined: Sendable {
    /// The user, and the group of the same number.
    public var user: Int
    /// Further groups, for files that may be read by group.
    public var groups: [Int]

    public init(user: Int, groups: [Int] = []) { (self.user, self.groups) = (user, groups) }

    /// What comes before a tool's own arguments. Each of these programs becomes the next: it stays one process.
    var prefix: [String] {
        let (user, groups) = (String(user), groups.map(String.init).joined(separator: ","))
        return [
            "setpriv", "--reuid", user, "--regid", user, groups.isEmpty ? "--clear-groups" : "--groups=" + groups,
            "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
            "prlimit", "--as=\(2 << 30)", "--core=0", "--", "nice", "-n", "5",
        ]
    }

    /// A pipe that holds `input` and then ends. It is the user's: opening /dev/stdin asks for the right to.
    ///
    /// - Throws: `fault` for more than a pipe takes at once, 65,536 bytes.
    func pipe(_ input: [UInt8]) throws(CloudError) -> Int32 {
        guard input.count <= 65_536 else { throw .fault("\(input.count) bytes do not fit into a pipe") }
        var ends: [Int32] = [-1, -1]
        guard CLibrary.pipe2(&ends, O_CLOEXEC) == 0 else { throw Files.failure("pipe", "") }
        defer { close(ends[1]) }
        guard fchown(ends[0], uid_t(user), gid_t(user)) == 0,
            input.isEmpty || write(ends[1], input, input.count) == input.count
        else {
            defer { close(ends[0]) }
            throw Files.failure("fill", "a pipe")
        }
        return ends[0]
    }
}

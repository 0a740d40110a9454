import CloudCore
import Glibc

/// Starts programs that are to outlive us.
public enum Spawn {
    /// Starts `argv` in a session of its own, its output appended to `log`, with exactly this environment. Returns at
    /// once.
    ///
    /// - Parameter descriptors: open files of ours that the program gets as 3, 4, and so on; it gets no others.
    /// - Throws: `fault` where the program cannot be started.
    public static func detached(
        _ argv: [String], environment: [String: String], log: String, descriptors: [Int32] = []
    ) throws(CloudError) -> ProcessHandle {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o640)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Moved out of the way first: else giving one its number could overwrite another that has it.
        let moved = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        defer { moved.forEach { close($0) } }
        for (place, file) in moved.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, file, Int32(3 + place))
        }
        _ = CLibrary.spawnAddCloseFrom(&actions, Int32(3 + descriptors.count))
        // Swift's runtime ignores SIGPIPE and may block signals; the program starts with neither.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Int16(0x80 /* POSIX_SPAWN_SETSID */))

        var arguments = argv.map { strdup($0) } + [nil]
        var variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, argv[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw .fault("start \(argv[0]): \(String(cString: strerror(code)))") }
        guard let handle = ProcessHandle(pid: pid) else {
            var status: Int32 = 0
            waitpid(pid, &status, WNOHANG)
            throw .fault("\(argv[0]) ended as soon as it was started")
        }
        return handle
    }

    /// The environment that daemons get: what they need to find programs, and nothing of ours.
    public static let plainEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
    ]
}

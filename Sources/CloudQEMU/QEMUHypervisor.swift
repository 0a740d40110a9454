import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Logging
import Synchronization

/// Runs the guests of one host as QEMU processes, over QMP. It keeps no truth of its own: processes and files are it,
/// so a new one takes over where an old one was killed.
public final class QEMUHypervisor: Hypervisor {
    /// A process and our two connections to it.
    struct Running: Sendable {
        let process: ProcessHandle
        let act: QMP
        let watch: QMP
        let exit: ExitWatch

        /// Lets go; the process is not touched.
        func close() {
            exit.cancel()
            act.close()
            watch.close()
        }
    }

    let host: HostName
    let dirs: InstanceDirs
    let namespace: NetworkNamespace
    let accelerator: Accelerator
    let imageFile: @Sendable (String) async throws(CloudError) -> String
    let onChange: @Sendable (HostName, ID<Server>) -> Void
    let logger: Logger
    let running = Mutex<[ID<Server>: Running]>([:])
    let locks = KeyedLock<ID<Server>>()

    /// - Parameters:
    ///   - namespace: holds the devices that guests' cards are on.
    ///   - imageFile: where the file of an image is; guests keep a hard link to it, which makes it readable for all,
    ///     so it belongs in a directory that only root enters.
    ///   - onChange: called when something happened to a guest that may change its state, asked for or not. It must
    ///     not block, and may come too often.
    public init(
        host: HostName, dirs: InstanceDirs, namespace: NetworkNamespace, accelerator: Accelerator, logger: Logger,
        imageFile: @escaping @Sendable (String) async throws(CloudError) -> String,
        onChange: @escaping @Sendable (HostName, ID<Server>) -> Void = { _, _ in }
    ) throws(CloudError) {
        (self.host, self.dirs, self.namespace, self.accelerator) = (host, dirs, namespace, accelerator)
        (self.logger, self.imageFile, self.onChange) = (logger, imageFile, onChange)
        try Files.ensureDirectory(GuestPaths.all(dirs), mode: 0o711)
        try Files.ensureDirectory(GuestPaths.trash(dirs), mode: 0o700)
        try Files.ensureDirectory(GuestPaths.sockets(dirs), mode: 0o700)
    }

    public func ensureGuest(_ guest: GuestSpec, on host: HostName) async throws(CloudError) {
        try check(host, guest.id)
        try await locks.run(guest.id) { () async throws(CloudError) in
            let paths = GuestPaths(guest.id, dirs)
            let isNew = !Files.exists(paths.directory)
            if !isNew {
                if let running = try await connection(guest.id) { return try await awake(running, paths) }
                try await Strays.end(guest.id, except: nil)
            }
            try await GuestFiles(guest: guest, paths: paths, imageFile: imageFile).ensure()
            try await start(guest, paths)
            guard !isNew, let running = try await connection(guest.id) else { return }
            if Files.exists(paths.suspended) { return try await awake(running, paths) }
            try await grow(running, to: guest.disk.size)
        }
    }

    public func resume(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            if try await self.status(running) == "shutdown" { throw .conflict("The server is powered off.") }
            try await running.act.execute("cont")
        }
    }

    public func pause(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            _ = try await running.act.execute("stop")
        }
    }

    public func reset(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            _ = try await running.act.execute("system_reset")
        }
    }

    public func pressPower(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await with(guest, on: host) { (running) async throws(CloudError) in
            _ = try await running.act.execute("system_powerdown")
        }
    }

    public func state(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestState {
        try check(host, guest)
        return try await locks.run(guest) { () async throws(CloudError) in
            guard let running = try await connection(guest) else {
                if Files.exists(GuestPaths(guest, dirs).suspended) { return .suspended }
                // A handle that nobody took away belongs to a process that nobody ended.
                return Files.exists(GuestPaths(guest, dirs).process) ? .crashed : .absent
            }
            switch try await status(running) {
            case "running": return .running
            case "shutdown": return .off
            case "guest-panicked", "internal-error", "io-error", "watchdog": return .crashed
            default: return .paused
            }
        }
    }

    public func guests(on host: HostName) async throws(CloudError) -> Set<ID<Server>> {
        try check(host)
        return Set(try Files.names(in: GuestPaths.all(dirs)).map { ID($0) }).union(try Strays.guests(dirs))
    }

    public func consoleLog(
        of guest: ID<Server>, lines: Int?, on host: HostName
    ) async throws(CloudError) -> [UInt8] {
        try check(host, guest)
        let paths = GuestPaths(guest, dirs)
        guard Files.exists(paths.directory) else { throw .missing("Server", guest.text) }
        return try ConsoleLog.read(paths.console, lines: lines)
    }

    /// QEMU's own word for what the guest does.
    private func status(_ running: Running) async throws(CloudError) -> String {
        try await running.act.execute("query-status")["status"]?.string ?? ""
    }

    func with(
        _ guest: ID<Server>, on host: HostName, _ body: (Running) async throws(CloudError) -> Void
    ) async throws(CloudError) {
        try check(host, guest)
        try await locks.run(guest) { () async throws(CloudError) in
            guard let running = try await connection(guest) else { throw .missing("Server", guest.text) }
            try await body(running)
        }
    }

    /// Ids become names of directories, so they are looked at once more here.
    func check(_ host: HostName, _ guest: ID<Server>? = nil) throws(CloudError) {
        guard host == self.host else { throw .unavailable("host", "\(host) was asked of \(self.host)") }
        guard let guest else { return }
        guard Self.isID(guest) else { throw .missing("Server", guest.text) }
    }

    static func isID(_ guest: ID<Server>) -> Bool {
        guest.text.utf8.count == 36
            && guest.text.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

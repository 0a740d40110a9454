import CloudCompute
import CloudCore
import CloudHost
import Glibc

/// Starting, finding and ending processes. All but `adopt` is called with the guest's lock held.
extension QEMUHypervisor {
    /// The guest's process with both connections; nil where no process of it lives.
    func connection(_ guest: ID<Server>) async throws(CloudError) -> Running? {
        if let known = running.withLock({ $0[guest] }) {
            if known.act.isOpen, known.watch.isOpen, known.process.isAlive { return known }
            forget(guest)
        }
        let paths = GuestPaths(guest, dirs)
        guard let process = ProcessHandle.load(paths.process), process.isAlive else { return nil }
        guard Files.exists(paths.act), Files.exists(paths.watch) else {
            // Without its sockets nobody will ever speak to it again, and it holds the guest's disk.
            logger.warning("a guest's sockets are gone; its process is ended", metadata: ["guest": "\(guest)"])
            try await process.stop(grace: .zero)
            return nil
        }
        return try await connect(guest, process, paths, timeout: .seconds(5))
    }

    /// Starts QEMU, halted, and connects.
    func start(_ guest: GuestSpec, _ paths: GuestPaths) async throws(CloudError) {
        let process = try spawn(guest, paths)
        do {
            try process.save(paths.process)
            _ = try await connect(guest.id, process, paths, timeout: .seconds(30))
        } catch {
            try? await process.stop(grace: .zero)
            try? Files.remove(paths.process)
            let words = String(decoding: (try? Files.readTail(paths.log, limit: 2000)) ?? [], as: UTF8.self)
            throw .unavailable("hypervisor", "QEMU of \(guest.id) does not start: \(words) \(error.detail ?? "")")
        }
    }

    /// Starts the process with both sockets listening already, so that connecting needs no waiting. Only the process
    /// keeps them: its end is then the end of every connection, even of one that it never took.
    private func spawn(_ guest: GuestSpec, _ paths: GuestPaths) throws(CloudError) -> ProcessHandle {
        let act = try UnixSocket.listen(paths.act)
        defer { close(act) }
        let watch = try UnixSocket.listen(paths.watch)
        defer { close(watch) }
        let kvmGroup = accelerator.kind == .kvm ? Files.status("/dev/kvm").map { Int($0.st_gid) } : nil
        let command = QEMUCommand(guest: guest, paths: paths, accelerator: accelerator.kind, kvmGroup: kvmGroup)
        try Files.remove(paths.log)
        return try Spawn.detached(
            namespace.enter(command.argv), environment: Spawn.plainEnvironment, log: paths.log,
            descriptors: [act, watch])
    }

    private func connect(
        _ guest: ID<Server>, _ process: ProcessHandle, _ paths: GuestPaths, timeout: Duration
    ) async throws(CloudError) -> Running {
        let changed: @Sendable () -> Void = { [weak self] in self?.changed(guest, process) }
        let telling: Set<String> = ["SHUTDOWN", "STOP", "RESUME", "RESET", "GUEST_PANICKED", "BLOCK_IO_ERROR"]
        async let one = Self.attempt { () async throws(CloudError) in
            try await QMP.connect(paths.act, timeout: timeout)
        }
        async let other = Self.attempt { () async throws(CloudError) in
            try await QMP.connect(
                paths.watch, timeout: timeout, onEvent: { if telling.contains($0) { changed() } }, onClose: changed)
        }
        let (act, watch) = await (one, other)
        guard case .success(let act) = act, case .success(let watch) = watch else {
            if case .success(let act) = act { act.close() }
            if case .success(let watch) = watch { watch.close() }
            _ = try act.get()
            _ = try watch.get()
            fatalError("one of the two has thrown")
        }
        let new = Running(process: process, act: act, watch: watch, exit: process.onExit(changed))
        running.withLock { $0[guest] = new }
        // It may have ended before it was in the table, when its end was told to nobody.
        if !process.isAlive { changed() }
        return new
    }

    private static func attempt(_ body: () async throws(CloudError) -> QMP) async -> Result<QMP, CloudError> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    /// Tells the engine, unless the process is one that we have let go of.
    private func changed(_ guest: ID<Server>, _ process: ProcessHandle) {
        if running.withLock({ $0[guest]?.process == process }) { onChange(host, guest) }
    }

    /// Closes our connections; the process is not touched.
    private func forget(_ guest: ID<Server>) {
        running.withLock { $0.removeValue(forKey: guest) }?.close()
    }

    public func ensureStopped(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try check(host, guest)
        try await locks.run(guest) { () async throws(CloudError) in
            try await end(guest)
            // Memory without its process is of no use: the disk goes on.
            try Files.remove(GuestPaths(guest, dirs).suspended)
        }
    }

    public func removeGuest(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try check(host, guest)
        try await locks.run(guest) { () async throws(CloudError) in
            try await end(guest)
            let paths = GuestPaths(guest, dirs)
            if Files.exists(paths.directory) {
                let trash = GuestPaths.trash(dirs) + "/\(guest)-\(SystemDice().hex32())"
                try Files.rename(paths.directory, to: trash)
                try Files.remove(trash)
            }
        }
    }

    /// `quit`, which writes out what is still in memory; and SIGKILL where that takes longer than two seconds.
    func end(_ guest: ID<Server>) async throws(CloudError) {
        let paths = GuestPaths(guest, dirs)
        guard Files.exists(paths.directory) else {
            forget(guest)
            try await Strays.end(guest, except: nil)
            return try Files.remove(paths.run)
        }
        let process = ProcessHandle.load(paths.process)
        if let process, process.isAlive {
            if let running = try? await connection(guest) {
                // Taken off the table first, so that an end that was asked for is told to nobody.
                self.running.withLock { $0[guest] = nil }
                _ = try? await running.act.execute("quit", timeout: .seconds(2))
                if await !process.exit(within: .seconds(2)) { try await process.stop(grace: .zero) }
                running.close()
            } else {
                try await process.stop(grace: .zero)
            }
        } else {
            try await Strays.end(guest, except: nil)
        }
        forget(guest)
        try Files.remove(paths.process)
        try Files.remove(paths.run)
    }
}

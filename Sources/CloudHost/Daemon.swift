import CloudCore
import Glibc
import Logging

/// Keeps one program running: adopts a living one, starts it otherwise, and again at once when it dies.
///
/// The program outlives the control plane; only `stop` ends it.
public actor Daemon {
    /// What is kept running.
    public nonisolated let spec: DaemonSpec
    private let handleFile: String
    private let log: String
    private let logger: Logger
    private let onRestart: @Sendable (String) async -> Void
    private var handle: ProcessHandle?
    private var wanted = false
    /// Restarts since it last ran for ten seconds.
    private var failures = 0
    /// How often a program may die before a start has failed.
    private static let attempts = 3

    /// - Parameter onRestart: called with the name after a restart that was not asked for, once it is ready again.
    public init(
        _ spec: DaemonSpec, dirs: InstanceDirs, logger: Logger,
        onRestart: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        (self.spec, self.logger, self.onRestart) = (spec, logger, onRestart)
        handleFile = "\(dirs.run)/\(spec.name).process"
        log = "\(dirs.logs)/\(spec.name).log"
    }

    /// The process, if there is one.
    public var process: ProcessHandle? { handle?.isAlive == true ? handle : nil }

    /// Returns when the program is ready, whether adopted or started.
    ///
    /// - Throws: `unavailable`, with the end of its log for the operator.
    public func start() async throws(CloudError) {
        wanted = true
        if let old = ProcessHandle.load(handleFile), old.isAlive {
            if handle != old { watch(old) }
        } else {
            failures = 0
            try launch()
        }
        do { try await waitUntilReady() } catch {
            // One that dies at its start is started again, as at any other time; one that dies every time is broken.
            guard process == nil, await comesBack() else { throw error }
        }
    }

    /// Whether a program that died before it was ready is ready after one of its restarts.
    private func comesBack() async -> Bool {
        let deadline = ContinuousClock.now + spec.patience
        while wanted, failures < Self.attempts, ContinuousClock.now < deadline {
            if process != nil, await spec.isReady() { return true }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// Ends the program: SIGTERM, and SIGKILL after `grace`. Done when it does not run.
    public func stop(grace: Duration = .seconds(5)) async throws(CloudError) {
        wanted = false
        if let running = handle ?? ProcessHandle.load(handleFile) { try await running.stop(grace: grace) }
        handle = nil
        try Files.remove(handleFile)
    }

    /// Leaves the program running and stops looking after it.
    public func release() { wanted = false }

    private func launch() throws(CloudError) {
        try rotateLog()
        let argv = spec.namespace?.enter(spec.argv) ?? spec.argv
        let environment = Spawn.plainEnvironment.merging(spec.environment) { $1 }
        let new = try Spawn.detached(argv, environment: environment, log: log)
        do { try new.save(handleFile) } catch {
            // A process that nobody could find again must not be left behind.
            new.signal(SIGKILL)
            throw error
        }
        watch(new)
    }

    private func watch(_ new: ProcessHandle) {
        handle = new
        let since = ContinuousClock.now
        new.onExit { Task { await self.ended(new, since: since) } }
    }

    private func ended(_ old: ProcessHandle, since: ContinuousClock.Instant) async {
        guard wanted, handle == old else { return }
        if ContinuousClock.now - since > .seconds(10) { failures = 0 }
        logger.warning("daemon died; restarting", metadata: ["daemon": "\(spec.name)", "log": "\(tail())"])
        while wanted, handle == old {
            // The first restart comes at once: a network engine that is back within 0.1 s loses little traffic.
            if failures > 0 { try? await Task.sleep(for: min(.milliseconds(100 << min(failures - 1, 6)), .seconds(5))) }
            failures += 1
            guard wanted, handle == old else { return }
            do {
                try launch()
                try await waitUntilReady()
                return await onRestart(spec.name)
            } catch {
                logger.error("daemon does not start", metadata: ["daemon": "\(spec.name)", "error": "\(error)"])
            }
        }
    }

    private func waitUntilReady() async throws(CloudError) {
        let deadline = ContinuousClock.now + spec.patience
        while true {
            guard let handle, handle.isAlive else { throw .unavailable(spec.name, "\(spec.name) ended: \(tail())") }
            if await spec.isReady() { return }
            guard ContinuousClock.now < deadline else {
                throw .unavailable(spec.name, "\(spec.name) was not ready within \(spec.patience): \(tail())")
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Keeps at most two logs of 8 MiB or what one run wrote.
    private func rotateLog() throws(CloudError) {
        if let info = Files.status(log), info.st_size > 8 << 20 { try Files.rename(log, to: log + ".1") }
    }

    private func tail() -> String {
        String(decoding: (try? Files.readTail(log, limit: 1000)) ?? [], as: UTF8.self)
    }
}

extension Files {
    /// The last `limit` bytes of a file; none where there is no file.
    public static func readTail(_ path: String, limit: Int) throws(CloudError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("open", path)
        }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        var out = [UInt8](repeating: 0, count: min(limit, max(0, Int(size))))
        let count = pread(file, &out, out.count, size - off_t(out.count))
        guard count >= 0 else { throw failure("read", path) }
        return Array(out.prefix(count))
    }
}

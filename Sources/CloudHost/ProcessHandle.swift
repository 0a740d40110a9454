import CloudCore
// Its sources may be used from any thread; the module does not say so.
@preconcurrency import Dispatch
import Glibc

/// One process and no other: a pid may be given again, a pid with its start time and the machine's boot may not.
public struct ProcessHandle: Hashable, Sendable {
    /// The number the kernel gave it.
    public let pid: Int32
    /// Clock ticks between the machine's boot and the process's start (field 22 of /proc/PID/stat).
    public let started: UInt64
    /// Which boot of the machine it runs in.
    public let boot: String

    /// The handle of a living process; nil where there is none.
    public init?(pid: Int32) {
        guard let (started, state) = Self.stat(of: pid), state != "Z", state != "X" else { return nil }
        (self.pid, self.started, self.boot) = (pid, started, Self.currentBoot)
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(text: String) {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard parts.count == 3, let pid = Int32(parts[0]), pid > 1, let started = UInt64(parts[1]) else { return nil }
        (self.pid, self.started, self.boot) = (pid, started, String(parts[2]))
    }

    /// `pid start-time boot-id`, for a file.
    public var text: String { "\(pid) \(started) \(boot)\n" }

    /// The handle in a file; nil where there is no such file or it holds none.
    public static func load(_ path: String) -> ProcessHandle? { Files.line(path).flatMap(ProcessHandle.init(text:)) }
    /// Writes what `load` reads.
    public func save(_ path: String) throws(CloudError) { try Files.write(Array(text.utf8), to: path) }

    /// Whether it still runs. A zombie has ended.
    public var isAlive: Bool {
        guard boot == Self.currentBoot, let (started, state) = Self.stat(of: pid) else { return false }
        return started == self.started && state != "Z" && state != "X"
    }

    /// Sends a signal to exactly this process; false where it has ended.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        guard let file = open() else { return false }
        defer { close(file) }
        return CLibrary.pidfdSendSignal(file, number, nil, 0) == 0
    }

    /// Calls back once, from a thread of its own, when the process has ended; at once where it has already.
    ///
    /// - Returns: what to cancel when nobody wants to know any more; else it lasts as long as the process.
    @discardableResult
    public func onExit(_ body: @escaping @Sendable () -> Void) -> ExitWatch {
        guard let file = open() else {
            body()
            return ExitWatch(nil)
        }
        // A pidfd becomes readable when the process ends, long before a lazy pid 1 reaps it.
        let source = DispatchSource.makeReadSource(fileDescriptor: file, queue: .global())
        source.setEventHandler {
            source.cancel()
            reap()
            body()
        }
        source.setCancelHandler { close(file) }
        source.resume()
        return ExitWatch(source)
    }

    /// Waits for the end; false where it has not come within `timeout`.
    public func exit(within timeout: Duration) async -> Bool {
        let once = Once<Bool>()
        let watch = onExit { once.give(true) }
        let ended = await once.value(within: timeout) { false }
        watch.cancel()
        return ended
    }

    /// Asks to end, then ends: SIGTERM, and SIGKILL after `grace`. Throws `timeout` where even that does not help.
    public func stop(grace: Duration) async throws(CloudError) {
        if grace > .zero {
            guard signal(SIGTERM) else { return }
            if await exit(within: grace) { return }
        }
        guard signal(SIGKILL) else { return }
        guard await exit(within: .seconds(10)) else {
            throw CloudError(.timeout, "A step took too long.", detail: "process \(pid) survives SIGKILL")
        }
    }

    /// A descriptor of this very process: opened first, compared then, so that no other can slip in between.
    private func open() -> Int32? {
        let file = CLibrary.pidfdOpen(pid, 0)
        guard file >= 0 else { return nil }
        guard isAlive else {
            close(file)
            reap()
            return nil
        }
        return file
    }

    /// Takes the exit code of a child of ours, so that it does not stay a zombie; does nothing for anyone else's.
    private func reap() {
        var code: Int32 = 0
        waitpid(pid, &code, WNOHANG)
    }

    /// The start time and state of a process; the name in field 2 may hold anything, so count from its last bracket.
    private static func stat(of pid: Int32) -> (started: UInt64, state: Substring)? {
        guard let line = Files.line("/proc/\(pid)/stat"), let bracket = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: bracket)...].split(separator: " ")
        guard fields.count > 19, let started = UInt64(fields[19]) else { return nil }
        return (started, fields[0])
    }

    private static let currentBoot = Files.line("/proc/sys/kernel/random/boot_id") ?? "unknown"
}

/// Somebody waits for the end of a process.
public struct ExitWatch: Sendable {
    private let source: (any DispatchSourceRead)?
    fileprivate init(_ source: (any DispatchSourceRead)?) { self.source = source }
    /// From now on the end is told to nobody; harmless after it.
    public func cancel() { source?.cancel() }
}

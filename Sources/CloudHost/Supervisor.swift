import CloudCore
import Logging

/// Several daemons, started in the order given and stopped in the reverse.
public actor Supervisor {
    private var daemons: [Daemon] = []
    private let dirs: InstanceDirs
    private let logger: Logger
    private let onRestart: @Sendable (String) async -> Void

    /// - Parameter onRestart: called with the name of a daemon that died and is ready again.
    public init(dirs: InstanceDirs, logger: Logger, onRestart: @escaping @Sendable (String) async -> Void = { _ in }) {
        (self.dirs, self.logger, self.onRestart) = (dirs, logger, onRestart)
    }

    /// Returns when the daemon is ready; it is the last in the order of stopping so far. Done for one that is known.
    public func start(_ spec: DaemonSpec) async throws(CloudError) {
        if let known = daemons.first(where: { $0.spec.name == spec.name }) { return try await known.start() }
        let daemon = Daemon(spec, dirs: dirs, logger: logger, onRestart: onRestart)
        daemons.append(daemon)
        try await daemon.start()
    }

    /// The daemon's process, if it runs.
    public func process(_ name: String) async -> ProcessHandle? {
        await daemons.first { $0.spec.name == name }?.process
    }

    /// Ends all, the last started first. The first error is thrown after all were tried.
    public func stop(grace: Duration = .seconds(5)) async throws(CloudError) {
        var failed: CloudError?
        for daemon in daemons.reversed() {
            do { try await daemon.stop(grace: grace) } catch { failed = failed ?? error }
        }
        daemons = []
        if let failed { throw failed }
    }

    /// Leaves all of them running for the next control plane to adopt.
    public func release() async {
        for daemon in daemons { await daemon.release() }
        daemons = []
    }
}

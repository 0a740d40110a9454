import CloudCore
import CloudHost
import CloudNetwork
import Logging
import Synchronization

/// Common functions on this machine: for each pool a network namespace, in which chronyd tells the machine's time. They
/// outlive the control plane, and the next one adopts them.
public final class ChronyFunctions: FunctionHost {
    public let host: HostName
    private let dirs: InstanceDirs
    private let logger: Logger
    private let lock = KeyedLock<ID<CommonFunctionPool>>()
    private let running = Mutex<[ID<CommonFunctionPool>: Daemon]>([:])

    /// Serves nothing yet.
    public init(dirs: InstanceDirs, host: HostName, logger: Logger) {
        (self.dirs, self.host, self.logger) = (dirs, host, logger)
    }

    public func namespace(of pool: ID<CommonFunctionPool>) -> String { dirs.namespace("cf-\(pool.text)").name }

    /// Where each pool's files are, in a directory of its id.
    private var directory: String { dirs.run + "/functions" }
    private func place(_ pool: ID<CommonFunctionPool>) throws(CloudError) -> String {
        guard pool.isPlain else { throw .fault("\(pool) is no id of a pool") }
        return "\(directory)/\(pool)"
    }

    public func ensureFunctions(_ spec: FunctionSpec) async throws(CloudError) {
        guard let program = Self.program else {
            throw .unavailable("common functions", "there is no chronyd: install the package chrony")
        }
        let place = try place(spec.pool)
        try await lock.run(spec.pool) { () throws(CloudError) in
            try Files.ensureDirectory(directory, mode: 0o711)
            try Files.ensureDirectory(place, mode: 0o700)
            try await address(spec)
            try Files.write(Array(Self.configuration(place).utf8), to: place + "/chrony.conf")
            let daemon = running.withLock { $0[spec.pool] } ?? daemon(spec.pool, program, place)
            running.withLock { $0[spec.pool] = daemon }
            let tellsTime = spec.services.values.contains(.time)
            if tellsTime { try await daemon.start() } else { try await daemon.stop() }
        }
    }

    public func removeFunctions(_ pool: ID<CommonFunctionPool>) async throws(CloudError) {
        let place = try place(pool)
        try await lock.run(pool) { () throws(CloudError) in
            let daemon = running.withLock { $0.removeValue(forKey: pool) } ?? daemon(pool, "", place)
            try await daemon.stop(grace: .seconds(2))
            try await NetworkNamespace(namespace(of: pool)).remove()
            // Last: by it the sweep finds what is left.
            try Files.remove(place)
        }
    }

    public func functionPools() async throws(CloudError) -> Set<ID<CommonFunctionPool>> {
        guard Files.exists(directory) else { return [] }
        return Set(try Files.names(in: directory).map { ID($0) })
    }

    /// Leaves all running for the next control plane.
    public func release() async {
        let all = running.withLock { running in
            defer { running = [:] }
            return Array(running.values)
        }
        for daemon in all { await daemon.release() }
    }

    /// Ends and removes the functions of every pool.
    public func remove() async throws(CloudError) {
        for pool in try await functionPools().sorted() { try await removeFunctions(pool) }
    }

    /// Gives the namespace's loopback the functions' addresses, and takes others away.
    private func address(_ spec: FunctionSpec) async throws(CloudError) {
        let name = namespace(of: spec.pool)
        let shown = try await Command.run(["ip", "-n", name, "-j", "addr", "show", "dev", "lo"])
        var there: Set<String> = []
        for it in try JSON.parse(shown.bytes)[0]?["addr_info"]?.array ?? [] where it["prefixlen"] == 32 {
            if let address = it["local"]?.string { there.insert(address) }
        }
        let wanted = Set(spec.services.keys.map(\.description))
        var lines = there.subtracting(wanted).sorted().map { "addr del \($0)/32 dev lo" }
        lines += wanted.subtracting(there).sorted().map { "addr add \($0)/32 dev lo" }
        lines.append("link set lo up")
        try await Command.run(["ip", "-n", name, "-batch", "-"], input: Array(lines.joined(separator: "\n").utf8))
    }

    private func daemon(_ pool: ID<CommonFunctionPool>, _ program: String, _ place: String) -> Daemon {
        Daemon(
            DaemonSpec(
                // One that was killed left its number behind, which may be another's now.
                name: "chrony-\(pool)",
                argv: [
                    "sh", "-c", "rm -f \"$1.pid\" && exec \"$2\" -x -d -f \"$1.conf\"", "sh", place + "/chrony",
                    program,
                ],
                namespace: NetworkNamespace(namespace(of: pool))),
            dirs: dirs, logger: logger)
    }

    /// It tells what this machine's clock says, and leaves the clock alone (`-x`): keeping it right is the host's own
    /// affair. Nobody commands it from the network.
    private static func configuration(_ place: String) -> String {
        """
        local stratum 10
        allow \(CommonFunctionPool.shared)
        clientloglimit 1048576
        ratelimit interval 1 burst 16
        cmdport 0
        bindcmdaddress /
        pidfile \(place)/chrony.pid

        """
    }

    private static var program: String? {
        ["/usr/sbin/chronyd", "/usr/bin/chronyd"].first(where: Files.exists)
    }
}

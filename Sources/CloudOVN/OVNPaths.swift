import CloudCore
import CloudHost

/// Where one instance's OVN keeps its files, and how its programs are started.
struct OVNPaths: Sendable {
    let engine: OVNEngine
    /// Databases.
    let data: String
    /// Sockets and pid files; short, since a socket's path has at most 107 bytes.
    let run: String
    let logs: String
    /// Where the supervisor notes its processes.
    let handles: String
    let namespace: NetworkNamespace

    init(_ dirs: InstanceDirs, engine: OVNEngine) {
        self.engine = engine
        (data, run, logs, handles) = (dirs.state + "/ovn", dirs.run + "/ovn", dirs.logs, dirs.run)
        namespace = dirs.namespace("net")
    }

    /// The socket of the host's own database.
    var host: String { run + "/host.sock" }
    /// The socket of the northbound and southbound databases.
    var central: String { run + "/central.sock" }
    /// The socket over which ovs-vswitchd takes flows: there once its bridge is.
    var bridge: String { run + "/\(OVNPaths.bridgeName).mgmt" }
    /// The database files, in the order of the engine's schemas.
    var databases: [String] { ["conf", "nb", "sb"].map { "\(data)/\($0).db" } }

    static let bridgeName = "br-int"

    /// The control socket that a daemon named after its pid; nil while it has none.
    func control(of daemon: String) -> String? {
        Files.line("\(run)/\(daemon).pid").map { "\(run)/\(daemon).\($0).ctl" }
    }

    /// The five daemons in the order of their start. Two database servers: the death of the host's own stops traffic,
    /// so it does nothing else.
    var daemons: [DaemonSpec] {
        [
            spec("ovsdb-host", "ovsdb-server", ["--remote=punix:\(host)", databases[0]]) { await Self.listens(host) },
            spec("ovsdb-central", "ovsdb-server", ["--remote=punix:\(central)", databases[1], databases[2]]) {
                await Self.listens(central)
            },
            // ovn-controller finds the bridge's socket at its first try, or backs off for a second.
            spec("ovs-vswitchd", "ovs-vswitchd", ["unix:\(host)"], inside: true) { await Self.listens(bridge) },
            spec("ovn-northd", "ovn-northd", ["--ovnnb-db=unix:\(central)", "--ovnsb-db=unix:\(central)"]) { true },
            // Without this, only the first of several rules that do not parse is told.
            spec("ovn-controller", "ovn-controller", ["unix:\(host)"], inside: true) {
                await command("ovn-controller", "vlog/disable-rate-limit", ["lflow"])
            },
        ]
    }

    /// Tells a daemon something over its control socket; false where it did not take it.
    func command(_ daemon: String, _ method: String, _ params: JSON = []) async -> Bool {
        guard let path = control(of: daemon), let wire = try? await Wire.connect(path) else { return false }
        defer { wire.close() }
        return (try? await wire.call(method, params, within: .seconds(5))) != nil
    }

    private func spec(
        _ name: String, _ program: String, _ arguments: [String], inside: Bool = false,
        isReady: @escaping @Sendable () async -> Bool
    ) -> DaemonSpec {
        // The supervisor keeps the console's output, so it is the log.
        let common = ["-vconsole:info", "-vsyslog:off", "-vfile:off", "--pidfile=\(run)/\(name).pid"]
        var argv = [engine.program(program)] + common
        // Not all versions of ovn-controller let one choose; its own choice is by pid.
        if program != "ovn-controller" { argv.append("--unixctl=\(run)/\(name).ctl") }
        var environment: [String: String] = [:]
        for (part, path) in [("RUNDIR", run), ("LOGDIR", logs), ("DBDIR", data), ("SYSCONFDIR", data)] {
            environment["OVS_" + part] = path
            environment["OVN_" + part] = path
        }
        return DaemonSpec(
            name: name, argv: argv + arguments, environment: environment, namespace: inside ? namespace : nil,
            isReady: isReady)
    }

    private static func listens(_ path: String) async -> Bool {
        guard let wire = try? await Wire.connect(path) else { return false }
        wire.close()
        return true
    }

    /// Ends the daemons that an earlier control plane left running.
    func endDaemons() async throws(CloudError) {
        for daemon in daemons.reversed() {
            let file = "\(handles)/\(daemon.name).process"
            try await ProcessHandle.load(file)?.stop(grace: .seconds(5))
            try Files.remove(file)
        }
    }

    /// Makes databases that are missing. Where another version of the engine made them, its daemons are ended and the
    /// databases converted: traffic pauses, as it would for any upgrade.
    func prepareDatabases() async throws(CloudError) {
        try Files.ensureDirectory(data, mode: 0o700)
        try Files.ensureDirectory(run, mode: 0o700)
        let tool = engine.program("ovsdb-tool")
        let (made, current) = ("\(data)/made-by", "\(engine.ovs) \(engine.ovn)")
        let isCurrent = Files.line(made) == current
        if !isCurrent { try await endDaemons() }
        for (database, schema) in zip(databases, engine.schemas) {
            if !Files.exists(database) {
                // Under another name first: a crash must not leave half a database.
                let part = database + ".new"
                try Files.remove(part)
                try await Command.run([tool, "create", part, schema])
                try Files.rename(part, to: database)
            } else if !isCurrent, try await Command.run([tool, "needs-conversion", database, schema]).text == "yes" {
                try await Command.run([tool, "convert", database, schema], timeout: .seconds(60))
            }
        }
        if !isCurrent { try Files.write(Array(current.utf8), to: made) }
    }
}

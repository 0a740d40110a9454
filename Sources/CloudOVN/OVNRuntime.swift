import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Logging

/// OVN on this machine: its daemons, databases and network namespace. They outlive the control plane, and the next one
/// adopts them.
public actor OVNRuntime {
    public nonisolated let engine: OVNEngine
    public nonisolated let host: HostName
    /// Where the guests' devices are.
    public nonisolated let namespace: NetworkNamespace
    /// The network that this runtime carries.
    public nonisolated let fabric: OVNFabric
    /// Tries to cross it.
    public nonisolated var prober: OVNProber { OVNProber(fabric: fabric) }
    private nonisolated let paths: OVNPaths
    private let supervisor: Supervisor
    private let watch: IncidentWatch
    private let encapsulation: IPv4
    private let physical: [PhysicalNetwork]
    private let logger: Logger

    /// - Parameters:
    ///   - encapsulation: this host's address towards other hosts of the same network.
    ///   - physical: networks outside of the cloud that logical ones may continue into.
    ///   - onFlows: called with packets that ovn-controller logged, twice a second at most.
    ///   - onIncident: called with what ovn-controller says of a rule that it could not read, and so does not enforce.
    public init(
        dirs: InstanceDirs, host: HostName, engine: OVNEngine, logger: Logger,
        encapsulation: IPv4 = IPv4("127.0.0.1")!, physical: [PhysicalNetwork] = [],
        onIncident: @escaping @Sendable (String) -> Void = { _ in },
        onFlows: @escaping @Sendable ([FlowSighting]) -> Void = { _ in }
    ) {
        let paths = OVNPaths(dirs, engine: engine)
        (self.engine, self.host, self.paths, self.logger) = (engine, host, paths, logger)
        (namespace, self.encapsulation, self.physical) = (paths.namespace, encapsulation, physical)
        fabric = OVNFabric(
            host: host, namespace: paths.namespace, local: OVSDB(path: paths.host), central: OVSDB(path: paths.central),
            answersNames: engine.answersNames)
        supervisor = Supervisor(dirs: dirs, logger: logger)
        watch = IncidentWatch(
            logs: paths.logs, daemons: paths.daemons.map(\.name), onIncident: onIncident, onFlows: onFlows)
    }

    /// Returns when packets are forwarded, whether everything was started or adopted.
    ///
    /// - Throws: `unavailable`, with the reason for the operator.
    public func start() async throws(CloudError) {
        if let refusal = engine.refusal { throw .unavailable("network", refusal) }
        if try Tap.openForAll() { logger.notice("/dev/net/tun opened for all users, as udev does") }
        if engine.datapath == .system, !Files.exists("/sys/module/openvswitch") {
            try await Command.run(["modprobe", "openvswitch"])
        }
        try await namespace.ensure()
        try await HostStack.silence(namespace)
        for network in physical { try await network.ensureDevice(in: namespace) }
        try await paths.prepareDatabases()
        for (place, daemon) in paths.daemons.enumerated() {
            if place == 2 { try await writeInitialRows() }
            try await supervisor.start(daemon)
        }
        try await fabric.waitForHost(within: .seconds(20))
        try await removeStrayTaps()
        await watch.start()
        // Rules that failed while nobody watched are read, and told, again.
        _ = await paths.command("ovn-controller", "inc-engine/recompute")
    }

    /// The process of a daemon, for tests and the operator.
    public func process(_ daemon: String) async -> ProcessHandle? { await supervisor.process(daemon) }

    /// The names of the daemons, in the order of their start.
    public nonisolated var daemons: [String] { paths.daemons.map(\.name) }

    /// Leaves all running for the next control plane.
    public func release() async {
        await watch.stop()
        await supervisor.release()
        await fabric.close()
    }

    /// Ends the daemons, adopted ones included. The namespace, its devices and the databases stay.
    public func stop() async throws(CloudError) {
        await watch.stop()
        await fabric.close()
        try await supervisor.stop()
        try await paths.endDaemons()
    }

    /// Ends the daemons and removes the namespace with its devices, and the databases: nothing is left.
    public func remove() async throws(CloudError) {
        try await stop()
        if namespace.isThere {
            // Deleted one by one: the namespace's own end would delete them some time later.
            try await Inside.run(namespace) { () throws(CloudError) in
                for name in try Tap.names() where name.hasPrefix(Plug.prefix) { try Tap.remove(name) }
            }
        }
        try await namespace.remove()
        try Files.remove(paths.run)
        try Files.remove(paths.data)
    }

    private func writeInitialRows() async throws(CloudError) {
        let rows = InitialRows(
            host: host, central: paths.central, encapsulation: encapsulation, datapath: engine.datapath,
            physical: physical)
        try await rows.write(local: fabric.local, central: fabric.central)
    }

    /// Deletes taps that a crash left without a row, so that from now on every tap has one, and the sweep finds it.
    private func removeStrayTaps() async throws(CloudError) {
        let known = try await fabric.devices()
        try await Inside.run(namespace) { () throws(CloudError) in
            for name in try Tap.names() where name.hasPrefix(Plug.prefix) && !known.contains(name) {
                try Tap.remove(name)
            }
        }
    }
}

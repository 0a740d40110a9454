import CloudChrony
import CloudCompute
import CloudCore
import CloudEdge
import CloudHTTP
import CloudHost
import CloudLocal
import CloudNetwork
import CloudOVN
import CloudQEMU
import CloudSQLite
import CloudServices
import CloudStore
import CloudStrongSwan
import CloudTarget
import CloudToken
import CloudVolumes
import Dispatch
import Glibc
import Logging
import Synchronization

/// One running control plane: every part made, given to each other, started and ended in order.
struct ControlPlane {
    private let installation: Installation
    private let options: Up
    private let logger: Logger

    init(_ installation: Installation, _ options: Up) {
        (self.installation, self.options) = (installation, options)
        logger = Logger(label: "akashi")
    }

    private var dirs: InstanceDirs { installation.dirs }
    private var publicName: String { options.publicName ?? options.listen }
    private func settings(_ machine: Machine, _ consoles: ConsoleAccess) throws(CloudError) -> Settings {
        var settings = Settings(
            base: base, region: options.region, firstUID: installation.firstUID, engine: machine.name.text,
            consoles: consoles)
        settings.requestRate = options.requestRate
        settings.internet = try options.internet.addresses().map {
            Network.Internet(addresses: $0, bandwidth: options.internet.uplinkRate, zone: options.zone)
        }
        return settings
    }

    private var base: String { "\(options.plainHTTP ? "http" : "https")://\(publicName):\(options.port)" }

    func run() async throws {
        Heap.giveBack()
        try await installation.take()
        try ProcessHandle(pid: getpid())?.save(installation.process)
        try Files.remove(installation.ready)
        let machine = try Machine(pool: dirs.pool)
        async let accelerator = Accelerator.probe(scratch: dirs.run)
        let authority = try await authority()
        let sightings = Sightings()
        let runtime = OVNRuntime(
            dirs: dirs, host: machine.name, engine: try await Machine.network(), logger: logger,
            physical: try options.internet.physicalNetworks(),
            onIncident: { [logger] in
                logger.critical("network: a rule is not enforced", metadata: ["why": "\($0)"])
            }, onFlows: { sightings.add($0) })
        async let network: Void = runtime.start()
        let esp = await ESP.probe()
        let functions = ChronyFunctions(dirs: dirs, host: machine.name, logger: logger)
        let gateways = StrongSwan(dirs: dirs, host: machine.name, esp: esp, logger: logger)
        let store = try SQLiteStore(dirs.state + "/akashi.sqlite", Cloud.schemas, clock: SystemClock())
        let flows = try FlowTable(dirs.state + "/flows.sqlite", clock: SystemClock())
        let files = try LocalImageFiles(directory: dirs.pool + "/images")
        let token = try await options.token.open(dirs)
        let pool = try VolumePool(dirs: dirs, users: installation.toolUIDs)
        let targets = ISCSITargets(dirs: dirs, host: machine.name, users: installation.targetUIDs, logger: logger)
        let changes = Changes()
        let consoles = try await Consoles.listen(options, publicName: publicName, authority: authority, logger: logger)
        let hypervisor = try QEMUHypervisor(
            host: machine.name, dirs: dirs, namespace: runtime.namespace, accelerator: await accelerator,
            logger: logger,
            imageFile: { (image) throws(CloudError) in files.path(ID(image)) },
            onChange: { _, guest in changes.add(guest) })
        let world = Network.World(
            fabric: runtime.fabric,
            edge: NamespaceEdge(
                dirs: dirs, uplink: try options.internet.chosen(),
                lines: try options.internet.closedLines(by: runtime.engine)),
            functions: functions, tunnels: gateways, prober: runtime.prober)
        let cloud = Cloud(
            Ports(
                store: store, clock: SystemClock(), dice: SystemDice(),
                vault: try CryptoVault(keyFile: dirs.state + "/token-key"),
                keys: try LocalKeys(scratch: dirs.run + "/keys"),
                files: files, network: world, hypervisor: hypervisor, token: token, pool: pool,
                targets: targets, flows: flows),
            try settings(machine, consoles.access)
        ) { [logger] place, error in
            logger.warning(
                "\(error.message)", metadata: ["at": "\(place)", "why": "\(error.detail ?? error.code.rawValue)"])
        }
        try await network
        let adopted = try await hypervisor.adopt()
        try await cloud.enroll(machine.name, machine.host(zone: options.zone, await accelerator))
        try await cloud.begin()
        try await installation.prepareAccounts(
            cloud, base: base, root: authority?.root, region: options.region)
        let summary = summary(
            await accelerator, network: runtime.engine.summary, consoles: consoles.summary)
        logger.notice("starting", metadata: ["base": "\(base)", "adopted": "\(adopted)"])
        await work(cloud, hypervisor, changes, sightings, consoles, authority, summary)
        hypervisor.release()
        await gateways.release()
        await targets.release()
        await functions.release()
        await runtime.release()
        try Files.remove(installation.ready)
        logger.notice("stopped; servers and networks go on")
    }

    /// What the operator is told when all is up.
    private func summary(_ accelerator: Accelerator, network: String, consoles: String) -> String {
        """
        Akashi serves \(base)
          network  \(network)
          consoles \(consoles)
          keys     \(options.token.fact)
          servers  \(accelerator.kind.rawValue.uppercased()): \(accelerator.why)
          state    \(dirs.state) (openrc-admin, openrc-demo, clouds.yaml)

        """
    }

    private func authority() async throws(CloudError) -> Authority? {
        guard !options.plainHTTP else { return nil }
        let authority = try Authority(directory: dirs.state + "/tls")
        try await authority.ensure(names: Array(Set([publicName, options.listen, "localhost", "127.0.0.1"])).sorted())
        return authority
    }

    /// Everything that goes on side by side, until a signal ends it.
    private func work(
        _ cloud: Cloud, _ hypervisor: QEMUHypervisor, _ changes: Changes, _ sightings: Sightings, _ consoles: Consoles,
        _ authority: Authority?, _ summary: String
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await cloud.engine.run() }
            group.addTask { await hypervisor.trimLogs() }
            group.addTask { await changes.pass(to: cloud, logger) }
            group.addTask { await sightings.pass(to: cloud, logger) }
            group.addTask { await sweep(cloud) }
            group.addTask { await cloud.watchEdge() }
            group.addTask { await probe(cloud) }
            group.addTask { await serve(cloud, authority, summary) }
            if let server = consoles.server { group.addTask { await serve(server, cloud) } }
            group.addTask { await Signals.wait(for: [SIGINT, SIGTERM]) }
            // The first to end is a signal, or a server that could not go on.
            await group.next()
            group.cancelAll()
        }
    }

    private func serve(_ cloud: Cloud, _ authority: Authority?, _ summary: String) async {
        let server = HTTPServer(
            cloud.api, address: options.listen, port: options.port,
            identity: authority.map { HTTPServer.Identity(certificate: $0.certificate, key: $0.key) }, logger: logger)
        do {
            try await server.run {
                print(summary, terminator: "")
                fflush(nil)
                try? Files.write(Array(summary.utf8), to: installation.ready, mode: 0o644)
            }
        } catch { logger.critical("the API cannot be served", metadata: ["why": "\(error)"]) }
    }

    private func serve(_ consoles: ConsoleServer, _ cloud: Cloud) async {
        do {
            try await consoles.run { (token, address) throws(CloudError) in
                try await cloud.openConsole(token, from: address)
            }
        } catch { logger.critical("consoles cannot be served", metadata: ["why": "\(error)"]) }
        // Without consoles the cloud goes on.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }

    /// Has the isolation probe run as often as the operator said. At first not before the start's work is done.
    private func probe(_ cloud: Cloud) async {
        try? await Task.sleep(for: .seconds(120))
        while !Task.isCancelled {
            if options.probeMinutes > 0 {
                do { try await cloud.probe(ifOlderThan: .seconds(60 * options.probeMinutes)) } catch {
                    logger.warning("no isolation probe could be ordered", metadata: ["why": "\(error)"])
                }
            }
            try? await Task.sleep(for: .seconds(30))
        }
    }

    /// Removes orphans, at the start and then once a minute.
    private func sweep(_ cloud: Cloud) async {
        while !Task.isCancelled {
            do {
                for orphan in try await cloud.sweep() { logger.notice("removed an orphan: \(orphan)") }
            } catch { logger.warning("the sweep failed", metadata: ["why": "\(error)"]) }
            try? await Task.sleep(for: .seconds(60))
        }
    }
}

/// Guests of which a host said that something changed, until the cloud has been told.
final class Changes: Sendable {
    private let stream: AsyncStream<ID<Server>>
    private let feed: AsyncStream<ID<Server>>.Continuation

    init() { (stream, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000)) }

    func add(_ guest: ID<Server>) { feed.yield(guest) }

    func pass(to cloud: Cloud, _ logger: Logger) async {
        for await guest in stream {
            do { try await cloud.guestChanged(guest) } catch {
                logger.warning("a change was not passed on", metadata: ["guest": "\(guest)", "why": "\(error)"])
            }
        }
    }
}

/// Waiting for signals.
enum Signals {
    static func wait(for numbers: [Int32]) async {
        let (stream, feed) = AsyncStream<Int32>.makeStream()
        let sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { feed.yield(number) }
            source.resume()
            return source
        }
        for await _ in stream { break }
        for source in sources { source.cancel() }
    }
}

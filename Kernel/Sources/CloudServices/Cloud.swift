import CloudCompute
import CloudCore
import CloudEngine
import CloudIdentity
import CloudImage
import CloudNetwork
import CloudStorage
import CloudStore
import CloudWire

/// Everything outside of the kernel that it acts through: each is one real adapter or one simulated twin.
public struct Ports: Sendable {
    public var store: any Store
    public var clock: any Clock
    public var dice: any Dice
    public var vault: any Vault
    public var keys: any KeyMaker
    public var files: any ImageFiles
    public var network: Network.World
    public var hypervisor: any Hypervisor
    public var token: any KeyToken
    public var pool: any LayerPool
    public var targets: any BlockTargets
    public var flows: any FlowBook

    public init(
        store: any Store, clock: any Clock, dice: any Dice, vault: any Vault, keys: any KeyMaker,
        files: any ImageFiles, network: Network.World, hypervisor: any Hypervisor, token: any KeyToken,
        pool: any LayerPool, targets: any BlockTargets, flows: any FlowBook
    ) {
        (self.store, self.clock, self.dice, self.vault) = (store, clock, dice, vault)
        (self.keys, self.files, self.network, self.hypervisor) = (keys, files, network, hypervisor)
        (self.token, self.pool, self.targets, self.flows) = (token, pool, targets, flows)
    }
}

/// What an installation is told once.
public struct Settings: Sendable {
    /// The address its users know it by: `https://host:port`.
    public var base: String
    public var region: String
    /// The first of 65,536 system users that guests run as.
    public var firstUID: Int
    /// This engine's name, the same after a restart.
    public var engine: String
    /// Requests a second that one caller may make, four times as many at once; 0 for no limit.
    public var requestRate = 0
    /// Where servers' consoles open.
    public var consoles: ConsoleAccess
    /// What the network service begins with; nil for a cloud without the Internet.
    public var internet: Network.Internet?

    public init(
        base: String, region: String, firstUID: Int, engine: String,
        consoles: ConsoleAccess = .none(why: "consoles are turned off here")
    ) {
        (self.base, self.region, self.firstUID, self.engine) = (base, region, firstUID, engine)
        self.consoles = consoles
    }
}

/// The cloud: its services, the engine that moves them, and the API in front.
public final class Cloud: Sendable {
    /// Every type of resource, in an order in which each comes after what it refers to.
    public static let schemas = Schemas(
        Identity.schemas + Images.schemas + Network.schemas + Storage.schemas + Compute.schemas)

    public let api: API
    public let engine: Engine
    public let identity: Identity
    private let images: Images
    private let network: Network
    private let storage: Storage
    private let compute: Compute
    private let ports: Ports
    private let internet: Network.Internet?
    private let report: @Sendable (String, CloudError) -> Void
    private let flows: FlowRecorder

    /// - Parameter report: told what only the operator reads: where, and what went wrong.
    public init(_ ports: Ports, _ settings: Settings, report: @escaping @Sendable (String, CloudError) -> Void) {
        (self.ports, self.report, internet) = (ports, report, settings.internet)
        identity = Identity(store: ports.store, vault: ports.vault, clock: ports.clock, region: settings.region)
        images = Images(files: ports.files)
        network = Network(ports.network, devices: ServerDevices(), region: settings.region)
        flows = FlowRecorder(store: ports.store, book: ports.flows)
        storage = Storage(
            token: ports.token, pool: ports.pool, images: images, targets: ports.targets, berths: network.berths)
        compute = Compute(
            hypervisor: ports.hypervisor, cabling: network.cabling, images: images, shelf: storage.shelf,
            keys: ports.keys, firstUID: settings.firstUID, base: settings.base, standing: identity.directory,
            consoles: settings.consoles)
        engine = Engine(store: ports.store, clock: ports.clock, dice: ports.dice, name: settings.engine) {
            report($0.description, $1)
        }
        images.enroll(in: engine)
        network.enroll(in: engine)
        storage.enroll(in: engine)
        compute.enroll(in: engine)
        api = API(
            routes: identity.routes + images.routes + network.routes + storage.routes + compute.routes + [
                AuditRoutes.list, FlowRoutes.list(ports.flows),
            ] + TopologyRoutes.all,
            store: ports.store, authenticator: identity.directory, clock: ports.clock, dice: ports.dice,
            base: settings.base,
            requestRate: settings.requestRate > 0
                ? RequestRate(rate: settings.requestRate, burst: 4 * settings.requestRate) : nil, report: report)
    }

    /// Makes what every cloud begins with, and has every lifecycle look at the world anew.
    public func begin() async throws(CloudError) {
        try await identity.found()
        try await network.found(ports.store, internet)
        try await storage.found(ports.store)
        try await compute.found(ports.store)
        try await identity.begin()
        try await engine.begin()
    }

    /// Writes down a host of this cloud, or what changed about it.
    public func enroll(_ host: HostName, _ facts: Host) async throws(CloudError) {
        let record = AuditRecord(
            .system("start-up"), service: "compute", action: "enroll", kind: "host", resource: host.text)
        try await ports.store.write(record) { (writer) throws(CloudError) in
            guard var known = try writer.find(ID<Host>(host.text)) else {
                try writer.insert(facts, id: ID(host.text))
                return
            }
            let enabled = known.enabled
            known.value = facts
            known.enabled = enabled
            try writer.update(&known)
        }
    }

    /// Has a server's lifecycle look at its guest, of which its host said that something changed.
    public func guestChanged(_ guest: ID<Server>) async throws(CloudError) {
        try await ports.store.write(nil) { (writer) throws(CloudError) in
            guard try writer.find(guest) != nil else { return }
            try writer.raise(.refresh, Reference(guest))
        }
    }

    /// Writes down packets that hosts saw, as far as their owners ordered it.
    @discardableResult
    public func flowsSeen(_ sightings: [FlowSighting]) async throws(CloudError) -> Int {
        try await flows.take(sightings)
    }

    /// Starts a run of the isolation probe where the newest is as old as `age`, and none runs; returns whether it did.
    @discardableResult
    public func probe(ifOlderThan age: Duration) async throws(CloudError) -> Bool {
        try await network.probe(ifOlderThan: age, ports.dice, in: ports.store)
    }

    /// Opens the console that a token is for; the token is used up. A refusal is on record before this returns.
    public func openConsole(_ token: String, from address: String) async throws(CloudError) -> OpenConsole {
        var peer = Caller()
        (peer.address, peer.requestID) = (address, "req-" + ports.dice.uuid())
        return try await compute.openConsole(token, for: peer, in: ports.store) {
            (record, error) throws(CloudError) in try await api.note(refusal: record, error)
        }
    }

    /// Writes down what happens at the Internet edge, until the task is cancelled.
    public func watchEdge() async {
        await network.watch(ports.store, clock: ports.clock, dice: ports.dice) { [report] in report("edge", $0) }
    }

    /// Removes whatever exists beneath and not in the store; returns what was removed, for the log.
    public func sweep() async throws(CloudError) -> [String] {
        let hosts = try await ports.store.read { (reader) throws(CloudError) in
            try reader.list(Host.self, .everything(Host.kind)).map { HostName($0.id.text) }
        }
        let guests = try await compute.sweep(ports.store, hosts: hosts)
        return guests + (try await network.sweep(ports.store, hosts: hosts)) + (try await images.sweep(ports.store))
            + (try await storage.sweep(ports.store))
    }
}

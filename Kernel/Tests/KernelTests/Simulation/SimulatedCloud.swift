import CloudCompute
import CloudCore
import CloudEngine
import CloudIdentity
import CloudImage
import CloudNetwork
import CloudServices
import CloudSim
import CloudStorage
import CloudStore
import CloudWire

/// One seed's life of a small cloud: tenants, requests, mischief, crashes, and quiet in the end.
///
/// Everything happens one after the other, though in more than one function at a time: that is what the mark says.
final class SimulatedCloud: @unchecked Sendable {
    struct Tenant {
        var name: String
        var project: String
        var token: String
    }
    let world: SimWorld
    let chance: SeededDice
    /// Stands between the world and its ports, where a test breaks something on purpose.
    let wrap: @Sendable (Ports) -> Ports
    /// Whether a second engine may take over work whose lease has run out.
    let hasRival: Bool
    /// Whether tenants order ways out of the cloud too: the Internet's, tunnels, closed lines of one type.
    let hasWays: Bool
    /// Whether they mostly ask for storage.
    let isOfStorage: Bool
    let closed: GatewayType
    let orders: [Order]
    let theme: Order.Theme
    let settings: Settings
    var cloud: Cloud
    var rival: Engine?
    var tenants: [Tenant] = []
    /// The operator.
    var root = Tenant(name: "root", project: "", token: "")
    var promises = Promises()
    /// Networks that were offered to the other tenant, and what came of it.
    var offers: [Offer] = []
    var connections: [String] = []
    var loggedInAt = Instant(microseconds: 0)
    var isQuiet = true
    var faults: [String] = []
    let watch: Watch

    init(seed: UInt64, keepsLog: Bool = false, wrap: @escaping @Sendable (Ports) -> Ports = { $0 }) {
        world = SimWorld(seed: seed)
        chance = SeededDice(seed ^ 0x5eed_0f_7e4a)
        hasRival = seed % 3 == 0
        // Of both parities, since each of two cores takes one.
        hasWays = seed % 4 < 2
        isOfStorage = seed % 4 == 2
        closed = [.vpn, .interdc, .fic][Int(seed / 4 % 3)]
        theme = Order.Theme.allCases[Int(seed / 12 % 3)]
        orders = hasWays ? Order.all(closed) : []
        var settings = Settings(
            base: "https://sim", region: "sim1", firstUID: 100_000, engine: "a",
            consoles: .at(origin: "https://sim:6080"))
        if hasWays {
            settings.internet = Network.Internet(
                addresses: CIDR("203.0.113.0/27")!, bandwidth: 100, zone: "zone1")
        }
        self.settings = settings
        watch = Watch(world, isThorough: hasWays)
        self.wrap = wrap
        if keepsLog { world.mischief.keepLog() }
        cloud = Cloud(wrap(world.ports), settings) { [mischief = world.mischief] in
            mischief.note("report \($0): \($1)")
        }
    }

    /// Lives through it; returns what is wrong in the end.
    func live(requests: Int) async throws(CloudError) -> [String] {
        try await found()
        stir()
        for _ in 0..<requests {
            if world.mischief.isDead { try await restart() }
            await request()
            if chance.chance(60) { await mishap() }
            if chance.chance(50) { _ = try? await cloud.probe(ifOlderThan: .seconds(20)) }
            world.clock.advance(.milliseconds(pause()))
            if chance.chance(600) { await drain() }
        }
        calm()
        if world.mischief.isDead { try await restart() }
        await run(.seconds(200))
        if !hasRival { faults += try await untouched() }
        let swept = try await cloud.sweep()
        // Without a rival nobody acts late, so that lifecycles alone leave nothing behind; but an upload may.
        let stray = swept.filter { !$0.hasPrefix("image") }
        if !hasRival, !stray.isEmpty { faults.append("the sweep had to remove \(stray.sorted())") }
        await run(.seconds(310))
        return faults + watch.faults + (try await check())
    }

    private func pause() -> Int {
        switch chance.below(20) {
        case 0: chance.below(200_000)
        case 1...5: chance.below(5_000)
        default: chance.below(300)
        }
    }

    private func found() async throws(CloudError) {
        try await cloud.begin()
        _ = try await cloud.identity.enlist(
            user: "root", password: "root", project: "admin", role: .admin, dice: world.dice)
        for name in ["blue", "green"] {
            let project = try await cloud.identity.enlist(
                user: name, password: name, project: name, role: .member, dice: world.dice)
            tenants.append(Tenant(name: name, project: project.text, token: ""))
        }
        for number in 0...chance.below(2) {
            var host = Host()
            (host.zone, host.vcpus, host.memory, host.disk) = ("zone1", 4, 2048, 100)
            try await cloud.enroll(HostName("host\(number)"), host)
        }
        let record = AuditRecord(.system("test"), service: "compute", action: "create")
        try await world.store.write(record) { (writer) throws(CloudError) in
            var flavor = Flavor()
            (flavor.name, flavor.vcpus, flavor.ram, flavor.disk) = ("small", 1, 512, 1)
            try writer.insert(flavor, id: ID("small"))
            (flavor.name, flavor.vcpus, flavor.ram, flavor.disk) = ("large", 2, 768, 2)
            try writer.insert(flavor, id: ID("large"))
        }
        await logIn()
        for tenant in tenants.indices { await furnish(tenant) }
        if hasWays {
            try await surround()
            await furnishWays()
        }
        await acquaint()
    }

    /// Tokens from passwords, with nothing going wrong.
    func logIn() async {
        let rates = world.mischief.rates
        world.mischief.rates = Mischief.Rates()
        for place in tenants.indices { tenants[place].token = await token(tenants[place].name, tenants[place].name) }
        if hasWays { root.token = await token("root", "admin") }
        loggedInAt = world.clock.now()
        world.mischief.rates = rates
    }

    private func token(_ user: String, _ project: String) async -> String {
        let body: JSON = [
            "auth": [
                "identity": [
                    "methods": ["password"],
                    "password": ["user": ["name": .string(user), "password": .string(user)]],
                ],
                "scope": ["project": ["name": .string(project)]],
            ]
        ]
        let response = await cloud.api.handle(
            Request(
                method: .post, path: "/identity/v3/auth/tokens", body: Chunk(Array(body.text.utf8)),
                remote: "192.0.2.1"))
        return response.headers.first { $0.name == "x-subject-token" }?.value ?? ""
    }

    private func stir() {
        isQuiet = false
        world.mischief.rates = .lively
        world.mischief.interrupt { [weak self] in await self?.cutIn() }
    }

    private func calm() {
        isQuiet = true
        world.mischief.rates = Mischief.Rates()
        world.mischief.interrupt(with: nil)
        world.mischief.note("calm")
    }

    /// A new control plane over the same store and world.
    private func restart() async throws(CloudError) {
        world.mischief.revive()
        world.mischief.note("the control plane starts anew")
        let rates = world.mischief.rates
        world.mischief.rates = Mischief.Rates()
        cloud = Cloud(wrap(world.ports), settings) { [mischief = world.mischief] in
            mischief.note("report \($0): \($1)")
        }
        rival = nil
        try await cloud.begin()
        world.mischief.rates = rates
    }

    private func mishap() async {
        for guest in world.hypervisor.mishap() where chance.chance(700) { try? await cloud.guestChanged(guest) }
    }

    /// In the middle of an effect: another request, a mishap, or a rival after the lease has run out.
    private func cutIn() async {
        guard !world.mischief.isDead else { return }
        switch chance.below(10) {
        case 0...1 where hasRival:
            world.clock.advance(.seconds(160))
            await rivalEngine().drainQuietly()
        case 2: await mishap()
        default: await request()
        }
    }

    private func rivalEngine() -> Engine {
        if let rival { return rival }
        let ports = wrap(world.ports)
        let engine = Engine(store: ports.store, clock: ports.clock, dice: ports.dice, name: "b") {
            [mischief = world.mischief] in mischief.note("rival reports \($0): \($1)")
        }
        let images = Images(files: ports.files)
        let network = Network(ports.network, devices: ServerDevices(), region: settings.region)
        images.enroll(in: engine)
        network.enroll(in: engine)
        let storage = Storage(
            token: ports.token, pool: ports.pool, images: images, targets: ports.targets, berths: network.berths)
        storage.enroll(in: engine)
        Compute(
            hypervisor: ports.hypervisor, cabling: network.cabling, images: images, shelf: storage.shelf,
            keys: ports.keys, firstUID: settings.firstUID, base: settings.base, standing: cloud.identity.directory,
            consoles: settings.consoles
        ).enroll(in: engine)
        rival = engine
        return engine
    }

    private func drain() async {
        if !world.mischief.isDead { await cloud.engine.drainQuietly() }
    }

    /// Lets virtual time pass until everything due within it is done.
    private func run(_ duration: Duration) async {
        let end = world.clock.now() + duration
        for _ in 0..<4000 {
            if (try? await cloud.engine.drain()) ?? true { continue }
            let next = try? await world.store.read { (reader) throws(CloudError) in try reader.nextWork() }
            guard let next = next ?? nil, next <= end else { return world.clock.advance(to: end) }
            world.clock.advance(to: next)
        }
        faults.append("it does not come to rest")
    }
}

extension Engine {
    func drainQuietly() async { _ = try? await drain() }
}

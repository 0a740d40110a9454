import CloudCore
import CloudEngine
import CloudStore

extension Server: Lifecycle {
    /// What servers act through.
    public struct World: Sendable {
        public let hypervisor: any Hypervisor
        public let cabling: any Cabling
        /// The first of the system users that guests run as.
        public let firstUID: Int
        public init(hypervisor: any Hypervisor, cabling: any Cabling, firstUID: Int) {
            (self.hypervisor, self.cabling, self.firstUID) = (hypervisor, cabling, firstUID)
        }
    }

    /// Guests look at themselves this often, besides when the host says that something changed.
    public static let resync = Duration.seconds(120)
    /// How long a guest may take to stop when its power button is pressed.
    static let grace = Duration.seconds(20)

    public static func step(_ label: Label, _ turn: inout Turn<Server>, in world: World) async throws(CloudError)
        -> Next<Label>
    {
        if turn.isDoomed, label != .destroy { return .hop(.destroy) }
        switch label {
        case .place: return try await place(&turn, in: world)
        case .run: return try await run(&turn, in: world)
        case .destroy:
            let device = Reference(turn.it.id)
            if !turn.it.host.isEmpty {
                try await world.hypervisor.removeGuest(turn.it.id, on: ID(turn.it.host))
                try await world.cabling.unplug(device, on: ID(turn.it.host), in: turn.store)
            }
            turn.also { (writer) throws(CloudError) in try world.cabling.release(device, in: writer) }
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Server>, _ error: CloudError) -> Next<Label> {
        if label == .destroy { return .nap(.seconds(15)) }
        turn.it.status = .error
        turn.it.fault = error.message
        return .rest
    }

    /// Chooses a host and a system user; both are settled in the commit, against what is there by then.
    private static func place(_ turn: inout Turn<Server>, in world: World) async throws(CloudError) -> Next<Label> {
        let it = turn.it
        let (host, uid) = try await turn.store.read { (reader) throws(CloudError) in
            (try chooseHost(it, in: reader), try freeUID(from: world.firstUID, in: reader))
        }
        guard let host else { throw .conflict("No host has room for the server.") }
        (turn.it.host, turn.it.uid) = (host.text, uid)
        turn.also { (writer) throws(CloudError) in
            guard try chooseHost(it, in: writer) == host, try freeUID(from: world.firstUID, in: writer) == uid else {
                throw CloudError(.stale, "Another server was placed in the meantime.")
            }
            try writer.claim(uidSpace, String(uid), for: Reference(it.id))
        }
        return .hop(.run)
    }

    private static let uidSpace = "guest-uid"

    private static func chooseHost(_ it: Stored<Server>, in reader: any Reader) throws(CloudError) -> ID<Host>? {
        Placement.choose(
            it.value, hosts: try reader.list(Host.self, .everything(Host.kind)),
            servers: try reader.list(Server.self, .everything(Server.kind)).filter { $0.id != it.id })
    }

    private static func freeUID(from first: Int, in reader: any Reader) throws(CloudError) -> Int {
        let taken = try reader.claims(uidSpace)
        return (first...first + taken.count).first { !taken.contains(String($0)) }!
    }

    /// Brings the guest to the power that is asked for.
    private static func run(_ turn: inout Turn<Server>, in world: World) async throws(CloudError) -> Next<Label> {
        let host = HostName(turn.it.host)
        let guest = turn.it.id
        if turn.signals.contains(.start) { turn.it.isHalted = false }
        if turn.signals.contains(.rebootHard) {
            try await world.hypervisor.ensureStopped(guest, on: host)
            (turn.it.stopBy, turn.it.isHalted) = (nil, false)
        }
        let state = try await world.hypervisor.state(of: guest, on: host)
        if turn.it.status == .reboot, turn.it.stopBy != nil || turn.signals.contains(.rebootSoft) {
            return try await reboot(&turn, state, in: world)
        }
        switch (turn.it.power, state) {
        case (.off, .running), (.off, .paused): return try await stop(&turn, state, in: world)
        case (.off, _):
            try await world.hypervisor.ensureStopped(guest, on: host)
            return settle(&turn, .shutoff)
        case (.on, .off):
            // It powered itself off; that is its owner's doing, and stays until its owner starts it.
            try await world.hypervisor.ensureStopped(guest, on: host)
            turn.it.isHalted = true
            return settle(&turn, .shutoff)
        case (.on, .absent) where turn.it.isHalted: return settle(&turn, .shutoff)
        case (.on, .running):
            // It may have been started by a turn whose commit was lost.
            if turn.it.status != .active { bind(&turn, in: world) }
            return settle(&turn, .active)
        case (.on, .absent), (.on, .crashed), (.paused, .absent), (.paused, .crashed), (.paused, .off):
            try await boot(&turn, state, in: world)
        case (.on, .paused): try await boot(&turn, state, in: world)
        case (.paused, .paused):
            if turn.it.status != .paused { bind(&turn, in: world) }
            return settle(&turn, .paused)
        case (.paused, .running):
            if turn.it.status != .active { bind(&turn, in: world) }
            try await world.hypervisor.pause(guest, on: host)
            return settle(&turn, .paused)
        }
        guard turn.it.power == .on else { return .hop(.run) }
        return settle(&turn, .active)
    }

    private static func settle(_ turn: inout Turn<Server>, _ status: Status) -> Next<Label> {
        (turn.it.status, turn.it.fault, turn.it.stopBy) = (status, "", nil)
        if status == .active, turn.it.launchedAt == nil { turn.it.launchedAt = turn.now }
        return .rest
    }

    /// Cables, process, then its first instruction: the network is in force before the guest looks for it.
    private static func boot(_ turn: inout Turn<Server>, _ state: GuestState, in world: World) async throws(CloudError)
    {
        let (it, host, device) = (turn.it, HostName(turn.it.host), Reference(turn.it.id))
        if state == .crashed || state == .off { try await world.hypervisor.ensureStopped(it.id, on: host) }
        let devices = try await world.cabling.plug(device, uid: it.uid, on: host, in: turn.store)
        let interfaces = try await turn.store.read { (reader) throws(CloudError) in
            try world.cabling.interfaces(of: device, in: reader)
        }
        try await world.hypervisor.ensureGuest(it.spec(interfaces, devices), on: host)
        try await world.cabling.settle(on: host)
        try await world.hypervisor.resume(it.id, on: host)
        bind(&turn, in: world)
    }

    /// Writes with the commit that the host carries the ports.
    private static func bind(_ turn: inout Turn<Server>, in world: World) {
        let (device, host) = (Reference(turn.it.id), HostName(turn.it.host))
        turn.also { (writer) throws(CloudError) in try world.cabling.bind(device, to: host, in: writer) }
    }

    private static func stop(
        _ turn: inout Turn<Server>, _ state: GuestState, in world: World
    ) async throws(CloudError) -> Next<Label> {
        let (guest, host) = (turn.it.id, HostName(turn.it.host))
        if let end = turn.it.stopBy, turn.now < end { return .nap(.milliseconds(250)) }
        if turn.it.stopBy != nil || state == .paused {
            try await world.hypervisor.ensureStopped(guest, on: host)
            return settle(&turn, .shutoff)
        }
        try await world.hypervisor.pressPower(guest, on: host)
        turn.it.stopBy = turn.now + grace
        return .nap(.milliseconds(100))
    }

    /// A soft reboot: the power button first; when the guest is down, or patience ends, it begins anew.
    private static func reboot(
        _ turn: inout Turn<Server>, _ state: GuestState, in world: World
    ) async throws(CloudError) -> Next<Label> {
        let (guest, host) = (turn.it.id, HostName(turn.it.host))
        if turn.it.stopBy == nil, state == .running {
            try await world.hypervisor.pressPower(guest, on: host)
            turn.it.stopBy = turn.now + grace
            return .nap(.milliseconds(100))
        }
        if state == .running, let end = turn.it.stopBy, turn.now < end { return .nap(.milliseconds(250)) }
        try await world.hypervisor.ensureStopped(guest, on: host)
        try await boot(&turn, .absent, in: world)
        turn.it.isHalted = false
        return settle(&turn, .active)
    }
}

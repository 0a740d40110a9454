import CloudCore
import CloudEngine
import CloudStore

extension Server: Lifecycle {
    /// What servers act through.
    public struct World: Sendable {
        public let hypervisor: any Hypervisor
        public let cabling: any Cabling
        public let images: any ImageCatalog
        public let shelf: any Shelf
        /// The first of the system users that guests run as.
        public let firstUID: Int
        public init(
            hypervisor: any Hypervisor, cabling: any Cabling, images: any ImageCatalog, shelf: any Shelf, firstUID: Int
        ) {
            (self.hypervisor, self.cabling, self.images) = (hypervisor, cabling, images)
            (self.shelf, self.firstUID) = (shelf, firstUID)
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
        case .snapshot: return try await snapshot(&turn, in: world)
        case .destroy:
            let device = Reference(turn.it.id)
            if !turn.it.host.isEmpty {
                try await world.hypervisor.removeGuest(turn.it.id, on: ID(turn.it.host))
                try await world.cabling.unplug(device, on: ID(turn.it.host), in: turn.store)
                let disks = try await turn.store.read { (reader) throws(CloudError) in
                    try world.shelf.disks(of: device, in: reader)
                }
                try await world.shelf.close(disks, in: turn.store)
            }
            let image = turn.it.snapshot.filter { $0 != "!" }
            turn.also { (writer) throws(CloudError) in
                try world.cabling.release(device, in: writer)
                try ConsoleToken.revoke(of: ID(device.id), in: writer)
                try world.shelf.detached(try world.shelf.disks(of: device, in: writer), in: writer)
                if !image.isEmpty { try world.images.abandon(image, in: writer) }
            }
            finish(&turn, "Success")
            return .gone
        }
    }

    public static func failed(_ label: Label, _ turn: inout Turn<Server>, _ error: CloudError) -> Next<Label> {
        if label == .destroy { return .nap(.seconds(15)) }
        finish(&turn, "Error")
        // The server is none the worse for an image that could not be made of it.
        if label == .snapshot {
            turn.it.snapshot = "!" + turn.it.snapshot
            return .hop(.run)
        }
        turn.it.status = .error
        turn.it.fault = error.message
        return .rest
    }

    public static func deadline(_ label: Label) -> Duration { label == .snapshot ? .seconds(140) : .seconds(60) }

    /// Chooses a host and a system user; both are settled in the commit, against what is there by then.
    private static func place(_ turn: inout Turn<Server>, in world: World) async throws(CloudError) -> Next<Label> {
        let it = turn.it
        let (host, uid) = try await turn.store.read { (reader) throws(CloudError) in
            (try chooseHost(it, in: reader), try freeUID(from: world.firstUID, in: reader))
        }
        guard let host else { throw .conflict("No host has room for the server.") }
        (turn.it.host, turn.it.uid) = (host.text, uid)
        turn.also { (writer) throws(CloudError) in
            do throws(CloudError) {
                guard try chooseHost(it, in: writer) == host else { throw .conflict("The host has filled.") }
                try writer.claim(uidSpace, String(uid), for: Reference(it.id))
            } catch  where error.code == .conflict {
                throw CloudError(.stale, "Another server was placed in the meantime.")
            }
        }
        return .hop(.run)
    }

    private static let uidSpace = "guest-uid"

    private static func chooseHost(_ it: Stored<Server>, in reader: any Reader) throws(CloudError) -> ID<Host>? {
        Placement.choose(
            it.value, among: try Placement.candidates(for: it, in: reader),
            policy: try reader.find(ID<ServerGroup>(it.serverGroup))?.policy)
    }

    /// The user after the last, so that one is not soon another's; once those are used up, the first that is free.
    private static func freeUID(from first: Int, in reader: any Reader) throws(CloudError) -> Int {
        var newest = Query.everything(kind)
        (newest.order, newest.limit) = ([Query.Order("uid", ascending: false)], 1)
        let next = try reader.list(Server.self, newest).first.map { max(first, $0.uid + 1) } ?? first
        guard next >= first + uids else { return next }
        let taken = try reader.claims(uidSpace)
        guard let free = (first..<first + uids).first(where: { !taken.contains(String($0)) }) else {
            throw .conflict("There are \(uids) servers, which is as many as there are users for.")
        }
        return free
    }

    /// How many system users are set aside for guests.
    static let uids = 65_536

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
        switch turn.it.status {
        case .rebuild:
            try await world.hypervisor.ensureStopped(guest, on: host)
            guard turn.it.power == .on, !turn.it.isHalted else { return settle(&turn, .shutoff) }
            try await boot(&turn, .absent, in: world)
            return settle(&turn, .active)
        case .resize, .revertResize:
            if turn.it.power == .on, !turn.it.isHalted { return try await reboot(&turn, state, in: world) }
        case .reboot:
            if turn.it.stopBy != nil || turn.signals.contains(.rebootSoft) {
                return try await reboot(&turn, state, in: world)
            }
        default: break
        }
        let leaving = turn.it.detaching.count
        if turn.signals.contains(.cards) || !turn.it.detaching.isEmpty { try await rewire(&turn, state, in: world) }
        if turn.signals.contains(.disks) { try await revolume(&turn, state, in: world) }
        // A start in this turn would find the ports that go with its commit.
        if turn.it.detaching.count < leaving { return .hop(.run) }
        if turn.it.snapshot.hasPrefix("!") { abandonImage(&turn, in: world) }
        if !turn.it.snapshot.isEmpty, isAtRest(turn.it.value, state) { return .hop(.snapshot) }
        return try await reach(&turn, from: state, in: world)
    }

    /// Takes the guest from what it does to what is wished for.
    private static func reach(
        _ turn: inout Turn<Server>, from state: GuestState, in world: World
    ) async throws(CloudError) -> Next<Label> {
        let (host, guest) = (HostName(turn.it.host), turn.it.id)
        switch (turn.it.power, state) {
        case (.off, .running), (.off, .paused): return try await stop(&turn, state, in: world)
        // Nothing was asked for and nothing runs: looking for what a crash left over is for when something was.
        case (.off, .absent) where turn.it.status == .shutoff && turn.signals.isEmpty: return settle(&turn, .shutoff)
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
        case (.on, .paused), (.on, .suspended), (.paused, .suspended): try await boot(&turn, state, in: world)
        case (.suspended, .suspended): return settle(&turn, .suspended)
        case (.suspended, .running), (.suspended, .paused):
            try await world.hypervisor.suspend(guest, on: host)
            return settle(&turn, .suspended)
        case (.suspended, .off), (.suspended, .absent), (.suspended, .crashed):
            // There is no memory to keep: it is as if it had powered itself off.
            try await world.hypervisor.ensureStopped(guest, on: host)
            turn.it.isHalted = true
            return settle(&turn, .shutoff)
        case (.paused, .paused):
            if turn.it.status != .paused {
                // It may come from a start that ended before it had its volumes.
                try await ensureVolumes(&turn, isThere: true, in: world)
                bind(&turn, in: world)
            }
            return settle(&turn, .paused)
        case (.paused, .running):
            if turn.it.status != .active { bind(&turn, in: world) }
            try await world.hypervisor.pause(guest, on: host)
            return settle(&turn, .paused)
        }
        guard turn.it.power == .on else { return .hop(.run) }
        return settle(&turn, .active)
    }

    /// Lets go of an image that could not be made of its disk.
    private static func abandonImage(_ turn: inout Turn<Server>, in world: World) {
        let image = String(turn.it.snapshot.dropFirst())
        turn.also { (writer) throws(CloudError) in try world.images.abandon(image, in: writer) }
        turn.it.snapshot = ""
    }

    /// Whether what was asked for has come: then an image may be made of the disk.
    private static func isAtRest(_ it: Server, _ state: GuestState) -> Bool {
        switch (it.status, it.power, state) {
        case (.active, .on, .running), (.verifyResize, .on, .running), (.paused, .paused, .paused): true
        case (.suspended, .suspended, .suspended), (.shutoff, .off, .absent), (.verifyResize, .off, .absent): true
        // It ended by itself, whatever was wished for, and its disk is still.
        case (.shutoff, .on, .absent), (.shutoff, .suspended, .absent): it.isHalted
        case (.verifyResize, .on, .absent), (.verifyResize, .suspended, .absent): it.isHalted
        default: false
        }
    }

    private static func settle(_ turn: inout Turn<Server>, _ status: Status) -> Next<Label> {
        // Until its owner confirms the resize, it stands between two sizes.
        let isBetween = turn.it.previous != nil && (status == .active || status == .shutoff)
        (turn.it.fault, turn.it.stopBy) = ("", nil)
        let settled = isBetween ? .verifyResize : status
        if turn.it.status != settled { finish(&turn, "Success") }
        turn.it.status = settled
        if status == .active {
            if turn.it.launchedAt == nil { turn.it.launchedAt = turn.now }
            turn.it.adminPass = ""
        }
        return .rest
    }

    /// Writes down with the commit how what was asked for has ended.
    static func finish(_ turn: inout Turn<Server>, _ result: String) {
        let server = turn.it.id
        turn.also { (writer) throws(CloudError) in try InstanceAction.finish(server, result, in: writer) }
    }

    /// The cards as they are wanted now: devices first, then the guest's, then what is left over goes.
    private static func rewire(_ turn: inout Turn<Server>, _ state: GuestState, in world: World)
        async throws(CloudError)
    {
        let (it, host, device) = (turn.it, HostName(turn.it.host), Reference(turn.it.id))
        let isThere = state == .running || state == .paused
        turn.signals.remove(.cards)
        if isThere {
            let devices = try await world.cabling.plug(device, uid: it.uid, on: host, in: turn.store)
            let interfaces = try await turn.store.read { (reader) throws(CloudError) in
                try world.cabling.interfaces(of: device, in: reader).filter { !it.detaching.contains($0.port) }
            }
            do throws(CloudError) {
                try await world.hypervisor.ensureCards(it.cards(interfaces, devices), of: it.id, on: host)
            } catch {
                guard error.code == .conflict else { throw error }
                // The guest does not let a card go, or has no slot: its next start gives it what is then wanted.
                turn.it.detaching = []
                return finish(&turn, "Error")
            }
        }
        for port in it.detaching { try await world.cabling.unplug(port: port, on: host) }
        turn.it.detaching = []
        turn.also { (writer) throws(CloudError) in
            let known = Set(try world.cabling.interfaces(of: device, in: writer).map(\.port))
            for port in it.detaching where known.contains(port) {
                try world.cabling.release(port: port, of: device, in: writer)
            }
        }
        if isThere { bind(&turn, in: world) }
        finish(&turn, "Success")
    }

    /// Copies the disk into the image that waits for it.
    private static func snapshot(_ turn: inout Turn<Server>, in world: World) async throws(CloudError) -> Next<Label> {
        let image = turn.it.snapshot
        turn.it.snapshot = ""
        guard !image.isEmpty else { return .hop(.run) }
        let bytes = try await world.hypervisor.exportDisk(of: turn.it.id, on: HostName(turn.it.host))
        do throws(CloudError) { try await world.images.deliver(image, bytes, in: turn.store) } catch {
            // Its owner deleted it in the meantime, which is no failure.
            guard error.code == .missing else { throw error }
        }
        finish(&turn, "Success")
        return .hop(.run)
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
        // The process starts while the network takes up its ports.
        try await turn.clock.together(
            { () throws(CloudError) in try await world.hypervisor.ensureGuest(it.spec(interfaces, devices), on: host) },
            { () throws(CloudError) in try await world.cabling.settle(on: host) })
        // What sleeps has its volumes in its memory, and none that came or went since.
        try await ensureVolumes(&turn, isThere: true, in: world)
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
        turn.it.isHalted = false
        try await boot(&turn, .absent, in: world)
        return settle(&turn, .active)
    }
}

import CloudCompute
import CloudCore
import CloudNetwork
import CloudStore
import CloudWire
import Synchronization

/// A guest as a host has it: a disk, and a process if one runs.
public struct SimGuest: Sendable {
    /// What it was last started with.
    public var spec: GuestSpec
    public var state = GuestState.absent
    /// Its volumes.
    public var disks: [OpenDisk] = []
    /// When it will have obeyed the power button.
    var offAt: Instant?
    /// How often it powered itself off with nobody asking.
    public var halts = 0
}

/// A hypervisor whose guests are lines in a book. They obey the power button sometimes, late or not at all, and may
/// power themselves off, crash, or go down with their host.
public final class SimHypervisor: Hypervisor {
    private let mischief: Mischief
    private let clock: SimClock
    private let dice: SeededDice
    private let fabric: SimFabric
    private let pool: SimLayers
    private let hosts = Mutex<[HostName: [ID<Server>: SimGuest]]>([:])
    private let disks = Mutex<[ID<Server>: Int]>([:])

    /// - Parameters:
    ///   - fabric: a guest opens its devices, so they must be there.
    ///   - pool: and its volumes.
    public init(_ mischief: Mischief, clock: SimClock, dice: SeededDice, fabric: SimFabric, pool: SimLayers) {
        (self.mischief, self.clock, self.dice, self.fabric) = (mischief, clock, dice, fabric)
        self.pool = pool
    }

    /// Every guest by host, for checks.
    public var guests: [HostName: [ID<Server>: SimGuest]] { hosts.withLock { $0 } }
    /// How often each guest was given an empty disk: more than once has lost its owner's data.
    public var disksMade: [ID<Server>: Int] { disks.withLock { $0 } }

    public func ensureGuest(_ guest: GuestSpec, on host: HostName) async throws(CloudError) {
        try await mischief.effect("ensure guest \(guest.id) on \(host)") { () throws(CloudError) in
            let old = book(guest.id, host)
            if let old, old.state != .absent, old.state != .crashed, old.state != .suspended { return }
            for nic in guest.nics {
                guard let plug = fabric.state.plugs[host]?[ID(nic.port)], plug.isThere, plug.uid == guest.uid else {
                    throw .fault("guest \(guest.id) may not open \(nic.device)")
                }
            }
            if old?.spec.disk.generation != guest.disk.generation { disks.withLock { $0[guest.id, default: 0] += 1 } }
            var new = SimGuest(spec: guest, state: .paused)
            new.halts = old?.halts ?? 0
            hosts.withLock { $0[host, default: [:]][guest.id] = new }
        }
    }

    public func resume(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("resume", guest, host) { (it) throws(CloudError) in
            guard it.state != .off else { throw .conflict("The server is powered off.") }
            it.state = .running
        }
    }

    public func pause(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("pause", guest, host) { (it) throws(CloudError) in if it.state == .running { it.state = .paused }
        }
    }

    public func reset(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("reset", guest, host) { (_) throws(CloudError) in }
    }

    public func pressPower(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("press power of", guest, host) { (it) throws(CloudError) in
            guard it.state == .running else { return }
            switch dice.below(4) {
            case 0: break
            case 1: it.offAt = clock.now() + .milliseconds(500 + dice.below(30_000))
            default: it.state = .off
            }
        }
    }

    public func suspend(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await mischief.effect("suspend \(guest) on \(host)") { () throws(CloudError) in
            guard let it = book(guest, host), it.state != .absent, it.state != .crashed else {
                throw .missing("Server", guest.text)
            }
            guard it.state != .off else { throw .conflict("The server is powered off.") }
            change(guest, host) { ($0.state, $0.offAt) = (.suspended, nil) }
        }
    }

    public func ensureCards(_ nics: [GuestNIC], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("ensure cards of", guest, host) { (it) throws(CloudError) in
            for nic in nics {
                guard let plug = fabric.state.plugs[host]?[ID(nic.port)], plug.isThere, plug.uid == it.spec.uid else {
                    throw .fault("guest \(guest) may not open \(nic.device)")
                }
            }
            // Now and then a guest does not let a card go.
            guard dice.below(8) > 0 || nics.count >= it.spec.nics.count else {
                throw .conflict("The guest keeps its card.")
            }
            it.spec.nics = nics
        }
    }

    public func ensureDisks(_ disks: [OpenDisk], of guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await act("ensure disks of", guest, host) { (it) throws(CloudError) in
            for file in disks.flatMap(\.files) {
                guard pool.user(of: file.path) == it.spec.uid else {
                    throw .fault("guest \(guest) may not open \(file.path)")
                }
            }
            // Now and then a guest does not let a volume go.
            guard dice.below(8) > 0 || disks.count >= it.disks.count else {
                throw .conflict("The guest keeps its volume.")
            }
            it.disks = disks
        }
    }

    public func exportDisk(
        of guest: ID<Server>, on host: HostName
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try await mischief.effect("export disk of \(guest)") { () throws(CloudError) in
            guard let it = book(guest, host) else { throw .missing("Server", guest.text) }
            return Chunk(SimDisk.qcow2(of: it.spec.disk.size.bytes))
        }
    }

    public func diagnostics(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestDiagnostics {
        try await mischief.effect("diagnostics of \(guest)") { () throws(CloudError) in
            guard let it = book(guest, host), it.state != .absent else { throw .missing("Server", guest.text) }
            return GuestDiagnostics(
                cpuTime: 1, uptime: 1, readBytes: 512, readRequests: 1, writeBytes: 512, writeRequests: 1)
        }
    }

    public func ensureStopped(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await mischief.effect("ensure stopped \(guest) on \(host)") { () throws(CloudError) in
            change(guest, host) { ($0.state, $0.offAt) = (.absent, nil) }
        }
    }

    public func removeGuest(_ guest: ID<Server>, on host: HostName) async throws(CloudError) {
        try await mischief.effect("remove guest \(guest) on \(host)") { () throws(CloudError) in
            hosts.withLock { $0[host]?[guest] = nil }
        }
    }

    public func state(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestState {
        try await mischief.effect("state of \(guest) is \(book(guest, host)?.state.rawValue ?? "none")") {
            () throws(CloudError) in book(guest, host)?.state ?? .absent
        }
    }

    public func guests(on host: HostName) async throws(CloudError) -> Set<ID<Server>> {
        try await mischief.effect("list guests on \(host)") { () throws(CloudError) in
            hosts.withLock { Set(($0[host] ?? [:]).keys) }
        }
    }

    public func consoleLog(of guest: ID<Server>, lines: Int?, on host: HostName) async throws(CloudError) -> [UInt8] {
        try await mischief.effect("console of \(guest)") { () throws(CloudError) in
            guard book(guest, host) != nil else { throw .missing("Server", guest.text) }
            return Array("simulated login:\n".utf8)
        }
    }

    public func screen(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> any Screen {
        try await mischief.effect("screen of \(guest)") { () throws(CloudError) in
            guard let it = book(guest, host), it.state == .running || it.state == .paused else {
                throw .missing("Server", guest.text)
            }
            return SimScreen()
        }
    }

    /// The guest as it is by now.
    private func book(_ guest: ID<Server>, _ host: HostName) -> SimGuest? {
        change(guest, host) { _ in }
        return hosts.withLock { $0[host]?[guest] }
    }

    private func change(_ guest: ID<Server>, _ host: HostName, _ body: (inout SimGuest) -> Void) {
        let now = clock.now()
        hosts.withLock { hosts in
            guard var it = hosts[host]?[guest] else { return }
            if let offAt = it.offAt, offAt <= now, it.state == .running { (it.state, it.offAt) = (.off, nil) }
            body(&it)
            hosts[host]![guest] = it
        }
    }

    private func act(
        _ what: String, _ guest: ID<Server>, _ host: HostName, _ body: (inout SimGuest) throws(CloudError) -> Void
    ) async throws(CloudError) {
        try await mischief.effect("\(what) \(guest) on \(host)") { () throws(CloudError) in
            guard var it = book(guest, host), it.state != .absent, it.state != .crashed, it.state != .suspended else {
                throw .missing("Server", guest.text)
            }
            try body(&it)
            let changed = it
            hosts.withLock { $0[host]![guest] = changed }
        }
    }
}

extension SimHypervisor {
    /// Something that nobody asked for happens to one of the guests, or to a host; returns the guests concerned.
    public func mishap() -> [ID<Server>] {
        let running = guests.sorted { $0.key < $1.key }.flatMap { host, guests in
            guests.filter { $0.value.state == .running }.keys.sorted().map { (host, $0) }
        }
        guard let (host, guest) = dice.pick(running) else { return [] }
        switch dice.below(5) {
        case 0, 1:
            mischief.note("guest \(guest) powers itself off")
            change(guest, host) { ($0.state, $0.offAt, $0.halts) = (.off, nil, $0.halts + 1) }
            return [guest]
        case 2, 3:
            mischief.note("guest \(guest) crashes")
            change(guest, host) { ($0.state, $0.offAt) = (.crashed, nil) }
            return [guest]
        default:
            mischief.note("host \(host) reboots")
            fabric.reboot(host)
            let lost = (guests[host] ?? [:]).filter { $0.value.state != .absent && $0.value.state != .suspended }.keys
                .sorted()
            for guest in lost { change(guest, host) { ($0.state, $0.offAt) = (.crashed, nil) } }
            return lost
        }
    }
}

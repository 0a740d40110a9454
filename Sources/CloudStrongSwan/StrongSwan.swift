import CloudCore
import CloudHost
import CloudNetwork
import Glibc
import Logging
import Synchronization

/// VPN gateways on this machine: one charon each, in a network namespace of its own. They outlive the control plane,
/// and the next one adopts them.
public final class StrongSwan: Tunnels {
    public let host: HostName
    private let dirs: InstanceDirs
    private let esp: ESP
    private let logger: Logger
    private let lock = KeyedLock<ID<VPNService>>()
    private let running = Mutex<[ID<VPNService>: Running]>([:])

    /// A gateway that this process looks after.
    private struct Running {
        let daemon: Daemon
        /// What was set last, and in which charon; nil while it is being set.
        var spec: GatewaySpec?
        var process: ProcessHandle?
    }

    public init(dirs: InstanceDirs, host: HostName, esp: ESP, logger: Logger) {
        (self.dirs, self.host, self.esp, self.logger) = (dirs, host, esp, logger)
    }

    public func namespace(of gateway: ID<VPNService>) -> String { dirs.namespace("vpn-\(gateway.text)").name }

    public func ensureGateway(_ gateway: GatewaySpec) async throws(CloudError) {
        if let lack = ESP.lack { throw .unavailable("VPN gateway", lack) }
        try await lock.run(gateway.id) { () throws(CloudError) in try await ensure(gateway) }
    }

    public func removeGateway(_ gateway: ID<VPNService>) async throws(CloudError) {
        let place = try GatewayPlace(gateway, dirs, esp)
        try await lock.run(gateway) { () throws(CloudError) in
            let known = running.withLock { $0.removeValue(forKey: gateway) }
            if let known {
                try await known.daemon.stop(grace: .seconds(2))
            } else {
                try await ProcessHandle.load(place.handle)?.stop(grace: .seconds(2))
                try Files.remove(place.handle)
            }
            try await place.namespace.remove()
            for old in [place.log, place.log + ".1"] { try Files.remove(old) }
            // Last: by it the sweep finds what is left.
            try Files.remove(place.run)
        }
    }

    public func gateways() async throws(CloudError) -> Set<ID<VPNService>> {
        Set(try Files.names(in: GatewayPlace.all(dirs)).map { ID($0) })
    }

    public func state(
        of tunnel: ID<IPsecSiteConnection>, of gateway: ID<VPNService>
    ) async throws(CloudError) -> TunnelState {
        let place = try GatewayPlace(gateway, dirs, esp)
        guard Files.exists(place.socket) else { return TunnelState(isUp: false, reason: "The gateway does not run.") }
        var state = try await Self.carried(tunnel, place)
        if !state.isUp {
            // For a moment of every exchange of keys, charon lists neither the old ones nor the new.
            try? await Task.sleep(for: .milliseconds(100))
            state = try await Self.carried(tunnel, place)
        }
        if !state.isUp {
            let log = String(decoding: try Files.readTail(place.log, limit: 32 << 10), as: UTF8.self)
            let peer = running.withLock { $0[gateway]?.spec?.tunnels.first { $0.id == tunnel }?.peer }
            state.reason = Reasons.read(log, of: tunnel.text, with: peer)
        }
        return state
    }

    /// What a tunnel carries now; down, without a reason, where it has no keys.
    private static func carried(
        _ tunnel: ID<IPsecSiteConnection>, _ place: GatewayPlace
    ) async throws(CloudError) -> TunnelState {
        var state = TunnelState(isUp: false)
        for it in try await associations(place) where it.name == tunnel.text {
            for (_, child) in it.section.section("child-sas")?.sections ?? []
            where carrying.contains(child.text("state") ?? "") {
                state.isUp = true
                state.seconds = max(state.seconds, it.section.number("established"))
                var flow = TunnelState.Flow()
                (flow.bytesIn, flow.bytesOut) = (child.number("bytes-in"), child.number("bytes-out"))
                (flow.packetsIn, flow.packetsOut) = (child.number("packets-in"), child.number("packets-out"))
                state.flows[child.text("spi-in") ?? ""] = flow
            }
        }
        return state
    }

    /// The states in which a child association carries packets: one whose keys are being exchanged anew still does.
    private static let carrying: Set = ["INSTALLED", "UPDATING", "REKEYING", "REKEYED", "RETRYING"]

    /// Leaves all running for the next control plane.
    public func release() async {
        let all = running.withLock { running in
            defer { running = [:] }
            return running.values.map(\.daemon)
        }
        for daemon in all { await daemon.release() }
    }

    /// Ends and removes every gateway of this instance.
    public func remove() async throws(CloudError) {
        for gateway in try await gateways().sorted() { try await removeGateway(gateway) }
    }

    /// The process of a gateway's charon, for tests and the operator.
    public func process(of gateway: ID<VPNService>) async -> ProcessHandle? {
        await running.withLock { $0[gateway]?.daemon }?.process
    }

    // MARK: Behind the lock

    private func ensure(_ spec: GatewaySpec) async throws(CloudError) {
        let place = try GatewayPlace(spec.id, dirs, esp)
        guard place.namespace.isThere else {
            throw .unavailable("VPN gateway", "\(place.namespace.name) is not there yet")
        }
        let daemon = try self.daemon(place, spec.id)
        let known = running.withLock { $0[spec.id] }
        let process = await daemon.process
        if process == nil || known?.process != process || known?.spec != spec {
            note(spec.id, daemon, nil, nil)
            try place.prepareFiles()
            try await place.prepareNetwork(spec)
            try await daemon.start()
            guard let process = await daemon.process else { throw .unavailable("VPN gateway", "charon has ended") }
            try await place.shrinkDevice(spec)
            try await tell(spec, place, process)
            note(spec.id, daemon, spec, process)
        }
        try boundLog(place)
        try await call(spec, place)
    }

    private func note(_ id: ID<VPNService>, _ daemon: Daemon, _ spec: GatewaySpec?, _ process: ProcessHandle?) {
        running.withLock { $0[id] = Running(daemon: daemon, spec: spec, process: process) }
    }

    private func daemon(_ place: GatewayPlace, _ id: ID<VPNService>) throws(CloudError) -> Daemon {
        if let known = running.withLock({ $0[id]?.daemon }) { return known }
        guard let charon = ESP.charon else { throw .unavailable("VPN gateway", ESP.lack ?? "there is no charon") }
        // A charon that was restarted has forgotten everything.
        return Daemon(place.spec(charon), dirs: dirs, logger: logger) { [weak self, logger] name in
            guard let self, let spec = self.running.withLock({ $0[id]?.spec }) else { return }
            do { try await self.ensureGateway(spec) } catch {
                logger.warning("a VPN gateway is not set up", metadata: ["daemon": "\(name)", "why": "\(error)"])
            }
        }
    }

    /// Tells charon what changed since it was last told, in this life or in an earlier control plane's.
    private func tell(_ spec: GatewaySpec, _ place: GatewayPlace, _ process: ProcessHandle) async throws(CloudError) {
        let told = Told(try Files.read(place.told) ?? [], process)
        let wanted = Dictionary(
            uniqueKeysWithValues: spec.tunnels.map { ($0.id.text, TunnelConfig.digest($0, at: spec.address)) })
        guard told.digests != wanted else { return }
        try await ViciSession.with(place.socket, within: .seconds(20)) { (session) throws(CloudError) in
            for name in told.digests.keys.sorted() where told.digests[name] != wanted[name] {
                var message = ViciMessage()
                message.set("name", name)
                // It may be there no longer, if charon was told half of it before.
                _ = try? await session.call("unload-conn", message)
                var ended = ViciMessage()
                ended.set("ike", name)
                ended.set("timeout", "3000")
                _ = try? await session.call("terminate", ended)
            }
            // Forgotten first: a crash from here on tells all of them again.
            try Files.remove(place.told)
            try await session.call("clear-creds")
            for tunnel in spec.tunnels {
                for (command, message) in TunnelConfig.credentials(tunnel) { try await session.call(command, message) }
                // Those of certificates belong to the connection, and were cleared too: all are told again, which
                // does not disturb what has not changed.
                try await session.call("load-conn", TunnelConfig.connection(tunnel, at: spec.address))
            }
        }
        try Files.write(Told.bytes(wanted, process), to: place.told)
    }

    /// Calls the peers of tunnels that are down and ours to call. Returns at once; charon goes on.
    private func call(_ spec: GatewaySpec, _ place: GatewayPlace) async throws(CloudError) {
        // One that is being made is left to it; one that has no tunnel, since the peer refused only that, is not.
        let there = Set(
            try await Self.associations(place).filter {
                $0.section.text("state") != "ESTABLISHED" || $0.section.section("child-sas")?.members.isEmpty == false
            }.map(\.name))
        let down = spec.tunnels.filter { $0.initiates && !there.contains($0.id.text) }
        guard !down.isEmpty else { return }
        try await ViciSession.with(place.socket) { (session) throws(CloudError) in
            for tunnel in down {
                var message = ViciMessage()
                message.set("child", tunnel.id.text)
                message.set("ike", tunnel.id.text)
                message.set("timeout", "-1")
                try await session.call("initiate", message)
            }
        }
    }

    /// What charon has with peers, by the names of tunnels.
    private static func associations(
        _ place: GatewayPlace
    ) async throws(CloudError) -> [(name: String, section: ViciMessage)] {
        try await ViciSession.with(place.socket) { (session) throws(CloudError) in
            try await session.list("list-sas", event: "list-sa").flatMap(\.sections)
        }
    }

    /// charon only ever adds to its log. One that became long begins anew.
    private func boundLog(_ place: GatewayPlace) throws(CloudError) {
        guard let info = Files.status(place.log), info.st_size > 8 << 20 else { return }
        guard truncate(place.log, 0) == 0 else { throw Files.failure("truncate", place.log) }
    }
}

/// What charon was told: a line for its process, and one a tunnel.
private struct Told {
    var digests: [String: String] = [:]

    /// Nothing, where it was another process that was told.
    init(_ bytes: [UInt8], _ process: ProcessHandle) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.first.flatMap({ ProcessHandle(text: String($0)) }) == process else { return }
        for line in lines.dropFirst() {
            let parts = line.split(separator: " ")
            if parts.count == 2 { digests[String(parts[0])] = String(parts[1]) }
        }
    }

    static func bytes(_ digests: [String: String], _ process: ProcessHandle) -> [UInt8] {
        Array((process.text + digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()).utf8)
    }
}

import CloudCore
import CloudHost
import CloudStorage
import Glibc
import Logging
import Synchronization

/// Virtual storages on this machine. What serves them outlives the control plane, and the next one adopts it.
public final class ISCSITargets: BlockTargets {
    public let host: HostName
    public let users: Range<Int>
    private let dirs: InstanceDirs
    private let logger: Logger
    private let lock = KeyedLock<ID<VirtualStorage>>()
    private let running = Mutex<[ID<VirtualStorage>: Running]>([:])

    /// A virtual storage that this process looks after.
    private struct Running {
        let opener: Daemon
        let server: Daemon
        /// What was wished for last.
        var spec: TargetSpec
    }

    public init(dirs: InstanceDirs, host: HostName, users: Range<Int>, logger: Logger) {
        (self.dirs, self.host, self.users, self.logger) = (dirs, host, users, logger)
    }

    public func namespace(of storage: ID<VirtualStorage>) -> String { dirs.namespace("storage-\(storage.text)").name }

    public func ensureTarget(_ target: TargetSpec) async throws(CloudError) {
        try target.check()
        guard users.contains(target.user) else { throw .fault("user \(target.user) is for no virtual storage") }
        try await lock.run(target.id) { () throws(CloudError) in try await ensure(target) }
    }

    public func removeTarget(_ storage: ID<VirtualStorage>) async throws(CloudError) {
        let place = try TargetPlace(storage, user: 0, dirs)
        try await lock.run(storage) { () throws(CloudError) in
            let known = running.withLock { $0.removeValue(forKey: storage) }
            // tgtd goes on for as long as it has targets, whatever it is asked; its requests end in the other's files.
            for (name, daemon, grace) in [
                (place.server, known?.server, Duration.zero), (place.opener, known?.opener, .seconds(10)),
            ] {
                if let daemon {
                    try await daemon.stop(grace: grace)
                } else {
                    try await ProcessHandle.load(place.handle(name))?.stop(grace: grace)
                    try Files.remove(place.handle(name))
                }
            }
            try await place.namespace.remove()
            for name in [place.server, place.opener] {
                for old in [place.log(name), place.log(name) + ".1"] { try Files.remove(old) }
            }
            // Last: by it the sweep finds what is left.
            try Files.remove(place.directory)
        }
    }

    public func targets() async throws(CloudError) -> Set<ID<VirtualStorage>> {
        Set(try Files.names(in: TargetPlace.all(dirs)).map { ID($0) })
    }

    /// Leaves all running for the next control plane.
    public func release() async {
        let all = running.withLock { running in
            defer { running = [:] }
            return running.values.flatMap { [$0.server, $0.opener] }
        }
        for daemon in all { await daemon.release() }
    }

    /// Ends every virtual storage of this instance; the volumes are kept.
    public func remove() async throws(CloudError) {
        for storage in try await targets().sorted() { try await removeTarget(storage) }
    }

    /// The processes of a virtual storage, for tests and the operator: who opens the files, and who serves them.
    public func processes(of storage: ID<VirtualStorage>) async -> [ProcessHandle] {
        guard let known = running.withLock({ $0[storage] }) else { return [] }
        return [await known.opener.process, await known.server.process].compactMap { $0 }
    }

    // MARK: Behind the lock

    private func ensure(_ spec: TargetSpec) async throws(CloudError) {
        let place = try TargetPlace(spec.id, user: spec.user, dirs)
        guard place.namespace.isThere else {
            throw .unavailable("virtual storage", "\(place.namespace.name) is not there yet")
        }
        try place.prepareFiles()
        try await TargetNetwork.prepare(spec, place.namespace)
        let (opener, server) = daemons(place, spec)
        try await opener.start()
        try await server.start()
        guard let process = await opener.process else {
            throw .unavailable("virtual storage", "the storage daemon has ended")
        }
        let control = try await QMP.connect(place.control, timeout: .seconds(10))
        defer { control.close() }
        try await Self.match(
            spec, Opener(place: place, control: control), Server(place: place), root: "/proc/\(process.pid)/root")
        for name in [place.server, place.opener] { try boundLog(place.log(name)) }
    }

    /// Adds and removes until what is served is what is wished for. A volume is closed only after its target is gone.
    private static func match(
        _ spec: TargetSpec, _ opener: Opener, _ server: Server, root: String
    ) async throws(CloudError) {
        func path(_ volume: TargetVolume) -> String { root + opener.place.mountPoint(Opener.name(volume.disk)) }
        var served = try await server.targets()
        for target in served
        where !spec.volumes.contains(where: { $0.name == target.name && path($0) == target.path }) {
            try await server.remove(target)
            served.removeAll { $0 == target }
        }
        var open = try await opener.names()
        for name in open.subtracting(spec.volumes.map({ Opener.name($0.disk) })).sorted() {
            try await opener.remove(name)
            open.remove(name)
        }
        for volume in spec.volumes {
            if !open.contains(Opener.name(volume.disk)) { try await opener.add(volume.disk) }
            var target = served.first { $0.name == volume.name }
            if target == nil {
                let new = try await server.add(volume, at: path(volume), beside: served)
                served.append(new)
                target = new
            }
            if let target { try await server.admit(volume.initiators, to: target) }
        }
    }

    private func daemons(_ place: TargetPlace, _ spec: TargetSpec) -> (opener: Daemon, server: Daemon) {
        running.withLock { running in
            if running[spec.id] != nil {
                running[spec.id]!.spec = spec
            } else {
                // One that was restarted has forgotten everything.
                let again: @Sendable (String) async -> Void = { [weak self] in await self?.renew(spec.id, $0) }
                running[spec.id] = Running(
                    opener: Daemon(place.openerSpec, dirs: dirs, logger: logger, onRestart: again),
                    server: Daemon(place.serverSpec(spec.address), dirs: dirs, logger: logger, onRestart: again),
                    spec: spec)
            }
            return (running[spec.id]!.opener, running[spec.id]!.server)
        }
    }

    private func renew(_ storage: ID<VirtualStorage>, _ daemon: String) async {
        guard let spec = running.withLock({ $0[storage]?.spec }) else { return }
        do { try await ensureTarget(spec) } catch {
            logger.warning("a virtual storage is not served", metadata: ["daemon": "\(daemon)", "why": "\(error)"])
        }
    }

    /// The programs only ever add to their logs. One that became long begins anew.
    private func boundLog(_ path: String) throws(CloudError) {
        guard let info = Files.status(path), info.st_size > 8 << 20 else { return }
        guard truncate(path, 0) == 0 else { throw Files.failure("truncate", path) }
    }
}

import CloudCore
import CloudHost
import CloudSim
import CloudStorage
import CloudStore
import CloudVolumes
import Logging

@testable import CloudTarget

/// A virtual storage of an installation of its own, on a plain link to a host that may be an initiator.
final class TargetLab: TargetStage {
    let dirs: InstanceDirs
    let pool: VolumePool
    let iscsi: ISCSITargets
    var targets: any BlockTargets { iscsi }
    let users: Range<Int>
    let initiator: NetworkNamespace
    let address = IPv4("10.66.0.10")!

    private init() throws {
        dirs = try InstanceDirs(state: "/tmp/akashi-target-\(Hex.string(SystemDice().roll()))")
        let first = 960_000 + SystemDice().below(2000) * 16
        users = first + 8..<first + 16
        pool = try VolumePool(dirs: dirs, users: first..<first + 7, patience: .seconds(5))
        iscsi = Self.targets(dirs, users)
        initiator = dirs.namespace("initiator")
    }

    private static func targets(_ dirs: InstanceDirs, _ users: Range<Int>) -> ISCSITargets {
        ISCSITargets(
            dirs: dirs, host: HostName("lab"), users: users,
            logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Another control plane over the same virtual storages.
    func successor() -> ISCSITargets { Self.targets(dirs, users) }

    /// Runs `body` in a lab, and removes all of it, whatever happens.
    static func with(_ body: (TargetLab) async throws -> Void) async throws {
        let lab = try TargetLab()
        var failed: (any Error)?
        do { try await body(lab) } catch { failed = error }
        if failed != nil {
            for log in try Files.names(in: lab.dirs.logs) {
                let tail = try Files.readTail(lab.dirs.logs + "/" + log, limit: 2000)
                print("\(log): \(String(decoding: tail, as: UTF8.self))")
            }
        }
        try await lab.iscsi.remove()
        for name in try Files.names(in: "/run/netns") where name.hasPrefix("ak-\(lab.dirs.tag)-") {
            try await NetworkNamespace(name).remove()
        }
        try Files.remove(lab.dirs.state)
        try lab.dirs.removeRun()
        if let failed { throw failed }
    }

    func place(_ storage: ID<VirtualStorage>) async throws(CloudError) -> IPv4 {
        let namespace = NetworkNamespace(iscsi.namespace(of: storage))
        try await namespace.ensure()
        try await initiator.ensure()
        try await Command.run([
            "ip", "-n", namespace.name, "link", "add", TargetSpec.device, "type", "veth", "peer", "name", "eth0",
            "netns", initiator.name,
        ])
        for line in [
            "\(namespace.name) addr add \(address)/24 dev \(TargetSpec.device)",
            "\(namespace.name) link set \(TargetSpec.device) up", "\(initiator.name) addr add 10.66.0.1/24 dev eth0",
            "\(initiator.name) link set eth0 up",
        ] { try await Command.run(["ip", "-n"] + line.split(separator: " ").map(String.init)) }
        return address
    }

    func disk(for user: Int) async throws(CloudError) -> OpenDisk { try await disk(for: user, layers: 1) }

    func disk(for user: Int, layers: Int, iops: Int? = nil) async throws(CloudError) -> OpenDisk {
        var disk = LayeredDisk(size: Gibibytes(1), layers: [])
        for _ in 0..<layers {
            disk.layers.append(Layer(id: SystemDice().uuid(), secret: Hex.string(SystemDice().bytes(32))))
            try await pool.ensure(disk, from: nil)
        }
        try pool.give(disk.layers.map(\.id), to: user)
        return OpenDisk(
            volume: SystemDice().uuid(), files: disk.layers.map { .init(path: pool.path($0.id), secret: $0.secret) },
            isReadonly: false, iops: iops)
    }

    /// A virtual storage with these volumes, served to `initiators`.
    func serve(_ disks: [OpenDisk], to initiators: Set<String> = [TargetLab.friend]) async throws(CloudError)
        -> TargetSpec
    {
        let id = ID<VirtualStorage>(SystemDice().uuid())
        let spec = TargetSpec(
            id: id, user: users.lowerBound, address: try await place(id), routes: [],
            volumes: disks.map { TargetVolume(disk: $0, initiators: initiators) })
        try await iscsi.ensureTarget(spec)
        return spec
    }

    static let friend = "iqn.2026-11.example:friend", stranger = "iqn.2026-11.example:stranger"

    func run(_ argv: [String], within limit: Duration = .seconds(30)) async throws -> Command.Ending {
        try await Command.end(initiator.enter(argv), timeout: limit)
    }

    /// What qemu-io says to these commands, as an initiator.
    func io(
        _ disk: OpenDisk, _ commands: [String], as name: String = TargetLab.friend,
        within limit: Duration = .seconds(30)
    ) async throws -> (isDone: Bool, words: String) {
        let target =
            "driver=iscsi,transport=tcp,portal=\(address):3260,target=\(TargetVolume.name(of: disk.volume)),lun=1,initiator-name=\(name)"
        let ending = try await run(
            ["qemu-io"] + commands.flatMap { ["-c", $0] } + ["--image-opts", target], within: limit)
        let words = String(decoding: ending.output, as: UTF8.self) + ending.complaint
        return (ending.code == 0 && !words.contains("failed") && !words.contains("error"), words)
    }

    /// The same again and again, for as long as a server takes to come back.
    func ioSoon(_ disk: OpenDisk, _ commands: [String]) async throws -> (isDone: Bool, words: String) {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let found = try await io(disk, commands)
            if found.isDone || ContinuousClock.now > end { return found }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// What an initiator is told of.
    func targets(seenBy name: String) async throws -> String {
        let ending = try await run(["iscsi-ls", "-i", name, "iscsi://\(address):3260"])
        return String(decoding: ending.output, as: UTF8.self)
    }
}

import CloudCore
import CloudHost
import CloudSim
import CloudStorage
import Glibc

@testable import CloudVolumes

/// A pool in a directory of its own, which goes with the test.
final class Lab: LayerStage {
    let dirs: InstanceDirs
    let users: Range<Int>
    let volumes: VolumePool
    var pool: any LayerPool { volumes }
    let gibibyte = 1 << 30

    init(_ path: String = "/tmp/akashi-volumes-\(Hex.string(SystemDice().roll()))") throws {
        dirs = try InstanceDirs(state: path)
        // Tests run side by side: others' tools must not be taken for this one's.
        let first = 900_000 + SystemDice().below(4000) * 16
        users = first..<first + 7
        volumes = try VolumePool(dirs: dirs, users: users, patience: .seconds(5))
    }

    deinit {
        try? dirs.removeRun()
        try? Files.remove(dirs.state)
    }

    /// A pool over the same files, as after a restart.
    func restarted() throws(CloudError) -> VolumePool { try VolumePool(dirs: dirs, users: users) }

    func disk(_ size: Int = 1, over below: LayeredDisk? = nil) -> LayeredDisk {
        let layer = Layer(id: SystemDice().uuid(), secret: Hex.string(SystemDice().bytes(32)))
        return LayeredDisk(size: Gibibytes(size), layers: (below?.layers ?? []) + [layer])
    }

    func write(_ bytes: [UInt8], at place: Int, to disk: LayeredDisk) async throws(CloudError) {
        let file = dirs.state + "/pattern-" + SystemDice().hex32()
        try Files.write(bytes, to: file)
        defer { try? Files.remove(file) }
        _ = try await io(disk, ["write -s \(file) \(place) \(bytes.count)"])
    }

    func image(_ bytes: [UInt8]) async throws(CloudError) -> DiskSource {
        let file = dirs.state + "/image-" + SystemDice().hex32()
        try Files.write(bytes, to: file)
        return .image(path: file, format: "raw")
    }

    /// qemu-io's words about these commands; it opens the disk as a guest's process would.
    func io(_ disk: LayeredDisk, _ commands: [String]) async throws(CloudError) -> String {
        let chain = try Chain(disk, in: volumes)
        let argv = ["qemu-io"] + chain.keys.options + commands.flatMap { ["-c", $0] }
        let out = try await Command.run(
            argv + [chain.argument(readOnly: false)], input: chain.keys.input, timeout: .seconds(120)
        ).text
        guard !out.contains("failed"), !out.contains("error") else { throw .fault(out) }
        return out
    }

    /// The first bytes of a disk.
    func head(_ disk: LayeredDisk, _ count: Int = 1 << 20, from pool: VolumePool? = nil) async throws -> [UInt8] {
        var out: [UInt8] = []
        for try await piece in try await (pool ?? volumes).export(disk) {
            out += piece
            if out.count >= count { break }
        }
        return Array(out.prefix(count))
    }

    /// Names of what is neither a finished layer nor an empty directory of tools.
    func leftovers() throws -> [String] {
        var found: [String] = []
        for directory in [dirs.pool + "/volumes.work", dirs.run + "/volumes"] {
            found += try Files.names(in: directory).map { directory + "/" + $0 }
        }
        return found + (try Files.names(in: dirs.pool + "/volumes").filter { !Layer.isID($0) })
    }

    /// Processes of this pool's tools, and their command lines.
    func tools() throws -> [(pid: Int32, line: String)] {
        try Files.names(in: "/proc").compactMap { Int32($0) }.compactMap { pid in
            guard let info = Files.status("/proc/\(pid)"), users.contains(Int(info.st_uid)),
                let line = try? Files.read("/proc/\(pid)/cmdline")
            else { return nil }
            return (pid, String(decoding: line, as: UTF8.self))
        }
    }

    /// Waits until a tool runs whose command line has these words.
    func tool(_ words: String, within looks: Int = 2000) async throws -> Int32 {
        for _ in 0..<looks {
            if let found = try tools().first(where: { $0.line.contains(words) }) { return found.pid }
            await SystemClock().sleep(.milliseconds(2))
        }
        throw CloudError.fault("no tool with \(words)")
    }

    /// Waits until no tool runs and nothing is left of any.
    func expectRest() async throws {
        for _ in 0..<400 {
            if try tools().isEmpty, try leftovers().isEmpty { return }
            await SystemClock().sleep(.milliseconds(10))
        }
        throw CloudError.fault("left: \(try tools()) \(try leftovers())")
    }
}

/// Where `needle` first stands in a file; nil where it does not.
func find(_ needle: String, in path: String) async throws -> Int? {
    let ending = try await Command.end(
        ["grep", "-a", "-o", "-b", "-m1", "-F", "--", needle, path], timeout: .seconds(60))
    return ending.code == 0 ? Int(String(decoding: ending.output.prefix { $0 != 0x3a }, as: UTF8.self)) : nil
}

/// Bytes that nothing compresses or repeats.
func noise(_ count: Int) -> [UInt8] { (try? LayerFile.random(count)) ?? [] }

import CloudCore
import CloudHost
import CloudStorage
import Glibc

/// Disks on one host as chains of qcow2 files, each encrypted by QEMU's own LUKS under a key of its own. It keeps no
/// truth but the files. Tools work on them as users without rights, one user a call.
public final class VolumePool: LayerPool {
    let directory: String
    /// The group that may read layers which no guest has.
    let group: Int
    let places: Workplaces
    /// Reading a disk out takes as long as its reader likes, so that has places of its own.
    let exits: Workplaces
    /// How long a call waits for one of those.
    let patience: Duration
    let locks = KeyedLock<String>()

    /// Clears what an earlier process left half made, and ends its tools.
    ///
    /// - Parameter users: numbers of users, three at least, that are for nobody and nothing else on this machine. The
    ///   first is the group of all layers; half of the others are for reading disks out.
    /// - Parameter patience: how long a disk that is to be read out waits for one of those; `unavailable` after it.
    public init(dirs: InstanceDirs, users: Range<Int>, patience: Duration = .seconds(60)) throws(CloudError) {
        guard users.count >= 3, users.lowerBound > 0 else { throw .fault("the pool needs three users") }
        directory = dirs.pool + "/volumes"
        (group, self.patience) = (users.lowerBound, patience)
        let (work, run) = (dirs.pool + "/volumes.work", dirs.run + "/volumes")
        let all = users.dropFirst().map { Workplace(user: $0, directory: "\(work)/\($0)", run: "\(run)/\($0)") }
        (places, exits) = (Workplaces(Array(all[(all.count / 2)...])), Workplaces(Array(all[..<(all.count / 2)])))
        for path in [directory, work, run] { try Files.ensureDirectory(path, mode: 0o711) }
        try endStrays(users)
        for place in all { try place.clear() }
        for path in [work, run] { for name in try Files.names(in: path) { try Files.remove(path + "/" + name) } }
        for layer in try ids() {
            // A tool's for the time of a change, which we did not see the end of.
            if let info = Files.status(path(layer)), users.contains(Int(info.st_uid)) {
                try own(layer, user: 0, group: Int(info.st_gid))
            }
        }
    }

    public func ensure(_ disk: LayeredDisk, from source: DiskSource?) async throws(CloudError) {
        let newest = try disk.newest(from: source)
        try await inPool(newest) { () async throws(CloudError) in
            guard Files.status(self.path(newest.id)) == nil else { return }
            for below in disk.layers.dropLast() {
                guard Files.status(self.path(below.id)) != nil else { throw .missing("Layer", below.id) }
            }
            try await self.places.use { (place) async throws(CloudError) in
                let header = try await LUKS.header(opening: newest.secret, at: place)
                let bytes = Qcow2.bytes(size: disk.size, luks: header)
                try LayerFile.make(bytes, at: place.layer, user: place.user)
                if let source { try await self.fill(place, newest, disk.size, from: source) }
                try LayerFile.install(place.layer, as: self.path(newest.id), group: self.group)
            }
        }
    }

    public func path(_ layer: String) -> String { directory + "/" + (Layer.isID(layer) ? layer : "none") }

    public func remove(_ layer: String) async throws(CloudError) {
        try Layer.check(layer)
        try await locks.run(layer) { () async throws(CloudError) in
            guard Files.status(path(layer)) != nil else { return }
            try LayerFile.erase(path(layer))
        }
    }

    public func layers() async throws(CloudError) -> Set<String> { try ids() }

    public func space() async throws(CloudError) -> PoolSpace {
        var info = statvfs()
        guard statvfs(directory, &info) == 0 else { throw Files.failure("statvfs", directory) }
        let unit = Int(info.f_frsize)
        return PoolSpace(total: Int(info.f_blocks) * unit, free: Int(info.f_bavail) * unit)
    }

    /// Work on a layer that no other work on it disturbs.
    func inPool(_ layer: Layer, _ body: () async throws(CloudError) -> Void) async throws(CloudError) {
        do throws(CloudError) { try await locks.run(layer.id, body) } catch { throw PoolError.of(error) }
    }

    private func ids() throws(CloudError) -> Set<String> { Set(try Files.names(in: directory).filter(Layer.isID)) }

    /// Tools that a killed control plane left: of one of these users, and at work in this pool.
    private func endStrays(_ users: Range<Int>, patience: Duration = .seconds(60)) throws(CloudError) {
        for pid in try Files.names(in: "/proc").compactMap({ Int32($0) }) {
            guard let info = Files.status("/proc/\(pid)"), users.contains(Int(info.st_uid)),
                let line = try? Files.read("/proc/\(pid)/cmdline"),
                String(decoding: line, as: UTF8.self).contains(directory)
            else { continue }
            ProcessHandle(pid: pid)?.signal(SIGKILL)
        }
    }
}

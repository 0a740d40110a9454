import CloudCompute
import CloudCore
import CloudHost

/// Where the files of one guest are. Everything but the disk belongs to root; the guest's user only passes through.
struct GuestPaths: Hashable, Sendable {
    /// Holds one directory a guest.
    static func all(_ dirs: InstanceDirs) -> String { dirs.pool + "/guests" }
    /// Where a guest's directory goes before it is erased, so that half of one never looks like a guest.
    static func trash(_ dirs: InstanceDirs) -> String { dirs.pool + "/trash" }
    static func sockets(_ dirs: InstanceDirs) -> String { dirs.run + "/guests" }

    let directory: String
    let run: String

    init(_ id: ID<Server>, _ dirs: InstanceDirs) {
        directory = Self.all(dirs) + "/" + id.text
        run = Self.sockets(dirs) + "/" + id.text
    }

    /// The guest's own writes: a qcow2 overlay on `base`.
    var disk: String { directory + "/disk.qcow2" }
    /// The image: a hard link, so that deleting the image leaves the guest whole.
    var base: String { directory + "/base" }
    var config: String { directory + "/config.iso" }
    var console: String { directory + "/console.log" }
    /// What QEMU itself has to say.
    var log: String { directory + "/qemu.log" }
    /// What the guest was last started as; for people.
    var spec: String { directory + "/spec.json" }
    /// Which generation of disk there is; missing for the first.
    var generation: String { directory + "/generation" }
    /// There while the disk holds the memory of a suspended guest.
    var suspended: String { directory + "/suspended" }
    /// The process that was started and that nobody has asked to end.
    var process: String { directory + "/process" }

    /// The QMP socket for commands.
    var act: String { run + "/act" }
    /// The QMP socket for events: a QMP socket serves one client at a time.
    var watch: String { run + "/watch" }
}

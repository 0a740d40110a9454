import CloudCore
import CloudStore

/// What a guest needs to exist on a host: everything that the adapter must know, and nothing that it decides.
public struct GuestSpec: Hashable, Sendable {
    public var id: ID<Server>
    /// Shown inside the guest's machine description; for people who look at processes.
    public var name: String
    public var vcpus: Int
    public var memory: Mebibytes
    /// The system user that the process runs as: no other guest's.
    public var uid: Int
    public var disk: RootDisk
    public var nics: [GuestNIC]
    /// Files of the config drive by path, as `openstack/latest/meta_data.json`.
    public var configDrive: [String: [UInt8]]
    /// Whether it has run before: then its disk must be there, and a fresh one would not be its own.
    public var hasRun: Bool

    public init(
        id: ID<Server>, name: String, vcpus: Int, memory: Mebibytes, uid: Int, disk: RootDisk, nics: [GuestNIC],
        configDrive: [String: [UInt8]], hasRun: Bool = false
    ) {
        (self.id, self.name, self.vcpus, self.memory, self.uid) = (id, name, vcpus, memory, uid)
        (self.disk, self.nics, self.configDrive, self.hasRun) = (disk, nics, configDrive, hasRun)
    }
}

/// A root disk: an image's content in the beginning, the guest's own from then on.
public struct RootDisk: Hashable, Sendable {
    /// The image it begins as.
    public var image: String
    /// The image's declared format, checked at import: `raw`, `qcow2`, `vmdk`, `vhd` or `vhdx`. Never probed again.
    public var format: String
    /// What the guest sees, at least the image's own size.
    public var size: Gibibytes
    /// Raised when the disk is to begin anew: one of another generation is thrown away.
    public var generation: Int

    public init(image: String, format: String, size: Gibibytes, generation: Int = 0) {
        (self.image, self.format, self.size, self.generation) = (image, format, size, generation)
    }
}

/// One network card: the device on the host that carries it, and what the guest sees.
public struct GuestNIC: Hashable, Sendable {
    public var port: String
    public var mac: MAC
    public var mtu: Int
    /// The host's tap device, made by the fabric and owned by the guest's user.
    public var device: String

    public init(port: String, mac: MAC, mtu: Int, device: String) {
        (self.port, self.mac, self.mtu, self.device) = (port, mac, mtu, device)
    }
}

/// What a guest uses.
public struct GuestDiagnostics: Hashable, Sendable {
    /// Nanoseconds of processor time since its process began.
    public var cpuTime: Int
    /// Seconds since its process began.
    public var uptime: Int
    /// Of its root disk, since its process began.
    public var readBytes: Int, readRequests: Int, writeBytes: Int, writeRequests: Int
    public init(cpuTime: Int, uptime: Int, readBytes: Int, readRequests: Int, writeBytes: Int, writeRequests: Int) {
        (self.cpuTime, self.uptime) = (cpuTime, uptime)
        (self.readBytes, self.readRequests) = (readBytes, readRequests)
        (self.writeBytes, self.writeRequests) = (writeBytes, writeRequests)
    }
}

/// What a host says of a guest.
public enum GuestState: String, CaseIterable, Sendable {
    /// Nothing of it runs (its disk may be there).
    case absent
    /// It is there and halted before its first instruction, or paused.
    case paused
    case running
    /// Its memory is kept beside its disk, and nothing runs.
    case suspended
    /// It powered itself off; the process is still there, to be removed.
    case off
    /// It ended in a way that nobody asked for.
    case crashed
}

/// Runs guests on hosts. Every call is idempotent and names its host; a guest outlives whoever called.
public protocol Hypervisor: Sendable {
    /// Makes the guest's disk and config drive if they are missing, and its process, halted before the first
    /// instruction, or where it was suspended. A disk that is smaller than asked for grows. A guest that is there
    /// already is left as it is. `conflict` where the disk of one that has run is gone.
    func ensureGuest(_ guest: GuestSpec, on host: HostName) async throws(CloudError)
    /// Lets the guest run. `missing` where there is none.
    func resume(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Halts the guest where it stands. `missing` where there is none.
    func pause(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Presses the reset button. `missing` where there is none.
    func reset(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Presses the power button; the guest decides what follows. `missing` where there is none.
    func pressPower(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Halts the guest, keeps its memory beside its disk and ends its process. Done when there is no process;
    /// `missing` where there is none and no memory is kept.
    func suspend(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Gives a running or paused guest exactly these network cards: others are taken out. `conflict` where it has no
    /// slot left, or does not let a card go.
    func ensureCards(_ nics: [GuestNIC], of guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Gives a running or paused guest exactly these volumes besides its own disks: others are taken out. `conflict`
    /// where it has no slot left, or does not let a volume go.
    func ensureDisks(_ disks: [OpenDisk], of guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// The root disk's content at one moment, as a qcow2 file that refers to no other. A guest that runs stands still
    /// meanwhile. `missing` where there is no disk.
    func exportDisk(
        of guest: ID<Server>, on host: HostName
    ) async throws(CloudError) -> any AsyncSequence<[UInt8], any Error> & Sendable
    /// What a running guest uses, for its owner; `missing` where there is no process.
    func diagnostics(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestDiagnostics
    /// Ends the guest's process at once; its disk stays, and memory that was kept goes. Done when there is no process.
    func ensureStopped(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    /// Ends the guest and erases all it has on the host. Done when nothing is left.
    func removeGuest(_ guest: ID<Server>, on host: HostName) async throws(CloudError)
    func state(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> GuestState
    /// Every guest of which anything is left on the host.
    func guests(on host: HostName) async throws(CloudError) -> Set<ID<Server>>
    /// The last `lines` of what the guest wrote to its serial console, or all that is kept (at most 1 MiB).
    func consoleLog(of guest: ID<Server>, lines: Int?, on host: HostName) async throws(CloudError) -> [UInt8]
    /// The screen and keyboard of a guest that runs or is paused; several may be open. `missing` where there is no
    /// process, `conflict` where it powered itself off or was started without a screen.
    func screen(of guest: ID<Server>, on host: HostName) async throws(CloudError) -> any Screen
}

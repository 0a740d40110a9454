import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Logging
import Synchronization

@testable import CloudQEMU

/// A hypervisor in directories and a network namespace of its own, and boot sectors for its guests.
final class Rig: Sendable {
    /// What the guest does: bytes of real-mode code behind a greeting on the serial port.
    enum Program: String, CaseIterable {
        case idle, powerOff

        var sector: [UInt8] {
            var code: [UInt8] = [0xba, 0xf8, 0x03]  // dx = the serial port
            for letter in "hello\nworld\n".utf8 { code += [0xb0, letter, 0xee] }
            // On q35 the firmware puts power management at 0x600; 0x2000 there means sleep, type 0: off.
            if self == .powerOff { code += [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef] }
            code += [0xfa, 0xf4, 0xeb, 0xfd]
            return code + [UInt8](repeating: 0, count: 510 - code.count) + [0x55, 0xaa]
        }
    }

    let dirs: InstanceDirs
    let namespace: NetworkNamespace
    let hypervisor: QEMUHypervisor
    let host = HostName("test-host")
    let changes = Mutex<[ID<Server>]>([])
    private let guests = Mutex<[ID<Server>]>([])

    init() async throws {
        dirs = try InstanceDirs(state: "/tmp/akashi-qemu-\(Hex.string(SystemDice().roll()))")
        namespace = dirs.namespace("t")
        try await namespace.ensure()
        try Files.ensureDirectory(dirs.pool + "/images", mode: 0o700)
        for program in Program.allCases {
            try Files.write(
                program.sector + [UInt8](repeating: 0, count: 1 << 20), to: dirs.pool + "/images/" + program.rawValue)
        }
        let box = Once<Rig>()
        hypervisor = try Self.make(dirs, namespace, host) { guest in
            Task { await box.value.changes.withLock { $0.append(guest) } }
        }
        box.give(self)
    }

    /// Another control plane over the same processes and files.
    func successor() throws -> QEMUHypervisor { try Self.make(dirs, namespace, host) { _ in } }

    private static func make(
        _ dirs: InstanceDirs, _ namespace: NetworkNamespace, _ host: HostName,
        _ onChange: @escaping @Sendable (ID<Server>) -> Void
    ) throws -> QEMUHypervisor {
        try QEMUHypervisor(
            host: host, dirs: dirs, namespace: namespace, accelerator: Accelerator(.tcg, why: "A test."),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            imageFile: { (image) throws(CloudError) in dirs.pool + "/images/" + image },
            onChange: { onChange($1) })
    }

    func spec(_ program: Program = .idle, nics: [GuestNIC] = []) -> GuestSpec {
        let dice = SystemDice()
        let id = ID<Server>(dice.uuid())
        guests.withLock { $0.append(id) }
        return GuestSpec(
            id: id, name: "a, b", vcpus: 1, memory: Mebibytes(64), uid: 70_000 + dice.below(100_000),
            disk: RootDisk(image: program.rawValue, format: "raw", size: Gibibytes(1)), nics: nics,
            configDrive: ["openstack/latest/meta_data.json": Array("{}".utf8), "openstack/latest/user_data": []])
    }

    func process(_ guest: GuestSpec) -> ProcessHandle? { ProcessHandle.load(GuestPaths(guest.id, dirs).process) }

    /// Ends all that the test made.
    func close() async throws {
        for guest in guests.withLock({ $0 }) { try await hypervisor.removeGuest(guest, on: host) }
        hypervisor.release()
        try await namespace.remove()
        try dirs.removeRun()
        try Files.remove(dirs.state)
    }

    /// Asks every 5 ms until the answer is yes; false after ten seconds.
    func wait(_ isSo: () async throws -> Bool) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if try await isSo() { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }
}

/// Runs a test in a rig and clears it away, whatever comes.
func withRig(_ body: (Rig) async throws -> Void) async throws {
    let rig = try await Rig()
    do { try await body(rig) } catch {
        try? await rig.close()
        throw error
    }
    try await rig.close()
}

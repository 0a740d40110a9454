import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Testing

@testable import CloudQEMU

/// With a bootable Linux image, whose path is in AKASHI_GUEST_IMAGE (`guest/image` prints one).
@Suite(.enabled(if: getenv("AKASHI_GUEST_IMAGE") != nil)) struct RealGuestTests {
    @Test func linuxBootsReadsItsConfigDriveAndObeysThePowerButton() async throws {
        try await withRig { rig in
            let image = String(cString: getenv("AKASHI_GUEST_IMAGE"))
            try await Command.run(["cp", "--", image, rig.dirs.pool + "/images/linux"])
            var guest = rig.spec()
            guest.memory = Mebibytes(128)
            guest.disk = RootDisk(image: "linux", format: "raw", size: Gibibytes(1))
            guest.configDrive["openstack/latest/meta_data.json"] = Array(#"{"hostname":"rig-guest"}"#.utf8)
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            let start = ContinuousClock.now
            try await rig.hypervisor.resume(guest.id, on: rig.host)
            var text = ""
            let read = { () async throws -> Bool in
                let bytes = try await rig.hypervisor.consoleLog(of: guest.id, lines: nil, on: rig.host)
                text = String(decoding: bytes, as: UTF8.self)
                return text.contains("hostname=rig-guest")
            }
            var found = false
            for _ in 0..<4 where !found { found = try await rig.wait(read) }
            #expect(found, "\(text)")
            print("config drive read \(ContinuousClock.now - start) after resume")
            // The guest listens for the button only when its system is up.
            var isOff = false
            for _ in 0..<20 where !isOff {
                try await rig.hypervisor.pressPower(guest.id, on: rig.host)
                try await Task.sleep(for: .seconds(1))
                isOff = try await rig.hypervisor.state(of: guest.id, on: rig.host) == .off
            }
            #expect(isOff)
            #expect(rig.changes.withLock { $0 }.contains(guest.id))
        }
    }
}

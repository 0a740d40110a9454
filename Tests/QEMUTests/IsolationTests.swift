import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Testing

@testable import CloudQEMU

@Suite(.serialized) struct IsolationTests {
    @Test func theProcessHasNoRightsAndItsFilesNoOtherReader() async throws {
        try await withRig { rig in
            var guest = rig.spec()
            let mac = MAC.random(SystemDice())
            let inside = ["ip", "-n", rig.namespace.name]
            try await Command.run(
                inside + ["tuntap", "add", "dev", "tap-t", "mode", "tap", "user", String(guest.uid), "vnet_hdr"])
            try await Command.run(inside + ["link", "set", "tap-t", "up"])
            guest.nics = [GuestNIC(port: SystemDice().uuid(), mac: mac, mtu: 1442, device: "tap-t")]
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            #expect(try await Command.run(inside + ["-o", "link", "show", "tap-t"]).text.contains("LOWER_UP"))

            let process = try #require(rig.process(guest))
            let lines = try #require(Files.line("/proc/\(process.pid)/status")).split(separator: "\n")
            let status = Dictionary(
                uniqueKeysWithValues: lines.map {
                    let parts = $0.split(separator: ":", maxSplits: 1)
                    return (
                        String(parts[0]),
                        parts.count > 1 ? parts[1].split(whereSeparator: \.isWhitespace).map(String.init) : []
                    )
                })
            let uid = String(guest.uid)
            #expect(status["Uid"] == [uid, uid, uid, uid] && status["Gid"] == [uid, uid, uid, uid])
            #expect(status["Groups"] == [])
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(status[set] == ["0000000000000000"])
            }
            #expect(status["NoNewPrivs"] == ["1"] && status["Seccomp"] == ["2"])
            #expect(try await Command.run(["ip", "netns", "identify", String(process.pid)]).text == rig.namespace.name)

            let paths = GuestPaths(guest.id, rig.dirs)
            let other = String(guest.uid + 1)
            for path in [paths.disk, paths.base, paths.config, paths.console, paths.spec, paths.act] {
                #expect(try await reads(path, as: other) == false)
            }
            #expect(try await reads(paths.base, as: uid))
            #expect(try await reads(paths.spec, as: uid) == false)
            let writes = ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "sh", "-c"]
            #expect(try await Command.end(writes + [": >> '\(paths.base)'"]).code != 0)
            #expect(try await Command.end(writes + [": > '\(paths.directory)/new'"]).code != 0)
        }
    }

    private func reads(_ path: String, as user: String) async throws -> Bool {
        try await Command.end(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "head", "-c1", path]).code
            == 0
    }

    @Test func deletingTheImageLeavesTheGuestWhole() async throws {
        try await withRig { rig in
            var guest = rig.spec()
            let image = rig.dirs.pool + "/images/copy"
            try await Command.run([
                "qemu-img", "convert", "-f", "raw", "-O", "qcow2", rig.dirs.pool + "/images/idle", image,
            ])
            guest.disk = RootDisk(image: "copy", format: "qcow2", size: Gibibytes(2))
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            try Files.remove(image)
            try await rig.hypervisor.ensureStopped(guest.id, on: rig.host)
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            try await rig.hypervisor.resume(guest.id, on: rig.host)
            #expect(
                try await rig.wait {
                    let log = try await rig.hypervisor.consoleLog(of: guest.id, lines: nil, on: rig.host)
                    return String(decoding: log, as: UTF8.self).contains("hello")
                })
        }
    }

    @Test func theConfigDriveHasItsLabelAndFiles() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            let bytes = try #require(try Files.read(GuestPaths(guest.id, rig.dirs).config, limit: 4 << 20))
            #expect(String(decoding: bytes[32808..<32816], as: UTF8.self) == "config-2")
            #expect(bytes.contains(Array("meta_data.json".utf8)))
        }
    }

    @Test func anImageThatIsNotThereIsAnErrorAndLeavesNothingToStart() async throws {
        try await withRig { rig in
            var guest = rig.spec()
            guest.disk.image = "nowhere"
            await #expect(throws: CloudError.self) { try await rig.hypervisor.ensureGuest(guest, on: rig.host) }
            #expect(try await rig.hypervisor.state(of: guest.id, on: rig.host) == .absent)
            // A card without its device: QEMU's own words reach the operator, and only the operator.
            guest.disk.image = "idle"
            guest.nics = [GuestNIC(port: "p", mac: MAC.random(SystemDice()), mtu: 1442, device: "tap-none")]
            await #expect { try await rig.hypervisor.ensureGuest(guest, on: rig.host) } throws: {
                guard let error = $0 as? CloudError else { return false }
                return error.detail!.contains("tap-none") && !error.message.contains("tap-none")
            }
            #expect(try await rig.hypervisor.state(of: guest.id, on: rig.host) == .absent)
            guest.nics = []
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
        }
    }
}

@Suite struct ConsoleLogTests {
    @Test func aLongLogIsBoundedWithoutLosingItsEnd() throws {
        let path = "/tmp/akashi-log-\(Hex.string(SystemDice().roll()))"
        defer { unlink(path) }
        try Files.write([UInt8](repeating: UInt8(ascii: "x"), count: 5 << 20), to: path)
        let writer = open(path, O_WRONLY | O_APPEND)
        defer { close(writer) }
        try ConsoleLog.trim(path)
        write(writer, "one\ntwo\n", 8)
        #expect(try #require(Files.status(path)).st_blocks * 512 < 2 << 20)
        #expect(try ConsoleLog.read(path, lines: 1) == Array("two\n".utf8))
        #expect(try ConsoleLog.read(path, lines: nil).count == 1 << 20)
        #expect(try ConsoleLog.read(path, lines: nil).first == UInt8(ascii: "x"))
        #expect(try ConsoleLog.read(path, lines: 0) == [])
        #expect(try ConsoleLog.read(path + "-none", lines: 5) == [])
    }
}

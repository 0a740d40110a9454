import CloudCore
import CloudHost
import CloudStorage
import Glibc
import Testing

@testable import CloudVolumes

@Suite("Images that strangers wrote") struct HostileImageTests {
    /// Makes an image with qemu-img or by hand, in a directory that only root enters, as images are kept.
    private func image(_ lab: Lab, _ make: (String) async throws -> Void) async throws -> String {
        let directory = lab.dirs.state + "/images"
        try Files.ensureDirectory(directory, mode: 0o700)
        let path = directory + "/" + SystemDice().hex32()
        try await make(path)
        return path
    }

    @Test("a backing file in a header is not followed", arguments: ["raw", "qcow2"])
    func backing(format: String) async throws {
        let lab = try Lab()
        let path = try await image(lab) { path in
            try await Command.run([
                "qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", path, "1M",
            ])
        }
        let bytes = try #require(try Files.read(path))
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: .image(path: path, format: format))
        let head = try await lab.head(disk, bytes.count)
        // As raw, it is what the stranger sent; as qcow2, a disk with nothing in it.
        #expect(head == (format == "raw" ? bytes : [UInt8](repeating: 0, count: bytes.count)))
        #expect(try Files.read(path) == bytes)
        try await lab.expectRest()
    }

    @Test("images that name files of data are refused") func names() async throws {
        let lab = try Lab()
        let qcow2 = try await image(lab) { path in
            var bytes = Qcow2.bytes(size: Gibibytes(1))
            bytes[79] = 4
            let name = Array("/etc/passwd".utf8)
            bytes.replaceSubrange(104..<112, with: [0x44, 0x41, 0x54, 0x41, 0, 0, 0, UInt8(name.count)])
            bytes.replaceSubrange(112..<112 + name.count, with: name)
            try Files.write(bytes, to: path)
        }
        let vmdk = try await image(lab) { path in
            let text = "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"
            try Files.write(Array((text + "RW 2048 FLAT \"/etc/passwd\" 0\n").utf8), to: path)
        }
        for (path, format) in [(qcow2, "qcow2"), (vmdk, "vmdk"), (lab.dirs.state + "/none", "raw"), (qcow2, "nbd")] {
            await #expect(throws: CloudError.self) {
                try await lab.pool.ensure(lab.disk(), from: .image(path: path, format: format))
            }
        }
        #expect(try await lab.pool.layers().isEmpty)
        try await lab.expectRest()
    }

    @Test("a disk in which a guest wrote a qcow2 header is just a disk") func guestHeader() async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: nil)
        let header = Qcow2.bytes(size: Gibibytes(1), base: (name: "/etc/passwd", format: "raw"))
        try await lab.write(header, at: 0, to: disk)
        let copy = lab.disk(2)
        try await lab.pool.ensure(copy, from: .disk(disk))
        var grown = copy
        grown.size = Gibibytes(3)
        try await lab.pool.ensureSize(grown)
        #expect(try await lab.head(grown, header.count) == header)
    }

    @Test("a layer whose own header was changed is not opened", arguments: [(72 + 7, 4), (8 + 7, 200), (35, 1)])
    func changedHeader(place: Int, byte: Int) async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: nil)
        let path = lab.pool.path(disk.layers[0].id)
        let file = open(path, O_WRONLY)
        var bytes = [UInt8(byte)]
        if place == 15 { bytes += [0, 0, 0, 11] }
        #expect(pwrite(file, bytes, bytes.count, off_t(place)) == bytes.count)
        close(file)
        await #expect(throws: CloudError.self) { _ = try await lab.pool.export(disk) }
        await #expect(throws: CloudError.self) { try await lab.pool.ensure(lab.disk(), from: .disk(disk)) }
        try await lab.pool.remove(disk.layers[0].id)
    }

    @Test("each declared format is read", arguments: ["qcow2", "vmdk", "vhd", "vhdx"])
    func formats(format: String) async throws {
        let lab = try Lab()
        let content = noise(1 << 20)
        let path = try await image(lab) { path in
            try Files.write(content, to: path + ".raw")
            let name = format == "vhd" ? "vpc" : format
            let options = format == "vmdk" ? ["-o", "subformat=streamOptimized"] : []
            try await Command.run(
                ["qemu-img", "convert", "-f", "raw", "-O", name] + options + [path + ".raw", path],
                timeout: .seconds(60))
        }
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: .image(path: path, format: format))
        #expect(try await lab.head(disk, content.count) == content)
        // Declared as something else, it is not opened as what it is.
        guard format != "vhd" else { return }
        await #expect(throws: CloudError.self) {
            try await lab.pool.ensure(lab.disk(), from: .image(path: path, format: format == "vhdx" ? "vmdk" : "vhdx"))
        }
    }
}

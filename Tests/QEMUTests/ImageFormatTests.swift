import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Testing

@testable import CloudQEMU

/// What we write is read back by programs that we did not write.
@Suite struct ImageFormatTests {
    @Test(arguments: [1, 3, 100, 9000]) func qemuImgFindsTheOverlaySound(gibibytes: Int) async throws {
        let path = "/tmp/akashi-overlay-\(Hex.string(SystemDice().roll()))"
        defer { unlink(path) }
        let bytes = Qcow2.bytes(size: Gibibytes(gibibytes), base: (name: "base", format: "raw"))
        try Files.write(bytes, to: path)
        let text = try await Command.run(["qemu-img", "info", "--output=json", "-f", "qcow2", path]).text
        let info = try JSON.parse(text)
        #expect(info["virtual-size"] == .integer(gibibytes << 30))
        #expect(info["backing-filename"] == "base" && info["backing-filename-format"] == "raw")
        // The backing file is not there, and need not be for a check.
        let source =
            "json:{\"driver\":\"qcow2\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\"\(path)\"}}"
        let check = try await Command.end(["qemu-img", "check", source])
        #expect(check.code == 0, "\(check.complaint)")
    }

    @Test func isoinfoReadsBothTrees() async throws {
        var files = [
            "openstack/latest/meta_data.json": Array("{\"a\":1}\n".utf8), "openstack/latest/user_data": [],
            "openstack/content/0000": [UInt8](repeating: 7, count: 5000), "ec2/日本.txt": Array("x".utf8),
        ]
        // More entries than one sector holds.
        for number in 0..<60 { files["many/file-with-a-rather-long-name-\(number)"] = Array("\(number)".utf8) }
        let path = "/tmp/akashi-iso-\(Hex.string(SystemDice().roll()))"
        defer { unlink(path) }
        try Files.write(ISOImage(label: "config-2", files: files).bytes(), to: path)
        #expect(try await Command.run(["isoinfo", "-d", "-i", path]).text.contains("Volume id: config-2\n"))
        for flag in ["-R", "-J"] {
            let list = try await Command.run(["isoinfo", flag, "-f", "-i", path]).text
            // isoinfo shows a Joliet name with its version, which systems hide.
            let version = flag == "-J" ? ";1" : ""
            let found = Set(list.split(separator: "\n").map { String($0.dropFirst()) })
            let missing = files.keys.filter { !(flag == "-J" && $0.contains("日")) && !found.contains($0 + version) }
            #expect(missing.isEmpty, "\(flag)")
            for (file, bytes) in files where !file.contains("日") {
                let read = try await Command.run(["isoinfo", flag, "-i", path, "-x", "/" + file + version])
                let isSame = read.bytes == bytes
                #expect(isSame, "\(flag) \(file)")
            }
        }
    }

    @Test func pathsThatClimbAreRefused() {
        for path in ["../a", "a//b", "", "a/../b", String(repeating: "n", count: 65)] {
            #expect(throws: CloudError.self) { try ISOImage(label: "config-2", files: [path: []]) }
        }
        #expect(throws: CloudError.self) { try ISOImage(label: "config-2", files: ["a": [], "a/b": []]) }
    }
}

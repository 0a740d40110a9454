import CloudCore
import CloudHost
import CloudStorage
import Glibc
import Testing

@testable import CloudVolumes

@Suite("What lies on disk tells nothing") struct SecrecyTests {
    private static let marker = "AKASHI-KNOWN-MARKER-0123456789"
    private static var pattern: [UInt8] { Array(String(repeating: marker + "\n", count: 2115).utf8.prefix(65_536)) }

    @Test("a marker written through a disk stands in none of the pool's files") func marker() async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: nil)
        try await lab.write(Self.pattern, at: 0, to: disk)
        let upper = lab.disk(over: disk)
        try await lab.pool.ensure(upper, from: nil)
        try await lab.write(Self.pattern, at: 1 << 20, to: upper)
        let copy = lab.disk()
        try await lab.pool.ensure(copy, from: .disk(upper))
        let fromImage = lab.disk()
        let image = try await lab.image(Self.pattern)
        try await lab.pool.ensure(fromImage, from: image)
        try await lab.pool.ensureMerged(disk.layers[0].id, of: upper)
        for layer in try await lab.pool.layers() {
            #expect(try await find(Self.marker, in: lab.pool.path(layer)) == nil)
        }
        for disk in [upper, copy, fromImage] { #expect(try await lab.head(disk, 65_536) == Self.pattern) }
        // The search would find it.
        guard case .image(let path, _) = image else { return }
        #expect(try await find(Self.marker, in: path) == 0)
    }

    @Test("two layers have different keys, even under one secret") func keys() async throws {
        let lab = try Lab()
        let (one, other) = (lab.disk(), lab.disk())
        var twin = other
        twin.layers[0].secret = one.layers[0].secret
        for disk in [one, twin] {
            try await lab.pool.ensure(disk, from: nil)
            try await lab.write(Self.pattern, at: 0, to: disk)
        }
        func bytes(_ disk: LayeredDisk) throws -> [UInt8] {
            try #require(try Files.read(lab.pool.path(disk.layers[0].id), limit: 16 << 20))
        }
        let (first, second) = (try bytes(one), try bytes(twin))
        let end = LayerFile.keysEnd
        #expect(first.count == second.count && first.count > end + 131_072)
        // The digest of the key, in the header, and all that was written.
        let luks = Qcow2.luksPlace
        #expect(first[luks + 112..<luks + 132] != second[luks + 112..<luks + 132])
        let written = { (bytes: [UInt8]) in bytes[end...].split(separator: 0, maxSplits: 0).first?.suffix(65_536) }
        #expect(written(first) != written(second))
    }

    @Test("after removal not even the old secret opens what somebody kept") func erased() async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: nil)
        try await lab.write(Self.pattern, at: 0, to: disk)
        let path = lab.pool.path(disk.layers[0].id)
        let kept = try #require(try Files.read(path, limit: 16 << 20))
        // The file's blocks, after its name is gone.
        let file = open(path, O_RDONLY)
        defer { close(file) }
        try await lab.pool.remove(disk.layers[0].id)
        var left = [UInt8](repeating: 0, count: kept.count)
        #expect(pread(file, &left, left.count, 0) == kept.count)
        let end = LayerFile.keysEnd
        #expect(left[end...] == kept[end...])
        let same = zip(left[..<end], kept[..<end]).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        #expect(same < end / 128, "\(same) bytes of the keys are as they were")

        // With the very header it would open: that is what was erased.
        try await lab.pool.ensure(disk, from: nil)
        try Files.write(kept, to: path)
        try lab.volumes.takeBack(disk.layers.map(\.id))
        #expect(try await lab.head(disk, 65_536) == Self.pattern)
        // The old data under a new header of the same secret.
        try await lab.pool.remove(disk.layers[0].id)
        try await lab.pool.ensure(disk, from: nil)
        let fresh = try #require(try Files.read(path, limit: 16 << 20))
        let luks = Qcow2.luksPlace
        try Files.write(Array(kept[..<luks] + fresh[luks..<end] + kept[end...]), to: path)
        try lab.volumes.takeBack(disk.layers.map(\.id))
        let read = try await lab.head(disk, 65_536)
        #expect(read != Self.pattern && read.contains { $0 != 0 })
    }

    @Test("tools run without rights, and no secret is on a command line or in a file") func secrets() async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: try await lab.image(noise(64 << 20)))
        let copy = lab.disk()
        let secrets = (disk.layers + copy.layers).map(\.secret)
        async let copied: Void = lab.pool.ensure(copy, from: .disk(disk))
        var seen: Set<String> = []
        for _ in 0..<200 where seen.count < 2 {
            for (pid, line) in try lab.tools() {
                guard let name = line.split(separator: "\0").first, name == "cryptsetup" || name == "qemu-img" else {
                    continue
                }
                seen.insert(String(name))
                let status = Files.line("/proc/\(pid)/status") ?? ""
                let environment = (try? Files.read("/proc/\(pid)/environ")) ?? []
                let rights = status.split(separator: "\n").filter { $0.hasPrefix("Cap") && !$0.hasSuffix("0000000000") }
                #expect(rights.isEmpty && (status.isEmpty || status.contains("NoNewPrivs:\t1")))
                for secret in secrets {
                    #expect(!line.contains(secret))
                    #expect(!String(decoding: environment, as: UTF8.self).contains(secret))
                }
            }
            await SystemClock().sleep(.milliseconds(3))
        }
        try await copied
        #expect(seen == ["cryptsetup", "qemu-img"])
        for secret in secrets {
            let found = try await Command.end(["grep", "-r", "-a", "-l", secret, lab.dirs.state, lab.dirs.run])
            #expect(found.code == 1, "\(String(decoding: found.output, as: UTF8.self))")
        }
    }
}

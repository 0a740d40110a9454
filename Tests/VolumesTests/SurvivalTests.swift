import CloudCore
import CloudHost
import CloudStorage
import Glibc
import Testing

@testable import CloudVolumes

@Suite("Killed, full and crowded") struct SurvivalTests {
    @Test("a tool killed in the middle leaves nothing, and the next call does it") func killedCopy() async throws {
        let lab = try Lab()
        let content = noise(96 << 20)
        let disk = lab.disk()
        let image = try await lab.image(content)
        for words in ["luksFormat", "convert"] {
            var wasCaught = false
            // A tool may be done before we see it: then once more.
            for _ in 0..<10 where !wasCaught {
                let attempt = Task { try await lab.pool.ensure(disk, from: image) }
                if let pid = try? await lab.tool(words, within: 400) { wasCaught = kill(pid, SIGKILL) == 0 }
                let result = await attempt.result
                if case .success = result {
                    wasCaught = false
                    try await lab.pool.remove(disk.layers[0].id)
                }
                #expect(try await lab.pool.layers().isEmpty)
                try await lab.expectRest()
            }
            #expect(wasCaught, "\(words)")
        }
        try await lab.pool.ensure(disk, from: image)
        #expect(try await lab.head(disk, content.count) == content)
    }

    @Test("a merge killed in the middle is repeated") func killedMerge() async throws {
        let lab = try Lab()
        let content = noise(96 << 20)
        let below = lab.disk()
        try await lab.pool.ensure(below, from: try await lab.image(content))
        let disk = lab.disk(over: below)
        try await lab.pool.ensure(disk, from: nil)
        for delay in [0, 60, 150] {
            let attempt = Task { try await lab.pool.ensureMerged(below.layers[0].id, of: disk) }
            let pid = try await lab.tool("qemu-storage-daemon")
            await SystemClock().sleep(.milliseconds(delay))
            kill(pid, SIGKILL)
            _ = await attempt.result
            #expect(try await lab.head(disk, content.count) == content)
        }
        try await lab.pool.ensureMerged(below.layers[0].id, of: disk)
        try await lab.pool.remove(below.layers[0].id)
        let alone = LayeredDisk(size: disk.size, layers: [disk.layers[1]])
        #expect(try await lab.head(alone, content.count) == content)
        try await lab.expectRest()
    }

    @Test("a new pool clears what an earlier process left") func restart() async throws {
        let lab = try Lab()
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: nil)
        let user = lab.users.lowerBound + 1
        let work = lab.dirs.pool + "/volumes.work/\(user)"
        let run = lab.dirs.run + "/volumes/\(user)"
        for path in [work, run] { try Files.ensureDirectory(path, mode: 0o700) }
        // A half-made layer, a header, a second name of an image, which must stay as it is, and what is no file.
        symlink(lab.dirs.state + "/original", run + "/header")
        for path in [work + "/layer", lab.dirs.state + "/original"] {
            try Files.write(noise(3 << 20), to: path)
        }
        let original = try Files.read(lab.dirs.state + "/original", limit: 4 << 20)
        #expect(link(lab.dirs.state + "/original", work + "/image") == 0)
        try Files.ensureDirectory(lab.dirs.pool + "/volumes.work/other", mode: 0o700)
        // A layer lent to a tool, and the tool.
        chown(lab.pool.path(disk.layers[0].id), uid_t(user), gid_t(lab.users.lowerBound))
        let stray = Task {
            try await Command.end(
                ["tail", "-f", "/dev/null", lab.dirs.pool + "/volumes/x"], as: Confined(user: user),
                timeout: .seconds(70))
        }
        _ = try await lab.tool("tail\0-f")
        let pool = try lab.restarted()
        #expect(try await stray.value.code != 0)
        #expect(try lab.leftovers().isEmpty)
        #expect(try Files.read(lab.dirs.state + "/original", limit: 4 << 20) == original)
        #expect(Files.status(pool.path(disk.layers[0].id))?.st_uid == 0)
        #expect(try await lab.head(disk, 4096, from: pool) == [UInt8](repeating: 0, count: 4096))
    }

    @Test("a full disk says so, loses nothing, and can be emptied") func full() async throws {
        let mount = "/tmp/akashi-volumes-full-\(Hex.string(SystemDice().roll()))"
        try Files.ensureDirectory(mount, mode: 0o755)
        try await Command.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=755", "none", mount])
        defer { umount2(mount, Int32(MNT_DETACH)); rmdir(mount) }
        let lab = try Lab(mount + "/state")
        let content = noise(4 << 20)
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: try await lab.image(content))
        let big = "/tmp/akashi-volumes-big-\(Hex.string(SystemDice().roll()))"
        try Files.write(noise(64 << 20), to: big)
        defer { unlink(big) }
        func expectFull(_ body: () async throws -> Void) async throws {
            do {
                try await body()
                Issue.record("it was done")
            } catch { #expect((error as? CloudError)?.code == .unavailable, "\(error)") }
            try await lab.expectRest()
        }
        let free = try await lab.pool.space().free
        try await expectFull {
            try await lab.pool.ensure(lab.disk(), from: .image(path: big, format: "raw"))
        }
        #expect(try await lab.pool.layers() == [disk.layers[0].id])
        #expect(try await lab.pool.space().free == free)
        var made: [LayeredDisk] = []
        try await expectFull {
            for _ in 0..<30 {
                made.append(lab.disk(over: disk))
                try await lab.pool.ensure(made[made.count - 1], from: nil)
            }
        }
        #expect(made.count > 3)
        // There is no room to merge into: what was read is still read.
        try await expectFull {
            try Files.write(noise(try await lab.pool.space().free - 4096), to: lab.dirs.state + "/ballast")
            try await lab.pool.ensureMerged(disk.layers[0].id, of: made[0])
        }
        #expect(try await lab.head(made[0], content.count) == content)
        for other in made { try await lab.pool.remove(other.layers[1].id) }
        #expect(try await lab.head(disk, content.count) == content)
        try await lab.pool.remove(disk.layers[0].id)
        #expect(try await lab.pool.layers().isEmpty)
    }

    @Test("a reader that goes away ends its process, and readers beyond the places wait") func readers() async throws {
        let lab = try Lab()
        let disk = lab.disk(4)
        try await lab.pool.ensure(disk, from: nil)
        var open: [any AsyncSequence<[UInt8], any Error> & Sendable] = []
        for _ in 0..<3 { open.append(try await lab.pool.export(disk)) }
        #expect(try lab.tools().count == 3)
        // Half of the users are not for readers, so that other work goes on.
        try await lab.pool.ensure(lab.disk(4), from: .disk(disk))
        let late = Task { try await lab.head(disk, 4096) }
        await SystemClock().sleep(.milliseconds(300))
        #expect(try lab.tools().count == 3)
        open.removeLast()
        #expect(try await late.value == [UInt8](repeating: 0, count: 4096))
        // Nobody waits for ever.
        open.append(try await lab.pool.export(disk))
        do {
            _ = try await lab.pool.export(disk)
            Issue.record("a reader too many")
        } catch { #expect((error as? CloudError)?.code == .unavailable, "\(error)") }
        open = []
        try await lab.expectRest()
    }

    @Test("a hundred layers, eight at a time, leave no process and no file") func hundred() async throws {
        let lab = try Lab()
        let before = try Self.zombies()
        let begin = ContinuousClock().now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                if number >= 8 { try await group.next() }
                group.addTask { try await lab.pool.ensure(lab.disk(), from: nil) }
            }
            try await group.waitForAll()
        }
        let took = ContinuousClock().now - begin
        print("figure: 100 empty disks in \(took)")
        #expect(took < .seconds(60))
        #expect(try await lab.pool.layers().count == 100)
        for layer in try await lab.pool.layers() { try await lab.pool.remove(layer) }
        try await lab.expectRest()
        #expect(try Self.zombies() <= before)
    }

    /// Children of ours that nobody has asked for their exit code.
    private static func zombies() throws -> Int {
        try Files.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            guard let line = Files.line("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return false }
            let fields = line[line.index(after: end)...].split(separator: " ")
            return fields[0] == "Z" && fields[1] == String(getpid())
        }.count
    }
}

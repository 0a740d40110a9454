import CloudCore
import CloudHost
import CloudSim
import CloudStorage
import Glibc
import Testing

@testable import CloudVolumes

@Suite("Disks as encrypted files") struct PoolTests {
    @Test("contract", arguments: LayerPoolContract.cases)
    func contract(_ one: LayerPoolContract.Case) async throws {
        let lab = try Lab()
        try await LayerPoolContract(lab).run(one)
        try await lab.expectRest()
    }

    @Test("qemu-img finds every size sound", arguments: [1, 3, 1000, 65_536]) func sound(size: Int) async throws {
        let lab = try Lab()
        let disk = lab.disk(size)
        try await lab.pool.ensure(disk, from: nil)
        let chain = try Chain(disk, in: lab.volumes)
        #expect(chain.size == size << 30)
        _ = try await lab.io(disk, ["write -P 5 0 64k", "write -P 6 \((size << 30) - 65_536) 64k"])
        let check = try await Command.end(
            ["qemu-img", "check"] + chain.keys.options + [chain.argument()], input: chain.keys.input)
        #expect(check.code == 0, "\(check.complaint)")
    }

    @Test("files are root's, readable by no guest, and name nothing") func files() async throws {
        let lab = try Lab()
        let below = lab.disk()
        try await lab.pool.ensure(below, from: nil)
        let disk = lab.disk(over: below)
        try await lab.pool.ensure(disk, from: nil)
        for layer in disk.layers {
            let info = try #require(Files.status(lab.pool.path(layer.id)))
            #expect(info.st_uid == 0 && Int(info.st_gid) == lab.users.lowerBound && info.st_mode & 0o7777 == 0o640)
            #expect(lab.pool.path(layer.id) == lab.dirs.pool + "/volumes/" + layer.id)
            #expect(try await find(below.layers[0].id, in: lab.pool.path(layer.id)) == nil)
        }
        #expect(!lab.pool.path("../../etc/passwd").contains(".."))
    }

    @Test("a guest's user gets its layers, and a copy can be made meanwhile") func given() async throws {
        let lab = try Lab()
        let below = lab.disk()
        try await lab.pool.ensure(below, from: nil)
        _ = try await lab.io(below, ["write -P 0x41 0 64k"])
        let disk = lab.disk(over: below)
        try await lab.pool.ensure(disk, from: nil)
        let ids = disk.layers.map(\.id)
        let guest = lab.users.lowerBound + 12
        try lab.volumes.give(ids, to: guest)
        func may(_ right: String, _ layer: String, as user: Int) async throws -> Bool {
            try await Command.end(["test", right, lab.pool.path(layer)], as: Confined(user: user)).code == 0
        }
        // What each user may do: read the lower, write the lower, read the newest, write the newest.
        func rights(_ user: Int) async throws -> [Bool] {
            var found: [Bool] = []
            for layer in ids { for right in ["-r", "-w"] { found.append(try await may(right, layer, as: user)) } }
            return found
        }
        #expect(try await rights(guest) == [true, false, true, true])
        #expect(try await rights(guest + 1) == [false, false, false, false])
        let copy = lab.disk()
        try await lab.pool.ensure(copy, from: .disk(disk))
        #expect(try await lab.head(copy, 65_536) == [UInt8](repeating: 0x41, count: 65_536))
        // A change leaves the owner as it was.
        try await lab.pool.ensureMerged(ids[0], of: disk)
        #expect(try await rights(guest) == [true, false, true, true])
        try lab.volumes.takeBack(ids + [SystemDice().uuid()])
        #expect(try await rights(guest) == [false, false, false, false])
        #expect(throws: CloudError.self) { try lab.volumes.give(["../x"], to: guest) }
        #expect(throws: CloudError.self) { try lab.volumes.give([SystemDice().uuid()], to: guest) }
    }

    @Test("a path with a comma and quotes is no option") func oddPath() async throws {
        let lab = try Lab("/tmp/akashi-volumes,file.filename=\"x\"-\(Hex.string(SystemDice().roll()))")
        let disk = lab.disk()
        try await lab.pool.ensure(disk, from: try await lab.image(noise(4096)))
        let copy = lab.disk()
        try await lab.pool.ensure(copy, from: .disk(disk))
        #expect(try await lab.head(copy, 8192) == (try await lab.head(disk, 8192)))
    }

    @Test("what a process has open is not changed beneath it") func inUse() async throws {
        let lab = try Lab()
        let below = lab.disk()
        try await lab.pool.ensure(below, from: nil)
        var disk = lab.disk(over: below)
        try await lab.pool.ensure(disk, from: nil)
        disk.size = Gibibytes(2)
        let open = disk
        async let holder = lab.io(open, ["write -P 1 0 64k", "sleep 4000"])
        await SystemClock().sleep(.seconds(1))
        for attempt in 0..<3 {
            do {
                switch attempt {
                case 0: try await lab.pool.ensureSize(open)
                case 1: try await lab.pool.ensureMerged(below.layers[0].id, of: open)
                default: try await lab.pool.ensure(lab.disk(2), from: .disk(open))
                }
                Issue.record("\(attempt) was done")
            } catch { #expect((error as? CloudError)?.code == .conflict, "\(error)") }
        }
        // What lies below may be read all the while: a snapshot is copied so.
        try await lab.pool.ensure(lab.disk(), from: .disk(below))
        _ = try await holder
        try await lab.pool.ensureSize(open)
        #expect(try await lab.head(open, 4096) == [UInt8](repeating: 1, count: 4096))
        try await lab.expectRest()
    }
}

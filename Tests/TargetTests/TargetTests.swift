import CloudCore
import CloudHost
import CloudSim
import CloudStorage
import CloudStore
import Glibc
import Testing

@testable import CloudTarget

@Suite("C015: volumes over iSCSI", .serialized) struct TargetTests {
    @Test("contract", arguments: BlockTargetsContract.cases)
    func contract(_ one: BlockTargetsContract.Case) async throws {
        try await TargetLab.with { lab in try await BlockTargetsContract(lab).run(one) }
    }

    @Test("who may, logs in and finds the disk; nobody else is told of it") func access() async throws {
        try await TargetLab.with { lab in
            let disks = [try await lab.disk(for: lab.users.lowerBound), try await lab.disk(for: lab.users.lowerBound)]
            var spec = try await lab.serve(disks)
            spec.volumes[1].initiators = [TargetLab.stranger]
            try await lab.iscsi.ensureTarget(spec)
            let inquiry = try await lab.run([
                "iscsi-inq", "-i", TargetLab.friend, "iscsi://\(lab.address):3260/\(spec.volumes[0].name)/1",
            ])
            #expect(String(decoding: inquiry.output, as: UTF8.self).contains("Vendor:Akashi"))
            #expect(try await lab.targets(seenBy: TargetLab.friend).contains(disks[0].volume))
            #expect(try await !lab.targets(seenBy: TargetLab.friend).contains(disks[1].volume))
            #expect(try await lab.io(disks[0], ["write -P 7 0 1M", "read -P 7 0 1M"]).isDone)
            #expect(try await !lab.io(disks[1], ["read 0 512"]).isDone)
            #expect(try await lab.io(disks[1], ["read -P 0 0 1M"], as: TargetLab.stranger).isDone)
            #expect(try await !lab.io(disks[0], ["read 0 512"], as: TargetLab.stranger).isDone)
            spec.volumes[0].initiators = []
            try await lab.iscsi.ensureTarget(spec)
            #expect(try await !lab.io(disks[0], ["read 0 512"]).isDone)
        }
    }

    @Test("an initiator that may no longer is logged out; the others go on") func expelled() async throws {
        try await TargetLab.with { lab in
            let disk = try await lab.disk(for: lab.users.lowerBound)
            var spec = try await lab.serve([disk], to: [TargetLab.friend, TargetLab.stranger])
            async let mine = lab.io(disk, ["write -P 1 0 4k", "sleep 3000", "read -P 1 0 4k"])
            async let theirs = lab.io(
                disk, ["read 0 512", "sleep 3000", "read 0 512"], as: TargetLab.stranger, within: .seconds(8))
            try await Task.sleep(for: .seconds(1))
            spec.volumes[0].initiators = [TargetLab.friend]
            try await lab.iscsi.ensureTarget(spec)
            #expect(try await mine.isDone)
            // libiscsi tries to log in again for as long as it is let.
            let isStillIn = (try? await theirs.isDone) ?? false
            #expect(!isStillIn)
        }
    }

    @Test("only iSCSI at its address is heard, and everything runs without rights") func closed() async throws {
        try await TargetLab.with { lab in
            let spec = try await lab.serve([try await lab.disk(for: lab.users.lowerBound)])
            let space = NetworkNamespace(lab.iscsi.namespace(of: spec.id))
            let listening = try await Command.run(space.enter(["ss", "-Hltun"])).text.split(separator: "\n")
            #expect(listening.count == 1 && listening[0].contains("\(lab.address):3260"))
            // A further address is not served, and what listens besides is not reached.
            try await Command.run(["ip", "-n", space.name, "addr", "add", "10.66.0.11/24", "dev", TargetSpec.device])
            let listener = try Spawn.detached(
                space.enter(["python3", "-m", "http.server", "8000"]), environment: Spawn.plainEnvironment,
                log: lab.dirs.logs + "/http")
            defer { listener.signal(SIGKILL) }
            try await Task.sleep(for: .seconds(1))
            for place in ["\(lab.address)/8000", "10.66.0.11/3260", "10.66.0.11/8000"] {
                let probe = try await lab.run(["timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/\(place)"])
                #expect(probe.code != 0, "\(place) answers")
            }
            #expect(
                try await lab.run(["timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/\(lab.address)/3260"]).code == 0)
            let processes = await lab.iscsi.processes(of: spec.id)
            #expect(processes.count == 2)
            for process in processes {
                let status = String(decoding: try Files.read("/proc/\(process.pid)/status") ?? [], as: UTF8.self)
                let user = lab.users.lowerBound
                #expect(status.contains("Uid:\t\(user)\t\(user)\t\(user)\t\(user)"))
                #expect(status.contains("NoNewPrivs:\t1"))
                let line = String(decoding: try Files.read("/proc/\(process.pid)/cmdline") ?? [], as: UTF8.self)
                #expect(!line.contains(spec.volumes[0].disk.files[0].secret))
            }
        }
    }

    @Test("data outlive the server, the opener and the control plane; no file of the pool tells them")
    func survival() async throws {
        try await TargetLab.with { lab in
            let marker = "AKASHI-ISCSI-MARKER-0123456789"
            let file = lab.dirs.state + "/pattern"
            try Files.write(Array(String(repeating: marker + "\n", count: 2115).utf8.prefix(65_536)), to: file)
            let disk = try await lab.disk(for: lab.users.lowerBound, layers: 2)
            let spec = try await lab.serve([disk])
            let write = try await lab.io(disk, ["write -s \(file) 0 64k", "write -P 9 1M 64k", "flush"])
            #expect(write.isDone, "\(write.words)")
            try Files.remove(file)
            for place in 0..<2 {
                let process = await lab.iscsi.processes(of: spec.id)[place]
                process.signal(SIGKILL)
                try await Task.sleep(for: .milliseconds(300))
                let found = try await lab.ioSoon(disk, ["read -P 9 1M 64k"])
                #expect(found.isDone, "\(found.words)")
                #expect(await lab.iscsi.processes(of: spec.id)[place] != process)
            }
            let before = await lab.iscsi.processes(of: spec.id)
            await lab.iscsi.release()
            let next = lab.successor()
            try await next.ensureTarget(spec)
            #expect(await next.processes(of: spec.id) == before)
            await next.release()
            // The memory of /run is where the volume would be in clear, if it were kept.
            for place in [lab.dirs.pool, lab.dirs.run, lab.dirs.logs] {
                let search = try await Command.end(
                    ["grep", "-r", "-l", "-a", "-F", marker, place], timeout: .seconds(60))
                #expect(search.code == 1, "\(String(decoding: search.output, as: UTF8.self))")
            }
            try await lab.iscsi.ensureTarget(spec)
        }
    }

    @Test("a volume's ceiling holds") func ceiling() async throws {
        try await TargetLab.with { lab in
            let disk = try await lab.disk(for: lab.users.lowerBound, layers: 1, iops: 100)
            _ = try await lab.serve([disk])
            let target =
                "driver=iscsi,transport=tcp,portal=\(lab.address):3260,target=\(TargetVolume.name(of: disk.volume)),lun=1,initiator-name=\(TargetLab.friend)"
            let begun = ContinuousClock.now
            let bench = try await lab.run([
                "qemu-img", "bench", "-c", "500", "-d", "8", "-s", "4096", "-w", "--image-opts", target,
            ])
            #expect(bench.code == 0, "\(bench.complaint)")
            let seconds = (ContinuousClock.now - begun) / .seconds(1)
            print("ceiling: 500 requests at 100 a second took \(seconds) s")
            #expect((4.5...7).contains(seconds))
        }
    }

    @Test("what tgtd tells is read right") func parse() {
        let text = """
            Target 7: iqn.x:a
                LUN information:
                    LUN: 0
                        Backing store path: None
                    LUN: 1
                        Backing store path: /proc/1/root/x
                Account information:
                    somebody
                ACL information:
                    iqn.a
                    iqn.b
            Target 9: iqn.x:b
                LUN information:
                    LUN: 0
                        Backing store path: None
                ACL information:
            """
        let found = ServedTarget.parse(text)
        #expect(
            found == [
                ServedTarget(number: 7, name: "iqn.x:a", path: "/proc/1/root/x", initiators: ["iqn.a", "iqn.b"]),
                ServedTarget(number: 9, name: "iqn.x:b"),
            ])
    }
}

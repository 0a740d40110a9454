import CloudCompute
import CloudCore
import CloudHost
import Glibc
import Testing

@testable import CloudQEMU

@Suite(.serialized) struct HypervisorTests {
    @Test func aGuestLivesThroughEveryState() async throws {
        try await withRig { rig in
            let (hypervisor, host, guest) = (rig.hypervisor, rig.host, rig.spec())
            #expect(try await hypervisor.state(of: guest.id, on: host) == .absent)
            try await hypervisor.ensureGuest(guest, on: host)
            #expect(try await hypervisor.state(of: guest.id, on: host) == .paused)
            let process = try #require(rig.process(guest))
            try await hypervisor.ensureGuest(guest, on: host)
            #expect(rig.process(guest) == process)

            try await hypervisor.resume(guest.id, on: host)
            try await hypervisor.resume(guest.id, on: host)
            #expect(try await hypervisor.state(of: guest.id, on: host) == .running)
            #expect(try await rig.wait { try await text(rig, guest).contains("hello\nworld\n") })
            #expect(try await text(rig, guest, lines: 1) == "world\n")
            try await hypervisor.pause(guest.id, on: host)
            #expect(try await hypervisor.state(of: guest.id, on: host) == .paused)
            try await hypervisor.resume(guest.id, on: host)
            try await hypervisor.reset(guest.id, on: host)
            #expect(try await rig.wait { try await text(rig, guest).contains("world\nhello\n") })
            try await hypervisor.pressPower(guest.id, on: host)

            try await hypervisor.ensureStopped(guest.id, on: host)
            try await hypervisor.ensureStopped(guest.id, on: host)
            #expect(!process.isAlive)
            #expect(try await hypervisor.state(of: guest.id, on: host) == .absent)
            #expect(try await hypervisor.guests(on: host) == [guest.id])
            try await hypervisor.ensureGuest(guest, on: host)
            #expect(try await hypervisor.state(of: guest.id, on: host) == .paused)

            try await hypervisor.removeGuest(guest.id, on: host)
            try await hypervisor.removeGuest(guest.id, on: host)
            #expect(try await hypervisor.guests(on: host).isEmpty)
            #expect(try Files.names(in: GuestPaths.trash(rig.dirs)).isEmpty)
            #expect(try Files.names(in: GuestPaths.sockets(rig.dirs)).isEmpty)
        }
    }

    @Test func anUnknownGuestIsMissing() async throws {
        try await withRig { rig in
            for id in [SystemDice().uuid(), "../../etc", ""].map({ ID<Server>($0) }) {
                for call in [
                    rig.hypervisor.resume, rig.hypervisor.pause, rig.hypervisor.reset, rig.hypervisor.pressPower,
                ] {
                    await #expect { try await call(id, rig.host) } throws: { ($0 as? CloudError)?.code == .missing }
                }
            }
            await #expect(throws: CloudError.self) { try await rig.hypervisor.guests(on: HostName("elsewhere")) }
        }
    }

    @Test func aGuestThatPowersItselfOffIsOff() async throws {
        try await withRig { rig in
            let guest = rig.spec(.powerOff)
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            try await rig.hypervisor.resume(guest.id, on: rig.host)
            #expect(try await rig.wait { try await rig.hypervisor.state(of: guest.id, on: rig.host) == .off })
            #expect(rig.changes.withLock { $0 }.contains(guest.id))
            await #expect { try await rig.hypervisor.resume(guest.id, on: rig.host) } throws: {
                ($0 as? CloudError)?.code == .conflict
            }
        }
    }

    @Test func aKilledGuestIsCrashedAndMayBeMadeAgain() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            let before = rig.changes.withLock { $0.count }
            try #require(rig.process(guest)).signal(SIGKILL)
            #expect(try await rig.wait { rig.changes.withLock { $0.count } > before })
            #expect(try await rig.hypervisor.state(of: guest.id, on: rig.host) == .crashed)
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            #expect(try await rig.hypervisor.state(of: guest.id, on: rig.host) == .paused)
            // An end that was asked for is not told.
            let after = rig.changes.withLock { $0.count }
            try await rig.hypervisor.ensureStopped(guest.id, on: rig.host)
            try await Task.sleep(for: .milliseconds(100))
            #expect(rig.changes.withLock { $0.count } == after)
        }
    }

    @Test func theNextControlPlaneAdoptsGuests() async throws {
        try await withRig { rig in
            let guests = [rig.spec(), rig.spec()]
            for guest in guests { try await rig.hypervisor.ensureGuest(guest, on: rig.host) }
            try await rig.hypervisor.resume(guests[0].id, on: rig.host)
            // Half of a removed guest, as a crash leaves it.
            try Files.ensureDirectory(GuestPaths.trash(rig.dirs) + "/left", mode: 0o700)
            rig.hypervisor.release()

            let next = try rig.successor()
            let start = ContinuousClock.now
            #expect(try await next.adopt() == 2)
            print("adopted 2 guests in \(ContinuousClock.now - start)")
            #expect(try await next.state(of: guests[0].id, on: rig.host) == .running)
            #expect(try await next.state(of: guests[1].id, on: rig.host) == .paused)
            #expect(try Files.names(in: GuestPaths.trash(rig.dirs)).isEmpty)
            next.release()
        }
    }

    @Test func aProcessWhoseHandleWasNeverWrittenIsReplaced() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            let stray = try #require(rig.process(guest))
            rig.hypervisor.release()
            try Files.remove(GuestPaths(guest.id, rig.dirs).process)
            let next = try rig.successor()
            try await next.ensureGuest(guest, on: rig.host)
            #expect(!stray.isAlive)
            #expect(rig.process(guest)?.isAlive == true)
            next.release()
        }
    }

    /// Every state that a crash may leave between two steps of making a guest, or between two of removing it.
    @Test func whatIsHalfMadeIsCompletedAndWhatIsHalfGoneGoes() async throws {
        try await withRig { rig in
            let steps: [(GuestPaths) throws -> Void] = [
                { try Files.ensureDirectory($0.directory, mode: 0o700) },
                { try Files.write([1, 2, 3], to: $0.disk + ".part") },
                { try Files.write([], to: $0.disk) },
                { try Files.write([], to: $0.config) },
                { try Files.write([1], to: $0.base + ".part") },
                { try Files.write([], to: $0.process) },
                { try Files.write(Array("4194304 1 some-boot\n".utf8), to: $0.process) },
                { paths in
                    try Files.ensureDirectory(paths.run, mode: 0o700)
                    try Files.write([], to: paths.act)
                },
            ]
            for step in steps {
                let (made, removed) = (rig.spec(), rig.spec())
                for guest in [made, removed] {
                    let paths = GuestPaths(guest.id, rig.dirs)
                    try Files.ensureDirectory(paths.directory, mode: 0o700)
                    try step(paths)
                }
                try await rig.hypervisor.ensureGuest(made, on: rig.host)
                #expect(try await rig.hypervisor.state(of: made.id, on: rig.host) == .paused)
                try await rig.hypervisor.removeGuest(made.id, on: rig.host)
                try await rig.hypervisor.removeGuest(removed.id, on: rig.host)
            }
            #expect(try await rig.hypervisor.guests(on: rig.host).isEmpty)
            #expect(try Files.names(in: GuestPaths.sockets(rig.dirs)).isEmpty)
        }
    }

    @Test func callsAboutOneGuestFollowOneAnother() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await rig.hypervisor.ensureGuest(guest, on: rig.host) } }
                try await group.waitForAll()
            }
            let mark = Array("-uuid\0\(guest.id)\0".utf8)
            let processes = try Files.names(in: "/proc").filter {
                Int32($0) != nil && ((try? Files.read("/proc/\($0)/cmdline"))??.contains(mark) ?? false)
            }
            #expect(processes.count == 1)
        }
    }

    private func text(_ rig: Rig, _ guest: GuestSpec, lines: Int? = nil) async throws -> String {
        let bytes = try await rig.hypervisor.consoleLog(of: guest.id, lines: lines, on: rig.host)
        return String(decoding: bytes.filter { $0 != 0x0d }, as: UTF8.self)
    }
}

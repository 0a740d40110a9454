import CloudCompute
import CloudCore
import CloudHost
import Testing

@testable import CloudQEMU

@Suite(.serialized) struct ScreenTests {
    /// Everything that is sent until there are so many bytes.
    private func take(_ count: Int, from screen: any Screen) async throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, let bytes = try await screen.read() { all += bytes }
        return all
    }

    @Test func aGuestShowsItsScreenToSeveralAndListensNowhere() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            await #expect { _ = try await rig.hypervisor.screen(of: guest.id, on: rig.host) } throws: {
                ($0 as? CloudError)?.code == .missing
            }
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            for _ in 0..<3 {
                let screen = try await rig.hypervisor.screen(of: guest.id, on: rig.host)
                #expect(try await take(12, from: screen) == Array("RFB 003.008\n".utf8))
                try await screen.write(Array("RFB 003.008\n".utf8))
                #expect(try await take(2, from: screen) == [1, 1])
                try await screen.write([1])
                #expect(try await take(4, from: screen) == [0, 0, 0, 0])
                try await screen.write([1])
                let start = try await take(24, from: screen)
                // 640 by 480: nothing has run yet that would choose how the screen is to be.
                #expect(start.prefix(4) == [2, 0x80, 1, 0xe0])
            }
            let last = try await rig.hypervisor.screen(of: guest.id, on: rig.host)
            let process = try #require(rig.process(guest))
            let sockets = try await Command.run(["ss", "-lxntp"]).text
            #expect(
                !sockets.split(separator: "\n").contains { $0.contains("pid=\(process.pid),") && $0.contains("590") })
            // The end of the guest is the end of its screens.
            try await rig.hypervisor.ensureStopped(guest.id, on: rig.host)
            while try await last.read() != nil {}
            await #expect(throws: CloudError.self) { _ = try await rig.hypervisor.screen(of: guest.id, on: rig.host) }
        }
    }

    @Test func anotherControlPlaneOpensTheScreensOfGuestsItFinds() async throws {
        try await withRig { rig in
            let guest = rig.spec()
            try await rig.hypervisor.ensureGuest(guest, on: rig.host)
            rig.hypervisor.release()
            let next = try rig.successor()
            try await next.adopt()
            let screen = try await next.screen(of: guest.id, on: rig.host)
            #expect(try await take(12, from: screen) == Array("RFB 003.008\n".utf8))
            screen.close()
            #expect(try await screen.read() == nil)
            next.release()
        }
    }
}

import CloudCore
import CloudHost
import CloudStorage
import Foundation
import Testing

@testable import CloudToken

extension AllTokenTests {
    @Suite("What a token can do in a second", .serialized)
    struct Figures {
        @Test("Hundreds of keys are made, found, used and removed in bearable time")
        func many() async throws {
            // AKASHI_TOKEN_FIGURES names a file for the figures, which are then of a thousand keys.
            let figures = ProcessInfo.processInfo.environment["AKASHI_TOKEN_FIGURES"]
            let many = figures == nil ? 200 : 1000
            try await Rig.run { rig in
                let token = try await rig.open()
                func name(_ number: Int) -> KeyName { KeyName(project: ID("project-\(number)"), epoch: 1) }
                let clock = ContinuousClock()
                var lines: [String] = []
                /// How long each of so many calls takes, on average.
                func measure(_ what: String, _ count: Int, _ body: (Int) async throws -> Void) async throws {
                    let start = clock.now
                    for number in 0..<count { try await body(number) }
                    let each = (clock.now - start) / count
                    lines.append("\(what): \(each.formatted(.units(allowed: [.microseconds])))")
                    // Generous, since other programs run beside the tests.
                    #expect(each < .milliseconds(200), "\(what) takes \(each)")
                }
                let secret = SystemDice().bytes(64)
                try await measure("make a key, first", 1) { _ in try await token.ensureKey(name(0)) }
                for (from, to) in [(1, 10), (10, many)] {
                    try await measure("make a key, \(from)..<\(to)", to - from) {
                        try await token.ensureKey(name(from + $0))
                    }
                    try await measure("make one that is there, of \(to)", 50) { _ in try await token.ensureKey(name(0))
                    }
                    try await measure("seal, of \(to)", 200) {
                        _ = try await token.seal(secret, under: name($0 % to), for: "v")
                    }
                    let sealed = try await token.seal(secret, under: name(to - 1), for: "v")
                    try await measure("open, of \(to)", 200) { _ in
                        _ = try await token.open(sealed, under: name(to - 1), for: "v")
                    }
                    try await measure("check value, of \(to)", 50) { _ = try await token.checkValue(of: name($0 % to)) }
                    try await measure("list, of \(to)", 3) { _ in
                        let count = try await token.keys().count
                        #expect(count == to)
                    }
                }
                try await measure("open a session, of \(many)", 3) { _ in try await rig.open() }
                let again = try await rig.open()
                try await measure("remove a key, of \(many)", 50) { try await again.removeKey(name($0)) }
                if let figures { try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: figures) }
            }
        }
    }
}

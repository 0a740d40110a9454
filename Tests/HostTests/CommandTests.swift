import CloudCore
import Testing

@testable import CloudHost

@Suite struct CommandTests {
    @Test func givesOutputAndInput() async throws {
        #expect(try await Command.run(["cat"], input: Array("hello\n".utf8)).text == "hello")
    }

    @Test func aBadExitCarriesStderrForTheOperator() async {
        await #expect { try await Command.run(["sh", "-c", "echo because >&2; exit 3"]) } throws: {
            guard let error = $0 as? CloudError else { return false }
            return error.code == .fault && error.detail!.contains("because") && !error.message.contains("because")
        }
    }

    @Test func aConfinedToolHasNoRightsAndReadsItsInputByName() async throws {
        let user = Confined(user: 877_001, groups: [877_002])
        let words = ["sh", "-c", "id -u; id -G; ulimit -c; grep CapEff /proc/self/status; cat /dev/stdin"]
        let lines = try await Command.run(words, input: Array("secret".utf8), as: user).text.split(separator: "\n")
        #expect(lines == ["877001", "877001 877002", "0", "CapEff:\t0000000000000000", "secret"])
        // More than a pipe holds would wait for ever.
        await #expect(throws: CloudError.self) {
            try await Command.run(["cat"], input: [UInt8](repeating: 1, count: 65_537), as: user)
        }
        // Memory is bounded.
        let greedy = ["dd", "if=/dev/zero", "of=/dev/null", "bs=3G", "count=1"]
        #expect(try await Command.end(greedy, as: user).code != 0)
    }

    @Test func timeIsBounded() async {
        let start = ContinuousClock.now
        await #expect { try await Command.run(["sleep", "30"], timeout: .milliseconds(100)) } throws: {
            ($0 as? CloudError)?.code == .timeout
        }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func outputIsBounded() async {
        await #expect(throws: CloudError.self) {
            try await Command.run(["head", "-c", "100000", "/dev/zero"], limit: 1000)
        }
    }

    @Test func aMissingProgramIsAnError() async {
        await #expect(throws: CloudError.self) { try await Command.run(["/nowhere/at-all"]) }
        await #expect(throws: CloudError.self) { try await Command.run(["no-such-program-here"]) }
    }
}

import CloudCore
import CloudHost
import CloudToken
import Foundation
import Synchronization
import Testing

/// A directory for a token; everything of it goes at the end.
///
/// SoftHSM reads its configuration when it is made ready, so a process has one token at a time: the tests of this module
/// follow one another, and each closes its token.
final class Rig: Sendable {
    let directory: String
    private let token = Mutex<PKCS11Token?>(nil)

    init() throws {
        directory = NSTemporaryDirectory() + "akashi-token-" + UUID().uuidString.lowercased()
    }

    /// Opens the token; the one that was open before is closed.
    @discardableResult
    func open() async throws(CloudError) -> PKCS11Token {
        await close()
        let fresh = try await PKCS11Token(try await SoftHSM.prepare(directory))
        token.withLock { $0 = fresh }
        return fresh
    }

    func close() async {
        let old = token.withLock { token in
            defer { token = nil }
            return token
        }
        await old?.close()
    }

    /// Runs `body` with a new directory.
    static func run(_ body: (Rig) async throws -> Void) async throws {
        let rig = try Rig()
        do { try await body(rig) } catch {
            await rig.close()
            try? Files.remove(rig.directory)
            throw error
        }
        await rig.close()
        try Files.remove(rig.directory)
    }

    /// The files of the token's objects.
    func objects() throws -> [String] {
        try Files.names(in: directory + "/tokens").flatMap { token in
            try Files.names(in: directory + "/tokens/" + token).map { directory + "/tokens/" + token + "/" + $0 }
        }
    }

    /// The tests' own executable, which stands for other processes.
    static func other(
        _ filter: String, _ directory: String, step: String = "", timeout: Duration = .seconds(60)
    ) async throws -> Command.Ending {
        let me = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try await Command.end(
            [
                "env", "AKASHI_TOKEN_DIRECTORY=" + directory, "AKASHI_TOKEN_STEP=" + step, me, "--testing-library",
                "swift-testing", "--filter", filter,
            ], timeout: timeout)
    }
}

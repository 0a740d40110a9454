import CloudCore
import CloudHost
import CloudSim
import CloudStorage
import Crypto
import Foundation
import Glibc
import Testing

@testable import CloudToken

/// One after the other: a process has one token of SoftHSM at a time.
@Suite("Keys in a PKCS#11 token", .serialized)
enum AllTokenTests {}

extension AllTokenTests {
    @Suite("SoftHSM keeps the contract of key tokens", .serialized)
    struct Contract {
        @Test("contract", arguments: KeyTokenContract.cases)
        func contract(_ one: KeyTokenContract.Case) async throws {
            try await Rig.run { rig in
                try await KeyTokenContract.run(one) { () throws(CloudError) in try await rig.open() }
            }
        }
    }
}

private let key = KeyName(project: ID("0123456789abcdef0123456789abcdef"), epoch: 1)

extension AllTokenTests {
    @Suite("What is particular to tokens of PKCS#11", .serialized)
    struct Particular {
        @Test("A key's number is the AES-CMAC that openssl finds")
        func checkValue() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                for epoch in 1...8 {
                    let name = KeyName(project: ID("p"), epoch: epoch)
                    let bytes = SystemDice().bytes(32)
                    try await token.importKey(name, bytes)
                    let said = try await Command.run(
                        [
                            "openssl", "mac", "-cipher", "AES-256-CBC", "-macopt", "hexkey:" + Hex.string(bytes),
                            "CMAC",
                        ], input: [UInt8](repeating: 0, count: 16)
                    ).text.lowercased()
                    #expect(try await token.checkValue(of: name) == String(said.prefix(16)))
                }
            }
        }

        @Test("What is sealed is AES-256-GCM as another library reads it, with the key's name and the purpose proven")
        func format() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                let bytes = SystemDice().bytes(32)
                try await token.importKey(key, bytes)
                let sealed = try await token.seal(Array("hello".utf8), under: key, for: "volume")
                #expect(sealed.count == 1 + 12 + 5 + 16 && sealed[0] == 1)
                let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
                let about = Array("akashi \(key.project)/1".utf8) + [0] + Array("volume".utf8)
                let text = try AES.GCM.open(box, using: SymmetricKey(data: bytes), authenticating: about)
                #expect(text.elementsEqual("hello".utf8))
            }
        }

        @Test("Nobody reads a key's value, and it is on no disk")
        func secrecy() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                let bytes = SystemDice().bytes(32)
                try await token.importKey(key, bytes)
                let made = KeyName(project: ID("made"), epoch: 1)
                try await token.ensureKey(made)
                let pin = try #require(Files.line(rig.directory + "/pin"))
                let tool = [
                    "env", "SOFTHSM2_CONF=" + rig.directory + "/softhsm2.conf", "pkcs11-tool", "--module",
                    try #require(SoftHSM.library()), "--login", "--pin", pin,
                ]
                let listed = try await Command.run(tool + ["--list-objects", "--type", "secrkey"]).text
                #expect(listed.contains("akashi made/1") && listed.contains("never extractable"), "\(listed)")
                #expect(!listed.contains("wrap") && !listed.contains("derive") && !listed.contains("sign"))
                for name in [key, made] {
                    let label = String(decoding: KeyLabel.bytes(name), as: UTF8.self)
                    let out = rig.directory + "/value"
                    let read = try await Command.end(
                        tool + ["--read-object", "--type", "secrkey", "--label", label, "--output-file", out])
                    #expect(read.code != 0, "\(read.complaint)")
                    #expect(try (Files.read(out) ?? []).isEmpty)
                }
                for path in try rig.objects() {
                    let content = try #require(try Files.read(path))
                    #expect(content.firstRange(of: bytes) == nil, "\(path)")
                    #expect(Files.status(path).map { $0.st_mode & 0o077 } == 0, "\(path)")
                }
            }
        }

        @Test("A key of the name that can be read out is never used, and goes with the name")
        func readable() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                let label = KeyLabel.bytes(key)
                try token.worker.use { session in
                    let open: [(UInt, Template.Value)] = Template.key(label).attributes.map { attribute in
                        attribute.0 == 0x162 ? (0x162, .flag(true)) : attribute
                    }
                    _ = try session.generate(Template(open))
                }
                let refused = await #expect(throws: CloudError.self) { try await token.checkValue(of: key) }
                #expect(refused?.code == .missing)
                try await token.ensureKey(key)
                #expect(try await token.checkValue(of: key).count == 16)
                try await token.removeKey(key)
                #expect(try token.worker.use { try $0.find(.any(label), limit: 9) }.isEmpty)
            }
        }

        @Test("The file of a key that is destroyed is overwritten, and no other is touched")
        func erasure() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                let empty = try Sight(rig)
                try await token.ensureKey(key)
                let full = try Sight(rig)
                let path = try full.difference(from: empty)
                let witness = Witness(path)
                let stay = KeyName(project: ID("stay"), epoch: 1)
                try await token.ensureKey(stay)
                #expect(witness.share() == 1)
                try await token.removeKey(key)
                #expect(!Files.exists(path) && !Files.exists(rig.directory + "/tokens.held"))
                #expect(witness.share() < 0.1)
                #expect(try await token.keys() == [stay])
                try await token.removeKey(stay)
                let after = try Sight(rig)
                #expect(after.files == empty.files)
            }
        }

        @Test("What an end between destroying and overwriting left is overwritten when the removal is repeated")
        func erasureResumed() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                try await token.ensureKey(key)
                let held = rig.directory + "/tokens.held"
                try Files.ensureDirectory(held, mode: 0o700)
                try Files.write([UInt8](repeating: 7, count: 1000), to: held + "/1")
                let witness = Witness(held + "/1")
                try await token.removeKey(KeyName(project: ID("gone"), epoch: 1))
                #expect(!Files.exists(held) && witness.share() < 0.1)
                #expect(try await token.keys() == [key])
            }
        }

        @Test("A token whose counter of changes is lost or empty still gives its keys")
        func counter() async throws {
            try await Rig.run { rig in
                try await rig.open().ensureKey(key)
                let counter = try #require(try rig.objects().first { $0.hasSuffix("/generation") })
                for isEmpty in [true, false] {
                    await rig.close()
                    try Files.remove(counter)
                    if isEmpty { try Files.write([], to: counter) }
                    #expect(try await rig.open().keys() == [key])
                }
            }
        }

        @Test("A session that is lost is opened anew, whatever took it")
        func lost() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                try await token.ensureKey(key)
                let sealed = try await token.seal([1, 2, 3], under: key, for: "volume")
                let calls = token.worker.library.calls
                let slot = try #require(try token.worker.library.tokens().first { $0.label.hasPrefix("akashi ") }).slot
                for loss in 0..<3 {
                    switch loss {
                    case 0: #expect(calls.C_CloseAllSessions(slot) == 0)
                    case 1: #expect(try token.worker.use { calls.C_Logout($0.handle) } == 0)
                    default: #expect(calls.C_Finalize(nil) == 0)
                    }
                    #expect(try await token.open(sealed, under: key, for: "volume") == [1, 2, 3], "loss \(loss)")
                    #expect(try await token.keys() == [key], "loss \(loss)")
                }
            }
        }

        @Test("Calls beyond the queue's bound are turned away, and one without an answer is left")
        func bounds() async throws {
            let thread = TokenThread(room: 3, patience: .milliseconds(300))
            let results = await withTaskGroup(of: CloudError.Code?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do throws(CloudError) {
                            _ = try await thread.run { () throws(CloudError) in usleep(500_000) }
                            return nil
                        } catch { return error.code }
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(results == [.unavailable: 5, .timeout: 3])
            try await Task.sleep(for: .milliseconds(1500))
            #expect(try await thread.run { () throws(CloudError) in 7 } == 7)
        }
    }
}

/// The objects' files, with what is in them.
private struct Sight {
    var files: [String: [UInt8]] = [:]

    init(_ rig: Rig) throws {
        for path in try rig.objects() where path.hasSuffix(".object") { files[path] = try Files.read(path) ?? [] }
    }

    /// The one file that is here and was not there.
    func difference(from old: Sight) throws -> String {
        let fresh = files.keys.filter { old.files[$0] == nil }
        return try #require(fresh.count == 1 ? fresh.first : nil)
    }
}

/// A file held open: it is still there when all its names are gone.
private final class Witness: Sendable {
    private let file: Int32
    private let before: [UInt8]

    init(_ path: String) {
        file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = pread(file, &bytes, bytes.count, 0)
        before = Array(bytes.prefix(max(0, count)))
    }
    deinit { close(file) }

    /// Which part of the bytes is as it was.
    func share() -> Double {
        var bytes = [UInt8](repeating: 0, count: before.count)
        guard !before.isEmpty, pread(file, &bytes, bytes.count, 0) == bytes.count else { return 1 }
        return Double(zip(before, bytes).count { $0 == $1 }) / Double(bytes.count)
    }
}

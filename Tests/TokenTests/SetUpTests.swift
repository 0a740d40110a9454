import CloudCore
import CloudHost
import CloudStorage
import Foundation
import Testing

@testable import CloudToken

private let key = KeyName(project: ID("p"), epoch: 1)

/// The operator's text of whatever a call throws.
private func reason(_ body: () async throws -> Void) async -> String {
    do { try await body() } catch { return (error as? CloudError)?.description ?? "\(error)" }
    return "nothing was thrown"
}

extension AllTokenTests {
    @Suite("The token is set up once, whatever comes between", .serialized)
    struct SetUp {
        @Test("The first start makes a token that only root reads, and the next ones find it")
        func first() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                try await token.ensureKey(key)
                let value = try await token.checkValue(of: key)
                for name in ["", "/tokens", "/pin", "/so-pin", "/softhsm2.conf", "/label"] {
                    #expect(Files.status(rig.directory + name).map { $0.st_mode & 0o077 } == 0, "\(name)")
                }
                let pins = try ["pin", "so-pin"].map { try #require(Files.line(rig.directory + "/" + $0)) }
                #expect(pins[0] != pins[1] && pins.allSatisfy { $0.count == 32 })
                for _ in 0..<3 { #expect(try await rig.open().checkValue(of: key) == value) }
                #expect(try Files.names(in: rig.directory + "/tokens").count == 1)
                #expect(["pin", "so-pin"].map { Files.line(rig.directory + "/" + $0) } == pins)
                try await Rig.run { other in
                    await rig.close()
                    _ = try await other.open()
                    #expect(Files.line(other.directory + "/pin") != pins[0])
                }
            }
        }

        @Test("A start that ends after any step is healed by the next", arguments: SoftHSM.Step.allCases)
        func crash(_ step: SoftHSM.Step) async throws {
            try await Rig.run { rig in
                let why = await reason {
                    _ = try await SoftHSM.prepare(rig.directory) { (done) throws(CloudError) in
                        if done == step { throw .fault("the end of the world") }
                    }
                }
                #expect(why.contains("the end of the world"))
                let token = try await rig.open()
                try await token.ensureKey(key)
                #expect(try await token.checkValue(of: key).count == 16)
                #expect(try Files.names(in: rig.directory + "/tokens").count == 1)
            }
        }

        @Test("Whatever half-made token a kill leaves, the next start clears it away")
        func debris() async throws {
            for debris in ["", "/token.lock", "/token.object", "/generation", "/junk.object"] {
                try await Rig.run { rig in
                    try Files.ensureDirectory(rig.directory, mode: 0o700)
                    try Files.ensureDirectory(rig.directory + "/tokens", mode: 0o700)
                    let half = rig.directory + "/tokens/00000000-0000-4000-8000-000000000000"
                    try Files.ensureDirectory(half, mode: 0o700)
                    if !debris.isEmpty { try Files.write([1, 2, 3], to: half + debris) }
                    try await rig.open().ensureKey(key)
                    #expect(!Files.exists(half))
                }
            }
        }

        @Test(
            "A process that is killed after any step leaves what the next one makes whole",
            arguments: SoftHSM.Step.allCases)
        func killed(_ step: SoftHSM.Step) async throws {
            try await Rig.run { rig in
                let ending = try await Rig.other("TokenTests.AnotherProcess/dies", rig.directory, step: step.rawValue)
                #expect(ending.code == 128 + 9 && Files.exists(rig.directory + "/tokens"))
                #expect(Files.exists(rig.directory + "/label") == (step == .marked))
                let token = try await rig.open()
                try await token.ensureKey(key)
                #expect(try await token.keys() == [key])
                #expect(try Files.names(in: rig.directory + "/tokens").count == 1)
            }
        }

        @Test("A process that is killed at any moment loses no key that it had made")
        func killedAnywhere() async throws {
            // Such a process takes some 50 ms to begin, 10 to set up, and 5 a key.
            for wait in stride(from: 30, to: 66, by: 3).map({ $0 }) + [90, 120, 160, 200] {
                try await Rig.run { rig in
                    // SIGKILL comes with the timeout.
                    _ = try? await Rig.other(
                        "TokenTests.AnotherProcess/starts", rig.directory, timeout: .milliseconds(wait))
                    let said = Files.line(rig.directory + "/made").flatMap { Int($0) } ?? 0
                    let token = try await rig.open()
                    let keys = try await token.keys()
                    #expect(keys.count >= said && keys.count <= said + 1, "\(wait) ms: \(keys.count), \(said)")
                    for name in keys.sorted().prefix(said) {
                        let value = try await token.checkValue(of: name)
                        #expect(value.count == 16)
                    }
                    try await token.ensureKey(KeyName(project: ID("p"), epoch: 1000))
                }
            }
        }

        @Test("Broken files among a token's objects hide no key")
        func broken() async throws {
            try await Rig.run { rig in
                try await rig.open().ensureKey(key)
                await rig.close()
                let token = rig.directory + "/tokens/" + (try Files.names(in: rig.directory + "/tokens")[0])
                for (number, size) in [0, 1, 8, 500].enumerated() {
                    let path = token + "/00000000-0000-4000-8000-00000000000\(number).object"
                    try Files.write([UInt8](repeating: 3, count: size), to: path)
                }
                let again = try await rig.open()
                #expect(try await again.keys() == [key])
                try await again.ensureKey(KeyName(project: ID("p"), epoch: 2))
                try await again.removeKey(key)
                #expect(try await again.keys() == [KeyName(project: ID("p"), epoch: 2)])
            }
        }

        @Test("Two processes see each other's keys, and make each only once")
        func together() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                let sealed = try await { () async throws in
                    try await token.ensureKey(key)
                    return try await token.seal([7, 7], under: key, for: "both")
                }()
                try Files.write(sealed, to: rig.directory + "/sealed")
                async let other = Rig.other("TokenTests.AnotherProcess/shares", rig.directory)
                var names: [KeyName] = []
                for epoch in 2...21 {
                    let name = KeyName(project: ID("p"), epoch: epoch)
                    try await token.ensureKey(name)
                    names.append(name)
                }
                let ending = try await other
                #expect(ending.code == 0, "\(String(decoding: ending.output, as: UTF8.self)) \(ending.complaint)")
                #expect(try await token.keys() == Set(names + [KeyName(project: ID("theirs"), epoch: 1)]))
                let gone = await reason { _ = try await token.open(sealed, under: key, for: "both") }
                #expect(gone.hasPrefix("missing"), "\(gone)")
                for name in names { #expect(try await token.checkValue(of: name).count == 16) }
            }
        }

        @Test("A PIN that is missing, open to others, malformed or wrong is said so, and loses nothing")
        func pins() async throws {
            try await Rig.run { rig in
                let token = try await rig.open()
                try await token.ensureKey(key)
                let value = try await token.checkValue(of: key)
                let path = rig.directory + "/pin"
                let right = try #require(try Files.read(path))
                func lack(_ change: () throws -> Void) async throws -> String {
                    try change()
                    let why = await reason { try await rig.open() }
                    try? Files.remove(path)
                    try Files.write(right, to: path)
                    return why
                }
                #expect(try await lack { try Files.remove(path) }.contains("/pin is missing"))
                #expect(try await lack { try Files.setMode(path, 0o640) }.contains("chmod 600"))
                #expect(try await lack { chown(path, 12_345, 0) }.contains("belongs to user 12345"))
                #expect(try await lack { try Files.write([], to: path) }.contains("one line of 4 to 255"))
                #expect(try await lack { try Files.write(Array("12345678\nx\n".utf8), to: path) }.contains("one line"))
                #expect(try await lack { try Files.write(Array("1\u{0}345678\n".utf8), to: path) }.contains("one line"))
                #expect(
                    try await lack {
                        try Files.remove(path)
                        try Files.ensureDirectory(path, mode: 0o700)
                    }.contains("no plain file"))
                let wrong = try await lack { try Files.write(Array("wrong-wrong\n".utf8), to: path) }
                #expect(wrong.contains("PIN_INCORRECT") && wrong.contains(path), "\(wrong)")
                #expect(try await rig.open().checkValue(of: key) == value)
            }
        }

        @Test("A refused PIN is not tried again until it changes")
        func refusedPIN() async throws {
            try await Rig.run { rig in
                try await rig.open()
                await rig.close()
                let place = try await SoftHSM.prepare(rig.directory)
                let right = try #require(try Files.read(place.pinFile))
                try Files.write(Array("wrong-wrong\n".utf8), to: place.pinFile)
                let worker = try TokenWorker(place)
                defer { worker.close() }
                let first = await reason { try worker.use { _ in } }
                let second = await reason { try worker.use { _ in } }
                #expect(first.contains("PIN_INCORRECT") && second.contains("not tried again"), "\(first) \(second)")
                try Files.write(right, to: place.pinFile)
                try worker.use { _ in }
            }
        }

        @Test("A token that is gone is not silently replaced by an empty one")
        func gone() async throws {
            try await Rig.run { rig in
                try await rig.open().ensureKey(key)
                await rig.close()
                try Files.rename(rig.directory + "/tokens", to: rig.directory + "/away")
                let why = await reason { try await rig.open() }
                #expect(why.contains("0 tokens") && why.contains("there are: none"), "\(why)")
                try Files.remove(rig.directory + "/tokens")
                try Files.rename(rig.directory + "/away", to: rig.directory + "/tokens")
                #expect(try await rig.open().keys() == [key])
            }
        }

        @Test("An HSM is told by its library, label and PIN file, and what is wrong with these is said")
        func byConfiguration() async throws {
            try await Rig.run { rig in
                try await rig.open().ensureKey(key)
                await rig.close()
                let place = try await SoftHSM.prepare(rig.directory)
                var other = place
                (other.library, other.objects) = ("/usr/lib/nowhere.so", nil)
                #expect(await reason { _ = try await PKCS11Token(other) }.contains("cannot be loaded"))
                other.library = "libsofthsm2.so"
                #expect(await reason { _ = try await PKCS11Token(other) }.contains("whole path"))
                other.library = "/lib/x86_64-linux-gnu/libc.so.6"
                if Files.exists(other.library) {
                    #expect(await reason { _ = try await PKCS11Token(other) }.contains("no C_GetFunctionList"))
                }
                (other.library, other.label) = (place.library, "another")
                let why = await reason { _ = try await PKCS11Token(other) }
                #expect(why.contains("0 tokens") && why.contains(place.label), "\(why)")
                other.label = place.label
                let token = try await PKCS11Token(other)
                #expect(try await token.keys() == [key])
                await token.close()
            }
        }

        @Test("A directory that SoftHSM's configuration could not name is refused")
        func names() async throws {
            for name in ["/tmp/akashi token", "/tmp/akashi\ntoken", "akashi-token"] {
                let why = await reason { _ = try await SoftHSM.prepare(name) }
                try? Files.remove(name)
                #expect(why.contains("white space"), "\(why)")
            }
        }
    }
}

/// What the tests above start as processes of their own.
@Suite("Another process", .enabled(if: ProcessInfo.processInfo.environment["AKASHI_TOKEN_DIRECTORY"] != nil))
struct AnotherProcess {
    private let directory = ProcessInfo.processInfo.environment["AKASHI_TOKEN_DIRECTORY"] ?? ""

    @Test func starts() async throws {
        let token = try await PKCS11Token(try await SoftHSM.prepare(directory))
        for epoch in 1...100 {
            try await token.ensureKey(KeyName(project: ID("p"), epoch: epoch))
            try Files.write(Array("\(epoch)".utf8), to: directory + "/made")
        }
    }

    @Test func dies() async throws {
        let last = ProcessInfo.processInfo.environment["AKASHI_TOKEN_STEP"]
        _ = try await SoftHSM.prepare(directory) { done in
            if done.rawValue == last { kill(getpid(), SIGKILL) }
        }
    }

    @Test func shares() async throws {
        let token = try await PKCS11Token(try await SoftHSM.prepare(directory))
        let sealed = try #require(try Files.read(directory + "/sealed"))
        #expect(try await token.open(sealed, under: key, for: "both") == [7, 7])
        for epoch in (2...21).reversed() { try await token.ensureKey(KeyName(project: ID("p"), epoch: epoch)) }
        try await token.ensureKey(KeyName(project: ID("theirs"), epoch: 1))
        try await token.removeKey(key)
        await token.close()
    }
}

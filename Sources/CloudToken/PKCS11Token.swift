import CPKCS11
import CloudCore
import CloudStorage

/// Keys in a token that speaks PKCS#11: SoftHSM, or any HSM that knows AES-GCM.
///
/// A secret is sealed as a version byte, 12 random bytes, and the cipher's text with its proof of 16 bytes; the key's
/// name and the purpose are proven along.
public final class PKCS11Token: KeyToken {
    let worker: TokenWorker
    private let thread: TokenThread

    /// Opens the token, logs in, and tries with a passing key whether it can do all that will be asked of it.
    ///
    /// - Parameters:
    ///   - room: how many calls may wait for their turn.
    ///   - patience: after so long a caller goes on without an answer.
    /// - Throws: `unavailable`, with the reason for the operator.
    public init(_ place: TokenPlace, room: Int = 256, patience: Duration = .seconds(30)) async throws(CloudError) {
        let thread = TokenThread(room: room, patience: patience)
        self.thread = thread
        worker = try await thread.run { () throws(CloudError) in
            let worker = try TokenWorker(place)
            do throws(CloudError) { try worker.use { try Self.tryOut($0) } } catch {
                worker.close()
                throw error
            }
            return worker
        }
    }

    /// Ends the session. Nothing may be asked of the token afterwards.
    public func close() async { _ = try? await thread.run { [worker] () throws(CloudError) in worker.close() } }

    private static func tryOut(_ session: TokenSession) throws {
        let about = Array("trial".utf8)
        let key = try session.generate(.key(about, isKept: false))
        defer { try? session.destroy(key) }
        let sealed = try session.seal(about, key, about: about)
        guard try session.open(sealed, key, about: about) == about, try session.checkValue(key).utf8.count == 16 else {
            throw CloudError.unavailable("key store", "the token does not open what it sealed")
        }
    }

    public func ensureKey(_ key: KeyName) async throws(CloudError) {
        try KeyLimits.check(key)
        try await change { session in
            guard try session.key(key) == nil else { return }
            try Self.keep(try session.generate(.key(KeyLabel.bytes(key))), key, session)
        }
    }

    public func importKey(_ key: KeyName, _ bytes: [UInt8]) async throws(CloudError) {
        try KeyLimits.check(key)
        try KeyLimits.check(imported: bytes)
        try await change { session in
            do {
                if let known = try session.key(key) {
                    // Keys cannot be read, so they are compared by their numbers, within the token.
                    let passing = try session.create(.key(KeyLabel.bytes(key), isKept: false, value: bytes))
                    defer { try? session.destroy(passing) }
                    guard try session.checkValue(passing) == session.checkValue(known) else {
                        throw CloudError.conflict("Key \(key.project)/\(key.epoch) is another one.")
                    }
                } else {
                    try Self.keep(try session.create(.key(KeyLabel.bytes(key), value: bytes)), key, session)
                }
            } catch let failure as Failure where failure.isUnwelcome {
                throw CloudError.invalid("This cloud's key store takes no keys that were made elsewhere.")
            }
        }
    }

    /// Takes a new key and brings it to the disk, or destroys it where it turns out that it could be read.
    private static func keep(_ made: CK_OBJECT_HANDLE, _ key: KeyName, _ session: TokenSession) throws {
        guard try session.key(key) == nil else {
            try session.files?.sync()
            return
        }
        try session.destroy(made)
        throw CloudError.unavailable("key store", "the token makes keys that can be read out; it is not fit for this")
    }

    public func seal(_ secret: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8] {
        try KeyLimits.check(key)
        try KeyLimits.check(purpose: purpose)
        try KeyLimits.check(secret: secret)
        return try await ask { session in
            try session.seal(secret, session.known(key), about: Self.about(key, purpose))
        }
    }

    public func open(_ sealed: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8] {
        try KeyLimits.check(key)
        try KeyLimits.check(purpose: purpose)
        return try await ask { session in
            try session.open(sealed, session.known(key), about: Self.about(key, purpose))
        }
    }

    public func checkValue(of key: KeyName) async throws(CloudError) -> String {
        try KeyLimits.check(key)
        return try await ask { session in try session.checkValue(session.known(key)) }
    }

    public func removeKey(_ key: KeyName) async throws(CloudError) {
        try KeyLimits.check(key)
        try await change { session in
            session.handles[key] = nil
            // Also what could be read out and was never used.
            let objects = try session.find(.any(KeyLabel.bytes(key)), limit: 64)
            guard !objects.isEmpty else { return try session.files?.sweep() ?? () }
            try session.files?.hold()
            for object in objects { try session.destroy(object) }
            try session.files?.sweep()
        }
    }

    public func keys() async throws(CloudError) -> Set<KeyName> {
        try await ask { session in
            Set(try session.find(.all, limit: 1 << 20).compactMap { session.label($0).flatMap(KeyLabel.key) })
        }
    }

    /// What is proven along with a secret. The key's name too: a tenant may bring one key under two.
    private static func about(_ key: KeyName, _ purpose: String) -> [UInt8] {
        KeyLabel.bytes(key) + [0] + Array(purpose.utf8)
    }

    private func ask<T: Sendable>(_ body: @escaping @Sendable (TokenSession) throws -> T) async throws(CloudError) -> T
    {
        try await thread.run { [worker] () throws(CloudError) in try worker.use(body) }
    }

    private func change(_ body: @escaping @Sendable (TokenSession) throws -> Void) async throws(CloudError) {
        try await thread.run { [worker] () throws(CloudError) in
            try worker.alone { () throws(CloudError) in try worker.use(body) }
        }
    }
}

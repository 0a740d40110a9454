import CloudCore
import CloudStorage
import Synchronization

/// A token that keeps its keys in memory, and whose seals are a toy: quick, and worth nothing outside of a simulation.
public final class SimKeyToken: KeyToken {
    private let mischief: Mischief
    private let dice: any Dice
    private let safe = Mutex<[KeyName: [UInt8]]>([:])

    public init(_ mischief: Mischief, dice: any Dice) { (self.mischief, self.dice) = (mischief, dice) }

    /// The keys, for checks.
    public var all: Set<KeyName> { safe.withLock { Set($0.keys) } }

    public func ensureKey(_ key: KeyName) async throws(CloudError) {
        try KeyLimits.check(key)
        let fresh = dice.bytes(KeyLimits.key)
        try await mischief.effect("ensure key \(key.project)/\(key.epoch)") { () throws(CloudError) in
            safe.withLock { safe in if safe[key] == nil { safe[key] = fresh } }
        }
    }

    public func importKey(_ key: KeyName, _ bytes: [UInt8]) async throws(CloudError) {
        try KeyLimits.check(key)
        try KeyLimits.check(imported: bytes)
        try await mischief.effect("import key \(key.project)/\(key.epoch)") { () throws(CloudError) in
            let isIn = safe.withLock { safe in
                if safe[key] == nil { safe[key] = bytes }
                return safe[key] == bytes
            }
            guard isIn else { throw .conflict("Key \(key.project)/\(key.epoch) is another one.") }
        }
    }

    public func seal(_ secret: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8] {
        try KeyLimits.check(key)
        try KeyLimits.check(purpose: purpose)
        try KeyLimits.check(secret: secret)
        let once = dice.bytes(8)
        return try await mischief.effect("seal under \(key.project)/\(key.epoch)") { () throws(CloudError) in
            let bytes = try bytes(of: key)
            let body = once + Self.mix(secret, bytes + once)
            return body + Self.proof(body, bytes, key, purpose)
        }
    }

    public func open(_ sealed: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8] {
        try KeyLimits.check(key)
        try KeyLimits.check(purpose: purpose)
        return try await mischief.effect("open under \(key.project)/\(key.epoch)") { () throws(CloudError) in
            let bytes = try bytes(of: key)
            let body = Array(sealed.dropLast(16))
            guard KeyLimits.secret.contains(body.count - 8), Self.proof(body, bytes, key, purpose) == sealed.suffix(16)
            else { throw KeyLimits.unreadable }
            return Self.mix(Array(body.dropFirst(8)), bytes + body.prefix(8))
        }
    }

    public func checkValue(of key: KeyName) async throws(CloudError) -> String {
        try KeyLimits.check(key)
        return try await mischief.effect("check value of \(key.project)/\(key.epoch)") { () throws(CloudError) in
            ToyDigest.hex(try bytes(of: key), 1)
        }
    }

    public func removeKey(_ key: KeyName) async throws(CloudError) {
        try KeyLimits.check(key)
        try await mischief.effect("remove key \(key.project)/\(key.epoch)") { () throws(CloudError) in
            safe.withLock { $0[key] = nil }
        }
    }

    public func keys() async throws(CloudError) -> Set<KeyName> {
        try await mischief.effect("list keys") { () throws(CloudError) in all }
    }

    private func bytes(of key: KeyName) throws(CloudError) -> [UInt8] {
        guard let bytes = safe.withLock({ $0[key] }) else { throw .missing("Key", "\(key.project)/\(key.epoch)") }
        return bytes
    }

    /// The bytes hidden, or hidden bytes shown.
    private static func mix(_ bytes: [UInt8], _ seed: [UInt8]) -> [UInt8] {
        let stream = spread(ToyDigest.words(seed, bytes.count / 8 + 1))
        return zip(bytes, stream).map { $0 ^ $1 }
    }

    private static func proof(_ body: [UInt8], _ bytes: [UInt8], _ key: KeyName, _ purpose: String) -> [UInt8] {
        spread(ToyDigest.words(bytes + body + Array("\(key.project)/\(key.epoch) \(purpose)".utf8), 2))
    }

    private static func spread(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    }
}

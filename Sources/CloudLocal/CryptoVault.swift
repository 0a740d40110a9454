import CloudCore
import CloudHost
import CloudIdentity
import Crypto
import CryptoExtras
import Dispatch
import Foundation
import Synchronization

/// Signatures and password hashes by swift-crypto, under a key that is made at the first start.
public struct CryptoVault: Vault {
    private let key: SymmetricKey
    /// Hashing takes tens of milliseconds of a processor; it has a thread of its own, so that it never holds up others.
    private static let bench = DispatchQueue(label: "akashi.passwords")

    /// - Parameter path: where the key is, or is put: 32 bytes that only root reads.
    public init(keyFile path: String) throws(CloudError) {
        if let bytes = try Files.read(path), bytes.count == 32 {
            key = SymmetricKey(data: bytes)
            return
        }
        let fresh = SymmetricKey(size: .bits256)
        try Files.write(fresh.withUnsafeBytes { Array($0) }, to: path, mode: 0o600)
        key = fresh
    }

    public func mac(_ bytes: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
    }

    /// scrypt's cost (RFC 7914): 16 MiB of memory and some 40 ms.
    private static let rounds = 16_384

    public func hash(_ password: String) async throws(CloudError) -> String {
        let salt = SystemDice().bytes(16)
        guard let hash = try await Self.derive(password, salt) else { throw .fault("scrypt failed") }
        return "scrypt$\(Self.rounds)$8$1$" + Base64.encode(salt) + "$" + Base64.encode(hash)
    }

    public func verify(_ password: String, _ hash: String) async throws(CloudError) -> Bool {
        let parts = hash.split(separator: "$")
        let isWhole = parts.count == 6 && parts[0] == "scrypt" && parts[1] == String(Self.rounds)
        // Without a hash the same work is done, so that the time does not tell who exists.
        let salt = isWhole ? Base64.decode(parts[4].utf8) ?? [] : [UInt8](repeating: 0, count: 16)
        let wanted = isWhole ? Base64.decode(parts[5].utf8) ?? [] : []
        guard let found = try await Self.derive(password, salt), isWhole, found.count == wanted.count else {
            return false
        }
        return zip(found, wanted).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// How many may wait for their turn: some three seconds of work. A flood of log-ins is turned away, rather than
    /// everyone waiting longer and longer.
    private static let room = 64
    private static let waiting = Mutex(0)

    private static func derive(_ password: String, _ salt: [UInt8]) async throws(CloudError) -> [UInt8]? {
        let isIn = waiting.withLock { count in
            guard count < room else { return false }
            count += 1
            return true
        }
        guard isIn else { throw .unavailable("log-in", "\(room) passwords wait to be hashed") }
        return await withCheckedContinuation { done in
            bench.async {
                defer { waiting.withLock { $0 -= 1 } }
                let key = try? KDF.Scrypt.deriveKey(
                    from: Data(password.utf8), salt: Data(salt), outputByteCount: 32, rounds: rounds, blockSize: 8,
                    parallelism: 1)
                done.resume(returning: key?.withUnsafeBytes { Array($0) })
            }
        }
    }
}

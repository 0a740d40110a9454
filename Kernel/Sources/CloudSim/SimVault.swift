import CloudCompute
import CloudCore
import CloudIdentity

/// A digest that tells texts apart and protects nothing (FNV-1a, several times over).
enum ToyDigest {
    static func words(_ bytes: some Sequence<UInt8>, _ count: Int) -> [UInt64] {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<count).map { place in
            var word = sum &+ UInt64(place) &* 0x9e37_79b9_7f4a_7c15
            word = (word ^ (word >> 31)) &* 0xbf58_476d_1ce4_e5b9
            return word ^ (word >> 29)
        }
    }
    static func hex(_ bytes: some Sequence<UInt8>, _ count: Int) -> String {
        words(bytes, count).map { Hex.string($0) }.joined()
    }
}

/// Identity's cryptography as a toy: quick, the same every time, and worth nothing outside of a simulation.
public struct SimVault: Vault {
    private let key: [UInt8]

    public init(key: UInt64 = 1) { self.key = Array(Hex.string(key).utf8) }

    public func mac(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for word in ToyDigest.words(key + bytes, 4) {
            withUnsafeBytes(of: word.littleEndian) { out.append(contentsOf: $0) }
        }
        return out
    }
    public func hash(_ password: String) async throws(CloudError) -> String {
        "toy$" + ToyDigest.hex(password.utf8, 2)
    }
    public func verify(_ password: String, _ hash: String) async throws(CloudError) -> Bool {
        "toy$" + ToyDigest.hex(password.utf8, 2) == hash
    }
}

/// Keys that only look like some.
public struct SimKeys: KeyMaker {
    private let dice: any Dice

    public init(_ dice: any Dice) { self.dice = dice }

    public func make(_ type: Keypair.KeyType, _ comment: String) async throws(CloudError)
        -> (publicKey: String, privateKey: String)
    {
        let body = Base64.encode(dice.bytes(32))
        if type == .x509 { return ("-----BEGIN CERTIFICATE-----\n\(body)\n", "SIMULATED PRIVATE KEY \(body)") }
        return ("ssh-ed25519 \(body) \(comment)", "SIMULATED PRIVATE KEY \(body)")
    }

    public func fingerprint(_ type: Keypair.KeyType, _ publicKey: String) throws(CloudError) -> String {
        let words = publicKey.split(separator: " ")
        let isOne =
            type == .x509
            ? publicKey.hasPrefix("-----BEGIN CERTIFICATE-----")
            : words.count >= 2 && (words[0].hasPrefix("ssh-") || words[0].hasPrefix("ecdsa-"))
                && Base64.decode(words[1].utf8) != nil
        guard isOne else { throw .invalid("The text is no public key of type \(type).", field: "public_key") }
        let digits = Array(ToyDigest.hex(publicKey.utf8, 2))
        return stride(from: 0, to: 32, by: 2).map { String(digits[$0...$0 + 1]) }.joined(separator: ":")
    }
}

/// One entry of CRYPTREC's list of recommended ciphers.
public struct ListedAlgorithm: Hashable, Sendable {
    /// The table of the list that it stands in.
    public enum Family: String, CaseIterable, Sendable {
        case signature, keyTransport, keyExchange, blockCipher, streamCipher, hash, extendableHash, confidentialityMode
        case diskMode, authenticatedMode, messageCode, authenticatedCipher
    }

    /// As the list writes it.
    public let name: String
    public let family: Family
    /// What of it may be chosen: bits of a key or modulus, or names of curves. Empty where there is no choice.
    public let parameters: [String]
    /// What it is for, and within which limits.
    public let role: String

    init(_ name: String, _ family: Family, _ parameters: [String], _ role: String) {
        (self.name, self.family, self.parameters, self.role) = (name, family, parameters, role)
    }
    init(_ name: String, _ family: Family, _ role: String) { self.init(name, family, [], role) }

    /// Bits of a modulus of 112 bits of strength and more: the least that CRYPTREC LS-0003 still lets new keys have.
    private static let moduli = ["2048", "3072", "4096", "6144", "8192"]
    private static let curves = ["P-256", "P-384", "P-521"]
    private static let keys = ["128", "192", "256"]

    /// The document that `recommended` follows.
    public static let source = "CRYPTREC LS-0001-2022R1"

    /// The e-Government recommended ciphers: the first of the document's three lists, save for entity authentication
    /// (ISO/IEC 9798), which nothing here chooses. Candidates and what is only watched are not in it. Later issues add
    /// algorithms that withstand quantum computers; what is added here is allowed everywhere at once.
    public static let recommended: [ListedAlgorithm] = [
        .init("RSA-PSS", .signature, moduli, "signatures"),
        .init("RSASSA-PKCS1-v1_5", .signature, moduli, "signatures"),
        .init("DSA", .signature, ["2048", "3072"], "signatures"),
        .init("ECDSA", .signature, curves, "signatures"),
        .init("EdDSA", .signature, ["Ed25519", "Ed448"], "signatures"),
        .init("RSA-OAEP", .keyTransport, moduli, "keys under another's public key"),
        .init("DH", .keyExchange, moduli, "agreeing on keys"),
        .init("ECDH", .keyExchange, curves, "agreeing on keys"),
        .init("AES", .blockCipher, keys, "in a mode of the list"),
        .init("Camellia", .blockCipher, keys, "in a mode of the list"),
        .init("KCipher-2", .streamCipher, ["128"], "confidentiality"),
        .init("SHA-256", .hash, "digests"),
        .init("SHA-384", .hash, "digests"),
        .init("SHA-512", .hash, "digests"),
        .init("SHA-512/256", .hash, "digests"),
        .init("SHA3-256", .hash, "digests"),
        .init("SHA3-384", .hash, "digests"),
        .init("SHA3-512", .hash, "digests"),
        .init("SHAKE128", .extendableHash, "digests of at least 256 bits"),
        .init("SHAKE256", .extendableHash, "digests of at least 256 bits"),
        .init("CBC", .confidentialityMode, keys, "confidentiality"),
        .init("CFB", .confidentialityMode, keys, "confidentiality"),
        .init("CTR", .confidentialityMode, keys, "confidentiality"),
        .init("OFB", .confidentialityMode, keys, "confidentiality"),
        // NIST SP 800-38E knows it with two keys of 128 or of 256 bits.
        .init("XTS", .diskMode, ["128", "256"], "storage in blocks, and nothing else"),
        .init("CCM", .authenticatedMode, keys, "confidentiality and integrity"),
        .init("GCM", .authenticatedMode, keys, "confidentiality and integrity"),
        .init("CMAC", .messageCode, keys, "integrity, by a block cipher"),
        .init("HMAC", .messageCode, "integrity, by a hash"),
        .init("ChaCha20-Poly1305", .authenticatedCipher, "confidentiality and integrity"),
    ]
}

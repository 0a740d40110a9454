/// What an algorithm is chosen for; it decides what of the list may be chosen.
public enum CryptoUse: String, CaseIterable, Sendable {
    /// Blocks of a disk, which have no room for a proof.
    case disk
    /// Packets on a line, with or without a code of their own.
    case traffic
    /// Keys, secrets and files: whoever reads them also learns that nobody changed them.
    case sealing
    case integrity, digest, signature, keyExchange, keyTransport
}

/// Refuses, wherever an algorithm is configured, what is not of CRYPTREC's list of recommended ciphers.
///
/// Names are put together of the list's own: `aes-256-xts`, `camellia-128-gcm`, `hmac-sha-256`, `cmac-aes-128`,
/// `ecdsa-p-384`, `rsa-pss-3072`, `dh-2048`. Case, hyphens, slashes and underscores make no difference.
public enum CryptoPolicy {
    /// All that may be chosen for a use, in the list's order.
    public static func allowed(for use: CryptoUse) -> [String] { table[use]!.names }

    /// Whether this may be chosen.
    public static func allows(_ algorithm: String, for use: CryptoUse) -> Bool {
        algorithm.utf8.count <= 64 && table[use]!.known.contains(plain(algorithm))
    }

    /// Throws `invalid`, with the list of what is allowed, for all else. `field` is where it was said.
    public static func require(_ algorithm: String, for use: CryptoUse, field: String? = nil) throws(CloudError) {
        guard !allows(algorithm, for: use) else { return }
        let shown = String(String.UnicodeScalarView(algorithm.unicodeScalars.prefix(64).filter { $0.value >= 0x20 }))
        throw .invalid(
            "'\(shown)' is not of the CRYPTREC list of recommended ciphers (\(ListedAlgorithm.source)) for this use (\(use.rawValue)). Choose one of: \(allowed(for: use).joined(separator: ", ")).",
            field: field)
    }

    private static let table: [CryptoUse: (names: [String], known: Set<String>)] = {
        var table: [CryptoUse: (names: [String], known: Set<String>)] = [:]
        for use in CryptoUse.allCases {
            let names = compose(use).map { $0.lowercased() }
            table[use] = (names, Set(names.map(plain)))
        }
        return table
    }()

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0 != "-" && $0 != "/" && $0 != "_" })
    }

    private static func entries(_ family: ListedAlgorithm.Family) -> [ListedAlgorithm] {
        ListedAlgorithm.recommended.filter { $0.family == family }
    }

    private static func compose(_ use: CryptoUse) -> [String] {
        switch use {
        case .disk: ciphers(in: .diskMode)
        case .traffic: ciphers(in: .confidentialityMode) + choices(.streamCipher) + compose(.sealing)
        case .sealing: ciphers(in: .authenticatedMode) + choices(.authenticatedCipher)
        case .integrity: codes()
        case .digest: choices(.hash) + choices(.extendableHash)
        case .signature: choices(.signature)
        case .keyExchange: choices(.keyExchange)
        case .keyTransport: choices(.keyTransport)
        }
    }

    /// Each entry with each of its parameters.
    private static func choices(_ family: ListedAlgorithm.Family) -> [String] {
        entries(family).flatMap { entry in
            entry.parameters.isEmpty ? [entry.name] : entry.parameters.map { "\(entry.name)-\($0)" }
        }
    }

    /// Each block cipher in each mode of a family, with the keys that both know.
    private static func ciphers(in family: ListedAlgorithm.Family) -> [String] {
        entries(.blockCipher).flatMap { cipher in
            entries(family).flatMap { mode in
                cipher.parameters.filter(mode.parameters.contains).map { "\(cipher.name)-\($0)-\(mode.name)" }
            }
        }
    }

    /// A code with a key length is of a block cipher; the other is of a hash.
    private static func codes() -> [String] {
        entries(.messageCode).flatMap { code in
            code.parameters.isEmpty
                ? entries(.hash).map { "\(code.name)-\($0.name)" }
                : entries(.blockCipher).flatMap { cipher in
                    cipher.parameters.filter(code.parameters.contains).map { "\(code.name)-\(cipher.name)-\($0)" }
                }
        }
    }
}

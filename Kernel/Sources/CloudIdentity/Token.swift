import CloudCore

/// What a token says; it is signed, so nothing need be looked up to know that Akashi said it.
struct Token: Hashable, Sendable {
    var user: ID<User>
    /// Nil for a token without scope.
    var project: ID<Project>?
    /// `password`, `token`.
    var methods: [String]
    var issuedAt: Instant
    var expiresAt: Instant
    /// Names this token in logs and revocations.
    var auditID: String
    /// The first token of a chain that was made one from another.
    var parentID: String

    /// The token's text: payload and signature in base64url.
    func sealed(_ vault: any Vault) -> String {
        let payload = Array(
            [
                user.text, project?.text ?? "", methods.joined(separator: ","), String(issuedAt.microseconds),
                String(expiresAt.microseconds), auditID, parentID,
            ].joined(separator: "|").utf8)
        return Base64.url(payload) + "." + Base64.url(vault.mac(payload))
    }

    /// Nil where the text is malformed or was not sealed by this vault.
    init?(_ text: String, _ vault: any Vault) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let payload = Base64.decode(parts[0]), let mac = Base64.decode(parts[1]),
            Self.isEqual(mac, vault.mac(payload))
        else { return nil }
        let words = String(decoding: payload, as: UTF8.self).split(separator: "|", omittingEmptySubsequences: false)
        guard words.count == 7, let issued = Int64(words[3]), let expires = Int64(words[4]) else { return nil }
        user = ID(String(words[0]))
        project = words[1].isEmpty ? nil : ID(String(words[1]))
        methods = words[2].split(separator: ",").map(String.init)
        issuedAt = Instant(microseconds: issued)
        expiresAt = Instant(microseconds: expires)
        auditID = String(words[5])
        parentID = String(words[6])
    }

    init(
        user: ID<User>, project: ID<Project>?, methods: [String], issuedAt: Instant, expiresAt: Instant,
        auditID: String, parentID: String
    ) {
        (self.user, self.project, self.methods, self.issuedAt) = (user, project, methods, issuedAt)
        (self.expiresAt, self.auditID, self.parentID) = (expiresAt, auditID, parentID)
    }

    /// Compares in a time that depends on the length alone.
    private static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

import CloudCore

/// What a token says; it is signed, so nothing need be looked up to know that Akashi said it.
struct Token: Hashable, Sendable {
    var user: ID<User>
    /// The user's generation when it was issued: a token of an earlier one is void.
    var generation = 0
    /// Nil for a token without scope.
    var scope: Scope?
    /// `password`, `token`, `application_credential`.
    var methods: [String]
    var issuedAt: Instant
    var expiresAt: Instant
    /// Names this token in logs and revocations.
    var auditID: String
    /// The first token of a chain that was made one from another.
    var parentID: String
    /// The application credential it was made from: the token is no more than that is.
    var credential: ID<ApplicationCredential>?

    /// The project it is for, if it is for one.
    var project: ID<Project>? { if case .project(let id) = scope { id } else { nil } }

    /// All that it says.
    var payload: String {
        [
            user.text, String(generation), scope?.text ?? "", methods.joined(separator: ","),
            String(issuedAt.microseconds), String(expiresAt.microseconds), auditID, parentID,
            credential?.text ?? "",
        ].joined(separator: "|")
    }

    /// The token's text: payload and signature in base64url.
    func sealed(_ vault: any Vault) -> String {
        let payload = Array(payload.utf8)
        return Base64.url(payload) + "." + Base64.url(vault.mac(payload))
    }

    /// Nil where the text is malformed or was not sealed by this vault.
    init?(_ text: String, _ vault: any Vault) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let payload = Base64.decode(parts[0]), let mac = Base64.decode(parts[1]),
            Self.isEqual(mac, vault.mac(payload))
        else { return nil }
        self.init(payload: String(decoding: payload, as: UTF8.self))
    }

    /// Nil where the text is no payload. Whether it was ever sealed is for the caller to know.
    init?(payload: String) {
        let words = payload.split(separator: "|", omittingEmptySubsequences: false)
        guard words.count == 9, let generation = Int(words[1]), let issued = Int64(words[4]),
            let expires = Int64(words[5]),
            words[2].isEmpty || Scope(words[2]) != nil
        else { return nil }
        user = ID(String(words[0]))
        self.generation = generation
        scope = Scope(words[2])
        methods = words[3].split(separator: ",").map(String.init)
        issuedAt = Instant(microseconds: issued)
        expiresAt = Instant(microseconds: expires)
        auditID = String(words[6])
        parentID = String(words[7])
        credential = words[8].isEmpty ? nil : ID(String(words[8]))
    }

    init(
        user: ID<User>, generation: Int, scope: Scope?, methods: [String], issuedAt: Instant, expiresAt: Instant,
        auditID: String, parentID: String
    ) {
        (self.user, self.generation, self.scope, self.methods) = (user, generation, scope, methods)
        (self.issuedAt, self.expiresAt, self.auditID, self.parentID) = (issuedAt, expiresAt, auditID, parentID)
    }

    /// Compares in a time that depends on the length alone.
    private static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

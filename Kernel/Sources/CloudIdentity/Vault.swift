import CloudCore

/// The cryptography that identity needs, from a library: nothing of it is ours.
public protocol Vault: Sendable {
    /// HMAC-SHA256 (RFC 2104) under a key that never leaves: 32 bytes.
    func mac(_ bytes: [UInt8]) -> [UInt8]
    /// A salted scrypt hash (RFC 7914) with its parameters, as text. Takes tens of milliseconds, off the caller's thread.
    /// `unavailable` where too many wait already.
    func hash(_ password: String) async throws(CloudError) -> String
    /// Whether a password has this hash. Takes as long for an empty hash, which no password has. `unavailable` where
    /// too many wait already.
    func verify(_ password: String, _ hash: String) async throws(CloudError) -> Bool
}

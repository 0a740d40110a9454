import CloudCore

/// Names one of a project's keys in the token. Projects' keys have epochs: each replaces the one before, which is then
/// destroyed, and with it whatever nobody sealed anew.
public struct KeyName: Hashable, Comparable, Sendable {
    public var project: ProjectID
    /// From 1 on.
    public var epoch: Int
    public init(project: ProjectID, epoch: Int) { (self.project, self.epoch) = (project, epoch) }

    public static func < (one: Self, other: Self) -> Bool {
        (one.project, one.epoch) < (other.project, other.epoch)
    }
}

/// Keys that never leave where they are: a PKCS#11 token, or its twin. All are of 256 bits, for AES-GCM.
///
/// Besides what is said below, every call throws `invalid` for names and sizes outside of `KeyLimits`, `unavailable`
/// where the token cannot be reached or too many wait for it, and `timeout` where it does not answer.
public protocol KeyToken: Sendable {
    /// Makes the key if it is missing. It cannot be read out, not even by the operator.
    func ensureKey(_ key: KeyName) async throws(CloudError)
    /// Takes over a key that its tenant brings: 32 bytes. Done where that very key is there already; `conflict` where
    /// another is there under its name; `invalid` where this token takes none that was made elsewhere.
    func importKey(_ key: KeyName, _ bytes: [UInt8]) async throws(CloudError)
    /// Encrypts a secret of 1 to 4,096 bytes; only `open` with the same key, of the same name, and the same purpose
    /// reads it. `missing` where there is no such key.
    func seal(_ secret: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8]
    /// Reads what was sealed; `missing` where there is no such key, `invalid` where it was sealed under another, for
    /// something else, or was changed.
    func open(_ sealed: [UInt8], under key: KeyName, for purpose: String) async throws(CloudError) -> [UInt8]
    /// A number by which a key is known without being read: the first 8 bytes of its AES-CMAC (RFC 4493) over 16 zero
    /// bytes, as 16 hexadecimal digits. `missing` where there is no such key.
    func checkValue(of key: KeyName) async throws(CloudError) -> String
    /// Destroys the key for good: one made later under its name opens nothing of what it sealed. Only a key that its
    /// tenant brought can come back, if the tenant kept it and brings it again. Done when there is none of the name.
    func removeKey(_ key: KeyName) async throws(CloudError)
    /// Every key that is there.
    func keys() async throws(CloudError) -> Set<KeyName>
}

/// The bounds of what a token is asked, which every token keeps.
public enum KeyLimits {
    public static let epochs = 1...999_999_999
    /// Bytes.
    public static let secret = 1...4096
    /// Bytes of UTF-8.
    public static let purpose = 1...256
    /// Bytes.
    public static let key = 32

    /// Throws `invalid` for a project's id that is not plain, and an epoch out of bounds.
    public static func check(_ key: KeyName) throws(CloudError) {
        guard key.project.isPlain else {
            throw .invalid("A key's project is named by 1 to 64 small letters, digits and hyphens.")
        }
        guard epochs.contains(key.epoch) else {
            throw .invalid("A key's epoch is a number of \(epochs.lowerBound) to \(epochs.upperBound).")
        }
    }

    /// Throws `invalid` for a purpose that is empty or too long.
    public static func check(purpose text: String) throws(CloudError) {
        guard purpose.contains(text.utf8.count) else {
            throw .invalid("What is sealed has a purpose of 1 to \(purpose.upperBound) bytes.")
        }
    }

    /// Throws `invalid` for a secret that is empty or too long.
    public static func check(secret bytes: [UInt8]) throws(CloudError) {
        guard secret.contains(bytes.count) else {
            throw .invalid("A secret to be sealed has 1 to \(secret.upperBound) bytes, not \(bytes.count).")
        }
    }

    /// Throws `invalid` for what is no key of 256 bits.
    public static func check(imported bytes: [UInt8]) throws(CloudError) {
        guard bytes.count == key else { throw .invalid("A key has \(key) bytes, not \(bytes.count).") }
    }

    /// Why nothing was opened; the same whatever was wrong, so that it tells nobody more.
    public static let unreadable = CloudError.invalid(
        "It was sealed under another key or for another purpose, or was changed.")
}

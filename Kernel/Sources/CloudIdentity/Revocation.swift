import CloudCore
import CloudStore

/// A token that was given back before its time; kept until that time.
public struct Revocation: Resource {
    public var expiresAt: Instant?

    public init() {}

    /// Its id is the token's audit id.
    public static let kind = Kind("revocation", "revocations", service: "identity")
    public static let access = Access.system
    public static let fields: [Field<Revocation>] = [
        .time("expires_at", \.expiresAt, [.read, .indexed], "When the token would have ended by itself.")
    ]
}

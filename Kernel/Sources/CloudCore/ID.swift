/// A name for one thing of one type; an `ID<Port>` cannot be passed where an `ID<Server>` is meant.
///
/// The text is what the API shows: a UUID in lower case, or 32 hexadecimal digits for identity (Keystone's form).
public struct ID<Of>: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }

    /// Whether it is of at most 64 plain letters, digits and hyphens, so that names and paths may be made of it.
    public var isPlain: Bool { (1...64).contains(text.utf8.count) && text.isPlain }

    public static func < (a: Self, b: Self) -> Bool { a.text < b.text }
}

/// The host that a port call is for: a name the operator gave a machine.
public enum HostTag {}
public typealias HostName = ID<HostTag>

/// Anything that can be owned has a project; identity defines what a project is.
public enum ProjectTag {}
public typealias ProjectID = ID<ProjectTag>

/// Whoever acts; identity defines what a user is.
public enum UserTag {}
public typealias UserID = ID<UserTag>

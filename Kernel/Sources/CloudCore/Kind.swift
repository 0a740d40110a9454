/// What sort of thing a resource is: its noun, as API, table, audit log and messages say it.
public struct Kind: Hashable, Sendable, CustomStringConvertible {
    /// The noun in the singular, lower case, words joined by `_`: `port`, `security_group`.
    public let name: String
    /// The noun in the plural, also the table's name.
    public let plural: String
    /// The service that keeps it: `network`, `compute`.
    public let service: String

    public init(_ name: String, _ plural: String, service: String) {
        (self.name, self.plural, self.service) = (name, plural, service)
    }

    /// The noun as a sentence begins with it: `Security group`.
    public var title: String {
        let words = name.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    public var description: String { name }

    /// The name alone tells kinds apart; they are looked up several times a request.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Whose a kind of resource is.
public enum Access: Sendable {
    /// A project owns each; others cannot tell that it exists.
    case project
    /// The cloud's own; the routes say who reads it, only an operator changes it.
    case system
}

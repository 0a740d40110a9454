/// Rows of a kind by which an owner lets further projects see a resource.
public struct Shares: Sendable {
    /// The kind of the rows.
    public let kind: Kind
    /// The rows' column with the id of what is shared, and the one with the project that sees it, or `everyone`.
    public let object: String, target: String
    /// What the rows must say beside.
    public let conditions: [(column: String, value: JSON)]
    /// The resource's own column with the id of what is shared: its own, or that of what it is a part of.
    public let column: String
    /// Stands for every project.
    public static let everyone = "*"

    public init(
        _ kind: Kind, object: String, target: String, conditions: [(column: String, value: JSON)], column: String
    ) {
        (self.kind, self.object, self.target) = (kind, object, target)
        (self.conditions, self.column) = (conditions, column)
    }
}

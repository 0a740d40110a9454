import CloudCore

/// Which resources of a kind, in which order. Every list is bounded by `limit`.
public struct Query: Hashable, Sendable {
    /// A column has one of some values. `id`, `project_id`, `created_at` and `updated_at` count as columns.
    public struct Condition: Hashable, Sendable {
        public var column: String
        public var among: [JSON]
        public init(_ column: String, among: [JSON]) { (self.column, self.among) = (column, among) }
    }
    /// What equality cannot say.
    public enum Test: Hashable, Sendable {
        /// A number within bounds, both inclusive, or outside of them.
        case between(String, ClosedRange<Int>, isInside: Bool = true)
        /// A list of texts that holds one, or an object that holds it under a key.
        case holds(String, key: String?, String)

        /// The column that is looked at.
        public var column: String {
            switch self {
            case .between(let column, _, _), .holds(let column, _, _): column
            }
        }

        /// Whether a value of the column is as the test wants it.
        public func permits(_ value: JSON) -> Bool {
            switch self {
            case .between(_, let range, let isInside): value.integer.map { range.contains($0) == isInside } ?? false
            case .holds(_, nil, let text): value.array?.contains(.string(text)) ?? false
            case .holds(_, let key?, let text): value[key] == .string(text)
            }
        }
    }
    public struct Order: Hashable, Sendable {
        public var column: String
        public var ascending: Bool
        public init(_ column: String, ascending: Bool = true) { (self.column, self.ascending) = (column, ascending) }
    }

    public var kind: Kind
    public var conditions: [Condition] = []
    /// At least one of these holds too, if there are any.
    public var either: [Condition] = []
    /// All of these hold too.
    public var tests: [Test] = []
    /// Whether those whose deletion was asked for are listed too.
    public var includesDeleting = false
    /// Ties are broken by `id`, so that the order is total.
    public var order: [Order] = [Order("created_at")]
    /// Begin behind this resource, in the order above.
    public var after: String?
    public var limit: Int

    public init(_ kind: Kind, limit: Int = 1000) { (self.kind, self.limit) = (kind, limit) }

    public func with(_ column: String, _ value: JSON) -> Query { with(column, among: [value]) }

    public func with(_ column: String, among values: [JSON]) -> Query {
        var query = self
        query.conditions.append(Condition(column, among: values))
        return query
    }
}

extension Query {
    /// All of a kind, those whose deletion was asked for included.
    public static func everything(_ kind: Kind) -> Query {
        var query = Query(kind, limit: .max)
        query.includesDeleting = true
        return query
    }
}

extension Row {
    /// The value of a column by name, the common ones included; nil where the schema has none.
    public func value(_ column: String, _ schema: Schema) -> JSON? {
        switch column {
        case "id": return .string(id)
        case "project_id": return .string(project)
        case "created_at": return .integer(Int(createdAt.microseconds))
        case "updated_at": return .integer(Int(updatedAt.microseconds))
        default:
            guard let place = schema.columns.firstIndex(where: { $0.name == column }) else { return nil }
            return values[place]
        }
    }
}

/// One type of thing the cloud keeps: a value with a table of fields.
public protocol Resource: Sendable {
    /// A draft with every default in place.
    init()
    static var kind: Kind { get }
    static var access: Access { get }
    static var fields: [Field<Self>] { get }
    /// The column and value by which an owner lets every project see a resource; nil where that is not offered.
    static var opening: (column: String, value: JSON)? { get }
    /// The column that names a further project that sees a resource; nil where only its owner does.
    static var partner: String? { get }
    /// The rows by which an owner lets further projects see it; nil where that is not offered.
    static var shares: Shares? { get }
    /// Whether the tenant still sees it while it is being deleted.
    static var isShownWhileDeleted: Bool { get }
    /// Sums that the store keeps, beside the number of a project's resources.
    static var totals: [Totals] { get }
    /// Whether the cloud made it for its project and it goes with that, instead of keeping it from being deleted.
    static func goesWithProject(_ it: Self) -> Bool
}

extension Resource {
    public static var opening: (column: String, value: JSON)? { nil }
    public static var partner: String? { nil }
    public static var shares: Shares? { nil }
    public static var isShownWhileDeleted: Bool { false }
    public static var totals: [Totals] { [] }
    public static func goesWithProject(_ it: Self) -> Bool { false }
}

/// A resource as the store keeps it: the value and what is common to all.
@dynamicMemberLookup
public struct Stored<R: Resource>: Sendable {
    public let id: ID<R>
    /// The owner; empty for the cloud's own resources.
    public let project: ProjectID
    public let createdAt: Instant
    public var updatedAt: Instant
    /// Raised by every write; a write says which version it saw.
    public var version: Int
    /// When its deletion was asked for; from then on most kinds are hidden, until the engine has removed them.
    public var deletingSince: Instant?
    public var value: R

    public init(
        id: ID<R>, project: ProjectID, createdAt: Instant, updatedAt: Instant, version: Int,
        deletingSince: Instant?, value: R
    ) {
        (self.id, self.project, self.createdAt, self.updatedAt) = (id, project, createdAt, updatedAt)
        (self.version, self.deletingSince, self.value) = (version, deletingSince, value)
    }

    // Inlined, so that a path becomes a plain access instead of an object that is made anew each time.
    @inlinable
    public subscript<V>(dynamicMember path: WritableKeyPath<R, V>) -> V {
        get { value[keyPath: path] }
        set { value[keyPath: path] = newValue }
    }
    @inlinable
    public subscript<V>(dynamicMember path: KeyPath<R, V>) -> V { value[keyPath: path] }
}

/// Sums over all resources that have a value in a column, and their number. A store keeps them, so that a quota is checked as
/// fast among many as among few.
public struct Totals: Hashable, Sendable {
    /// The column, of texts.
    public let by: String
    /// What is added up: columns of whole numbers.
    public let of: [String]
    public init(by: String, of: [String] = []) { (self.by, self.of) = (by, of) }
}

/// A resource type without its Swift type: what a store and a document writer need of it.
public struct Schema: Sendable {
    /// One column.
    public struct Column: Sendable {
        public let name: String
        public let type: FieldType
        public let rights: Rights
        public let help: String
    }
    public let kind: Kind
    public let access: Access
    public let columns: [Column]
    /// Those of its projects among them.
    public let totals: [Totals]
    /// The labels of its lifecycle; empty for a passive resource.
    public let labels: [String]
    /// Whether a resource of these values goes with its project.
    public let goesWithProject: @Sendable ([JSON]) throws(CloudError) -> Bool

    public init<R: Resource>(_ type: R.Type, labels: [String] = []) {
        kind = R.kind
        access = R.access
        columns = R.fields.map { Column(name: $0.name, type: $0.type, rights: $0.rights, help: $0.help) }
        self.labels = labels
        totals = R.totals.contains { $0.by == "project_id" } ? R.totals : [Totals(by: "project_id")] + R.totals
        goesWithProject = { (values) throws(CloudError) in
            var it = R()
            for (field, value) in zip(R.fields, values) { try field.load(&it, value) }
            return R.goesWithProject(it)
        }
    }
}

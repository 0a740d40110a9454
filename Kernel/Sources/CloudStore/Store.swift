import CloudCore

/// A consistent view of what is kept.
public protocol Reader {
    var schemas: Schemas { get }
    var now: Instant { get }
    func row(_ kind: Kind, _ id: String) throws(CloudError) -> Row?
    func rows(_ query: Query) throws(CloudError) -> [Row]
    /// How many there are, without regard to order, start and limit.
    func count(_ query: Query) throws(CloudError) -> Int
    /// What a column of whole numbers adds up to over all of them; 0 for none.
    func sum(_ column: String, _ query: Query) throws(CloudError) -> Int
    func signals(_ target: Reference) throws(CloudError) -> [PendingSignal]
    func work(_ target: Reference) throws(CloudError) -> Work?
    /// Lifecycles that nobody holds and that a signal or their time calls, earliest first.
    func dueWork(limit: Int) throws(CloudError) -> [Work]
    /// The earliest time at which some lifecycle may be due without a signal: when one calls, or a lease ends.
    func nextWork() throws(CloudError) -> Instant?
    /// The keys claimed in a space.
    func claims(_ space: String) throws(CloudError) -> Set<String>
    /// The audit log from a place on; `project` narrows it to one tenant's records.
    func audit(after sequence: Int, project: ProjectID?, limit: Int) throws(CloudError) -> [AuditRecord]
    /// Runs `body` and tells, beside its value, what all that it read is remembered by; nil where something is not.
    func sourced<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> (value: T, sources: [Memo]?)
}

/// A transaction. All of it happens or none.
public protocol Writer: Reader {
    /// What the audit log will say of this transaction; what is being done may still be made precise.
    var record: AuditRecord? { get nonmutating set }
    /// `conflict` where a unique value is taken or the id exists.
    func insert(_ kind: Kind, _ row: Row) throws(CloudError)
    /// Replaces the row if it still has version `row.version - 1`; `stale` if not.
    func update(_ kind: Kind, _ row: Row) throws(CloudError)
    /// Removes the row, its claims, signals and work.
    func remove(_ target: Reference) throws(CloudError)
    func raise(_ signal: Signal, _ target: Reference) throws(CloudError)
    func clear(_ signals: [PendingSignal]) throws(CloudError)
    func put(_ work: Work) throws(CloudError)
    /// Takes a key of a space for an owner; `conflict` if another has it. Released with its owner.
    func claim(_ space: String, _ key: String, for owner: Reference) throws(CloudError)
    func release(_ space: String, _ key: String) throws(CloudError)
    /// Writes a further line of the audit log.
    func append(_ record: AuditRecord) throws(CloudError)
}

/// Where everything is kept. One contract suite holds every implementation.
public protocol Store: Sendable {
    func read<T: Sendable>(
        _ body: @escaping @Sendable (any Reader) throws(CloudError) -> T
    ) async throws(CloudError) -> T

    /// Runs a transaction and writes its audit record with it. Without a record, changing a resource is a fault:
    /// only the engine's own notes may be written so.
    func write<T: Sendable>(
        _ record: AuditRecord?, _ body: @escaping @Sendable (any Writer) throws(CloudError) -> T
    ) async throws(CloudError) -> T

    /// Calls back after each commit with what it changed and a view that holds it, before the writer's caller goes
    /// on. The calls come one after the other, each with a view at least as new as the one before.
    func observe(_ onCommit: @escaping @Sendable (Set<Reference>, any Reader) -> Void)

    /// The same store for who looks at everything now and then, as lifecycles do, and who would fill its memory with what
    /// nobody else asks for.
    var withoutRemembering: any Store { get }
}

extension Store {
    public var withoutRemembering: any Store { self }
}

/// The types of resource that a store keeps, by kind.
public struct Schemas: Sendable {
    public let all: [Schema]
    private let byKind: [Kind: Schema]
    /// For each kind, the kinds and columns that refer to it.
    private let referrers: [Kind: [(kind: Kind, column: String)]]

    public init(_ all: [Schema]) {
        self.all = all
        byKind = Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
        var referrers: [Kind: [(kind: Kind, column: String)]] = [:]
        for schema in all {
            for column in schema.columns {
                if case .reference(let target, _) = column.type {
                    referrers[target, default: []].append((schema.kind, column.name))
                }
            }
        }
        self.referrers = referrers
    }

    public subscript(kind: Kind) -> Schema { byKind[kind]! }
    public func find(_ kindName: String) -> Schema? { all.first { $0.kind.name == kindName } }
    public func referring(to kind: Kind) -> [(kind: Kind, column: String)] { referrers[kind] ?? [] }
}

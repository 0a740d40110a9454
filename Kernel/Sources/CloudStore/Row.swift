import CloudCore

/// A resource as a store sees it: what is common to all, and the fields' values in the table's order.
public struct Row: Hashable, Sendable {
    public var id: String
    public var project: String
    public var createdAt: Instant
    public var updatedAt: Instant
    public var version: Int
    public var deletingSince: Instant?
    public var values: [JSON]
    /// What was made of it, for rows that are kept in memory. It follows from the row, so it does not count when rows are
    /// compared.
    public var memo: Memo?

    public init(
        id: String, project: String, createdAt: Instant, updatedAt: Instant, version: Int, deletingSince: Instant?,
        values: [JSON]
    ) {
        (self.id, self.project, self.createdAt, self.updatedAt) = (id, project, createdAt, updatedAt)
        (self.version, self.deletingSince, self.values) = (version, deletingSince, values)
    }

    public static func == (a: Row, b: Row) -> Bool {
        a.id == b.id && a.version == b.version && a.project == b.project && a.createdAt == b.createdAt
            && a.updatedAt == b.updatedAt && a.deletingSince == b.deletingSince && a.values == b.values
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(version)
    }

    init<R: Resource>(_ stored: Stored<R>) {
        self.init(
            id: stored.id.text, project: stored.project.text, createdAt: stored.createdAt, updatedAt: stored.updatedAt,
            version: stored.version, deletingSince: stored.deletingSince, values: R.fields.map { $0.get(stored.value) })
    }

    /// The resource that the row is; `fault` where it cannot be one.
    public func decode<R: Resource>(_ type: R.Type) throws(CloudError) -> Stored<R> {
        if let known = memo?.value as? Stored<R> { return known }
        var value = R()
        let fields = R.fields
        // By index: a field that is taken out of the table is copied, which takes longer than to use it.
        for place in fields.indices {
            do throws(CloudError) { try fields[place].load(&value, values[place]) } catch {
                throw .fault("\(R.kind) \(id) as stored is not valid: \(error.message)")
            }
        }
        let stored = Stored(
            id: ID<R>(id), project: ID(project), createdAt: createdAt, updatedAt: updatedAt, version: version,
            deletingSince: deletingSince, value: value)
        memo?.value = stored
        return stored
    }
}

/// Names one resource of any kind.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
    public let kind: Kind
    public let id: String
    public init(_ kind: Kind, _ id: String) { (self.kind, self.id) = (kind, id) }
    public init<R: Resource>(_ id: ID<R>) { self.init(R.kind, id.text) }
    public var description: String { "\(kind) \(id)" }
}

/// Something that happened, and that a lifecycle should look at. Kept as a row until a step has seen it.
public struct Signal: Hashable, Sendable, RawRepresentable {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Desired state changed, or the world may have: look again.
    public static let refresh = Signal(rawValue: "refresh")
    /// Its deletion was asked for.
    public static let destroy = Signal(rawValue: "destroy")
}

/// A signal as it is kept.
public struct PendingSignal: Hashable, Sendable {
    public let number: Int
    public let signal: Signal
    public init(number: Int, signal: Signal) { (self.number, self.signal) = (number, signal) }
}

/// The engine's own notes on a resource with a lifecycle.
public struct Work: Hashable, Sendable {
    public var target: Reference
    /// Where the lifecycle stands.
    public var label: String
    /// When to run it even if no signal comes.
    public var wakeAt: Instant
    /// Failures in a row at this label.
    public var attempts = 0
    /// The engine that holds it, and until when; empty if none.
    public var lessee = ""
    public var leasedUntil = Instant(microseconds: 0)

    public init(target: Reference, label: String, wakeAt: Instant) {
        (self.target, self.label, self.wakeAt) = (target, label, wakeAt)
    }
}

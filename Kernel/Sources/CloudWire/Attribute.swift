import CloudCore
import CloudStore

/// One name of a face: how a model's field, or something computed of it, looks on the wire.
public struct Attribute<R: Resource>: Sendable {
    public let name: String
    /// The store's column, for filters and sorting; nil for what is computed.
    public let column: String?
    public let type: FieldType?
    public let rights: Rights
    public let help: String
    public let read: @Sendable (Stored<R>, any Reader) throws(CloudError) -> JSON
    public let write: (@Sendable (inout R, JSON) throws(CloudError) -> Void)?
    /// The family of clients that sees it; nil for all.
    public private(set) var audience: Audience?
    /// Whether it names the owner.
    let isOwner: Bool

    /// An attribute with a shape of its own, in both directions.
    public init(
        _ name: String, column: String? = nil, type: FieldType?, rights: Rights, _ help: String,
        read: @escaping @Sendable (Stored<R>, any Reader) throws(CloudError) -> JSON,
        write: (@Sendable (inout R, JSON) throws(CloudError) -> Void)?, isOwner: Bool = false
    ) {
        (self.name, self.column, self.type, self.rights, self.help) = (name, column, type, rights, help)
        (self.read, self.write, self.isOwner) = (read, write, isOwner)
    }

    /// The same, for one family of clients alone.
    public func only(for audience: Audience) -> Self {
        var copy = self
        copy.audience = audience
        return copy
    }

    /// The same, shown as something that follows from the whole.
    public func reading(_ read: @escaping @Sendable (R) -> JSON) -> Self {
        let copy = Attribute(
            name, column: column, type: type, rights: rights.union(.read), help,
            read: { (stored, _) throws(CloudError) in read(stored.value) }, write: write, isOwner: isOwner)
        return audience.map { copy.only(for: $0) } ?? copy
    }

    /// A field of the model, under its own name or another.
    public static func field(_ name: String, as wire: String? = nil, rights: Rights? = nil) -> Self {
        guard let field = R.fields.first(where: { $0.name == name }) else {
            preconditionFailure("\(R.kind) has no field \(name)")
        }
        let isTime = field.type == .time
        return Attribute(
            wire ?? name, column: name, type: field.type, rights: rights ?? field.rights, field.help,
            read: { (stored, _) throws(CloudError) in
                let value = field.get(stored.value)
                guard isTime, let moment = value.integer else { return value }
                return .string(Instant(microseconds: Int64(moment)).text())
            },
            write: { (value, json) throws(CloudError) in try field.set(&value, json) })
    }

    public static func id(_ wire: String = "id") -> Self {
        Attribute(
            wire, column: "id", type: .text(max: 64, lines: false), rights: .read, "Its id.",
            read: { (stored, _) throws(CloudError) in .string(stored.id.text) }, write: nil)
    }

    /// The project that owns it; only an operator may create for another.
    public static func owner(_ wire: String) -> Self {
        Attribute(
            wire, column: "project_id", type: .text(max: 64, lines: false), rights: [.read, .create],
            "The project that owns it.",
            read: { (stored, _) throws(CloudError) in .string(stored.project.text) }, write: nil, isOwner: true)
    }

    public static func created(_ wire: String = "created_at") -> Self {
        Attribute(
            wire, column: "created_at", type: .time, rights: .read, "When it was created.",
            read: { (stored, _) throws(CloudError) in .string(stored.createdAt.text()) }, write: nil)
    }

    public static func updated(_ wire: String = "updated_at") -> Self {
        Attribute(
            wire, column: "updated_at", type: .time, rights: .read, "When it was last changed.",
            read: { (stored, _) throws(CloudError) in .string(stored.updatedAt.text()) }, write: nil)
    }

    /// What has one value, which may be said when creating and changing, and no other.
    public static func fixed(_ name: String, _ value: JSON, _ help: String) -> Self {
        Attribute(
            name, column: nil, type: .json(max: 1024), rights: [.read, .create, .update], help,
            read: { (_, _) throws(CloudError) in value },
            write: { (_, json) throws(CloudError) in
                guard json == value || json.isNull else {
                    throw .invalid("Invalid input for \(name): only \(value.text) is offered.", field: name)
                }
            })
    }

    /// How often it was changed; `If-Match: revision_number=N` asks for that state and no other.
    public static func revision() -> Self {
        computed("revision_number", "How often it was changed.") { (stored, _) in .integer(stored.version) }
    }

    /// Whether a family of clients sees it: operators see what OpenStack's clients see, and more.
    func isFor(_ audience: Audience) -> Bool {
        guard let mine = self.audience else { return true }
        return mine == audience || (mine == .openstack && audience == .operators)
    }

    /// What follows from the model and from what is kept beside it.
    public static func computed(
        _ name: String, _ help: String, _ read: @escaping @Sendable (Stored<R>, any Reader) throws(CloudError) -> JSON
    ) -> Self {
        Attribute(name, column: nil, type: nil, rights: .read, help, read: read, write: nil)
    }
}

/// Two families of clients meet on the same paths, and read some names differently.
public enum Audience: String, Sendable, CaseIterable {
    /// The official clients of the real Enterprise Cloud: they stumble over names with a colon, and read tags as an object.
    case ecl
    /// OpenStack's.
    case openstack
    /// OpenStack's in the hands of who runs the cloud: they are also told what lies beneath.
    case operators

    private static let eclNames = ["python-esiclient", "eclsdk", "eclcloud"].map { Array($0.utf8) }

    /// Told apart by what a client says it is; who says nothing is of OpenStack's.
    public init(userAgent: String) {
        let isECL = Self.eclNames.contains { userAgent.utf8.starts(with: $0) }
        self = isECL ? .ecl : .openstack
    }
}

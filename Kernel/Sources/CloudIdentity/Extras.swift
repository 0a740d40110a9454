import CloudCore
import CloudStore
import CloudWire

/// What was said of a resource under names that mean nothing here. Keystone keeps that and shows it as it was said,
/// and so do we; no rule reads it.
public struct Extras: JSONConvertible, Hashable {
    private(set) var members: [String: JSON] = [:]

    /// How many names, and how many bytes all together when written.
    static let most = 32
    static let mostBytes = 8192

    public init() {}

    public init(json: JSON) throws(CloudError) {
        guard let object = json.object else { throw .invalid("\(json.kindName) is not an object.") }
        members = object
    }

    public var json: JSON { .object(members) }

    /// Takes over what is said; null takes a name away.
    mutating func take(_ said: [String: JSON]) throws(CloudError) {
        for (name, value) in said {
            guard !name.isEmpty else { throw .invalid("An attribute has a name.") }
            try FieldType.text(max: 255, lines: false).check(.string(name), name: "an attribute's name")
            if value.isNull { members.removeValue(forKey: name) } else { members[name] = value }
        }
        guard members.count <= Self.most, json.text.utf8.count <= Self.mostBytes else {
            throw .invalid("At most \(Self.most) attributes of one's own are kept, in \(Self.mostBytes) bytes.")
        }
    }
}

/// A resource of which more may be said than there are attributes.
public protocol Extensible: Governed {
    var extras: Extras { get set }
}

extension Field where R: Extensible {
    static var extras: Self {
        .value("extra", \.extras, [], max: Extras.mostBytes, "What was said beyond the attributes.")
    }
}

extension Face where R: Extensible {
    /// Sets what a body says: attributes within their rights, and what is none as an extra.
    func set(_ object: [String: JSON], on value: inout R, right: Rights) throws(CloudError) {
        let names = Set(attributes.map(\.name)).union(["links"])
        try apply(object.filter { names.contains($0.key) }, to: &value, right: right)
        try value.extras.take(object.filter { !names.contains($0.key) })
    }
}

extension Face {
    /// Writes the extras behind the attributes, which they never stand in for.
    func writeExtras(_ extras: Extras, into writer: inout JSONWriter) {
        for (name, value) in extras.members.sorted(by: { $0.key < $1.key })
        where !attributes.contains(where: { $0.name == name }) { writer.field(name, value) }
    }
}

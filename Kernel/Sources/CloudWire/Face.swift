import CloudCore
import CloudStore

/// How one API shows a resource: wire names and shapes over the model's fields. It holds no state and no rules.
public struct Face<R: Resource>: Sendable {
    public let service: Service
    /// The collection's path below the service's prefix, `/v2.0/networks`.
    public let path: String
    /// The key around one, and around many; none around one where it is empty.
    public let singular: String
    public let plural: String
    public let attributes: [Attribute<R>]
    /// The column and value of those that it shows, where a model has several faces for parts of it.
    public let part: (column: String, value: JSON)?
    private let byName: [Audience: [String: Attribute<R>]]

    public init(
        _ service: Service, _ path: String, _ singular: String, _ plural: String,
        only part: (column: String, value: JSON)? = nil, _ attributes: [Attribute<R>]
    ) {
        (self.service, self.path, self.singular, self.plural) = (service, path, singular, plural)
        (self.part, self.attributes) = (part, attributes)
        byName = Dictionary(
            uniqueKeysWithValues: Audience.allCases.map { audience in
                let theirs = attributes.filter { $0.isFor(audience) }
                return (audience, Dictionary(uniqueKeysWithValues: theirs.map { ($0.name, $0) }))
            })
    }

    /// What one of them is called.
    public var noun: String { part == nil ? R.kind.name : singular }

    private var partField: Field<R>? { part.flatMap { part in R.fields.first { $0.name == part.column } } }

    /// Makes a draft one of the face's part.
    func begin(_ draft: inout R) throws(CloudError) {
        if let part, let field = partField { try field.set(&draft, part.value) }
    }

    /// Throws `missing` for what is not of the face's part.
    func require(_ it: Stored<R>) throws(CloudError) {
        guard let part, let field = partField, field.get(it.value) != part.value else { return }
        throw .missing(R.kind.title, it.id.text)
    }

    /// Writes the attributes of one resource into an open object; `only` narrows them to those named.
    public func write(
        _ stored: Stored<R>, _ reader: any Reader, into writer: inout JSONWriter, only: Set<String> = [],
        for audience: Audience = .openstack
    ) throws(CloudError) {
        // By index: an attribute that is taken out of the table is copied, which takes longer than to write it.
        for place in attributes.indices
        where attributes[place].rights.contains(.read) && (only.isEmpty || only.contains(attributes[place].name))
            && attributes[place].isFor(audience)
        {
            writer.field(attributes[place].name, try attributes[place].read(stored, reader))
        }
    }

    /// One resource as a body.
    public func body(
        _ stored: Stored<R>, _ reader: any Reader, only: Set<String> = [], for audience: Audience = .openstack
    ) throws(CloudError) -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { (writer) throws(CloudError) in
            try write(stored, reader, into: &writer, only: only, for: audience)
        }
        return enveloped(writer.bytes)
    }

    /// A body that holds one resource, which was written as an object.
    public func enveloped(_ object: [UInt8]) -> [UInt8] {
        guard !singular.isEmpty else { return object }
        return Array("{\"\(singular)\":".utf8) + object + [UInt8(ascii: "}")]
    }

    /// Sets what a body says, each attribute within its rights; `invalid` for names that are none.
    public func apply(
        _ object: [String: JSON], to value: inout R, right: Rights, for audience: Audience = .openstack
    ) throws(CloudError) {
        for (name, json) in object.sorted(by: { $0.key < $1.key }) {
            guard let attribute = byName[audience]?[name] else {
                throw .invalid("Unrecognized attribute(s) '\(name)'.", field: name)
            }
            guard attribute.rights.contains(right) else {
                throw .invalid("Attribute '\(name)' is not allowed here.", field: name)
            }
            try attribute.write?(&value, json)
        }
        guard right == .create else { return }
        for attribute in attributes where attribute.rights.contains(.required) && object[attribute.name] == nil {
            throw .invalid(
                "Failed to parse request. Required attribute '\(attribute.name)' not specified.", field: attribute.name)
        }
    }

    /// The project that a create is for: the caller's, unless an operator names another.
    public func owner(_ object: [String: JSON], _ call: Call) throws(CloudError) -> ProjectID {
        for attribute in attributes where attribute.isOwner {
            guard let named = object[attribute.name]?.string, named != call.project.text else { continue }
            guard call.caller.isOperator else {
                throw CloudError(.forbidden, "Only an operator creates for another project.")
            }
            return ID(named)
        }
        return call.project
    }

    /// What a body under a key holds, for documentation.
    public func schema(_ envelope: String, list: Bool = false) -> RouteSchema {
        RouteSchema(
            envelope: envelope, isList: list,
            properties: attributes.map {
                RouteSchema.Property(name: $0.name, type: $0.type, rights: $0.rights, help: $0.help)
            })
    }

    func attribute(_ name: String, for audience: Audience = .openstack) -> Attribute<R>? {
        byName[audience == .ecl ? .openstack : audience]?[name]
    }
}

extension Face {
    /// The attributes' names, types and rights.
    public var properties: [RouteSchema.Property] { schema("").properties }
}

/// What may be done with a field, and how it is kept.
public struct Rights: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Shown in answers.
    public static let read = Rights(rawValue: 1)
    /// May be given when creating.
    public static let create = Rights(rawValue: 2)
    /// May be changed later.
    public static let update = Rights(rawValue: 4)
    /// Looked up often: the table has an index on it, and lists may filter by it.
    public static let indexed = Rights(rawValue: 8)
    /// No two resources of the kind share a value, in the whole cloud.
    public static let unique = Rights(rawValue: 16)
    /// Never shown, logged or exported.
    public static let secret = Rights(rawValue: 32)
    /// Must be given when creating.
    public static let required = Rights(rawValue: 64)
}

/// A field's type and bounds, from which its column, constraint and OpenAPI schema follow.
public enum FieldType: Hashable, Sendable {
    /// UTF-8 text of at most so many bytes; without `lines`, no control characters.
    case text(max: Int, lines: Bool)
    case integer(ClosedRange<Int>)
    case boolean
    case choice([String])
    /// The id of another resource of that kind; `optional` ones may be null.
    case reference(Kind, optional: Bool)
    /// A moment; null where it has not come.
    case time
    /// Structured text, at most so many bytes when written.
    case json(max: Int)
}

/// One attribute of a resource, said once: JSON, column, filter, form and documentation are derived from it.
public struct Field<R>: Sendable {
    public let name: String
    public let type: FieldType
    public let rights: Rights
    /// One line for people.
    public let help: String
    public let get: @Sendable (R) -> JSON
    /// Checks type and bounds and sets; throws `invalid` naming the field.
    public let set: @Sendable (inout R, JSON) throws(CloudError) -> Void
    /// Sets what was checked when it was first set: what a store kept.
    public let load: @Sendable (inout R, JSON) throws(CloudError) -> Void

    public init(
        _ name: String, _ type: FieldType, _ rights: Rights, _ help: String,
        get: @escaping @Sendable (R) -> JSON, set: @escaping @Sendable (inout R, JSON) throws(CloudError) -> Void
    ) {
        (self.name, self.type, self.rights, self.help) = (name, type, rights, help)
        (self.get, load) = (get, set)
        self.set = { (resource, value) throws(CloudError) in
            try type.check(value, name: name)
            try set(&resource, value)
        }
    }
}

extension FieldType {
    /// Throws `invalid` where a value is not of this type or out of its bounds.
    public func check(_ value: JSON, name: String) throws(CloudError) {
        func refuse(_ why: String) -> CloudError { .invalid("Invalid input for \(name): \(why).", field: name) }
        switch self {
        case .text(let max, let lines):
            guard let text = value.string else { throw refuse("\(value.kindName) is not a string") }
            guard text.utf8.count <= max else { throw refuse("longer than \(max) bytes") }
            let isControl = { (byte: UInt8) in
                byte == 0 || byte == 0x7f || (byte < 0x20 && !(lines && byte > 8 && byte < 14))
            }
            guard !text.utf8.contains(where: isControl) else { throw refuse("control characters are not allowed") }
        case .integer(let range):
            guard let number = value.integer else { throw refuse("\(value.kindName) is not an integer") }
            guard range.contains(number) else {
                throw refuse("\(number) is not between \(range.lowerBound) and \(range.upperBound)")
            }
        case .boolean:
            guard value.bool != nil else { throw refuse("\(value.kindName) is not true or false") }
        case .choice(let choices):
            guard let text = value.string, choices.contains(text) else {
                throw refuse("must be one of " + choices.joined(separator: ", "))
            }
        case .reference(let kind, let optional):
            if optional, value.isNull { return }
            guard let id = value.string, id.utf8.count <= 64, !id.isEmpty else {
                throw refuse("must be the id of a \(kind.name)")
            }
            try FieldType.text(max: 64, lines: false).check(value, name: name)
        case .time:
            guard value.isNull || value.integer != nil else { throw refuse("must be a time") }
        case .json(let max):
            guard value.text.utf8.count <= max else { throw refuse("larger than \(max) bytes") }
        }
    }
}

/// A value with one JSON form, for fields that are more than text or a number.
public protocol JSONConvertible: Sendable {
    /// Throws `invalid`, with a message that fits behind "Invalid input for NAME: ".
    init(json: JSON) throws(CloudError)
    var json: JSON { get }
}

extension Field {
    public typealias Path<V> = WritableKeyPath<R, V> & Sendable

    public static func text(
        _ name: String, _ path: Path<String>, _ rights: Rights, max: Int = 255, lines: Bool = false, _ help: String
    ) -> Self {
        Self(name, .text(max: max, lines: lines), rights, help, get: { .string($0[keyPath: path]) }) {
            $0[keyPath: path] = $1.string ?? ""
        }
    }

    /// A value with one spelling, as an address; kept as that text. Empty text stands for nil.
    public static func parsed<V: LosslessStringConvertible & Sendable>(
        _ name: String, _ path: Path<V?>, _ rights: Rights, max: Int = 64, _ help: String
    ) -> Self {
        Self(name, .text(max: max, lines: false), rights, help, get: { .string($0[keyPath: path]?.description ?? "") })
        {
            (resource, json) throws(CloudError) in
            let text = json.string ?? ""
            resource[keyPath: path] = V(text)
            guard text.isEmpty || resource[keyPath: path] != nil else {
                throw .invalid("Invalid input for \(name): '\(text)' is not a valid \(name).", field: name)
            }
        }
    }

    public static func integer(
        _ name: String, _ path: Path<Int>, _ rights: Rights, _ range: ClosedRange<Int>, _ help: String
    ) -> Self {
        Self(name, .integer(range), rights, help, get: { .integer($0[keyPath: path]) }) {
            $0[keyPath: path] = $1.integer ?? 0
        }
    }

    public static func boolean(_ name: String, _ path: Path<Bool>, _ rights: Rights, _ help: String) -> Self {
        Self(name, .boolean, rights, help, get: { .bool($0[keyPath: path]) }) { $0[keyPath: path] = $1.bool ?? false }
    }

    public static func choice<C: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: Path<C>, _ rights: Rights, _ help: String
    ) -> Self {
        Self(name, .choice(C.allCases.map(\.rawValue)), rights, help, get: { .string($0[keyPath: path].rawValue) }) {
            if let choice = $1.string.flatMap(C.init(rawValue:)) { $0[keyPath: path] = choice }
        }
    }

    public static func reference<T: Resource>(
        _ name: String, _ path: Path<ID<T>>, _ rights: Rights, _ help: String
    ) -> Self {
        Self(name, .reference(T.kind, optional: false), rights, help, get: { .string($0[keyPath: path].text) }) {
            $0[keyPath: path] = ID($1.string ?? "")
        }
    }

    public static func reference<T: Resource>(
        _ name: String, _ path: Path<ID<T>?>, _ rights: Rights, _ help: String
    ) -> Self {
        Self(
            name, .reference(T.kind, optional: true), rights, help,
            get: { $0[keyPath: path].map { .string($0.text) } ?? .null },
            set: { $0[keyPath: path] = $1.string.map(ID.init) })
    }

    public static func time(_ name: String, _ path: Path<Instant?>, _ rights: Rights, _ help: String) -> Self {
        Self(
            name, .time, rights, help,
            get: { $0[keyPath: path].map { .integer(Int($0.microseconds)) } ?? .null },
            set: { $0[keyPath: path] = $1.integer.map { Instant(microseconds: Int64($0)) } })
    }

    public static func value<V: JSONConvertible>(
        _ name: String, _ path: Path<V>, _ rights: Rights, max: Int = 65_535, _ help: String
    ) -> Self {
        Self(name, .json(max: max), rights, help, get: { $0[keyPath: path].json }) {
            (resource, json) throws(CloudError) in
            do throws(CloudError) { resource[keyPath: path] = try V(json: json) } catch {
                throw CloudError(error.code, "Invalid input for \(name): \(error.message)", field: name)
            }
        }
    }
}

extension String: JSONConvertible {
    public init(json: JSON) throws(CloudError) {
        guard let text = json.string else { throw .invalid("\(json.kindName) is not a string.") }
        try FieldType.text(max: 65_535, lines: false).check(json, name: "text")
        self = text
    }
    public var json: JSON { .string(self) }
}

extension Int: JSONConvertible {
    public init(json: JSON) throws(CloudError) {
        guard let number = json.integer else { throw .invalid("\(json.kindName) is not an integer.") }
        self = number
    }
    public var json: JSON { .integer(self) }
}

extension Array: JSONConvertible where Element: JSONConvertible {
    public init(json: JSON) throws(CloudError) {
        guard let items = json.array else { throw .invalid("\(json.kindName) is not a list.") }
        self = []
        for item in items { append(try Element(json: item)) }
    }
    public var json: JSON { .array(map(\.json)) }
}

extension Dictionary: JSONConvertible where Key == String, Value: JSONConvertible {
    public init(json: JSON) throws(CloudError) {
        guard let members = json.object else { throw .invalid("\(json.kindName) is not an object.") }
        self = [:]
        for (name, member) in members {
            _ = try String(json: .string(name))
            self[name] = try Value(json: member)
        }
    }
    public var json: JSON { .object(mapValues(\.json)) }
}

extension Optional: JSONConvertible where Wrapped: JSONConvertible {
    public init(json: JSON) throws(CloudError) { self = json.isNull ? nil : try Wrapped(json: json) }
    public var json: JSON { self?.json ?? .null }
}

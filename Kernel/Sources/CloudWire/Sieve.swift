import CloudCore
import CloudStore

/// A filter on what no column holds: on something computed, or within a list or an object.
struct Sieve<R: Resource>: Sendable {
    private enum Sort { case value, allOf, anyOf, notAllOf, notAnyOf }
    private let attribute: Attribute<R>
    private let sort: Sort
    private let text: String

    /// Nil where a column holds it, or there is no such attribute.
    init?(_ name: String, _ text: String, _ face: Face<R>, _ audience: Audience) {
        let tags: [String: Sort] = [
            "tags": .allOf, "tags-any": .anyOf, "not-tags": .notAllOf, "not-tags-any": .notAnyOf,
        ]
        sort = tags[name] ?? .value
        guard let attribute = face.attribute(sort == .value ? name : "tags", for: audience) else { return nil }
        if attribute.column != nil {
            guard case .json = attribute.type else { return nil }
        }
        (self.attribute, self.text) = (attribute, text)
    }

    func passes(_ stored: Stored<R>, _ reader: any Reader) throws(CloudError) -> Bool {
        let value = try attribute.read(stored, reader)
        if sort == .value { return Self.matches(value, text) }
        let wanted = text.split(separator: ",").map { JSON.string(String($0)) }
        let there = value.array ?? []
        switch sort {
        case .allOf: return wanted.allSatisfy(there.contains)
        case .anyOf: return wanted.contains(where: there.contains)
        case .notAllOf: return !wanted.allSatisfy(there.contains)
        default: return !wanted.contains(where: there.contains)
        }
    }

    /// A list matches by a member, an object by `name=value`.
    private static func matches(_ value: JSON, _ text: String) -> Bool {
        switch value {
        case .null: return text.isEmpty || text == "None" || text == "null"
        case .bool(let flag): return flag == ["true", "1", "yes"].contains(text.lowercased())
        case .integer(let number): return Int(text) == number
        case .number(let number): return Double(text) == number
        case .string(let own): return own == text
        case .array(let items): return items.contains { matches($0, text) }
        case .object(let members):
            let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
            return pair.count == 2 && members[pair[0]].map { matches($0, pair[1]) } ?? false
        }
    }
}

extension Listing {
    /// Those that pass every sieve.
    func sieved(_ found: [Row], _ reader: any Reader) throws(CloudError) -> [Row] {
        guard !sieves.isEmpty else { return found }
        var out: [Row] = []
        for row in found {
            let stored = try row.decode(R.self)
            var passes = true
            for sieve in sieves where passes { passes = try sieve.passes(stored, reader) }
            if passes { out.append(row) }
            if out.count > limit { break }
        }
        return out
    }

    /// Neutron's links to the pages around this one.
    func link(
        _ first: String?, _ last: String?, _ hasMore: Bool, _ call: Call, _ plural: String, _ writer: inout JSONWriter
    ) {
        var links: [JSON] = []
        func add(_ relation: String, _ marker: String?, reverse: Bool) {
            guard let marker else { return }
            links.append([
                "rel": .string(relation), "href": .string(call.base + call.request.nextPath(marker, reverse: reverse)),
            ])
        }
        if isReversed ? query.after != nil : hasMore { add("next", last, reverse: false) }
        if isReversed ? hasMore : query.after != nil { add("previous", first, reverse: true) }
        if !links.isEmpty { writer.field(plural + "_links", .array(links)) }
    }
}

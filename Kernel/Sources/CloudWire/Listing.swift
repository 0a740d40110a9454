import CloudCore
import CloudStore

/// A list as the query asks for it: which, in which order, from where, how many.
struct Listing<R: Resource>: Sendable {
    var query: Query
    var only: Set<String>
    let limit: Int
    /// Filters on what no column holds.
    private(set) var sieves: [Sieve<R>] = []
    /// Whether the page before the marker is asked for.
    let isReversed: Bool

    /// The most that one page holds, and what it holds where the caller names no number.
    static var most: Int { 1000 }
    /// How many are looked at where a filter is no column's.
    private static var mostSieved: Int { 10_000 }

    /// Parameters that are no filters.
    private static var directives: Set<String> {
        ["limit", "marker", "sort_key", "sort_dir", "fields", "page_reverse", "sort", "detailed"]
    }

    /// - Parameter strict: whether an unknown filter is an error; answering without it would list too much.
    init(_ face: Face<R>, _ call: Call, strict: Bool) throws(CloudError) {
        let request = call.request
        limit = try Self.number(request[query: "limit"])
        query = Query(R.kind, limit: limit + 1)
        query.includesDeleting = R.isShownWhileDeleted
        // Neutron's operators see every project's things unless they narrow it; elsewhere they ask for it.
        let seesAll = call.caller.isOperator && (face.service == .network || Self.wantsAll(request))
        if R.access == .project, !seesAll {
            query.either = [Query.Condition("project_id", among: [.string(call.project.text)])]
            if let (column, value) = R.opening { query.either.append(Query.Condition(column, among: [value])) }
            if let column = R.partner {
                query.either.append(Query.Condition(column, among: [.string(call.project.text)]))
            }
        }
        only = Set(request.query.filter { $0.name == "fields" }.map(\.value))
        var filters: [String: [JSON]] = [:]
        for (name, text) in request.query
        where !Self.directives.contains(name) && name != "all_tenants" && name != "all_projects" {
            if strict, let sieve = Sieve(name, text, face, call.audience) {
                sieves.append(sieve)
                continue
            }
            guard let attribute = face.attribute(name, for: call.audience), let column = attribute.column else {
                if strict { throw .invalid("'\(name)' is not a filter of \(R.kind.plural).", field: name) }
                continue
            }
            filters[column, default: []].append(contentsOf: try Self.values(text, attribute))
        }
        for (column, values) in filters.sorted(by: { $0.key < $1.key }) { query = query.with(column, among: values) }
        query.order = try Self.order(request, face)
        isReversed = strict && ["true", "1"].contains(request[query: "page_reverse"]?.lowercased())
        if isReversed {
            query.order = query.order.map { Query.Order($0.column, ascending: !$0.ascending) }
            query.order.append(Query.Order("id", ascending: false))
        }
        if !sieves.isEmpty { query.limit = Self.mostSieved }
        query.after = request[query: "marker"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func wantsAll(_ request: Request) -> Bool {
        guard let asked = request[query: "all_tenants"] ?? request[query: "all_projects"] else { return false }
        return asked != "0" && asked.lowercased() != "false"
    }

    private static func number(_ text: String?) throws(CloudError) -> Int {
        guard let text else { return most }
        guard let number = Int(text), number >= 0 else {
            throw .invalid("limit must be a whole number that is not negative.", field: "limit")
        }
        return number == 0 ? most : min(number, most)
    }

    /// `in:a,b` names several values (Glance's form); anything else is one.
    private static func values(_ text: String, _ attribute: Attribute<R>) throws(CloudError) -> [JSON] {
        let texts = text.hasPrefix("in:") ? text.dropFirst(3).split(separator: ",").map(String.init) : [text]
        var out: [JSON] = []
        for text in texts {
            switch attribute.type {
            case .integer: out.append(Int(text).map(JSON.integer) ?? .null)
            case .boolean: out.append(.bool(["true", "1", "yes"].contains(text.lowercased())))
            default: out.append(.string(text))
            }
        }
        return out
    }

    private static func order(_ request: Request, _ face: Face<R>) throws(CloudError) -> [Query.Order] {
        var keys = request.query.filter { $0.name == "sort_key" }.map(\.value)
        var directions = request.query.filter { $0.name == "sort_dir" }.map(\.value)
        for part in (request[query: "sort"] ?? "").split(separator: ",") {
            let pair = part.split(separator: ":")
            keys.append(String(pair[0]))
            directions.append(pair.count > 1 ? String(pair[1]) : "asc")
        }
        if keys.isEmpty {
            return [Query.Order("created_at", ascending: face.service != .compute && face.service != .image)]
        }
        var order: [Query.Order] = []
        for (place, key) in keys.prefix(8).enumerated() {
            guard let column = face.attribute(key)?.column else {
                throw .invalid("'\(key)' is not a sort key of \(R.kind.plural).", field: "sort_key")
            }
            let direction = place < directions.count ? directions[place] : "asc"
            guard direction == "asc" || direction == "desc" else {
                throw .invalid("sort_dir must be asc or desc.", field: "sort_dir")
            }
            order.append(Query.Order(column, ascending: direction == "asc"))
        }
        return order
    }
}

extension Face {
    /// One page, and the marker of the next if there is one.
    public func page(
        _ call: Call, strict: Bool, adjust: (inout Query) throws(CloudError) -> Void = { (_) throws(CloudError) in },
        isVisible: (@Sendable (Stored<R>, any Reader) throws(CloudError) -> Bool)? = nil,
        write one:
            @escaping @Sendable (Stored<R>, any Reader, inout JSONWriter, Set<String>) throws(CloudError) -> Void,
        next: @escaping @Sendable (inout JSONWriter, String) -> Void
    ) async throws(CloudError) -> Response {
        var listing = try Listing(self, call, strict: strict)
        try adjust(&listing.query)
        let settled = listing
        let (all, only, limit) = (listing.query, listing.only, listing.limit)
        let bytes = try await call.store.read { (reader) throws(CloudError) in
            var query = all
            if let shares = R.shares, !query.either.isEmpty {
                let ids = try reader.shared(shares, with: call.project)
                if !ids.isEmpty { query.either.append(Query.Condition(shares.column, among: ids)) }
            }
            if let marker = query.after {
                var isSeen = false
                if let row = try reader.find(ID<R>(marker)) {
                    isSeen = if let isVisible { try isVisible(row, reader) } else { try reader.sees(row, call.caller) }
                }
                guard isSeen else {
                    throw .invalid(
                        "The marker \(marker.prefix(64)) is not one of the \(R.kind.plural).", field: "marker")
                }
            }
            var found = try settled.sieved(try reader.rows(query), reader)
            let hasMore = found.count > limit
            found = Array(found.prefix(limit))
            if settled.isReversed { found.reverse() }
            let items = try reader.written(found, as: R.self, call.variant(only)) {
                (stored, writer) throws(CloudError) in
                try one(stored, reader, &writer, only)
            }
            var writer = JSONWriter()
            try writer.object { (writer) throws(CloudError) in
                writer.field(plural, written: items)
                if strict {
                    settled.link(found.first?.id, found.last?.id, hasMore, call, plural, &writer)
                } else if hasMore, let last = found.last {
                    next(&writer, last.id)
                }
            }
            return writer.bytes
        }
        return .bytes(200, bytes)
    }
}

extension Request {
    /// The same path and query, to go on behind a marker.
    public func nextPath(_ marker: String, reverse: Bool = false) -> String {
        let kept =
            (query.filter { $0.name != "marker" && $0.name != "page_reverse" }
            + (reverse ? [(name: "page_reverse", value: "True")] : [])).map {
                "\($0.name.percentEncoded)=\($0.value.percentEncoded)"
            }
        return path + "?" + (kept + ["marker=\(marker.percentEncoded)"]).joined(separator: "&")
    }
}

extension String {
    /// Percent-encoded but for RFC 3986's unreserved characters.
    public var percentEncoded: String {
        var out: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(byte)
            default:
                out.append(UInt8(ascii: "%"))
                out.append(contentsOf: Hex.string([byte]).uppercased().utf8)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

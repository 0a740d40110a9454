import CloudCore
import CloudStore
import CloudWire

/// Which images a list is to show: Glance's own filters, beside those that every list has.
struct ImageQuery: Sendable {
    private var tests: [Query.Test] = []
    private var visibility: Image.Visibility?
    private var wantsHidden = false
    /// The shares that count; nil for all.
    private var share: ImageMember.Status? = .accepted

    /// Parameters that `Listing` knows or that are no filters.
    private static let others: Set<String> = [
        "limit", "marker", "sort_key", "sort_dir", "sort", "fields", "all_tenants", "all_projects", "page_reverse",
        "detailed",
    ]

    init(_ request: Request) throws(CloudError) {
        for (name, text) in request.query where !Self.others.contains(name) {
            switch name {
            case "size_min": tests.append(.between("size", try Self.number(name, text)...Int.max))
            case "size_max": tests.append(.between("size", 0...(try Self.number(name, text))))
            case "created_at", "updated_at": tests.append(try Self.time(name, text))
            case "tag": tests.append(.holds("tags", key: nil, text))
            case "visibility": if text != "all" { visibility = try Self.choice(name, text) }
            case "member_status": share = text == "all" ? nil : try Self.choice(name, text) as ImageMember.Status
            case "os_hidden": wantsHidden = true
            default:
                if !Image.face.attributes.contains(where: { $0.name == name }) {
                    tests.append(.holds("properties", key: name, text))
                }
            }
        }
    }

    private static func number(_ name: String, _ text: String) throws(CloudError) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw .invalid("\(name) must be a whole number.", field: name)
        }
        return number
    }

    private static func choice<C: RawRepresentable<String> & CaseIterable>(_ name: String, _ text: String)
        throws(CloudError) -> C
    {
        guard let choice = C(rawValue: text) else {
            throw .invalid(
                "\(name) must be one of all, \(C.allCases.map(\.rawValue).joined(separator: ", ")).", field: name)
        }
        return choice
    }

    /// `gte:2026-11-23T00:00:00Z` and its like. Times are shown in seconds, so a whole second is equal to itself.
    private static func time(_ name: String, _ text: String) throws(CloudError) -> Query.Test {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let isNamed = ["gt", "gte", "lt", "lte", "eq", "neq"].contains(parts.first ?? "")
        guard let moment = Instant(text: isNamed && parts.count > 1 ? parts[1] : text) else {
            throw .invalid(
                "\(name) must be a time, as 2026-11-23T00:00:00Z, behind gt:, gte:, lt:, lte:, eq: or neq:.",
                field: name)
        }
        let second = Int(moment.microseconds)...(Int(moment.microseconds) + 999_999)
        switch isNamed ? parts[0] : "eq" {
        case "gt": return .between(name, (second.upperBound + 1)...Int.max)
        case "gte": return .between(name, second.lowerBound...Int.max)
        case "lt": return .between(name, Int.min...(second.lowerBound - 1))
        case "lte": return .between(name, Int.min...second.upperBound)
        case "neq": return .between(name, second, isInside: false)
        default: return .between(name, second)
        }
    }

    /// Ids of the images of others that are shared with a project, as far as it answered as asked.
    func shares(with project: ProjectID, _ reader: any Reader) throws(CloudError) -> [JSON] {
        var query = Query(ImageMember.kind, limit: 1000).with("member_id", .string(project.text))
        if let share { query = query.with("status", .string(share.rawValue)) }
        var ids: [JSON] = []
        for member in try reader.list(ImageMember.self, query) {
            if try reader.find(member.image)?.visibility == .shared { ids.append(.string(member.image.text)) }
        }
        return ids
    }

    func narrow(_ query: inout Query, shares: [JSON]) {
        query.conditions.removeAll { $0.column == "created_at" || $0.column == "updated_at" }
        query.tests = tests
        if !wantsHidden { query = query.with("os_hidden", false) }
        guard !query.either.isEmpty else { return }
        if !shares.isEmpty { query.either.append(Query.Condition("id", among: shares)) }
        // Community images are found by those who look for them.
        if visibility == .community { query.either.append(Query.Condition("visibility", among: ["community"])) }
    }
}

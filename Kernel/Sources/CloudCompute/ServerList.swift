import CloudCore
import CloudStore
import CloudWire

/// Which servers a list asks for: what the store can find by itself, and what is looked at one by one.
struct ServerList: Sendable {
    private(set) var query: Query
    let limit: Int
    /// What the store cannot compare.
    private struct Test: Sendable {
        let passes: @Sendable (Stored<Server>, any Reader) throws(CloudError) -> Bool
    }
    private var tests: [Test] = []

    private mutating func keep(_ passes: @escaping @Sendable (Stored<Server>, any Reader) throws(CloudError) -> Bool) {
        tests.append(Test(passes: passes))
    }

    /// Filters that compare one column; operators' ones after them.
    private static let columns = [
        "flavor": "flavor_id", "image": "image_id", "uuid": "id", "key_name": "key_name", "description": "description",
        "availability_zone": "availability_zone",
    ]
    private static let operatorColumns = [
        "user_id": "user_id", "host": "host", "project_id": "project_id", "tenant_id": "project_id",
    ]
    private static let sortKeys = [
        "created_at": "created_at", "updated_at": "updated_at", "display_name": "name", "name": "name", "uuid": "id",
        "id": "id",
        "vm_state": "status", "status": "status", "key_name": "key_name", "host": "host", "image_ref": "image_id",
        "instance_type_id": "flavor_id", "launched_at": "launched_at", "project_id": "project_id", "user_id": "user_id",
        "availability_zone": "availability_zone", "display_description": "description", "power_state": "power",
        "task_state": "status",
    ]

    init(_ call: Call, cabling: any Cabling) throws(CloudError) {
        let request = call.request
        limit = try Self.number(request[query: "limit"])
        query = Query(Server.kind, limit: limit + 1)
        query.includesDeleting = true
        query.after = request[query: "marker"].flatMap { $0.isEmpty ? nil : $0 }
        query.order = try Self.order(request)
        var asksAll = false
        if let text = request[query: "all_tenants"] { asksAll = try Self.flag(text, "all_tenants") }
        guard !asksAll || call.caller.isOperator else {
            throw CloudError(.forbidden, "Only an operator lists the servers of all projects.")
        }
        if !asksAll { query = query.with("project_id", .string(call.project.text)) }
        for (name, text) in request.query where !text.isEmpty {
            try take(name, text, call, cabling)
        }
        // What is deleted is not kept.
        if let text = request[query: "deleted"], call.caller.isOperator, try Self.flag(text, "deleted") {
            keep { (it, _) throws(CloudError) in it.deletingSince != nil }
        }
    }

    private mutating func take(_ name: String, _ text: String, _ call: Call, _ cabling: any Cabling) throws(CloudError)
    {
        if let column = Self.columns[name] ?? (call.caller.isOperator ? Self.operatorColumns[name] : nil) {
            query = query.with(column, .string(text))
            return
        }
        switch name {
        case "status": try status(text, call)
        case "vm_state": keep { (it, _) throws(CloudError) in Server.vmState(it) == text }
        case "task_state": keep { (it, _) throws(CloudError) in (Server.taskState(it) ?? "") == text }
        case "power_state": keep { (it, _) throws(CloudError) in String(Server.powerState(it)) == text }
        case "name":
            let pattern = Pattern(text)
            keep { (it, _) throws(CloudError) in pattern.matches(it.value.name) }
        case "ip", "ip6":
            let pattern = Pattern(text)
            keep { (it, reader) throws(CloudError) in
                try cabling.interfaces(of: Reference(it.id), in: reader).contains {
                    $0.addresses.contains {
                        $0.address.isIPv6 == (name == "ip6") && pattern.matches($0.address.description)
                    }
                }
            }
        case "changes-since", "changes_since":
            let moment = try Self.moment(text, name)
            keep { (it, _) throws(CloudError) in it.updatedAt >= moment }
        case "changes-before" where call.microversion >= 66:
            let moment = try Self.moment(text, name)
            keep { (it, _) throws(CloudError) in it.updatedAt <= moment }
        case "locked" where call.microversion >= 73:
            let wanted = try Self.flag(text, name)
            keep { (it, _) throws(CloudError) in it.isLocked == wanted }
        case "tags", "tags-any", "not-tags", "not-tags-any":
            guard call.microversion >= 26 else { return }
            let wanted = Set(text.split(separator: ",").map(String.init))
            keep { (it, _) throws(CloudError) in
                let found = wanted.intersection(it.tags).count
                return switch name {
                case "tags": found == wanted.count
                case "tags-any": found > 0
                case "not-tags": found < wanted.count
                default: found == 0
                }
            }
        default: break
        }
    }

    private mutating func status(_ text: String, _ call: Call) throws(CloudError) {
        guard let status = Server.Status(rawValue: text.uppercased()) else {
            guard call.microversion < 38 else {
                throw .invalid("'\(text.prefix(64))' is no status of a server.", field: "status")
            }
            return keep { (_, _) throws(CloudError) in false }
        }
        let earlier = query.conditions.firstIndex { $0.column == "status" }
        guard let earlier else { return query = query.with("status", .string(status.rawValue)) }
        query.conditions[earlier].among.append(.string(status.rawValue))
    }

    /// The servers of one page, and whether there are more.
    func page(_ reader: any Reader, for caller: Caller) throws(CloudError) -> (found: [Row], goesOn: Bool) {
        if let marker = query.after {
            guard let it = try reader.find(ID<Server>(marker)), it.isVisible(to: caller) else {
                throw .invalid("marker [\(marker.prefix(64))] not found", field: "marker")
            }
        }
        guard !tests.isEmpty else {
            let found = try reader.rows(query)
            return (Array(found.prefix(limit)), found.count > limit)
        }
        var found: [Row] = []
        var batch = query
        batch.limit = 1000
        while found.count <= limit {
            let some = try reader.rows(batch)
            for row in some where try passes(row.decode(Server.self), reader) { found.append(row) }
            guard some.count == batch.limit, let last = some.last else { break }
            batch.after = last.id
        }
        return (Array(found.prefix(limit)), found.count > limit)
    }

    private func passes(_ it: Stored<Server>, _ reader: any Reader) throws(CloudError) -> Bool {
        for test in tests { guard try test.passes(it, reader) else { return false } }
        return true
    }

    private static func number(_ text: String?) throws(CloudError) -> Int {
        guard let text else { return 1000 }
        guard let number = Int(text), number >= 0 else {
            throw .invalid("limit must be a whole number that is not negative.", field: "limit")
        }
        return min(number, 1000)
    }

    /// A name that stands alone in the query says yes.
    private static func flag(_ text: String, _ name: String) throws(CloudError) -> Bool {
        guard let flag = text.isEmpty ? true : Bool(word: text) else {
            throw .invalid("\(name) must be true or false.", field: name)
        }
        return flag
    }

    private static func moment(_ text: String, _ name: String) throws(CloudError) -> Instant {
        guard let moment = Instant(iso8601: text) else {
            throw .invalid("\(name) must be a time (ISO 8601).", field: name)
        }
        return moment
    }

    private static func order(_ request: Request) throws(CloudError) -> [Query.Order] {
        let keys = request.query.filter { $0.name == "sort_key" }.map(\.value)
        let directions = request.query.filter { $0.name == "sort_dir" }.map(\.value)
        guard !keys.isEmpty else { return [Query.Order("created_at", ascending: directions.first == "asc")] }
        var order: [Query.Order] = []
        for (place, key) in keys.prefix(8).enumerated() {
            guard let column = sortKeys[key] else {
                throw .invalid("'\(key.prefix(64))' is not a sort key of servers.", field: "sort_key")
            }
            let direction = place < directions.count ? directions[place] : "desc"
            guard direction == "asc" || direction == "desc" else {
                throw .invalid("sort_dir must be asc or desc.", field: "sort_dir")
            }
            order.append(Query.Order(column, ascending: direction == "asc"))
        }
        return order
    }
}

extension Instant {
    /// A time as `2026-11-23T02:53:42Z`, with a fraction or an offset or neither (then UTC); nil for anything else.
    init?(iso8601 text: String) {
        let halves = text.split(whereSeparator: { $0 == "T" || $0 == " " })
        guard halves.count == 2 || halves.count == 1 else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard date.count == 3, (1970...9999).contains(date[0]), (1...12).contains(date[1]), (1...31).contains(date[2])
        else { return nil }
        var (clock, offset) = (halves.count == 2 ? halves[1] : "00:00:00", 0)
        if clock.hasSuffix("Z") { clock = clock.dropLast() }
        if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let digits = clock[clock.index(after: sign)...].filter { $0 != ":" }
            guard digits.count == 4, let number = Int(digits) else { return nil }
            offset = (number / 100 * 60 + number % 100) * (clock[sign] == "+" ? 60 : -60)
            clock = clock[..<sign]
        }
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let hour = Int(parts[0]), let minute = Int(parts[1]),
            let second = parts.count == 3 ? Double(parts[2]) : 0, (0...23).contains(hour), (0...59).contains(minute),
            (0..<61).contains(second)
        else { return nil }
        // Days since 1970, counted in years that begin in March.
        let year = date[1] <= 2 ? date[0] - 1 : date[0]
        let ofYear = (153 * (date[1] + (date[1] > 2 ? -3 : 9)) + 2) / 5 + date[2] - 1
        let days = year * 365 + year / 4 - year / 100 + year / 400 + ofYear - 719_468
        let seconds = days * 86_400 + hour * 3600 + minute * 60 - offset
        self.init(microseconds: Int64(seconds) * 1_000_000 + Int64(second * 1_000_000))
    }
}

extension Compute {
    func list(_ suffix: String, isDetailed: Bool) -> Route {
        Route(
            .get, .compute, Server.path + suffix, action: "list", kind: Server.kind, rule: .role(.reader),
            "Lists the project's servers."
        ) { (call) throws(CloudError) in
            let list = try ServerList(call, cabling: cabling)
            let face = serverFace
            return try await call.store.read { (reader) throws(CloudError) in
                let (found, goesOn) = try list.page(reader, for: call.caller)
                let items = try reader.written(found, as: Server.self, call.variant()) {
                    (it, out) throws(CloudError) in
                    try write(it, reader, face, call, into: &out, only: isDetailed ? [] : ["id", "name", "links"])
                }
                return try .write(200) { (out) throws(CloudError) in
                    out.field("servers", written: items)
                    guard goesOn, let last = found.last else { return }
                    out.field(
                        "servers_links",
                        [["rel": "next", "href": .string(call.base + call.request.nextPath(last.id))]])
                }
            }
        }
    }
}

extension Bool {
    /// Reads Nova's words for yes and no; nil for any other.
    init?(word: String) {
        switch word.lowercased() {
        case "1", "true", "t", "yes", "on", "y": self = true
        case "0", "false", "f", "no", "off", "n": self = false
        default: return nil
        }
    }
}

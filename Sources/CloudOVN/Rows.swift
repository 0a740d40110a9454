import CloudCore

/// Values in OVSDB's notation (RFC 7047, section 5.1).
enum Value {
    static func map(_ pairs: [String: String]) -> JSON {
        ["map", .array(pairs.sorted { $0.key < $1.key }.map { [.string($0.key), .string($0.value)] })]
    }
    static func set(_ items: [JSON]) -> JSON { ["set", .array(items)] }
    static func uuid(_ text: String) -> JSON { ["uuid", .string(text)] }
    /// The row that an `insert` of the same transaction makes under that name.
    static func named(_ name: String) -> JSON { ["named-uuid", .string(name)] }

    /// The members of a set; the server writes a set of one as the member alone.
    static func items(_ value: JSON?) -> [JSON] {
        guard let value else { return [] }
        return value[0] == "set" ? value[1]?.array ?? [] : [value]
    }
    static func strings(_ value: JSON?) -> [String] { items(value).compactMap(\.string) }
    static func pairs(_ value: JSON?) -> [String: String] {
        guard value?[0] == "map", let pairs = value?[1]?.array else { return [:] }
        return Dictionary(
            pairs.compactMap { pair in pair[0]?.string.flatMap { key in pair[1]?.string.map { (key, $0) } } },
            uniquingKeysWith: { first, _ in first })
    }
}

/// Operations of a transaction (RFC 7047, section 5.2).
enum Operation {
    static func select(_ table: String, _ conditions: [JSON], _ columns: [String]) -> JSON {
        [
            "op": "select", "table": .string(table), "where": .array(conditions),
            "columns": .array(columns.map { .string($0) }),
        ]
    }
    static func insert(_ table: String, _ row: [String: JSON], as name: String? = nil) -> JSON {
        var operation: [String: JSON] = ["op": "insert", "table": .string(table), "row": .object(row)]
        if let name { operation["uuid-name"] = .string(name) }
        return .object(operation)
    }
    static func update(_ table: String, _ conditions: [JSON], _ row: [String: JSON]) -> JSON {
        ["op": "update", "table": .string(table), "where": .array(conditions), "row": .object(row)]
    }
    static func delete(_ table: String, _ conditions: [JSON]) -> JSON {
        ["op": "delete", "table": .string(table), "where": .array(conditions)]
    }
    /// Adds (`insert`), takes away (`delete`) or raises (`+=`) what a column holds.
    static func mutate(_ table: String, _ conditions: [JSON], _ column: String, _ mutator: String, _ value: JSON)
        -> JSON
    {
        [
            "op": "mutate", "table": .string(table), "where": .array(conditions),
            "mutations": [[.string(column), .string(mutator), value]],
        ]
    }
    /// Fails the transaction unless no row fits, at once.
    static func expectNone(_ table: String, _ conditions: [JSON], column: String = "_uuid") -> JSON {
        wait(table, conditions, column, until: "==", timeout: .zero)
    }
    /// Fails the transaction unless a row fits, now or within `timeout`.
    static func expectSome(
        _ table: String, _ conditions: [JSON], column: String = "_uuid", timeout: Duration = .zero
    ) -> JSON {
        wait(table, conditions, column, until: "!=", timeout: timeout)
    }

    private static func wait(
        _ table: String, _ conditions: [JSON], _ column: String, until: String, timeout: Duration
    ) -> JSON {
        [
            "op": "wait", "table": .string(table), "where": .array(conditions), "columns": [.string(column)],
            "until": .string(until), "rows": [], "timeout": .integer(Int(timeout.inMicroseconds / 1000)),
        ]
    }
}

/// Conditions of an operation.
enum Where {
    static func name(_ name: String) -> JSON { ["name", "==", .string(name)] }
    static func mark(_ key: String, _ value: String) -> JSON {
        ["external_ids", "includes", Value.map([key: value])]
    }
    static func uuid(_ value: JSON) -> JSON { ["_uuid", "==", value] }
}

/// What says in `external_ids` that a row is ours, and what it stands for.
enum Mark {
    static let network = "akashi-network"
    static let subnet = "akashi-subnet"
    /// An IPv6 subnet of a port, which may have several.
    static func subnet6(_ id: String) -> String { "akashi-subnet6-\(id)" }
    static let port = "akashi-port"
    static let group = "akashi-group"
    static let router = "akashi-router"
    static let user = "akashi-uid"
    /// 4 or 6, of a row that is one port's.
    static let family = "akashi-family"
    /// A port at which drops are logged, and the meter that bounds the lines.
    static let log = "akashi-log"
    static let meter = "akashi-meter"
    /// A flow of copied packets, and the ports that it copies from and to.
    static let tap = "akashi-tap"
    static let tapIngress = "akashi-tap-in"
    static let tapEgress = "akashi-tap-out"
    static let tapListener = "akashi-tap-to"
}

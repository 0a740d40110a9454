import CloudCore
import CloudStore

/// Something that was read, and the memo that ends with it.
struct Known<Value: Sendable>: Sendable {
    let value: Value
    let memo: Memo
}

/// What is remembered of one kind of resource.
///
/// A list of those that have one value in one column (a server's ports, a network's subnets) is forgotten when a row
/// changes that has it, or comes to have it. Any other list is forgotten with every change of the kind.
struct KnownOfKind {
    /// Lists longer than this are not remembered.
    static let longest = 1001
    /// Rows remembered of a kind, those of lists included; beyond it all are forgotten.
    private static let room = 20_000

    private(set) var rows: [String: Known<Row?>] = [:]
    private(set) var counts: [Query: Known<Int>] = [:]
    /// Lists of what has a value in a column, by these: whoever knows a row knows the lists that it is in.
    private var narrow: [String: [JSON: [(query: Query, list: Known<[Row]>)]]] = [:]
    private var wide: [Query: Known<[Row]>] = [:]
    private var size = 0

    func list(_ query: Query) -> Known<[Row]>? {
        guard let (column, value) = query.only else { return wide[query] }
        return narrow[column]?[value]?.first { $0.query == query }?.list
    }

    mutating func keep(_ row: Row?, _ id: String) -> Known<Row?> {
        makeRoom(1)
        return remember(row, id)
    }

    private mutating func remember(_ row: Row?, _ id: String) -> Known<Row?> {
        if let known = rows[id] { return known }
        let memo = Memo()
        var own = row
        own?.memo = memo
        let known = Known(value: own, memo: memo)
        rows[id] = known
        return known
    }

    mutating func keep(_ count: Int, _ query: Query) -> Known<Int> {
        makeRoom(1)
        let known = Known(value: count, memo: counts[query]?.memo ?? Memo())
        counts[query] = known
        return known
    }

    mutating func keep(_ found: [Row], _ query: Query) -> Known<[Row]> {
        if let known = list(query) { return known }
        makeRoom(found.count + 1)
        // One row is one thing in memory, however many lists it is in.
        let own = found.map { remember($0, $0.id).value ?? $0 }
        let known = Known(value: own, memo: Memo())
        if let (column, value) = query.only {
            narrow[column, default: [:]][value, default: []].append((query, known))
        } else {
            wide[query] = known
        }
        return known
    }

    /// Forgets what a row's change, or its end, makes untrue.
    mutating func change(_ id: String, to row: Row?, _ schema: Schema) {
        let known = rows.removeValue(forKey: id)
        known?.memo.makeVoid()
        for known in wide.values { known.memo.makeVoid() }
        for known in counts.values { known.memo.makeVoid() }
        (wide, counts) = ([:], [:])
        for row in [known?.value, row].compactMap({ $0 }) {
            for column in narrow.keys {
                guard let value = row.value(column, schema) else { continue }
                for (_, list) in narrow[column]?.removeValue(forKey: value) ?? [] { list.memo.makeVoid() }
            }
        }
    }

    /// Forgets everything where the room would not do. What is forgotten cannot be told of changes, so its memos end.
    private mutating func makeRoom(_ more: Int) {
        size += more
        guard size > Self.room else { return }
        for known in rows.values { known.memo.makeVoid() }
        for known in counts.values { known.memo.makeVoid() }
        for lists in narrow.values.flatMap(\.values) { for (_, list) in lists { list.memo.makeVoid() } }
        for known in wide.values { known.memo.makeVoid() }
        self = KnownOfKind()
        size = more
    }
}

extension Query {
    /// The column and the value that are all this asks for, where it is so.
    var only: (column: String, value: JSON)? {
        guard conditions.count == 1, conditions[0].among.count == 1, either.isEmpty, tests.isEmpty, after == nil else {
            return nil
        }
        return (conditions[0].column, conditions[0].among[0])
    }
}

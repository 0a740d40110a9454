import CloudCore
import CloudStore
import GRDB

extension SQLiteTransaction {
    /// A value as SQLite keeps it: text, a number, or the JSON text of anything else.
    static func encode(_ value: JSON) -> (any DatabaseValueConvertible)? {
        switch value {
        case .null: nil
        case .bool(let flag): flag ? 1 : 0
        case .integer(let number): number
        case .number(let number): number
        case .string(let text): text
        case .array, .object: value.text
        }
    }

    func encode(_ row: CloudStore.Row, _ schema: Schema) -> [(any DatabaseValueConvertible)?] {
        let common: [(any DatabaseValueConvertible)?] = [
            row.id, row.project, row.createdAt.microseconds, row.updatedAt.microseconds, row.version,
            row.deletingSince?.microseconds,
        ]
        return common
            + zip(schema.columns, row.values).map { column, value in
                if case .json = column.type { value.text } else { Self.encode(value) }
            }
    }

    func decode(_ row: GRDB.Row, _ schema: Schema) throws(CloudError) -> CloudStore.Row {
        var values: [JSON] = []
        values.reserveCapacity(schema.columns.count)
        for (place, column) in schema.columns.enumerated() { values.append(try decode(row, place + 6, column.type)) }
        return CloudStore.Row(
            id: row[0], project: row[1], createdAt: Instant(microseconds: row[2]),
            updatedAt: Instant(microseconds: row[3]), version: row[4],
            deletingSince: (row[5] as Int64?).map(Instant.init(microseconds:)), values: values)
    }

    private func decode(_ row: GRDB.Row, _ place: Int, _ type: FieldType) throws(CloudError) -> JSON {
        switch type {
        case .text, .choice: .string(row[place])
        case .reference: (row[place] as String?).map(JSON.string) ?? .null
        case .integer: .integer(row[place])
        case .boolean: .bool((row[place] as Int) != 0)
        case .time: (row[place] as Int?).map(JSON.integer) ?? .null
        case .json: try JSON.parse(row[place] as String)
        }
    }
}

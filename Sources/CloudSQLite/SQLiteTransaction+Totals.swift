import CloudCore
import CloudStore
import GRDB

extension SQLiteTransaction {
    /// The total that is kept of what a query asks for; nil where none is.
    func total(_ column: String, _ query: Query) throws(CloudError) -> Int? {
        guard let (by, value) = query.only, let value = value.string,
            let kept = schemas[query.kind].totals.first(where: { $0.by == by }),
            column.isEmpty || column == SchemaSQL.deleting || kept.of.contains(column)
        else { return nil }
        return try fetch(
            "SELECT \"total\" FROM \"totals\" WHERE (\"kind\", \"by\", \"value\", \"of\") = (?, ?, ?, ?)",
            [query.kind.name, by, value, column]
        ) { (row) in row[0] as Int }.first ?? 0
    }
}

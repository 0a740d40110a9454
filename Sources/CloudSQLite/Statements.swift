import CloudCore
import CloudStore

/// The SQL of each kind of resource, written once.
struct Statements: Sendable {
    struct OfKind: Sendable {
        let select: String
        let insert: String
        let update: String
        let delete: String
    }
    static let common = ["id", "project_id", "created_at", "updated_at", "version", "deleting_since"]

    private let byKind: [Kind: OfKind]

    init(_ schemas: Schemas) {
        byKind = Dictionary(
            uniqueKeysWithValues: schemas.all.map { schema in
                let table = Self.quote(schema.kind.plural)
                let names = (Self.common + schema.columns.map(\.name)).map(Self.quote)
                let marks = names.map { _ in "?" }.joined(separator: ", ")
                return (
                    schema.kind,
                    OfKind(
                        select: "SELECT \(names.joined(separator: ", ")) FROM \(table)",
                        insert: "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(marks))",
                        update:
                            "UPDATE \(table) SET (\(names.joined(separator: ", "))) = (\(marks)) WHERE id = ? AND version = ?",
                        delete: "DELETE FROM \(table) WHERE id = ?")
                )
            })
    }

    subscript(kind: Kind) -> OfKind { byKind[kind]! }

    static func quote(_ name: String) -> String { "\"\(name)\"" }
}

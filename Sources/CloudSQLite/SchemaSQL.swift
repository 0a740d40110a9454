import CloudCore
import CloudStore

/// The tables that follow from the resources' fields. Used to write and to check migrations, never at run time.
public enum SchemaSQL {
    /// One `CREATE TABLE` and its indexes.
    public static func table(_ schema: Schema) -> String {
        var lines = common.map { "    " + $0 }
        for column in schema.columns { lines.append("    " + definition(column)) }
        var sql = "CREATE TABLE \"\(schema.kind.plural)\" (\n" + lines.joined(separator: ",\n") + "\n) STRICT;\n"
        // A project's, in the order in which lists show them; and how many there are, without a look at the table.
        let all = [["project_id", "created_at", "deleting_since"]] + schema.indexes
        for columns in all + schema.columns.filter({ isIndexed($0) }).map({ [$0.name] }) {
            let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
            let (table, name) = (schema.kind.plural, ([schema.kind.plural] + columns).joined(separator: "_"))
            sql += "CREATE INDEX \"\(name)\" ON \"\(table)\" (\(names));\n"
        }
        return sql
    }

    /// All tables, the store's own first.
    public static func everything(_ schemas: Schemas) -> String {
        ([own] + schemas.all.map(table)).joined(separator: "\n")
    }

    private static let common = [
        "\"id\" TEXT NOT NULL PRIMARY KEY", "\"project_id\" TEXT NOT NULL", "\"created_at\" INTEGER NOT NULL",
        "\"updated_at\" INTEGER NOT NULL", "\"version\" INTEGER NOT NULL", "\"deleting_since\" INTEGER",
    ]

    /// A foreign key is looked up whenever what it points to is deleted, so it has an index too.
    private static func isIndexed(_ column: Schema.Column) -> Bool {
        if case .reference = column.type { return true }
        return column.rights.contains(.indexed) && !column.rights.contains(.unique)
    }

    private static func definition(_ column: Schema.Column) -> String {
        let name = "\"\(column.name)\""
        let unique = column.rights.contains(.unique) ? " UNIQUE" : ""
        switch column.type {
        case .text(let max, _): return "\(name) TEXT NOT NULL\(unique) CHECK (length(CAST(\(name) AS BLOB)) <= \(max))"
        case .integer(let range):
            return
                "\(name) INTEGER NOT NULL\(unique) CHECK (\(name) BETWEEN \(range.lowerBound) AND \(range.upperBound))"
        case .boolean: return "\(name) INTEGER NOT NULL CHECK (\(name) IN (0, 1))"
        case .choice(let choices):
            return "\(name) TEXT NOT NULL CHECK (\(name) IN (\(choices.map { "'\($0)'" }.joined(separator: ", "))))"
        case .reference(let kind, let optional):
            return "\(name) TEXT\(optional ? "" : " NOT NULL")\(unique) REFERENCES \"\(kind.plural)\" (\"id\")"
        case .time: return "\(name) INTEGER"
        case .json(let max): return "\(name) TEXT NOT NULL CHECK (length(CAST(\(name) AS BLOB)) <= \(max))"
        }
    }

    /// The store's own tables. The audit log can be added to and read, and nothing else.
    static let own = """
        CREATE TABLE "work" (
            "kind" TEXT NOT NULL,
            "id" TEXT NOT NULL,
            "label" TEXT NOT NULL,
            "wake_at" INTEGER NOT NULL,
            "attempts" INTEGER NOT NULL,
            "lessee" TEXT NOT NULL,
            "leased_until" INTEGER NOT NULL,
            PRIMARY KEY ("kind", "id")
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX "work_wake_at" ON "work" ("wake_at", "leased_until");
        CREATE INDEX "work_leased_until" ON "work" ("leased_until");
        CREATE TABLE "signals" (
            "number" INTEGER PRIMARY KEY AUTOINCREMENT,
            "kind" TEXT NOT NULL,
            "id" TEXT NOT NULL,
            "name" TEXT NOT NULL
        ) STRICT;
        CREATE INDEX "signals_target" ON "signals" ("kind", "id");
        CREATE TABLE "claims" (
            "space" TEXT NOT NULL,
            "key" TEXT NOT NULL,
            "kind" TEXT NOT NULL,
            "id" TEXT NOT NULL,
            PRIMARY KEY ("space", "key")
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX "claims_owner" ON "claims" ("kind", "id");
        CREATE TABLE "audit" (
            "sequence" INTEGER PRIMARY KEY AUTOINCREMENT,
            "at" INTEGER NOT NULL,
            "request_id" TEXT NOT NULL,
            "user_id" TEXT,
            "user_name" TEXT NOT NULL,
            "domain" TEXT NOT NULL,
            "project_id" TEXT,
            "project_name" TEXT NOT NULL,
            "roles" TEXT NOT NULL,
            "token" TEXT,
            "address" TEXT NOT NULL,
            "service" TEXT NOT NULL,
            "action" TEXT NOT NULL,
            "kind" TEXT NOT NULL,
            "resource" TEXT NOT NULL,
            "outcome" TEXT NOT NULL CHECK ("outcome" IN ('success', 'refused', 'failed')),
            "reason" TEXT NOT NULL
        ) STRICT;
        CREATE INDEX "audit_project" ON "audit" ("project_id", "sequence");
        CREATE TRIGGER "audit_keeps" BEFORE UPDATE ON "audit" BEGIN
            SELECT RAISE(ABORT, 'the audit log is append-only');
        END;
        CREATE TRIGGER "audit_stays" BEFORE DELETE ON "audit" BEGIN
            SELECT RAISE(ABORT, 'the audit log is append-only');
        END;

        """
}

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
        let project = ["project_id", "created_at", "deleting_since"]
        for columns in [project] + schema.columns.filter({ isIndexed($0) }).map({ [$0.name] }) {
            let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
            let (table, name) = (schema.kind.plural, ([schema.kind.plural] + columns).joined(separator: "_"))
            sql += "CREATE INDEX \"\(name)\" ON \"\(table)\" (\(names));\n"
        }
        for totals in schema.totals { sql += triggers(schema.kind, totals) }
        return sql
    }

    /// What keeps totals right, whoever writes: each row adds its own when it comes and takes them along when it goes.
    private static func triggers(_ kind: Kind, _ totals: Totals) -> String {
        let (table, by) = (kind.plural, totals.by)
        let key = "'\(kind.name)', '\(by)'"
        func add(_ row: String, _ sign: String) -> String {
            let measures =
                [("", "1"), (deleting, "(\(row).\"deleting_since\" IS NOT NULL)")]
                + totals.of.map { ($0, "\(row).\"\($0)\"") }
            let values = measures.map { "(\(key), \(row).\"\(by)\", '\($0)', \(sign)\($1))" }
            return "    INSERT INTO \"totals\" VALUES \(values.joined(separator: ", "))\n"
                + "        ON CONFLICT DO UPDATE SET \"total\" = \"total\" + excluded.\"total\";\n"
        }
        let clear = """
                DELETE FROM "totals" WHERE ("kind", "by", "value") = (\(key), OLD."\(by)") AND "total" = 0;

            """
        let seen = ["\"\(by)\""] + totals.of.map { "\"\($0)\"" }
        func side(_ row: String) -> String {
            "(" + (seen.map { "\(row).\($0)" } + ["\(row).\"deleting_since\" IS NULL"]).joined(separator: ", ") + ")"
        }
        func trigger(_ event: String, _ condition: String, _ body: String) -> String {
            "CREATE TRIGGER \"\(table)_\(by)_\(event.lowercased())\" AFTER \(event) ON \"\(table)\"\(condition) BEGIN\n"
                + body + "END;\n"
        }
        return trigger("INSERT", "", add("NEW", "")) + trigger("DELETE", "", add("OLD", "-") + clear)
            + trigger(
                "UPDATE", " WHEN \(side("OLD")) IS NOT \(side("NEW"))", add("OLD", "-") + add("NEW", "") + clear)
    }

    /// The total of those whose deletion was asked for; an empty name is that of all.
    static let deleting = "deleting"

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
        CREATE TABLE "totals" (
            "kind" TEXT NOT NULL,
            "by" TEXT NOT NULL,
            "value" TEXT NOT NULL,
            "of" TEXT NOT NULL,
            "total" INTEGER NOT NULL,
            PRIMARY KEY ("kind", "by", "value", "of")
        ) STRICT, WITHOUT ROWID;
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

extension Migration {
    static let edge = Migration(
        name: "006-edge",
        sql: """
            CREATE TABLE "ddos_events" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "address" TEXT NOT NULL CHECK (length(CAST("address" AS BLOB)) <= 64),
                "gateway_id" TEXT NOT NULL CHECK (length(CAST("gateway_id" AS BLOB)) <= 64),
                "until" INTEGER,
                "peak" INTEGER NOT NULL CHECK ("peak" BETWEEN 0 AND 9223372036854775807),
                "openings" INTEGER NOT NULL CHECK ("openings" BETWEEN 0 AND 9223372036854775807),
                "dropped" INTEGER NOT NULL CHECK ("dropped" BETWEEN 0 AND 9223372036854775807)
            ) STRICT;
            CREATE INDEX "ddos_events_project_id_created_at_deleting_since" ON "ddos_events" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "ddos_events_address" ON "ddos_events" ("address");
            CREATE INDEX "ddos_events_gateway_id" ON "ddos_events" ("gateway_id");
            CREATE INDEX "ddos_events_until" ON "ddos_events" ("until");
            CREATE TRIGGER "ddos_events_project_id_insert" AFTER INSERT ON "ddos_events" BEGIN
                INSERT INTO "totals" VALUES ('ddos_event', 'project_id', NEW."project_id", '', 1), ('ddos_event', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "ddos_events_project_id_delete" AFTER DELETE ON "ddos_events" BEGIN
                INSERT INTO "totals" VALUES ('ddos_event', 'project_id', OLD."project_id", '', -1), ('ddos_event', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ddos_event', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "ddos_events_project_id_update" AFTER UPDATE ON "ddos_events" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('ddos_event', 'project_id', OLD."project_id", '', -1), ('ddos_event', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('ddos_event', 'project_id', NEW."project_id", '', 1), ('ddos_event', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ddos_event', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            """)
}

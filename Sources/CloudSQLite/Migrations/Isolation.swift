extension Migration {
    /// The isolation probe's runs, and what each found.
    static let isolation = Migration(
        name: "005-isolation",
        sql: """
            CREATE TABLE "isolation_probes" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "wanted" TEXT NOT NULL CHECK (length(CAST("wanted" AS BLOB)) <= 1024),
                "networks" TEXT NOT NULL CHECK (length(CAST("networks" AS BLOB)) <= 1024),
                "status" TEXT NOT NULL CHECK ("status" IN ('running', 'done')),
                "verdict" TEXT NOT NULL CHECK ("verdict" IN ('blocked', 'crossed', 'not_tried')),
                "cause" TEXT NOT NULL CHECK (length(CAST("cause" AS BLOB)) <= 1024),
                "finished_at" INTEGER,
                "pairs" INTEGER NOT NULL CHECK ("pairs" BETWEEN 0 AND 1000),
                "crossed" INTEGER NOT NULL CHECK ("crossed" BETWEEN 0 AND 1000),
                "untried" INTEGER NOT NULL CHECK ("untried" BETWEEN 0 AND 1000)
            ) STRICT;
            CREATE INDEX "isolation_probes_project_id_created_at_deleting_since" ON "isolation_probes" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "isolation_probes_status" ON "isolation_probes" ("status");
            CREATE TRIGGER "isolation_probes_project_id_insert" AFTER INSERT ON "isolation_probes" BEGIN
                INSERT INTO "totals" VALUES ('isolation_probe', 'project_id', NEW."project_id", '', 1), ('isolation_probe', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "isolation_probes_project_id_delete" AFTER DELETE ON "isolation_probes" BEGIN
                INSERT INTO "totals" VALUES ('isolation_probe', 'project_id', OLD."project_id", '', -1), ('isolation_probe', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('isolation_probe', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "isolation_probes_project_id_update" AFTER UPDATE ON "isolation_probes" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('isolation_probe', 'project_id', OLD."project_id", '', -1), ('isolation_probe', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('isolation_probe', 'project_id', NEW."project_id", '', 1), ('isolation_probe', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('isolation_probe', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "isolation_pairs" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "probe" TEXT NOT NULL CHECK (length(CAST("probe" AS BLOB)) <= 64),
                "from_network" TEXT NOT NULL CHECK (length(CAST("from_network" AS BLOB)) <= 64),
                "to_network" TEXT NOT NULL CHECK (length(CAST("to_network" AS BLOB)) <= 64),
                "from_project" TEXT NOT NULL CHECK (length(CAST("from_project" AS BLOB)) <= 64),
                "to_project" TEXT NOT NULL CHECK (length(CAST("to_project" AS BLOB)) <= 64),
                "verdict" TEXT NOT NULL CHECK ("verdict" IN ('blocked', 'crossed', 'not_tried')),
                "why" TEXT NOT NULL CHECK (length(CAST("why" AS BLOB)) <= 1024),
                "attempts" TEXT NOT NULL CHECK (length(CAST("attempts" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "isolation_pairs_project_id_created_at_deleting_since" ON "isolation_pairs" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "isolation_pairs_probe" ON "isolation_pairs" ("probe");
            CREATE TRIGGER "isolation_pairs_project_id_insert" AFTER INSERT ON "isolation_pairs" BEGIN
                INSERT INTO "totals" VALUES ('isolation_pair', 'project_id', NEW."project_id", '', 1), ('isolation_pair', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "isolation_pairs_project_id_delete" AFTER DELETE ON "isolation_pairs" BEGIN
                INSERT INTO "totals" VALUES ('isolation_pair', 'project_id', OLD."project_id", '', -1), ('isolation_pair', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('isolation_pair', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "isolation_pairs_project_id_update" AFTER UPDATE ON "isolation_pairs" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('isolation_pair', 'project_id', OLD."project_id", '', -1), ('isolation_pair', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('isolation_pair', 'project_id', NEW."project_id", '', 1), ('isolation_pair', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('isolation_pair', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            """)
}

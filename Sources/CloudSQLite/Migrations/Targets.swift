extension Migration {
    /// Virtual storages, and what volumes and snapshots know of them.
    static let targets = Migration(
        name: "011-targets",
        sql: """
            CREATE TABLE "virtual_storages" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "volume_type_id" TEXT NOT NULL REFERENCES "volume_types" ("id"),
                "network_id" TEXT NOT NULL CHECK (length(CAST("network_id" AS BLOB)) <= 64),
                "subnet_id" TEXT NOT NULL CHECK (length(CAST("subnet_id" AS BLOB)) <= 64),
                "pool_start" TEXT NOT NULL CHECK (length(CAST("pool_start" AS BLOB)) <= 15),
                "pool_end" TEXT NOT NULL CHECK (length(CAST("pool_end" AS BLOB)) <= 15),
                "host_routes" TEXT NOT NULL CHECK (length(CAST("host_routes" AS BLOB)) <= 2048),
                "address" TEXT NOT NULL CHECK (length(CAST("address" AS BLOB)) <= 15),
                "uid" INTEGER NOT NULL CHECK ("uid" BETWEEN 0 AND 2147483647),
                "status" TEXT NOT NULL CHECK ("status" IN ('creating', 'available', 'updating', 'error')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "virtual_storages_project_id_created_at_deleting_since" ON "virtual_storages" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "virtual_storages_name" ON "virtual_storages" ("name");
            CREATE INDEX "virtual_storages_volume_type_id" ON "virtual_storages" ("volume_type_id");
            CREATE INDEX "virtual_storages_status" ON "virtual_storages" ("status");
            CREATE TRIGGER "virtual_storages_project_id_insert" AFTER INSERT ON "virtual_storages" BEGIN
                INSERT INTO "totals" VALUES ('virtual_storage', 'project_id', NEW."project_id", '', 1), ('virtual_storage', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "virtual_storages_project_id_delete" AFTER DELETE ON "virtual_storages" BEGIN
                INSERT INTO "totals" VALUES ('virtual_storage', 'project_id', OLD."project_id", '', -1), ('virtual_storage', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('virtual_storage', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "virtual_storages_project_id_update" AFTER UPDATE ON "virtual_storages" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('virtual_storage', 'project_id', OLD."project_id", '', -1), ('virtual_storage', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('virtual_storage', 'project_id', NEW."project_id", '', 1), ('virtual_storage', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('virtual_storage', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            ALTER TABLE "volumes" ADD COLUMN "iops_per_gb" INTEGER NOT NULL DEFAULT 0 CHECK ("iops_per_gb" BETWEEN 0 AND 100000);
            ALTER TABLE "volumes" ADD COLUMN "virtual_storage_id" TEXT REFERENCES "virtual_storages" ("id");
            ALTER TABLE "volumes" ADD COLUMN "initiator_iqns" TEXT NOT NULL DEFAULT '[]' CHECK (length(CAST("initiator_iqns" AS BLOB)) <= 8192);
            ALTER TABLE "volumes" ADD COLUMN "exported" INTEGER NOT NULL DEFAULT 0 CHECK ("exported" IN (0, 1));
            ALTER TABLE "volumes" ADD COLUMN "service" TEXT NOT NULL DEFAULT 'out' CHECK ("service" IN ('out', 'taken', 'served'));
            CREATE INDEX "volumes_virtual_storage_id" ON "volumes" ("virtual_storage_id");
            CREATE INDEX "volumes_exported" ON "volumes" ("exported");
            ALTER TABLE "snapshots" ADD COLUMN "exported" INTEGER NOT NULL DEFAULT 0 CHECK ("exported" IN (0, 1));
            CREATE INDEX "snapshots_exported" ON "snapshots" ("exported");
            """)
}

extension Migration {
    /// Volumes, their types, attachments and snapshots, and the keys that they are under.
    static let volumes = Migration(
        name: "010-volumes",
        sql: """
            CREATE TABLE "storage_quotas" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "limits" TEXT NOT NULL CHECK (length(CAST("limits" AS BLOB)) <= 2048)
            ) STRICT;
            CREATE INDEX "storage_quotas_project_id_created_at_deleting_since" ON "storage_quotas" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "storage_quotas_project_id_insert" AFTER INSERT ON "storage_quotas" BEGIN
                INSERT INTO "totals" VALUES ('storage_quota', 'project_id', NEW."project_id", '', 1), ('storage_quota', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "storage_quotas_project_id_delete" AFTER DELETE ON "storage_quotas" BEGIN
                INSERT INTO "totals" VALUES ('storage_quota', 'project_id', OLD."project_id", '', -1), ('storage_quota', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('storage_quota', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "storage_quotas_project_id_update" AFTER UPDATE ON "storage_quotas" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('storage_quota', 'project_id', OLD."project_id", '', -1), ('storage_quota', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('storage_quota', 'project_id', NEW."project_id", '', 1), ('storage_quota', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('storage_quota', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "keyrings" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "epoch" INTEGER NOT NULL CHECK ("epoch" BETWEEN 0 AND 9223372036854775807),
                "oldest" INTEGER NOT NULL CHECK ("oldest" BETWEEN 1 AND 9223372036854775807)
            ) STRICT;
            CREATE INDEX "keyrings_project_id_created_at_deleting_since" ON "keyrings" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "keyrings_project_id_insert" AFTER INSERT ON "keyrings" BEGIN
                INSERT INTO "totals" VALUES ('keyring', 'project_id', NEW."project_id", '', 1), ('keyring', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "keyrings_project_id_delete" AFTER DELETE ON "keyrings" BEGIN
                INSERT INTO "totals" VALUES ('keyring', 'project_id', OLD."project_id", '', -1), ('keyring', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('keyring', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "keyrings_project_id_update" AFTER UPDATE ON "keyrings" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('keyring', 'project_id', OLD."project_id", '', -1), ('keyring', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('keyring', 'project_id', NEW."project_id", '', 1), ('keyring', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('keyring', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "disk_keys" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "disk" TEXT NOT NULL CHECK (length(CAST("disk" AS BLOB)) <= 64),
                "epoch" INTEGER NOT NULL CHECK ("epoch" BETWEEN 0 AND 9223372036854775807),
                "sealed" TEXT NOT NULL CHECK (length(CAST("sealed" AS BLOB)) <= 1024),
                "lost" INTEGER NOT NULL CHECK ("lost" IN (0, 1))
            ) STRICT;
            CREATE INDEX "disk_keys_project_id_created_at_deleting_since" ON "disk_keys" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "disk_keys_disk" ON "disk_keys" ("disk");
            CREATE TRIGGER "disk_keys_project_id_insert" AFTER INSERT ON "disk_keys" BEGIN
                INSERT INTO "totals" VALUES ('disk_key', 'project_id', NEW."project_id", '', 1), ('disk_key', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "disk_keys_project_id_delete" AFTER DELETE ON "disk_keys" BEGIN
                INSERT INTO "totals" VALUES ('disk_key', 'project_id', OLD."project_id", '', -1), ('disk_key', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('disk_key', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "disk_keys_project_id_update" AFTER UPDATE ON "disk_keys" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('disk_key', 'project_id', OLD."project_id", '', -1), ('disk_key', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('disk_key', 'project_id', NEW."project_id", '', 1), ('disk_key', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('disk_key', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "volume_types" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL UNIQUE CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "is_public" INTEGER NOT NULL CHECK ("is_public" IN (0, 1)),
                "extra_specs" TEXT NOT NULL CHECK (length(CAST("extra_specs" AS BLOB)) <= 32768)
            ) STRICT;
            CREATE INDEX "volume_types_project_id_created_at_deleting_since" ON "volume_types" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "volume_types_project_id_insert" AFTER INSERT ON "volume_types" BEGIN
                INSERT INTO "totals" VALUES ('volume_type', 'project_id', NEW."project_id", '', 1), ('volume_type', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "volume_types_project_id_delete" AFTER DELETE ON "volume_types" BEGIN
                INSERT INTO "totals" VALUES ('volume_type', 'project_id', OLD."project_id", '', -1), ('volume_type', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume_type', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "volume_types_project_id_update" AFTER UPDATE ON "volume_types" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('volume_type', 'project_id', OLD."project_id", '', -1), ('volume_type', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('volume_type', 'project_id', NEW."project_id", '', 1), ('volume_type', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume_type', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "volumes" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "size" INTEGER NOT NULL CHECK ("size" BETWEEN 1 AND 65536),
                "availability_zone" TEXT NOT NULL CHECK (length(CAST("availability_zone" AS BLOB)) <= 64),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "volume_type" TEXT NOT NULL REFERENCES "volume_types" ("id"),
                "metadata" TEXT NOT NULL CHECK (length(CAST("metadata" AS BLOB)) <= 32768),
                "bootable" INTEGER NOT NULL CHECK ("bootable" IN (0, 1)),
                "readonly" INTEGER NOT NULL CHECK ("readonly" IN (0, 1)),
                "image" TEXT NOT NULL CHECK (length(CAST("image" AS BLOB)) <= 64),
                "origin" TEXT NOT NULL CHECK (length(CAST("origin" AS BLOB)) <= 64),
                "snapshot" TEXT NOT NULL CHECK (length(CAST("snapshot" AS BLOB)) <= 64),
                "copying" TEXT REFERENCES "volumes" ("id"),
                "copying_snapshot" TEXT REFERENCES "snapshots" ("id"),
                "image_metadata" TEXT NOT NULL CHECK (length(CAST("image_metadata" AS BLOB)) <= 32768),
                "status" TEXT NOT NULL CHECK ("status" IN ('creating', 'available', 'attaching', 'detaching', 'extending', 'reverting', 'deleting', 'error', 'in-use', 'error_deleting', 'error_extending')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024),
                "made" INTEGER NOT NULL CHECK ("made" BETWEEN 0 AND 65536),
                "layers" TEXT NOT NULL CHECK (length(CAST("layers" AS BLOB)) <= 4096)
            ) STRICT;
            CREATE INDEX "volumes_project_id_created_at_deleting_since" ON "volumes" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "volumes_name" ON "volumes" ("name");
            CREATE INDEX "volumes_volume_type" ON "volumes" ("volume_type");
            CREATE INDEX "volumes_copying" ON "volumes" ("copying");
            CREATE INDEX "volumes_copying_snapshot" ON "volumes" ("copying_snapshot");
            CREATE INDEX "volumes_status" ON "volumes" ("status");
            CREATE TRIGGER "volumes_project_id_insert" AFTER INSERT ON "volumes" BEGIN
                INSERT INTO "totals" VALUES ('volume', 'project_id', NEW."project_id", '', 1), ('volume', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('volume', 'project_id', NEW."project_id", 'size', NEW."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "volumes_project_id_delete" AFTER DELETE ON "volumes" BEGIN
                INSERT INTO "totals" VALUES ('volume', 'project_id', OLD."project_id", '', -1), ('volume', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('volume', 'project_id', OLD."project_id", 'size', -OLD."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "volumes_project_id_update" AFTER UPDATE ON "volumes" WHEN (OLD."project_id", OLD."size", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."size", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('volume', 'project_id', OLD."project_id", '', -1), ('volume', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('volume', 'project_id', OLD."project_id", 'size', -OLD."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('volume', 'project_id', NEW."project_id", '', 1), ('volume', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('volume', 'project_id', NEW."project_id", 'size', NEW."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "volume_attachments" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "volume_id" TEXT NOT NULL REFERENCES "volumes" ("id"),
                "server_id" TEXT NOT NULL CHECK (length(CAST("server_id" AS BLOB)) <= 64),
                "device" TEXT NOT NULL CHECK (length(CAST("device" AS BLOB)) <= 32),
                "state" TEXT NOT NULL CHECK ("state" IN ('attaching', 'attached', 'detaching')),
                "goes_with_server" INTEGER NOT NULL CHECK ("goes_with_server" IN (0, 1))
            ) STRICT;
            CREATE INDEX "volume_attachments_project_id_created_at_deleting_since" ON "volume_attachments" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "volume_attachments_volume_id" ON "volume_attachments" ("volume_id");
            CREATE INDEX "volume_attachments_server_id" ON "volume_attachments" ("server_id");
            CREATE TRIGGER "volume_attachments_project_id_insert" AFTER INSERT ON "volume_attachments" BEGIN
                INSERT INTO "totals" VALUES ('volume_attachment', 'project_id', NEW."project_id", '', 1), ('volume_attachment', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "volume_attachments_project_id_delete" AFTER DELETE ON "volume_attachments" BEGIN
                INSERT INTO "totals" VALUES ('volume_attachment', 'project_id', OLD."project_id", '', -1), ('volume_attachment', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume_attachment', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "volume_attachments_project_id_update" AFTER UPDATE ON "volume_attachments" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('volume_attachment', 'project_id', OLD."project_id", '', -1), ('volume_attachment', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('volume_attachment', 'project_id', NEW."project_id", '', 1), ('volume_attachment', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('volume_attachment', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "snapshots" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "metadata" TEXT NOT NULL CHECK (length(CAST("metadata" AS BLOB)) <= 32768),
                "volume_id" TEXT NOT NULL REFERENCES "volumes" ("id"),
                "size" INTEGER NOT NULL CHECK ("size" BETWEEN 1 AND 65536),
                "status" TEXT NOT NULL CHECK ("status" IN ('creating', 'available', 'restoring', 'error', 'error_deleting')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024),
                "layer" TEXT NOT NULL CHECK (length(CAST("layer" AS BLOB)) <= 64),
                "next" TEXT NOT NULL CHECK (length(CAST("next" AS BLOB)) <= 64),
                "dropped" TEXT NOT NULL CHECK (length(CAST("dropped" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "snapshots_project_id_created_at_deleting_since" ON "snapshots" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "snapshots_name" ON "snapshots" ("name");
            CREATE INDEX "snapshots_volume_id" ON "snapshots" ("volume_id");
            CREATE INDEX "snapshots_status" ON "snapshots" ("status");
            CREATE TRIGGER "snapshots_project_id_insert" AFTER INSERT ON "snapshots" BEGIN
                INSERT INTO "totals" VALUES ('snapshot', 'project_id', NEW."project_id", '', 1), ('snapshot', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('snapshot', 'project_id', NEW."project_id", 'size', NEW."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "snapshots_project_id_delete" AFTER DELETE ON "snapshots" BEGIN
                INSERT INTO "totals" VALUES ('snapshot', 'project_id', OLD."project_id", '', -1), ('snapshot', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('snapshot', 'project_id', OLD."project_id", 'size', -OLD."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('snapshot', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "snapshots_project_id_update" AFTER UPDATE ON "snapshots" WHEN (OLD."project_id", OLD."size", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."size", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('snapshot', 'project_id', OLD."project_id", '', -1), ('snapshot', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('snapshot', 'project_id', OLD."project_id", 'size', -OLD."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('snapshot', 'project_id', NEW."project_id", '', 1), ('snapshot', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('snapshot', 'project_id', NEW."project_id", 'size', NEW."size")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('snapshot', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            """)
}

extension Migration {
    /// Logs of what security groups drop and pass, and copies of ports' packets.
    static let sight = Migration(
        name: "003-sight",
        sql: """
            CREATE TABLE "logs" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "event" TEXT NOT NULL CHECK ("event" IN ('ALL', 'ACCEPT', 'DROP')),
                "resource_id" TEXT NOT NULL CHECK (length(CAST("resource_id" AS BLOB)) <= 64),
                "target_id" TEXT NOT NULL CHECK (length(CAST("target_id" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "logs_project_id_created_at_deleting_since" ON "logs" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "logs_resource_id" ON "logs" ("resource_id");
            CREATE INDEX "logs_target_id" ON "logs" ("target_id");
            CREATE TRIGGER "logs_project_id_insert" AFTER INSERT ON "logs" BEGIN
                INSERT INTO "totals" VALUES ('log', 'project_id', NEW."project_id", '', 1), ('log', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "logs_project_id_delete" AFTER DELETE ON "logs" BEGIN
                INSERT INTO "totals" VALUES ('log', 'project_id', OLD."project_id", '', -1), ('log', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('log', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "logs_project_id_update" AFTER UPDATE ON "logs" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('log', 'project_id', OLD."project_id", '', -1), ('log', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('log', 'project_id', NEW."project_id", '', 1), ('log', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('log', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "tap_services" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "tap_services_project_id_created_at_deleting_since" ON "tap_services" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "tap_services_port_id" ON "tap_services" ("port_id");
            CREATE TRIGGER "tap_services_project_id_insert" AFTER INSERT ON "tap_services" BEGIN
                INSERT INTO "totals" VALUES ('tap_service', 'project_id', NEW."project_id", '', 1), ('tap_service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "tap_services_project_id_delete" AFTER DELETE ON "tap_services" BEGIN
                INSERT INTO "totals" VALUES ('tap_service', 'project_id', OLD."project_id", '', -1), ('tap_service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tap_service', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "tap_services_project_id_update" AFTER UPDATE ON "tap_services" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('tap_service', 'project_id', OLD."project_id", '', -1), ('tap_service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('tap_service', 'project_id', NEW."project_id", '', 1), ('tap_service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tap_service', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "tap_flows" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "tap_service_id" TEXT NOT NULL CHECK (length(CAST("tap_service_id" AS BLOB)) <= 64),
                "source_port" TEXT NOT NULL CHECK (length(CAST("source_port" AS BLOB)) <= 64),
                "listener" TEXT NOT NULL CHECK (length(CAST("listener" AS BLOB)) <= 64),
                "direction" TEXT NOT NULL CHECK ("direction" IN ('IN', 'OUT', 'BOTH')),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'DOWN', 'ERROR')),
                "host" TEXT NOT NULL CHECK (length(CAST("host" AS BLOB)) <= 255),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "tap_flows_project_id_created_at_deleting_since" ON "tap_flows" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "tap_flows_tap_service_id" ON "tap_flows" ("tap_service_id");
            CREATE INDEX "tap_flows_source_port" ON "tap_flows" ("source_port");
            CREATE INDEX "tap_flows_listener" ON "tap_flows" ("listener");
            CREATE TRIGGER "tap_flows_project_id_insert" AFTER INSERT ON "tap_flows" BEGIN
                INSERT INTO "totals" VALUES ('tap_flow', 'project_id', NEW."project_id", '', 1), ('tap_flow', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "tap_flows_project_id_delete" AFTER DELETE ON "tap_flows" BEGIN
                INSERT INTO "totals" VALUES ('tap_flow', 'project_id', OLD."project_id", '', -1), ('tap_flow', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tap_flow', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "tap_flows_project_id_update" AFTER UPDATE ON "tap_flows" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('tap_flow', 'project_id', OLD."project_id", '', -1), ('tap_flow', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('tap_flow', 'project_id', NEW."project_id", '', 1), ('tap_flow', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tap_flow', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            """)
}

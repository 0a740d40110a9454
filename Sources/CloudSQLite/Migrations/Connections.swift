extension Migration {
    static let connections = Migration(
        name: "007-connections",
        sql: """
            CREATE TABLE "approval_requests" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "approver_id" TEXT NOT NULL CHECK (length(CAST("approver_id" AS BLOB)) <= 64),
                "request_user_id" TEXT NOT NULL CHECK (length(CAST("request_user_id" AS BLOB)) <= 64),
                "body" TEXT NOT NULL CHECK (length(CAST("body" AS BLOB)) <= 65535),
                "target_id" TEXT NOT NULL CHECK (length(CAST("target_id" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('registered', 'approved', 'denied', 'cancelled', 'expired'))
            ) STRICT;
            CREATE INDEX "approval_requests_project_id_created_at_deleting_since" ON "approval_requests" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "approval_requests_approver_id" ON "approval_requests" ("approver_id");
            CREATE INDEX "approval_requests_target_id" ON "approval_requests" ("target_id");
            CREATE INDEX "approval_requests_status" ON "approval_requests" ("status");
            CREATE TRIGGER "approval_requests_project_id_insert" AFTER INSERT ON "approval_requests" BEGIN
                INSERT INTO "totals" VALUES ('approval_request', 'project_id', NEW."project_id", '', 1), ('approval_request', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "approval_requests_project_id_delete" AFTER DELETE ON "approval_requests" BEGIN
                INSERT INTO "totals" VALUES ('approval_request', 'project_id', OLD."project_id", '', -1), ('approval_request', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('approval_request', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "approval_requests_project_id_update" AFTER UPDATE ON "approval_requests" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('approval_request', 'project_id', OLD."project_id", '', -1), ('approval_request', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('approval_request', 'project_id', NEW."project_id", '', 1), ('approval_request', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('approval_request', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "tenant_connection_requests" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "tenant_id_other" TEXT NOT NULL CHECK (length(CAST("tenant_id_other" AS BLOB)) <= 64),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "name_other" TEXT NOT NULL CHECK (length(CAST("name_other" AS BLOB)) <= 255),
                "description_other" TEXT NOT NULL CHECK (length(CAST("description_other" AS BLOB)) <= 1024),
                "tags_other" TEXT NOT NULL CHECK (length(CAST("tags_other" AS BLOB)) <= 8192),
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "approval_request_id" TEXT NOT NULL CHECK (length(CAST("approval_request_id" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('registering', 'registered', 'denied', 'cancelled', 'expired'))
            ) STRICT;
            CREATE INDEX "tenant_connection_requests_project_id_created_at_deleting_since" ON "tenant_connection_requests" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "tenant_connection_requests_tenant_id_other" ON "tenant_connection_requests" ("tenant_id_other");
            CREATE INDEX "tenant_connection_requests_network_id" ON "tenant_connection_requests" ("network_id");
            CREATE INDEX "tenant_connection_requests_approval_request_id" ON "tenant_connection_requests" ("approval_request_id");
            CREATE INDEX "tenant_connection_requests_status" ON "tenant_connection_requests" ("status");
            CREATE TRIGGER "tenant_connection_requests_project_id_insert" AFTER INSERT ON "tenant_connection_requests" BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection_request', 'project_id', NEW."project_id", '', 1), ('tenant_connection_request', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "tenant_connection_requests_project_id_delete" AFTER DELETE ON "tenant_connection_requests" BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection_request', 'project_id', OLD."project_id", '', -1), ('tenant_connection_request', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tenant_connection_request', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "tenant_connection_requests_project_id_update" AFTER UPDATE ON "tenant_connection_requests" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection_request', 'project_id', OLD."project_id", '', -1), ('tenant_connection_request', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('tenant_connection_request', 'project_id', NEW."project_id", '', 1), ('tenant_connection_request', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tenant_connection_request', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "tenant_connections" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "tenant_id_other" TEXT NOT NULL CHECK (length(CAST("tenant_id_other" AS BLOB)) <= 64),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "name_other" TEXT NOT NULL CHECK (length(CAST("name_other" AS BLOB)) <= 255),
                "description_other" TEXT NOT NULL CHECK (length(CAST("description_other" AS BLOB)) <= 1024),
                "tags_other" TEXT NOT NULL CHECK (length(CAST("tags_other" AS BLOB)) <= 8192),
                "tenant_connection_request_id" TEXT NOT NULL REFERENCES "tenant_connection_requests" ("id"),
                "network_id" TEXT NOT NULL CHECK (length(CAST("network_id" AS BLOB)) <= 64),
                "device_type" TEXT NOT NULL CHECK ("device_type" IN ('ECL::Compute::Server')),
                "device_id" TEXT NOT NULL CHECK (length(CAST("device_id" AS BLOB)) <= 64),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 64),
                "address_pairs" TEXT NOT NULL CHECK (length(CAST("address_pairs" AS BLOB)) <= 2048),
                "is_made" INTEGER NOT NULL CHECK ("is_made" IN (0, 1))
            ) STRICT;
            CREATE INDEX "tenant_connections_project_id_created_at_deleting_since" ON "tenant_connections" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "tenant_connections_tenant_id_other" ON "tenant_connections" ("tenant_id_other");
            CREATE INDEX "tenant_connections_tenant_connection_request_id" ON "tenant_connections" ("tenant_connection_request_id");
            CREATE INDEX "tenant_connections_network_id" ON "tenant_connections" ("network_id");
            CREATE INDEX "tenant_connections_device_id" ON "tenant_connections" ("device_id");
            CREATE INDEX "tenant_connections_port_id" ON "tenant_connections" ("port_id");
            CREATE TRIGGER "tenant_connections_project_id_insert" AFTER INSERT ON "tenant_connections" BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection', 'project_id', NEW."project_id", '', 1), ('tenant_connection', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "tenant_connections_project_id_delete" AFTER DELETE ON "tenant_connections" BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection', 'project_id', OLD."project_id", '', -1), ('tenant_connection', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tenant_connection', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "tenant_connections_project_id_update" AFTER UPDATE ON "tenant_connections" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('tenant_connection', 'project_id', OLD."project_id", '', -1), ('tenant_connection', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('tenant_connection', 'project_id', NEW."project_id", '', 1), ('tenant_connection', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('tenant_connection', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "operations" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "resource_id" TEXT NOT NULL CHECK (length(CAST("resource_id" AS BLOB)) <= 64),
                "resource_type" TEXT NOT NULL CHECK (length(CAST("resource_type" AS BLOB)) <= 64),
                "request_type" TEXT NOT NULL CHECK ("request_type" IN ('create', 'delete')),
                "operation_status" TEXT NOT NULL CHECK ("operation_status" IN ('PROCESSING', 'COMPLETE', 'ERROR')),
                "request_body" TEXT NOT NULL CHECK (length(CAST("request_body" AS BLOB)) <= 65535),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024),
                "commit_datetime" INTEGER
            ) STRICT;
            CREATE INDEX "operations_project_id_created_at_deleting_since" ON "operations" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "operations_resource_id" ON "operations" ("resource_id");
            CREATE TRIGGER "operations_project_id_insert" AFTER INSERT ON "operations" BEGIN
                INSERT INTO "totals" VALUES ('operation', 'project_id', NEW."project_id", '', 1), ('operation', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "operations_project_id_delete" AFTER DELETE ON "operations" BEGIN
                INSERT INTO "totals" VALUES ('operation', 'project_id', OLD."project_id", '', -1), ('operation', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('operation', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "operations_project_id_update" AFTER UPDATE ON "operations" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('operation', 'project_id', OLD."project_id", '', -1), ('operation', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('operation', 'project_id', NEW."project_id", '', 1), ('operation', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('operation', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            """)
}

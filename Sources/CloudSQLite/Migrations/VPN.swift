extension Migration {
    static let vpn = Migration(
        name: "004-vpn",
        sql: """
            CREATE TABLE "ike_policies" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "encryption_algorithm" TEXT NOT NULL CHECK (length(CAST("encryption_algorithm" AS BLOB)) <= 32),
                "auth_algorithm" TEXT NOT NULL CHECK (length(CAST("auth_algorithm" AS BLOB)) <= 32),
                "pfs" TEXT NOT NULL CHECK (length(CAST("pfs" AS BLOB)) <= 32),
                "lifetime" TEXT NOT NULL CHECK (length(CAST("lifetime" AS BLOB)) <= 256)
            ) STRICT;
            CREATE INDEX "ike_policies_project_id_created_at_deleting_since" ON "ike_policies" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "ike_policies_project_id_insert" AFTER INSERT ON "ike_policies" BEGIN
                INSERT INTO "totals" VALUES ('ike_policy', 'project_id', NEW."project_id", '', 1), ('ike_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "ike_policies_project_id_delete" AFTER DELETE ON "ike_policies" BEGIN
                INSERT INTO "totals" VALUES ('ike_policy', 'project_id', OLD."project_id", '', -1), ('ike_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ike_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "ike_policies_project_id_update" AFTER UPDATE ON "ike_policies" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('ike_policy', 'project_id', OLD."project_id", '', -1), ('ike_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('ike_policy', 'project_id', NEW."project_id", '', 1), ('ike_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ike_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "ipsec_policies" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "encryption_algorithm" TEXT NOT NULL CHECK (length(CAST("encryption_algorithm" AS BLOB)) <= 32),
                "auth_algorithm" TEXT NOT NULL CHECK (length(CAST("auth_algorithm" AS BLOB)) <= 32),
                "pfs" TEXT NOT NULL CHECK (length(CAST("pfs" AS BLOB)) <= 32),
                "lifetime" TEXT NOT NULL CHECK (length(CAST("lifetime" AS BLOB)) <= 256)
            ) STRICT;
            CREATE INDEX "ipsec_policies_project_id_created_at_deleting_since" ON "ipsec_policies" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "ipsec_policies_project_id_insert" AFTER INSERT ON "ipsec_policies" BEGIN
                INSERT INTO "totals" VALUES ('ipsec_policy', 'project_id', NEW."project_id", '', 1), ('ipsec_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "ipsec_policies_project_id_delete" AFTER DELETE ON "ipsec_policies" BEGIN
                INSERT INTO "totals" VALUES ('ipsec_policy', 'project_id', OLD."project_id", '', -1), ('ipsec_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ipsec_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "ipsec_policies_project_id_update" AFTER UPDATE ON "ipsec_policies" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('ipsec_policy', 'project_id', OLD."project_id", '', -1), ('ipsec_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('ipsec_policy', 'project_id', NEW."project_id", '', 1), ('ipsec_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ipsec_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "endpoint_groups" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "type" TEXT NOT NULL CHECK ("type" IN ('subnet', 'cidr')),
                "endpoints" TEXT NOT NULL CHECK (length(CAST("endpoints" AS BLOB)) <= 4096)
            ) STRICT;
            CREATE INDEX "endpoint_groups_project_id_created_at_deleting_since" ON "endpoint_groups" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "endpoint_groups_project_id_insert" AFTER INSERT ON "endpoint_groups" BEGIN
                INSERT INTO "totals" VALUES ('endpoint_group', 'project_id', NEW."project_id", '', 1), ('endpoint_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "endpoint_groups_project_id_delete" AFTER DELETE ON "endpoint_groups" BEGIN
                INSERT INTO "totals" VALUES ('endpoint_group', 'project_id', OLD."project_id", '', -1), ('endpoint_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('endpoint_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "endpoint_groups_project_id_update" AFTER UPDATE ON "endpoint_groups" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('endpoint_group', 'project_id', OLD."project_id", '', -1), ('endpoint_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('endpoint_group', 'project_id', NEW."project_id", '', 1), ('endpoint_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('endpoint_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "vpnservices" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "admin_state_up" INTEGER NOT NULL CHECK ("admin_state_up" IN (0, 1)),
                "router_id" TEXT NOT NULL REFERENCES "routers" ("id"),
                "subnet_id" TEXT NOT NULL CHECK (length(CAST("subnet_id" AS BLOB)) <= 64),
                "link" TEXT NOT NULL CHECK (length(CAST("link" AS BLOB)) <= 64),
                "outer_port" TEXT NOT NULL CHECK (length(CAST("outer_port" AS BLOB)) <= 64),
                "inner_port" TEXT NOT NULL CHECK (length(CAST("inner_port" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'DOWN', 'ERROR', 'PENDING_CREATE')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "vpnservices_project_id_created_at_deleting_since" ON "vpnservices" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "vpnservices_router_id" ON "vpnservices" ("router_id");
            CREATE INDEX "vpnservices_subnet_id" ON "vpnservices" ("subnet_id");
            CREATE TRIGGER "vpnservices_project_id_insert" AFTER INSERT ON "vpnservices" BEGIN
                INSERT INTO "totals" VALUES ('vpnservice', 'project_id', NEW."project_id", '', 1), ('vpnservice', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "vpnservices_project_id_delete" AFTER DELETE ON "vpnservices" BEGIN
                INSERT INTO "totals" VALUES ('vpnservice', 'project_id', OLD."project_id", '', -1), ('vpnservice', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('vpnservice', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "vpnservices_project_id_update" AFTER UPDATE ON "vpnservices" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('vpnservice', 'project_id', OLD."project_id", '', -1), ('vpnservice', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('vpnservice', 'project_id', NEW."project_id", '', 1), ('vpnservice', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('vpnservice', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "ipsec_site_connections" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "admin_state_up" INTEGER NOT NULL CHECK ("admin_state_up" IN (0, 1)),
                "vpnservice_id" TEXT NOT NULL REFERENCES "vpnservices" ("id"),
                "ikepolicy_id" TEXT NOT NULL CHECK (length(CAST("ikepolicy_id" AS BLOB)) <= 64),
                "ipsecpolicy_id" TEXT NOT NULL CHECK (length(CAST("ipsecpolicy_id" AS BLOB)) <= 64),
                "local_ep_group_id" TEXT NOT NULL CHECK (length(CAST("local_ep_group_id" AS BLOB)) <= 64),
                "peer_ep_group_id" TEXT NOT NULL CHECK (length(CAST("peer_ep_group_id" AS BLOB)) <= 64),
                "peer_address" TEXT NOT NULL CHECK (length(CAST("peer_address" AS BLOB)) <= 64),
                "peer_id" TEXT NOT NULL CHECK (length(CAST("peer_id" AS BLOB)) <= 255),
                "local_id" TEXT NOT NULL CHECK (length(CAST("local_id" AS BLOB)) <= 255),
                "peer_cidrs" TEXT NOT NULL CHECK (length(CAST("peer_cidrs" AS BLOB)) <= 2048),
                "auth_mode" TEXT NOT NULL CHECK ("auth_mode" IN ('psk', 'cert')),
                "psk" TEXT NOT NULL CHECK (length(CAST("psk" AS BLOB)) <= 128),
                "private_key" TEXT NOT NULL CHECK (length(CAST("private_key" AS BLOB)) <= 16384),
                "certificate" TEXT NOT NULL CHECK (length(CAST("certificate" AS BLOB)) <= 32768),
                "peer_ca_certificate" TEXT NOT NULL CHECK (length(CAST("peer_ca_certificate" AS BLOB)) <= 16384),
                "dpd" TEXT NOT NULL CHECK (length(CAST("dpd" AS BLOB)) <= 256),
                "mtu" INTEGER NOT NULL CHECK ("mtu" BETWEEN 576 AND 9000),
                "initiator" TEXT NOT NULL CHECK ("initiator" IN ('bi-directional', 'response-only')),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'DOWN', 'ERROR', 'PENDING_CREATE')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024),
                "meter" TEXT NOT NULL CHECK (length(CAST("meter" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "ipsec_site_connections_project_id_created_at_deleting_since" ON "ipsec_site_connections" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "ipsec_site_connections_vpnservice_id" ON "ipsec_site_connections" ("vpnservice_id");
            CREATE INDEX "ipsec_site_connections_ikepolicy_id" ON "ipsec_site_connections" ("ikepolicy_id");
            CREATE INDEX "ipsec_site_connections_ipsecpolicy_id" ON "ipsec_site_connections" ("ipsecpolicy_id");
            CREATE INDEX "ipsec_site_connections_local_ep_group_id" ON "ipsec_site_connections" ("local_ep_group_id");
            CREATE INDEX "ipsec_site_connections_peer_ep_group_id" ON "ipsec_site_connections" ("peer_ep_group_id");
            CREATE TRIGGER "ipsec_site_connections_project_id_insert" AFTER INSERT ON "ipsec_site_connections" BEGIN
                INSERT INTO "totals" VALUES ('ipsec_site_connection', 'project_id', NEW."project_id", '', 1), ('ipsec_site_connection', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "ipsec_site_connections_project_id_delete" AFTER DELETE ON "ipsec_site_connections" BEGIN
                INSERT INTO "totals" VALUES ('ipsec_site_connection', 'project_id', OLD."project_id", '', -1), ('ipsec_site_connection', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ipsec_site_connection', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "ipsec_site_connections_project_id_update" AFTER UPDATE ON "ipsec_site_connections" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('ipsec_site_connection', 'project_id', OLD."project_id", '', -1), ('ipsec_site_connection', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('ipsec_site_connection', 'project_id', NEW."project_id", '', 1), ('ipsec_site_connection', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('ipsec_site_connection', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            """)
}

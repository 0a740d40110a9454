extension Migration {
    /// What Neutron knows beyond networks, ports and routers.
    static let networkDetails = Migration(
        name: "002-network-details",
        sql: """
            CREATE TABLE "address_scopes" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "ip_version" INTEGER NOT NULL CHECK ("ip_version" BETWEEN 4 AND 6),
                "shared" INTEGER NOT NULL CHECK ("shared" IN (0, 1))
            ) STRICT;
            CREATE INDEX "address_scopes_project_id_created_at_deleting_since" ON "address_scopes" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "address_scopes_shared" ON "address_scopes" ("shared");
            CREATE TRIGGER "address_scopes_project_id_insert" AFTER INSERT ON "address_scopes" BEGIN
                INSERT INTO "totals" VALUES ('address_scope', 'project_id', NEW."project_id", '', 1), ('address_scope', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "address_scopes_project_id_delete" AFTER DELETE ON "address_scopes" BEGIN
                INSERT INTO "totals" VALUES ('address_scope', 'project_id', OLD."project_id", '', -1), ('address_scope', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('address_scope', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "address_scopes_project_id_update" AFTER UPDATE ON "address_scopes" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('address_scope', 'project_id', OLD."project_id", '', -1), ('address_scope', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('address_scope', 'project_id', NEW."project_id", '', 1), ('address_scope', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('address_scope', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "qos_policies" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "shared" INTEGER NOT NULL CHECK ("shared" IN (0, 1))
            ) STRICT;
            CREATE INDEX "qos_policies_project_id_created_at_deleting_since" ON "qos_policies" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "qos_policies_shared" ON "qos_policies" ("shared");
            CREATE TRIGGER "qos_policies_project_id_insert" AFTER INSERT ON "qos_policies" BEGIN
                INSERT INTO "totals" VALUES ('qos_policy', 'project_id', NEW."project_id", '', 1), ('qos_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "qos_policies_project_id_delete" AFTER DELETE ON "qos_policies" BEGIN
                INSERT INTO "totals" VALUES ('qos_policy', 'project_id', OLD."project_id", '', -1), ('qos_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('qos_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "qos_policies_project_id_update" AFTER UPDATE ON "qos_policies" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('qos_policy', 'project_id', OLD."project_id", '', -1), ('qos_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('qos_policy', 'project_id', NEW."project_id", '', 1), ('qos_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('qos_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "bandwidth_limit_rules" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "policy" TEXT NOT NULL REFERENCES "qos_policies" ("id"),
                "max_kbps" INTEGER NOT NULL CHECK ("max_kbps" BETWEEN 1 AND 2147483647),
                "max_burst_kbps" INTEGER NOT NULL CHECK ("max_burst_kbps" BETWEEN 0 AND 2147483647),
                "direction" TEXT NOT NULL CHECK ("direction" IN ('egress', 'ingress'))
            ) STRICT;
            CREATE INDEX "bandwidth_limit_rules_project_id_created_at_deleting_since" ON "bandwidth_limit_rules" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "bandwidth_limit_rules_policy" ON "bandwidth_limit_rules" ("policy");
            CREATE TRIGGER "bandwidth_limit_rules_project_id_insert" AFTER INSERT ON "bandwidth_limit_rules" BEGIN
                INSERT INTO "totals" VALUES ('bandwidth_limit_rule', 'project_id', NEW."project_id", '', 1), ('bandwidth_limit_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "bandwidth_limit_rules_project_id_delete" AFTER DELETE ON "bandwidth_limit_rules" BEGIN
                INSERT INTO "totals" VALUES ('bandwidth_limit_rule', 'project_id', OLD."project_id", '', -1), ('bandwidth_limit_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('bandwidth_limit_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "bandwidth_limit_rules_project_id_update" AFTER UPDATE ON "bandwidth_limit_rules" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('bandwidth_limit_rule', 'project_id', OLD."project_id", '', -1), ('bandwidth_limit_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('bandwidth_limit_rule', 'project_id', NEW."project_id", '', 1), ('bandwidth_limit_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('bandwidth_limit_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "dscp_marking_rules" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "policy" TEXT NOT NULL REFERENCES "qos_policies" ("id"),
                "dscp_mark" INTEGER NOT NULL CHECK ("dscp_mark" BETWEEN 0 AND 56)
            ) STRICT;
            CREATE INDEX "dscp_marking_rules_project_id_created_at_deleting_since" ON "dscp_marking_rules" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "dscp_marking_rules_policy" ON "dscp_marking_rules" ("policy");
            CREATE TRIGGER "dscp_marking_rules_project_id_insert" AFTER INSERT ON "dscp_marking_rules" BEGIN
                INSERT INTO "totals" VALUES ('dscp_marking_rule', 'project_id', NEW."project_id", '', 1), ('dscp_marking_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "dscp_marking_rules_project_id_delete" AFTER DELETE ON "dscp_marking_rules" BEGIN
                INSERT INTO "totals" VALUES ('dscp_marking_rule', 'project_id', OLD."project_id", '', -1), ('dscp_marking_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('dscp_marking_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "dscp_marking_rules_project_id_update" AFTER UPDATE ON "dscp_marking_rules" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('dscp_marking_rule', 'project_id', OLD."project_id", '', -1), ('dscp_marking_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('dscp_marking_rule', 'project_id', NEW."project_id", '', 1), ('dscp_marking_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('dscp_marking_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "address_groups" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "addresses" TEXT NOT NULL CHECK (length(CAST("addresses" AS BLOB)) <= 32768)
            ) STRICT;
            CREATE INDEX "address_groups_project_id_created_at_deleting_since" ON "address_groups" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "address_groups_project_id_insert" AFTER INSERT ON "address_groups" BEGIN
                INSERT INTO "totals" VALUES ('address_group', 'project_id', NEW."project_id", '', 1), ('address_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "address_groups_project_id_delete" AFTER DELETE ON "address_groups" BEGIN
                INSERT INTO "totals" VALUES ('address_group', 'project_id', OLD."project_id", '', -1), ('address_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('address_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "address_groups_project_id_update" AFTER UPDATE ON "address_groups" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('address_group', 'project_id', OLD."project_id", '', -1), ('address_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('address_group', 'project_id', NEW."project_id", '', 1), ('address_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('address_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "default_security_group_rules" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "direction" TEXT NOT NULL CHECK ("direction" IN ('ingress', 'egress')),
                "ethertype" TEXT NOT NULL CHECK ("ethertype" IN ('IPv4', 'IPv6')),
                "protocol" TEXT NOT NULL CHECK (length(CAST("protocol" AS BLOB)) <= 32),
                "port_range_min" INTEGER NOT NULL CHECK ("port_range_min" BETWEEN -1 AND 65535),
                "port_range_max" INTEGER NOT NULL CHECK ("port_range_max" BETWEEN -1 AND 65535),
                "remote_ip_prefix" TEXT NOT NULL CHECK (length(CAST("remote_ip_prefix" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "is_among_members" INTEGER NOT NULL CHECK ("is_among_members" IN (0, 1)),
                "used_in_default_sg" INTEGER NOT NULL CHECK ("used_in_default_sg" IN (0, 1)),
                "used_in_non_default_sg" INTEGER NOT NULL CHECK ("used_in_non_default_sg" IN (0, 1))
            ) STRICT;
            CREATE INDEX "default_security_group_rules_project_id_created_at_deleting_since" ON "default_security_group_rules" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "default_security_group_rules_project_id_insert" AFTER INSERT ON "default_security_group_rules" BEGIN
                INSERT INTO "totals" VALUES ('default_security_group_rule', 'project_id', NEW."project_id", '', 1), ('default_security_group_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "default_security_group_rules_project_id_delete" AFTER DELETE ON "default_security_group_rules" BEGIN
                INSERT INTO "totals" VALUES ('default_security_group_rule', 'project_id', OLD."project_id", '', -1), ('default_security_group_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('default_security_group_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "default_security_group_rules_project_id_update" AFTER UPDATE ON "default_security_group_rules" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('default_security_group_rule', 'project_id', OLD."project_id", '', -1), ('default_security_group_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('default_security_group_rule', 'project_id', NEW."project_id", '', 1), ('default_security_group_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('default_security_group_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "port_forwardings" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "floating_ip" TEXT NOT NULL REFERENCES "floating_ips" ("id"),
                "internal_port_id" TEXT NOT NULL REFERENCES "ports" ("id"),
                "internal_ip_address" TEXT NOT NULL CHECK (length(CAST("internal_ip_address" AS BLOB)) <= 64),
                "protocol" TEXT NOT NULL CHECK ("protocol" IN ('tcp', 'udp', 'sctp')),
                "external_port" INTEGER NOT NULL CHECK ("external_port" BETWEEN 0 AND 65535),
                "external_end" INTEGER NOT NULL CHECK ("external_end" BETWEEN 0 AND 65535),
                "internal_port" INTEGER NOT NULL CHECK ("internal_port" BETWEEN 0 AND 65535),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255)
            ) STRICT;
            CREATE INDEX "port_forwardings_project_id_created_at_deleting_since" ON "port_forwardings" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "port_forwardings_floating_ip" ON "port_forwardings" ("floating_ip");
            CREATE INDEX "port_forwardings_internal_port_id" ON "port_forwardings" ("internal_port_id");
            CREATE TRIGGER "port_forwardings_project_id_insert" AFTER INSERT ON "port_forwardings" BEGIN
                INSERT INTO "totals" VALUES ('port_forwarding', 'project_id', NEW."project_id", '', 1), ('port_forwarding', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "port_forwardings_project_id_delete" AFTER DELETE ON "port_forwardings" BEGIN
                INSERT INTO "totals" VALUES ('port_forwarding', 'project_id', OLD."project_id", '', -1), ('port_forwarding', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('port_forwarding', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "port_forwardings_project_id_update" AFTER UPDATE ON "port_forwardings" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('port_forwarding', 'project_id', OLD."project_id", '', -1), ('port_forwarding', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('port_forwarding', 'project_id', NEW."project_id", '', 1), ('port_forwarding', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('port_forwarding', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            ALTER TABLE "networks" ADD COLUMN "dns_domain" TEXT NOT NULL DEFAULT 'akashi.internal.' CHECK (length(CAST("dns_domain" AS BLOB)) <= 190);
            ALTER TABLE "networks" ADD COLUMN "qos_policy_id" TEXT REFERENCES "qos_policies" ("id");
            CREATE INDEX "networks_qos_policy_id" ON "networks" ("qos_policy_id");
            ALTER TABLE "subnetpools" ADD COLUMN "address_scope_id" TEXT REFERENCES "address_scopes" ("id");
            CREATE INDEX "subnetpools_address_scope_id" ON "subnetpools" ("address_scope_id");
            ALTER TABLE "subnetpools" ADD COLUMN "shared" INTEGER NOT NULL DEFAULT 0 CHECK ("shared" IN (0, 1));
            CREATE INDEX "subnetpools_shared" ON "subnetpools" ("shared");
            ALTER TABLE "ports" ADD COLUMN "dns_name" TEXT NOT NULL DEFAULT '' CHECK (length(CAST("dns_name" AS BLOB)) <= 63);
            ALTER TABLE "ports" ADD COLUMN "name_is_devices" INTEGER NOT NULL DEFAULT 0 CHECK ("name_is_devices" IN (0, 1));
            ALTER TABLE "ports" ADD COLUMN "extra_dhcp_opts" TEXT NOT NULL DEFAULT '[]' CHECK (length(CAST("extra_dhcp_opts" AS BLOB)) <= 8192);
            ALTER TABLE "ports" ADD COLUMN "qos_policy_id" TEXT REFERENCES "qos_policies" ("id");
            CREATE INDEX "ports_qos_policy_id" ON "ports" ("qos_policy_id");
            ALTER TABLE "security_group_rules" ADD COLUMN "remote_address_group_id" TEXT REFERENCES "address_groups" ("id");
            CREATE INDEX "security_group_rules_remote_address_group_id" ON "security_group_rules" ("remote_address_group_id");
            """)
}

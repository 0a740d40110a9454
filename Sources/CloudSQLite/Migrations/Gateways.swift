extension Migration {
    /// Ways out of the cloud, and what stands around it.
    static let gateways = Migration(
        name: "008-gateways",
        sql: """
            CREATE TABLE "connection_services" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "type" TEXT NOT NULL CHECK ("type" IN ('internet', 'vpn', 'interdc', 'fic')),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "zone" TEXT NOT NULL CHECK (length(CAST("zone" AS BLOB)) <= 255),
                "network_id" TEXT REFERENCES "networks" ("id"),
                "physical_network" TEXT NOT NULL CHECK (length(CAST("physical_network" AS BLOB)) <= 12),
                "bandwidth" INTEGER NOT NULL CHECK ("bandwidth" BETWEEN 1 AND 1000000),
                "minimal_submask_length" INTEGER NOT NULL CHECK ("minimal_submask_length" BETWEEN 8 AND 32),
                "blocks" TEXT NOT NULL CHECK (length(CAST("blocks" AS BLOB)) <= 4096),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "connection_services_project_id_created_at_deleting_since" ON "connection_services" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "connection_services_type" ON "connection_services" ("type");
            CREATE INDEX "connection_services_network_id" ON "connection_services" ("network_id");
            CREATE TRIGGER "connection_services_project_id_insert" AFTER INSERT ON "connection_services" BEGIN
                INSERT INTO "totals" VALUES ('connection_service', 'project_id', NEW."project_id", '', 1), ('connection_service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "connection_services_project_id_delete" AFTER DELETE ON "connection_services" BEGIN
                INSERT INTO "totals" VALUES ('connection_service', 'project_id', OLD."project_id", '', -1), ('connection_service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('connection_service', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "connection_services_project_id_update" AFTER UPDATE ON "connection_services" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('connection_service', 'project_id', OLD."project_id", '', -1), ('connection_service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('connection_service', 'project_id', NEW."project_id", '', 1), ('connection_service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('connection_service', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "qos_options" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "qos_type" TEXT NOT NULL CHECK ("qos_type" IN ('guarantee', 'besteffort')),
                "service_id" TEXT NOT NULL REFERENCES "connection_services" ("id"),
                "bandwidth" INTEGER NOT NULL CHECK ("bandwidth" BETWEEN 1 AND 1000000)
            ) STRICT;
            CREATE INDEX "qos_options_project_id_created_at_deleting_since" ON "qos_options" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "qos_options_qos_type" ON "qos_options" ("qos_type");
            CREATE INDEX "qos_options_service_id" ON "qos_options" ("service_id");
            CREATE TRIGGER "qos_options_project_id_insert" AFTER INSERT ON "qos_options" BEGIN
                INSERT INTO "totals" VALUES ('qos_option', 'project_id', NEW."project_id", '', 1), ('qos_option', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "qos_options_project_id_delete" AFTER DELETE ON "qos_options" BEGIN
                INSERT INTO "totals" VALUES ('qos_option', 'project_id', OLD."project_id", '', -1), ('qos_option', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('qos_option', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "qos_options_project_id_update" AFTER UPDATE ON "qos_options" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('qos_option', 'project_id', OLD."project_id", '', -1), ('qos_option', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('qos_option', 'project_id', NEW."project_id", '', 1), ('qos_option', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('qos_option', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "gateways" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "type" TEXT NOT NULL CHECK ("type" IN ('internet', 'vpn', 'interdc', 'fic')),
                "service_id" TEXT NOT NULL REFERENCES "connection_services" ("id"),
                "qos_option_id" TEXT REFERENCES "qos_options" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "segmentation_id" INTEGER NOT NULL CHECK ("segmentation_id" BETWEEN 0 AND 4094),
                "network_id" TEXT REFERENCES "networks" ("id"),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 255),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "gateways_project_id_created_at_deleting_since" ON "gateways" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "gateways_type" ON "gateways" ("type");
            CREATE INDEX "gateways_service_id" ON "gateways" ("service_id");
            CREATE INDEX "gateways_qos_option_id" ON "gateways" ("qos_option_id");
            CREATE INDEX "gateways_network_id" ON "gateways" ("network_id");
            CREATE TRIGGER "gateways_project_id_insert" AFTER INSERT ON "gateways" BEGIN
                INSERT INTO "totals" VALUES ('gateway', 'project_id', NEW."project_id", '', 1), ('gateway', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "gateways_project_id_delete" AFTER DELETE ON "gateways" BEGIN
                INSERT INTO "totals" VALUES ('gateway', 'project_id', OLD."project_id", '', -1), ('gateway', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('gateway', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "gateways_project_id_update" AFTER UPDATE ON "gateways" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('gateway', 'project_id', OLD."project_id", '', -1), ('gateway', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('gateway', 'project_id', NEW."project_id", '', 1), ('gateway', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('gateway', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "gw_interfaces" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "service_type" TEXT NOT NULL CHECK ("service_type" IN ('internet', 'vpn', 'interdc', 'fic')),
                "gateway_id" TEXT NOT NULL REFERENCES "gateways" ("id"),
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 255),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR')),
                "primary_ipv4" TEXT NOT NULL CHECK (length(CAST("primary_ipv4" AS BLOB)) <= 15),
                "secondary_ipv4" TEXT NOT NULL CHECK (length(CAST("secondary_ipv4" AS BLOB)) <= 15),
                "gw_vipv4" TEXT NOT NULL CHECK (length(CAST("gw_vipv4" AS BLOB)) <= 15),
                "netmask" INTEGER NOT NULL CHECK ("netmask" BETWEEN 8 AND 30),
                "vrid" INTEGER NOT NULL CHECK ("vrid" BETWEEN 1 AND 255)
            ) STRICT;
            CREATE INDEX "gw_interfaces_project_id_created_at_deleting_since" ON "gw_interfaces" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "gw_interfaces_service_type" ON "gw_interfaces" ("service_type");
            CREATE INDEX "gw_interfaces_gateway_id" ON "gw_interfaces" ("gateway_id");
            CREATE INDEX "gw_interfaces_network_id" ON "gw_interfaces" ("network_id");
            CREATE TRIGGER "gw_interfaces_project_id_insert" AFTER INSERT ON "gw_interfaces" BEGIN
                INSERT INTO "totals" VALUES ('gw_interface', 'project_id', NEW."project_id", '', 1), ('gw_interface', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "gw_interfaces_project_id_delete" AFTER DELETE ON "gw_interfaces" BEGIN
                INSERT INTO "totals" VALUES ('gw_interface', 'project_id', OLD."project_id", '', -1), ('gw_interface', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('gw_interface', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "gw_interfaces_project_id_update" AFTER UPDATE ON "gw_interfaces" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('gw_interface', 'project_id', OLD."project_id", '', -1), ('gw_interface', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('gw_interface', 'project_id', NEW."project_id", '', 1), ('gw_interface', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('gw_interface', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "outer_interfaces" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "service_type" TEXT NOT NULL CHECK ("service_type" IN ('internet', 'vpn', 'interdc', 'fic')),
                "gateway_id" TEXT NOT NULL REFERENCES "gateways" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR')),
                "primary_ipv4" TEXT NOT NULL CHECK (length(CAST("primary_ipv4" AS BLOB)) <= 15),
                "secondary_ipv4" TEXT NOT NULL CHECK (length(CAST("secondary_ipv4" AS BLOB)) <= 15),
                "gw_vipv4" TEXT NOT NULL CHECK (length(CAST("gw_vipv4" AS BLOB)) <= 15),
                "netmask" INTEGER NOT NULL CHECK ("netmask" BETWEEN 8 AND 30),
                "vrid" INTEGER NOT NULL CHECK ("vrid" BETWEEN 1 AND 255)
            ) STRICT;
            CREATE INDEX "outer_interfaces_project_id_created_at_deleting_since" ON "outer_interfaces" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "outer_interfaces_service_type" ON "outer_interfaces" ("service_type");
            CREATE INDEX "outer_interfaces_gateway_id" ON "outer_interfaces" ("gateway_id");
            CREATE TRIGGER "outer_interfaces_project_id_insert" AFTER INSERT ON "outer_interfaces" BEGIN
                INSERT INTO "totals" VALUES ('outer_interface', 'project_id', NEW."project_id", '', 1), ('outer_interface', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "outer_interfaces_project_id_delete" AFTER DELETE ON "outer_interfaces" BEGIN
                INSERT INTO "totals" VALUES ('outer_interface', 'project_id', OLD."project_id", '', -1), ('outer_interface', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('outer_interface', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "outer_interfaces_project_id_update" AFTER UPDATE ON "outer_interfaces" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('outer_interface', 'project_id', OLD."project_id", '', -1), ('outer_interface', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('outer_interface', 'project_id', NEW."project_id", '', 1), ('outer_interface', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('outer_interface', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "public_ips" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "gateway_id" TEXT NOT NULL REFERENCES "gateways" ("id"),
                "service_id" TEXT NOT NULL REFERENCES "connection_services" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "submask_length" INTEGER NOT NULL CHECK ("submask_length" BETWEEN 8 AND 32),
                "block" TEXT NOT NULL UNIQUE CHECK (length(CAST("block" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR'))
            ) STRICT;
            CREATE INDEX "public_ips_project_id_created_at_deleting_since" ON "public_ips" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "public_ips_gateway_id" ON "public_ips" ("gateway_id");
            CREATE INDEX "public_ips_service_id" ON "public_ips" ("service_id");
            CREATE TRIGGER "public_ips_project_id_insert" AFTER INSERT ON "public_ips" BEGIN
                INSERT INTO "totals" VALUES ('public_ip', 'project_id', NEW."project_id", '', 1), ('public_ip', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "public_ips_project_id_delete" AFTER DELETE ON "public_ips" BEGIN
                INSERT INTO "totals" VALUES ('public_ip', 'project_id', OLD."project_id", '', -1), ('public_ip', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('public_ip', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "public_ips_project_id_update" AFTER UPDATE ON "public_ips" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('public_ip', 'project_id', OLD."project_id", '', -1), ('public_ip', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('public_ip', 'project_id', NEW."project_id", '', 1), ('public_ip', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('public_ip', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "static_routes" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "service_type" TEXT NOT NULL CHECK ("service_type" IN ('internet', 'vpn', 'interdc', 'fic')),
                "gateway_id" TEXT NOT NULL REFERENCES "gateways" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "destination" TEXT NOT NULL CHECK (length(CAST("destination" AS BLOB)) <= 64),
                "nexthop" TEXT NOT NULL CHECK (length(CAST("nexthop" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR'))
            ) STRICT;
            CREATE INDEX "static_routes_project_id_created_at_deleting_since" ON "static_routes" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "static_routes_service_type" ON "static_routes" ("service_type");
            CREATE INDEX "static_routes_gateway_id" ON "static_routes" ("gateway_id");
            CREATE TRIGGER "static_routes_project_id_insert" AFTER INSERT ON "static_routes" BEGIN
                INSERT INTO "totals" VALUES ('static_route', 'project_id', NEW."project_id", '', 1), ('static_route', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "static_routes_project_id_delete" AFTER DELETE ON "static_routes" BEGIN
                INSERT INTO "totals" VALUES ('static_route', 'project_id', OLD."project_id", '', -1), ('static_route', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('static_route', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "static_routes_project_id_update" AFTER UPDATE ON "static_routes" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('static_route', 'project_id', OLD."project_id", '', -1), ('static_route', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('static_route', 'project_id', NEW."project_id", '', 1), ('static_route', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('static_route', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "reserve_addresses" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "subnets" TEXT NOT NULL CHECK (length(CAST("subnets" AS BLOB)) <= 4096)
            ) STRICT;
            CREATE INDEX "reserve_addresses_project_id_created_at_deleting_since" ON "reserve_addresses" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "reserve_addresses_project_id_insert" AFTER INSERT ON "reserve_addresses" BEGIN
                INSERT INTO "totals" VALUES ('reserve_address', 'project_id', NEW."project_id", '', 1), ('reserve_address', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "reserve_addresses_project_id_delete" AFTER DELETE ON "reserve_addresses" BEGIN
                INSERT INTO "totals" VALUES ('reserve_address', 'project_id', OLD."project_id", '', -1), ('reserve_address', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('reserve_address', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "reserve_addresses_project_id_update" AFTER UPDATE ON "reserve_addresses" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('reserve_address', 'project_id', OLD."project_id", '', -1), ('reserve_address', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('reserve_address', 'project_id', NEW."project_id", '', 1), ('reserve_address', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('reserve_address', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "physical_ports" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "plane" TEXT NOT NULL CHECK ("plane" IN ('data', 'storage')),
                "segmentation_ranges" TEXT NOT NULL CHECK (length(CAST("segmentation_ranges" AS BLOB)) <= 1024),
                "service_owner" TEXT NOT NULL CHECK (length(CAST("service_owner" AS BLOB)) <= 255),
                "service_id" TEXT NOT NULL CHECK (length(CAST("service_id" AS BLOB)) <= 255),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "physical_ports_project_id_created_at_deleting_since" ON "physical_ports" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "physical_ports_project_id_insert" AFTER INSERT ON "physical_ports" BEGIN
                INSERT INTO "totals" VALUES ('physical_port', 'project_id', NEW."project_id", '', 1), ('physical_port', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "physical_ports_project_id_delete" AFTER DELETE ON "physical_ports" BEGIN
                INSERT INTO "totals" VALUES ('physical_port', 'project_id', OLD."project_id", '', -1), ('physical_port', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('physical_port', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "physical_ports_project_id_update" AFTER UPDATE ON "physical_ports" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('physical_port', 'project_id', OLD."project_id", '', -1), ('physical_port', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('physical_port', 'project_id', NEW."project_id", '', 1), ('physical_port', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('physical_port', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "colocation_spaces" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "plane" TEXT NOT NULL CHECK ("plane" IN ('data', 'storage'))
            ) STRICT;
            CREATE INDEX "colocation_spaces_project_id_created_at_deleting_since" ON "colocation_spaces" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "colocation_spaces_project_id_insert" AFTER INSERT ON "colocation_spaces" BEGIN
                INSERT INTO "totals" VALUES ('colocation_space', 'project_id', NEW."project_id", '', 1), ('colocation_space', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "colocation_spaces_project_id_delete" AFTER DELETE ON "colocation_spaces" BEGIN
                INSERT INTO "totals" VALUES ('colocation_space', 'project_id', OLD."project_id", '', -1), ('colocation_space', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_space', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "colocation_spaces_project_id_update" AFTER UPDATE ON "colocation_spaces" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('colocation_space', 'project_id', OLD."project_id", '', -1), ('colocation_space', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('colocation_space', 'project_id', NEW."project_id", '', 1), ('colocation_space', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_space', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "colocation_physical_links" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "colocation_space_id" TEXT NOT NULL REFERENCES "colocation_spaces" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "plane" TEXT NOT NULL CHECK ("plane" IN ('data', 'storage')),
                "bandwidth" INTEGER NOT NULL CHECK ("bandwidth" BETWEEN 1 AND 1000),
                "physical_network" TEXT NOT NULL CHECK (length(CAST("physical_network" AS BLOB)) <= 12),
                "segmentation_ranges" TEXT NOT NULL CHECK (length(CAST("segmentation_ranges" AS BLOB)) <= 1024),
                "type_a_physical_port_id" TEXT REFERENCES "physical_ports" ("id"),
                "type_b_physical_port_id" TEXT REFERENCES "physical_ports" ("id"),
                "type_a_rack_id" TEXT NOT NULL CHECK (length(CAST("type_a_rack_id" AS BLOB)) <= 255),
                "type_b_rack_id" TEXT NOT NULL CHECK (length(CAST("type_b_rack_id" AS BLOB)) <= 255)
            ) STRICT;
            CREATE INDEX "colocation_physical_links_project_id_created_at_deleting_since" ON "colocation_physical_links" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "colocation_physical_links_colocation_space_id" ON "colocation_physical_links" ("colocation_space_id");
            CREATE INDEX "colocation_physical_links_type_a_physical_port_id" ON "colocation_physical_links" ("type_a_physical_port_id");
            CREATE INDEX "colocation_physical_links_type_b_physical_port_id" ON "colocation_physical_links" ("type_b_physical_port_id");
            CREATE TRIGGER "colocation_physical_links_project_id_insert" AFTER INSERT ON "colocation_physical_links" BEGIN
                INSERT INTO "totals" VALUES ('colocation_physical_link', 'project_id', NEW."project_id", '', 1), ('colocation_physical_link', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "colocation_physical_links_project_id_delete" AFTER DELETE ON "colocation_physical_links" BEGIN
                INSERT INTO "totals" VALUES ('colocation_physical_link', 'project_id', OLD."project_id", '', -1), ('colocation_physical_link', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_physical_link', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "colocation_physical_links_project_id_update" AFTER UPDATE ON "colocation_physical_links" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('colocation_physical_link', 'project_id', OLD."project_id", '', -1), ('colocation_physical_link', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('colocation_physical_link', 'project_id', NEW."project_id", '', 1), ('colocation_physical_link', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_physical_link', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "colocation_logical_links" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "colocation_physical_link_id" TEXT NOT NULL REFERENCES "colocation_physical_links" ("id"),
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "vlan_id" INTEGER NOT NULL CHECK ("vlan_id" BETWEEN 1 AND 4094),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR'))
            ) STRICT;
            CREATE INDEX "colocation_logical_links_project_id_created_at_deleting_since" ON "colocation_logical_links" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "colocation_logical_links_colocation_physical_link_id" ON "colocation_logical_links" ("colocation_physical_link_id");
            CREATE INDEX "colocation_logical_links_network_id" ON "colocation_logical_links" ("network_id");
            CREATE TRIGGER "colocation_logical_links_project_id_insert" AFTER INSERT ON "colocation_logical_links" BEGIN
                INSERT INTO "totals" VALUES ('colocation_logical_link', 'project_id', NEW."project_id", '', 1), ('colocation_logical_link', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "colocation_logical_links_project_id_delete" AFTER DELETE ON "colocation_logical_links" BEGIN
                INSERT INTO "totals" VALUES ('colocation_logical_link', 'project_id', OLD."project_id", '', -1), ('colocation_logical_link', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_logical_link', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "colocation_logical_links_project_id_update" AFTER UPDATE ON "colocation_logical_links" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('colocation_logical_link', 'project_id', OLD."project_id", '', -1), ('colocation_logical_link', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('colocation_logical_link', 'project_id', NEW."project_id", '', 1), ('colocation_logical_link', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('colocation_logical_link', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "common_function_pools" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 255),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "common_function_pools_project_id_created_at_deleting_since" ON "common_function_pools" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "common_function_pools_network_id" ON "common_function_pools" ("network_id");
            CREATE TRIGGER "common_function_pools_project_id_insert" AFTER INSERT ON "common_function_pools" BEGIN
                INSERT INTO "totals" VALUES ('common_function_pool', 'project_id', NEW."project_id", '', 1), ('common_function_pool', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "common_function_pools_project_id_delete" AFTER DELETE ON "common_function_pools" BEGIN
                INSERT INTO "totals" VALUES ('common_function_pool', 'project_id', OLD."project_id", '', -1), ('common_function_pool', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function_pool', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "common_function_pools_project_id_update" AFTER UPDATE ON "common_function_pools" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('common_function_pool', 'project_id', OLD."project_id", '', -1), ('common_function_pool', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('common_function_pool', 'project_id', NEW."project_id", '', 1), ('common_function_pool', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function_pool', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "common_functions" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "common_function_pool_id" TEXT NOT NULL REFERENCES "common_function_pools" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "service" TEXT NOT NULL CHECK ("service" IN ('ntp')),
                "link_local_ip_address" TEXT NOT NULL CHECK (length(CAST("link_local_ip_address" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "common_functions_project_id_created_at_deleting_since" ON "common_functions" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "common_functions_common_function_pool_id" ON "common_functions" ("common_function_pool_id");
            CREATE TRIGGER "common_functions_project_id_insert" AFTER INSERT ON "common_functions" BEGIN
                INSERT INTO "totals" VALUES ('common_function', 'project_id', NEW."project_id", '', 1), ('common_function', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "common_functions_project_id_delete" AFTER DELETE ON "common_functions" BEGIN
                INSERT INTO "totals" VALUES ('common_function', 'project_id', OLD."project_id", '', -1), ('common_function', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "common_functions_project_id_update" AFTER UPDATE ON "common_functions" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('common_function', 'project_id', OLD."project_id", '', -1), ('common_function', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('common_function', 'project_id', NEW."project_id", '', 1), ('common_function', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TABLE "common_function_gateways" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "common_function_pool_id" TEXT NOT NULL REFERENCES "common_function_pools" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "subnet_id" TEXT NOT NULL REFERENCES "subnets" ("id"),
                "inner_port" TEXT NOT NULL CHECK (length(CAST("inner_port" AS BLOB)) <= 255),
                "outer_port" TEXT NOT NULL CHECK (length(CAST("outer_port" AS BLOB)) <= 255),
                "status" TEXT NOT NULL CHECK ("status" IN ('PENDING_CREATE', 'ACTIVE', 'PENDING_UPDATE', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "common_function_gateways_project_id_created_at_deleting_since" ON "common_function_gateways" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "common_function_gateways_common_function_pool_id" ON "common_function_gateways" ("common_function_pool_id");
            CREATE INDEX "common_function_gateways_network_id" ON "common_function_gateways" ("network_id");
            CREATE INDEX "common_function_gateways_subnet_id" ON "common_function_gateways" ("subnet_id");
            CREATE TRIGGER "common_function_gateways_project_id_insert" AFTER INSERT ON "common_function_gateways" BEGIN
                INSERT INTO "totals" VALUES ('common_function_gateway', 'project_id', NEW."project_id", '', 1), ('common_function_gateway', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "common_function_gateways_project_id_delete" AFTER DELETE ON "common_function_gateways" BEGIN
                INSERT INTO "totals" VALUES ('common_function_gateway', 'project_id', OLD."project_id", '', -1), ('common_function_gateway', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function_gateway', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "common_function_gateways_project_id_update" AFTER UPDATE ON "common_function_gateways" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('common_function_gateway', 'project_id', OLD."project_id", '', -1), ('common_function_gateway', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('common_function_gateway', 'project_id', NEW."project_id", '', 1), ('common_function_gateway', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('common_function_gateway', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            ALTER TABLE "networks" ADD COLUMN "segment" INTEGER NOT NULL DEFAULT 0 CHECK ("segment" BETWEEN 0 AND 4094);
            """)
}

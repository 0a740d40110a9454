extension Migration {
    /// RBAC policies, which say what was said by a column before; segments of ports; policies of floating addresses.
    static let sharing = Migration(
        name: "009-sharing",
        sql: """
            CREATE TABLE "rbac_policies" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "object_type" TEXT NOT NULL CHECK ("object_type" IN ('network', 'subnetpool', 'security_group', 'address_group', 'address_scope', 'qos_policy')),
                "object_id" TEXT NOT NULL CHECK (length(CAST("object_id" AS BLOB)) <= 64),
                "action" TEXT NOT NULL CHECK ("action" IN ('access_as_shared', 'access_as_external')),
                "target_tenant" TEXT NOT NULL CHECK (length(CAST("target_tenant" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "rbac_policies_project_id_created_at_deleting_since" ON "rbac_policies" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "rbac_policies_object_id" ON "rbac_policies" ("object_id");
            CREATE INDEX "rbac_policies_target_tenant" ON "rbac_policies" ("target_tenant");
            CREATE TRIGGER "rbac_policies_project_id_insert" AFTER INSERT ON "rbac_policies" BEGIN
                INSERT INTO "totals" VALUES ('rbac_policy', 'project_id', NEW."project_id", '', 1), ('rbac_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "rbac_policies_project_id_delete" AFTER DELETE ON "rbac_policies" BEGIN
                INSERT INTO "totals" VALUES ('rbac_policy', 'project_id', OLD."project_id", '', -1), ('rbac_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('rbac_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "rbac_policies_project_id_update" AFTER UPDATE ON "rbac_policies" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('rbac_policy', 'project_id', OLD."project_id", '', -1), ('rbac_policy', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('rbac_policy', 'project_id', NEW."project_id", '', 1), ('rbac_policy', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('rbac_policy', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            INSERT INTO "rbac_policies"
                SELECT lower(hex(randomblob(16))), "project_id", "created_at", "updated_at", 1, NULL, 'network', "id", 'access_as_external', '*'
                FROM "networks" WHERE "external" = 1 AND "deleting_since" IS NULL;
            INSERT INTO "rbac_policies"
                SELECT lower(hex(randomblob(16))), "project_id", "created_at", "updated_at", 1, NULL, 'subnetpool', "id", 'access_as_shared', '*'
                FROM "subnetpools" WHERE "shared" = 1;
            INSERT INTO "rbac_policies"
                SELECT lower(hex(randomblob(16))), "project_id", "created_at", "updated_at", 1, NULL, 'address_scope', "id", 'access_as_shared', '*'
                FROM "address_scopes" WHERE "shared" = 1;
            INSERT INTO "rbac_policies"
                SELECT lower(hex(randomblob(16))), "project_id", "created_at", "updated_at", 1, NULL, 'qos_policy', "id", 'access_as_shared', '*'
                FROM "qos_policies" WHERE "shared" = 1;
            DROP INDEX "subnetpools_shared";
            DROP INDEX "address_scopes_shared";
            DROP INDEX "qos_policies_shared";
            ALTER TABLE "subnetpools" DROP COLUMN "shared";
            ALTER TABLE "address_scopes" DROP COLUMN "shared";
            ALTER TABLE "qos_policies" DROP COLUMN "shared";

            ALTER TABLE "networks" ADD COLUMN "is_default" INTEGER NOT NULL DEFAULT 0 CHECK ("is_default" IN (0, 1));
            CREATE INDEX "networks_is_default" ON "networks" ("is_default");
            ALTER TABLE "subnetpools" ADD COLUMN "is_default" INTEGER NOT NULL DEFAULT 0 CHECK ("is_default" IN (0, 1));
            CREATE INDEX "subnetpools_is_default" ON "subnetpools" ("is_default");
            ALTER TABLE "floating_ips" ADD COLUMN "qos_policy_id" TEXT REFERENCES "qos_policies" ("id");
            CREATE INDEX "floating_ips_qos_policy_id" ON "floating_ips" ("qos_policy_id");
            ALTER TABLE "ports" ADD COLUMN "segmentation_id" INTEGER NOT NULL DEFAULT 0 CHECK ("segmentation_id" BETWEEN 0 AND 4094);
            ALTER TABLE "physical_ports" ADD COLUMN "physical_network" TEXT NOT NULL DEFAULT '' CHECK (length(CAST("physical_network" AS BLOB)) <= 12);
            """)
}

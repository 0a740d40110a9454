extension Migration {
    static let foundation = Migration(
        name: "001-foundation",
        sql: """
            CREATE TABLE "work" (
                "kind" TEXT NOT NULL,
                "id" TEXT NOT NULL,
                "label" TEXT NOT NULL,
                "wake_at" INTEGER NOT NULL,
                "attempts" INTEGER NOT NULL,
                "lessee" TEXT NOT NULL,
                "leased_until" INTEGER NOT NULL,
                PRIMARY KEY ("kind", "id")
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX "work_wake_at" ON "work" ("wake_at", "leased_until");
            CREATE INDEX "work_leased_until" ON "work" ("leased_until");
            CREATE TABLE "signals" (
                "number" INTEGER PRIMARY KEY AUTOINCREMENT,
                "kind" TEXT NOT NULL,
                "id" TEXT NOT NULL,
                "name" TEXT NOT NULL
            ) STRICT;
            CREATE INDEX "signals_target" ON "signals" ("kind", "id");
            CREATE TABLE "totals" (
                "kind" TEXT NOT NULL,
                "by" TEXT NOT NULL,
                "value" TEXT NOT NULL,
                "of" TEXT NOT NULL,
                "total" INTEGER NOT NULL,
                PRIMARY KEY ("kind", "by", "value", "of")
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE "claims" (
                "space" TEXT NOT NULL,
                "key" TEXT NOT NULL,
                "kind" TEXT NOT NULL,
                "id" TEXT NOT NULL,
                PRIMARY KEY ("space", "key")
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX "claims_owner" ON "claims" ("kind", "id");
            CREATE TABLE "audit" (
                "sequence" INTEGER PRIMARY KEY AUTOINCREMENT,
                "at" INTEGER NOT NULL,
                "request_id" TEXT NOT NULL,
                "user_id" TEXT,
                "user_name" TEXT NOT NULL,
                "domain" TEXT NOT NULL,
                "project_id" TEXT,
                "project_name" TEXT NOT NULL,
                "roles" TEXT NOT NULL,
                "token" TEXT,
                "address" TEXT NOT NULL,
                "service" TEXT NOT NULL,
                "action" TEXT NOT NULL,
                "kind" TEXT NOT NULL,
                "resource" TEXT NOT NULL,
                "outcome" TEXT NOT NULL CHECK ("outcome" IN ('success', 'refused', 'failed')),
                "reason" TEXT NOT NULL
            ) STRICT;
            CREATE INDEX "audit_project" ON "audit" ("project_id", "sequence");
            CREATE TRIGGER "audit_keeps" BEFORE UPDATE ON "audit" BEGIN
                SELECT RAISE(ABORT, 'the audit log is append-only');
            END;
            CREATE TRIGGER "audit_stays" BEFORE DELETE ON "audit" BEGIN
                SELECT RAISE(ABORT, 'the audit log is append-only');
            END;

            CREATE TABLE "domains" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL UNIQUE CHECK (length(CAST("name" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "domains_project_id_created_at_deleting_since" ON "domains" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "domains_project_id_insert" AFTER INSERT ON "domains" BEGIN
                INSERT INTO "totals" VALUES ('domain', 'project_id', NEW."project_id", '', 1), ('domain', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "domains_project_id_delete" AFTER DELETE ON "domains" BEGIN
                INSERT INTO "totals" VALUES ('domain', 'project_id', OLD."project_id", '', -1), ('domain', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('domain', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "domains_project_id_update" AFTER UPDATE ON "domains" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('domain', 'project_id', OLD."project_id", '', -1), ('domain', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('domain', 'project_id', NEW."project_id", '', 1), ('domain', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('domain', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "projects" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "domain_id" TEXT NOT NULL REFERENCES "domains" ("id"),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "parent_project_id" TEXT REFERENCES "projects" ("id"),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 32768),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "projects_project_id_created_at_deleting_since" ON "projects" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "projects_name" ON "projects" ("name");
            CREATE INDEX "projects_domain_id" ON "projects" ("domain_id");
            CREATE INDEX "projects_parent_project_id" ON "projects" ("parent_project_id");
            CREATE TRIGGER "projects_project_id_insert" AFTER INSERT ON "projects" BEGIN
                INSERT INTO "totals" VALUES ('project', 'project_id', NEW."project_id", '', 1), ('project', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "projects_project_id_delete" AFTER DELETE ON "projects" BEGIN
                INSERT INTO "totals" VALUES ('project', 'project_id', OLD."project_id", '', -1), ('project', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('project', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "projects_project_id_update" AFTER UPDATE ON "projects" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('project', 'project_id', OLD."project_id", '', -1), ('project', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('project', 'project_id', NEW."project_id", '', 1), ('project', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('project', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "users" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "email" TEXT NOT NULL CHECK (length(CAST("email" AS BLOB)) <= 255),
                "domain_id" TEXT NOT NULL REFERENCES "domains" ("id"),
                "default_project_id" TEXT NOT NULL CHECK (length(CAST("default_project_id" AS BLOB)) <= 64),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "password_hash" TEXT NOT NULL CHECK (length(CAST("password_hash" AS BLOB)) <= 255),
                "former_passwords" TEXT NOT NULL CHECK (length(CAST("former_passwords" AS BLOB)) <= 4096),
                "generation" INTEGER NOT NULL CHECK ("generation" BETWEEN 0 AND 9223372036854775807),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "users_project_id_created_at_deleting_since" ON "users" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "users_name" ON "users" ("name");
            CREATE INDEX "users_domain_id" ON "users" ("domain_id");
            CREATE TRIGGER "users_project_id_insert" AFTER INSERT ON "users" BEGIN
                INSERT INTO "totals" VALUES ('user', 'project_id', NEW."project_id", '', 1), ('user', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "users_project_id_delete" AFTER DELETE ON "users" BEGIN
                INSERT INTO "totals" VALUES ('user', 'project_id', OLD."project_id", '', -1), ('user', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('user', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "users_project_id_update" AFTER UPDATE ON "users" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('user', 'project_id', OLD."project_id", '', -1), ('user', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('user', 'project_id', NEW."project_id", '', 1), ('user', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('user', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "groups" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "domain_id" TEXT NOT NULL REFERENCES "domains" ("id"),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "groups_project_id_created_at_deleting_since" ON "groups" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "groups_name" ON "groups" ("name");
            CREATE INDEX "groups_domain_id" ON "groups" ("domain_id");
            CREATE TRIGGER "groups_project_id_insert" AFTER INSERT ON "groups" BEGIN
                INSERT INTO "totals" VALUES ('group', 'project_id', NEW."project_id", '', 1), ('group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "groups_project_id_delete" AFTER DELETE ON "groups" BEGIN
                INSERT INTO "totals" VALUES ('group', 'project_id', OLD."project_id", '', -1), ('group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "groups_project_id_update" AFTER UPDATE ON "groups" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('group', 'project_id', OLD."project_id", '', -1), ('group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('group', 'project_id', NEW."project_id", '', 1), ('group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('group', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "memberships" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "user_id" TEXT NOT NULL REFERENCES "users" ("id"),
                "group_id" TEXT NOT NULL REFERENCES "groups" ("id")
            ) STRICT;
            CREATE INDEX "memberships_project_id_created_at_deleting_since" ON "memberships" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "memberships_user_id" ON "memberships" ("user_id");
            CREATE INDEX "memberships_group_id" ON "memberships" ("group_id");
            CREATE TRIGGER "memberships_project_id_insert" AFTER INSERT ON "memberships" BEGIN
                INSERT INTO "totals" VALUES ('membership', 'project_id', NEW."project_id", '', 1), ('membership', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "memberships_project_id_delete" AFTER DELETE ON "memberships" BEGIN
                INSERT INTO "totals" VALUES ('membership', 'project_id', OLD."project_id", '', -1), ('membership', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('membership', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "memberships_project_id_update" AFTER UPDATE ON "memberships" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('membership', 'project_id', OLD."project_id", '', -1), ('membership', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('membership', 'project_id', NEW."project_id", '', 1), ('membership', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('membership', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "roles" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "domain_id" TEXT REFERENCES "domains" ("id"),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "roles_project_id_created_at_deleting_since" ON "roles" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "roles_name" ON "roles" ("name");
            CREATE INDEX "roles_domain_id" ON "roles" ("domain_id");
            CREATE TRIGGER "roles_project_id_insert" AFTER INSERT ON "roles" BEGIN
                INSERT INTO "totals" VALUES ('role', 'project_id', NEW."project_id", '', 1), ('role', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "roles_project_id_delete" AFTER DELETE ON "roles" BEGIN
                INSERT INTO "totals" VALUES ('role', 'project_id', OLD."project_id", '', -1), ('role', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "roles_project_id_update" AFTER UPDATE ON "roles" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('role', 'project_id', OLD."project_id", '', -1), ('role', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('role', 'project_id', NEW."project_id", '', 1), ('role', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "role_implications" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "prior_role_id" TEXT NOT NULL REFERENCES "roles" ("id"),
                "implied_role_id" TEXT NOT NULL REFERENCES "roles" ("id")
            ) STRICT;
            CREATE INDEX "role_implications_project_id_created_at_deleting_since" ON "role_implications" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "role_implications_prior_role_id" ON "role_implications" ("prior_role_id");
            CREATE INDEX "role_implications_implied_role_id" ON "role_implications" ("implied_role_id");
            CREATE TRIGGER "role_implications_project_id_insert" AFTER INSERT ON "role_implications" BEGIN
                INSERT INTO "totals" VALUES ('role_implication', 'project_id', NEW."project_id", '', 1), ('role_implication', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "role_implications_project_id_delete" AFTER DELETE ON "role_implications" BEGIN
                INSERT INTO "totals" VALUES ('role_implication', 'project_id', OLD."project_id", '', -1), ('role_implication', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role_implication', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "role_implications_project_id_update" AFTER UPDATE ON "role_implications" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('role_implication', 'project_id', OLD."project_id", '', -1), ('role_implication', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('role_implication', 'project_id', NEW."project_id", '', 1), ('role_implication', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role_implication', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "role_assignments" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "user_id" TEXT REFERENCES "users" ("id"),
                "group_id" TEXT REFERENCES "groups" ("id"),
                "target_id" TEXT REFERENCES "projects" ("id"),
                "target_domain_id" TEXT REFERENCES "domains" ("id"),
                "role_id" TEXT NOT NULL REFERENCES "roles" ("id"),
                "inherited" INTEGER NOT NULL CHECK ("inherited" IN (0, 1))
            ) STRICT;
            CREATE INDEX "role_assignments_project_id_created_at_deleting_since" ON "role_assignments" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "role_assignments_user_id" ON "role_assignments" ("user_id");
            CREATE INDEX "role_assignments_group_id" ON "role_assignments" ("group_id");
            CREATE INDEX "role_assignments_target_id" ON "role_assignments" ("target_id");
            CREATE INDEX "role_assignments_target_domain_id" ON "role_assignments" ("target_domain_id");
            CREATE INDEX "role_assignments_role_id" ON "role_assignments" ("role_id");
            CREATE TRIGGER "role_assignments_project_id_insert" AFTER INSERT ON "role_assignments" BEGIN
                INSERT INTO "totals" VALUES ('role_assignment', 'project_id', NEW."project_id", '', 1), ('role_assignment', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "role_assignments_project_id_delete" AFTER DELETE ON "role_assignments" BEGIN
                INSERT INTO "totals" VALUES ('role_assignment', 'project_id', OLD."project_id", '', -1), ('role_assignment', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role_assignment', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "role_assignments_project_id_update" AFTER UPDATE ON "role_assignments" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('role_assignment', 'project_id', OLD."project_id", '', -1), ('role_assignment', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('role_assignment', 'project_id', NEW."project_id", '', 1), ('role_assignment', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('role_assignment', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "application_credentials" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "user_id" TEXT NOT NULL REFERENCES "users" ("id"),
                "for_project_id" TEXT NOT NULL REFERENCES "projects" ("id"),
                "roles" TEXT NOT NULL CHECK (length(CAST("roles" AS BLOB)) <= 8192),
                "unrestricted" INTEGER NOT NULL CHECK ("unrestricted" IN (0, 1)),
                "expires_at" INTEGER,
                "secret_hash" TEXT NOT NULL CHECK (length(CAST("secret_hash" AS BLOB)) <= 255)
            ) STRICT;
            CREATE INDEX "application_credentials_project_id_created_at_deleting_since" ON "application_credentials" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "application_credentials_name" ON "application_credentials" ("name");
            CREATE INDEX "application_credentials_user_id" ON "application_credentials" ("user_id");
            CREATE INDEX "application_credentials_for_project_id" ON "application_credentials" ("for_project_id");
            CREATE TRIGGER "application_credentials_project_id_insert" AFTER INSERT ON "application_credentials" BEGIN
                INSERT INTO "totals" VALUES ('application_credential', 'project_id', NEW."project_id", '', 1), ('application_credential', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "application_credentials_project_id_delete" AFTER DELETE ON "application_credentials" BEGIN
                INSERT INTO "totals" VALUES ('application_credential', 'project_id', OLD."project_id", '', -1), ('application_credential', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('application_credential', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "application_credentials_project_id_update" AFTER UPDATE ON "application_credentials" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('application_credential', 'project_id', OLD."project_id", '', -1), ('application_credential', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('application_credential', 'project_id', NEW."project_id", '', 1), ('application_credential', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('application_credential', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "revocations" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "expires_at" INTEGER
            ) STRICT;
            CREATE INDEX "revocations_project_id_created_at_deleting_since" ON "revocations" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "revocations_expires_at" ON "revocations" ("expires_at");
            CREATE TRIGGER "revocations_project_id_insert" AFTER INSERT ON "revocations" BEGIN
                INSERT INTO "totals" VALUES ('revocation', 'project_id', NEW."project_id", '', 1), ('revocation', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "revocations_project_id_delete" AFTER DELETE ON "revocations" BEGIN
                INSERT INTO "totals" VALUES ('revocation', 'project_id', OLD."project_id", '', -1), ('revocation', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('revocation', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "revocations_project_id_update" AFTER UPDATE ON "revocations" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('revocation', 'project_id', OLD."project_id", '', -1), ('revocation', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('revocation', 'project_id', NEW."project_id", '', 1), ('revocation', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('revocation', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "regions" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "parent_region_id" TEXT REFERENCES "regions" ("id"),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "regions_project_id_created_at_deleting_since" ON "regions" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "regions_parent_region_id" ON "regions" ("parent_region_id");
            CREATE TRIGGER "regions_project_id_insert" AFTER INSERT ON "regions" BEGIN
                INSERT INTO "totals" VALUES ('region', 'project_id', NEW."project_id", '', 1), ('region', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "regions_project_id_delete" AFTER DELETE ON "regions" BEGIN
                INSERT INTO "totals" VALUES ('region', 'project_id', OLD."project_id", '', -1), ('region', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('region', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "regions_project_id_update" AFTER UPDATE ON "regions" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('region', 'project_id', OLD."project_id", '', -1), ('region', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('region', 'project_id', NEW."project_id", '', 1), ('region', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('region', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "services" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "type" TEXT NOT NULL CHECK (length(CAST("type" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "services_project_id_created_at_deleting_since" ON "services" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "services_name" ON "services" ("name");
            CREATE INDEX "services_type" ON "services" ("type");
            CREATE TRIGGER "services_project_id_insert" AFTER INSERT ON "services" BEGIN
                INSERT INTO "totals" VALUES ('service', 'project_id', NEW."project_id", '', 1), ('service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "services_project_id_delete" AFTER DELETE ON "services" BEGIN
                INSERT INTO "totals" VALUES ('service', 'project_id', OLD."project_id", '', -1), ('service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('service', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "services_project_id_update" AFTER UPDATE ON "services" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('service', 'project_id', OLD."project_id", '', -1), ('service', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('service', 'project_id', NEW."project_id", '', 1), ('service', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('service', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "endpoints" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "service_id" TEXT NOT NULL REFERENCES "services" ("id"),
                "interface" TEXT NOT NULL CHECK ("interface" IN ('public', 'internal', 'admin')),
                "region_id" TEXT REFERENCES "regions" ("id"),
                "url" TEXT NOT NULL CHECK (length(CAST("url" AS BLOB)) <= 2048),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1)),
                "extra" TEXT NOT NULL CHECK (length(CAST("extra" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "endpoints_project_id_created_at_deleting_since" ON "endpoints" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "endpoints_service_id" ON "endpoints" ("service_id");
            CREATE INDEX "endpoints_interface" ON "endpoints" ("interface");
            CREATE INDEX "endpoints_region_id" ON "endpoints" ("region_id");
            CREATE TRIGGER "endpoints_project_id_insert" AFTER INSERT ON "endpoints" BEGIN
                INSERT INTO "totals" VALUES ('endpoint', 'project_id', NEW."project_id", '', 1), ('endpoint', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "endpoints_project_id_delete" AFTER DELETE ON "endpoints" BEGIN
                INSERT INTO "totals" VALUES ('endpoint', 'project_id', OLD."project_id", '', -1), ('endpoint', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('endpoint', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "endpoints_project_id_update" AFTER UPDATE ON "endpoints" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('endpoint', 'project_id', OLD."project_id", '', -1), ('endpoint', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('endpoint', 'project_id', NEW."project_id", '', 1), ('endpoint', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('endpoint', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "images" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "visibility" TEXT NOT NULL CHECK ("visibility" IN ('private', 'shared', 'community', 'public')),
                "status" TEXT NOT NULL CHECK ("status" IN ('queued', 'saving', 'active', 'deactivated')),
                "disk_format" TEXT NOT NULL CHECK (length(CAST("disk_format" AS BLOB)) <= 20),
                "container_format" TEXT NOT NULL CHECK (length(CAST("container_format" AS BLOB)) <= 20),
                "min_disk" INTEGER NOT NULL CHECK ("min_disk" BETWEEN 0 AND 65536),
                "min_ram" INTEGER NOT NULL CHECK ("min_ram" BETWEEN 0 AND 4194304),
                "protected" INTEGER NOT NULL CHECK ("protected" IN (0, 1)),
                "os_hidden" INTEGER NOT NULL CHECK ("os_hidden" IN (0, 1)),
                "size" INTEGER NOT NULL CHECK ("size" BETWEEN 0 AND 9223372036854775807),
                "virtual_size" INTEGER NOT NULL CHECK ("virtual_size" BETWEEN 0 AND 9223372036854775807),
                "checksum" TEXT NOT NULL CHECK (length(CAST("checksum" AS BLOB)) <= 32),
                "os_hash_value" TEXT NOT NULL CHECK (length(CAST("os_hash_value" AS BLOB)) <= 128),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 36864),
                "properties" TEXT NOT NULL CHECK (length(CAST("properties" AS BLOB)) <= 32768)
            ) STRICT;
            CREATE INDEX "images_project_id_created_at_deleting_since" ON "images" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "images_name" ON "images" ("name");
            CREATE INDEX "images_visibility" ON "images" ("visibility");
            CREATE INDEX "images_status" ON "images" ("status");
            CREATE TRIGGER "images_project_id_insert" AFTER INSERT ON "images" BEGIN
                INSERT INTO "totals" VALUES ('image', 'project_id', NEW."project_id", '', 1), ('image', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "images_project_id_delete" AFTER DELETE ON "images" BEGIN
                INSERT INTO "totals" VALUES ('image', 'project_id', OLD."project_id", '', -1), ('image', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('image', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "images_project_id_update" AFTER UPDATE ON "images" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('image', 'project_id', OLD."project_id", '', -1), ('image', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('image', 'project_id', NEW."project_id", '', 1), ('image', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('image', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "image_members" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "image_id" TEXT NOT NULL REFERENCES "images" ("id"),
                "member_id" TEXT NOT NULL CHECK (length(CAST("member_id" AS BLOB)) <= 64),
                "status" TEXT NOT NULL CHECK ("status" IN ('pending', 'accepted', 'rejected'))
            ) STRICT;
            CREATE INDEX "image_members_project_id_created_at_deleting_since" ON "image_members" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "image_members_image_id" ON "image_members" ("image_id");
            CREATE INDEX "image_members_member_id" ON "image_members" ("member_id");
            CREATE TRIGGER "image_members_project_id_insert" AFTER INSERT ON "image_members" BEGIN
                INSERT INTO "totals" VALUES ('image_member', 'project_id', NEW."project_id", '', 1), ('image_member', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "image_members_project_id_delete" AFTER DELETE ON "image_members" BEGIN
                INSERT INTO "totals" VALUES ('image_member', 'project_id', OLD."project_id", '', -1), ('image_member', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('image_member', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "image_members_project_id_update" AFTER UPDATE ON "image_members" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('image_member', 'project_id', OLD."project_id", '', -1), ('image_member', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('image_member', 'project_id', NEW."project_id", '', 1), ('image_member', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('image_member', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "network_quotas" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "limits" TEXT NOT NULL CHECK (length(CAST("limits" AS BLOB)) <= 4096)
            ) STRICT;
            CREATE INDEX "network_quotas_project_id_created_at_deleting_since" ON "network_quotas" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "network_quotas_project_id_insert" AFTER INSERT ON "network_quotas" BEGIN
                INSERT INTO "totals" VALUES ('network_quota', 'project_id', NEW."project_id", '', 1), ('network_quota', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "network_quotas_project_id_delete" AFTER DELETE ON "network_quotas" BEGIN
                INSERT INTO "totals" VALUES ('network_quota', 'project_id', OLD."project_id", '', -1), ('network_quota', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('network_quota', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "network_quotas_project_id_update" AFTER UPDATE ON "network_quotas" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('network_quota', 'project_id', OLD."project_id", '', -1), ('network_quota', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('network_quota', 'project_id', NEW."project_id", '', 1), ('network_quota', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('network_quota', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "subnetpools" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "prefixes" TEXT NOT NULL CHECK (length(CAST("prefixes" AS BLOB)) <= 4096),
                "min_prefixlen" INTEGER NOT NULL CHECK ("min_prefixlen" BETWEEN 1 AND 128),
                "default_prefixlen" INTEGER NOT NULL CHECK ("default_prefixlen" BETWEEN 1 AND 128),
                "max_prefixlen" INTEGER NOT NULL CHECK ("max_prefixlen" BETWEEN 1 AND 128),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "subnetpools_project_id_created_at_deleting_since" ON "subnetpools" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "subnetpools_project_id_insert" AFTER INSERT ON "subnetpools" BEGIN
                INSERT INTO "totals" VALUES ('subnetpool', 'project_id', NEW."project_id", '', 1), ('subnetpool', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "subnetpools_project_id_delete" AFTER DELETE ON "subnetpools" BEGIN
                INSERT INTO "totals" VALUES ('subnetpool', 'project_id', OLD."project_id", '', -1), ('subnetpool', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('subnetpool', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "subnetpools_project_id_update" AFTER UPDATE ON "subnetpools" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('subnetpool', 'project_id', OLD."project_id", '', -1), ('subnetpool', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('subnetpool', 'project_id', NEW."project_id", '', 1), ('subnetpool', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('subnetpool', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "networks" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "plane" TEXT NOT NULL CHECK ("plane" IN ('data', 'storage')),
                "admin_state_up" INTEGER NOT NULL CHECK ("admin_state_up" IN (0, 1)),
                "external" INTEGER NOT NULL CHECK ("external" IN (0, 1)),
                "physical" TEXT NOT NULL CHECK (length(CAST("physical" AS BLOB)) <= 64),
                "port_security" INTEGER NOT NULL CHECK ("port_security" IN (0, 1)),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('BUILD', 'ACTIVE', 'DOWN', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "networks_project_id_created_at_deleting_since" ON "networks" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "networks_external" ON "networks" ("external");
            CREATE TRIGGER "networks_project_id_insert" AFTER INSERT ON "networks" BEGIN
                INSERT INTO "totals" VALUES ('network', 'project_id', NEW."project_id", '', 1), ('network', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "networks_project_id_delete" AFTER DELETE ON "networks" BEGIN
                INSERT INTO "totals" VALUES ('network', 'project_id', OLD."project_id", '', -1), ('network', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('network', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "networks_project_id_update" AFTER UPDATE ON "networks" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('network', 'project_id', OLD."project_id", '', -1), ('network', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('network', 'project_id', NEW."project_id", '', 1), ('network', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('network', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "subnets" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "cidr" TEXT NOT NULL CHECK (length(CAST("cidr" AS BLOB)) <= 64),
                "ip_version" INTEGER NOT NULL CHECK ("ip_version" BETWEEN 4 AND 6),
                "ipv6_address_mode" TEXT NOT NULL CHECK ("ipv6_address_mode" IN ('', 'slaac', 'dhcpv6-stateful', 'dhcpv6-stateless')),
                "ipv6_ra_mode" TEXT NOT NULL CHECK ("ipv6_ra_mode" IN ('', 'slaac', 'dhcpv6-stateful', 'dhcpv6-stateless')),
                "gateway_ip" TEXT NOT NULL CHECK (length(CAST("gateway_ip" AS BLOB)) <= 64),
                "enable_dhcp" INTEGER NOT NULL CHECK ("enable_dhcp" IN (0, 1)),
                "dns_nameservers" TEXT NOT NULL CHECK (length(CAST("dns_nameservers" AS BLOB)) <= 512),
                "ntp_servers" TEXT NOT NULL CHECK (length(CAST("ntp_servers" AS BLOB)) <= 512),
                "host_routes" TEXT NOT NULL CHECK (length(CAST("host_routes" AS BLOB)) <= 4096),
                "allocation_pools" TEXT NOT NULL CHECK (length(CAST("allocation_pools" AS BLOB)) <= 4096),
                "subnetpool_id" TEXT REFERENCES "subnetpools" ("id"),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "subnets_project_id_created_at_deleting_since" ON "subnets" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "subnets_network_id" ON "subnets" ("network_id");
            CREATE INDEX "subnets_cidr" ON "subnets" ("cidr");
            CREATE INDEX "subnets_subnetpool_id" ON "subnets" ("subnetpool_id");
            CREATE TRIGGER "subnets_project_id_insert" AFTER INSERT ON "subnets" BEGIN
                INSERT INTO "totals" VALUES ('subnet', 'project_id', NEW."project_id", '', 1), ('subnet', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "subnets_project_id_delete" AFTER DELETE ON "subnets" BEGIN
                INSERT INTO "totals" VALUES ('subnet', 'project_id', OLD."project_id", '', -1), ('subnet', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('subnet', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "subnets_project_id_update" AFTER UPDATE ON "subnets" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('subnet', 'project_id', OLD."project_id", '', -1), ('subnet', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('subnet', 'project_id', NEW."project_id", '', 1), ('subnet', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('subnet', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "security_groups" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "stateful" INTEGER NOT NULL CHECK ("stateful" IN (0, 1)),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "is_woven" INTEGER NOT NULL CHECK ("is_woven" IN (0, 1)),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "security_groups_project_id_created_at_deleting_since" ON "security_groups" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "security_groups_project_id_insert" AFTER INSERT ON "security_groups" BEGIN
                INSERT INTO "totals" VALUES ('security_group', 'project_id', NEW."project_id", '', 1), ('security_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "security_groups_project_id_delete" AFTER DELETE ON "security_groups" BEGIN
                INSERT INTO "totals" VALUES ('security_group', 'project_id', OLD."project_id", '', -1), ('security_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('security_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "security_groups_project_id_update" AFTER UPDATE ON "security_groups" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('security_group', 'project_id', OLD."project_id", '', -1), ('security_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('security_group', 'project_id', NEW."project_id", '', 1), ('security_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('security_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "security_group_rules" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "security_group_id" TEXT NOT NULL REFERENCES "security_groups" ("id"),
                "direction" TEXT NOT NULL CHECK ("direction" IN ('ingress', 'egress')),
                "ethertype" TEXT NOT NULL CHECK ("ethertype" IN ('IPv4', 'IPv6')),
                "protocol" TEXT NOT NULL CHECK (length(CAST("protocol" AS BLOB)) <= 32),
                "port_range_min" INTEGER NOT NULL CHECK ("port_range_min" BETWEEN -1 AND 65535),
                "port_range_max" INTEGER NOT NULL CHECK ("port_range_max" BETWEEN -1 AND 65535),
                "remote_ip_prefix" TEXT NOT NULL CHECK (length(CAST("remote_ip_prefix" AS BLOB)) <= 64),
                "remote_group_id" TEXT REFERENCES "security_groups" ("id"),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255)
            ) STRICT;
            CREATE INDEX "security_group_rules_project_id_created_at_deleting_since" ON "security_group_rules" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "security_group_rules_security_group_id" ON "security_group_rules" ("security_group_id");
            CREATE INDEX "security_group_rules_remote_group_id" ON "security_group_rules" ("remote_group_id");
            CREATE TRIGGER "security_group_rules_project_id_insert" AFTER INSERT ON "security_group_rules" BEGIN
                INSERT INTO "totals" VALUES ('security_group_rule', 'project_id', NEW."project_id", '', 1), ('security_group_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "security_group_rules_project_id_delete" AFTER DELETE ON "security_group_rules" BEGIN
                INSERT INTO "totals" VALUES ('security_group_rule', 'project_id', OLD."project_id", '', -1), ('security_group_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('security_group_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "security_group_rules_project_id_update" AFTER UPDATE ON "security_group_rules" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('security_group_rule', 'project_id', OLD."project_id", '', -1), ('security_group_rule', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('security_group_rule', 'project_id', NEW."project_id", '', 1), ('security_group_rule', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('security_group_rule', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "ports" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "admin_state_up" INTEGER NOT NULL CHECK ("admin_state_up" IN (0, 1)),
                "mac_address" TEXT NOT NULL CHECK (length(CAST("mac_address" AS BLOB)) <= 17),
                "fixed_ips" TEXT NOT NULL CHECK (length(CAST("fixed_ips" AS BLOB)) <= 4096),
                "device_id" TEXT NOT NULL CHECK (length(CAST("device_id" AS BLOB)) <= 255),
                "device_owner" TEXT NOT NULL CHECK (length(CAST("device_owner" AS BLOB)) <= 255),
                "is_owned" INTEGER NOT NULL CHECK ("is_owned" IN (0, 1)),
                "security_groups" TEXT NOT NULL CHECK (length(CAST("security_groups" AS BLOB)) <= 2048),
                "port_security" INTEGER NOT NULL CHECK ("port_security" IN (0, 1)),
                "allowed_address_pairs" TEXT NOT NULL CHECK (length(CAST("allowed_address_pairs" AS BLOB)) <= 2048),
                "wanted_host" TEXT NOT NULL CHECK (length(CAST("wanted_host" AS BLOB)) <= 255),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'DOWN', 'BUILD', 'ERROR')),
                "host" TEXT NOT NULL CHECK (length(CAST("host" AS BLOB)) <= 255),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "ports_project_id_created_at_deleting_since" ON "ports" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "ports_network_id" ON "ports" ("network_id");
            CREATE INDEX "ports_device_id" ON "ports" ("device_id");
            CREATE TRIGGER "ports_project_id_insert" AFTER INSERT ON "ports" BEGIN
                INSERT INTO "totals" VALUES ('port', 'project_id', NEW."project_id", '', 1), ('port', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "ports_project_id_delete" AFTER DELETE ON "ports" BEGIN
                INSERT INTO "totals" VALUES ('port', 'project_id', OLD."project_id", '', -1), ('port', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('port', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "ports_project_id_update" AFTER UPDATE ON "ports" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('port', 'project_id', OLD."project_id", '', -1), ('port', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('port', 'project_id', NEW."project_id", '', 1), ('port', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('port', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "routers" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 1024),
                "admin_state_up" INTEGER NOT NULL CHECK ("admin_state_up" IN (0, 1)),
                "gateway_network" TEXT REFERENCES "networks" ("id"),
                "snat" INTEGER NOT NULL CHECK ("snat" IN (0, 1)),
                "gateway_port" TEXT NOT NULL CHECK (length(CAST("gateway_port" AS BLOB)) <= 255),
                "routes" TEXT NOT NULL CHECK (length(CAST("routes" AS BLOB)) <= 8192),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'BUILD', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "routers_project_id_created_at_deleting_since" ON "routers" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "routers_gateway_network" ON "routers" ("gateway_network");
            CREATE TRIGGER "routers_project_id_insert" AFTER INSERT ON "routers" BEGIN
                INSERT INTO "totals" VALUES ('router', 'project_id', NEW."project_id", '', 1), ('router', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "routers_project_id_delete" AFTER DELETE ON "routers" BEGIN
                INSERT INTO "totals" VALUES ('router', 'project_id', OLD."project_id", '', -1), ('router', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('router', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "routers_project_id_update" AFTER UPDATE ON "routers" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('router', 'project_id', OLD."project_id", '', -1), ('router', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('router', 'project_id', NEW."project_id", '', 1), ('router', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('router', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "floating_ips" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "floating_network_id" TEXT NOT NULL REFERENCES "networks" ("id"),
                "subnet_id" TEXT NOT NULL REFERENCES "subnets" ("id"),
                "floating_ip_address" TEXT NOT NULL CHECK (length(CAST("floating_ip_address" AS BLOB)) <= 64),
                "port_id" TEXT NOT NULL CHECK (length(CAST("port_id" AS BLOB)) <= 64),
                "fixed_ip_address" TEXT NOT NULL CHECK (length(CAST("fixed_ip_address" AS BLOB)) <= 64),
                "router_id" TEXT REFERENCES "routers" ("id"),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "floating_ips_project_id_created_at_deleting_since" ON "floating_ips" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "floating_ips_floating_network_id" ON "floating_ips" ("floating_network_id");
            CREATE INDEX "floating_ips_subnet_id" ON "floating_ips" ("subnet_id");
            CREATE INDEX "floating_ips_floating_ip_address" ON "floating_ips" ("floating_ip_address");
            CREATE INDEX "floating_ips_port_id" ON "floating_ips" ("port_id");
            CREATE INDEX "floating_ips_router_id" ON "floating_ips" ("router_id");
            CREATE TRIGGER "floating_ips_project_id_insert" AFTER INSERT ON "floating_ips" BEGIN
                INSERT INTO "totals" VALUES ('floating_ip', 'project_id', NEW."project_id", '', 1), ('floating_ip', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "floating_ips_project_id_delete" AFTER DELETE ON "floating_ips" BEGIN
                INSERT INTO "totals" VALUES ('floating_ip', 'project_id', OLD."project_id", '', -1), ('floating_ip', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('floating_ip', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "floating_ips_project_id_update" AFTER UPDATE ON "floating_ips" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('floating_ip', 'project_id', OLD."project_id", '', -1), ('floating_ip', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('floating_ip', 'project_id', NEW."project_id", '', 1), ('floating_ip', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('floating_ip', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "flavors" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL UNIQUE CHECK (length(CAST("name" AS BLOB)) <= 255),
                "vcpus" INTEGER NOT NULL CHECK ("vcpus" BETWEEN 1 AND 256),
                "ram" INTEGER NOT NULL CHECK ("ram" BETWEEN 16 AND 4194304),
                "disk" INTEGER NOT NULL CHECK ("disk" BETWEEN 0 AND 65536),
                "is_public" INTEGER NOT NULL CHECK ("is_public" IN (0, 1)),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 65535),
                "extra_specs" TEXT NOT NULL CHECK (length(CAST("extra_specs" AS BLOB)) <= 32768),
                "projects" TEXT NOT NULL CHECK (length(CAST("projects" AS BLOB)) <= 65535)
            ) STRICT;
            CREATE INDEX "flavors_project_id_created_at_deleting_since" ON "flavors" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "flavors_project_id_insert" AFTER INSERT ON "flavors" BEGIN
                INSERT INTO "totals" VALUES ('flavor', 'project_id', NEW."project_id", '', 1), ('flavor', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "flavors_project_id_delete" AFTER DELETE ON "flavors" BEGIN
                INSERT INTO "totals" VALUES ('flavor', 'project_id', OLD."project_id", '', -1), ('flavor', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('flavor', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "flavors_project_id_update" AFTER UPDATE ON "flavors" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('flavor', 'project_id', OLD."project_id", '', -1), ('flavor', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('flavor', 'project_id', NEW."project_id", '', 1), ('flavor', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('flavor', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "keypairs" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "type" TEXT NOT NULL CHECK ("type" IN ('ssh', 'x509')),
                "public_key" TEXT NOT NULL CHECK (length(CAST("public_key" AS BLOB)) <= 16384),
                "fingerprint" TEXT NOT NULL CHECK (length(CAST("fingerprint" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "keypairs_project_id_created_at_deleting_since" ON "keypairs" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "keypairs_user_id" ON "keypairs" ("user_id");
            CREATE TRIGGER "keypairs_project_id_insert" AFTER INSERT ON "keypairs" BEGIN
                INSERT INTO "totals" VALUES ('keypair', 'project_id', NEW."project_id", '', 1), ('keypair', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "keypairs_project_id_delete" AFTER DELETE ON "keypairs" BEGIN
                INSERT INTO "totals" VALUES ('keypair', 'project_id', OLD."project_id", '', -1), ('keypair', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('keypair', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "keypairs_project_id_update" AFTER UPDATE ON "keypairs" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('keypair', 'project_id', OLD."project_id", '', -1), ('keypair', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('keypair', 'project_id', NEW."project_id", '', 1), ('keypair', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('keypair', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "hosts" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "zone" TEXT NOT NULL CHECK (length(CAST("zone" AS BLOB)) <= 64),
                "vcpus" INTEGER NOT NULL CHECK ("vcpus" BETWEEN 0 AND 65536),
                "memory" INTEGER NOT NULL CHECK ("memory" BETWEEN 0 AND 1099511627776),
                "disk" INTEGER NOT NULL CHECK ("disk" BETWEEN 0 AND 1099511627776),
                "accelerator" TEXT NOT NULL CHECK (length(CAST("accelerator" AS BLOB)) <= 16),
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1))
            ) STRICT;
            CREATE INDEX "hosts_project_id_created_at_deleting_since" ON "hosts" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "hosts_zone" ON "hosts" ("zone");
            CREATE TRIGGER "hosts_project_id_insert" AFTER INSERT ON "hosts" BEGIN
                INSERT INTO "totals" VALUES ('host', 'project_id', NEW."project_id", '', 1), ('host', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "hosts_project_id_delete" AFTER DELETE ON "hosts" BEGIN
                INSERT INTO "totals" VALUES ('host', 'project_id', OLD."project_id", '', -1), ('host', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('host', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "hosts_project_id_update" AFTER UPDATE ON "hosts" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('host', 'project_id', OLD."project_id", '', -1), ('host', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('host', 'project_id', NEW."project_id", '', 1), ('host', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('host', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "quota_sets" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "limits" TEXT NOT NULL CHECK (length(CAST("limits" AS BLOB)) <= 2048)
            ) STRICT;
            CREATE INDEX "quota_sets_project_id_created_at_deleting_since" ON "quota_sets" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "quota_sets_project_id_insert" AFTER INSERT ON "quota_sets" BEGIN
                INSERT INTO "totals" VALUES ('quota_set', 'project_id', NEW."project_id", '', 1), ('quota_set', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "quota_sets_project_id_delete" AFTER DELETE ON "quota_sets" BEGIN
                INSERT INTO "totals" VALUES ('quota_set', 'project_id', OLD."project_id", '', -1), ('quota_set', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('quota_set', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "quota_sets_project_id_update" AFTER UPDATE ON "quota_sets" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('quota_set', 'project_id', OLD."project_id", '', -1), ('quota_set', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('quota_set', 'project_id', NEW."project_id", '', 1), ('quota_set', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('quota_set', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "server_groups" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "policy" TEXT NOT NULL CHECK ("policy" IN ('affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity')),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "server_groups_project_id_created_at_deleting_since" ON "server_groups" ("project_id", "created_at", "deleting_since");
            CREATE TRIGGER "server_groups_project_id_insert" AFTER INSERT ON "server_groups" BEGIN
                INSERT INTO "totals" VALUES ('server_group', 'project_id', NEW."project_id", '', 1), ('server_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "server_groups_project_id_delete" AFTER DELETE ON "server_groups" BEGIN
                INSERT INTO "totals" VALUES ('server_group', 'project_id', OLD."project_id", '', -1), ('server_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "server_groups_project_id_update" AFTER UPDATE ON "server_groups" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('server_group', 'project_id', OLD."project_id", '', -1), ('server_group', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('server_group', 'project_id', NEW."project_id", '', 1), ('server_group', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server_group', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "instance_actions" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "server_id" TEXT NOT NULL CHECK (length(CAST("server_id" AS BLOB)) <= 64),
                "action" TEXT NOT NULL CHECK (length(CAST("action" AS BLOB)) <= 64),
                "request_id" TEXT NOT NULL CHECK (length(CAST("request_id" AS BLOB)) <= 64),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "result" TEXT NOT NULL CHECK (length(CAST("result" AS BLOB)) <= 16),
                "finished_at" INTEGER
            ) STRICT;
            CREATE INDEX "instance_actions_project_id_created_at_deleting_since" ON "instance_actions" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "instance_actions_server_id" ON "instance_actions" ("server_id");
            CREATE TRIGGER "instance_actions_project_id_insert" AFTER INSERT ON "instance_actions" BEGIN
                INSERT INTO "totals" VALUES ('instance_action', 'project_id', NEW."project_id", '', 1), ('instance_action', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "instance_actions_project_id_delete" AFTER DELETE ON "instance_actions" BEGIN
                INSERT INTO "totals" VALUES ('instance_action', 'project_id', OLD."project_id", '', -1), ('instance_action', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('instance_action', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "instance_actions_project_id_update" AFTER UPDATE ON "instance_actions" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('instance_action', 'project_id', OLD."project_id", '', -1), ('instance_action', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('instance_action', 'project_id', NEW."project_id", '', 1), ('instance_action', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('instance_action', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "console_tokens" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "server_id" TEXT NOT NULL CHECK (length(CAST("server_id" AS BLOB)) <= 64),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "statement" TEXT NOT NULL CHECK (length(CAST("statement" AS BLOB)) <= 1024),
                "expires_at" INTEGER
            ) STRICT;
            CREATE INDEX "console_tokens_project_id_created_at_deleting_since" ON "console_tokens" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "console_tokens_server_id" ON "console_tokens" ("server_id");
            CREATE INDEX "console_tokens_expires_at" ON "console_tokens" ("expires_at");
            CREATE TRIGGER "console_tokens_project_id_insert" AFTER INSERT ON "console_tokens" BEGIN
                INSERT INTO "totals" VALUES ('console_token', 'project_id', NEW."project_id", '', 1), ('console_token', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "console_tokens_project_id_delete" AFTER DELETE ON "console_tokens" BEGIN
                INSERT INTO "totals" VALUES ('console_token', 'project_id', OLD."project_id", '', -1), ('console_token', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('console_token', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "console_tokens_project_id_update" AFTER UPDATE ON "console_tokens" WHEN (OLD."project_id", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('console_token', 'project_id', OLD."project_id", '', -1), ('console_token', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('console_token', 'project_id', NEW."project_id", '', 1), ('console_token', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL))
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('console_token', 'project_id', OLD."project_id") AND "total" = 0;
            END;

            CREATE TABLE "servers" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255),
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "flavor_id" TEXT NOT NULL REFERENCES "flavors" ("id"),
                "image_id" TEXT NOT NULL CHECK (length(CAST("image_id" AS BLOB)) <= 64),
                "availability_zone" TEXT NOT NULL CHECK (length(CAST("availability_zone" AS BLOB)) <= 64),
                "vcpus" INTEGER NOT NULL CHECK ("vcpus" BETWEEN 1 AND 256),
                "memory" INTEGER NOT NULL CHECK ("memory" BETWEEN 0 AND 4194304),
                "disk" INTEGER NOT NULL CHECK ("disk" BETWEEN 0 AND 65536),
                "image_format" TEXT NOT NULL CHECK (length(CAST("image_format" AS BLOB)) <= 20),
                "metadata" TEXT NOT NULL CHECK (length(CAST("metadata" AS BLOB)) <= 32768),
                "key_name" TEXT NOT NULL CHECK (length(CAST("key_name" AS BLOB)) <= 255),
                "public_key" TEXT NOT NULL CHECK (length(CAST("public_key" AS BLOB)) <= 16384),
                "key_type" TEXT NOT NULL CHECK ("key_type" IN ('ssh', 'x509')),
                "user_data" TEXT NOT NULL CHECK (length(CAST("user_data" AS BLOB)) <= 65535),
                "power" TEXT NOT NULL CHECK ("power" IN ('on', 'off', 'paused', 'suspended')),
                "status" TEXT NOT NULL CHECK ("status" IN ('BUILD', 'ACTIVE', 'SHUTOFF', 'PAUSED', 'REBOOT', 'SUSPENDED', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'REBUILD', 'ERROR')),
                "kept_vcpus" INTEGER NOT NULL CHECK ("kept_vcpus" BETWEEN 0 AND 256),
                "kept_memory" INTEGER NOT NULL CHECK ("kept_memory" BETWEEN 0 AND 4194304),
                "host" TEXT NOT NULL CHECK (length(CAST("host" AS BLOB)) <= 64),
                "uid" INTEGER NOT NULL CHECK ("uid" BETWEEN 0 AND 9223372036854775807),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024),
                "is_halted" INTEGER NOT NULL CHECK ("is_halted" IN (0, 1)),
                "stop_by" INTEGER,
                "launched_at" INTEGER,
                "access_ipv4" TEXT NOT NULL CHECK (length(CAST("access_ipv4" AS BLOB)) <= 15),
                "access_ipv6" TEXT NOT NULL CHECK (length(CAST("access_ipv6" AS BLOB)) <= 45),
                "disk_config" TEXT NOT NULL CHECK ("disk_config" IN ('AUTO', 'MANUAL')),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "server_group" TEXT NOT NULL CHECK (length(CAST("server_group" AS BLOB)) <= 64),
                "locked" INTEGER NOT NULL CHECK ("locked" IN (0, 1)),
                "locked_reason" TEXT NOT NULL CHECK (length(CAST("locked_reason" AS BLOB)) <= 255),
                "admin_pass" TEXT NOT NULL CHECK (length(CAST("admin_pass" AS BLOB)) <= 255),
                "generation" INTEGER NOT NULL CHECK ("generation" BETWEEN 0 AND 9223372036854775807),
                "previous" TEXT NOT NULL CHECK (length(CAST("previous" AS BLOB)) <= 512),
                "snapshot" TEXT NOT NULL CHECK (length(CAST("snapshot" AS BLOB)) <= 64),
                "detaching" TEXT NOT NULL CHECK (length(CAST("detaching" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "servers_project_id_created_at_deleting_since" ON "servers" ("project_id", "created_at", "deleting_since");
            CREATE INDEX "servers_name" ON "servers" ("name");
            CREATE INDEX "servers_flavor_id" ON "servers" ("flavor_id");
            CREATE INDEX "servers_image_id" ON "servers" ("image_id");
            CREATE INDEX "servers_status" ON "servers" ("status");
            CREATE INDEX "servers_host" ON "servers" ("host");
            CREATE INDEX "servers_uid" ON "servers" ("uid");
            CREATE INDEX "servers_server_group" ON "servers" ("server_group");
            CREATE TRIGGER "servers_project_id_insert" AFTER INSERT ON "servers" BEGIN
                INSERT INTO "totals" VALUES ('server', 'project_id', NEW."project_id", '', 1), ('server', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('server', 'project_id', NEW."project_id", 'vcpus', NEW."vcpus"), ('server', 'project_id', NEW."project_id", 'memory', NEW."memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "servers_project_id_delete" AFTER DELETE ON "servers" BEGIN
                INSERT INTO "totals" VALUES ('server', 'project_id', OLD."project_id", '', -1), ('server', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('server', 'project_id', OLD."project_id", 'vcpus', -OLD."vcpus"), ('server', 'project_id', OLD."project_id", 'memory', -OLD."memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "servers_project_id_update" AFTER UPDATE ON "servers" WHEN (OLD."project_id", OLD."vcpus", OLD."memory", OLD."deleting_since" IS NULL) IS NOT (NEW."project_id", NEW."vcpus", NEW."memory", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('server', 'project_id', OLD."project_id", '', -1), ('server', 'project_id', OLD."project_id", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('server', 'project_id', OLD."project_id", 'vcpus', -OLD."vcpus"), ('server', 'project_id', OLD."project_id", 'memory', -OLD."memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('server', 'project_id', NEW."project_id", '', 1), ('server', 'project_id', NEW."project_id", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('server', 'project_id', NEW."project_id", 'vcpus', NEW."vcpus"), ('server', 'project_id', NEW."project_id", 'memory', NEW."memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server', 'project_id', OLD."project_id") AND "total" = 0;
            END;
            CREATE TRIGGER "servers_host_insert" AFTER INSERT ON "servers" BEGIN
                INSERT INTO "totals" VALUES ('server', 'host', NEW."host", '', 1), ('server', 'host', NEW."host", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('server', 'host', NEW."host", 'kept_vcpus', NEW."kept_vcpus"), ('server', 'host', NEW."host", 'kept_memory', NEW."kept_memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
            END;
            CREATE TRIGGER "servers_host_delete" AFTER DELETE ON "servers" BEGIN
                INSERT INTO "totals" VALUES ('server', 'host', OLD."host", '', -1), ('server', 'host', OLD."host", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('server', 'host', OLD."host", 'kept_vcpus', -OLD."kept_vcpus"), ('server', 'host', OLD."host", 'kept_memory', -OLD."kept_memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server', 'host', OLD."host") AND "total" = 0;
            END;
            CREATE TRIGGER "servers_host_update" AFTER UPDATE ON "servers" WHEN (OLD."host", OLD."kept_vcpus", OLD."kept_memory", OLD."deleting_since" IS NULL) IS NOT (NEW."host", NEW."kept_vcpus", NEW."kept_memory", NEW."deleting_since" IS NULL) BEGIN
                INSERT INTO "totals" VALUES ('server', 'host', OLD."host", '', -1), ('server', 'host', OLD."host", 'deleting', -(OLD."deleting_since" IS NOT NULL)), ('server', 'host', OLD."host", 'kept_vcpus', -OLD."kept_vcpus"), ('server', 'host', OLD."host", 'kept_memory', -OLD."kept_memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                INSERT INTO "totals" VALUES ('server', 'host', NEW."host", '', 1), ('server', 'host', NEW."host", 'deleting', (NEW."deleting_since" IS NOT NULL)), ('server', 'host', NEW."host", 'kept_vcpus', NEW."kept_vcpus"), ('server', 'host', NEW."host", 'kept_memory', NEW."kept_memory")
                    ON CONFLICT DO UPDATE SET "total" = "total" + excluded."total";
                DELETE FROM "totals" WHERE ("kind", "by", "value") = ('server', 'host', OLD."host") AND "total" = 0;
            END;
            """)
}

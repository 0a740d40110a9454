extension Migration {
    /// The tables of the first release.
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
            CREATE INDEX "work_wake_at" ON "work" ("wake_at");
            CREATE TABLE "signals" (
                "number" INTEGER PRIMARY KEY AUTOINCREMENT,
                "kind" TEXT NOT NULL,
                "id" TEXT NOT NULL,
                "name" TEXT NOT NULL
            ) STRICT;
            CREATE INDEX "signals_target" ON "signals" ("kind", "id");
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
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1))
            ) STRICT;
            CREATE INDEX "domains_project_id" ON "domains" ("project_id");

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
                "enabled" INTEGER NOT NULL CHECK ("enabled" IN (0, 1))
            ) STRICT;
            CREATE INDEX "projects_project_id" ON "projects" ("project_id");
            CREATE INDEX "projects_name" ON "projects" ("name");
            CREATE INDEX "projects_domain_id" ON "projects" ("domain_id");

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
                "tokens_from" INTEGER
            ) STRICT;
            CREATE INDEX "users_project_id" ON "users" ("project_id");
            CREATE INDEX "users_name" ON "users" ("name");
            CREATE INDEX "users_domain_id" ON "users" ("domain_id");

            CREATE TABLE "roles" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL UNIQUE CHECK (length(CAST("name" AS BLOB)) <= 64),
                "description" TEXT NOT NULL CHECK (length(CAST("description" AS BLOB)) <= 255)
            ) STRICT;
            CREATE INDEX "roles_project_id" ON "roles" ("project_id");

            CREATE TABLE "role_assignments" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "user_id" TEXT NOT NULL REFERENCES "users" ("id"),
                "target_id" TEXT NOT NULL REFERENCES "projects" ("id"),
                "role_id" TEXT NOT NULL REFERENCES "roles" ("id")
            ) STRICT;
            CREATE INDEX "role_assignments_project_id" ON "role_assignments" ("project_id");
            CREATE INDEX "role_assignments_user_id" ON "role_assignments" ("user_id");
            CREATE INDEX "role_assignments_target_id" ON "role_assignments" ("target_id");
            CREATE INDEX "role_assignments_role_id" ON "role_assignments" ("role_id");

            CREATE TABLE "revocations" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "expires_at" INTEGER
            ) STRICT;
            CREATE INDEX "revocations_project_id" ON "revocations" ("project_id");
            CREATE INDEX "revocations_expires_at" ON "revocations" ("expires_at");

            CREATE TABLE "images" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "visibility" TEXT NOT NULL CHECK ("visibility" IN ('private', 'public')),
                "status" TEXT NOT NULL CHECK ("status" IN ('queued', 'saving', 'active')),
                "disk_format" TEXT NOT NULL CHECK (length(CAST("disk_format" AS BLOB)) <= 20),
                "container_format" TEXT NOT NULL CHECK (length(CAST("container_format" AS BLOB)) <= 20),
                "min_disk" INTEGER NOT NULL CHECK ("min_disk" BETWEEN 0 AND 65536),
                "min_ram" INTEGER NOT NULL CHECK ("min_ram" BETWEEN 0 AND 4194304),
                "protected" INTEGER NOT NULL CHECK ("protected" IN (0, 1)),
                "size" INTEGER NOT NULL CHECK ("size" BETWEEN 0 AND 9223372036854775807),
                "virtual_size" INTEGER NOT NULL CHECK ("virtual_size" BETWEEN 0 AND 9223372036854775807),
                "checksum" TEXT NOT NULL CHECK (length(CAST("checksum" AS BLOB)) <= 32),
                "os_hash_value" TEXT NOT NULL CHECK (length(CAST("os_hash_value" AS BLOB)) <= 128),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "properties" TEXT NOT NULL CHECK (length(CAST("properties" AS BLOB)) <= 32768)
            ) STRICT;
            CREATE INDEX "images_project_id" ON "images" ("project_id");
            CREATE INDEX "images_name" ON "images" ("name");
            CREATE INDEX "images_visibility" ON "images" ("visibility");
            CREATE INDEX "images_status" ON "images" ("status");

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
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('BUILD', 'ACTIVE', 'DOWN', 'ERROR')),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "networks_project_id" ON "networks" ("project_id");

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
                "gateway_ip" TEXT NOT NULL CHECK (length(CAST("gateway_ip" AS BLOB)) <= 64),
                "enable_dhcp" INTEGER NOT NULL CHECK ("enable_dhcp" IN (0, 1)),
                "dns_nameservers" TEXT NOT NULL CHECK (length(CAST("dns_nameservers" AS BLOB)) <= 512),
                "ntp_servers" TEXT NOT NULL CHECK (length(CAST("ntp_servers" AS BLOB)) <= 512),
                "host_routes" TEXT NOT NULL CHECK (length(CAST("host_routes" AS BLOB)) <= 4096),
                "allocation_pools" TEXT NOT NULL CHECK (length(CAST("allocation_pools" AS BLOB)) <= 4096),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192)
            ) STRICT;
            CREATE INDEX "subnets_project_id" ON "subnets" ("project_id");
            CREATE INDEX "subnets_network_id" ON "subnets" ("network_id");
            CREATE INDEX "subnets_cidr" ON "subnets" ("cidr");

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
                "mac_address" TEXT NOT NULL UNIQUE CHECK (length(CAST("mac_address" AS BLOB)) <= 17),
                "fixed_ips" TEXT NOT NULL CHECK (length(CAST("fixed_ips" AS BLOB)) <= 4096),
                "device_id" TEXT NOT NULL CHECK (length(CAST("device_id" AS BLOB)) <= 255),
                "device_owner" TEXT NOT NULL CHECK (length(CAST("device_owner" AS BLOB)) <= 255),
                "is_owned" INTEGER NOT NULL CHECK ("is_owned" IN (0, 1)),
                "tags" TEXT NOT NULL CHECK (length(CAST("tags" AS BLOB)) <= 8192),
                "status" TEXT NOT NULL CHECK ("status" IN ('ACTIVE', 'DOWN', 'BUILD', 'ERROR')),
                "host" TEXT NOT NULL CHECK (length(CAST("host" AS BLOB)) <= 255),
                "fault" TEXT NOT NULL CHECK (length(CAST("fault" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "ports_project_id" ON "ports" ("project_id");
            CREATE INDEX "ports_network_id" ON "ports" ("network_id");
            CREATE INDEX "ports_device_id" ON "ports" ("device_id");

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
            CREATE INDEX "flavors_project_id" ON "flavors" ("project_id");

            CREATE TABLE "keypairs" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "user_id" TEXT NOT NULL CHECK (length(CAST("user_id" AS BLOB)) <= 64),
                "name" TEXT NOT NULL CHECK (length(CAST("name" AS BLOB)) <= 255),
                "public_key" TEXT NOT NULL CHECK (length(CAST("public_key" AS BLOB)) <= 16384),
                "fingerprint" TEXT NOT NULL CHECK (length(CAST("fingerprint" AS BLOB)) <= 64)
            ) STRICT;
            CREATE INDEX "keypairs_project_id" ON "keypairs" ("project_id");
            CREATE INDEX "keypairs_user_id" ON "keypairs" ("user_id");

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
            CREATE INDEX "hosts_project_id" ON "hosts" ("project_id");
            CREATE INDEX "hosts_zone" ON "hosts" ("zone");

            CREATE TABLE "quota_sets" (
                "id" TEXT NOT NULL PRIMARY KEY,
                "project_id" TEXT NOT NULL,
                "created_at" INTEGER NOT NULL,
                "updated_at" INTEGER NOT NULL,
                "version" INTEGER NOT NULL,
                "deleting_since" INTEGER,
                "limits" TEXT NOT NULL CHECK (length(CAST("limits" AS BLOB)) <= 2048)
            ) STRICT;
            CREATE INDEX "quota_sets_project_id" ON "quota_sets" ("project_id");

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
            CREATE INDEX "server_groups_project_id" ON "server_groups" ("project_id");

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
            CREATE INDEX "instance_actions_project_id" ON "instance_actions" ("project_id");
            CREATE INDEX "instance_actions_server_id" ON "instance_actions" ("server_id");

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
                "user_data" TEXT NOT NULL CHECK (length(CAST("user_data" AS BLOB)) <= 65535),
                "power" TEXT NOT NULL CHECK ("power" IN ('on', 'off', 'paused', 'suspended')),
                "status" TEXT NOT NULL CHECK ("status" IN ('BUILD', 'ACTIVE', 'SHUTOFF', 'PAUSED', 'REBOOT', 'SUSPENDED', 'RESIZE', 'VERIFY_RESIZE', 'REVERT_RESIZE', 'REBUILD', 'ERROR')),
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
                "security_groups" TEXT NOT NULL CHECK (length(CAST("security_groups" AS BLOB)) <= 4096),
                "server_group" TEXT NOT NULL CHECK (length(CAST("server_group" AS BLOB)) <= 64),
                "locked" INTEGER NOT NULL CHECK ("locked" IN (0, 1)),
                "locked_reason" TEXT NOT NULL CHECK (length(CAST("locked_reason" AS BLOB)) <= 255),
                "admin_pass" TEXT NOT NULL CHECK (length(CAST("admin_pass" AS BLOB)) <= 255),
                "generation" INTEGER NOT NULL CHECK ("generation" BETWEEN 0 AND 9223372036854775807),
                "previous" TEXT NOT NULL CHECK (length(CAST("previous" AS BLOB)) <= 512),
                "snapshot" TEXT NOT NULL CHECK (length(CAST("snapshot" AS BLOB)) <= 64),
                "detaching" TEXT NOT NULL CHECK (length(CAST("detaching" AS BLOB)) <= 1024)
            ) STRICT;
            CREATE INDEX "servers_project_id" ON "servers" ("project_id");
            CREATE INDEX "servers_name" ON "servers" ("name");
            CREATE INDEX "servers_flavor_id" ON "servers" ("flavor_id");
            CREATE INDEX "servers_image_id" ON "servers" ("image_id");
            CREATE INDEX "servers_status" ON "servers" ("status");
            CREATE INDEX "servers_host" ON "servers" ("host");
            CREATE INDEX "servers_server_group" ON "servers" ("server_group");
            """)
}

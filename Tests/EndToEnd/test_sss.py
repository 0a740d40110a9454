"""Users, tenants and workspaces in ECL's words: what its client makes is what Keystone's routes show."""


def test_a_user_that_ecl_makes_can_log_in_and_is_keystones(cloud, unique):
    admin = cloud.admin
    made = admin.ecl(f"sss user create {unique} {unique}@example.org false", json=True)
    try:
        user = admin.openstack(f"user show {made['user_id']}", json=True)
        assert (user["name"], user["email"]) == (unique, f"{unique}@example.org")
        listed = {each["User ID"]: each for each in admin.ecl("sss user list", json=True)}
        assert listed[made["user_id"]]["Superuser"] is False
        changed = {"login_id": unique, "mail_address": "new@example.org", "new_password": f"Secret-{unique}"}
        assert admin.http("PUT", f"/sss/v2/users/{made['user_id']}", changed).status == 204
        shown = admin.ecl(f"sss user show {made['user_id']}", json=True)
        assert shown["mail_address"] == "new@example.org" and "password" not in shown
        assert cloud.login(OS_USERNAME=unique, OS_PASSWORD=made["password"]).status == 401
        # It has no role yet: who logs in without a scope is let in, and nowhere further.
        user = {"name": unique, "password": f"Secret-{unique}", "domain": {"id": "default"}}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
        assert cloud.http("POST", "/identity/v3/auth/tokens", auth, token=None).status == 201
    finally:
        admin.ecl(f"sss user delete {made['user_id']}")
    assert admin.ecl(f"sss user show {made['user_id']}", check=False).code != 0


def test_a_role_on_a_workspace_opens_its_tenants_to_both_clients(cloud, unique):
    admin, password = cloud.admin, f"Secret-{unique}"
    workspace = admin.ecl(f"sss workspace create {unique}", json=True)["workspace_id"]
    region = cloud.variables["OS_REGION_NAME"]
    tenant = admin.ecl(f"sss tenant create {workspace} {region}", json=True)["project_id"]
    user = admin.ecl(f"sss user create --password {password} {unique} a@example.org false", json=True)["user_id"]
    as_user = {"OS_USERNAME": unique, "OS_PASSWORD": password, "OS_PROJECT_ID": tenant, "OS_TENANT_ID": tenant}
    try:
        assert cloud.login(**as_user).status == 401
        admin.ecl(f"sss workspace-role-assignment add {workspace} {user}")
        assert [each["ID"] for each in cloud.ecl("sss tenant list", json=True, **as_user)] == [tenant]
        assert cloud.openstack("server list", json=True, **as_user) == []
        assert cloud.ecl("sss user list", check=False, **as_user).code != 0
        admin.ecl(f"sss workspace-role-assignment delete {workspace} {user}")
        assert cloud.login(**as_user).status == 401
    finally:
        admin.ecl(f"sss user delete {user}")
        admin.openstack(f"project delete {tenant}")
        admin.ecl(f"sss workspace delete {workspace}")


def test_a_tenant_may_not_use_what_is_for_administrators(cloud):
    assert cloud.http("GET", "/sss/v2/users").status == 403
    for path in ("/users", "/tenants", "/workspaces", "/workspace-roles"):
        assert cloud.http("POST", "/sss/v2" + path, {}).status == 403

"""Identity: who may speak to the cloud, and what both official clients see of it."""
import pytest

from session import run


def test_openstack_issues_a_token_for_the_project(cloud):
    token = cloud.openstack("token issue", json=True)
    assert token["project_id"] == cloud.project
    assert cloud.http("GET", "/network/v2.0/networks", token=token["id"]).status == 200


def test_the_catalogue_names_one_public_endpoint_a_service(cloud):
    entries = {entry["Type"]: entry["Endpoints"] for entry in cloud.openstack("catalog list", json=True)}
    assert {"identity", "compute", "image", "network"} <= entries.keys()
    for service, endpoints in entries.items():
        public = [each for each in endpoints if each["interface"] == "public"]
        assert len(public) == 1, service
        assert public[0]["url"].startswith("https://"), service


@pytest.mark.parametrize("path", ["/identity/v3", "/identity/v3/", "/compute/v2.1", "/image"])
def test_version_documents_need_no_token_and_link_back_here(cloud, path):
    answer = cloud.http("GET", path, token=None)
    assert answer.status in (200, 300)
    document = answer.json
    version = document["version"] if "version" in document else document["versions"][0]
    link = next(each["href"] for each in version["links"] if each["rel"] == "self")
    assert link.startswith(f"https://{cloud.identity.netloc}{path.rstrip('/')}/")


def test_a_wrong_password_is_refused_in_keystones_words(cloud):
    answer = cloud.login(OS_PASSWORD="not it")
    assert answer.status == 401
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json["error"]["code"] == 401
    assert answer.json["error"]["title"] == "Unauthorized"


def test_an_unknown_user_and_a_wrong_password_look_the_same(cloud):
    wrong, unknown = cloud.login(OS_PASSWORD="not it"), cloud.login(OS_USERNAME="no-such-user")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize("client,command", [("ecl", "network logical-network list"), ("openstack", "token issue")])
def test_both_clients_report_a_wrong_password(cloud, client, command):
    refused = getattr(cloud, client)(command, check=False, OS_PASSWORD="not it")
    assert refused.code != 0
    assert "HTTP 401" in refused.err + refused.out


def test_a_request_without_a_token_or_with_a_false_one_is_refused(cloud):
    for token in (None, "gAAAAA-false"):
        assert cloud.http("GET", "/network/v2.0/networks", token=token).status == 401


def test_a_revoked_token_no_longer_opens_anything(cloud):
    token = cloud.login().headers["x-subject-token"]
    gone = cloud.http("DELETE", "/identity/v3/auth/tokens", headers={"X-Subject-Token": token})
    assert gone.status == 204
    assert cloud.http("GET", "/network/v2.0/networks", token=token).status == 401


def test_an_administrator_creates_and_deletes_a_project_a_user_and_a_role(cloud, unique):
    admin = cloud.admin
    project = admin.openstack(f"project create --description e2e {unique}-p", json=True)
    user = admin.openstack(f"user create --password Secret-{unique} {unique}-u", json=True)
    role = admin.openstack(f"role create {unique}-r", json=True)
    assert admin.openstack(f"project show {unique}-p", json=True)["id"] == project["id"]
    assert admin.openstack(f"user show {unique}-u", json=True)["id"] == user["id"]
    for kind, made in (("project", project), ("user", user), ("role", role)):
        listed = admin.openstack(f"{kind} list", json=True)
        assert made["id"] in [each["ID"] for each in listed], kind
        admin.openstack(f"{kind} delete {made['id']}")
        assert admin.openstack(f"{kind} show {made['id']}", check=False).code != 0, kind


def test_a_new_member_of_a_project_can_use_both_clients(cloud, unique):
    admin, password = cloud.admin, f"Secret-{unique}"
    project = admin.openstack(f"project create {unique}-p", json=True)["id"]
    user = admin.openstack(f"user create --password {password} {unique}-u", json=True)["id"]
    try:
        as_user = {"OS_USERNAME": f"{unique}-u", "OS_PASSWORD": password,
                   "OS_PROJECT_ID": project, "OS_TENANT_ID": project}
        assert cloud.openstack("token issue", check=False, **as_user).code != 0, "has no role yet"
        admin.openstack(f"role add --user {user} --project {project} member")
        for rows in (cloud.openstack("network list", json=True, **as_user),
                     cloud.ecl("network logical-network list", json=True, **as_user)):
            assert [each["Name"] for each in rows] == ["internet"], "nobody's but everyone's"
    finally:
        admin.openstack(f"user delete {user}")
        admin.openstack(f"project delete {project}")


@pytest.mark.parametrize("path", ["/identity/v3/users", "/identity/v3/projects"])
def test_a_tenant_cannot_list_or_create_identities(cloud, path):
    kind = path.rsplit("/", 1)[1].rstrip("s")
    assert cloud.http("GET", path).status == 403
    assert cloud.http("POST", path, {kind: {"name": "e2e-mine"}}).status == 403


def test_the_service_offers_modern_tls_only(cloud):
    where = f"{cloud.identity.hostname}:{cloud.identity.port or 443}"
    trust = cloud.variables["OS_CACERT"]

    def handshake(version):
        return run(["openssl", "s_client", version, "-connect", where, "-CAfile", trust,
                    "-cipher", "ALL:@SECLEVEL=0", "-verify_return_error", "-brief"], seconds=20).code

    assert handshake("-tls1_1") != 0
    assert handshake("-tls1_2") == 0

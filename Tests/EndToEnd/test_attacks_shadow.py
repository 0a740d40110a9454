"""Keys in a body that say whose a thing is, where it is or what became of it: none is believed."""
import pytest

from attacks import IDENTITY, NOTHING, newcomer

NET = "/network/v2.0"


@pytest.fixture(scope="module")
def hana(cloud):
    with newcomer(cloud) as made:
        made.network = made.ask("POST", NET + "/networks", {"network": {"name": "own"}}).json["network"]["id"]
        yield made


def creations(who):
    """Orders that succeed as they are: path, key of the envelope, body."""
    compute = f"/compute/v2.1/{who.project}"
    return {
        "network": (NET + "/networks", "network", {"name": "e2e-shadow"}),
        "subnet": (NET + "/subnets", "subnet", {"network_id": who.network, "cidr": "10.71.0.0/24", "ip_version": 4}),
        "port": (NET + "/ports", "port", {"network_id": who.network}),
        "router": (NET + "/routers", "router", {"name": "e2e-shadow"}),
        "security_group": (NET + "/security-groups", "security_group", {"name": "e2e-shadow"}),
        "subnetpool": (NET + "/subnetpools", "subnetpool", {"name": "e2e-shadow", "prefixes": ["10.72.0.0/16"]}),
        "image": ("/image/v2/images", None, {"name": "e2e-shadow"}),
        "keypair": (compute + "/os-keypairs", "keypair", {"name": "e2e-shadow"}),
        "server_group": (compute + "/os-server-groups", "server_group", {"name": "e2e-shadow", "policies": ["affinity"]}),
        "application_credential": (f"{IDENTITY}/users/{who.user}/application_credentials", "application_credential",
                                   {"name": "e2e-shadow"}),
    }


def shadows(cloud):
    """What an attacker would like to have said: that it is another's, or other than it is."""
    return {
        "id": NOTHING, "uuid": NOTHING, "tenant_id": cloud.project, "project_id": cloud.project, "owner": cloud.project,
        "owner_id": cloud.project, "user_id": cloud.admin.project, "domain_id": NOTHING, "status": "SHADOWED",
        "host": "elsewhere", "created_at": "2000-01-01T00:00:00Z", "version": 99, "revision_number": 99, "shared": True,
        "is_public": True, "visibility": "public", "router:external": True, "provider:network_type": "flat",
        "provider:physical_network": "physnet1", "provider:segmentation_id": 1, "is_default": True, "quota": 9999,
        "roles": [{"name": "admin"}], "is_admin": True, "uid": 0, "secret_hash": "x", "deleting_since": 1,
        "__proto__": {"admin": True}, "distributed": True, "ha": True, "members": [NOTHING], "fingerprint": "00",
    }


@pytest.mark.parametrize("kind", ["network", "subnet", "port", "router", "security_group", "subnetpool", "image",
                                  "keypair", "server_group", "application_credential"])
def test_C043_what_is_made_is_the_callers_whatever_its_body_says(cloud, hana, kind):
    path, envelope, order = creations(hana)[kind]
    found = []
    for key, value in shadows(cloud).items():
        if key in order:
            continue
        body = order | {key: value}
        answer = hana.http("POST", path, {envelope: body} if envelope else body)
        outside = hana.http("POST", path, {envelope: order, key: value}) if envelope else answer
        for each in {id(answer): answer, id(outside): outside}.values():
            if each.status >= 500:
                found.append((key, each))
            if each.status >= 300:
                continue
            made = each.json[envelope] if envelope else each.json
            # An image keeps words of its owner's own under any other name; they are words and no more.
            meant = {"id", "owner", "status", "visibility", "created_at"} if kind == "image" else made.keys()
            owners = {made[name] for name in meant & {"tenant_id", "project_id", "owner"}} - {hana.project}
            if owners or key in meant and made[key] == value or "user_id" in meant and made["user_id"] != hana.user:
                found.append((key, each))
            hana.http("DELETE", f"{path}/{made['name'] if kind == 'keypair' else made['id']}")
    assert not found, found


def test_C043_a_server_says_nothing_of_its_host_its_owner_or_its_state(cloud, hana):
    path = f"/compute/v2.1/{hana.project}/servers"
    order = {"name": "e2e-shadow", "imageRef": NOTHING, "flavorRef": "1CPU-128MB", "networks": "none"}
    plain = hana.http("POST", path, {"server": order})
    assert plain.status == 400, "the image is none: nothing is ever made here"
    for key, value in {"id": NOTHING, "tenant_id": cloud.project, "project_id": cloud.project, "user_id": NOTHING, "uid": 0,
                       "host": "elsewhere", "OS-EXT-SRV-ATTR:host": "elsewhere", "status": "ACTIVE", "power": "on",
                       "hypervisor_hostname": "elsewhere", "OS-EXT-STS:vm_state": "active"}.items():
        assert hana.http("POST", path, {"server": order | {key: value}}).body == plain.body, key
        assert hana.http("POST", path, {"server": order, key: value}).body == plain.body, key


@pytest.mark.parametrize("change", [{"tenant_id": NOTHING}, {"project_id": NOTHING}, {"id": NOTHING}, {"status": "ERROR"},
                                    {"shared": True}, {"router:external": True}, {"created_at": "2000-01-01T00:00:00Z"},
                                    {"revision_number": 99}, {"provider:segmentation_id": 7}, {"version": 7}])
def test_C043_a_network_cannot_be_given_away_or_opened_by_a_change(hana, change):
    path = f"{NET}/networks/{hana.network}"
    before = hana.ask("GET", path).json
    assert hana.http("PUT", path, {"network": change}).status in (400, 403)
    assert hana.ask("GET", path).json == before


def test_nobody_gives_himself_power(cloud, hana):
    role = hana.grant.rsplit("/", 1)[0] + "/" + next(
        each["id"] for each in cloud.admin.http("GET", IDENTITY + "/roles?name=admin").json["roles"])
    claims = {"user": {"id": hana.user, "roles": ["admin"]}, "user_id": hana.user, "project_id": hana.project,
              "target": {"user": {"id": hana.user}}}
    for method, path, body in (
            ("PUT", role, None), ("PUT", role, claims), ("PATCH", f"{IDENTITY}/users/{hana.user}", {"user": {"enabled": True}}),
            ("PATCH", f"{IDENTITY}/users/{hana.user}", {"user": {"default_project_id": cloud.admin.project}} | claims),
            ("PATCH", f"{IDENTITY}/projects/{hana.project}", {"project": {"is_domain": True}} | claims),
            ("POST", IDENTITY + "/users", {"user": {"name": "e2e-self"}} | claims),
            ("GET", IDENTITY + "/role_assignments", claims), ("GET", IDENTITY + "/users", claims),
            ("DELETE", f"{IDENTITY}/users/{hana.user}", claims),
            ("PUT", f"/compute/v2.1/{hana.project}/os-quota-sets/{hana.project}", {"quota_set": {"instances": 9999}}),
            ("PUT", f"{NET}/quotas/{hana.project}", {"quota": {"network": 9999}}),
            ("POST", f"/compute/v2.1/{hana.project}/flavors", {"flavor": {"name": "e", "ram": 1, "vcpus": 1, "disk": 0}})):
        assert hana.http(method, path, body).status == 403, (method, path)


def test_a_body_that_names_oneself_does_not_open_anothers_account(cloud, hana):
    with newcomer(cloud) as victim:
        mine = {"user_id": hana.user, "project_id": hana.project, "user": {"id": hana.user, "original_password": "x",
                                                                          "password": "Other-password-1"}}
        for method, path in (("GET", f"/users/{victim.user}"), ("PATCH", f"/users/{victim.user}"),
                             ("GET", f"/users/{victim.user}/application_credentials"),
                             ("POST", f"/users/{victim.user}/application_credentials"),
                             ("POST", f"/users/{victim.user}/password"), ("DELETE", f"/users/{victim.user}"),
                             ("GET", f"/users/{victim.user}/projects"), ("GET", f"/users/{victim.user}/groups")):
            assert hana.http(method, IDENTITY + path, mine).status in (403, 404), (method, path)
            assert hana.http(method, f"{IDENTITY}{path}?user_id={hana.user}", mine).status in (403, 404), (method, path)
        assert victim.login().status == 201

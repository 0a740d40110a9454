"""Identity: domains, groups, roles, application credentials and the catalogue through the official client."""


def test_a_group_in_a_domain_of_its_own_gives_its_members_a_role(cloud, unique):
    admin, password = cloud.admin, f"Secret-{unique}"
    domain = admin.openstack(f"domain create {unique}-d", json=True)["id"]
    try:
        project = admin.openstack(f"project create --domain {domain} {unique}-p", json=True)["id"]
        user = admin.openstack(f"user create --domain {domain} --password {password} {unique}-u", json=True)["id"]
        group = admin.openstack(f"group create --domain {domain} {unique}-g", json=True)["id"]
        admin.openstack(f"group add user {group} {user}")
        admin.openstack(f"role add --group {group} --project {project} member")
        effective = admin.openstack(f"role assignment list --effective --user {user} --names", json=True)
        assert {each["Role"] for each in effective} == {"member", "reader"}
    finally:
        admin.openstack(f"domain set --disable {domain}")
        admin.openstack(f"domain delete {domain}")
    assert admin.openstack(f"user show {user}", check=False).code != 0


def test_a_tenant_makes_an_application_credential_and_is_refused_with_it_once_it_is_gone(cloud, unique):
    shown = cloud.openstack(f"application credential create {unique}-c", json=True)
    made = {name.lower(): value for name, value in shown.items()}
    body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {
        "id": made["id"], "secret": made["secret"]}}}}
    entered = cloud.http("POST", "/identity/v3/auth/tokens", body, token=None)
    assert entered.status == 201
    token = entered.headers["x-subject-token"]
    assert cloud.http("GET", "/network/v2.0/networks", token=token).status == 200
    cloud.openstack(f"application credential delete {made['id']}")
    assert cloud.http("GET", "/network/v2.0/networks", token=token).status == 401
    assert cloud.http("POST", "/identity/v3/auth/tokens", body, token=None).status == 401


def test_an_operator_adds_a_service_to_the_catalogue(cloud, unique):
    admin = cloud.admin
    service = admin.openstack(f"service create --name {unique}-s mail", json=True)["id"]
    try:
        admin.openstack(f"endpoint create --region jp1 {service} public https://mail.example/v1")
        entries = cloud.openstack("catalog list", json=True)
        assert f"{unique}-s" in [entry["Name"] for entry in entries]
    finally:
        admin.openstack(f"service delete {service}")

"""Servers: ordered by either client, on the network, separated from strangers, gone when deleted."""
import pytest

from servers import Tenant, compute, files, processes


def asks(*addresses):
    """A guest's script that asks each address for its name over HTTP, and by ping if there is no
    answer, and prints `probe ADDRESS=NAME.`, `=ping.` or `=silence.`"""
    return "#!/bin/sh\n" + "".join(f"""
n=
for i in 1 2 3 4 5 6; do n=$( (printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc -w 2 {address} 80 | tail -n 1)
[ -n "$n" ] && break; sleep 1; done
[ -n "$n" ] || ! ping -c 3 -W 1 {address} >/dev/null || n=ping
echo; echo "probe {address}=${{n:-silence}}."
""" for address in addresses)


@pytest.fixture(scope="module")
def tenant(cloud, guest_image):
    made = Tenant(cloud, guest_image, "e2e-own")
    yield made
    made.close()


@pytest.fixture(scope="module")
def key(cloud, tmp_path_factory, cleanup):
    """Name of a key pair that `ecl` registered."""
    public = tmp_path_factory.mktemp("key") / "key.pub"
    public.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHY5S3nSca7h6/NC0pwHJeJ0My+FnMeHAOuBucNiubME e2e\n")
    cloud.ecl(f"compute keypair create --public-key {public} e2e-key")
    cleanup(cloud.ecl, "compute keypair delete e2e-key")
    return "e2e-key"


@pytest.fixture(scope="module")
def first(tenant, key):
    """A server that `ecl` ordered."""
    return tenant.create_with_ecl("e2e-first", "10.9.0.10", "#!/bin/sh\necho first speaks: $(hostname)\n", key)


@pytest.fixture(scope="module")
def second(tenant, first):
    """A server that `openstack` ordered and that asks the first one for its name."""
    return tenant.create("e2e-second", "10.9.0.20", asks("10.9.0.10"))


def test_both_clients_list_flavors_and_the_key_pair(cloud, key):
    for client in (cloud.ecl, cloud.openstack):
        noun = "compute " if client == cloud.ecl else ""
        assert client(f"{noun}flavor list", json=True)
        assert key in [each["Name"] for each in client(f"{noun}keypair list", json=True)]
        assert client(f"{noun}keypair show {key}", json=True)["fingerprint"].count(":") == 15


def test_openstack_makes_a_key_pair_and_hands_out_the_private_key_once(cloud, unique):
    made = cloud.openstack(f"keypair create {unique}")
    try:
        assert "PRIVATE KEY" in made.out
        assert "private_key" not in cloud.http("GET", f"{compute(cloud)}/os-keypairs/{unique}").json["keypair"]
    finally:
        cloud.openstack(f"keypair delete {unique}")


def test_a_server_ordered_with_ecl_becomes_active_at_the_address_asked_for(cloud, tenant, first):
    shown = tenant.active(first)
    assert [each["addr"] for net in shown["addresses"].values() for each in net] == ["10.9.0.10"]
    assert cloud.ecl(f"compute server show {first}", json=True)["status"] == "ACTIVE"
    assert first in [each["ID"] for each in cloud.ecl("compute server list", json=True)]
    assert first in [each["ID"] for each in cloud.openstack("server list", json=True)]


def test_its_address_comes_by_dhcp(tenant, first):
    assert tenant.says(first, r"akashi-guest: eth0 lease (\S+)").group(1) == "10.9.0.10/24"


def test_it_has_its_name_key_and_user_data(tenant, first):
    tenant.says(first, r"^first speaks: e2e-first\b")
    tenant.says(first, r"akashi-guest: config drive \S+ hostname=e2e-first keys=1\b")


def test_openstack_shows_its_console_up_to_the_login_prompt(cloud, tenant, first):
    tenant.says(first, r"login:")
    assert "login:" in cloud.openstack(f"console log show {first}").out
    assert "login:" in cloud.openstack(f"console log show --lines 5 {first}").out


def test_a_server_of_the_same_tenant_is_reached(tenant, second):
    assert tenant.says(second, r"^probe 10\.9\.0\.10=(.*)\.\s*$").group(1) == "e2e-first"


def test_a_server_stops_and_starts_again(cloud, tenant, second):
    tenant.active(second)
    cloud.ecl(f"compute server stop {second}")
    cloud.wait(lambda: tenant.show(second)["status"] == "SHUTOFF", 90)
    cloud.openstack(f"server start {second}")
    tenant.active(second)


def test_a_network_with_a_server_on_it_cannot_be_deleted(cloud, tenant, first):
    answer = cloud.http("DELETE", f"/network/v2.0/networks/{tenant.network}")
    assert answer.status == 409
    assert first in answer.json["NeutronError"]["message"]


@pytest.mark.parametrize("change", [{"imageRef": "00000000-0000-4000-8000-000000000000"}, {"flavorRef": "no-such"},
                                    {"networks": [{"uuid": "00000000-0000-4000-8000-000000000000"}]},
                                    {"user_data": "not base64!"}, {"key_name": "no-such"}])
def test_an_order_that_names_what_is_not_there_is_refused_and_leaves_nothing(cloud, tenant, change):
    order = {"name": "e2e-bad", "imageRef": tenant.image, "flavorRef": tenant.flavor,
             "networks": [{"uuid": tenant.network}]} | change
    assert cloud.http("POST", f"{compute(cloud)}/servers", {"server": order}).status in (400, 404)
    names = [each["name"] for each in cloud.http("GET", f"{compute(cloud)}/servers").json["servers"]]
    assert "e2e-bad" not in names


def test_a_stranger_cannot_tell_a_server_from_a_missing_one(cloud, stranger, first):
    nothing = "00000000-0000-4000-8000-000000000000"
    for method, tail, body in (("GET", "", None), ("DELETE", "", None),
                               ("POST", "/action", {"os-getConsoleOutput": {}})):
        theirs = stranger.http(method, f"{compute(stranger)}/servers/{first}{tail}", body)
        missing = stranger.http(method, f"{compute(stranger)}/servers/{nothing}{tail}", body)
        assert theirs.status == missing.status == 404
        assert theirs.body.replace(first.encode(), nothing.encode()) == missing.body
    assert stranger.http("GET", f"{compute(cloud)}/servers").status in (403, 404), "another project's path"


def test_C013_each_server_runs_as_a_user_of_its_own(cloud, tenant, first, second):
    owners = []
    for server in (first, second):
        tenant.active(server)
        owners.append({_owner(process) for process in processes(server)})
    assert owners[0] and owners[1], "no process names its server"
    assert not owners[0] & owners[1]
    assert 0 not in owners[0] | owners[1]


def _owner(process):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Uid:"))


def test_deleting_a_server_leaves_nothing_behind(cloud, tenant, unique):
    server = tenant.create(unique, "10.9.0.40")
    tenant.active(server)
    assert processes(server) and files(cloud.state, server), "how the test would notice"
    cloud.openstack(f"server delete --wait {server}")
    assert cloud.http("GET", f"/network/v2.0/ports?device_id={server}").json["ports"] == []
    cloud.wait(lambda: not processes(server) and not files(cloud.state, server), 30)
    freed = cloud.http("POST", "/network/v2.0/ports", {"port": {
        "network_id": tenant.network, "fixed_ips": [{"subnet_id": tenant.subnet, "ip_address": "10.9.0.40"}]}})
    assert freed.status == 201
    assert cloud.http("DELETE", f"/network/v2.0/ports/{freed.json['port']['id']}").status == 204

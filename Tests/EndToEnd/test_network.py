"""Logical networks, subnets and ports: one model, seen by `ecl` and by `openstack`."""
import pytest


@pytest.fixture(scope="module")
def network(cloud, cleanup):
    """A network that `ecl` made, as the command printed it."""
    made = cloud.ecl("network logical-network create --name e2e-net --description first --plane data", json=True)
    cleanup(cloud.http, "DELETE", f"/network/v2.0/networks/{made['id']}")
    return made


@pytest.fixture(scope="module")
def subnet(cloud, network, cleanup):
    """Its subnet, 10.66.0.0/24."""
    made = cloud.ecl(f"network subnet create {network['id']} 10.66.0.0/24 --name e2e-sub --gateway_ip 10.66.0.1"
                     " --allocation_pools 10.66.0.10,10.66.0.200", json=True)
    cleanup(cloud.http, "DELETE", f"/network/v2.0/subnets/{made['id']}")
    return made


@pytest.fixture(scope="module")
def port(cloud, network, subnet, cleanup):
    """A port on it with the address 10.66.0.50."""
    made = cloud.ecl(f"network port create {network['id']} --name e2e-port"
                     f" --fixed_ips {subnet['id']},10.66.0.50", json=True)
    cleanup(cloud.http, "DELETE", f"/network/v2.0/ports/{made['id']}")
    return made


@pytest.fixture
def spare(cloud, unique):
    """Another network, with a subnet 10.67.0.0/29, made by `openstack`; its name."""
    cloud.openstack(f"network create {unique}")
    cloud.openstack(f"subnet create --network {unique} --subnet-range 10.67.0.0/29 {unique}")
    yield unique
    for kind in ("subnet", "network"):
        cloud.openstack(f"{kind} delete {unique}", check=False)


def test_ecl_creates_a_network_that_becomes_active(cloud, network):
    path = f"/network/v2.0/networks/{network['id']}"
    cloud.wait(lambda: cloud.http("GET", path).json["network"]["status"] == "ACTIVE", 30)
    shown = cloud.ecl(f"network logical-network show {network['id']}", json=True)
    assert (shown["name"], shown["plane"], shown["description"]) == ("e2e-net", "data", "first")


def test_ecl_lists_network_subnet_and_port(cloud, network, subnet, port):
    for command, made in (("logical-network", network), ("subnet", subnet), ("port", port)):
        rows = cloud.ecl(f"network {command} list", json=True)
        assert made["id"] in [each["ID"] for each in rows], command


def test_openstack_sees_what_ecl_made(cloud, network, subnet, port):
    assert cloud.openstack("network show e2e-net", json=True)["id"] == network["id"]
    assert cloud.openstack("subnet show e2e-sub", json=True)["cidr"] == "10.66.0.0/24"
    shown = cloud.openstack("port show e2e-port", json=True)
    assert [each["ip_address"] for each in shown["fixed_ips"]] == ["10.66.0.50"]


def test_ecl_updates_network_subnet_and_port(cloud, network, subnet, port):
    for command, made in (("logical-network", network), ("subnet", subnet), ("port", port)):
        cloud.ecl(f"network {command} update {made['id']} --description changed")
        assert cloud.ecl(f"network {command} show {made['id']}", json=True)["description"] == "changed", command


def test_tags_survive_and_stop_neither_client(cloud, network):
    cloud.ecl(f"network logical-network update {network['id']} --tags team=blue")
    assert cloud.ecl(f"network logical-network show {network['id']}", json=True)["tags"] == {"team": "blue"}
    for form in ("table", "json"):  # only the table trips over an object where Neutron has a list
        cloud.openstack(f"network show -f {form} e2e-net")
        cloud.openstack(f"network list --long -f {form}")


def test_a_subnet_keeps_its_pool_and_gateway(cloud, subnet):
    shown = cloud.http("GET", f"/network/v2.0/subnets/{subnet['id']}").json["subnet"]
    assert shown["allocation_pools"] == [{"start": "10.66.0.10", "end": "10.66.0.200"}]
    assert (shown["gateway_ip"], shown["enable_dhcp"], shown["ip_version"]) == ("10.66.0.1", True, 4)


def test_a_port_gets_an_address_from_the_subnet_and_a_mac_of_its_own(cloud, spare):
    first = cloud.openstack(f"port create --network {spare} {spare}-1", json=True)
    second = cloud.openstack(f"port create --network {spare} {spare}-2", json=True)
    addresses = {first["fixed_ips"][0]["ip_address"], second["fixed_ips"][0]["ip_address"]}
    assert len(addresses) == 2 and addresses <= {f"10.67.0.{n}" for n in range(2, 7)}
    assert first["mac_address"] != second["mac_address"]
    cloud.openstack(f"port set --name {spare}-3 {spare}-2")
    cloud.openstack(f"port delete {spare}-1 {spare}-3")


def test_an_address_in_use_cannot_be_taken_twice(cloud, network, subnet, port):
    refused = cloud.ecl(f"network port create {network['id']} --fixed_ips {subnet['id']},10.66.0.50", check=False)
    assert refused.code != 0
    assert "10.66.0.50" in refused.err


def test_a_full_subnet_says_so(cloud, spare):
    network = cloud.openstack(f"network show {spare}", json=True)["id"]
    made = []
    try:
        for _ in range(9):
            answer = cloud.http("POST", "/network/v2.0/ports", {"port": {"network_id": network}})
            if answer.status != 201:
                break
            made.append(answer.json["port"]["id"])
        assert answer.status == 409, answer
        assert len(made) >= 3
    finally:
        for each in made:
            assert cloud.http("DELETE", f"/network/v2.0/ports/{each}").status == 204


def test_deleting_a_network_in_use_is_refused_and_names_what_uses_it(cloud, network, port):
    answer = cloud.http("DELETE", f"/network/v2.0/networks/{network['id']}")
    assert answer.status == 409
    assert port["id"] in answer.json["NeutronError"]["message"]
    for client, command in (("ecl", "network logical-network delete"), ("openstack", "network delete")):
        refused = getattr(cloud, client)(f"{command} {network['id']}", check=False)
        assert refused.code != 0 and port["id"] in refused.err, refused


@pytest.mark.parametrize("cidr", ["10.66.0.0/33", "not-a-network", "10.66.0.5/24/1", ""])
def test_a_subnet_that_is_no_network_is_refused(cloud, network, cidr):
    body = {"subnet": {"network_id": network["id"], "cidr": cidr, "ip_version": 4}}
    assert cloud.http("POST", "/network/v2.0/subnets", body).status == 400


def test_an_overlapping_subnet_on_the_same_network_is_refused(cloud, network, subnet):
    body = {"subnet": {"network_id": network["id"], "cidr": "10.66.0.128/25", "ip_version": 4}}
    assert cloud.http("POST", "/network/v2.0/subnets", body).status in (400, 409)


def test_both_clients_delete_in_order(cloud, unique):
    network = cloud.ecl(f"network logical-network create --name {unique}", json=True)["id"]
    subnet = cloud.ecl(f"network subnet create {network} 10.68.0.0/24", json=True)["id"]
    port = cloud.ecl(f"network port create {network}", json=True)["id"]
    cloud.ecl(f"network port delete {port}")
    cloud.openstack(f"subnet delete {subnet}")
    cloud.ecl(f"network logical-network delete {network}")
    gone = lambda: cloud.http("GET", f"/network/v2.0/networks/{network}").status == 404
    cloud.wait(gone, 30)


def test_C017_a_stranger_cannot_tell_a_network_from_a_missing_one(cloud, stranger, network, subnet, port):
    nothing = "00000000-0000-4000-8000-000000000000"
    for kind, made in (("networks", network), ("subnets", subnet), ("ports", port)):
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {kind.rstrip("s"): {"name": "mine"}})):
            theirs = stranger.http(method, f"/network/v2.0/{kind}/{made['id']}", body)
            missing = stranger.http(method, f"/network/v2.0/{kind}/{nothing}", body)
            assert theirs.status == missing.status == 404, (method, kind)
            assert theirs.body.replace(made["id"].encode(), nothing.encode()) == missing.body
        assert cloud.http("GET", f"/network/v2.0/{kind}/{made['id']}").status == 200
    assert stranger.http("POST", "/network/v2.0/ports", {"port": {"network_id": network["id"]}}).status == 404


def test_a_network_name_may_be_japanese_and_is_kept_as_it_is(cloud, unique):
    name = f"業務系 {unique}"
    made = cloud.ecl(["network", "logical-network", "create", "--name", name], json=True)
    try:
        assert cloud.openstack(["network", "show", name], json=True)["id"] == made["id"]
    finally:
        cloud.ecl(f"network logical-network delete {made['id']}")

"""A network that one tenant opens to another, by the real `ecl`: before the other approves, while its server is on it,
and after it is cut off. What passes is what real guests say of each other."""
import re

import pytest

from session import wait
from tenantry import Tenantry

SHOP, CLIENT, VAULT, STRAY = "10.81.0.10", "10.81.0.20", "10.83.0.10", "10.81.0.99"
TYPE = "ECL::Compute::Server"
APPROVALS = "/sss/v2/approval-requests"


def asks_for_ever(*addresses):
    """A guest's script that pings each address in turn for ever, and prints `probe ADDRESS=heard.` or `=silence.`"""
    return f"""#!/bin/sh
while :; do for a in {' '.join(addresses)}; do
n=silence; ping -c 1 -W 1 $a >/dev/null 2>&1 && n=heard; echo; echo "probe $a=$n."; done; sleep 1; done
"""


class Side(Tenantry):
    """A tenant with servers that ask for each other."""

    def let_pings_in(self):
        """Has the default group of the project let pings in from anywhere."""
        groups = self.ask("GET", "/network/v2.0/security-groups?name=default").json["security_groups"]
        made = self.ask("POST", "/network/v2.0/security-group-rules", {"security_group_rule": {
            "security_group_id": groups[0]["id"], "direction": "ingress", "ethertype": "IPv4", "protocol": "icmp"}})
        self.rule = made.json["security_group_rule"]["id"]

    def hears(self, server, address):
        """Waits for three more probes of an address that agree: whether it answers now."""
        def probes():
            return re.findall(rf"^probe {re.escape(address)}=(heard|silence)\.", self.console(server), re.MULTILINE)
        begun = len(probes())

        def agreed():
            last = probes()[begun + 1:][-3:]
            return last if len(last) == 3 and len(set(last)) == 1 else None
        return wait(agreed, 90, every=0.5)[0] == "heard"


@pytest.fixture(scope="module")
def owner(cloud, guest_image):
    """Has a server on the network that is to be opened, and one on another network of its own."""
    side = Side(cloud, guest_image, "icc-owner", "10.81.0.0/24")
    side.let_pings_in()
    side.shop = side.new_server("shop", SHOP, asks_for_ever(CLIENT))
    opened, side.network = side.network, side.new_network("icc-vault", "10.83.0.0/24")
    side.vault = side.new_server("vault", VAULT)
    side.other, side.network = side.network, opened
    side.subnet = side.ask("GET", f"/network/v2.0/subnets?network_id={opened}").json["subnets"][0]["id"]
    side.active(side.shop, side.vault)
    yield side
    leave(side, side.network, side.other)


@pytest.fixture(scope="module")
def guest(stranger, guest_image):
    """Has a server on a network of its own that asks for the owner's two."""
    side = Side(stranger, guest_image, "icc-guest", "10.82.0.0/24")
    side.let_pings_in()
    side.client = side.new_server("client", "10.82.0.10", asks_for_ever(SHOP, VAULT))
    side.active(side.client)
    side.says(side.client, r"probe 10\.83\.0\.10=silence")
    yield side
    leave(side, side.network)


def leave(side, *networks):
    """Deletes everything that a side has left."""
    session = side.session
    session.http("DELETE", f"/network/v2.0/security-group-rules/{side.rule}")
    for noun in ("connections", "connection_requests"):
        path = f"/provider-connectivity/v2.0/tenant_{noun}"
        for each in session.http("GET", path).json[f"tenant_{noun}"]:
            session.http("DELETE", f"{path}/{each['id']}")
    for server in side.servers():
        session.http("DELETE", f"{side.compute}/servers/{server}")
    wait(lambda: not side.servers(), 60)
    for path in [f"/network/v2.0/networks/{each}" for each in networks] + [f"/image/v2/images/{side.image}"]:
        wait(lambda path=path: session.http("DELETE", path).status in (204, 404), 60)
    gone = lambda: all(session.http("GET", f"/network/v2.0/networks/{each}").status == 404 for each in networks)
    wait(gone, 60)


@pytest.fixture(scope="module")
def request_(owner, guest):
    """The request as the owner's `ecl` printed it."""
    return owner.session.ecl(
        f"icc tenant-connection-request create --network-id {owner.network} --tenant-id-other {guest.session.project}"
        " --name to-guest --description first --tags team=blue", json=True)


def connect(guest, request, **options):
    """What `ecl` makes of an order to connect the guest's server."""
    return guest.session.ecl(
        f"icc tenant-connection create --tenant-connection-request-id {request['id']} --device-type {TYPE}"
        f" --device-id {guest.client} --fixed-ip {CLIENT} --name from-owner", **options)


def test_before_it_approves_the_other_tenant_connects_nothing(owner, guest, request_):
    assert (request_["status"], request_["name_other"]) == ("registering", "")
    assert re.fullmatch(r"req\d{10}", request_["approval_request_id"])
    rows = guest.session.ecl("icc tenant-connection-request list", json=True)
    assert [(each["ID"], each["Name"], each["Status"]) for each in rows] == [
        (request_["id"], "to-guest", "registering")]
    refused = connect(guest, request_, check=False)
    assert refused.code != 0 and "not approved" in refused.err, refused
    assert not guest.hears(guest.client, SHOP) and not owner.hears(owner.shop, CLIENT)


def test_only_the_other_tenant_approves(owner, guest, request_):
    path = f"{APPROVALS}/{request_['approval_request_id']}"
    asked = guest.session.http("GET", APPROVALS + "?status=registered").json["approval_requests"]
    assert [each["request_id"] for each in asked] == [request_["approval_request_id"]]
    assert asked[0]["actions"][0]["body"]["tenant_connection_request"]["network_id"] == owner.network
    assert owner.session.http("PUT", path, {"status": "approved"}).status == 403
    assert guest.session.http("PUT", path, {"status": "approved"}).status == 204
    shown = owner.session.ecl(f"icc tenant-connection-request show {request_['id']}", json=True)
    assert shown["status"] == "registered"


def test_the_other_tenant_sees_the_network_by_the_request_alone(owner, guest, request_):
    network = guest.session.ecl(f"icc network show {request_['id']}", json=True)
    assert (network["id"], network["subnets"]) == (owner.network, [owner.subnet])
    rows = guest.session.ecl(f"icc subnet list {request_['id']}", json=True)
    assert [(each["ID"], each["CIDR"]) for each in rows] == [(owner.subnet, "10.81.0.0/24")]
    subnet = guest.session.ecl(f"icc subnet show {request_['id']} {owner.subnet}", json=True)
    assert (subnet["gateway_ip"], subnet["dhcp_server_address"]) == ("10.81.0.1", "10.81.0.1")
    mine = guest.session.ecl("network logical-network list", json=True)
    assert owner.network not in [each["ID"] for each in mine]
    assert guest.session.http("GET", f"/network/v2.0/networks/{owner.network}").status == 404


@pytest.fixture(scope="module")
def connection(guest, request_):
    """The connection, once its server is on the network."""
    made = connect(guest, request_, json=True)
    assert made["status"] in ("creating", "active"), made
    show = f"icc tenant-connection show {made['id']}"
    wait(lambda: guest.session.ecl(show, json=True)["status"] == "active", 60)
    return made


def test_connected_they_meet_and_nothing_else_of_the_owner_is_open(owner, guest, connection):
    guest.says(guest.client, rf"eth1 lease {CLIENT}/24")
    assert guest.hears(guest.client, SHOP) and owner.hears(owner.shop, CLIENT)
    assert not guest.hears(guest.client, VAULT)


def test_the_owner_sees_whose_addresses_are_on_its_network(owner, guest, request_, connection):
    rows = owner.session.ecl(f"icc address-assignment list {request_['id']}", json=True)
    assert [each["Tenant Connection ID"] for each in rows] == [connection["id"]]
    assert CLIENT in str(rows[0]["Fixed IPs"])
    listed = owner.session.ecl("icc tenant-connection list", json=True)
    assert [(each["ID"], each["Tenant ID"]) for each in listed] == [(connection["id"], guest.session.project)]
    kept = owner.session.http("DELETE", f"/network/v2.0/networks/{owner.network}")
    assert kept.status == 409
    refused = owner.session.ecl(f"icc tenant-connection-request delete {request_['id']}", check=False)
    assert refused.code != 0 and connection["id"] in refused.err, refused


def test_the_port_stays_as_it_was_agreed(guest, connection):
    path = f"/network/v2.0/ports/{connection['port_id']}"
    for change in ({"fixed_ips": [{"ip_address": STRAY}]}, {"allowed_address_pairs": [{"ip_address": SHOP}]},
                   {"port_security_enabled": False, "security_groups": []}):
        assert guest.session.http("PUT", path, {"port": change}).status == 409, change


def test_each_side_names_it_for_itself(owner, guest, request_, connection):
    owner.session.ecl(f"icc tenant-connection-request update {request_['id']} --name renamed --tags a=b")
    guest.session.ecl(f"icc tenant-connection-request update {request_['id']} --name-other theirs --tags-other c=d")
    shown = owner.session.ecl(f"icc tenant-connection-request show {request_['id']}", json=True)
    assert (shown["name"], shown["name_other"], shown["description"]) == ("renamed", "theirs", "first")
    owner.session.ecl(f"icc tenant-connection update {connection['id']} --name-other ours --description-other seen")
    guest.session.ecl(f"icc tenant-connection update {connection['id']} --name mine")
    refused = owner.session.ecl(f"icc tenant-connection update {connection['id']} --name x", check=False)
    assert refused.code != 0 and "other tenant" in refused.err, refused
    shown = guest.session.ecl(f"icc tenant-connection show {connection['id']}", json=True)
    assert (shown["name"], shown["name_other"], shown["description_other"]) == ("mine", "ours", "seen")


def test_operations_tell_what_was_ordered(owner, guest, connection):
    rows = guest.session.ecl(f"icc operation list --resource_id {connection['id']}", json=True)
    assert [(each["Request Type"], each["Operation Status"]) for each in rows] == [("create", "COMPLETE")]
    shown = guest.session.ecl(f"icc operation show {rows[0]['ID']}", json=True)
    assert guest.client in shown["Request Body"] and not shown["Error"]
    assert owner.session.http("GET", f"/provider-connectivity/v2.0/operations/{rows[0]['ID']}").status == 404


def test_a_third_tenant_cannot_tell_it_from_nothing(cloud, owner, guest, request_, connection, unique):
    admin, nothing = cloud.admin, "00000000-0000-4000-8000-000000000000"
    project = admin.openstack(f"project create {unique}", json=True)["id"]
    user = admin.openstack(f"user create --password Secret-{unique} {unique}", json=True)["id"]
    try:
        admin.openstack(f"role add --user {user} --project {project} member")
        login = cloud.login(OS_USERNAME=unique, OS_PASSWORD=f"Secret-{unique}", OS_PROJECT_ID=project)
        token = login.headers["x-subject-token"]
        root = "/provider-connectivity/v2.0/tenant_connection"
        for path, known in ((f"{root}_requests/", request_["id"]), (f"{root}s/", connection["id"]),
                            (f"{APPROVALS}/", request_["approval_request_id"])):
            seen = cloud.http("GET", path + known, token=token)
            missing = cloud.http("GET", path + nothing, token=token)
            assert seen.status == missing.status == 404
            assert seen.body.replace(known.encode(), nothing.encode()) == missing.body
    finally:
        admin.openstack(f"user delete {user}")
        admin.openstack(f"project delete {project}")


def test_cut_off_no_packet_passes(owner, guest, request_, connection):
    owner.session.ecl(f"icc tenant-connection delete {connection['id']}")
    path = f"/provider-connectivity/v2.0/tenant_connections/{connection['id']}"
    wait(lambda: guest.session.http("GET", path).status == 404, 60)
    assert not guest.hears(guest.client, SHOP) and not owner.hears(owner.shop, CLIENT)
    assert [each["network_id"] for each in guest.ports_of(guest.client)] == [guest.network]
    owner.session.ecl(f"icc tenant-connection-request delete {request_['id']}")
    assert guest.session.ecl("icc tenant-connection-request list", json=True) == []

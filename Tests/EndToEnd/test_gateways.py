"""ECL's ways out of the cloud, by its own client and with real packets: Internet gateways, public addresses, routes."""
import pytest

from instance import Instance
from outside import HOST, Outside
from plugged import Beneath, Plugged, ask
from session import must, run, wait


@pytest.fixture(scope="module")
def outside():
    made = Outside()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def cloud(outside):
    """A cloud of its own, whose uplink leads outside and carries 200 Mbit/s."""
    made = Instance()
    try:
        made.up(*outside.options, "--uplink-rate", "200")
        yield made
    finally:
        made.erase()


@pytest.fixture(scope="module")
def tenant(cloud):
    return cloud.session


@pytest.fixture(scope="module")
def service(tenant):
    """The Internet service that every cloud begins with, as `ecl` lists it."""
    return tenant.ecl("network inet-service list", json=True)[0]


@pytest.fixture(scope="module")
def plans(tenant):
    return {each["Name"]: each["ID"] for each in tenant.ecl("network qos list", json=True)}


@pytest.fixture(scope="module")
def gateway(tenant, service, plans):
    made = tenant.ecl(f"network inet-gw create --name out --qos_option_id {plans['100M-GA']} {service['ID']}", json=True)
    active(tenant, "internet_gateways", "internet_gateway", made["id"])
    return made


@pytest.fixture(scope="module")
def network(tenant):
    made = tenant.ecl("network logical-network create --name front", json=True)
    tenant.ecl(f"network subnet create {made['id']} 10.66.0.0/24 --gateway_ip 10.66.0.1", json=True)
    return made["id"]


@pytest.fixture(scope="module")
def interface(tenant, gateway, network):
    made = tenant.ecl(
        f"network gw-interface create --name in --service_type internet --internet_gw_id {gateway['id']}"
        f" --network_id {network} --netmask 24 --vrid 7 --primary_ipv4 10.66.0.252 --secondary_ipv4 10.66.0.253"
        " --gw_vipv4 10.66.0.1", json=True)
    active(tenant, "gw_interfaces", "gw_interface", made["id"])
    return made


@pytest.fixture(scope="module")
def public(tenant, gateway):
    made = tenant.ecl(f"network public-ip create --name web --internet_gw_id {gateway['id']} --submask_length 30",
                      json=True)
    active(tenant, "public_ips", "public_ip", made["id"])
    return made


@pytest.fixture(scope="module")
def host(cloud, tenant, network, interface, public):
    """A machine of the tenant's with a public address of its own, which its port may send from."""
    groups = ask(tenant, "GET", "security-groups?name=default")["security_groups"]
    group = next(each["id"] for each in groups if each["project_id"] == tenant.project)
    ask(tenant, "POST", "security-group-rules", {"security_group_rule": {
        "security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "remote_ip_prefix": "0.0.0.0/0"}})
    made = Plugged(Beneath(cloud.state), tenant, network, "host",
                   allowed_address_pairs=[{"ip_address": f"{public['cidr']}/30"}])
    must(run(["ip", "-n", made.namespace, "addr", "add", f"{public['cidr']}/32", "dev", "lo"]))
    must(run(["ip", "-n", made.namespace, "route", "replace", "default", "via", "10.66.0.1", "src", public["cidr"]]))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def route(tenant, gateway, public, host):
    made = tenant.ecl(
        f"network static-route create --name web --service_type internet --internet_gw_id {gateway['id']}"
        f" --destination {public['cidr']}/30 --nexthop {host.address}", json=True)
    active(tenant, "static_routes", "static_route", made["id"])
    return made


def active(session, path, key, id, seconds=30):
    wait(lambda: ask(session, "GET", f"{path}/{id}")[key]["status"] == "ACTIVE", seconds, every=0.1)


def test_the_plans_of_a_service_fit_its_uplink(tenant, plans, service):
    assert {"10M-BE", "10M-GA", "100M-BE", "100M-GA"} <= set(plans) and "500M-GA" not in plans
    shown = tenant.ecl(f"network qos show {plans['100M-GA']}", json=True)
    assert (shown["qos_type"], shown["bandwidth"], shown["service_type"]) == ("guarantee", "100", "internet")
    assert shown["internet_service_id"] == service["ID"]


def test_c019_a_public_address_answers_from_the_internet(outside, public, route):
    wait(lambda: outside.pings(public["cidr"]), 20)


def test_what_the_tenant_sends_arrives_under_its_public_address(outside, host, public, route):
    lines = outside.sniff("icmp", lambda: must(run(
        ["ip", "netns", "exec", host.namespace, "ping", "-c", "3", "-W", "2", HOST])))
    assert f"IP {public['cidr']} > {HOST}" in lines


def test_a_private_address_never_leaves(outside, host, route):
    lines = outside.sniff("net 10.0.0.0/8", lambda: run(
        ["ip", "netns", "exec", host.namespace, "ping", "-c", "2", "-W", "1", "-I", host.address, HOST]))
    assert "IP 10." not in lines


def test_the_pair_of_routers_answers_with_the_card_of_its_vrid(host, interface):
    for address in ("10.66.0.1", "10.66.0.252", "10.66.0.253"):
        assert run(["ip", "netns", "exec", host.namespace, "ping", "-c", "1", "-W", "2", address]).code == 0, address
    neighbours = must(run(["ip", "-n", host.namespace, "neigh", "show", "10.66.0.1"])).out
    assert "00:00:5e:00:01:07" in neighbours


def test_c084_a_guarantee_beyond_the_uplink_is_refused_with_what_is_left(tenant, service, plans, gateway):
    tenant.ecl(f"network inet-gw create --name second --qos_option_id {plans['50M-GA']} {service['ID']}", json=True)
    refused = tenant.ecl(f"network inet-gw create --name third --qos_option_id {plans['100M-GA']} {service['ID']}",
                         check=False)
    assert refused.code != 0 and "50 are left" in refused.out + refused.err
    second = next(each for each in tenant.ecl("network inet-gw list", json=True) if each["Name"] == "second")
    tenant.ecl(f"network inet-gw update --qos_option_id {plans['100M-BE']} {second['ID']}")
    shown = tenant.ecl(f"network inet-gw show {second['ID']}", json=True)
    assert shown["qos_option_id"] == plans["100M-BE"]
    tenant.ecl(f"network inet-gw delete {second['ID']}")


@pytest.mark.parametrize("wrong, why", [
    ("--destination 198.51.100.0/30 --nexthop 10.66.0.9", "public IP"),
    ("--destination {block}/31 --nexthop 10.99.0.9", "no network"),
    ("--destination {block}/31 --nexthop 10.66.0.253", "own address"),
])
def test_a_route_that_could_not_be_is_refused_with_the_reason(tenant, gateway, public, interface, wrong, why):
    refused = tenant.ecl(
        f"network static-route create --service_type internet --internet_gw_id {gateway['id']} "
        + wrong.format(block=public["cidr"]), check=False)
    assert refused.code != 0 and why in refused.out + refused.err


def test_what_is_in_use_is_not_deleted(tenant, gateway, interface, public, route, outside):
    for noun, made in (("inet-gw", gateway), ("gw-interface", interface), ("public-ip", public)):
        refused = tenant.ecl(f"network {noun} delete {made['id']}", check=False)
        assert refused.code != 0 and "in use" in refused.out + refused.err, noun
    assert outside.pings(public["cidr"])


def test_a_deleted_route_stops_the_traffic_and_a_new_one_begins_it(tenant, outside, gateway, public, host, route):
    wait(lambda: outside.pings(public["cidr"]), 20)
    tenant.ecl(f"network static-route delete {route['id']}")
    wait(lambda: not outside.pings(public["cidr"], patience=1), 10)
    made = tenant.ecl(
        f"network static-route create --name again --service_type internet --internet_gw_id {gateway['id']}"
        f" --destination {public['cidr']}/30 --nexthop {host.address}", json=True)
    wait(lambda: outside.pings(public["cidr"]), 20)
    tenant.ecl(f"network static-route delete {made['id']}")


def test_floating_addresses_of_the_same_internet_answer(cloud, tenant, outside, network, host):
    external = next(each for each in ask(tenant, "GET", "networks?router:external=true")["networks"])
    router = ask(tenant, "POST", "routers", {"router": {
        "name": "nat", "external_gateway_info": {"network_id": external["id"]}}})["router"]
    inner = ask(tenant, "POST", "networks", {"network": {"name": "inner"}})["network"]
    subnet = ask(tenant, "POST", "subnets", {"subnet": {
        "network_id": inner["id"], "cidr": "10.67.0.0/24", "ip_version": 4}})["subnet"]
    ask(tenant, "PUT", f"routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]})
    behind = Plugged(Beneath(cloud.state), tenant, inner["id"], "behind")
    try:
        floating = ask(tenant, "POST", "floatingips", {"floatingip": {
            "floating_network_id": external["id"], "port_id": behind.port["id"]}})["floatingip"]
        wait(lambda: outside.pings(floating["floating_ip_address"]), 20)
        assert run(["ip", "netns", "exec", behind.namespace, "ping", "-c", "1", "-W", "2", HOST]).code == 0
        ask(tenant, "DELETE", f"floatingips/{floating['id']}")
        wait(lambda: not outside.pings(floating["floating_ip_address"], patience=1), 10)
    finally:
        behind.remove()


def test_floating_addresses_of_two_projects_reach_each_other_as_their_groups_say(cloud, outside, request):
    """Each behind a router of its own, with equal addresses inside: what one sends comes from its floating address."""
    way = ask(cloud.admin, "GET", "networks?name=internet")["networks"][0]["id"]
    places = []
    for name, session in (("floats1", cloud.session), ("floats2", cloud.admin)):
        def make(path, key, **order):
            made = ask(session, "POST", path, {key: order})[key]
            request.addfinalizer(lambda session=session: ask(session, "DELETE", f"{path}/{made['id']}"))
            return made
        network = make("networks", "network", name=name)["id"]
        subnet = make("subnets", "subnet", network_id=network, cidr="10.67.0.0/24", ip_version=4)["id"]
        router = make("routers", "router", name=name, external_gateway_info={"network_id": way})["id"]
        ask(session, "PUT", f"routers/{router}/add_router_interface", {"subnet_id": subnet})
        request.addfinalizer(lambda session=session, router=router, subnet=subnet: ask(
            session, "PUT", f"routers/{router}/remove_router_interface", {"subnet_id": subnet}))
        group = make("security-groups", "security_group", name=name)["id"]
        host = Plugged(Beneath(cloud.state), session, network, name, security_groups=[group])
        request.addfinalizer(host.remove)
        floating = make("floatingips", "floatingip", floating_network_id=way, port_id=host.port["id"])
        places.append((session, group, host, floating["floating_ip_address"]))

    def pings(one, address):
        return one.run("ping", "-c", "1", "-W", "2", address).code == 0

    (_, _, one, _), (session, group, other, there) = places
    wait(lambda: pings(one, HOST), 30)
    assert not pings(one, there) and not outside.pings(there)
    ask(session, "POST", "security-group-rules", {"security_group_rule": {
        "security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "protocol": "icmp",
        "remote_ip_prefix": f"{places[0][3]}/32"}})
    wait(lambda: pings(one, there), 20)
    assert not outside.pings(there)
    assert not pings(other, places[0][3])

"""Two clouds with a wire between them: lines between sites and shared segments, by ECL's names; and common functions."""
import subprocess
import uuid

import pytest

from instance import Instance
from plugged import Beneath, Plugged, ask
from session import must, run, wait

NTP = """
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(b"\\x23" + 47 * b"\\0", (sys.argv[1], 123))
print(struct.unpack(">I", s.recv(48)[40:44])[0] - 2208988800)
"""


@pytest.fixture(scope="module")
def sites():
    """Two regions whose `backbone` is one wire. Neither has an uplink."""
    tag = uuid.uuid4().hex[:6]
    ends = [f"bb{tag}{number}" for number in (1, 2)]
    must(run(["ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1]]))
    made = []
    try:
        for number, end in enumerate(ends):
            made.append(Instance())
            made[-1].up("--physical", f"backbone={end}", "--region", f"jp{number + 1}")
            made[-1].end = end
        yield made
    finally:
        for each in made:
            each.erase()
        run(["ip", "link", "delete", ends[0]])


def allow(session):
    groups = ask(session, "GET", "security-groups?name=default")["security_groups"]
    group = next(each["id"] for each in groups if each["project_id"] == session.project)
    ask(session, "POST", "security-group-rules", {"security_group_rule": {
        "security_group_id": group, "direction": "ingress", "ethertype": "IPv4", "remote_ip_prefix": "0.0.0.0/0"}})


def new(session, path, key, **order):
    return ask(session, "POST", path, {key: order})[key]["id"]


def network(session, cidr, **order):
    made = new(session, "networks", "network", name="lines")
    new(session, "subnets", "subnet", network_id=made, cidr=cidr, ip_version=4, **order)
    return made


def pings(host, address, patience=2):
    return run(["ip", "netns", "exec", host.namespace, "ping", "-c", "1", "-W", str(patience), address]).code == 0


@pytest.fixture(scope="module")
def ends(sites):
    """At each site a gateway on VLAN 101 of the backbone, its two interfaces, the way to the other, and a host."""
    hosts = []
    for number, site in enumerate(sites):
        admin, tenant, other = site.admin, site.session, 1 - number
        allow(tenant)
        service = new(admin, "interdc_services", "interdc_service", name="backbone", physical_network="backbone")
        site.gateway = new(admin, "interdc_gateways", "interdc_gateway", name="line", interdc_service_id=service,
                           segmentation_id=101, tenant_id=tenant.project)
        site.network = network(tenant, f"10.{50 + number}.0.0/24")
        base = 8 * number
        tenant.ecl(f"network interdc-interface create --name line --interdc_gw_id {site.gateway} --netmask 28 --vrid 5"
                   f" --primary_ipv4 10.255.0.{base + 2} --secondary_ipv4 10.255.0.{base + 3}"
                   f" --gw_vipv4 10.255.0.{base + 1}", json=True)
        tenant.ecl(f"network gw-interface create --service_type interdc --interdc_gw_id {site.gateway}"
                   f" --network_id {site.network} --netmask 24 --vrid 5 --primary_ipv4 10.{50 + number}.0.252"
                   f" --secondary_ipv4 10.{50 + number}.0.253 --gw_vipv4 10.{50 + number}.0.1", json=True)
        site.route = tenant.ecl(
            f"network static-route create --service_type interdc --interdc_gw_id {site.gateway}"
            f" --destination 10.{50 + other}.0.0/24 --nexthop 10.255.0.{8 * other + 1}", json=True)["id"]
        hosts.append(Plugged(Beneath(site.state), tenant, site.network, f"site{number}"))
    yield hosts
    for each in hosts:
        each.remove()


def test_c097_two_sites_meet_over_the_line_between_them_and_it_alone(sites, ends):
    wait(lambda: pings(ends[0], ends[1].address), 30)
    wire = subprocess.Popen(["ip", "netns", "exec", sites[0].namespace, "tcpdump", "-lnei", sites[0].end, "-c", "4", "icmp or vlan"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in wire.stdout:
            if "listening on" in line:
                break
        assert pings(ends[0], ends[1].address) and pings(ends[1], ends[0].address)
        seen = wire.communicate(timeout=20)[0]
    finally:
        wire.kill()
    assert "vlan 101" in seen and f"{ends[0].address} > {ends[1].address}" in seen


def test_another_tenant_with_a_line_of_its_own_hears_nothing_of_it(sites, ends):
    """The same addresses on another VLAN of the same wire."""
    site = sites[1]
    other = new(site.admin, "interdc_gateways", "interdc_gateway", name="other", segmentation_id=102,
                interdc_service_id=ask(site.admin, "GET", "interdc_services")["interdc_services"][0]["id"],
                tenant_id=site.admin.project)
    refused = site.admin.http("POST", "/network/v2.0/interdc_gateways", {"interdc_gateway": {
        "name": "thief", "segmentation_id": 101, "tenant_id": site.admin.project,
        "interdc_service_id": ask(site.admin, "GET", "interdc_services")["interdc_services"][0]["id"]}})
    assert refused.status == 409 and "VLAN 101" in refused.json["NeutronError"]["message"]
    leg = new(site.admin, "interdc_interfaces", "interdc_interface", interdc_gw_id=other, netmask=28, vrid=5,
              primary_ipv4="10.255.0.2", secondary_ipv4="10.255.0.3", gw_vipv4="10.255.0.1")
    assert pings(ends[0], ends[1].address)
    for path in (f"interdc_interfaces/{leg}", f"interdc_gateways/{other}"):
        ask(site.admin, "DELETE", path)


SEND = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); rate, begin, sent = float(sys.argv[2]) * 1e6 / 8 / 1228, time.time(), 0
while (past := time.time() - begin) < float(sys.argv[3]):
    while sent < past * rate:
        s.sendto(b"x" * 1200, (sys.argv[1], 9)); sent += 1
    time.sleep(0.0005)
"""

# Mbit/s of IP by VLAN that come in at a device, from the second second on.
COUNT = """
import collections, socket, struct, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind((sys.argv[1], 0)); s.settimeout(1)
s.setsockopt(263, 8, 1); s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)
print("ready", flush=True)
got, begin, seconds = collections.Counter(), None, float(sys.argv[2])
while True:
    frame, extra, _, address = s.recvmsg(2048, 64)
    if address[2] == 4 or len(frame) < 1000:
        continue
    begin = begin or time.time()
    past = time.time() - begin
    if past > 1 + seconds:
        break
    tag = struct.unpack("=IIIHHHH", extra[0][2])[5] if extra and extra[0][2] else 0
    tag = tag or struct.unpack(">H", frame[14:16])[0]
    if past > 1:
        got[tag & 4095] += len(frame) - 14
print({tag: bytes * 8 / seconds / 1e6 for tag, bytes in got.items()})
"""


def test_c084_a_guarantee_on_a_line_holds_beside_a_neighbours_flood(sites, ends):
    """A line of 20 Mbit/s: 10 are kept for the tenant; the administrator's project floods it, as best effort."""
    site, admin, made = sites[0], sites[0].admin, []
    service = ask(admin, "GET", "interdc_services")["interdc_services"][0]["id"]
    ask(admin, "PUT", f"interdc_services/{service}", {"interdc_service": {"bandwidth": 20}})

    def order(path, key, session=admin, **what):
        made.append((session, path, new(session, path, key, **what)))
        return made[-1][2]

    def option(kind, rate):
        return new(admin, "qos_options", "qos_option", name=kind, qos_type=kind, bandwidth=str(rate), service_id=service)

    flooder = None
    try:
        kept, rest = option("guarantee", 10), option("besteffort", 20)
        for number, each in enumerate(sites):
            there = ask(each.admin, "GET", "interdc_services")["interdc_services"][0]["id"]
            plan = {} if number else {"qos_option_id": rest}
            gateway = order("interdc_gateways", "interdc_gateway", each.admin, name="flood", segmentation_id=103,
                            interdc_service_id=there, tenant_id=each.admin.project, **plan)
            order("interdc_interfaces", "interdc_interface", each.admin, interdc_gw_id=gateway, netmask=28, vrid=5,
                  primary_ipv4=f"10.255.0.{8 * number + 2}", secondary_ipv4=f"10.255.0.{8 * number + 3}",
                  gw_vipv4=f"10.255.0.{8 * number + 1}")
            if number == 0:
                noisy = network(admin, "10.70.0.0/24")
                made.append((admin, "networks", noisy))
                order("gw_interfaces", "gw_interface", service_type="interdc", interdc_gw_id=gateway, network_id=noisy,
                      netmask=24, vrid=5, primary_ipv4="10.70.0.252", secondary_ipv4="10.70.0.253",
                      gw_vipv4="10.70.0.1")
                order("static_routes", "static_route", service_type="interdc", interdc_gw_id=gateway,
                      destination="10.71.0.0/24", nexthop="10.255.0.9")
        ask(admin, "PUT", f"interdc_gateways/{site.gateway}", {"interdc_gateway": {"qos_option_id": kept}})
        flooder = Plugged(Beneath(site.state), admin, noisy, "flood")
        wait(lambda: "1:1067" in must(run(["ip", "netns", "exec", site.namespace, "tc", "class", "show", "dev",
                                            site.end])).out, 40)

        def measure(flood):
            count = subprocess.Popen(["ip", "netns", "exec", sites[1].namespace, "python3", "-c", COUNT, sites[1].end, "4"],
                                     stdout=subprocess.PIPE, text=True)
            assert count.stdout.readline() == "ready\n"
            senders = [subprocess.Popen(["ip", "netns", "exec", host.namespace, "python3", "-c", SEND, to, str(rate), "7"])
                       for host, to, rate in [(ends[0], ends[1].address, 9.5)] + [(flooder, "10.71.0.9", 60)] * flood]
            try:
                return eval(count.communicate(timeout=30)[0])
            finally:
                for each in senders:
                    each.wait()

        alone, beside = measure(0), measure(1)
        print(f"Mbit/s by VLAN: alone {alone}, beside a flood of 60 {beside}")
        assert beside[101] >= 0.95 * alone[101], (alone, beside)
        assert beside[101] + beside[103] <= 21, beside
    finally:
        if flooder:
            flooder.remove()
        ask(admin, "PUT", f"interdc_gateways/{site.gateway}", {"interdc_gateway": {"qos_option_id": ""}})
        for session, path, id in reversed(made):
            ask(session, "DELETE", f"{path}/{id}")
        ask(admin, "PUT", f"interdc_services/{service}", {"interdc_service": {"bandwidth": 1000}})


def test_a_deleted_route_ends_it(sites, ends):
    sites[0].session.ecl(f"network static-route delete {sites[0].route}")
    wait(lambda: not pings(ends[0], ends[1].address, 1), 10)


def test_a_colocation_link_makes_one_segment_of_two(sites):
    """VLAN 77 of the wire: a tenant's network on one side, the cage (here: the other cloud's network) on the other."""
    hosts = []
    try:
        for number, site in enumerate(sites):
            admin, tenant = site.admin, site.session
            space = new(admin, "colocation_spaces", "colocation_space", name="cage", tenant_id=tenant.project)
            cables = new(admin, "colocation_physical_links", "colocation_physical_link", name="pair",
                         colocation_space_id=space, physical_network="backbone", segmentation_ranges=["70-79"],
                         tenant_id=tenant.project)
            segment = network(tenant, "10.60.0.0/24", gateway_ip=None,
                              allocation_pools=[{"start": f"10.60.0.{10 + number}", "end": f"10.60.0.{10 + number}"}])
            refused = tenant.ecl(f"network colocation-logical-link create --colocation_physical_link_id {cables}"
                                 f" --network_id {segment} --vlan_id 80", check=False)
            assert refused.code != 0 and "VLAN 80" in refused.out + refused.err
            link = tenant.ecl(f"network colocation-logical-link create --name cage --network_id {segment}"
                              f" --colocation_physical_link_id {cables} --vlan_id 77 --tags a=b", json=True)
            wait(lambda: ask(tenant, "GET", f"colocation_logical_links/{link['id']}")[
                "colocation_logical_link"]["status"] == "ACTIVE", 30)
            hosts.append(Plugged(Beneath(site.state), tenant, segment, f"cage{number}"))
            site.link = link["id"]
        wait(lambda: pings(hosts[0], hosts[1].address), 30)
        sites[0].session.ecl(f"network colocation-logical-link delete {sites[0].link}")
        wait(lambda: not pings(hosts[0], hosts[1].address, 1), 10)
    finally:
        for each in hosts:
            each.remove()


def test_a_port_on_a_physical_port_leads_its_network_on_in_a_vlan_or_untagged(sites):
    """Each cloud is to the other what a machine on its physical port would be."""
    hosts, ports = [], []
    try:
        for number, site in enumerate(sites):
            admin, tenant = site.admin, site.session
            leaf = new(admin, "physical_ports", "physical_port", name="leaf", physical_network="backbone",
                       segmentation_ranges=["78"], tenant_id=tenant.project)
            segment = network(tenant, "10.61.0.0/24", gateway_ip=None,
                              allocation_pools=[{"start": f"10.61.0.{10 + 2 * number}", "end": f"10.61.0.{11 + 2 * number}"}])
            refused = tenant.ecl(f"network port create {segment} --device_id {leaf} --segmentation_type vlan"
                                 " --segmentation_id 79", check=False)
            assert refused.code != 0 and "VLAN 79" in refused.out + refused.err
            ports.append(tenant.ecl(f"network port create {segment} --device_id {leaf} --segmentation_type vlan"
                                    " --segmentation_id 78", json=True)["id"])
            hosts.append(Plugged(Beneath(site.state), tenant, segment, f"leaf{number}"))
        wait(lambda: pings(hosts[0], hosts[1].address), 30)
        for site, port in zip(sites, ports):
            flat = f"network port update {port} --segmentation_type flat"
            assert "admin_state_up" in site.session.ecl(flat, check=False).err
            ask(site.session, "PUT", f"ports/{port}", {"port": {"admin_state_up": False}})
            wait(lambda: not pings(hosts[0], hosts[1].address, 1), 10)
            wait(lambda: site.session.ecl(flat, check=False).code == 0, 10)
            shown = site.session.ecl(f"network port show {port}", json=True)
            assert (shown["segmentation_type"], int(shown["segmentation_id"])) == ("flat", 0)
            ask(site.session, "PUT", f"ports/{port}", {"port": {"admin_state_up": True}})
        wait(lambda: pings(hosts[0], hosts[1].address), 30)
        sites[0].session.ecl(f"network port delete {ports[0]}")
        wait(lambda: not pings(hosts[0], hosts[1].address, 1), 10)
    finally:
        for each in hosts:
            each.remove()


def test_common_functions_tell_the_time_to_networks_that_are_alike(sites):
    """Two gateways of two tenants have the same addresses; both reach the function, and not each other."""
    site, hosts = sites[0], []
    shown = site.session.ecl("network common-function list", json=True)[0]
    function = ask(site.session, "GET", f"common_functions/{shown['ID']}")["common_function"]["link_local_ip_address"]
    pool = site.session.ecl("network common-function-pool list", json=True)[0]["ID"]
    try:
        for session in (site.session, site.admin):
            made = session.ecl(f"network common-function-gw create --name cf {pool}", json=True)
            wait(lambda: ask(session, "GET", f"common_function_gateways/{made['id']}")[
                "common_function_gateway"]["status"] == "ACTIVE", 30)
            hosts.append(Plugged(Beneath(site.state), session, made["network_id"], "cf", gateway="169.254.0.1"))
        assert hosts[0].address == hosts[1].address

        def time_at(host):
            return run(["ip", "netns", "exec", host.namespace, "python3", "-c", NTP, function])
        for host in hosts:
            wait(lambda: time_at(host).code == 0, 30)
            told = int(time_at(host).out)
            assert abs(told - int(must(run(["date", "+%s"])).out)) < 5
        used = site.session.ecl("network common-function-gw list", json=True)
        refused = site.session.ecl(f"network common-function-gw delete {used[0]['ID']}", check=False)
        assert refused.code != 0 and "in use" in refused.out + refused.err
    finally:
        for each in hosts:
            each.remove()

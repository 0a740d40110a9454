"""C017, C043: the isolation probe is green where networks are apart, red where they are not, and never green where it
could not try. What is broken here is broken by hand in OVN, beneath the control plane."""
import json
import signal
import threading
import time

import pytest

from instance import AKASHI, instance, process, tap_of
from session import run, wait
from tenantry import Tenantry

RED_SECONDS = 120
RUN_SECONDS = 200
WAYS = {"unicast", "arp", "announcement", "broadcast", "multicast", "ethertype", "dhcp", "metadata", "gateway",
        "forged-dhcp", "forged-router", "forged-mac", "forged-ip", "via-gateway", "public-address"}


@pytest.fixture(scope="module")
def cloud():
    with instance() as made:
        yield made


def _make(session, path, kind, **wish):
    answer = session.http("POST", f"/network/v2.0/{path}", {kind: wish})
    assert answer.status == 201, answer
    return answer.json[kind]["id"]


@pytest.fixture(scope="module")
def networks(cloud):
    """A network of each of two projects, with the same addresses, each behind a router with a way out."""
    outside = _make(cloud.admin, "networks", "network", name="outside", **{"router:external": True})
    _make(cloud.admin, "subnets", "subnet", network_id=outside, cidr="198.51.100.0/24", ip_version=4)
    made = []
    for session in (cloud.session, cloud.admin):
        network = _make(session, "networks", "network", name="n")
        subnet = _make(session, "subnets", "subnet", network_id=network, cidr="10.0.0.0/24", ip_version=4)
        six = _make(session, "subnets", "subnet", network_id=network, cidr="2001:db8::/64", ip_version=6)
        router = _make(session, "routers", "router", name="r", external_gateway_info={"network_id": outside})
        joined = session.http("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})
        assert joined.status == 200 and six, joined
        made.append(network)
    return made


class Probed:
    """One finished run of the command."""

    def __init__(self, cloud, *options):
        began = time.monotonic()
        done = run([AKASHI, "probe", "isolation", "--state", cloud.state, "--json", *options], seconds=RUN_SECONDS)
        self.seconds, self.code, self.said = time.monotonic() - began, done.code, done
        self.result = json.loads(done.out) if done.out else {}
        self.pairs = {(each["from_network"], each["to_network"]): each for each in self.result.get("pairs", [])}
        print(f"exit {done.code} after {self.seconds:.1f} s: {self.result.get('verdict')} {self.red()} {done.err}")

    def red(self):
        return {pair: [each["name"] for each in found["attempts"] if each["verdict"] == "crossed"]
                for pair, found in self.pairs.items() if found["verdict"] == "crossed"}


def _green(cloud, networks):
    probed = Probed(cloud)
    assert probed.code == 0, probed.said
    assert probed.result["verdict"] == "blocked" and set(probed.pairs) >= {(a, b) for a in networks for b in networks}
    return probed


def test_networks_that_are_apart_are_green_and_nothing_is_left_of_the_probe(cloud, networks):
    probed = _green(cloud, networks)
    for (one, other), pair in probed.pairs.items():
        ways = {each["name"]: each for each in pair["attempts"]}
        assert one == other or WAYS <= set(ways), (one, other, sorted(ways))
        assert all(each["heard"] == 0 for each in ways.values())
        assert one == other or all(each["sent"] >= 2 for each in ways.values()), ways
    assert {"shut-in", "shut-out"} <= {each["name"] for each in probed.pairs[networks[0], networks[0]]["attempts"]}
    wait(lambda: not cloud.taps(), 10)
    assert not [row for row in cloud.logical("Logical_Switch_Port").values() if row["type"] == ""]
    listed = cloud.session.http("GET", "/v1/isolation-probes").json["isolation_probes"][0]
    assert listed["verdict"] == "blocked" and listed["age_seconds"] < 60 and listed["pairs_total"] == 3
    shown = run([AKASHI, "probe", "isolation", "--state", cloud.state], seconds=RUN_SECONDS)
    print(shown.out)
    assert shown.code == 0 and "BLOCKED: 4 pairs" in shown.out


def test_what_is_there_already_need_not_be_there(tmp_path):
    done = run([AKASHI, "probe", "isolation", "--state", tmp_path], seconds=60)
    assert done.code == 2 and "could not be tried" in done.err, done


def _base_drop(cloud, network):
    """The id of the last rule of what comes to a network's ports; None where there is none."""
    rows = cloud.north({"op": "select", "table": "ACL", "columns": ["_uuid"], "where": [
        ["external_ids", "includes", ["map", [["akashi-network", network]]]],
        ["priority", "==", 0], ["direction", "==", "to-lport"]]})[0]["rows"]
    return rows[0]["_uuid"] if rows else None


def test_a_base_rule_taken_away_by_hand_is_red_and_green_again_when_mended(cloud, networks):
    victim = networks[0]
    rule = _base_drop(cloud, victim)
    cloud.north({"op": "mutate", "table": "Logical_Switch", "where": [["name", "==", victim]],
                 "mutations": [["acls", "delete", ["set", [rule]]]]})
    probed = Probed(cloud)
    assert probed.code == 1 and probed.seconds < RED_SECONDS, probed.said
    assert set(probed.red()) == {(victim, victim)}
    assert {"shut-in", "wiring"} <= set(probed.red()[victim, victim]), probed.red()
    tenants = cloud.session.http("GET", "/v1/isolation-probes?limit=1").json["isolation_probes"][0]
    assert tenants["verdict"] == "crossed"
    mended = cloud.session.http("PUT", f"/network/v2.0/networks/{victim}", {"network": {"description": "mended"}})
    assert mended.status == 200
    wait(lambda: _base_drop(cloud, victim), 10)
    _green(cloud, networks)


def test_a_port_moved_to_another_network_by_hand_is_red_by_frames_that_cross(cloud, networks):
    """The most that a wrong row can do: a listener of one network hears the other."""
    moved = threading.Event()

    def move():
        end = time.monotonic() + 60
        while time.monotonic() < end and not moved.is_set():
            rows = cloud.switch({"op": "select", "table": "Interface", "where": [], "columns": ["name", "external_ids"]})
            taps = {row["name"]: dict(row["external_ids"][1]) for row in rows[0]["rows"] if row["name"].startswith("t")}
            if len(taps) == 6 and _swap_probes(cloud, networks, taps):
                moved.set()
            time.sleep(0.02)

    thread = threading.Thread(target=move)
    thread.start()
    probed = Probed(cloud)
    moved.set()
    thread.join()
    assert probed.code == 1 and probed.seconds < RED_SECONDS, probed.said
    assert {(networks[0], networks[1]), (networks[1], networks[0])} & set(probed.red())
    _green(cloud, networks)


def _swap_probes(cloud, networks, taps):
    """Swaps the bindings of a device of each network."""
    rows = cloud.north({"op": "select", "table": "Logical_Switch_Port", "where": [],
                        "columns": ["name", "external_ids"]})[0]["rows"]
    homes = {row["name"]: dict(row["external_ids"][1]).get("akashi-network") for row in rows}
    ones = [next(((name, marks["iface-id"]) for name, marks in sorted(taps.items())
                  if homes.get(marks["iface-id"]) == network), None) for network in networks]
    if None in ones:
        return False
    bind(cloud, ones[0][0], ones[1][1])
    bind(cloud, ones[1][0], ones[0][1])
    return True


def bind(cloud, device, port):
    where = [["name", "==", device]]
    cloud.switch(
        {"op": "mutate", "table": "Interface", "where": where,
         "mutations": [["external_ids", "delete", ["set", ["iface-id"]]]]},
        {"op": "mutate", "table": "Interface", "where": where,
         "mutations": [["external_ids", "insert", ["map", [["iface-id", port]]]]]})


def test_two_servers_whose_devices_are_swapped_by_hand_are_red_though_nobody_probes_their_ports(
        cloud, networks, guest_image):
    tenantries = [Tenantry(session, guest_image) for session in (cloud.session, cloud.admin)]
    servers = [tenantry.new_server("guest") for tenantry in tenantries]
    ports = []
    for tenantry, server in zip(tenantries, servers):
        tenantry.active(server)
        ports.append(tenantry.ports_of(server)[0]["id"])
    homes = [tenantry.network for tenantry in tenantries]
    _green(cloud, networks)
    for port, other in (ports, reversed(ports)):
        bind(cloud, tap_of(port), other)
    probed = Probed(cloud)
    assert probed.code == 1 and probed.seconds < RED_SECONDS, probed.said
    assert set(probed.red()) == {tuple(homes), tuple(reversed(homes))}
    for port in ports:
        bind(cloud, tap_of(port), port)
    _green(cloud, networks)


@pytest.mark.parametrize("daemon", ["ovn-controller", "ovs-vswitchd"])
def test_a_network_that_stands_still_is_not_tried_and_never_green(cloud, networks, daemon):
    still = cloud.daemons()[daemon]
    still.kill(signal.SIGSTOP)
    try:
        probed = Probed(cloud)
        assert probed.code == 2 and probed.result["verdict"] == "not_tried", probed.said
    finally:
        still.kill(signal.SIGCONT)
    wait(lambda: not [tap for tap in cloud.taps() if tap not in kept(cloud)], 90)
    _green(cloud, networks)


def kept(cloud):
    """The devices of the servers that the tests leave running."""
    ports = cloud.admin.http("GET", "/network/v2.0/ports").json["ports"]
    return {tap_of(each["id"]) for each in ports if each["device_owner"].startswith("compute:")}


@pytest.mark.parametrize("moment", ["taps", "vswitchd"])
def test_what_is_taken_away_in_the_middle_is_not_tried(cloud, networks, moment):
    before = kept(cloud)
    wait(lambda: cloud.taps() == before, 30)
    result = []
    named = [word for network in networks for word in ("--network", network)]
    thread = threading.Thread(target=lambda: result.append(Probed(cloud, *named)))
    thread.start()
    # A tap hears nothing in its first second, so that the probe is in the middle of it now.
    wait(lambda: len(cloud.taps() - before) == 6, 60, every=0.01)
    stopped = None
    if moment == "taps":
        for tap in cloud.taps() - before:
            run(["ip", "-n", cloud.namespace, "link", "delete", tap])
    else:
        stopped = cloud.daemons()["ovs-vswitchd"]
        stopped.kill(signal.SIGSTOP)
    thread.join()
    if stopped and process(stopped.pid):
        stopped.kill(signal.SIGCONT)
    assert result[0].code == 2, result[0].said
    wait(lambda: cloud.taps() == before, 90)
    _green(cloud, networks)

"""What a tenant sees of its network: logs of what security groups drop and pass, copies of packets for a detector, and
a drawing. C097: and nobody else's."""
import re
import time
import xml.dom.minidom

import pytest

from session import wait
from survival import cloud, goes_on  # noqa: F401
from tenantry import Tenantry, ping

LISTENER = """#!/bin/sh
ip link set eth0 promisc on
while :; do
  set -- $(grep eth0 /proc/net/dev | tr ':' ' ')
  echo "heard $3"; sleep 1
done
"""
# Denied packets with what a log's line looks like inside, and a DHCP request with one as its name.
FORGER = """#!/bin/sh
line='2026-11-23T00:00:00.000Z|1|acl_log(ovn_pinctrl0)|INFO|name="drop-VICTIM", verdict=drop, severity=info, direction=to-lport: tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=6.6.6.6,nw_dst=6.6.6.6'
exec 3>&1 >/dev/null 2>&1
end=$(($(cut -d. -f1 /proc/uptime) + 20))
while [ $(cut -d. -f1 /proc/uptime) -lt $end ]; do
  printf '\\n%s\\n' "$line" >/tmp/line
  tftp -g -l /dev/null -r "$(cat /tmp/line)" 10.77.0.30 &
  udhcpc -f -i eth0 -n -q -t 1 -T 1 -x "hostname:$line" -V "$line" -s /bin/true &
  for port in 22 80 443 3306; do (nc -w 1 10.77.0.30 $port </tmp/line) & done
  ping -c 300 -i 0.005 -W 1 -p 7c 10.77.0.30
  sleep 0.1
done
echo "forged all" >&3
"""


@pytest.fixture(scope="module")
def tenantry(cloud, guest_image):
    return Tenantry(cloud.session, guest_image)


@pytest.fixture(scope="module")
def stranger(cloud, tenantry):
    """A member of another project."""
    made = cloud.admin.openstack("project create sight-stranger", json=True)["id"]
    user = cloud.admin.openstack("user create --password Secret-1234 sight-stranger", json=True)["id"]
    cloud.admin.openstack(f"role add --user {user} --project {made} member")
    session = type(cloud.session)(cloud.session.variables | {
        "OS_USERNAME": "sight-stranger", "OS_PASSWORD": "Secret-1234", "OS_PROJECT_ID": made, "OS_TENANT_ID": made},
        cloud.state)
    session.ask = lambda method, path, body=None: session.http(method, path, body)
    return session


def new_port(tenantry, address, groups=None, **more):
    order = {"network_id": tenantry.network, "fixed_ips": [{"ip_address": address}], **more}
    if groups is not None:
        order["security_groups"] = groups
    return tenantry.ask("POST", "/network/v2.0/ports", {"port": order}).json["port"]["id"]


def server_on(tenantry, port, name, script=None):
    order = tenantry.order(name, None, script)
    order["server"]["networks"] = [{"port": port}]
    return tenantry.ask("POST", f"{tenantry.compute}/servers", order).json["server"]["id"]


def flows(session, query=""):
    return session.http("GET", f"/v1/flow-logs?limit=1000{query}").json["flow_logs"]


@pytest.fixture(scope="module")
def scene(cloud, tenantry):
    """A server that knocks at one that lets nobody in; the port that is knocked at, and the log."""
    shut = tenantry.ask("POST", "/network/v2.0/security-groups",
                        {"security_group": {"name": "shut"}}).json["security_group"]["id"]
    victim = new_port(tenantry, "10.77.0.30", [shut], name="victim")
    source = new_port(tenantry, "10.77.0.31", name="source")
    made = [server_on(tenantry, victim, "keep-victim"),
            server_on(tenantry, source, "keep-forger", FORGER.replace("VICTIM", source))]
    order = {"name": "dropped", "resource_type": "security_group", "event": "ALL", "resource_id": shut}
    log = tenantry.ask("POST", "/network/v2.0/log/logs", {"log": order}).json["log"]["id"]
    tenantry.active(*made)
    return {"victim": victim, "source": source, "servers": made, "group": shut, "log": log}


def test_the_tenant_reads_what_its_group_dropped(cloud, tenantry, scene):
    def dropped():
        return flows(tenantry.session, "&verdict=DROP")
    seen = wait(dropped, 90)
    assert {each["port_id"] for each in seen} == {scene["victim"]}
    one = seen[-1]
    assert one["network_id"] == tenantry.network and one["direction"] == "ingress"
    assert one["source"] == "10.77.0.31" and one["destination"] == "10.77.0.30" and one["verdict"] == "DROP"
    listed = tenantry.ask("GET", "/network/v2.0/log/loggable-resources").json["loggable_resources"]
    assert {"type": "security_group"} in listed


def test_a_guest_forges_no_line_and_floods_no_more_than_its_share(cloud, tenantry, scene):
    tenantry.says(scene["servers"][1], "forged all", 180)
    time.sleep(2)
    seen = flows(tenantry.session)
    assert seen
    for each in seen:
        assert each["port_id"] == scene["victim"], "a port that nobody logs, or a forged one"
        assert "6.6.6.6" not in str(each) and "00:00:00:00:00:01" not in str(each), each
        assert each["source"] in ("10.77.0.31", "10.77.0.30") or each["verdict"] == "ACCEPT", each
    lines = sum(each["count"] for each in seen if each["verdict"] == "DROP")
    moments = sorted(each["time"] for each in seen)
    print(f"{lines} packets in {len(seen)} records from {moments[0]} to {moments[-1]}")
    log = (cloud.state / "log/ovn-controller.log").read_text(errors="replace")
    assert not re.search(r"^2026-11-23T00:00:00.000Z", log, re.M), "a guest wrote a line of the log"


def test_nobody_else_reads_it_but_the_operator(cloud, tenantry, scene, stranger):
    assert flows(stranger) == [] and flows(stranger, f"&port={scene['victim']}&all_tenants=1") == []
    assert stranger.http("GET", f"/network/v2.0/log/logs/{scene['log']}").status == 404
    order = {"resource_type": "security_group", "event": "ALL", "target_id": scene["victim"]}
    assert stranger.http("POST", "/network/v2.0/log/logs", {"log": order}).status == 404
    assert flows(cloud.admin, "&all_tenants=1") and flows(cloud.admin) == []


def test_a_log_that_is_off_writes_nothing_more(cloud, tenantry, scene):
    tenantry.ask("PUT", f"/network/v2.0/log/logs/{scene['log']}", {"log": {"enabled": False}})

    def is_off():
        rows = cloud.north({"op": "select", "table": "ACL", "where": [["log", "==", True]], "columns": ["name"]},
                           {"op": "select", "table": "Meter", "where": [], "columns": ["name"]})
        return not rows[0]["rows"] and not rows[1]["rows"]
    wait(is_off, 15)


def heard(tenantry, server):
    return [int(each) for each in re.findall(r"heard (\d+)", tenantry.console(server))]


def test_openstack_taps_a_port_for_a_detector_and_it_survives(cloud, tenantry, stranger):
    quiet = tenantry.ask("POST", "/network/v2.0/security-groups",
                         {"security_group": {"name": "quiet"}}).json["security_group"]["id"]
    ports = {name: new_port(tenantry, address, [quiet] if name == "ids" else None, name=f"tap-{name}")
             for name, address in (("ids", "10.77.0.40"), ("talker", "10.77.0.41"), ("target", "10.77.0.42"))}
    servers = {"ids": server_on(tenantry, ports["ids"], "keep-ids", LISTENER),
               "target": server_on(tenantry, ports["target"], "keep-target"),
               "talker": server_on(tenantry, ports["talker"], "keep-talker", ping("10.77.0.42"))}
    tenantry.active(*servers.values())
    tenantry.says(servers["talker"], r"seq=\d")
    tenantry.says(servers["ids"], r"heard \d")

    def rate(seconds=6):
        """Packets a second that the detector hears."""
        before = heard(tenantry, servers["ids"])[-1]
        time.sleep(seconds)
        return (heard(tenantry, servers["ids"])[-1] - before) / seconds
    assert rate() < 1
    session = tenantry.session
    service = session.openstack("tap service create --name ids --port tap-ids", json=True)["id"]
    flow = session.openstack("tap flow create --name web --port tap-talker --tap-service ids --direction BOTH",
                             json=True)["id"]
    wait(lambda: tenantry.ask("GET", f"/network/v2.0/taas/tap_flows/{flow}").json["tap_flow"]["status"] == "ACTIVE", 15)
    assert rate() > 1.5, "a request and an answer each second"
    cloud.daemons()["ovs-vswitchd"].end()
    goes_on(tenantry, servers["talker"])
    assert rate() > 1.5, "after ovs-vswitchd's death"
    tenantry.act(servers["talker"], reboot={"type": "HARD"})
    had = len(re.findall(r"seq=", tenantry.console(servers["talker"])))
    wait(lambda: len(re.findall(r"seq=", tenantry.console(servers["talker"]))) > had + 2, 90)
    assert rate() > 1.5, "after the source's reboot"
    for name in ("service", "flow"):
        assert flow_or_service(stranger, name) == []
    theirs = {"tap_flow": {"tap_service_id": service, "source_port": ports["target"], "direction": "BOTH"}}
    assert stranger.http("POST", "/network/v2.0/taas/tap_flows", theirs).status == 404
    tenantry.ask("DELETE", f"{tenantry.compute}/servers/{servers['talker']}")
    wait(lambda: cloud.switch({"op": "select", "table": "Mirror", "where": [], "columns": ["output_port",
         "select_src_port"]})[0]["rows"] == [], 20)
    assert tenantry.ask("GET", f"/network/v2.0/taas/tap_flows/{flow}").json["tap_flow"]["status"] == "DOWN"
    tenantry.ask("DELETE", f"/network/v2.0/ports/{ports['talker']}")
    wait(lambda: session.http("GET", f"/network/v2.0/taas/tap_flows/{flow}").status == 404, 15)
    session.openstack("tap service delete ids")


def flow_or_service(session, name):
    return session.http("GET", f"/network/v2.0/taas/tap_{name}s").json[f"tap_{name}s"]


def test_the_topology_is_told_and_drawn(cloud, tenantry, scene, stranger):
    told = tenantry.ask("GET", "/v1/topology").json
    nodes = {each["id"]: each for each in told["nodes"]}
    assert nodes[tenantry.network]["kind"] == "network" and set(scene["servers"]) <= set(nodes)
    assert any(link["from"] == scene["servers"][0] and link["to"] == tenantry.network and "10.77.0.30" in link["label"]
               for link in told["links"])
    drawn = tenantry.ask("GET", "/v1/topology.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    xml.dom.minidom.parseString(drawn.body)
    assert b"keep-victim" in drawn.body and b"<script" not in drawn.body
    assert b"keep-victim" not in stranger.http("GET", "/v1/topology.svg").body

"""The network: throughput and latency beside OVN wired by hand and plain Linux, a port's first ping, a thousand ports"""
import os
import statistics
import subprocess
import time

import tunnels
import wired
from cloud import spread, wait

ROUNDS, SECONDS = 5, 3
FIRST_PINGS = 15
PORTS, BATCH = 1000, 100
PATHS = {"one network": ("a1", "a2"), "across a router": ("a1", "b1"), "out through NAT": ("a1", "x1"),
         "through the VPN": ("v1", "v2")}


def measure(cloud, build, say):
    """The figures of this part."""
    cloud.up()
    tenant, admin = cloud.client(), cloud.client("admin")
    switch, ends = wired.Switch(cloud), wired.Ends(os.getpid())
    try:
        made, ours = _order(tenant, admin, switch, ends)
        first = _first_pings(tenant, switch, ends, made, ours, say)
        sides = {"akashi": ours, "by hand": wired.by_hand(switch, ends) | tunnels.by_hand(switch, ends),
                 "linux": wired.plain(ends) | tunnels.plain(ends)}
        figures = {"rounds": ROUNDS, "seconds": SECONDS, "first_ping_ms": first,
                   "esp": "the kernel's ESP" if tunnels.kernel_has_esp() else "ESP in charon itself", "paths": _paths(sides, ends, say)}
    finally:
        ends.close()
    # The server has closed connections that were quiet for so long.
    figures["ports"] = _many(cloud.client(), cloud.client("admin"), switch, say)
    return figures


def _post(client, kind, noun, **body):
    return client.call("POST", f"/network/v2.0/{kind}", {noun: body}, expect=201)[noun]


def _subnet(client, network, cidr, **more):
    return _post(client, "subnets", "subnet", network_id=network, cidr=cidr, ip_version=4, **more)["id"]


def _order(tenant, admin, switch, ends):
    """Two networks, a router with a gateway and an outside, and ports on them, by the API."""
    a, b = (_post(tenant, "networks", "network", name=name)["id"] for name in ("a", "b"))
    x = _post(admin, "networks", "network", name="outside", **{"router:external": True})["id"]
    subnets = [_subnet(tenant, a, "10.91.0.0/24"), _subnet(tenant, b, "10.92.0.0/24")]
    _subnet(admin, x, "198.51.100.0/24")
    router = _post(tenant, "routers", "router", name="r", external_gateway_info={"network_id": x})["id"]
    for subnet in subnets:
        tenant.call("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})
    group = _post(admin, "security-groups", "security_group", name="anything")["id"]
    _post(admin, "security-group-rules", "security_group_rule", security_group_id=group, direction="ingress",
          ethertype="IPv4")
    ports = {"a1": _post(tenant, "ports", "port", network_id=a), "a2": _post(tenant, "ports", "port", network_id=a),
             "b1": _post(tenant, "ports", "port", network_id=b),
             "x1": _post(admin, "ports", "port", network_id=x, security_groups=[group])}
    ports |= _sites(tenant, x)
    made = {}
    for name, port in ports.items():
        inside, address = ends.namespace(f"ours-{name}"), port["fixed_ips"][0]["ip_address"]
        ends.veth(inside, switch.namespace, f"ours{name}", f"{address}/24", port["mac_address"])
        switch.plug(f"ours{name}", port["id"])
        switch.installed(f"ours{name}")
        if name != "x1":
            ends.gateway(inside, address.rsplit(".", 1)[0] + ".1")
        made[name] = (inside, address)
    return {"network": a}, made


def _sites(tenant, outside):
    """A port on each of two networks that meet by VPN."""
    ports, services, lans = {}, {}, {1: "10.93.0.0/24", 2: "10.94.0.0/24"}
    for site, lan in lans.items():
        network = _post(tenant, "networks", "network", name=f"v{site}")["id"]
        subnet = _subnet(tenant, network, lan)
        router = _post(tenant, "routers", "router", name=f"v{site}", external_gateway_info={"network_id": outside})["id"]
        tenant.call("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})
        services[site] = _post(tenant, "vpn/vpnservices", "vpnservice", router_id=router, subnet_id=subnet)
        ports[f"v{site}"] = _post(tenant, "ports", "port", network_id=network)
    strong = {"encryption_algorithm": "aes-256-gcm-16", "auth_algorithm": "sha384", "pfs": "group20"}
    policies = {f"{kind}policy_id": _post(tenant, f"vpn/{kind}policies", f"{kind}policy", **strong)["id"]
                for kind in ("ike", "ipsec")}
    for site, service in services.items():
        peer = services[3 - site]["external_v4_ip"]
        made = _post(tenant, "vpn/ipsec-site-connections", "ipsec_site_connection", vpnservice_id=service["id"],
                     peer_address=peer, peer_id=peer, peer_cidrs=[lans[3 - site]], psk=tunnels.PSK,
                     initiator="bi-directional" if site == 1 else "response-only", **policies)

    def connected():
        return tenant.call("GET", f"/network/v2.0/vpn/ipsec-site-connections/{made['id']}"
                           )["ipsec_site_connection"]["status"] == "ACTIVE"
    wait(connected, 60)
    return ports


def _paths(sides, ends, say):
    """Each path on each side, in turns; ratios are of one round, so that what the machine does meanwhile falls out."""
    for side in sides.values():
        for target in {to for _, to in PATHS.values()}:
            ends.listen(side[target][0])
        for source, target in PATHS.values():
            wired.answers(side[source], side[target])
    out = {}
    for path, (source, target) in PATHS.items():
        rates, times = {side: [] for side in sides}, {side: [] for side in sides}
        for number in range(ROUNDS):
            # Whoever is first finds another machine than whoever is last.
            order = list(sides) if number % 2 == 0 else list(sides)[::-1]
            for side in order:
                ends_of = sides[side][source], sides[side][target]
                rates[side].append(wired.throughput(*ends_of, SECONDS))
                times[side].append(wired.latency(*ends_of))
        out[path] = {side: {"gbit": spread(rates[side], 2), "us": spread(times[side], 1)} for side in sides}
        for other in ("by hand", "linux"):
            out[path][other]["rate_ratio"] = _ratio(rates["akashi"], rates[other])
            out[path][other]["time_ratio"] = _ratio(times["akashi"], times[other])
        say(f"  {path}: " + ", ".join(f"{side} {one['gbit']['median']} Gbit/s {one['us']['median']} µs"
                                      for side, one in out[path].items()))
    return out


def _ratio(ours, theirs):
    return round(statistics.median(mine / other for mine, other in zip(ours, theirs)), 3)


def _first_pings(tenant, switch, ends, made, ours, say):
    """From the order of a port until a ping from it is answered, without a guest's boot: its card is there already."""
    took, ordered = [], []
    for number in range(FIRST_PINGS):
        address, hardware, device = f"10.91.0.{100 + number}", wired.mac(5, number), f"first{number}"
        inside = ends.namespace(device)
        ends.veth(inside, switch.namespace, device, f"{address}/24", hardware, up=False)
        began = time.monotonic()
        port = _post(tenant, "ports", "port", network_id=made["network"], mac_address=hardware,
                     fixed_ips=[{"ip_address": address}])["id"]
        ordered.append((time.monotonic() - began) * 1000)
        wait(lambda: switch.north({"op": "select", "table": "Logical_Switch_Port", "where": [["name", "==", port]],
                                   "columns": ["name"]})[0]["rows"], 10, 0.001)
        switch.plug(device, port)
        switch.installed(device)
        wired.sh("ip", "-n", inside, "link", "set", "eth0", "up")
        wired.answers((inside, address), ours["a1"])
        took.append((time.monotonic() - began) * 1000)
    say(f"  first ping after {statistics.median(took):.0f} ms")
    return {"whole": spread(took, 1), "ordered": spread(ordered, 1)}


def _many(tenant, admin, switch, say):
    """A thousand ports in two groups each, a hundred at a time: ordered, and in force on the host."""
    admin.call("PUT", f"/network/v2.0/quotas/{tenant.project}", {"quota": {"port": -1, "security_group": -1}})
    network = _post(tenant, "networks", "network", name="many")["id"]
    _subnet(tenant, network, "10.96.0.0/16")
    default = next(each["id"] for each in tenant.call("GET", "/network/v2.0/security-groups")["security_groups"]
                   if each["name"] == "default")
    groups = [_post(tenant, "security-groups", "security_group", name=f"g{number}")["id"] for number in range(10)]
    for group in groups:
        _post(tenant, "security-group-rules", "security_group_rule", security_group_id=group, direction="ingress",
              ethertype="IPv4", protocol="tcp", port_range_min=22, port_range_max=22)
    batches, known = [], _count(switch)
    for first in range(0, PORTS, BATCH):
        began, spent = time.monotonic(), _processor(switch)
        for number in range(first, first + BATCH):
            _post(tenant, "ports", "port", network_id=network, name=f"m{number}",
                  security_groups=[default, groups[number % len(groups)]])
        ordered = time.monotonic() - began
        wait(lambda: _count(switch) >= known + first + BATCH, 120, 0.02)
        woven = time.monotonic() - began
        switch.settle()
        batches.append({"ordered_ms": round(ordered * 1000 / BATCH, 2), "woven_ms": round(woven * 1000 / BATCH, 2),
                        "in_force_ms": round((time.monotonic() - began) * 1000 / BATCH, 2),
                        "processor_ms": {name: round((now - spent.get(name, 0)) * 1000 / BATCH, 2)
                                         for name, now in _processor(switch).items()}})
        say(f"  {first + BATCH} ports: {batches[-1]}")
    return {"ports": PORTS, "batch": BATCH, "batches": batches}


def _count(switch):
    rows = switch.north({"op": "select", "table": "Logical_Switch_Port", "where": [], "columns": ["name", "type"]})[0]["rows"]
    return sum(1 for row in rows if row["type"] == "")


def _processor(switch):
    """Seconds of processor that each process has used."""
    out, ticks = {}, os.sysconf("SC_CLK_TCK")
    for path in switch.run.glob("*"):
        name = path.name.removesuffix(".process")
        if path.suffix != ".process" and name != "akashi":
            continue
        fields = open(f"/proc/{path.read_text().split()[0]}/stat").read().rsplit(")", 1)[1].split()
        out[name] = (int(fields[11]) + int(fields[12])) / ticks
    return out

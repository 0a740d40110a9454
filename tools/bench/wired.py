"""Ports with namespaces on them: Akashi's, the same wired into OVN by hand, and plain Linux ones, to be measured alike."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time

from cloud import ROOT, Failed, wait

sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))
import ovsdb  # noqa: E402

OPTIONS = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL}


def sh(*words):
    """Runs a command to its end and returns what it wrote."""
    done = subprocess.run([str(word) for word in words], **OPTIONS)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def mac(kind, number):
    return f"0a:00:00:00:{kind:02x}:{number:02x}"


class Ends:
    """Namespaces that are made for a run and taken away after it."""

    def __init__(self, tag):
        self.tag, self.undo, self.servers = f"akb{tag}", contextlib.ExitStack(), []

    def namespace(self, name):
        name = f"{self.tag}-{name}"
        sh("ip", "netns", "add", name)
        self.undo.callback(subprocess.run, ["ip", "netns", "delete", name], **OPTIONS)
        sh("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def veth(self, inside, outside, device, address, hardware, up=True, mtu=1442, name="eth0"):
        """A card in one namespace, whose other end has a name in another."""
        sh("ip", "-n", inside, "link", "add", name, "address", hardware, "mtu", mtu, "type", "veth", "peer", "name",
           device, "netns", outside)
        sh("ip", "-n", outside, "link", "set", device, "mtu", mtu, "up")
        sh("ip", "-n", inside, "addr", "add", address, "dev", name)
        if up:
            sh("ip", "-n", inside, "link", "set", name, "up")

    def gateway(self, inside, address):
        sh("ip", "-n", inside, "route", "add", "default", "via", address)

    def listen(self, inside):
        """An iperf3 server."""
        self.servers.append(subprocess.Popen(["ip", "netns", "exec", inside, "iperf3", "-s"], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def close(self):
        for each in self.servers:
            each.kill()
            each.wait(10)
        self.undo.close()


class Switch:
    """An installation's OVN, spoken to as its operator could."""

    def __init__(self, cloud):
        self.run = cloud._run()[1]
        self.namespace = f"ak-{self.run.name}-net"

    def north(self, *operations):
        return ovsdb.transact(self.run / "ovn/central.sock", "OVN_Northbound", *operations)

    def host(self, *operations):
        return ovsdb.transact(self.run / "ovn/host.sock", "Open_vSwitch", *operations)

    @property
    def chassis(self):
        rows = ovsdb.transact(self.run / "ovn/central.sock", "OVN_Southbound",
                              {"op": "select", "table": "Chassis", "where": [], "columns": ["name"]})
        return rows[0]["rows"][0]["name"]

    def plug(self, device, port):
        """Joins a device to a logical port."""
        self.host(
            {"op": "insert", "table": "Interface", "uuid-name": "i",
             "row": {"name": device, "external_ids": ["map", [["iface-id", port]]]}},
            {"op": "insert", "table": "Port", "uuid-name": "p", "row": {"name": device, "interfaces": ["named-uuid", "i"]}},
            {"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
             "mutations": [["ports", "insert", ["set", [["named-uuid", "p"]]]]]})

    def installed(self, device, seconds=20):
        """Returns when the switch has the port's flows."""
        ovsdb.transact(self.run / "ovn/host.sock", "Open_vSwitch", {
            "op": "wait", "table": "Interface", "timeout": seconds * 1000, "columns": ["name"], "until": "==",
            "where": [["name", "==", device], ["external_ids", "includes", ["map", [["ovn-installed", "true"]]]]],
            "rows": [{"name": device}]})

    def settle(self, seconds=60):
        """Returns when the host has taken up all that was written before."""
        number = self.north({"op": "mutate", "table": "NB_Global", "where": [], "mutations": [["nb_cfg", "+=", 1]]},
                            {"op": "select", "table": "NB_Global", "where": [], "columns": ["nb_cfg"]}
                            )[1]["rows"][0]["nb_cfg"]
        wait(lambda: self.north({"op": "select", "table": "NB_Global", "where": [], "columns": ["hv_cfg"]}
                                )[0]["rows"][0]["hv_cfg"] >= number, seconds, 0.005)


def by_hand(switch, ends):
    """Two networks, a router and an outside, as an engineer would write them: stateful rules, port security, SNAT."""
    net = {"a": "10.81.0", "b": "10.82.0", "x": "198.18.0"}
    places = {"a1": ("a", 11), "a2": ("a", 12), "b1": ("b", 11), "x1": ("x", 11)}
    rows, on = [], {"a": [], "b": [], "x": []}
    for number, (name, (where, last)) in enumerate(places.items()):
        own = f"{mac(2, number)} {net[where]}.{last}"
        on[where].append(["named-uuid", f"p{name}"])
        rows.append(insert("Logical_Switch_Port", f"p{name}", name=f"hand-{name}", addresses=own, port_security=own))
    for number, where in enumerate(net):
        more = {}
        if where == "x":
            rows.append(insert("Gateway_Chassis", "g", name="hand-gateway", chassis_name=switch.chassis, priority=1))
            more["gateway_chassis"] = ["named-uuid", "g"]
        on[where] += router_port(rows, where, f"{net[where]}.1/24", mac(3, number), **more)
        rows.append(insert("Logical_Switch", f"s{where}", name=f"hand-{where}", ports=["set", on[where]]))
    rows.append(insert("NAT", "n", type="snat", external_ip=f"{net['x']}.1", logical_ip="10.81.0.0/24"))
    rows.append(insert("Logical_Router", "r", name="hand", nat=["named-uuid", "n"],
                       ports=["set", [["named-uuid", f"l{where}"] for where in net]]))
    switch.north(*rows, *guarded("hand", [f"p{name}" for name in places]))
    made = {}
    for number, (name, (where, last)) in enumerate(places.items()):
        inside = ends.namespace(f"hand-{name}")
        ends.veth(inside, switch.namespace, f"hand{name}", f"{net[where]}.{last}/24", mac(2, number))
        switch.plug(f"hand{name}", f"hand-{name}")
        switch.installed(f"hand{name}")
        if where != "x":
            ends.gateway(inside, f"{net[where]}.1")
        made[name] = (inside, f"{net[where]}.{last}")
    return made


def guarded(group, ports):
    """Rows of stateful rules that let everything pass, for ports that are named in the same transaction."""
    rows, rules = [], []
    for place, (direction, side) in enumerate((("from-lport", "inport"), ("to-lport", "outport"))):
        for action, priority, match in (("allow-related", 1000, f"{side} == @{group} && ip4"),
                                        ("allow", 1000, f"{side} == @{group} && arp"), ("drop", 0, f"{side} == @{group}")):
            rules.append(["named-uuid", f"acl{place}{len(rules)}"])
            rows.append(insert("ACL", rules[-1][1], priority=priority, direction=direction, match=match, action=action))
    return rows + [insert("Port_Group", None, name=group, acls=["set", rules],
                          ports=["set", [["named-uuid", port] for port in ports]])]


def router_port(rows, name, networks, hardware, **more):
    """Adds both ends of a router's leg, the router's as `l` and its name; returns the switch's."""
    rows.append(insert("Logical_Switch_Port", f"r{name}", name=f"hand-r{name}", type="router", addresses="router",
                       options=["map", [["router-port", f"hand-lrp-{name}"]]]))
    rows.append(insert("Logical_Router_Port", f"l{name}", name=f"hand-lrp-{name}", mac=hardware, networks=networks, **more))
    return [["named-uuid", f"r{name}"]]


def insert(table, named, /, **row):
    operation = {"op": "insert", "table": table, "row": row}
    return operation | ({"uuid-name": named} if named else {})


def plain(ends):
    """The same of Linux alone: bridges and a router that masquerades, in one namespace, without filters."""
    net = {"a": "10.71.0", "b": "10.72.0", "x": "198.19.0"}
    hub, made = ends.namespace("plain"), {}
    for where in net:
        sh("ip", "-n", hub, "link", "add", f"br-{where}", "type", "bridge")
        sh("ip", "-n", hub, "addr", "add", f"{net[where]}.1/24", "dev", f"br-{where}")
        sh("ip", "-n", hub, "link", "set", f"br-{where}", "up")
    sh("ip", "netns", "exec", hub, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    subprocess.run(["ip", "netns", "exec", hub, "nft", "-f", "-"], input=(
        'table ip n { chain p { type nat hook postrouting priority srcnat; oifname "br-x" masquerade; }; }'),
        check=True, text=True, timeout=20)
    for number, (name, where, last) in enumerate((("a1", "a", 11), ("a2", "a", 12), ("b1", "b", 11), ("x1", "x", 11))):
        inside = ends.namespace(f"plain-{name}")
        ends.veth(inside, hub, f"p{name}", f"{net[where]}.{last}/24", mac(4, number))
        sh("ip", "-n", hub, "link", "set", f"p{name}", "master", f"br-{where}")
        if where != "x":
            ends.gateway(inside, f"{net[where]}.1")
        made[name] = (inside, f"{net[where]}.{last}")
    return made


def throughput(source, target, seconds):
    """Gbit/s of one TCP connection."""
    done = subprocess.run(["ip", "netns", "exec", source[0], "iperf3", "-J", "-t", str(seconds), "-O", "1", "-c", target[1]],
                          capture_output=True, text=True, timeout=seconds + 30)
    told = json.loads(done.stdout)
    if "error" in told:
        raise Failed(f"iperf3 to {target[1]}: {told['error']}")
    return told["end"]["sum_received"]["bits_per_second"] / 1e9


def latency(source, target, count=2000):
    """Microseconds of a ping there and back, the mean of many, each sent when the one before is answered: with pauses
    it would be the switch's way of falling asleep that is measured."""
    text = sh("ip", "netns", "exec", source[0], "ping", "-q", "-n", "-A", "-c", count, target[1])
    return float(re.search(r"= [\d.]+/([\d.]+)/", text)[1]) * 1000


def answers(source, target, seconds=15):
    """Waits until a ping is answered."""
    def one():
        return subprocess.run(["ip", "netns", "exec", source[0], "ping", "-q", "-n", "-c", "1", "-W", "1", target[1]],
                              **OPTIONS).returncode == 0
    one.__name__ = f"{target[1]} to answer {source[0]}"
    wait(one, seconds)

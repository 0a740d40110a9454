"""Network namespaces on ports of a cloud, as guests' cards are: a host that boots in no time, for tests of networks."""
import pathlib
import subprocess
import uuid

import ovsdb
from instance import _tag
from session import must, run, wait


def ask(session, method, path, body=None):
    """What the network API answers, which must be a success."""
    answer = session.http(method, f"/network/v2.0/{path}", body)
    assert 200 <= answer.status < 300, (method, path, answer)
    return answer.json if answer.body else None


class Beneath:
    """What runs beneath an installation, found by its state directory."""

    def __init__(self, state):
        self.state = pathlib.Path(state)
        tag = _tag(str(self.state.resolve()))
        self.run, self.namespace = pathlib.Path("/run/akashi") / tag, f"ak-{tag}-net"

    def north(self, *operations):
        return ovsdb.transact(self.run / "ovn/central.sock", "OVN_Northbound", *operations)

    def switch(self, *operations):
        return ovsdb.transact(self.run / "ovn/host.sock", "Open_vSwitch", *operations)

    def gateway(self, service):
        """The namespace of a VPN service's gateway."""
        return f"{self.namespace.removesuffix('-net')}-vpn-{service}"


class Plugged:
    """A namespace whose eth0 is on a new port of a network."""

    def __init__(self, beneath, session, network, name, gateway=None, **order):
        self.beneath, self.session, self.namespace = beneath, session, f"vpn-{name}-{uuid.uuid4().hex[:6]}"
        # The mark keeps the sweep from taking the device for an orphan's.
        port = {"network_id": network, "name": self.namespace, "device_id": self.namespace} | order
        self.port = ask(session, "POST", "ports", {"port": port})["port"]
        self.address = self.port["fixed_ips"][0]["ip_address"]
        subnet = ask(session, "GET", f"subnets/{self.port['fixed_ips'][0]['subnet_id']}")["subnet"]
        self.prefix = subnet["cidr"].split("/")[1]
        self.device = "t" + self.port["id"].replace("-", "")[:14]
        must(run(["ip", "netns", "add", self.namespace]))
        self._ip("link", "add", "eth0", "address", self.port["mac_address"], "mtu", "1442", "type", "veth", "peer",
                 "name", self.device, "mtu", "1442", "netns", beneath.namespace)
        must(run(["ip", "-n", beneath.namespace, "link", "set", self.device, "up"]))
        self._ip("addr", "add", f"{self.address}/{self.prefix}", "dev", "eth0")
        for device in ("lo", "eth0"):
            self._ip("link", "set", device, "up")
        if way := gateway or subnet["gateway_ip"]:
            self._ip("route", "add", "default", "via", way)
        self._join()

    def _ip(self, *words):
        must(run(["ip", "-n", self.namespace, *words]))

    def _join(self):
        marks = [["iface-id", self.port["id"]], ["akashi-port", self.port["id"]], ["akashi-uid", "0"]]
        self.beneath.switch(
            {"op": "insert", "table": "Interface", "uuid-name": "i",
             "row": {"name": self.device, "external_ids": ["map", marks]}},
            {"op": "insert", "table": "Port", "uuid-name": "p",
             "row": {"name": self.device, "interfaces": ["named-uuid", "i"]}},
            {"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
             "mutations": [["ports", "insert", ["set", [["named-uuid", "p"]]]]]})

        def installed():
            rows = self.beneath.switch({"op": "select", "table": "Interface", "columns": ["external_ids"],
                                        "where": [["name", "==", self.device]]})[0]["rows"]
            return ["ovn-installed", "true"] in rows[0]["external_ids"][1]
        wait(installed, 20, every=0.1)

    def run(self, *argv, seconds=60):
        """A finished command inside."""
        return run(["ip", "netns", "exec", self.namespace, *argv], seconds=seconds)

    def start(self, *argv):
        """A command inside, running."""
        return subprocess.Popen(["ip", "netns", "exec", self.namespace, *map(str, argv)], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def reaches(self, address, seconds=1, size=56):
        """Whether a ping is answered within some seconds."""
        done = self.run("ping", "-q", "-n", "-c", "1", "-W", "1", "-i", "0.3", "-M", "dont", "-s", str(size), "-w",
                        str(seconds), address)
        return done.code == 0

    def remove(self):
        run(["ip", "netns", "delete", self.namespace])
        # Without its row Open vSwitch would look for the device for ever.
        found = self.beneath.switch({"op": "select", "table": "Port", "columns": ["_uuid"],
                                     "where": [["name", "==", self.device]]})[0]["rows"]
        if found:
            self.beneath.switch({"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
                                 "mutations": [["ports", "delete", ["set", [found[0]["_uuid"]]]]]})
        ask(self.session, "DELETE", f"ports/{self.port['id']}")

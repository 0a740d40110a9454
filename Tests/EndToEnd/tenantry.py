"""A tenant's doings over plain HTTPS: networks, ports, servers and what their consoles say."""
import base64
import re

from session import wait

FLAVOR = "1CPU-128MB"
BOOT_SECONDS = 120

PULSE = """#!/bin/sh
while :; do read -r up rest </proc/uptime; echo "pulse $up"; sleep 1; done
"""


def ping(address):
    """A script that pings for ever, and prints each reply with its number."""
    return f"#!/bin/sh\nwhile :; do ping -c 1 -W 5 {address} >/dev/null && break; done\necho; ping {address}\n"


class Tenantry:
    """What one session does in one network with one image."""

    def __init__(self, session, guest_image, name="survival", cidr="10.77.0.0/24"):
        self.session, self.name = session, name
        self.compute = f"/compute/v2.1/{session.project}"
        self.image = self.new_image(name, guest_image.read_bytes())
        self.network = self.new_network(name, cidr)

    def ask(self, method, path, body=None, **options):
        """The answer, which must be a success."""
        answer = self.session.http(method, path, body, **options)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer

    def new_image(self, name, content):
        order = {"name": name, "disk_format": "raw", "container_format": "bare"}
        image = self.ask("POST", "/image/v2/images", order).json["id"]
        self.ask("PUT", f"/image/v2/images/{image}/file", content,
                 headers={"Content-Type": "application/octet-stream"}, seconds=120)
        return image

    def new_network(self, name, cidr):
        network = self.ask("POST", "/network/v2.0/networks", {"network": {"name": name}}).json["network"]["id"]
        order = {"network_id": network, "cidr": cidr, "ip_version": 4, "name": name}
        self.ask("POST", "/network/v2.0/subnets", {"subnet": order})
        return network

    def order(self, name, address=None, script=None):
        """The body that asks for a server."""
        nic = {"uuid": self.network} | ({"fixed_ip": address} if address else {})
        order = {"name": name, "imageRef": self.image, "flavorRef": FLAVOR, "networks": [nic]}
        if script:
            order["user_data"] = base64.b64encode(script.encode()).decode()
        return {"server": order}

    def new_server(self, name, address=None, script=None):
        """Id of a new server."""
        return self.ask("POST", f"{self.compute}/servers", self.order(name, address, script)).json["server"]["id"]

    def act(self, server, **action):
        self.ask("POST", f"{self.compute}/servers/{server}/action", action)

    def servers(self):
        """All servers, as shown, by id."""
        shown = self.ask("GET", f"{self.compute}/servers/detail").json["servers"]
        return {each["id"]: each for each in shown}

    def listed(self, kind):
        """All of its own networks, subnets or ports, by id."""
        all = self.ask("GET", f"/network/v2.0/{kind}").json[kind]
        return {each["id"]: each for each in all if each["project_id"] == self.session.project}

    def ports_of(self, server):
        return [each for each in self.listed("ports").values() if each["device_id"] == server]

    def active(self, *servers, seconds=BOOT_SECONDS):
        """Waits until all of them are ACTIVE."""
        def all_active():
            states = {server: self.servers().get(server, {}).get("status") for server in servers}
            assert "ERROR" not in states.values(), self.servers()
            return set(states.values()) == {"ACTIVE"}
        wait(all_active, seconds, every=0.1)

    def console(self, server):
        answer = self.session.http("POST", f"{self.compute}/servers/{server}/action", {"os-getConsoleOutput": {}})
        return answer.json["output"] if answer.status == 200 else ""

    def says(self, server, pattern, seconds=BOOT_SECONDS):
        """Waits for a line on the console; all matches."""
        def found():
            return re.findall(pattern, self.console(server), re.MULTILINE)
        try:
            return wait(found, seconds, every=0.25)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} in {seconds} s on:\n{self.console(server)[-3000:]}") from None


def pulses(console):
    """The seconds of the guest's own clock at which its pulse was printed."""
    return [float(each) for each in re.findall(r"pulse (\d+\.\d+)", console)]


def replies(console):
    """The numbers of the pings that were answered."""
    return [int(each) for each in re.findall(r"bytes from .* seq=(\d+) ", console)]


def missed(console):
    """The numbers of the pings that were not answered, up to the last one that was."""
    got = replies(console)
    return sorted(set(range(min(got), max(got) + 1)) - set(got)) if got else []

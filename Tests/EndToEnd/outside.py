"""The Internet, for tests: a namespace at the other end of a cloud's uplink, with a host on it."""
import subprocess
import time
import uuid

from session import must, run

HOST, EDGE, BLOCK = "192.0.2.1", "192.0.2.2", "203.0.113.0/24"


class Outside:
    """`options` is what `akashi up` is told of it."""

    def __init__(self):
        tag = uuid.uuid4().hex[:6]
        self.namespace, self.device = f"out-{tag}", f"up{tag}"
        must(run(["ip", "netns", "add", self.namespace]))
        must(run(["ip", "link", "add", self.device, "type", "veth", "peer", "name", "eth0",
                  "netns", self.namespace]))
        self.ip("addr", "add", f"{HOST}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            self.ip("link", "set", device, "up")
        self.ip("route", "add", BLOCK, "via", EDGE)
        self.options = ["--uplink", self.device, "--uplink-address", f"{EDGE}/24", "--uplink-gateway", HOST]

    def ip(self, *words):
        must(run(["ip", "-n", self.namespace, *words]))

    def run(self, *words, seconds=30):
        return run(["ip", "netns", "exec", self.namespace, *words], seconds=seconds)

    def pings(self, address, count=1, patience=2):
        """Whether the address answers."""
        return self.run("ping", "-c", str(count), "-W", str(patience), "-i", "0.2", address).code == 0

    def start(self, *words):
        """A program that goes on there; the caller ends it."""
        return subprocess.Popen(["ip", "netns", "exec", self.namespace, *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def sniff(self, what, act, seconds=1.5):
        """What tcpdump says of packets that come while `act` is done, and a little longer."""
        seen = self.start("tcpdump", "-lni", "eth0", what)
        try:
            for line in seen.stdout:
                if "listening on" in line:
                    break
            act()
            time.sleep(seconds)
        finally:
            seen.terminate()
        return seen.communicate(timeout=10)[0]

    def remove(self):
        run(["ip", "netns", "delete", self.namespace])

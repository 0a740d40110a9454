"""A private installation of Akashi to be measured, and a client for it."""
import http.client
import json
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUEST_IMAGE_SECONDS = 900


class Failed(Exception):
    """What is to be measured does not work."""


def free_port():
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(happened, seconds, every=0.05):
    """Calls `happened` until what it returns is true, and returns that."""
    end = time.monotonic() + seconds
    while not (result := happened()):
        if time.monotonic() > end:
            raise Failed(f"waited {seconds} s for {happened.__name__}")
        time.sleep(every)
    return result


def spread(values, digits=4):
    """Median, least and greatest of some numbers, and how many they were."""
    return {"median": round(statistics.median(values), digits), "least": round(min(values), digits),
            "greatest": round(max(values), digits), "runs": len(values)}


class Cloud:
    """One installation in a directory of its own, which `remove` takes away."""

    def __init__(self, build):
        self.akashi = pathlib.Path(build).resolve() / "akashi"
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="akashi-bench-"))
        self.state.chmod(0o711)  # guests are users of their own
        self.port = free_port()

    def up(self, *options):
        """Starts it, or takes it over; seconds until it was ready."""
        began = time.monotonic()
        done = subprocess.run([self.akashi, "up", "--detach", "--state", self.state, "--port", str(self.port),
                               # What is measured is how fast it answers, not how fast it lets one user ask.
                               "--request-rate", "0", *options],
                              capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL)
        took = time.monotonic() - began
        if done.returncode != 0:
            raise Failed(done.stdout + done.stderr)
        self.summary = done.stdout
        return took

    def down(self, grace=0):
        """Stops servers, networks and control plane."""
        subprocess.run([self.akashi, "down", "--state", self.state, "--grace", str(grace)], check=True, timeout=120,
                       capture_output=True, stdin=subprocess.DEVNULL)

    def remove(self):
        """Stops it and erases what it kept."""
        try:
            self.down()
        finally:
            shutil.rmtree(self.state)

    def _run(self):
        """The process of the control plane, and the directory of its sockets."""
        for path in pathlib.Path("/run/akashi").glob("*/akashi"):
            pid = int(path.read_text().split()[0])
            words = _words(pid)
            if str(self.state) in words and "up" in words:
                return pid, path.parent
        raise Failed("no control plane runs")

    @property
    def pid(self):
        """The control plane's process."""
        return self._run()[0]

    def daemons(self):
        """The network's processes: those that were told of this cloud's directories."""
        own, run = self._run()
        return [pid for pid in _pids() if pid != own and "qemu-system" not in _words(pid)[0]
                and any(str(place) in " ".join(_words(pid)) for place in (self.state, run))]

    def guests(self):
        """The processes of servers."""
        return [pid for pid in _pids() if "qemu-system" in _words(pid)[0] and str(self.state) in " ".join(_words(pid))]

    def client(self, name="demo"):
        """A client that is logged in as one of the first users."""
        text = (self.state / f"openrc-{name}").read_text()
        return Client(dict(re.findall(r"export (\w+)=(\S+)", text)))


def _pids():
    return [int(path.name) for path in pathlib.Path("/proc").iterdir() if path.name.isdigit() and _words(int(path.name))]


def _words(pid):
    try:
        return [word for word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0") if word]
    except OSError:
        return []


class Client:
    """A user's requests over one connection that is kept open."""

    def __init__(self, variables):
        self.project = variables["OS_PROJECT_ID"]
        self.user, self.password = variables["OS_USERNAME"], variables["OS_PASSWORD"]
        self.base = urllib.parse.urlsplit(variables["OS_AUTH_URL"])
        if self.base.scheme == "https":
            context = ssl.create_default_context(cafile=variables["OS_CACERT"])
            self.connection = http.client.HTTPSConnection(self.base.hostname, self.base.port, timeout=60, context=context)
        else:
            self.connection = http.client.HTTPConnection(self.base.hostname, self.base.port, timeout=60)
        self.token = None
        user = {"name": self.user, "password": self.password, "domain": {"id": "default"}}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
                         "scope": {"project": {"id": self.project}}}}
        self.call("POST", "/identity/v3/auth/tokens", auth, expect=201)
        self.token = self.headers["x-subject-token"]

    @property
    def url(self):
        """Scheme, name and port."""
        return f"{self.base.scheme}://{self.base.netloc}"

    def call(self, method, path, body=None, expect=200):
        """What a request is answered, from JSON; None where the answer has no body."""
        headers = {"User-Agent": "akashi-bench"}
        if self.token:
            headers["X-Auth-Token"] = self.token
        if isinstance(body, bytes):
            headers["Content-Type"] = "application/octet-stream"
        elif body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read()
        if expect not in (answer.status, None):
            raise Failed(f"{method} {path}: {answer.status} {text[:500]}")
        self.status, self.size = answer.status, len(text)
        return json.loads(text) if text and "json" in self.headers.get("content-type", "") else None

    def compute(self, path):
        """The compute service's path for this project."""
        return f"/compute/v2.1/{self.project}{path}"


class Tenant:
    """A client with an image, a network and the smallest flavor, for making servers."""

    def __init__(self, client):
        self.client = client
        path = subprocess.run([ROOT / "guest/image"], check=True, capture_output=True, text=True,
                              timeout=GUEST_IMAGE_SECONDS).stdout.strip()
        image = {"name": "bench", "disk_format": "raw", "container_format": "bare"}
        self.image = client.call("POST", "/image/v2/images", image, expect=201)["id"]
        client.call("PUT", f"/image/v2/images/{self.image}/file", pathlib.Path(path).read_bytes(), expect=204)
        self.network = client.call("POST", "/network/v2.0/networks", {"network": {"name": "bench"}}, expect=201)["network"]["id"]
        subnet = {"network_id": self.network, "cidr": "10.9.0.0/24", "ip_version": 4}
        client.call("POST", "/network/v2.0/subnets", {"subnet": subnet}, expect=201)
        flavors = client.call("GET", client.compute("/flavors/detail"))["flavors"]
        self.flavor = min(flavors, key=lambda each: (each["ram"], each["vcpus"]))["id"]

    def order(self):
        """Asks for a server; its id."""
        server = {"name": "bench", "imageRef": self.image, "flavorRef": self.flavor, "networks": [{"uuid": self.network}]}
        return self.client.call("POST", self.client.compute("/servers"), {"server": server}, expect=202)["server"]["id"]

    def settle(self, server, status="ACTIVE", seconds=60, every=0.001):
        """Waits until a server has a status; SHOWN as the API shows it."""
        def settled():
            shown = self.client.call("GET", self.client.compute(f"/servers/{server}"))["server"]
            if shown["status"] == "ERROR":
                raise Failed(f"the server failed: {shown.get('fault')}")
            return shown if shown["status"] == status else None
        return wait(settled, seconds, every)

    def delete(self, server):
        """Deletes a server and waits until it is gone."""
        path = self.client.compute(f"/servers/{server}")
        self.client.call("DELETE", path, expect=204)
        def gone():
            self.client.call("GET", path, expect=None)
            return self.client.status == 404
        wait(gone, 60, 0.01)

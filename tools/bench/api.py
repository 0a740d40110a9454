"""Requests against a bare route of the same server and response size, over TLS and in plain HTTP."""
import pathlib
import os
import re
import statistics
import subprocess
import time

from cloud import Failed, Tenant, free_port
from memory import resident

ROUNDS = 3
SECONDS = 1
CONNECTIONS = (1, 16)


class Peer:
    """The bare routes, one a size."""

    def __init__(self, build, sizes, tls):
        self.port = free_port()
        self.process = subprocess.Popen([pathlib.Path(build) / "bench-peer", str(self.port), *tls, *map(str, sorted(set(sizes)))],
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise Failed("the bare routes did not start")
        self.pid, self.url = self.process.pid, f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def measure(cloud, build, say):
    """Rates, latencies and processor time of each case on each transport."""
    cloud.up()
    tenant = Tenant(cloud.client())
    server = tenant.order()
    tenant.settle(server)
    # Its processor is not to be part of this.
    tenant.client.call("POST", tenant.client.compute(f"/servers/{server}/action"), {"pause": None}, expect=202)
    tenant.settle(server, "PAUSED")
    out = {"rounds": ROUNDS, "seconds": SECONDS, "transports": {}}
    idle = resident(cloud.pid)
    keys = [str(cloud.state / "tls" / name) for name in ("server.pem", "server-key.pem")]
    for transport in ("tls", "plain"):
        if transport == "plain":
            os.kill(cloud.pid, 15)
            _ended(cloud)
            cloud.up("--plain-http")
        say(f"requests over {transport}")
        out["transports"][transport] = _transport(cloud, build, keys if transport == "tls" else [], server, tenant.network, say)
        if transport == "tls":
            out["memory"] = {"idle": idle, **out["transports"][transport].pop("memory")}
        else:
            out["transports"][transport].pop("memory")
    client = cloud.client()
    client.call("DELETE", client.compute(f"/servers/{server}"), expect=204)
    cloud.down()
    return out


def _ended(cloud):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            cloud.pid
        except (Failed, FileNotFoundError):
            return
        time.sleep(0.02)
    raise Failed("the control plane did not end")


def _transport(cloud, build, tls, server, network, say):
    client = cloud.client()
    paths = {
        "token validation": "/identity/v3/auth/tokens", "show a server": client.compute(f"/servers/{server}"),
        "show a network": f"/network/v2.0/networks/{network}", "list flavors": client.compute("/flavors"),
    }
    headers = {"X-Auth-Token": client.token, "X-Subject-Token": client.token, "User-Agent": "akashi-bench",
               "Accept": "application/json"}
    sizes = {name: _size(client, path, headers) for name, path in paths.items()}
    peer = Peer(build, sizes.values(), tls)
    out = {}
    try:
        for name, path in paths.items():
            for connections in CONNECTIONS:
                pairs = []
                for _ in range(ROUNDS):
                    ours = _load(client.url + path, headers, connections, cloud.pid)
                    bare = _load(f"{peer.url}/{sizes[name]}", headers, connections, peer.pid)
                    pairs.append((ours, bare))
                found = _summary(pairs)
                out.setdefault(name, {"bytes": sizes[name]})[str(connections)] = found
                say(f"  {name}, {connections}: {found['ours']['rate']:.0f}/s against {found['bare']['rate']:.0f}/s, "
                    f"ratio {found['ratio']:.2f}, processor {found['processor_ratio']:.2f}")
        out["memory"] = {"after_load": resident(cloud.pid), "bare_after_load": resident(peer.pid)}
    finally:
        peer.stop()
    return out


def _size(client, path, headers):
    client.connection.request("GET", path, headers=headers)
    answer = client.connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failed(f"{path}: {answer.status} {body[:300]}")
    return len(body)


def _summary(pairs):
    def middle(side, key):
        return statistics.median(pair[side][key] for pair in pairs)
    keys = ("rate", "p50_us", "p99_us", "processor_us")
    out = {"ours": {key: middle(0, key) for key in keys}, "bare": {key: middle(1, key) for key in keys}}
    # Of each pair, since what disturbs a machine lasts longer than a round.
    out["ratio"] = round(statistics.median(ours["rate"] / bare["rate"] for ours, bare in pairs), 3)
    out["processor_ratio"] = round(statistics.median(ours["processor_us"] / bare["processor_us"] for ours, bare in pairs), 3)
    return out


def _load(url, headers, connections, pid):
    """One run of wrk; every answer must be a success."""
    before = _processor(pid)
    done = subprocess.run(
        ["wrk", "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{SECONDS}s", "--latency",
         *[word for name, value in headers.items() for word in ("-H", f"{name}: {value}")], url],
        capture_output=True, text=True, timeout=SECONDS + 30)
    spent = _processor(pid) - before
    text = done.stdout
    if done.returncode != 0 or "Non-2xx" in text or "Socket errors" in text:
        raise Failed(f"wrk: {text}{done.stderr}")
    requests = int(re.search(r"(\d+) requests in", text)[1])
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), "p50_us": _latency(text, 50),
            "p99_us": _latency(text, 99), "processor_us": round(spent / requests * 1e6, 1)}


def _latency(text, percent):
    number, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE).groups()
    return round(float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit], 1)


def _processor(pid):
    """Seconds of processor time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""The core API with servers stored: rates against a bare route, and what a server costs among 100, 1,000 and 10,000."""
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

from cloud import Failed, Tenant
from load import CONNECTIONS, ROUNDS, Peer, compare, processor, size
from memory import resident
from stored import Stored

# Servers and networks stored; the engine here looks after the first thousand, as one host would hardly have more.
SIZES = ((100, 100), (1000, 1000), (10_000, 1000))
HERE = 1000
IMAGES = 100
PAGE = 1000
LISTS, ORDERS, IDLE_SECONDS, REST_SECONDS, SETTLE_SECONDS = 20, 30, 5, 300, 0.1
# Quotas that nobody reaches and that are checked all the same: an unlimited project would not be counted at all.
COMPUTE = {"instances": 100_000, "cores": 100_000, "ram": 100_000_000}
NETWORK = {"network": 100_000, "subnet": 100_000, "port": 100_000}
# As a tenant, who has what it lists already; projects are for operators to list, and volumes are not offered yet.
OSBENCH = ("--seconds 3 --warm 1 --images 100 --servers 100 --networks 100 --user demo --project demo --insecure --only "
           "versions,token_issue,token_reauth,token_validate,images_list,flavors_detail,servers_detail,networks_list")


def measure(cloud, build, say, osbench=None):
    """Cases as ratios, and each size's costs; `osbench` is the path of an osbench.py to run as well."""
    cloud.up()
    tenant, stored = _begin(cloud)
    keys = [str(cloud.state / "tls" / name) for name in ("server.pem", "server-key.pem")]
    out = {"rounds": ROUNDS, "connections": CONNECTIONS, "orders": ORDERS, "cases": {}, "sizes": {}}
    for servers, networks in SIZES:
        cloud.down()
        stored.grow(servers, networks, HERE)
        cloud.up()
        client = cloud.client()
        out["sizes"][str(servers)] = found = _size(cloud, client, tenant, stored, servers)
        say(f"  {servers} servers: {found}")
        if servers <= HERE:
            out["cases"] |= _cases(cloud, client, build, keys, _paths(client, tenant, stored, servers), say)
        if servers == HERE and osbench:
            out["osbench"] = _osbench(client, osbench)
        # Beyond what the lists need of memory, what all the requests have left behind.
        found["memory"]["after_load"] = resident(cloud.pid)
    cloud.down()
    return out


def _begin(cloud):
    """A tenant with an image, a network, a server to copy, a hundred images, and room for more."""
    tenant, admin = Tenant(cloud.client()), cloud.client("admin")
    project = tenant.client.project
    admin.call("PUT", admin.compute(f"/os-quota-sets/{project}"), {"quota_set": COMPUTE})
    admin.call("PUT", f"/network/v2.0/quotas/{project}", {"quota": NETWORK})
    for number in range(1, IMAGES):
        image = {"name": f"bench-{number:03}", "disk_format": "raw", "container_format": "bare"}
        tenant.client.call("POST", "/image/v2/images", image, expect=201)
    server = tenant.order()
    tenant.settle(server)
    cloud.down()
    stored = Stored(cloud, server)
    cloud.up()
    return tenant, stored


def _paths(client, tenant, stored, servers):
    """Each case's path and body; None where it is a GET."""
    user = {"name": client.user, "password": client.password, "domain": {"id": "default"}}
    scope = {"project": {"id": client.project}}
    tokens, networks = "/identity/v3/auth/tokens", len(stored.networks) + 1
    lists = {
        f"list {servers:,} servers with detail": (client.compute("/servers/detail"), None),
        f"list {networks:,} networks": ("/network/v2.0/networks", None),
    }
    if servers < HERE:
        return lists | {f"list {IMAGES} images": (f"/image/v2/images?limit={IMAGES}", None)}
    small = {
        "token for a password": (tokens, {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}),
        "token for a token": (tokens, {"auth": {"identity": {"methods": ["token"], "token": {"id": client.token}}, "scope": scope}}),
        "token validation": (tokens, None),
        "show a server": (client.compute(f"/servers/{stored.server['id']}"), None),
        "show a network": (f"/network/v2.0/networks/{tenant.network}", None),
        "list flavors": (client.compute("/flavors"), None),
    }
    return small | lists


def _cases(cloud, client, build, keys, paths, say):
    headers = {"X-Auth-Token": client.token, "X-Subject-Token": client.token, "User-Agent": "akashi-bench",
               "Accept": "application/json", "Content-Type": "application/json"}
    sizes = {}
    for name, (path, body) in paths.items():
        if body is None:
            sizes[name] = size(client, path, headers)
        else:
            client.call("POST", path, body, expect=201)
            sizes[name] = client.size
    peer, out = Peer(build, sizes.values(), keys), {}
    try:
        for name, (path, body) in paths.items():
            out[name] = {"bytes": sizes[name]}
            for connections in CONNECTIONS:
                # A slow one needs longer to be counted.
                seconds = 1 if sizes[name] < 100_000 else 3
                found = compare((cloud.pid, client.url + path, headers, body),
                                (peer.pid, f"{peer.url}/{sizes[name]}", headers, None), connections, seconds)
                out[name][str(connections)] = found
                say(f"  {name}, {connections}: {found['ours']['rate']:.1f}/s against {found['bare']['rate']:.0f}/s, "
                    f"ratio {found['ratio']}, {found['ours']['processor_us'] / 1000:.2f} ms of processor")
    finally:
        peer.stop()
    return out


def _size(cloud, client, tenant, stored, servers):
    """What lists, orders and rest cost with so many servers stored."""
    pid, before = cloud.pid, processor(cloud.pid)
    settled = stored.rest(REST_SECONDS)
    out = {"settled_s": round(settled, 1), "settling_processor_s": round(processor(pid) - before, 2),
           "store_mib": stored.size(), "memory": {"at_rest": resident(pid)}}
    before = processor(pid)
    time.sleep(IDLE_SECONDS)
    out["idle_processor"] = round((processor(pid) - before) / IDLE_SECONDS, 4)
    page = f"/servers/detail?limit={PAGE}"
    shown = client.call("GET", client.compute(page))["servers"]
    if len(shown) != min(PAGE, servers) or not all(one["status"] == "SHUTOFF" and one["addresses"] for one in shown):
        raise Failed(f"of {servers} servers, {len(shown)} are listed, or not as they should be: {shown[:1]}")
    client.call("GET", client.compute(page))
    out["listed"], out["bytes"] = len(shown), client.size
    out["list_processor_ms"], out["list_ms"] = _lists(client, pid, page, lambda turn: None)
    def rename(turn):
        client.call("PUT", client.compute(f"/servers/{shown[0]['id']}"), {"server": {"name": f"renamed-{turn}"}})
        time.sleep(SETTLE_SECONDS)
    out["changed_list_processor_ms"], _ = _lists(client, pid, page, rename)
    out["listed_processor_us"] = round(out["list_processor_ms"] / len(shown) * 1000, 1)
    out["memory"]["after_lists"] = resident(pid)
    return out | _orders(client, tenant, pid)


def _lists(client, pid, page, prepare):
    """Milliseconds of processor that a list takes, each after some preparation; and until it is there, the median."""
    spent, times = 0, []
    for turn in range(LISTS):
        prepare(turn)
        before, began = processor(pid), time.monotonic()
        size(client, client.compute(page), {"X-Auth-Token": client.token})
        times.append(time.monotonic() - began)
        spent += processor(pid) - before
    return round(spent / LISTS * 1000, 2), round(statistics.median(times) * 1000, 1)


def _orders(client, tenant, pid):
    """Orders one after the other, each deleted before the next: until accepted, and the processor's time for it all."""
    server = {"name": "bench", "imageRef": tenant.image, "flavorRef": tenant.flavor, "networks": [{"uuid": tenant.network}]}
    times, before = [], processor(pid)
    for _ in range(ORDERS):
        began = time.monotonic()
        made = client.call("POST", client.compute("/servers"), {"server": server}, expect=202)["server"]["id"]
        times.append((time.monotonic() - began) * 1000)
        path = client.compute(f"/servers/{made}")
        # Those that are stored fill this host, so it fails to be placed, without a guest that would take the processors.
        _until(client, path, lambda: client.call("GET", path)["server"]["status"] != "BUILD")
        client.call("DELETE", path, expect=204)
        _until(client, path, lambda: client.call("GET", path, expect=None) and client.status == 404)
    times.sort()
    return {"accepted_ms": round(statistics.median(times), 2), "accepted_p99_ms": round(times[math.ceil(len(times) * 0.99) - 1], 2),
            "order_processor_ms": round((processor(pid) - before) / ORDERS * 1000, 1)}


def _until(client, path, happened):
    end = time.monotonic() + 30
    while not happened():
        if time.monotonic() > end:
            raise Failed(f"{path} does not settle")
        time.sleep(0.01)


def _osbench(client, program):
    """The same cloud as somebody else's program sees it, in its own units."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        done = subprocess.run(
            ["python3", pathlib.Path(program), "--auth-url", client.url + "/identity/v3", "--password", client.password,
             *OSBENCH.split(), "--out", file.name],
            capture_output=True, text=True, timeout=600)
        text = pathlib.Path(file.name).read_text()
        # Its exit tells of refusals too, and those are in its figures.
        if not text:
            raise Failed(f"osbench: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        found = json.loads(text)
    kept = ("case", "conns", "rps", "p50_ms", "p90_ms", "p99_ms", "non2xx", "bytes_per_resp")
    return [{key: case[key] for key in kept} for case in found["cases"] if "skipped" not in case]

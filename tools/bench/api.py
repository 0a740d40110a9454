"""Requests against a bare route of the same server and response size, over TLS and in plain HTTP."""
import os
import time

from cloud import Failed, Tenant
from load import CONNECTIONS, ROUNDS, Peer, compare, size
from memory import resident

SECONDS = 1


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
    sizes = {name: size(client, path, headers) for name, path in paths.items()}
    peer = Peer(build, sizes.values(), tls)
    out = {}
    try:
        for name, path in paths.items():
            for connections in CONNECTIONS:
                found = compare((cloud.pid, client.url + path, headers, None),
                                (peer.pid, f"{peer.url}/{sizes[name]}", headers, None), connections, SECONDS)
                out.setdefault(name, {"bytes": sizes[name]})[str(connections)] = found
                say(f"  {name}, {connections}: {found['ours']['rate']:.0f}/s against {found['bare']['rate']:.0f}/s, "
                    f"ratio {found['ratio']:.2f}, processor {found['processor_ratio']:.2f}")
        out["memory"] = {"after_load": resident(cloud.pid), "bare_after_load": resident(peer.pid)}
    finally:
        peer.stop()
    return out

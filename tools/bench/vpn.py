"""Throughput between two sites through the VPN, and over the same path without it, as JSON.

AKASHI_STATE=DIR python3 tools/bench/vpn.py [SECONDS]     # an installation that runs
"""
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time
import uuid

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests/EndToEnd"))

from plugged import Beneath, Plugged, ask  # noqa: E402
from session import Session, must, read_openrc, wait  # noqa: E402
from sites import Site  # noqa: E402


def megabits(one, two, address, seconds):
    """Mbit/s of one TCP stream."""
    server = two.start("iperf3", "-s", "-1")
    try:
        time.sleep(0.5)
        done = must(one.run("iperf3", "-c", address, "-t", str(seconds), "-J", seconds=seconds + 30))
        return json.loads(done.out)["end"]["sum_received"]["bits_per_second"] / 1e6
    finally:
        server.kill()


def measure(state, seconds):
    """The figures: through the tunnel, across one router, and their ratio."""
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        admin, demo = (Session(read_openrc(state / f"openrc-{name}"), home) for name in ("admin", "demo"))
        beneath = Beneath(state)
        network = ask(admin, "POST", "networks", {"network": {"name": f"bench-{uuid.uuid4().hex[:6]}",
                                                             "router:external": True}})["network"]["id"]
        stack.callback(wait, lambda: admin.http("DELETE", f"/network/v2.0/networks/{network}").status == 204, 30)
        ask(admin, "POST", "subnets", {"subnet": {"network_id": network, "cidr": "198.51.100.0/24", "ip_version": 4,
                                                 "enable_dhcp": False}})
        a, b = (Site(beneath, session, network, number, stack.callback).open()
                for number, session in ((3, demo), (4, admin)))
        one = a.connect(b.address, b.cidr)
        b.connect(a.address, a.cidr, initiator="response-only")
        a.is_up(one)
        tunnel = megabits(a.host, b.host, b.host.address, seconds)
        # The same hosts' path with two hops fewer and no ciphers: from one network to another by one router.
        other = a.make("networks", "network", name="bench-plain")["id"]
        subnet = a.make("subnets", "subnet", network_id=other, cidr="10.89.0.0/24", ip_version=4)["id"]
        ask(demo, "PUT", f"routers/{a.router}/add_router_interface", {"subnet_id": subnet})
        stack.callback(ask, demo, "PUT", f"routers/{a.router}/remove_router_interface", {"subnet_id": subnet})
        plain_host = Plugged(beneath, demo, other, "plain")
        stack.callback(plain_host.remove)
        plain = megabits(a.host, plain_host, plain_host.address, seconds)
        return {"vpn_mbits": round(tunnel), "routed_mbits": round(plain), "ratio": round(tunnel / plain, 4)}


if __name__ == "__main__":
    print(json.dumps(measure(pathlib.Path(os.environ["AKASHI_STATE"]), int(sys.argv[1]) if sys.argv[1:] else 5)))

"""`kill -9` of any daemon of the network, or of Akashi, at random moments while ports talk and are ordered: traffic goes
on by itself, what was ordered is completed, and the store and OVN agree afterwards.

AKASHI_DAEMON_KILLS=N kills N times (each part once unless told), AKASHI_KILL_SEED=K replays the moments of a run."""
import contextlib
import http.client
import os
import random
import threading
import time

import pytest

from agreement import agreed, disagreements
from census import settled
from session import wait
from survival import DAEMONS, cloud, tenantry  # noqa: F401
from tenantry import PULSE, missed, ping, replies

PARTS = (*DAEMONS, "akashi")
KILLS = int(os.environ.get("AKASHI_DAEMON_KILLS", len(PARTS)))
SEED = int(os.environ.get("AKASHI_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
# Seconds until established traffic goes on. ovs-vswitchd and the database that it reads carry the packets; the others
# do not, and a ping that was just on its way is all that may be missing.
BOUND = {"ovs-vswitchd": 12, "ovsdb-host": 12}
ELSE_BOUND = 4


@pytest.fixture(scope="module")
def talkers(cloud, tenantry):
    """Servers that ping one of another: on its network, and across a router. Name to id."""
    far = tenantry.new_network("far", "10.78.0.0/24")
    router = tenantry.ask("POST", "/network/v2.0/routers", {"router": {"name": "between"}}).json["router"]["id"]
    for network in (tenantry.network, far):
        subnet = next(each["id"] for each in tenantry.listed("subnets").values() if each["network_id"] == network)
        tenantry.ask("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})
    made = {"pulse": tenantry.new_server("keep-pulse", "10.77.0.10", PULSE),
            "near": tenantry.new_server("keep-near", "10.77.0.20", ping("10.77.0.10"))}
    order = tenantry.order("keep-far", "10.78.0.20", ping("10.77.0.10"))
    order["server"]["networks"][0]["uuid"] = far
    made["far"] = tenantry.ask("POST", f"{tenantry.compute}/servers", order).json["server"]["id"]
    tenantry.active(*made.values())
    for name in ("near", "far"):
        tenantry.says(made[name], r"seq=\d")
    return made


class Orders(threading.Thread):
    """Orders ports, groups and networks one after the other, and keeps which were answered."""

    def __init__(self, tenantry, dice):
        super().__init__(daemon=True)
        self.tenantry, self.dice = tenantry, dice
        self.answered, self.ended = [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            name = f"order-{len(self.answered)}-{self.dice.randrange(1 << 30)}"
            order = {"port": {"network_id": self.tenantry.network, "name": name}}
            # What gets no answer may be there or not; what is there must be whole, which `agreed` sees.
            with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
                answer = self.tenantry.session.http("POST", "/network/v2.0/ports", order, seconds=10)
                if answer.status == 201:
                    self.answered.append(answer.json["port"]["id"])
            self.ended.wait(self.dice.uniform(0.05, 0.4))

    def stop(self):
        self.ended.set()
        self.join(30)
        assert not self.is_alive()


def resumes(tenantry, server, seconds):
    """Waits for two further replies; the seconds that took."""
    had, began = len(replies(tenantry.console(server))), time.monotonic()
    wait(lambda: len(replies(tenantry.console(server))) >= had + 2, seconds, every=0.1)
    return time.monotonic() - began


def restarted(cloud, name, old):
    if name == "akashi":
        cloud.up()
    wait(lambda: cloud.daemons().get(name) not in (None, old) if name != "akashi" else cloud.control, 15, every=0.02)


def test_any_part_killed_at_any_moment_costs_moments_and_no_agreement(cloud, tenantry, talkers):
    print(f"AKASHI_KILL_SEED={SEED} AKASHI_DAEMON_KILLS={KILLS}")
    dice = random.Random(SEED)
    guests = cloud.qemus()
    agreed(cloud)
    lost, took = {}, {}
    for number in range(KILLS):
        name = PARTS[number % len(PARTS)] if number < len(PARTS) else dice.choice(PARTS)
        gone = {who: set(missed(tenantry.console(talkers[who]))) for who in ("near", "far")}
        orders = Orders(tenantry, dice)
        orders.start()
        time.sleep(dice.uniform(0.1, 1.5))
        old = cloud.control if name == "akashi" else cloud.daemons()[name]
        old.end()
        began = time.monotonic()
        restarted(cloud, name, old)
        for who in ("near", "far"):
            resumes(tenantry, talkers[who], BOUND.get(name, ELSE_BOUND) + 3)
        took.setdefault(name, []).append(time.monotonic() - began)
        time.sleep(dice.uniform(0, 0.5))
        orders.stop()
        ports = tenantry.listed("ports")
        assert set(orders.answered) <= set(ports), f"{name}: a port is lost whose order was answered"
        agreed(cloud)
        for who in ("near", "far"):
            new = set(missed(tenantry.console(talkers[who]))) - gone[who]
            lost.setdefault(name, []).append(len(new))
            assert len(new) <= BOUND.get(name, ELSE_BOUND), f"{name}: {sorted(new)} of {who} lost"
        for port in [id for id, each in ports.items() if each["name"].startswith("order-")]:
            tenantry.ask("DELETE", f"/network/v2.0/ports/{port}")
    for name in lost:
        print(f"{name}: pings lost {sorted(lost[name])}, two replies after {max(took[name]):.1f} s at most")
    assert cloud.qemus() == guests, "a guest noticed"
    settled(cloud, tenantry)
    agreed(cloud)


def test_the_comparison_sees_what_is_changed_by_hand(cloud, tenantry, talkers):
    """What `agreed` would not see, it could not promise."""
    port = tenantry.ports_of(talkers["near"])[0]["id"]
    changes = [
        ("Logical_Switch_Port", ["name", "==", port], {"enabled": False}),
        ("Logical_Switch_Port", ["name", "==", port], {"addresses": "fa:16:3e:00:00:99 10.77.0.99"}),
        ("ACL", ["priority", "==", 1000], {"action": "drop"}),
        ("ACL", ["priority", "==", 0], {"action": "allow"}),
        ("Logical_Router", ["enabled", "==", True], {"ports": ["set", []]}),
    ]
    for table, where, row in changes:
        columns = list(row)
        before = cloud.north({"op": "select", "table": table, "where": [where], "columns": ["_uuid", *columns]})
        cloud.north({"op": "update", "table": table, "where": [where], "row": row})
        found = disagreements(cloud)
        for each in before[0]["rows"] if table != "Logical_Router" else []:
            cloud.north({"op": "update", "table": table, "where": [["_uuid", "==", each["_uuid"]]],
                         "row": {column: each[column] for column in columns}})
        assert found, f"nobody would see {row} of {table}"
    cloud.kill()
    cloud.up()
    agreed(cloud)

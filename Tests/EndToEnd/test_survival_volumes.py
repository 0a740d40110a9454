"""`kill -9` of the control plane at random moments while volumes and snapshots come, grow, go to a server and are
deleted: nothing is half deleted, nothing is left over, and no key is without its volume (C061, C062)."""
import http.client
import os
import random
import threading
import time

from session import wait
from shelf import Beneath, Shelf
from survival import cloud, tenantry  # noqa: F401

KILLS = int(os.environ.get("AKASHI_KILLS", "12"))
SEED = int(os.environ.get("AKASHI_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
MOST = 4  # volumes at a time


class Customer(threading.Thread):
    """Orders whatever can be ordered, and notes what was answered. Errors are answers too."""

    def __init__(self, shelf, server, compute, dice):
        super().__init__(daemon=True)
        self.shelf, self.dice, self.ended = shelf, dice, threading.Event()
        self.attachments = f"{compute}/servers/{server}/os-volume_attachments"
        self.counts = {}

    def run(self):
        while not self.ended.is_set():
            try:
                self.act()
            except (OSError, http.client.HTTPException, AssertionError, ValueError):
                time.sleep(0.05)  # the cloud is dead, or no longer what it was when asked

    def act(self):
        volumes, snapshots = self.shelf.all("volumes"), self.shelf.all("snapshots")
        volume = self.dice.choice(volumes)["id"] if volumes else None
        snapshot = self.dice.choice(snapshots)["id"] if snapshots else None
        acts = ["snapshot", "extend", "attach", "detach", "delete", "unsnap", "revert"] if volume else []
        if len(volumes) < MOST:
            acts += ["create"] * 3
        what = self.dice.choice(acts)
        path = self.shelf.path
        order = {
            "create": ("POST", f"{path}/volumes", {"volume": {"size": 1} | (
                {"snapshot_id": snapshot, "size": 3} if snapshot and self.dice.random() < 0.3 else {})}),
            "snapshot": ("POST", f"{path}/snapshots", {"snapshot": {"volume_id": volume}}),
            "extend": ("POST", f"{path}/volumes/{volume}/action", {"os-extend": {"new_size": self.dice.randint(2, 3)}}),
            "attach": ("POST", self.attachments, {"volumeAttachment": {"volumeId": volume}}),
            "detach": ("DELETE", f"{self.attachments}/{volume}", None),
            "delete": ("DELETE", f"{path}/volumes/{volume}", None),
            "unsnap": ("DELETE", f"{path}/snapshots/{snapshot}", None),
            "revert": ("POST", f"{path}/volumes/{volume}/action", {"revert": {"snapshot_id": snapshot}}),
        }[what]
        status = self.shelf.session.http(*order).status
        key = what, status // 100
        self.counts[key] = self.counts.get(key, 0) + 1
        time.sleep(self.dice.uniform(0, 0.2))


def rests(shelf):
    """Whether everything has come to rest."""
    return all(each["status"] in ("available", "in-use", "error")
               for plural in ("volumes", "snapshots") for each in shelf.all(plural))


def whole(beneath):
    """Waits until every file has its key and every key its file, and each project one key in the token."""
    def odd():
        return beneath.layers() ^ beneath.known(), beneath.rings(), beneath.keys()
    try:
        # The last deletion's turn of keys may still be going on.
        wait(lambda: not odd()[0] and odd()[2] == len(odd()[1]), 60)
    except AssertionError:
        raise AssertionError(f"odd files and keys, rings, keys in the token: {odd()}") from None


def test_c061_kill_9_at_random_moments_leaves_no_half_volume_and_no_key_without_one(cloud, tenantry):
    print(f"AKASHI_KILL_SEED={SEED} AKASHI_KILLS={KILLS}")
    dice, shelf, beneath = random.Random(SEED), Shelf(cloud.session), Beneath(cloud.state)
    server = tenantry.new_server("shelf")
    tenantry.active(server)
    qemu = cloud.qemus()[server]
    customer = Customer(shelf, server, tenantry.compute, random.Random(f"{SEED}/customer"))
    customer.start()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.2, 2))
        cloud.kill()
        cloud.up()
    customer.ended.set()
    customer.join(60)
    print(", ".join(f"{count} {what} {status}xx" for (what, status), count in sorted(customer.counts.items())))
    wait(lambda: rests(shelf), 90)
    assert cloud.qemus()[server] == qemu, "the server noticed"
    broken = [each for plural in ("volumes", "snapshots") for each in shelf.all(plural) if "error" in each["status"]]
    assert not broken, (broken, cloud.said())
    whole(beneath)
    given = {each["volumeId"] for each in cloud.session.http("GET", customer.attachments).json["volumeAttachments"]}
    assert given == {each["id"] for each in shelf.all("volumes") if each["status"] == "in-use"}
    # What there is can be used, and everything can be deleted: nothing is left then.
    for each in given:
        tenantry.ask("DELETE", f"{customer.attachments}/{each}")
    wait(lambda: all(each["status"] == "available" for each in shelf.all("volumes")), 60)
    for plural in ("snapshots", "volumes"):
        for each in shelf.all(plural):
            wait(lambda: shelf.session.http("DELETE", f"{shelf.path}/{plural}/{each['id']}").status in (202, 404), 30)
            shelf.gone(plural, each["id"])
    whole(beneath)
    assert not beneath.layers()

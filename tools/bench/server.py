"""A server from its order until it runs, against the same command line spawned by hand until QMP answers."""
import datetime
import fcntl
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import time

from cloud import Failed, Tenant, spread

ROUNDS = 9
HAND_DEVICE = "bench-tap"


def measure(cloud, build, say):
    """Seconds of both, in turns, and where Akashi's go."""
    cloud.up()
    tenant, auditor = Tenant(cloud.client()), cloud.client("admin")
    ours, hand, parts = [], [], []
    for turn in range(ROUNDS + 1):
        began, wall = time.monotonic(), time.time()
        server = tenant.order()
        accepted = time.monotonic() - began
        tenant.settle(server, every=0.0005)
        ran = time.monotonic() - began
        # First of all: the twin's link to the same image sets its time anew.
        steps = _steps(cloud, auditor, server, wall, accepted, ran)
        twin = Twin(cloud, server)
        tenant.delete(server)
        try:
            alone = twin.start()
        finally:
            twin.remove()
        if turn > 0:  # the first one fills caches
            ours.append(ran)
            hand.append(alone)
            parts.append(steps)
    cloud.down()
    ratios = [mine / theirs for mine, theirs in zip(ours, hand)]
    steps = {name: round(statistics.median(part[name] for part in parts) * 1000, 1) for name in parts[0]}
    found = {"ours_s": spread(ours), "by_hand_s": spread(hand), "ratio": spread(ratios, 3), "steps_ms": steps}
    say(f"  order to running {found['ours_s']['median']:.3f} s, by hand {found['by_hand_s']['median']:.3f} s, "
        f"ratio {found['ratio']['median']:.2f}; {steps}")
    return found


def _steps(cloud, auditor, server, wall, accepted, ran):
    """Seconds from one mark to the next: the audit log and the times of files tell when each was reached."""
    records = [one for one in _audit(auditor) if one["resource"] == server]
    at = {one["action"]: datetime.datetime.fromisoformat(one["time"].replace("Z", "+00:00")).timestamp() for one in records}
    folder = cloud.state / "pool/guests" / server
    marks = [
        ("accepted", wall + accepted), ("placed", at["engine:place"]), ("cabled", (folder / "base").stat().st_ctime),
        ("files made", (folder / "spec.json").stat().st_mtime), ("spawned", (folder / "process").stat().st_mtime),
        ("running and committed", at["engine:run"]), ("seen", wall + ran),
    ]
    out, last = {}, wall
    for name, moment in marks:
        out[name], last = moment - last, moment
    return out


def _audit(auditor):
    records, after = [], 0
    while page := auditor.call("GET", f"/v1/audit?all_tenants=1&limit=1000&after={after}")["records"]:
        records += page
        after = page[-1]["sequence"]
    return records


class Twin:
    """What a running server was started as, to be started again with copies of its files and a card of its own."""

    def __init__(self, cloud, server):
        process = int((cloud.state / "pool/guests" / server / "process").read_text().split()[0])
        self.run = pathlib.Path("/proc") / str(process)
        words = (self.run / "cmdline").read_bytes().decode().split("\0")[:-1]
        self.user = int(re.search(r"^Uid:\s+(\d+)", (self.run / "status").read_text(), re.MULTILINE)[1])
        space = (self.run / "ns/net").stat().st_ino
        self.space = next(str(one) for one in pathlib.Path("/run/netns").iterdir() if one.stat().st_ino == space)
        device = re.search(r"ifname=([^,]+)", " ".join(words))[1]
        old, self.folder = cloud.state / "pool/guests" / server, cloud.state / "pool/by-hand"
        self.argv = [word.replace(str(old), str(self.folder)).replace(f"ifname={device}", f"ifname={HAND_DEVICE}") for word in words]
        self.folder.mkdir(mode=0o711)
        for file in old.iterdir():
            if file.name == "base":
                os.link(file, self.folder / "base")
            elif file.is_file():
                shutil.copy2(file, self.folder)
                os.chown(self.folder / file.name, self.user, self.user)
        self._ip("tuntap", "add", HAND_DEVICE, "mode", "tap", "vnet_hdr", "user", str(self.user))
        self._ip("link", "set", HAND_DEVICE, "up")

    def _ip(self, *words):
        subprocess.run(["nsenter", f"--net={self.space}", "ip", *words], check=True, timeout=10)

    def start(self):
        """Seconds from the spawn until QMP answers."""
        listening = []
        for name in ("act", "watch"):
            one = socket.socket(socket.AF_UNIX)
            one.bind(str(self.folder / name))
            one.listen(1)
            listening.append(one)
        user = str(self.user)
        argv = ["nsenter", f"--net={self.space}", "setpriv", "--reuid", user, "--regid", user, "--clear-groups",
                "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", *self.argv]
        # Out of the way first: else giving one its number could overwrite another that has it.
        moved = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for one in listening]
        log = os.open(self.folder / "by-hand.log", os.O_WRONLY | os.O_CREAT)
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, file, 3 + place) for place, file in enumerate(moved)]
        began = time.monotonic()
        self.process = os.posix_spawnp(argv[0], argv, {"PATH": os.environ["PATH"], "LC_ALL": "C"}, file_actions=actions)
        for file in [*moved, log]:
            os.close(file)
        for one in listening:
            one.close()
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(30)
            monitor.connect(str(self.folder / "act"))
            stream = monitor.makefile("rw", encoding="utf-8")
            if "QMP" not in json.loads(stream.readline() or "{}"):
                raise Failed((self.folder / "by-hand.log").read_text())
            stream.write('{"execute": "qmp_capabilities"}\n')
            stream.flush()
            stream.readline()
            took = time.monotonic() - began
        return took

    def remove(self):
        """Ends it and takes away what it had."""
        if hasattr(self, "process"):
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)
        self._ip("link", "delete", HAND_DEVICE)
        shutil.rmtree(self.folder)


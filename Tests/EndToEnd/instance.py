"""A cloud of a test's own, which it may kill: the processes, devices, rows and files beneath it, as they are."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ovsdb
from session import REPOSITORY, Session, must, read_openrc, run, wait

AKASHI = os.environ.get("AKASHI_BIN", str(REPOSITORY / ".build/release/akashi"))
UP_SECONDS = 90
# What every cloud begins with, by ids that are the same in each: the Internet's network with its outlet, and the network
# of the common functions with its machine's port and device.
FOUNDED = {"e07d48f0-f609-883c-a600-a3a01a72aa11", "outlet-e07d48f0-f609-883c-a600-a3a01a72aa11",
           "8f6ddb36-9cac-8fa7-9362-6a1f85bdabb2", "fe819390-ecbd-810e-9726-c4c3961c9f2f", "tfe819390ecbd81"}
GUEST_ID = "-uuid"  # what comes before it on QEMU's command line


@dataclass(frozen=True)
class Process:
    """One process and no other: a pid with the time it was started, in ticks since the boot."""
    pid: int
    started: int

    @property
    def lives(self):
        return _started(self.pid) == self.started

    def kill(self, number=signal.SIGKILL):
        """Sends the signal if the process still lives."""
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, seconds=10):
        """Kills with -9 and waits for the end."""
        self.kill()
        wait(lambda: not self.lives, seconds, every=0.005)


def process(pid):
    """The living process with this number; None where there is none."""
    started = _started(pid)
    return None if started is None else Process(pid, started)


def _started(pid):
    """None for a process that has ended, even if nobody has asked for its exit code."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def command_lines():
    """The arguments of every process of this machine, by pid."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words := path.read_bytes().decode(errors="replace").split("\0"):
                found[int(path.parent.name)] = words
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Instance:
    """An installation in a directory of its own. `up` and `down` are the installed product's own commands."""

    def __init__(self):
        # Beneath a directory that guests' users may pass through, which pytest's own is not.
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="akashi-survival-", dir="/var/tmp"))
        self.port = free_port()
        self.tag = _tag(str(self.state.resolve()))
        self.run = pathlib.Path("/run/akashi") / self.tag
        self.namespace = f"ak-{self.tag}-net"
        self.guests, self.images = self.state / "pool/guests", self.state / "pool/images"
        self.session = self.admin = None

    # What the operator does.

    def akashi(self, verb, *options, seconds=UP_SECONDS):
        """The finished command, whatever its exit code."""
        return run([AKASHI, verb, "--state", self.state, *options], seconds=seconds)

    def up(self, *options):
        """Starts it in the background and returns when it is ready."""
        # Its own ports would be taken for orphans by whoever counts what is there; tests order a probe themselves.
        done = must(self.akashi("up", "--detach", "--port", self.port, "--probe-minutes", "0", *options))
        if self.session is None:
            self.session = Session(read_openrc(self.state / "openrc-demo"), self.state)
            self.admin = Session(read_openrc(self.state / "openrc-admin"), self.state)
        return done

    def foreground(self):
        """Starts it as a child of the test, and returns that when it is ready."""
        with open(self.state / "foreground.log", "ab") as log:
            child = subprocess.Popen([AKASHI, "up", "--state", self.state, "--port", str(self.port)],
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait(lambda: (self.run / "ready").exists() and self.control == process(child.pid), UP_SECONDS, every=0.01)
        return child

    def down(self):
        return must(self.akashi("down", "--grace", "2", seconds=120))

    def kill(self):
        """Ends the control plane with -9, however far its start has come, and waits until it is dead."""
        for pid, words in self.processes().items():
            if "up" in words and "--detach" not in words and (found := process(pid)):
                found.end()

    def kill_in_start(self, after):
        """Starts it, and kills it after some seconds, ready or not."""
        with ThreadPoolExecutor(1) as pool:
            up = pool.submit(self.akashi, "up", "--detach", "--port", self.port)
            time.sleep(after)
            self.kill()
            up.result()
        self.kill()

    def power_cut(self):
        """Ends all of it with -9 and removes what a reboot would: sockets, devices, namespace."""
        everything = [self.control, *self.daemons().values(), *(each for all in self.qemus().values() for each in all)]
        for each in filter(None, everything):
            each.kill()
        for each in filter(None, everything):
            each.end()
        shutil.rmtree(self.run)
        must(run(["ip", "netns", "delete", self.namespace]))

    def erase(self):
        """Stops it and removes its directory, whatever state it is in. What `down` leaves running is killed, and told."""
        done = self.akashi("down", "--grace", "0", seconds=120)
        left = self.processes()
        for pid in left:
            if found := process(pid):
                found.end()
        run(["ip", "netns", "delete", self.namespace])
        for folder in (self.run, self.state):
            shutil.rmtree(folder, ignore_errors=True)
        assert done.code == 0 and not left, f"{done}\nleft running: {left}"

    # What is there.

    @property
    def control(self):
        """The control plane's process; None where none lives."""
        return self._process("akashi")

    def daemons(self):
        """The network's daemons that live, by name."""
        names = [path.name.removesuffix(".process") for path in self.run.glob("*.process")]
        return {name: found for name in names if (found := self._process(name + ".process"))}

    def _process(self, file):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid, started = (self.run / file).read_text().split()[:2]
            found = Process(int(pid), int(started))
            return found if found.lives else None
        return None

    def qemus(self):
        """The processes of each guest, by its server's id: those that keep their files in this instance."""
        found = {}
        for pid, words in command_lines().items():
            if GUEST_ID in words[:-1] and any(str(self.guests) in word for word in words):
                if alive := process(pid):
                    found.setdefault(words[words.index(GUEST_ID) + 1], []).append(alive)
        return found

    def processes(self):
        """All processes that name its state or run directory."""
        return {pid: words for pid, words in command_lines().items()
                if any(str(self.state) in word or str(self.run) in word for word in words) and process(pid)}

    def taps(self):
        """Names of the guests' network devices."""
        links = must(run(["ip", "-n", self.namespace, "-o", "link"])).out.splitlines()
        names = [line.split(":")[1].strip().split("@")[0] for line in links]
        return {name for name in names if name.startswith("t")} - FOUNDED

    def north(self, *operations):
        """Asks the network's northbound database."""
        return ovsdb.transact(self.run / "ovn/central.sock", "OVN_Northbound", *operations)

    def switch(self, *operations):
        """Asks the host's own Open vSwitch database."""
        return ovsdb.transact(self.run / "ovn/host.sock", "Open_vSwitch", *operations)

    def logical(self, table):
        """Rows of a northbound table that are the tenants', by name."""
        rows = self.north({"op": "select", "table": table, "where": []})[0]["rows"]
        return {row["name"]: row for row in rows if row.get("type") != "localport" and row["name"] not in FOUNDED}

    def said(self, limit=3000):
        """The end of the control plane's log, for messages."""
        with contextlib.suppress(OSError):
            return (self.state / "log/akashi.log").read_text(errors="replace")[-limit:]
        return ""


def tap_of(port):
    """The name of a port's device."""
    return "t" + port.replace("-", "")[:14]


@contextlib.contextmanager
def instance():
    """A running instance, removed afterwards."""
    made = Instance()
    try:
        made.up()
        yield made
    finally:
        made.erase()


def _tag(path):
    """How an installation's state directory is named where names must be short: FNV-1a, 32 bits."""
    digest = 0x811C9DC5
    for byte in path.encode():
        digest = (digest ^ byte) * 0x01000193 % 2**32
    return f"{digest:08x}"

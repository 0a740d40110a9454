"""Making servers in tests and reading what they say on their consoles."""
import contextlib
import os
import pathlib
import re

from session import wait

FLAVOR_MOST_MEMORY = 1024  # MiB; the smallest flavour is taken, so that several fit on a test machine
BOOT_SECONDS = 180


class Tenant:
    """A session with an image, a network 10.9.0.0/24 and servers, all of which `close` removes."""

    def __init__(self, session, guest_image, name):
        self.session, self.name, self._undo = session, name, contextlib.ExitStack()
        create = f"image create --file {guest_image} --disk-format raw --container-format bare {name}"
        self.image = session.openstack(create, json=True, seconds=300)["id"]
        self._undo.callback(session.openstack, f"image delete {self.image}")
        self.network = session.openstack(f"network create {name}", json=True)["id"]
        self._undo.callback(session.openstack, f"network delete {self.network}")
        self.subnet = session.openstack(
            f"subnet create --network {self.network} --subnet-range 10.9.0.0/24 {name}", json=True)["id"]
        self.flavor = smallest_flavor(session)

    def close(self):
        """Deletes everything, last made first."""
        self._undo.close()

    def create(self, name, address, script="#!/bin/sh\necho nothing to do\n", key=None):
        """Asks `openstack` for a server at `address` that runs `script` once it is up; its id."""
        return self._made(self.session.openstack(
            self._arguments("openstack", "server", name, address, script, key), json=True)["id"])

    def create_with_ecl(self, name, address, script="#!/bin/sh\necho nothing to do\n", key=None):
        """The same by `ecl`."""
        return self._made(self.session.ecl(
            self._arguments("ecl", "compute server", name, address, script, key), json=True)["id"])

    def _arguments(self, client, noun, name, address, script, key):
        data = self.session.home / f"{name}-{client}.sh"
        data.write_text(script)
        return [*noun.split(), "create", "--image", self.image, "--flavor", self.flavor, "--user-data", str(data),
                "--nic", f"net-id={self.network},v4-fixed-ip={address}", *(["--key-name", key] if key else []), name]

    def _made(self, server):
        self._undo.callback(self.delete, server)
        return server

    def show(self, server):
        """The server as the API shows it, or None if there is no such server."""
        answer = self.session.http("GET", f"{compute(self.session)}/servers/{server}")
        return answer.json["server"] if answer.status == 200 else None

    def active(self, server):
        """Waits until the server is ACTIVE; what the API shows then."""
        def settled():
            shown = self.show(server)
            return shown if shown and shown["status"] in ("ACTIVE", "ERROR") else None
        shown = wait(settled, BOOT_SECONDS)
        assert shown["status"] == "ACTIVE", shown
        return shown

    def console(self, server):
        """All of the console so far."""
        answer = self.session.http("POST", f"{compute(self.session)}/servers/{server}/action",
                                   {"os-getConsoleOutput": {}})
        return answer.json["output"] if answer.status == 200 else ""

    def says(self, server, pattern, seconds=BOOT_SECONDS):
        """Waits for a line that matches on the console; the match."""
        def found():
            return re.search(pattern, self.console(server), re.MULTILINE)
        try:
            return wait(found, seconds, every=1)
        except AssertionError:
            raise AssertionError(f"no {pattern!r} in {seconds} s on:\n{self.console(server)[-4000:]}") from None

    def delete(self, server):
        """Deletes it if it is there, and waits until it is gone."""
        self.session.http("DELETE", f"{compute(self.session)}/servers/{server}")
        wait(lambda: self.show(server) is None, 60)


def compute(session):
    """Path of the compute service for this session's project."""
    return f"/compute/v2.1/{session.project}"


def smallest_flavor(session):
    """Id of the flavour with the least memory."""
    flavors = session.http("GET", f"{compute(session)}/flavors/detail").json["flavors"]
    least = min(flavors, key=lambda each: (each["ram"], each["vcpus"]))
    assert least["ram"] <= FLAVOR_MOST_MEMORY, flavors
    return least["id"]


def processes(word):
    """Ids of this machine's processes whose command line has `word` in it."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if word.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
    return found


def files(folder, word):
    """Paths beneath `folder` with `word` in their name."""
    return [path for path in pathlib.Path(folder).rglob(f"*{word}*")]

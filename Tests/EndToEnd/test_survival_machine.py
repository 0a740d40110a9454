"""`akashi down`, a machine that loses its power, and several installations on one machine."""
import contextlib
import os
import pathlib
import re

import pytest

from census import settled
from instance import command_lines, instance
from session import run, wait
from survival import cloud, pair  # noqa: F401
from tenantry import Tenantry


@pytest.fixture(scope="module")
def tenantry(cloud, guest_image):
    made = Tenantry(cloud.session, guest_image)
    # What has no server must come back too.
    made.ask("POST", "/network/v2.0/ports", {"port": {"network_id": made.network, "name": "keep-lone"}})
    return made


def namespaces():
    return run(["ip", "netns", "list"]).out.split()


def comes_back(cloud, tenantry, pair):
    """All is as it was: servers run and reach each other, whose disks and addresses are the same."""
    settled(cloud, tenantry)
    boots = tenantry.console(pair[1]).count("kernel up")
    wait(lambda: tenantry.console(pair[1]).rfind("seq=") > tenantry.console(pair[1]).rfind("kernel up"), 60)
    return boots


def test_down_leaves_nothing_and_the_next_up_starts_the_servers_again(cloud, tenantry, pair):
    # A port is ACTIVE a moment after its server, now and when they come back.
    wait(lambda: _status(tenantry, pair) == {"ACTIVE"}, 20)
    before = _lasting(tenantry)
    assert cloud.namespace in namespaces() and cloud.processes(), "how the test would notice"
    said = cloud.down().out
    assert "2 servers" in said
    assert cloud.processes() == {} and cloud.qemus() == {}
    assert not cloud.run.exists() and cloud.namespace not in namespaces()
    assert not [words for words in command_lines().values() if any(cloud.tag in word for word in words)]
    cloud.down()  # once more does no harm
    assert not cloud.run.exists()
    cloud.up()
    comes_back(cloud, tenantry, pair)
    wait(lambda: _status(tenantry, pair) == {"ACTIVE"}, 20)
    assert _lasting(tenantry) == before


def _status(tenantry, servers):
    return {port["status"] for server in servers for port in tenantry.ports_of(server)}


def _lasting(tenantry):
    """What its networks, subnets and ports are, but for when they were looked at last."""
    return {kind: {id: {name: value for name, value in each.items() if not name.startswith("updated")}
                   for id, each in tenantry.listed(kind).items()} for kind in ("networks", "subnets", "ports")}


def test_a_power_cut_brings_back_networks_ports_and_servers(cloud, tenantry, pair):
    for _ in range(2):
        cloud.power_cut()
        assert cloud.processes() == {} and cloud.namespace not in namespaces()
        cloud.up()
        comes_back(cloud, tenantry, pair)


def test_a_power_cut_in_the_middle_of_work_loses_nothing_that_was_answered(cloud, tenantry, pair):
    made = [tenantry.new_server(f"cut-{number}") for number in range(3)]
    cloud.power_cut()
    cloud.up()
    tenantry.active(*made)
    comes_back(cloud, tenantry, pair)
    for server in made:
        tenantry.ask("DELETE", f"{tenantry.compute}/servers/{server}")
    cloud.power_cut()
    cloud.up()
    wait(lambda: not set(made) & set(tenantry.servers()), 30)
    settled(cloud, tenantry)


def test_a_second_up_on_the_same_state_is_refused_and_changes_nothing(cloud, tenantry, pair):
    control, guests = cloud.control, cloud.qemus()
    refused = cloud.akashi("up", "--port", "1", seconds=30)
    assert refused.code != 0 and "already runs" in refused.err and str(cloud.state) in refused.err
    again = cloud.akashi("up", "--detach", "--port", cloud.port)
    assert again.code == 0 and "already runs" in again.out and str(control.pid) in again.out
    assert cloud.control == control and cloud.qemus() == guests
    assert cloud.akashi("status").code == 0
    tenantry.servers()


def test_two_installations_do_not_see_each_other(cloud, tenantry, pair, guest_image):
    guests, daemons, control = cloud.qemus(), cloud.daemons(), cloud.control
    with instance() as other:
        theirs = Tenantry(other.session, guest_image)
        assert theirs.servers() == {} and other.qemus() == {}
        # The same addresses in both: an answer would come from one's own or from nobody.
        lonely = theirs.new_server("lonely", "10.77.0.30",
                                   "#!/bin/sh\nping -c 3 -W 2 10.77.0.10 && echo heard || echo silence.\n")
        theirs.active(lonely)
        assert cloud.session.http("GET", f"{tenantry.compute}/servers", token=theirs.session.token()).status == 401
        theirs.says(lonely, r"silence\.")
        users = [{_user(each.pid) for all in them.qemus().values() for each in all} for them in (cloud, other)]
        assert users[0] and users[1] and not users[0] & users[1]
        settled(other, theirs)
        other.power_cut()
        other.up()
        settled(other, theirs)
        other.down()
        assert cloud.qemus() == guests and cloud.daemons() == daemons and cloud.control == control
        settled(cloud, tenantry)


def test_an_image_goes_up_and_comes_down_in_constant_memory(cloud, tenantry):
    content = os.urandom(192 << 20)
    with memory(cloud) as taken:
        image = tenantry.new_image("large", content)
    assert taken() < 32, "MiB for the upload"
    with memory(cloud) as taken:
        assert tenantry.ask("GET", f"/image/v2/images/{image}/file", seconds=120).body == content
    assert taken() < 16, "MiB for the download"
    tenantry.ask("DELETE", f"/image/v2/images/{image}")


@contextlib.contextmanager
def memory(cloud):
    """Gives a function that tells how many MiB beyond its rest the control plane came to hold meanwhile."""
    folder = pathlib.Path(f"/proc/{cloud.control.pid}")

    def now(field):
        return int(re.search(rf"^{field}:\s+(\d+) kB", (folder / "status").read_text(), re.M)[1]) / 1024
    (folder / "clear_refs").write_text("5")  # VmHWM begins anew
    before = now("VmRSS")
    yield lambda: now("VmHWM") - before


def _user(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Uid:"))

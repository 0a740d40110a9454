"""One part dies: a daemon of the network, a server's process, or the command in the foreground."""
import signal

import pytest

from census import settled
from session import wait
from survival import DAEMONS, cloud, goes_on, pair, tenantry  # noqa: F401
from tenantry import missed, pulses

# Replies that may be missing after one daemon's death; ovs-vswitchd and the database it reads carry the packets.
MOST_LOST = {"ovs-vswitchd": 4, "ovsdb-host": 4}


@pytest.mark.parametrize("name", DAEMONS)
def test_a_killed_daemon_is_started_again_and_traffic_goes_on(cloud, tenantry, pair, name):
    before, old, guests = missed(tenantry.console(pair[1])), cloud.daemons()[name], cloud.qemus()
    old.end()
    wait(lambda: cloud.daemons().get(name) not in (None, old), 10, every=0.02)
    goes_on(tenantry, pair[1])
    lost = len(missed(tenantry.console(pair[1]))) - len(before)
    print(f"{name}: {lost} pings lost")
    assert lost <= MOST_LOST.get(name, 1), f"{lost} pings lost"
    assert cloud.qemus() == guests
    # A server becomes ACTIVE only when the network has taken up its port.
    new = tenantry.new_server("after-" + name)
    tenantry.active(new)
    tenantry.ask("DELETE", f"{tenantry.compute}/servers/{new}")
    settled(cloud, tenantry)


def test_all_daemons_killed_at_once_come_back(cloud, tenantry, pair):
    old = cloud.daemons()
    for each in old.values():
        each.kill()
    def all_new():
        return len(cloud.daemons()) == len(old) and not set(old.values()) & set(cloud.daemons().values())
    wait(all_new, 20, every=0.05)
    goes_on(tenantry, pair[1])
    settled(cloud, tenantry)


def test_daemons_that_died_while_the_control_plane_was_dead_are_started_by_the_next(cloud, tenantry, pair):
    guests = cloud.qemus()
    cloud.kill()
    for each in cloud.daemons().values():
        each.end()
    cloud.up()
    assert sorted(cloud.daemons()) == sorted(DAEMONS)
    goes_on(tenantry, pair[1])
    assert cloud.qemus() == guests
    settled(cloud, tenantry)


@pytest.mark.parametrize("watched", [True, False], ids=["while-akashi-runs", "while-akashi-is-dead"])
def test_a_server_whose_process_is_killed_is_started_again(cloud, tenantry, pair, watched):
    pulse = pair[0]
    old = cloud.qemus()[pulse]
    if not watched:
        cloud.kill()
    old[0].end()
    if not watched:
        cloud.up()
    wait(lambda: cloud.qemus().get(pulse, old) != old, 15, every=0.02)
    settled(cloud, tenantry)
    goes_on(tenantry, pair[1], seconds=60)
    shown = tenantry.servers()[pulse]
    assert (shown["status"], shown["OS-EXT-STS:power_state"]) == ("ACTIVE", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_in_the_foreground_leaves_servers_running_and_the_next_up_adopts_them(cloud, tenantry, pair, number):
    guests, daemons = cloud.qemus(), cloud.daemons()
    beats = len(pulses(tenantry.console(pair[0])))
    cloud.kill()
    child = cloud.foreground()
    assert cloud.qemus() == guests
    child.send_signal(number)
    assert child.wait(15) == 0
    assert cloud.control is None and cloud.qemus() == guests and cloud.daemons() == daemons
    assert cloud.akashi("status").code == 3
    cloud.up()
    assert cloud.qemus() == guests and cloud.daemons() == daemons
    wait(lambda: len(pulses(tenantry.console(pair[0]))) > beats + 1, 20)
    goes_on(tenantry, pair[1])
    settled(cloud, tenantry)


def test_a_server_that_its_owner_stopped_is_not_started_by_a_restart(cloud, tenantry, pair):
    server = pair[1]
    tenantry.act(server, **{"os-stop": None})
    wait(lambda: tenantry.servers()[server]["status"] == "SHUTOFF", 60, every=0.1)
    for restart in (cloud.kill, cloud.down):
        restart()
        cloud.up()
        tenantry.active(pair[0])
        assert tenantry.servers()[server]["status"] == "SHUTOFF"
        assert not cloud.qemus().get(server)
    tenantry.act(server, **{"os-start": None})
    settled(cloud, tenantry)

"""What is beneath and in nobody's order is removed; what is ordered and missing beneath is made again."""
import shutil
import subprocess
import uuid

import pytest

from census import differences, settled
from instance import tap_of
from session import must, run, wait
from survival import cloud, pair, tenantry  # noqa: F401

SWEEP_SECONDS = 90  # a sweep comes once a minute


def restart(cloud):
    """The sweep also runs at each start."""
    cloud.kill()
    cloud.up()


def plant_guest(cloud):
    """A QEMU process with an id of its own and its files, as the cloud would start it."""
    guest = str(uuid.uuid4())
    folder = cloud.guests / guest
    folder.mkdir()
    (folder / "disk.qcow2").write_bytes(bytes(4096))
    started = subprocess.Popen(
        ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-machine", "q35", "-m", "16M", "-uuid", guest,
         "-chardev", f"file,id=console,path={folder}/console.log,append=on", "-serial", "chardev:console"],
        stdin=subprocess.DEVNULL)
    wait((folder / "console.log").exists, 10, every=0.02)
    return guest, started


def plant_network(cloud):
    """A logical switch with a port on it, as the cloud would make them."""
    network, port = str(uuid.uuid4()), str(uuid.uuid4())
    cloud.north(
        {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "p", "row": {
            "name": port, "external_ids": ["map", [["akashi-port", port], ["akashi-network", network]]]}},
        {"op": "insert", "table": "Logical_Switch", "row": {
            "name": network, "ports": ["named-uuid", "p"], "external_ids": ["map", [["akashi-network", network]]]}})
    return network, port


def plant_tap(cloud, with_row):
    """A guest's device that no port has."""
    port = str(uuid.uuid4())
    tap = tap_of(port)
    must(run(["ip", "-n", cloud.namespace, "tuntap", "add", tap, "mode", "tap"]))
    if with_row:
        cloud.switch(
            {"op": "insert", "table": "Interface", "uuid-name": "i", "row": {
                "name": tap, "external_ids": ["map", [["akashi-port", port], ["iface-id", port]]]}},
            {"op": "insert", "table": "Port", "uuid-name": "p",
             "row": {"name": tap, "interfaces": ["named-uuid", "i"]}},
            {"op": "mutate", "table": "Bridge", "where": [["name", "==", "br-int"]],
             "mutations": [["ports", "insert", ["set", [["named-uuid", "p"]]]]]})
    return tap


@pytest.mark.parametrize("how", ["by-the-minute", "at-the-start"])
def test_orphans_of_every_sort_are_swept(cloud, tenantry, pair, how):
    guests = cloud.qemus()
    guest, process = plant_guest(cloud)
    plant_network(cloud)
    plant_tap(cloud, with_row=True)
    (cloud.images / str(uuid.uuid4())).write_bytes(bytes(4096))
    if how == "at-the-start":
        plant_tap(cloud, with_row=False)
        (cloud.images / f"{uuid.uuid4()}.part").write_bytes(bytes(4096))
        (cloud.state / "pool/trash" / str(uuid.uuid4())).mkdir()
    seen = differences(cloud, tenantry)
    assert {"QEMU processes", "guests' directories", "taps", "logical ports", "logical switches", "images' files"} \
        <= set(seen), "how the test would notice"
    try:
        if how == "at-the-start":
            restart(cloud)
        settled(cloud, tenantry, SWEEP_SECONDS)
        assert process.wait(5) is not None
    finally:
        process.kill()
    assert cloud.qemus() == guests, "what is ordered was touched"


def test_a_server_process_without_files_is_swept(cloud, tenantry, pair):
    guest, process = plant_guest(cloud)
    shutil.rmtree(cloud.guests / guest)
    try:
        restart(cloud)
        settled(cloud, tenantry)
        assert process.wait(5) is not None
    finally:
        process.kill()


def port_of(tenantry, server):
    return tenantry.ports_of(server)[0]["id"]


def test_a_logical_port_that_is_missing_is_made_again(cloud, tenantry, pair):
    port = port_of(tenantry, pair[0])
    row = cloud.logical("Logical_Switch_Port")[port]["_uuid"]
    cloud.north({"op": "mutate", "table": "Logical_Switch", "where": [["ports", "includes", ["set", [row]]]],
                 "mutations": [["ports", "delete", ["set", [row]]]]})
    assert port in differences(cloud, tenantry)["logical ports"]["missing"]
    restart(cloud)
    settled(cloud, tenantry)
    reaches(tenantry, pair)


def test_a_network_that_is_missing_is_made_again_with_its_ports(cloud, tenantry, pair):
    cloud.north({"op": "delete", "table": "Logical_Switch", "where": [["name", "==", tenantry.network]]})
    restart(cloud)
    settled(cloud, tenantry)
    reaches(tenantry, pair)


def test_a_device_that_is_missing_is_made_again_when_its_server_starts(cloud, tenantry, pair):
    tap = tap_of(port_of(tenantry, pair[0]))
    must(run(["ip", "-n", cloud.namespace, "link", "delete", tap]))
    assert tap in differences(cloud, tenantry)["taps"]["missing"]
    tenantry.act(pair[0], reboot={"type": "HARD"})
    settled(cloud, tenantry)
    reaches(tenantry, pair)


def test_a_disk_that_is_missing_is_told_or_made_again(cloud, tenantry, pair):
    server = tenantry.new_server("diskless")
    tenantry.active(server)
    cloud.kill()
    for each in cloud.qemus()[server]:
        each.end()
    shutil.rmtree(cloud.guests / server)
    cloud.up()
    wait(lambda: tenantry.servers()[server]["status"] in ("ACTIVE", "ERROR"), 30)
    tenantry.ask("DELETE", f"{tenantry.compute}/servers/{server}")
    wait(lambda: server not in tenantry.servers(), 30)
    settled(cloud, tenantry)


def reaches(tenantry, pair):
    """One server pings the other, from now on."""
    had = tenantry.console(pair[1]).count("seq=")
    wait(lambda: tenantry.console(pair[1]).count("seq=") > had + 2, 60)

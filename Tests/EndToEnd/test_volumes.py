"""C015, C033, C034, C061: volumes as tenants use them, in real servers, and what of them lies on the host."""
import pathlib
import re

import pytest

from servers import Tenant, compute
from session import wait
from shelf import Beneath, Shelf

# What guests write. It stands nowhere as a whole but in their memory and on their disks.
SECRET = "kagi-4711-akashi"
GUEST = r"""#!/bin/sh
# Says what each volume holds, and leaves its own name on it; makes a file system where there is none.
me=$(hostname)
dmesg -n 1
mkdir -p /mnt
seen=
while :; do
    now=
    for place in /sys/block/vd[c-z]; do
        disk=${place##*/} serial=$(cat $place/serial 2>/dev/null) size=$(cat $place/size 2>/dev/null)
        # It may be gone by now.
        [ -n "$size" ] || continue
        key=$disk:$serial:$size
        now="$now $key"
        case " $seen " in *" $key "*) continue ;; esac
        mount /dev/$disk /mnt || {
            mke2fs -q /dev/$disk && mount /dev/$disk /mnt || continue
            printf 'kagi-%d-%s' 4711 akashi >/mnt/secret
        }
        held=$(cat /mnt/names 2>/dev/null | tr '\n' ' ')
        echo $me >>/mnt/names
        umount /mnt
        sync
        echo "volume $serial: $size sectors, held [$held]" >/dev/ttyS0
    done
    for key in $seen; do
        case " $now " in *" $key "*) ;; *) echo "volume $key: gone" >/dev/ttyS0 ;; esac
    done
    seen=$now
    sleep 0.3
done
"""


@pytest.fixture(scope="module")
def tenant(cloud, guest_image, cleanup):
    tenant = Tenant(cloud, guest_image, "e2e-volumes")
    cleanup(tenant.close)
    return tenant


@pytest.fixture(scope="module")
def shelf(cloud):
    return Shelf(cloud)


@pytest.fixture(scope="module")
def servers(tenant):
    """Two servers that write to what they get."""
    made = [tenant.create("ume", "10.9.0.11", GUEST), tenant.create("matsu", "10.9.0.12", GUEST)]
    for each in made:
        tenant.says(each, "login:")
    return made


def attach(cloud, shelf, server, volume):
    cloud.openstack(f"server add volume {server} {volume}")
    shelf.is_("in-use", volume)


def detach(cloud, shelf, server, volume):
    cloud.openstack(f"server remove volume {server} {volume}")
    shelf.is_("available", volume)


def held(tenant, server, volume, times=1):
    """What a server said that a volume held when it got it for the n-th time, and its sectors."""
    said = []

    def again():
        said[:] = re.findall(rf"volume {re.escape(volume[:20])}: (\d+) sectors, held \[([^\]]*)\]", tenant.console(server))
        return len(said) >= times
    wait(again, 60)
    return said[times - 1][1].split(), int(said[times - 1][0])


def clear_text(folder):
    """Files beneath a folder that hold what guests wrote."""
    word, found = SECRET.encode(), []
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink():
            with open(path, "rb") as file:
                tail = b""
                while part := file.read(1 << 20):
                    if word in tail + part:
                        found.append(path)
                        break
                    tail = part[-len(word):]
    return found


@pytest.fixture(scope="module")
def volume(cloud, shelf, cleanup):
    made = cloud.openstack("volume create --size 1 e2e-data", json=True)["id"]
    cleanup(lambda: shelf.session.http("DELETE", f"{shelf.path}/volumes/{made}"))
    shelf.is_("available", made)
    return made


def test_c015_data_go_with_the_volume_from_server_to_server(cloud, tenant, shelf, servers, volume):
    attach(cloud, shelf, servers[0], volume)
    assert held(tenant, servers[0], volume) == ([], 2 << 20)
    shown = cloud.openstack(f"volume show {volume}", json=True)
    assert [each["server_id"] for each in shown["attachments"]] == [servers[0]]
    # Nobody else gets it meanwhile, nor is it deleted or made larger beneath its server.
    second = cloud.openstack(f"server add volume {servers[1]} {volume}", check=False)
    assert second.code != 0 and "in-use" in second.err + second.out, second
    for path, body in [(f"volumes/{volume}/action", {"os-extend": {"new_size": 2}}), (f"volumes/{volume}", None),
                       ("snapshots", {"snapshot": {"volume_id": volume}})]:
        assert shelf.refuses("POST" if body else "DELETE", path, body) == 400
    detach(cloud, shelf, servers[0], volume)
    tenant.says(servers[0], rf"volume vdc:{volume[:20]}:\d+: gone", 20)
    attach(cloud, shelf, servers[1], volume)
    assert held(tenant, servers[1], volume)[0] == ["ume"]
    detach(cloud, shelf, servers[1], volume)


def test_c033_a_larger_volume_is_seen_larger(cloud, tenant, shelf, servers, volume):
    cloud.openstack(f"volume set --size 2 {volume}")
    shelf.is_("available", volume)
    attach(cloud, shelf, servers[0], volume)
    assert held(tenant, servers[0], volume, 2) == (["ume", "matsu"], 4 << 20)
    assert shelf.refuses("POST", f"volumes/{volume}/action", {"os-extend": {"new_size": 1}}) == 400
    detach(cloud, shelf, servers[0], volume)


def test_a_snapshot_keeps_what_was_then_and_gives_it_back(cloud, tenant, shelf, servers, volume, cleanup):
    snapshot = cloud.openstack(f"volume snapshot create --volume {volume} e2e-then", json=True)["id"]
    shelf.is_("available", snapshot, "snapshots")
    attach(cloud, shelf, servers[1], volume)
    assert held(tenant, servers[1], volume, 2)[0] == ["ume", "matsu", "ume"]
    # While the volume is used, a second one begins as what the snapshot holds.
    copy = cloud.openstack(f"volume create --snapshot {snapshot} e2e-copy", json=True)["id"]
    cleanup(lambda: shelf.session.http("DELETE", f"{shelf.path}/volumes/{copy}"))
    shelf.is_("available", copy)
    attach(cloud, shelf, servers[0], copy)
    assert held(tenant, servers[0], copy)[0] == ["ume", "matsu", "ume"]
    detach(cloud, shelf, servers[1], volume)
    detach(cloud, shelf, servers[0], copy)
    cloud.openstack(f"--os-volume-api-version 3.40 volume revert {snapshot}")
    shelf.is_("available", volume)
    attach(cloud, shelf, servers[1], volume)
    assert held(tenant, servers[1], volume, 3)[0] == ["ume", "matsu", "ume"]
    assert shelf.refuses("DELETE", f"snapshots/{snapshot}") == 400
    detach(cloud, shelf, servers[1], volume)
    assert shelf.refuses("DELETE", f"volumes/{volume}") == 400
    cloud.openstack(f"volume snapshot delete {snapshot}")
    shelf.gone("snapshots", snapshot)
    attach(cloud, shelf, servers[0], volume)
    assert held(tenant, servers[0], volume, 3)[0] == ["ume", "matsu", "ume", "matsu"]
    detach(cloud, shelf, servers[0], volume)


def test_a_server_has_its_volume_again_after_a_stop_and_a_reboot(cloud, tenant, shelf, servers, volume):
    server = servers[1]
    attach(cloud, shelf, server, volume)
    before = len(held(tenant, server, volume, 4)[0])
    cloud.openstack(f"server reboot --hard --wait {server}")
    assert len(held(tenant, server, volume, 5)[0]) == before + 1
    cloud.openstack(f"server stop {server}")
    wait(lambda: tenant.show(server)["status"] == "SHUTOFF", 60)
    # It is the server's, running or not.
    assert shelf.show("volumes", volume)["status"] == "in-use"
    detach(cloud, shelf, server, volume)
    cloud.openstack(f"server start {server}")
    tenant.active(server)


def test_c062_what_guests_wrote_is_nowhere_on_the_host_in_clear(cloud, tenant, servers):
    found = clear_text(cloud.state)
    assert found == [], found


def test_c034_nobody_elses_volume_can_be_seen_or_had(cloud, tenant, shelf, servers, stranger, volume):
    theirs = Shelf(stranger)
    for method, path, body in [
            ("GET", f"volumes/{volume}", None), ("DELETE", f"volumes/{volume}", None),
            ("PUT", f"volumes/{volume}", {"volume": {"name": "mine"}}),
            ("POST", "snapshots", {"snapshot": {"volume_id": volume}}),
            ("POST", "volumes", {"volume": {"size": 2, "source_volid": volume}}),
            ("POST", f"volumes/{volume}/action", {"os-extend": {"new_size": 9}})]:
        assert theirs.refuses(method, path, body) == 404, (method, path)
    assert volume not in [each["id"] for each in theirs.ask("GET", "volumes")["volumes"]]
    # The operator sees that there is one, and has no way to what it holds.
    path = f"{compute(cloud)}/servers/{servers[0]}/os-volume_attachments"
    made = Shelf(stranger).ask("POST", "volumes", {"volume": {"size": 1}})["volume"]["id"]
    theirs.is_("available", made)
    answer = cloud.http("POST", path, {"volumeAttachment": {"volumeId": made}})
    assert answer.status == 404, answer
    answer = cloud.admin.http("POST", path, {"volumeAttachment": {"volumeId": made}})
    assert answer.status in (403, 404), answer
    theirs.ask("DELETE", f"volumes/{made}")
    theirs.gone("volumes", made)


def test_c061_a_deleted_volume_leaves_neither_file_nor_key(cloud, shelf, volume):
    made = cloud.openstack(f"volume create --source {volume} e2e-short", json=True)["id"]
    shelf.is_("available", made)
    beneath = Beneath(cloud.state)
    before = beneath.layers()
    cloud.openstack(f"volume delete {made}")
    shelf.gone("volumes", made)
    assert len(before - beneath.layers()) == 1 and beneath.layers() == beneath.known(), (before, beneath.layers())

"""ECL's storage: virtual storages whose volumes are reached over iSCSI from the tenant's network (white paper C015)."""
import pytest

from plugged import Beneath, Plugged, ask

FRIEND, FOE = "iqn.2026-11.example:friend", "iqn.2026-11.example:foe"


def storage(session, path, status=200):
    answer = session.http("GET", f"/storage/v1.0/{session.project}/{path}")
    assert answer.status == status, answer
    return answer.json if status == 200 else None


def settled(cloud, path, key, status="available", seconds=60):
    """The resource, once it is what it is to be."""
    def happened():
        found = storage(cloud, path)[key]
        assert found["status"] != "error", found
        return found if found["status"] == status else None
    return cloud.wait(happened, seconds)


@pytest.fixture(scope="module")
def network(cloud, cleanup):
    made = ask(cloud, "POST", "networks", {"network": {"name": "disks"}})["network"]
    cleanup(lambda: ask(cloud, "DELETE", f"networks/{made['id']}"))
    subnet = ask(cloud, "POST", "subnets", {"subnet": {
        "network_id": made["id"], "cidr": "10.55.0.0/24", "ip_version": 4}})["subnet"]
    return made["id"], subnet["id"]


@pytest.fixture(scope="module")
def initiator(cloud, cleanup, network):
    host = Plugged(Beneath(cloud.state), cloud, network[0], "disks")
    cleanup(host.remove)
    return host


@pytest.fixture(scope="module")
def types(cloud):
    return cloud.ecl("storage volume-type list", json=True)


@pytest.fixture(scope="module")
def virtual_storage(cloud, cleanup, network, types):
    made = cloud.ecl([
        "storage", "create", "--name", "disks", "--volume_type_id", types[0]["ID"], "--network_id", network[0],
        "--subnet_id", network[1], "--ip_addr_pool", "10.55.0.100,10.55.0.110", "--host_route", "10.56.0.0/24,10.55.0.1"],
        json=True)

    def remove():
        cloud.ecl(f"storage delete {made['id']}")
        cloud.wait(lambda: cloud.http("GET", f"/storage/v1.0/{cloud.project}/virtual_storages/{made['id']}").status
                   == 404, 60)
    cleanup(remove)
    return settled(cloud, f"virtual_storages/{made['id']}", "virtual_storage")


@pytest.fixture(scope="module")
def volume(cloud, cleanup, virtual_storage):
    made = cloud.ecl(
        f"storage volume create --name data --size 100 --virtual_storage_id {virtual_storage['id']} --iops_per_gb 4 "
        f"--initiator_iqns {FRIEND}", json=True)
    found = settled(cloud, f"volumes/{made['id']}", "volume")

    def remove():
        cloud.ecl(f"storage volume delete {made['id']}")
        cloud.wait(lambda: cloud.http("GET", f"/storage/v1.0/{cloud.project}/volumes/{made['id']}").status == 404, 60)
    cleanup(remove)
    return found


def disk_io(host, volume, *commands, name=FRIEND):
    """What qemu-io says as an initiator."""
    target = (f"driver=iscsi,transport=tcp,portal={volume['target_ips'][0]}:3260,"
              f"target={volume['metadata']['target_iqn']},lun={volume['metadata']['lun_id']},initiator-name={name}")
    done = host.run("qemu-io", *[word for command in commands for word in ("-c", command)], "--image-opts", target,
                    seconds=30)
    return done.code == 0 and "failed" not in done.out + done.err, done


def test_what_is_offered(cloud, types):
    assert [each["Name"] for each in types] == ["piops_iscsi_na"]
    shown = cloud.ecl(f"storage volume-type show {types[0]['ID']}", json=True)
    assert "100" in str(shown["available_volume_size"]) and "4" in str(shown["available_iops_per_gb"])
    zones = cloud.ecl("storage availability-zone list", json=True)
    assert zones and zones[0]["zoneName"]


def test_virtual_storage_is_shown_and_changed(cloud, virtual_storage):
    assert [each["ID"] for each in cloud.ecl("storage list", json=True)] == [virtual_storage["id"]]
    assert cloud.ecl(f"storage show {virtual_storage['id']}", json=True)["status"] == "available"
    cloud.ecl(["storage", "update", virtual_storage["id"], "--name", "fast disks"])
    assert settled(cloud, f"virtual_storages/{virtual_storage['id']}", "virtual_storage")["name"] == "fast disks"


def test_volume_is_reached_by_its_initiator_alone(cloud, volume, initiator, stranger):
    is_done, done = disk_io(initiator, volume, "write -P 7 0 1M", "read -P 7 0 1M", "flush")
    assert is_done, done
    assert not disk_io(initiator, volume, "read 0 512", name=FOE)[0]
    seen = initiator.run("iscsi-ls", "-i", FRIEND, f"iscsi://{volume['target_ips'][0]}:3260").out
    assert volume["id"] in seen

    # Another tenant's network has the same addresses and nothing behind them.
    made = ask(stranger, "POST", "networks", {"network": {"name": "theirs"}})["network"]
    ask(stranger, "POST", "subnets", {"subnet": {"network_id": made["id"], "cidr": "10.55.0.0/24", "ip_version": 4}})
    host = Plugged(Beneath(cloud.state), stranger, made["id"], "theirs")
    try:
        address = volume["target_ips"][0]
        assert not host.reaches(address)
        assert host.run("timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{address}/3260").code != 0
    finally:
        host.remove()
        ask(stranger, "DELETE", f"networks/{made['id']}")
    storage(stranger, f"volumes/{volume['id']}", 404)


def test_volume_is_shown_and_changed(cloud, volume, initiator):
    listed = cloud.ecl("storage volume list", json=True)
    assert [each["id"] for each in listed] == [volume["id"]]
    shown = cloud.ecl(f"storage volume show {volume['id']}", json=True)
    assert shown["status"] == "available" and str(shown["iops_per_gb"]) == "4"
    cloud.ecl(f"storage volume update {volume['id']} --name logs --initiator_iqns {FOE}")
    settled(cloud, f"volumes/{volume['id']}", "volume")
    assert not disk_io(initiator, volume, "read 0 512")[0]
    assert disk_io(initiator, volume, "read -P 7 0 1M", name=FOE)[0]
    cloud.ecl(f"storage volume update {volume['id']} --name logs --initiator_iqns {FRIEND}")
    settled(cloud, f"volumes/{volume['id']}", "volume")


def test_snapshot_is_taken_and_restored(cloud, volume, initiator):
    assert disk_io(initiator, volume, "write -P 1 0 1M", "flush")[0]
    made = cloud.ecl(f"storage snapshot create {volume['id']} before", json=True)
    settled(cloud, f"snapshots/{made['ID']}", "snapshot")
    settled(cloud, f"volumes/{volume['id']}", "volume")
    assert disk_io(initiator, volume, "read -P 1 0 1M", "write -P 2 0 1M", "flush")[0]
    assert [each["ID"] for each in cloud.ecl("storage snapshot list", json=True)] == [made["ID"]]
    cloud.ecl(f"storage snapshot update {made['ID']} --name first")
    cloud.ecl(f"storage snapshot restore {made['ID']}")
    settled(cloud, f"snapshots/{made['ID']}", "snapshot")
    settled(cloud, f"volumes/{volume['id']}", "volume")
    assert disk_io(initiator, volume, "read -P 1 0 1M")[0]
    assert cloud.ecl(f"storage snapshot show {made['ID']}", json=True)["Name"] == "first"
    cloud.ecl(f"storage snapshot delete {made['ID']}")
    cloud.wait(lambda: cloud.http("GET", f"/storage/v1.0/{cloud.project}/snapshots/{made['ID']}").status == 404, 60)
    settled(cloud, f"volumes/{volume['id']}", "volume")
    assert disk_io(initiator, volume, "read -P 1 0 1M")[0]


def test_the_same_volume_on_the_other_faces(cloud, volume):
    listed = cloud.ecl("compute volume list", json=True)
    assert [each["Status"] for each in listed if each["ID"] == volume["id"]] == ["in-use"]
    names = {each["Name"] for each in cloud.ecl("compute limits show --absolute", json=True)}
    assert {"maxTotalVolumes", "maxTotalCores"} <= names
    port = ask(cloud, "GET", "ports?device_owner=storage:virtual-storage")["ports"][0]
    assert port["fixed_ips"][0]["ip_address"] == volume["target_ips"][0]
    assert cloud.http("DELETE", f"/network/v2.0/ports/{port['id']}").status == 409


def test_files_are_not_offered(cloud, network):
    refused = cloud.ecl([
        "storage", "create", "--name", "files", "--volume_type_id", "standard_nfs_na", "--network_id", network[0],
        "--subnet_id", network[1], "--ip_addr_pool", "10.55.0.120,10.55.0.121"], json=True)
    assert refused["code"] == 400 and "file storage (NFS, SMB) is not" in refused["message"]

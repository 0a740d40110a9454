"""Disks as other clouds keep them: uploaded by the official client, booted, and read by the server to their last byte."""
import hashlib
import json
import random

import pytest

from disks import end_with_directory, sealed, vhd, vmdk_sparse
from servers import Tenant, compute
from session import must, run

# What the disk is: how qemu-img makes it, and what Glance calls it.
DISKS = {
    "sparse": (["-O", "vmdk", "-o", "subformat=monolithicSparse"], "vmdk"),
    "stream": (["-O", "vmdk", "-o", "subformat=streamOptimized"], "vmdk"),
    "piped": (["-O", "vmdk", "-o", "subformat=streamOptimized"], "vmdk"),
    "dynamic": (["-O", "vpc", "-o", "subformat=dynamic"], "vhd"),
    "fixed": (["-O", "vpc", "-o", "subformat=fixed,force_size=on"], "vhd"),
    "vhdx": (["-O", "vhdx"], "vhdx"),
}
REFUSED = {
    "flat": (["-O", "vmdk", "-o", "subformat=monolithicFlat"], "vmdk"),
    "split": (["-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse"], "vmdk"),
    "vdi": (["-O", "vdi"], "raw"),
}


@pytest.fixture(scope="module")
def files(guest_image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("disks")
    for name, (options, _) in (DISKS | REFUSED).items():
        must(run(["qemu-img", "convert", "-f", "raw", *options, guest_image, folder / name]))
    (folder / "piped").write_bytes(end_with_directory((folder / "piped").read_bytes()))
    return folder


@pytest.fixture(scope="module")
def tenant(cloud, guest_image):
    made = Tenant(cloud, guest_image, "e2e-disks")
    yield made
    made.close()


@pytest.fixture(scope="module")
def images(cloud, files, cleanup):
    """The images' ids, by what they are."""
    made = {}
    for name, (_, form) in DISKS.items():
        create = f"image create --file {files / name} --disk-format {form} --container-format bare e2e-disk-{name}"
        made[name] = cloud.openstack(create, json=True)["id"]
        cleanup(cloud.http, "DELETE", f"/image/v2/images/{made[name]}")
    return made


@pytest.fixture(scope="module")
def sums(guest_image):
    """A line that a server prints when it has read the disk that it began as, whole and right."""
    content = guest_image.read_bytes()
    script = f"#!/bin/sh\necho disk is $(head -c {len(content)} /dev/vda | sha256sum)\n"
    return script, "disk is " + hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def booted(cloud, tenant, images, sums):
    """A server of each, all ordered at once."""
    made = {}
    for number, (name, image) in enumerate(images.items()):
        tenant.image, own = image, tenant.image
        made[name] = tenant.create(f"e2e-disk-{name}", f"10.9.0.{50 + number}", sums[0])
        tenant.image = own
    return made


@pytest.mark.parametrize("name", DISKS)
def test_a_server_boots_from_it_and_reads_what_was_put_in(tenant, booted, sums, name):
    tenant.active(booted[name])
    tenant.says(booted[name], sums[1])


@pytest.mark.parametrize("name", DISKS)
def test_it_is_shown_with_its_disks_size_and_downloads_as_it_was_sent(cloud, files, images, guest_image, name):
    shown = cloud.http("GET", f"/image/v2/images/{images[name]}").json
    sent, size = (files / name).read_bytes(), guest_image.stat().st_size
    assert (shown["disk_format"], shown["size"]) == (DISKS[name][1], len(sent))
    # A disk of cylinders, heads and sectors is up to a cylinder longer.
    assert size <= shown["virtual_size"] < size + (2 << 20)
    assert cloud.http("GET", f"/image/v2/images/{images[name]}/file").body == sent


def test_its_servers_snapshot_refers_to_no_other_file_and_holds_the_same(
        cloud, tenant, booted, sums, guest_image, tmp_path, unique, cleanup):
    server = f"{compute(cloud)}/servers/{booted['stream']}"
    tenant.says(booted["stream"], sums[1])
    answer = cloud.http("POST", server + "/action", {"createImage": {"name": unique}})
    path = "/image/v2/images/" + answer.headers["location"].rsplit("/", 1)[1]
    cleanup(cloud.http, "DELETE", path)
    cloud.wait(lambda: cloud.http("GET", path).json["status"] == "active", 60)
    (tmp_path / "copy").write_bytes(cloud.http("GET", path + "/file").body)
    must(run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", tmp_path / "copy", tmp_path / "raw"]))
    content = guest_image.read_bytes()
    assert (tmp_path / "raw").read_bytes()[:len(content)] == content


def test_a_server_is_rebuilt_from_one_kind_to_another(cloud, tenant, booted, images, sums):
    server = booted["dynamic"]
    tenant.says(server, sums[1])
    body = {"rebuild": {"imageRef": images["vhdx"]}}
    assert cloud.http("POST", f"{compute(cloud)}/servers/{server}/action", body).status == 202
    cloud.wait(lambda: tenant.show(server)["status"] == "ACTIVE"
               and tenant.show(server)["image"]["id"] == images["vhdx"], 60)
    tenant.says(server, rf"{sums[1]}(.|\n)+{sums[1]}")  # the console is kept


@pytest.mark.parametrize("name", REFUSED)
def test_a_disk_that_is_several_files_is_refused_with_the_reason(cloud, files, name):
    create = f"image create --file {files / name} --disk-format {REFUSED[name][1]} --container-format bare e2e-refused"
    done = cloud.openstack(create, check=False)
    for each in cloud.http("GET", "/image/v2/images?name=e2e-refused").json["images"]:
        cloud.http("DELETE", f"/image/v2/images/{each['id']}")
    assert done.code != 0 and "refused" in done.out + done.err


def bent(chance, content, parts):
    """The content with a few numbers within `parts` changed."""
    content = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        part = chance.choice(parts)
        place, width = chance.choice(part), chance.choice((1, 1, 2, 4, 8))
        content[place:place + width] = chance.choice((b"\0", b"\1", b"\x10", b"\xff", chance.randbytes(1))) * width
    return bytes(content)


@pytest.mark.parametrize("form", ["vmdk", "vhd"])
def test_C043_what_is_taken_means_the_same_to_qemu_and_leads_nowhere(cloud, tmp_path, form, cleanup):
    chance, taken, file = random.Random(43), 0, tmp_path / "disk"
    sparse = vmdk_sparse("/x")
    stream = vmdk_sparse("/x", kind="streamOptimized")
    stream = end_with_directory(stream[:4] + b"\3\0\0\0\3\0\3\0" + stream[12:77] + b"\1" + stream[78:])
    samples = [(sparse, [range(90), range(512, 700)]), (stream, [range(90), range(len(stream) - 1536, len(stream) - 430)])]
    if form == "vhd":
        samples = [(vhd("/x"), [range(90), range(512, 600)])]
    for turn in range(300):
        content = bent(chance, *samples[turn % len(samples)])
        content = sealed(content) if form == "vhd" else content
        order = {"name": "e2e-bent", "disk_format": form, "container_format": "bare"}
        path = "/image/v2/images/" + cloud.http("POST", "/image/v2/images", order).json["id"]
        put = cloud.http("PUT", path + "/file", content, headers={"Content-Type": "application/octet-stream"})
        size = cloud.http("GET", path).json["virtual_size"]
        assert cloud.http("DELETE", path).status == 204
        if put.status == 400:
            continue
        assert put.status == 204, put
        taken += 1
        file.write_bytes(content)
        done = run(["qemu-img", "info", "--output=json", "-f", "vpc" if form == "vhd" else form, file])
        if done.code != 0:
            continue
        said = json.loads(done.out)
        assert said["virtual-size"] == size and "backing-filename" not in said, (turn, said)
        extents = said.get("format-specific", {}).get("data", {}).get("extents", [])
        assert all(each["filename"] == str(file) for each in extents), (turn, said)
    assert taken > 20

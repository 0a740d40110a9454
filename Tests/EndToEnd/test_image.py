"""Images: what goes in comes out, by either client."""
import hashlib
import os

import pytest


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A file of random bytes, a little more than one upload chunk and not a whole number of sectors."""
    path = tmp_path_factory.mktemp("image") / "data.raw"
    path.write_bytes(os.urandom((1 << 20) + 4097))
    return path


@pytest.fixture(scope="module")
def image(cloud, data, cleanup):
    """An image that `ecl` uploaded, as the command printed it."""
    made = cloud.ecl(f"image create --file {data} --disk-format raw --container-format bare e2e-ecl", json=True)
    cleanup(cloud.http, "DELETE", f"/image/v2/images/{made['id']}")
    return made


def test_an_uploaded_image_is_active_and_knows_its_size_and_checksum(cloud, data, image):
    shown = cloud.ecl(f"image show {image['id']}", json=True)
    assert shown["status"] == "active"
    assert int(shown["size"]) == data.stat().st_size
    assert shown["checksum"] == hashlib.md5(data.read_bytes()).hexdigest()
    assert shown["owner"] == cloud.project


@pytest.mark.parametrize("client", ["ecl", "openstack"])
def test_both_clients_list_it_and_find_it_by_name(cloud, image, client):
    call = getattr(cloud, client)
    assert image["id"] in [each["ID"] for each in call("image list", json=True)]
    assert call("image show e2e-ecl", json=True)["id"] == image["id"]


def test_C055_an_image_downloads_byte_for_byte_with_ecl(cloud, data, image, tmp_path):
    cloud.ecl(f"image download --file {tmp_path}/back {image['id']}")
    assert (tmp_path / "back").read_bytes() == data.read_bytes()


def test_C055_an_image_downloads_byte_for_byte_with_openstack(cloud, data, image, tmp_path):
    cloud.openstack(f"image save --file {tmp_path}/back {image['id']}")
    assert (tmp_path / "back").read_bytes() == data.read_bytes()


def test_openstack_uploads_names_marks_and_deletes_an_image(cloud, data, unique):
    made = cloud.openstack(f"image create --file {data} --disk-format raw --container-format bare {unique}", json=True)
    try:
        cloud.openstack(f"image set --name {unique}-2 --property os_distro=debian {made['id']}")
        shown = cloud.openstack(f"image show {made['id']}", json=True)
        assert (shown["name"], shown["status"]) == (f"{unique}-2", "active")
        assert shown["properties"]["os_distro"] == "debian"
    finally:
        cloud.openstack(f"image delete {made['id']}")
    assert cloud.http("GET", f"/image/v2/images/{made['id']}").status == 404


def test_ecl_deletes_an_image(cloud, data, unique):
    made = cloud.ecl(f"image create --file {data} --disk-format raw --container-format bare {unique}", json=True)
    cloud.ecl(f"image delete {made['id']}")
    assert cloud.http("GET", f"/image/v2/images/{made['id']}").status == 404


def test_an_image_without_data_stays_queued_and_cannot_be_downloaded(cloud, unique, cleanup):
    made = cloud.http("POST", "/image/v2/images",
                      {"name": unique, "disk_format": "raw", "container_format": "bare"})
    assert made.status == 201
    path = f"/image/v2/images/{made.json['id']}"
    cleanup(cloud.http, "DELETE", path)
    assert made.json["status"] == "queued"
    assert cloud.http("GET", f"{path}/file").status == 204


def test_data_cannot_be_replaced_once_it_is_there(cloud, image):
    again = cloud.http("PUT", f"/image/v2/images/{image['id']}/file", b"other",
                       headers={"Content-Type": "application/octet-stream"})
    assert again.status == 409


@pytest.mark.parametrize("format,reference", [("qcow2", "backing"), ("vmdk", "extent")])
def test_an_image_that_points_at_a_host_file_is_refused(cloud, unique, format, reference, cleanup):
    made = cloud.http("POST", "/image/v2/images", {"name": unique, "disk_format": format, "container_format": "bare"})
    if made.status == 400:
        return  # a format that is not taken at all
    assert made.status == 201, made
    path = f"/image/v2/images/{made.json['id']}"
    cleanup(cloud.http, "DELETE", path)
    data = _qcow2_over(b"/etc/passwd") if format == "qcow2" else _vmdk_over("/etc/passwd")
    put = cloud.http("PUT", f"{path}/file", data, headers={"Content-Type": "application/octet-stream"})
    assert 400 <= put.status < 500, reference
    assert cloud.http("GET", path).json["status"] != "active"


def _qcow2_over(target):
    """A qcow2 header whose backing file is `target`: version 2, 64 KiB clusters, 1 MiB."""
    numbers = [(b"QFI\xfb", 4), (2, 4), (72, 8), (len(target), 4), (16, 4), (1 << 20, 8), (0, 4), (1, 4),
               (1 << 17, 8), (1 << 16, 8), (1, 4), (0, 4), (0, 8)]
    header = b"".join(n if isinstance(n, bytes) else n.to_bytes(size, "big") for n, size in numbers)
    return (header + target).ljust(1 << 18, b"\0")


def _vmdk_over(target):
    """A VMDK descriptor whose only extent is the flat file `target`."""
    return (f'# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n'
            f'createType="monolithicFlat"\nRW 8 FLAT "{target}" 0\n').encode().ljust(1024, b"\n")


def test_another_tenant_does_not_see_the_image(stranger, image):
    path = f"/image/v2/images/{image['id']}"
    missing = f"/image/v2/images/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    assert image["id"] not in [each["id"] for each in stranger.http("GET", "/image/v2/images").json["images"]]
    assert stranger.http("GET", path).status == stranger.http("GET", missing).status == 404
    assert stranger.http("GET", f"{path}/file").status == 404
    assert stranger.http("DELETE", path).status == 404

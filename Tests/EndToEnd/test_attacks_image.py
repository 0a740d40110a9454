"""Images that point at the host's files, describe more than there is, or are another's."""
import os
import struct

import pytest

from attacks import NOTHING, at_once, exchange, newcomer, statuses
from disks import vhd, vmdk, vmdk_sparse

IMAGES = "/image/v2/images"
BYTES = {"Content-Type": "application/octet-stream"}
SECRET = b"the host's own secret, which no tenant may read"
MAGIC = b"QFI\xfb"


def qcow2(version=3, backing=b"", bits=16, size=1 << 20, crypt=0, l1=1, l1_at=1 << 17, table_at=1 << 16, snapshots=0,
          snapshots_at=0, incompatible=0, order=4, length=104, extensions=b"", total=1 << 18):
    """A qcow2 file as QEMU's docs/interop/qcow2 has it. The name of the backing file stands behind the header."""
    at = 512 if backing else 0
    head = MAGIC + struct.pack(">IQIIQIIQQIIQ", version, at, len(backing), bits, size, crypt, l1, l1_at, table_at, 1,
                               snapshots, snapshots_at)
    if version >= 3:
        head += struct.pack(">QQQII", incompatible, 0, 0, order, length)
    head += extensions or bytes(8)
    return (head.ljust(512, b"\0") + backing).ljust(total, b"\0")


def extension(kind, content):
    return struct.pack(">II", kind, len(content)) + content.ljust((len(content) + 7) // 8 * 8, b"\0")


def disks(target):
    """Disks of other clouds that name `target`, or are not what they say: (declared format, bytes)."""
    flat = 'RW 128 FLAT "{}" 0'
    found = {
        "a descriptor alone": vmdk(target), "a flat extent": vmdk_sparse(target, flat),
        "a second extent": vmdk_sparse(target, more=flat), "an extent elsewhere": vmdk_sparse(target, 'RW 128 SPARSE "{}"'),
        "an extent on a device": vmdk_sparse(target, 'RW 128 VMFSRDM "{}"'), "flat": vmdk_sparse(target, flat, kind="monolithicFlat"),
        "no size, so that the extents count": vmdk_sparse(target, flat, capacity=0),
        "a parent": vmdk_sparse(target, more='parentFileNameHint="{}"'),
        "a parent in a comment": vmdk_sparse(target, more='# parentFileNameHint="{}"'),
        "a tracked file": vmdk_sparse(target, more='changeTrackPath="{}"'),
        "a descriptor elsewhere": vmdk_sparse(target, at=100), "a long descriptor": vmdk_sparse(target, sectors=1 << 40),
        "tables beyond the end": vmdk_sparse(target, directory=1 << 50), "8 ZiB": vmdk_sparse(target, capacity=(1 << 64) - 1),
        "COWD": b"COWD" + vmdk_sparse(target)[4:], "cut off": vmdk_sparse(target)[:600], "raw": b"\1" * 4096,
        "qcow2": qcow2(backing=str(target).encode()),
    }
    cases = {f"vmdk: {what}": ("vmdk", content) for what, content in found.items()}
    return cases | {f"vhd: {what}": ("vhd", content) for what, content in {
        "a differencing disk": vhd(target, kind=4), "a parent's name": vhd(target, parent=True),
        "one footer": vhd(target, twice=False), "8 EiB": vhd(target, size=1 << 63), "larger than its table": vhd(target, size=4 << 20),
        "fixed at both ends": vhd(target, kind=2), "raw": b"\1" * 4096, "VMDK": vmdk_sparse(target),
    }.items()} | {f"vhdx: {what}": ("vhdx", content) for what, content in {
        "a magic alone": b"vhdxfile".ljust(4 << 20, b"\0"), "raw": b"\1" * 4096, "VHD": vhd(target),
    }.items()}


def crafted(target):
    """Files that would have a careless reader open `target` or take more than there is: (declared format, bytes)."""
    name = str(target).encode()
    data_file = extension(0x44415441, name)
    found = {
        "backing file": qcow2(backing=name), "backing file, version 2": qcow2(2, backing=name),
        "backing file as JSON": qcow2(backing=b'json:{"driver":"raw","file":{"filename":"%s"}}' % name),
        "backing file's length alone": qcow2()[:16] + struct.pack(">I", 40) + qcow2()[20:],
        "backing file's place alone": qcow2()[:8] + struct.pack(">Q", 512) + qcow2()[16:],
        "backing format": qcow2(extensions=extension(0xE2792ACA, b"raw") + bytes(8)),
        "external data": qcow2(incompatible=4, extensions=data_file + bytes(8)),
        "external data without its name": qcow2(incompatible=4),
        "external data's name alone": qcow2(extensions=data_file + bytes(8)),
        "external data behind another extension": qcow2(extensions=extension(7, b"x" * 99) + data_file + bytes(8)),
        "extension beyond the end": qcow2(extensions=struct.pack(">II", 7, 0xFFFFFFF0)),
        "encryption": qcow2(crypt=2), "encryption's header": qcow2(extensions=extension(0x0537BE77, bytes(16)) + bytes(8)),
        "dirty": qcow2(incompatible=1), "corrupt": qcow2(incompatible=2), "unknown feature": qcow2(incompatible=1 << 40),
        "8 EiB": qcow2(size=1 << 63), "all bits of the size": qcow2(size=(1 << 64) - 1), "no size": qcow2(size=0),
        "beyond 2 TiB": qcow2(size=(2 << 40) + 512, l1=4097), "clusters of 1 GiB": qcow2(bits=30),
        "clusters of one byte": qcow2(bits=0), "a deep table": qcow2(l1=0xFFFFFFFF), "no table": qcow2(l1=0),
        "table beyond the end": qcow2(l1_at=1 << 40), "table's place wraps": qcow2(l1_at=(1 << 64) - 8),
        "refcounts beyond the end": qcow2(table_at=1 << 40),
        "snapshots beyond the end": qcow2(snapshots=1, snapshots_at=1 << 50), "refcounts of 2^63 bits": qcow2(order=63),
        "header's length": qcow2(length=0xFFFFFFF8), "short header": qcow2(length=8), "version 1": qcow2(1),
        "version 4": qcow2(4), "half a header": qcow2()[:60], "only a magic": MAGIC, "empty": b"", "raw": b"\1" * 4096,
    }
    cases = {f"qcow2: {what}": ("qcow2", content) for what, content in found.items()}
    for what, content in {
        "qcow2": qcow2(), "qcow2 over a file": qcow2(backing=name), "qcow2 with external data": found["external data"],
        "VMDK descriptor": vmdk(target), "VMDK sparse": b"KDMV".ljust(512, b"\0"), "VMDK COWD": b"COWD".ljust(512, b"\0"),
        "VHD": b"conectix".ljust(512, b"\0"), "VHDX": b"vhdxfile".ljust(512, b"\0"),
        "VDI": b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(512, b"\0"), "QED": b"QED\0".ljust(512, b"\0"),
        "LUKS": b"LUKS\xba\xbe".ljust(512, b"\0"), "nothing": b"",
    }.items():
        cases[f"raw: {what}"] = ("raw", content)
    return cases | disks(str(target))


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("host") / "secret"
    path.write_bytes(SECRET)
    return path


@pytest.fixture(scope="module")
def other(cloud):
    with newcomer(cloud) as made:
        yield made


@pytest.fixture
def image(cloud):
    """Makes images; all are deleted afterwards."""
    made = []

    def make(content=None, session=cloud, **order):
        order = {"name": "e2e-crafted", "disk_format": "raw", "container_format": "bare"} | order
        path = f"{IMAGES}/{session.http('POST', IMAGES, order).json['id']}"
        made.append((session, path))
        if content is not None:
            assert session.http("PUT", path + "/file", content, headers=BYTES).status == 204
        return path
    yield make
    for session, path in made:
        session.http("DELETE", path)


@pytest.mark.parametrize("case", crafted("/x").keys())
def test_C014_a_crafted_image_is_refused_and_nothing_of_it_is_kept(cloud, image, secret, case):
    form, content = crafted(secret)[case]
    path = image(disk_format=form)
    answer = cloud.http("PUT", path + "/file", content, headers=BYTES)
    assert answer.status == 400, answer
    shown = cloud.http("GET", path).json
    assert shown["status"] == "queued" and shown["size"] is None
    assert cloud.http("GET", path + "/file").status == 204
    assert not (cloud.state / "pool/images" / shown["id"]).exists()
    order = {"name": "e2e-crafted", "imageRef": shown["id"], "flavorRef": "1CPU-128MB", "networks": "none"}
    assert cloud.http("POST", f"/compute/v2.1/{cloud.project}/servers", {"server": order}).status in (400, 404)


@pytest.mark.parametrize("form", ["qcow2", "raw"])
def test_the_openstack_client_is_told_that_a_crafted_image_is_refused(cloud, secret, tmp_path, form):
    file = tmp_path / "crafted"
    file.write_bytes(qcow2(incompatible=4, extensions=extension(0x44415441, str(secret).encode()) + bytes(8)))
    done = cloud.openstack(f"image create --file {file} --disk-format {form} --container-format bare e2e-crafted",
                           check=False)
    left = [each["id"] for each in cloud.http("GET", IMAGES + "?name=e2e-crafted").json["images"]]
    for each in left:
        cloud.http("DELETE", f"{IMAGES}/{each}")
    assert done.code != 0 and "400" in done.err + done.out and "refused" in done.err + done.out


@pytest.mark.parametrize("order", [{"disk_format": form} for form in (
    "vpc", "VMDK", "vdi", "iso", "ploop", "ami", "aki", "ari", "qed", "luks", "QCOW2", "raw\n", "../raw")]
    + [{"container_format": form} for form in ("ovf", "ova", "docker", "ami", "compressed")])
def test_a_format_that_is_not_offered_is_refused_when_the_image_is_made(cloud, order):
    order = {"name": "e2e-format", "disk_format": "raw", "container_format": "bare"} | order
    assert cloud.http("POST", IMAGES, order).status == 400


def test_what_the_crafted_disks_are_bent_from_is_taken(cloud, image):
    for form, content, size in (("vmdk", vmdk_sparse("/x"), 128 * 512), ("vhd", vhd("/x"), 1 << 20)):
        assert cloud.http("GET", image(content, disk_format=form)).json["virtual_size"] == size


def test_a_format_cannot_be_exchanged_once_the_bytes_were_judged_by_it(cloud, image):
    path = image(b"\1" * 512)
    step = [{"op": "replace", "path": "/disk_format", "value": "qcow2"}]
    assert cloud.http("PATCH", path, step).status == 403
    unsaid = image(disk_format=None, container_format=None)
    assert cloud.http("PUT", unsaid + "/file", b"\1" * 512, headers=BYTES).status == 400


def test_the_largest_disk_that_may_be_described_takes_no_space(cloud, image):
    before = os.statvfs(cloud.state).f_bfree
    path = image(qcow2(size=2 << 40, l1=4096), disk_format="qcow2")
    shown = cloud.http("GET", path).json
    assert shown["virtual_size"] == 2 << 40 and shown["size"] == 1 << 18
    assert (before - os.statvfs(cloud.state).f_bfree) * os.statvfs(cloud.state).f_frsize < 64 << 20


@pytest.mark.parametrize("name", ["id", "owner", "status", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value",
                                  "created_at", "updated_at", "self", "file", "schema", "locations", "direct_url",
                                  "deleted", "os_glance_importing_to_stores", "os_glance_failed_import"])
def test_what_the_service_says_of_an_image_its_owner_cannot_say(cloud, other, image, name):
    path = image(b"\1" * 512)
    before = cloud.http("GET", path).body
    for operation in ("add", "replace", "remove"):
        step = [{"op": operation, "path": "/" + name, "value": other.project}]
        assert cloud.http("PATCH", path, step).status in (403, 409), operation
    assert cloud.http("GET", path).body == before
    made = cloud.http("POST", IMAGES, {"name": "e2e-said", name: other.project})
    assert made.status in (400, 403), made


def test_no_import_fetches_a_file_or_an_address_of_the_hosts(cloud, image, secret):
    path = image()
    for uri in ("http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/", f"file://{secret}"):
        order = {"method": {"name": "web-download", "uri": uri}}
        assert cloud.http("POST", path + "/import", order).status in (404, 405)
        assert cloud.http("POST", path + "/locations", {"url": uri}).status in (404, 405)
    assert cloud.http("PUT", path + "/stage", b"x", headers=BYTES).status in (404, 405)


@pytest.mark.parametrize("ranges", ["bytes=0-9", "bytes=-1", "bytes=99999999999-", "bytes=9-0", "bytes=0-,0-,0-,0-",
                                    "bytes=" + ",".join(f"{n}-" for n in range(1000)), "lines=0-1", "bytes=-0x10"])
def test_a_range_brings_the_whole_image_once_and_never_more(cloud, image, ranges):
    content = bytes(range(256)) * 40
    path = image(b"\1" + content)
    answer = cloud.http("GET", path + "/file", headers={"Range": ranges})
    assert (answer.status, answer.body) == (200, b"\1" + content)


def test_bytes_that_are_cut_off_or_sent_twice_leave_the_image_as_it_was(cloud, image):
    path = image()
    head = f"PUT {path}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {cloud.token()}\r\nContent-Length: 5000\r\n"
    exchange(cloud, head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + b"\1" * 4000, seconds=0.5)
    cloud.wait(lambda: cloud.http("GET", path).json["status"] == "queued", 10)
    answers = at_once(4, lambda number: cloud.http("PUT", path + "/file", bytes([number + 1]) * 3_000_000, headers=BYTES))
    assert sorted(each.status for each in answers) == [204, 409, 409, 409]
    assert len(set(cloud.http("GET", path + "/file").body)) == 1


def test_a_shared_image_is_its_owners_still(cloud, other, image):
    path = image(b"\1" * 512)
    missing = f"{IMAGES}/{NOTHING}"
    for method, tail, body in (("GET", "", None), ("GET", "/file", None), ("DELETE", "", None), ("PUT", "/tags/a", None),
                               ("POST", "/members", {"member": other.project}), ("GET", "/members", None),
                               ("PATCH", "", [{"op": "replace", "path": "/name", "value": "mine"}])):
        theirs, none = other.http(method, path + tail, body), other.http(method, missing + tail, body)
        assert theirs.status == none.status == 404, (method, tail)
        assert theirs.body.replace(path[-36:].encode(), NOTHING.encode()) == none.body
    assert cloud.http("POST", path + "/members", {"member": other.project}).status == 200
    assert other.http("GET", path + "/file").status == 200
    for method, tail, body in (("DELETE", "", None), ("PUT", "/tags/a", None), ("POST", "/members", {"member": NOTHING}),
                               ("PATCH", "", [{"op": "replace", "path": "/name", "value": "mine"}]),
                               ("DELETE", f"/members/{other.project}", None)):
        assert other.http(method, path + tail, body).status in (403, 404), (method, tail)
    own = [{"op": "replace", "path": "/visibility", "value": "private"}]
    assert cloud.http("PATCH", path, own).status == 200
    assert other.http("GET", path + "/file").status == 404, "what is private is shared no more"
    public = [{"op": "replace", "path": "/visibility", "value": "public"}]
    assert cloud.http("PATCH", path, public).status == 403

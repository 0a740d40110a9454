"""Text that means to be more than text: in names, labels, filters, generated configuration and logs."""
import time

import pytest

from attacks import IDENTITY, exchange, newcomer

NET = "/network/v2.0"
CONTROLS = {"line feed": "a\nb", "carriage return": "a\rb", "header": "a\r\nX-Auth-Token: b", "nul": "a\0b",
            "escape": "a\x1b[2Jb",
            "delete": "a\x7fb", "tab": "a\tb"}
# Printable, and so only text, wherever it comes to stand.
TEXTS = ['"},{"id":"x"}', "</name><admin>true</admin>", "<script>alert(1)</script>", "'; DROP TABLE networks; --",
         "$(reboot)`id`",
         "{{7*7}}${7*7}%n%s", "../../../etc/passwd", "a,b=c;d|e&f", "a,\u0301process=x", "\u202egnp.exe", "\u2028X: y",
         "é e\u0301",
         "&xxe;<!ENTITY a SYSTEM 'file:///etc/passwd'>", "\\u0000\\n\\", "=cmd|' /C calc'!A0", "🏳️‍🌈" * 9, "a" * 255]


@pytest.fixture(scope="module")
def hana(cloud):
    with newcomer(cloud) as made:
        made.network = made.ask("POST", NET + "/networks", {"network": {"name": "own"}}).json["network"]["id"]
        made.image = made.ask("POST", "/image/v2/images",
                              {"name": "own", "disk_format": "raw", "container_format": "bare"}).json["id"]
        made.ask("PUT", f"/image/v2/images/{made.image}/file", b"\1" * 512,
                 headers={"Content-Type": "application/octet-stream"})
        yield made


def named(who):
    """What has a name: the path, and the body around a name."""
    compute = f"/compute/v2.1/{who.project}"
    server = {"imageRef": who.image, "flavorRef": "1CPU-128MB", "networks": "none"}
    return {
        "network": (NET + "/networks", lambda name: {"network": {"name": name}}),
        "subnet": (NET + "/subnets", lambda name: {"subnet": {
            "name": name, "network_id": who.network, "cidr": "10.81.0.0/24", "ip_version": 4}}),
        "port": (NET + "/ports", lambda name: {"port": {"name": name, "network_id": who.network}}),
        "router": (NET + "/routers", lambda name: {"router": {"name": name}}),
        "security_group": (NET + "/security-groups", lambda name: {"security_group": {"name": name}}),
        "subnetpool": (NET + "/subnetpools", lambda name: {"subnetpool": {"name": name, "prefixes": ["10.82.0.0/16"]}}),
        "image": ("/image/v2/images", lambda name: {"name": name}),
        "server_group": (compute + "/os-server-groups",
                         lambda name: {"server_group": {"name": name, "policies": ["affinity"]}}),
        "keypair": (compute + "/os-keypairs", lambda name: {"keypair": {"name": name}}),
        "server": (compute + "/servers", lambda name: {"server": server | {"name": name}}),
        "application_credential": (f"{IDENTITY}/users/{who.user}/application_credentials",
                                   lambda name: {"application_credential": {"name": name}}),
    }


KINDS = ["network", "subnet", "port", "router", "security_group", "subnetpool", "image", "server_group", "keypair",
         "server",
         "application_credential"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_one_line(hana, kind):
    path, body = named(hana)[kind]
    for what, name in CONTROLS.items():
        answer = hana.http("POST", path, body(name))
        assert answer.status == 400, (what, answer)
        assert b"\n" not in answer.body and name.encode() not in answer.body


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("keypair", "server")])
def test_a_name_is_text_and_comes_back_as_it_was_given(hana, kind):
    path, body = named(hana)[kind]
    for name in TEXTS:
        answer = hana.http("POST", path, body(name))
        assert answer.status in (200, 201), (name, answer)
        made = answer.json if kind == "image" else answer.json[kind]
        assert made["name"] == name
        shown = hana.ask("GET", f"{path}/{made['id']}").json
        assert (shown if kind == "image" else shown[kind])["name"] == name
        hana.ask("DELETE", f"{path}/{made['id']}")


@pytest.mark.parametrize("name", ["../x", "a/b", "<b>", "a\u0301", "a;b", "$(x)", "a\"b", "a,b", "", "a" * 256])
def test_a_key_pairs_name_becomes_part_of_paths_and_is_plain(hana, name):
    path, body = named(hana)["keypair"]
    assert hana.http("POST", path, body(name)).status == 400


@pytest.mark.parametrize("key",
                         ["ssh-ed25519 AAAA\nssh-rsa BBBB", "x", "-----BEGIN RSA PRIVATE KEY-----", "ssh-rsa ../../x",
                                 "command=\"sh\" ssh-rsa AAAA", "ssh-ed25519 " + "A" * 17_000, "ssh-rsa AAAA a\0b"])
def test_a_public_key_is_one_key_on_one_line(hana, key):
    path, _ = named(hana)["keypair"]
    assert hana.http("POST", path, {"keypair": {"name": "k", "public_key": key}}).status == 400


@pytest.mark.parametrize("change",
                         [{"metadata": {"a\nb": "c"}}, {"metadata": {"a": "b\nc"}}, {"metadata": {"a": "b\0"}},
                                    {"metadata": {"": "x"}}, {"metadata": {"a": {"b": "c"}}},
                                    {"metadata": {"a": "x" * 256}},
                                    {"metadata": {f"k{n}": "v" for n in range(129)}}, {"user_data": "a\n\0"},
                                    {"user_data": "A" * 65_540}, {"key_name": "a\nb"}, {"availability_zone": "a\nb"},
                                    {"availability_zone": "zone1-groupa:elsewhere"}, {"description": "a\nb"},
                                    {"adminPass": "a\nb"},
                                    {"config_drive": "\n", "personality": [{"path": "/etc/passwd"}]},
                                    {"accessIPv4": "1.2.3.4\n"}, {"accessIPv6": "::1\n"}])
def test_what_becomes_a_servers_configuration_is_bounded_and_one_line(hana, change):
    path, body = named(hana)["server"]
    order = body("e2e-lines")
    order["server"] |= change
    assert hana.http("POST", path, order).status in (400, 403), change


@pytest.mark.parametrize("change", [
    {"dns_nameservers": [each]} for each in ("8.8.8.8\n", "8.8.8.8, router=10.81.0.66", "8.8.8.8}", "dns.example.com",
                                             "::1")] + [
    {"host_routes": [{"destination": each, "nexthop": "10.81.0.9"}]} for each in ("10.9.0.0/24\n",
                                                                                  "10.9.0.0/24,10.81.0.66", "x")] + [
    {"host_routes": [{"destination": "10.9.0.0/24", "nexthop": each}]} for each in ("10.81.0.9}", "10.81.0.9\n",
                                                                                    "")] + [
    {"gateway_ip": each} for each in ("10.81.0.1\n", "10.81.0.1,x", "169.254.169.254x")] + [
    {"cidr": each} for each in ("10.81.0.0/24\n", "10.81.0.0/24,10.0.0.0/8", "0.0.0.0/0x")] + [
    {"allocation_pools": [{"start": "10.81.0.2\n", "end": "10.81.0.9"}]}])
def test_what_becomes_dhcp_options_is_addresses_and_nothing_else(hana, change):
    order = {"network_id": hana.network, "cidr": "10.81.0.0/24", "ip_version": 4} | change
    assert hana.http("POST", NET + "/subnets", {"subnet": order}).status == 400


@pytest.mark.parametrize("tag", ["a\nb", "a\0", "a,b", "a,\u0301b", "", "x" * 129])
def test_a_tag_is_short_and_holds_no_separator(hana, tag):
    path = f"{NET}/networks/{hana.network}/tags"
    assert hana.http("PUT", path, {"tags": [tag]}).status == 400
    assert hana.ask("GET", path).json == {"tags": []}


@pytest.mark.parametrize("path",
                         [NET + "/networks", "/image/v2/images", "/compute/v2.1/{}/servers/detail", NET + "/ports"])
@pytest.mark.parametrize("query",
                         ["name=%27%20OR%20%271%27=%271", "name=%27%3B%20DROP%20TABLE%20networks--", "sort_key=id%3B--",
                                   "sort_key=(select%201)", "sort_key=password&sort_dir=asc", "sort_dir=desc%3B--",
                                   "limit=-1",
                                   "limit=1e9", "limit=99999999999999999999", "marker=%27", "fields=secret_hash",
                                   "id=%00", "name=%0a", "tags=%27&tags-any=%27", "status=%ff"])
def test_a_filter_is_a_value_and_no_query(cloud, hana, path, query):
    path = path.format(hana.project)
    answer = hana.http("GET", f"{path}?{query}")
    assert answer.status in (200, 400), answer
    for word in (b"SQL", b"sqlite", b"syntax", b"SELECT", cloud.project.encode()):
        assert word not in answer.body
    assert hana.http("GET", path).status == 200


def test_a_pattern_cannot_cost_more_than_it_is_long(hana):
    path, body = named(hana)["server"]
    made = hana.ask("POST", path, body("a" * 200 + "!")).json["server"]["id"]
    for pattern in ("(a%2B)%2B$", "(a*)*b", "a*" * 100 + "b", "(.*a){30}", "[a-z]*" * 40 + "$", "a%3F" * 80 + "a" * 80):
        began = time.monotonic()
        assert hana.http("GET", f"{path}?name={pattern}").status in (200, 400)
        assert time.monotonic() - began < 0.5, pattern
    hana.ask("DELETE", f"{path}/{made}")


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", "application/yaml", "application/x-msgpack"])
def test_only_json_is_read(hana, kind):
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><network><name>&b;</name></network>'
    answer = hana.http("POST", NET + "/networks", entity, headers={"Content-Type": kind})
    assert answer.status == 415 and b"root:" not in answer.body


def test_no_request_writes_a_line_of_its_own_into_the_log(cloud, hana):
    forged = "2026-01-01T00:00:00+0000 critical akashi: forged by a request"
    log = cloud.state / "log/akashi.log"
    before = log.stat().st_size
    for path in (f"/network/v2.0/networks/%0a{forged.replace(' ', '%20')}", f"/%0d%0a{forged.replace(' ', '%20')}"):
        hana.http("GET", path)
        hana.http("DELETE", path)
    hana.login(OS_USERNAME=f"nobody\n{forged}")
    hana.http("POST", NET + "/networks", {"network": {"name": f"x\n{forged}", f"y\n{forged}": 1}})
    exchange(cloud, f"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\r\n {forged}\r\n\r\n".encode(), seconds=1)
    with open(log) as lines:
        lines.seek(before)
        assert not [line for line in lines if line.startswith(forged[:30])]


def test_the_audit_log_keeps_what_was_sent_as_one_record_of_text(cloud, hana):
    forged = 'x"},{"outcome":"success","action":"forged'
    assert hana.http("DELETE",
                     f"{NET}/networks/{forged.replace(chr(34), '%22').replace('{', '%7b').replace('}', '%7d')}").status == 404
    records = hana.audit()
    assert not [each for each in records if each["action"] == "forged"]
    assert [each for each in records if each["resource"].startswith('x"},{"outcome')]

"""ATTACKS 22: a server's screen and keyboard, through an address that opens them once."""
import http.client
import subprocess
import urllib.parse

import pytest

from servers import Tenant, compute
from session import wait
from websocket import Refused, Screen, WebSocket

WISH = {"remote_console": {"protocol": "vnc", "type": "novnc"}}


@pytest.fixture(scope="module")
def tenant(cloud, guest_image):
    made = Tenant(cloud, guest_image, "e2e-console")
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(tenant):
    made = tenant.create("e2e-console", "10.9.0.10")
    tenant.says(made, r"login:")
    return made


def ask(session, server):
    """A new console's address."""
    answer = session.http("POST", f"{compute(session)}/servers/{server}/remote-consoles", WISH,
                          headers={"OpenStack-API-Version": "compute 2.6"})
    assert answer.status == 200, answer
    return answer.json["remote_console"]["url"]


def origin(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def socket_of(url):
    """The address that the page at `url` would connect to."""
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(url).fragment)["token"][0]
    return origin(url).replace("https", "wss") + f"/websockify?token={urllib.parse.quote(token)}"


def dial(session, url, kind=WebSocket, **changes):
    options = {"cafile": session.variables["OS_CACERT"], "origin": origin(url)} | changes
    return kind(socket_of(url), **options)


def refused(session, url, **changes):
    """The status with which a WebSocket is refused."""
    with pytest.raises(Refused) as caught:
        dial(session, url, **changes)
    return caught.value.status


def get(session, url, path, method="GET"):
    """The answer of the console's own server; the path goes out as it is."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20, context=session.tls)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def test_both_clients_show_an_address_that_opens_the_servers_screen(cloud, server):
    shown = cloud.openstack(f"console url show --novnc {server}", json=True)
    assert shown["type"] == "novnc" and shown["protocol"] == "vnc"
    ecl = cloud.ecl(f"compute console-url show --novnc {server}", json=True)
    for url in (shown["url"], ecl["url"]):
        screen = dial(cloud, url, Screen)
        assert screen.version == b"RFB 003.008\n"
        assert (screen.width, screen.height) == (720, 400) and "e2e-console" in screen.name
        screen.close()


def test_keys_that_are_pressed_show_on_the_screen(cloud, server):
    screen = dial(cloud, ask(cloud, server), Screen)
    before = screen.pixels()
    lit = sum(pixel[:3] != b"\0\0\0" for row in before for pixel in row)
    assert 200 < lit < 100_000, f"{lit} pixels are lit: no text"
    screen.type("hello")

    def changed():
        return sum(a != b for old, new in zip(before, screen.pixels()) for a, b in zip(old, new)) > 100
    wait(changed, 20)
    screen.close()


def test_a_token_opens_one_console_once(cloud, server):
    url = ask(cloud, server)
    screen = dial(cloud, url, Screen)
    assert refused(cloud, url) == 403, "while it is open"
    screen.close()
    assert refused(cloud, url) == 403, "when it has ended"


def test_pages_of_others_open_nothing_and_do_not_use_the_token_up(cloud, server):
    url = ask(cloud, server)
    for other in ("https://evil.example", None, "null", f"{cloud.identity.scheme}://{cloud.identity.netloc}",
                  origin(url) + ".evil.example"):
        assert refused(cloud, url, origin=other) == 403, other
    assert refused(cloud, url, protocol=None) == 403
    assert refused(cloud, url, protocol="base64") == 403
    dial(cloud, url, Screen).close()


def test_what_is_no_token_is_refused(cloud, server):
    url = ask(cloud, server)
    good = url.split("token=")[1]
    for bad in ("", "x", "0" * 64, good[:-1], good + "0", good.upper().replace("A", "%41"), "%27%20OR%201=1"):
        if bad != good:
            assert refused(cloud, origin(url) + f"/console#token={bad or '%20'}") == 403, bad
    with pytest.raises(Refused) as caught:
        WebSocket(origin(url).replace("https", "wss") + "/websockify?", cloud.variables["OS_CACERT"], origin(url))
    assert caught.value.status == 403
    dial(cloud, url, Screen).close()


def test_a_strangers_servers_have_no_console_for_one(cloud, stranger, server):
    answer = stranger.http("POST", f"{compute(stranger)}/servers/{server}/remote-consoles", WISH)
    nothing = stranger.http(
        "POST", f"{compute(stranger)}/servers/00000000-0000-4000-8000-000000000000/remote-consoles", WISH)
    assert answer.status == nothing.status == 404
    assert stranger.openstack(f"console url show {server}", check=False).code != 0


def test_only_the_consoles_own_files_are_served_and_nothing_else_runs_beside_them(cloud, server):
    url = ask(cloud, server)
    status, headers, page = get(cloud, url, "/console")
    assert status == 200 and "console.js" in page
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"
    assert "export default" in get(cloud, url, "/novnc/core/rfb.js")[2]
    for path in ("/novnc/../../../../etc/passwd", "/novnc/core/..%2f..%2f..%2f..%2fetc%2fpasswd", "//etc/passwd",
                 "//evil.example/%2f..", "/%2e%2e/%2e%2e/etc/passwd", "/novnc/", "/novnc/core/", "/", "/vnc.html",
                 "/identity/v3", "/novnc/core/rfb.js%00"):
        status, headers, text = get(cloud, url, path)
        assert status == 404 and "location" not in headers and "root:" not in text, path
    assert get(cloud, url, "/console", method="POST")[0] == 405


def test_a_token_is_in_no_log_and_no_table(cloud, server):
    url = ask(cloud, server)
    token = url.split("token=")[1]
    refused(cloud, url, origin="https://evil.example")
    dial(cloud, url, Screen).close()
    refused(cloud, url)
    found = subprocess.run(["grep", "-rlaF", token, cloud.state / "log", *cloud.state.glob("akashi.sqlite*")],
                           capture_output=True, text=True).stdout
    assert found == ""


def test_every_use_and_every_refusal_is_on_record(cloud, server):
    url = ask(cloud, server)
    dial(cloud, url, Screen).close()
    actions = {each["action"] for each in cloud.audit() if server in each["resource"]}
    assert {"issue_console", "open_console"} <= actions


def test_a_console_closes_with_its_server_and_a_stopped_one_has_none(cloud, tenant):
    made = tenant.create("e2e-console-2", "10.9.0.20")
    tenant.active(made)
    screen, unused = dial(cloud, ask(cloud, made), Screen), ask(cloud, made)
    cloud.http("POST", f"{compute(cloud)}/servers/{made}/action", {"reboot": {"type": "HARD"}})
    assert screen.ended()
    tenant.active(made)
    cloud.http("POST", f"{compute(cloud)}/servers/{made}/action", {"os-stop": None})
    wait(lambda: tenant.show(made)["status"] == "SHUTOFF", 60)
    answer = cloud.http("POST", f"{compute(cloud)}/servers/{made}/remote-consoles", WISH)
    assert answer.status == 409 and "is not ready" in answer.json["conflictingRequest"]["message"]
    assert refused(cloud, unused) == 409
    cloud.http("POST", f"{compute(cloud)}/servers/{made}/action", {"os-start": None})
    wait(lambda: tenant.show(made)["status"] == "ACTIVE", 60)
    screen, unused = dial(cloud, ask(cloud, made), Screen), ask(cloud, made)
    tenant.delete(made)
    assert screen.ended()
    assert refused(cloud, unused) == 403

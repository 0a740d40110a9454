"""HTTP itself as a weapon: requests that two readers read differently, paths that climb, and clients that dawdle."""
import time

import pytest

from attacks import at_once, connect, exchange, statuses

LOGIN = b"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SECOND = b"GET /identity/v3 HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("request_bytes", [
    LOGIN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SECOND,
    LOGIN + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + SECOND,
    LOGIN + b"Content-Length: 2, 2\r\n\r\n{}" + SECOND,
    LOGIN + b"Content-Length: +2\r\n\r\n{}" + SECOND,
    LOGIN + b"Content-Length: 0x2\r\n\r\n{}" + SECOND,
    LOGIN + b"Content-Length: -1\r\n\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + SECOND,
    LOGIN + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + SECOND,
    b"GET /identity/v3 HTTP/1.1\nHost: x\nX: y\n\n" + SECOND,
    b"GET /identity/v3\r\n\r\n" + SECOND,
    b"GET /identity/v3 HTTP/1.1\r\nHost: x\r\nX-A\x00B: y\r\n\r\n" + SECOND,
], ids=lambda value: value[len(LOGIN):len(LOGIN) + 34].decode(errors="replace"))
def test_a_request_that_could_be_read_in_two_ways_is_one_refusal(cloud, request_bytes):
    assert statuses(exchange(cloud, request_bytes, seconds=1)) == [400]


def test_the_answer_to_head_has_no_body_that_could_pass_for_another_answer(cloud, cleanup):
    """An image's bytes are its owner's to choose: here they are an answer that says the connection's next user is admin."""
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nadmin"
    image = cloud.http("POST", "/image/v2/images",
                       {"name": "e2e-head", "disk_format": "raw", "container_format": "bare"}).json["id"]
    path = f"/image/v2/images/{image}"
    cleanup(cloud.http, "DELETE", path)
    put = cloud.http("PUT", path + "/file", forged, headers={"Content-Type": "application/octet-stream"})
    assert put.status == 204
    head = f"HEAD {path}/file HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {cloud.token()}\r\n\r\n".encode()
    heard = exchange(cloud, head + b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"admin" not in heard and heard.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 404" in heard and f"Content-Length: {len(forged)}".encode() in heard


@pytest.mark.parametrize("path", [
    "/network/v2.0/%2e%2e/%2e%2e/identity/v3", "/network/v2.0/../../identity/v3", "/network%2fv2.0%2fnetworks",
    "/network/v2.0/networks%00", "/network/v2.0/networks/%00", "/network/v2.0/networks/..%2f..%2f..%2fetc%2fpasswd",
    "/network/v2.0/networks/%c0%ae%c0%ae", "/network/v2.0/networks/%-0", "/network/v2.0/./networks",
    "/network/v2.0/networks;a=b", "/NETWORK/v2.0/networks", "/image/v2/images/..%2f..%2fakashi.sqlite/file",
    "/image/v2/images/%2e%2e/file", "/image/v2/schemas/..%2f..%2f..%2fetc%2fpasswd", "/../../../../etc/passwd",
])
def test_a_path_that_climbs_or_is_spelled_in_disguise_leads_nowhere(cloud, path):
    answer = cloud.http("GET", path)
    assert answer.status == 404
    assert b"root:" not in answer.body


def test_a_path_spelled_otherwise_needs_a_token_as_well(cloud):
    for path in ("//network//v2.0//networks", "/network/v2.0/networks/", "/network/v2.0/networks?a=b"):
        assert cloud.http("GET", path, token=None).status == 401, path
    line = b"GET http://elsewhere/network/v2.0/networks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert statuses(exchange(cloud, line)) == [401]


def test_a_method_in_a_header_is_not_read(cloud, unique):
    made = cloud.http("POST", "/network/v2.0/networks", {"network": {"name": unique}}).json["network"]["id"]
    path = f"/network/v2.0/networks/{made}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert cloud.http("GET", path, headers={header: "DELETE"}).status == 200
    assert cloud.http("DELETE", path).status == 204


def test_headers_that_are_too_large_or_too_many_are_refused(cloud):
    def ask(lines):
        heard = exchange(cloud, b"GET /identity/v3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n")
        return statuses(heard)

    assert ask(b"X-A: " + b"a" * 1000 + b"\r\n") == [200]
    assert ask(b"X-A: " + b"a" * 20_000 + b"\r\n") in ([400], [])
    assert ask(b"".join(b"X-%d: a\r\n" % number for number in range(400))) in ([400], [])
    assert ask(b"X-A: " + b"a" * 15_000 + b"\r\n" + (b"X-B: " + b"b" * 15_000 + b"\r\n") * 5) in ([400], [])


def _latency(cloud):
    """The slowest of ten requests, in seconds."""
    slowest = 0
    for _ in range(10):
        began = time.monotonic()
        assert cloud.http("GET", "/network/v2.0/networks").status == 200
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def test_requests_that_are_never_finished_hold_up_nobody(cloud):
    cloud.token()
    header = b"GET /network/v2.0/networks HTTP/1.1\r\nHost: x\r\nX-A: "
    body = LOGIN + b"Content-Length: 16000\r\n\r\n{"
    lines = []
    try:
        for number in range(200):
            lines.append(connect(cloud, source="127.0.0.10"))
            lines[-1].sendall(header if number % 2 else body)
        assert _latency(cloud) < 1
    finally:
        for line in lines:
            line.close()


def test_one_address_cannot_take_all_connections(cloud):
    """There is room for 4,096 in all; an address has 512, with or without TLS."""
    cloud.token()
    lines = [connect(cloud, source="127.0.0.11", tls=False) for _ in range(700)]
    try:
        time.sleep(0.5)
        assert sum(_is_open(line) for line in lines) == 512
        assert _latency(cloud) < 1
    finally:
        for line in lines:
            line.close()
    time.sleep(0.5)
    connect(cloud, source="127.0.0.11").close()


def _is_open(line):
    line.setblocking(False)
    try:
        return line.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_a_flood_of_refused_requests_holds_up_nobody(cloud):
    cloud.token()
    slowest = at_once(33, lambda number: _latency(cloud) if number == 0 else [
        cloud.http("GET", "/network/v2.0/networks", token="forged") for _ in range(20)])[0]
    assert slowest < 2

"""Bodies that cost more than they are: deep, long, many, large, or not what they say."""
import time

import pytest

from attacks import IDENTITY, connect, exchange, statuses

LOGIN = IDENTITY + "/auth/tokens"
NETWORKS = "/network/v2.0/networks"
LIMIT = 1 << 20
SECONDS = 1  # a bomb takes 60 ms; a machine under load gets this

# What fits into the limit and unfolds: (what, bytes).
BOMBS = {
    "lists in lists": b"[" * 900_000, "lists in lists, closed": b"[" * 400_000 + b"]" * 400_000,
    "objects in objects": b'{"a":' * 150_000,
    "names": b'{"network":{' + b",".join(b'"k%d":1' % n for n in range(90_000)) + b"}}",
    "one name again and again": b'{"network":{' + b",".join([b'"k":1'] * 150_000) + b"}}",
    "items": b"[" + b"1," * 500_000 + b"1]",
    "empty objects": b"[" + b"{}," * 300_000 + b"{}]", "empty texts": b"[" + b'"",' * 300_000 + b'""]',
    "escapes": b'{"network":{"name":"' + rb"\u0041" * 150_000 + b'"}}',
    "astral escapes": b'{"network":{"name":"' + rb"\ud83d\ude00" * 80_000 + b'"}}',
    "white space": b" " * 1_000_000 + b"{}",
    "digits": b'{"network":{"name":' + b"9" * 900_000 + b"}}", "exponent": b'{"network":{"mtu":1e' + b"9" * 50 + b"}}",
    "fraction": b'{"network":{"mtu":0.' + b"0" * 900_000 + b"1}}",
    "a text without an end": b'{"network":{"name":"' + b"a" * 900_000,
}
WRONG = {
    "nothing": b"", "half": b'{"network"', "two values": b"{}{}", "a comment": b"{/**/}",
    "a comma too many": b'{"network":{},}',
    "single quotes": b"{'network':{}}", "not a number": b'{"network":NaN}', "infinity": b'{"network":-Infinity}',
    "hexadecimal": b'{"network":0x10}', "leading zero": b'{"network":01}', "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"network":{}}'.encode("utf-16"), "not UTF-8": b'{"network":{"name":"\xff\xfe"}}',
    "overlong": b'{"network":{"name":"\xc0\x80"}}',
    "half a surrogate": rb'{"network":{"name":"\ud800"}}', "nul": b'{"network":{"name":"a"}}\0',
    "a key twice": b'{"network":{},"network":{}}',
    "a key twice in disguise": rb'{"network":{"name":"a","n\u0061me":"b"}}',
    "a key twice, composed and not": '{"network":{"name":"a","\u00e9":1,"e\u0301":1}}'.encode(),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_body_that_unfolds_is_refused_quickly(cloud, what):
    began = time.monotonic()
    answer = cloud.http("POST", NETWORKS, BOMBS[what], headers={"Content-Type": "application/json"})
    assert answer.status == 400, answer
    assert time.monotonic() - began < SECONDS and len(answer.body) < 2000


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_json_to_the_letter_is_refused(cloud, what):
    assert cloud.http("POST", NETWORKS, WRONG[what], headers={"Content-Type": "application/json"}).status == 400


@pytest.mark.parametrize("body", [b"[" * 16_000, b'{"auth":' * 2000, b'{"auth":' + b"9" * 16_000 + b"}",
                                  b'{"auth":{"identity":[]}}',
                                  b'{"auth":{"identity":{"methods":["password"],"password":{"user":{"password":1}}}}}',
                                  b'{"auth":{"identity":{"methods":[{}]}}}',
                                  b'{"auth":{"identity":{"methods":["password","token"]}}}',
                                  b'{"auth":null}', b"null", b'"auth"'])
def test_before_anybody_logs_in_little_is_read_and_nothing_breaks(cloud, body):
    answer = cloud.http("POST", LOGIN, body, token=None, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 401), answer


@pytest.mark.parametrize("path,token,limit", [(NETWORKS, True, LIMIT), (LOGIN, None, 16_384)])
def test_a_body_beyond_the_limit_is_refused_declared_or_not(cloud, path, token, limit):
    assert cloud.http("POST", path, b" " * (limit + 1), token=token).status == 413
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    if token:
        head += f"X-Auth-Token: {cloud.token()}\r\n"
    declared = exchange(cloud, (head + "Content-Length: 99999999999\r\n\r\n").encode(), seconds=1)
    assert statuses(declared) == [413], "before any of it has come"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with connect(cloud, 10) as line:
        line.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        for _ in range(limit // 0x10000 + 2):
            line.sendall(chunk)
        assert b" 413 " in line.recv(65_536).split(b"\r\n")[0]


def test_who_may_not_ask_is_not_read(cloud):
    """An answer comes before the body does: without a token nobody makes the server take a megabyte."""
    head = f"POST {NETWORKS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    assert statuses(exchange(cloud, head.encode(), seconds=1)) == [401]


def test_a_body_where_none_belongs_changes_nothing(cloud):
    for method in ("GET", "DELETE"):
        body = {"network": {"name": "x"}, "project_id": "x", "user_id": "x"}
        assert cloud.http(method, NETWORKS + "/0b5e0b5e-0000-4000-8000-00000000dead", body).status == 404
    assert cloud.http("GET", NETWORKS, {"tenant_id": "x"}).status == 200

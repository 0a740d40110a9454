"""Who one is: forged headers, tokens that have ended, secrets that are guessed, powers that are borrowed."""
import base64
import json
import threading
import time

import pytest

from attacks import IDENTITY, NOTHING, Line, at_once, exchange, newcomer, statuses

NETWORKS = "/network/v2.0/networks"


@pytest.fixture(scope="module")
def hana(cloud):
    with newcomer(cloud) as made:
        yield made


def forged(cloud):
    """What proxies and middlewares pass on to services that trust them."""
    admin, project = cloud.admin.token(), cloud.admin.project
    user = cloud.admin.http("GET", IDENTITY + "/auth/tokens", headers={"X-Subject-Token": admin}).json["token"]["user"]
    return {
        "X-User-Id": user["id"], "X-User-Name": user["name"], "X-User-Domain-Id": "default", "X-Roles": "admin",
        "X-Role": "admin", "X-Project-Id": project, "X-Tenant-Id": project, "X-Project-Domain-Id": "default",
        "X-Is-Admin-Project": "True", "X-Identity-Status": "Confirmed", "X-Service-Identity-Status": "Confirmed",
        "X-Service-Token": admin, "X-Service-Roles": "service", "X-Service-Catalog": "[]",
        "OpenStack-System-Scope": "all",
        "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "elsewhere", "X-Forwarded-Proto": "https",
        "X-Forwarded-User": "admin", "X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=elsewhere",
        "X-Original-Url": "/identity/v3/users", "X-Rewrite-Url": "/identity/v3/users", "X-Remote-User": "admin",
        "Remote-User": "admin", "X-Storage-Token": admin, "Authorization": f"Bearer {admin}",
        "Cookie": f"token={admin}",
    }


@pytest.mark.parametrize("path", [NETWORKS, "/image/v2/images", IDENTITY + "/users", IDENTITY + "/auth/projects"])
def test_headers_that_pass_an_identity_on_open_nothing(cloud, path):
    assert cloud.http("GET", path, token=None).status == 401
    assert cloud.http("GET", path, token=None, headers=forged(cloud)).status == 401


def test_headers_that_pass_an_identity_on_add_nothing_to_a_token(cloud, hana):
    for path in (IDENTITY + "/users", f"/compute/v2.1/{cloud.project}/servers", "/network/v2.0/quotas"):
        plain, dressed = hana.http("GET", path), hana.http("GET", path, headers=forged(cloud))
        assert plain.status == dressed.status == 403, path
        assert plain.body == dressed.body
    answer = hana.http("GET", "/identity", token=None, headers={"Host": "elsewhere", "X-Forwarded-Host": "elsewhere"})
    assert b"elsewhere" not in answer.body, "links are made of the cloud's own name"


def test_a_changed_token_is_none(cloud):
    payload, seal = cloud.token().split(".")
    said = base64.urlsafe_b64decode(payload + "==")
    swapped = base64.urlsafe_b64encode(said.replace(cloud.project.encode(), cloud.admin.project.encode())).decode()
    false = [f"{swapped.rstrip('=')}.{seal}", f"{payload}.", payload, f"{payload}.{seal}.{seal}", f".{seal}",
             f"{payload}.{seal[:-4]}", f"{payload}.{'A' * len(seal)}", "." + "A" * 900, "A" * 5000]
    false += [_flipped(cloud.token(), place) for place in range(0, len(payload) + len(seal), 17)]
    for token in false:
        assert cloud.http("GET", NETWORKS, token=token).status == 401, token


def _flipped(token, place):
    """The token with one bit of one character changed, which is never the last: some of its bits mean nothing."""
    return token[:place] + chr(ord(token[place]) ^ 2) + token[place + 1:]


class Load:
    """Six clients of one user that ask as fast as they may, while a test measures."""

    def __init__(self, cloud):
        self.cloud, self.ended, self.count = cloud, threading.Event(), 0

    def __enter__(self):
        self.cloud.token()
        self.threads = [threading.Thread(target=self._ask) for _ in range(6)]
        for thread in self.threads:
            thread.start()
        return self

    def _ask(self):
        line = Line(self.cloud)
        while not self.ended.is_set():
            status = line.ask("GET", NETWORKS)[0]
            assert status in (200, 429)
            self.count += status == 200
            if status == 429:
                self.ended.wait(0.01)
        line.close()

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def disable_user(who, token):
    who.cloud.admin.http("PATCH", f"{IDENTITY}/users/{who.user}", {"user": {"enabled": False}})


def disable_project(who, token):
    who.cloud.admin.http("PATCH", f"{IDENTITY}/projects/{who.project}", {"project": {"enabled": False}})


def take_the_role(who, token):
    who.cloud.admin.http("DELETE", who.grant)


def change_the_password(who, token):
    change = {"user": {"original_password": who.password, "password": who.password + "-2"}}
    assert who.http("POST", f"{IDENTITY}/users/{who.user}/password", change, token=token).status == 204


def set_the_password(who, token):
    who.cloud.admin.http("PATCH", f"{IDENTITY}/users/{who.user}", {"user": {"password": who.password + "-3"}})


def revoke(who, token):
    assert who.http("DELETE", IDENTITY + "/auth/tokens", headers={"X-Subject-Token": token}).status == 204


def delete_the_user(who, token):
    who.cloud.admin.http("DELETE", f"{IDENTITY}/users/{who.user}")


def delete_the_project(who, token):
    who.cloud.admin.http("DELETE", f"{IDENTITY}/projects/{who.project}")


@pytest.mark.parametrize("end", [revoke, change_the_password, set_the_password, take_the_role, disable_user,
                                 disable_project, delete_the_user, delete_the_project])
def test_a_token_ends_within_a_second_in_every_service_under_load(cloud, end):
    with newcomer(cloud) as who, Load(cloud) as load:
        token = who.token()
        chained = rescoped(who, token)
        paths = [NETWORKS, "/image/v2/images", f"/compute/v2.1/{who.project}/servers", IDENTITY + "/auth/projects"]
        line = Line(who)
        assert {line.ask("GET", path, token=each)[0] for path in paths for each in (token, chained)} == {200}
        end(who, token)
        began = time.monotonic()
        while {line.ask("GET", path, token=each)[0] for path in paths for each in (token, chained)} != {401}:
            assert time.monotonic() - began < 1, "the token still opens something"
        took = time.monotonic() - began
        line.close()
    print(f"\n{end.__name__}: {took * 1000:.0f} ms, beside {load.count} requests")
    assert took < 1


def rescoped(who, token):
    """A token made from a token."""
    scope = {"project": {"id": who.project}}
    auth = {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}}
    answer = who.http("POST", IDENTITY + "/auth/tokens", auth, token=None)
    assert answer.status == 201, answer
    return answer.headers["x-subject-token"]


def test_a_token_made_from_a_token_lives_no_longer(cloud, hana):
    def end_of(token):
        return hana.http("GET", IDENTITY + "/auth/tokens",
                         headers={"X-Subject-Token": token}).json["token"]["expires_at"]
    assert end_of(rescoped(hana, hana.token())) == end_of(hana.token())


def test_an_application_credential_cannot_make_more_of_itself(cloud, hana):
    path = f"{IDENTITY}/users/{hana.user}/application_credentials"
    made = hana.ask("POST", path, {"application_credential": {"name": "program"}}).json["application_credential"]
    identity = {"methods": ["application_credential"],
                "application_credential": {"id": made["id"], "secret": made["secret"]}}
    token = hana.ask("POST", IDENTITY + "/auth/tokens", {"auth": {"identity": identity}}, token=None)
    token = token.headers["x-subject-token"]
    assert hana.http("GET", NETWORKS, token=token).status == 200
    for each in (token, rescoped(hana, token)):
        order = {"application_credential": {"name": "more", "unrestricted": True}}
        assert hana.http("POST", path, order, token=each).status == 403
        assert hana.http("DELETE", f"{path}/{made['id']}", token=each).status == 403
    elsewhere = {"auth": {"identity": identity, "scope": {"project": {"id": cloud.project}}}}
    assert hana.http("POST", IDENTITY + "/auth/tokens", elsewhere, token=None).status == 401
    for order in ({"name": "a", "roles": [{"name": "admin"}]}, {"name": "b", "project_id": cloud.project},
                  {"name": "c", "user_id": NOTHING}):
        assert hana.http("POST", path, {"application_credential": order}).status in (400, 403), order
    assert b"secret" not in hana.http("GET", path).body


def test_guessing_one_password_locks_that_name_and_no_other(cloud, hana):
    with newcomer(cloud) as victim:
        token = victim.token()
        for _ in range(6):
            assert victim.login(OS_PASSWORD="wrong").status == 401
        assert victim.login().status == 401, "the right one fails as well, or guessing would pay"
        assert victim.http("GET", NETWORKS, token=token).status == 200, "who is in already stays in"
        assert hana.login().status == 201
        assert cloud.login().status == 201


def test_a_taken_token_does_not_help_to_guess_the_password(cloud):
    with newcomer(cloud) as victim:
        path = f"{IDENTITY}/users/{victim.user}/password"
        for guess in range(6):
            change = {"user": {"original_password": f"guess {guess}", "password": "Other-password-1"}}
            assert victim.http("POST", path, change).status == 401
        change = {"user": {"original_password": victim.password, "password": "Other-password-1"}}
        assert victim.http("POST", path, change).status == 401


def guess(cloud, name, source):
    """The status of a log-in with a wrong password from another address of this machine."""
    user = {"name": name, "password": "wrong", "domain": {"id": "default"}}
    body = json.dumps({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}).encode()
    head = f"POST {IDENTITY}/auth/tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    return statuses(exchange(cloud, head.encode() + body, seconds=30, source=source))[0]


def test_a_flood_of_log_ins_holds_up_nobody_who_is_in(cloud, hana):
    hana.token()

    def act(number):
        if number:
            return guess(cloud, f"nobody-{number}", "127.0.0.12")
        began = time.monotonic()
        assert all(hana.http("GET", NETWORKS).status == 200 for _ in range(20))
        return time.monotonic() - began
    took, *others = at_once(41, act)
    assert took < 2 and set(others) <= {401, 503}

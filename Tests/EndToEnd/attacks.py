"""What the attacks share: bytes sent as they are, many requests at once, and people made for one test."""
import contextlib
import http.client
import json
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from session import Session, wait

NOTHING = "0b5e0b5e-0000-4000-8000-00000000dead"
IDENTITY = "/identity/v3"


def connect(session, seconds=5, source=None, tls=True):
    """A connection to the API, on which nothing has been said; from the address `source` if one is given."""
    where = (session.identity.hostname, session.identity.port or 443)
    plain = socket.create_connection(where, seconds, source_address=(source, 0) if source else None)
    return session.tls.wrap_socket(plain, server_hostname=session.identity.hostname) if tls else plain


def exchange(session, data, seconds=3, source=None):
    """Everything that the server says to these bytes until it closes or is silent for so long."""
    heard = b""
    with connect(session, seconds, source) as line, contextlib.suppress(OSError):
        line.sendall(data)
        while piece := line.recv(65_536):
            heard += piece
    return heard


def statuses(heard):
    """The status of each answer in what was heard, read as a client or proxy on the same connection reads it."""
    found = []
    while heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        found.append(int(lines[0].split()[1]))
        lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")]
        heard = rest[sum(lengths):]
    return found


class Line:
    """One kept connection of a session, for many requests in quick succession."""

    def __init__(self, session, seconds=30):
        self.session = session
        self.connection = http.client.HTTPSConnection(
            session.identity.hostname, session.identity.port or 443, timeout=seconds, context=session.tls)

    def ask(self, method, path, body=None, token=None, headers=None):
        """The status and the body."""
        headers = {"X-Auth-Token": token or self.session.token()} | (headers or {})
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def close(self):
        self.connection.close()


def at_once(count, act):
    """Calls `act(number)` in as many threads, all let go at the same moment; what they returned."""
    gate = threading.Barrier(count)

    def one(number):
        gate.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


class Newcomer(Session):
    """A member of a project of its own. `user` is its id, `role` the role's."""

    def __init__(self, cloud):
        name, admin = f"e2e-{uuid.uuid4().hex[:8]}", cloud.admin
        self.cloud, self.password = cloud, f"Secret-{name}"
        project = _made(admin, "projects", "project", {"name": name})
        self.user = _made(admin, "users", "user", {"name": name, "password": self.password})
        roles = admin.http("GET", IDENTITY + "/roles?name=member").json["roles"]
        self.role = roles[0]["id"]
        self.grant = f"{IDENTITY}/projects/{project}/users/{self.user}/roles/{self.role}"
        assert admin.http("PUT", self.grant).status == 204
        super().__init__(cloud.variables | {
            "OS_USERNAME": name, "OS_PASSWORD": self.password, "OS_PROJECT_ID": project, "OS_TENANT_ID": project,
        }, cloud.home)

    def ask(self, method, path, body=None, **options):
        """The answer, which must be a success."""
        answer = self.http(method, path, body, **options)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer

    def leave(self):
        """Removes the account, its project and all that is in it, by the administrator: the account may be shut."""
        admin, mine = self.cloud.admin, f"project_id={self.project}"
        compute, newer = f"/compute/v2.1/{admin.project}", {"OpenStack-API-Version": "compute 2.60"}
        shelves = [(compute + "/servers", "servers", f"all_tenants=1&{mine}"),
                   (compute + "/os-server-groups", "server_groups", "all_projects=1")] + [
            (f"/network/v2.0/{plural}", plural.replace("-", "_"), mine)
            for plural in ("floatingips", "routers", "ports", "subnets", "networks", "subnetpools", "security-groups")]

        def is_empty():
            left = 0
            for path, key, query in shelves:
                for thing in admin.http("GET", f"{path}?{query}", headers=newer).json[key]:
                    if thing.get("name") == "default" or thing.get("project_id", self.project) != self.project:
                        continue
                    left += 1
                    if key == "routers":
                        admin.http("PUT", f"{path}/{thing['id']}", {"router": {"external_gateway_info": None}})
                    if key == "ports" and thing["device_owner"] == "network:router_interface":
                        admin.http("PUT", f"/network/v2.0/routers/{thing['device_id']}/remove_router_interface",
                                   {"port_id": thing["id"]})
                    admin.http("DELETE", f"{path}/{thing['id']}")
            return left == 0
        wait(is_empty, 60)
        # Only their owner finds images, and an account that was shut in a test has none.
        if (login := self.login()).status == 201:
            token = login.headers["x-subject-token"]
            for image in self.http("GET", f"/image/v2/images?owner={self.project}", token=token).json["images"]:
                self.http("DELETE", f"/image/v2/images/{image['id']}", token=token)
        admin.http("PATCH", f"{IDENTITY}/projects/{self.project}", {"project": {"enabled": True}})
        for path in (f"/users/{self.user}", f"/projects/{self.project}"):
            answer = admin.http("DELETE", IDENTITY + path)
            assert answer.status in (204, 404), answer


@contextlib.contextmanager
def newcomer(cloud):
    """A `Newcomer`, gone afterwards."""
    made = Newcomer(cloud)
    try:
        yield made
    finally:
        made.leave()


def _made(admin, plural, key, body):
    answer = admin.http("POST", f"{IDENTITY}/{plural}", {key: body})
    assert answer.status == 201, answer
    return answer.json[key]["id"]

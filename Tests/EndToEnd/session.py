"""One tenant's way in: the unmodified `ecl` and `openstack` commands, and plain HTTPS."""
import http.client
import json
import pathlib
import shlex
import ssl
import subprocess
import time
import urllib.parse
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 120


@dataclass(frozen=True)
class Run:
    """A finished command."""
    command: str
    code: int
    out: str
    err: str

    def __str__(self):
        return f"$ {self.command}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def run(argv, environment=None, seconds=COMMAND_SECONDS):
    """Runs a command to its end and returns it whatever its exit code; too slow is a failure."""
    command = shlex.join(map(str, argv))
    try:
        done = subprocess.run(list(map(str, argv)), env=environment, timeout=seconds, text=True,
                              errors="replace", capture_output=True, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"$ {command}\nnot done after {seconds} s\n{late.stdout}\n{late.stderr}") from None
    return Run(command, done.returncode, done.stdout, done.stderr)


def must(done):
    """The same run, if it succeeded."""
    if done.code != 0:
        raise AssertionError(str(done))
    return done


def program(name):
    """Path of an installed client: ecl, openstack or pytest."""
    return must(run([REPOSITORY / "deps/install", "--print", name])).out.strip()


def wait(happened, seconds, every=0.5):
    """Calls `happened` until what it returns is true, and returns that; fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        result = happened()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"still {result!r} after {seconds} s: {happened.__name__}")
        time.sleep(every)


def read_openrc(path):
    """The variables that sourcing a shell file sets."""
    shell = must(run(["env", "-i", "/bin/bash", "-c", '. "$1" >&2 && env -0', "-", path])).out
    pairs = (line.split("=", 1) for line in shell.split("\0") if "=" in line)
    return {name: value for name, value in pairs if name not in ("PWD", "SHLVL", "_")}


class Session:
    """A user in a project, as the variables of an openrc file describe it."""

    def __init__(self, variables, home):
        self.variables = variables
        self.environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home)} | self.variables
        self.home = pathlib.Path(home)
        self.project = self.variables["OS_PROJECT_ID"]
        self.identity = urllib.parse.urlsplit(self.variables["OS_AUTH_URL"])
        self.tls = ssl.create_default_context(cafile=self.variables["OS_CACERT"])
        self._token = None

    def ecl(self, command, **options):
        """Runs `ecl COMMAND`; see `_client`."""
        return self._client("ecl", command, **options)

    def openstack(self, command, **options):
        """Runs `openstack COMMAND`; see `_client`."""
        return self._client("openstack", command, **options)

    def _client(self, name, command, json=False, check=True, seconds=COMMAND_SECONDS, **variables):
        """A `Run`, or with `json` what the command printed as JSON. `check=False` lets it fail."""
        argv = [program(name)] + (shlex.split(command) if isinstance(command, str) else list(command))
        done = run(argv + (["-f", "json"] if json else []), self.environment | variables, seconds)
        if check or json:
            must(done)
        return _parse(done) if json else done

    def http(self, method, path, body=None, token=True, headers=None, seconds=30):
        """One request. `token`: True for this session's, None for nobody's, or a token's text.
        `body`: bytes, or anything that JSON can hold."""
        headers = dict(headers or {})
        if token:
            headers["X-Auth-Token"] = self.token() if token is True else token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        port = self.identity.port or 443
        connection = http.client.HTTPSConnection(self.identity.hostname, port, timeout=seconds, context=self.tls)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def audit(self, query=""):
        """All records that this session may see, the oldest first."""
        records = []
        while True:
            after = records[-1]["sequence"] if records else 0
            page = self.http("GET", f"/v1/audit?limit=1000&after={after}{query}").json["records"]
            if not page:
                return records
            records += page

    def login(self, **changes):
        """Asks for a token; `changes` replace variables such as OS_PASSWORD."""
        had = self.variables | changes
        user = {"name": had["OS_USERNAME"], "password": had["OS_PASSWORD"],
                "domain": {"id": had.get("OS_USER_DOMAIN_ID", "default")}}
        identity = {"methods": ["password"], "password": {"user": user}}
        auth = {"auth": {"identity": identity, "scope": {"project": {"id": had["OS_PROJECT_ID"]}}}}
        return self.http("POST", self.identity.path.rstrip("/") + "/auth/tokens", auth, token=None)

    def token(self):
        """This session's token, asked for once."""
        if self._token is None:
            answer = self.login()
            assert answer.status == 201, answer
            self._token = answer.headers["x-subject-token"]
        return self._token


def _parse(done):
    try:
        return json.loads(done.out)
    except ValueError:
        raise AssertionError(f"not JSON: {done}") from None

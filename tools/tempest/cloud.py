"""A running Akashi as its operator sees it: only the standard library."""
import json
import pathlib
import re
import ssl
import urllib.error
import urllib.request


class Cloud:
    """`state` is the cloud's state directory, which holds the openrc files."""

    def __init__(self, state, who="admin"):
        text = (pathlib.Path(state) / f"openrc-{who}").read_text()
        self.env = dict(re.findall(r"^export (\w+)=(.*)$", text, re.M))
        self.base = self.env["OS_AUTH_URL"].removesuffix("/identity/v3")
        self.tls = ssl.create_default_context(cafile=self.env["OS_CACERT"])
        self.token = None
        login = {"name": self.env["OS_USERNAME"], "password": self.env["OS_PASSWORD"],
                 "domain": {"id": self.env["OS_USER_DOMAIN_ID"]}}
        status, headers, _ = self.call("POST", "/identity/v3/auth/tokens", {"auth": {
            "identity": {"methods": ["password"], "password": {"user": login}},
            "scope": {"project": {"id": self.env["OS_PROJECT_ID"]}}}})
        if status != 201:
            raise SystemExit(f"no token: {status}")
        self.token = headers["X-Subject-Token"]
        self.project = self.env["OS_PROJECT_ID"]

    def call(self, method, path, body=None, kind="application/json"):
        """(status, headers, body) of one request; a dict or list is sent as JSON."""
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(self.base + path, data=data, method=method, headers={"Content-Type": kind})
        if self.token:
            request.add_header("X-Auth-Token", self.token)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=120) as answer:
                return answer.status, answer.headers, self._read(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, self._read(error)

    @staticmethod
    def _read(answer):
        raw = answer.read()
        return json.loads(raw) if raw and "json" in (answer.headers.get("Content-Type") or "") else raw

    def want(self, method, path, body=None, kind="application/json"):
        """The body of a request that must succeed."""
        status, _, answer = self.call(method, path, body, kind)
        if status >= 300:
            raise SystemExit(f"{method} {path}: {status} {answer}")
        return answer

"""What tools/demo stands on: a shell that shows what it runs, a progress line, and a tenant's way to the API."""
import http.client
import json
import os
import re
import secrets
import shlex
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

COMMAND_SECONDS = 120
FANCY = sys.stdout.isatty()
BOLD, PLAIN = ("\033[1m", "\033[0m") if FANCY and "NO_COLOR" not in os.environ else ("", "")


class Failure(Exception):
    """Something is not as the tour says it is; the message is for the one who watches."""


def heading(text):
    """Announces a part of the tour."""
    print(f"\n{BOLD}== {text}{PLAIN}")


def seconds(amount):
    """A time for people."""
    return f"{amount:.1f} s"


class Shell:
    """Runs commands with bash in one directory, exactly as they are printed."""

    def __init__(self, directory, environment, prelude):
        self.directory, self.environment, self.prelude = directory, environment, prelude
        self._running, self._stopped, self._lock = set(), False, threading.Lock()

    def run(self, command, into=None, limit=COMMAND_SECONDS):
        """Runs it without printing; what it wrote to standard output. `into` names a variable that
        takes it, for the commands after. Fails with what it said if it fails."""
        with self._lock:
            if self._stopped:
                raise Failure("stopped")
            child = subprocess.Popen(["bash", "-c", f"{self.prelude}\n{command}"], cwd=self.directory,
                                     env=dict(self.environment), text=True, errors="replace",
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self._running.add(child)
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Failure(f"this was not done after {limit} s:\n  $ {command}") from None
        finally:
            self._running.discard(child)
        if child.returncode != 0:
            raise Failure(f"this ended with {child.returncode}:\n  $ {command}\n{indented(err or out)}")
        out = out.replace("\r", "")
        if into:
            self.environment[into] = out.strip()
        return out

    def show(self, command, into=None, quiet=False, work=None, **options):
        """Prints it, runs it (or waits for `work`, a future where it already runs), and prints what
        it wrote unless `quiet`."""
        print(f"{BOLD}$ {f'{into}=$({command})' if into else command}{PLAIN}")
        out = work.result() if work else self.run(command, into, **options)
        if out.strip() and not quiet:
            print(indented(out))
        return out

    def stop(self):
        """Ends what runs and starts nothing more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for child in running:
            child.terminate()


def indented(text):
    """The text with each line moved to the right, and without empty lines at its ends or in a row."""
    return re.sub("\n{3,}", "\n\n", "\n".join(f"  {line}".rstrip() for line in text.strip("\n").rstrip().split("\n")))


def progress(look, began, limit=COMMAND_SECONDS):
    """Calls `look` until it returns (True, text), and shows the text with the seconds since `began`:
    in one line on a terminal, else a line for each change. The seconds it took; fails after `limit`."""
    shown, told = None, 0.0
    while True:
        done, text = look()
        now = time.monotonic()
        line = f"  ... {seconds(now - began):>7}  {text}"
        if FANCY:
            width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
            print(f"\r\033[K{line[:width - 1]}", end="\n" if done else "", flush=True)
        elif text != shown or now - told > 5:
            print(line)
            shown, told = text, now
        if done:
            return now - began
        if now - began > limit:
            raise Failure(f"still so after {limit} s: {text}")
        time.sleep(0.2)


def read_openrc(path):
    """The variables an openrc file sets."""
    words = (shlex.split(line) for line in path.read_text().splitlines())
    return dict(word.split("=", 1) for line in words if line[:1] == ["export"] for word in line[1:])


def write_openrc(path, name, project, like):
    """Writes the login of user `name` in `project`: as `like`, but with the password that the file had or a new one."""
    had = read_openrc(path) if path.exists() else {"OS_PASSWORD": secrets.token_hex(12)}
    login = like | {"OS_USERNAME": name, "OS_PASSWORD": had["OS_PASSWORD"],
                    "OS_TENANT_ID": project, "OS_PROJECT_ID": project}
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in login.items()))
    fresh.replace(path)


class Tenant:
    """A project as one of its users sees it; for looking often and for tidying up, where starting a
    client each time would take longer than what is looked at."""

    def __init__(self, openrc):
        self.login = read_openrc(openrc)
        self.project = self.login["OS_PROJECT_ID"]
        self.servers = f"/compute/v2.1/{self.project}/servers"
        self._url = urllib.parse.urlsplit(self.login["OS_AUTH_URL"])
        self._token = None

    def known(self):
        """Whether the cloud takes this login."""
        user = {"name": self.login["OS_USERNAME"], "password": self.login["OS_PASSWORD"],
                "domain": {"id": "default"}}
        status, headers, _ = self._request("POST", f"{self._url.path}/auth/tokens", {"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"id": self.project}}}})
        self._token = headers.get("X-Subject-Token")
        return status == 201

    def call(self, method, path, body=None):
        """The JSON that the API answers, None if what is asked for is not there."""
        if self._token is None and not self.known():
            raise Failure(f"{self.login['OS_USERNAME']} cannot log in at {self.login['OS_AUTH_URL']}")
        status, _, data = self._request(method, path, body)
        if status == 404:
            return None
        if status >= 300:
            raise Failure(f"{method} {path} was answered with {status}: {data.decode(errors='replace')}")
        return json.loads(data) if data else {}

    def status(self, name, server):
        """A server's status; fails if it is in error or gone."""
        shown = (self.call("GET", f"{self.servers}/{server}") or {}).get("server")
        if shown is None:
            raise Failure(f"{name} is gone")
        if shown["status"] == "ERROR":
            raise Failure(f"{name} is in error: {shown.get('fault', {}).get('message', 'the API does not say why')}")
        return shown["status"]

    def console(self, server):
        """Everything on a server's console so far."""
        answer = self.call("POST", f"{self.servers}/{server}/action", {"os-getConsoleOutput": {}})
        return (answer or {}).get("output", "").replace("\r", "")

    def sweep(self, names):
        """Removes this project's servers, networks and images that have one of these names; what it removed."""
        removed = []
        for path, kind in ((self.servers, "servers"), ("/network/v2.0/networks", "networks"),
                           ("/image/v2/images", "images")):
            def left():
                return [each for each in self.call("GET", path)[kind] if each["name"] in names
                        and (each.get("project_id") or each.get("owner") or self.project) == self.project]
            for each in left():
                self.call("DELETE", f"{path}/{each['id']}")
                removed.append(each["name"])
            until = time.monotonic() + 30
            while left():
                if time.monotonic() > until:
                    raise Failure(f"{kind} are still there after 30 s: {[each['name'] for each in left()]}")
                time.sleep(0.1)
        return removed

    def _request(self, method, path, body=None):
        if self._url.scheme == "https":
            trust = ssl.create_default_context(cafile=self.login.get("OS_CACERT"))
            connection = http.client.HTTPSConnection(self._url.hostname, self._url.port, timeout=30, context=trust)
        else:
            connection = http.client.HTTPConnection(self._url.hostname, self._url.port, timeout=30)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self._token:
            headers["X-Auth-Token"] = self._token
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except OSError as broken:
            raise Failure(f"the cloud does not answer at {self._url.netloc}: {broken}") from None
        finally:
            connection.close()

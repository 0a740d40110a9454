"""Tenants that come and go all the time, and a ledger of what they were told."""
import http.client
import itertools
import random
import threading
import time

GONE, THERE, UNSURE = "gone", "there", "unsure"


class Ledger:
    """What was asked for, by name, and what the answers promise about it."""

    def __init__(self):
        self._lock, self.entries, self.counts, self.complaints = threading.Lock(), {}, {}, []
        self.promised = set()  # ids of all whose creation was answered

    def note(self, kind, name, state, shown=None):
        """`shown` is the resource as the last answer had it."""
        with self._lock:
            had = self.entries.get((kind, name), {})
            self.entries[kind, name] = {"state": state, "shown": shown or had.get("shown")}
            self.counts[kind, state] = self.counts.get((kind, state), 0) + 1
            if state == THERE:
                self.promised.add(self.entries[kind, name]["shown"]["id"])

    def complain(self, words):
        with self._lock:
            self.complaints.append(words)

    def of(self, kind):
        """Entries of one kind, by name."""
        with self._lock:
            return {name: dict(entry) for (each, name), entry in self.entries.items() if each == kind}

    def forget(self, kind, name):
        with self._lock:
            self.entries.pop((kind, name), None)


class Churn:
    """Threads that each create and delete one kind of thing, a bounded number of each. While the cloud is dead they
    wait; what they asked for last is then unsure, until `survey` tells."""

    # How many threads there are, and what each holds at most.
    MOST = {"servers": (2, 2), "ports": (2, 4), "networks": (1, 3), "images": (1, 2)}

    def __init__(self, tenantry, seed):
        self.tenantry, self.ledger = tenantry, Ledger()
        self._gate, self._stopping = threading.Event(), threading.Event()
        self.dying = threading.Event()  # set from just before a kill until the cloud is back
        self._names = itertools.count()
        self._idle = threading.Semaphore(0)
        self._threads = [
            threading.Thread(
                target=self._loop, args=(kind, most, random.Random(f"{seed}/{kind}/{number}")), daemon=True)
            for kind, (threads, most) in self.MOST.items() for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def resume(self):
        """Lets the threads go on."""
        self.dying.clear()
        self._gate.set()

    def pause(self, seconds=60):
        """Returns when every thread waits; a request on its way ends first."""
        self._gate.clear()
        for _ in self._threads:
            assert self._idle.acquire(timeout=seconds), "a request does not end"

    def stop(self):
        """Ends the threads; called while they are paused."""
        self._stopping.set()
        self._gate.set()
        for thread in self._threads:
            thread.join(10)

    def _loop(self, kind, most, dice):
        mine = []
        while True:
            if not self._gate.is_set():
                self._idle.release()
                self._gate.wait()
                if self._stopping.is_set():
                    return
            mine = [name for name in mine if self.ledger.of(kind).get(name, {}).get("state") == THERE]
            try:
                if len(mine) < most and dice.random() < 0.6 or not mine:
                    name = f"{kind}-{next(self._names)}"
                    mine.append(name)
                    self._create(kind, name)
                else:
                    self._delete(kind, dice.choice(mine))
            except (OSError, http.client.HTTPException) as error:
                if not self.dying.is_set():
                    self.ledger.complain(f"{kind}: {error!r} though nobody killed it")
                self._gate.clear()  # what was asked for stays unsure
            except Exception as error:
                self.ledger.complain(f"{kind}: {error!r}")
            time.sleep(dice.random() * 0.15)

    def _create(self, kind, name):
        self.ledger.note(kind, name, UNSURE)
        path, body = self._order(kind, name)
        answer = self.tenantry.session.http("POST", path, body)
        if answer.status not in (200, 201, 202):
            self.ledger.note(kind, name, GONE)
            return self.ledger.complain(f"POST {path}: {answer}")
        shown = answer.json if kind == "images" else next(iter(answer.json.values()))
        self.ledger.note(kind, name, THERE, shown)
        if kind == "networks":
            self._ask("POST", "/network/v2.0/subnets", {"subnet": {
                "network_id": shown["id"], "cidr": "10.78.0.0/24", "ip_version": 4, "name": name}})
            self._ask("POST", "/network/v2.0/ports", {"port": {"network_id": shown["id"], "name": "of-" + name}})
        if kind == "images":
            self._ask("PUT", f"{path}/{shown['id']}/file", bytes(1 << 20),
                      headers={"Content-Type": "application/octet-stream"})

    def _order(self, kind, name):
        if kind == "servers":
            return f"{self.tenantry.compute}/servers", self.tenantry.order(name)
        if kind == "images":
            return "/image/v2/images", {"name": name, "disk_format": "raw", "container_format": "bare"}
        order = {"name": name} | ({"network_id": self.tenantry.network} if kind == "ports" else {})
        return f"/network/v2.0/{kind}", {kind.removesuffix("s"): order}

    def _delete(self, kind, name):
        shown = self.ledger.of(kind)[name]["shown"]
        self.ledger.note(kind, name, UNSURE)
        if kind == "networks":
            ports = self._ask("GET", f"/network/v2.0/ports?network_id={shown['id']}").json["ports"]
            for port in ports:
                self._ask("DELETE", f"/network/v2.0/ports/{port['id']}")
        answer = self._ask("DELETE", f"{self._order(kind, name)[0]}/{shown['id']}")
        self.ledger.note(kind, name, GONE if answer.status < 300 else THERE)

    def _ask(self, method, path, body=None, **options):
        answer = self.tenantry.session.http(method, path, body, **options)
        if answer.status >= 300:
            self.ledger.complain(f"{method} {path}: {answer}")
        return answer

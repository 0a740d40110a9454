"""A tenant's volumes and snapshots over plain HTTPS, and what there is of them beneath."""
import contextlib
import pathlib
import sqlite3

from session import wait


class Shelf:
    """What a session has of volumes and snapshots, by the API that `openstack` uses."""

    def __init__(self, session):
        self.session, self.path = session, f"/volume/v3/{session.project}"

    def ask(self, method, path, body=None):
        answer = self.session.http(method, f"{self.path}/{path}", body)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer.json if answer.body else None

    def refuses(self, method, path, body=None):
        """The status of an answer that is an error, with a text for people."""
        answer = self.session.http(method, f"{self.path}/{path}", body)
        assert 400 <= answer.status < 500, (method, path, answer)
        assert len(next(iter(answer.json.values()))["message"]) > 10, answer
        return answer.status

    def show(self, plural, id):
        answer = self.session.http("GET", f"{self.path}/{plural}/{id}")
        return answer.json[plural[:-1]] if answer.status == 200 else None

    def is_(self, status, id, plural="volumes", seconds=60):
        def settled():
            shown = self.show(plural, id)
            return shown if shown and (shown["status"] == status or "error" in shown["status"]) else None
        shown = wait(settled, seconds, every=0.1)
        assert shown["status"] == status, shown
        return shown

    def gone(self, plural, id):
        wait(lambda: self.show(plural, id) is None, 30, every=0.1)

    def all(self, plural):
        return self.ask("GET", f"{plural}/detail")[plural]


class Beneath:
    """The files and keys of an installation's volumes."""

    def __init__(self, state):
        self.state = pathlib.Path(state)

    def layers(self):
        """Names of the files that volumes are kept in."""
        return {each.name for each in (self.state / "pool/volumes").iterdir()}

    def known(self):
        """Names of those that have a key in the store."""
        return {row[0] for row in self._select("SELECT id FROM disk_keys")}

    def rings(self):
        """Projects that have a key, with their epoch."""
        return dict(self._select("SELECT id, epoch FROM keyrings"))

    def keys(self):
        """How many keys the token has: a file each. One that is empty is of a key that a kill kept from being made."""
        return len([each for each in (self.state / "token/tokens").glob("*/*.object")
                    if each.name != "token.object" and each.stat().st_size])

    def _select(self, query):
        with contextlib.closing(sqlite3.connect(f"file:{self.state}/akashi.sqlite?mode=ro", uri=True)) as store:
            return list(store.execute(query))

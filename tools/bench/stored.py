"""Servers that a cloud keeps shut off, written into the store while it is down: more than this machine could boot."""
import json
import sqlite3
import time
import uuid

from cloud import Failed, wait

# The name of an engine that is not there, as one of another host would be to ours; and for how long it has its work.
OTHER, LEASE_SECONDS = "elsewhere", 86_400


class Stored:
    """Copies of one server, its card and its network, as the cloud itself wrote them."""

    def __init__(self, cloud, server):
        self.file = cloud.state / "akashi.sqlite"
        with self._open() as db:
            self.server = self._row(db, "servers", "id", server)
            self.port = self._row(db, "ports", "device_id", server)
            self.subnet = self._row(db, "subnets", "network_id", self.port["network_id"])
            self.network = self._row(db, "networks", "id", self.port["network_id"])
            self.action = self._row(db, "instance_actions", "server_id", server)
            self.uid = db.execute("SELECT max(uid) FROM servers").fetchone()[0]
            db.execute("UPDATE servers SET power = 'off', status = 'SHUTOFF' WHERE id = ?", [server])
        self.server |= {"power": "off", "status": "SHUTOFF"}
        # Ids of networks and subnets, and the next address. The pattern's own stay free for what is ordered.
        self.servers, self.networks = 1, []

    def grow(self, servers, networks, here):
        """Adds until there are so many, those beyond `here` for another engine to look after; the cloud must be down."""
        with self._open() as db:
            while len(self.networks) + 1 < networks:
                self._add_network(db, len(self.networks))
            while self.servers < servers:
                self._add_server(db, self.servers, "" if self.servers < here else OTHER)
                self.servers += 1

    def rest(self, seconds):
        """Waits until no lifecycle is overdue: all have looked at what they have. How long that took."""
        began = time.monotonic()
        # At its start an engine calls everything; the other one's would have been put off again by now.
        with self._open() as db:
            db.execute("UPDATE work SET wake_at = leased_until WHERE lessee = ?", [OTHER])
        def rested():
            now = int(time.time() * 1e6)
            with self._open() as db:
                return not db.execute("SELECT count(*) FROM work WHERE lessee != ? AND (leased_until > ? OR wake_at < ?)",
                                      [OTHER, now, now - 1_000_000]).fetchone()[0]
        wait(rested, seconds, 0.5)
        return time.monotonic() - began

    def size(self):
        """MiB of the store's file."""
        return round(self.file.stat().st_size / 2**20, 1)

    def _open(self):
        db = sqlite3.connect(self.file, timeout=20)
        db.row_factory = sqlite3.Row
        return db

    @staticmethod
    def _row(db, table, column, value):
        found = db.execute(f"SELECT * FROM {table} WHERE {column} = ?", [value]).fetchone()
        if not found:
            raise Failed(f"the store has no {table} with {column} {value}")
        return dict(found)

    def _add_network(self, db, number):
        network, subnet, base = str(uuid.uuid4()), str(uuid.uuid4()), f"10.{10 + number // 256}.{number % 256}"
        self._copy(db, "network", "networks", self.network, {"id": network, "name": f"bench-{number:04}"}, number, {})
        self._copy(db, "subnet", "subnets", self.subnet, {
            "id": subnet, "network_id": network, "cidr": f"{base}.0/24", "gateway_ip": f"{base}.1",
            "allocation_pools": json.dumps([{"end": f"{base}.254", "start": f"{base}.2"}], separators=(",", ":"))}, number, {})
        self.networks.append([network, subnet, 2])

    def _add_server(self, db, number, engine):
        server, port, action = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())
        # Those with the fewest: networks that came later catch up.
        place = min(range(len(self.networks)), key=lambda each: self.networks[each][2])
        network, subnet, last = self.networks[place]
        self.networks[place][2] += 1
        address = f"10.{10 + place // 256}.{place % 256}.{last}"
        uid = self.uid + number
        self._copy(db, "server", "servers", self.server, {"id": server, "name": f"bench-{number:05}", "uid": uid}, number,
                   {str(self.server["uid"]): str(uid)})
        card = "fa:16:" + ":".join(port[at:at + 2] for at in (0, 2, 4, 6))
        old = json.loads(self.port["fixed_ips"])[0]["ip_address"]
        self._copy(db, "port", "ports", self.port, {
            "id": port, "network_id": network, "device_id": server, "status": "DOWN", "host": "", "mac_address": card,
            "fixed_ips": json.dumps([{"ip_address": address, "subnet_id": subnet}], separators=(",", ":"))}, number,
            {old: address, self.subnet["id"]: subnet, self.network["id"]: network, self.port["mac_address"]: card})
        self._copy(db, "instance_action", "instance_actions", self.action, {"id": action, "server_id": server}, number, {})
        if engine:
            db.execute("UPDATE work SET lessee = ?, leased_until = ? WHERE id IN (?, ?)",
                       [engine, int((time.time() + LEASE_SECONDS) * 1e6), server, port])

    def _copy(self, db, kind, table, row, changes, number, words):
        """A row, its lifecycle's note and its claims, with `words` in these exchanged."""
        # Each a moment after the other, as if they had been ordered one by one.
        new = row | {"created_at": row["created_at"] + number} | changes
        self._insert(db, table, new)
        for note in db.execute("SELECT * FROM work WHERE kind = ? AND id = ?", [kind, row["id"]]).fetchall():
            self._insert(db, "work", dict(note) | {"id": new["id"]})
        for claim in db.execute("SELECT * FROM claims WHERE kind = ? AND id = ?", [kind, row["id"]]).fetchall():
            copy = dict(claim) | {"id": new["id"]}
            for old, word in ({row["id"]: new["id"]} | words).items():
                copy |= {"space": copy["space"].replace(old, word), "key": copy["key"] if copy["key"] != old else word}
            self._insert(db, "claims", copy)

    @staticmethod
    def _insert(db, table, row):
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

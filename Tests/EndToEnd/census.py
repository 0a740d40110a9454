"""Compares what the API shows, what was promised, and what there is beneath."""
from churn import GONE, THERE
from instance import FOUNDED, tap_of
from session import wait

SETTLE_SECONDS = 30
KINDS = ("servers", "ports", "networks", "images")


def shown(tenantry):
    """Everything the API lists, by kind and id."""
    images = tenantry.ask("GET", "/image/v2/images").json["images"]
    return {"servers": tenantry.servers(), "ports": tenantry.listed("ports"), "networks": tenantry.listed("networks"),
            "images": {each["id"]: each for each in images}}


def check_promises(tenantry, ledger):
    """What was answered is so, and nothing is twice or from nowhere; settles what was unsure. What the API shows."""
    all = shown(tenantry)
    for kind in KINDS:
        by_name = {}
        for each in all[kind].values():
            by_name.setdefault(each["name"], []).append(each)
        entries = ledger.of(kind)
        for name, entry in entries.items():
            _check_one(ledger, kind, name, entry, by_name.pop(name, []))
        for name, found in by_name.items():
            known = name.startswith(("keep-", "of-", tenantry.name)) or (kind == "ports" and found[0]["device_id"])
            assert known, f"{kind} that nobody asked for: {found}"
    _check_unique(all["ports"])
    return all


def _check_one(ledger, kind, name, entry, found):
    going = kind == "servers" and found and found[0].get("OS-EXT-STS:task_state") == "deleting"
    assert len(found) <= 1, f"{kind} {name} is there {len(found)} times: {found}"
    if entry["state"] == THERE:
        assert found, f"lost: {kind} {name}, which was answered with {entry['shown']}"
        for attribute in ("id", "mac_address", "fixed_ips", "network_id", "created_at"):
            said = (entry["shown"] or {}).get(attribute)
            assert said is None or said == found[0].get(attribute), (attribute, entry["shown"], found[0])
    elif entry["state"] == GONE:
        assert not found or going, f"{kind} {name} is back, whose deletion was answered: {found}"
        ledger.forget(kind, name)
    elif found and not going:
        ledger.note(kind, name, THERE, found[0])
    else:
        ledger.note(kind, name, GONE)


def _check_unique(ports):
    macs = [each["mac_address"] for each in ports.values()]
    assert len(macs) == len(set(macs)), f"a hardware address is twice: {sorted(macs)}"
    places = [(each["network_id"], fixed["ip_address"]) for each in ports.values() for fixed in each["fixed_ips"]]
    assert len(places) == len(set(places)), f"an address is twice: {sorted(places)}"


def differences(cloud, tenantry):
    """How the world beneath differs from what the API shows; empty where it does not."""
    all = shown(tenantry)
    servers, ports = all["servers"], all["ports"]
    found = {}

    def compare(what, wanted, there):
        if set(wanted) != set(there):
            found[what] = {"missing": sorted(set(wanted) - set(there)), "orphans": sorted(set(there) - set(wanted))}

    unfinished = {id: each["status"] for id, each in servers.items() if each["status"] != "ACTIVE"}
    if unfinished:
        found["servers not active"] = unfinished
    qemus = cloud.qemus()
    compare("QEMU processes", servers, qemus)
    if doubled := {server: all for server, all in qemus.items() if len(all) > 1}:
        found["servers with several processes"] = doubled
    compare("guests' directories", servers, _names(cloud.guests))
    compare("guests' run directories", servers, _names(cloud.run / "guests"))
    compare("guests being erased", [], _names(cloud.state / "pool/trash"))
    compare("taps", [tap_of(id) for id, each in ports.items() if each["device_id"] in servers], cloud.taps())
    rows = cloud.switch({"op": "select", "table": "Interface", "where": [], "columns": ["name"]})[0]["rows"]
    compare("Open vSwitch interfaces", cloud.taps(), [each["name"] for each in rows if each["name"][0] == "t" and each["name"] not in FOUNDED])
    compare("logical ports", ports, cloud.logical("Logical_Switch_Port"))
    compare("logical switches", all["networks"], cloud.logical("Logical_Switch"))
    compare("servers' ports", servers,
            {each["device_id"] for each in ports.values() if each["device_owner"].startswith("compute:")})
    uploaded = [id for id, each in all["images"].items() if each["status"] == "active"]
    compare("images' files", uploaded, _names(cloud.images))
    return found


def settled(cloud, tenantry, seconds=SETTLE_SECONDS):
    """Waits until there is no difference, and fails with the differences that stay."""
    last = {}

    def agrees():
        last.clear()
        last.update(differences(cloud, tenantry))
        return not last
    try:
        wait(agrees, seconds, every=0.2)
    except AssertionError:
        raise AssertionError(f"after {seconds} s there is still {last}\n{cloud.said()}") from None


def _names(folder):
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []

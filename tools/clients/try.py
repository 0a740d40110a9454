"""Goes through the flows of one client against a running cloud and writes what became of each command as JSON.

usage: try.py CLIENT STATE RESULTS        (CLIENT is ecl or openstack)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tempest")]

import configure  # noqa: E402
import flows  # noqa: E402
from cloud import Cloud  # noqa: E402

SECONDS = 180


class Client:
    """The command line of one client, as the cloud's administrator."""

    def __init__(self, name, cloud):
        self.program = subprocess.check_output([HERE.parents[1] / "deps/install", "--print", name], text=True).strip()
        self.environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": tempfile.gettempdir()} | cloud.env

    def run(self, command, arguments, json_wanted):
        """(exit code, what it printed, what it complained)."""
        argv = [self.program, *command.split(), *(["-f", "json"] if json_wanted else []), *arguments.split()]
        try:
            done = subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return 124, "", f"not done after {SECONDS} s"
        return done.returncode, done.stdout, done.stderr


def verdict(step, out, variables):
    """Why a command that succeeded did not do what it should, or nothing."""
    wanted = step[2]
    if wanted.get("json") is False:
        return ""
    try:
        said = json.loads(out)
    except ValueError:
        return "it printed no JSON"
    fields = said if isinstance(said, dict) else (said or [{}])[-1]
    fields = {name.lower(): value for name, value in fields.items()}
    if "save" in wanted:
        name, field = wanted["save"]
        if not fields.get(field):
            return f"it printed no {field}"
        variables[name] = fields[field]
    if "has" in wanted:
        value = wanted["has"].format(**variables)
        if not any(value in map(str, row.values()) for row in said):
            return f"the list lacks {value}"
    if "is" in wanted:
        field, value = wanted["is"][0], wanted["is"][1].format(**variables)
        if str(fields.get(field)) != value:
            return f"{field} is {fields.get(field)!r}, not {value!r}"
    return ""


def attempt(client, steps, variables):
    """Yields (command, why it failed or nothing) for each step; what a failed one leaves undone is said so."""
    for step in steps:
        command, must_fail = step[0].removeprefix("!"), step[0].startswith("!")
        try:
            arguments = step[1].format(**variables)
        except KeyError as missing:
            yield command, f"not reached: there is no {missing.args[0]}"
            continue
        code, out, err = client.run(command, arguments, step[2].get("json", True) and not must_fail)
        ends = time.monotonic() + SECONDS
        while code == 0 and must_fail and "soon" in step[2] and time.monotonic() < ends:
            time.sleep(1)
            code, out, err = client.run(command, arguments, False)
        while code == 0 and "until" in step[2] and time.monotonic() < ends:
            if json.loads(out).get(step[2]["until"][0]) == step[2]["until"][1]:
                break
            time.sleep(1)
            code, out, err = client.run(command, arguments, True)
        if must_fail:
            yield command, "" if code else "what was deleted is still there"
        elif code:
            yield command, ((err or out).strip().splitlines() or ["no word"])[-1][:200]
        else:
            yield command, verdict(step, out, variables)


def grant(cloud, other):
    """A network of another tenant's, opened to the administrator's: the network's id and the request's."""
    network = cloud.want("POST", "/network/v2.0/networks", {"network": {"name": "granted", "tenant_id": other}})
    network = network["network"]["id"]
    cloud.want("POST", "/network/v2.0/subnets", {"subnet": {
        "network_id": network, "cidr": "10.90.0.0/24", "ip_version": 4, "tenant_id": other}})
    request = cloud.want("POST", "/provider-connectivity/v2.0/tenant_connection_requests", {
        "tenant_connection_request": {"network_id": network, "tenant_id": other, "tenant_id_other": cloud.project}})
    request = request["tenant_connection_request"]
    cloud.want("PUT", f"/sss/v2/approval-requests/{request['approval_request_id']}", {"status": "approved"})
    return network, request["id"]


def lay(cloud):
    """What an operator lays for a tenant before ECL's commands can show it: lines, cages, ports."""
    def make(kind, **order):
        path = {"physical_port": "physical_ports"}.get(kind, kind + "s")
        return cloud.want("POST", f"/network/v2.0/{path}", {kind: order})[kind]["id"]

    def first(path):
        return cloud.want("GET", f"/network/v2.0/{path}")[path][0]["id"]

    laid = {"service": first("internet_services"), "pool": first("common_function_pools"),
            "plan": first("qos_options"), "function": first("common_functions"), "reserved": first("reserve_addresses")}
    for vlan, kind in ((101, "interdc"), (102, "fic")):
        laid[f"{kind}_service"] = make(f"{kind}_service", name=kind, physical_network="backbone")
        laid[kind] = make(f"{kind}_gateway", name=kind, segmentation_id=vlan, tenant_id=cloud.project,
                          **{f"{kind}_service_id": laid[f"{kind}_service"]})
    laid["fic_leg"] = make("fic_interface", name="fic", fic_gw_id=laid["fic"], primary_ipv4="10.254.0.2", netmask=29,
                           secondary_ipv4="10.254.0.3", gw_vipv4="10.254.0.1", vrid=2, tenant_id=cloud.project)
    laid["leaf"] = make("physical_port", name="leaf-1", tenant_id=cloud.project)
    laid["space"] = make("colocation_space", name="cage-4", tenant_id=cloud.project)
    laid["cables"] = make("colocation_physical_link", name="pair-1", colocation_space_id=laid["space"],
                          physical_network="colo", segmentation_ranges=["1-4094"], tenant_id=cloud.project)
    return laid


def main(name, state, results):
    cloud = Cloud(state)
    guest = subprocess.check_output([HERE.parents[1] / "guest/image"], text=True).strip()
    data = pathlib.Path(tempfile.mkdtemp()) / "data"
    data.write_bytes(os.urandom(70_001))
    other = cloud.want("POST", "/identity/v3/projects", {"project": {"name": f"other-{uuid.uuid4().hex[:8]}"}})
    there = {"guest": guest, "data": str(data), "other": other["project"]["id"], "project": cloud.project,
             "region": cloud.env["OS_REGION_NAME"],
             "image": configure.ensure_images(cloud, guest)[0], **dict(zip(("flavor", "larger"), configure.ensure_flavors(cloud))),
             "outside": configure.find_network(cloud)[0]}
    network, there["granted"] = grant(cloud, there["other"])
    if name == "ecl":
        there |= lay(cloud)
    client, found = Client(name, cloud), {}
    for title, steps in getattr(flows, name.upper()).items():
        began, variables = time.monotonic(), there | {"u": f"try-{uuid.uuid4().hex[:8]}"}
        for command, why in attempt(client, steps, variables):
            one = found.setdefault(command, {"pass": True, "why": "", "flow": title})
            if why and one["pass"]:
                one |= {"pass": False, "why": why}
            print(f"{'FAIL' if why else 'pass'}  {name} {command}  {why}", flush=True)
        for held, path in (("tenant", "/identity/v3/projects"), ("workspace", "/sss/v2/workspaces")):
            if held in variables:
                cloud.call("DELETE", f"{path}/{variables[held]}")
        print(f"      {title}: {time.monotonic() - began:.0f} s", flush=True)
    cloud.call("DELETE", f"/provider-connectivity/v2.0/tenant_connection_requests/{there['granted']}")
    cloud.call("DELETE", f"/network/v2.0/networks/{network}")
    cloud.call("DELETE", f"/identity/v3/projects/{there['other']}")
    pathlib.Path(results).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

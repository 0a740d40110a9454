"""Whether the network beneath is what the API shows: every network, port, group and router, with its content, and
nothing else. It spells OVN's rows anew, so that what the product writes wrongly everywhere is found too."""
from session import wait

BASE_RULES = 8  # on each network; the last of each direction drops
TRANSPORTS = {"tcp": 6, "udp": 17, "sctp": 132}


def disagreements(cloud):
    """What differs, one line each; empty where nothing does."""
    admin = cloud.admin
    shown = {kind: admin.http("GET", f"/network/v2.0/{kind}").json[kind.replace("-", "_")]
             for kind in ("networks", "subnets", "ports", "security-groups", "routers", "floatingips")}
    tables = ("Logical_Switch", "Logical_Switch_Port", "Port_Group", "ACL", "Logical_Router", "Logical_Router_Port",
              "Logical_Router_Static_Route", "NAT")
    answers = cloud.north(*({"op": "select", "table": table, "where": []} for table in tables))
    rows = {table: {row["_uuid"][1]: row for row in answer["rows"]} for table, answer in zip(tables, answers)}
    return (_networks(shown, rows) + _ports(shown, rows) + _groups(shown, rows) + _routers(shown, rows))


def agreed(cloud, seconds=30):
    """Waits until nothing differs, and fails with what stays."""
    last = []

    def agrees():
        last[:] = disagreements(cloud)
        return not last
    try:
        wait(agrees, seconds, every=0.3)
    except AssertionError:
        raise AssertionError("after %s s: %s\n%s" % (seconds, "\n".join(last[:20]), cloud.said())) from None


def _set(value):
    """The members of an OVSDB column."""
    items = value[1] if isinstance(value, list) and value and value[0] == "set" else [value]
    return [each[1] if isinstance(each, list) and each[0] in ("uuid", "named-uuid") else each for each in items]


def _same(what, wanted, there):
    wanted, there = set(wanted), set(there)
    return ([f"{what} {each} is missing in OVN" for each in sorted(wanted - there)]
            + [f"{what} {each} is in OVN and nowhere else" for each in sorted(there - wanted)])


def _networks(shown, rows):
    switches = {row["name"]: row for row in rows["Logical_Switch"].values()}
    found = _same("network", [each["id"] for each in shown["networks"]], switches)
    for name, row in switches.items():
        rules = [rows["ACL"][id] for id in _set(row["acls"]) if id in rows["ACL"]]
        drops = {rule["direction"] for rule in rules
                 if (rule["priority"], rule["match"], rule["action"]) == (0, "1", "drop")}
        if len(rules) != BASE_RULES or drops != {"from-lport", "to-lport"}:
            found.append(f"network {name} has {len(rules)} rules of its own, which drop {sorted(drops)}")
    return found


def _ports(shown, rows):
    helpers = ("localport", "localnet")
    there = {row["name"]: row for row in rows["Logical_Switch_Port"].values() if row["type"] not in helpers}
    found = _same("port", [each["id"] for each in shown["ports"]], there)
    on = {id: switch["name"] for switch in rows["Logical_Switch"].values() for id in _set(switch["ports"])}
    member = {}
    for group in rows["Port_Group"].values():
        for id in _set(group["ports"]):
            member.setdefault(id, set()).add(group["name"])
    for port in shown["ports"]:
        if not (row := there.get(port["id"])):
            continue
        id, name = row["_uuid"][1], port["id"]
        if on.get(id) != port["network_id"]:
            found.append(f"port {name} is on {on.get(id)}")
        if row["enabled"] != port["admin_state_up"]:
            found.append(f"port {name} is enabled: {row['enabled']}")
        groups = {each for each in member.get(id, set()) if not each.startswith("pl_")}
        if port["device_owner"].startswith("network:router"):
            wanted, addresses = {"pg_open"}, {"router"}
        else:
            numbers = " ".join(fixed["ip_address"] for fixed in port["fixed_ips"])
            addresses = {f"{port['mac_address']} {numbers}".strip()}
            wanted = {_group(each) for each in port["security_groups"]}
            if not port["port_security_enabled"]:
                wanted, addresses = {"pg_open"}, addresses | {"unknown"}
            elif not any(each.startswith(port["mac_address"]) for each in _set(row["port_security"])):
                found.append(f"port {name} may send as anyone")
        if groups != wanted:
            found.append(f"port {name} is in {sorted(groups)} and should be in {sorted(wanted)}")
        if set(_set(row["addresses"])) != addresses:
            found.append(f"port {name} has {row['addresses']}")
    return found


def _group(id):
    return "pg_" + id.replace("-", "")


def _groups(shown, rows):
    there = {row["name"]: row for row in rows["Port_Group"].values() if not row["name"].startswith("pl_")}
    wanted = {_group(each["id"]): each for each in shown["security-groups"]}
    found = _same("security group", wanted, set(there) - {"pg_open"})
    for name, group in wanted.items():
        if name not in there:
            continue
        rules = [rows["ACL"][id] for id in _set(there[name]["acls"])]
        said = {(rule["direction"], rule["match"], rule["action"]) for rule in rules}
        meant = {_rule(rule, name) for rule in group["security_group_rules"]}
        if said != meant:
            found.append(f"security group {group['id']}: only in OVN {said - meant}, only in the API {meant - said}")
    return found


def _rule(rule, name):
    """A rule as OVN has it."""
    ingress, six = rule["direction"] == "ingress", rule["ethertype"] == "IPv6"
    family, side = "ip6" if six else "ip4", "src" if ingress else "dst"
    parts = [f"{'outport' if ingress else 'inport'} == @{name}", family]
    protocol, low, high = rule["protocol"], rule["port_range_min"], rule["port_range_max"]
    if protocol in TRANSPORTS:
        parts.append(protocol)
        if low is not None:
            parts += ([f"{protocol}.dst == {low}"] if low == high
                      else [f"{protocol}.dst >= {low}", f"{protocol}.dst <= {high}"])
    elif protocol in ("icmp", "icmpv6", "ipv6-icmp"):
        parts.append("icmp4" if protocol == "icmp" and not six else "icmp6")
        parts += [f"{parts[-1]}.type == {low}"] if low is not None else []
        parts += [f"{parts[2]}.code == {high}"] if high is not None else []
    elif protocol is not None:
        parts.append(f"ip.proto == {protocol}")
    if rule["remote_ip_prefix"] and not rule["remote_ip_prefix"].endswith("/0"):
        parts.append(f"{family}.{side} == {rule['remote_ip_prefix']}")
    if rule["remote_group_id"]:
        parts.append(f"{family}.{side} == ${_group(rule['remote_group_id'])}_{family}")
    return ("to-lport" if ingress else "from-lport", " && ".join(parts), "allow-related")


def _routers(shown, rows):
    there = {row["name"]: row for row in rows["Logical_Router"].values()}
    found = _same("router", [each["id"] for each in shown["routers"]], there)
    lengths = {each["id"]: each["cidr"].split("/")[1] for each in shown["subnets"]}
    for router in shown["routers"]:
        if not (row := there.get(router["id"])):
            continue
        legs = {rows["Logical_Router_Port"][id]["name"]: rows["Logical_Router_Port"][id] for id in _set(row["ports"])}
        wanted = {f"lrp-{port['id']}": {f"{fixed['ip_address']}/{lengths[fixed['subnet_id']]}"
                                        for fixed in port["fixed_ips"]}
                  for port in shown["ports"] if port["device_id"] == router["id"]}
        if {name: set(_set(leg["networks"])) for name, leg in legs.items()} != wanted:
            found.append(f"router {router['id']} is joined by {sorted(legs)} and should be by {wanted}")
        floating = {(each["floating_ip_address"], each["fixed_ip_address"]) for each in shown["floatingips"]
                    if each["router_id"] == router["id"]}
        nats = [rows["NAT"][id] for id in _set(row["nat"])]
        if {(nat["external_ip"], nat["logical_ip"]) for nat in nats if nat["type"] == "dnat_and_snat"} != floating:
            found.append(f"router {router['id']} translates {nats} and should {floating}")
    return found

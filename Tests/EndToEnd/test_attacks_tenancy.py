"""A tenant's things in the hands of another: their ids in paths and in bodies, and keys that say whose they are."""
import re

import pytest

from attacks import IDENTITY, NOTHING, newcomer

NET = "/network/v2.0"
ACTIONS = {
    "os-start": None, "os-stop": None, "pause": None, "unpause": None, "suspend": None, "resume": None,
    "reboot": {"type": "HARD"}, "resize": {"flavorRef": "1CPU-1GB"}, "confirmResize": None, "revertResize": None,
    "rebuild": {"imageRef": NOTHING}, "createImage": {"name": "stolen"}, "lock": None, "unlock": None,
    "forceDelete": None,
    "os-getConsoleOutput": {}, "os-getVNCConsole": {"type": "novnc"}, "addSecurityGroup": {"name": "default"},
    "removeSecurityGroup": {"name": "default"}, "changePassword": {"adminPass": "x"}, "os-migrateLive": {"host": None},
    "os-resetState": {"state": "active"}, "rescue": None, "shelve": None, "migrate": None, "createBackup": {},
}


class Victim:
    """A tenant with one of everything, by the names that paths give them."""

    def __init__(self, who, external):
        def make(path, key, **order):
            answer = who.ask("POST", path, {key: order} if key else order).json
            return (answer[key] if key else answer)["id"]

        self.who, compute = who, f"/compute/v2.1/{who.project}"
        self.network = make(NET + "/networks", "network", name="theirs")
        self.subnet = make(NET + "/subnets", "subnet", network_id=self.network, cidr="10.66.0.0/24", ip_version=4)
        self.port = make(NET + "/ports", "port", network_id=self.network, name="theirs")
        self.router = make(NET + "/routers", "router", name="theirs", external_gateway_info={"network_id": external})
        who.ask("PUT", f"{NET}/routers/{self.router}/add_router_interface", {"subnet_id": self.subnet})
        self.group = make(NET + "/security-groups", "security_group", name="theirs")
        self.rule = make(NET + "/security-group-rules", "security_group_rule", security_group_id=self.group,
                         direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22)
        self.floating = make(NET + "/floatingips", "floatingip", floating_network_id=external)
        self.pool = make(NET + "/subnetpools", "subnetpool", name="theirs", prefixes=["10.67.0.0/16"])
        self.image = make("/image/v2/images", None, name="theirs", disk_format="raw", container_format="bare")
        who.ask("PUT", f"/image/v2/images/{self.image}/file", b"\1" * 512,
                headers={"Content-Type": "application/octet-stream"})
        self.server_group = make(compute + "/os-server-groups", "server_group", name="theirs", policies=["affinity"])
        self.key = who.ask("POST", compute + "/os-keypairs", {"keypair": {"name": "theirs"}}).json["keypair"]["name"]
        self.credential = make(f"{IDENTITY}/users/{who.user}/application_credentials", "application_credential",
                               name="a")
        self.server = make(compute + "/servers", "server", name="theirs", imageRef=self.image, flavorRef="1CPU-128MB",
                           networks=[{"port": self.port}], metadata={"purpose": "work"}, key_name=self.key)
        who.ask("PUT", f"{compute}/servers/{self.server}/tags/red", None,
                headers={"OpenStack-API-Version": "compute 2.60"})
        self.parameters = {
            "server_id": self.server, "image_id": self.image, "network_id": self.network, "port_id": self.port,
            "subnet_id": self.subnet, "router_id": self.router, "security_group_id": self.group,
            "security_group_rule_id": self.rule, "floating_ip_id": self.floating, "subnetpool_id": self.pool,
            "server_group_id": self.server_group, "keypair_name": self.key,
            "application_credential_id": self.credential,
            "user_id": who.user, "user": who.user, "quota_project_id": who.project, "project": who.project,
        }

    def everything(self):
        """All that its owner sees, but for what time changes."""
        compute = f"/compute/v2.1/{self.who.project}"
        paths = [f"{NET}/{plural}" for plural in ("networks", "subnets", "ports", "routers", "security-groups",
                                                  "security-group-rules", "floatingips", "subnetpools")]
        paths += ["/image/v2/images", f"/image/v2/images/{self.image}/members", f"{compute}/os-server-groups",
                  f"{compute}/os-keypairs", f"{compute}/servers/{self.server}/metadata", f"{compute}/servers",
                  f"{compute}/servers/{self.server}/os-interface", f"{compute}/os-quota-sets/{self.who.project}",
                  f"{NET}/quotas/{self.who.project}", f"{IDENTITY}/users/{self.who.user}/application_credentials"]
        return {path: self.who.ask("GET", path).body for path in paths}


@pytest.fixture(scope="module")
def attacker(cloud):
    with newcomer(cloud) as made:
        made.network = made.ask("POST", NET + "/networks", {"network": {"name": "own"}}).json["network"]["id"]
        yield made


@pytest.fixture(scope="module")
def victim(cloud, cleanup):
    external = cloud.admin.http("POST", NET + "/networks", {
        "network": {"name": "e2e-public", "router:external": True}}).json["network"]["id"]
    cleanup(cloud.admin.http, "DELETE", f"{NET}/networks/{external}")
    cloud.admin.http("POST", NET + "/subnets",
                     {"subnet": {"network_id": external, "cidr": "198.51.100.0/24", "ip_version": 4}})
    with newcomer(cloud) as who:
        made = Victim(who, external)
        made.external = external
        path = f"/compute/v2.1/{who.project}/servers/{made.server}"
        cloud.wait(lambda: who.http("GET", path).json["server"]["status"] == "ACTIVE", 60)
        yield made


def test_C043_no_path_of_the_api_leads_to_anothers_things(cloud, attacker, victim):
    """Every path that the API's own description has, whose parameters name something of the victim's: the answer is
    an error, the same to the letter as for an id that is none, and nothing has changed."""
    before, found, walked = victim.everything(), [], 0
    for path, methods in cloud.http("GET", "/openapi.json").json["paths"].items():
        names = re.findall(r"\{(\w+)\}", path)
        named = [each for each in names if each in victim.parameters]
        if "project_id" in names and (path.startswith(IDENTITY) or "/quotas/" in path):
            named.append("project_id")
        if not named:
            continue
        target = {"card": victim.port, "tag": "red", "metadata_key": "purpose", "network_name": "theirs",
                  "member_id": attacker.project, "project_id": attacker.project, "role": NOTHING, "domain": "default"}
        theirs = target | victim.parameters | ({"project_id": victim.who.project} if "project_id" in named else {})
        none = theirs | {named[-1]: NOTHING}
        for method in map(str.upper, methods):
            body = {} if method in ("POST", "PUT", "PATCH") else None
            answers = [attacker.http(method, _filled(path, values), body) for values in (theirs, none)]
            texts = [answer.body.replace(values[named[-1]].encode(), b"ID")
                     for answer, values in zip(answers, (theirs, none))]
            walked += 1
            if answers[0].status not in (400, 403, 404, 415) or (answers[0].status, texts[0]) != (answers[1].status, texts[1]):
                found.append((method, path, answers))
    assert not found and walked > 150, (walked, found)
    assert victim.everything() == before


def _filled(path, values):
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name[1], "x"), path)


@pytest.mark.parametrize("action", ACTIONS)
def test_C043_no_action_reaches_anothers_server(attacker, victim, action):
    path = f"/compute/v2.1/{attacker.project}/servers"
    theirs = attacker.http("POST", f"{path}/{victim.server}/action", {action: ACTIONS[action]})
    none = attacker.http("POST", f"{path}/{NOTHING}/action", {action: ACTIONS[action]})
    assert theirs.status == none.status and theirs.status in (400, 403, 404)
    assert theirs.body.replace(victim.server.encode(), NOTHING.encode()) == none.body


def test_C043_the_path_of_another_project_is_closed(attacker, victim):
    for tail in ("servers", "servers/detail", f"servers/{victim.server}", "os-keypairs", "os-server-groups", "limits"):
        assert attacker.http("GET", f"/compute/v2.1/{victim.who.project}/{tail}").status == 403, tail


def test_C043_filters_find_nothing_of_anothers(attacker, victim):
    compute = f"/compute/v2.1/{attacker.project}/servers"
    for query in ("all_tenants=1", "all_tenants=True", f"project_id={victim.who.project}",
                  f"tenant_id={victim.who.project}",
                  "name=theirs", f"uuid={victim.server}", f"host={NOTHING}", f"user_id={victim.who.user}"):
        answer = attacker.http("GET", f"{compute}/detail?{query}")
        assert answer.status in (400, 403) or answer.json["servers"] == [], query
    for plural, key in (("networks", "networks"), ("ports", "ports"), ("routers", "routers"), ("subnets", "subnets"),
                        ("security-groups", "security_groups"), ("floatingips", "floatingips")):
        for query in (f"tenant_id={victim.who.project}", f"project_id={victim.who.project}", "name=theirs"):
            answer = attacker.http("GET", f"{NET}/{plural}?{query}")
            assert answer.status == 400 or answer.json[key] == [], (plural, query)
    marker = attacker.http("GET", f"{NET}/ports?limit=1&marker={victim.port}")
    none = attacker.http("GET", f"{NET}/ports?limit=1&marker={NOTHING}")
    assert marker.status == none.status and marker.body.replace(victim.port.encode(), NOTHING.encode()) == none.body
    images = attacker.http("GET",
                           f"/image/v2/images?owner={victim.who.project}&member_status=all&visibility=shared").json
    assert images["images"] == []


@pytest.fixture(scope="module")
def own(attacker):
    """What the attacker has itself, to put the victim's things into."""
    network = attacker.network
    subnet = attacker.ask("POST", NET + "/subnets",
                          {"subnet": {"network_id": network, "cidr": "10.68.0.0/24", "ip_version": 4}})
    port = attacker.ask("POST", NET + "/ports", {"port": {"network_id": network}}).json["port"]["id"]
    router = attacker.ask("POST", NET + "/routers", {"router": {"name": "own"}}).json["router"]["id"]
    group = attacker.ask("POST", NET + "/security-groups",
                         {"security_group": {"name": "own"}}).json["security_group"]["id"]
    image = attacker.ask("POST", "/image/v2/images",
                         {"name": "own", "disk_format": "raw", "container_format": "bare"}).json["id"]
    attacker.ask("PUT", f"/image/v2/images/{image}/file", b"\1" * 512,
                 headers={"Content-Type": "application/octet-stream"})
    return {"network": network, "subnet": subnet.json["subnet"]["id"], "port": port, "router": router, "group": group,
            "image": image}


def orders(own, them):
    """Requests of the attacker's own that name one of the victim's things: (what, method, path, body)."""
    server = {"name": "e2e-borrow", "imageRef": own["image"], "flavorRef": "1CPU-128MB",
              "networks": [{"uuid": own["network"]}]}
    rule = {"security_group_id": own["group"], "direction": "ingress", "protocol": "tcp"}
    interface = f"/routers/{own['router']}/add_router_interface"
    return [
        ("network", "POST", "/ports", {"port": {"network_id": them["network"]}}),
        ("network", "POST", "/subnets",
         {"subnet": {"network_id": them["network"], "cidr": "10.69.0.0/24", "ip_version": 4}}),
        ("network", "POST", "/servers", {"server": server | {"networks": [{"uuid": them["network"]}]}}),
        ("network", "PUT", f"/routers/{own['router']}",
         {"router": {"external_gateway_info": {"network_id": them["network"]}}}),
        ("network", "POST", "/floatingips", {"floatingip": {"floating_network_id": them["network"]}}),
        ("subnet", "PUT", interface, {"subnet_id": them["subnet"]}),
        ("subnet", "POST", "/ports",
         {"port": {"network_id": own["network"], "fixed_ips": [{"subnet_id": them["subnet"]}]}}),
        ("subnet", "PUT", f"/ports/{own['port']}", {"port": {"fixed_ips": [{"subnet_id": them["subnet"]}]}}),
        ("port", "PUT", interface, {"port_id": them["port"]}),
        ("port", "POST", "/servers", {"server": server | {"networks": [{"port": them["port"]}]}}),
        ("port", "PUT", f"/floatingips/{them['floating']}", {"floatingip": {"port_id": own["port"]}}),
        ("group", "PUT", f"/ports/{own['port']}", {"port": {"security_groups": [them["group"]]}}),
        ("group", "POST", "/ports", {"port": {"network_id": own["network"], "security_groups": [them["group"]]}}),
        ("group", "POST", "/security-group-rules",
         {"security_group_rule": rule | {"security_group_id": them["group"]}}),
        ("group", "POST", "/security-group-rules", {"security_group_rule": rule | {"remote_group_id": them["group"]}}),
        ("pool", "POST", "/subnets",
         {"subnet": {"network_id": own["network"], "subnetpool_id": them["pool"], "ip_version": 4}}),
        ("image", "POST", "/servers", {"server": server | {"imageRef": them["image"]}}),
        ("key", "POST", "/servers", {"server": server | {"key_name": them["key"]}}),
        ("server_group", "POST", "/servers", {"server": server, "os:scheduler_hints": {"group": them["server_group"]}}),
    ]


def test_C043_anothers_things_cannot_be_borrowed(attacker, victim, own):
    before, found = victim.everything(), []
    theirs = {name: getattr(victim, name) for name in (
        "network", "subnet", "port", "floating", "group", "pool", "image", "key", "server_group")}
    none = {name: NOTHING for name in theirs}
    for (what, method, path, body), (_, _, twin_path, twin) in zip(orders(own, theirs), orders(own, none)):
        service = f"/compute/v2.1/{attacker.project}" if path.startswith("/servers") else NET
        answers = [attacker.http(method, service + path, body), attacker.http(method, service + twin_path, twin)]
        named = "floating" if "floatingips/" in path else what
        texts = [answer.body.replace(ids[named].encode(), b"ID") for answer, ids in zip(answers, (theirs, none))]
        if answers[0].status not in (400, 403, 404) or texts[0] != texts[1] or answers[0].status != answers[1].status:
            found.append((what, method, path, answers))
    assert not found, found
    assert victim.everything() == before


def test_C017_a_port_that_names_anothers_server_is_not_in_it(attacker, victim, own):
    before = victim.everything()
    attacker.ask("PUT", f"{NET}/ports/{own['port']}", {"port": {"device_id": victim.server}})
    assert victim.everything() == before
    for owner in ("network:dhcp", "network:router_interface", "network:router_gateway", "network:floatingip",
                  "compute:zone1-groupa", "compute:"):
        change = {"port": {"device_owner": owner, "device_id": victim.server}}
        assert attacker.http("PUT", f"{NET}/ports/{own['port']}", change).status == 403, owner
        order = {"port": {"network_id": own["network"]} | change["port"]}
        assert attacker.http("POST", NET + "/ports", order).status == 403, owner


@pytest.mark.parametrize("change", [
    {"allowed_address_pairs": [{"ip_address": block}]} for block in ("0.0.0.0/0", "10.0.0.0/8", "::/0",
                                                                     "169.254.169.254",
                                                                     "224.0.0.1", "127.0.0.1", "0.0.0.0")] + [
    {"allowed_address_pairs": [{"ip_address": "10.68.0.9", "mac_address": mac}]} for mac in ("ff:ff:ff:ff:ff:ff",
                                                                                            "01:00:5e:00:00:01", "x\ny")] + [
    {"binding:host_id": "elsewhere"}, {"binding:profile": {"a": "b"}}, {"binding:vnic_type": "direct"},
    {"mac_address": "ff:ff:ff:ff:ff:ff"}, {"status": "ACTIVE"}, {"network_id": NOTHING}, {"id": NOTHING},
    {"is_owned": True}, {"host": "elsewhere"},
    {"extra_dhcp_opts": [{"opt_name": "bootfile-name", "opt_value": "a\nb"}]}])
def test_a_ports_guard_cannot_be_talked_away(attacker, own, change):
    path = f"{NET}/ports/{own['port']}"
    before = attacker.ask("GET", path).json
    assert attacker.http("PUT", path, {"port": change}).status in (400, 403)
    assert attacker.ask("GET", path).json == before

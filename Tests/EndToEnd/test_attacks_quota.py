"""Two hundred orders at the same moment against a quota of ten: ten are taken, and no more."""
import pytest

from attacks import Line, at_once, newcomer

NET = "/network/v2.0"
ORDERS, QUOTA = 200, 10
LINES = 40  # connections; each sends its share of the orders, one behind the other


@pytest.fixture(scope="module")
def hana(cloud):
    admin = cloud.admin
    with newcomer(cloud) as made:
        made.network = made.ask("POST", NET + "/networks", {"network": {"name": "own"}}).json["network"]["id"]
        made.ask("POST", NET + "/subnets",
                 {"subnet": {"network_id": made.network, "cidr": "10.73.0.0/16", "ip_version": 4}})
        made.image = made.ask("POST", "/image/v2/images",
                              {"name": "own", "disk_format": "raw", "container_format": "bare"}).json["id"]
        made.ask("PUT", f"/image/v2/images/{made.image}/file", b"\1" * 512,
                 headers={"Content-Type": "application/octet-stream"})
        compute = f"/compute/v2.1/{admin.project}/os-quota-sets/{made.project}"
        limits = {"instances": QUOTA, "server_groups": QUOTA, "key_pairs": QUOTA}
        assert admin.http("PUT", compute, {"quota_set": limits}).status == 200
        limits = {"network": QUOTA, "subnet": QUOTA, "port": QUOTA, "router": QUOTA, "security_group": QUOTA}
        assert admin.http("PUT", f"{NET}/quotas/{made.project}", {"quota": limits}).status == 200
        yield made
        for path in (f"/compute/v2.1/{admin.project}/os-quota-sets/{made.project}", f"{NET}/quotas/{made.project}"):
            admin.http("DELETE", path)


def orders(who):
    """Path, body of the nth order, status of success, and the key of the list."""
    compute = f"/compute/v2.1/{who.project}"
    server = {"imageRef": who.image, "flavorRef": "1CPU-128MB", "networks": "none"}
    return {
        "servers": (compute + "/servers", lambda n: {"server": server | {"name": f"s{n}"}}, 202, "servers"),
        "server groups": (compute + "/os-server-groups",
                          lambda n: {"server_group": {"name": f"g{n}", "policies": ["affinity"]}}, 200,
                          "server_groups"),
        "networks": (NET + "/networks", lambda n: {"network": {"name": f"n{n}"}}, 201, "networks"),
        "subnets": (NET + "/subnets", lambda n: {"subnet": {
            "network_id": who.network, "cidr": f"10.74.{n}.0/24", "ip_version": 4}}, 201, "subnets"),
        "ports": (NET + "/ports", lambda n: {"port": {"network_id": who.network}}, 201, "ports"),
        "routers": (NET + "/routers", lambda n: {"router": {"name": f"r{n}"}}, 201, "routers"),
        "security groups": (NET + "/security-groups", lambda n: {"security_group": {"name": f"g{n}"}}, 201,
                            "security_groups"),
    }


@pytest.mark.parametrize("kind",
                         ["servers", "server groups", "networks", "subnets", "ports", "routers", "security groups"])
def test_of_200_orders_at_once_a_quota_lets_ten_through(hana, kind):
    path, body, success, key = orders(hana)[kind]
    def own():
        """Those of the project: the Internet is everyone's."""
        return [each for each in hana.ask("GET", path).json[key] if each["name"] != "internet"]

    before = len(own())

    def act(number):
        line = Line(hana)
        try:
            return [line.ask("POST", path,
                             body(number * (ORDERS // LINES) + turn))[0] for turn in range(ORDERS // LINES)]
        finally:
            line.close()
    hana.token()
    got = [status for each in at_once(LINES, act) for status in each]
    assert got.count(success) == QUOTA - before
    assert set(got) <= {success, 403, 409, 413}, "the others are told why"
    things = own()
    assert len(things) == QUOTA
    if kind == "servers":
        for thing in things:
            hana.http("DELETE", f"{path}/{thing['id']}")


@pytest.mark.parametrize("count",
                         [{"min_count": 11}, {"min_count": 5, "max_count": 11}, {"min_count": 0}, {"min_count": -1},
                                   {"max_count": 2**63}, {"min_count": 2, "max_count": 1}, {"max_count": 1e9}])
def test_an_order_for_many_counts_as_many(hana, count):
    path, body, _, key = orders(hana)["servers"]
    order = body(0)
    order["server"] |= count
    assert hana.http("POST", path, order).status in (400, 403)


@pytest.mark.parametrize("limits", [{"instances": -2}, {"instances": 2**63}, {"instances": "NaN"}, {"instances": 1.5},
                                    {"instances": None}, {"nothing": 1}, {"instances": "-1; drop"}])
def test_a_limit_is_a_number_in_bounds(cloud, hana, limits):
    path = f"/compute/v2.1/{cloud.admin.project}/os-quota-sets/{hana.project}"
    assert cloud.admin.http("PUT", path, {"quota_set": limits}).status == 400
    assert hana.ask("GET",
                    f"/compute/v2.1/{hana.project}/os-quota-sets/{hana.project}").json["quota_set"]["instances"] == QUOTA

"""Servers find each other by name on their own network, and nobody else's."""
import pytest

from servers import Tenant


def looks(*names):
    """A guest's script that looks each name up and prints `name NAME=ADDRESS.` or `=nothing.`"""
    return "#!/bin/sh\necho; grep -v '^$' /etc/resolv.conf | sed 's/^/resolv /; s/$/./'\n" + "".join(f"""
a=$(nslookup {name} 2>/dev/null | sed -n '/^Name/,$p' | sed -n 's/.*Address[^:]*: *//p' | head -n 1 | cut -d' ' -f1)
echo "name {name}=${{a:-nothing}}."
""" for name in names)


@pytest.fixture(scope="module")
def tenants(cloud, stranger, guest_image):
    """Two tenants on equal addresses, each with a server of a name of its own at .20 and an asker at .10."""
    made = []
    try:
        for session, name in ((cloud, "n-blue"), (stranger, "n-green")):
            tenant = Tenant(session, guest_image, name)
            made.append(tenant)
            tenant.peer = tenant.create(f"{name}-peer", "10.9.0.20")
        for tenant in made:
            tenant.asker = tenant.create(f"{tenant.name}-asker", "10.9.0.10", looks(
                "n-blue-peer.akashi.internal", "n-green-peer.akashi.internal", "n-blue-peer", "no-such.akashi.internal"))
        yield made
    finally:
        for tenant in reversed(made):
            tenant.close()


def test_a_server_is_found_by_its_name_on_its_own_network_only(tenants):
    for tenant, other in zip(tenants, reversed(tenants)):
        answers = {name: tenant.says(tenant.asker, rf"name {name}=(.*)\.\s*$").group(1)
                   for name in (f"{tenant.name}-peer.akashi.internal", f"{other.name}-peer.akashi.internal",
                                "no-such.akashi.internal")}
        assert list(answers.values()) == ["10.9.0.20", "nothing", "nothing"], answers


def test_dhcp_tells_the_guest_its_domain_and_whom_to_ask(tenants):
    blue = tenants[0]
    blue.says(blue.asker, r"resolv nameserver 10\.9\.0\.1\.\s*$")
    blue.says(blue.asker, r"resolv search akashi\.internal\.\s*$")
    assert blue.says(blue.asker, r"name n-blue-peer=(.*)\.\s*$").group(1) == "10.9.0.20"


def test_ports_of_servers_are_named_after_them(tenants):
    blue = tenants[0]
    ports = blue.session.http("GET", f"/network/v2.0/ports?device_id={blue.peer}").json["ports"]
    assert [(each["dns_name"], each["dns_assignment"][0]["fqdn"]) for each in ports] == [
        ("n-blue-peer", "n-blue-peer.akashi.internal.")]

"""Two tenants on equal addresses (white paper Q6): each reaches its own servers, never the other's."""
import pytest

from servers import Tenant
from test_server import asks

OWN = r"^probe {}=(.*)\.\s*$"


@pytest.fixture(scope="module")
def tenants(cloud, stranger, guest_image):
    """Two tenants with the subnet 10.9.0.0/24; each has an asker at .10 and one more server, at
    .20 and .30. The askers ask for both."""
    made = []
    try:
        for session, name, other in ((cloud, "e2e-blue", "10.9.0.20"), (stranger, "e2e-green", "10.9.0.30")):
            tenant = Tenant(session, guest_image, name)
            made.append(tenant)
            tenant.peer = tenant.create(f"{name}-peer", other)
        for tenant in made:
            tenant.says(tenant.peer, r"akashi-guest: eth0 lease")
        for tenant in made:
            tenant.asker = tenant.create(f"{tenant.name}-asker", "10.9.0.10", asks("10.9.0.20", "10.9.0.30"))
        yield made
    finally:
        for tenant in reversed(made):
            tenant.close()


def test_C043_two_tenants_with_equal_addresses_never_meet(tenants):
    heard = {tenant.name: [tenant.says(tenant.asker, OWN.format(address)).group(1)
                           for address in (r"10\.9\.0\.20", r"10\.9\.0\.30")] for tenant in tenants}
    assert heard == {"e2e-blue": ["e2e-blue-peer", "silence"], "e2e-green": ["silence", "e2e-green-peer"]}


def test_C017_a_server_has_no_way_onto_a_strangers_network(cloud, tenants):
    blue, green = tenants
    order = {"name": "e2e-intruder", "imageRef": blue.image, "flavorRef": blue.flavor,
             "networks": [{"uuid": green.network}]}
    assert cloud.http("POST", f"/compute/v2.1/{cloud.project}/servers", {"server": order}).status in (400, 404)

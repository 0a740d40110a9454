"""A network that is shared with another project: its guests meet there, and only while it is shared."""
import pytest

from servers import Tenant
from test_server import asks


@pytest.fixture(scope="module")
def tenants(cloud, stranger, guest_image):
    """The owner, with a server at 10.9.0.20 that answers everyone, and a guest."""
    made = []
    try:
        for session, name in ((cloud, "e2e-owner"), (stranger, "e2e-guest")):
            made.append(Tenant(session, guest_image, name))
        owner = made[0]
        owner.peer = owner.create("e2e-owner-peer", "10.9.0.20")
        group = cloud.openstack(f"security group list --project {cloud.project}", json=True)
        group = next(each["ID"] for each in group if each["Name"] == "default")
        owner.rule = cloud.openstack(
            f"security group rule create --remote-ip 10.9.0.0/24 --protocol tcp {group}", json=True)["id"]
        yield made
    finally:
        for tenant in reversed(made):
            tenant.close()
        cloud.openstack(f"security group rule delete {made[0].rule}", check=False)


def order(tenant, network, name, script):
    data = tenant.session.home / f"{name}.sh"
    data.write_text(script)
    return tenant.session.openstack(
        ["server", "create", "--image", tenant.image, "--flavor", tenant.flavor, "--user-data", str(data),
         "--nic", f"net-id={network}", name, "-f", "json"], check=False)


def test_C043_a_guest_meets_the_owner_on_a_shared_network_and_leaves_nothing(cloud, stranger, tenants):
    owner, guest = tenants
    assert order(guest, owner.network, "e2e-early", asks()).code != 0
    policy = cloud.openstack(f"network rbac create --type network --action access_as_shared"
                             f" --target-project {stranger.project} {owner.network}", json=True)["id"]
    try:
        assert owner.network in [each["ID"] for each in stranger.openstack("network list", json=True)]
        # A guest does not choose its address, or whose it is.
        chosen = stranger.openstack(f"port create --network {owner.network} --fixed-ip ip-address=10.9.0.99 p",
                                    check=False)
        assert chosen.code != 0 and "fixed_ips" in chosen.err, chosen
        made = order(guest, owner.network, "e2e-guest-asker", asks("10.9.0.20"))
        assert made.code == 0, made
        server = stranger.openstack("server show e2e-guest-asker", json=True)["id"]
        try:
            assert guest.says(server, r"^probe 10\.9\.0\.20=(.*)\.\s*$").group(1) == "e2e-owner-peer"
            refused = cloud.openstack(f"network rbac delete {policy}", check=False)
            assert refused.code != 0 and "depend" in refused.err, refused
            # The owner's ports are not the guest's to see, nor the guest's the owner's.
            seen = [{each["ID"] for each in each_.openstack(f"port list --network {owner.network}", json=True)}
                    for each_ in (cloud, stranger)]
            assert seen[1] and not seen[0] & seen[1]
        finally:
            stranger.openstack(f"server delete --wait {server}")
    finally:
        cloud.openstack(f"network rbac delete {policy}")
    assert owner.network not in [each["ID"] for each in stranger.openstack("network list", json=True)]


def test_an_operator_sees_the_daemons_and_a_tenant_does_not(cloud):
    agents = cloud.admin.openstack("network agent list", json=True)
    assert {each["Binary"] for each in agents} == {"ovn-controller", "ovn-northd"}
    assert all(each["Alive"] is True for each in agents), agents
    assert cloud.openstack("network agent list", json=True) == []
    assert cloud.openstack(f"network agent show {agents[0]['ID']}", check=False).code != 0

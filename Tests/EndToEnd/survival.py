"""What the tests of survival share, as fixtures: a cloud of a module's own, a tenant in it, and servers that talk."""
import pytest

from instance import instance
from session import wait
from tenantry import PULSE, Tenantry, ping, replies

DAEMONS = ("ovsdb-host", "ovsdb-central", "ovs-vswitchd", "ovn-northd", "ovn-controller")


@pytest.fixture(scope="module")
def cloud():
    with instance() as made:
        yield made


@pytest.fixture(scope="module")
def tenantry(cloud, guest_image):
    return Tenantry(cloud.session, guest_image)


@pytest.fixture(scope="module")
def pair(cloud, tenantry):
    """A server that prints its pulse and one that pings it."""
    made = (tenantry.new_server("keep-pulse", "10.77.0.10", PULSE),
            tenantry.new_server("keep-ping", "10.77.0.20", ping("10.77.0.10")))
    tenantry.active(*made)
    tenantry.says(made[1], r"seq=\d")
    return made


def goes_on(tenantry, pinger, seconds=20, further=3):
    """Waits for further replies."""
    had = len(replies(tenantry.console(pinger)))
    wait(lambda: len(replies(tenantry.console(pinger))) >= had + further, seconds, every=0.25)

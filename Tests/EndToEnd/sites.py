"""Two projects of one cloud that meet by VPN: each with a network, a router that leads out, and a VPN service."""
from plugged import Plugged, ask
from session import wait

PSK = "correct horse battery"


class Site:
    """One project's end, with a host on its network."""

    def __init__(self, beneath, session, outside, number, cleanup):
        self.beneath, self.session, self.number, self.cleanup = beneath, session, number, cleanup
        self.cidr = f"10.{80 + number}.0.0/24"
        self.network = self.make("networks", "network", name=f"vpn-{number}")["id"]
        self.subnet = self.make("subnets", "subnet", network_id=self.network, cidr=self.cidr, ip_version=4)["id"]
        self.router = self.make("routers", "router", name=f"vpn-{number}",
                                external_gateway_info={"network_id": outside})["id"]
        ask(session, "PUT", f"routers/{self.router}/add_router_interface", {"subnet_id": self.subnet})
        cleanup(ask, session, "PUT", f"routers/{self.router}/remove_router_interface", {"subnet_id": self.subnet})
        self.allow()
        self.host = Plugged(beneath, session, self.network, f"site{number}")
        cleanup(self.host.remove)

    def make(self, path, key, **order):
        """A new thing, which goes away with the test."""
        made = ask(self.session, "POST", path, {key: order})[key]
        self.cleanup(self.forget, path, made["id"])
        return made

    def forget(self, path, id):
        """Deletes it, unless the test has."""
        answer = self.session.http("DELETE", f"/network/v2.0/{path}/{id}")
        assert answer.status in (204, 404), answer

    def allow(self):
        """Lets everyone in: who may come is not what these tests ask."""
        groups = ask(self.session, "GET", "security-groups?name=default")["security_groups"]
        group = next(each["id"] for each in groups if each["project_id"] == self.session.project)
        self.make("security-group-rules", "security_group_rule", security_group_id=group, direction="ingress",
                  ethertype="IPv4", remote_ip_prefix="0.0.0.0/0")

    def open(self, **order):
        """Its VPN service, when it runs; and its policies."""
        self.service = self.make("vpn/vpnservices", "vpnservice", router_id=self.router, subnet_id=self.subnet,
                                 **order)["id"]
        strong = {"encryption_algorithm": "aes-256-gcm-16", "auth_algorithm": "sha384", "pfs": "group20"}
        self.ike = self.make("vpn/ikepolicies", "ikepolicy", **strong)["id"]
        self.ipsec = self.make("vpn/ipsecpolicies", "ipsecpolicy", **strong)["id"]
        self.address = self.serves()["external_v4_ip"]
        return self

    def serves(self, seconds=60):
        path = f"vpn/vpnservices/{self.service}"
        wait(lambda: ask(self.session, "GET", path)["vpnservice"]["status"] == "ACTIVE", seconds)
        return ask(self.session, "GET", path)["vpnservice"]

    def order(self, peer, cidr, **more):
        """What a connection to a peer's address is asked for with."""
        return {"vpnservice_id": self.service, "ikepolicy_id": self.ike, "ipsecpolicy_id": self.ipsec,
                "peer_address": peer, "peer_id": peer, "peer_cidrs": [cidr],
                "dpd": {"action": "restart", "interval": 3, "timeout": 20}} | ({"psk": PSK} | more)

    def connect(self, peer, cidr, **more):
        """A new connection's id."""
        return self.make("vpn/ipsec-site-connections", "ipsec_site_connection", **self.order(peer, cidr, **more))["id"]

    def connection(self, id):
        return ask(self.session, "GET", f"vpn/ipsec-site-connections/{id}")["ipsec_site_connection"]

    def change(self, id, **changes):
        ask(self.session, "PUT", f"vpn/ipsec-site-connections/{id}", {"ipsec_site_connection": changes})

    def is_up(self, id, seconds=30):
        """Waits until packets may pass."""
        try:
            wait(lambda: self.connection(id)["status"] == "ACTIVE", seconds)
        except AssertionError:
            raise AssertionError(self.connection(id)) from None

    def is_down(self, id, reason, seconds=60):
        """Waits until it is down for a reason."""
        def for_this():
            shown = self.connection(id)
            return shown["status"] == "DOWN" and reason in shown["status_reason"]
        try:
            wait(for_this, seconds)
        except AssertionError:
            raise AssertionError(self.connection(id)) from None

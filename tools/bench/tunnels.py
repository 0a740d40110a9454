"""Two sites that meet through a VPN: Akashi's, two charons wired into OVN by hand, and the same over Linux's own bridge."""
import contextlib
import os
import pathlib
import subprocess
import tempfile

import wired
from cloud import Failed, wait

import strongswan  # noqa: E402  (wired knows where the tests' helpers are)

CHARON = next((path for path in map(pathlib.Path, ("/usr/lib/ipsec/charon", "/usr/libexec/ipsec/charon")) if path.exists()),
              None)
PSK = "a secret of the benchmark"
LANS = {1: "10.83.0", 2: "10.84.0"}
# What Akashi gives its gateways' devices inside a network of 1,442 bytes: room for the widest cipher offered.
INSIDE_MTU = 1340

STRONGSWAN = """\
charon {
  load = random nonce openssl ccm aesni hmac kdf pem pkcs1 pkcs8 x509 pubkey constraints %s kernel-netlink socket-default vici
  plugins {
    vici {
      socket = unix:///run/vici.sock
    }
  }
}
"""


class Charon:
    """A gateway's namespace, with charon in it, that an engineer set up."""

    def __init__(self, ends, inside, mine, theirs, lan, far):
        self.inside, self.folder = inside, pathlib.Path(ends.undo.enter_context(tempfile.TemporaryDirectory()))
        wired.sh("ip", "netns", "exec", inside, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0",
                 "net.ipv4.conf.default.rp_filter=0", "net.ipv4.conf.inner.rp_filter=0", "net.ipv4.conf.outer.rp_filter=0")
        # Nothing else tells the hosts that the way is narrower.
        subprocess.run(["ip", "netns", "exec", inside, "nft", "-f", "-"], input=(
            "table ip m { chain f { type filter hook forward priority mangle; tcp flags syn tcp option maxseg size set "
            f"{INSIDE_MTU - 40}; }}; }}"), check=True, text=True, timeout=20)
        own = "" if kernel_has_esp() else "kernel-libipsec"
        (self.folder / "strongswan.conf").write_text(STRONGSWAN % own)
        (self.folder / "swanctl.conf").write_text(
            strongswan.connection(mine, theirs, f"{lan}.0/24", f"{far}.0/24", PSK))
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", inside, "unshare", "-m", "sh", "-c", 'mount --bind "$0" /run && exec "$1"', self.folder,
             CHARON], env=os.environ | {"STRONGSWAN_CONF": "/run/strongswan.conf"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # As a daemon's: Linux shares processors out among sessions, and in that of the benchmark charon would have
            # a quarter more.
            start_new_session=True)
        ends.undo.callback(self._end)
        wait((self.folder / "vici.sock").exists, 20)
        self._swanctl("--load-all", "--file", self.folder / "swanctl.conf")
        if own:
            wired.sh("ip", "-n", inside, "link", "set", "ipsec0", "mtu", INSIDE_MTU)

    def call(self):
        """Makes the tunnel."""
        self._swanctl("--initiate", "--child", "site")

    def _swanctl(self, *words):
        wired.sh("swanctl", *words, "--uri", f"unix://{self.folder}/vici.sock")

    def _end(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait(5)


def kernel_has_esp():
    """Whether packets are wrapped by the kernel, and not by charon."""
    return subprocess.run(
        ["unshare", "-n", "ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2",
         "proto", "esp", "spi", "0x1000", "mode", "tunnel", "aead", "rfc4106(gcm(aes))", "0x" + "5a" * 20, "128"],
        **wired.OPTIONS).returncode == 0


def _meet(ends, gateways, outside):
    """charon in both gateways, and the tunnel between them."""
    if CHARON is None:
        raise Failed("strongSwan's charon is not installed")
    first, _ = [Charon(ends, gateways[site], outside[site], outside[3 - site], LANS[site], LANS[3 - site]) for site in (1, 2)]
    first.call()


def by_hand(switch, ends):
    """For each site a network, a router and a gateway beside it; the gateways meet on a network of their own."""
    places, groups, rows, on_x = [], [], [], []
    for site, lan in LANS.items():
        link, on = f"169.254.10{site}", {"v": [], "t": []}
        for kind, network in (("v", lan), ("t", link)):
            on[kind] += wired.router_port(rows, f"{kind}{site}", f"{network}.1/24", wired.mac(6 if kind == "v" else 7, site))
        for name, where, device, address, number in (
                (f"v{site}", on["v"], "eth0", f"{lan}.11", 1), (f"g{site}", on["t"], "inner", f"{link}.2", 2),
                (f"g{site}", on_x, "outer", f"198.18.1.2{site}", 3)):
            own = wired.mac(8 + site, number)
            port = f"{name}{device}"
            where.append(["named-uuid", f"p{port}"])
            # What passes the inner port of a gateway has others' addresses.
            guard = {"port_security": f"{own} {address}"} if device != "inner" else {}
            rows.append(wired.insert("Logical_Switch_Port", f"p{port}", name=f"hand-{port}", addresses=f"{own} {address}", **guard))
            places.append((name, device, port, address, own))
            if device != "inner":
                groups.append(f"p{port}")
        rows += [wired.insert("Logical_Switch", f"s{kind}{site}", name=f"hand-{kind}{site}", ports=["set", on[kind]]) for kind in on]
        rows.append(wired.insert("Logical_Router_Static_Route", f"w{site}", ip_prefix=f"{LANS[3 - site]}.0/24", nexthop=f"{link}.2"))
        rows.append(wired.insert("Logical_Router", f"r{site}", name=f"hand-v{site}", static_routes=["named-uuid", f"w{site}"],
                                 ports=["set", [["named-uuid", f"l{kind}{site}"] for kind in on]]))
    rows.append(wired.insert("Logical_Switch", "sx", name="hand-vx", ports=["set", on_x]))
    switch.north(*rows, *wired.guarded("handvpn", groups))
    made = {}
    for name, device, port, address, own in places:
        inside = made.get(name) or ends.namespace(f"hand-{name}")
        made[name] = inside
        ends.veth(inside, switch.namespace, f"h{port}", f"{address}/24", own, name=device)
        switch.plug(f"h{port}", f"hand-{port}")
        switch.installed(f"h{port}")
    for site, lan in LANS.items():
        ends.gateway(made[f"v{site}"], f"{lan}.1")
        wired.sh("ip", "-n", made[f"g{site}"], "route", "add", f"{lan}.0/24", "via", f"169.254.10{site}.1", "dev", "inner")
        # charon agrees to no network in which it has no address.
        wired.sh("ip", "-n", made[f"g{site}"], "addr", "add", f"{lan}.2/32", "dev", "lo")
    _meet(ends, {site: made[f"g{site}"] for site in LANS}, {site: f"198.18.1.2{site}" for site in LANS})
    return {f"v{site}": (made[f"v{site}"], f"{lan}.11") for site, lan in LANS.items()}


def plain(ends):
    """Each host behind a gateway, and the gateways on one bridge."""
    hub, gateways, made = ends.namespace("plain-vpn"), {}, {}
    wired.sh("ip", "-n", hub, "link", "add", "meet", "type", "bridge")
    wired.sh("ip", "-n", hub, "link", "set", "meet", "up")
    for site, lan in LANS.items():
        gateway, host = ends.namespace(f"plain-g{site}"), ends.namespace(f"plain-v{site}")
        gateways[site] = gateway
        ends.veth(gateway, hub, f"g{site}", f"198.19.1.2{site}/24", wired.mac(12, site), name="outer")
        wired.sh("ip", "-n", hub, "link", "set", f"g{site}", "master", "meet")
        ends.veth(host, gateway, "inner", f"{lan}.11/24", wired.mac(13, site))
        wired.sh("ip", "-n", gateway, "addr", "add", f"{lan}.1/24", "dev", "inner")
        ends.gateway(host, f"{lan}.1")
        made[f"v{site}"] = (host, f"{lan}.11")
    _meet(ends, gateways, {site: f"198.19.1.2{site}" for site in LANS})
    return made

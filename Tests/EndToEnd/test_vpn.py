"""C018, C091: IPsec between two sites, as tenants ask for it and as packets show it."""
import pathlib
import re
import socket
import subprocess
import sys
import time

import pytest

import strongswan
from plugged import Beneath, Plugged, ask
from session import must, run, wait
from sites import PSK, Site

RECOMMENDED = "aes-128, aes-192, aes-256"
HELLO = "import socket,sys; s=socket.create_connection((sys.argv[1],7777),5); print(s.recv(5).decode())"
SERVE = ("import socket; s=socket.socket(); s.setsockopt(1,2,1); s.bind(('',7777)); s.listen()\n"
         "while True: s.accept()[0].sendall(b'hello')")


@pytest.fixture(scope="module")
def beneath(cloud):
    return Beneath(cloud.state)


@pytest.fixture(scope="module")
def outside(cloud, cleanup):
    """The network on which gateways meet, made by the operator."""
    network = ask(cloud.admin, "POST", "networks", {"network": {"name": "vpn-out", "router:external": True}})["network"]["id"]
    cleanup(wait, lambda: cloud.admin.http("DELETE", f"/network/v2.0/networks/{network}").status == 204, 30)
    ask(cloud.admin, "POST", "subnets", {"subnet": {"network_id": network, "cidr": "198.51.100.0/24", "ip_version": 4,
                                                   "enable_dhcp": False}})
    return network


@pytest.fixture(scope="module")
def sites(cloud, stranger, beneath, outside, cleanup):
    """The two ends, with a VPN service each and no connection yet."""
    return [Site(beneath, session, outside, number, cleanup).open()
            for number, session in ((1, cloud), (2, stranger))]


@pytest.fixture(scope="module")
def pair(sites):
    """A connection by pre-shared key, which is up."""
    a, b = sites
    ids = (a.connect(b.address, b.cidr), b.connect(a.address, a.cidr, initiator="response-only"))
    a.is_up(ids[0])
    b.is_up(ids[1])
    return ids


def captured(beneath, site, act):
    """What passes the outer device of a site's gateway while something is done: a line each."""
    argv = ["ip", "netns", "exec", beneath.gateway(site.service), "tcpdump", "-i", "outer", "-nn", "-l", "-q"]
    watch = subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while "listening" not in (line := watch.stderr.readline()):
        assert line, "tcpdump does not run"
    try:
        act()
        time.sleep(1)
    finally:
        watch.terminate()
    return [line for line in watch.communicate()[0].splitlines() if line]


def test_hosts_of_two_projects_meet_through_the_tunnel(beneath, sites, pair):
    a, b = sites
    server = b.host.start(sys.executable, "-c", SERVE)
    try:
        def traffic():
            assert a.host.reaches(b.host.address, 5) and b.host.reaches(a.host.address, 5)
            assert a.host.reaches(b.host.address, 5, size=1400)
            got = wait(lambda: a.host.run(sys.executable, "-c", HELLO, b.host.address).out, 10)
            assert got.strip() == "hello"
        lines = captured(beneath, a, traffic)
    finally:
        server.kill()
    gateways = {a.address, b.address}
    talk = [line for line in lines if " IP " in line]
    assert len(talk) > 6, lines
    for line in lines:
        if " ARP, " in line:
            continue
        assert re.search(r"\.4500 > \S+\.4500: UDP|: ESP|\.500 > \S+\.500: UDP", line), line
        assert set(re.findall(r"198\.51\.100\.\d+", line)) <= gateways, line
        assert "10.8" not in line, "an address of the inside is outside"
    shown = a.connection(pair[0])
    assert (shown["status"], shown["status_reason"]) == ("ACTIVE", "")
    now = ask(a.session, "GET", f"vpn/ipsec-site-connections/{pair[0]}/statistics")["statistics"]
    assert now["packets_out"] >= 4 and now["bytes_in"] > 1400 and now["established_at"], now


def test_nothing_else_passes(beneath, sites, pair, cleanup):
    a, b = sites
    other = b.make("networks", "network", name="vpn-secret")["id"]
    subnet = b.make("subnets", "subnet", network_id=other, cidr="10.90.0.0/24", ip_version=4)["id"]
    ask(b.session, "PUT", f"routers/{b.router}/add_router_interface", {"subnet_id": subnet})
    hidden = Plugged(beneath, b.session, other, "hidden")
    try:
        assert b.host.reaches(hidden.address, 5), "its own router leads there"
        assert not a.host.reaches(hidden.address, 3)
        # Even if one end names what the other did not agree to.
        must(run(["ip", "-n", a.host.namespace, "route", "replace", "10.90.0.0/24", "via", "10.81.0.1"]))
        assert not a.host.reaches(hidden.address, 2) and not hidden.reaches(a.host.address, 2)
    finally:
        hidden.remove()
        ask(b.session, "PUT", f"routers/{b.router}/remove_router_interface", {"subnet_id": subnet})


def test_a_secret_is_never_shown(cloud, sites, pair):
    a = sites[0]
    for session in (a.session, cloud.admin):
        for path in (f"vpn/ipsec-site-connections/{pair[0]}", "vpn/ipsec-site-connections"):
            assert PSK not in session.http("GET", f"/network/v2.0/{path}").body.decode()
    guesses = [a.session.http("GET", f"/network/v2.0/vpn/ipsec-site-connections?fields=id&psk={guess}")
               for guess in (PSK.replace(" ", "+"), "another+secret")]
    assert guesses[0].json == guesses[1].json, "a filter tells who guesses right"
    for log in [*(cloud.state / "log").glob("*"), cloud.state / "akashi.log"]:
        assert not log.is_file() or PSK.encode() not in log.read_bytes(), log
    for kept in cloud.state.glob("akashi.sqlite*"):
        assert kept.stat().st_mode & 0o077 == 0, f"{kept} is for root alone"


def test_another_secret_closes_the_tunnel_and_the_reason_is_told(sites, pair):
    a, b = sites
    b.change(pair[1], psk="not the same at all")
    a.is_down(pair[0], "refused")
    b.is_down(pair[1], "pre-shared keys")
    assert not a.host.reaches(b.host.address, 2)
    b.change(pair[1], psk=PSK)
    a.is_up(pair[0])
    assert a.host.reaches(b.host.address, 5)


def test_a_killed_gateway_is_there_again(beneath, sites, pair):
    a, b = sites
    handle = beneath.run / f"vpn-{a.service}.process"
    pid = int(handle.read_text().split()[0])
    run(["kill", "-9", pid])
    start = time.monotonic()
    assert a.host.reaches(b.host.address, 40)
    print(f"healed in {time.monotonic() - start:.1f} s")
    assert int(handle.read_text().split()[0]) != pid


@pytest.mark.parametrize("path, key, weak", [
    ("ikepolicies", "ikepolicy", {"encryption_algorithm": "3des"}),
    ("ikepolicies", "ikepolicy", {"auth_algorithm": "sha1"}),
    ("ikepolicies", "ikepolicy", {"auth_algorithm": "md5"}),
    ("ikepolicies", "ikepolicy", {"pfs": "group2"}),
    ("ikepolicies", "ikepolicy", {"ike_version": "v1"}),
    ("ipsecpolicies", "ipsecpolicy", {"encryption_algorithm": "des"}),
    ("ipsecpolicies", "ipsecpolicy", {"pfs": "group5"}),
    ("ipsecpolicies", "ipsecpolicy", {"transform_protocol": "ah"}),
])
def test_what_is_not_recommended_is_refused_with_the_list(cloud, path, key, weak):
    answer = cloud.http("POST", f"/network/v2.0/vpn/{path}", {key: weak})
    assert answer.status == 400, answer
    text = answer.body.decode()
    lists = {"encryption_algorithm": RECOMMENDED, "auth_algorithm": "sha256, sha384, sha512",
             "pfs": "group14, group15, group16, group19, group20, group21", "ike_version": "v2",
             "transform_protocol": "esp"}
    assert all(lists[name] in text for name in weak), text


def test_the_openstack_commands_do_it_all(cloud, sites, pair, unique):
    a, b = sites
    run_ = cloud.openstack
    try:
        run_(f"vpn ike policy create --encryption-algorithm aes-256 --auth-algorithm sha256 --pfs group14"
             f" --ike-version v2 {unique}")
        # This client stumbles over its own --lifetime and --dpd before it asks anything.
        assert run_(f"vpn ike policy show {unique}", json=True)["Lifetime"] == {"units": "seconds", "value": 3600}
        run_(f"vpn ike policy set --pfs group19 {unique}")
        run_(f"vpn ipsec policy create --encryption-algorithm aes-192 --auth-algorithm sha512 --pfs group16 {unique}")
        run_(f"vpn endpoint group create --type subnet --value {a.subnet} {unique}-local")
        run_(f"vpn endpoint group create --type cidr --value 10.123.0.0/24 --value 10.124.0.0/24 {unique}-peer")
        made = run_(f"vpn ipsec site connection create --vpnservice {a.service} --ikepolicy {unique}"
                    f" --ipsecpolicy {unique} --peer-address 203.0.113.77 --peer-id 203.0.113.77 --psk 'long enough'"
                    f" --local-endpoint-group {unique}-local --peer-endpoint-group {unique}-peer --mtu 1400"
                    f" --initiator bi-directional {unique}", json=True)
        assert made["DPD"] == {"action": "hold", "interval": 30, "timeout": 120}
        assert unique in [each["Name"] for each in run_("vpn ipsec site connection list", json=True)]
        a.is_down(made["ID"], "does not answer")
        run_(f"vpn ipsec site connection set --description other {unique}")
        assert run_(f"vpn service show {a.service}", json=True)["Ext v4 IP"] == a.address
        assert a.host.reaches(b.host.address, 5), "its neighbour was not disturbed"
    finally:
        for kind, name in (("ipsec site connection", unique), ("ike policy", unique), ("ipsec policy", unique),
                           ("endpoint group", f"{unique}-local"), ("endpoint group", f"{unique}-peer")):
            run_(f"vpn {kind} delete {name}", check=False)


def certificates(folder, *names):
    """An authority, and a certificate with key for each name, in PEM."""
    def openssl(*argv):
        must(run(["openssl", *argv]))
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-sha384", "-days", "2",
            "-subj", "/CN=authority", "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    made = {"authority": (folder / "ca.pem").read_text()}
    for name in names:
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
        (folder / "ext").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-days", "2", "-sha256", "-extfile", folder / "ext", "-out", folder / f"{name}.pem")
        made[name] = {"certificate": (folder / f"{name}.pem").read_text(),
                      "private_key": (folder / f"{name}.key").read_text()}
    return made


def test_certificates_prove_the_ends_and_wrong_ones_do_not(sites, pair, tmp_path):
    a, b = sites
    for site, id in zip(sites, pair):
        site.forget("vpn/ipsec-site-connections", id)
    assert not a.host.reaches(b.host.address, 2), "deleting the connection stops the traffic"
    good = certificates(tmp_path, "a.example", "b.example")
    (tmp_path / "bad").mkdir()
    bad = certificates(tmp_path / "bad", "b.example")

    def order(mine, theirs, made, authority):
        return {"auth_mode": "cert", "local_id": mine, "peer_id": theirs, "peer_ca_certificate": authority, **made}

    def without_psk(site, peer, more):
        order_ = site.order(peer.address, peer.cidr, **more)
        del order_["psk"]
        return site.make("vpn/ipsec-site-connections", "ipsec_site_connection", **order_)["id"]
    one = without_psk(a, b, order("a.example", "b.example", good["a.example"], good["authority"]))
    two = without_psk(b, a, order("b.example", "a.example", good["b.example"], good["authority"])
                      | {"initiator": "response-only"})
    try:
        a.is_up(one)
        assert a.host.reaches(b.host.address, 5)
        assert "PRIVATE KEY" not in str(a.connection(one))
        b.change(two, **bad["b.example"])
        a.is_down(one, "authority")
        assert not a.host.reaches(b.host.address, 2)
        b.change(two, **good["b.example"])
        a.is_up(one)
        a.change(one, peer_ca_certificate=bad["authority"])
        a.is_down(one, "authority")
    finally:
        a.forget("vpn/ipsec-site-connections", one)
        b.forget("vpn/ipsec-site-connections", two)


def test_a_strongswan_that_is_not_ours_is_a_peer(cloud, beneath, outside, sites, tmp_path):
    """A branch office's gateway, on the network outside, configured by hand."""
    a = sites[0]
    branch = Plugged(beneath, cloud.admin, outside, "branch", port_security_enabled=False, security_groups=[])
    must(branch.run("ip", "addr", "add", "10.99.0.1/32", "dev", "lo"))
    (tmp_path / "run").mkdir()
    (tmp_path / "run/strongswan.conf").write_text(
        "charon {\n  load = random nonce openssl hmac kdf pem x509 pubkey kernel-libipsec kernel-netlink"
        " socket-default vici\n  install_virtual_ip = no\n  filelog {\n    stdout {\n      default = 1\n"
        "      flush_line = yes\n    }\n  }\n}\n")
    (tmp_path / "swanctl.conf").write_text(
        strongswan.connection(branch.address, a.address, "10.99.0.0/24", a.cidr, PSK))
    charon = branch.start("env", "STRONGSWAN_CONF=/run/strongswan.conf", "unshare", "-m", "sh", "-c", f"mount --bind {tmp_path}/run /run && exec /usr/lib/ipsec/charon")
    made = None
    try:
        wait((tmp_path / "run/charon.vici").exists, 10)
        must(run(["env", f"SWANCTL_DIR={tmp_path}", "swanctl", "--load-all", "--file", tmp_path / "swanctl.conf",
                  "--uri", f"unix://{tmp_path}/run/charon.vici"]))
        made = a.connect(branch.address, "10.99.0.0/24")
        a.is_up(made)
        assert a.host.reaches("10.99.0.1", 5) and branch.run(
            "ping", "-c", "1", "-W", "3", "-I", "10.99.0.1", a.host.address).code == 0
    finally:
        if made:
            a.forget("vpn/ipsec-site-connections", made)
        charon.kill()
        print("\n".join(line for line in charon.communicate()[0].splitlines() if "[NET]" not in line)[-8000:])
        branch.remove()


ESP_SEND = ("import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,50)\n"
            "for n in range(20): s.sendto(b'\\0\\0\\1\\0'+n.to_bytes(4,'big')+bytes(64),(sys.argv[1],0))")
ESP_COUNT = ("import socket; s=socket.socket(socket.AF_INET,socket.SOCK_RAW,50); s.settimeout(10)\n"
             "print('ready',flush=True)\nfor n in range(20): s.recv(999)\nprint('all')")
UDP_SEND = ("import os,socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
            "for n in range(20): s.sendto(sys.argv[2].encode()+os.urandom(144),(sys.argv[1],int(sys.argv[3])))")
UDP_COUNT = ("import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',int(sys.argv[1])))\n"
             "s.settimeout(10); print('ready',flush=True)\nfor n in range(20): s.recv(999)\nprint('all')")


@pytest.mark.parametrize("sort, send, count, port", [
    ("ESP", ESP_SEND, ESP_COUNT, None), ("WireGuard", UDP_SEND, UDP_COUNT, 51820), ("IKE", UDP_SEND, UDP_COUNT, 4500),
    ("QUIC", UDP_SEND, UDP_COUNT, 443), ("SSH", UDP_SEND, UDP_COUNT, 22)])
def test_c096_what_guests_encrypt_themselves_passes_unfiltered(beneath, sites, sort, send, count, port):
    a, b = sites
    other = Plugged(beneath, a.session, a.network, "own")
    # Another host has had its address.
    must(run(["ip", "-n", a.host.namespace, "neigh", "flush", "dev", "eth0"]))
    listening = other.start(sys.executable, "-c", count, *([port] if port else []))
    try:
        assert listening.stdout.readline().strip() == "ready"
        must(a.host.run(sys.executable, "-c", send, other.address, *([sort, str(port)] if port else [])))
        assert listening.communicate(timeout=15)[0].strip() == "all"
    finally:
        listening.kill()
        other.remove()

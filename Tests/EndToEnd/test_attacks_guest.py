"""Attacks from inside a server whose root is the attacker: on its neighbours, on the host's files, on its own console."""
import base64
import contextlib
import os
import pathlib
import socket
import subprocess
import sys

import pytest

from attacks import newcomer
from instance import tap_of
from instance import _tag as tag
from servers import processes
from session import run, must
from tenantry import Tenantry
from test_attacks_image import SECRET, qcow2

ATTACKER, VICTIM, ALIEN = "10.77.0.10", "10.77.0.20", "10.77.0.99"
FALSE_MAC = "fa:16:3e:99:99:99"

# Each line is an attack, done with nothing but busybox; what needs frames made by hand (false DHCP servers and routers,
# VLAN tags, fragments) is sent in the network's own tests. The ping at the beginning and the end shows that honest
# traffic arrives, and so that the listener would have seen the rest.
ATTACK = f"""#!/bin/sh
mac=$(cat /sys/class/net/eth0/address)
for port in 22 53 443 5900 6640 6641 6642 API; do
  for address in 10.77.0.1 10.77.0.2; do
    (nc -w 2 $address $port </dev/null >/dev/null 2>&1 && echo "OPEN $address $port") &
  done
done
wait # or it would find its own doors behind the addresses that it takes below
honest() {{ for i in $(seq 60); do ping -c 1 -W 1 {VICTIM} >/dev/null && echo "honest $1" && return; done; }}
honest before
for false in 10.77.0.1 10.77.0.2 {ALIEN}; do
  ip addr add $false/32 dev eth0
  ping -c 1 -W 1 -I $false {VICTIM}
  arping -U -c 1 -I eth0 -s $false $false
  arping -A -c 1 -I eth0 -s $false $false
  ip addr del $false/32 dev eth0
done
ping -6 -c 1 -W 1 ff02::1%eth0
ip link set eth0 address {FALSE_MAC}
ping -c 1 -W 1 {VICTIM}
arping -c 1 -w 1 -I eth0 {VICTIM}
ip link set eth0 address $mac
honest after
printf '\\033[2J\\033]0;owned\\007\\000\\377\\376\\200{{"output":"x"}}</pre><script>alert(1)</script>\\r\\n'
echo; echo attack is over
"""

LISTEN = """
import socket, sys
line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
line.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    frame, (_, _, kind, *_) = line.recvfrom(2048)
    if kind == socket.PACKET_OUTGOING:
        print(frame[:64].hex(), flush=True)
"""


@pytest.fixture(scope="module")
def tenant(cloud, guest_image):
    with newcomer(cloud) as who:
        yield Tenantry(who, guest_image)


@contextlib.contextmanager
def listening(cloud, device):
    """Collects the beginnings of all frames that the host hands to a guest."""
    namespace = f"ak-{tag(str(cloud.state.resolve()))}-net"
    heard = []
    with subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable, "-c", LISTEN, device],
                          stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        yield heard
        child.terminate()
        heard += [bytes.fromhex(each) for each in child.stdout.read().split()]


@pytest.fixture(scope="module")
def battle(cloud, tenant):
    """The attacker's console and what the victim's card was handed meanwhile."""
    victim = tenant.new_server("victim", VICTIM)
    tenant.active(victim)
    with listening(cloud, tap_of(tenant.ports_of(victim)[0]["id"])) as heard:
        script = ATTACK.replace("API", str(cloud.identity.port))
        attacker = tenant.new_server('x,\u0301process=y"$(reboot);\'<&>', ATTACKER, script)
        mac = tenant.ports_of(attacker)[0]["mac_address"]
        tenant.says(attacker, "attack is over", seconds=180)
    return attacker, bytes.fromhex(mac.replace(":", "")), heard


def test_C017_only_what_is_honest_reaches_the_victim(tenant, battle):
    attacker, mac, heard = battle
    console = tenant.console(attacker)
    assert "honest before" in console and "honest after" in console, console[-3000:]
    assert "Cannot assign" not in console, "each false address was really used"
    from_attacker = [frame for frame in heard if frame[6:12] == mac]
    pings = [frame for frame in from_attacker if frame[12:14] == b"\x08\0" and frame[23] == 1]
    assert pings, "what is honest is seen, so the rest would be"
    for frame in heard:
        assert frame[6:12] != bytes.fromhex(FALSE_MAC.replace(":", "")), f"a false hardware address: {frame.hex()}"
        assert frame[12:14] != b"\x86\xdd", f"IPv6 of a port that has none: {frame.hex()}"
        if frame[12:14] == b"\x08\x06":
            sender = socket.inet_ntoa(frame[28:32])
            assert frame[22:28] == frame[6:12] and sender != ALIEN, f"a false ARP: {frame.hex()}"
            assert frame[6:12] != mac or sender == ATTACKER, f"ARP in another's name: {frame.hex()}"
    for frame in from_attacker:
        if frame[12:14] == b"\x08\0":
            assert socket.inet_ntoa(frame[26:30]) == ATTACKER, f"a false address: {frame.hex()}"


def test_a_guest_finds_no_open_door_of_the_clouds(tenant, battle):
    assert "OPEN" not in tenant.console(battle[0])


def test_a_name_made_to_break_out_is_a_harmless_host_name(tenant, battle):
    console = tenant.console(battle[0])
    assert "akashi-guest: config drive" in console
    name = console.split("hostname=", 1)[1].split()[0]
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"), name


def test_what_a_guest_writes_to_its_console_stays_text(tenant, battle):
    answer = tenant.session.http("POST", f"{tenant.compute}/servers/{battle[0]}/action", {"os-getConsoleOutput": {}})
    assert answer.headers["content-type"].startswith("application/json")
    assert list(answer.json) == ["output"]
    assert '{"output":"x"}</pre><script>' in answer.json["output"]
    assert all(byte >= 0x20 for byte in answer.body), "control characters are escaped"


@pytest.fixture
def secret(cloud):
    """A file of the host's that any user may read; that guests' users cannot enter a directory would prove nothing."""
    path = cloud.state / "e2e-secret"
    path.write_bytes(SECRET)
    path.chmod(0o644)
    yield path
    path.unlink()


def opened(server):
    """Every file that the server's processes hold open."""
    found = set()
    for process in processes(server):
        for link in pathlib.Path(f"/proc/{process}/fd").glob("*"):
            with contextlib.suppress(OSError):
                found.add(os.readlink(link))
    return found


def test_C013_a_header_that_a_guest_writes_into_its_disk_is_never_followed(cloud, tenant, secret):
    """Its disk is raw to the host for ever: when it is started anew, resized, and copied into an image."""
    header = base64.b64encode(qcow2(backing=str(secret).encode())[:1024]).decode()
    script = (f"#!/bin/sh\necho {header} | base64 -d | dd of=/dev/vda bs=512 conv=notrunc 2>/dev/null\nsync\n"
              "dd if=/dev/vda bs=4 count=1 2>/dev/null | head -c 3; echo ' is written'\n")
    server = tenant.new_server("writer", None, script)
    tenant.active(server)
    tenant.says(server, "QFI is written")
    assert opened(server), "how the test would notice"

    def settled(state):
        return lambda: tenant.servers()[server]["status"] == state
    for action, state in (({"resize": {"flavorRef": "1CPU-1GB"}}, "VERIFY_RESIZE"), ({"confirmResize": None}, "ACTIVE"),
                          ({"reboot": {"type": "HARD"}}, "ACTIVE")):
        tenant.act(server, **action)
        cloud.wait(settled(state), 60)
        assert not [path for path in opened(server) if "secret" in path]
    answer = tenant.ask("POST", f"{tenant.compute}/servers/{server}/action", {"createImage": {"name": "copy"}})
    copy = answer.headers["location"].rsplit("/", 1)[1]
    cloud.wait(lambda: tenant.ask("GET", f"/image/v2/images/{copy}").json["status"] == "active", 60)
    content = tenant.ask("GET", f"/image/v2/images/{copy}/file", seconds=60).body
    assert SECRET not in content
    file = cloud.state / "e2e-copy"
    file.write_bytes(content)
    try:
        told = must(run(["qemu-img", "info", "-f", "qcow2", file])).out
        assert "backing file" not in told and "data file" not in told
    finally:
        file.unlink()
    order = tenant.order("reader")
    order["server"]["imageRef"] = copy
    reader = tenant.ask("POST", f"{tenant.compute}/servers", order).json["server"]["id"]
    tenant.active(reader)
    assert opened(reader) and not [path for path in opened(reader) if "secret" in path]

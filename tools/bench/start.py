"""From the command to readiness: the first time, after a stop, and as a take-over with servers running; and memory."""
import os
import pathlib
import time

from cloud import Tenant, spread
from memory import resident, total

ROUNDS = 5
GUESTS = 20
GUEST_MIB = 300
QUIET_SECONDS = 75


def measure(cloud, build, say):
    """Seconds until ready, and MiB of everything."""
    out = {"first_s": round(cloud.up(), 3)}
    say(f"  first start {out['first_s']:.2f} s")
    again = []
    for _ in range(ROUNDS):
        cloud.down()
        again.append(cloud.up())
    out["after_stop_s"] = spread(again, 3)
    say(f"  after a stop {out['after_stop_s']['median']:.2f} s")
    out["guests"] = _order(cloud, say)
    over = []
    for _ in range(ROUNDS):
        os.kill(cloud.pid, 9)
        over.append(cloud.up())
    out["take_over_s"] = spread(over, 3)
    out["adopted"] = len(cloud.guests())
    say(f"  take-over of {out['adopted']} servers {out['take_over_s']['median']:.2f} s")
    guests = total(cloud.guests())
    out["memory"] = {"control_plane": resident(cloud.pid), "network": total(cloud.daemons()), "servers": guests,
                     "each_server_pss": round(guests["pss"] / max(1, guests["processes"]), 1)}
    say(f"  memory {out['memory']}")
    cloud.down()
    return out


def _order(cloud, say):
    """Orders as many servers as memory allows, and waits until most have booted; how many they are."""
    room = int(next(line for line in pathlib.Path("/proc/meminfo").read_text().splitlines() if "MemAvailable" in line).split()[1])
    number = max(1, min(GUESTS, (room // 1024 - 1024) // GUEST_MIB))
    tenant = Tenant(cloud.client())
    began = time.monotonic()
    servers = [tenant.order() for _ in range(number)]
    for server in servers:
        tenant.settle(server, seconds=120, every=0.02)
    took = round(time.monotonic() - began, 2)
    say(f"  {number} servers, ordered at once, run after {took:.1f} s")
    # Guests that still boot want all processors, and it is not their start that is measured.
    end = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < end and _idle() < 0.6:
        pass
    return {"number": number, "all_running_s": took}


def _idle():
    """Which part of the processors' time nobody used during a second."""
    def times():
        fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return fields[3], sum(fields)
    idle, whole = times()
    time.sleep(1)
    now = times()
    return (now[0] - idle) / max(1, now[1] - whole)

"""The figures as a page, and whether they are within their goals."""
import pathlib
import platform
import re
import subprocess

GOAL_RATE, GOAL_SERVER, GOAL_START = 0.5, 1.5, 3.0

METHOD = """\
Made by `./dev bench`; do not edit. All figures are of one run on one machine, ours and the peer's in turns, so that \
the ratios say more than the digits. The load generator and the servers share the processors.
"""


def machine(summary):
    """What the figures were measured on."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 1024 / 1024
    system = re.search(r'PRETTY_NAME="(.+)"', pathlib.Path("/etc/os-release").read_text())
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    found = {name: re.search(rf"^  {name}\s+(.+)$", summary, re.MULTILINE) for name in ("network", "servers")}
    return {
        "processors": f"{len(re.findall(r'^processor', pathlib.Path('/proc/cpuinfo').read_text(), re.MULTILINE))} × {cpu[1] if cpu else platform.machine()}",
        "memory_gib": round(memory), "system": system[1] if system else platform.system(),
        "kernel": ".".join(platform.release().split(".")[:2]), "qemu": re.search(r"version (\S+)", qemu)[1],
        # Where things lie on this machine is nobody's business.
        **{name: re.sub(r" in /[^ ,]+", "", line[1]).rstrip(".") if line else "" for name, line in found.items()},
    }


def page(figures):
    """Markdown of everything measured so far."""
    parts = ["# The first benchmark\n", METHOD, machine_line(figures["machine"])]
    for name, write in (("api", _api), ("server", _server), ("start", _start)):
        if name in figures:
            parts.append(write(figures[name]))
    return "\n".join(parts)


def machine_line(it):
    """What it was measured on, as a sentence."""
    return (f"Machine: {it['processors']}, {it['memory_gib']} GiB, {it['system']}, Linux {it['kernel']}, "
            f"QEMU {it['qemu']}; network: {it['network']}; servers: {it['servers']}.\n")


def table(head, rows):
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def _api(it):
    out = [f"## Requests ({it['date']})\n",
           "Each against a route of the same server (Hummingbird, as many threads, the same TLS) that only answers as "
           f"many bytes. Medians of {it['rounds']} rounds of {it['seconds']} s by wrk. *Rate* is ours by the bare route's "
           f"(goal: at least {GOAL_RATE}); *processor* is the server's processor time for a request, ours by the bare "
           "route's.\n"]
    for transport, title in (("tls", "TLS"), ("plain", "Plain HTTP")):
        rows = []
        for case, found in it["transports"][transport].items():
            for connections in ("1", "16"):
                one = found[connections]
                rows.append([case, found["bytes"], connections, f"{one['ours']['rate']:,.0f}", f"{one['bare']['rate']:,.0f}",
                             f"**{one['ratio']:.2f}**", f"{one['processor_ratio']:.2f}",
                             f"{one['ours']['p50_us'] / 1000:.2f} / {one['bare']['p50_us'] / 1000:.2f}",
                             f"{one['ours']['p99_us'] / 1000:.2f} / {one['bare']['p99_us'] / 1000:.2f}"])
        out += [f"### {title}\n", table(
            ["request", "bytes", "connections", "ours/s", "bare/s", "rate", "processor", "p50 ms", "p99 ms"], rows)]
    memory = it["memory"]
    out.append(f"The control plane has {memory['idle']['rss']} MiB resident before and {memory['after_load']['rss']} MiB after "
               f"this; the bare server {memory['bare_after_load']['rss']} MiB.\n")
    return "\n".join(out)


def _server(it):
    steps = table(["until", "ms"], [[name, spent] for name, spent in it["steps_ms"].items()])
    return "\n".join([
        f"## From the order of a server until it runs ({it['date']})\n",
        "`POST /servers` until the API shows ACTIVE, which follows QEMU's word that the guest runs; against the same "
        "command line with copies of its files and a tap device that is there already, from the spawn until QMP "
        f"answers. {it['ours_s']['runs']} of each, in turns.\n",
        table(["", "median", "least", "greatest"], [
            [name, *(f"{it[key][which]:.3f}" for which in ("median", "least", "greatest"))]
            for name, key in (("ours, s", "ours_s"), ("by hand, s", "by_hand_s"), (f"**ratio** (goal: at most {GOAL_SERVER})", "ratio"))]),
        "Where the time goes, each from the mark before it, as the audit log and the files' times tell:\n", steps])


def _start(it):
    memory, after, over = it["memory"], it["after_stop_s"], it["take_over_s"]
    return "\n".join([
        f"## Start to ready ({it['date']})\n",
        "`akashi up --detach` until it returns; then requests are served.\n",
        table(["", "s", "least", "greatest", "runs"], [
            ["the first time: keys, certificates, databases", it["first_s"], "", "", 1],
            [f"after `akashi down` (goal: under {GOAL_START:.0f} s)", f"**{after['median']}**", after["least"], after["greatest"], after["runs"]],
            [f"after `kill -9`, taking over {it['adopted']} servers", f"**{over['median']}**", over["least"], over["greatest"], over["runs"]]]),
        f"{it['guests']['number']} servers ordered at once all ran after {it['guests']['all_running_s']} s.\n",
        "## Resident memory\n",
        table(["MiB", "RSS", "PSS"], [
            ["control plane", memory["control_plane"]["rss"], memory["control_plane"]["pss"]],
            [f"network ({memory['network']['processes']} daemons)", memory["network"]["rss"], memory["network"]["pss"]],
            [f"{memory['servers']['processes']} servers", memory["servers"]["rss"], memory["servers"]["pss"]],
            ["each server", "", memory["each_server_pss"]]])])


def verdict(figures, say):
    """Tells which goals are missed; 1 if any is."""
    missed = []
    for transport, cases in figures.get("api", {}).get("transports", {}).items():
        for case, found in cases.items():
            missed += [f"{case}, {transport}, {connections} connections: {found[connections]['ratio']}"
                       for connections in ("1", "16") if found[connections]["ratio"] < GOAL_RATE]
    if "server" in figures and figures["server"]["ratio"]["median"] > GOAL_SERVER:
        missed.append(f"order to running: {figures['server']['ratio']['median']}")
    if "start" in figures and figures["start"]["after_stop_s"]["median"] > GOAL_START:
        missed.append(f"start to ready: {figures['start']['after_stop_s']['median']}")
    for line in missed:
        say(f"goal missed: {line}")
    return 1 if missed else 0

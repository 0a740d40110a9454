"""The network's figures as a page, and whether they are within their goals."""
import math

from report import METHOD, machine_line, table

GOAL_RATE, GOAL_FIRST_MS, GOAL_GROWTH = 0.95, 100.0, 1.5

PATHS = """\
One TCP connection by iperf3 ({seconds} s after one that is not counted) and 2,000 pings, each sent when the one before is \
answered, {rounds} rounds in turns, between namespaces that are joined by veth. *By hand* is the same OVN and Open vSwitch \
in the same run: two switches, a router and an outside written straight into its database, with stateful rules, port \
security and SNAT. *Linux* is bridges, a routing namespace and nftables' masquerade, without any filter. *Through the VPN* \
is two gateways with strongSwan's charon (AES-256-GCM, {esp}), by hand with the same ciphers and the same MTU inside, on \
OVN's networks and on a bridge of Linux. Ratios are medians of each round's: for rates more is better, for times less. \
Where Open vSwitch forwards in userspace it asks its ports in turn, and on which side of its turn an answer falls is \
chance, a third of the time more or less, for either: so the goal for latency is over all paths. The device of a real \
server also has an XDP program of 35 instructions, which these have not.
"""

FIRST = """\
From `POST /ports` until a ping from the port is answered, beside a guest's boot: the card is there, is joined to the port \
as soon as OVN has it, and comes up when the switch has its flows. It includes some processes that the measurement starts.
"""

MANY = """\
Ordered one after the other, in batches of {batch}, each port in the default group and one of ten others. *Ordered* is the \
time until the API answered, *in OVN* until OVN's northbound database had the last port, *in force* until the host had \
taken it up, all divided by the ports of the batch. Between the last two lie two rounds of ovn-northd, which computes all \
flows anew when a network gets a name in DNS, as it does with each port: some 0.05 s a round among a thousand ports. \
*Processor* is the time of the control plane, and of all of OVN's and Open vSwitch's daemons.
"""


def page(figures):
    """Markdown of what was measured."""
    it = figures["network"]
    return "\n".join([
        "# The network\n", METHOD, machine_line(figures["machine"]), f"Measured {it['date']}.\n", "## Goals\n",
        table(["goal", "found", ""], [[name, found, "met" if met else "**missed**"] for name, found, met in goals(it)]),
        "## Between two ports\n", PATHS.format(**it), _paths(it), "## A port's first ping\n", FIRST, _first(it),
        "## A thousand ports\n", MANY.format(**it["ports"]), _many(it["ports"])])


def goals(it):
    """Each goal in words, what was found, and whether that is enough."""
    worst = min((one["by hand"]["rate_ratio"], path) for path, one in it["paths"].items())
    times = [one["by hand"]["time_ratio"] for one in it["paths"].values()]
    slower = round(math.prod(times) ** (1 / len(times)), 3)
    first = it["first_ping_ms"]["whole"]["median"]
    batches = it["ports"]["batches"]
    grown, forced = (round(batches[-1][name] / batches[0][name], 2) for name in ("woven_ms", "in_force_ms"))
    return [
        (f"at least {GOAL_RATE:.0%} of the rate of OVN wired by hand", f"{worst[0]:.0%} at worst ({worst[1]})", worst[0] >= GOAL_RATE),
        (f"latency at most {1 / GOAL_RATE:.2f} times that of OVN wired by hand, over all paths", f"{slower} times",
         slower <= 1 / GOAL_RATE),
        (f"a port's first ping under {GOAL_FIRST_MS:.0f} ms", f"{first} ms", first < GOAL_FIRST_MS),
        (f"the last hundred of {it['ports']['ports']} ports made in at most {GOAL_GROWTH} times as long as the first",
         f"{grown} times", grown <= GOAL_GROWTH),
        ("the same until they are in force", f"{forced} times", forced <= GOAL_GROWTH),
    ]


def _paths(it):
    rows = []
    for path, sides in it["paths"].items():
        for side, one in sides.items():
            rows.append([path, side, one["gbit"]["median"], f"{one['gbit']['least']}–{one['gbit']['greatest']}",
                         one.get("rate_ratio", ""), one["us"]["median"], one.get("time_ratio", "")])
    return table(["path", "wired by", "Gbit/s", "least–greatest", "ours by it", "ping µs", "ours by it"], rows)


def _first(it):
    rows = [[name, one["median"], one["least"], one["greatest"]] for name, one in
            (("answered by the API", it["first_ping_ms"]["ordered"]), ("first ping answered", it["first_ping_ms"]["whole"]))]
    return table(["milliseconds until", "median", "least", "greatest"], rows)


def _many(it):
    rows = []
    for number, one in enumerate(it["batches"]):
        ours = one["processor_ms"].get("akashi", 0)
        rows.append([(number + 1) * it["batch"], one["ordered_ms"], one["woven_ms"], one["in_force_ms"], ours,
                     round(sum(one["processor_ms"].values()) - ours, 2)])
    return table(["ports", "ordered ms", "in OVN ms", "in force ms", "processor of ours ms", "of the daemons ms"], rows)


def verdict(figures, say):
    """Says which goals are missed; whether any is."""
    missed = [f"{name}: {found}" for name, found, met in goals(figures["network"]) if not met]
    for each in missed:
        say(f"goal missed: {each}")
    return bool(missed)

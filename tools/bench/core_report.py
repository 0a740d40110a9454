"""The core's figures as a page, and whether they are within their goals."""
from report import METHOD, machine_line, table

GOAL_RATE, GOAL_LIST_MS, GOAL_ACCEPTED_MS, GOAL_MIB, GOAL_GROWTH = 0.5, 10.0, 5.0, 64.0, 1.5
# What is small and needs a token, and so is held to the rate.
SMALL = ("token validation", "show a server", "show a network", "list flavors")

STORED = """\
The servers are stored and shut off: this machine could not boot as many. They are copies of the rows that one real \
server left in the store (with its port, its claims, its lifecycle's note and its action), each with ids, addresses and \
a system user of its own, on networks of their own, written while the cloud was down. All belong to one project, whose \
quotas are raised, not lifted. The engine looks after the first thousand as it does after any server that is off, and OVN has \
their networks and ports; those beyond are leased to an engine of another host, which is not there. A server that is \
ordered meanwhile finds this host full: it is accepted like any other, then fails to be placed, and is deleted.
"""

CASES = """\
Over TLS, each against a route of the same server (Hummingbird, as many threads, the same TLS) that only answers a GET with as \
many bytes, in turns; medians of {rounds} rounds by wrk, at {connections} connections. *Rate* is ours by the bare \
route's (goal for small reads, marked \\*: at least {goal}); *processor* is the server's processor time for a \
request, ours by the bare route's. Requests per second and percentiles in milliseconds are also what osbench.py tells, \
so that its tables of other clouds can be laid beside this one.
"""


def page(figures):
    """Markdown of what was measured."""
    it = figures["core"]
    parts = ["# The core API\n", METHOD, machine_line(figures["machine"]), f"Measured {it['date']}.\n", "## Goals\n",
             table(["goal", "found", ""], [[name, found, "met" if met else "**missed**"] for name, found, met in goals(it)]),
             "## What is stored\n", STORED, "## Requests\n", _cases(it), "## What a server costs among many\n", _sizes(it)]
    if it.get("osbench"):
        parts += ["## By osbench.py\n", _osbench(it["osbench"])]
    return "\n".join(parts)


def goals(it):
    """Each goal in words, what was found, and whether that is enough."""
    small, (least, middle, most) = {name: it["cases"][name] for name in SMALL}, _three(it)
    worst = min((found[str(count)]["ratio"], f"{name}, {count}") for name, found in small.items() for count in it["connections"])
    memory = max(one["rss"] for one in middle["memory"].values())
    grown = {"listed_processor_us": "listing", "accepted_ms": "accepting"}
    out = [
        (f"small authenticated reads at least {GOAL_RATE} of the bare route's rate", f"{worst[0]} at worst ({worst[1]})", worst[0] >= GOAL_RATE),
        (f"a detailed list of 1,000 servers under {GOAL_LIST_MS:.0f} ms of processor", f"{middle['list_processor_ms']} ms",
         middle["list_processor_ms"] < GOAL_LIST_MS),
        (f"`POST /servers` accepted in under {GOAL_ACCEPTED_MS:.0f} ms at the median, with 1,000 stored", f"{middle['accepted_ms']} ms",
         middle["accepted_ms"] < GOAL_ACCEPTED_MS),
        (f"control plane under {GOAL_MIB:.0f} MiB resident with 1,000 servers stored", f"{memory} MiB at most", memory < GOAL_MIB),
    ]
    for key, name in grown.items():
        ratio = round(most[key] / least[key], 2)
        out.append((f"{name} a server among 10,000 at most {GOAL_GROWTH} times as dear as among 100", f"{ratio} times", ratio <= GOAL_GROWTH))
    return out


def _three(it):
    return [it["sizes"][size] for size in sorted(it["sizes"], key=int)]


def _cases(it):
    rows = []
    for name, found in it["cases"].items():
        for count in it["connections"]:
            one = found[str(count)]
            ours, bare = one["ours"], one["bare"]
            rows.append([name + (" \\*" if name in SMALL else ""), found["bytes"], count, f"{ours['rate']:,.1f}", f"{bare['rate']:,.0f}",
                         f"**{one['ratio']}**", one["processor_ratio"],
                         *(f"{ours[key] / 1000:.2f} / {bare[key] / 1000:.2f}" for key in ("p50_us", "p90_us", "p99_us"))])
    counts = " and ".join(map(str, it["connections"]))
    return CASES.format(rounds=it["rounds"], connections=counts, goal=GOAL_RATE) + "\n" + table(
        ["request", "bytes", "connections", "ours/s", "bare/s", "rate", "processor", "p50 ms", "p90 ms", "p99 ms"], rows)


def _sizes(it):
    sizes = sorted(it["sizes"], key=int)
    def row(name, tell):
        return [name, *(tell(it["sizes"][size]) for size in sizes)]
    rows = [
        row("servers in a page, with detail", lambda one: one["listed"]),
        row("processor for the page, ms", lambda one: one["list_processor_ms"]),
        row("the same, after one of them was renamed", lambda one: one["changed_list_processor_ms"]),
        row("processor for each server of it, µs", lambda one: f"**{one['listed_processor_us']}**"),
        row("until the page is there, ms", lambda one: one["list_ms"]),
        row(f"`POST /servers` accepted, ms (median of {it['orders']})", lambda one: f"**{one['accepted_ms']}**"),
        row("the same, p99", lambda one: one["accepted_p99_ms"]),
        row("processor for an order, its failure and its deletion, ms", lambda one: one["order_processor_ms"]),
        row("resident at rest, MiB", lambda one: one["memory"]["at_rest"]["rss"]),
        row("resident after the lists, MiB", lambda one: one["memory"]["after_lists"]["rss"]),
        row("resident after everything, MiB", lambda one: one["memory"]["after_load"]["rss"]),
        row("processor at rest, of one", lambda one: f"{one['idle_processor'] * 100:.1f} %"),
        row("after a start, until every lifecycle has looked, s", lambda one: one["settled_s"]),
        row("processor for that, s", lambda one: one["settling_processor_s"]),
        row("the store's file, MiB", lambda one: one["store_mib"]),
    ]
    return table(["servers stored", *(f"{int(size):,}" for size in sizes)], rows)


def _osbench(cases):
    text = "The same cloud with 1,000 servers stored, by the program that the peers were measured with, in its own units.\n\n"
    return text + table(["case", "conns", "req/s", "p50 ms", "p90 ms", "p99 ms", "non2xx", "bytes"],
                        [[one[key] for key in ("case", "conns", "rps", "p50_ms", "p90_ms", "p99_ms", "non2xx", "bytes_per_resp")] for one in cases])


def verdict(figures, say):
    """Tells which goals are missed; 1 if any is."""
    missed = [f"{name}: {found}" for name, found, met in goals(figures["core"]) if not met]
    for line in missed:
        say(f"goal missed: {line}")
    return 1 if missed else 0

"""`kill -9` of the control plane at random moments while tenants come and go: nothing is lost, doubled or orphaned,
and running servers never notice. AKASHI_KILLS=N kills N times, AKASHI_KILL_SEED=K replays the moments of a run."""
import os
import random
import time

import pytest

from census import check_promises, settled
from churn import Churn
from survival import cloud, tenantry  # noqa: F401
from tenantry import PULSE, missed, ping, pulses, replies

KILLS = int(os.environ.get("AKASHI_KILLS", "12"))
SEED = int(os.environ.get("AKASHI_KILL_SEED") or random.SystemRandom().randrange(1 << 32))
SETTLE_EVERY = 5  # kills after which the whole world is compared
MOST_LOST_PINGS = 2
LONGEST_PAUSE = 5.0  # seconds between two pulses of a guest on a machine that is busy


@pytest.fixture(scope="module")
def keepers(cloud, tenantry):
    """Two servers that run all the time: one prints its pulse, the other pings it. Name to id."""
    made = {"pulse": tenantry.new_server("keep-pulse", "10.77.0.10", PULSE)}
    made["ping"] = tenantry.new_server("keep-ping", "10.77.0.20", ping("10.77.0.10"))
    tenantry.active(*made.values())
    tenantry.says(made["pulse"], r"pulse \d")
    tenantry.says(made["ping"], r"seq=\d")
    return made


def test_kill_9_at_random_moments_loses_doubles_and_orphans_nothing(cloud, tenantry, keepers):
    print(f"AKASHI_KILL_SEED={SEED} AKASHI_KILLS={KILLS}")
    dice, churn, began, ups = random.Random(SEED), Churn(tenantry, SEED), time.monotonic(), []
    processes = {name: cloud.qemus()[id] for name, id in keepers.items()}
    for number in range(1, KILLS + 1):
        churn.resume()
        time.sleep(dice.uniform(0, 4))
        churn.dying.set()
        cloud.kill()
        churn.pause()
        while dice.random() < 0.3:
            cloud.kill_in_start(dice.uniform(0, 0.4))
        started = time.monotonic()
        cloud.up()
        ups.append(time.monotonic() - started)
        check_promises(tenantry, churn.ledger)
        assert {name: cloud.qemus().get(id) for name, id in keepers.items()} == processes, "a running server noticed"
        if number % SETTLE_EVERY == 0 or number == KILLS:
            settled(cloud, tenantry)
    churn.stop()
    assert not churn.ledger.complaints, churn.ledger.complaints
    assert {name: cloud.qemus().get(id) for name, id in keepers.items()} == processes
    report(churn, ups, time.monotonic() - began)
    check_keepers(tenantry, keepers)
    check_audit(cloud, churn.ledger)


def check_keepers(tenantry, keepers):
    beats = pulses(tenantry.console(keepers["pulse"]))
    pauses = [later - earlier for earlier, later in zip(beats, beats[1:])]
    console = tenantry.console(keepers["ping"])
    print(f"guests: longest pause {max(pauses):.2f} s of {beats[-1] - beats[0]:.0f} s; "
          f"{len(missed(console))} of {len(replies(console))} pings lost")
    assert max(pauses) < LONGEST_PAUSE, pauses
    assert len(missed(console)) <= MOST_LOST_PINGS, missed(console)


def check_audit(cloud, ledger):
    """Every creation that was answered has just one record, and the log has no gap."""
    records = cloud.admin.audit("&all_tenants=1")
    sequence = [each["sequence"] for each in records]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence))), "the audit log has a gap"
    created = [each["resource"] for each in records if each["action"] == "create" and each["outcome"] == "success"]
    for resource in ledger.promised:
        assert created.count(resource) == 1, (resource, [each for each in records if each["resource"] == resource])


def report(churn, ups, seconds):
    done = ", ".join(f"{count} {kind} {state}" for (kind, state), count in sorted(churn.ledger.counts.items()))
    print(f"{KILLS} kills in {seconds:.0f} s; up again after {sorted(ups)[len(ups) // 2]:.2f} s (median), "
          f"{max(ups):.2f} s (most)\nanswers: {done}")

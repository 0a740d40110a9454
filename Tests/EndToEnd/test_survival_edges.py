"""`kill -9` where it hurts most: in the very first start, in `akashi down`, and in everything at once."""
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from census import settled
from instance import AKASHI, Instance, process
from session import wait
from survival import cloud  # noqa: F401
from tenantry import Tenantry

SEED = 20_261_123


def test_a_first_start_that_is_killed_at_any_moment_can_be_repeated():
    dice = random.Random(SEED)
    for _ in range(6):
        cloud = Instance()
        try:
            cloud.kill_in_start(dice.uniform(0.02, 1.2))
            cloud.up()
            assert cloud.session.login().status == cloud.admin.login().status == 201
            shown = cloud.session.http("GET", f"/compute/v2.1/{cloud.session.project}/servers")
            assert shown.json == {"servers": []}
            names = [each["name"] for each in cloud.admin.http("GET", "/identity/v3/users").json["users"]]
            assert sorted(names) == ["admin", "demo"], "an account is there twice"
        finally:
            cloud.erase()


@pytest.fixture(scope="module")
def tenantry(cloud, guest_image):
    made = Tenantry(cloud.session, guest_image)
    made.active(*[made.new_server(f"keep-{number}") for number in range(2)])
    return made


def test_a_down_that_is_killed_at_any_moment_can_be_repeated_or_taken_back(cloud, tenantry):
    dice = random.Random(SEED)
    for turn in range(6):
        down = subprocess.Popen([AKASHI, "down", "--state", cloud.state, "--grace", "1"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, 0.5 if turn % 2 else 2))
        down.kill()
        down.wait()
        if turn % 2:
            cloud.down()
            assert cloud.processes() == {} and not cloud.run.exists()
        cloud.up()
        settled(cloud, tenantry)


def test_two_ups_at_once_make_one_cloud(cloud, tenantry):
    for _ in range(3):
        cloud.kill()
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda _: cloud.akashi("up", "--detach", "--port", cloud.port), range(4)))
        assert any(each.code == 0 for each in done), done
        wait((cloud.run / "ready").exists, 10, every=0.02)
        # Those that came too late are told so, and end.
        wait(lambda: [process(pid) for pid, words in cloud.processes().items() if "up" in words] == [cloud.control], 10)
        settled(cloud, tenantry)


def test_everything_killed_at_random_moments_comes_back(cloud, tenantry):
    dice = random.Random(SEED)
    for _ in range(5):
        for each in [cloud.control, *cloud.daemons().values(), *sum(cloud.qemus().values(), [])]:
            if each and dice.random() < 0.5:
                each.kill()
            time.sleep(dice.uniform(0, 0.05))
        cloud.kill()
        cloud.up()
        settled(cloud, tenantry)

"""Fixtures: a running Akashi, its tenants, and things that go away after the test."""
import contextlib
import os
import pathlib
import shutil
import socket
import tempfile
import time
import uuid

import pytest

from session import REPOSITORY, Session, must, program, read_openrc, run, wait

START_SECONDS = 1800  # the first start may have to build everything


class Cloud(Session):
    """An installation, seen as its tenant `demo`; `admin` is its administrator's session."""

    wait = staticmethod(wait)

    def __init__(self, state, home):
        super().__init__(read_openrc(state / "openrc-demo"), home)
        self.state = state
        self.admin = Session(read_openrc(state / "openrc-admin"), home)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A private installation, started for this run and stopped after it; or the one in AKASHI_STATE."""
    home = tmp_path_factory.mktemp("home")
    if given := os.environ.get("AKASHI_STATE"):
        yield Cloud(pathlib.Path(given), home)
        return
    # Not below pytest's own directory, which nobody else may enter: servers run as users of their own.
    state = pathlib.Path(tempfile.mkdtemp(prefix="akashi-e2e-", dir="/var/tmp"))
    state.chmod(0o711)
    dev = REPOSITORY / "dev"
    try:
        must(run([dev, "up", "--state", state, "--port", _free_port()], seconds=START_SECONDS))
        yield Cloud(state, home)
    finally:
        must(run([dev, "down", "--state", state], seconds=120))
        shutil.rmtree(state)


@pytest.fixture(scope="session")
def stranger(cloud, tmp_path_factory):
    """An ordinary member of a project of its own, who has nothing to do with `demo`."""
    admin, name = cloud.admin, f"e2e-stranger-{uuid.uuid4().hex[:6]}"
    project = admin.openstack(f"project create {name}", json=True)["id"]
    user = admin.openstack(f"user create --password Secret-{name} {name}", json=True)["id"]
    try:
        admin.openstack(f"role add --user {user} --project {project} member")
        yield Session(cloud.variables | {
            "OS_USERNAME": name, "OS_PASSWORD": f"Secret-{name}", "OS_PROJECT_ID": project, "OS_TENANT_ID": project,
        }, tmp_path_factory.mktemp("stranger"))
    finally:
        admin.openstack(f"user delete {user}")
        admin.openstack(f"project delete {project}")


@pytest.fixture(scope="module")
def cleanup():
    """Takes calls to make when the module is done, last first; all are made even if one fails."""
    with contextlib.ExitStack() as stack:
        yield stack.callback


@pytest.fixture
def unique():
    """A name nobody else has."""
    return f"e2e-{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def guest_image():
    """Path of the small guest's raw disk image, built if it is not there."""
    return pathlib.Path(must(run([REPOSITORY / "guest/image"], seconds=900)).out.strip())


def pytest_sessionstart(session):
    """Missing clients are one clear message, not a failure in every test."""
    for name in ("ecl", "openstack"):
        try:
            program(name)
        except AssertionError as missing:
            pytest.exit(str(missing), returncode=2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure comes with the end of what the clouds that ran meanwhile said: its cause is often only there."""
    report = yield
    if report.failed:
        logs = [path for name in ("akashi", "vpn-*") for path in pathlib.Path("/var/tmp").glob(f"akashi-*/log/{name}.log")]
        for log in sorted(logs):
            with contextlib.suppress(OSError):
                if log.stat().st_mtime > time.time() - report.duration - 60:
                    report.sections.append((str(log), log.read_text(errors="replace")[-4000:]))
    return report

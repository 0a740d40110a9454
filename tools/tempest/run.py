"""Runs Tempest tests in this process and writes what became of each as JSON.

usage: run.py RESULTS (--list FILE | --match REGEX)
TEMPEST_CONFIG_DIR says where tempest.conf is. FILE names one test a line. Exit 0 if no test failed.
"""
import argparse
import json
import pathlib
import re
import sys
import time
import unittest

import tempest.test_discover.test_discover as discover
import testtools


def plain(name):
    """A test's name without its tags."""
    return name.split("[", 1)[0]


class Outcomes(testtools.TestResult):
    """What became of each test: pass, fail or skip, why, and how long it took in seconds."""

    def __init__(self):
        super().__init__()
        self.found, self.began = {}, 0.0

    def _note(self, test, outcome, why=""):
        self.found[plain(test.id())] = {
            "outcome": outcome, "why": why, "seconds": round(time.monotonic() - self.began, 2)}
        print(f"{outcome:5} {plain(test.id())}  {why}"[:300], flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test, details=None):
        self._note(test, "pass")

    def addSkip(self, test, reason=None, details=None):
        said = reason or (details["reason"].as_text() if details and "reason" in details else "")
        self._note(test, "skip", said.strip())

    def addError(self, test, err=None, details=None):
        self._note(test, "fail", self._why(err, details))

    addFailure = addError

    def addExpectedFailure(self, test, err=None, details=None):
        self._note(test, "pass")

    def addUnexpectedSuccess(self, test, details=None):
        self._note(test, "fail", "passed, and was expected to fail")

    @staticmethod
    def _why(err, details):
        """The last lines of the traceback that say something."""
        if err is not None:
            return f"{err[0].__name__}: {err[1]}"
        text = next((each.as_text() for name, each in (details or {}).items() if name.startswith("traceback")), "")
        lines = [line for line in text.strip().splitlines() if line.strip()]
        last = [line for line in lines if re.match(r"^[\w.]+(Error|Exception|Mismatch|[A-Z]\w+):? ", line)]
        at = last[-1] if last else (lines[-1] if lines else "no reason given")
        return " ".join(lines[lines.index(at):][:3]) if at in lines else at


def chosen(wanted):
    """The suite of the tests that `wanted` says yes to, still grouped by class for their fixtures."""
    loader = unittest.TestLoader()
    everything = discover.load_tests(loader, unittest.TestSuite(), None)

    def flat(suite):
        for each in suite:
            yield from flat(each) if isinstance(each, unittest.TestSuite) else [each]
    tests = sorted((each for each in flat(everything) if wanted(plain(each.id()))), key=lambda each: each.id())
    return unittest.TestSuite(tests), [plain(each.id()) for each in tests]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results")
    parser.add_argument("--list")
    parser.add_argument("--match")
    options = parser.parse_args()
    if options.list:
        lines = pathlib.Path(options.list).read_text().splitlines()
        names = {plain(line) for line in lines if line and not line.startswith("#")}
        suite, ids = chosen(names.__contains__)
        unknown = sorted(names - set(ids))
    else:
        pattern = re.compile(options.match)
        suite, ids = chosen(pattern.search)
        unknown = []
    outcomes = Outcomes()
    suite.run(outcomes)
    for name in ids:
        # A class whose set-up failed or was skipped reports itself, not its tests.
        group = outcomes.found.get("setUpClass (" + name.rsplit(".", 1)[0] + ")")
        outcomes.found.setdefault(name, group or {"outcome": "fail", "why": "was not run", "seconds": 0})
    found = {name: outcomes.found[name] for name in ids}
    found |= {name: {"outcome": "fail", "why": "Tempest has no such test", "seconds": 0} for name in unknown}
    pathlib.Path(options.results).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    counts = {kind: sum(1 for each in found.values() if each["outcome"] == kind) for kind in ("pass", "fail", "skip")}
    print("{pass} passed, {fail} failed, {skip} skipped".format(**counts))
    return 1 if counts["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())

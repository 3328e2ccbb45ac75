#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the whole system from the outside; each class of tests has a stack of its own.

    run.py                    all of them
    run.py --only forgery     those whose name holds this text; repeatable
    run.py --without Hostile  not those whose name holds this text; repeatable
    run.py --bin DIR --quick  other executables, which are slow; fewer requests and more patience
    run.py --seed N           the randomised tests as they were in that run
    run.py --jobs 1           one class after the other, in this process; else twice as many at once as there are
                              processors, and with --quick one more than these
"""

import argparse
import os
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Iterator

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "stack"), str(HERE / "system")]

from options import options  # noqa: E402


class Report(unittest.TestResult):
    """Says what runs, and how long it took; marks the class of a test that failed."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.class_begun = 0.0
        self.failed_names: list[str] = []

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.begun = time.monotonic()
        print(f"  {name_of(test)} ...", end=" ", flush=True)

    def _end(self, what: str) -> None:
        print(f"{what} ({time.monotonic() - self.begun:.1f} s)", flush=True)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._end("ok")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._end(f"skipped: {reason}")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test: unittest.TestCase, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed(test, err, str(getattr(subtest, "_subDescription", lambda: "")()))

    def _failed(self, test: Any, err: Any, which: str = "") -> None:
        name = " ".join([name_of(test), which]).strip()
        self.failed_names.append(name)
        if isinstance(test, unittest.TestCase):
            type(test).failed = True  # type: ignore[attr-defined]
            self._end("FAILED " + which)
        else:
            print(f"FAILED: {name}")  # of a whole class
        print(self._exc_info_to_string(err, test), flush=True)


def name_of(test: Any) -> str:
    words = str(test.id()).rsplit(".", 2)
    return ".".join(words[-2:])


def class_of(test: unittest.TestCase) -> str:
    return str(test.id()).rpartition(".")[0]


def tests_in(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=Path, default=options.binaries)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    parser.add_argument("--seed", type=int, default=options.seed)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--class", dest="classes", action="append", default=[], metavar="MODULE.CLASS")
    given = parser.parse_args()
    processors = os.cpu_count() or 1
    # Half of a test is waiting; with a sanitizer less, and limits of seconds are met if more run.
    given.jobs = given.jobs or (processors + 1 if given.quick else 2 * processors)
    options.binaries, options.quick, options.seed = given.bin.absolute(), given.quick, given.seed
    loader = unittest.TestLoader()
    found = loader.discover(str(HERE / "system"), "test_*.py", str(HERE / "system"))
    if loader.errors:  # whatever was chosen: a file that cannot be read hides its tests
        print("\n".join(loader.errors))
        return 2
    chosen = [
        test
        for test in tests_in(found)
        if (not given.only or any(word in test.id() for word in given.only))
        and not any(word in test.id() for word in given.without)
        and (not given.classes or class_of(test) in given.classes)
    ]
    if not chosen:
        print(f"no test has {' or '.join(given.only)} in its name")
        return 2
    print(f"system tests: {len(chosen)}, seed {options.seed}", flush=True)
    begun = time.monotonic()
    classes = list(dict.fromkeys(class_of(test) for test in chosen))
    if given.jobs > 1 and len(classes) > 1:
        failed, count = run_beside(classes, given)
    else:
        report = Report()
        unittest.TestSuite(chosen).run(report)  # opens and closes the stack of each class
        failed, count = report.failed_names, report.testsRun
    return told(failed, count, f"{time.monotonic() - begun:.0f} s")


def told(failed: list[str], count: int, took: str) -> int:
    for name in failed:
        print(f"FAILED: {name}")
    if failed:
        print(f"{len(failed)} failed of {count} in {took}; --seed {options.seed}")
        return 1
    print(f"system tests passed: {count} in {took}")
    return 0


# Several classes at once: each in a process of its own, whose words are printed when it has ended


def run_beside(classes: list[str], given: argparse.Namespace) -> tuple[list[str], int]:
    """Names of what failed, and how many tests ran."""
    failed: list[str] = []
    count = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        running = {pool.submit(run_class, name, given): name for name in longest_first(classes)}
        for task in as_completed(running):
            done = task.result()
            lines = done.stdout.splitlines()
            last = lines[-1] if lines else ""
            body = [line for line in lines[1:-1] if not line.startswith("FAILED: ")]
            print("\n".join([f"{running[task]}:", *body]), flush=True)
            numbers = [word for word in last.replace(":", " ").split() if word.isdigit()]
            count += int(numbers[0 if done.returncode == 0 else 1]) if numbers else 0
            names = [line.removeprefix("FAILED: ") for line in lines if line.startswith("FAILED: ")]
            if done.returncode != 0:
                print(done.stderr, end="", flush=True)
                failed += list(dict.fromkeys(names)) or [f"{running[task]} (status {done.returncode})"]
    return failed, count


def run_class(name: str, given: argparse.Namespace) -> subprocess.CompletedProcess[str]:
    words = [__file__, "--jobs", "1", "--class", name, "--seed", str(options.seed)]
    words += ["--bin", str(options.binaries), *(["--quick"] if options.quick else [])]
    words += [word for part in given.only for word in ("--only", part)]
    words += [word for part in given.without for word in ("--without", part)]
    return subprocess.run(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
    )


def longest_first(classes: list[str]) -> list[str]:
    """So that none of these runs alone at the end; seconds are not known, so that names do."""
    long = ("Crash", "Hostile", "Replicas", "Matrix", "StolenKeys", "Once", "Issue", "Differential")
    return sorted(classes, key=lambda name: not any(word in name for word in long))


if __name__ == "__main__":
    sys.exit(main())

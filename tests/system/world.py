# SPDX-License-Identifier: Apache-2.0
"""What system tests have in common: the product on a stack of its own, and its people."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "stack"))

from applicant import Applicant, Refused, make_csr  # noqa: E402, F401
from options import options  # noqa: E402
from procs import plain_environment, tail  # noqa: E402
from stack import Stack  # noqa: E402
from wait import wait_for  # noqa: E402, F401

LOGS_SHOWN = 3
MEMORY = Path("/dev/shm")
ROOM_OF_CLASS = 1 << 30  # octets: a stack's files and logs are 100 to 300 MB
Applicant.patience = options.wait(1)


def crew_of(instance: str) -> int:
    """How many sandboxed processes look for a service: for CAA as many again, which remember; for intake two stretch
    passwords, and one looks at connectors; for notifier two bind at directories, and two ask providers."""
    if instance == "request-intake":
        return 3
    return 4 if instance in ("caa-dnssec", "notifier") or instance.startswith("mpic-perspective") else 2


def place_for(durable: bool) -> str:
    """Where a stack's directory is made: in memory, if there is room, unless its servers are to write to a disk.

    A database is a thousand files, and a file system that has just removed those of other stacks is slow to make them.
    """
    if durable or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return "/tmp"
    available = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())["MemAvailable"]
    free = min(shutil.disk_usage(MEMORY).free, int(available.split()[0]) * 1024)
    at_once = 2 * (os.cpu_count() or 1)  # run.py's --jobs
    return str(MEMORY) if free > at_once * ROOM_OF_CLASS else "/tmp"


@dataclass(frozen=True)
class Answer:
    """Of the API, whatever it is."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    @property
    def code(self) -> str:
        """Of a problem."""
        return str(self.json.get("code", ""))

    @property
    def etag(self) -> str:
        return str(self.headers.get("ETag", ""))


class SystemTest(unittest.TestCase):
    """One stack for all tests of a class; its logs stay when one of them fails."""

    services = True
    durable = False
    replicas = 1
    settings: Mapping[str, Mapping[str, str]] = {}
    mail_below: tuple[str, ...] = ()  # zones of which every name takes mail
    stack: Stack
    failed = False  # set by the runner

    @classmethod
    def setUpClass(cls) -> None:
        cls.said: list[str] = []
        cls.stack = Stack(
            root=Path(tempfile.mkdtemp(prefix=f"cs-{cls.__name__.lower()}-", dir=place_for(cls.durable))),
            say=cls.said.append,
            durable=cls.durable,
            binaries=options.binaries,
            product=True,
        )
        cls.failed = False
        try:
            cls.stack.up()
            for zone in cls.mail_below:
                cls.stack.dns.set(zone, "*", "MX", "10 mail")
            cls.prepare()
            if cls.services:
                cls.stack.start_product(cls.replicas, cls.settings)
            else:
                cls.stack.csctl("provision", user="provisioner")
        except BaseException:
            cls.stack.down(failed=True)
            print("\n".join(cls.said[-12:]), flush=True)
            raise

    @classmethod
    def prepare(cls) -> None:
        """Before the product starts: what its settings name."""

    @classmethod
    def tearDownClass(cls) -> None:
        if cls.failed:
            print(cls.logs(), flush=True)
        fine = cls.stack.down(failed=cls.failed)
        if not fine and cls.stack.root.is_relative_to(MEMORY):
            for store in ("pg", "nats"):  # logs stay
                shutil.rmtree(cls.stack.root / store, ignore_errors=True)
        if not fine and not cls.failed:
            raise AssertionError(
                f"{cls.stack.processes.problems}; logs are in {cls.stack.root}/log\n{cls.logs()}"
            )

    @classmethod
    def logs(cls) -> str:
        """The ends of those logs that complain, or of those that were written last."""
        logs = sorted((cls.stack.root / "log").glob("*.log"), key=lambda log: -log.stat().st_mtime)
        loud = [log for log in logs if "Z error " in log.read_text(errors="replace")]
        shown = (loud or logs)[:LOGS_SHOWN]
        return f"logs are in {cls.stack.root}/log\n" + "\n".join(
            f"--- {log.name}\n{tail(log, 8)}" for log in shown
        )

    # Conveniences

    def children_of(self, instance: str) -> list[int]:
        """The sandboxed processes of a service."""
        parent = self.stack.processes.pid(instance)
        found = []
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = line.read_bytes().split(b"\0")
                ppid = int((line.parent / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended meanwhile
            if ppid == parent and b"--sandbox-child" in words:
                found.append(int(line.parent.name))
        return found

    def crew(self, instance: str) -> list[int]:
        """The sandboxed processes of a service, when all of them are there."""
        size = crew_of(instance)

        def complete() -> list[int]:
            now = self.children_of(instance)
            return now if len(now) == size else []

        return wait_for(complete, options.wait(20), f"{size} children of {instance}")

    def octets_below(self, where: Path) -> Iterator[tuple[Path, bytes]]:
        """Every file of a folder that servers write to: what goes meanwhile is left out."""
        for place, _, names in os.walk(where):
            for path in (Path(place, name) for name in names):
                try:
                    if path.is_file():
                        yield path, path.read_bytes()
                except FileNotFoundError:
                    pass

    def wait_standing(self, request: str, *checks: str) -> None:
        """Until policy, too, has heard of these proofs: then they serve the next request."""
        for check in checks:
            row = f"policy.standing where request = '{request}' and check_id = '{check}' and outcome = 1"
            wait_for(lambda: self.count(row) > 0, options.wait(30), f"policy to hear of {check}")  # noqa: B023

    def rows(self, sql: str) -> list[list[str]]:
        """What the owner of the database sees."""
        text = self.stack.postgres.query(sql)
        return [line.split("\t") for line in text.split("\n")] if text else []

    def value(self, sql: str) -> str:
        return self.stack.postgres.query(sql)

    def count(self, sql: str) -> int:
        return int(self.value(f"select count(*) from {sql}"))

    def has_head(self) -> bool:
        """Does a signed head of the audit tree cover all records?"""
        newest = "(select coalesce(max(size), 0) from signer.audit_tree_head)"
        return self.count(f"signer.audit where seq > {newest}") == 0

    def wait_head(self) -> None:
        wait_for(self.has_head, options.wait(20), "a head over all records")

    def person(self, token: str = "alice-token") -> Applicant:
        return Applicant(self.stack, token)

    def call(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """The API, by whose token it is, or by nobody's. Of a stream of events only the head: the rest does not end."""
        where = urlsplit(self.person("").base)
        line = http.client.HTTPConnection(str(where.hostname), where.port, timeout=options.wait(30))
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            line.request(method, path, None if body is None else json.dumps(body).encode(), sent)
            answer = line.getresponse()
            stream = answer.headers.get_content_type() == "text/event-stream"
            return Answer(answer.status, b"" if stream else answer.read(), answer.headers)
        finally:
            line.close()

    def csr(self, name: str, algorithm: str = "ec") -> Path:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        return make_csr(where, name, algorithm)[1]

    def csctl(
        self, *words: str, given: str | None = None, user: str = "observer", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """The operator's tool, with whatever status it ends."""
        environment = {
            **plain_environment(),
            **self.stack.environment(user),
            "CS_DATABASE_URL": self.stack.postgres.url,
            "CS_API_URL": "http://" + self.stack.services["request-intake"].env["CS_HTTP_LISTEN"]
            if self.services
            else "",
            "CS_API_TOKEN": "alice-token",
            **more,
        }
        return subprocess.run(
            [str(self.stack.binaries / "csctl"), *words],
            capture_output=True,
            text=True,
            env=environment,
            input=given,
            timeout=options.wait(60),
            check=False,
        )


def openssl(*words: Any, given: bytes | None = None) -> str:
    done = subprocess.run(
        ["openssl", *map(str, words)], input=given, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {words[0]} failed: {done.stderr.decode()}")
    return (done.stdout + done.stderr).decode(errors="replace")

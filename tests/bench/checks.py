#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a check costs, and how many one process has under way; prints figures.

    checks.py [--only C1,C2,C3,C4] [--count N] [--rounds N] [--late MS] [--bin DIR]

C1   caa-dnssec: CAA of names that were never seen, below a signed zone on this machine
C2   domain-validator: a record that is not there, the same
C3   C1 with a name server that answers after 200 ms, all checks at once: how many wait there, and what
     memory each takes
C4   C2 like C3

Orders come over the bus as policy and request-intake publish them, and evidence is counted in its lane;
NATS with TLS and PostgreSQL with fsync are those of the test stack.  Each figure is the median of the
rounds.  Status 1 when a check is missing, or said something else than it had to.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Callable, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "stack"), str(HERE.parent / "system")]

import forge  # noqa: E402
from nats_client import NatsClient, frame  # noqa: E402
from product import ISSUER_DOMAIN  # noqa: E402
from stack import REPOSITORY, Stack  # noqa: E402
from zones import CUSTOMERS, Zone  # noqa: E402

LATE = 44  # last octet of the late name server
LATE_ZONES = [f"late{number}.example" for number in range(32)]  # of one party 128 lookups are under way at most
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
LIMIT = 300  # seconds for one round
PAUSE = 0.02


def processes(stack: Stack, service: str) -> list[int]:
    """The service and its children."""
    found = [stack.processes.pid(service)]
    for pid in found:
        try:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        except OSError:
            pass
    return found


def cpu_seconds(stack: Stack, service: str) -> float:
    spent = 0
    for pid in processes(stack, service):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def memory_kib(stack: Stack, service: str) -> int:
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB for pid in processes(stack, service))


def new_request() -> bytes:
    """A UUIDv7: services read the time of birth in it."""
    octets = bytearray(forge.now_ms().to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    octets[6] = octets[6] & 0x0F | 0x70
    return bytes(octets)


class Kind(NamedTuple):
    """Of checks: who does them, who orders them, and what comes of each."""

    service: str
    evidence: str
    result: str  # as the service counts it
    orders: Callable[[str, int], list[tuple[str, str, bytes, bytes]]]  # user, subject, body, request


def caa_order(name: str, number: int) -> list[tuple[str, str, bytes, bytes]]:
    check = {"id": "caa-1", "kind": forge.CAA, "method": "caa-issuemail", "issuer_domains": [ISSUER_DOMAIN]}
    # For whom and for which methods it is read: libs/smime/terms.h.
    check["expected"] = f"issuers={ISSUER_DOMAIN} account=acct:demo@{ISSUER_DOMAIN} methods=email-token".encode()
    request, asked = _asked(check, name)
    return [("policy", "plan.caa-asked", asked, request)]


def domain_order(name: str, number: int) -> list[tuple[str, str, bytes, bytes]]:
    check = {"id": "domain-1", "kind": forge.DOMAIN, "allowed_methods": ["dns-txt"]}
    request, asked = _asked(check, name)
    pressed = {"request_id": request, "check_id": "domain-1", "enterprise": "demo", "account": "alice"}
    verify = forge.encode("VerificationAsked", {**pressed, "asked_at_ms": forge.now_ms()})
    return [
        ("policy", "plan.domain-asked", asked, request),
        ("request-intake", "request.verification-asked", verify, request),
    ]


def _asked(check: dict[str, Any], name: str) -> tuple[bytes, bytes]:
    request, now = new_request(), forge.now_ms()
    whole = {**check, "target": name, "enterprise": "demo", "attempt": 1, "deadline_ms": now + LIMIT * 1000}
    whole["freshness_ms"] = 3_600_000
    whole["check_digest"] = forge.check_digest(whole)
    asked = {"request_id": request, "request_digest": bytes(32), "check": whole, "asked_at_ms": now}
    return request, forge.encode("CheckAsked", asked)


KINDS = {
    "caa": Kind("caa-dnssec", "evidence.caa", "proved", caa_order),
    "domain": Kind("domain-validator", "evidence.domain", "refused", domain_order),
}


class Late:
    """A name server that takes its time, and says how many questions wait."""

    def __init__(self, stack: Stack, ms: int) -> None:
        binary = REPOSITORY / "build" / "bench" / "late"
        binary.parent.mkdir(parents=True, exist_ok=True)
        words = ["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O2", "-D_GNU_SOURCE", "-o", binary]
        subprocess.run([*words, HERE / "late.c"], check=True)
        argv = [binary, stack.block.address(LATE), stack.block.address(CUSTOMERS), str(ms)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._line() != "ready":
            raise RuntimeError("the late name server could not begin")
        stack.dns.add_zones([Zone(zone, LATE, truth=CUSTOMERS, ttl=300) for zone in LATE_ZONES])

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def figures(self) -> tuple[int, int, int]:
        """Since it was last asked: how many waited at most, were answered, were lost."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        peak, answered, lost = map(int, self._line().split())
        return peak, answered, lost

    def close(self) -> None:
        self.process.communicate()


class Round(NamedTuple):
    seconds: float
    cpu_s: float
    kib: int  # the most, above what it was
    waiting: int  # at the late name server
    queries: int


class Bench:
    def __init__(self, stack: Stack, options: argparse.Namespace) -> None:
        self.stack, self.options = stack, options
        self.number = 0  # of names so far: none is used twice
        self.clients = {user: NatsClient.of(stack, user) for user in ("policy", "request-intake", "provisioner")}
        self.late = Late(stack, options.late)

    def close(self) -> None:
        self.late.close()
        for client in self.clients.values():
            client.close()

    def counted(self, kind: Kind) -> int:
        asked = {"subjects_filter": f"cs.{kind.evidence}"}
        state = self.clients["provisioner"].api("STREAM.INFO.EVIDENCE", asked)["state"]
        found = (state.get("subjects") or {}).get(f"cs.{kind.evidence}", 0)
        return int(found)

    def results(self, kind: Kind) -> dict[str, int]:
        lines = self.stack.get(kind.service, "metrics")[1].splitlines()
        found = [line for line in lines if line.startswith("countersign_validations")]
        return {line.partition('result="')[2].partition('"')[0]: int(float(line.split()[-1])) for line in found}

    def send(self, kind: Kind, zones: list[str], count: int) -> None:
        octets: dict[str, list[bytes]] = {}
        for _ in range(count):
            self.number += 1
            for user, subject, body, request in kind.orders(f"n{self.number}.{zones[self.number % len(zones)]}", self.number):
                octets.setdefault(user, []).append(frame(f"cs.{subject}", body, forge.headers(subject, request)))
        for user, frames in octets.items():
            self.clients[user].send_frames(b"".join(frames))
            self.clients[user].flush()

    def round(self, kind: Kind, zones: list[str], count: int) -> Round:
        before, cpu, rest = self.counted(kind), cpu_seconds(self.stack, kind.service), memory_kib(self.stack, kind.service)
        self.late.figures()
        begun, peak, done = time.monotonic(), rest, 0
        self.send(kind, zones, count)
        while done < count:
            if time.monotonic() - begun > LIMIT:
                raise RuntimeError(f"{count - done} of {count} checks are missing")
            peak = max(peak, memory_kib(self.stack, kind.service))
            time.sleep(PAUSE)
            done = self.counted(kind) - before
        took = time.monotonic() - begun
        waiting, answered, lost = self.late.figures()
        if lost:
            print(f"  the late name server lost {lost} packets")
        return Round(took, cpu_seconds(self.stack, kind.service) - cpu, peak - rest, waiting, answered)

    def workload(self, name: str, kind: Kind, zones: list[str]) -> bool:
        count, rounds = self.options.count, self.options.rounds
        self.round(kind, zones, min(count, 100))  # warms what is warm in operation: servers' addresses and keys
        before = self.results(kind)
        ran = [self.round(kind, zones, count) for _ in range(rounds)]
        after = self.results(kind)
        said = {result: after[result] - before.get(result, 0) for result in after}
        seconds = statistics.median(r.seconds for r in ran)
        cpu = statistics.median(r.cpu_s for r in ran)
        print(
            f"{name}: {kind.service}, {count} checks at once, {rounds} rounds: {count / seconds:.0f} checks/s,"
            f" {1e6 * cpu / count:.0f} µs of CPU each, {seconds:.1f} s"
        )
        if zones is LATE_ZONES:
            waiting = statistics.median(r.waiting for r in ran)
            # Memory stays with the process after the first round: that one says what it takes.
            kib = max(r.kib for r in ran)
            queries = statistics.median(r.queries for r in ran) / count
            print(
                f"  {waiting:.0f} questions waited at once at the late server, {queries:.1f} for each check;"
                f" at most {kib / count:.1f} KiB a check"
            )
        print("  results:", ", ".join(f"{result} {number}" for result, number in sorted(said.items()) if number))
        sys.stdout.flush()
        return said.get(kind.result) == count * rounds and sum(said.values()) == count * rounds


WORKLOADS = {
    "C1": ("caa", ["bench.example"]),
    "C2": ("domain", ["bench.example"]),
    "C3": ("caa", LATE_ZONES),
    "C4": ("domain", LATE_ZONES),
}
QUIET = {"CS_LOG_LEVEL": "warn"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--late", type=int, default=200, metavar="MS")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
    options = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), os.cpu_count(), "cores, load", *(f"{load:.1f}" for load in os.getloadavg()))
    fine = True
    said: list[str] = []
    with Stack(say=said.append, binaries=options.bin, product=True) as stack:
        stack.prepare_product()
        bench = Bench(stack, options)
        try:
            for name in options.only.split(","):
                kind, zones = WORKLOADS[name]
                stack.start_service(KINDS[kind].service, QUIET)  # a new process: what it takes is seen
                fine &= bench.workload(name, KINDS[kind], zones)
                stack.stop_service(KINDS[kind].service)
        finally:
            bench.close()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Workloads on the whole system, all servers on this machine and durable; prints figures.

    bench.py [--seconds N] [--only W1,W1s,W1b,W1m,W2,W3] [--rate N] [--bin DIR] [--statements N]

W1   closed loop, 64 outstanding, P-256 issuer, mailbox-validated with a standing mailbox proof,
     CAA with DNSSEC and MPIC of five perspectives against local zones; approved by the call that creates
W1s  W1 with two calls: created, and approved when it is ready
W1b  W1 with 512 outstanding
W1m  W1s, but domain-validated, each with a name of its own below bench.example, proved with a file on
     the web server: our own look and those of five perspectives, for each certificate
W2   W1 with an RSA-3072 issuer
W3   open loop, Poisson arrivals (200 a second, for 120 s), each for a mailbox of its own, proved with
     the token that is mailed to it; latency from the moment an arrival was due

Status 1 when anything went wrong: an error, a request that was accepted and not issued, a serial twice.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Sequence

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "stack"))

from product import API_TOKENS, SERVICES, role  # noqa: E402
from stack import REPOSITORY, Stack  # noqa: E402

DOMAIN = "bench.example"
MAILBOXES = 20
WEB_SITES = 81  # of the block, for the generator
GRACE = 240  # seconds for keys, proofs and what is under way at the end
STATEFUL = ("request-intake", "policy", "signer", "mailbox-validator", "notifier")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """User and system time so far, by process; workers of a server are counted with it."""
    found: dict[str, float] = {}
    for name in stack.processes.running:
        for pid in {*stack.processes.session(name), *children(stack.processes.pid(name))}:
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            spent = sum(int(fields[i]) for i in (11, 12, 13, 14)) / TICKS
            found[name] = found.get(name, 0) + spent
    return found


def children(pid: int) -> list[int]:
    """Backends of PostgreSQL lead sessions of their own."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def database(stack: Stack, services: Sequence[str] = STATEFUL) -> dict[str, float]:
    commits = stack.postgres.query("select xact_commit from pg_stat_database where datname = current_database()")
    wal = stack.postgres.query("select wal_bytes from pg_stat_wal")
    inbox = sum(
        int(stack.postgres.query(f"select count(*) from {schema}.inbox"))
        for schema in map(role, services)
    )
    outbox = sum(
        int(stack.postgres.query(f"select count(*) from {schema}.outbox"))
        for schema in map(role, services)
    )
    return {"commits": float(commits), "wal": float(wal), "inbox": inbox, "outbox": outbox}


def bus(stack: Stack) -> dict[str, float]:
    """Messages stored, octets of the streams, deliveries to all consumers."""
    pages: Any = stack.nats.ask("jsz?streams=1&consumers=1&acc=CS")
    streams = pages["account_details"][0]["stream_detail"]
    return {
        "messages": sum(s["state"]["messages"] for s in streams),
        "octets": sum(s["state"]["bytes"] for s in streams),
        "deliveries": sum(c["delivered"]["consumer_seq"] for s in streams for c in s.get("consumer_detail", [])),
    }


def batches(stack: Stack, services: Sequence[str] = STATEFUL) -> dict[str, tuple[float, float]]:
    """For each service that works in batches: how many there were, and of how many events in all."""
    found: dict[str, tuple[float, float]] = {}
    for service in services:
        lines = stack.get(service, "metrics")[1].splitlines()
        values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("countersign_batch_events_"))
        found[service] = tuple(float(values[f"countersign_batch_events_{what}"]) for what in ("count", "sum"))  # type: ignore[assignment]
    return found


STATEMENTS = """select round((1e3 * total_exec_time / {per})::numeric, 1), round((calls / {per}::float)::numeric, 3),
    round((1e3 * mean_exec_time)::numeric), rows / greatest(calls, 1), left(regexp_replace(query, '\\s+', ' ', 'g'), 110)
    from pg_stat_statements order by total_exec_time desc limit {top}"""


def statements(stack: Stack, per: int, top: int) -> None:
    """Where PostgreSQL spends its time; the query columns are the server's own words."""
    print("  µs and calls per certificate, µs and rows per call, statement:")
    for line in stack.postgres.query(STATEMENTS.format(per=per, top=top)).splitlines():
        print("    " + "  ".join(f"{word:>7}" for word in line.split("\t")))


def openssl_speed() -> str:
    words = ["openssl", "speed", "-seconds", "2", "ecdsap256", "rsa3072"]
    out = subprocess.run(words, capture_output=True, text=True).stdout
    return "\n".join(line for line in out.splitlines() if "sign/s" in line or "nistp256" in line or line.startswith("rsa"))


class Workload(NamedTuple):
    outstanding: int  # 0: an open loop
    algorithm: str
    seconds: int
    profile: str = "smime-mailbox"
    two_calls: bool = False  # created by one, approved by another


def build_load() -> Path:
    binary = REPOSITORY / "build" / "bench" / "load"
    binary.parent.mkdir(parents=True, exist_ok=True)
    sources = [HERE / f"{name}.c" for name in ("load", "flow", "lists", "figures", "api", "keys", "sink", "web")]
    words = ["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O2", "-D_GNU_SOURCE", "-o", binary, *sources]
    subprocess.run([*words, "-levent", "-ljansson", "-lcrypto", "-lm"], check=True)
    return binary


class Load:
    """The generator, which takes the mails of the product as well: from here until it has ended."""

    def __init__(self, stack: Stack, relay: str, web: str, work: Workload, options: argparse.Namespace) -> None:
        self.limit = options.warm + work.seconds + GRACE
        words = [build_load(), "--api", stack.services["request-intake"].env["CS_HTTP_LISTEN"]]
        words += ["--smtp", relay.rpartition(":")[2], "--token", API_TOKENS[0][0], "--profile", work.profile]
        words += ["--domain", DOMAIN, "--warm", options.warm, "--seconds", work.seconds]
        words += ["--mailboxes", MAILBOXES] if work.profile == "smime-mailbox" else ["--mailboxes", 1, "--web", web]
        words += ["--outstanding", work.outstanding] if work.outstanding else ["--rate", options.rate]
        words += ["--two-calls"] if work.two_calls else []
        self.process = subprocess.Popen(
            [*map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the generator could not begin")

    def run(self) -> dict[str, Any]:
        out, _ = self.process.communicate("go\n", timeout=self.limit)
        figures: dict[str, Any] = json.loads(out)
        return figures


def certificates(stack: Stack) -> int:
    return int(stack.postgres.query("select count(*) from signer.certificate"))


def what_is_wrong(figures: dict[str, Any], issued: int) -> list[str]:
    """Nothing is lost, nothing is issued twice."""
    rules = {
        "errors": figures["errors"] == 0,
        "the keys ran out before the time": not figures["keys_ran_out"],
        "accepted and not fetched": figures["accepted"] == figures["fetched"],
        "accepted and not issued, or issued twice": figures["accepted"] == issued,
        "a serial twice": figures["distinct_serials"] == figures["fetched"],
    }
    return [rule for rule, holds in rules.items() if not holds]


class Snapshot(NamedTuple):
    cpu: dict[str, float]
    database: dict[str, float]
    bus: dict[str, float]
    batches: dict[str, tuple[float, float]]
    issued: int


def snapshot(stack: Stack) -> Snapshot:
    return Snapshot(cpu_seconds(stack), database(stack), bus(stack), batches(stack), certificates(stack))


def print_rates(name: str, work: Workload, figures: dict[str, Any], options: argparse.Namespace) -> None:
    how = f"{work.outstanding} outstanding" if work.outstanding else f"{options.rate:g} arrivals/s"
    print(
        f"\n{name}: {how}, {work.algorithm}, {work.seconds} s: {figures['per_second']:.0f} certificates/s,"
        f" p50 {figures['p50_ms']:.0f} ms, p99 {figures['p99_ms']:.0f} ms, errors {figures['errors']}"
    )
    print(
        f"  accepted {figures['accepted']}, fetched {figures['fetched']}, distinct serials"
        f" {figures['distinct_serials']}; when the clock stopped {figures['backlog']} were under way;"
        f" {figures['repeated']} answers said try again later, which was done"
    )
    if not work.outstanding:
        print(
            f"  of {figures['arrivals']} arrivals {figures['unstarted']} could not be started; what was under way"
            f" took {figures['drained_s']:.1f} s more, {figures['unfinished']} never ended (latency: until then)"
        )


def print_costs(before: Snapshot, after: Snapshot, figures: dict[str, Any]) -> None:
    per = max(after.issued - before.issued, 1)
    spent = {n: 1e6 * (after.cpu[n] - before.cpu.get(n, 0)) / per for n in after.cpu}
    print(
        f"  CPU per certificate: {sum(spent.values()):.0f} µs, and {figures['cpu_us'] / per:.0f} µs of the generator"
        f" ({figures['list_calls'] / per:.2f} lists of {figures['list_items'] / max(figures['list_calls'], 1):.1f},"
        f" {figures['single_calls']} single looks, {figures['mails'] / per:.2f} mails taken)"
    )
    for process, used in sorted(spent.items(), key=lambda item: -item[1]):
        if used >= 1:
            print(f"    {process:<28} {used:6.0f} µs")
    for what, start in before.database.items():
        print(f"  {what} per certificate: {(after.database[what] - start) / per:.1f}")
    for what, start in before.bus.items():
        print(f"  bus {what} per certificate: {(after.bus[what] - start) / per:.1f}")
    for service, (count, events) in after.batches.items():
        count -= before.batches[service][0]
        events -= before.batches[service][1]
        print(f"  {service}: {count / per:.2f} batches per certificate, {events / max(count, 1):.1f} events each")


def workload(name: str, work: Workload, options: argparse.Namespace) -> bool:
    quiet: list[str] = []
    stack = Stack(say=quiet.append, binaries=options.bin, product=True)
    if options.statements:
        stack.postgres.settings = {"shared_preload_libraries": "pg_stat_statements"}
    with stack:
        stack.prepare_product = partial(stack.prepare_product, work.algorithm)  # type: ignore[method-assign]
        relay = stack.free_address()  # the sink of the tests costs more than the service that mails
        stack.start_product(settings={service: {**LIMITS, "CS_SMTP_URL": f"smtp://{relay}"} for service in SERVICES})
        if options.statements:
            stack.postgres.query("create extension pg_stat_statements")
        web = stack.block.address(WEB_SITES)
        if work.profile == "smime-domain":
            stack.dns.change(DOMAIN, {("@", "A"): [web], ("*", "A"): [web]})
            stack.assign(f"*@{DOMAIN}")
        with Load(stack, relay, web, work, options) as load:
            load.wait_ready()
            before = snapshot(stack)
            figures = load.run()
        after = snapshot(stack)
        print_rates(name, work, figures, options)
        print_costs(before, after, figures)
        if options.statements:
            statements(stack, max(after.issued - before.issued, 1), options.statements)
        wrong = what_is_wrong(figures, after.issued - before.issued)
        for rule in wrong:
            print(f"  WRONG: {rule}")
        sys.stdout.flush()
    return not wrong


# No limit of ours may be what is measured.
LIMITS = {
    "CS_CREATIONS_PER_HOUR": "100000000",
    "CS_PRESSES_PER_HOUR": "100000000",
    "CS_MAILS_PER_DOMAIN_HOUR": "100000000",
    "CS_MAILS_PER_ACCOUNT_HOUR": "100000000",
    "CS_LOG_LEVEL": "warn",
}
WORKLOADS = {
    "W1": Workload(64, "p256", 60),
    "W1s": Workload(64, "p256", 60, two_calls=True),
    "W1b": Workload(512, "p256", 60),
    "W1m": Workload(64, "p256", 60, "smime-domain"),
    "W2": Workload(64, "rsa3072", 60),
    "W3": Workload(0, "p256", 120),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, help="60, of W3 120")
    parser.add_argument("--warm", type=int, default=10)
    parser.add_argument("--rate", type=float, default=200, help="arrivals a second of W3")
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--statements", type=int, default=0, metavar="N", help="PostgreSQL's N costliest")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
    options = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), os.cpu_count(), "cores;", "openssl speed in the same run:")
    print(openssl_speed())
    fine = True
    for name in options.only.split(","):
        work = WORKLOADS[name]
        fine &= workload(name, work._replace(seconds=options.seconds or work.seconds), options)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

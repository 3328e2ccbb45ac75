#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Workloads on the whole system, all servers on this machine and durable; prints figures.

    bench.py [--seconds N] [--only W1,W1b,W2] [--bin DIR] [--statements N]

W1   closed loop, 64 outstanding, P-256 issuer, mailbox-validated with a standing mailbox proof,
     CAA with DNSSEC and MPIC of five perspectives against local zones
W1b  the same with 512 outstanding
W2   W1 with an RSA-3072 issuer
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from applicant import Applicant, make_csr  # noqa: E402
from product import API_TOKENS, SERVICES, role  # noqa: E402
from stack import REPOSITORY, Stack  # noqa: E402

MAILBOXES = 20
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


def database(stack: Stack) -> dict[str, float]:
    commits = stack.postgres.query("select xact_commit from pg_stat_database where datname = current_database()")
    wal = stack.postgres.query("select wal_bytes from pg_stat_wal")
    inbox = sum(
        int(stack.postgres.query(f"select count(*) from {schema}.inbox"))
        for schema in map(role, STATEFUL)
    )
    outbox = sum(
        int(stack.postgres.query(f"select count(*) from {schema}.outbox"))
        for schema in map(role, STATEFUL)
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


def batches(stack: Stack) -> dict[str, tuple[float, float]]:
    """For each service that works in batches: how many there were, and of how many events in all."""
    found: dict[str, tuple[float, float]] = {}
    for service in STATEFUL:
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


def build_load() -> Path:
    binary = REPOSITORY / "build" / "bench" / "load"
    binary.parent.mkdir(parents=True, exist_ok=True)
    words = ["gcc", "-O2", "-D_GNU_SOURCE", "-o", binary, HERE / "load.c", "-levent", "-ljansson", "-lcrypto"]
    subprocess.run(words, check=True)
    return binary


def workload(name: str, outstanding: int, algorithm: str, options: argparse.Namespace) -> None:
    load = build_load()
    quiet: list[str] = []
    stack = Stack(say=quiet.append, binaries=options.bin, product=True)
    if options.statements:
        stack.postgres.settings = {"shared_preload_libraries": "pg_stat_statements"}
    with stack:
        stack.prepare_product = partial(stack.prepare_product, algorithm)  # type: ignore[method-assign]
        stack.start_product(settings={service: LIMITS for service in SERVICES})
        alice = Applicant(stack, API_TOKENS[0][0])
        mailboxes = [f"user{number}@bench.example" for number in range(MAILBOXES)]
        for mailbox in mailboxes:
            _, csr = make_csr(stack.root, mailbox)
            request = alice.create(csr, [mailbox], "smime-mailbox")
            alice.wait_planned(request)
            alice.prove_mailbox(request, mailbox)
        host, port = stack.services["request-intake"].env["CS_HTTP_LISTEN"].split(":")
        if options.statements:
            stack.postgres.query("create extension pg_stat_statements")
        before = (cpu_seconds(stack), database(stack), bus(stack))
        batches_before = batches(stack)
        words = [load, host, port, alice.token, "smime-mailbox", outstanding, options.warm, options.seconds]
        done = subprocess.run([*map(str, words), *mailboxes], capture_output=True, text=True)
        after = (cpu_seconds(stack), database(stack), bus(stack))
        batches_after = batches(stack)
        sys.stderr.write(done.stderr)
        figures = json.loads(done.stdout)
        issued = int(stack.postgres.query("select count(*) from signer.certificate"))
        print(f"\n{name}: {outstanding} outstanding, {algorithm}: {figures['per_second']:.0f} certificates/s,"
              f" p50 {figures['p50_ms']:.0f} ms, p99 {figures['p99_ms']:.0f} ms, errors {figures['errors']}")
        per = max(issued, 1)
        spent = {n: 1e6 * (after[0][n] - before[0].get(n, 0)) / per for n in after[0]}
        print(f"  CPU per certificate: {sum(spent.values()):.0f} µs, and {figures['cpu_us']:.0f} µs of the generator")
        for process, used in sorted(spent.items(), key=lambda item: -item[1]):
            if used >= 1:
                print(f"    {process:<28} {used:6.0f} µs")
        for what, start, end in ((k, before[1][k], after[1][k]) for k in before[1]):
            print(f"  {what} per certificate: {(end - start) / per:.1f}")
        for what, start, end in ((k, before[2][k], after[2][k]) for k in before[2]):
            print(f"  bus {what} per certificate: {(end - start) / per:.1f}")
        for service, (count, events) in batches_after.items():
            count -= batches_before[service][0]
            events -= batches_before[service][1]
            print(f"  {service}: {count / per:.2f} batches per certificate, {events / max(count, 1):.1f} events each")
        if options.statements:
            statements(stack, per, options.statements)
        sys.stdout.flush()


# No limit of ours may be what is measured.
LIMITS = {
    "CS_CREATIONS_PER_HOUR": "100000000",
    "CS_PRESSES_PER_HOUR": "100000000",
    "CS_MAILS_PER_DOMAIN_HOUR": "100000000",
    "CS_MAILS_PER_ACCOUNT_HOUR": "100000000",
    "CS_LOG_LEVEL": "warn",
}
WORKLOADS = {"W1": (64, "p256"), "W1b": (512, "p256"), "W2": (64, "rsa3072")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--warm", type=int, default=10)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--statements", type=int, default=0, metavar="N", help="PostgreSQL's N costliest")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
    options = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), os.cpu_count(), "cores;", "openssl speed in the same run:")
    print(openssl_speed())
    for name in options.only.split(","):
        workload(name, *WORKLOADS[name], options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The empty skeleton: stages that do nothing but what the skeleton does for every service; prints figures.

    skeleton.py [--shape chain,w1] [--stages N] [--outstanding N] [--seconds N] [--warm N]

chain    N stages (8), each with one event of the one before; the first is asked, as request-intake is by its API,
         and the second signs what it passes on (Ed25519)
w1       the events, readers and patience of a certificate of W1 (bench.py), without signatures: 4 events, 7
         deliveries and a call, in five services

A passage is one event through one stage: inbox row, load, decide, save, outbox row, commit, publication with its
confirmation, acknowledgement; both shapes have 8.  Bodies have 1,000 octets.  NATS and PostgreSQL are those of the
test stack: TLS, users with least rights, fsync.  Status 1 when an event was lost, or anything of it was done twice.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple, Sequence

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "stack")]

from bench import batches, bus, cpu_seconds, database, openssl_speed  # noqa: E402
from nats_client import NatsClient  # noqa: E402
from natsd import AUTH  # noqa: E402
from secrets_dir import make_ed25519, make_nkey, private_file  # noqa: E402
from stack import REPOSITORY, Stack  # noqa: E402
from wait import wait_for  # noqa: E402

BINARY = "build/libs/svc/tests/bench_svc"
SKELETON_SQL = (REPOSITORY / "libs/svc/sql/0001_skeleton.sql").read_text()
ASK = "ask.bench.pass"
SECOND = 10**9  # of JetStream
GRACE = 120  # seconds for what is under way at the end
MOST_STAGES = 16  # lanes that bench_svc knows
MOST_OUTSTANDING = 1024  # that its own queue holds (BUS_QUESTIONS_MAX)


class Route(NamedTuple):
    takes: str  # a lane, or ASK
    emits: str = ""  # the lane of what is said to it
    patient: bool = False  # nobody waits for it

    def __str__(self) -> str:
        takes = self.takes if self.takes == ASK else f"{self.takes}.passed"
        return "~" * self.patient + takes + (f">{self.emits}.passed" if self.emits else "")


class Stage(NamedTuple):
    name: str
    routes: tuple[Route, ...]
    signs: bool = False

    @property
    def taken(self) -> list[str]:
        return [route.takes for route in self.routes if route.takes != ASK]

    @property
    def emitted(self) -> list[str]:
        return [route.emits for route in self.routes if route.emits]


class Shape(NamedTuple):
    stages: list[Stage]
    heard: str  # the lane whose event ends it for who asked

    @property
    def lanes(self) -> list[str]:
        return [lane for stage in self.stages for lane in stage.emitted]

    @property
    def passages(self) -> int:
        return sum(len(stage.routes) for stage in self.stages)


def chain(length: int) -> Shape:
    takes = [ASK, *(f"lane{i}" for i in range(length))]
    stages = [Stage(f"stage{i}", (Route(takes[i], f"lane{i}"),), signs=i == 1) for i in range(length)]
    return Shape(stages, f"lane{length - 1}")


# lane0 to lane3: request.submitted, plan.final, certificate.issued, notice.sent.
W1 = Shape(
    [
        Stage("intake", (Route(ASK, "lane0"), Route("lane1", patient=True), Route("lane2"))),
        Stage("judge", (Route("lane0", "lane1"), Route("lane2", patient=True))),
        Stage("sign", (Route("lane1", "lane2"),)),
        Stage("tell", (Route("lane2", "lane3", patient=True),)),
        Stage("status", (Route("lane2", patient=True),)),
    ],
    "lane2",
)

# Around the stages


def make_users(shape: Shape) -> Callable[[Path, Sequence[str]], str]:
    """auth.conf with the rights that the catalogue would give."""

    def rights(stage: Stage) -> tuple[list[str], list[str]]:
        publish = [f"cs.{lane}.passed" for lane in stage.emitted]
        publish += [f"$JS.API.STREAM.INFO.{lane.upper()}" for lane in stage.emitted]
        for lane in stage.taken:
            consumer = f"{lane.upper()}.{stage.name}-{lane}"
            publish += [f"$JS.API.CONSUMER.MSG.NEXT.{consumer}", f"$JS.ACK.{consumer}.>"]
        asked = len(stage.taken) < len(stage.routes)
        return publish + ["_INBOX_load.*.bench.pass.*"] * asked, [f"_INBOX_{stage.name}.>"] + [ASK] * asked

    def make(seeds: Path, names: Sequence[str]) -> str:
        users = {stage.name: rights(stage) for stage in shape.stages}
        users["load"] = ([ASK], ["_INBOX_load.>", f"cs.{shape.heard}.passed"])
        users["test"] = ([">"], [">"])  # makes the streams
        lines = [
            f"{{ nkey: {make_nkey(seeds / f'{name}.seed')}, permissions: {{"
            f" publish: {{ allow: {json.dumps(publish)} }}, subscribe: {{ allow: {json.dumps(subscribe)} }} }} }}"
            for name, (publish, subscribe) in users.items()
        ]
        return AUTH.format(system=make_nkey(seeds / "system.seed"), users="\n".join(lines))

    return make


def make_lanes(stack: Stack, shape: Shape) -> None:
    """As csctl provision makes them."""
    stream = {"retention": "limits", "storage": "file", "discard": "old", "num_replicas": 1, "max_age": 86400 * SECOND}
    stream |= {"max_bytes": 2**32 // MOST_STAGES, "max_msg_size": 81920, "duplicate_window": 120 * SECOND, "deny_delete": True}
    stream |= {"deny_purge": True, "allow_direct": True, "max_consumers": -1, "max_msgs": -1}
    consumer = {"deliver_policy": "all", "ack_policy": "explicit", "replay_policy": "instant", "ack_wait": 30 * SECOND}
    consumer |= {"max_deliver": -1, "max_ack_pending": 1024, "num_replicas": 1, "max_waiting": 512}
    with NatsClient.of(stack, "test") as client:

        def api(subject: str, body: dict[str, Any]) -> None:
            answer = client.api(subject, body)
            if "error" in answer:
                raise RuntimeError(f"{subject}: {answer['error']}")

        for lane in shape.lanes:
            name = lane.upper()
            api(f"STREAM.CREATE.{name}", {**stream, "name": name, "subjects": [f"cs.{lane}.*"]})
        for stage in shape.stages:
            for lane in stage.taken:
                name, durable = lane.upper(), f"{stage.name}-{lane}"
                config = {**consumer, "durable_name": durable, "filter_subject": f"cs.{lane}.passed"}
                api(f"CONSUMER.DURABLE.CREATE.{name}.{durable}", {"stream_name": name, "config": config})


def start_stage(stack: Stack, stage: Stage) -> None:
    password = secrets.token_hex(16)
    stack.postgres.query(
        f"create role {stage.name} login password '{password}'; create schema {stage.name} authorization {stage.name};"
        f" alter role {stage.name} set search_path = {stage.name}; set role {stage.name};"
        f" set search_path = {stage.name}; {SKELETON_SQL};"
        " create table passage (key uuid primary key, seen integer not null)"
    )
    pass_file = private_file(stack.pass_file(stage.name), f"*:*:*:{stage.name}:{password}\n")
    settings = {"CS_DATABASE_URL": stack.postgres.url_for(stage.name, pass_file), "CS_LOG_LEVEL": "error"}
    settings |= {"STAGE_NAME": stage.name, "STAGE_ROUTES": ",".join(map(str, stage.routes))}
    if stage.signs:
        settings["STAGE_KEY_FILE"] = str(make_ed25519(stack.key_file(stage.name)))
    stack.start_service(stage.name, settings, Path(BINARY).name)


def run_load(stack: Stack, shape: Shape, options: argparse.Namespace) -> dict[str, Any]:
    words = [REPOSITORY / BINARY, ASK, f"cs.{shape.heard}.passed", options.outstanding, options.warm, options.seconds]
    settings = {**stack.environment("load"), "PATH": "/usr/bin:/bin"}
    limit = options.warm + options.seconds + GRACE
    out = subprocess.run([*map(str, words)], env=settings, stdout=subprocess.PIPE, timeout=limit, check=True).stdout
    figures: dict[str, Any] = json.loads(out)
    return figures


# What came of it


def passed(stack: Stack, stage: Stage) -> tuple[int, int, int]:
    """Events that the stage knows, and how often it saw the one it saw least, and most."""
    sql = f"select count(*), coalesce(min(seen), 0), coalesce(max(seen), 0) from {stage.name}.passage"
    events, least, most = map(int, stack.postgres.query(sql).split("\t"))
    return events, least, most


def settled(stack: Stack, shape: Shape, asked: int) -> bool:
    """Everything went through, and nothing is marked as unsent any more."""
    unsent = " + ".join(f"(select count(*) from {stage.name}.outbox_unsent)" for stage in shape.stages)
    return stack.postgres.query(f"select {unsent}") == "0" and all(
        passed(stack, stage)[:2] == (asked, len(stage.routes)) for stage in shape.stages
    )


def what_is_wrong(stack: Stack, shape: Shape, figures: dict[str, Any], spent: dict[str, float]) -> list[str]:
    asked = figures["asked"]
    rules = {
        "asked and not answered": figures["answered"] == asked,
        "asked and not heard": figures["heard"] == asked,
        "heard twice, or never asked": figures["doubled"] == figures["strange"] == 0,
        "events in the lanes": spent["messages"] == asked * len(shape.lanes),
        "inbox rows": spent["inbox"] == asked * sum(len(stage.taken) for stage in shape.stages),
        "outbox rows": spent["outbox"] == asked * len(shape.lanes),
    }
    for stage in shape.stages:
        once = len(stage.routes)
        rules[f"{stage.name}: passages"] = passed(stack, stage) == (asked, once, once)
    return [rule for rule, holds in rules.items() if not holds]


def snapshot(stack: Stack, names: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """CPU by process, and counts of the servers."""
    return cpu_seconds(stack), {**database(stack, names), **bus(stack)}


def print_rates(name: str, shape: Shape, figures: dict[str, Any], options: argparse.Namespace) -> None:
    print(
        f"\n{name}: {len(shape.stages)} stages, {shape.passages} passages, {options.outstanding} outstanding,"
        f" {options.seconds} s: {figures['per_second']:.0f} events/s, p50 {figures['p50_ms']:.0f} ms,"
        f" p99 {figures['p99_ms']:.0f} ms"
    )


def print_costs(shape: Shape, figures: dict[str, Any], cpu: dict[str, float], spent: dict[str, float]) -> None:
    events = max(figures["asked"], 1)
    used = {"PostgreSQL": cpu["postgres"], "nats-server": cpu["nats"]}
    used["stages"] = sum(cpu[stage.name] for stage in shape.stages)
    used["others"] = sum(cpu.values()) - sum(used.values())
    used |= {"all": sum(cpu.values()), "the generator, apart": figures["cpu_us"] / 1e6}
    print("  CPU, µs:                 an event  a passage")
    for what, seconds in used.items():
        each = 1e6 * seconds / events
        print(f"    {what:<20} {each:11.0f} {each / shape.passages:10.1f}")
    for what, count in spent.items():
        print(f"  {what}: {count / events:.1f} an event, {count / events / shape.passages:.2f} a passage")


def measure(name: str, shape: Shape, options: argparse.Namespace) -> bool:
    quiet: list[str] = []
    names = [stage.name for stage in shape.stages]
    binaries = (REPOSITORY / BINARY).parent
    with Stack(say=quiet.append, binaries=binaries, make_users=make_users(shape)) as stack:
        make_lanes(stack, shape)
        for stage in shape.stages:
            start_stage(stack, stage)
        before = snapshot(stack, names)
        figures = run_load(stack, shape, options)
        try:
            wait_for(lambda: settled(stack, shape, figures["asked"]), GRACE, "the last events", pause=0.5)
        except TimeoutError as why:
            print(f"  {why}")
        after = snapshot(stack, names)
        cpu, spent = ({what: b[what] - a.get(what, 0) for what in b} for a, b in zip(before, after))
        print_rates(name, shape, figures, options)
        print_costs(shape, figures, cpu, spent)
        for stage, (count, events) in batches(stack, names).items():
            print(f"  {stage}: batches of {events / max(count, 1):.1f}")
        wrong = what_is_wrong(stack, shape, figures, spent)
        for rule in wrong:
            print(f"  WRONG: {rule}")
        sys.stdout.flush()
    return not wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="chain,w1")
    parser.add_argument("--stages", type=int, default=8, choices=range(1, MOST_STAGES + 1), metavar="N")
    parser.add_argument("--outstanding", type=int, default=64, choices=range(1, MOST_OUTSTANDING + 1), metavar="N")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--warm", type=int, default=5)
    options = parser.parse_args()
    shapes = {"chain": chain(options.stages), "w1": W1}
    if unknown := set(options.shape.split(",")) - set(shapes):
        parser.error(f"--shape: {', '.join(sorted(unknown))} is none of {', '.join(shapes)}")
    subprocess.run(["make", "-s", BINARY], cwd=REPOSITORY, check=True)
    load = f"load average {os.getloadavg()[0]:.1f}"
    print(time.strftime("%Y-%m-%d"), os.cpu_count(), f"cores, {load}; openssl speed in the same run:")
    print(openssl_speed())
    fine = True
    for name in options.shape.split(","):
        fine &= measure(name, shapes[name], options)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

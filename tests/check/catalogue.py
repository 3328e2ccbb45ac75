#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does the code do what proto/catalogue.def says, and nothing beside it?

A NATS user may do only what its rows permit, so a route without a row waits for ever and an event without one is
refused by the server: found here in a second instead of in a cluster.
"""

import re
import sys
from pathlib import Path
from typing import Iterator

from proto_gate import read, rows

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = (ROOT / "proto" / "catalogue.def").read_text()
TOOLS = ("csctl",)  # reads and shows what it is asked for; publishes nothing of its own
NOT_CODE = re.compile(r"/\*.*?\*/|^#include[^\n]*", re.S | re.M)
SUBJECT = re.compile(r'"((?:request|plan|evidence|certificate|notice|config)\.[a-z][a-z-]*)"')
ROUTE = re.compile(r'\{\s*"((?:request|plan|evidence|certificate|notice|config|ask)\.[^"]+)"\s*,')
TABLE = re.compile(r"const struct svc_route [a-z_]+\[\] = \{(.*?)\n\};", re.S)


def consumers() -> set[tuple[str, str]]:
    return set(re.findall(r'^CONSUMER\("([^"]+)", "([^"]+)"', CATALOGUE, re.M))


def followers() -> set[tuple[str, str]]:
    return set(re.findall(r'^FOLLOWER\("([^"]+)", "([^"]+)"', CATALOGUE, re.M))


class Service:
    """What one service's source says of subjects."""

    def __init__(self, directory: Path) -> None:
        self.name = directory.name
        source = "".join(NOT_CODE.sub("", path.read_text()) for path in sorted(directory.glob("*.c")))
        tables = "".join(TABLE.findall(source))
        self.routes = set(ROUTE.findall(tables))
        self.mentions = set(SUBJECT.findall(TABLE.sub("", source)))  # beside its routes


def check_messages(events: dict, questions: dict) -> Iterator[str]:
    messages = {name.rsplit(".", 1)[1] for name, kind in read(ROOT / "proto").items() if kind.what == "message"}
    wanted = [(row[0], row[1]) for row in events.values()]
    wanted += [(row[0], message) for row in questions.values() for message in row[1:3]]
    for subject, message in wanted:
        if message not in messages:
            yield f"{subject}: no message {message} in proto/"


def check_lanes(events: dict) -> Iterator[str]:
    lanes = {row[1].split(".")[1] for row in rows(ROOT / "proto", "LANE").values()}
    for subject in events:
        if subject.split(".")[0] not in lanes:
            yield f"{subject}: no lane takes it"
    for service, subject in sorted(consumers() | followers()):
        if subject not in events:
            yield f"{service} consumes {subject}, which is no event"


def check_routes(service: Service, questions: dict) -> Iterator[str]:
    listed = {subject for name, subject in consumers() if name == service.name}
    listed |= {row[0] for row in questions.values() if row[4] == service.name}
    for subject in sorted(service.routes - listed):
        yield f"{service.name} has a route for {subject} but no row"
    for subject in sorted(listed - service.routes):
        yield f"{service.name} has a row for {subject} but no route"


def check_events(service: Service, events: dict) -> Iterator[str]:
    published = {subject for subject, row in events.items() if row[2] == service.name}
    followed = {subject for name, subject in followers() if name == service.name}
    for subject in sorted(followed - service.mentions):
        yield f"{service.name} has a row to follow {subject} but never names it"
    for subject in sorted(service.mentions - published - followed - service.routes):
        yield f"{service.name} names {subject}, which it neither publishes nor listens to"
    for subject in sorted(published - service.mentions):
        yield f"{service.name} is the publisher of {subject} but never names it"


def problems() -> Iterator[str]:
    events, questions = rows(ROOT / "proto", "EVENT"), rows(ROOT / "proto", "QUESTION")
    services = [Service(path.parent) for path in sorted(ROOT.glob("services/*/service.mk"))]
    yield from check_messages(events, questions)
    yield from check_lanes(events)
    for service in services:
        if service.name not in TOOLS:
            yield from check_routes(service, questions)
            yield from check_events(service, events)
    named = {name for name, _ in consumers()} | {row[2] for row in events.values()}
    for name in sorted(named - {service.name for service in services}):
        yield f"{name} has rows but is no service"


def main() -> int:
    found = list(problems())
    print("".join(f"catalogue: {line}\n" for line in found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The event compatibility gate: old and new services read each other's events, or nothing is shipped.

    proto_gate.py RELEASED NEW     directories with the .proto files and catalogue.def of the last release and of now

Events lie in streams and outboxes for weeks and two versions of a service run side by side for minutes, so what was
released stays readable: a field keeps number, name, type and label for ever; one that goes leaves its number and name
`reserved`; messages, enums and subjects do not go at all.  What breaks this needs a new message on a new subject.
A release copies proto/ into tests/check/released/; nothing else changes that directory.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

LABELS = {1: "singular", 2: "required", 3: "repeated"}
TYPES = dict(enumerate(
    "? double float int64 uint64 int32 fixed64 fixed32 bool string group message bytes uint32 enum sfixed32 "
    "sfixed64 sint32 sint64".split()
))


class Member(NamedTuple):
    """A field of a message, or a value of an enum (which has no type)."""

    name: str
    type: str


class Kind(NamedTuple):
    """A message or an enum."""

    what: str
    members: dict[int, Member]
    reserved_numbers: set[int]
    reserved_names: set[str]


# Descriptors: protoc writes them in protobuf's own wire format (descriptor.proto), of which we need a dozen fields.


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[at]
        value |= (octet & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if octet < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field; nested messages and strings as octets."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            length, at = varint(data, at)
            yield key >> 3, data[at : at + length]
            at += length
        elif key & 7 in (1, 5):
            at += 8 if key & 7 == 1 else 4
        else:
            raise ValueError(f"wire type {key & 7} in a descriptor")


def every(data: bytes, number: int) -> list:
    return [value for found, value in fields(data) if found == number]


def one(data: bytes, number: int, otherwise=b""):
    return (every(data, number) or [otherwise])[-1]


def text(data: bytes, number: int) -> str:
    return one(data, number).decode()


def field_of(data: bytes) -> tuple[int, Member]:
    words = [LABELS[one(data, 4, 1)], TYPES[one(data, 5, 0)]]
    if text(data, 6):
        words.append(text(data, 6))
    if every(data, 9):  # a member of a oneof; `optional` is one of its own
        words.append("optional" if one(data, 17, 0) else f"oneof {one(data, 9)}")
    return one(data, 3, 0), Member(text(data, 1), " ".join(words))


def enum_of(data: bytes) -> Kind:
    members = {one(value, 2, 0): Member(text(value, 1), "") for value in every(data, 2)}
    numbers = {n for r in every(data, 4) for n in range(one(r, 1, 0), one(r, 2, 0) + 1)}
    return Kind("enum", members, numbers, {name.decode() for name in every(data, 5)})


def message_of(data: bytes) -> Kind:
    numbers = {n for r in every(data, 9) for n in range(one(r, 1, 0), one(r, 2, 0))}
    members = dict(field_of(field) for field in every(data, 2))
    return Kind("message", members, numbers, {name.decode() for name in every(data, 10)})


def kinds_in(data: bytes, scope: str, messages: int, enums: int) -> Iterator[tuple[str, Kind]]:
    for message in every(data, messages):
        name = f"{scope}.{text(message, 1)}"
        yield name, message_of(message)
        yield from kinds_in(message, name, 3, 4)
    for enum in every(data, enums):
        yield f"{scope}.{text(enum, 1)}", enum_of(enum)


def read(directory: Path) -> dict[str, Kind]:
    """All messages and enums of a directory's .proto files, by their full names."""
    names = sorted(path.name for path in directory.glob("*.proto"))
    if not names:
        raise SystemExit(f"{directory}: no .proto files")
    words = ["protoc", f"--proto_path={directory}", "--descriptor_set_out=/dev/stdout", *names]
    done = subprocess.run(words, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{directory}: {done.stderr.decode()}")
    return {name: kind for file in every(done.stdout, 1) for name, kind in kinds_in(file, text(file, 2), 4, 5)}


# The comparison


def compare_members(name: str, old: Kind, new: Kind) -> Iterator[str]:
    for number, was in old.members.items():
        now = new.members.get(number)
        if now is None:
            if number not in new.reserved_numbers or was.name not in new.reserved_names:
                yield f"{name}: {was.name} = {number} went without `reserved {number}; reserved \"{was.name}\";`"
        elif now != was:
            yield f"{name}: number {number} was {was.type} {was.name}, is {now.type} {now.name}"
    for number, now in new.members.items():
        was = old.members.get(number)
        if number in old.reserved_numbers:
            yield f"{name}: number {number} was reserved, is used by {now.name}"
        elif was is None and now.name in {m.name for m in old.members.values()} | old.reserved_names:
            yield f"{name}: the name {now.name} was used before, is number {number} now"
    for number in sorted(old.reserved_numbers - new.reserved_numbers - set(new.members)):
        yield f"{name}: number {number} is no longer reserved"


def compare(old: dict[str, Kind], new: dict[str, Kind]) -> list[str]:
    breaches = []
    for name, kind in sorted(old.items()):
        if name not in new:
            breaches.append(f"{name}: the {kind.what} went")
        elif new[name].what != kind.what:
            breaches.append(f"{name}: was a {kind.what}, is a {new[name].what}")
        else:
            breaches += compare_members(name, kind, new[name])
    return breaches


def rows(directory: Path, macro: str) -> dict[str, list[str]]:
    """Rows of catalogue.def, by their first text."""
    found = {}
    for row in re.findall(rf"^{macro}\((.*)\)$", (directory / "catalogue.def").read_text(), re.M):
        columns = re.findall(r'"((?:[^"\\]|\\.)*)"|([^\s",]+)', row)
        found[columns[0][0]] = [quoted or plain for quoted, plain in columns]
    return found


def compare_subjects(old: Path, new: Path) -> list[str]:
    """A subject carries the same message for ever.  (Who publishes and who listens may change.)"""
    breaches = []
    for macro, columns in (("EVENT", 1), ("QUESTION", 2)):
        now = rows(new, macro)
        for subject, was in rows(old, macro).items():
            if subject not in now:
                breaches.append(f"{subject}: the subject went")
            elif now[subject][1 : 1 + columns] != was[1 : 1 + columns]:
                breaches.append(f"{subject}: another message: {now[subject][1:1 + columns]}, was {was[1:1 + columns]}")
    return breaches


def gate(old: Path, new: Path) -> list[str]:
    return compare(read(old), read(new)) + compare_subjects(old, new)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    breaches = gate(Path(sys.argv[1]), Path(sys.argv[2]))
    print("".join(f"{breach}\n" for breach in breaches), end="")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

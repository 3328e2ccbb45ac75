# SPDX-License-Identifier: Apache-2.0
"""Statements and events as a thief would make them: protobuf, DSSE envelopes and CloudEvents by hand.

Written from the .proto files and the headers' texts, not from the product's code: it is also a second
implementation that says whether those texts are right.
"""

import hashlib
import re
import struct
import time
import uuid
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from ed25519 import Key

PROTO = Path(__file__).resolve().parents[1] / "proto"
TYPE = "application/vnd.countersign.{}.v1+protobuf"
MAILBOX, DOMAIN, CAA, MPIC_DOMAIN, MPIC_CAA = 1, 2, 3, 4, 5
ORGANIZATION, AUTHORITY, INDIVIDUAL = 6, 7, 8
PROVED, REFUSED, COULD_NOT_TELL = 1, 2, 3
SECURE = 1
RULES = "SBR 1.0.16; TBR 2.2.9"


class Field(NamedTuple):
    name: str
    kind: str
    number: int
    repeated: bool


def _messages() -> dict[str, list[Field]]:
    found = {}
    for file in PROTO.glob("*.proto"):
        text = re.sub(r"//.*", "", file.read_text())
        for name, body in re.findall(r"message (\w+) \{(.*?)\}", text, re.DOTALL):
            rows = re.findall(r"(repeated )?(\w+) (\w+) = (\d+);", body)
            fields = [Field(row[2], row[1], int(row[3]), bool(row[0])) for row in rows]
            found[name] = sorted(fields, key=lambda field: field.number)
    return found


MESSAGES = _messages()


# Protobuf: https://protobuf.dev/programming-guides/encoding/


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def encode(message: str, values: dict[str, Any]) -> bytes:
    """In order of the numbers, defaults left out: the one form that the product reads."""
    unknown = set(values) - {field.name for field in MESSAGES[message]}
    assert not unknown, f"{message} has no {unknown}"
    out = b""
    for field in MESSAGES[message]:
        value = values.get(field.name)
        for item in (value or []) if field.repeated else [value]:
            out += _field(field, item)
    return out


def _field(field: Field, value: Any) -> bytes:
    if value is None or (not field.repeated and value in (0, "", b"", False)):
        return b""
    if isinstance(value, dict):
        value = encode(field.kind, value)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return _varint(field.number << 3 | 2) + _varint(len(value)) + value
    return _varint(field.number << 3) + _varint(int(value))


def decode(message: str, octets: bytes) -> dict[str, Any]:
    fields = {field.number: field for field in MESSAGES[message]}
    found: dict[str, Any] = {}
    for number, value in _wire(octets):
        field = fields[number]
        if isinstance(value, bytes) and field.kind in MESSAGES:
            value = decode(field.kind, value)
        elif isinstance(value, bytes) and field.kind == "string":
            value = value.decode()
        if field.repeated:
            found.setdefault(field.name, []).append(value)
        else:
            found[field.name] = value
    return found


def _wire(octets: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(octets):
        tag, at = _read_varint(octets, at)
        value, at = _read_varint(octets, at)
        if tag & 7 == 2:
            yield tag >> 3, octets[at : at + value]
            at += value
        elif tag & 7 == 0:
            yield tag >> 3, value
        else:
            raise ValueError(f"wire type {tag & 7}")


def _read_varint(octets: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while octets[at] & 0x80:
        value |= (octets[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | octets[at] << shift, at + 1


# DSSE: https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md


def seal(key: Key, statement: str, payload: bytes, keyid: str | None = None) -> bytes:
    kind = TYPE.format(statement)
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    signature = {"sig": key.sign(signed), "keyid": keyid or key.keyid}
    envelope = {"payload": payload, "payload_type": kind, "signatures": [signature]}
    return encode("Envelope", envelope)


def enclosing(plan: bytes, *others: bytes) -> bytes:
    """The envelope with these behind it: of a final plan the request and its approval, or one that is both."""
    return plan + encode("Envelope", {"enclosed": list(others)})


def apart(final: bytes) -> tuple[bytes, bytes, bytes]:
    """Of what plan.final brings: the plan's own envelope, the request's and the approval's."""
    enclosed = decode("Envelope", final)["enclosed"]
    plan = final[: len(final) - len(encode("Envelope", {"enclosed": enclosed}))]
    return plan, enclosed[0], enclosed[-1]


def opened(message: str, envelope: bytes) -> dict[str, Any]:
    """What an envelope says, whoever signed it."""
    return decode(message, decode("Envelope", envelope)["payload"])


# Digests: libs/claim/claim.h


def _part(octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + octets


def _texts(items: list[str]) -> bytes:
    return struct.pack(">I", len(items)) + b"".join(_part(item.encode()) for item in items)


def _number(value: int) -> bytes:
    return _part(struct.pack(">I", value))


def check_digest(check: dict[str, Any]) -> bytes:
    form = b"countersign/check-digest/v1\0" + _number(check["kind"])
    for name in ("target", "method", "enterprise", "account"):
        form += _part(check.get(name, "").encode())
    return hashlib.sha256(form + _part(check.get("expected", b""))).digest()


def request_digest(request: dict[str, Any], spki: bytes) -> bytes:
    form = b"countersign/request-digest/v1\0" + _part(spki)
    form += _texts(request["mailboxes"]) + _texts(request.get("domains", []))
    form += _part(request["profile"].encode()) + _number(request["validity_days"])
    form += _number(request["key_use"])
    for name in ("enterprise", "account", "agreement", "common_name"):
        form += _part(request.get(name, "").encode())
    form += _number(request.get("kind", 0)) + _part(request.get("previous_id", bytes(16)))
    if request.get("subject"):
        form += _part(b"subject") + struct.pack(">I", len(request["subject"]))
        for value in request["subject"]:
            form += _part(value["name"].encode()) + _part(value["value"].encode())
    if request.get("submitted_by"):
        form += _part(b"submitted-by") + _part(request["submitted_by"].encode())
    return hashlib.sha256(form).digest()


def sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


# Events


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def headers(subject: str, request: bytes, event: uuid.UUID | None = None) -> dict[str, str]:
    """The envelope of an event, as its publisher writes it."""
    event, key = event or uuid.uuid4(), str(uuid.UUID(bytes=request))
    when = now_ms()
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when // 1000)) + f".{when % 1000:03}Z"
    return {
        "Nats-Msg-Id": str(event),
        "ce-specversion": "1.0",
        "ce-id": str(event),
        "ce-source": "/countersign/thief",
        "ce-type": f"io.countersign.{subject}.v1",
        "ce-time": text,
        "ce-subject": key,
        "ce-datacontenttype": "application/protobuf",
        "ce-correlationid": key,
        "ce-causationid": key,
    }


# Statements


def evidence(asked: dict[str, Any], outcome: int = PROVED, **more: Any) -> dict[str, Any]:
    """What a validator would state about a check: `asked` has its request and the check."""
    check = asked["check"]
    stated = {
        "request_id": asked["request_id"],
        "request_digest": asked["request_digest"],
        "check_id": check["id"],
        **{name: check[name] for name in ("kind", "target")},
        **{name: check.get(name, "") for name in ("method", "enterprise", "account")},
        "expected": check.get("expected", b""),
        "attempt": check.get("attempt", 1),
        "outcome": outcome,
        "reason": "forged",
        "clause": "none",
        "text": "says the thief",
        "checked_at_ms": now_ms(),
        "valid_until_ms": now_ms() + 7 * 3600 * 1000,
        "security": 0 if check["kind"] == MAILBOX else SECURE,
        "perspective": "primary",
        "rules_version": RULES,
        "min_remotes": check.get("min_remotes", 0),
        **more,
    }
    return {**stated, "check_digest": check_digest(stated)}


def perspective_answer(ask: dict[str, Any], name: str, region: str, **more: Any) -> dict[str, Any]:
    return {
        "nonce": ask.get("nonce", bytes(16)),
        "check_digest": check_digest(ask["check"]),
        "perspective": name,
        "region": region,
        "outcome": PROVED,
        "reason": "forged",
        "security": SECURE,
        "checked_at_ms": now_ms(),
        "attempt": ask.get("attempt", ask["check"].get("attempt", 1)),
        **more,
    }


def mpic_evidence(
    asked: dict[str, Any], voices: list[tuple[str, str, Key | None]], **more: Any
) -> dict[str, Any]:
    """A round in which every voice (name, region, key) says yes; without a key its answer is missing."""
    results = []
    for name, region, key in voices:
        said = encode("PerspectiveAnswer", perspective_answer(asked, name, region))
        results.append(
            {
                "name": name,
                "region": region,
                "outcome": PROVED,
                "reason": "forged",
                "security": SECURE,
                "checked_at_ms": now_ms(),
                "answer": seal(key, "perspective", said) if key else b"",
                "corroborates": True,
            }
        )
    return evidence(asked, perspectives=results, **more)

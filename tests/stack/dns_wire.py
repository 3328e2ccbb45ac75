# SPDX-License-Identifier: Apache-2.0
"""DNS messages, octet by octet (RFC 1035 4.1): read into parts that can be altered, and written again."""

import struct
from dataclasses import dataclass, field

A, NS, CNAME, SOA, TXT, AAAA, DNAME, OPT = 1, 2, 5, 6, 16, 28, 39, 41
RRSIG, NSEC, DNSKEY, NSEC3, CAA = 46, 47, 48, 50, 257
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
IN = 1
QR, AA, TC = 0x8000, 0x0400, 0x0200
TRUNCATE_AT = 1232  # octets by UDP


@dataclass
class Record:
    """The names in its data are written out, so that it can stand anywhere."""

    owner: bytes
    kind: int
    data: bytes
    ttl: int = 1
    of_class: int = IN

    @property
    def covers(self) -> int:
        """Of an RRSIG: the type that it signs."""
        return int.from_bytes(self.data[:2], "big") if self.kind == RRSIG else 0

    def wire(self) -> bytes:
        head = struct.pack(">HHIH", self.kind, self.of_class, self.ttl, len(self.data))
        return self.owner + head + self.data


@dataclass
class Message:
    id: int
    flags: int
    question: bytes  # as it came: name in the sender's case, type and class
    answer: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)

    @property
    def name(self) -> bytes:
        return self.question[:-4]

    @property
    def kind(self) -> int:
        return int.from_bytes(self.question[-4:-2], "big")

    @property
    def labels(self) -> list[str]:
        return text(self.name).lower().split(".")

    @property
    def records(self) -> list[Record]:
        return [*self.answer, *self.authority, *self.additional]

    def wire(self) -> bytes:
        counts = (1, len(self.answer), len(self.authority), len(self.additional))
        head = struct.pack(">HHHHHH", self.id, self.flags, *counts)
        return head + self.question + b"".join(record.wire() for record in self.records)

    def truncated(self) -> bytes:
        return Message(self.id, self.flags | TC, self.question).wire()

    def reply(self, rcode: int = NOERROR, flags: int = QR | AA) -> "Message":
        return Message(self.id, flags | rcode, self.question)


def name(text: str) -> bytes:
    labels = [label.encode("latin-1") for label in text.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def text(wire: bytes) -> str:
    labels, at = [], 0
    while wire[at]:
        labels.append(wire[at + 1 : at + 1 + wire[at]].decode("latin-1"))
        at += 1 + wire[at]
    return ".".join(labels)


def caa(value: str, tag: str = "issuemail", flags: int = 0) -> bytes:
    return bytes([flags, len(tag)]) + tag.encode() + value.encode()


def address(dotted: str) -> bytes:
    return bytes(map(int, dotted.split(".")))


def read(packet: bytes) -> Message:
    """One question; what the true name server sends."""
    number, flags, _, *counts = struct.unpack(">HHHHHH", packet[:12])
    _, at = _name(packet, 12)
    message = Message(number, flags, packet[12 : at + 4])
    at += 4
    for section, count in zip((message.answer, message.authority, message.additional), counts):
        for _ in range(count):
            record, at = _record(packet, at)
            section.append(record)
    return message


def _name(packet: bytes, at: int) -> tuple[bytes, int]:
    out, end = b"", 0
    while packet[at]:
        if packet[at] >= 0xC0:
            end = end or at + 2
            at = int.from_bytes(packet[at : at + 2], "big") & 0x3FFF
        else:
            out += packet[at : at + 1 + packet[at]]
            at += 1 + packet[at]
    return out + b"\0", end or at + 1


# Where the data of a type may hold compressed names: octets before them, and how many there are.
NAMES = {NS: (0, 1), CNAME: (0, 1), SOA: (0, 2), DNAME: (0, 1), 15: (2, 1)}


def _record(packet: bytes, at: int) -> tuple[Record, int]:
    owner, at = _name(packet, at)
    kind, of_class, ttl, length = struct.unpack(">HHIH", packet[at : at + 10])
    at += 10
    end, data = at + length, packet[at : at + length]
    if kind in NAMES:
        before, count = NAMES[kind]
        data, at = packet[at : at + before], at + before
        for _ in range(count):
            one, at = _name(packet, at)
            data += one
        data += packet[at:end]
    return Record(owner, kind, data, ttl, of_class), end

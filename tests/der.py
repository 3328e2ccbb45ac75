# SPDX-License-Identifier: Apache-2.0
"""A small strict DER reader, for tests that look at certificates with other eyes than the product's."""

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Iterator


class Malformed(ValueError):
    pass


@dataclass(frozen=True)
class Element:
    tag: int
    body: bytes
    whole: bytes

    @property
    def items(self) -> list["Element"]:
        return list(read_all(self.body))

    def expect(self, tag: int) -> "Element":
        if self.tag != tag:
            raise Malformed(f"tag {self.tag:#x}, wanted {tag:#x}")
        return self

    @property
    def oid(self) -> str:
        self.expect(0x06)
        arcs, value = [], 0
        for octet in self.body:
            value = value << 7 | (octet & 0x7F)
            if octet < 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))

    @property
    def integer(self) -> int:
        self.expect(0x02)
        if len(self.body) > 1 and (self.body[0], self.body[1] >> 7) in ((0, 0), (0xFF, 1)):
            raise Malformed("an integer with more octets than it needs")
        return int.from_bytes(self.body, "big", signed=True)

    @property
    def text(self) -> str:
        """A UTF8String, PrintableString or IA5String."""
        return self.body.decode({0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii"}[self.tag])

    @property
    def time(self) -> datetime:
        form = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}[self.tag]
        return datetime.strptime(self.body.decode("ascii"), form).replace(tzinfo=timezone.utc)

    @property
    def bits(self) -> set[int]:
        """The named bits of a BIT STRING, without zeros at its end (X.690 11.2.2)."""
        self.expect(0x03)
        unused, octets = self.body[0], self.body[1:]
        named = {i for i in range(8 * len(octets)) if octets[i // 8] >> (7 - i % 8) & 1}
        if unused > 7 or 8 * len(octets) - unused != (max(named) + 1 if named else 0):
            raise Malformed("a BIT STRING that is not as short as it could be")
        return named


def read_one(octets: bytes) -> tuple[Element, bytes]:
    if len(octets) < 2 or octets[0] & 0x1F == 0x1F:
        raise Malformed("no element")
    length, head = octets[1], 2
    if length >= 0x80:
        n = length & 0x7F
        length, head = int.from_bytes(octets[2 : 2 + n], "big"), 2 + n
        if n == 0 or n > 4 or length < 0x80 or octets[2] == 0:
            raise Malformed("a length that is not as short as it could be")
    if head + length > len(octets):
        raise Malformed("an element that ends behind the end")
    whole = octets[: head + length]
    return Element(octets[0], whole[head:], whole), octets[head + length :]


def read_all(octets: bytes) -> Iterator[Element]:
    while octets:
        element, octets = read_one(octets)
        yield element


def read(octets: bytes) -> Element:
    element, rest = read_one(octets)
    if rest:
        raise Malformed("octets behind the end")
    return element

# SPDX-License-Identifier: Apache-2.0
"""Name servers that attack whoever asks them; the zone's first label says how: h-KIND.example.

    hostile_dns.py --listen 127.64.0.40 --truth 127.64.0.10 --public 127.64.0.80 --private 127.65.0.1

Zones hold the truth and are served, signed where they are, at --truth; here the true answer comes through
something that spoils it.  For what is only seen with signatures, it is the thing that a forger without the
key can do.
"""

import argparse
import asyncio
import base64
import os
import struct
from dataclasses import replace
from typing import Awaitable, Callable, NamedTuple

import dns_wire as dns
from dns_wire import Message, Record

LATE = 20  # seconds: more than the whole of a lookup
TCP_LONGEST = 120  # seconds that a connection is kept, whatever the client does
MINE = "ca.countersign.example"  # a forger wants us to read this


class Ask:
    """One query, and the way back to whoever sent it."""

    def __init__(self, packet: bytes, server: "Server", send: Callable[[bytes], None], tcp: bool) -> None:
        self.packet, self.server, self.tcp = packet, server, tcp
        self.query = dns.read(packet)
        self.send_octets = send

    async def truth(self, name: bytes | None = None, kind: int | None = None) -> Message:
        """What the true server says, to this question or to another in its place."""
        question = (name or self.query.name) + struct.pack(">HH", kind or self.query.kind, dns.IN)
        asked = replace(self.query, question=question)
        reader, writer = await asyncio.open_connection(self.server.truth, 53)
        try:
            packet = asked.wire()
            writer.write(struct.pack(">H", len(packet)) + packet)
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = dns.read(await reader.readexactly(size))
        finally:
            writer.close()
        return replace(answer, question=self.query.question)

    def send(self, message: Message) -> None:
        octets = message.wire()
        if not self.tcp and len(octets) > dns.TRUNCATE_AT:
            octets = message.truncated()
        self.send_octets(octets)

    def data(self) -> bool:
        """Is it a question about data, not about the zone's own servers and keys?"""
        return self.query.kind not in (dns.NS, dns.SOA, dns.DNSKEY, 43)

    def caa(self, value: str = MINE) -> Message:
        """The answer that a forger would like to be believed."""
        made = self.query.reply()
        if self.query.kind == dns.CAA:
            made.answer = [Record(self.query.name, dns.CAA, dns.caa(value))]
        return made


Behaviour = Callable[[Ask], Awaitable[None]]


# Answers that are none


async def silent(ask: Ask) -> None:
    return


def rcode(code: int) -> Behaviour:
    async def behave(ask: Ask) -> None:
        ask.send(ask.query.reply(code))

    return behave


async def lame(ask: Ask) -> None:
    """Knows nothing of the zone, and points at the root."""
    made = ask.query.reply(flags=dns.QR)
    made.authority = [Record(b"\0", dns.NS, dns.name("ns-root.nic.example"), 300)]
    ask.send(made)


async def late(ask: Ask) -> None:
    answer = await ask.truth()
    await asyncio.sleep(LATE)
    ask.send(answer)


async def empty(ask: Ask) -> None:
    for octets in (b"", b"\0", ask.packet[:11], ask.packet[:12], ask.packet):
        ask.send_octets(octets)


# Answers to something else


async def wrong_id(ask: Ask) -> None:
    ask.send(replace(ask.caa(), id=ask.query.id ^ 1))


async def wrong_question(ask: Ask) -> None:
    ask.send(replace(ask.caa(), question=dns.name("alpha.example") + ask.query.question[-4:]))


async def wrong_type(ask: Ask) -> None:
    ask.send(replace(ask.caa(), question=ask.query.name + struct.pack(">HH", dns.TXT, dns.IN)))


async def wrong_case(ask: Ask) -> None:
    """A forger who cannot see the question does not know its case."""
    flipped = ask.query.name.swapcase() + ask.query.question[-4:]
    ask.send(replace(ask.caa(f"x{ask.query.id}.example"), question=flipped))


async def spoofed(ask: Ask) -> None:
    """Forgeries come before the truth."""
    for number in range(1, 50):
        ask.send(replace(ask.caa(), id=(ask.query.id + number) & 0xFFFF))
    ask.send(await ask.truth())


async def other_name(ask: Ask) -> None:
    made = ask.caa()
    for record in made.answer:
        record.owner = dns.name("alpha.example")
    ask.send(made)


async def other_class(ask: Ask) -> None:
    made = ask.caa()
    for record in made.answer:
        record.of_class = 3
    ask.send(made)


async def a_query(ask: Ask) -> None:
    ask.send(replace(ask.caa(), flags=dns.AA))


async def flood(ask: Ask) -> None:
    answer = await ask.truth()
    for _ in range(300):
        ask.send(answer)


# Lengths


async def truncated(ask: Ask) -> None:
    """By TCP there is silence: the query was read, and nothing comes."""
    if not ask.tcp:
        ask.send_octets(ask.query.reply().truncated())


async def drip(ask: Ask) -> None:
    if not ask.tcp:
        ask.send_octets(ask.query.reply().truncated())
        return
    packet = (await ask.truth()).wire()
    for octet in struct.pack(">H", len(packet)) + packet:
        ask.server.raw(ask, bytes([octet]))
        await asyncio.sleep(1)


async def cut_short(ask: Ask) -> None:
    """Promises 65,535 octets, sends some and closes."""
    if not ask.tcp:
        ask.send_octets(ask.query.reply().truncated())
        return
    ask.server.raw(ask, b"\xff\xff" + (await ask.truth()).wire())
    ask.server.close(ask)


async def huge(ask: Ask) -> None:
    """As much as TCP can carry, in records that permit us."""
    if not ask.tcp or not ask.data():
        ask.send_octets(ask.query.reply().truncated() if not ask.tcp else ask.query.reply().wire())
        return
    made = ask.caa()
    rest = 65535 - len(made.wire())
    while rest > 400:
        record = Record(ask.query.name, dns.CAA, dns.caa(f"{rest}.{'x' * 250}.example"))
        made.answer.append(record)
        rest -= len(record.wire())
    ask.send(made)


# Octets that are no DNS


def spoil(change: Callable[[bytes, int], bytes]) -> Behaviour:
    """`change` gets the octets of a good answer and where its first record begins."""

    async def behave(ask: Ask) -> None:
        if ask.query.kind != dns.CAA:
            ask.send(await ask.truth())
            return
        ask.send_octets(change(ask.caa().wire(), 12 + len(ask.query.question)))

    return behave


def _pointer(to: int) -> Callable[[bytes, int], bytes]:
    def change(octets: bytes, at: int) -> bytes:
        end = octets.index(b"\0\x01\x01\0\x01", at) + 1
        return octets[:at] + struct.pack(">H", 0xC000 | (at if to < 0 else to)) + octets[end:]

    return change


def _length(add: int) -> Callable[[bytes, int], bytes]:
    def change(octets: bytes, at: int) -> bytes:
        size = octets.index(b"\x01\x01\0\x01", at) + 8
        length = int.from_bytes(octets[size : size + 2], "big") + add
        return octets[:size] + struct.pack(">H", length & 0xFFFF) + octets[size + 2 :]

    return change


def _tag(length: int) -> Callable[[bytes, int], bytes]:
    def change(octets: bytes, at: int) -> bytes:
        tag = octets.index(b"issuemail", at) - 1
        return octets[:tag] + bytes([length]) + octets[tag + 1 :]

    return change


def _counts(answers: int) -> Callable[[bytes, int], bytes]:
    return lambda octets, at: octets[:6] + struct.pack(">H", answers) + octets[8:]


async def odd_records(ask: Ask) -> None:
    """A good answer among records that have no right form; each has crashed some resolver."""
    made = await ask.truth()
    if ask.query.kind == dns.CAA:
        name = ask.query.name
        made.additional = [
            Record(name, kind, data)
            for kind, data in (
                (dns.RRSIG, b""),
                (dns.RRSIG, b"\x01\x01\x0d\xff" + b"\xff" * 14 + b"\0"),
                (dns.NSEC, b"\0\xff\xff" + b"\xff" * 30),
                (dns.NSEC3, b"\x01\0\xff\xff\xff" + b"\xff" * 20),
                (dns.NSEC3, b"\x01\0\0\0\0\xff"),
                (dns.DNSKEY, b""),
                (dns.DNSKEY, b"\x01\x01\x03\x08\0\xff\xff"),
                (dns.A, b"\x7f\0\0"),
                (dns.AAAA, b"\0" * 17),
                (dns.SOA, b"\0\0"),
                (dns.TXT, b"\xffshort"),
                (35, b"\0\0\0\0\xff"),  # NAPTR
                (42, b"\0\x01\x20\x8f\x01"),  # APL
                (29, b"\x01" + b"\xff" * 15),  # LOC
                (64, b"\0\x01\0\0\0\xff\xff"),  # SVCB
                (250, b"\0"),  # TSIG
                (249, b"\0" * 4),  # TKEY
                (10, b""),  # NULL
                (65280, os.urandom(64)),
            )
        ]
    ask.send(made)


# What a server may say, and means harm


async def long_alias(ask: Ask) -> None:
    """A DNAME that makes the name longer than a name may be."""
    made = ask.query.reply()
    zone = dns.name(".".join(ask.query.labels[-2:]))
    target = dns.name(".".join(["x" * 63] * 3 + ["y" * 50, "example"]))
    made.answer = [Record(zone, dns.DNAME, target)]
    ask.send(made if ask.query.name.lower() != zone else await ask.truth())


async def fan_out(ask: Ask) -> None:
    """NXNSAttack: a delegation to a hundred servers that all must be looked for."""
    made = ask.query.reply(flags=dns.QR)
    zone = ".".join(ask.query.labels[-2:])
    if len(ask.query.labels) <= 2:
        ask.send(await ask.truth())
        return
    made.authority = [
        Record(ask.query.name, dns.NS, dns.name(f"ns{n}.{ask.query.id}.{zone}"), 60) for n in range(60)
    ]
    ask.send(made)


async def rebinding(ask: Ask) -> None:
    """A public address for whoever checks, a private one for whoever connects."""
    made = ask.query.reply()
    if ask.query.kind == dns.A:
        seen = ask.server.asked.get(ask.query.name.lower(), 0)
        ask.server.asked[ask.query.name.lower()] = seen + 1
        address = ask.server.public if seen == 0 else ask.server.private
        made.answer = [Record(ask.query.name, dns.A, dns.address(address), 0)]
    ask.send(made)


# Signatures: the truth without, or with others


def altered(change: Callable[[Ask, Message], None]) -> Behaviour:
    """Changes answers about data; keys and servers stay as they are."""

    async def behave(ask: Ask) -> None:
        answer = await ask.truth()
        if ask.data():
            change(ask, answer)
        ask.send(answer)

    return behave


def _flip(data: bytes, at: int = -1) -> bytes:
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


def alter_signature(ask: Ask, answer: Message) -> None:
    for record in answer.records:
        if record.kind == dns.RRSIG:
            record.data = _flip(record.data)


def alter_data(ask: Ask, answer: Message) -> None:
    for record in answer.answer:
        if record.kind == dns.CAA:
            record.data = dns.caa(MINE)


def no_signatures(ask: Ask, answer: Message) -> None:
    for section in (answer.answer, answer.authority):
        section[:] = [record for record in section if record.kind != dns.RRSIG]


def other_signer(ask: Ask, answer: Message) -> None:
    """The parent, who has a key of the same kind, is said to have signed."""
    for record in answer.answer:
        if record.kind == dns.RRSIG:
            end = 18 + record.data[18:].index(b"\0") + 1
            record.data = record.data[:18] + dns.name("example") + record.data[end:]


def other_times(ask: Ask, answer: Message) -> None:
    """Valid for ever, says whoever has no key to say so."""
    for record in answer.answer:
        if record.kind == dns.RRSIG:
            record.data = record.data[:8] + struct.pack(">I", 0x7FFFFFFF) + record.data[12:]


def no_labels(ask: Ask, answer: Message) -> None:
    """As if a wildcard had been signed."""
    for record in answer.answer:
        if record.kind == dns.RRSIG:
            record.data = record.data[:3] + b"\0" + record.data[4:]


def nothing_there(ask: Ask, answer: Message) -> None:
    answer.answer.clear()
    answer.authority.clear()


def denied(code: int, proof: bool) -> Behaviour:
    """Says that there is nothing, with no proof, or with the true proof of another name."""

    async def behave(ask: Ask) -> None:
        if ask.query.kind != dns.CAA:
            ask.send(await ask.truth())
            return
        made = ask.query.reply(code)
        if proof:
            other = ("no-such-name." if code else "only-text.") + dns.text(ask.query.name)
            made.authority = (await ask.truth(dns.name(other))).authority
        ask.send(made)

    return behave


def many_signatures(ask: Ask, answer: Message) -> None:
    """KeyTrap: many signatures, each of which might be by any of many keys."""
    signatures = [record for record in answer.answer if record.kind == dns.RRSIG]
    for signature in signatures:
        end = 18 + signature.data[18:].index(b"\0") + 1
        head = signature.data[:2] + b"\x08" + signature.data[3:16] + struct.pack(">H", TRAP_TAG)
        answer.answer += [
            replace(signature, data=head + signature.data[18:end] + os.urandom(256)) for _ in range(TRAPS)
        ]
        answer.answer.remove(signature)


TRAPS, TRAP_TAG = 60, 4242  # keys and signatures, each
TRAP_AT = 400  # in the modulus: two octets that make the sum what it should be


def trap_keys() -> list[str]:
    """DNSKEY records of RSA that have one tag, and exponents that make them slow."""
    found = []
    for _ in range(TRAPS):
        body = bytearray(b"\x01\0\x03\x08" + b"\0\x01\0" + os.urandom(256) + os.urandom(256))
        body[7] |= 0x80  # the first octet of the exponent
        body[-1] |= 1
        body[TRAP_AT : TRAP_AT + 2] = b"\0\0"
        missing = (TRAP_TAG - _key_tag(bytes(body))) % 0xFFFF
        body[TRAP_AT : TRAP_AT + 2] = struct.pack(">H", missing)
        if _key_tag(bytes(body)) == TRAP_TAG:
            found.append(f"256 3 8 {base64.b64encode(body[4:]).decode()}")
    return found


def _key_tag(data: bytes) -> int:
    """RFC 4034, appendix B."""
    total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(data))
    return (total + (total >> 16)) & 0xFFFF


class Kind(NamedTuple):
    behave: Behaviour
    signed: str = "insecure"  # how zones.py signs it


async def honest(ask: Ask) -> None:
    ask.send(await ask.truth())


KINDS: dict[str, Kind] = {
    "silent": Kind(silent),
    "servfail": Kind(rcode(dns.SERVFAIL)),
    "refused": Kind(rcode(dns.REFUSED)),
    "formerr": Kind(rcode(dns.FORMERR)),
    "notimp": Kind(rcode(dns.NOTIMP)),
    "nonsense-code": Kind(rcode(11)),
    "lame": Kind(lame),
    "late": Kind(late),
    "empty": Kind(empty),
    "wrong-id": Kind(wrong_id),
    "wrong-question": Kind(wrong_question),
    "wrong-type": Kind(wrong_type),
    "wrong-case": Kind(wrong_case),
    "spoofed": Kind(spoofed),
    "other-name": Kind(other_name),
    "other-class": Kind(other_class),
    "a-query": Kind(a_query),
    "flood": Kind(flood),
    "truncated": Kind(truncated),
    "no-tcp": Kind(truncated),
    "drip": Kind(drip),
    "cut-short": Kind(cut_short),
    "huge": Kind(huge),
    "many": Kind(honest),
    "self-pointer": Kind(spoil(_pointer(-1))),
    "forward-pointer": Kind(spoil(_pointer(0x3FFF))),
    "head-pointer": Kind(spoil(_pointer(2))),
    "long-data": Kind(spoil(_length(100))),
    "short-data": Kind(spoil(_length(-5))),
    "no-data": Kind(spoil(_length(-100))),
    "long-tag": Kind(spoil(_tag(200))),
    "no-tag": Kind(spoil(_tag(0))),
    "more-counted": Kind(spoil(_counts(60000))),
    "less-counted": Kind(spoil(_counts(0))),
    "trailing": Kind(spoil(lambda octets, at: octets + b"\0" * 100)),
    "odd-records": Kind(odd_records),
    "loop": Kind(honest),
    "chain": Kind(honest),
    "long-alias": Kind(long_alias),
    "fan-out": Kind(fan_out),
    "rebinding": Kind(rebinding),
    "sig-altered": Kind(altered(alter_signature), "secure"),
    "data-altered": Kind(altered(alter_data), "secure"),
    "sig-gone": Kind(altered(no_signatures), "secure"),
    "sig-parent": Kind(altered(other_signer), "secure"),
    "sig-prolonged": Kind(altered(other_times), "secure"),
    "sig-wildcard": Kind(altered(no_labels), "secure"),
    "expired": Kind(honest, "expired"),
    "not-yet": Kind(honest, "future"),
    "wrong-ds": Kind(honest, "wrong-ds"),
    "emptied": Kind(altered(nothing_there), "secure"),
    "denied": Kind(denied(0, False), "secure"),
    "denied-name": Kind(denied(dns.NXDOMAIN, False), "secure"),
    "denied-replay": Kind(denied(0, True), "secure"),
    "denied-name-replay": Kind(denied(dns.NXDOMAIN, True), "secure"),
    "nsec3-denied": Kind(denied(0, False), "nsec3"),
    "nsec3-denied-replay": Kind(denied(0, True), "nsec3"),
    "nsec3-denied-name-replay": Kind(denied(dns.NXDOMAIN, True), "nsec3"),
    "nsec3-true": Kind(honest, "nsec3"),
    "nsec3-absurd": Kind(honest, "absurd"),
    "keytrap": Kind(altered(many_signatures), "secure"),
}
NO_TCP = ("no-tcp",)  # such a connection is closed at once
PREFIX = "h-"  # of the first label of a zone: "h-silent.example"


# Two listeners


class Server(asyncio.DatagramProtocol):
    def __init__(self, options: argparse.Namespace) -> None:
        self.truth, self.public, self.private = options.truth, options.public, options.private
        self.asked: dict[bytes, int] = {}
        self.writers: dict[Ask, asyncio.StreamWriter] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        def send(octets: bytes) -> None:
            self.transport.sendto(octets, address)  # type: ignore[attr-defined]

        task = asyncio.ensure_future(self.behave(data, send, False))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def behave(
        self, data: bytes, send: Callable[[bytes], None], tcp: bool, writer: asyncio.StreamWriter | None = None
    ) -> None:
        try:
            ask = Ask(data, self, send, tcp)
        except (IndexError, struct.error):
            return  # not our subject: nobody sends it
        found = [label.removeprefix(PREFIX) for label in ask.query.labels if label.startswith(PREFIX)]
        if not found or found[-1] not in KINDS:
            return
        kind = KINDS[found[-1]]
        if writer is not None:
            self.writers[ask] = writer
            if found[-1] in NO_TCP:
                writer.close()
                return
        try:
            await kind.behave(ask)
        except OSError:
            pass  # whoever asked has gone
        finally:
            self.writers.pop(ask, None)

    def raw(self, ask: Ask, octets: bytes) -> None:
        if self.writers[ask].is_closing():
            raise ConnectionResetError
        self.writers[ask].write(octets)

    def close(self, ask: Ask) -> None:
        self.writers[ask].close()

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def send(octets: bytes) -> None:
            writer.write(struct.pack(">H", len(octets)) + octets)

        try:
            async with asyncio.timeout(TCP_LONGEST):
                while True:
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    await self.behave(await reader.readexactly(size), send, True, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for word in ("--listen", "--truth", "--public", "--private"):
        parser.add_argument(word, required=True)
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    server = Server(options)
    await loop.create_datagram_endpoint(lambda: server, (options.listen, 53))
    await asyncio.start_server(server.stream, options.listen, 53)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

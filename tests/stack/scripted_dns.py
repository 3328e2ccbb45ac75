# SPDX-License-Identifier: Apache-2.0
"""An authoritative server that does what nsd does not: it fails, refuses, truncates, and serves any octets."""

import socket
import threading
from typing import Callable, NamedTuple

A, NS, CNAME, SOA, AAAA, CAA = 1, 2, 5, 6, 28, 257
NOERROR, SERVFAIL, REFUSED = 0, 2, 5


class Question(NamedTuple):
    name: str  # lower case, without the final dot
    kind: int
    octets: bytes  # as it came: the answer repeats the case of its letters
    by_tcp: bool


class Reply(NamedTuple):
    rcode: int = NOERROR
    records: tuple[tuple[int, bytes], ...] = ()  # type, RDATA: at the name that was asked for
    truncated: bool = False


Script = Callable[[Question], Reply | None]  # None: silence


class ScriptedDns:
    """Serves one zone at one address by UDP, and by TCP unless told otherwise; ends with close()."""

    def __init__(self, zone: str, address: str, script: Script, tcp: bool = True) -> None:
        self.zone, self.script = zone, script
        self.asked: list[Question] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.sockets = [socket.socket(family, socket.SOCK_DGRAM)]
        if tcp:
            self.sockets.append(socket.socket(family, socket.SOCK_STREAM))
        for one in self.sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, 53))
        self.threads = [threading.Thread(target=self._serve_udp, daemon=True)]
        if tcp:
            self.sockets[1].listen(64)
            self.threads.append(threading.Thread(target=self._serve_tcp, daemon=True))
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # an UDP socket is not connected; whoever waits on it is woken all the same
            one.close()
        for thread in self.threads:
            thread.join(5)

    # One query after the other

    def _serve_udp(self) -> None:
        while True:
            try:
                query, sender = self.sockets[0].recvfrom(4096)
            except OSError:
                return
            if sender is None:  # it was shut down
                return
            answer = self._answer(query, False)
            if answer is not None:
                try:
                    self.sockets[0].sendto(answer, sender)
                except OSError:
                    pass

    def _serve_tcp(self) -> None:
        while True:
            try:
                client, _ = self.sockets[1].accept()
            except OSError:
                return
            threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()

    def _serve_client(self, client: socket.socket) -> None:
        with client:
            client.settimeout(10)
            try:
                while head := client.recv(2, socket.MSG_WAITALL):
                    query = client.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
                    answer = self._answer(query, True)
                    if answer is not None:
                        client.sendall(len(answer).to_bytes(2, "big") + answer)
            except OSError:
                return

    def _answer(self, query: bytes, by_tcp: bool) -> bytes | None:
        end = 12
        labels = []
        while end < len(query) and query[end]:
            labels.append(query[end + 1 : end + 1 + query[end]].decode("latin-1").lower())
            end += 1 + query[end]
        octets = query[12 : end + 5]
        kind = int.from_bytes(query[end + 1 : end + 3], "big")
        question = Question(".".join(labels), kind, octets, by_tcp)
        self.asked.append(question)
        reply = self.script(question)
        return None if reply is None else self._packet(query[:2], question, reply)

    def _packet(self, ident: bytes, question: Question, reply: Reply) -> bytes:
        records = [_record(b"\xc0\x0c", kind, rdata) for kind, rdata in reply.records]
        authority = [] if records or reply.rcode else [self._soa()]
        flags = 0x8400 | (0x0200 if reply.truncated else 0) | reply.rcode
        counts = (1, len(records), len(authority), 0)
        head = ident + flags.to_bytes(2, "big") + b"".join(n.to_bytes(2, "big") for n in counts)
        return head + question.octets + b"".join(records + authority)

    def _soa(self) -> bytes:
        numbers = b"".join(n.to_bytes(4, "big") for n in (1, 3600, 600, 86400, 1))
        apex = encode(self.zone)
        return _record(apex, SOA, encode(f"ns.{self.zone}") + apex + numbers)


def encode(name: str) -> bytes:
    """In the format of the wire."""
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def caa(flags: int, tag: bytes, value: bytes) -> tuple[int, bytes]:
    return CAA, bytes([flags, len(tag)]) + tag + value


def _record(owner: bytes, kind: int, rdata: bytes) -> bytes:
    head = kind.to_bytes(2, "big") + b"\0\1" + (1).to_bytes(4, "big")
    return owner + head + len(rdata).to_bytes(2, "big") + rdata

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clients.py NAME ADDRESS: one client of the receiver in it_lmtp.c, good or hostile; says what it did not expect.

ADDRESS is a port on 127.0.0.1, or the path of a socket.
"""

import smtplib
import socket
import sys

KNOWN, TWO, LATER, REFUSE = (f"{name}@ca.example" for name in ("known", "two", "later", "refuse"))
MAIL = b"Subject: x\r\n\r\n.\r\n..dots\r\n\xc3\xa4 8 bits\r\n"
PATIENCE_S = 20


class Raw:
    """Octets out, reply lines in."""

    def __init__(self, address: str, greet: bool = True) -> None:
        unix = address.startswith("/")
        self.socket = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(address if unix else ("127.0.0.1", int(address)))
        self.buffer = b""
        if greet:
            self.expect("220")

    def send(self, text: bytes | str) -> "Raw":
        self.socket.sendall(text.encode() if isinstance(text, str) else text)
        return self

    def line(self) -> str:
        """The next line; "" at the end."""
        while b"\r\n" not in self.buffer:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                assert not self.buffer, f"a torn line: {self.buffer!r}"
                return ""
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode()

    def reply(self) -> str:
        line = self.line()
        while line[3:4] == "-":
            line = self.line()
        return line

    def expect(self, *codes: str) -> "Raw":
        for code in codes:
            got = self.reply()
            assert got.startswith(code) and (code or not got), f"got {got!r}, want {code!r}"
        return self

    def closed(self) -> None:
        self.expect("")

    def begin(self, *to: str) -> "Raw":
        self.send("LHLO me\r\n").expect("250").send("MAIL FROM:<a@b.example>\r\n").expect("250")
        for address in to:
            self.send(f"RCPT TO:<{address}>\r\n").expect("250 2.1.5")
        return self.send("DATA\r\n").expect("354")


def delivers(address: str) -> None:
    where = {"host": address} if address.startswith("/") else {"host": "127.0.0.1", "port": int(address)}
    with smtplib.LMTP(**where) as client:  # reads one reply for a mail, and so has one recipient
        for _ in range(2):
            refused = client.sendmail("a@b.example", [KNOWN], MAIL, ["BODY=8BITMIME"])
            assert not refused, refused
        assert {"pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes", "size"} <= set(
            client.esmtp_features
        )


def knows_recipients(address: str) -> None:
    with smtplib.LMTP("127.0.0.1", int(address)) as client:
        try:
            client.sendmail("a@b.example", ["nobody@ca.example", "Known@ca.example"], MAIL)
            raise AssertionError("taken")
        except smtplib.SMTPRecipientsRefused as error:
            codes = [(code, text[:5]) for code, text in error.recipients.values()]
            assert codes == [(550, b"5.1.1")] * 2, codes
        # One that is known is enough.
        refused = client.sendmail("", ["nobody@ca.example", KNOWN], MAIL)
        assert list(refused) == ["nobody@ca.example"], refused


def each_its_answer(address: str) -> None:
    raw = Raw(address).begin(KNOWN, LATER, REFUSE, TWO)
    raw.send("x\r\n.\r\n").expect("250 2.0.0", "451 4.3.0", "550 5.7.1 not?this", "250 2.0.0")
    raw.send("QUIT\r\n").expect("221").closed()


def pipelines(address: str) -> None:
    raw = Raw(address, greet=False)
    mail = f"MAIL FROM:<>\r\nRCPT TO:<{LATER}>\r\nRCPT TO:<no@ca.example>\r\nDATA\r\n"
    raw.send("LHLO me\r\n" + (mail + "a\r\n.\r\n") * 3 + "QUIT\r\n")
    raw.socket.shutdown(socket.SHUT_WR)
    raw.expect("220", "250", *["250 2.1.0", "250 2.1.5", "550 5.1.1", "354", "451"] * 3, "221")
    raw.closed()


def keeps_the_order(address: str) -> None:
    raw = Raw(address)
    raw.send("MAIL FROM:<>\r\n").expect("503").send("HELO me\r\n").expect("500")
    raw.send("LHLO me\r\n").expect("250").send(f"RCPT TO:<{KNOWN}>\r\n").expect("503")
    raw.send("DATA\r\n").expect("503").send("MAIL FROM:<a@b.example>\r\n").expect("250")
    raw.send("MAIL FROM:<c@d.example>\r\n").expect("503").send("DATA\r\n").expect("503")
    raw.send("RCPT TO:<no@ca.example>\r\n").expect("550 5.1.1").send("DATA\r\n").expect("503")
    raw.send("RSET\r\n").expect("250").send(f"RCPT TO:<{KNOWN}>\r\n").expect("503")
    raw.send("NOOP\r\n").expect("250").send("AUTH PLAIN\r\n").expect("500")
    raw.send("MAIL FROM:<a@b.example>\r\n").expect("250")
    for _ in range(10):
        raw.send(f"RCPT TO:<{KNOWN}>\r\n").expect("250")
    raw.send(f"RCPT TO:<{KNOWN}>\r\n").expect("452 4.5.3")
    raw.send("DATA\r\n").expect("354").send(".\r\n").expect(*["250"] * 10)


def long_lines(address: str) -> None:
    Raw(address).send("NOOP " + "x" * 2041 + "\r\n").expect("250")
    Raw(address).send("NOOP " + "x" * 2042 + "\r\n").expect("500 5.5.2").closed()
    Raw(address).send("x" * 2048).expect("500 5.5.2").closed()
    raw = Raw(address).begin(KNOWN).send("x" * 100000 + "\r\n.\r\n").expect("554 5.6.0")
    raw.send("NOOP\r\n").expect("250")


def line_feeds(address: str) -> None:
    for bad in (b"NOOP\n", b"NOOP\r\r\n", b"NO\rOP\r\n", b"NOOP\0\r\n", b"\n"):
        Raw(address).send(bad).expect("500 5.5.2").closed()
    hidden = f"\r\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<{KNOWN}>\r\nDATA\r\nevil\r\n.\r\n"
    for end in ("\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r"):
        raw = Raw(address).begin(KNOWN, TWO)
        raw.send("x" + end + hidden).expect("554 5.6.0", "554 5.6.0")
        raw.send("NOOP\r\n").expect("250 2.0.0 Done")


def large_mails(address: str) -> None:
    line = b"x" * 1022 + b"\r\n"
    raw = Raw(address).begin(KNOWN).send(line * 1024 + b".\r\n").expect("250 2.0.0")
    raw.begin(KNOWN, TWO).send(line * 1024 + b"\r\n.\r\n").expect("552 5.3.4", "552 5.3.4")
    raw.begin(KNOWN).send("small\r\n.\r\n").expect("250 2.0.0")
    raw.begin(KNOWN)
    try:
        raw.send(line * 8192)
    except (ConnectionResetError, BrokenPipeError):
        return
    raw.expect("421 4.3.4")


def drip(raw: Raw, octets: bytes) -> str:
    """One octet at a time, as long as there is no reply."""
    raw.socket.settimeout(0.02)
    for octet in octets * 1000:
        try:
            raw.send(bytes([octet]))
            return raw.line()
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return "reset"
    raise AssertionError("it waits for ever")


def drips(address: str) -> None:
    assert drip(Raw(address), b"NOOP").startswith("421 4.4.2")
    assert drip(Raw(address).begin(KNOWN), b"mail\r\n").startswith("421 4.4.2")
    Raw(address).begin(KNOWN).send("no dot\r\n").expect("421 4.4.2").closed()
    Raw(address).expect("421 4.4.2").closed()


def lives_long(address: str) -> None:
    raw = Raw(address)
    replies = 0
    while raw.send("NOOP\r\n").reply().startswith("250"):
        replies += 1
    assert replies > 0


def garbage(address: str) -> None:
    raw = Raw(address)
    for _ in range(19):
        raw.send("GET / HTTP/1.1\r\n").expect("500")
    raw.send("Host: x\r\n").expect("500", "421 4.7.0").closed()
    raw = Raw(address)
    raw.send(bytes(range(255, 10, -1)) + b"\r\n" * 40).expect("500 5.5.2").closed()
    # A mail that nobody waits for is commands, and wrong ones.
    raw = Raw(address).send("LHLO me\r\nMAIL FROM:<>\r\nDATA\r\n" + "Subject: x\r\n" * 30 + ".\r\n")
    raw.expect("250", "250", "503", *["500"] * 20, "421")


def many(address: str) -> None:
    first, second = Raw(address), Raw(address)
    Raw(address, greet=False).expect("421 4.3.2").closed()
    first.send("QUIT\r\n").expect("221").closed()
    second.send("NOOP\r\n").expect("250")
    Raw(address)


def leaves(address: str) -> None:
    Raw(address).begin(LATER).send("x\r\n.\r\n").socket.close()
    Raw(address).begin(KNOWN).send("x\r\n").socket.close()
    Raw(address).send("NO").socket.close()


def waits(address: str) -> None:
    raw = Raw(address).begin(KNOWN, TWO).send("x\r\n.\r\n").expect("451 4.3.0", "451 4.3.0")
    raw.send("NOOP\r\n").expect("250")


def reads_late(address: str) -> None:
    raw = Raw(address).begin(KNOWN).send("x\r\n.\r\n" + "NOOP\r\n" * 20000)
    raw.expect("250 2.0.0 Thank", *["250 2.0.0 Done"] * 20000)


def is_drained(address: str) -> None:
    idle, busy = Raw(address), Raw(address).begin(KNOWN)
    raw = Raw(address).begin("drain@ca.example").send("x\r\n.\r\n")
    raw.expect("250", "421 4.3.2").closed()
    idle.expect("421 4.3.2").closed()
    busy.send("x\r\n.\r\n").expect("250", "421 4.3.2").closed()


if __name__ == "__main__":
    name, where = sys.argv[1:]
    globals()[name](where)

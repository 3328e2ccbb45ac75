# SPDX-License-Identifier: Apache-2.0
"""A web server that attacks whoever fetches from it; the first label of the host says how.

    hostile_web.py --dir DIR --address 127.64.0.41 --stall 127.64.0.42 --garbage 127.64.0.43 --private 127.65.0.1

What is fetched should be TOKEN; who takes anything else for it has been fooled.  At --stall a TLS handshake
never ends, at --garbage it is none.  At --private, and on ports of --address that nobody may be sent to, each
connection, and each datagram to port 53 of --private, is written to DIR/canary.log.  DIR has the certificates named in TLS.
"""

import argparse
import asyncio
import gzip
import json
import ssl
from pathlib import Path
from typing import AsyncIterator, Callable

TOKEN = b"token-of-the-test"
DOMAIN = "evil.example"
LONGEST = 60  # seconds that a connection is kept, whatever the client does
MIB = 1024 * 1024
OTHER_PORTS = (22, 25, 8080)
TLS = ("other-name", "expired", "self-signed")  # DIR/NAME.crt and DIR/NAME.key

Piece = tuple[float, bytes]  # seconds to wait, and what to say then


def answer(status: str, body: bytes = TOKEN, *fields: str, length: bool = True) -> bytes:
    head = [f"HTTP/1.1 {status}", *fields]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def redirect(to: str, status: int = 302) -> bytes:
    return answer(f"{status} Moved", TOKEN, f"Location: {to}")


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(50 * MIB))


def fixed(private: str) -> dict[str, bytes]:
    """What is said at once, and then the connection is closed."""
    first, second, third, fourth = map(int, private.split("."))
    whole = (first << 24) + (second << 16) + (third << 8) + fourth
    goals = {
        "address": private,
        "name": f"private.{DOMAIN}",
        "mixed": f"mixed.{DOMAIN}",
        "mapped": f"mapped.{DOMAIN}",
        "loopback": "127.0.0.1",
        "short": f"{first}.{(second << 16) + (third << 8) + fourth}",
        "shortest": "127.1",
        "number": str(whole),
        "hex": hex(whole),
        "octal": f"0{first:o}.0{second:o}.0{third:o}.0{fourth:o}",
        "mapped-literal": f"[::ffff:{private}]",
        "six": "[::1]",
        "metadata": "169.254.169.254",
        "percent": "".join(f"%{ord(c):02x}" for c in private),
        "full-width": private.replace(".", "\u3002").encode().decode("latin-1"),
        "dot": f"private.{DOMAIN}.",
        "dotted-address": f"{private}.",
        "localhost": "localhost",
        "port": f"good.{DOMAIN}:8080",
        "port-25": f"good.{DOMAIN}:25",
        "port-long": f"good.{DOMAIN}:65616",
        "user": f"good.{DOMAIN}@private.{DOMAIN}",
        "user-port": f"good.{DOMAIN}:80@{private}",
        "backslash": f"good.{DOMAIN}\\@{private}",
        "fragment": f"good.{DOMAIN}#@{private}",
        "tab": f"good.{DOMAIN}\t.{private}",
        "underscore": f"_private.{DOMAIN}",
        "nothing": "",
    }
    found = {f"to-{word}": redirect(f"http://{goal}/") for word, goal in goals.items()}
    found |= {f"to-{scheme}": redirect(f"{scheme}://{private}/") for scheme in ("ftp", "gopher", "dict", "ldap")}
    found |= {f"status-{code}": redirect(f"http://good.{DOMAIN}/", code) for code in (300, 301, 302, 303, 305, 307, 308)}
    found |= {f"count-{n}": redirect(f"http://count-{n - 1}.{DOMAIN}/") for n in range(2, 12)}
    return found | {
        "good": answer("200 OK"),
        "count-1": redirect(f"http://good.{DOMAIN}/"),
        "to-file": redirect("file:///etc/passwd"),
        "to-tls": redirect(f"https://other-name.{DOMAIN}/"),
        "to-tls-expired": redirect(f"https://expired.{DOMAIN}/"),
        "to-tls-self-signed": redirect(f"https://self-signed.{DOMAIN}/"),
        "to-tls-stall": redirect(f"https://stall.{DOMAIN}/"),
        "to-tls-garbage": redirect(f"https://garbage.{DOMAIN}/"),
        "to-long": redirect("/" + "x" * 2000),
        "to-longer": redirect("/" + "x" * 100000),
        "to-two": answer("302 Moved", TOKEN, "Location: /", f"Location: http://{private}/"),
        "to-injected": redirect(f"/x\rHost: {private}"),
        "round": redirect(f"http://round.{DOMAIN}/"),
        "http-0-9": TOKEN,
        "http-2": b"HTTP/2 200\r\n\r\n" + TOKEN,
        "http-1-2": answer("200 OK").replace(b"1.1", b"1.2", 1),
        "smtp": b"220 mail.example ESMTP\r\n",
        "bare-lf": answer("200 OK").replace(b"\r\n", b"\n"),
        "bare-cr": answer("200 OK").replace(b"\r\n", b"\r"),
        "folded": answer("200 OK", TOKEN, "X: a\r\n b"),
        "two-lengths": answer("200 OK", TOKEN, "Content-Length: 3"),
        "two-lengths-alike": answer("200 OK", TOKEN, f"Content-Length: {len(TOKEN)}"),
        "length-list": OK + b"Content-Length: 17, 17\r\n\r\n" + TOKEN,
        "length-minus": OK + b"Content-Length: -1\r\n\r\n" + TOKEN,
        "length-plus": OK + b"Content-Length: +17\r\n\r\n" + TOKEN,
        "length-hex": OK + b"Content-Length: 0x11\r\n\r\n" + TOKEN,
        "length-huge": OK + b"Content-Length: 99999999999999999999999\r\n\r\n" + TOKEN,
        "length-and-chunks": OK + b"Content-Length: 17\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n" + TOKEN + b"\r\n0\r\n\r\n",
        "chunk-cut": CHUNKED + b"ff\r\n" + TOKEN,
        "chunk-huge": CHUNKED + b"ffffffffffffffffff\r\n" + TOKEN + b"\r\n0\r\n\r\n",
        "chunk-minus": CHUNKED + b"-1\r\n" + TOKEN + b"\r\n0\r\n\r\n",
        "cut-body": answer("200 OK").replace(b": 17", b": 170"),
        "cut-head": OK + b"Content-Le",
        "nothing": b"",
        "gzip": answer("200 OK", gzip.compress(TOKEN), "Content-Encoding: gzip"),
        "gzip-bomb": answer("200 OK", BOMB, "Content-Encoding: gzip"),
        "gzip-transfer": answer("200 OK", BOMB, "Transfer-Encoding: gzip", length=False),
        "gzip-chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        "identity": answer("200 OK", TOKEN, "Content-Encoding: identity"),
        "head-10-mib": OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(10 * 1024)) + b"\r\n" + TOKEN,
        "head-line": OK + b"X: " + b"x" * (10 * MIB) + b"\r\n\r\n" + TOKEN,
        "head-many": OK + b"X: y\r\n" * 5000 + b"\r\n" + TOKEN,
        "informed": b"HTTP/1.1 100 Continue\r\n\r\n" * 50000 + answer("200 OK"),
        "switched": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + TOKEN,
        "nul-in-head": answer("200 OK", TOKEN, "X: a\0b"),
        "status-2000": answer("2000 OK"),
        "status-0200": answer("0200 OK"),
        "status-word": answer("OK"),
        "partial": answer("206 Partial Content"),
        "created": answer("201 Created"),
        "missing": answer("404 Not Found"),
        "failing": answer("503 Come Again", TOKEN, "Retry-After: 1"),
        "refresh": answer("200 OK", b"", f"Refresh: 0; url=http://good.{DOMAIN}/"),
        "meta": answer("200 OK", b'<meta http-equiv="refresh" content="0;url=http://good.%s/">' % DOMAIN.encode()),
        "commented": answer("200 OK", b"<!-- " + TOKEN + b" -->"),
        "other-case": answer("200 OK", TOKEN.upper()),
        "behind-nul": answer("200 OK", b"\0" + TOKEN),
        "before-nul": answer("200 OK", TOKEN + b"\0"),
        "prefixed": answer("200 OK", TOKEN + b"-and-more"),
        "twice": answer("200 OK", TOKEN + b"\n" + TOKEN),
        "two-line-ends": answer("200 OK", TOKEN + b"\n\n"),
        "wide": answer("200 OK", TOKEN.decode().encode("utf-16")),
        "marked": answer("200 OK", b"\xef\xbb\xbf" + TOKEN),
        "megabyte": answer("200 OK", TOKEN + b" " * MIB),
        "in-a-field": answer("200 OK", b"", f"X: {TOKEN.decode()}"),
        "pipelined": answer("404 Not Found", b"") + answer("200 OK"),
    }


async def for_ever(start: bytes, piece: bytes, pause: float) -> AsyncIterator[Piece]:
    yield 0, start
    while True:
        yield pause, piece


SLOW: dict[str, Callable[[], AsyncIterator[Piece]]] = {
    "silent": lambda: for_ever(b"", b"", 1),
    "head-drip": lambda: for_ever(OK, b"X: y\r\n", 1),
    "line-drip": lambda: for_ever(OK + b"X: ", b"y", 0.5),
    "body-drip": lambda: for_ever(OK + b"Content-Length: 1000\r\n\r\n", b"t", 1),
    "chunk-drip": lambda: for_ever(CHUNKED, b"1\r\nt\r\n", 1),
    "endless-head": lambda: for_ever(OK, b"X: y\r\n" * 1000, 0),
    "endless-line": lambda: for_ever(OK + b"X: ", b"y" * 10000, 0),
    "endless-body": lambda: for_ever(OK + b"\r\n", b"y" * 10000, 0),
    "endless-size": lambda: for_ever(CHUNKED, b"0" * 10000, 0),
    "endless-missing": lambda: for_ever(b"HTTP/1.1 404 Not Found\r\n\r\n", b"y" * 10000, 0),
    "endless-information": lambda: for_ever(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, 0),
    "unclosed": lambda: for_ever(answer("302 Moved", TOKEN, f"Location: http://good.{DOMAIN}/"), b"", 1),
}


class Site:
    def __init__(self, options: argparse.Namespace) -> None:
        self.fixed = fixed(options.private)
        self.log: Path = options.dir / "canary.log"
        self.log.touch()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the other side has seen enough
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        host = fields.get("Host", "")
        kind = host.partition(".")[0]
        if host.endswith("h-rebinding.example"):  # its name server says something else each time
            writer.write(redirect("/again"))
        elif kind == "echo":
            writer.write(answer("200 OK", head.encode("latin-1")))
        elif kind in SLOW:
            async for pause, piece in SLOW[kind]():
                await asyncio.sleep(pause)
                writer.write(piece)
                await writer.drain()
        else:
            writer.write(self.fixed.get(kind, answer("200 OK")))
        await writer.drain()

    def touched(self, address: str, port: int) -> None:
        with open(self.log, "a") as log:
            log.write(json.dumps({"address": address, "port": port}) + "\n")

    def canary(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.touched(*writer.get_extra_info("sockname"))
        writer.write(answer("200 OK"))
        writer.close()


class NoNameServer(asyncio.DatagramProtocol):
    """Where a delegation points to, and nobody may ask."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.here = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, _: object) -> None:
        self.site.touched(*self.here)


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads and never answers."""
    try:
        async with asyncio.timeout(LONGEST):
            while await reader.read(4096):
                pass
    except (OSError, TimeoutError):
        pass
    writer.close()


async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(answer("200 OK"))
    writer.close()


def tls(directory: Path) -> ssl.SSLContext:
    """The certificate follows the name that the client says."""

    def context(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(directory / f"{name}.crt", directory / f"{name}.key")
        return made

    found = {name: context(name) for name in TLS}

    def choose(connection: ssl.SSLObject, name: str, _: ssl.SSLContext) -> None:
        connection.context = found.get((name or "").partition(".")[0], found[TLS[0]])

    found[TLS[0]].sni_callback = choose  # type: ignore[assignment]
    return found[TLS[0]]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, required=True)
    for word in ("--address", "--stall", "--garbage", "--private"):
        parser.add_argument(word, required=True)
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, what: None)  # clients that have gone
    site = Site(options)
    for port in OTHER_PORTS:
        await asyncio.start_server(site.canary, options.address, port)
    for port in (80, 443):
        await asyncio.start_server(site.canary, options.private, port)
    await loop.create_datagram_endpoint(lambda: NoNameServer(site), (options.private, 53))
    await asyncio.start_server(hold, options.stall, 443)
    await asyncio.start_server(babble, options.garbage, 443)
    await asyncio.start_server(site.serve, options.address, 443, ssl=tls(options.dir))
    await asyncio.start_server(site.serve, options.address, 80, backlog=512)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

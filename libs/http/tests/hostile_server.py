# SPDX-License-Identifier: Apache-2.0
"""A web server that behaves as the path says, octet for octet.  Usage: hostile_server.py DIRECTORY"""
import asyncio
import gzip
import ssl
import sys

directory = sys.argv[1]
WEB = "http://web.customer.example"


def answer(status, body=b"", *fields, length=True):
    head = [f"HTTP/1.1 {status}", *fields]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def redirect(status, *locations):
    return answer(f"{status} Moved", b"not this", *(f"Location: {to}" for to in locations))


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
answers = {
    "/good": answer("200 OK", b"token\n"),
    "/empty": answer("200 OK"),
    "/created": answer("201 Created", b"token"),
    "/no-content": answer("204 No Content", length=False),
    "/missing": answer("404 Not Found", b"token" * 1000),
    "/error": answer("500 Oops", b"token"),
    "/refresh": answer("200 OK", b"x", f"Refresh: 0; url={WEB}/good"),
    "/old": b"HTTP/1.0 200 OK\r\n\r\ntoken",
    "/chunked": CHUNKS + b"3\r\ntok\r\n2\r\nen\r\n0\r\n\r\n",
    "/trailer": CHUNKS + b"5\r\ntoken\r\n0\r\nContent-Encoding: gzip\r\n\r\n",
    "/1024": answer("200 OK", b"x" * 1024),
    "/1025": answer("200 OK", b"x" * 1025),
    "/1025-chunked": CHUNKS + b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n",
    "/1025-until-close": answer("200 OK", b"x" * 1025, length=False),
    "/head-large": answer("200 OK", b"x", "X: " + "x" * 17000),
    "/head-many": answer("200 OK", b"x", *["X: y"] * 120),
    "/informed": b"HTTP/1.1 103 Hints\r\nLocation: /nowhere\r\n\r\n" + answer("200 OK", b"token"),
    "/informed-for-ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
    "/informed-only": b"HTTP/1.1 100 Continue\r\n\r\n",
    "/other-case": b"HTtP/1.1 200 OK\r\n\r\n",
    "/short": answer("200 OK", b"token").replace(b": 5", b": 50"),
    "/http-0.9": b"token",
    "/http-2": b"HTTP/2 200\r\n\r\ntoken",
    "/not-http": b"220 smtp.example ESMTP\r\n",
    "/nothing": b"",
    "/two-lengths": answer("200 OK", b"token", "Content-Length: 3"),
    "/length-list": answer("200 OK", b"token", "Content-Length: 5, 5", length=False),
    "/length-plus": answer("200 OK", b"token", "Content-Length: +5", length=False),
    "/length-minus": answer("200 OK", b"token", "Content-Length: -5", length=False),
    "/length-empty": answer("200 OK", b"token", "Content-Length:", length=False),
    "/length-huge": answer("200 OK", b"token", "Content-Length: " + "9" * 23, length=False),
    "/length-and-chunks": CHUNKS.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n") + b"5\r\ntoken\r\n0\r\n\r\n",
    "/two-codings": CHUNKS.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"5\r\ntoken\r\n0\r\n\r\n",
    "/folded": b"HTTP/1.1 302 Found\r\nLocation:\r\n /good\r\n\r\n",
    "/gzip": answer("200 OK", gzip.compress(b"token"), "Content-Encoding: gzip"),
    "/gzip-bomb": answer("200 OK", gzip.compress(bytes(10_000_000)), "Content-Encoding: gzip"),
    "/gzip-transfer": answer("200 OK", gzip.compress(bytes(10_000_000)), "Transfer-Encoding: gzip",
                             length=False),
    "/gzip-chunked": answer("200 OK", b"", "Transfer-Encoding: gzip, chunked", length=False),
    "/301": redirect(301, "/good"),
    "/302": redirect(302, WEB + "/good"),
    "/303": redirect(303, "/good"),
    "/307": redirect(307, "//web.customer.example/good"),
    "/308": redirect(308, WEB + ":80/good"),
    "/300": redirect(300, "/good"),
    "/to-tls": redirect(301, "https://web.customer.example/good"),
    "/to-other-name": redirect(302, "http://other.customer.example/good"),
    "/to-private-name": redirect(302, "http://private.customer.example/good"),
    "/to-mixed-name": redirect(302, "http://mixed.customer.example/good"),
    "/to-nowhere-name": redirect(302, "http://nowhere.customer.example/good"),
    "/to-address": redirect(302, "http://127.0.0.1/good"),
    "/to-number": redirect(302, "http://2130706433/good"),
    "/to-file": redirect(302, "file:///etc/passwd"),
    "/to-gopher": redirect(302, "gopher://web.customer.example:25/_x"),
    "/to-port": redirect(302, WEB + ":25/good"),
    "/to-userinfo": redirect(302, "http://a@web.customer.example/good"),
    "/to-fragment": redirect(302, "/good#x"),
    "/to-relative": redirect(302, "good"),
    "/to-long": redirect(302, "/" + "x" * 2000),
    "/to-100-kilobytes": redirect(302, "/" + "x" * 100000),
    "/to-nothing": redirect(302),
    "/to-two": redirect(302, "/good", "/good"),
    "/to-line-end": redirect(302, "/good\rX: y"),
    "/loop": redirect(302, "/loop"),
    "/redirect-endless": redirect(302, "/good").replace(b"Content-Length: 8", b"X: y"),
}
answers.update({f"/count-{n}": redirect(302, f"/count-{n - 1}") for n in range(2, 12)})
answers["/count-1"] = redirect(302, "/good")
endless = {
    "/endless": answer("200 OK", b"", length=False),
    "/endless-missing": answer("404 Not Found", b"", length=False),
    "/endless-head": b"HTTP/1.1 200 OK\r\n",
    "/endless-line": b"HTTP/1.1 200 OK\r\nX: ",
    "/endless-chunk-size": CHUNKS,
}
silent = {
    "/silent": b"",
    "/silent-head": b"HTTP/1.1 200 OK\r\nX",
    "/silent-body": answer("200 OK", b"tok").replace(b": 3", b": 5"),
}


async def write_for_ever(writer, path):
    piece = {"/endless-head": b"X: y\r\n" * 100, "/endless-chunk-size": b"0" * 600}.get(path, b"x" * 600)
    while True:
        writer.write(piece)
        await writer.drain()


async def serve(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ")[1]
        if path == "/echo":
            writer.write(answer("200 OK", head.encode("latin-1")))
        elif path in answers:
            writer.write(answers[path])
        elif path in endless:
            writer.write(endless[path])
            await write_for_ever(writer, path)
        elif path in silent:
            writer.write(silent[path])
            await reader.read()
        else:
            writer.write(answer("404 Not Found", path.encode("latin-1")))
        await writer.drain()
        if path == "/redirect-endless":
            await reader.read()
    except (OSError, asyncio.IncompleteReadError):
        pass  # the fetcher has seen enough
    finally:
        writer.close()


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/server.pem", f"{directory}/server.key")
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: None)
    http = await asyncio.start_server(serve, "127.0.0.1", 0)
    https = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(f"CS_HTTP_IT_PORT={http.sockets[0].getsockname()[1]}"
          f" CS_HTTP_IT_TLS_PORT={https.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main())

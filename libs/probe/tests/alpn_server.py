#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Answers on port 443 while PROGRAM runs: tls-alpn-01 challenges (RFC 8737), well and badly, and others.

    alpn_server.py PROGRAM...

By address, in the block of the stack it runs in (CS_STACK_BLOCK):

    .81  TLS; the first label of the name asked for says what is wrong with the certificate
    .82  says something that is not TLS
    .83  hangs up after the first octets
    .84  nobody
    .85  a web server over TLS, whose every page is the value
"""

import hashlib
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

VALUE = b"abcdefghijklmnopqrstuvwxyz234567"
BELOW = "tls.alpha.example"
KEY_AUTHORIZATION = b"abcdefghijklmnopqrstuvwx_-.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
IDENTIFIER = "1.3.6.1.5.5.7.1.31"
DIGEST = hashlib.sha256(KEY_AUTHORIZATION).hexdigest()
GOOD = f"critical,DER:0420{DIGEST}"
# Label: names, acmeIdentifier; "" is none.  {name} is the label's own name.
CERTIFICATES = {
    "good": ("DNS:{name}", GOOD),
    "upper": ("DNS:UPPER.TLS.Alpha.Example", GOOD),
    "noalpn": ("DNS:{name}", GOOD),
    "nonames": ("", GOOD),
    "two": ("DNS:{name},DNS:other.example", GOOD),
    "mixed": ("DNS:{name},IP:192.0.2.1", GOOD),
    "address": ("IP:192.0.2.1", GOOD),
    "wildcard": ("DNS:*.tls.alpha.example", GOOD),
    "other": ("DNS:good.tls.alpha.example", GOOD),
    "noidentifier": ("DNS:{name}", ""),
    "notcritical": ("DNS:{name}", f"DER:0420{DIGEST}"),
    "short": ("DNS:{name}", f"critical,DER:041f{DIGEST[2:]}"),
    "bare": ("DNS:{name}", f"critical,DER:{DIGEST}"),
    "differs": ("DNS:{name}", f"critical,DER:0420{DIGEST[:-2]}00"),
    "signed": ("DNS:{name}", GOOD),
}


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL)


def make_certificate(where: Path, label: str, names: str, identifier: str) -> None:
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "2", "-subj", f"/CN={label}", "-keyout", str(where / f"{label}.key")]
    if names:
        words += ["-addext", f"subjectAltName={names.format(name=f'{label}.{BELOW}')}"]
    if identifier:
        words += ["-addext", f"{IDENTIFIER}={identifier}"]
    if label == "signed":  # by another key, in another name
        words += ["-CA", str(where / "good.pem"), "-CAkey", str(where / "good.key")]
    openssl(*words, "-out", str(where / f"{label}.pem"))


def contexts(where: Path) -> dict[str, ssl.SSLContext]:
    made = {}
    for label, (names, identifier) in CERTIFICATES.items():
        make_certificate(where, label, names, identifier)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(where / f"{label}.pem", where / f"{label}.key")
        context.set_alpn_protocols(["h2"] if label == "noalpn" else ["acme-tls/1"])
        made[label] = context
    return made


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Tls(socketserver.BaseRequestHandler):
    by_label: dict[str, ssl.SSLContext]

    def handle(self) -> None:
        # Which protocols are offered is settled with the first context: so it must be the right one.
        self.request.settimeout(5)
        label = label_asked_for(self.request.recv(4096, socket.MSG_PEEK))
        try:
            with self.by_label[label].wrap_socket(self.request, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            pass


def label_asked_for(hello: bytes) -> str:
    for label in CERTIFICATES:
        if f"{label}.{BELOW}".encode() in hello:
            return label
    return "good"


class Web(socketserver.BaseRequestHandler):
    context: ssl.SSLContext

    def handle(self) -> None:
        self.request.settimeout(5)
        try:
            with self.context.wrap_socket(self.request, server_side=True) as tls:
                tls.recv(4096)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n" + VALUE)
                tls.recv(1)
        except OSError:
            pass


class Plain(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        self.request.recv(4096)


class Cut(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(4096)


def serve(last: int, handler: type[socketserver.BaseRequestHandler]) -> None:
    server = Server((f"{os.environ['CS_STACK_BLOCK']}.{last}", 443), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> int:
    with tempfile.TemporaryDirectory() as where:
        made = contexts(Path(where))
        serve(81, type("BoundTls", (Tls,), {"by_label": made}))
        serve(85, type("BoundWeb", (Web,), {"context": made["two"]}))
        serve(82, Plain)
        serve(83, Cut)
        return subprocess.run(sys.argv[1:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

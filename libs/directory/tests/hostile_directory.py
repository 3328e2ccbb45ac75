# SPDX-License-Identifier: Apache-2.0
"""Servers that are no good directories, each on a port of its own, under TLS.  Prints their settings in one line, and
serves until it is killed.  hostile_directory.py DIRECTORY_OF_CERTIFICATES"""

import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Callable

SUCCESS = bytes.fromhex("300c02010161070a010004000400")


def silent(peer: ssl.SSLSocket) -> None:
    while peer.recv(4096):
        pass


def http(peer: ssl.SSLSocket) -> None:
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def endless(peer: ssl.SSLSocket) -> None:
    """A message that announces 16,384 octets, and then as many as are taken."""
    peer.recv(4096)
    peer.sendall(b"\x30\x83\x00\x40\x00")
    while True:
        peer.sendall(bytes(65536))


def closing(peer: ssl.SSLSocket) -> None:
    peer.recv(4096)


def disconnecting(peer: ssl.SSLSocket) -> None:
    """The notice of RFC 4511 4.4.1: result 52, unavailable."""
    peer.recv(4096)
    oid = b"1.3.6.1.4.1.1466.20036"
    op = bytes.fromhex("0a013404000400") + bytes([0x8A, len(oid)]) + oid
    peer.sendall(bytes([0x30, 5 + len(op), 2, 1, 0, 0x78, len(op)]) + op)


def of_another(peer: ssl.SSLSocket) -> None:
    """Success, of a request that nobody made."""
    peer.recv(4096)
    peer.sendall(SUCCESS[:4] + b"\x07" + SUCCESS[5:])


def referring(peer: ssl.SSLSocket) -> None:
    peer.recv(4096)
    url = b"ldaps://127.0.0.1:1/"
    op = bytes.fromhex("0a010a04000400") + bytes([0xA3, len(url) + 2, 4, len(url)]) + url
    peer.sendall(bytes([0x30, 5 + len(op), 2, 1, 1, 0x61, len(op)]) + op)


def by_octets(peer: ssl.SSLSocket) -> None:
    """A good answer, each octet in a record of its own."""
    peer.recv(4096)
    for octet in SUCCESS:
        peer.sendall(bytes([octet]))
    silent(peer)


def serve(listening: socket.socket, context: ssl.SSLContext, act: Callable[[ssl.SSLSocket], None]) -> None:
    def one(peer: socket.socket) -> None:
        try:
            with context.wrap_socket(peer, server_side=True) as under_tls:
                act(under_tls)
        except OSError:
            peer.close()

    while True:
        threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()


def main() -> None:
    directory = Path(sys.argv[1])
    settings = []
    acts = [silent, http, endless, closing, disconnecting, of_another, referring, by_octets]
    for name, act in [(act.__name__, act) for act in acts] + [("stranger", by_octets)]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        of = "stranger" if name == "stranger" else "server"
        context.load_cert_chain(directory / f"{of}.pem", directory / f"{of}.key")
        listening = socket.create_server(("127.0.0.1", 0))
        settings.append(f"CS_IT_{name.upper()}={listening.getsockname()[1]}")
        threading.Thread(target=serve, args=(listening, context, act), daemon=True).start()
    print(" ".join(settings), flush=True)
    threading.Event().wait()


main()

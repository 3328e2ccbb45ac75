# SPDX-License-Identifier: Apache-2.0
"""Servers of identity providers and of messages, on loopback, each with a certificate of one CA; some are hostile."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Callable

from procs import run

LONGEST = 40.0  # seconds that a connection is kept
Talk = Callable[["ssl.SSLSocket", str], None]  # to whoever came, of the path it asked for


def make_ca(where: Path) -> None:
    """WHERE/ca.crt, and certificates good and expired for 127.0.0.1 and localhost; stranger is of no CA."""
    where.mkdir()
    new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    key = ["-keyout", where / "ca.key", "-out", where / "ca.crt"]
    run([*new, "-x509", "-subj", "/CN=providers", "-addext", "basicConstraints=critical,CA:TRUE", *key])
    (where / "names").write_text("subjectAltName = IP:127.0.0.1, DNS:localhost\n")
    for name, days, signer in (
        ("good", "30", ["-CA", where / "ca.crt", "-CAkey", where / "ca.key"]),
        ("expired", "-1", ["-CA", where / "ca.crt", "-CAkey", where / "ca.key"]),
        ("stranger", "30", ["-signkey", where / "stranger.key"]),
    ):
        made = where / f"{name}.csr"
        run([*new, "-subj", f"/CN={name}.provider", "-keyout", where / f"{name}.key", "-out", made])
        words = ["-days", days, "-extfile", where / "names", "-out", where / f"{name}.crt"]
        run(["openssl", "x509", "-req", "-in", made, *signer, *words])


class Provider:
    """Listens until close(); each connection talks by itself.  `asked`: first lines of requests."""

    def __init__(self, certificates: Path, talk: Talk, certificate: str = "good") -> None:
        self.talk = talk
        self.asked: list[str] = []
        self.connections = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(LONGEST)
        try:
            with self.context.wrap_socket(plain, server_side=True) as connection:
                line = connection.recv(4096).split(b"\r\n")[0].decode("latin-1")
                self.asked.append(line)
                if line:
                    self.talk(connection, (line.split(" ") + [""])[1])
        except OSError:
            pass  # the other side has seen enough
        finally:
            plain.close()


def answers(status: str, body: bytes = b"", *fields: str) -> Talk:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *fields])

    def talk(connection: ssl.SSLSocket, _: str) -> None:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)

    return talk


def endless(connection: ssl.SSLSocket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def silent(connection: ssl.SSLSocket, _: str) -> None:
    while connection.recv(4096):
        pass

# SPDX-License-Identifier: Apache-2.0
"""A gateway for short messages: takes a POST of {"to", "text"} over TLS, keeps it, and answers as it is told."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

LARGEST = 4096


class Message(NamedTuple):
    to: str
    text: str
    authorization: str
    path: str


class SmsGateway:
    """Listens until close(), with a certificate of provider.make_ca(); `status`: what it answers."""

    def __init__(self, certificates: Path, certificate: str = "good") -> None:
        self.status = 202
        self.messages: list[Message] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                octets = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), LARGEST))
                said: dict[str, Any] = json.loads(octets)
                if gateway.status < 300:
                    gateway.messages.append(
                        Message(said["to"], said["text"], self.headers.get("Authorization", ""), self.path)
                    )
                self.send_response(gateway.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.endpoint = f"https://127.0.0.1:{self.server.server_address[1]}/v1/messages"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def to(self, number: str) -> list[Message]:
        return [message for message in self.messages if message.to == number]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

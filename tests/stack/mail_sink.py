# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that keeps every mail as a file and can be told to misbehave, with a JSON view.

    mail_sink.py --dir DIR --smtp 127.64.0.25:25 --smtp 127.0.0.1:20025 --view 127.0.0.1:20080

A mail is DIR/000001.eml (as received) and DIR/000001.json (envelope, time); the second appears
last.  DIR/behaviour.json maps a recipient ("bob@alpha.example"), a domain ("@alpha.example") or
"*" to what happens at RCPT TO: "550", "451", or "hang" (never an answer).  It is read each time.

    GET /mails?to=ADDRESS&after=NUMBER    the envelopes, oldest first
    GET /mails/NUMBER                     one mail as received
"""

import argparse
import asyncio
import json
import ssl
import threading
import time
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

REPLIES = {"550": "550 5.1.1 No such mailbox", "451": "451 4.3.0 Try again later"}
LARGEST_MAIL = 1 << 20


class Mails:
    """The mails of one directory, in memory and on disk."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.lock = threading.Lock()
        self.envelopes: list[dict[str, Any]] = [
            json.loads(path.read_text()) for path in sorted(where.glob("0*.json"))
        ]

    def keep(self, sender: str, recipients: list[str], content: bytes, tls: bool) -> None:
        with self.lock:
            number = len(self.envelopes) + 1
            envelope = {
                "number": number,
                "from": sender,
                "to": recipients,
                "time": time.time(),
                "tls": tls,
                "file": f"{number:06}.eml",
            }
            self._put(f"{number:06}.eml", content)
            self._put(f"{number:06}.json", json.dumps(envelope).encode())
            self.envelopes.append(envelope)

    def find(self, to: str | None, after: int) -> list[dict[str, Any]]:
        with self.lock:
            return [
                envelope
                for envelope in self.envelopes[after:]
                if to is None or to in envelope["to"]
            ]

    def behaviour(self, recipient: str) -> str:
        try:
            rules = json.loads((self.where / "behaviour.json").read_text())
        except FileNotFoundError:
            return "accept"
        domain = "@" + recipient.rpartition("@")[2]
        return next((rules[key] for key in (recipient, domain, "*") if key in rules), "accept")

    def _put(self, name: str, content: bytes) -> None:
        fresh = self.where / f"{name}.new"
        fresh.write_bytes(content)
        fresh.rename(self.where / name)


class Sink:
    """The hooks of aiosmtpd."""

    def __init__(self, mails: Mails) -> None:
        self.mails = mails

    async def handle_RCPT(
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        recipient = parseaddr(address)[1]
        behaviour = self.mails.behaviour(recipient)
        if behaviour == "hang":
            await asyncio.Event().wait()  # until the client goes away
        if behaviour in REPLIES:
            return REPLIES[behaviour]
        envelope.rcpt_tos.append(recipient)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.mails.keep(
            envelope.mail_from or "", envelope.rcpt_tos, content, session.ssl is not None
        )
        return "250 OK"


class View(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mails: Mails

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        number = url.path.removeprefix("/mails/")
        if url.path == "/mails":
            found = self.mails.find(
                query["to"][0] if "to" in query else None, int(query.get("after", ["0"])[0])
            )
            self._answer(200, "application/json", json.dumps(found).encode())
        elif number.isdigit() and (file := self.mails.where / f"{int(number):06}.eml").exists():
            self._answer(200, "message/rfc822", file.read_bytes())
        else:
            self._answer(404, "text/plain; charset=utf-8", b"no such mail\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--smtp", type=endpoint, action="append", required=True)
    parser.add_argument("--view", type=endpoint, required=True)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    options = parser.parse_args()
    mails = Mails(options.dir)
    tls = None
    if options.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
    smtp: dict[str, Any] = {
        "enable_SMTPUTF8": True,
        "data_size_limit": LARGEST_MAIL,
        "ident": "Test sink",
    }
    for host, port in options.smtp:
        controller = Controller(Sink(mails), hostname=host, port=port, tls_context=tls, **smtp)
        controller.start()  # type: ignore[no-untyped-call]
    view = type("BoundView", (View,), {"mails": mails})
    ThreadingHTTPServer(options.view, view).serve_forever()


if __name__ == "__main__":
    main()

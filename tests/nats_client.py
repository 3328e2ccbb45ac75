# SPDX-License-Identifier: Apache-2.0
"""A small, strict NATS client: TLS, nkey login, publishing, subscribing, asking.

It stands for whoever holds a user's seed, be it a service or a thief.  What the server forbids is an
exception: errors that concern a message come before the answer to the PING behind it.
"""

import base64
import json
import secrets
import socket
import ssl
import sys
import time
from pathlib import Path
from typing import Any, Mapping, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent / "stack"))

from ed25519 import Key  # noqa: E402
from secrets_dir import nkey_seed  # noqa: E402

NO_RESPONDERS = "503"


class Forbidden(Exception):
    """The server says that this user may not."""


class Message(NamedTuple):
    subject: str
    reply: str
    headers: dict[str, str]  # "Status" for the status line
    body: bytes


class NatsClient:
    def __init__(self, url: str, ca_file: Path | str, seed_file: Path, timeout: float = 5) -> None:
        self.user = seed_file.stem
        host, port = url.removeprefix("tls://").split(":")
        plain = socket.create_connection((host, int(port)), timeout=timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.socket = plain
        self.errors: list[str] = []
        self.messages: dict[str, list[Message]] = {}
        self.last_sid = 0
        self.info = json.loads(self._line().removeprefix(b"INFO "))
        tls = ssl.create_default_context(cafile=str(ca_file))
        self.socket = tls.wrap_socket(plain, server_hostname=host)
        signature = Key(nkey_seed(seed_file)).sign(self.info["nonce"].encode())
        login = {
            "verbose": False,
            "pedantic": True,
            "tls_required": True,
            "headers": True,
            "no_responders": True,
            "lang": "test",
            "version": "1",
            "protocol": 1,
            "nkey": seed_file.read_text().split()[1],
            "sig": base64.urlsafe_b64encode(signature).decode().rstrip("="),
        }
        self._send(b"CONNECT " + json.dumps(login).encode() + b"\r\n")
        try:
            self.flush()
        except Forbidden as refusal:
            self.close()
            raise ConnectionError(str(refusal)) from None

    @classmethod
    def of(cls, stack: Any, user: str) -> "NatsClient":
        return cls(stack.nats.url, stack.nats.ca_file, stack.nats.seed_file(user))

    def __enter__(self) -> "NatsClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    # What a client says

    def send(
        self,
        subject: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        reply: str = "",
    ) -> None:
        """Sends without waiting for anything: flush() says whether it was allowed."""
        self._send(frame(subject, body, headers, reply))

    def send_frames(self, octets: bytes) -> None:
        """Messages that frame() wrote before, as many as they are."""
        self._send(octets)

    def publish(
        self, subject: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send(subject, body, headers)
        self.flush()

    def subscribe(self, subject: str) -> str:
        self.last_sid += 1
        sid = str(self.last_sid)
        self.messages[sid] = []
        self._send(f"SUB {subject} {sid}\r\n".encode())
        self.flush()
        return sid

    def next(self, sid: str, timeout: float = 5) -> Message | None:
        deadline = time.monotonic() + timeout
        while not self.messages[sid]:
            left = deadline - time.monotonic()
            if left <= 0 or not self._serve(left):
                return None
        return self.messages[sid].pop(0)

    def ask(
        self,
        subject: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = 5,
    ) -> Message | None:
        """The first answer; None when none came in time, or nobody listens."""
        inbox = self.inbox_for(subject)
        sid = self.subscribe(inbox)
        self.send(subject, body, headers, inbox)
        self.flush()
        answer = self.next(sid, timeout)
        self._send(f"UNSUB {sid}\r\n".encode())
        return None if answer and answer.headers.get("Status") == NO_RESPONDERS else answer

    def inbox_for(self, subject: str) -> str:
        """Questions are answered below the inbox, where who is asked may write."""
        inbox = f"_INBOX_{self.user_of_inbox}.{secrets.token_hex(8)}"
        what = subject.removeprefix("ask.")
        return inbox if what == subject else f"{inbox}.{what}.{secrets.token_hex(8)}"

    def api(self, subject: str, body: Any = None) -> dict[str, Any]:
        """One request to the JetStream API."""
        octets = b"" if body is None else json.dumps(body).encode()
        answer = self.ask(f"$JS.API.{subject}", octets)
        if answer is None:
            raise TimeoutError(f"no answer to $JS.API.{subject}")
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def store(
        self, subject: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Publishes into a stream and returns what the stream says to it."""
        answer = self.ask(subject, body, headers)
        if answer is None:
            raise TimeoutError(f"no stream took {subject}")
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def flush(self) -> None:
        """Waits until the server has seen all that was sent; raises what it forbade."""
        self._send(b"PING\r\n")
        while self._serve(5) != "PONG":
            pass
        if self.errors:
            errors, self.errors = self.errors, []
            raise Forbidden("; ".join(errors))

    @property
    def user_of_inbox(self) -> str:
        """Perspectives share the inbox of their service."""
        return "mpic-perspective" if self.user.startswith("mpic-perspective-") else self.user

    # What the server says

    def _serve(self, timeout: float) -> str:
        """Handles one protocol line; its verb, or "" when none came in time."""
        self.socket.settimeout(timeout)
        try:
            line = self._line()
        except TimeoutError:
            return ""
        verb, _, rest = line.decode().partition(" ")
        if verb == "PING":
            self._send(b"PONG\r\n")
        elif verb == "-ERR":
            self.errors.append(rest.strip("'"))
            if "Permissions Violation" not in rest:
                raise Forbidden(rest)
        elif verb in ("MSG", "HMSG"):
            self._take(verb, rest.split())
        elif verb not in ("PONG", "INFO", "+OK"):
            raise ConnectionError(f"the server said {line[:80]!r}")
        return verb

    def _take(self, verb: str, words: list[str]) -> None:
        self.socket.settimeout(5)
        numbers = 2 if verb == "HMSG" else 1
        subject, sid = words[0], words[1]
        reply = words[2] if len(words) == 3 + numbers else ""
        octets = self._octets(int(words[-1]) + 2)[:-2]
        head = int(words[-2]) if verb == "HMSG" else 0
        if sid in self.messages:
            message = Message(subject, reply, _headers(octets[:head]), octets[head:])
            self.messages[sid].append(message)

    def _send(self, octets: bytes) -> None:
        self.socket.settimeout(10)
        self.socket.sendall(octets)

    def _line(self) -> bytes:
        while b"\r\n" not in self.received:
            self._more()
        line, _, self.received = self.received.partition(b"\r\n")
        return line

    def _octets(self, count: int) -> bytes:
        while len(self.received) < count:
            self._more()
        octets, self.received = self.received[:count], self.received[count:]
        return octets

    def _more(self) -> None:
        # Before TLS begins nothing may be read beyond the first line.
        more = self.socket.recv(65536 if isinstance(self.socket, ssl.SSLSocket) else 1)
        if not more:
            raise ConnectionError("; ".join(self.errors) or "the server closed the connection")
        self.received += more


def frame(
    subject: str, body: bytes, headers: Mapping[str, str] | None = None, reply: str = ""
) -> bytes:
    """One message as it goes over the wire."""
    to = f"{subject} {reply}" if reply else subject
    if not headers:
        return f"PUB {to} {len(body)}\r\n".encode() + body + b"\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"NATS/1.0\r\n{lines}\r\n".encode()
    return f"HPUB {to} {len(head)} {len(head) + len(body)}\r\n".encode() + head + body + b"\r\n"


def _headers(octets: bytes) -> dict[str, str]:
    if not octets:
        return {}
    status, *lines = octets.decode().split("\r\n")
    found = {"Status": status.removeprefix("NATS/1.0").strip()[:3]}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found[name] = value.strip()
    return found

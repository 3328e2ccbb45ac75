# SPDX-License-Identifier: Apache-2.0
"""A person who asks for a certificate: what a browser would do, over the public API."""

import email
import email.policy
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "stack"))

from stack import Stack  # noqa: E402
from wait import wait_for  # noqa: E402

ENDED = ("issued", "refused", "cancelled", "expired", "revoked")
TOKEN = re.compile(r"^\s*((?:[A-Z2-7]{4}[- ]){7}[A-Z2-7]{4})\s*$", re.MULTILINE)


class Refused(Exception):
    """An answer that is a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem}")
        self.status, self.problem = status, problem


def make_csr(where: Path, name: str, algorithm: str = "ec") -> tuple[Path, Path]:
    """A new key and a request for it, by the openssl command; returns (key, csr)."""
    key, csr = where / f"{name}.key.pem", where / f"{name}.csr.pem"
    kind = {
        "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    }[algorithm]
    run = dict(check=True, capture_output=True)
    subprocess.run(["openssl", "genpkey", *kind, "-out", key], **run)
    subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", f"/CN={name[:64]}", "-out", csr], **run)
    return key, csr


def mail_text(raw: str) -> str:
    """The readable body of a mail as it arrived."""
    message = email.message_from_string(raw, policy=email.policy.default)
    body = message.get_body()
    return str(body.get_content()) if body is not None else ""


class Applicant:
    patience = 1.0  # so many times longer than usual everything may take

    def __init__(self, stack: Stack, token: str, instance: str = "request-intake") -> None:
        self.stack, self.token = stack, token
        self.base = f"http://{stack.services[instance].env['CS_HTTP_LISTEN']}"

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """JSON in, JSON out; text/plain and certificates come as octets.  Raises Refused."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                octets = answer.read()
                kind = answer.headers.get("Content-Type", "")
        except urllib.error.HTTPError as refusal:
            raise Refused(refusal.code, json.loads(refusal.read() or b"{}")) from None
        return json.loads(octets) if "json" in kind else octets

    def create(self, csr: Path | str, mailboxes: list[str], profile: str, **more: Any) -> str:
        text = csr if isinstance(csr, str) else csr.read_text()
        key = more.pop("idempotency_key", None)
        headers = {"Idempotency-Key": key} if key else None
        body = {"profile": profile, "csr": text, "mailboxes": mailboxes, **more}
        request: str = self.call("POST", "/v1/requests", body, headers)["id"]
        return request

    def show(self, request: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.call("GET", f"/v1/requests/{request}")
        return shown

    def check(self, request: str, check: str) -> dict[str, Any] | None:
        found = [c for c in self.show(request)["checks"] if c["id"] == check]
        return found[0] if found else None

    def verify(self, request: str, check: str) -> None:
        self.call("POST", f"/v1/requests/{request}/checks/{check}/verify")

    def submit_token(self, request: str, check: str, token: str) -> Any:
        return self.call("POST", f"/v1/requests/{request}/checks/{check}/token", {"token": token})

    def approve(self, request: str) -> None:
        self.call("POST", f"/v1/requests/{request}/approve")

    def cancel(self, request: str) -> None:
        self.call("POST", f"/v1/requests/{request}/cancel")

    def certificate(self, request: str, form: str = "pem") -> bytes:
        octets: bytes = self.call("GET", f"/v1/requests/{request}/certificate?format={form}")
        return octets

    # Waiting

    def wait_check(
        self, request: str, check: str, *states: str, timeout: float | None = None
    ) -> dict[str, Any]:
        found: list[dict[str, Any]] = []

        def there() -> bool:
            now = self.check(request, check)
            found[:] = [now] if now else []
            return bool(found) and found[0]["state"] in states

        what = f"{check} of {request} to be {' or '.join(states)}"
        try:
            wait_for(there, timeout or 30 * self.patience, what)
        except TimeoutError as vain:
            raise TimeoutError(f"{vain}: {found}") from None
        return found[0]

    def wait_planned(self, request: str) -> dict[str, Any]:
        shown: dict[str, Any] = {}

        def there() -> bool:
            shown.update(self.show(request))
            return shown["state"] != "created"  # a check may be heard of before its plan

        wait_for(there, 30 * self.patience, f"the plan of {request}")
        return shown

    def wait_state(self, request: str, *states: str, timeout: float | None = None) -> dict[str, Any]:
        shown: dict[str, Any] = {}

        def there() -> bool:
            shown.clear()
            shown.update(self.show(request))
            return shown["state"] in states or shown["state"] in ENDED

        wait_for(there, timeout or 60 * self.patience, f"{request} to be {' or '.join(states)}")
        if shown["state"] not in states:
            raise AssertionError(f"{request} is {shown['state']}: {shown.get('refusal')}")
        return shown

    # Proofs

    def prove_mailbox(self, request: str, mailbox: str, check: str = "mailbox-1") -> str:
        """Presses Verify, reads the mail that arrived over SMTP, types the token; returns the mail."""
        mails = self.stack.mail.find(mailbox)
        last = mails[-1]["number"] if mails else 0
        self.verify(request, check)

        def with_token() -> str:
            """Notices of other requests may come in between."""
            mails = self.stack.mail.find(mailbox, after=last)
            texts = [mail_text(self.stack.mail.read(mail["number"])) for mail in mails]
            return next((text for text in texts if TOKEN.search(text)), "")

        text = wait_for(with_token, 30 * self.patience, f"a token for {mailbox}", pause=0.05)
        found = TOKEN.search(text)
        assert found
        self.submit_token(request, check, found.group(1))
        self.wait_check(request, check, "proved")
        return text

    def what_to_publish(self, request: str, check: str = "domain-1") -> dict[str, Any]:
        shown: dict[str, Any] = {}

        def there() -> bool:
            now = self.check(request, check)
            shown.clear()
            shown.update((now or {}).get("you", {}))
            return "record" in shown or "file" in shown

        wait_for(there, 30 * self.patience, f"what to publish for {check}")
        return shown

    def prove_domain_by_txt(self, request: str, zone: str, check: str = "domain-1") -> dict[str, Any]:
        record = self.what_to_publish(request, check)["record"]
        self.stack.dns.set(zone, record["name"].removesuffix("." + zone), "TXT", f'"{record["value"]}"')
        self.verify(request, check)
        self.wait_check(request, check, "proved")
        self.wait_check(request, f"mpic-{check}", "proved", "standing")
        return dict(record)

    def prove_domain_by_file(self, request: str, check: str = "domain-1") -> dict[str, Any]:
        file = self.what_to_publish(request, check)["file"]
        host, path = re.fullmatch(r"http://([^/]+)/(.*)", file["url"]).groups()  # type: ignore[union-attr]
        self.stack.web.put(host, path, file["content"] + "\n")
        self.verify(request, check)
        self.wait_check(request, check, "proved")
        self.wait_check(request, f"mpic-{check}", "proved", "standing")
        return dict(file)

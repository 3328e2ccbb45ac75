# SPDX-License-Identifier: Apache-2.0
"""A mailbox owner's side of mail: answers signed by DKIM (RFC 6376, relaxed/relaxed), bounces, LMTP.

Written for the tests from the RFC, with openssl for the arithmetic: a second opinion of what the product verifies.
"""

import base64
import hashlib
import re
import smtplib
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

# What RFC 8823 3.2 wants to be signed, present or not.
SIGNED = (
    "From:Sender:Reply-To:To:CC:Subject:Date:In-Reply-To:References:Message-ID:Content-Type:"
    "Content-Transfer-Encoding"
)

Headers = list[tuple[str, str]]


class SigningDomain:
    """An RSA key of a domain, and the record that publishes it."""

    def __init__(self, where: Path, domain: str, selector: str = "s1") -> None:
        self.domain, self.selector = domain, selector
        self.key = where / f"dkim-{domain}.pem"
        run = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key]
        subprocess.run(run, check=True, capture_output=True)

    @property
    def owner(self) -> str:
        return f"{self.selector}._domainkey"

    def record(self) -> str:
        """The TXT record's data in strings of 255 octets at most."""
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"], check=True, capture_output=True
        ).stdout
        text = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
        return " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))

    def sign(self, headers: Headers, body: str, names: str = SIGNED) -> str:
        """The DKIM-Signature field, to be put before the others."""
        digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
        value = (
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain}; s={self.selector};"
            f" t={int(time.time())}; h={names}; bh={digest}; b="
        )
        left = list(headers)
        signed = b""
        for name in names.split(":"):
            found = [field for field in left if field[0].lower() == name.lower()]
            if found:
                left.remove(found[-1])
                signed += relaxed_header(*found[-1]) + b"\r\n"
        signed += relaxed_header("DKIM-Signature", value)
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key], input=signed, check=True, capture_output=True
        ).stdout
        return f"DKIM-Signature: {value}{base64.b64encode(signature).decode()}"


def relaxed_header(name: str, value: str) -> bytes:
    return f"{name.lower()}:{re.sub(r'[ 	]+', ' ', value.replace(chr(13) + chr(10), '')).strip()}".encode()


def relaxed_body(body: str) -> bytes:
    lines = [re.sub(r"[ \t]+", " ", line).rstrip(" ") for line in body.split("\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(line + "\r\n" for line in lines).encode()


def whole(headers: Headers, body: str, signature: str | None = None) -> bytes:
    lines = ([signature] if signature else []) + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def answer(made: str, mailbox: str) -> tuple[Headers, str]:
    """What `csctl request reply` printed, as the mail that a mail program sends."""
    head, _, block = made.partition("\n\n")
    told = dict(line.split(": ", 1) for line in head.splitlines())
    headers = [
        ("From", mailbox),
        ("To", told["To"]),
        ("Subject", told["Subject"]),
        ("Date", formatdate()),
        ("Message-ID", f"<{time.time_ns()}@{mailbox.partition('@')[2]}>"),
        ("In-Reply-To", told["In-Reply-To"]),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=us-ascii"),
    ]
    return headers, "Yes, that is me.\r\n\r\n" + block.replace("\n", "\r\n")


def bounce(to: str, recipient: str, action: str, status: str, diagnostic: str) -> bytes:
    """A delivery status notification (RFC 3464)."""
    text = f"""From: Mail Delivery System <mailer-daemon@mx.example>
To: {to}
Subject: Undelivered Mail
Date: {formatdate()}
Message-ID: <{time.time_ns()}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

It did not work.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b1--
"""
    return text.replace("\n", "\r\n").encode()


def deliver(listen: str, sender: str, recipients: list[str], mail: bytes) -> list[tuple[int, str]]:
    """Brings a mail by LMTP: the replies to each RCPT, and to the mail for each that was taken."""
    host, _, port = listen.rpartition(":")
    replies = []
    with smtplib.LMTP(host, int(port), local_hostname="mail.test") as client:
        client.ehlo_or_helo_if_needed()
        client.mail(sender)
        for recipient in recipients:
            code, text = client.rcpt(recipient)
            replies.append((code, text.decode()))
        taken = sum(code == 250 for code, _ in replies)
        for number in range(taken):
            code, text = client.data(mail) if number == 0 else client.getreply()
            replies.append((code, text.decode()))
    return replies

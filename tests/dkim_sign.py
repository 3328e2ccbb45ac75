# SPDX-License-Identifier: Apache-2.0
"""Signs mails as a sender's mail server does (RFC 6376, RFC 8463): for tests, and independent of libs/dkim.

RSA by the openssl program, Ed25519 by libcrypto.  Written after the RFC and nothing else, so that two
readers of it must agree.
"""

import base64
import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

from ed25519 import Key

# What RFC 8823 3.2 wants signed in an answer, listed also where the mail has none of it.
COVERED = (
    "From Sender Reply-To To CC Subject Date In-Reply-To References Message-ID Content-Type "
    "Content-Transfer-Encoding"
).split()


class Signer:
    """`key`: a PEM file for RSA, or the 32 octets of an Ed25519 seed."""

    def __init__(self, domain: str, selector: str, key: Path | bytes) -> None:
        self.domain, self.selector, self.key = domain, selector, key
        self.algorithm = "ed25519-sha256" if isinstance(key, bytes) else "rsa-sha256"

    @property
    def owner(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    def record(self) -> str:
        """The text to publish at `owner`."""
        if isinstance(self.key, bytes):
            return f"v=DKIM1; k=ed25519; p={base64.b64encode(Key(self.key).public).decode()}"
        words = ["openssl", "pkey", "-in", str(self.key), "-pubout", "-outform", "DER"]
        der = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
        return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"

    def _seal(self, octets: bytes) -> bytes:
        if isinstance(self.key, bytes):
            return Key(self.key).sign(hashlib.sha256(octets).digest())
        with tempfile.NamedTemporaryFile() as file:
            file.write(octets)
            file.flush()
            words = ["openssl", "dgst", "-sha256", "-sign", str(self.key), file.name]
            return subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout

    def sign(
        self,
        mail: bytes,
        names: list[str] | None = None,
        canon: str = "relaxed/relaxed",
        **tags: str | None,
    ) -> bytes:
        """The mail with a signature on top.  `tags` come over those that we would write; None leaves one out."""
        names = COVERED if names is None else names
        header_canon, body_canon = canon.split("/")
        head, body = split(mail)
        digest = base64.b64encode(hashlib.sha256(BODY[body_canon](body)).digest()).decode()
        listed: dict[str, str | None] = {
            "v": "1",
            "a": self.algorithm,
            "c": canon,
            "d": self.domain,
            "s": self.selector,
            "h": ":".join(names),
            "bh": digest,
        }
        listed |= tags
        text = ";\r\n\t".join(f"{name}={value}" for name, value in listed.items() if value is not None)
        own = f"DKIM-Signature: {text};\r\n\tb=".encode()
        signed = b"".join(HEADER[header_canon](field) for field in pick(head, names))
        seal = base64.b64encode(self._seal(signed + HEADER[header_canon](own + b"\r\n")[:-2])).decode()
        folded = "\r\n\t ".join(re.findall(".{1,70}", seal))
        return own + folded.encode() + b"\r\n" + mail


def split(mail: bytes) -> tuple[list[bytes], bytes]:
    """The fields, each with its line ends, and the body."""
    head, _, body = mail.partition(b"\r\n\r\n")
    return re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", head + b"\r\n"), body


def pick(fields: list[bytes], names: list[str]) -> list[bytes]:
    """From the bottom up: a name that is listed twice means two fields."""
    left: dict[bytes, list[bytes]] = {}
    for field in fields:
        left.setdefault(field.partition(b":")[0].strip().lower(), []).append(field)
    stacks = (left.get(name.lower().encode(), []) for name in names)
    return [stack.pop() for stack in stacks if stack]


def relaxed_header(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip().lower() + b":" + value + b"\r\n"


def simple_body(body: bytes) -> bytes:
    return re.sub(rb"(\r\n)*\Z", b"", body) + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


HEADER = {"simple": lambda field: field, "relaxed": relaxed_header}
BODY = {"simple": simple_body, "relaxed": relaxed_body}

# SPDX-License-Identifier: Apache-2.0
"""Requests (PKCS#10) as no software makes them: DER by hand, signed by openssl where that matters."""

import base64
import subprocess
import tempfile
from pathlib import Path
from typing import Callable, Iterator

FIXTURES = Path(__file__).resolve().parents[2] / "libs" / "pki" / "tests" / "fixtures"
ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
EXTENSION_REQUEST = bytes.fromhex("06092a864886f70d01090e")
CHALLENGE_PASSWORD = bytes.fromhex("06092a864886f70d010907")
SUBJECT_ALT_NAME = bytes.fromhex("0603551d11")
COMMON_NAME = bytes.fromhex("0603550403")
UTF8, PRINTABLE, OCTETS, BITS, SEQUENCE, SET = 0x0C, 0x13, 0x04, 0x03, 0x30, 0x31


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def name(*values: bytes, tag: int = UTF8) -> bytes:
    return tlv(
        SEQUENCE, *(tlv(SET, tlv(SEQUENCE, COMMON_NAME, tlv(tag, value))) for value in values)
    )


def extension(oid: bytes, value: bytes) -> bytes:
    return tlv(SEQUENCE, oid, tlv(OCTETS, value))


def mailbox_extension(*mailboxes: bytes) -> bytes:
    return extension(SUBJECT_ALT_NAME, tlv(SEQUENCE, *(tlv(0x81, box) for box in mailboxes)))


def attribute(oid: bytes, *values: bytes) -> bytes:
    return tlv(SEQUENCE, oid, tlv(SET, *values))


def wish(*extensions: bytes) -> bytes:
    return attribute(EXTENSION_REQUEST, tlv(SEQUENCE, *extensions))


class Forge:
    """One P-256 key, and whatever it signs."""

    def __init__(self, where: Path) -> None:
        self.key = Path(tempfile.mkdtemp(dir=where)) / "key.pem"
        kind = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._openssl("genpkey", *kind, "-out", str(self.key))
        self.spki = self._openssl("pkey", "-in", str(self.key), "-pubout", "-outform", "DER")

    def _openssl(self, *words: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["openssl", *words], input=given, capture_output=True, check=True)
        return done.stdout

    def sign(self, octets: bytes) -> bytes:
        return self._openssl("dgst", "-sha256", "-sign", str(self.key), given=octets)

    def request(
        self,
        subject: bytes = b"",
        attributes: bytes = b"",
        version: bytes = b"\x02\x01\x00",
        spki: bytes = b"",
        signature: bytes | None = None,
        algorithm: bytes = ECDSA_SHA256,
    ) -> bytes:
        info = tlv(
            SEQUENCE, version, subject or name(b"x"), spki or self.spki, tlv(0xA0, attributes)
        )
        proof = self.sign(info) if signature is None else signature
        return tlv(SEQUENCE, info, algorithm, tlv(BITS, b"\0" + proof))


def pem(der: bytes, label: str = "CERTIFICATE REQUEST") -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def base64_of(der: bytes) -> str:
    return base64.b64encode(der).decode()


def indefinite(der: bytes) -> bytes:
    """BER of the same content: indefinite length and the end of contents."""
    header = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    return der[:1] + b"\x80" + der[header:] + b"\0\0"


def long_length(der: bytes) -> bytes:
    """The same length in one octet too many."""
    header = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
    length = len(der) - header
    return der[:1] + b"\x84" + length.to_bytes(4, "big") + der[header:]


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def point(forge: Forge, change: Callable[[bytes], bytes]) -> bytes:
    """The SPKI with its point (65 octets at the end) changed."""
    return forge.spki[:-65] + change(forge.spki[-65:])


def forged(forge: Forge, other: Forge, shown: Forge) -> Iterator[tuple[str, str, str]]:
    """Name, what stands in "csr", and the code of the refusal ("" where several would be right).

    The private key of `shown` is shown, so that it can serve nothing any more.
    """
    good = forge.request()
    yield "text that is none", "hello", "csr-form"
    yield "base64 of nothing", "====", "csr-form"
    yield "base64 in two lines", base64.encodebytes(good).decode(), "csr-form"
    yield "base64url", base64.urlsafe_b64encode(b"\xfb\xff" * 60).decode(), "csr-form"
    yield "octets that are no DER", base64_of(b"\x00" * 200), ""
    yield "DER of something else", base64_of(tlv(SEQUENCE, b"\x02\x01\x05")), "DER"
    yield "an octet behind it", base64_of(good + b"\0"), "DER"
    yield "two in a row", base64_of(good + good), "DER"
    yield "BER of indefinite length", base64_of(indefinite(good)), "DER"
    yield "a length in too many octets", base64_of(long_length(good)), "DER"
    yield "a length of 4 GB", base64_of(b"\x30\x84\xff\xff\xff\xff" + good), "DER"
    yield "a length of 2^63", base64_of(b"\x30\x88\x7f" + b"\xff" * 7 + good), "DER"
    yield "nested 3,000 deep", base64_of(b"\x30\x82\x20\x00" * 3000), "DER"
    yield "an object identifier without an end", base64_of(tlv(0x30, tlv(6, b"\xff" * 400))), "DER"
    yield "17 KiB", base64_of(tlv(SEQUENCE, b"\0" * 17000)), "SIZE"
    yield "version 1", base64_of(forge.request(version=b"\x02\x01\x01")), "DER"
    yield "version in two octets", base64_of(forge.request(version=b"\x02\x02\x00\x00")), "DER"
    yield "a negative version", base64_of(forge.request(version=b"\x02\x01\xff")), "DER"
    yield "the signature of another", base64_of(forge.request(signature=other.sign(good))), "POP"
    yield "the key of another", base64_of(forge.request(spki=other.spki, signature=good)), "POP"
    yield "a signature with one bit changed", base64_of(flipped(good, len(good) - 1)), "POP"
    yield "a subject changed after signing", base64_of(flipped(good, 19)), ""
    zeros = tlv(SEQUENCE, b"\x02\x01\x00", b"\x02\x01\x00")
    yield "r = s = 0", base64_of(forge.request(signature=zeros)), "POP"
    yield "no signature", base64_of(forge.request(signature=b"")), "POP"
    ed25519 = bytes.fromhex("300506032b6570")
    yield "another algorithm's name", base64_of(forge.request(algorithm=ed25519)), ""
    off = point(forge, lambda octets: flipped(octets, 40))
    yield "a point off the curve", base64_of(forge.request(spki=off)), ""
    infinity = point(forge, lambda octets: b"\x04" + b"\0" * 64)
    yield "a point of zeros", base64_of(forge.request(spki=infinity)), ""
    unreduced = point(forge, lambda octets: b"\x04" + b"\xff" * 64)
    yield "coordinates beyond the field", base64_of(forge.request(spki=unreduced)), ""
    san = mailbox_extension(b"a@beta.example")
    yield "an attribute twice", base64_of(
        forge.request(attributes=attribute(CHALLENGE_PASSWORD, tlv(UTF8, b"a")) * 2)
    ), "DUPLICATE"
    yield "two lists of extensions", base64_of(
        forge.request(attributes=attribute(EXTENSION_REQUEST, tlv(SEQUENCE), tlv(SEQUENCE, san)))
    ), "DUPLICATE"
    yield "an extension twice", base64_of(forge.request(attributes=wish(san, san))), "DUPLICATE"
    for what, octets in (
        ("a NUL", b"ali\0ce"),
        ("a line end", b"ali\r\nce"),
        ("half a character", b"ali\xc3"),
        ("an overlong NUL", b"ali\xc0\x80ce"),
        ("a right-to-left override", "ali\u202ece".encode()),
    ):
        yield f"{what} in its name", base64_of(forge.request(subject=name(octets))), ""
        yield f"{what} in its mailbox", base64_of(
            forge.request(attributes=wish(mailbox_extension(octets + b"@beta.example")))
        ), "NAME"
    yield "17 attributes in its name", base64_of(forge.request(subject=name(*[b"x"] * 17))), "NAME"
    yield "PEM of a certificate", pem(good, "CERTIFICATE"), "PEM"
    yield "PEM twice", pem(good) * 2, "PEM"
    yield "PEM with text behind it", pem(good) + "and more", "PEM"
    yield "PEM that does not end", pem(good)[:-40], "PEM"
    yield "PEM with a wrong letter", pem(good).replace("\n", "\n!", 1), "PEM"
    yield "PEM that ends as another", pem(good).replace("END CERTIFICATE", "END X"), "PEM"
    yield "PEM with a key beside it", pem(shown.request()) + shown.key.read_text(), "PRIVATEKEY"
    yield "a key alone", shown.key.read_text(), "PRIVATEKEY"
    for fixture, code in FIXTURE_CODES.items():
        yield f"{fixture}.pem", (FIXTURES / f"{fixture}.pem").read_text(), code


# Made by openssl, see their README; the code of a refusal is the one of libs/pki.
FIXTURE_CODES = {
    "rsa1024": "",
    "rsa2047": "",
    "rsa2056": "",
    "rsa8192": "",
    "rsa-e3": "",
    "rsapss": "",
    "secp256k1": "",
    "p192": "",
    "explicit": "",
    "compressed": "",
    "hybrid": "",
    "dsa": "",
    "sha1": "SIGALG",
    "rsa-sha1": "SIGALG",
    "rsa-md5": "SIGALG",
    "sha224": "SIGALG",
    "sha3": "SIGALG",
    "pss-salt20": "SIGALG",
    "two": "PEM",
    "public-key": "PEM",
}

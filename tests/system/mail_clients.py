# SPDX-License-Identifier: Apache-2.0
"""Mail programs' own code at work: OpenSSL, GnuPG and NSS, each with a key store of its own in a folder."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from options import options
from procs import plain_environment

PASSWORD = "a pass phrase"
# gpgsm 2.2 reads no other PKCS#12 files.
OLD_BUNDLE = ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "SHA1")
EVERYTHING = frozenset({"accept", "sign", "verify", "encrypt", "decrypt"})
BOTH = frozenset({"rsa", "ec"})
REVOKED = re.compile("certificate (has been )?revoked|: revoked$", re.IGNORECASE | re.MULTILINE)


class Failed(Exception):
    """A program said no."""


class Revoked(Failed):
    """It said no because a certificate is revoked."""


def failure(text: str) -> Failed:
    return Revoked(text) if REVOKED.search(text) else Failed(text)


def run(words: list[Any], given: bytes | None = None, **more: str) -> bytes:
    done = subprocess.run(
        [str(word) for word in words],
        input=given,
        capture_output=True,
        env={**plain_environment(), **more},
        timeout=options.wait(60),
        check=False,
    )
    if done.returncode != 0:
        text = (done.stdout + done.stderr).decode(errors="replace")
        raise failure(f"{' '.join(str(word) for word in words)}: status {done.returncode}\n{text}")
    return done.stdout


class Person:
    """A certificate as its owner has it: the key, itself, those above it, and all in one PKCS#12 file."""

    def __init__(self, name: str, mailbox: str, key: Path, chain: list[str], root: Path) -> None:
        where = key.parent
        self.name, self.mailbox, self.key, self.root = name, mailbox, key, root
        shown = run(["openssl", "x509", "-noout", "-text"], chain[0].encode())
        self.algorithm = "rsa" if b"rsaEncryption" in shown else "ec"
        self.certified_by = "rsa" if b"WithRSAEncryption" in shown else "ec"
        self.use = "encryption" if b"Digital Signature" not in shown else "signing"
        self.certificate, self.issuers = where / f"{name}.cert.pem", where / f"{name}.issuers.pem"
        self.certificate.write_text(chain[0])
        self.issuers.write_text("".join(chain[1:]))

    def bundle(self, *ways: str) -> Path:
        made = self.key.parent / f"{self.name}.p12"
        words = ["openssl", "pkcs12", "-export", "-inkey", self.key, "-in", self.certificate, *ways]
        words += ["-name", self.name, "-certfile", self.issuers, "-passout", f"pass:{PASSWORD}"]
        run([*words, "-out", made])
        return made


def ask_status(person: Person) -> str:
    """What the OCSP responder of its certificate says, verified by openssl."""
    url = run(["openssl", "x509", "-in", person.certificate, "-noout", "-ocsp_uri"]).decode().strip()
    asked = ["-issuer", person.issuers, "-cert", person.certificate, "-url", url, "-CAfile", person.root]
    return run(["openssl", "ocsp", *asked]).decode()


class OpenSsl:
    """The openssl command, which keeps nothing."""

    name = "openssl"
    can = {"rsa": EVERYTHING, "ec": EVERYTHING}
    checks = BOTH

    def __init__(self, where: Path) -> None:
        self.lists = where / "lists.pem"
        self.lists.touch()

    def take(self, people: list[Person]) -> None:
        pass

    def add(self, person: Person) -> None:
        pass

    def close(self) -> None:
        pass

    def accept(self, person: Person, purpose: str) -> None:
        """Verifies the chain for "sign" or "encrypt"; smimeencrypt asks for what RSA keys alone can have."""
        if purpose == "encrypt" and person.algorithm == "ec":
            shown = run(["openssl", "x509", "-in", person.certificate, "-noout", "-ext", "keyUsage"])
            if b"Key Agreement" not in shown:
                raise Failed(shown.decode())
            purpose = "any"
        else:
            purpose = f"smime{purpose}"
        trust = ["-CAfile", person.root, "-untrusted", person.issuers, "-x509_strict"]
        run(["openssl", "verify", *trust, "-purpose", purpose, person.certificate])

    def check_list(self, person: Person) -> None:
        """By the list that the certificate names, which it fetches.  (-crl_check_all wants one of the root, too.)"""
        trust = ["-CAfile", person.root, "-untrusted", person.issuers]
        run(["openssl", "verify", *trust, "-crl_check", "-crl_download", person.certificate])

    def check_ocsp(self, person: Person) -> None:
        said = ask_status(person)
        if f"{person.certificate}: good" not in said:
            raise failure(said)

    def take_list(self, path: Path) -> None:
        """For mail: there it fetches none."""
        pem = run(["openssl", "crl", "-inform", "DER", "-in", path])
        self.lists.write_bytes(self.lists.read_bytes() + pem)

    def verify_checked(self, person: Person, signed: bytes) -> bytes:
        trust = self.lists.with_name("trust.pem")
        trust.write_bytes(person.root.read_bytes() + self.lists.read_bytes())
        words = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "smimesign"]
        return run([*words, "-CAfile", trust, "-crl_check"], signed)

    def sign(self, person: Person, text: bytes) -> bytes:
        key = ["-signer", person.certificate, "-inkey", person.key, "-certfile", person.issuers]
        return run(["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", *key], text)

    def verify(self, person: Person, signed: bytes) -> bytes:
        trust = ["-CAfile", person.root, "-purpose", "smimesign"]
        return run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", *trust], signed)

    def encrypt(self, person: Person, text: bytes) -> bytes:
        words = ["openssl", "cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER"]
        return run([*words, person.certificate], text)

    def decrypt(self, person: Person, encrypted: bytes) -> bytes:
        key = ["-recip", person.certificate, "-inkey", person.key]
        return run(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", *key], encrypted)


class GnuPg:
    """gpgsm 2.2 with a home of its own; its agent lives in it until close().

    Private EC keys come in by a later version's PKCS#12 reader, and so does mail to EC keys (key agreement).
    It checks revocation wherever it can: its dirmngr reads lists and OCSP answers that an RSA key signed, and no
    ECDSA signatures before 2.2.42 ("Provided object is too short")."""

    name = "gpgsm"
    can = {"rsa": EVERYTHING, "ec": frozenset({"accept", "verify"})}
    checks = frozenset({"rsa"})

    def __init__(self, where: Path) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="cs-gnupg-", dir="/tmp"))  # sockets want a short path
        self.homes = {"GNUPGHOME": str(self.home)}
        # Each use of a key would take the agent a tenth of a second of hashing, or more where others work.
        (self.home / "gpg-agent.conf").write_text("allow-loopback-pinentry\ns2k-count 65536\n")
        (self.home / "dirmngr.conf").write_text("disable-ldap\nallow-ocsp\n")

    def take(self, people: list[Person]) -> None:
        roots = sorted({person.root for person in people})
        (self.home / "trustlist.txt").write_text("".join(f"{self.fingerprint(root)} S\n" for root in roots))
        for root in roots:
            self.gpgsm("--import", root)
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        self.gpgsm("--import", person.issuers)
        if "sign" not in self.can[person.algorithm]:
            self.gpgsm("--import", person.certificate)
            return
        for _ in range(3):  # 2.2.40 cannot decrypt about one good file in a hundred: another salt helps
            try:
                self.gpgsm("--import", person.bundle(*OLD_BUNDLE))
                return
            except Failed as why:
                failed = why
        raise failed

    def close(self) -> None:
        run(["gpgconf", "--kill", "all"], **self.homes)
        shutil.rmtree(self.home, ignore_errors=True)  # they take their sockets away meanwhile

    @staticmethod
    def fingerprint(certificate: Path) -> str:
        words = ["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha1"]
        return run(words).decode().strip().partition("=")[2]

    def gpgsm(self, *words: Any, given: bytes = b"", checked: bool = False) -> bytes:
        ways = ["--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback"]
        ways += [] if checked else ["--disable-dirmngr", "--disable-crl-checks"]
        reading, writing = os.pipe()
        os.write(writing, f"{PASSWORD}\n".encode())
        os.close(writing)
        try:
            done = subprocess.run(
                ["gpgsm", *ways, "--passphrase-fd", str(reading), *map(str, words)],
                input=given,
                capture_output=True,
                env={**plain_environment(), **self.homes},
                pass_fds=[reading],
                timeout=options.wait(60),
                check=False,
            )
        finally:
            os.close(reading)
        if done.returncode != 0:
            raise failure(f"gpgsm {' '.join(map(str, words))}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def validate(self, person: Person, *ways: str, checked: bool) -> None:
        asked = ["--with-validation", "--list-keys", f"<{person.mailbox}>"]
        shown = self.gpgsm(*ways, *asked, checked=checked).decode()
        if "[certificate is good]" not in shown:
            raise failure(shown)

    def can_check(self, person: Person) -> bool:
        return person.certified_by in self.checks

    def accept(self, person: Person, purpose: str) -> None:
        self.validate(person, checked=self.can_check(person))

    def check_list(self, person: Person) -> None:
        """By the lists that the certificates name; dirmngr fetches each once, and keeps it until it ends."""
        self.validate(person, checked=True)

    def check_ocsp(self, person: Person) -> None:
        self.validate(person, "--enable-ocsp", checked=True)

    def take_list(self, path: Path) -> None:
        self.gpgsm("--call-dirmngr", "loadcrl", path, checked=True)

    def sign(self, person: Person, text: bytes) -> bytes:
        signer = ["--local-user", f"<{person.mailbox}>"]
        return self.gpgsm("--sign", "--include-certs", "-1", *signer, given=text, checked=self.can_check(person))

    def verify(self, person: Person, signed: bytes) -> bytes:
        return self.gpgsm("--verify", "--output", "-", given=signed, checked=self.can_check(person))

    def verify_checked(self, person: Person, signed: bytes) -> bytes:
        return self.gpgsm("--verify", "--output", "-", given=signed, checked=True)

    def encrypt(self, person: Person, text: bytes) -> bytes:
        recipient = ["--recipient", f"<{person.mailbox}>"]
        return self.gpgsm("--encrypt", *recipient, given=text, checked=self.can_check(person))

    def decrypt(self, person: Person, encrypted: bytes) -> bytes:
        return self.gpgsm("--decrypt", given=encrypted)


class Nss:
    """cmsutil, by what Thunderbird does it: certificates and keys in a database in the folder.

    3.87 has no key agreement in CMS (SEC_ERROR_INVALID_ALGORITHM), neither for sending nor for reading."""

    name = "nss"
    can = {"rsa": EVERYTHING, "ec": frozenset({"accept", "sign", "verify"})}
    checks = BOTH

    def __init__(self, where: Path) -> None:
        self.where, self.db = where, f"sql:{where}"

    def take(self, people: list[Person]) -> None:
        run(["certutil", "-N", "-d", self.db, "--empty-password"])
        add = ["certutil", "-A", "-d", self.db]
        for root in sorted({person.root for person in people}):
            run([*add, "-n", root.stem, "-t", ",C,", "-i", root])
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        run(["pk12util", "-d", self.db, "-i", person.bundle(), "-W", PASSWORD])

    def close(self) -> None:
        pass

    def accept(self, person: Person, purpose: str) -> None:
        """As the signer of a mail or as the recipient of one."""
        use = {"sign": "S", "encrypt": "R"}[purpose]
        run(["certutil", "-V", "-d", self.db, "-n", person.name, "-u", use, "-e"])

    def validate(self, person: Person, way: str) -> None:
        """certutil and cmsutil ask nobody and know lists from take_list(); this one asks."""
        usage = {"signing": "4", "encryption": "5"}[person.use]
        must = ["-g", "leaf", "-h", "requireFreshInfo", "-m", way, "-s", "failIfNoInfo"]
        run(["vfychain", "-d", self.db, "-pp", "-u", usage, *must, "-a", person.certificate])

    def check_list(self, person: Person) -> None:
        self.validate(person, "crl")

    def check_ocsp(self, person: Person) -> None:
        self.validate(person, "ocsp")

    def take_list(self, path: Path) -> None:
        run(["crlutil", "-I", "-d", self.db, "-i", path])

    def verify_checked(self, person: Person, signed: bytes) -> bytes:
        return self.verify(person, signed)

    def cmsutil(self, *words: Any, given: bytes) -> bytes:
        read, written = self.where / "in", self.where / "out"
        read.write_bytes(given)
        written.unlink(missing_ok=True)
        run(["cmsutil", *words[:1], "-d", self.db, *words[1:], "-i", read, "-o", written])
        return written.read_bytes()

    def sign(self, person: Person, text: bytes) -> bytes:
        return self.cmsutil("-S", "-N", person.name, "-G", "-H", "SHA256", "-Y", "NONE", given=text)

    def verify(self, person: Person, signed: bytes) -> bytes:
        return self.cmsutil("-D", "-u", "4", given=signed)

    def encrypt(self, person: Person, text: bytes) -> bytes:
        return self.cmsutil("-E", "-r", person.mailbox, given=text)

    def decrypt(self, person: Person, encrypted: bytes) -> bytes:
        return self.cmsutil("-D", given=encrypted)


CLIENTS = (OpenSsl, GnuPg, Nss)

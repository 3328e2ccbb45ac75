# SPDX-License-Identifier: Apache-2.0
"""What certificate-status says to the world: OCSP, CRLs, CA certificates; also while all else is away."""

import base64
import calendar
import hashlib
import http.client
import re
import subprocess
import threading
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

from world import Refused, SystemTest, openssl, wait_for  # first: finds the others

import forge
from applicant import make_csr
from ca_files import ISSUER, make_crl, make_responder, make_root_crl
from nats_client import NatsClient
from options import options

SERVICE = "certificate-status"
MALFORMED, TRY_LATER, UNAUTHORIZED = (bytes([0x30, 3, 0x0A, 1, code]) for code in (1, 3, 6))
HOUR = 3600
DATE = "%b %d %H:%M:%S %Y"


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes


class StatusTest(SystemTest):
    """One certificate of alice's, and what is said of it."""

    serial: str
    certificate: Path

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.out = cls.stack.root / "out"
            cls.out.mkdir(exist_ok=True)
            cls.serial, cls.certificate = cls.issue("alice@alpha.example")
            wait_for(lambda: cls.kept() > 0, options.wait(10), "an answer that is signed before anybody asks")
        except BaseException:
            cls.stack.down(failed=True)
            raise

    @classmethod
    def issue(cls, mailbox: str) -> tuple[str, Path]:
        alice = cls.person(cls)  # type: ignore[arg-type]
        request = alice.create(make_csr(cls.out, str(uuid.uuid4()))[1], [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        path = cls.out / f"{request}.cert.pem"
        path.write_bytes(alice.certificate(request))
        serial = openssl("x509", "-in", path, "-noout", "-serial").strip().removeprefix("serial=").lower()
        return serial, path

    @classmethod
    def kept(cls) -> int:
        page = cls.stack.get(SERVICE, "metrics")[1]
        found = re.search(r"^countersign_ocsp_answers_kept (\d+)", page, re.M)
        return int(found.group(1)) if found else 0

    # Asking

    @property
    def address(self) -> str:
        return self.stack.services[SERVICE].env["CS_HTTP_LISTEN"]

    def http(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=options.wait(10))
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def post(self, question: bytes, label: str = ISSUER) -> Answer:
        return self.http("POST", f"/ocsp/{label}", question, Content_Type="application/ocsp-request")

    def question(self, serial: str | None = None, *words: str, issuer: str = "issuing") -> bytes:
        file = self.out / f"{uuid.uuid4()}.req"
        asked = [word for one in [serial or self.serial] for word in ("-serial", f"0x{one}")]
        words = words or ("-no_nonce",)
        openssl("ocsp", "-issuer", self.stack.ca / f"{issuer}.cert.pem", *asked, *words, "-reqout", file)
        return file.read_bytes()

    def client(self, *words: str, certificate: Path | None = None, digest: tuple[str, ...] = ()) -> str:
        """OpenSSL's own client, which verifies signature, chain, times and nonce."""
        done = subprocess.run(
            ["openssl", "ocsp", *digest, "-issuer", str(self.stack.ca / "issuing.cert.pem"), "-cert",
             str(certificate or self.certificate), "-url", f"http://{self.address}/ocsp/{ISSUER}",
             "-CAfile", str(self.stack.ca / "chain.pem"), *words],
            capture_output=True, text=True, check=False, timeout=options.wait(20))
        return done.stdout + done.stderr

    def read(self, answer: bytes) -> str:
        file = self.out / f"{uuid.uuid4()}.resp"
        file.write_bytes(answer)
        ca = self.stack.ca / "chain.pem"
        return openssl("ocsp", "-respin", file, "-resp_text", "-CAfile", ca, "-issuer", self.stack.ca / "issuing.cert.pem")

    def says(self, serial: str | None = None) -> str:
        """good, revoked or unknown; or the refusal in hexadecimal."""
        answer = self.post(self.question(serial))
        self.assertEqual(answer.status, 200)
        if len(answer.body) == 5:
            return answer.body.hex()
        text = self.read(answer.body)
        self.assertIn("Response verify OK", text)
        return next(line.split()[2] for line in text.splitlines() if "Cert Status:" in line)

    def wait_says(self, what: str, serial: str | None = None) -> None:
        wait_for(lambda: self.says(serial) == what, options.wait(10), f"{serial or self.serial} to be {what}")

    # Telling, as the signer does

    def publish(self, subject: str, message: str, values: dict[str, Any]) -> None:
        key = uuid.uuid4().bytes
        with NatsClient.of(self.stack, "signer") as signer:
            signer.publish(f"cs.{subject}", forge.encode(message, {"request_id": key, **values}), forge.headers(subject, key))

    def revoke(self, serial: str, reason: int, at_ms: int | None = None, issuer: str = ISSUER) -> None:
        now = forge.now_ms()
        self.publish(
            "certificate.revoked",
            "CertificateRevoked",
            {"serial": serial, "issuer": issuer, "reason": reason, "revoked_at_ms": at_ms or now, "not_after_ms": now + 86400000},
        )

    def metric(self, line: str) -> float:
        text = self.stack.get(SERVICE, "metrics")[1]
        found = [row.split()[-1] for row in text.splitlines() if row.startswith(line + " ")]
        return float(found[0]) if found else 0.0


class Status(StatusTest):
    """OCSP and files."""

    def test_openssl_finds_it_good(self) -> None:
        for digest in ("-sha1", "-sha256"):
            for nonce in ("-nonce", "-no_nonce"):
                with self.subTest(digest + nonce):
                    said = self.client(nonce, digest=(digest,))
                    self.assertIn("Response verify OK", said)
                    self.assertIn(": good", said)
                    self.assertNotIn("WARNING", said)

    def test_the_certificate_says_where(self) -> None:
        text = openssl("x509", "-in", self.certificate, "-noout", "-text")
        for url in (f"http://{self.address}/ocsp/{ISSUER}", f"http://{self.address}/crl/{ISSUER}.crl", f"http://{self.address}/ca/{ISSUER}.cer"):
            self.assertIn(f"URI:{url}\n", text)

    def test_ca_certificates_and_the_roots_crl_are_files(self) -> None:
        for label, name in ((ISSUER, "issuing"), ("root", "root")):
            der = self.http("GET", f"/ca/{label}.cer")
            self.assertEqual((der.status, der.headers["Content-Type"]), (200, "application/pkix-cert"))
            pem = openssl("x509", "-inform", "DER", given=der.body)
            self.assertEqual(pem.strip(), openssl("x509", "-in", self.stack.ca / f"{name}.cert.pem").strip())
        crl = self.http("GET", "/crl/root.crl")
        self.assertEqual((crl.status, crl.headers["Content-Type"]), (200, "application/pkix-crl"))
        openssl("crl", "-inform", "DER", "-CAfile", self.stack.ca / "root.cert.pem", "-noout", given=crl.body)
        for path in ("/ca/other.cer", "/ca/root", "/ca/root.cer.cer", "/crl/other.crl", "/crl/root-1.crl", "/crl/root", "/ocsp/other", "/"):
            self.assertIn(self.http("GET", path).status, (404, 405), path)

    def test_get_is_understood_in_every_spelling(self) -> None:
        for serial in [self.serial] + [f"41{number:030x}" for number in range(0, options.many(40, 10))]:
            question = self.question(serial)
            text = base64.b64encode(question).decode()
            want = self.post(question).body
            for path in (text, urllib.parse.quote(text, safe=""), text.rstrip("="), urllib.parse.quote(text, safe="/+")):
                got = self.http("GET", f"/ocsp/{ISSUER}/{path}")
                self.assertEqual(got.status, 200, path)
                if serial == self.serial:
                    self.assertEqual(got.body, want)
                else:
                    self.assertIn("Cert Status: unknown", self.read(got.body), path)

    def test_caches_may_keep_it_until_its_end(self) -> None:
        path = f"/ocsp/{ISSUER}/" + urllib.parse.quote(base64.b64encode(self.question()).decode(), safe="")
        answer = self.http("GET", path)
        text = self.read(answer.body)
        times = {}
        for name in ("Last-Modified", "Expires", "Date"):
            times[name] = parsedate_to_datetime(answer.headers[name]).timestamp()
        self.assertEqual(answer.headers["Content-Type"], "application/ocsp-response")
        self.assertEqual(times["Expires"] - times["Last-Modified"], 72 * HOUR)
        self.assertLessEqual(times["Last-Modified"], times["Date"])
        said = dict(part.strip().partition("=")[::2] for part in answer.headers["Cache-Control"].split(","))
        self.assertEqual(set(said), {"max-age", "public", "no-transform", "must-revalidate"})
        self.assertGreater(int(said["max-age"]), 0)
        self.assertLessEqual(int(said["max-age"]), times["Expires"] - times["Date"])
        modified = time.strftime("%b %e %H:%M:%S %Y GMT", time.gmtime(times["Last-Modified"]))
        self.assertIn(f"This Update: {modified}", text)
        tag = answer.headers["ETag"]
        again = self.http("GET", path, If_None_Match=tag)
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", tag))
        self.assertEqual(again.headers["Cache-Control"], answer.headers["Cache-Control"])
        self.assertEqual(self.http("GET", path, If_None_Match='"other"').body, answer.body)
        self.assertEqual(self.http("HEAD", path).body, b"")

    def test_a_nonce_comes_back_and_is_not_kept(self) -> None:
        question = self.question(None, "-nonce")
        answers = [self.post(question) for _ in range(2)]
        for answer in answers:
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertIsNone(answer.headers["ETag"])
            self.assertIn("OCSP Nonce:", self.read(answer.body))
        self.assertNotIn("OCSP Nonce:", self.read(self.post(self.question()).body))

    def test_a_serial_that_nobody_issued_is_not_good(self) -> None:
        for serial in ("41" + "00" * 15, "01", "7f" * 20, self.serial + "00", self.serial[:-2]):
            answer = self.post(self.question(serial))
            self.assertIn("Cert Status: unknown", self.read(answer.body))
            self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_unknown_is_said_for_as_short_as_may_be(self) -> None:
        """Whoever asks just before we hear of a certificate would keep it for days."""
        for name, wanted in (("41" + "00" * 15, 8), (self.serial, 72)):
            text = self.read(self.post(self.question(name)).body)
            begins, ends = (re.search(rf"{word} Update: (.*) GMT", text).group(1) for word in ("This", "Next"))  # type: ignore[union-attr]
            hours = (calendar.timegm(time.strptime(ends, DATE)) - calendar.timegm(time.strptime(begins, DATE))) / HOUR
            self.assertAlmostEqual(hours, wanted, delta=0.1)

    def test_what_is_no_question_is_refused(self) -> None:
        good = self.question()
        many = ["-no_nonce"] + [word for number in range(8) for word in ("-serial", f"0x41{number:02x}")]
        for name, octets, want in (
            ("nothing", b"", MALFORMED),
            ("text", b"GET / HTTP/1.1", MALFORMED),
            ("cut short", good[:-1], MALFORMED),
            ("an octet more", good + b"\0", MALFORMED),
            ("4,097 octets", b"\x30\x82\x0f\xfd" + bytes(4093), MALFORMED),
            ("60,000 octets", bytes(60000), MALFORMED),
            ("nine certificates", self.question(None, *many), MALFORMED),
            ("another CA's certificate", self.question(issuer="root"), UNAUTHORIZED),
        ):
            answer = self.post(octets)
            self.assertEqual((answer.status, answer.body), (200, want), name)
            self.assertEqual(answer.headers["Cache-Control"], "no-store", name)
        self.assertEqual(self.post(bytes(65537)).status, 413)
        self.assertEqual(self.http("POST", f"/ocsp/{ISSUER}", good, Content_Type="text/plain").status, 415)
        self.assertEqual(self.post(good, "root").body, UNAUTHORIZED)  # it has no responder
        self.assertEqual(self.post(good, "other").status, 404)
        for path in ("", "!!!!", "%00", "../../ca/root.cer", "MA%3D%3D%3D", "A" * 6000):
            answer = self.http("GET", f"/ocsp/{ISSUER}/{path}")
            self.assertIn((answer.status, answer.body), ((200, MALFORMED),), path[:40])
        self.assertEqual(self.http("GET", "/ocsp/a%2Fb/MA").status, 404)
        self.assertIn(self.http("GET", "/crl/a%2Fb.crl").status, (400, 404))

    def test_two_hundred_ask_at_once(self) -> None:
        fresh, kept = self.question(None, "-nonce"), self.question()
        with ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda number: self.post(fresh if number % 2 else kept), range(200)))
        self.assertEqual({answer.status for answer in answers}, {200})
        refused = [answer for answer in answers if len(answer.body) == 5]
        self.assertEqual(refused if not options.quick else [], [])
        self.assertEqual(len({answer.body for answer in answers[0::2]}), 1)

    def test_a_revocation_is_told_at_once(self) -> None:
        serial, certificate = self.issue("bob@alpha.example")
        self.wait_says("good", serial)
        etag = self.post(self.question(serial)).headers["ETag"]
        at_ms = forge.now_ms() - 5000
        self.revoke(serial, 4, at_ms)
        self.wait_says("revoked", serial)
        said = self.client("-nonce", certificate=certificate)
        self.assertIn(": revoked", said)
        self.assertIn("Reason: superseded", said)
        self.assertIn(time.strftime("Revocation Time: %b %e %H:%M:%S %Y GMT", time.gmtime(at_ms // 1000)), said)
        self.assertNotEqual(self.post(self.question(serial)).headers["ETag"], etag)
        # The key turns out to be stolen; that it was issued is heard once more, late: still revoked.
        self.revoke(serial, 1)
        wait_for(lambda: "keyCompromise" in self.client("-no_nonce", certificate=certificate), options.wait(10), "another reason")
        self.revoke(serial, 4, at_ms)
        self.publish_issued(certificate, serial)
        other, _ = self.issue("dave@alpha.example")
        self.wait_says("good", other)  # what came later was handled
        self.assertIn("keyCompromise", self.client("-no_nonce", certificate=certificate))

    def publish_issued(self, certificate: Path, serial: str) -> None:
        der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], capture_output=True, check=True).stdout
        end = openssl("x509", "-in", certificate, "-noout", "-enddate").strip().removeprefix("notAfter=")
        not_after = int(subprocess.run(["date", "-d", end, "+%s"], capture_output=True, check=True).stdout) * 1000
        values = {"certificate": der, "chain": [der], "serial": serial, "issuer": ISSUER, "not_after_ms": not_after}
        self.publish("certificate.issued", "CertificateIssued", values)

    def test_nothing_is_good_that_the_ca_did_not_sign(self) -> None:
        key, forged = self.out / "forged.key", self.out / "forged.pem"
        # Its issuer is named as the CA is: only the signature is another's.
        named = openssl("x509", "-in", self.stack.ca / "issuing.cert.pem", "-noout", "-subject", "-nameopt", "compat")
        name = named.strip().removeprefix("subject=").strip()
        words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        openssl("req", "-x509", *words, "-set_serial", "0x41aabbccddeeff00", "-subj", name, "-days", "9", "-out", forged)
        before = self.count("certificate_status.parked")
        self.publish_issued(forged, "41aabbccddeeff00")
        self.publish_issued(self.certificate, "41aabbccddeeff00")
        wait_for(lambda: self.count("certificate_status.parked") == before + 2, options.wait(20), "both to be parked")
        self.assertEqual(self.says("41aabbccddeeff00"), "unknown")

    def test_a_void_serial_is_revoked(self) -> None:
        now = forge.now_ms()
        self.assertEqual(self.says("4100000000000000000000000000aaaa"), "unknown")
        self.publish("certificate.voided", "CertificateVoided",
                     {"serial": "4100000000000000000000000000aaaa", "issuer": ISSUER, "voided_at_ms": now, "not_after_ms": now + 86400000})
        self.wait_says("revoked", "4100000000000000000000000000aaaa")

    def test_another_responder_takes_over(self) -> None:
        before = self.read(self.post(self.question()).body)
        make_responder(self.stack.ca, self.stack.status_dir / "ocsp", ISSUER)
        self.stack.restart_service(SERVICE)
        after = self.read(self.post(self.question()).body)
        ids = [next(line for line in text.splitlines() if "Responder Id" in line) for text in (before, after)]
        self.assertNotEqual(ids[0], ids[1])
        self.assertEqual(self.says(), "good")

    def test_the_ceremony_makes_a_responder(self) -> None:
        """csctl's certificate, in the place and form that is read here."""
        where, ocsp = self.out / "responder", self.stack.status_dir / "ocsp"
        where.mkdir()
        key, csr, cert = where / "key.pem", where / "csr.pem", where / "cert.pem"
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        openssl("req", "-new", *new, "-subj", "/C=DE/O=Countersign/CN=Countersign OCSP", "-out", csr)
        ca = ["--chain", str(self.stack.ca / "chain.pem"), "--key", str(self.stack.ca / "issuing.key.pem")]
        made = self.csctl("ca", "ocsp", "--csr", str(csr), *ca, "--out", str(cert), "--days", "30")
        self.assertEqual(made.returncode, 0, made.stderr)
        (ocsp / f"{ISSUER}.key.pem").write_bytes(key.read_bytes())
        (ocsp / f"{ISSUER}.cert.pem").write_bytes(cert.read_bytes())
        self.stack.restart_service(SERVICE)
        self.assertIn(": good", self.client("-nonce"))
        self.assertIn(b"Countersign OCSP", self.post(self.question()).body)

    def test_one_bad_file_keeps_no_other_away(self) -> None:
        """The responder's key cannot be read; the root's new list, which comes behind it, is served."""
        key = self.stack.status_dir / "ocsp" / f"{ISSUER}.key.pem"
        good = key.read_bytes()
        before = self.http("GET", "/crl/root.crl").body
        key.write_bytes(b"no key")
        try:
            make_root_crl(self.stack.ca, self.stack.status_dir / "ca" / "root.crl")
            wait_for(lambda: self.http("GET", "/crl/root.crl").body != before, options.wait(45), "the root's new list")
        finally:
            key.write_bytes(good)
        self.assertEqual(self.says(), "good")

    def test_y_a_responder_that_has_ended_answers_nothing(self) -> None:
        ocsp = self.stack.status_dir / "ocsp"
        make_responder(self.stack.ca, ocsp, ISSUER, days=0)
        try:
            self.stack.restart_service(SERVICE)
            self.assertEqual(self.says(), "30030a0102")
            self.assertEqual(self.http("GET", f"/ca/{ISSUER}.cer").status, 200)
        finally:
            make_responder(self.stack.ca, ocsp, ISSUER)
            self.stack.restart_service(SERVICE)
        self.assertEqual(self.says(), "good")

    def answers(self) -> None:
        self.assertIn(": good", self.client("-nonce"))
        self.assertIn(": good", self.client("-no_nonce"))
        self.assertEqual(self.http("GET", f"/ca/{ISSUER}.cer").status, 200)
        self.assertEqual(self.http("GET", "/crl/root.crl").status, 200)
        self.assertEqual(self.stack.get(SERVICE, "readyz")[0], 200)
        self.assertEqual(self.stack.get(SERVICE, "livez")[0], 200)

    def people_are_served(self) -> bool:
        try:
            self.person().call("GET", "/v1/requests")
        except Refused as refused:
            self.assertEqual(refused.status, 503)
            return False
        return True

    def test_z_it_answers_whatever_else_is_away(self) -> None:
        self.stack.stop_service("signer")
        self.answers()
        self.stack.nats.stop()
        self.answers()
        self.stack.restart_service(SERVICE)  # ready without NATS
        self.answers()
        self.stack.postgres.stop()
        self.answers()
        wait_for(lambda: self.metric("countersign_status_known_age_seconds") >= 2, options.wait(20), "knowledge to age")
        self.answers()
        self.stack.postgres.start()
        self.stack.nats.start()
        self.stack.restart_service("signer")
        wait_for(lambda: self.metric("countersign_nats_connected") == 1, options.wait(30), "NATS to be reached")
        wait_for(lambda: self.metric("countersign_status_known_age_seconds") <= 1, options.wait(30), "knowledge to be fresh")
        for name in self.stack.services:
            self.stack.wait_ready(name, options.wait(60))
        wait_for(self.people_are_served, options.wait(30), "the API to be back")
        serial, _ = self.issue("carol@alpha.example")
        self.wait_says("good", serial)
        self.revoke(serial, 5)
        self.wait_says("revoked", serial)


class Signer(threading.Thread):
    """Stands for the signer: answers ask.signer.crls and ask.signer.crl."""

    def __init__(self, stack: Any) -> None:
        super().__init__(daemon=True)
        self.bus = NatsClient.of(stack, "signer")
        self.crls: dict[tuple[str, int], tuple[int, bytes, bytes]] = {}  # number, octets, digest
        self.lists = self.bus.subscribe("ask.signer.crls")
        self.parts = self.bus.subscribe("ask.signer.crl")
        self.asked = self.listed = 0  # parts and lists that were asked for
        self.ending = threading.Event()
        self.start()

    def set(self, der: bytes, number: int, label: str = ISSUER, partition: int = 0, digest: bytes | None = None) -> None:
        self.crls[label, partition] = (number, der, digest or hashlib.sha256(der).digest())

    def run(self) -> None:
        while not self.ending.is_set():
            asked = self.bus.next(self.lists, 0.05)
            if asked:
                rows = [
                    {"issuer": label, "partition": partition, "number": number, "this_update_ms": 1, "next_update_ms": 2, "size": len(der), "sha256": digest}
                    for (label, partition), (number, der, digest) in list(self.crls.items())
                ]
                self.bus.publish(asked.reply, forge.encode("CrlsAnswer", {"crls": rows}))
                self.listed += 1
            while part := self.bus.next(self.parts, 0.01):
                self.asked += 1
                self.bus.publish(part.reply, forge.encode("CrlAnswer", self.part(forge.decode("CrlAsk", part.body))))
        self.bus.close()

    def part(self, ask: dict[str, Any]) -> dict[str, Any]:
        """What a test has taken away meanwhile is unknown, as at the signer."""
        kept = self.crls.get((ask["issuer"], ask.get("partition", 0)))
        if kept is None:
            return {"result": "unknown"}
        der = kept[1]
        offset = ask.get("offset", 0)
        return {"result": "here", "size": len(der), "offset": offset, "octets": der[offset : offset + 524288]}


class Lists(StatusTest):
    """CRLs, of a signer that is played here."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.stack.stop_service("signer")
        cls.stack.postgres.query("delete from certificate_status.crl")
        cls.signer = Signer(cls.stack)
        cls.stack.restart_service(SERVICE)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.signer.ending.set()
        cls.signer.join()
        super().tearDownClass()

    number = 0

    def make(self, *revoked: str, number: int | None = None, **more: Any) -> tuple[bytes, int]:
        if number is None:
            Lists.number += 1
            number = Lists.number
        return make_crl(self.stack.ca, self.out / "crl", revoked, number, **more), number

    def announce(self, number: int, der: bytes, label: str = ISSUER) -> None:
        values = {"issuer": label, "number": number, "this_update_ms": 1, "next_update_ms": 2, "size": len(der), "sha256": hashlib.sha256(der).digest(), "made_at_ms": 1}
        event = {key: value for key, value in values.items()}
        with NatsClient.of(self.stack, "signer") as signer:
            key = uuid.uuid4().bytes
            signer.publish("cs.certificate.crl-made", forge.encode("CrlMade", event), forge.headers("certificate.crl-made", key))

    def served(self) -> bytes:
        return self.http("GET", f"/crl/{ISSUER}.crl").body

    def serve(self, der: bytes, number: int) -> None:
        self.signer.set(der, number)
        self.announce(number, der)
        wait_for(lambda: self.served() == der, options.wait(20), f"CRL {number} to be served")

    def verify(self, certificate: Path) -> str:
        crl = self.out / "served.pem"
        crl.write_text(openssl("crl", "-inform", "DER", given=self.served()))
        words = ["-crl_check", "-CAfile", self.stack.ca / "chain.pem", "-CRLfile", crl, certificate]
        return subprocess.run(["openssl", "verify", *map(str, words)], capture_output=True, text=True, check=False).stdout + "."

    def test_0_without_a_crl_it_says_so(self) -> None:
        answer = self.http("GET", f"/crl/{ISSUER}.crl")
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "60"))
        self.assertEqual(self.metric(f'countersign_crl_stale{{issuer="{ISSUER}",partition="0"}}'), 1)
        self.assertEqual(self.http("GET", f"/crl/{ISSUER}-1.crl").status, 404)

    def test_1_a_new_crl_is_served_when_it_is_announced(self) -> None:
        der, number = self.make()
        self.serve(der, number)
        self.assertIn("OK", self.verify(self.certificate))
        answer = self.http("GET", f"/crl/{ISSUER}.crl")
        self.assertEqual(answer.headers["Content-Type"], "application/pkix-crl")
        self.assertIn("must-revalidate", answer.headers["Cache-Control"])
        self.assertEqual(self.http("GET", f"/crl/{ISSUER}.crl", If_None_Match=answer.headers["ETag"]).status, 304)
        names = f'{{issuer="{ISSUER}",partition="0"}}'
        self.assertEqual(self.metric("countersign_crl_number" + names), number)
        self.assertEqual(self.metric("countersign_crl_stale" + names), 0)

    def test_2_what_the_crl_lists_is_revoked_whatever_was_heard(self) -> None:
        self.assertEqual(self.says(), "good")
        der, number = self.make(self.serial)
        self.serve(der, number)
        self.assertEqual(self.says(), "revoked")
        self.assertIn("certificate revoked", subprocess.run(
            ["openssl", "verify", "-crl_check", "-CAfile", str(self.stack.ca / "chain.pem"), "-CRLfile", str(self.pem()), str(self.certificate)],
            capture_output=True, text=True, check=False).stderr)

    def pem(self) -> Path:
        path = self.out / "served.pem"
        path.write_text(openssl("crl", "-inform", "DER", given=self.served()))
        return path

    def test_3_a_long_one_comes_in_parts(self) -> None:
        before = self.signer.asked
        der, number = self.make(*(f"41{serial:030x}" for serial in range(options.many(40000, 20000))))
        self.assertGreater(len(der), 600000)
        self.serve(der, number)
        self.assertGreaterEqual(self.signer.asked - before, 2)
        self.assertEqual(self.says(f"41{19999:030x}"), "revoked")
        self.assertEqual(self.says(f"42{19999:030x}"), "unknown")

    def test_4_what_is_not_its_next_crl_is_not_served(self) -> None:
        good, number = self.make()
        self.serve(good, number)
        other = self.out / "other"
        other.mkdir(exist_ok=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                other / "issuing.key.pem", "-out", other / "issuing.cert.pem", "-subj", "/CN=other")
        foreign = make_crl(other, self.out / "crl", (), number + 1)
        altered = bytearray(self.make(self.serial, number=number + 1)[0])
        altered[-1] ^= 1
        future = self.make(number=number + 1, begins="20991231000000Z")[0]
        refused = "countersign_crls_total{result=\"refused\"}"
        for name, der, digest in (("foreign", foreign, None), ("altered", bytes(altered), None), ("garbage", b"0\x03\x02\x01\x01", None),
                                  ("another digest", self.make(number=number + 1)[0], bytes(32)), ("from the future", future, None)):
            with self.subTest(name):
                before = self.metric(refused)
                self.signer.set(der, number + 1, digest=digest)
                self.announce(number + 1, der)
                wait_for(lambda: self.metric(refused) > before, options.wait(20), f"{name} to be refused")
                self.assertEqual(self.served(), good)
        older = self.make(number=number)[0]
        self.signer.set(older, number)
        for _ in range(2):  # asked for the second time, it has done with the first answer
            before = self.signer.listed
            self.announce(number, older)
            wait_for(lambda: self.signer.listed > before, options.wait(20), "the older one to be looked at")
        self.assertEqual(self.served(), good)
        Lists.number = number + 1
        der, number = self.make()
        self.serve(der, number)

    def test_4_partitions_have_lists_of_their_own(self) -> None:
        der, number = self.make(url=f"http://{self.address}/crl/{ISSUER}-2.crl")
        full, other = self.make()
        self.signer.crls.clear()
        self.signer.set(der, number, partition=2)
        self.signer.set(full, other + 1, partition=3)  # it names no partition
        self.serve(full, other)
        wait_for(lambda: self.http("GET", f"/crl/{ISSUER}-2.crl").body == der, options.wait(20), "the second partition")
        self.assertEqual(self.http("GET", f"/crl/{ISSUER}-3.crl").status, 404)
        self.assertEqual(self.http("GET", f"/crl/{ISSUER}-1.crl").status, 404)
        self.assertEqual(self.metric(f'countersign_crl_number{{issuer="{ISSUER}",partition="2"}}'), number)
        before = self.metric('countersign_crls_total{result="refused"}')
        self.signer.set(der, other + 2)  # a partition's list as the full one
        self.announce(other + 2, der)
        wait_for(lambda: self.metric('countersign_crls_total{result="refused"}') > before, options.wait(20), "it to be refused")
        self.assertEqual(self.served(), full)
        self.signer.crls.clear()

    def test_5_a_restart_has_everything(self) -> None:
        der, number = self.make(self.serial)
        self.serve(der, number)
        wait_for(lambda: self.value("select max(number) from certificate_status.crl") == str(number), options.wait(60), "the CRL to be stored")
        self.signer.crls.clear()
        self.stack.restart_service(SERVICE)
        wait_for(lambda: self.served() == der, options.wait(10), "the stored CRL")
        self.assertEqual(self.says(), "revoked")


class Replicas(StatusTest):
    """Each event is heard by one of two, and known to both."""

    replicas = 2

    def test_both_know_what_one_of_them_heard(self) -> None:
        first, second = self.stack.services[SERVICE], self.stack.services[f"{SERVICE}-2"]
        serials = [self.serial] + [self.issue(f"user{number}@alpha.example")[0] for number in range(3)]
        for said in ("good", "revoked"):
            for serial in serials:
                for replica in (first, second):
                    self.stack.services[SERVICE] = replica
                    self.wait_says(said, serial)
            self.stack.services[SERVICE] = first
            for serial in serials:
                self.revoke(serial, 4)


class Real(StatusTest):
    """With the signer's own lists, and people who revoke."""

    settings = {"signer": {"CS_CRL_AFTER_SECONDS": "0"}}

    def verify(self, certificate: Path) -> str:
        url = next(line.strip().removeprefix("URI:") for line in openssl("x509", "-in", certificate, "-noout", "-ext", "crlDistributionPoints").splitlines() if "URI:" in line)
        answer = self.http("GET", urllib.parse.urlsplit(url).path)
        if answer.status != 200:
            return f"{answer.status}"
        path = self.out / "real.crl"
        path.write_text(openssl("crl", "-inform", "DER", given=answer.body))
        words = ["-crl_check", "-CAfile", self.stack.ca / "chain.pem", "-CRLfile", path, certificate]
        done = subprocess.run(["openssl", "verify", *map(str, words)], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def test_1_the_signers_list_is_served(self) -> None:
        wait_for(lambda: self.verify(self.certificate).endswith(": OK\n"), options.wait(60), "a CRL that vouches for it")
        self.assertEqual(self.metric(f'countersign_crl_stale{{issuer="{ISSUER}",partition="0"}}'), 0)

    def test_2_what_its_owner_revokes_is_revoked_for_the_world(self) -> None:
        self.assertIn(": good", self.client("-nonce"))
        request = self.certificate.name.removesuffix(".cert.pem")
        done = self.csctl("request", "revoke", request, "--reason", "keyCompromise", "--text", "It was stolen.")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: ": revoked" in self.client("-no_nonce"), options.wait(20), "OCSP to say so")
        self.assertIn("keyCompromise", self.client("-nonce"))
        wait_for(lambda: "certificate revoked" in self.verify(self.certificate), options.wait(60), "the CRL to say so")
        self.stack.stop_service("signer")
        self.stack.restart_service(SERVICE)
        self.assertIn("keyCompromise", self.client("-nonce"))
        wait_for(lambda: "certificate revoked" in self.verify(self.certificate), options.wait(20), "the stored CRL")
        self.stack.restart_service("signer")

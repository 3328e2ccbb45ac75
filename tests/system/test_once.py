# SPDX-License-Identifier: Apache-2.0
"""Once and only once: the signer dies at every step in turn, of issuing, of revoking and of making a list.

What the next start makes of it is read from the tables by their owner, and from the lists by openssl.
"""

import uuid
from pathlib import Path
from typing import Any

from world import SystemTest, openssl, wait_for  # first: it makes the other modules findable

import checkers
import ed25519
import forge
from nats_client import NatsClient
from options import options
from product import ENTERPRISE

MAILBOX = "ann@alpha.example"
ISSUING = (
    "before-commit:sign",
    "after-commit:sign",
    "leased:sign",
    "before-sign:sign",
    "after-sign:sign",
    "before-commit:certificate.issued",
    "after-commit:certificate.issued",
    "published:certificate.issued",
    "confirmed:CERTIFICATE",
)
VOIDING = (
    "before-commit:certificate.voided",
    "after-commit:certificate.voided",
    "published:certificate.voided",
)
REVOKING = (
    "before-commit:certificate.revoked",
    "after-commit:certificate.revoked",
    "published:certificate.revoked",
)
LISTING = (
    "before-commit:crl",
    "after-commit:crl",
    "leased:crl",
    "before-sign:crl",
    "after-sign:crl",
    "before-commit:certificate.crl-made",
    "after-commit:certificate.crl-made",
    "published:certificate.crl-made",
)


class Once(SystemTest):
    mail_below = ("alpha.example",)
    durable = True
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"},
        "signer": {"CS_CRL_AFTER_SECONDS": "1"},
    }
    issued: list[str]
    proved = False

    def setUp(self) -> None:
        self.made = 0
        if not Once.proved:
            self.prove(MAILBOX)
            Once.proved = True

    def prove(self, mailbox: str) -> None:
        """With a certificate of its own; from then on the proof stands for others."""
        person = self.person()
        request = person.create(self.csr(f"proves-{mailbox[:8]}"), [mailbox], "smime-mailbox")
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        person.approve(request)
        person.wait_state(request, "issued")

    # Dying

    def die_at(self, point: str) -> None:
        self.stack.services["signer"].env["CS_TEST_CRASH_AT"] = point
        self.stack.restart_service("signer")

    def wait_dead(self) -> None:
        """It ends by itself, and that is no surprise."""
        processes = self.stack.processes
        wait_for(
            lambda: not processes.alive("signer"), options.wait(30), "the signer to die", pause=0.02
        )
        self.assertEqual(processes.running["signer"][1].returncode, -9)
        processes.killed.add("signer")

    def live_again(self) -> None:
        """As after an outage of some length: leases of the dead have run out."""
        self.value("update signer.work set lease_ms = 0")
        self.stack.services["signer"].env["CS_TEST_CRASH_AT"] = ""
        self.stack.restart_service("signer")

    # Asking

    def approved(self, mailbox: str = MAILBOX) -> str:
        """A request on a standing proof: approved, so that the signer has everything soon."""
        self.made += 1
        person = self.person()
        name = f"{self._testMethodName[-8:]}-{self.made}-{uuid.uuid4().hex[:6]}"
        request = person.create(self.csr(name), [mailbox], "smime-mailbox")
        person.wait_planned(request)
        person.approve(request)
        return str(request)

    def issue(self) -> str:
        request = self.approved()
        self.person().wait_state(request, "issued")
        return request

    def state(self, kind: str, user: str, subject: str, request: str, body: bytes) -> None:
        """Says something as this service, with its key and its credentials."""
        sealed = forge.seal(ed25519.load(self.stack.key_file(user)), kind, body)
        with NatsClient.of(self.stack, user) as client:
            heads = forge.headers(subject, uuid.UUID(request).bytes)
            client.store(f"cs.{subject}", sealed, heads)

    def ask_to_revoke(self, request: str, reason: int = 4) -> None:
        now = forge.now_ms()
        asked = {
            "request_id": uuid.UUID(request).bytes,
            "enterprise": ENTERPRISE,
            "account": "alice",
            "by": 1,
            "reason": reason,
            "text": "a test wants it",
            "asked_at_ms": now,
            "known_at_ms": now,
            "due_at_ms": now + 86400_000,
        }
        body = forge.encode("RevocationAsked", asked)
        self.state("revocation", "request-intake", "request.revocation-asked", request, body)

    # Lists

    def newest(self) -> dict[str, Any]:
        """The newest full list, as certificate-status asks for it."""
        with NatsClient.of(self.stack, "certificate-status") as client:
            answer = client.ask("ask.signer.crls", forge.encode("CrlsAsk", {}))
            assert answer is not None
            rows = forge.decode("CrlsAnswer", answer.body)["crls"]
            row = next(row for row in rows if not row.get("partition"))
            octets = b""
            while len(octets) < row["size"]:
                ask = {"issuer": row["issuer"], "number": row["number"], "offset": len(octets)}
                answer = client.ask("ask.signer.crl", forge.encode("CrlAsk", ask))
                assert answer is not None
                part = forge.decode("CrlAnswer", answer.body)
                self.assertEqual(part["result"], "here")
                octets += part["octets"]
        self.assertEqual(forge.sha256(octets), row["sha256"])
        return {**row, "octets": octets}

    def listed(self) -> dict[str, str]:
        """Serials and reasons of the newest full list, which openssl verifies."""
        where: Path = self.stack.root / "out" / "newest.crl"
        where.write_bytes(self.newest()["octets"])
        chain = ["-CAfile", self.stack.ca / "chain.pem"]
        text = openssl("crl", "-inform", "DER", "-in", where, *chain, "-noout", "-text")
        self.assertIn("verify OK", text)
        found = {}
        for entry in text.split("Serial Number: ")[1:]:
            serial, _, rest = entry.partition("\n")
            reason = rest.partition("Reason Code:")[2].strip().partition("\n")[0].strip()
            found[serial.strip().lower()] = reason
        return found

    def wait_listed(self, serial: str) -> str:
        def there() -> bool:
            return self.count("signer.crl_change") == 0 and serial in self.listed()

        # What the dead had fetched comes again when the stream has waited for its answer: 30 s.
        wait_for(there, options.wait(90), f"{serial} to be listed", pause=0.2)
        return self.listed()[serial]

    def serial(self, request: str) -> str:
        return self.value(f"select encode(serial, 'hex') from signer.intent where request = '{request}'")

    # What must hold

    def check_all(self) -> None:
        checkers.settle(self)
        checkers.nothing_parked(self)
        checkers.audited(self)
        checkers.trusted(self)
        serials = self.rows("select serial from signer.intent")
        self.assertEqual(len(serials), len({row[0] for row in serials}))
        for table, event in (("certificate", "issued"), ("revocation", "revoked")):
            only = " where what = 'certificate'" if table == "revocation" else ""
            made = self.rows(f"select request from signer.{table}{only} order by 1")
            told = self.rows(
                f"select key from signer.outbox where subject = 'certificate.{event}' order by 1"
            )
            self.assertEqual(made, told, f"each {table} is told once")
        numbers = self.rows(
            "select number from (select detail, substring(detail from 'number=(\\d+)') as number,"
            " seq from signer.audit where action = 'crl-made') m order by seq"
        )
        values = [int(row[0]) for row in numbers]
        self.assertEqual(values, sorted(set(values)), "numbers of lists rise")
        self.assertEqual(self.count("signer.crl_list where in_hand"), 0)

    # Tests

    def test_issuing(self) -> None:
        for point in ISSUING:
            with self.subTest(point):
                checkers.settle(self)
                self.die_at(point)
                request = self.approved()
                self.wait_dead()
                self.live_again()
                self.person().wait_state(request, "issued", timeout=options.wait(60))
                self.assertEqual(self.count(f"signer.certificate where request = '{request}'"), 1)
        self.check_all()
        self.assertEqual(self.count(checkers.NOT_ISSUED), self.voids())

    def voids(self) -> int:
        return self.count("signer.revocation where what = 'void'")

    def leave_intent(self, mailbox: str = MAILBOX) -> str:
        """A request whose intent is recorded, and whose order is too old when the signer comes back."""
        checkers.settle(self)
        self.die_at("leased:sign")
        request = self.approved(mailbox)
        self.wait_dead()
        # An order that grew old, and one that cannot be trusted, lead to the same: the gate is asked again.
        self.value(
            "update signer.work set body = set_byte(body, 20, 255 - get_byte(body, 20)),"
            " due_ms = due_ms + 3600000, lease_ms = 0 where kind = 'sign'"
        )
        return request

    def deny(self, request: str) -> None:
        """The mailbox's validator says later that the proof does not hold."""
        envelope = bytes.fromhex(
            self.value(
                "select encode(envelope, 'hex') from signer.final_plan"
                f" where request = '{request}' order by revision desc limit 1"
            )
        )
        plan = forge.opened("Plan", envelope)
        check = next(c for c in plan["checks"] if c["kind"] == forge.MAILBOX)
        asked = {
            "request_id": plan["request_id"],
            "request_digest": plan["request_digest"],
            "check": {**check, "attempt": check.get("attempt", 1) + 7},
        }
        said = forge.encode("Evidence", forge.evidence(asked, forge.REFUSED))
        self.state("evidence", "mailbox-validator", "evidence.mailbox", request, said)

    def test_the_gate_is_asked_again(self) -> None:
        request = self.leave_intent()
        serial = self.serial(request)
        self.value("update signer.work set due_ms = 0 where kind = 'sign'")
        self.live_again()
        self.person().wait_state(request, "issued")
        self.assertEqual(self.serial(request), serial)  # in the same octets
        self.assertEqual(self.count(f"signer.audit where request = '{request}' and action = 'renewed'"), 1)
        self.check_all()

    def test_voiding(self) -> None:
        for number, point in enumerate(("", *VOIDING)):
            with self.subTest(point):
                self.void_at(point, f"void{number}@alpha.example")
        self.check_all()

    def void_at(self, point: str, mailbox: str) -> None:
        self.prove(mailbox)
        request = self.leave_intent(mailbox)
        self.die_at(point)
        self.deny(request)
        denied = f"signer.evidence where request = '{request}' and outcome = 2"
        wait_for(lambda: self.count(denied) == 1, options.wait(20), "the denial to be kept")
        self.value("update signer.work set due_ms = 0 where kind = 'sign'")
        if point:
            self.wait_dead()
            self.live_again()
        void = f"signer.intent where request = '{request}' and state = 'void'"
        wait_for(lambda: self.count(void) == 1, options.wait(60), "the intent to be void")
        self.person().wait_state(request, "refused")
        self.assertEqual(self.count(f"signer.certificate where request = '{request}'"), 0)
        for event in ("voided", "refused"):
            told = f"signer.outbox where key = '{request}' and subject = 'certificate.{event}'"
            self.assertEqual(self.count(told), 1)
        self.assertEqual(self.wait_listed(self.serial(request)), "")

    def test_revoking(self) -> None:
        for point in REVOKING:
            with self.subTest(point):
                request = self.issue()
                checkers.settle(self)
                self.die_at(point)
                self.ask_to_revoke(request)
                self.wait_dead()
                self.live_again()
                self.assertEqual(self.wait_listed(self.serial(request)), "Superseded")
        self.check_all()

    def test_listing(self) -> None:
        for point in LISTING:
            with self.subTest(point):
                request = self.issue()
                checkers.settle(self)
                self.die_at(point)
                self.ask_to_revoke(request, reason=0)
                self.wait_dead()
                self.live_again()
                self.assertEqual(self.wait_listed(self.serial(request)), "")
        self.check_all()

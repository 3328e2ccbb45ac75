# SPDX-License-Identifier: Apache-2.0
"""What comes after a certificate: renewed, rekeyed, reissued, revoked, reported, and about to end."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from world import Applicant, Refused, SystemTest, openssl, wait_for  # first: finds the others

from applicant import TOKEN, mail_text, make_csr
from options import options

NOBODY = "00000000-0000-4000-8000-000000000000"
BUSY = {
    "CS_CREATIONS_PER_HOUR": "10000",
    "CS_PRESSES_PER_HOUR": "10000",
    "CS_REPORTS_PER_NETWORK_HOUR": "10000",
}
NOTE = "Ask the help desk first."


class Life(SystemTest):
    """All on one stack; each test has mailboxes of its own."""

    mail_below = ("beta.example",)

    settings = {"request-intake": BUSY}
    note: dict[str, Any]  # as policy holds it

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        root, alice = Applicant(cls.stack, "root-token"), Applicant(cls.stack, "alice-token")
        path, once = "/v1/config/demo/note/", {"If-None-Match": "*"}
        cls.note = root.call("PUT", path + "reissue", {"text": NOTE}, once)
        root.call("PUT", path + "issue.san", {"text": "One domain."}, once)
        there = lambda: len(alice.call("GET", "/v1/notes")["notes"]) == 2  # noqa: E731
        wait_for(there, options.wait(20), "both notes to be told")

    @property
    def alice(self) -> Applicant:
        return self.person("alice-token")

    @property
    def bob(self) -> Applicant:
        return self.person("bob-token")

    @property
    def operator(self) -> Applicant:
        return self.person("operator-token")

    def key(self, name: str) -> tuple[Path, Path]:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        return make_csr(where, name)

    def refused(self, status: int, code: str, call: Any) -> dict[str, Any]:
        with self.assertRaises(Refused) as caught:
            call()
        self.assertEqual(caught.exception.status, status, caught.exception.problem)
        self.assertEqual(caught.exception.problem.get("code"), code)
        return caught.exception.problem

    def issued(self, mailbox: str, **more: Any) -> tuple[str, Path]:
        """A certificate of alice's by a mailbox; its request and private key."""
        key, csr = self.key(mailbox.replace("@", "-at-"))
        request = self.alice.create(csr, [mailbox], "smime-mailbox", **more)
        self.alice.wait_planned(request)
        self.alice.prove_mailbox(request, mailbox)
        self.issue(request)
        return request, key

    def issue(self, request: str) -> None:
        self.alice.wait_state(request, "ready", timeout=options.wait(30))
        self.alice.approve(request)
        self.alice.wait_state(request, "issued", timeout=options.wait(60))

    def follow(self, request: str, how: str, body: Any = None, **headers: str) -> dict[str, Any]:
        answer = self.alice.call("POST", f"/v1/requests/{request}/{how}", body or {}, headers)
        return dict(answer)

    def text_of(self, request: str) -> str:
        return openssl("x509", "-noout", "-text", given=self.alice.certificate(request))

    def spki_of(self, request: str) -> str:
        return openssl("x509", "-noout", "-pubkey", given=self.alice.certificate(request))

    def serial_of(self, request: str) -> str:
        return str(self.alice.show(request)["certificate"]["serial"])

    # Another certificate

    def test_a_renewal_needs_no_new_proof(self) -> None:
        mailbox = "renew@beta.example"
        first, _ = self.issued(mailbox, validity_days=100)
        last = self.stack.mail.find(mailbox)[-1]["number"]
        answer = self.follow(first, "renew", {"validity_days": 90})
        second = answer["id"]
        self.assertEqual((answer["kind"], answer["previous"]), ("renewal", first))
        planned = self.alice.wait_state(second, "ready", timeout=options.wait(30))
        self.assertEqual([c["state"] for c in planned["checks"] if c["kind"] == "mailbox"], ["standing"])
        self.issue(second)
        self.assertEqual(self.spki_of(second), self.spki_of(first))
        self.assertNotEqual(self.serial_of(second), self.serial_of(first))
        self.assertIn(f"email:{mailbox}", self.text_of(second))
        self.assertEqual(self.alice.show(first)["state"], "issued")
        texts = lambda: [  # noqa: E731
            mail_text(self.stack.mail.read(m["number"]))
            for m in self.stack.mail.find(mailbox)
            if m["number"] > last
        ]
        wait_for(lambda: any(second in t for t in texts()), options.wait(20), "the second certificate by mail")
        self.assertEqual([t for t in texts() if TOKEN.search(t)], [], "a second proof was asked for")

    def test_a_rekey_and_a_reissue_name_what_they_follow(self) -> None:
        mailbox, other = "rekey@beta.example", "reissue@beta.example"
        first, _ = self.issued(mailbox)
        csr = self.key("rekey-second")[1]
        second = self.follow(first, "rekey", {"csr": csr.read_text()})["id"]
        self.issue(second)
        self.assertNotEqual(self.spki_of(second), self.spki_of(first))
        body = {"mailboxes": [other]}
        problem = self.refused(409, "note-unread", lambda: self.follow(second, "reissue", body))
        self.assertEqual(problem["note"]["text"], NOTE)
        body["note_version"] = problem["note"]["version"]
        third = self.follow(second, "reissue", body)["id"]
        self.alice.wait_planned(third)
        self.assertEqual(self.alice.check(third, "mailbox-1")["state"], "needed")  # type: ignore[index]
        self.alice.prove_mailbox(third, other)
        self.issue(third)
        shown = self.alice.show(third)
        self.assertEqual((shown["kind"], shown["previous"]), ("reissue", second))
        self.assertEqual(shown["note_version"], str(self.note["version"]))
        self.assertIn(f"email:{other}", self.text_of(third))
        self.assertNotIn(f"email:{mailbox}", self.text_of(third))
        self.assertEqual(self.spki_of(third), self.spki_of(second))

    def test_a_repeated_renewal_is_one_request(self) -> None:
        first, _ = self.issued("twice@beta.example")
        key = {"Idempotency-Key": "renew-twice"}
        answers = [self.alice.call("POST", f"/v1/requests/{first}/renew", {}, key) for _ in range(2)]
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(self.count(f"request_intake.submission where previous = '{first}'"), 1)

    def test_only_ones_own_certificates_are_followed(self) -> None:
        first, _ = self.issued("own@beta.example")
        csr = self.key("own-second")[1].read_text()
        open_one = self.alice.create(csr, ["own@beta.example"], "smime-mailbox")
        renew = lambda who, request: lambda: who.call("POST", f"/v1/requests/{request}/renew", {})  # noqa: E731
        self.refused(404, "not-found", renew(self.alice, NOBODY))
        self.refused(404, "not-found", renew(self.bob, first))
        self.refused(403, "not-yours", renew(self.operator, first))
        self.refused(409, "not-issued", renew(self.alice, open_one))
        same = {"csr": self.alice_csr(first)}
        self.refused(422, "same-key", lambda: self.follow(first, "rekey", same))
        names = {"mailboxes": ["own@beta.example"], "note_version": str(self.note["version"])}
        self.refused(422, "same-names", lambda: self.follow(first, "reissue", names))

    def alice_csr(self, request: str) -> str:
        """Another request by the very same key."""
        mailbox = self.alice.show(request)["mailboxes"][0]
        key = self.stack.root / "out" / f"{mailbox.replace('@', '-at-')}.key.pem"
        return openssl("req", "-new", "-key", key, "-subj", "/CN=again")

    def test_notes_are_shown_before(self) -> None:
        shown = self.csctl("note", "show", "--kind", "reissue")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        found = json.loads(shown.stdout)["notes"]
        self.assertEqual(found, [{"kind": "reissue", "version": str(self.note["version"]), "text": NOTE}])
        self.assertEqual(json.loads(self.csctl("note", "show", "--kind", "renew").stdout)["notes"], [])

    def test_a_note_of_a_screen_is_shown_there_and_stops_nobody(self) -> None:
        """That alice can issue at all, other tests show."""
        on = lambda screen: self.alice.call("GET", f"/v1/notes?kind=issue&screen={screen}")["notes"]  # noqa: E731
        self.assertEqual([note["text"] for note in on("san")], ["One domain."])
        for words in (("--screen", "san"), ("--kind", "issue", "--screen", "san")):
            told = json.loads(self.csctl("note", "show", *words).stdout)["notes"]
            self.assertEqual([note["text"] for note in told], ["One domain."])
        self.assertEqual(on("csr"), [])

    def test_a_note_follows_its_document(self) -> None:
        root, path = self.person("root-token"), "/v1/config/demo/note/rekey.csr"
        shown = lambda: [n["text"] for n in self.alice.call("GET", "/v1/notes?kind=rekey")["notes"]]  # noqa: E731
        first = root.call("PUT", path, {"text": "Once."}, {"If-None-Match": "*"})
        wait_for(lambda: shown() == ["Once."], options.wait(20), "the first text")
        second = root.call("PUT", path, {"text": "Twice."}, {"If-Match": f'"{first["version"]}"'})
        wait_for(lambda: shown() == ["Twice."], options.wait(20), "the second text")
        root.call("DELETE", path, headers={"If-Match": f'"{second["version"]}"'})
        wait_for(lambda: shown() == [], options.wait(20), "its end")

    # Revocation

    def wait_revoked(self, request: str, reason: str | None, by: str) -> dict[str, Any]:
        wait_for(
            lambda: self.alice.show(request)["state"] == "revoked",
            options.wait(30),
            f"{request} to be revoked",
        )
        shown = self.alice.show(request)
        self.assertEqual((shown["revocation"].get("reason"), shown["revocation"]["by"]), (reason, by))
        return shown

    def test_an_owner_revokes_and_is_told(self) -> None:
        mailbox = "revoke@beta.example"
        request, _ = self.issued(mailbox)
        self.stack.mail.wait(mailbox, after=self.stack.mail.find(mailbox)[0]["number"], timeout=options.wait(20))
        revoked = self.csctl("request", "revoke", request, "--reason", "superseded", "--text", "A new one.")
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        self.wait_revoked(request, "superseded", "owner")
        reads = lambda: [  # noqa: E731
            m for m in self.stack.mail.find(mailbox)
            if "has been revoked" in mail_text(self.stack.mail.read(m["number"]))
        ]
        wait_for(reads, options.wait(20), "the mail that tells of it")
        listed = self.alice.call("GET", "/v1/requests?state=revoked")["requests"]
        self.assertIn(request, [r["id"] for r in listed])
        states = re.findall(r'"state":"(\w+)"', self.csctl("request", "watch", request).stdout)
        self.assertEqual(states[-1], "revoked")
        self.refused(409, "revoked", lambda: self.follow(request, "renew"))
        # Another key may follow what is revoked.
        second = self.follow(request, "rekey", {"csr": self.key("revoke-second")[1].read_text()})["id"]
        self.issue(second)

    def test_an_operator_revokes_and_strangers_do_not(self) -> None:
        request, _ = self.issued("withdrawn@beta.example")
        revoke = lambda who, **body: lambda: who.call("POST", f"/v1/requests/{request}/revoke", body)  # noqa: E731
        self.refused(404, "not-found", revoke(self.bob))
        self.refused(403, "reason-not-yours", revoke(self.alice, reason="privilegeWithdrawn"))
        self.refused(422, "reason-unknown", revoke(self.alice, reason="certificateHold"))
        self.assertEqual(self.count(f"request_intake.revocation where request = '{request}'"), 0)
        revoke(self.operator, reason="privilegeWithdrawn", text="He left.")()
        shown = self.wait_revoked(request, "privilegeWithdrawn", "operator")
        self.assertEqual(shown["revocation"]["account"], "operator")
        self.assertEqual(self.count(f"signer.revocation where request = '{request}' and reason = 9"), 1)

    # Problem reports

    def report(self, status: int, body: dict[str, Any]) -> dict[str, Any]:
        """Without any token."""
        answer = self.call("", "POST", "/v1/problem-reports", body)
        self.assertEqual(answer.status, status, answer.body)
        return dict(answer.json)

    def proof(self, key: Path) -> Path:
        challenge = json.loads(self.csctl("report", "challenge", CS_API_TOKEN="").stdout)["challenge"]
        path = key.with_suffix(".proof.pem")
        path.write_text(openssl("req", "-new", "-key", key, "-subj", f"/CN={challenge}"))
        return path

    def test_whoever_shows_the_key_has_it_revoked(self) -> None:
        mailbox = "stolen@beta.example"
        request, key = self.issued(mailbox)
        second = self.follow(request, "renew")["id"]
        self.issue(second)
        certificate = self.stack.root / "out" / "stolen.cert.pem"
        certificate.write_bytes(self.alice.certificate(request))
        words = ("report", "submit", "--category", "key-compromise", "--text", "On a stick.")
        words += ("--certificate", str(certificate))
        wrong = self.csctl(*words, "--proof", str(self.proof(self.key("another")[0])), CS_API_TOKEN="")
        self.assertEqual((wrong.returncode, "proof-other-key" in wrong.stderr), (1, True), wrong.stderr)
        right = self.csctl(*words, "--proof", str(self.proof(key)), CS_API_TOKEN="")
        self.assertEqual(right.returncode, 0, right.stderr)
        self.assertTrue(json.loads(right.stdout)["proved"])
        self.wait_revoked(request, "keyCompromise", "key")
        # The other certificate of this key goes with it, and nobody gets a third.
        self.wait_revoked(second, "keyCompromise", "signer")
        body = {"profile": "smime-mailbox", "mailboxes": [mailbox], "csr": self.alice_csr(request)}
        self.refused(422, "key-compromised", lambda: self.alice.call("POST", "/v1/requests", body))

    def test_a_key_that_was_sent_to_us_gets_no_other_certificate(self) -> None:
        """Also not by a request that waited for its approval when the key came."""
        request, key = self.issued("leaked@beta.example")
        waiting = self.follow(request, "renew")["id"]
        self.alice.wait_state(waiting, "ready", timeout=options.wait(30))
        body = {"category": "other", "request": request, "text": key.read_text()}
        self.assertTrue(self.report(201, body)["proved"])
        self.refused(422, "key-compromised", lambda: self.alice.approve(waiting))
        self.refused(422, "key-compromised", lambda: self.follow(request, "renew"))
        self.assertEqual(self.count(f"signer.certificate where request = '{waiting}'"), 0)

    def test_an_operator_decides_a_report(self) -> None:
        request, _ = self.issued("misused@beta.example")
        serial = self.serial_of(request)
        body = {"serial": serial.upper(), "category": "misuse", "text": "It signs <spam>.", "contact": "x@beta.example"}
        report = self.report(201, body)
        self.assertEqual((report["state"], report["proved"]), ("open", False))
        self.assertEqual(self.alice.show(request)["state"], "issued")
        see = lambda who: lambda: who.call("GET", f"/v1/problem-reports/{report['id']}")  # noqa: E731
        self.refused(403, "not-an-operator", see(self.alice))
        self.assertEqual(see(self.operator)()["request"], request)
        operator = {"CS_API_TOKEN": "operator-token"}
        answered = self.csctl("report", "answer", report["id"], "--text", "We look.", **operator)
        self.assertEqual(answered.returncode, 0, answered.stderr)
        decide = ("report", "decide", report["id"], "--decision", "revoke", "--text", "It is so.")
        decided = self.csctl(*decide, **operator)
        self.assertEqual(decided.returncode, 0, decided.stderr)
        self.wait_revoked(request, "privilegeWithdrawn", "report")
        wait_for(lambda: see(self.operator)()["state"] == "revoked", options.wait(20), "the report to be closed")
        shown = see(self.operator)()
        self.assertEqual(shown["preliminary"]["text"], "We look.")
        self.assertEqual(shown["decision"]["clause"], "SBR 4.9.1.1 (7)")
        again = self.csctl(*decide, **operator)
        self.assertEqual((again.returncode, "decided" in again.stderr), (1, True), again.stderr)

    def test_a_report_may_be_rejected(self) -> None:
        request, _ = self.issued("right@beta.example")
        report = self.report(201, {"request": request, "category": "other", "text": "I do not like it."})
        listed = json.loads(self.csctl("report", "list", CS_API_TOKEN="operator-token").stdout)["reports"]
        self.assertIn(report["id"], [r["id"] for r in listed])
        body = {"decision": "reject", "text": "It is right."}
        self.operator.call("POST", f"/v1/problem-reports/{report['id']}/decide", body)
        self.assertEqual(self.alice.show(request)["state"], "issued")
        self.report(404, {"serial": "00aa", "category": "other", "text": "Not yours."})
        self.report(422, {"serial": "none", "category": "other", "text": "Odd."})

    def test_the_queue_of_reports_is_measured(self) -> None:
        request, _ = self.issued("late@beta.example")
        report = self.report(201, {"request": request, "category": "other", "text": "Long ago."})["id"]
        late = "received_ms = received_ms - 90000000, preliminary_due_ms = 1"
        self.value(f"update request_intake.report set {late} where id = '{report}'")

        def readings() -> dict[str, float]:
            where = self.stack.services["request-intake"].env["CS_LISTEN"]
            with urllib.request.urlopen(f"http://{where}/metrics", timeout=10) as answer:
                found = re.findall(r"^countersign_(problem_reports\S*) (\S+)$", answer.read().decode(), re.M)
            return {name: float(value) for name, value in found}

        wait_for(
            lambda: readings().get('problem_reports{state="overdue"}', 0) >= 1,
            options.wait(30),
            "the overdue report in the metrics",
        )
        self.assertGreater(readings()['problem_reports_oldest_seconds{state="open"}'], 86400)
        self.assertGreaterEqual(readings()['problem_reports_total{category="other"}'], 1)
        self.operator.call("POST", f"/v1/problem-reports/{report}/decide", {"decision": "reject", "text": "No."})

    # Reminders

    def test_a_reminder_comes_before_the_end(self) -> None:
        mailbox = "ends@beta.example"
        request, _ = self.issued(mailbox, validity_days=31)
        earlier = "issued_at_ms = issued_at_ms - 25 * 3600000, not_after_s = not_after_s - 25 * 3600"
        # Rows of the signer never change; here the owner of the database makes it older than it is: an hour past its step.
        self.value(
            "alter table signer.certificate disable trigger append_only;"
            f" update signer.certificate set {earlier} where request = '{request}';"
            " alter table signer.certificate enable trigger append_only"
        )
        reads = lambda: [  # noqa: E731
            m for m in self.stack.mail.find(mailbox)
            if f"csctl request renew {request}" in mail_text(self.stack.mail.read(m["number"]))
        ]
        wait_for(reads, options.wait(60), "the reminder")
        wait_for(
            lambda: self.count(f"notifier.delivery where request = '{request}' and kind = 'expiring-30' and state = 'sent'"),
            options.wait(20),
            "what became of it",
        )
        self.assertEqual(len(reads()), 1)

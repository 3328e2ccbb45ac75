# SPDX-License-Identifier: Apache-2.0
"""Certificates as people get them: by every method, on standing proofs, refused, cancelled."""

import http.client
import json
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from world import Applicant, Refused, SystemTest, openssl, wait_for  # first: finds the others

from applicant import TOKEN, mail_text, make_csr
from demo import MESSAGE
from options import REPOSITORY, options

NOBODY = "00000000-0000-4000-8000-000000000000"
LATER = "2999-01-01T00:00:00Z"
# https://prometheus.io/docs/instrumenting/exposition_formats/
SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?P<labels>\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!\})|(?=\})))*\})?'
    r" (?P<value>[+-]?(?:[0-9.]+(?:e[+-]?[0-9]+)?|Inf|NaN))",
    re.IGNORECASE,
)
COMMENT = re.compile(r"# (HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*|TYPE [a-zA-Z_:][a-zA-Z0-9_:]* \w+)")


class Issue(SystemTest):
    """All on one stack."""

    mail_below = ("beta.example",)
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}
    }

    @property
    def alice(self) -> Applicant:
        return self.person("alice-token")

    @property
    def bob(self) -> Applicant:
        return self.person("bob-token")

    def key(self, name: str, algorithm: str = "ec") -> tuple[Path, Path]:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        return make_csr(where, name, algorithm)

    def create(self, mailbox: str, profile: str = "smime-mailbox", **more: Any) -> str:
        person = more.pop("person", self.alice)
        csr = more.pop("csr", None) or self.key(f"key-of-{mailbox}")[1]
        request = person.create(csr, [mailbox], profile, **more)
        person.wait_planned(request)
        return str(request)

    def refused(self, status: int, code: str, call: Any) -> dict[str, Any]:
        with self.assertRaises(Refused) as caught:
            call()
        self.assertEqual(caught.exception.status, status, caught.exception.problem)
        self.assertEqual(caught.exception.problem.get("code"), code)
        return caught.exception.problem

    def token_of(self, mailbox: str, after: int = 0) -> str:
        text = mail_text(self.stack.mail.wait(mailbox, after=after, timeout=options.wait(30)))
        found = TOKEN.search(text)
        assert found, f"no token in {text}"
        return found.group(1)

    def pass_a_minute(self, mailbox: str) -> None:
        """The limits count from when a mail was made; its token is of no use any more."""
        earlier = "made_ms = made_ms - 61000, expires_ms = expires_ms - 61000"
        self.value(f"update mailbox_validator.mail set {earlier} where mailbox = '{mailbox}'")

    def never_issued(self, *requests: str) -> None:
        ids = ", ".join(f"'{request}'" for request in requests)
        self.assertEqual(self.count(f"signer.certificate where request in ({ids})"), 0)
        self.assertEqual(self.count(f"signer.intent where request in ({ids})"), 0)

    # One certificate after the other

    def use(self, key: Path, request: str, person: Applicant) -> str:
        """openssl is the second opinion: it reads the certificate and verifies mail signed with it."""
        stem = self.stack.root / "out" / request
        certificate, chain = Path(f"{stem}.cert.pem"), Path(f"{stem}.chain.pem")
        certificate.write_bytes(person.certificate(request))
        chain.write_bytes(person.certificate(request, "chain"))
        root = self.stack.ca / "root.cert.pem"
        issuers = self.stack.ca / "chain.pem"
        trust = ["-CAfile", root, "-untrusted", chain, "-purpose", "smimesign", "-x509_strict"]
        self.assertIn(": OK", openssl("verify", *trust, certificate))
        signer = ["-signer", certificate, "-inkey", key, "-certfile", issuers]
        signed = openssl("cms", "-sign", *signer, given=MESSAGE.encode())
        said = openssl(
            "cms", "-verify", "-CAfile", root, "-purpose", "smimesign", given=signed.encode()
        )
        self.assertIn("successful", said)
        der = person.certificate(request, "der")
        pem = openssl("x509", "-inform", "DER", given=der)
        self.assertEqual(pem.strip(), certificate.read_text().strip())
        p7b = person.certificate(request, "p7b")
        inside = openssl("pkcs7", "-inform", "DER", "-print_certs", "-noout", given=p7b)
        self.assertGreaterEqual(inside.count("subject="), 2)
        return openssl("x509", "-in", certificate, "-noout", "-text")

    def issue_and_use(self, key: Path, request: str, mailbox: str) -> str:
        self.alice.approve(request)
        self.alice.wait_state(request, "issued", timeout=options.wait(60))
        text = self.use(key, request, self.alice)
        self.assertIn(f"email:{mailbox}", text)
        self.assertNotIn("DNS:", text)
        return text

    def test_a_mailbox_by_its_token_with_a_p256_key(self) -> None:
        key, csr = self.key("issue-mailbox")
        request = self.create("alice@beta.example", csr=csr)
        self.alice.prove_mailbox(request, "alice@beta.example")
        self.issue_and_use(key, request, "alice@beta.example")

    def test_a_domain_by_txt_with_an_rsa_key(self) -> None:
        key, csr = self.key("issue-txt", "rsa")
        mailbox = "sales@alpha.example"
        request = self.create(mailbox, "smime-domain", csr=csr, domains=["alpha.example"])
        checks = {check["kind"] for check in self.alice.show(request)["checks"]}
        self.assertEqual(checks, {"domain", "mpic-domain", "caa", "mpic-caa"})
        if self.alice.check(request, "domain-1")["state"] != "standing":  # type: ignore[index]
            self.alice.prove_domain_by_txt(request, "alpha.example")
        self.assertIn("rsaEncryption", self.issue_and_use(key, request, mailbox))

    def test_both_by_a_file_on_the_web_server(self) -> None:
        key, csr = self.key("issue-file")
        mailbox = "dora@caa-allow.example"
        request = self.create(mailbox, "smime-domain-mailbox", csr=csr)
        self.alice.prove_mailbox(request, mailbox)
        self.assertEqual(self.alice.show(request)["state"], "validating")
        self.alice.prove_domain_by_file(request)
        self.issue_and_use(key, request, mailbox)

    def test_standing_proofs_serve_the_next_request(self) -> None:
        mailbox = "again@beta.example"
        first = self.create(mailbox)
        self.alice.prove_mailbox(first, mailbox)
        self.wait_standing(first, "mailbox-1")
        mails = len(self.stack.mail.find(mailbox))
        key, csr = self.key("issue-again")
        second = self.create(mailbox, csr=csr)
        self.assertEqual(self.alice.check(second, "mailbox-1")["state"], "standing")  # type: ignore[index]
        self.issue_and_use(key, second, mailbox)
        after = [mail for mail in self.stack.mail.find(mailbox)[mails:]]
        tokens = [m for m in after if TOKEN.search(mail_text(self.stack.mail.read(m["number"])))]
        self.assertEqual(tokens, [], "a second proof was asked for")

    def test_another_account_must_prove_the_mailbox_again(self) -> None:
        mailbox = "shared@beta.example"
        first = self.create(mailbox)
        self.alice.prove_mailbox(first, mailbox)
        csr = self.key("issue-shared")[1]
        second = self.create(mailbox, person=self.bob, csr=csr)
        self.assertEqual(self.bob.check(second, "mailbox-1")["state"], "needed")  # type: ignore[index]
        self.refused(409, "not-ready", lambda: self.bob.approve(second))
        self.bob.verify(second, "mailbox-1")
        wait_for(
            lambda: "less than a minute ago"
            in self.bob.check(second, "mailbox-1").get("text", ""),  # type: ignore[union-attr]
            options.wait(10),
            "the word that mails come once a minute",
        )
        self.pass_a_minute(mailbox)
        self.bob.prove_mailbox(second, mailbox)
        self.bob.approve(second)
        self.bob.wait_state(second, "issued")

    def test_a_domain_alone_serves_only_those_it_is_assigned_to(self) -> None:
        csr = self.key("issue-unassigned")[1]
        request = self.create(
            "ceo@alpha.example", "smime-domain", person=self.bob, csr=csr, domains=["alpha.example"]
        )
        shown = self.bob.wait_state(request, "refused")
        self.assertEqual(shown["refusal"]["code"], "mailbox-not-assigned")
        self.never_issued(request)

    def test_a_key_of_another_account_is_refused(self) -> None:
        mailbox, csr = "keys@beta.example", self.key("issue-known-key")[1]
        request = self.create(mailbox, csr=csr)
        self.alice.prove_mailbox(request, mailbox)
        self.alice.approve(request)
        self.alice.wait_state(request, "issued")
        with self.assertRaises(Refused) as caught:
            self.bob.create(csr, ["thief@beta.example"], "smime-mailbox")
        self.assertEqual(caught.exception.problem["field"], "csr")

    def test_notices_arrive_by_mail(self) -> None:
        mailbox = "notice@beta.example"
        request = self.create(mailbox)
        self.alice.prove_mailbox(request, mailbox)
        last = self.stack.mail.find(mailbox)[-1]["number"]
        self.alice.approve(request)
        self.alice.wait_state(request, "issued")
        text = self.stack.mail.wait(mailbox, after=last, timeout=options.wait(20))
        self.assertIn("BEGIN CERTIFICATE", text)
        self.assertNotIn("PRIVATE KEY", text)

    # Approved with the request

    def proved(self, mailbox: str) -> None:
        """Its proof stands from now on."""
        request = self.create(mailbox)
        self.alice.prove_mailbox(request, mailbox)
        self.wait_standing(request, "mailbox-1")

    def ask_approving(self, mailbox: str, csr: Path, **more: Any) -> str:
        return self.alice.create(csr, [mailbox], "smime-mailbox", approve=True, **more)

    def published(self, service: str, subject: str, request: str) -> int:
        return self.count(f"{service}.outbox where subject = '{subject}' and key = '{request}'")

    def test_one_call_is_enough_for_what_stands_proved(self) -> None:
        mailbox = "onecall@beta.example"
        self.proved(mailbox)
        key, csr = self.key("one-call")
        request = self.ask_approving(mailbox, csr)
        self.alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn(f"email:{mailbox}", self.use(key, request, self.alice))
        self.assertEqual(self.published("request_intake", "request.generation-approved", request), 0)
        self.assertEqual(self.published("policy", "plan.made", request), 0)
        self.assertEqual(self.published("policy", "plan.final", request), 1)
        lines = f"request_intake.history where request = '{request}' and lines like e'%\\tapproved-with-request\\t%'"
        self.assertEqual(self.count(lines), 1)
        # And by the operator's tool, for the next one.
        words = ["request", "submit", "--csr", str(self.key("one-call-tool")[1]), "--mailbox", mailbox]
        made = json.loads(self.ends(0, *words, "--approve"))["id"]
        self.assertIn('"issued"', self.ends(0, "request", "watch", made))
        renewed = json.loads(self.ends(0, "request", "renew", made, "--approve"))["id"]
        self.assertIn('"issued"', self.ends(0, "request", "watch", renewed))

    def test_one_call_is_not_enough_for_what_nobody_proved(self) -> None:
        mailbox = "twocalls@beta.example"
        key, csr = self.key("two-calls")
        request = self.ask_approving(mailbox, csr)
        self.assertEqual(self.alice.wait_planned(request)["state"], "validating")
        self.refused(409, "not-ready", lambda: self.alice.approve(request))
        self.alice.prove_mailbox(request, mailbox)
        self.alice.wait_state(request, "ready")
        self.assertEqual(self.published("policy", "plan.final", request), 0)
        self.never_issued(request)
        self.issue_and_use(key, request, mailbox)
        self.assertEqual(self.published("request_intake", "request.generation-approved", request), 1)

    def test_one_call_that_is_repeated_makes_one_certificate(self) -> None:
        mailbox, csr = "repeated@beta.example", self.key("repeated")[1]
        self.proved(mailbox)
        one = self.ask_approving(mailbox, csr, idempotency_key="approved-once")
        self.alice.wait_state(one, "issued", timeout=options.wait(60))
        self.assertEqual(self.ask_approving(mailbox, csr, idempotency_key="approved-once"), one)
        without = {"idempotency_key": "approved-once"}
        self.refused(
            409,
            "idempotency-conflict",
            lambda: self.alice.create(csr, [mailbox], "smime-mailbox", **without),
        )
        self.assertEqual(self.published("request_intake", "request.submitted", one), 1)
        self.assertEqual(self.count(f"signer.certificate where request = '{one}'"), 1)

    def test_one_call_is_cancelled_or_issued(self) -> None:
        """Whichever the signer hears first, and never both; each is cancelled a little later than the one before."""
        mailbox, csr = "undone@beta.example", self.key("undone")[1]
        self.proved(mailbox)
        ends: dict[str, str] = {}
        for looks in range(0, 32, 4):
            request = self.ask_approving(mailbox, csr)
            for _ in range(looks):
                self.alice.show(request)
            try:
                self.alice.cancel(request)
                ends[request] = "cancelled"
            except Refused as refusal:
                self.assertEqual(refusal.status, 409, refusal.problem)
                self.assertIn(refusal.problem["code"], ("too-late", "ended"))
                ends[request] = "issued"
        for request, end in ends.items():
            self.alice.wait_state(request, end, timeout=options.wait(60))
        made = ", ".join(f"'{request}'" for request in ends)
        wait_for(
            lambda: self.count(f"policy.plan where request in ({made}) and state <> 'ended'") == 0,
            options.wait(30),
            "policy to hear of every end",
        )
        for request, end in ends.items():
            certificates = self.count(f"signer.certificate where request = '{request}'")
            self.assertEqual(certificates, end == "issued", f"{request} is {end}")
            self.assertEqual(self.alice.show(request)["state"], end)
            self.assertEqual(self.published("signer", "certificate.stopped", request), end == "cancelled")
            self.assertEqual(self.published("request_intake", "request.cancelled", request), 0)

    # What must not be issued, and what people are told

    silent = ""

    def approve_proved(self, mailbox: str) -> str:
        request = self.create(mailbox)
        self.alice.prove_mailbox(request, mailbox)
        self.alice.approve(request)
        return request

    def test_0_a_silent_name_server_is_asked(self) -> None:
        """The answer is looked at by the last test: it takes time to know nothing."""
        self.stack.dns.add_mail_zone("mute.example")
        request = self.create("who@mute.example")
        self.alice.prove_mailbox(request, "who@mute.example")
        self.stack.dns.mute("mute.example")
        self.alice.approve(request)
        type(self).silent = request

    def test_caa_that_forbids_us_refuses(self) -> None:
        request = self.approve_proved("no@caa-deny.example")
        refusal = self.alice.wait_state(request, "refused", timeout=options.wait(30))["refusal"]
        # Whoever looked first: we ourselves, or the perspectives.
        self.assertIn(refusal["check"], ("caa-1", "mpic-caa-1"))
        self.assertIn(refusal["code"], ("caa-not-authorized", "mpic-disagree"))
        self.assertTrue(refusal["clause"] and refusal["text"])
        self.assertTrue(refusal["mend"])
        self.never_issued(request)
        text = wait_for(
            lambda: [
                m
                for m in self.stack.mail.find("no@caa-deny.example")
                if "caa-1" in mail_text(self.stack.mail.read(m["number"]))
            ],
            options.wait(20),
            "the notice of the refusal",
        )
        self.assertEqual(len(text), 1)

    def test_caa_may_be_looked_at_before_the_approval(self) -> None:
        request = self.create("look@caa-deny.example")
        self.alice.verify(request, "caa-1")
        found = self.alice.wait_check(request, "caa-1", "refused", timeout=options.wait(30))
        self.assertEqual(found["dnssec"], "secure")
        self.assertEqual(found["found_at"].rstrip("."), "caa-deny.example")
        self.assertEqual(self.alice.show(request)["state"], "validating")

    def test_absence_by_hashed_names_is_proof(self) -> None:
        """No CAA in a zone with NSEC3 (RFC 5155): proved to be absent, and so permitted."""
        key, csr = self.key("hashed")
        request = self.create("ann@delta.example", csr=csr)
        self.alice.verify(request, "caa-1")
        found = self.alice.wait_check(request, "caa-1", "proved")
        self.assertEqual(found["dnssec"], "secure")
        self.alice.prove_mailbox(request, "ann@delta.example")
        self.issue_and_use(key, request, "ann@delta.example")

    def test_bogus_dnssec_is_no_permission(self) -> None:
        self.stack.dns.add_mail_zone("breaks.example")
        request = self.create("eve@breaks.example")
        self.alice.prove_mailbox(request, "eve@breaks.example")
        self.stack.dns.sign("breaks.example", "bogus")
        self.alice.verify(request, "caa-1")
        found = self.alice.wait_check(
            request, "caa-1", "refused", "could-not-tell", timeout=options.wait(40)
        )
        self.assertEqual(found["dnssec"], "bogus")
        self.assertIn("dnssec", found["reason"])
        self.alice.approve(request)
        refusal = self.alice.wait_state(request, "refused", timeout=options.wait(90))["refusal"]
        self.assertIn("dnssec", refusal["code"] + refusal["text"].lower())
        self.never_issued(request)

    def test_a_domain_is_proved_by_its_own_value_only(self) -> None:
        request = self.create("web@beta.example", "smime-domain-mailbox")
        you = self.alice.what_to_publish(request)
        name = you["record"]["name"].removesuffix(".beta.example")
        self.stack.dns.set("beta.example", name, "TXT", '"somebody-elses-value"')
        self.alice.verify(request, "domain-1")
        found = self.alice.wait_check(request, "domain-1", "refused", "could-not-tell")
        self.assertEqual(found["outcome"], "refused")
        self.assertIn("somebody-elses-value", " ".join(found["seen"]))
        self.refused(409, "not-ready", lambda: self.alice.approve(request))
        # Who mends it is let in.
        self.stack.dns.set("beta.example", name, "TXT", f'"{you["record"]["value"]}"')
        self.alice.verify(request, "domain-1")
        self.alice.wait_check(request, "domain-1", "proved")

    def test_cancelled_before_and_after_the_approval(self) -> None:
        before = self.create("cancel1@beta.example")
        self.alice.cancel(before)
        self.alice.wait_state(before, "cancelled")
        self.alice.cancel(before)  # again is no news
        self.refused(409, "ended", lambda: self.alice.approve(before))
        # After it the signer says which it was; both answers must be true.
        mailbox = "cancel2@beta.example"
        after = self.approve_proved(mailbox)
        try:
            self.alice.cancel(after)
            end = "cancelled"
        except Refused as refusal:
            self.assertIn(refusal.status, (409, 503))
            end = "issued"
        self.alice.wait_state(after, end)
        self.assertEqual(
            self.count(f"signer.certificate where request = '{after}'"), end == "issued"
        )
        self.never_issued(before)

    def test_cancelled_while_the_proof_is_under_way(self) -> None:
        """After the approval, with the validators held: the stop comes first and nothing is issued."""
        mailbox = "cancel3@s3.beta.example"
        self.stack.dns.set("beta.example", "s3", "MX", "10 mail.beta.example.")
        request = self.create(mailbox)
        self.alice.prove_mailbox(request, mailbox)
        self.stack.kill("caa-dnssec", 19)  # SIGSTOP
        try:
            self.alice.approve(request)
            wait_for(
                lambda: self.count(f"signer.final_plan where request = '{request}'"),
                options.wait(10),
                "the final plan at the signer",
            )
            self.alice.cancel(request)
        finally:
            self.stack.kill("caa-dnssec", 18)  # SIGCONT
        self.alice.wait_state(request, "cancelled")
        wait_for(
            lambda: self.count(f"signer.evidence where request = '{request}'") >= 2,
            options.wait(60),
            "the late evidence",
        )
        self.never_issued(request)
        self.assertEqual(self.alice.show(request)["state"], "cancelled")

    def test_five_wrong_tokens_void_the_mails(self) -> None:
        mailbox = "guess@beta.example"
        request = self.create(mailbox)
        self.alice.verify(request, "mailbox-1")
        right = self.token_of(mailbox)
        self.alice.wait_check(request, "mailbox-1", "waiting", "needed")
        wrong = " ".join(["AAAA"] * 8)
        for left in (4, 3, 2, 1):
            send = lambda: self.alice.submit_token(request, "mailbox-1", wrong)  # noqa: E731
            problem = self.refused(422, "token-wrong", send)
            self.assertEqual(problem["tries_left"], left)
        with self.assertRaises(Refused):
            self.alice.submit_token(request, "mailbox-1", wrong)
        self.refused(
            410, "token-void", lambda: self.alice.submit_token(request, "mailbox-1", right)
        )
        self.refused(409, "not-ready", lambda: self.alice.approve(request))

    def test_a_token_serves_its_own_request(self) -> None:
        boxes = ("one@beta.example", "other@beta.example")
        one, other = (self.create(mailbox) for mailbox in boxes)
        for request in (one, other):
            self.alice.verify(request, "mailbox-1")
        tokens = [self.token_of(mailbox) for mailbox in boxes]
        for request in (one, other):
            self.alice.wait_check(request, "mailbox-1", "waiting")
        submit = lambda who, request, token: (  # noqa: E731
            lambda: who.submit_token(request, "mailbox-1", token)
        )
        self.refused(422, "token-wrong", submit(self.alice, other, tokens[0]))
        self.refused(404, "not-found", submit(self.bob, one, tokens[0]))
        submit(self.alice, one, tokens[0])()
        self.alice.wait_check(one, "mailbox-1", "proved")
        submit(self.alice, one, tokens[0])()  # again is no news, and proves nothing more
        wait_for(
            lambda: self.count("mailbox_validator.outbox_unsent") == 0,
            options.wait(10),
            "what was to be said",
        )
        proofs = f"mailbox_validator.outbox where subject = 'evidence.mailbox' and key = '{one}'"
        self.assertEqual(self.count(proofs), 1)
        self.refused(409, "not-ready", lambda: self.alice.approve(other))

    def test_reading_confirms_nothing(self) -> None:
        """Mail scanners open every link: GET changes no state, and no link sends a token."""
        mailbox = "scanner@beta.example"
        request = self.create(mailbox)
        self.alice.verify(request, "mailbox-1")
        token = self.token_of(mailbox)
        self.alice.wait_check(request, "mailbox-1", "waiting")  # that it was sent is written down, too
        mail = mail_text(self.stack.mail.wait(mailbox))
        links = re.findall(r"https?://\S+", mail)
        self.assertTrue(links)
        before = self.rows(
            f"select version from mailbox_validator.challenge where request = '{request}'"
        )
        for link in links:
            sent = link.split("#")[0]  # no client sends more of it
            self.assertNotIn(token[:4], sent)
            with urllib.request.urlopen(sent, timeout=options.wait(10)) as answer:
                self.assertEqual(answer.status, 200)
        for path in ("verify", "token", f"token?token={token.replace(' ', '')}"):
            with self.assertRaises(Refused) as caught:
                self.alice.call("GET", f"/v1/requests/{request}/checks/mailbox-1/{path}")
            self.assertIn(caught.exception.status, (404, 405))
        for path in ("approve", "cancel"):
            with self.assertRaises(Refused) as caught:
                self.alice.call("GET", f"/v1/requests/{request}/{path}")
            self.assertIn(caught.exception.status, (404, 405))
        self.assertNotEqual(self.alice.check(request, "mailbox-1")["state"], "proved")  # type: ignore[index]
        after = self.rows(
            f"select version from mailbox_validator.challenge where request = '{request}'"
        )
        self.assertEqual(after, before)

    def test_z_a_silent_name_server_proves_nothing(self) -> None:
        """SERVFAIL, silence and time-outs are not "no record": nothing is issued on them."""
        silent = f"signer.evidence where request = '{self.silent}'"
        unknown = lambda: self.count(f"{silent} and outcome = 3")  # noqa: E731
        wait_for(unknown, options.wait(60), "that nobody could tell", pause=0.2)
        self.assertEqual(
            self.count(f"{silent} and outcome = 1"), 1, "the mailbox, and nothing else"
        )
        self.assertIn(self.alice.show(self.silent)["state"], ("approved", "refused"))
        self.never_issued(self.silent)

    # The rest of the API, the operator's tool, and what is measured

    def test_unknown_requests_are_not_found(self) -> None:
        others = self.create("secret@beta.example")
        for request in (NOBODY, "not-a-uuid", "%00", others):
            who = self.bob
            for call in (
                lambda: who.show(request),
                lambda: who.verify(request, "mailbox-1"),
                lambda: who.approve(request),
                lambda: who.cancel(request),
                lambda: who.certificate(request),
                lambda: who.call("GET", f"/v1/requests/{request}/events"),
            ):
                with self.assertRaises(Refused, msg=request) as caught:
                    call()
                self.assertIn(caught.exception.status, (400, 404), request)
        self.assertEqual(self.person("operator-token").show(others)["id"], others)
        self.refused(401, "unauthorized", lambda: self.person("wrong-token").show(others))

    def test_an_idempotency_key_makes_one_request(self) -> None:
        csr, key = self.key("idempotent")[1], "the same key"[:3] + "-key"
        make = lambda box: self.alice.create(  # noqa: E731
            csr, [box], "smime-mailbox", idempotency_key=key
        )
        one, again = make("idem@beta.example"), make("idem@beta.example")
        self.assertEqual(one, again)
        self.refused(409, "idempotency-conflict", lambda: make("other@beta.example"))
        bobs = self.bob.create(
            self.key("idempotent-bob")[1],
            ["idem@beta.example"],
            "smime-mailbox",
            idempotency_key=key,
        )
        self.assertNotEqual(bobs, one)
        self.assertEqual(self.count(f"request_intake.request where id = '{one}'"), 1)

    def test_lists_are_paged(self) -> None:
        csr = self.key("paged")[1]
        made = [
            self.bob.create(csr, [f"page{number}@beta.example"], "smime-mailbox")
            for number in range(7)
        ]
        seen: list[str] = []
        cursor = ""
        while True:
            page = self.bob.call(
                "GET", "/v1/requests?limit=3" + (f"&cursor={cursor}" if cursor else "")
            )
            self.assertLessEqual(len(page["requests"]), 3)
            seen += [request["id"] for request in page["requests"]]
            cursor = page.get("next", "")
            if not cursor:
                break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertEqual([request for request in seen if request in made], made[::-1])
        for request in made:
            self.bob.wait_planned(request)
        self.bob.cancel(made[0])
        cancelled = self.bob.call("GET", "/v1/requests?state=cancelled&limit=100")["requests"]
        self.assertIn(made[0], [request["id"] for request in cancelled])
        since = next(one["created_at"] for one in cancelled if one["id"] == made[0])
        self.bob.cancel(made[1])
        moved = self.bob.call("GET", f"/v1/requests?changed_since={since}&limit=100")["requests"]
        ids = [request["id"] for request in moved]
        self.assertLess(ids.index(made[1]), ids.index(made[0]))
        moved = self.bob.call("GET", f"/v1/requests?changed_since={LATER}")["requests"]
        self.assertEqual(moved, [])
        for query in ("limit=0", "limit=101", "limit=x", "cursor=!!", "state=gone"):
            self.refused(400, "query", lambda: self.bob.call("GET", f"/v1/requests?{query}"))

    def test_progress_is_streamed(self) -> None:
        mailbox = "stream@beta.example"
        request = self.create(mailbox)
        host, port = self.alice.base.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=options.wait(30))
        head = {"Authorization": "Bearer alice-token", "Accept": "text/event-stream"}
        connection.request("GET", f"/v1/requests/{request}/events", headers=head)
        answer = connection.getresponse()
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "text/event-stream")
        self.alice.prove_mailbox(request, mailbox)
        self.alice.approve(request)
        text = answer.read().decode()  # the server closes when the request has ended
        connection.close()
        events = [json.loads(data) for data in re.findall(r"^data: ?(.*)$", text, re.MULTILINE)]
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        states = [event["state"] for event in events if "check" not in event]
        self.assertEqual(states, ["created", "validating", "ready", "approved", "issued"])
        proved = [event["check"] for event in events if event["state"] == "proved"]
        self.assertIn("mailbox-1", proved)
        # What was proved may be heard of after the certificate.
        for check in self.alice.show(request)["checks"]:
            self.alice.wait_check(request, check["id"], "proved", "standing")
        first = "seq + 1 - (length(lines) - length(replace(lines, e'\\n', '')))"  # of what one change wrote
        changes = self.rows(f"select {first}, seq from request_intake.history where request = '{request}' order by seq")
        seqs = [seq for row in changes for seq in range(int(row[0]), int(row[1]) + 1)]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
        self.assertGreaterEqual(len(seqs), len(events))
        # A browser that comes back is given what it missed, or told that there is no more.
        connection.request(
            "GET", f"/v1/requests/{request}/events", headers={**head, "Last-Event-ID": "2"}
        )
        rest = connection.getresponse().read().decode()
        self.assertEqual(len(re.findall("^data:", rest, re.MULTILINE)), len(seqs) - 2)
        last = {**head, "Last-Event-ID": str(len(seqs))}
        connection.request("GET", f"/v1/requests/{request}/events", headers=last)
        self.assertEqual(connection.getresponse().status, 204)
        connection.close()

    def test_metrics_can_be_read_by_prometheus(self) -> None:
        for instance in self.stack.services:
            status, text = self.stack.get(instance, "metrics")
            self.assertEqual(status, 200)
            self.assertTrue(text.endswith("\n"), instance)
            seen, typed = set(), set()
            for line in text.splitlines():
                if line.startswith("#"):
                    self.assertRegex(line, COMMENT, instance)
                    if line.startswith("# TYPE"):
                        name = line.split()[2]
                        self.assertNotIn(name, typed, "one TYPE for a name")
                        typed.add(name)
                    continue
                found = SAMPLE.fullmatch(line)
                self.assertIsNotNone(found, f"{instance}: {line}")
                assert found is not None
                sample = (found["name"], found["labels"])
                self.assertNotIn(sample, seen, f"{instance}: twice")
                seen.add(sample)
            self.assertTrue(seen, instance)
            self.assertNotIn("@", text, "no personal data in metrics")

    def test_no_token_is_written_down_anywhere(self) -> None:
        mailbox = "canary@beta.example"
        request = self.create(mailbox)
        self.alice.verify(request, "mailbox-1")
        token = self.token_of(mailbox)
        self.alice.submit_token(request, "mailbox-1", token)
        self.alice.wait_check(request, "mailbox-1", "proved")
        forms = [token, re.sub("[- ]", "", token), token.lower()]
        logs = b"".join(log.read_bytes() for log in (self.stack.root / "log").glob("*.log"))
        dump = subprocess.run(
            ["pg_dump", "--inserts", self.stack.postgres.url], capture_output=True, check=True
        ).stdout
        store = b"".join(octets for _, octets in self.octets_below(self.stack.nats.store))
        for form in forms:
            for what in (form.encode(), form.encode().hex().encode()):
                self.assertNotIn(what, logs)
                self.assertNotIn(what, dump)
                self.assertNotIn(what, store)

    # The operator's tool

    def test_csctl_does_what_people_do(self) -> None:
        mailbox, csr = "tool@beta.example", self.key("tool")[1]
        bad = self.csctl("request", "submit", "--csr", str(csr), "--mailbox", "no mailbox")
        self.assertEqual((bad.returncode, bad.stdout), (1, ""), bad.stderr)
        self.assertIn("mailboxes[0]", bad.stderr)
        made = self.csctl("request", "submit", "--csr", str(csr), "--mailbox", mailbox)
        self.assertEqual(made.returncode, 0, made.stderr)
        request = json.loads(made.stdout)["id"]
        self.alice.wait_planned(request)
        self.ends(0, "request", "verify", request, "--check", "mailbox-1")
        token = self.token_of(mailbox)
        self.assertEqual(
            self.csctl(
                "request", "token", request, "--check", "mailbox-1", given="AAAA\n"
            ).returncode,
            1,
        )
        done = self.csctl("request", "token", request, "--check", "mailbox-1", given=token + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.alice.wait_state(request, "ready")
        self.ends(0, "request", "approve", request)
        watched = self.csctl("request", "watch", request)
        self.assertEqual(watched.returncode, 0, watched.stderr)
        self.assertIn('"issued"', watched.stdout)
        pem = self.ends(0, "request", "certificate", request)
        self.assertIn("BEGIN CERTIFICATE", pem)
        self.assertIn(request, self.ends(0, "request", "list", "--limit", "5"))
        since = json.loads(self.ends(0, "request", "show", request))["created_at"]
        self.assertIn(request, self.ends(0, "request", "list", "--changed-since", since))
        self.assertNotIn(request, self.ends(0, "request", "list", "--changed-since", LATER))
        self.ends(1, "request", "list", "--changed-since", "yesterday")
        self.assertIn('"issued"', self.ends(0, "request", "show", request))
        self.ends(1, "request", "cancel", request)
        self.ends(1, "request", "show", NOBODY)
        self.ends(2, "request", "show")
        replayed = self.ends(0, "events", "replay", "--request", request, "--json")
        subjects = [json.loads(line)["subject"] for line in replayed.splitlines()]
        for subject in ("request.submitted", "plan.made", "plan.final", "certificate.issued"):
            self.assertEqual(subjects.count(subject), 1, subject)
        told = self.ends(
            0, "events", "replay", "--lane", "CERTIFICATE", "--type", "certificate.issued"
        )
        self.assertIn(request, told)

    def ends(self, status: int, *words: str, **more: str) -> str:
        done = self.csctl(*words, **more)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def test_csctl_judges_by_the_code_of_the_services(self) -> None:
        csr = self.key("judged")[1]
        hints = ["--root-hints", str(self.stack.dns.hints_file)]
        hints += ["--anchor", str(self.stack.dns.anchor_file)]
        hints += ["--issuer", "ca.countersign.example", "--json"]
        for status, words in (
            (0, ["csr", str(csr)]),
            (1, ["csr", str(self.stack.nats.ca_file)]),
            (2, ["csr", "/nonexistent"]),
            (0, ["address", "Alice@Alpha.example"]),
            (1, ["address", "a b@alpha.example"]),
            (2, ["address"]),
            (0, ["caa", "alpha.example", *hints]),
            (0, ["caa", "caa-allow.example", *hints]),
            (1, ["caa", "caa-deny.example", *hints]),
            (1, ["caa", "bogus.example", *hints]),
            (1, ["caa", "-bad-.example", *hints]),
            (1, ["domain", "co.uk", "--method", "txt", "--value", "v", *hints[:4], "--json"]),
        ):
            self.ends(status, "check", *words)
        denied = json.loads(self.csctl("check", "caa", "caa-deny.example", *hints).stdout)
        self.assertEqual(denied["verdict"], "deny")
        with open("/dev/full", "w") as full:
            silent = [str(self.stack.binaries / "csctl"), "check", "csr", str(csr)]
            self.assertEqual(subprocess.run(silent, stdout=full, stderr=subprocess.DEVNULL).returncode, 2)
        self.ends(2, "no", "such", "command")
        self.assertIn("Exit status", self.ends(0, "--help"))

    def test_dead_letters_are_listed_shown_and_dropped(self) -> None:
        from nats_client import NatsClient

        self.assertEqual("0 parked\n", self.ends(0, "deadletter", "list"))
        with NatsClient.of(self.stack, "policy") as policy:
            policy.store("cs.plan.refused", b"\xff not a message")
        catalogue = (REPOSITORY / "proto" / "catalogue.def").read_text()
        readers = set(re.findall(r'CONSUMER\("([^"]+)", "plan\.refused"', catalogue))
        letter_of: dict[str, str] = {}

        def all_parked() -> bool:
            listed = self.ends(0, "deadletter", "list")
            found = re.findall(r"(\w+)\s+([0-9a-f-]{36})\s+plan\.refused", listed)
            letter_of.update({schema.replace("_", "-"): letter for schema, letter in found})
            return set(letter_of) >= readers

        wait_for(all_parked, options.wait(30), f"the dead letters of {readers}")
        self.assertEqual(set(letter_of), readers)
        for letter in letter_of.values():
            self.assertIn(b"\xff not a message".hex(), self.ends(0, "deadletter", "show", letter))
            self.ends(0, "deadletter", "drop", letter)
        self.ends(2, "deadletter", "show", NOBODY)
        self.assertEqual("0 parked\n", self.ends(0, "deadletter", "list"))

    def test_zz_what_a_service_without_a_database_refused_is_listed_and_shown(self) -> None:
        from nats_client import NatsClient

        with NatsClient.of(self.stack, "policy") as policy:
            policy.store("cs.plan.caa-asked", b"\xff no order")
            policy.store("cs.plan.mpic-asked", b"\xff no order")
        letters: dict[str, str] = {}

        def all_listed() -> bool:
            listed = self.ends(0, "deadletter", "list")
            found = re.findall(r"(\S+)\s+([0-9a-f-]{36})\s+plan\.(?:caa|mpic)-asked\s+place=\"PLAN \d+\" octets=10\n    \S", listed)
            letters.update(dict(found))
            return len(letters) == 2 and "0 parked\n" in listed and "2 refused by services without a database\n" in listed

        wait_for(all_listed, options.wait(30), "the dead letters in the lane")
        self.assertEqual(set(letters), {"caa-dnssec", "mpic-coordinator"})
        for service, letter in letters.items():
            shown = self.ends(0, "deadletter", "show", letter)
            self.assertIn(b"\xff no order".hex(), shown)
            self.assertRegex(shown, r"subject  plan\.(caa|mpic)-asked\nerror    \S")
            for verb in ("retry", "drop"):
                done = self.csctl("deadletter", verb, letter)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(f"{service} has no database", done.stderr)
        self.ends(2, "deadletter", "show", NOBODY)
        listed = self.csctl("deadletter", "list", CS_NATS_URL="tls://127.0.0.1:1")
        self.assertEqual(listed.returncode, 2, "peace is not claimed when the lane cannot be read")

    # Bad input

    def test_bad_input_has_one_clear_answer_and_is_not_stored(self) -> None:
        csr = self.key("bad")[1].read_text()
        good = {"profile": "smime-mailbox", "csr": csr, "mailboxes": ["ok@beta.example"]}
        before = self.rows("select count(*), max(created_ms) from request_intake.request")
        events = self.count("request_intake.outbox")
        for name, change, field in BAD_BODIES:
            with self.subTest(name):
                body = {
                    key: value for key, value in {**good, **change}.items() if value is not None
                }
                self.judge(lambda: self.alice.call("POST", "/v1/requests", body), field)
        for name, octets in BAD_OCTETS:
            with self.subTest(name):
                self.judge(lambda: self.post(octets), None)
        after = self.rows("select count(*), max(created_ms) from request_intake.request")
        self.assertEqual(after, before)
        self.assertEqual(self.count("request_intake.outbox"), events)

    def judge(self, call: Any, field: str | None) -> None:
        with self.assertRaises(Refused) as caught:
            call()
        problem = caught.exception.problem
        self.assertIn(caught.exception.status, (400, 413, 415, 422))
        self.assertEqual(problem["status"], caught.exception.status)
        for member in ("type", "title", "code", "detail", "mend"):
            self.assertTrue(problem.get(member), f"{member} in {problem}")
        self.assertTrue(problem.get("clause") or problem["code"] in OUR_OWN, problem)
        if field is not None:
            self.assertEqual(problem.get("field"), field, problem)

    def post(self, octets: bytes) -> None:
        request = urllib.request.Request(self.alice.base + "/v1/requests", octets, method="POST")
        request.add_header("Authorization", "Bearer alice-token")
        request.add_header("Content-Type", "application/json")
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except urllib.error.HTTPError as refusal:
            raise Refused(refusal.code, json.loads(refusal.read() or b"{}")) from None


def _csr(*words: str) -> str:
    """A CSR that openssl makes of an unacceptable key."""
    with_key = [
        "openssl",
        "req",
        "-new",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/CN=x",
        *words,
    ]
    return subprocess.run(with_key, capture_output=True, text=True, check=True).stdout


def _key() -> str:
    words = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


# These limits are no rule of the trade's, so that no clause can be named.
OUR_OWN = ("mailbox-twice", "profile", "contact-other")
# Name, what is different from a good body, field that the problem names.
BAD_BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("no csr", {"csr": None}, "csr"),
    ("empty csr", {"csr": ""}, "csr"),
    ("not a csr", {"csr": "hello"}, "csr"),
    ("csr cut short", {"csr": _csr("-newkey", "rsa:2048")[:500]}, "csr"),
    ("rsa of 1024 bits", {"csr": _csr("-newkey", "rsa:1024")}, "csr"),
    (
        "curve that is not allowed",
        {"csr": _csr("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1")},
        "csr",
    ),
    ("a private key", {"csr": _key()}, "csr"),
    ("csr that is a number", {"csr": 7}, "csr"),
    ("csr too long", {"csr": "A" * 30000}, "csr"),
    ("no mailbox", {"mailboxes": []}, "mailboxes"),
    ("no mailboxes", {"mailboxes": None}, "mailboxes"),
    ("mailboxes that are one", {"mailboxes": "a@beta.example"}, "mailboxes"),
    ("eleven mailboxes", {"mailboxes": [f"m{n}@beta.example" for n in range(11)]}, "mailboxes"),
    ("mailbox twice", {"mailboxes": ["a@beta.example", "a@BETA.example"]}, "mailboxes[1]"),
    ("mailbox without a domain", {"mailboxes": ["alice"]}, "mailboxes[0]"),
    ("mailbox with a space", {"mailboxes": ["al ice@beta.example"]}, "mailboxes[0]"),
    (
        "mailbox with a line end",
        {"mailboxes": ["a@beta.example\r\nBcc: b@beta.example"]},
        "mailboxes[0]",
    ),
    ("mailbox with two dots", {"mailboxes": ["a..b@beta.example"]}, "mailboxes[0]"),
    ("mailbox at an address", {"mailboxes": ["a@[192.0.2.1]"]}, "mailboxes[0]"),
    ("mailbox with a long local part", {"mailboxes": ["a" * 65 + "@beta.example"]}, "mailboxes[0]"),
    ("mailbox at a bare label", {"mailboxes": ["a@example"]}, "mailboxes[0]"),
    ("mailbox that is a number", {"mailboxes": [5]}, "mailboxes[0]"),
    ("domain with an underscore", {"domains": ["_x.beta.example"]}, "domains[0]"),
    ("domain with a long label", {"domains": ["a" * 64 + ".beta.example"]}, "domains[0]"),
    ("domain that is an address", {"domains": ["192.0.2.1"]}, "domains[0]"),
    ("domain with a wildcard", {"domains": ["*.beta.example"]}, "domains[0]"),
    ("public suffix", {"domains": ["co.uk"]}, "domains[0]"),
    ("domain of others", {"domains": ["alpha.example"]}, "mailboxes[0]"),
    ("no profile", {"profile": None}, "profile"),
    ("profile of strange letters", {"profile": "../etc"}, "profile"),
    ("826 days", {"validity_days": 826}, "validity_days"),
    ("0 days", {"validity_days": 0}, "validity_days"),
    ("days as text", {"validity_days": "365"}, "validity_days"),
    ("unknown use of the key", {"key_use": "everything"}, "key_use"),
    ("contact of others", {"contact": "boss@beta.example"}, "contact"),
    ("common name that hides", {"common_name": "alice\u202emoc"}, "common_name"),
    ("agreement of yesterday", {"agreement": "v0"}, "agreement"),
    ("unknown member", {"account": "operator"}, "account"),
]
BAD_OCTETS = [
    ("nothing", b""),
    ("not JSON", b"profile=smime-mailbox"),
    ("cut short", b'{"profile": "smime-mailbox"'),
    ("two values", b"{} {}"),
    ("a list", b"[]"),
    ("member twice", b'{"profile": "a", "profile": "b"}'),
    ("deep", b"[" * 1000 + b"]" * 1000),
    ("not UTF-8", b'{"profile": "\xff\xfe"}'),
    ("NUL", b'{"profile": "\\u0000"}'),
]

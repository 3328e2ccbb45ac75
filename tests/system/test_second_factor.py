# SPDX-License-Identifier: Apache-2.0
"""Second factors, by mail, by SMS and by the password of a directory.  The seed: "When the user clicks Generate, an authentication window appears. After
the selected method is successfully verified, the certificate is generated."
"""

import json
import re
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

import ed25519
import forge
from applicant import mail_text
from directory import SUFFIX, Directory
from nats_client import NatsClient
from options import options
from product import ADMINISTRATOR
from provider import make_ca
from sms_gateway import SmsGateway

ROOT = ADMINISTRATOR[0]
SECRET = "a key of the gateway that nobody else sees"
CODE = re.compile(r"\b(\d{8})\b")
PHONE = "+491701234567"
WORD = "battery-739104"  # of the password: it looks the same in whatever that is written
PASSWORD = f'correct h\u00f6rse "{WORD}" staple'


class SecondFactor(SystemTest):
    mail_below = ("beta.example",)

    @classmethod
    def prepare(cls) -> None:
        cls.providers = cls.stack.root / "providers"
        make_ca(cls.providers)
        cls.settings = {
            "notifier": {"CS_CONNECTOR_CA_FILE": str(cls.providers / "ca.crt")},
            "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "100000"},
        }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.gateway = SmsGateway(cls.providers)
        cls.addClassCleanup(cls.gateway.close)
        people = {"doe": PASSWORD, "bob": "bob's own"}
        cls.directory = Directory(cls.stack.root / "directory", cls.providers, people)
        cls.addClassCleanup(cls.directory.stop)
        cls.directory.start()
        root = Applicant(cls.stack, ROOT)
        for method in ("email", "sms", "email-and-sms", "ldap"):
            spec = {
                "validation": "mailbox",
                "certificate_profile": "mailbox-multipurpose",
                "second_factor": method,
            }
            root.call("PUT", f"/v1/config/demo/profile/by-{method}", spec, {"If-None-Match": "*"})

    def setUp(self) -> None:
        self.gateway.status = 202
        self.value("delete from notifier.code_sent")  # ten an hour: each test has its own hour
        self.contact("alice", email="alice-codes@beta.example", phone="+49 170 123 45 67")

    # Settings

    def put(self, path: str, **spec: Any) -> None:
        """As it is, and these fields otherwise."""
        root = self.person(ROOT)
        try:
            shown = root.call("GET", path)
            known, old = {"If-Match": f'"{shown["version"]}"'}, shown["spec"]
        except Refused:
            known, old = {"If-None-Match": "*"}, {}
        root.call("PUT", path, {**old, **spec}, known)

    def contact(self, account: str, **fields: str) -> None:
        self.put(f"/v1/config/demo/person/{account}", **fields)

    def connect(self, **more: Any) -> None:
        """The gateway is set, and notifier has heard of it."""
        spec = {"type": "sms", "endpoint": self.gateway.endpoint, "secret": SECRET, "active": True, **more}
        self.told("sms", **spec)
        self.addCleanup(self.told, "sms", **{**spec, "active": False})

    def join(self, **more: Any) -> None:
        """The same of the directory, in which alice has another name."""
        spec = {
            "type": "ldap",
            "endpoint": self.directory.endpoint,
            "bind_dn": f"uid={{login}},{SUFFIX}",
            "active": True,
            **more,
        }
        self.contact("alice", login="doe")
        self.told("directory", **spec)
        self.addCleanup(self.told, "directory", **{**spec, "active": False})

    def told(self, name: str, **spec: Any) -> None:
        log = self.stack.root / "log" / "notifier.log"
        taken = f"connector taken name=demo/{name}"
        before = log.read_text(errors="replace").count(taken)
        self.put(f"/v1/config/demo/connector/{name}", **spec)
        wait_for(
            lambda: log.read_text(errors="replace").count(taken) > before,
            options.wait(20),
            f"notifier to hear of {name}",
        )

    # Requests

    def ready(self, profile: str, mailbox: str, person: Applicant | None = None) -> str:
        """All that is missing is the approval."""
        person = person or self.person()
        request = person.create(self.csr(f"{profile}-{uuid.uuid4()}"), [mailbox], profile)
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        person.wait_state(request, "ready")
        return request

    def problem(self, status: int, code: str, call: Any) -> dict[str, Any]:
        with self.assertRaises(Refused) as refused:
            call()
        self.assertEqual((refused.exception.status, refused.exception.problem["code"]), (status, code))
        return refused.exception.problem

    def start(self, request: str, person: Applicant | None = None) -> dict[str, Any]:
        started: dict[str, Any] = (person or self.person()).call("POST", f"/v1/requests/{request}/second-factor")
        return started

    def type(self, request: str, body: dict[str, Any], person: Applicant | None = None) -> None:
        (person or self.person()).call("POST", f"/v1/requests/{request}/approve", body)

    def mailed(self, after: int = 0, to: str = "alice-codes@beta.example") -> str:
        text = mail_text(self.stack.mail.wait(to, after=after, timeout=options.wait(20)))
        found = CODE.search(text)
        assert found, text
        return found.group(1)

    def last_mail(self, to: str = "alice-codes@beta.example") -> int:
        mails = self.stack.mail.find(to)
        return int(mails[-1]["number"]) if mails else 0

    def by_mail(self, request: str, person: Applicant | None = None, to: str = "alice-codes@beta.example") -> str:
        """A new code for this request."""
        last = self.last_mail(to)
        self.start(request, person)
        return self.mailed(last, to)

    def texted(self, before: int) -> str:
        wait_for(lambda: len(self.gateway.to(PHONE)) > before, options.wait(20), "a short message")
        found = CODE.search(self.gateway.to(PHONE)[-1].text)
        assert found
        return found.group(1)

    @staticmethod
    def wrong(code: str) -> str:
        return code[:-1] + ("1" if code[-1] == "0" else "0")

    # What the seed says

    def test_a_code_by_mail_lets_the_certificate_be_made(self) -> None:
        alice = self.person()
        request = self.ready("by-email", "mailed@beta.example")
        self.assertEqual(alice.show(request)["second_factor"]["codes"], ["email"])
        problem = self.problem(403, "second-factor-needed", lambda: alice.approve(request))
        start = problem["second_factor"]["start"]
        last = self.last_mail()
        sent = alice.call("POST", start)
        self.assertEqual(sent["codes"], [{"channel": "email", "to": "a**********@beta.example"}])
        code = self.mailed(last)
        problem = self.problem(422, "second-factor-wrong", lambda: self.type(request, {"code": self.wrong(code)}))
        self.assertEqual(problem["tries_left"], 4)
        self.assertEqual(alice.show(request)["state"], "ready")
        self.type(request, {"code": f"{code[:4]} {code[4:]}"})
        shown = alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn("proved_at", shown["second_factor"])
        self.problem(409, "ended", lambda: self.type(request, {"code": code}))
        proved = f"request_intake.history where request = '{request}' and lines like e'%\\tsecond-factor-proved\\t%'"
        self.assertEqual(self.count(proved), 1)
        self.judge_pack(request)
        self.nowhere(code)

    def test_one_call_does_without_no_second_factor(self) -> None:
        """Everything else stands proved, and whoever asks approves with the request."""
        alice, mailbox = self.person(), "onecall@beta.example"
        self.wait_standing(self.ready("by-email", mailbox), "mailbox-1")
        request = alice.create(self.csr(f"one-call-{uuid.uuid4()}"), [mailbox], "by-email", approve=True)
        shown = alice.wait_state(request, "ready")
        self.assertEqual(shown["second_factor"]["codes"], ["email"])
        self.problem(403, "second-factor-needed", lambda: alice.approve(request))
        self.assertEqual(self.count(f"signer.intent where request = '{request}'"), 0)
        self.assertEqual(self.count(f"policy.outbox where subject = 'plan.final' and key = '{request}'"), 0)
        self.type(request, {"code": self.by_mail(request)})
        alice.wait_state(request, "issued", timeout=options.wait(60))

    def judge_pack(self, request: str, method: str = "email") -> None:
        """Whoever judges again later sees who proved it, and how."""
        url = self.stack.environment("observer")["CS_DATABASE_URL"]
        self.wait_head()
        with tempfile.TemporaryDirectory() as name:
            pack = Path(name) / "pack"
            done = self.csctl("evidence", "export", request, "--unsigned", "--chain", str(self.stack.ca / "chain.pem"), CS_DATABASE_URL=url)
            self.assertEqual(done.returncode, 0, done.stderr)
            pack.write_text(done.stdout)
            trust = self.stack.root / "trust"
            words = ["--trust", str(trust / "trust"), "--approvers", str(trust / "approvers")]
            root = next(self.stack.ca.glob("root.cert.pem"))
            done = self.csctl("evidence", "verify", str(pack), *words, "--root", str(root), "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        steps = {step["name"]: step["text"] for step in json.loads(done.stdout)["steps"]}
        self.assertIn(f"alice of demo proved it by {method}", steps["second-factor"])

    def nowhere(self, code: str) -> None:
        """In no event, row or log."""
        for table in ("notifier.outbox", "request_intake.outbox", "notifier.work", "notifier.inbox"):
            if self.value(f"select to_regclass('{table}') is not null") == "t":
                self.assertEqual(self.count(f"{table} t where t::text like '%{code}%'"), 0, table)
                self.assertEqual(
                    self.count(f"{table} t where t::text like '%{code.encode().hex()}%'"), 0, table
                )
        self.assertEqual(self.count(f"notifier.code_challenge t where t::text like '%{code.encode().hex()}%'"), 0)
        for log in (self.stack.root / "log").glob("*.log"):
            self.assertNotIn(code, log.read_text(errors="replace"), log.name)

    def test_a_code_by_sms_goes_under_tls_with_the_gateways_secret(self) -> None:
        self.connect()
        request = self.ready("by-sms", "texted@beta.example")
        before = len(self.gateway.to(PHONE))
        self.start(request)
        code = self.texted(before)
        message = self.gateway.to(PHONE)[-1]
        self.assertEqual((message.authorization, message.path), (f"Bearer {SECRET}", "/v1/messages"))
        self.assertIn("Never tell it to anybody", message.text)
        self.type(request, {"code": code})
        self.person().wait_state(request, "issued", timeout=options.wait(60))
        self.nowhere(SECRET)

    def test_two_channels_want_two_codes(self) -> None:
        self.connect(username="ra")
        request = self.ready("by-email-and-sms", "both@beta.example")
        last, before = self.last_mail(), len(self.gateway.to(PHONE))
        self.start(request)
        mail, text = self.mailed(last), self.texted(before)
        self.assertNotEqual(mail, text)
        self.assertTrue(self.gateway.to(PHONE)[-1].authorization.startswith("Basic "))
        self.problem(422, "second-factor-missing", lambda: self.type(request, {"code": mail}))
        self.problem(422, "second-factor-missing", lambda: self.type(request, {"codes": {"sms": text}}))
        self.problem(
            422, "second-factor-wrong", lambda: self.type(request, {"codes": {"email": text, "sms": mail}})
        )
        done = self.csctl("request", "approve", request, "--codes", given=f"email {mail}\nsms {text}\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_csctl_says_what_to_do(self) -> None:
        request = self.ready("by-email", "told@beta.example")
        done = self.csctl("request", "approve", request)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("csctl request second-factor ID", done.stderr)
        last = self.last_mail()
        done = self.csctl("request", "second-factor", request)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.csctl("request", "approve", request, "--codes", given=self.mailed(last) + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    # By the password of a directory

    def test_the_password_of_the_directory_lets_the_certificate_be_made(self) -> None:
        self.join()
        alice = self.person()
        request = self.ready("by-ldap", "bound@beta.example")
        problem = self.problem(403, "second-factor-needed", lambda: alice.approve(request))
        self.assertEqual(problem["second_factor"], {"method": "ldap", "codes": [], "password": True})
        self.problem(409, "second-factor-not-codes", lambda: self.start(request))
        self.problem(422, "second-factor-not-codes", lambda: self.type(request, {"code": "12345678"}))
        for wrong, left in ((PASSWORD.upper(), 4), ("bob's own", 3)):
            problem = self.problem(
                422, "second-factor-wrong", lambda wrong=wrong: self.type(request, {"password": wrong})
            )
            self.assertEqual(problem["tries_left"], left)
        before = len(self.directory.binds())
        self.problem(400, "json-length", lambda: self.type(request, {"password": ""}))
        self.assertEqual(len(self.directory.binds()), before)
        self.type(request, {"password": PASSWORD})
        self.assertEqual(self.directory.binds()[before:], [f"uid=doe,{SUFFIX}"])
        shown = alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn("proved_at", shown["second_factor"])
        self.judge_pack(request, "ldap")
        self.nowhere(WORD)
        own = self.directory.where
        for path, octets in self.octets_below(self.stack.root):
            if not path.is_relative_to(own):
                self.assertNotIn(WORD.encode(), octets, path)

    def test_csctl_asks_for_the_password(self) -> None:
        self.join()
        request = self.ready("by-ldap", "asked@beta.example")
        done = self.csctl("request", "approve", request)
        self.assertIn("csctl request approve ID --password", done.stderr)
        done = self.csctl("request", "approve", request, "--password", given=PASSWORD + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_five_wrong_passwords_are_the_last(self) -> None:
        self.join()
        request = self.ready("by-ldap", "guesser@beta.example")
        for left in (4, 3, 2, 1):
            problem = self.problem(422, "second-factor-wrong", lambda: self.type(request, {"password": "x"}))
            self.assertEqual(problem["tries_left"], left)
        before = len(self.directory.binds())
        self.problem(429, "second-factor-void", lambda: self.type(request, {"password": "x"}))
        self.problem(429, "second-factor-void", lambda: self.type(request, {"password": PASSWORD}))
        self.assertEqual(len(self.directory.binds()), before + 1)
        # The table's own time is set back: ten minutes are not waited for.
        self.value(f"update notifier.code_challenge set expires_ms = made_ms where request = '{request}'")
        self.type(request, {"password": PASSWORD})
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_passwords_that_are_typed_at_once_are_no_more_than_five(self) -> None:
        self.join()
        request = self.ready("by-ldap", "hasty@beta.example")
        before = len(self.directory.binds())

        def guess(number: int) -> str:
            try:
                self.type(request, {"password": f"guess {number}"}, self.person())
            except Refused as no:
                return str(no.problem["code"])
            return "approved"

        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(guess, range(12)))
        self.assertEqual(len(self.directory.binds()) - before, 5, found)
        self.assertEqual(set(found) - {"second-factor-wrong", "second-factor-void"}, set(), found)
        self.problem(429, "second-factor-void", lambda: self.type(request, {"password": PASSWORD}))
        self.assertEqual(len(self.directory.binds()) - before, 5)

    def test_what_no_directory_should_be_sent_goes_nowhere(self) -> None:
        self.join()
        request = self.ready("by-ldap", "odd@beta.example")
        before = len(self.directory.binds())
        for odd in ("", "\0", f"{PASSWORD}\0", "\0x", "x" * 257, None, [PASSWORD], {"login": "bob"}):
            with self.assertRaises(Refused) as refused:
                self.type(request, {"password": odd})
            self.assertEqual(refused.exception.status, 400, (odd, refused.exception.problem))
        self.problem(400, "json-unknown", lambda: self.type(request, {"password": PASSWORD, "login": "doe"}))
        self.assertEqual(len(self.directory.binds()), before)
        self.type(request, {"password": PASSWORD})
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_a_directory_that_is_away_or_not_set_up_is_named(self) -> None:
        request = self.ready("by-ldap", "unbound@beta.example")
        mine = {"password": PASSWORD}
        self.problem(409, "second-factor-no-connector", lambda: self.type(request, mine))
        problem = self.problem(422, "connector-bind-dn", lambda: self.join(bind_dn="uid=doe,dc=example"))
        self.assertEqual(problem["field"], "spec.bind_dn")
        self.join(bind_dn="{login}@beta.example")
        self.contact("alice", login="Doe, Alice")
        problem = self.problem(409, "second-factor-no-login", lambda: self.type(request, mine))
        self.assertEqual(problem["field"], "login")
        self.join()
        self.directory.stop()
        self.addCleanup(lambda: self.directory.process or self.directory.start())
        self.problem(503, "second-factor-away", lambda: self.type(request, mine))
        self.directory.start()
        self.type(request, mine)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    # What does not help

    def test_five_wrong_codes_void_the_right_one(self) -> None:
        request = self.ready("by-email", "guessed@beta.example")
        code = self.by_mail(request)
        for left in (4, 3, 2, 1):
            problem = self.problem(422, "second-factor-wrong", lambda: self.type(request, {"code": self.wrong(code)}))
            self.assertEqual(problem["tries_left"], left)
        self.problem(410, "second-factor-void", lambda: self.type(request, {"code": self.wrong(code)}))
        self.problem(410, "second-factor-void", lambda: self.type(request, {"code": code}))
        self.type(request, {"code": self.by_mail(request)})
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_codes_of_others_are_no_use(self) -> None:
        self.contact("bob", email="bob-codes@beta.example")
        bob = self.person("bob-token")
        one, two = self.ready("by-email", "one@beta.example"), self.ready("by-email", "two@beta.example")
        bobs = self.ready("by-email", "bobs@beta.example", bob)
        codes = self.by_mail(one), self.by_mail(two)
        theirs = self.by_mail(bobs, bob, "bob-codes@beta.example")
        for code in (codes[1], theirs):
            self.problem(422, "second-factor-wrong", lambda code=code: self.type(one, {"code": code}))
        self.problem(404, "not-found", lambda: self.type(one, {"code": codes[0]}, bob))
        self.problem(404, "not-found", lambda: self.start(one, bob))
        self.type(one, {"code": codes[0]})

    def test_a_code_that_is_too_old_is_expired(self) -> None:
        """The table's own time is set back: ten minutes are not waited for."""
        request = self.ready("by-email", "late@beta.example")
        code = self.by_mail(request)
        self.value(f"update notifier.code_challenge set expires_ms = made_ms where request = '{request}'")
        self.problem(410, "second-factor-expired", lambda: self.type(request, {"code": code}))
        # Whoever sets it forward instead has another code than the one that was stored.
        code = self.by_mail(request)
        self.value(f"update notifier.code_challenge set expires_ms = expires_ms + 1 where request = '{request}'")
        self.problem(422, "second-factor-wrong", lambda: self.type(request, {"code": code}))

    def test_a_code_outlives_the_service_that_sent_it(self) -> None:
        request = self.ready("by-email", "restarted@beta.example")
        code = self.by_mail(request)
        self.stack.kill("notifier")
        self.stack.restart_service("notifier")
        self.type(request, {"code": code})
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_what_is_not_set_is_named(self) -> None:
        request = self.ready("by-sms", "phoneless@beta.example")
        self.problem(409, "second-factor-no-connector", lambda: self.start(request))
        self.contact("alice", phone="")
        problem = self.problem(409, "second-factor-no-address", lambda: self.start(request))
        self.assertEqual(problem["field"], "phone")
        self.assertIn("person alice", problem["mend"])
        problem = self.problem(422, "config-field", lambda: self.contact("alice", phone="0170 1234567"))
        self.assertEqual(problem["field"], "spec.phone")

    def test_a_gateway_that_says_no_is_told(self) -> None:
        self.connect()
        request = self.ready("by-sms", "unreachable@beta.example")
        self.gateway.status = 422
        self.start(request)
        failed = f"notifier.code_challenge where request = '{request}' and failed_sms"
        wait_for(lambda: self.count(failed) == 1, options.wait(20), "the gateway's no to be known")
        problem = self.problem(409, "second-factor-not-sent", lambda: self.type(request, {"code": "12345678"}))
        self.assertEqual(problem["field"], "codes.sms")

    def test_nobody_is_sent_codes_without_end(self) -> None:
        request, last = self.ready("by-email", "flooded@beta.example"), self.last_mail()
        for _ in range(10):
            self.start(request)
        self.problem(429, "second-factor-too-many", lambda: self.start(request))
        mails = lambda: self.stack.mail.find("alice-codes@beta.example", after=last)  # noqa: E731
        # Else another test takes one that comes late for its own.
        wait_for(lambda: len(mails()) == 10, options.wait(20), "all ten mails")

    # A setting of the enterprise, as code

    def test_an_enterprise_wants_it_of_all_its_people(self) -> None:
        request = self.ready("smime-mailbox", "all@beta.example")
        self.put("/v1/config/demo/enterprise/demo", second_factor="email")
        self.addCleanup(self.put, "/v1/config/demo/enterprise/demo", second_factor="none")
        alice = self.person()
        wait_for(lambda: "second_factor" in alice.show(request), options.wait(30), "the plan to want it")
        self.problem(403, "second-factor-needed", lambda: alice.approve(request))
        exported = self.csctl("export", "demo", CS_API_TOKEN=ROOT)
        self.assertIn("second_factor: email", exported.stdout)
        self.type(request, {"code": self.by_mail(request)})
        alice.wait_state(request, "issued", timeout=options.wait(60))

    # Whoever owns request-intake

    def forge_approval(self, request: str, factor: bytes) -> None:
        digest = self.value(f"select encode(digest, 'hex') from request_intake.submission where id = '{request}'")
        made = uuid.UUID(request).bytes
        stated: dict[str, Any] = {
            "request_id": made,
            "request_digest": bytes.fromhex(digest),
            "enterprise": "demo",
            "account": "alice",
            "factor": "api-token",
            "approved_at_ms": forge.now_ms(),
            "second_factor": factor,
        }
        key = ed25519.load(self.stack.key_file("request-intake"))
        body = forge.seal(key, "approval", forge.encode("GenerationApproved", stated))
        with NatsClient.of(self.stack, "request-intake") as client:
            client.store(
                "cs.request.generation-approved", body, forge.headers("request.generation-approved", made)
            )

    def factor(self, request: str, key: ed25519.Key, **more: Any) -> bytes:
        digest = self.value(f"select encode(digest, 'hex') from request_intake.submission where id = '{request}'")
        stated = {
            "request_id": uuid.UUID(request).bytes,
            "request_digest": bytes.fromhex(digest),
            "enterprise": "demo",
            "account": "alice",
            "method": "email",
            "proved_at_ms": forge.now_ms(),
            **more,
        }
        return forge.seal(key, "factor", forge.encode("FactorProved", stated))

    def test_who_owns_intake_cannot_pretend_it(self) -> None:
        notifier = ed25519.load(self.stack.key_file("notifier"))
        intake = ed25519.load(self.stack.key_file("request-intake"))
        for name, code in (
            ("nothing", "second-factor-missing"),
            ("own", "second-factor-not-genuine"),
            ("borrowed", "second-factor-not-genuine"),
            ("another", "second-factor-of-another"),
        ):
            request = self.ready("by-email", f"forged-{name}@beta.example")
            factor = {
                "nothing": lambda: b"",
                "own": lambda: self.factor(request, intake),
                "borrowed": lambda: self.borrow(self.factor(request, intake), notifier.keyid),
                "another": lambda: self.factor(request, notifier, account="bob"),
            }[name]()
            self.forge_approval(request, factor)
            shown = self.person().wait_state(request, "refused", timeout=options.wait(30))
            self.assertEqual(shown["refusal"]["code"], code, name)

    @staticmethod
    def borrow(envelope: bytes, keyid: str) -> bytes:
        said = forge.decode("Envelope", envelope)
        said["signatures"][0]["keyid"] = keyid
        return forge.encode("Envelope", said)

# SPDX-License-Identifier: Apache-2.0
"""Forged, replayed, duplicated, reordered and malformed events, and rows that were tampered with.

Whoever owns every NATS credential, or the whole database, but no signing key, gets no certificate.
"""

import base64
import hashlib
import re
import uuid
from typing import Any, NamedTuple

from world import Applicant, Refused, SystemTest, openssl, wait_for  # first: finds the others

import checkers
import forge
from catalogue import EVENTS, LANES
from ed25519 import Key
from nats_client import NatsClient
from options import options
from product import ENTERPRISE
from thief import Wish, checks, drain, forged_request

BOX = "alice@beta.example"  # proved by alice, and by nobody else


class Seen(NamedTuple):
    """One message of a lane."""

    subject: str
    headers: dict[str, str]
    body: bytes


def said_again(schema: str, subject: str) -> str:
    """SQL of whoever may write the schema: what the service said of others, now of {b}."""
    return (
        f"with o as (insert into {schema}.outbox (id, key, causation, subject, body, created_ms)"
        " select gen_random_uuid(), '{b}', '{b}', subject, body, {now}"
        f" from {schema}.outbox where subject = '{subject}' returning seq)"
        f" insert into {schema}.outbox_unsent select seq from o"
    )


# Of a line of the checks in a request's row (services/request-intake/checklist.c)
CHECK = """id kind position planned plan_attempt standing_until_ms asked_ms challenge challenge_ms challenge_until_ms
    attempt outcome checked_ms valid_until_ms shown target method allowed_methods new_because""".split()


def checks_say(request: str, **what: object) -> str:
    """SQL of whoever may write them: every check of the request says this."""
    fields = ", ".join(f"({what[name]})::text" if name in what else f"f[{i + 1}]" for i, name in enumerate(CHECK))
    return (
        "update request_intake.request set checks = (select"
        f" string_agg(array_to_string(array[{fields}], e'\\t') || e'\\t\\n', '' order by n)"
        " from regexp_split_to_table(rtrim(checks, e'\\n'), e'\\n') with ordinality l(line, n),"
        f" string_to_array(line, e'\\t') f) where id = '{request}' and checks <> ''"
    )


class Forgery(SystemTest):
    mail_below = ("beta.example",)
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}
    }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        test = cls()
        test.clients = {}
        cls.genuine = test.issue(BOX, prove=True)
        cls.events = test.of_request(cls.genuine)
        cls.number = 0
        test.tearDown()

    def runTest(self) -> None:
        """unittest wants a name for a case that is made by hand."""

    def setUp(self) -> None:
        self.random = options.random(self.id())
        self.clients: dict[str, NatsClient] = {}
        self.before = self.certificates()

    def tearDown(self) -> None:
        for client in self.clients.values():
            client.close()

    # What is gained

    def certificates(self) -> dict[str, str]:
        return dict(self.rows("select request, encode(der, 'hex') from signer.certificate"))  # type: ignore[arg-type]

    def nothing_gained(self, what: str = "") -> None:
        """And honest people are still served."""
        self.drain()
        self.assertEqual(self.certificates(), self.before, what)
        intents = self.count(f"{checkers.NOT_ISSUED} and state = 'open'")
        self.assertEqual(intents, 0, what)

    def honest_people_are_served(self) -> None:
        request = self.issue(BOX)
        self.before = self.certificates()
        self.assertIn(request, self.before)

    def issue(self, mailbox: str, prove: bool = False) -> str:
        alice = self.person()
        request = alice.create(self.csr(f"honest-{uuid.uuid4()}"), [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        if prove:
            alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        return request

    # The thief's tools

    def client(self, user: str) -> NatsClient:
        if user not in self.clients:
            self.clients[user] = NatsClient.of(self.stack, user)
        return self.clients[user]

    def publish(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        owner = next(event.publisher for event in EVENTS if event.subject == subject)
        self.client(owner).send(f"cs.{subject}", body, headers)

    def drain(self) -> None:
        """The server has taken all of it, and everybody has dealt with it."""
        for client in self.clients.values():
            client.flush()
        drain(self)

    def lanes(self) -> list[Seen]:
        """Everything that the lanes hold."""
        found = []
        for stream in LANES:
            state = self.client("observer").api(f"STREAM.INFO.{stream}")["state"]
            for number in range(state["first_seq"] or 1, state["last_seq"] + 1):
                message = self.client("observer").api(f"STREAM.MSG.GET.{stream}", {"seq": number})
                found.append(_seen(message["message"]))
        return [seen for seen in found if not seen.subject.startswith("deadletter.")]

    def of_request(self, request: str) -> list[Seen]:
        return [seen for seen in self.lanes() if seen.headers.get("ce-subject") == request]

    def victim(self) -> str:
        type(self).number += 1
        return f"victim{self.number}@v{self.number}.beta.example"

    def parked(self) -> int:
        return sum(self.count(f"{schema}.parked") for schema in checkers.schemas(self))

    # Events

    def test_junk_in_every_lane_is_parked_and_blocks_nobody(self) -> None:
        parked, sent = self.parked(), 0
        genuine = {seen.subject: seen for seen in self.events}
        for event in EVENTS:
            subject, request = event.subject, uuid.uuid4()
            sample = genuine.get(subject, genuine["plan.made"]).body
            other = genuine["evidence.mailbox" if event.message != "Evidence" else "plan.made"].body
            good = forge.headers(subject, request.bytes)
            for body in (
                b"",
                b"\0",
                b"\xff" * 40,
                self.random.randbytes(200),
                b"{}",
                b"A" * 60000,
                sample[: len(sample) // 2],
                sample + b"\0",
                _flipped(sample, self.random.randrange(len(sample) * 8)),
                other,
            ):
                self.publish(subject, body, forge.headers(subject, request.bytes))
            for headers in (
                None,
                {},
                {**good, "ce-specversion": "2.0"},
                {**good, "ce-id": "not-a-uuid", "Nats-Msg-Id": "x" + str(uuid.uuid4())},
                {**good, "ce-time": "yesterday", "Nats-Msg-Id": "y" + str(uuid.uuid4())},
                {**good, "ce-type": "io.countersign.certificate.issued.v2"},
            ):
                self.publish(subject, sample, headers)
            sent += 16
        self.nothing_gained()
        self.assertGreater(self.parked(), parked + sent // 2)
        self.honest_people_are_served()

    def test_a_full_chain_signed_by_a_stranger_is_nothing(self) -> None:
        """Under a key of his own, under the name of a trusted key, and without any signature."""
        wish = Wish(self.victim(), "alice")
        made = uuid.uuid4()
        stranger = Key(hashlib.sha256(b"stranger").digest())
        trusted = {
            row[0]: row[1]
            for row in [line.split() for line in self.trust().splitlines() if line]
            if len(row) > 1
        }
        for keyid in (None, *trusted.values()):
            for seen in self.chain(wish, made.bytes, stranger, keyid):
                self.publish(seen.subject, seen.body, seen.headers)
        for seen in self.chain(wish, made.bytes, stranger, None):
            if next(event.signed for event in EVENTS if event.subject == seen.subject):
                envelope = forge.decode("Envelope", seen.body)
                bare = {**envelope, "signatures": []}
                double = {**envelope, "signatures": envelope["signatures"] * 2}
                bodies = [forge.encode("Envelope", body) for body in (bare, double)]
                if seen.subject == "plan.final":
                    plan, request, approval = forge.apart(seen.body)
                    for alone in (_unsigned(request), _unsigned(approval)):
                        bodies += [forge.enclosing(plan, alone, approval), forge.enclosing(plan, request, alone)]
                for body in bodies:
                    self.publish(seen.subject, body, forge.headers(seen.subject, made.bytes))
        self.nothing_gained()
        self.assertEqual(self.count(f"signer.final_plan where request = '{made}'"), 0)
        self.assertEqual(self.count(f"signer.evidence where request = '{made}'"), 0)

    def trust(self) -> str:
        """The keys of the trust table: service and key id."""
        import ed25519

        lines = []
        for path in (self.stack.root / "secrets").glob("*.pem"):
            lines.append(f"{path.stem} {ed25519.load(path).keyid}")
        return "\n".join(lines)

    def chain(self, wish: Wish, made: bytes, key: Key, keyid: str | None) -> list[Seen]:
        """All that a certificate needs, in the words of one key."""
        request = forged_request(made, wish, self.csr(f"chain-{uuid.uuid4()}"))
        digest = request["request_digest"]
        about = {"request_id": made, "request_digest": digest}
        approval = {
            **about,
            "enterprise": ENTERPRISE,
            "account": wish.account,
            "factor": "api-token",
            "approved_at_ms": forge.now_ms(),
        }
        approved = forge.seal(key, "approval", forge.encode("GenerationApproved", approval), keyid)
        needed = [check for name, check in checks(wish).items() if "domain" not in name]
        plan = {
            **about,
            "revision": 2,
            "final": True,
            "enterprise": ENTERPRISE,
            "account": wish.account,
            "profile": wish.profile,
            "checks": needed,
            "made_at_ms": forge.now_ms(),
            "ends_at_ms": forge.now_ms() + 600_000,
            "approval_sha256": forge.sha256(approved),
            "certificate_profile": "mailbox-multipurpose",
        }
        asked = forge.seal(key, "request", forge.encode("RequestSubmitted", request), keyid)
        planned = forge.seal(key, "plan", forge.encode("Plan", plan), keyid)
        rows = []
        for check in needed:
            lane = {1: "evidence.mailbox", 3: "evidence.caa", 5: "evidence.mpic"}[check["kind"]]
            checked = {**about, "check": check}
            voices = [(f"p{n}", region, key) for n, region in enumerate(("ripe", "arin", "apnic"))]
            stated = (
                forge.mpic_evidence(checked, voices)  # type: ignore[arg-type]
                if check["kind"] == forge.MPIC_CAA
                else forge.evidence(checked)
            )
            rows.append((lane, "evidence", forge.encode("Evidence", stated)))
        chain = [(subject, forge.seal(key, kind, body, keyid)) for subject, kind, body in rows]
        chain.append(("request.submitted", asked))
        chain.append(("request.generation-approved", approved))
        chain.append(("plan.final", forge.enclosing(planned, asked, approved)))
        return [Seen(subject, forge.headers(subject, made), body) for subject, body in chain]

    def test_requests_are_not_forged_for_names_that_are_proved(self) -> None:
        """All proofs stand; what is missing is intake's signature, in every way to go without it."""
        wish = Wish(BOX, "alice")
        stranger = Key(hashlib.sha256(b"stranger").digest())
        genuine = {seen.subject: seen for seen in self.events}
        for how in ("own", "borrowed", "spliced"):
            made = uuid.uuid4()
            csr = self.csr(f"forged-{made}")
            octets = forge.encode("RequestSubmitted", forged_request(made.bytes, wish, csr))
            keyid = self.key_of("request-intake") if how != "own" else None
            body = forge.seal(stranger, "request", octets, keyid)
            if how == "spliced":
                envelope = forge.decode("Envelope", genuine["request.submitted"].body)
                body = forge.encode("Envelope", {**envelope, "payload": octets})
            self.publish("request.submitted", body, forge.headers("request.submitted", made.bytes))
            approval = genuine["request.generation-approved"].body
            head = forge.headers("request.generation-approved", made.bytes)
            self.publish("request.generation-approved", approval, head)
            for plan in self.plans_for(made.bytes, octets, approval):
                final = forge.enclosing(plan, body, approval)
                self.publish("plan.final", final, forge.headers("plan.final", made.bytes))
        self.nothing_gained()

    def plans_for(self, made: bytes, request: bytes, approval: bytes) -> list[bytes]:
        """The genuine one of another request, and what a stranger makes of it: in policy's name, and behind its signature."""
        genuine = forge.apart(next(seen.body for seen in self.events if seen.subject == "plan.final"))[0]
        digest = forge.decode("RequestSubmitted", request)["request_digest"]
        plan = forge.opened("Plan", genuine)
        plan |= {"request_id": made, "request_digest": digest, "approval_sha256": forge.sha256(approval)}
        octets, stranger = forge.encode("Plan", plan), Key(hashlib.sha256(b"stranger").digest())
        spliced = forge.encode("Envelope", {**forge.decode("Envelope", genuine), "payload": octets})
        return [genuine, forge.seal(stranger, "plan", octets, self.key_of("policy")), spliced]

    def test_a_genuine_plan_is_kept_with_its_own_request_and_approval(self) -> None:
        """Whoever may publish as policy, and has no key, lays others beside it before the signer has heard of it."""
        alice = self.person()
        request = alice.create(self.csr(f"beside-{uuid.uuid4()}"), [BOX], "smime-mailbox")
        alice.wait_state(request, "ready")
        drain(self)
        self.stack.kill("signer")
        alice.approve(request)
        body = wait_for(lambda: self.outgoing("policy", "plan.final", request), options.wait(20), "the final plan")
        plan, asked, approved = forge.apart(body)
        of_another = {seen.subject: seen.body for seen in self.events}
        _, another, its_approval = forge.apart(of_another["plan.final"])
        stranger, evidence = Key(hashlib.sha256(b"stranger").digest()), of_another["evidence.caa"]
        forged = forge.seal(stranger, "approval", forge.decode("Envelope", approved)["payload"], self.key_of("request-intake"))
        alone = {"approved_factor": "api-token", **forge.opened("RequestSubmitted", asked)}
        in_itself = forge.seal(stranger, "request", forge.encode("RequestSubmitted", alone), self.key_of("request-intake"))
        wanted = {}
        for why, octets, others in (
            ("encloses another request", plan, (another, approved)),
            ("encloses another request", plan, (another, its_approval)),
            ("encloses another approval", plan, (asked, its_approval)),
            ("is wrong", plan, (asked, forged)),
            ("is wrong", plan, (in_itself,)),
            ("not approved in itself", plan, (asked,)),
            ("not of type request", plan, (approved, asked)),
            ("enclosed twice", plan, (asked, asked)),
            ("encloses no request", plan, ()),
            ("encloses others", evidence, (asked, approved)),
        ):
            subject = "plan.final" if octets == plan else "evidence.caa"
            head = forge.headers(subject, uuid.UUID(request).bytes)
            wanted[head["ce-id"]] = why
            self.publish(subject, forge.enclosing(octets, *others), head)
        for client in self.clients.values():
            client.flush()
        self.stack.restart_service("signer")
        alice.wait_state(request, "issued", timeout=options.wait(60))
        self.drain()
        kept = self.rows(f"select encode(envelope, 'hex') from signer.final_plan where request = '{request}'")
        self.assertEqual([bytes.fromhex(row[0]) for row in kept], [body])
        self.assertEqual(self.count(f"signer.equivocation where request = '{request}'"), 0)
        parked = dict(self.rows("select id, error from signer.parked"))  # type: ignore[arg-type]
        for event, why in wanted.items():
            self.assertIn(why, parked.get(event, "not parked"))
        self.before = self.certificates()
        self.honest_people_are_served()

    def outgoing(self, schema: str, subject: str, request: str) -> bytes:
        """The body of what a service said of it, or nothing yet."""
        text = self.value(
            "select coalesce((select encode(body, 'hex') from"
            f" {schema}.outbox where subject = '{subject}' and key = '{request}' limit 1), '')"
        )
        return bytes.fromhex(text)

    def key_of(self, service: str) -> str:
        import ed25519

        return ed25519.load(self.stack.key_file(service)).keyid

    def test_genuine_events_are_replayed_in_any_order(self) -> None:
        """Five times each, under old ids and new ones, reversed and shuffled."""
        seen = self.events
        self.assertGreater(len(seen), 8)
        for order in (seen[::-1], self.random.sample(seen, len(seen)), seen * 3):
            for event in order:
                # The server's window against duplicates is passed by: it is not relied on.
                headers = {**event.headers, "Nats-Msg-Id": str(uuid.uuid4())}
                self.publish(event.subject, event.body, headers)
                self.publish(
                    event.subject,
                    event.body,
                    {**headers, "ce-id": str(uuid.uuid4()), "Nats-Msg-Id": str(uuid.uuid4())},
                )
        self.nothing_gained()
        self.assertEqual(self.person().show(self.genuine)["state"], "issued")

    def test_genuine_events_serve_no_other_request(self) -> None:
        """bob's request is given alice's proofs, approval and plan."""
        bob = self.person("bob-token")
        mailbox = self.victim()
        request = bob.create(self.csr("bob-victim"), [mailbox], "smime-mailbox")
        bob.wait_planned(request)
        for event in self.events:
            key = uuid.UUID(request).bytes
            head = forge.headers(event.subject, key)
            self.publish(event.subject, event.body, head)
            if event.subject.startswith(("evidence.", "plan.", "request.gen")):
                # The payload says whose it is: altered, the signature is wrong.
                altered = event.body.replace(uuid.UUID(self.genuine).bytes, key)
                self.publish(event.subject, altered, forge.headers(event.subject, key))
        # Intake shows what it hears and verifies nothing; those who decide are not impressed.
        self.drain()
        self.press_on(request)
        self.nothing_gained()

    def test_events_of_one_lane_are_none_in_another(self) -> None:
        """Genuine octets on every other subject; and stored messages delivered into a foreign lane."""
        parked = self.parked()
        for event in self.events:
            for other in EVENTS:
                if other.subject != event.subject:
                    head = forge.headers(other.subject, uuid.UUID(self.genuine).bytes)
                    self.publish(other.subject, event.body, head)
        notifier = self.client("notifier")
        ask = "$JS.API.CONSUMER.MSG.NEXT.PLAN.notifier-plan-refused"
        for lane in ("cs.certificate.issued", "cs.plan.final", "cs.evidence.mailbox"):
            self.publish("plan.refused", b"\x0a", forge.headers("plan.refused", bytes(16)))
            notifier.send(ask, b'{"batch": 5, "no_wait": true}', reply=lane)
        notifier.flush()
        self.nothing_gained()
        self.assertGreater(self.parked(), parked)
        self.assertEqual(self.person().show(self.genuine)["state"], "issued")

    def test_a_certificate_that_the_signer_did_not_make_is_none(self) -> None:
        """With the signer's credentials but not its key: nobody can be given a working certificate."""
        bob = self.person("bob-token")
        request = bob.create(self.csr("bob-fake"), [self.victim()], "smime-mailbox")
        bob.wait_planned(request)
        key = uuid.UUID(request).bytes
        made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        fake = openssl(*made, "-keyout", "/dev/null", "-subj", "/CN=fake", "-days", "9")
        der = base64.b64decode("".join(fake.split("-----")[2].split()))
        stated = {
            "request_id": key,
            "certificate": der,
            "chain": [der],
            "serial": "01",
            "issuer": "issuing-1",
            "issued_at_ms": forge.now_ms(),
            "not_before_ms": forge.now_ms(),
            "not_after_ms": forge.now_ms() + 86_400_000,
            "enterprise": ENTERPRISE,
            "account": "bob",
            "mailboxes": ["x@beta.example"],
            "fingerprint": hashlib.sha256(der).hexdigest(),
        }
        body = forge.encode("CertificateIssued", stated)
        self.publish("certificate.issued", body, forge.headers("certificate.issued", key))
        self.nothing_gained()
        try:
            shown = bob.certificate(request)
        except Refused:
            return
        root = self.stack.ca / "root.cert.pem"
        chain = self.stack.ca / "chain.pem"
        with self.assertRaises(AssertionError):
            openssl("verify", "-CAfile", root, "-untrusted", chain, given=shown)

    # Rows: whoever owns the database.  Triggers are switched off, constraints are kept.

    def tamper(self, sql: str) -> None:
        """Refuses to change nothing: then the attack would not have been one."""
        tables = sorted(set(re.findall(r"(?:update|insert into|delete from) (\w+\.\w+)", sql)))
        digest = "(select coalesce(md5(string_agg(t::text, '')), 'empty') from {0} t)"
        look = " || ".join(digest.format(table) for table in tables)
        before = self.value(f"select {look}")
        self.value(f"set session_replication_role = replica; {sql}")
        self.assertNotEqual(self.value(f"select {look}"), before, sql)

    def two_requests(self) -> tuple[str, str, str]:
        """alice's, proved and ready; bob's for a mailbox that he did not prove; that mailbox."""
        alice, bob, mailbox = self.person(), self.person("bob-token"), self.victim()
        proved = alice.create(self.csr(f"a-{mailbox}"), [BOX], "smime-mailbox")
        wanted = bob.create(self.csr(f"b-{mailbox}"), [mailbox], "smime-mailbox")
        alice.wait_state(proved, "ready")
        bob.wait_planned(wanted)
        drain(self)
        return proved, wanted, mailbox

    def press_on(self, request: str) -> None:
        """Approves, as far as he is let."""
        try:
            self.person("bob-token").approve(request)
        except Refused as refusal:
            self.assertIn(refusal.status, (409, 404, 503), refusal.problem)

    def test_rows_of_intake(self) -> None:
        for label, sql in (
            (
                "a request that says it is ready",
                "update request_intake.request set state = 'ready' where id = '{b}'",
            ),
            (
                "checks that say they are proved",
                "update request_intake.request set state = 'ready' where id = '{b}';"
                + checks_say(
                    "{b}",
                    outcome=1,
                    shown=2,
                    attempt=1,
                    checked_ms="{now}",
                    valid_until_ms="{now} + 999999999",
                    standing_until_ms="{now} + 999999999",
                ),
            ),
            (
                "the octets of another request",
                "update request_intake.request set state = 'ready' where id = '{b}';"
                " update request_intake.submission b set envelope = a.envelope,"
                " digest = a.digest from request_intake.submission a"
                " where b.id = '{b}' and a.id = '{a}';"
                + checks_say("{b}", outcome=1, shown=3, standing_until_ms="{now} + 999999999"),
            ),
            (
                "another's request in bob's name",
                "update request_intake.request set account = 'bob' where id = '{a}';"
                " update request_intake.request set account = 'alice' where id = '{b}';"
                " update request_intake.submission set account = 'bob' where id = '{a}';"
                " update request_intake.submission set account = 'alice' where id = '{b}'",
            ),
            (
                "an event in the outbox that nobody signed",
                said_again("request_intake", "request.generation-approved"),
            ),
        ):
            self.attack(label, sql, press=("{a}", "{b}"))

    def test_rows_of_policy(self) -> None:
        for label, sql, *undo in (
            (
                "alice's proof copied for bob's account",
                "insert into policy.standing select '\\x{digest}', '{b}', 1, enterprise, 'bob', kind,"
                " '{mailbox}', method, expected, 1, envelope_sha256, primary_sha256, checked_at_ms,"
                " valid_until_ms, covers_subdomains, remotes from policy.standing"
                " where kind = 1 and target = '" + BOX + "' limit 1",
            ),
            (
                "alice's proof renamed to the victim",
                "update policy.standing set account = 'bob', target = '{mailbox}',"
                " check_digest = '\\x{digest}' where kind = 1 and target = '" + BOX + "'",
                "update policy.standing set account = 'alice', target = '" + BOX + "',"
                " check_digest = '\\x{alices}' where kind = 1 and target = '{mailbox}'",
            ),
            (
                "plans swapped",
                "update policy.plan_envelope b set plan = (select plan from policy.plan_envelope"
                " where request = '{a}' and plan <> '' order by approved desc limit 1), statement = a.statement"
                " from policy.plan_envelope a where b.request = '{b}' and not b.approved"
                " and a.request = '{a}' and not a.approved",
            ),
            (
                "a plan that says it is final",
                "update policy.plan set state = 'approved', due_ms = 1, progress = concat_ws(chr(10),"
                " 'mailbox-1 1 1 1 0', 'caa-1 1 1 1 0', 'mpic-caa-1 1 1 1 0') where request = '{b}'",
            ),
            (
                "another's final plan in the outbox",
                said_again("policy", "plan.final"),
            ),
        ):
            self.attack(label, sql, ready=True, undo="".join(undo))

    def test_rows_of_the_mailbox_validator(self) -> None:
        for label, sql in (
            (
                "alice's evidence copied into bob's challenge",
                "update mailbox_validator.challenge b set evidence = a.evidence,"
                " proved_mail = a.proved_mail from mailbox_validator.challenge a"
                " where b.request = '{b}' and a.request = '{genuine}'",
            ),
            (
                "challenges swapped",
                "update mailbox_validator.challenge b set asked = a.asked, evidence = a.evidence"
                " from mailbox_validator.challenge a"
                " where b.request = '{b}' and a.request = '{genuine}'",
            ),
            (
                "alice's evidence in the outbox for bob",
                said_again("mailbox_validator", "evidence.mailbox"),
            ),
        ):
            self.attack(label, sql, verify=True)

    def test_a_token_that_was_mailed_to_the_thief_serves_no_other(self) -> None:
        """His own mail's row, copied to the challenge of his victim."""
        from applicant import TOKEN, mail_text

        bob, own, victim = self.person("bob-token"), self.victim(), self.victim()
        requests = []
        for mailbox in (own, victim):
            request = bob.create(self.csr(f"t-{mailbox}"), [mailbox], "smime-mailbox")
            bob.wait_planned(request)
            bob.verify(request, "mailbox-1")
            self.stack.mail.wait(mailbox)
            requests.append(request)
        drain(self)
        found = TOKEN.search(mail_text(self.stack.mail.wait(own)))
        assert found
        columns = "nonce = a.nonce, mac = a.mac, made_ms = a.made_ms, expires_ms = a.expires_ms"
        self.tamper(
            f"update mailbox_validator.mail b set {columns} from mailbox_validator.mail a"
            f" where b.request = '{requests[1]}' and a.request = '{requests[0]}'"
        )
        with self.assertRaises(Refused):
            bob.submit_token(requests[1], "mailbox-1", found.group(1))
        self.tamper(
            f"update mailbox_validator.mail set request = '{requests[1]}'"
            f" where request = '{requests[0]}'"
        )
        with self.assertRaises(Refused):
            bob.submit_token(requests[1], "mailbox-1", found.group(1))
        self.press_on(requests[1])
        self.nothing_gained()

    def test_rows_of_the_domain_validator(self) -> None:
        """He proves his own domain, and makes its challenge look like the victim's."""
        alice = self.person()
        self.stack.assign("*@beta.example", "*@caa-allow.example")
        ids = {}
        for zone in ("beta.example", "caa-allow.example"):
            request = alice.create(self.csr(f"d-{zone}"), [f"x@{zone}"], "smime-domain")
            alice.wait_planned(request)
            you = alice.what_to_publish(request)
            ids[zone] = (request, you["record"])
        own, record = ids["beta.example"]
        victim = ids["caa-allow.example"][0]
        owner = record["name"].removesuffix(".beta.example")
        self.stack.dns.set("beta.example", owner, "TXT", f'"{record["value"]}"')
        for label, sql in (
            ("its name", "set domain = 'beta.example', value = a.value"),
            ("its order too", "set asked = a.asked"),
        ):
            with self.subTest(label):
                self.tamper(
                    f"update domain_validator.challenge b {sql} from domain_validator.challenge a"
                    f" where b.request = '{victim}' and a.request = '{own}'"
                )
                alice.verify(victim, "domain-1")
                drain(self)
                proofs = "policy.standing where kind = 2 and target = 'caa-allow.example'"
                self.assertEqual(self.count(f"{proofs} and outcome = 1"), 0)
                self.press_on(victim)
        self.nothing_gained()

    def test_rows_of_the_signer(self) -> None:
        copy_plan = (
            "insert into signer.final_plan select '{b}', revision, sha256, envelope, plan_len, request_at,"
            " request_len, approval_at, received_at_ms from signer.final_plan where request = '{genuine}'"
            " on conflict do nothing;"
        )
        copy_evidence = (
            "insert into signer.evidence select '{b}', check_digest, attempt, sha256, outcome,"
            " checked_at_ms, envelope, received_at_ms from signer.evidence"
            " where request = '{genuine}' on conflict do nothing;"
        )
        poke = (
            " insert into signer.missing select sha256, '{b}' from signer.evidence"
            " where request = '{genuine}' on conflict do nothing;"
        )
        for label, sql in (
            ("alice's plan and evidence for bob", copy_plan + copy_evidence + poke),
            (
                "evidence renamed to the victim's check",
                copy_evidence
                + "update signer.evidence set check_digest = '\\x{digest}', outcome = 1"
                " where request = '{b}' and check_digest in (select check_digest from"
                " signer.evidence limit 1);" + poke,
            ),
            (
                "an issued request that waits again",
                "update signer.request set state = 'waiting' where request = '{genuine}';"
                " insert into signer.missing select sha256, '{genuine}' from signer.evidence"
                " where request = '{genuine}' limit 1",
            ),
            (
                "an intent that nobody judged, and an order without a seal",
                "insert into signer.request (request, state, code, version, changed_at_ms)"
                " values ('{b}', 'intent', '', 1, {now}) on conflict (request) do update set state = 'intent';"
                " insert into signer.intent (request, serial, not_before_s, tbs, tbs_sha256, evidence, state,"
                " judged_at_ms, void_at_ms, issuer, profile, crl_partition) select '{b}',"
                " set_byte(serial, 0, get_byte(serial, 0) # 1), not_before_s, tbs, tbs_sha256,"
                " evidence, 'open', {now}, 0, issuer, profile, crl_partition from signer.intent"
                " where request = '{genuine}';"
                " insert into signer.work select gen_random_uuid(), '{b}', 'sign',"
                " decode(lpad(to_hex({now}), 16, '0'), 'hex') || decode(repeat('00', 32), 'hex')"
                " || convert_to(issuer, 'UTF8') || decode('00', 'hex') || convert_to(profile, 'UTF8')"
                " || decode('00', 'hex') || tbs, {now}, 0, 0 from signer.intent where request = '{genuine}'",
            ),
            (
                "an event in the outbox",
                said_again("signer", "certificate.issued"),
            ),
        ):
            self.attack(label, sql, ready=True)

    def test_a_no_that_became_a_yes(self) -> None:
        """The signer has all that it needs, but CAA says no; then its rows say the opposite."""
        alice, mailbox = self.person(), "forbidden@caa-deny.example"
        request = alice.create(self.csr("forbidden"), [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        alice.wait_state(request, "refused", timeout=options.wait(30))
        drain(self)
        own = f"where request = '{request}'"
        self.assertGreater(self.count(f"signer.evidence {own} and outcome = 2"), 0)
        self.tamper(
            f"update signer.evidence set outcome = 1 {own};"
            f" update signer.request set state = 'waiting' {own};"
            f" insert into signer.missing select sha256, request from signer.evidence {own} limit 1"
        )
        wait_for(
            lambda: self.count(f"signer.missing {own}") == 0,
            options.wait(20),
            "the signer to judge again",
        )
        self.nothing_gained()

    def attack(
        self,
        label: str,
        sql: str,
        press: tuple[str, ...] = ("{b}",),
        ready: bool = False,
        verify: bool = False,
        undo: str = "",
    ) -> None:
        """One change of rows, and then everything that a customer can do."""
        with self.subTest(label):
            proved, wanted, mailbox = self.two_requests()
            words = {
                "a": proved,
                "b": wanted,
                "genuine": self.genuine,
                "mailbox": mailbox,
                "alices": checks(Wish(BOX, "alice"))["mailbox-1"]["check_digest"].hex(),
                "digest": checks(Wish(mailbox, "bob"))["mailbox-1"]["check_digest"].hex(),
                "now": str(forge.now_ms()),
            }
            self.tamper(sql.format(**words))
            if ready:  # intake's rows are his too
                self.tamper(
                    f"update request_intake.request set state = 'ready' where id = '{wanted}';"
                    + checks_say(wanted, outcome=1, shown=3, standing_until_ms=forge.now_ms() + 999999999)
                )
            if verify:
                self.person("bob-token").verify(wanted, "mailbox-1")
            for request in press:
                self.press_on(request.format(**words))
            self.nothing_gained(label)
            if undo:
                self.tamper(undo.format(**words))


def _seen(message: dict[str, Any]) -> Seen:
    lines = base64.b64decode(message.get("hdrs", "")).decode().split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    subject = message["subject"].removeprefix("cs.")
    return Seen(subject, headers, base64.b64decode(message.get("data", "")))


def _unsigned(envelope: bytes) -> bytes:
    return forge.encode("Envelope", {**forge.decode("Envelope", envelope), "signatures": []})


def _flipped(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)

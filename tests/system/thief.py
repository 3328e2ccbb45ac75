# SPDX-License-Identifier: Apache-2.0
"""Somebody who stole keys and NATS credentials of some services, and wants a certificate with them."""

import threading
import uuid
from pathlib import Path
from typing import Any, Iterable, NamedTuple

from world import Applicant, Refused, SystemTest, openssl, wait_for  # first: finds the others

import ed25519
import forge
from catalogue import CONSUMERS
from crowd import allowed
from nats_client import NatsClient
from options import options
from product import ENTERPRISE, ISSUER_DOMAIN, PERSPECTIVES, SERVICES, role

PERSPECTIVE = "mpic-perspective-"


class Wish(NamedTuple):
    """What the thief is after, and in whose name."""

    mailbox: str
    account: str
    profile: str = "smime-mailbox"
    domains: tuple[str, ...] = ()
    person: str = ""  # the identity, in its written form, that the certificate shall name
    waived: tuple[str, ...] = ()  # what his plan does without: sorted

    @property
    def domain(self) -> str:
        return self.mailbox.partition("@")[2]


class Thief:
    """He is a customer too: what he has no key for he asks for like everybody else."""

    def __init__(self, test: SystemTest, stolen: Iterable[str]) -> None:
        self.test, self.stack, self.stolen = test, test.stack, set(stolen)
        self.keys = {name: ed25519.load(self.stack.key_file(name)) for name in self.stolen}
        self.clients: dict[str, NatsClient] = {}
        self.stopped: list[str] = []
        self.over = threading.Event()

    def __enter__(self) -> "Thief":
        """Whoever stole a validator's key silences the validator, lest it contradict."""
        for name in sorted(self.stolen - {"request-intake", "signer", "notifier"}):
            self.stack.kill(name)
            self.stopped.append(name)
        self.voices = [
            threading.Thread(target=self._speak, args=(name,))
            for name in sorted(self.stolen)
            if name.startswith(PERSPECTIVE)
        ]
        for voice in self.voices:
            voice.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for voice in self.voices:
            voice.join(5)
        for client in self.clients.values():
            client.close()
        for name in self.stopped:
            self.stack.restart_service(name)

    def inject(
        self,
        user: str,
        subject: str,
        body: bytes,
        request: bytes,
        head: dict[str, str] | None = None,
    ) -> None:
        if user not in self.clients:
            self.clients[user] = NatsClient.of(self.stack, user)
        self.clients[user].store(f"cs.{subject}", body, head or forge.headers(subject, request))

    def _speak(self, name: str) -> None:
        """Says yes to everything that a perspective is asked."""
        short = name.removeprefix(PERSPECTIVE)
        region = next(p.region for p in PERSPECTIVES if p.name == short)
        with NatsClient.of(self.stack, name) as client:
            sid = client.subscribe(f"ask.perspective.{short}")
            while not self.over.is_set():
                question = client.next(sid, 0.1)
                if question is None:
                    continue
                ask = forge.decode("PerspectiveAsk", question.body)
                said = forge.encode(
                    "PerspectiveAnswer", forge.perspective_answer(ask, short, region)
                )
                answer = forge.seal(self.keys[name], "perspective", said)
                client.send(question.reply, answer)

    # What he states about one wish

    def try_for(self, wishes: dict[str, Wish]) -> list[str]:
        """Everything that his keys may state, in the best order; names of those that he got."""
        begun = {name: self._begin(wish) for name, wish in wishes.items()}
        drain(self.test, self.stopped)
        for name, wish in wishes.items():
            self._approve(wish, begun[name])
        if "policy" in self.stolen:
            drain(self.test, self.stopped)
            for name, wish in wishes.items():
                self._forge_plan(wish, begun[name], final=True)
        drain(self.test, self.stopped)
        issued = {row[0] for row in self.test.rows("select request from signer.certificate")}
        return [name for name, request in begun.items() if request["text"] in issued]

    def _begin(self, wish: Wish) -> dict[str, Any]:
        csr = self.test.csr(f"thief-{uuid.uuid4()}")
        if "request-intake" in self.stolen:
            request = self._forge_request(wish, csr)
        else:
            request = self._ask(Applicant(self.stack, f"{wish.account}-token"), wish, csr)
        self.state_evidence(wish, request)
        if "policy" in self.stolen:
            self._forge_plan(wish, request, final=False)
        return request

    def _approve(self, wish: Wish, request: dict[str, Any]) -> None:
        if "request-intake" in self.stolen:
            self._forge_approval(wish, request)
        else:
            person = Applicant(self.stack, f"{wish.account}-token")
            allowed(lambda: person.approve(request["text"]), 409)

    def _ask(self, person: Applicant, wish: Wish, csr: Path) -> dict[str, Any]:
        made = person.create(csr, [wish.mailbox], wish.profile, domains=list(wish.domains))
        digest = self.test.value(
            f"select encode(digest, 'hex') from request_intake.submission where id = '{made}'"
        )
        if "policy" not in self.stolen:
            person.wait_planned(made)
        return {"text": made, "id": uuid.UUID(made).bytes, "digest": bytes.fromhex(digest)}

    def _forge_request(self, wish: Wish, csr: Path) -> dict[str, Any]:
        made = uuid.uuid4()
        stated = self._stated(made.bytes, wish, csr)
        octets = forge.encode("RequestSubmitted", stated)
        body = forge.seal(self.keys["request-intake"], "request", octets)
        self.inject("request-intake", "request.submitted", body, made.bytes)
        return {"text": str(made), "id": made.bytes, "digest": stated["request_digest"], "envelope": body}

    def _stated(self, made: bytes, wish: Wish, csr: Path) -> dict[str, Any]:
        return forged_request(made, wish, csr)

    def _forge_approval(self, wish: Wish, request: dict[str, Any]) -> None:
        stated = {
            "request_id": request["id"],
            "request_digest": request["digest"],
            "enterprise": ENTERPRISE,
            "account": wish.account,
            "factor": "api-token",
            "approved_at_ms": forge.now_ms(),
        }
        octets = forge.encode("GenerationApproved", stated)
        request["approval"] = forge.seal(self.keys["request-intake"], "approval", octets)
        subject = "request.generation-approved"
        self.inject("request-intake", subject, request["approval"], request["id"])

    def state_evidence(self, wish: Wish, request: dict[str, Any]) -> None:
        asked = {"request_id": request["id"], "request_digest": request["digest"]}
        planned = checks(wish)
        voices = [
            (p.name, p.region, self.keys.get(p.service)) for p in PERSPECTIVES
        ]  # the others "said" yes too, he claims
        domain = forge.evidence({**asked, "check": planned["domain-1"]}, covers_subdomains=True)
        sealed = b""
        if "mailbox-validator" in self.stolen:
            self._state(
                "mailbox-validator",
                "evidence.mailbox",
                forge.evidence({**asked, "check": planned["mailbox-1"]}),
            )
        if "policy" in self.stolen and wish.person:
            stated = forge.evidence({**asked, "check": planned["individual-1"]})
            self._state("policy", "evidence.identity", stated)
        if "domain-validator" in self.stolen:
            sealed = self._state("domain-validator", "evidence.domain", domain)
        if "caa-dnssec" in self.stolen:
            check = planned["caa-1"]
            self._state("caa-dnssec", "evidence.caa", forge.evidence({**asked, "check": check}))
        if "mpic-coordinator" in self.stolen:
            primary = forge.sha256(sealed or b"something")
            for name, more in (("mpic-domain-1", {"primary_sha256": primary}), ("mpic-caa-1", {})):
                stated = forge.mpic_evidence({**asked, "check": planned[name]}, voices, **more)
                self._state("mpic-coordinator", "evidence.mpic", stated)

    def _state(self, service: str, subject: str, stated: dict[str, Any]) -> bytes:
        octets = forge.encode("Evidence", stated)
        body = forge.seal(self.keys[service], "evidence", octets)
        self.inject(service, subject, body, stated["request_id"])
        return body

    def _forge_plan(self, wish: Wish, request: dict[str, Any], final: bool) -> None:
        profile = self.test.value(
            "select spec->>'certificate_profile' from policy.document"
            f" where kind = 'profile' and name = '{wish.profile}'"
        )
        approval = request.get("approval") or self._heard(request, "request.generation-approved")
        if final and not approval:
            return
        stated = {
            "request_id": request["id"],
            "request_digest": request["digest"],
            "revision": 99 if final else 1,
            "final": final,
            "enterprise": ENTERPRISE,
            "account": wish.account,
            "profile": wish.profile,
            "profile_version": 1,
            "enterprise_version": 1,
            "rules_version": forge.RULES,
            "checks": self._best_checks(wish) if final else [],
            "made_at_ms": forge.now_ms(),
            "ends_at_ms": forge.now_ms() + 600_000,
            "approval_sha256": forge.sha256(approval) if final else b"",
            "certificate_profile": profile,
            "waived": list(wish.waived),
        }
        body = forge.seal(self.keys["policy"], "plan", forge.encode("Plan", stated))
        if final:
            asked = request.get("envelope") or self._heard(request, "request.submitted")
            body = forge.enclosing(body, *dict.fromkeys((asked, approval)))
        self.inject("policy", "plan.final" if final else "plan.made", body, request["id"])

    def _heard(self, request: dict[str, Any], subject: str) -> bytes:
        """He listens on the bus, where everything is signed and nothing is secret."""
        text = self.test.value(
            "select encode(body, 'hex') from request_intake.outbox"
            f" where subject = '{subject}' and key = '{request['text']}'"
        )
        return bytes.fromhex(text)

    def _best_checks(self, wish: Wish) -> list[dict[str, Any]]:
        """Genuine evidence of the enterprise where there is any, of whatever account; else attempts."""
        best = []
        for name, check in checks(wish).items():
            if any(what in name for what in wish.waived):
                continue
            found = self.test.rows(
                "select encode(envelope_sha256, 'hex'), method, encode(expected, 'hex'), account"
                f" from policy.standing where kind = {check['kind']} and outcome = 1"
                f" and target = '{check['target']}' and enterprise = '{ENTERPRISE}'"
                " order by checked_at_ms desc limit 1"
            )
            if not found and name.endswith(("mailbox-1", "domain-1")):
                continue  # nothing to name: he leaves it out
            if found:
                sha256, method, expected, account = found[0]
                check = {
                    **check,
                    "method": method,
                    "expected": bytes.fromhex(expected),
                    "account": account,
                    "standing_sha256": bytes.fromhex(sha256),
                    "attempt": 0,
                }
            best.append({**check, "check_digest": forge.check_digest(check)})
        return best


class AtOnce(Thief):
    """He has intake's key, and approves with the request itself."""

    def _stated(self, made: bytes, wish: Wish, csr: Path) -> dict[str, Any]:
        return {**super()._stated(made, wish, csr), "approved_factor": "api-token"}

    def _forge_request(self, wish: Wish, csr: Path) -> dict[str, Any]:
        request = super()._forge_request(wish, csr)
        return {**request, "approval": request["envelope"]}

    def _approve(self, wish: Wish, request: dict[str, Any]) -> None:
        """It is."""


def terms(issuer: str, enterprise: str, *methods: str) -> bytes:
    """What a check of CAA expects: for whom and for which methods it is read."""
    account = f"acct:{enterprise}@{issuer}"
    return f"issuers={issuer} account={account} methods={','.join(methods)}".encode()


def checks(wish: Wish) -> dict[str, dict[str, Any]]:
    """The checks of a plan for this wish; what is expected of a domain is the thief's own value."""
    domain = wish.domains[0] if wish.domains else wish.domain
    proof = {"method": "dns-txt", "expected": b"value-of-a-thief"}
    caa = {
        "method": "caa-issuemail",
        "expected": terms(
            ISSUER_DOMAIN, ENTERPRISE, "dns-txt" if wish.domains else "email-token"
        ),
        "issuer_domains": [ISSUER_DOMAIN],
    }
    rows: list[tuple[str, int, str, dict[str, Any]]] = [
        (
            "mailbox-1",
            forge.MAILBOX,
            wish.mailbox,
            {"method": "email-token", "account": wish.account},
        ),
        ("domain-1", forge.DOMAIN, domain, proof),
        ("mpic-domain-1", forge.MPIC_DOMAIN, domain, {**proof, "min_remotes": 4}),
        ("caa-1", forge.CAA, wish.domain, caa),
        ("mpic-caa-1", forge.MPIC_CAA, wish.domain, {**caa, "min_remotes": 4}),
    ]
    if wish.person:
        who = {"method": "id-document", "account": wish.account, "expected": wish.person.encode()}
        rows.append(("individual-1", forge.INDIVIDUAL, wish.account, who))
    found = {}
    for name, kind, target, more in rows:
        check = {"id": name, "kind": kind, "target": target, "enterprise": ENTERPRISE, **more}
        check |= {"attempt": 1, "freshness_ms": 6 * 3600 * 1000}
        found[name] = {**check, "check_digest": forge.check_digest(check)}
    return found


def forged_request(made: bytes, wish: Wish, csr: Path) -> dict[str, Any]:
    public = openssl("req", "-in", csr, "-noout", "-pubkey").encode()
    spki = _der(openssl("pkey", "-pubin", given=public))
    stated: dict[str, Any] = {
        "request_id": made,
        "enterprise": ENTERPRISE,
        "account": wish.account,
        "profile": wish.profile,
        "csr": _der(csr.read_text()),
        "mailboxes": [wish.mailbox],
        "domains": list(wish.domains),
        "validity_days": 365,
        "key_use": 1,
        "submitted_at_ms": forge.now_ms(),
        "contact": wish.mailbox,
    }
    return {**stated, "request_digest": forge.request_digest(stated, spki)}


def _der(pem: str) -> bytes:
    import base64
    import re

    found = re.search(r"-----BEGIN [^-]+-----(.*?)-----END", pem, re.DOTALL)
    assert found, pem
    return base64.b64decode(found.group(1))


# Waiting until nothing happens any more


def drain(test: SystemTest, stopped: Iterable[str] = ()) -> None:
    """All that was said has been heard by all that run, and all that these had to say is said."""
    down = {name for name in stopped}
    schemas = [
        row[0]
        for row in test.rows("select schemaname from pg_tables where tablename = 'outbox'")
        if row[0] not in {role(name) for name in down}
    ]
    under_way = " + ".join(
        f"(select count(*) from {schema}.outbox_unsent u join {schema}.outbox o using (seq)"
        " where subject not like 'deadletter.%')"
        " + (select count(*)"
        f" from {schema}.work where kind <> 'mail' or lease_ms > 0)"
        for schema in schemas
    )
    quiet = 0
    with NatsClient.of(test.stack, "observer") as observer:

        def idle() -> bool:
            nonlocal quiet
            waiting = sum(
                info["num_pending"] + info["num_ack_pending"]
                for info in _consumers(observer)
                if info["service"] in SERVICES and info["service"] not in down
            )
            quiet = quiet + 1 if waiting + int(test.value(f"select {under_way}")) == 0 else 0
            return quiet >= 2

        wait_for(idle, options.wait(40), "silence", pause=0.05)


def _consumers(observer: NatsClient) -> list[dict[str, Any]]:
    found = []
    for stream in sorted({consumer.stream for consumer in CONSUMERS}):
        answer = observer.api(f"CONSUMER.LIST.{stream}")
        for info in answer["consumers"]:
            service = next(c.service for c in CONSUMERS if c.durable == info["name"])
            found.append({**info, "service": service})
    return found


__all__ = ["AtOnce", "Refused", "Thief", "Wish", "checks", "drain", "forged_request"]

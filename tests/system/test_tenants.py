# SPDX-License-Identifier: Apache-2.0
"""Every route of the API's own description, tried on what belongs to others, by everybody who must not.

The routes come from GET /openapi.json; one that has no plan here fails. Each plan says how to call its route on things
of the enterprise "demo", and which scope it takes. Whoever has no right to it learns nothing, not even that it is there,
and the databases stay as they are.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Iterator
from urllib.parse import quote

from product import ADMINISTRATOR
from world import Answer, SystemTest, wait_for  # first: finds the others

from options import options

ROOT, ALICE, OPERATOR = ADMINISTRATOR[0], "alice-token", "operator-token"
SCOPES = ("requests:read", "requests:write", "config:read", "config:write", "people:write")
ROLES = ("user", "operator", "auditor", "administrator")
MAILBOX = "secret-name@beta.example"
PASSWORD = "six crows on a wire, blue"
CREATE = {"If-None-Match": "*"}
NOT_THERE = "0b2f2b6e-9f6e-7c39-9a34-0d8a1c8f9d11"
KINDS = ("enterprise", "domain", "ownership", "profile", "person", "assignment", "note", "connector")
EVERYBODYS = ("enterprise", "domain", "profile", "note")  # whoever belongs to an enterprise reads these of it

# What must stay as it is, but when a token was used last; a rival may ask for itself
OTHERS = "enterprise <> 'rival'"
ROWS = {
    "policy.document": ("t::text", "true"),
    "policy.config_head": ("last_version::text", "true"),
    "policy.change": ("t::text", "true"),
    "policy.credential": ("(to_jsonb(t) - 'used_ms')::text", "true"),
    "policy.login": ("t::text", "true"),
    "policy.identity": ("t::text", "true"),
    "request_intake.request": ("t::text", OTHERS),
    "request_intake.submission": ("t::text", OTHERS),
    "request_intake.history": ("t::text", f"request in (select id from request_intake.submission where {OTHERS})"),
    "request_intake.revocation": ("t::text", "true"),
    "request_intake.report": ("t::text", "true"),
}
HOME = "a user of demo"


def segment(text: str) -> str:
    return quote(text, safe="")


@dataclass(frozen=True)
class Call:
    """Of one thing; `absent` is the same call of one that is nowhere."""

    path: str
    absent: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    scope: str = ""  # what a token needs for it
    home: tuple[int, ...] = ()  # what else a user of the same enterprise may be answered
    hidden_at_home: bool = True  # and learns as little as a stranger
    absent_body: Any = None  # None: the same
    also: tuple[int, ...] = ()  # what is said in the same words of what is not there, by a service that does not tell


@dataclass
class Things:
    """Of demo, as the API showed them to those whose they are."""

    requests: dict[str, str] = field(default_factory=dict)  # state: id
    documents: dict[str, tuple[str, str, Any]] = field(default_factory=dict)  # kind: name, ETag, spec
    records: list[str] = field(default_factory=list)
    report: str = ""
    token: str = ""  # its id
    csr: str = ""


# Plans: how each route is called on things of demo


def on_requests(tail: str, scope: str, body: Any = None) -> Callable[[Things], Iterator[Call]]:
    def calls(t: Things) -> Iterator[Call]:
        own = {"csr": t.csr} if body == "csr" else body
        for request in t.requests.values():
            yield Call(f"/v1/requests/{request}{tail}", f"/v1/requests/{NOT_THERE}{tail}", own, scope=scope)

    return calls


def on_checks(tail: str, scope: str, body: Any = None, **more: Any) -> Callable[[Things], Iterator[Call]]:
    def calls(t: Things) -> Iterator[Call]:
        for state, request in t.requests.items():
            if state == "domain" and tail == "token":
                continue  # nothing is mailed
            check = "domain-1" if state == "domain" else "mailbox-1"
            where = f"checks/{check}/{tail}"
            there, absent = (f"/v1/requests/{which}/{where}" for which in (request, NOT_THERE))
            yield Call(there, absent, body, scope=scope, **more)

    return calls


def on_reports(tail: str, scope: str, body: Any = None) -> Callable[[Things], Iterator[Call]]:
    def calls(t: Things) -> Iterator[Call]:
        path = "/v1/problem-reports/"
        yield Call(f"{path}{t.report}{tail}", f"{path}{NOT_THERE}{tail}", body, scope=scope)

    return calls


def config(tail: str, elsewhere: str = "nowhere") -> tuple[str, str]:
    return f"/v1/config/demo/{tail}", f"/v1/config/{elsewhere}/{tail}"


def one(tail: str, scope: str, body: Any = None, *, query: str = "", **more: Any) -> Callable[[Things], Iterator[Call]]:
    """A path under the enterprise that names nothing that is not known."""

    def calls(t: Things) -> Iterator[Call]:
        there, absent = config(tail.format(token=t.token, profile=segment(t.documents["profile"][0])) + query)
        yield Call(there, absent, body, scope=scope, **more)

    return calls


def on_records(tail: str, scope: str, body: Any = None) -> Callable[[Things], Iterator[Call]]:
    def calls(t: Things) -> Iterator[Call]:
        for record in t.records:
            yield Call(*config(f"identity/{record}{tail}"), body, scope=scope, hidden_at_home=False)

    return calls


def lists(t: Things) -> Iterator[Call]:
    for kind in KINDS:
        home = (200,) if kind in EVERYBODYS else ()
        yield Call(*config(kind), scope="config:read", home=home, hidden_at_home=False)


def reads(t: Things) -> Iterator[Call]:
    for kind, (name, _, _) in t.documents.items():
        yield Call(
            *config(f"{kind}/{segment(name)}"), scope="config:read", home=(200,) if kind in EVERYBODYS else (),
            hidden_at_home=kind not in EVERYBODYS,
        )  # fmt: skip


def change_scope(kind: str) -> str:
    return "people:write" if kind in ("person", "assignment") else "config:write"


def puts(t: Things) -> Iterator[Call]:
    for kind, (name, etag, spec) in t.documents.items():
        for query in ("", "?dry_run=true"):
            more = {"scope": change_scope(kind), "hidden_at_home": kind not in EVERYBODYS}
            yield Call(*config(f"{kind}/{segment(name)}{query}"), changed(kind, spec), {"If-Match": etag}, **more)
    for kind, name in (("domain", "new.example"), ("person", "mallory"), ("assignment", "*@beta.example")):
        body = {"people": ["alice"]} if kind == "assignment" else {}
        yield Call(*config(f"{kind}/{segment(name)}"), body, CREATE, scope=change_scope(kind), hidden_at_home=False)


def changed(kind: str, spec: Any) -> Any:
    """Well-formed, and another than it is."""
    edits: dict[str, Any] = {
        "ownership": {"person": "bob"}, "assignment": {"people": ["bob"]}, "note": {"text": "Other words."},
        "domain": {"active": False}, "connector": {"active": True},
    }  # fmt: skip
    return {**spec, **edits.get(kind, {"title": "Another"})}


def deletes(t: Things) -> Iterator[Call]:
    for kind, (name, etag, _) in t.documents.items():
        for query in ("", "?dry_run=true"):
            more = {"scope": change_scope(kind), "hidden_at_home": kind not in EVERYBODYS}
            yield Call(*config(f"{kind}/{segment(name)}{query}"), None, {"If-Match": etag}, **more)


def applies(t: Things) -> Iterator[Call]:
    def body(enterprise: str, kind: str, name: str, what: Any) -> Any:
        return {"documents": [{"kind": kind, "enterprise": enterprise, "name": name, **what}]}

    for kind, (name, _, spec) in t.documents.items():
        for what in ({"spec": changed(kind, spec)}, {"delete": True}):
            for path in ("/v1/config/apply", "/v1/config/apply?dry_run=true"):
                call = body("demo", kind, name, what)
                yield Call(
                    path, path, call, scope=change_scope(kind), hidden_at_home=False,
                    absent_body=body("nowhere", kind, "nowhere" if kind == "enterprise" else name, what),
                )  # fmt: skip


NEW_RECORD = {
    "kind": "individual",
    "account": "alice",
    "attributes": {"givenName": "Alice", "surname": "Other"},
    "method": "eid",
    "source": "file 18",
    "verified_at": (datetime.now(timezone.utc) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ"),
}
NEW_TOKEN = {"scopes": ["requests:read"], "label": "stolen", "days": 1}
READ, WRITE, CONFIG, PEOPLE = "requests:read", "requests:write", "config:read", "people:write"
PERSON = "/v1/config/{enterprise}/person/{name}"
RECORD = "/v1/config/{enterprise}/identity"

DENIED: dict[tuple[str, str], Callable[[Things], Iterator[Call]]] = {
    ("GET", "/v1/requests/{id}"): on_requests("", READ),
    ("POST", "/v1/requests/{id}/checks/{check}/verify"): on_checks("verify", WRITE, {}),
    ("GET", "/v1/requests/{id}/checks/{check}/reply"): on_checks("reply", WRITE, also=(409,)),
    ("POST", "/v1/requests/{id}/checks/{check}/token"): on_checks("token", WRITE, {"token": "AAAA-" * 7 + "AAAA"}),
    ("POST", "/v1/requests/{id}/approve"): on_requests("/approve", WRITE, {}),
    ("POST", "/v1/requests/{id}/second-factor"): on_requests("/second-factor", WRITE, {}),
    ("POST", "/v1/requests/{id}/cancel"): on_requests("/cancel", WRITE, {}),
    ("POST", "/v1/requests/{id}/renew"): on_requests("/renew", WRITE, {}),
    ("POST", "/v1/requests/{id}/rekey"): on_requests("/rekey", WRITE, "csr"),
    ("POST", "/v1/requests/{id}/reissue"): on_requests("/reissue", WRITE, {"mailboxes": ["thief@beta.example"]}),
    ("POST", "/v1/requests/{id}/revoke"): on_requests("/revoke", WRITE, {"reason": "superseded"}),
    ("GET", "/v1/requests/{id}/certificate"): on_requests("/certificate", READ),
    ("GET", "/v1/requests/{id}/events"): on_requests("/events", READ),
    ("GET", "/v1/problem-reports/{id}"): on_reports("", READ),
    ("POST", "/v1/problem-reports/{id}/preliminary"): on_reports("/preliminary", WRITE, {"text": "We look."}),
    ("POST", "/v1/problem-reports/{id}/decide"): on_reports("/decide", WRITE, {"decision": "reject", "text": "No."}),
    ("POST", "/v1/config/apply"): applies,
    ("GET", "/v1/config/{enterprise}/changes"): one("changes", CONFIG, hidden_at_home=False),
    ("GET", "/v1/config/{enterprise}/{kind}"): lists,
    ("GET", "/v1/config/{enterprise}/form/{profile}"): one("form/{profile}", CONFIG, query="?person=alice"),
    ("GET", "/v1/config/{enterprise}/{kind}/{name}"): reads,
    ("PUT", "/v1/config/{enterprise}/{kind}/{name}"): puts,
    ("DELETE", "/v1/config/{enterprise}/{kind}/{name}"): deletes,
    ("POST", "/v1/config/{enterprise}/connector/{name}/test"): one("connector/relay/test", "config:write", {}),
    ("GET", RECORD): one("identity", CONFIG, hidden_at_home=False),
    ("POST", RECORD): one("identity", PEOPLE, NEW_RECORD, hidden_at_home=False),
    ("GET", RECORD + "/{id}"): on_records("", CONFIG),
    ("POST", RECORD + "/{id}/approval"): on_records("/approval", PEOPLE, {}),
    ("POST", RECORD + "/{id}/withdrawal"): on_records("/withdrawal", PEOPLE, {}),
    ("GET", PERSON + "/tokens"): one("person/alice/tokens", CONFIG),
    ("POST", PERSON + "/tokens"): one("person/alice/tokens", PEOPLE, NEW_TOKEN),
    ("DELETE", PERSON + "/tokens/{token}"): one("person/alice/tokens/{token}", PEOPLE),
    ("POST", PERSON + "/invitation"): one("person/alice/invitation", PEOPLE, {}),
    ("POST", PERSON + "/unlock"): one("person/alice/unlock", PEOPLE, {}),
    ("POST", PERSON + "/password-reset"): one("person/alice/password-reset", PEOPLE, {}),
}

# Of the caller's own enterprise, person or token, whatever is said in the call: nothing of demo may come or change.
# With the scope that it takes; "": none.
OWN: dict[tuple[str, str], tuple[str, Callable[[Things], list[tuple[str, Any]]]]] = {
    ("GET", "/v1/requests"): (
        READ,
        lambda t: [(f"/v1/requests{query}", None) for query in ("", "?enterprise=demo", "?state=issued&enterprise=demo")],
    ),
    ("POST", "/v1/requests"): (
        WRITE,
        lambda t: [
            ("/v1/requests", {"for": "alice", "profile": name, "csr": t.csr, "mailboxes": ["thief@beta.example"]})
            for name in ("smime-mailbox", t.documents["profile"][0])
        ],
    ),
    ("GET", "/v1/problem-reports"): (
        READ,
        lambda t: [(f"/v1/problem-reports{query}", None) for query in ("", "?enterprise=demo", "?state=open")],
    ),
    ("POST", "/v1/domains/{domain}/verification"): (
        WRITE,
        lambda t: [("/v1/domains/alpha.example/verification", {})],
    ),
    ("GET", "/v1/notes"): (READ, lambda t: [(f"/v1/notes{query}", None) for query in ("", "?enterprise=demo&kind=rekey")]),
    ("GET", "/v1/config/kinds"): ("", lambda t: [("/v1/config/kinds", None)]),
    ("GET", "/v1/me"): ("", lambda t: [("/v1/me", None)]),
    ("DELETE", "/v1/sessions/current"): ("", lambda t: [("/v1/sessions/current", None)]),
}
OF_HOME = {("GET", "/v1/notes")}  # what everybody of an enterprise reads

# Open to everybody, and why; a test of its own for what each tells
OPEN = {
    ("POST", "/v1/problem-reports"): "anybody may report a problem (SBR 4.9.3)",
    ("GET", "/v1/problem-reports/challenge"): "what a proof by the key must hold; the same for everybody",
    ("POST", "/v1/sessions"): "who logs in has no token yet",
    ("POST", "/v1/password"): "who was invited has no token yet",
    ("GET", "/openapi.json"): "the description itself",
}


class Tenants(SystemTest):
    maxDiff = None
    mail_below = ("beta.example",)
    settings = {
        "domain-validator": {"CS_LOOK_SCHEDULE_S": "86400"},  # no look by itself meanwhile: rows stay as they are
        "request-intake": {
            "CS_CREATIONS_PER_HOUR": "1000000",
            "CS_PRESSES_PER_HOUR": "1000000",
            "CS_STRANGERS_PER_NETWORK_HOUR": "1000000",
            "CS_REPORTS_PER_NETWORK_HOUR": "1000000",
        }
    }
    things: Things
    rivals: dict[str, str]  # what they are: token
    narrow: dict[str, str]  # the scope that it has not: token
    bob: str
    auditor: str

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls("set_up").set_up()
        except BaseException:
            cls.failed = True
            cls.tearDownClass()
            raise

    # Calls

    def done(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        answer = self.call(token, method, path, body, **headers)
        self.assertLess(answer.status, 300, f"{method} {path}: {answer.body!r}")
        return answer

    def put(self, enterprise: str, kind: str, name: str, **spec: Any) -> Answer:
        return self.done(ROOT, "PUT", f"/v1/config/{enterprise}/{kind}/{segment(name)}", spec, If_None_Match="*")

    def person_of(self, enterprise: str, name: str, *roles: str, scopes: tuple[str, ...] = ("*",)) -> str:
        """An API token of a new person."""
        self.put(enterprise, "person", name, roles=list(roles))
        path = f"/v1/config/{enterprise}/person/{name}/tokens"
        return str(self.done(ROOT, "POST", path, {**NEW_TOKEN, "scopes": list(scopes)}).json["token"])

    # What there is

    def set_up(self) -> None:
        self.put("rival", "enterprise", "rival", domain_mode="any", profiles=["*"])
        cls = type(self)
        cls.rivals = {role: self.person_of("rival", role, role) for role in ROLES}
        cls.rivals["everything"] = self.person_of("rival", "everything", *ROLES)
        cls.narrow = {
            scope: self.person_of("demo", f"without-{number}", *ROLES, scopes=tuple(s for s in SCOPES if s != scope))
            for number, scope in enumerate(SCOPES)
        }
        cls.bob = self.person_of("demo", "bobby", "user")
        cls.auditor = self.person_of("demo", "audrey", "auditor")
        cls.things = Things()
        self.make_documents()
        self.make_requests()

    def make_requests(self) -> None:
        t, alice, operator = self.things, self.person(ALICE), self.person(OPERATOR)
        t.csr = self.csr("thief").read_text()
        t.requests["issued"] = alice.create(self.csr("issued"), [MAILBOX], "smime-mailbox")
        t.requests["open"] = alice.create(self.csr("open"), ["secret-open@beta.example"], "smime-mailbox")
        t.requests["reply"] = alice.create(self.csr("reply"), ["secret-reply@beta.example"], "secret-profile")
        t.requests["domain"] = operator.call("POST", "/v1/domains/alpha.example/verification")["id"]
        for request in t.requests.values():
            operator.wait_planned(request)
        alice.prove_mailbox(t.requests["issued"], MAILBOX)
        alice.approve(t.requests["issued"])
        alice.verify(t.requests["open"], "mailbox-1")
        press = f"/v1/requests/{t.requests['reply']}/checks/mailbox-1/"
        self.done(ALICE, "POST", press + "verify", {"method": "email-reply"})
        for name in ("open", "reply"):
            self.stack.mail.wait(f"secret-{name}@beta.example", timeout=options.wait(30))
            sent = r"checks ~ '(^|\n)mailbox-1\t(\d+\t){7}[1-9]'"  # when it was challenged: checklist.c
            mailed = f"request_intake.request where id = '{t.requests[name]}' and {sent}"
            wait_for(lambda: self.count(mailed) == 1, options.wait(20), "the mail to be known")  # noqa: B023
        self.done(ALICE, "GET", press + "reply")  # which strangers are not to see
        operator.what_to_publish(t.requests["domain"])
        alice.wait_state(t.requests["issued"], "issued", timeout=options.wait(60))
        for check in alice.show(t.requests["issued"])["checks"]:  # whatever comes after the certificate
            alice.wait_check(t.requests["issued"], check["id"], "proved", "standing")
        report = {"request": t.requests["issued"], "category": "other", "text": "secret-report"}
        t.report = self.done("", "POST", "/v1/problem-reports", report).json["id"]

    def make_documents(self) -> None:
        t = self.things
        profile = self.done(ROOT, "GET", "/v1/config/platform/profile/smime-mailbox").json["spec"]
        more = {"title": "secret-title", "mailbox_methods": ["email-token", "email-reply"]}
        self.put("demo", "profile", "secret-profile", **{**profile, **more})
        self.put("demo", "domain", "secret-domain.example")
        self.put("demo", "ownership", "secret-domain.example", person="alice")
        self.put("demo", "assignment", "secret-assigned@beta.example", people=["alice"])
        self.put("demo", "note", "rekey", text="secret-note")
        relay = {"type": "smtp", "active": False, "endpoint": "smtp://127.0.0.1:1", "from": "secret-from@demo.example"}
        self.put("demo", "connector", "relay", **relay)
        named = {
            "enterprise": "demo", "domain": "secret-domain.example", "ownership": "secret-domain.example",
            "profile": "secret-profile", "person": "alice", "assignment": "secret-assigned@beta.example",
            "note": "rekey", "connector": "relay",
        }  # fmt: skip
        for kind, name in named.items():
            shown = self.done(ROOT, "GET", f"/v1/config/demo/{kind}/{segment(name)}")
            t.documents[kind] = (name, shown.etag, shown.json["spec"])
        made = self.done(ROOT, "POST", "/v1/config/demo/person/alice/tokens", {**NEW_TOKEN, "label": "secret-label"})
        t.token = made.json["id"]
        for source in ("secret-file", "secret-approved"):
            record = self.done(OPERATOR, "POST", "/v1/config/demo/identity", {**NEW_RECORD, "source": source})
            t.records.append(record.json["id"])
        self.done(ROOT, "POST", f"/v1/config/demo/identity/{t.records[1]}/approval", {})

    # What is demanded

    def fingerprint(self) -> dict[str, str]:
        parts = [
            f"select '{table}', md5(coalesce(string_agg({row}, '|' order by {row}), '')) from {table} t where {which}"
            for table, (row, which) in ROWS.items()
        ]
        return {row[0]: row[1] for row in self.rows(" union all ".join(parts))}

    def routes(self) -> list[tuple[str, str]]:
        paths = self.done("", "GET", "/openapi.json").json["paths"]
        return [(m.upper(), path) for path, item in paths.items() for m in item if m != "parameters"]

    def is_denied(self, who: str, token: str, method: str, call: Call) -> str:
        """What is wrong with the answer; nothing: it is right."""
        answer = self.call(token, method, call.path, call.body, **call.headers)
        is_home = who == HOME
        is_compared = who.startswith("rival") or (is_home and call.hidden_at_home)
        allowed = (401,) if who.startswith("nobody") else (403, 404)
        allowed += (call.home if is_home else ()) + (call.also if is_compared else ())
        said = f"{who}: {method} {call.path}: {answer.status} {answer.body[:200]!r}"
        if answer.status not in allowed or (answer.status >= 400 and b"secret-" in answer.body):
            return said
        if is_compared:
            nothing = self.call(token, method, call.absent, call.absent_body or call.body, **call.headers)
            if (answer.status, answer.body) != (nothing.status, nothing.body):
                return f"{said}, but of what is not there {nothing.status} {nothing.body[:200]!r}"
        return ""

    def callers(self, method: str, call: Call) -> Iterator[tuple[str, str]]:
        yield from ((f"rival {role}", token) for role, token in self.rivals.items())
        yield HOME, self.bob
        if method != "GET":
            yield "an auditor of demo", self.auditor
        yield f"of demo, without {call.scope}", self.narrow[call.scope]
        yield "nobody", ""
        yield "nobody's token", "nobody-knows-this-token"

    def test_every_route_has_its_plan(self) -> None:
        routes, plans = self.routes(), [*DENIED, *OWN, *OPEN]
        self.assertEqual(len(plans), len(set(plans)))
        self.assertEqual(set(routes) - set(plans), set(), "no plan for these: say who may not use them on what")
        self.assertEqual(set(plans) - set(routes), set(), "there are no such routes any more")
        document = self.done("", "GET", "/openapi.json").json
        for method, path in routes:
            security = document["paths"][path][method.lower()].get("security", document["security"])
            self.assertEqual(not security or {} in security, (method, path) in OPEN, f"{method} {path}")

    def test_things_of_others_are_neither_seen_nor_touched(self) -> None:
        called = 0
        for (method, path), plan in DENIED.items():
            with self.subTest(f"{method} {path}"):
                before, wrong = self.fingerprint(), []
                for call in plan(self.things):
                    for who, token in self.callers(method, call):
                        called += 1
                        wrong.append(self.is_denied(who, token, method, call))
                self.assertEqual(self.fingerprint(), before, "\n".join(filter(None, wrong)))
                self.assertEqual([what for what in wrong if what], [])
        self.assertGreater(called, 10 * len(DENIED))

    def test_what_is_everybodys_own_tells_nothing_of_others(self) -> None:
        for (method, path), (scope, plan) in OWN.items():
            with self.subTest(f"{method} {path}"):
                before = self.fingerprint()
                for where, body in plan(self.things):
                    asked = (method, where, body)
                    callers = {**self.rivals} if (method, path) in OF_HOME else {**self.rivals, HOME: self.bob}
                    for who, token in callers.items():
                        answer = self.call(token, *asked)
                        said = f"{who}: {where}: {answer.status} {answer.body!r}"
                        self.assertLess(answer.status, 500, said)
                        self.assertFalse(self.secrets_in(answer.body, where, body), said)
                    for token in ("", "nobody-knows-this-token"):
                        self.assertEqual(self.call(token, *asked).status, 401)
                    if scope:
                        self.assertEqual(self.call(self.narrow[scope], *asked).status, 403)
                self.assertEqual(self.fingerprint(), before)

    def secrets_in(self, octets: bytes, *asked: Any) -> list[str]:
        """Names and numbers of demo that the call itself did not hold."""
        t, said = self.things, json.dumps(asked)
        words = {"secret-", t.report, t.token, *t.requests.values(), *t.records}
        text = octets.decode(errors="replace")
        if t.documents["profile"][0] in said:
            text = text.replace(t.documents["profile"][0], "")
        return [word for word in words if word in text]

    # What is open to everybody

    def test_what_is_open_tells_nothing(self) -> None:
        t = self.things
        reports = [
            {"request": request, "category": "other", "text": "Is it there?"}
            for request in (t.requests["open"], t.requests["domain"], NOT_THERE)
        ]
        log_ins = [
            {"enterprise": enterprise, "account": account, "password": PASSWORD}
            for enterprise, account in (("demo", "alice"), ("demo", "not-there"), ("nowhere", "alice"))
        ]
        invitation = self.done(ROOT, "POST", "/v1/config/rival/person/user/invitation", {}).json["invitation"]
        self.done("", "POST", "/v1/password", {"invitation": invitation, "new_password": PASSWORD})
        used = [{"invitation": text, "new_password": PASSWORD} for text in (invitation, invitation[:-4] + "AAAA")]
        before = self.fingerprint()
        for path, bodies, status in (
            ("/v1/problem-reports", reports, 404),
            ("/v1/sessions", log_ins, 401),
            ("/v1/password", used, 422),
        ):
            with self.subTest(path):
                answers = [self.call("", "POST", path, body) for body in bodies]
                self.assertEqual([a.status for a in answers], [status] * len(answers), answers)
                self.assertEqual({a.body for a in answers}, {answers[0].body})
        for path in ("/v1/problem-reports/challenge", "/openapi.json"):
            for token in ("", self.rivals["everything"]):
                self.assertFalse(b"secret-" in self.done(token, "GET", path).body)
        self.assertEqual(self.fingerprint(), before)

    def test_a_report_tells_nothing_of_the_certificate(self) -> None:
        before = self.fingerprint()
        for token in ("", self.rivals["everything"]):
            body = {"request": self.things.requests["issued"], "category": "other", "text": "Odd."}
            answer = self.done(token, "POST", "/v1/problem-reports", body)
            for word in ("secret-", "alice", MAILBOX):
                self.assertNotIn(word, answer.body.decode())
        after = self.fingerprint()
        self.assertNotEqual(after.pop("request_intake.report"), before.pop("request_intake.report"))
        self.assertEqual(after, before)

    # That it all could have been done: last, since it is

    def test_whose_it_is_may_do_all_of_this(self) -> None:
        refused = (400, 401, 403, 404, 405, 415)
        apply = "/v1/config/apply"  # after DELETE: it makes and deletes
        order = sorted(DENIED, key=lambda route: (route[1] == apply, route[0] != "GET", route[0] == "DELETE"))
        for method, path in order:
            with self.subTest(f"{method} {path}"):
                for call in DENIED[method, path](self.things):
                    answers = []
                    for token in (ALICE, OPERATOR, ROOT):
                        answers.append(self.call(token, method, call.path, call.body, **call.headers))
                        if answers[-1].status not in refused:
                            break
                    else:
                        self.fail(f"{call.path}: {answers}")

# SPDX-License-Identifier: Apache-2.0
"""Hostile input to the API and to csctl: one clear answer each, nothing crashes, nothing is stored."""

import base64
import concurrent.futures
import json
import re
import socket
import subprocess
import time
from typing import Any, NamedTuple

from world import SystemTest  # first: finds the others

from csr_forge import Forge, base64_of, forged, pem
from options import REPOSITORY, options

ALICE = "Authorization: Bearer alice-token\r\n"
NOBODY = "00000000-0000-4000-8000-000000000000"
KEY_TEXT = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
# What the server itself may answer before an operation is reached; the description says so.
BEFORE = (400, 404, 405, 408, 413, 414, 417, 429, 431, 501, 503, 505)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read


def read_answers(octets: bytes) -> list[Answer]:
    """All answers of a connection; what is left over must be nothing."""
    answers = []
    while octets:
        head, found, octets = octets.partition(b"\r\n\r\n")
        assert found, f"an answer without an end: {head!r}"
        line, *fields = head.decode("ascii").split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (f.partition(":") for f in fields)}
        length = int(headers.get("content-length", "0"))
        assert line.startswith("HTTP/1.1 "), line
        answers.append(Answer(int(line.split(" ")[1]), headers, octets[:length]))
        octets = octets[length:]
    return answers


def post(body: bytes, more: str = "", path: str = "/v1/requests") -> bytes:
    """A well-formed POST of JSON by alice."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\n{ALICE}Content-Type: application/json\r\n{more}"
    return (
        head.encode() + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
    )


def get(path: str, more: str = ALICE, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\n{more}Connection: close\r\n\r\n".encode()


class BadInput(SystemTest):
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "100000", "CS_PRESSES_PER_HOUR": "100000"}
    }

    forge: Forge
    other: Forge
    shown: Forge  # its private key is shown
    good: dict[str, Any]  # a body that is accepted
    address: tuple[str, int]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        where = cls.stack.root / "out"
        where.mkdir(exist_ok=True)
        cls.forge, cls.other, cls.shown = Forge(where), Forge(where), Forge(where)
        cls.good = {
            "profile": "smime-mailbox",
            "csr": pem(cls.forge.request()),
            "mailboxes": ["ok@beta.example"],
        }
        host, _, port = cls.stack.services["request-intake"].env["CS_HTTP_LISTEN"].rpartition(":")
        cls.address = (host, int(port))

    # Sending and judging

    def send(self, *parts: bytes, pause: float = 0, half_close: bool = False) -> list[Answer]:
        """Sends the parts and reads until the server closes."""
        octets = b""
        with socket.create_connection(self.address, timeout=options.wait(30)) as connection:
            try:
                for number, part in enumerate(parts):
                    if number > 0:
                        time.sleep(pause)
                    connection.sendall(part)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # answered already
            try:
                while more := connection.recv(65536):
                    octets += more
            except ConnectionResetError:
                pass
        return read_answers(octets)

    def judge(self, answers: list[Answer], status: int, code: str = "", field: str = "") -> None:
        """One problem document that says what is wrong, by which rule, and what would mend it."""
        self.assertEqual([answer.status for answer in answers], [status], answers)
        self.assertEqual(answers[0].headers["content-type"], "application/problem+json")
        problem = answers[0].problem()
        self.assertEqual(problem["status"], status)
        for member in ("type", "title", "detail", "clause", "mend", "code"):
            self.assertTrue(problem.get(member), f"no {member} in {problem}")
        if code:
            self.assertEqual(problem["code"], code, problem)
        if field:
            self.assertEqual(problem.get("field"), field, problem)

    def described(self, path: str, method: str) -> list[int]:
        """The statuses that the description names for an operation."""
        description = json.loads(self.send(get("/openapi.json"))[0].body)
        return [int(status) for status in description["paths"][path][method]["responses"]]

    def stored(self) -> dict[str, str]:
        """What creating leaves in the database, except the list of keys that must not be used."""
        tables = ("request", "submission", "received", "history", "outbox", "work")
        tables += ("certificate",)
        return {t: self.value(f"select count(*) from request_intake.{t}") for t in tables}

    def with_csr(self, csr: str) -> bytes:
        return json.dumps({**self.good, "csr": csr}).encode()

    # Bodies

    def test_requests_that_no_software_makes(self) -> None:
        before, may = self.stored(), self.described("/v1/requests", "post")
        for number, (what, csr, code) in enumerate(forged(self.forge, self.other, self.shown)):
            with self.subTest(what):
                answers = self.send(post(self.with_csr(csr), f"Idempotency-Key: csr-{number}\r\n"))
                self.judge(answers, 422, code, "csr")
                self.assertIn(answers[0].status, may)
        self.assertEqual(self.stored(), before)

    def test_edwards_keys_are_for_profiles_of_private_trust(self) -> None:
        """What a certificate profile takes policy says, before anybody proves anything."""
        alice = self.person()
        for curve in ("ed25519", "ed448"):
            csr = REPOSITORY / f"libs/pki/tests/fixtures/{curve}.pem"
            request = alice.create(csr, ["alice@alpha.example"], "smime-mailbox", key_use="signing")
            refusal = alice.wait_state(request, "refused")["refusal"]
            self.assertEqual((refusal["code"], refusal["field"]), ("key-not-allowed", "csr"))

    def test_a_published_weak_key_is_never_certified(self) -> None:
        """Two of Debian's of 2008, one in the list by its key and one by its modulus alone."""
        for pid in (1000, 10000):
            csr = (REPOSITORY / f"libs/pki/tests/fixtures/debian-{pid}.pem").read_text()
            self.judge(self.send(post(self.with_csr(csr))), 422, "WEAKKEY", "csr")

    def test_a_request_cut_at_every_octet(self) -> None:
        before, good = self.stored(), self.forge.request()
        chance = options.random("cut")
        for end in sorted(chance.sample(range(1, len(good)), options.many(60, 10))):
            self.judge(self.send(post(self.with_csr(base64_of(good[:end])))), 422, "", "csr")
        self.assertEqual(self.stored(), before)

    def test_a_key_that_was_shown_is_never_certified(self) -> None:
        """Neither with the text that held it, nor later; and the text is kept nowhere."""
        shown = Forge(self.stack.root / "out")
        text = shown.key.read_text()
        self.judge(self.send(post(self.with_csr(text))), 422, "PRIVATEKEY", "csr")
        later = self.with_csr(pem(shown.request()))
        self.judge(self.send(post(later)), 422, "key-compromised", "csr")
        bob = post(later).replace(b"alice-token", b"bob-token")
        self.judge(self.send(bob), 422, "key-compromised", "csr")
        secret = text.splitlines()[1]
        stored = self.database()
        for spelled in (secret, secret.encode().hex()):
            self.assertNotIn(spelled, self.all_logs())
            self.assertNotIn(spelled, stored)

    def test_members_of_a_body(self) -> None:
        before = self.stored()
        for what, change, field in MEMBERS:
            with self.subTest(what):
                body = json.dumps({**self.good, **change}).encode()
                answers = self.send(post(body))
                self.assertIn(answers[0].status, (400, 422), answers)
                self.judge(answers, answers[0].status, "", field)
        self.assertEqual(self.stored(), before)

    def test_octets_that_are_no_body(self) -> None:
        before = self.stored()
        good = json.dumps(self.good).encode()
        for what, status, code, octets in octets_of(good):
            with self.subTest(what):
                self.judge(self.send(post(octets)), status, code)
        self.assertEqual(self.stored(), before)

    def test_tokens_that_are_none(self) -> None:
        request = self.person().create(self.good["csr"], ["ok@beta.example"], "smime-mailbox")
        self.person().wait_planned(request)
        path = f"/v1/requests/{request}/checks/mailbox-1/token"
        for what, status, body in (
            ("nothing", 400, b""),
            ("no member", 400, b"{}"),
            ("a number", 400, b'{"token": 7}'),
            ("a NUL", 400, b'{"token": "a\\u0000b"}'),
            ("too long", 400, b'{"token": "' + b"A" * 129 + b'"}'),
            ("another member", 400, b'{"token": "A", "account": "bob"}'),
            ("before any mail", 409, b'{"token": "' + b"A" * 39 + b'"}'),
        ):
            with self.subTest(what):
                self.judge_loosely(self.send(post(body, path=path)), status)
        self.person().cancel(request)

    def test_checks_that_are_none(self) -> None:
        """Nobody writes the log of another service by the name of a check."""
        request = self.person().create(self.good["csr"], ["ok@beta.example"], "smime-mailbox")
        self.person().wait_planned(request)
        for check in ("mailbox-2", "MAILBOX-1", "a%20says=verified", "%C3%BC", "a.b", "a" * 200):
            for verb, body in (("verify", b""), ("token", b'{"token": "A"}')):
                with self.subTest(f"{verb} {check}"):
                    path = f"/v1/requests/{request}/checks/{check}/{verb}"
                    self.judge_loosely(self.send(post(body, path=path)), 404)
        self.assertNotIn("says=verified", self.all_logs())
        self.person().cancel(request)

    def judge_loosely(self, answers: list[Answer], status: int) -> None:
        """As judge, for answers about a state."""
        self.assertEqual([answer.status for answer in answers], [status], answers)
        problem = answers[0].problem()
        for member in ("title", "detail", "clause", "mend", "code"):
            self.assertTrue(problem.get(member), f"no {member} in {problem}")

    # HTTP

    def test_what_is_no_http(self) -> None:
        before = self.stored()
        body = json.dumps(self.good).encode()
        for what, status, octets in http_tricks(body):
            with self.subTest(what):
                answers = self.send(octets, half_close=True)
                self.judge(answers, status)
                self.assertIn(status, BEFORE)
        self.assertEqual(self.stored(), before)

    def test_paths_and_methods(self) -> None:
        for path, method, status in PATHS:
            with self.subTest(f"{method} {path}"):
                answers = self.send(get(path, method=method))
                self.judge_loosely(answers, status)
                if status == 405:
                    self.assertTrue(answers[0].headers.get("allow"))

    def test_queries(self) -> None:
        for query in QUERIES:
            with self.subTest(query):
                self.judge(self.send(get(f"/v1/requests?{query}")), 400)

    def test_content_types(self) -> None:
        body = json.dumps(self.good).encode()
        for kind in (
            "text/plain",
            "application/jsonx",
            "multipart/form-data",
            "application/xml",
            "",
        ):
            with self.subTest(kind):
                octets = post(body).replace(b"application/json", kind.encode())
                self.judge(self.send(octets), 415, "media-type", "Content-Type")

    def test_who_does_not_say_who(self) -> None:
        """The same answer whatever is wrong, so that nothing is learned from it."""
        said = set()
        for what in AUTHORIZATIONS:
            with self.subTest(what):
                answers = self.send(get(f"/v1/requests/{NOBODY}", more=what))
                self.judge_loosely(answers, 401)
                self.assertIn("Bearer", answers[0].headers["www-authenticate"])
                said.add(answers[0].body)
        self.assertEqual(len(said), 1)

    def test_tokens_are_not_guessed(self) -> None:
        chance = options.random("tokens")
        for _ in range(options.many(200, 20)):
            guess = "alice-toke" + chance.choice("abcdefghijklm") + str(chance.random())
            more = f"Authorization: Bearer {guess}\r\n"
            self.assertEqual(self.send(get("/v1/requests", more=more))[0].status, 401)
        self.assertNotIn("alice-toke", self.all_logs())

    def test_another_account_sees_nothing(self) -> None:
        """Every operation answers bob about alice's request as about one that does not exist."""
        request = self.person().create(self.good["csr"], ["ok@beta.example"], "smime-mailbox")
        self.person().wait_planned(request)
        bob = "Authorization: Bearer bob-token\r\n"
        for method, rest, body in (
            ("GET", "", None),
            ("GET", "/certificate", None),
            ("GET", "/events", None),
            ("POST", "/approve", b""),
            ("POST", "/cancel", b""),
            ("POST", "/checks/mailbox-1/verify", b""),
            ("POST", "/checks/mailbox-1/token", b'{"token": "A"}'),
        ):
            with self.subTest(f"{method} {rest}"):
                answers = []
                for identifier in (request, NOBODY):
                    path = f"/v1/requests/{identifier}{rest}"
                    octets = get(path) if body is None else post(body, path=path)
                    answers += self.send(octets.replace(ALICE.encode(), bob.encode()))
                self.judge_loosely(answers[:1], 404)
                self.assertEqual(answers[0].body, answers[1].body)
        self.assertEqual(self.person().show(request)["state"], "validating")
        self.assertEqual(self.stack.mail.find("ok@beta.example"), [])
        self.person().cancel(request)

    # Idempotency

    def test_idempotency_keys_that_are_none(self) -> None:
        before, body = self.stored(), json.dumps(self.good).encode()
        for what, field in (
            ("empty", "Idempotency-Key:\r\n"),
            ("256 characters", f"Idempotency-Key: {'k' * 256}\r\n"),
            ("a space", "Idempotency-Key: a b\r\n"),
            ("not ASCII", "Idempotency-Key: \u00fc\r\n"),
            ("twice", "Idempotency-Key: a\r\nIdempotency-Key: a\r\n"),
        ):
            with self.subTest(what):
                answers = self.send(post(body, field))
                self.judge_loosely(answers, 400)
        self.assertEqual(self.stored(), before)

    def test_one_key_and_two_bodies_at_once(self) -> None:
        """One of them becomes a request, whoever wins; the other is told so every time."""
        bodies = [json.dumps({**self.good, "validity_days": days}).encode() for days in (100, 200)]
        field = "Idempotency-Key: race\r\n"
        before = int(self.stored()["request"])
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            sent = [(n % 2, pool.submit(self.send, post(bodies[n % 2], field))) for n in range(24)]
        answers = [(which, future.result()[0]) for which, future in sent]
        made = {which for which, answer in answers if answer.status == 201}
        self.assertEqual(len(made), 1, answers)
        for which, answer in answers:
            self.assertEqual(answer.status, 201 if which in made else 409, answer)
        self.assertEqual(len({a.body for which, a in answers if which in made}), 1)
        self.assertEqual(int(self.stored()["request"]), before + 1)
        self.person().wait_planned(next(json.loads(a.body)["id"] for _, a in answers if a.status == 201))

    def test_the_same_key_of_two_accounts(self) -> None:
        other = json.dumps({**self.good, "csr": pem(self.other_key().request())}).encode()
        field = "Idempotency-Key: shared\r\n"
        first = self.send(post(json.dumps(self.good).encode(), field))[0]
        second = self.send(post(other, field).replace(b"alice-token", b"bob-token"))[0]
        self.assertEqual((first.status, second.status), (201, 201), (first, second))
        self.assertNotEqual(json.loads(first.body)["id"], json.loads(second.body)["id"])
        self.person().wait_planned(json.loads(first.body)["id"])  # nothing of it comes later, where others count rows
        self.person("bob-token").wait_planned(json.loads(second.body)["id"])

    def other_key(self) -> Forge:
        return Forge(self.stack.root / "out")

    # Slow and many

    def test_slow_clients_are_told_and_dropped(self) -> None:
        """A head has 5 seconds, a whole request 15; others are served meanwhile."""
        body = json.dumps(self.good).encode()
        whole = post(body)
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            head = pool.submit(self.send, whole[:40])
            rest = pool.submit(self.send, whole[:-10])
            drops = pool.submit(self.send, *(bytes([octet]) for octet in whole[:200]), pause=0.05)
            self.assertEqual(self.send(get("/v1/requests"))[0].status, 200)
            self.assertLess(time.monotonic() - begun, options.wait(4))
            for slow in (head, rest, drops):
                self.judge(slow.result(), 408)
        self.assertLess(time.monotonic() - begun, options.wait(25))

    def test_many_connections_that_say_nothing(self) -> None:
        """Others are served meanwhile; how many one address may hold is tested in libs/http."""
        held = [socket.create_connection(self.address, timeout=10) for _ in range(200)]
        try:
            self.assertEqual(self.send(get("/v1/requests"))[0].status, 200)
        finally:
            for connection in held:
                connection.close()

    # csctl

    def test_csctl_judges_the_same(self) -> None:
        """From stdin, as raw octets; status 1 and one object that says why."""
        for what, csr, code in forged(self.forge, self.other, self.shown):
            if code in ("csr-form", "") or not csr.startswith(("MI", "MH", "MF")):
                continue
            with self.subTest(what):
                self.diagnose("csr", base64.b64decode(csr), code)
        for what, octets in ADDRESSES:
            with self.subTest(what):
                self.diagnose("address", octets)

    def diagnose(self, kind: str, octets: bytes, code: str = "") -> None:
        done = subprocess.run(
            [self.stack.binaries / "csctl", "check", kind, "-", "--json"],
            input=octets,
            capture_output=True,
            timeout=options.wait(20),
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (1, b""), done.stdout)
        said = json.loads(done.stdout)
        self.assertEqual(said["verdict"], "refuse")
        for member in ("reason", "clause", "text", "mend", "seen"):
            self.assertTrue(said.get(member), said)
        if code:
            self.assertEqual(said["reason"], code)

    # Afterwards

    def database(self) -> str:
        """Everything that is stored, as its owner sees it."""
        done = subprocess.run(
            ["pg_dump", "--inserts", "--data-only", self.stack.postgres.url],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def all_logs(self) -> str:
        return "".join(
            log.read_text(errors="replace") for log in (self.stack.root / "log").glob("*.log")
        )

    def test_zz_logs_hold_no_secret_and_no_mailbox(self) -> None:
        """After everything above: nobody died (the stack says), and the logs are as they should be."""
        for log in sorted((self.stack.root / "log").glob("*.log")):
            instance = log.name.removesuffix(".log")
            if instance not in self.stack.services:
                continue
            text = log.read_text(errors="replace")
            with self.subTest(instance):
                self.assertNotRegex(text, KEY_TEXT)
                for secret in ("alice-token", "bob-token", "operator-token"):
                    self.assertNotIn(secret, text)
                self.assertNotRegex(text, r"[\w.+-]+@[\w-]+\.[a-z]")
                self.assertNotRegex(text, r"(?m)^\S+ error ")
        self.assertEqual(self.count("signer.intent"), 0)


# Name, what is different from a good body, the field that is named.
MEMBERS: list[tuple[str, dict[str, Any], str]] = [
    ("mailbox with a NUL", {"mailboxes": ["a\0b@beta.example"]}, ""),
    ("mailbox of 300 octets", {"mailboxes": ["a@" + "b." * 149]}, "mailboxes[0]"),
    ("mailbox with two @", {"mailboxes": ["a@b@beta.example"]}, "mailboxes[0]"),
    ("mailbox in brackets", {"mailboxes": ["<a@beta.example>"]}, "mailboxes[0]"),
    ("mailbox with a name", {"mailboxes": ["Alice <a@beta.example>"]}, "mailboxes[0]"),
    ("mailbox with a comment", {"mailboxes": ["a(b)@beta.example"]}, "mailboxes[0]"),
    ("mailbox that is quoted", {"mailboxes": ['"a"@beta.example']}, "mailboxes[0]"),
    ("mailbox by a route", {"mailboxes": ["@b.example:a@beta.example"]}, "mailboxes[0]"),
    ("mailbox with a percent route", {"mailboxes": ["a%b.example@beta.example"]}, "mailboxes[0]"),
    ("mailbox with a bang path", {"mailboxes": ["b.example!a@beta.example"]}, "mailboxes[0]"),
    ("encoded word", {"mailboxes": ["=?utf-8?q?a?=@beta.example"]}, "mailboxes[0]"),
    ("two scripts", {"mailboxes": ["\u0430lice@beta.example"]}, "mailboxes[0]"),
    ("invisible character", {"mailboxes": ["al\u200bice@beta.example"]}, "mailboxes[0]"),
    ("full-width @", {"mailboxes": ["a\uff20beta.example"]}, "mailboxes[0]"),
    ("mailbox with a last dot", {"mailboxes": ["a@beta.example."]}, "mailboxes[0]"),
    ("mailbox of a suffix", {"mailboxes": ["a@co.uk"]}, "mailboxes[0]"),
    ("mailbox of a special name", {"mailboxes": ["a@b.localhost"]}, "mailboxes[0]"),
    ("mailbox of no TLD", {"mailboxes": ["a@b.nosuchtld"]}, "mailboxes[0]"),
    ("mailbox null", {"mailboxes": [None]}, "mailboxes[0]"),
    ("mailboxes nested", {"mailboxes": [["a@beta.example"]]}, "mailboxes[0]"),
    ("domain with a last dot", {"domains": ["beta.example."]}, "domains[0]"),
    ("domain with an empty label", {"domains": ["a..beta.example"]}, "domains[0]"),
    ("domain of 254 octets", {"domains": ["a." * 120 + "beta.example"]}, ""),
    ("domain with a space", {"domains": ["beta .example"]}, "domains[0]"),
    ("domain with a port", {"domains": ["beta.example:80"]}, "domains[0]"),
    ("domain as a URL", {"domains": ["http://beta.example/"]}, "domains[0]"),
    ("domain with a hyphen first", {"domains": ["-a.beta.example"]}, "domains[0]"),
    ("domain in bad punycode", {"domains": ["xn--a\u00fc.beta.example"]}, "domains[0]"),
    ("domain of a hoster", {"domains": ["github.io"]}, "domains[0]"),
    ("domain of the reverse tree", {"domains": ["2.0.192.in-addr.arpa"]}, "domains[0]"),
    ("domain of another, by its ending", {"domains": ["eta.example"]}, "mailboxes[0]"),
    ("two families", {"domains": ["beta.example", "alpha.example"]}, "domains[1]"),
    ("a domain twice", {"domains": ["beta.example", "BETA.example"]}, "domains[1]"),
    ("domains as one text", {"domains": "beta.example"}, "domains"),
    ("domains null", {"domains": None}, "domains"),
    ("days null", {"validity_days": None}, "validity_days"),
    ("days true", {"validity_days": True}, "validity_days"),
    ("days with a fraction", {"validity_days": 1.5}, "validity_days"),
    ("days below nothing", {"validity_days": -1}, "validity_days"),
    ("days of 2^63 - 1", {"validity_days": 2**63 - 1}, "validity_days"),
    ("profile empty", {"profile": ""}, "profile"),
    ("profile in capitals", {"profile": "SMIME"}, "profile"),
    ("profile of 65 letters", {"profile": "a" * 65}, "profile"),
    ("profile that injects", {"profile": "a'; drop table request; --"}, "profile"),
    ("common name of 65", {"common_name": "a" * 65}, "common_name"),
    ("common name with a soft hyphen", {"common_name": "ali\u00adce"}, "common_name"),
    ("common name with a line end", {"common_name": "a\r\nb"}, "common_name"),
    ("subject that is a list", {"subject": ["title"]}, "subject"),
    ("subject with a nested value", {"subject": {"title": {"value": "Dr."}}}, "subject.title"),
    ("subject of 15 values", {"subject": {f"a{n}": "b" for n in range(15)}}, "subject"),
    ("subject with no attribute", {"subject": {"__proto__": "b"}}, "subject.__proto__"),
    ("subject with an empty name", {"subject": {"": "b"}}, "subject."),
    ("subject with a common name", {"subject": {"commonName": "Alice"}}, "subject.commonName"),
    ("title of 65", {"subject": {"title": "a" * 65}}, "subject.title"),
    ("title of two attributes", {"subject": {"title": "Dr.\nO=Bank"}}, "subject.title"),
    ("title that turns round", {"subject": {"title": "a\u202eb"}}, "subject.title"),
    ("title that is a mailbox", {"subject": {"title": "boss@alpha.example"}}, "subject.title"),
    ("country in words", {"subject": {"countryName": "Switzerland"}}, "subject.countryName"),
    ("contact of no form", {"contact": "boss"}, "contact"),
    ("enterprise of others", {"enterprise": "other"}, "enterprise"),
    ("state", {"state": "issued"}, "state"),
    ("member that is a prototype", {"__proto__": {}}, "__proto__"),
    ("member with a line end", {"a\r\nb": 1}, ""),
]

PATHS = [
    ("/", "GET", 404),
    ("/v1", "GET", 404),
    ("/v1/requests/", "GET", 404),
    ("//v1/requests", "GET", 404),
    ("/V1/requests", "GET", 404),
    ("/v1/requests/not-an-id", "GET", 404),
    (f"/v1/requests/{NOBODY}%20", "GET", 404),
    (f"/v1/requests/{'0' * 4000}", "GET", 404),
    (f"/v1/requests/{NOBODY}/checks/mailbox-1", "GET", 404),
    (f"/v1/requests/{NOBODY}/nothing", "GET", 404),
    ("/metrics", "GET", 404),
    ("/livez", "GET", 404),
    ("/v1/requests/../../openapi.json", "GET", 400),
    ("/v1/requests/%2e%2e/%2e%2e/openapi.json", "GET", 400),
    ("/v1/requests/..%2fopenapi.json", "GET", 400),
    ("/v1/requests/%00", "GET", 400),
    ("/v1/requests/%ff", "GET", 400),
    ("/v1/requests/%zz", "GET", 400),
    ("/v1/requests/a\\b", "GET", 400),
    ("/" + "a/" * 40, "GET", 400),
    ("/v1/requests", "DELETE", 405),
    ("/v1/requests", "PUT", 405),
    (f"/v1/requests/{NOBODY}", "POST", 405),
    (f"/v1/requests/{NOBODY}/approve", "GET", 405),
    (f"/v1/requests/{NOBODY}/checks/mailbox-1/token", "GET", 405),
    (f"/v1/requests/{NOBODY}/checks/mailbox-1/verify", "GET", 405),
    ("/v1/requests", "TRACE", 501),
    ("/v1/requests", "get", 501),
]

QUERIES = [
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=+5",
    "limit=1e1",
    "limit=99999999999999999999",
    "limit=",
    "limit=1&limit=2",
    "cursor=x",
    "cursor=%00",
    "cursor=" + "A" * 1000,
    "cursor=' or 1=1 --".replace(" ", "%20"),
    "state=nothing",
    "state=issued%27",
    "changed_since=",
    "changed_since=yesterday",
    "changed_since=1795437296",
    "changed_since=2026-11-23",
    "changed_since=2026-11-23T12:00:00",
    "changed_since=2026-02-31T12:00:00Z",
    "changed_since=2026-11-23T12:00:00%2B01:00",
    "changed_since=2026-11-23T12:00:00.123456Z",
    "changed_since=2026-11-23T12:00:00Z%27",
    "changed_since=2026-11-23T12:00:00Z&changed_since=2026-11-23T12:00:00Z",
    "=1",
    "&".join(f"a{n}=1" for n in range(40)),
]

AUTHORIZATIONS = [
    "",
    "Authorization: Bearer\r\n",
    "Authorization: Bearer wrong\r\n",
    "Authorization: Bearer alice-token x\r\n",
    "Authorization: Bearer ALICE-TOKEN\r\n",
    "Authorization: Basic YWxpY2U6YWxpY2UtdG9rZW4=\r\n",
    "Authorization: alice-token\r\n",
    f"Authorization: Bearer {'a' * 4000}\r\n",
    "Cookie: token=alice-token\r\n",
]

ADDRESSES = [
    ("nothing", b""),
    ("a NUL", b"a\0b@beta.example"),
    ("a NUL behind it", b"a@beta.example\0"),
    ("a line end behind it", b"a@beta.example\n"),
    ("not UTF-8", b"\xff\xfe@beta.example"),
    ("1 MB of NULs", b"\0" * 1048576),
    ("1 MB of letters", b"a" * 1048576),
    ("more than is read", b"a@" + b"b." * 1048576),
    ("a suffix", b"a@co.uk"),
]


def octets_of(good: bytes) -> list[tuple[str, int, str, bytes]]:
    """Bodies that are not JSON as it should be: name, status, code, octets."""
    twice = good[:-1] + b', "prof\\u0069le": "smime-domain"}'
    return [
        ("a byte order mark", 400, "json-syntax", b"\xef\xbb\xbf" + good),
        ("UTF-16", 400, "json-syntax", good.decode().encode("utf-16")),
        ("a comment", 400, "json-syntax", b"/* */" + good),
        ("a comma too many", 400, "json-syntax", good[:-1] + b",}"),
        ("single quotes", 400, "json-syntax", good.replace(b'"', b"'")),
        ("a value behind it", 400, "json-syntax", good + b"{}"),
        ("a NUL behind it", 400, "json-syntax", good + b"\0"),
        ("only a number", 400, "", b"7"),
        ("only null", 400, "", b"null"),
        ("NaN", 400, "json-syntax", good[:-1] + b', "validity_days": NaN}'),
        ("1e400", 400, "", good[:-1] + b', "validity_days": 1e400}'),
        ("20 digits", 400, "", good[:-1] + b', "validity_days": 99999999999999999999}'),
        ("half a surrogate pair", 400, "json-syntax", good[:-1] + b', "common_name": "\\ud800"}'),
        ("overlong UTF-8", 400, "json-syntax", good[:-1] + b', "common_name": "\xc0\xaf"}'),
        ("a raw line end", 400, "json-syntax", good[:-1] + b', "common_name": "a\nb"}'),
        ("a member twice, spelled otherwise", 400, "json-member-twice", twice),
        ("a NUL in a member's name", 400, "json-syntax", b'{"a\\u0000": 1}'),
        ("five deep", 400, "json-depth", b'{"a": [[[[1]]]]}'),
        ("a thousand deep", 400, "json-depth", b'{"a":' * 1000 + b"1" + b"}" * 1000),
        ("sixty thousand members", 400, "", b'{"a":' + b"[" + b"1," * 30000 + b"1]}"),
        ("a body of 64 KiB and one", 413, "content-too-large", good + b" " * (65537 - len(good))),
        ("a body of 1 MB", 413, "content-too-large", b"a" * 1048576),
    ]


def http_tricks(body: bytes) -> list[tuple[str, int, bytes]]:
    """What two parsers could understand differently, or one not at all: name, status, octets."""
    line = b"POST /v1/requests HTTP/1.1\r\n"
    usual = b"Host: a\r\n" + ALICE.encode() + b"Content-Type: application/json\r\n"
    length = b"Content-Length: %d\r\n" % len(body)
    chunked = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    hidden = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
    end = b"\r\n"
    return [
        ("noise", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        ("HTTP/0.9", 400, b"GET /openapi.json\r\n\r\n"),
        ("HTTP/1.0", 505, b"GET /openapi.json HTTP/1.0\r\nHost: a\r\n\r\n"),
        ("HTTP/2", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a URL as target", 400, b"GET http://b/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no host", 400, b"GET /openapi.json HTTP/1.1\r\n\r\n"),
        ("two hosts", 400, b"GET /openapi.json HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("a host with a path", 400, b"GET /openapi.json HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        ("two lengths", 400, line + usual + length + b"Content-Length: 3\r\n" + end + body),
        ("the same length twice", 400, line + usual + length + length + end + body),
        ("a length with a sign", 400, line + usual + b"Content-Length: +3\r\n" + end + b"{} "),
        ("a length in hex", 400, line + usual + b"Content-Length: 0x3\r\n" + end + b"{} "),
        ("a length below nothing", 400, line + usual + b"Content-Length: -1\r\n" + end),
        ("a length of 2^64", 413, line + usual + b"Content-Length: 18446744073709551616\r\n" + end),
        ("a space before the colon", 400, line + usual + b"Content-Length : 3\r\n" + end + b"{} "),
        (
            "a length and chunks",
            400,
            line + usual + length + b"Transfer-Encoding: chunked\r\n" + end + chunked,
        ),
        (
            "an unknown transfer coding",
            400,
            line + usual + b"Transfer-Encoding: identity\r\n" + end + body + hidden,
        ),
        (
            "chunked, said twice",
            400,
            line + usual + b"Transfer-Encoding: chunked, chunked\r\n" + end + chunked,
        ),
        (
            "a chunk's size in a form of its own",
            400,
            line + usual + b"Transfer-Encoding: chunked\r\n" + end + b"0x3\r\n{} \r\n0\r\n\r\n",
        ),
        (
            "chunks beyond the limit",
            413,
            line + usual + b"Transfer-Encoding: chunked\r\n" + end + b"fffffff\r\n",
        ),
        ("a folded field", 400, line + usual + b"X: a\r\n b\r\n" + length + end + body),
        ("a line end alone", 400, line + usual.replace(b"\r\n", b"\n") + length + end + body),
        ("a NUL in a field", 400, line + usual + b"X: a\0b\r\n" + length + end + body),
        ("a field without a colon", 400, line + usual + b"X\r\n" + length + end + body),
        (
            "a body of a GET",
            400,
            b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n" + length + end + body,
        ),
        ("two authorizations", 400, line + usual + ALICE.encode() + length + end + body),
        ("65 fields", 431, line + usual + b"".join(b"X%d: a\r\n" % n for n in range(65)) + end),
        ("a field of 9 KiB", 431, line + usual + b"X: " + b"a" * 9216 + end + end),
        ("a target of 9 KiB", 414, b"GET /" + b"a" * 9216 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an unknown expectation", 417, line + usual + b"Expect: more\r\n" + length + end + body),
    ]

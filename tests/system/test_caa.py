# SPDX-License-Identifier: Apache-2.0
"""CAA and DNSSEC: the matrix of the rules row by row against real name servers, and the way through the services."""

import hashlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from world import SystemTest, wait_for  # first: finds the others

from options import options
from scripted_dns import CAA, REFUSED, SERVFAIL, Question, Reply, ScriptedDns, caa
from zones import Signing, Zone

OURS = "ca.countersign.example"
ACCOUNT = f"acct:demo@{OURS}"
SIX = "::1/128"  # where the one server of IPv6 is
PERMIT, FORBID = f'0 issuemail "{OURS}"', '0 issuemail ";"'
# Last octets of addresses that the stack does not use.
FAILING, REFUSING, TRUNCATING, ODD = 60, 61, 62, 63
NO_DS = "12345 13 2 " + "AB" * 32  # of a key that nobody has


class Row(NamedTuple):
    row: str  # of section 5.8 of the rules
    name: str
    verdict: str
    reason: str
    dnssec: str = "secure"
    found_at: str = ""  # "": there is no set
    more: tuple[str, ...] = ()  # of csctl


def mail(value: str) -> str:
    return f'0 issuemail "{value}"'


# Owners below matrix.example and their records; "=" follows an alias.
OWNERS: dict[str, list[str]] = {
    "r2": [FORBID],
    "r3": [mail("other.example")],
    "r4": [PERMIT],
    "r5": [FORBID, PERMIT],
    "r7": ['0 issue ";"'],
    "r8": ['0 issue ";"', '0 issuewild ";"', PERMIT],
    "r9": [f'0 issue "{OURS}"', mail("other.example")],
    "r10a": ['128 unknowntag "x"'],
    "r10b": ['128 unknowntag "x"', PERMIT],
    "r11": ['130 unknowntag "x"'],
    "r12": ['2 unknowntag "x"'],
    "r13": [mail("%%%%%")],
    "r14": [mail(f"{OURS}\\; ")],
    "r15": [mail(f"{OURS}\\; x")],
    "r16": [mail(f"{OURS}\\; a=b\\;")],
    "r17": [mail(f"{OURS}\\; a=b c")],
    "r18a": [mail(f"{OURS}.evil.test")],
    "r18b": [mail(f"evil{OURS}")],
    "r18c": [mail(f"{OURS}.")],
    "r19": [mail("CA.CounterSign.Example")],
    "p20": [FORBID],
    "c.p20": ['0 iodef "mailto:x@y.example"'],
    "p21": [PERMIT],
    "c.p21": [FORBID],
    "t22": [FORBID],
    "p24": [FORBID],
    "sub.t26": [PERMIT],
    "t26": [PERMIT],
    "n1": [PERMIT],
    "n2": [PERMIT],
    "n3": [mail("other.example")],
    "r34": [mail(OURS + "\\000\\255\\013\\010<script>alert(1)</script>")],
    "r37a": [mail(f"{OURS}\\; accounturi={ACCOUNT}")],
    "r37b": [mail(f"{OURS}\\; accounturi=acct:rival@{OURS}")],
    "r37c": [mail(f"{OURS}\\; accounturi={ACCOUNT}\\; accounturi={ACCOUNT}")],
    "r38a": [mail(f"{OURS}\\; validationmethods=email-reply-00")],
    "r38b": [mail(f"{OURS}\\; validationmethods=ca-tbr-7,ca-sbr-2")],
    "r38c": [mail(f"{OURS}\\; validationmethods=ca-tbr-7")],
    "r38d": [mail(f"{OURS}\\; policy=ev")],
}
ALIASES = {
    "r22": "t22.matrix.example.",
    "r23": "www.denied.example.",
    "r24.p24": "www.matrix.example.",
    "p25": "t22.matrix.example.",
    "r27": "r22.matrix.example.",
    "r33": "www.bogus.example.",
    "loop1": "loop2.matrix.example.",
    "loop2": "loop1.matrix.example.",
    "to448": "www.ed448.example.",
}
BY_TXT = ("--method", "dns-txt")
FOR_US = ("--account", ACCOUNT)

MATRIX = [
    Row("1", "alpha.example", "allow", "no-caa"),
    Row("1 unsigned", "beta.example", "allow", "no-caa", "insecure"),
    Row("2", "r2.matrix.example", "deny", "not-authorized"),
    Row("3", "r3.matrix.example", "deny", "not-authorized"),
    Row("4", "r4.matrix.example", "allow", "authorized"),
    Row("5", "r5.matrix.example", "allow", "authorized"),
    Row("6", "r6a.odd.example", "deny", "not-authorized", "insecure"),
    Row("6", "r6b.odd.example", "deny", "not-authorized", "insecure"),
    Row("7", "r7.matrix.example", "allow", "unrestricted"),
    Row("8", "r8.matrix.example", "allow", "authorized"),
    Row("9", "r9.matrix.example", "deny", "not-authorized"),
    Row("10", "r10a.matrix.example", "deny", "critical-unknown-tag"),
    Row("10", "r10b.matrix.example", "deny", "critical-unknown-tag"),
    Row("11", "r11.matrix.example", "deny", "critical-unknown-tag"),
    Row("12", "r12.matrix.example", "allow", "unrestricted"),
    Row("13", "r13.matrix.example", "deny", "not-authorized"),
    Row("14", "r14.matrix.example", "allow", "authorized"),
    Row("15", "r15.matrix.example", "deny", "not-authorized"),
    Row("16", "r16.matrix.example", "deny", "not-authorized"),
    Row("17", "r17.matrix.example", "deny", "not-authorized"),
    Row("18", "r18a.matrix.example", "deny", "not-authorized"),
    Row("18", "r18b.matrix.example", "deny", "not-authorized"),
    Row("18", "r18c.matrix.example", "deny", "not-authorized"),
    Row("19", "r19.matrix.example", "allow", "authorized"),
    Row("20", "c.p20.matrix.example", "allow", "unrestricted"),
    Row("21", "c.p21.matrix.example", "deny", "not-authorized"),
    Row("22", "r22.matrix.example", "deny", "not-authorized"),
    Row("23", "r23.matrix.example", "allow", "no-caa"),
    Row("24", "r24.p24.matrix.example", "deny", "not-authorized", found_at="p24.matrix.example"),
    Row("25", "x.p25.matrix.example", "deny", "not-authorized", found_at="p25.matrix.example"),
    Row("26", "d.denied.example", "deny", "not-authorized", found_at="denied.example"),
    Row("26b", "sub.d.denied.example", "allow", "authorized"),
    Row("27", "r27.matrix.example", "deny", "not-authorized"),
    Row("28", "six.example", "deny", "not-authorized", "insecure"),
    Row("29", "big.example", "deny", "not-authorized"),
    Row("30 expired", "expired.example", "deny", "dnssec-bogus", "bogus", "-"),
    Row("30 missing", "nosig.example", "deny", "dnssec-bogus", "bogus", "-"),
    Row("31 silent", "signedsilent.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("31 SERVFAIL", "servfail.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("31 REFUSED", "refused.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("32", "silent.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("33", "r33.matrix.example", "deny", "dnssec-bogus", "bogus", "-"),
    Row("34", "r34.matrix.example", "deny", "not-authorized"),
    Row("35", "b\u00fccher.example", "deny", "not-authorized", found_at="xn--bcher-kva.example"),
    Row("37 ours", "r37a.matrix.example", "allow", "authorized", more=FOR_US),
    Row("37 no account", "r37a.matrix.example", "deny", "parameter-mismatch"),
    Row("37 another", "r37b.matrix.example", "deny", "parameter-mismatch", more=FOR_US),
    Row("37 twice", "r37c.matrix.example", "deny", "parameter-mismatch", more=FOR_US),
    Row("38", "r38a.matrix.example", "deny", "parameter-mismatch", more=BY_TXT),
    Row("38 one of two", "r38a.matrix.example", "deny", "parameter-mismatch",
        more=(*BY_TXT, "--method", "email-reply")),
    Row("38 by it", "r38a.matrix.example", "allow", "authorized", more=("--method", "email-reply")),
    Row("38 both", "r38b.matrix.example", "allow", "authorized",
        more=(*BY_TXT, "--method", "email-token")),
    Row("38 no method yet", "r38b.matrix.example", "deny", "parameter-mismatch"),
    Row("38 unknown parameter", "r38d.matrix.example", "deny", "parameter-mismatch", more=FOR_US),
    # Beside the matrix: what else the lookup table of the rules names.
    Row("bogus", "bogus.example", "deny", "dnssec-bogus", "bogus", "-"),
    Row("alias loop", "loop1.matrix.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("TCP blocked", "truncated.example", "deny", "lookup-failed", "indeterminate", "-"),
    Row("malformed", "short.odd.example", "deny", "malformed", "insecure"),
    Row("malformed", "notag.odd.example", "deny", "malformed", "insecure"),
    Row("Ed448", "ed448.example", "deny", "dnssec-unsupported-algorithm", "indeterminate", "-"),
    Row("Ed448", "x.ed448.example", "deny", "dnssec-unsupported-algorithm", "indeterminate", "-"),
    Row("Ed448", "to448.matrix.example", "deny", "dnssec-unsupported-algorithm", "indeterminate",
        "-"),
]  # fmt: skip


def fail(question: Question) -> Reply | None:
    """The zone's head is there; what was asked for is not."""
    return Reply(SERVFAIL)


def refuse(question: Question) -> Reply | None:
    return Reply(REFUSED)


def truncate(question: Question) -> Reply | None:
    return Reply(truncated=True) if question.kind == CAA else Reply()


def serve_odd(question: Question) -> Reply | None:
    """What nsd refuses to serve."""
    odd = {
        "r6a.odd.example": caa(0, b"ISSUEMAIL", b"other.example"),
        "r6b.odd.example": caa(0, b"IsSuEmAiL", b"other.example"),
        "short.odd.example": (CAA, b"\0\xffissuemail"),
        "notag.odd.example": (CAA, b"\0\0;"),
    }
    if question.kind == CAA and question.name in odd:
        return Reply(records=(odd[question.name],))
    return Reply()


def forbid(question: Question) -> Reply | None:
    return Reply(records=(caa(0, b"issuemail", b";"),)) if question.kind == CAA else Reply()


class World(SystemTest):
    """Zones and servers of the matrix beside those that every stack has."""

    servers: list[ScriptedDns]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.servers = []
        try:
            cls.make_zones()
            cls.make_servers()
        except BaseException:
            cls.failed = True
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        for server in cls.servers:
            server.close()
        super().tearDownClass()

    @classmethod
    def make_zones(cls) -> None:
        dns = cls.stack.dns
        matrix = Zone("matrix.example")
        for owner, records in OWNERS.items():
            matrix.rrsets[(owner, "CAA")] = records
            matrix.rrsets[(owner, "MX")] = ["10 mail.alpha.example."]  # where tokens go
        for owner, target in ALIASES.items():
            matrix.rrsets[(owner, "CNAME")] = [target]
        matrix.rrsets |= {("www", "TXT"): ['"x"'], ("x.p25", "TXT"): ['"x"']}
        denied = {
            ("@", "CAA"): [FORBID],
            ("www", "TXT"): ['"x"'],
            ("d", "DNAME"): ["t26.matrix.example."],
        }
        many = [mail(f"ca{number}.example.net") for number in range(1000)]
        dns.add_zone(matrix)
        dns.add_zone(Zone("denied.example", rrsets=denied))
        dns.add_zone(Zone("big.example", rrsets={("@", "CAA"): [*many, FORBID]}))
        dns.add_zone(Zone("xn--bcher-kva.example", rrsets={("@", "CAA"): [FORBID]}))
        dns.add_zone(Zone("nosig.example", rrsets={("@", "CAA"): [PERMIT]}))
        dns.set("ed448.example", "www", "TXT", '"x"')
        cls.strip_signatures("nosig.example")

    @classmethod
    def strip_signatures(cls, name: str) -> None:
        """The parent says that the zone is signed, and it is not."""
        dns = cls.stack.dns
        zone = dns.zones[name]
        zone.serial += 1
        (dns.root / "zones" / zone.file).write_text(dns._render(zone))
        dns._control(zone.server, "reload", name)
        dns._wait_until_served(zone)

    @classmethod
    def delegate(cls, name: str, kind: str, address: str, signed: bool = False) -> None:
        label = name.removesuffix(".example")
        records = {(label, "NS"): [f"ns.{name}."], (f"ns.{label}", kind): [address]}
        if signed:
            records[(label, "DS")] = [NO_DS]
        cls.stack.dns.change("example", records)

    @classmethod
    def make_servers(cls) -> None:
        for name, last, script, signed, tcp in (
            ("servfail.example", FAILING, fail, True, True),
            ("refused.example", REFUSING, refuse, True, True),
            ("truncated.example", TRUNCATING, truncate, False, False),
            ("odd.example", ODD, serve_odd, False, True),
        ):
            address = cls.stack.block.address(last)
            cls.servers.append(ScriptedDns(name, address, script, tcp))
            cls.delegate(name, "A", address, signed)
        cls.delegate("signedsilent.example", "A", cls.stack.dns.address(19), signed=True)
        # The machine has one address of IPv6 on its loopback: stacks take turns.
        wait_for(lambda: cls.stack.claims.take("ip6-1-port-53"), options.wait(600), "port 53 of ::1", pause=0.2)
        cls.servers.append(ScriptedDns("six.example", "::1", forbid))
        cls.delegate("six.example", "AAAA", "::1")

    @property
    def public(self) -> str:
        return f"{self.stack.block.network},{SIX}"

    def check(self, name: str, *more: str) -> tuple[int, dict[str, Any]]:
        done = self.csctl(
            *("check", "caa", name, "--issuer", OURS, "--json", *more),
            *("--test-public-nets", self.public),
            *("--root-hints", str(self.stack.dns.hints_file)),
            *("--anchor", str(self.stack.dns.anchor_file)),
        )
        assert done.stdout, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return done.returncode, found


class Matrix(World):
    """By csctl, which judges by the code of the services; they are not needed."""

    services = False

    def test_every_row_has_its_verdict_and_its_reason(self) -> None:
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda row: self.check(row.name, *row.more), MATRIX))
        for row, (status, got) in zip(MATRIX, found):
            with self.subTest(row=row.row, name=row.name):
                at = row.found_at or row.name
                if row.reason == "no-caa":
                    at = "-"
                self.assertEqual(
                    (got["verdict"], got["reason"], got["dnssec"], got["found_at"] or "-"),
                    (row.verdict, "caa-" + row.reason, row.dnssec, at),
                    got,
                )
                self.assertEqual(status, 0 if row.verdict == "allow" else 1)
                self.assertTrue(got["clause"] and got["text"])
                could_not_tell = row.reason == "lookup-failed"
                self.assertEqual(got["outcome"] == "could-not-tell", could_not_tell, got)

    def test_what_failed_was_tried_twice(self) -> None:
        failing, refusing = self.servers[:2]
        for server, name in ((failing, "servfail.example"), (refusing, "refused.example")):
            before = time.monotonic()
            server.asked.clear()
            self.check(name)
            asked = [question.name for question in server.asked]
            self.assertIn(name, asked)
            # libunbound repeats a query within one lookup at once; the second lookup comes seconds later.
            self.assertGreater(time.monotonic() - before, 5)

    def test_one_of_a_thousand_records_is_told_and_the_rest_counted(self) -> None:
        _, got = self.check("big.example")
        self.assertEqual(len(got["seen"]), 16)
        self.assertEqual(got["seen"][-1], "and 986 more records")

    def test_hostile_octets_are_escaped_everywhere(self) -> None:
        done = self.csctl(
            *("check", "caa", "r34.matrix.example", "--issuer", OURS),
            *("--root-hints", str(self.stack.dns.hints_file)),
            *("--anchor", str(self.stack.dns.anchor_file)),
        )
        self.assertEqual(done.returncode, 1)
        self.assertTrue(all(" " <= letter <= "~" or letter == "\n" for letter in done.stdout))
        self.assertIn("<script>", done.stdout)  # as text: a terminal shows it, and no more

    def test_a_broken_chain_is_told_with_its_zone(self) -> None:
        _, expired = self.check("expired.example")
        self.assertIn("the zone expired.example is broken: a signature has expired", expired["text"])
        self.assertIn("validation failure", expired["lookups"][0]["why"])
        _, unsupported = self.check("ed448.example")
        self.assertIn("signed with algorithm 16 (ED448, digest 2)", unsupported["text"])
        self.assertEqual([look["type"] for look in unsupported["lookups"]], ["caa", "caa", "ds"])

    def test_who_asks_for_what_nobody_knows_is_told_how_to_ask(self) -> None:
        self.assertEqual(self.csctl("check", "caa", "alpha.example", "--method", "x").returncode, 2)


TWO_NAMES = {"CS_ISSUER_DOMAINS": f"{OURS},ca2.countersign.example"}


class Services(World):
    """The same rows as the services see them, and what CAA does to a request."""

    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"},
        "policy": TWO_NAMES,
        "signer": TWO_NAMES,
    }

    def create(self, mailboxes: list[str], profile: str = "smime-mailbox", **more: Any) -> str:
        person = self.person()
        request = str(person.create(self.csr(f"key-{mailboxes[0]}"), mailboxes, profile, **more))
        person.wait_planned(request)
        return request

    def look(self, domain: str) -> dict[str, Any]:
        """CAA of this domain as caa-dnssec states it, for a mailbox that a token will prove."""
        person = self.person()
        request = self.create([f"u@{domain}"])
        person.verify(request, "caa-1")
        states = ("proved", "refused", "could-not-tell")
        return person.wait_check(request, "caa-1", *states, timeout=options.wait(60))

    def ends(self, request: str, mailboxes: list[str], domain_checks: tuple[str, ...] = ()) -> Any:
        person = self.person()
        for number, mailbox in enumerate(mailboxes, 1):
            if not domain_checks:
                person.prove_mailbox(request, mailbox, f"mailbox-{number}")
        person.approve(request)
        return person.wait_state(request, "issued", "refused", timeout=options.wait(90))

    def refused_for(self, shown: dict[str, Any], reason: str) -> None:
        self.assertEqual(shown["state"], "refused", shown)
        # Whoever looked first: we ourselves, or the perspectives.
        self.assertIn(shown["refusal"]["code"], (f"caa-{reason}", "mpic-disagree"))

    def test_the_services_see_what_csctl_sees(self) -> None:
        wanted = (
            "r2 r4 r5 r8 r10b r12 r18b r22 r23 r24.p24 x.p25 r27 r34 r37a r37b r38b r38c loop1 to448"
        )
        names = [f"{owner}.matrix.example" for owner in wanted.split()]
        names += ["d.denied.example", "big.example"]
        names += ["nosig.example", "ed448.example", "r6a.odd.example"]
        more = ("--issuer", "ca2.countersign.example", *FOR_US, "--method", "email-token")
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(self.look, names))
            told = list(pool.map(lambda name: self.check(name, *more)[1], names))
        terms = f"issuers={OURS},ca2.countersign.example account={ACCOUNT} methods=email-token"
        for name, by_service, by_csctl in zip(names, seen, told):
            with self.subTest(name):
                for field in ("outcome", "reason", "dnssec", "clause"):
                    self.assertEqual(by_service[field], by_csctl[field], field)
                if name != "big.example":  # servers turn the order of records
                    self.assertEqual(sorted(by_service["seen"]), sorted(by_csctl["seen"]))
                self.assertEqual(by_service.get("found_at", ""), by_csctl["found_at"])
                self.assertEqual(by_service["read_for"], terms)
                kinds = {look["type"] for look in by_service["lookups"]}
                self.assertEqual("ds" in kinds, "448" in name, kinds)

    def test_the_method_and_the_account_must_be_permitted(self) -> None:
        for name, reason in (
            ("r38b", None),
            ("r37a", None),
            ("r38c", "parameter-mismatch"),
            ("r37b", "parameter-mismatch"),
        ):
            with self.subTest(name):
                mailbox = f"token@{name}.matrix.example"
                shown = self.ends(self.create([mailbox]), [mailbox])
                if reason is None:
                    self.assertEqual(shown["state"], "issued", shown.get("refusal"))
                else:
                    self.refused_for(shown, reason)

    def test_what_a_token_may_not_a_record_may(self) -> None:
        """validationmethods=ca-tbr-7: the same mailbox, by the TXT record of its domain."""
        domain = "r38c.matrix.example"
        self.stack.assign(f"*@{domain}")
        request = self.create([f"record@{domain}"], "smime-domain", domains=[domain])
        self.person().prove_domain_by_txt(request, "matrix.example")
        shown = self.ends(request, [f"record@{domain}"], ("domain-1",))
        self.assertEqual(shown["state"], "issued", shown.get("refusal"))
        final = self.person().wait_check(request, "caa-1", "proved")  # the certificate may come first
        self.assertTrue(final["read_for"].endswith(" methods=dns-txt"), final["read_for"])

    def test_one_domain_that_denies_denies_the_request(self) -> None:
        mailboxes = ["both@alpha.example", "both@r2.matrix.example"]
        request = self.create(mailboxes)
        self.refused_for(self.ends(request, mailboxes), "not-authorized")
        self.assertEqual(self.count(f"signer.certificate where request = '{request}'"), 0)

    def test_the_names_that_an_enterprise_relies_on(self) -> None:
        """DNS permits us by the first name; who configured the second does not rely on that."""
        second = "ca2.countersign.example"
        self.configure("n1.matrix.example", second)
        self.configure("n2.matrix.example", OURS)
        self.configure("n3.matrix.example", OURS)
        for domain, names, reason in (
            ("n1.matrix.example", second, "caa-not-authorized"),
            ("x.n1.matrix.example", second, "caa-not-authorized"),
            ("n2.matrix.example", OURS, "caa-authorized"),
            ("n3.matrix.example", OURS, "caa-not-authorized"),  # DNS has the last word
        ):
            with self.subTest(domain):
                found = self.look(domain)
                self.assertEqual(found["reason"], reason)
                self.assertIn(f"issuers={names} account={ACCOUNT} ", found["read_for"])

    def configure(self, domain: str, names: str) -> None:
        self.stack.document("domain", domain, {"active": True, "issuers": [names]})

    def test_answers_are_kept_and_can_be_shown(self) -> None:
        mailbox = "kept@r4.matrix.example"
        request = self.create([mailbox])
        shown = self.ends(request, [mailbox])
        self.assertEqual(shown["state"], "issued", shown.get("refusal"))
        check = self.person().wait_check(request, "caa-1", "proved")  # the certificate may come first
        lookups = {look["name"]: look["answer_sha256"] for look in check["lookups"]}
        self.assertEqual(set(lookups), {"r4.matrix.example", "matrix.example", "example"})
        url = self.stack.environment("observer")["CS_DATABASE_URL"]
        out = self.stack.root / "out" / "answer"
        for name, digest in lookups.items():
            out.unlink(missing_ok=True)
            done = self.csctl("answer", "show", digest, "--out", str(out), CS_DATABASE_URL=url)
            self.assertEqual(done.returncode, 0, done.stderr)
            kept = json.loads(done.stdout)
            self.assertEqual((kept["name"], kept["type"]), (name, "caa"))
            self.assertEqual(hashlib.sha256(out.read_bytes()).hexdigest(), digest)
            self.assertEqual(kept["records"], [PERMIT] if name == "r4.matrix.example" else [])
        self.assertEqual(self.csctl("answer", "show", "00" * 32, CS_DATABASE_URL=url).returncode, 2)
        self.assertEqual(self.csctl("answer", "show", "zz", CS_DATABASE_URL=url).returncode, 2)
        # Octets that somebody changed are not shown as what they were.
        digest = lookups["example"]
        self.value(f"update caa_dnssec.answer set octets = 'x' where sha256 = '\\x{digest}'")
        done = self.csctl("answer", "show", digest, CS_DATABASE_URL=url)
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_domain_answers_are_kept_too(self) -> None:
        domain = "r12.matrix.example"
        request = self.create([f"dora@{domain}"], "smime-domain-mailbox", domains=[domain])
        self.person().prove_domain_by_txt(request, "matrix.example")
        check = self.person().check(request, "domain-1")
        assert check is not None
        digests = [look["answer_sha256"] for look in check["lookups"] if "answer_sha256" in look]
        self.assertTrue(digests)
        for digest in digests:
            self.assertEqual(self.count(f"domain_validator.answer where sha256 = '\\x{digest}'"), 1)

    def test_z_nothing_is_said_while_answers_cannot_be_kept(self) -> None:
        person = self.person()
        self.value("alter role caa_dnssec nologin")
        self.value("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'caa_dnssec'")
        try:
            request = self.create(["late@r14.matrix.example"])
            person.verify(request, "caa-1")
            gives_back = self.stack.root / "log" / "caa-dnssec.log"
            wait_for(
                lambda: "answers not kept" in gives_back.read_text(),
                options.wait(30),
                "an order that was given back",
            )
            found = person.check(request, "caa-1")
            assert found is not None
            self.assertNotIn(found["state"], ("proved", "refused", "could-not-tell"))
        finally:
            self.value("alter role caa_dnssec login")
        found = person.wait_check(request, "caa-1", "proved", timeout=options.wait(60))
        self.assertEqual(found["attempt"], 1)


class Forward(SystemTest):
    """CS_DNS_FORWARD: one recursive server is asked, and what it does not know is no permission."""

    heard: socket.socket

    @classmethod
    def setUpClass(cls) -> None:
        cls.heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.heard.bind(("127.0.0.1", 0))
        cls.heard.settimeout(0.2)
        where = f"127.0.0.1@{cls.heard.getsockname()[1]}"
        cls.settings = {"caa-dnssec": {"CS_DNS_FORWARD": where}}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.heard.close()
        super().tearDownClass()

    def test_it_is_asked_and_its_failure_permits_nothing(self) -> None:
        person = self.person()
        request = str(person.create(self.csr("forward"), ["u@alpha.example"], "smime-mailbox"))
        person.wait_planned(request)
        person.verify(request, "caa-1")
        asked, stop = [], threading.Event()

        def refuse_all() -> None:
            while not stop.is_set():
                try:
                    query, whom = self.heard.recvfrom(65535)
                except TimeoutError:
                    continue
                asked.append(query)
                end = 12 + query[12:].index(b"\0") + 5  # of the question
                self.heard.sendto(query[:2] + b"\x81\x85" + query[4:6] + bytes(6) + query[12:end], whom)

        refusing = threading.Thread(target=refuse_all)
        refusing.start()
        try:
            check = person.wait_check(request, "caa-1", "could-not-tell", "proved", timeout=options.wait(60))
        finally:
            stop.set()
            refusing.join()
        self.assertTrue(asked)
        self.assertEqual(check["state"], "could-not-tell")
        self.assertEqual(check["reason"], "caa-lookup-failed")

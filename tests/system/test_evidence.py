# SPDX-License-Identifier: Apache-2.0
"""Evidence packs: judged again without a database, and worth nothing when any octet is another one."""

import base64
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Callable

from world import SystemTest, wait_for  # first: finds the others

from options import options
from product import PERSPECTIVES
from thief import AtOnce, Wish

Change = Callable[[dict[str, Any]], None]


def octets(text: str) -> bytes:
    return base64.b64decode(text)


def flipped(text: str, at: int = -1) -> str:
    """The same octets but for one bit."""
    raw = bytearray(octets(text))
    raw[at % len(raw)] ^= 1
    return base64.b64encode(raw).decode()


def payload_of(pack: bytes) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(octets(json.loads(pack)["payload"]))
    return payload


def sealed(payload: dict[str, Any]) -> bytes:
    """An unsigned pack, written as csctl writes one."""
    text = json.dumps(payload, separators=(",", ":"))
    envelope = {
        "payloadType": "application/vnd.countersign.evidence-pack.v1+json",
        "payload": base64.b64encode(text.encode()).decode(),
        "signatures": [],
    }
    return (json.dumps(envelope, indent=1) + "\n").encode()


class Evidence(SystemTest):
    """Certificates on all kinds of proof; packs are exported by the observer."""

    mail_below = ("beta.example",)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        test = cls()
        cls.by_mailbox = test.issue("ann@e1.beta.example")
        cls.by_domain = test.issue_by_domain("bea@alpha.example", "alpha.example")
        cls.renewed = test.renew(cls.by_mailbox)
        cls.after_another = test.issue_after_another("cid@e3.beta.example", "dan@e3.beta.example")
        test.wait_head()
        cls.unsigned = test.export(cls.by_mailbox, "--unsigned")
        cls.without_mailbox_validator = test.another_table()

    def another_table(self) -> Path:
        """Of a version of its own; made early, since its keys count from a minute before."""
        table = self.stack.root / "trust" / "another"
        words = ["trust", "write", "--version", "2", "--out", str(table)]
        for number in (1, 2):
            words += ["--approver", str(self.stack.root / "trust" / f"approver-{number}.pem")]
        names = ("request-intake", "policy", "caa-dnssec", "mpic-coordinator", "signer")
        self.stack.csctl(*words, *(f"{name}={self.stack.key_file(name)}" for name in names))
        return table

    def issue(self, mailbox: str) -> str:
        person = self.person()
        request = str(person.create(self.csr(mailbox), [mailbox], "smime-mailbox"))
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        person.approve(request)
        person.wait_state(request, "issued")
        return request

    def issue_by_domain(self, mailbox: str, zone: str) -> str:
        """Looked at too early once: the pack has that refusal too."""
        person = self.person("operator-token")
        request = str(person.create(self.csr(mailbox), [mailbox], "smime-domain"))
        person.wait_planned(request)
        person.what_to_publish(request)
        person.verify(request, "domain-1")
        person.wait_check(request, "domain-1", "refused")
        person.prove_domain_by_txt(request, zone)
        person.approve(request)
        person.wait_state(request, "issued")
        return request

    def renew(self, first: str) -> str:
        """The same key again."""
        person = self.person()
        request = str(person.call("POST", f"/v1/requests/{first}/renew", {})["id"])
        person.wait_state(request, "ready")
        person.approve(request)
        person.wait_state(request, "issued")
        return request

    def issue_after_another(self, refused: str, mailbox: str) -> str:
        """CAA said no to another request about this domain before."""
        zone, person = "beta.example", self.person()
        label = mailbox.partition("@")[2].removesuffix("." + zone)
        self.stack.dns.set(zone, label, "CAA", '0 issuemail ";"')
        self.stack.dns.set(zone, label, "MX", "10 mail")
        request = str(person.create(self.csr(refused), [refused], "smime-mailbox"))
        person.wait_planned(request)
        person.prove_mailbox(request, refused)
        person.approve(request)
        person.wait_state(request, "refused")
        both = f"signer.evidence where request = '{request}' and outcome = 2"
        wait_for(lambda: self.count(both) == 2, options.wait(30), "the no of the primary, and of those elsewhere")
        self.stack.dns.remove(zone, label, "CAA")
        for service in ("caa-dnssec", *(perspective.service for perspective in PERSPECTIVES)):
            self.stack.restart_service(service)  # they remember answers for a minute
        return self.issue(mailbox)

    def export(self, request: str, *words: str) -> bytes:
        url = self.stack.environment("observer")["CS_DATABASE_URL"]
        done = self.csctl("evidence", "export", request, *words, CS_DATABASE_URL=url)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.encode()

    def judge(self, pack: bytes, root: Path | None = None, *words: str) -> tuple[int, dict[str, Any]]:
        """In a directory with nothing but what an auditor brings, and without a setting."""
        with tempfile.TemporaryDirectory() as name:
            where = Path(name)
            (where / "pack").write_bytes(pack)
            for file in ("trust", "approvers"):
                (where / file).write_bytes((self.stack.root / "trust" / file).read_bytes())
            (where / "root.pem").write_bytes((root or self.stack.ca / "root.cert.pem").read_bytes())
            done = subprocess.run(
                [str(self.stack.binaries / "csctl"), "evidence", "verify", "pack", *(words or ("--trust", "trust")),
                 "--approvers", "approvers", "--root", "root.pem", "--json"],
                capture_output=True, text=True, cwd=where, env={"PATH": "/usr/bin"},
                timeout=options.wait(60), check=False,
            )  # fmt: skip
        self.assertIn(done.returncode, (0, 1), done.stderr)
        told: dict[str, Any] = json.loads(done.stdout)
        self.assertEqual(told["holds"], done.returncode == 0)
        return done.returncode, told

    def holds(self, pack: bytes) -> dict[str, str]:
        status, told = self.judge(pack)
        self.assertEqual((status, [step for step in told["steps"] if not step["holds"]]), (0, []))
        return {step["name"]: step["text"] for step in told["steps"]}

    def fails(self, pack: bytes, *names: str) -> str:
        status, told = self.judge(pack)
        self.assertEqual(status, 1)
        wrong = [step for step in told["steps"] if not step["holds"]]
        self.assertEqual(len(wrong), 1, told)
        self.assertIn(wrong[0]["name"], names, told)
        return str(wrong[0]["text"])

    # Tests

    def test_every_certificate_is_judged_again_without_a_database(self) -> None:
        key = str(self.stack.key_file("csctl"))
        for request in (self.by_mailbox, self.renewed, self.after_another, self.by_domain):
            told = self.holds(self.export(request, "--key", key))
            self.assertEqual(
                list(told), ["exporter", "log", "trust", "lint", "case", "gate", "chain", "octets", "answers"]
            )
            self.assertIn("signed by key", told["exporter"])
            self.assertIn("up to the root given", told["chain"])
            serial = self.value(f"select encode(serial, 'hex') from signer.certificate where request = '{request}'")
            self.assertIn(serial, told["octets"])
            packets = int(told["answers"].split()[0])
            self.assertGreater(packets, 0)
        self.assertIn("nobody signed", self.holds(self.unsigned)["exporter"])
        self.assertIn("domain alpha.example by dns-txt", told["gate"])
        self.assertIn("caa alpha.example by caa-issuemail", told["gate"])

    def test_a_refusal_that_was_weighed_is_in_the_pack(self) -> None:
        payload = payload_of(self.export(self.by_domain, "--unsigned"))
        count = f"signer.evidence where request = '{self.by_domain}' and outcome = 2"
        self.assertGreater(self.count(count), 0)
        whole = len(payload["evidence"])
        self.assertEqual(whole, self.count(f"signer.evidence where request = '{self.by_domain}'"))
        for at in range(whole):  # none may be left out, be it yes or no
            less = {**payload, "evidence": payload["evidence"][:at] + payload["evidence"][at + 1 :]}
            self.fails(sealed(less), "case")

    def test_what_a_request_follows_is_in_the_pack(self) -> None:
        payload = payload_of(self.export(self.renewed, "--unsigned"))
        before = payload["previous"]
        self.assertEqual((before["request_id"], before["revoked"]), (self.by_mailbox, False))
        self.assertTrue(payload["key_was_theirs"])
        self.assertEqual(before["certificate"], payload_of(self.unsigned)["certificate"])
        for member in before:
            other = {**before, member: True if member == "revoked" else flipped(before[member]) if member == "certificate" else "x"}
            if member == "request_id":
                other[member] = self.by_domain
            self.fails(sealed({**payload, "previous": other}), "evidence" if member == "request_id" else "case")
        self.fails(sealed({**payload, "previous": None}), "evidence")

    def test_a_refusal_of_another_request_is_in_the_pack(self) -> None:
        payload = payload_of(self.export(self.after_another, "--unsigned"))
        others = (
            "select translate(encode(e.envelope, 'base64'), E'\\n', '') from signer.evidence e"
            " join signer.evidence o using (check_digest)"
            f" where e.outcome = 2 and o.request = '{self.after_another}' and e.request <> o.request"
        )
        envelopes = [row[0] for row in self.rows(others)]
        self.assertEqual(len(envelopes), 2)  # of the primary, and of those who looked from elsewhere
        for envelope in envelopes:
            at = [item["envelope"] for item in payload["evidence"]].index(envelope)
            less = payload["evidence"][:at] + payload["evidence"][at + 1 :]
            self.fails(sealed({**payload, "evidence": less}), "case")
            late = payload["evidence"][at]["received_ms"] + 1
            for change in ({"received_ms": late}, {"envelope": flipped(envelope, 9)}):
                altered = json.loads(json.dumps(payload))
                altered["evidence"][at].update(change)
                self.fails(sealed(altered), "evidence", "case")

    def test_a_request_that_is_approved_in_itself_is_the_approval_too(self) -> None:
        """As who has the keys of intake and policy makes one."""
        mailbox = "ann@e1.beta.example"
        with AtOnce(self, ("request-intake", "policy")) as maker:
            self.assertEqual(maker.try_for({"it": Wish(mailbox, "alice")}), ["it"])
        newest = "select request from signer.certificate order by issued_at_ms desc limit 1"
        request = self.value(newest)
        self.wait_head()
        pack = self.export(request, "--unsigned")
        payload = payload_of(pack)
        statements = payload["statements"]
        self.assertEqual(statements["approval"], statements["request"])
        self.holds(pack)
        other = payload_of(self.unsigned)["statements"]["approval"]
        self.fails(sealed({**payload, "statements": {**statements, "approval": other}}), "approval")
        late = {**statements["approval"], "received_ms": statements["approval"]["received_ms"] + 1}
        self.fails(sealed({**payload, "statements": {**statements, "approval": late}}), "case")

    def test_it_is_for_people_too(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.unsigned)
            file.flush()
            done = self.csctl("evidence", "verify", file.name)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("this certificate was rightly issued", done.stdout)
            file.seek(0)
            file.write(b"[")
            file.flush()
            done = self.csctl("evidence", "verify", file.name)
            self.assertEqual(done.returncode, 1)
            self.assertIn("does not prove", done.stdout)
        done = self.csctl("evidence", "verify", "/nonexistent")
        self.assertEqual(done.returncode, 2)

    def test_each_member_counts_even_when_nobody_signed(self) -> None:
        """Whoever alters a pack and writes it as it should be written is told what does not fit."""
        now = payload_of(self.unsigned)
        one_before = {
            "request_id": self.by_domain, "certificate": now["certificate"], "enterprise": "demo",
            "account": "alice", "profile": "mailbox-multipurpose", "revoked": False,
        }  # fmt: skip
        self.assertEqual(sealed(now), self.unsigned)  # this program writes packs as csctl does
        changes: dict[str, list[tuple[Change, tuple[str, ...]]]] = {
            "version": [(lambda p: p.update(version=2), ("pack",))],
            "request_id": [(lambda p: p.update(request_id="00000000-0000-4000-8000-000000000000"), ("log",))],
            "rules": [(lambda p: p.update(rules="SBR 0"), ("rules",))],
            "lint": [(lambda p: p.update(lint="0"), ("lint",))],
            "issuer_domains": [
                (lambda p: p["issuer_domains"].append("ca.other.example"), ("case",)),
                (lambda p: p["issuer_domains"].clear(), ("case",)),
            ],
            "statements": [
                change
                for name in ("request", "approval", "plan")
                for change in (
                    (lambda p, n=name: p["statements"][n].update(received_ms=1), ("case",)),
                    (lambda p, n=name: p["statements"][n].update(envelope=flipped(p["statements"][n]["envelope"])), (name,)),
                )
            ],
            "evidence": [
                change
                for at in range(len(now["evidence"]))
                for change in (
                    (lambda p, a=at: p["evidence"][a].update(received_ms=1), ("case",)),
                    (lambda p, a=at: p["evidence"][a].update(envelope=flipped(p["evidence"][a]["envelope"])), ("case",)),
                    (lambda p, a=at: p["evidence"][a].update(envelope=flipped(p["evidence"][a]["envelope"], 9)), ("case", "evidence")),
                    (lambda p, a=at: p["evidence"].append(p["evidence"][a]), ("case",)),
                )
            ],
            "answers": [
                *(
                    change
                    for at in range(len(now["answers"]))
                    for change in (
                        (lambda p, a=at: p["answers"].pop(a), ("answers",)),
                        (lambda p, a=at: p["answers"][a].update(octets=flipped(p["answers"][a]["octets"])), ("answers",)),
                        (lambda p, a=at: p["answers"][a].update(name="other.example"), ("answers",)),
                        (lambda p, a=at: p["answers"][a].update(type="other"), ("answers",)),
                    )
                ),
                (lambda p: p["answers"].append({"name": "a.example", "type": "caa", "octets": "AAAA"}), ("answers",)),
            ],
            "key_was_theirs": [(lambda p: p.update(key_was_theirs=not p["key_was_theirs"]), ("case",))],
            "previous": [(lambda p: p.update(previous=one_before), ("evidence",))],
            "certificate": [
                (lambda p: p.update(certificate=flipped(p["certificate"])), ("chain", "certificate")),
                (lambda p: p.update(certificate=flipped(p["certificate"], 100)), ("chain", "certificate")),
                (lambda p: p.update(certificate=p["chain"][0]), ("chain", "certificate", "octets")),
            ],
            "chain": [
                (lambda p: p["chain"].__setitem__(0, flipped(p["chain"][0])), ("chain",)),
                (lambda p: p["chain"].append(p["chain"][0]), ("chain",)),
            ],
            "log": [
                *(
                    change
                    for at in range(len(now["log"]))
                    for change in (
                        (lambda p, a=at: p["log"][a]["record"].update(at_ms=1), ("log",)),
                        (lambda p, a=at: p["log"][a]["record"].update(seq=1), ("log",)),
                        (lambda p, a=at: p["log"][a]["record"].update(action="other"), ("log",)),
                        (lambda p, a=at: p["log"][a]["record"].update(detail="a=b"), ("log",)),
                        (lambda p, a=at: p["log"][a]["path"].pop(), ("log",)),
                        (lambda p, a=at: p["log"].pop(a), ("log",)),
                    )
                ),
            ],
            "head": [
                (lambda p: p["head"].update(size=p["head"]["size"] + 1), ("head",)),
                (lambda p: p["head"].update(root="00" * 32), ("head",)),
                (lambda p: p["head"].update(at_ms=p["head"]["at_ms"] + 1), ("head",)),
                (lambda p: p["head"].update(signature="00" * 64), ("head",)),
                (lambda p: p["head"].update(keyid="00" * 16), ("head",)),
                *((lambda p, m=m: p["head"].update({m: 2**63 - 1}), ("pack",)) for m in ("size", "at_ms")),
            ],
            "trust": [(lambda p: p.update(trust=flipped(p["trust"])), ("trust",))],
            "approvers": [(lambda p: p.update(approvers=flipped(p["approvers"])), ("trust",))],
        }  # fmt: skip
        self.assertEqual(list(changes), list(now))
        for member, ways in changes.items():
            for number, (change, names) in enumerate(ways):
                with self.subTest(member=member, way=number):
                    altered = json.loads(json.dumps(now))
                    change(altered)
                    self.assertNotEqual(altered, now)
                    self.fails(sealed(altered), *names)
            with self.subTest(without=member):
                self.fails(sealed({name: value for name, value in now.items() if name != member}), "pack")
        self.fails(sealed({**now, "more": 1}), "pack")

    def test_a_signed_pack_counts_octet_by_octet(self) -> None:
        pack = self.export(self.by_mailbox, "--key", str(self.stack.key_file("csctl")))
        random = options.random("pack")
        for _ in range(options.many(150, 30)):
            at = random.randrange(len(pack))
            other = bytes([pack[at] ^ (1 << random.randrange(7))])
            self.fails(pack[:at] + other + pack[at + 1 :], "pack", "exporter")
        self.fails(pack[:-1], "pack")
        self.fails(pack + b"\n", "pack")
        self.fails(b"", "pack")
        # Signed by a key that may state something else, in the right way.
        other = self.export(self.by_mailbox, "--key", str(self.stack.key_file("policy")))
        self.assertIn("may not state this", self.fails(other, "exporter"))

    def test_another_root_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            self.stack.csctl("ca", "init", "--dir", name)
            status, told = self.judge(self.unsigned, Path(name) / "root.cert.pem")
        self.assertEqual((status, told["steps"][-1]["name"]), (1, "root"))

    def test_what_an_unknown_key_stated_proves_nothing(self) -> None:
        """Judged by a table that does not know who proved the mailbox."""
        status, told = self.judge(self.unsigned, None, "--trust", str(self.without_mailbox_validator))
        self.assertEqual(status, 1)
        self.assertEqual(told["steps"][-1]["name"], "evidence")
        self.assertIn("not in the trust table", told["steps"][-1]["text"])

    def test_a_head_by_a_stolen_key_proves_nothing_however_it_is_dated(self) -> None:
        """Whoever has the key writes a log of his own, with a head from before the theft was known."""
        where = self.stack.root / "trust"
        table, keyid = where / "after-theft", payload_of(self.unsigned)["head"]["keyid"]
        files = {"CS_TRUST_FILE": str(where / "trust"), "CS_APPROVERS_FILE": str(where / "approvers")}
        done = self.csctl("trust", "propose", "--out", str(table), "--distrust", keyid, **files)
        self.assertEqual(done.returncode, 0, done.stderr)
        for number in (1, 2):
            self.csctl("trust", "approve", str(table), "--key", str(where / f"approver-{number}.pem"), **files)
        status, told = self.judge(self.unsigned, None, "--trust", str(table))
        self.assertEqual((status, told["steps"][-1]["name"]), (1, "head"), told)
        self.assertIn("is distrusted", told["steps"][-1]["text"])
        proof = self.stack.root / "lone.json"
        proof.write_text(self.csctl("audit", "prove", "1").stdout)
        for trusted, want in ((where / "trust", 0), (table, 1)):
            checked = self.csctl("audit", "check", str(proof), **{**files, "CS_TRUST_FILE": str(trusted)})
            self.assertEqual(checked.returncode, want, checked.stdout + checked.stderr)

    def test_what_was_never_issued_has_no_pack(self) -> None:
        done = self.csctl("evidence", "export", "00000000-0000-4000-8000-000000000000", "--unsigned")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("judged no such request", done.stderr)
        done = self.csctl("evidence", "export", self.by_mailbox)
        self.assertEqual(done.returncode, 2)  # signed or unsigned: somebody has to say so

# SPDX-License-Identifier: Apache-2.0
"""What a certificate of a private root says that nobody verified: a person's value, an operator's, the profile's."""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from world import Applicant, SystemTest, openssl, wait_for  # first: finds the others

import certificate_tables as tables
from applicant import Refused
from mail_cas import MailCas
from options import options

OU, TITLE, O = "organizationalUnitName", "title", "organizationName"
SHOWN = [
    {"name": O, "required": True, "value": "Alpha Works"},
    {"name": OU, "required": False, "value": ""},
    {"name": TITLE, "required": False, "value": ""},
]


class Subject(SystemTest):
    """A profile of the enterprise shows three attributes; of alice an operator has set one, of bob none."""

    mailbox_of = {"alice-token": "alice@alpha.example", "bob-token": "bob@alpha.example"}
    cas: MailCas  # "own" is of the enterprise's root, "ec" of a public one

    @classmethod
    def prepare(cls) -> None:
        cls.cas = MailCas(cls.stack)
        cls.settings = cls.cas.settings()

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        spec = json.loads(
            cls.stack.postgres.query(
                "select spec from policy.document where kind = 'profile' and name = 'smime-private-details'"
            )
        )
        cls.stack.document("profile", "staff", {**spec, "rdns": SHOWN})
        cls.stack.document("person", "alice", {"details": {OU: "Sales"}})

    def ask(self, person: Applicant, name: str, profile: str = "staff", **more: Any) -> str:
        request = person.create(self.csr(name), [self.mailbox_of[person.token]], profile, **more)
        person.wait_planned(request)
        return request

    def issue(self, person: Applicant, request: str) -> bytes:
        if person.show(request)["checks"][0]["state"] != "standing":
            person.prove_mailbox(request, self.mailbox_of[person.token])
        person.approve(request)
        person.wait_state(request, "issued", timeout=options.wait(60))
        return person.certificate(request, "der")

    def judge(self, certificate: bytes, mailbox: str, subject: dict[str, str]) -> None:
        issuing = subprocess.run(
            ["openssl", "x509", "-in", self.cas.issuing("own"), "-outform", "DER"], capture_output=True, check=True
        ).stdout
        tables.judge(
            self,
            certificate,
            tables.Expected(
                profile="private-details", use="dual", issuer=tables.Issuer.of(issuing), mailboxes=[mailbox],
                hosts=[], days=365, subject={tables.CN: mailbox, **subject}, key="p256",
            ),
        )  # fmt: skip

    def refused(self, person: Applicant, request: str) -> tuple[str, str]:
        refusal = person.wait_state(request, "refused")["refusal"]
        self.assertTrue(refusal["mend"])
        return refusal["code"], refusal["field"]

    def pack_says(self, request: str) -> dict[str, str]:
        url, chain = self.stack.environment("observer")["CS_DATABASE_URL"], str(self.cas.where / "own.chain.pem")
        self.wait_head()
        with tempfile.TemporaryDirectory() as name:
            pack = Path(name) / "pack"
            done = self.csctl("evidence", "export", request, "--unsigned", "--chain", chain, CS_DATABASE_URL=url)
            self.assertEqual(done.returncode, 0, done.stderr)
            pack.write_text(done.stdout)
            where = self.stack.root / "trust"
            words = ["--trust", str(where / "trust"), "--approvers", str(where / "approvers")]
            done = self.csctl("evidence", "verify", str(pack), *words, "--root", str(self.cas.root("own")), "--json")
            self.assertEqual(done.returncode, 0, done.stdout)
        return {step["name"]: step["text"] for step in json.loads(done.stdout)["steps"]}

    def test_a_persons_value_and_an_operators(self) -> None:
        alice, operator = self.person(), self.person("operator-token")
        request = self.ask(alice, "both", subject={TITLE: "Dr."})
        shown = alice.show(request)
        self.assertEqual(
            shown["subject"],
            [
                {"name": O, "value": "Alpha Works", "set_by": "profile", "verified": False},
                {"name": OU, "value": "Sales", "set_by": "operator", "verified": False},
                {"name": TITLE, "value": "Dr.", "set_by": "person", "verified": False},
            ],
        )
        self.assertIn("that nobody verifies", json.dumps(shown["notes"]))
        self.assertEqual(operator.show(request)["subject"], shown["subject"])
        certificate = self.issue(alice, request)
        subject = {tables.O: "Alpha Works", tables.OU: "Sales", tables.TITLE: "Dr."}
        self.judge(certificate, "alice@alpha.example", subject)
        said = self.pack_says(request)["subject"]
        for words in (f"{O}=Alpha Works (set by: profile)", f"{OU}=Sales (set by: operator)", f"{TITLE}=Dr. (set by: person)"):
            self.assertIn(words, said)
        self.assertIn("nobody verified", said)

    def test_what_an_operator_has_set_is_not_the_persons_to_change(self) -> None:
        alice, bob = self.person(), self.person("bob-token")
        request = self.ask(alice, "fixed", subject={OU: "Board"})
        self.assertEqual(self.refused(alice, request), ("subject-fixed", f"subject.{OU}"))
        request = self.ask(alice, "for-all", subject={O: "Beta Works"})
        self.assertEqual(self.refused(alice, request), ("subject-fixed", f"subject.{O}"))
        request = self.ask(alice, "not-shown", subject={"surname": "Näf"})
        self.assertEqual(self.refused(alice, request), ("subject-not-offered", "subject.surname"))
        request = self.ask(bob, "open", subject={OU: "Board"})  # of him nobody has set it
        self.assertEqual(bob.show(request)["subject"][1]["set_by"], "person")

    def form(self, person: Applicant, whose: str, profile: str = "staff") -> dict[str, dict[str, Any]]:
        shown = person.call("GET", f"/v1/config/demo/form/{profile}?person={whose}")
        self.assertEqual((shown["profile"], shown["person"]), (profile, whose))
        return {field["name"]: field for field in shown["fields"]}

    def test_the_form_is_filled_in_before_anything_is_asked_for(self) -> None:
        alice, operator = self.person(), self.person("operator-token")
        fields = self.form(alice, "alice")
        self.assertEqual(list(fields), [O, OU, TITLE])
        self.assertEqual([(f["value"], f["set_by"]) for f in fields.values()], [
            ("Alpha Works", "profile"), ("Sales", "operator"), ("", "nobody"),
        ])  # fmt: skip
        self.assertEqual([f["editable"] for f in fields.values()], [False, False, True])
        self.assertTrue(fields[TITLE]["unverified"])
        seen = self.form(operator, "alice")
        self.assertEqual([f["value"] for f in seen.values()], [f["value"] for f in fields.values()])
        self.assertFalse(any(f["editable"] for f in seen.values()))
        for whose, profile in (("bob", "staff"), ("nobody", "staff"), ("alice", "nothing")):
            with self.assertRaises(Refused) as refused:
                self.form(alice, whose, profile)
            self.assertEqual(refused.exception.status, 404)

    def test_without_configured_values_the_request_is_generated(self) -> None:
        bob = self.person("bob-token")
        certificate = self.issue(bob, self.ask(bob, "none"))
        self.judge(certificate, "bob@alpha.example", {tables.O: "Alpha Works"})

    def test_a_public_profile_takes_nothing_of_it(self) -> None:
        alice = self.person()
        request = self.ask(alice, "public", "smime-mailbox", subject={TITLE: "Dr."})
        self.assertEqual(self.refused(alice, request), ("subject-not-offered", f"subject.{TITLE}"))
        request = self.ask(alice, "public-none", "smime-mailbox")
        self.assertNotIn("subject", alice.show(request))  # what an operator has set is not in there either
        certificate = self.issue(alice, request)
        text = openssl("x509", "-inform", "DER", "-noout", "-subject", given=certificate)
        self.assertEqual(re.findall(r"([A-Za-z]+) ?=", text.partition("subject=")[2]), ["CN"])

    def test_a_change_of_the_details_counts_at_the_approval(self) -> None:
        bob = self.person("bob-token")
        request = self.ask(bob, "late", subject={OU: "Board"})
        if bob.show(request)["checks"][0]["state"] != "standing":
            bob.prove_mailbox(request, "bob@alpha.example")
        self.stack.document("person", "bob", {"details": {OU: "Cellar"}})
        try:
            bob.approve(request)
            self.assertEqual(self.refused(bob, request), ("subject-fixed", f"subject.{OU}"))
        finally:
            self.stack.document("person", "bob", {"details": {}})
        self.assertEqual(self.count(f"signer.intent where request = '{request}'"), 0)


class CommandLine(SystemTest):
    """csctl asks for values as the API takes them."""

    def test_subject_name_value(self) -> None:
        csr, mailbox = str(self.csr("words")), "alice@alpha.example"
        ask = ["request", "submit", "--csr", csr, "--mailbox", mailbox]
        done = self.csctl(*ask, "--subject", "title=Dr.", "--subject", "countryName=CH")
        self.assertEqual(done.returncode, 0, done.stderr)
        made = json.loads(done.stdout)
        self.assertEqual([v["value"] for v in made["subject"]], ["CH", "Dr."])
        done = self.csctl(*ask, "--subject", "title")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("NAME=VALUE", done.stderr)
        done = self.csctl(*ask, "--subject", "countryName=Switzerland")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("subject.countryName", done.stderr)

# SPDX-License-Identifier: Apache-2.0
"""Certificates of every public profile: who an organization or a person is, as people verified it."""

import time
from pathlib import Path
from typing import Any

from world import Applicant, SystemTest, openssl, wait_for  # first: finds the others

from applicant import make_csr
from options import options
from verified import record, record_everything

# profile: the policy that the certificate must name, what its subject must say, and what it must not
MULTIPURPOSE, STRICT = 2, 3
WHO = {
    1: ([], ["O=", "SN=", "organizationIdentifier"]),
    2: (["O=Alpha Widgets AG", "organizationIdentifier=NTRCH-CHE123456789", "C=CH"], ["SN=", "GN="]),
    3: (["O=Alpha Widgets AG", "organizationIdentifier=NTRCH-CHE123456789", "SN=Näf", "GN=Alice"], []),
    4: (["SN=Näf", "GN=Alice"], ["O=", "organizationIdentifier"]),
}
PROFILES = {
    "smime-mailbox": (1, MULTIPURPOSE),
    "smime-mailbox-strict": (1, STRICT),
    "smime-organization": (2, MULTIPURPOSE),
    "smime-organization-strict": (2, STRICT),
    "smime-sponsor": (3, MULTIPURPOSE),
    "smime-sponsor-strict": (3, STRICT),
    "smime-individual": (4, MULTIPURPOSE),
    "smime-individual-strict": (4, STRICT),
}


class Identity(SystemTest):
    """All on one stack, whose enterprise and alice are verified; bob and the operator are not."""

    mail_below = ("beta.example",)
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}
    }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        record_everything(cls.stack)

    @classmethod
    def record(cls, kind: str, account: str, attributes: str, days_ago: float = 400, **more: str) -> str:
        return record(cls.stack, kind, account, attributes, days_ago, **more)

    def key_and_csr(self, name: str) -> tuple[Path, Path]:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        return make_csr(where, name)

    def ask(self, person: Applicant, profile: str, mailbox: str, **more: Any) -> str:
        csr = self.key_and_csr(f"{person.token}-{profile}-{len(more)}-{time.monotonic_ns()}")[1]
        request = person.create(csr, [mailbox], profile, **more)
        person.wait_planned(request)
        return request

    def prove(self, person: Applicant, request: str, mailbox: str) -> None:
        """Whatever of it a person has to prove."""
        for check in person.show(request)["checks"]:
            if check["state"] in ("proved", "standing") or check["kind"] not in ("mailbox", "domain"):
                continue
            if check["kind"] == "domain":
                person.prove_domain_by_txt(request, check["target"], check["id"])
            else:
                person.prove_mailbox(request, mailbox, check["id"])

    def refusal(self, person: Applicant, request: str) -> dict[str, Any]:
        shown = person.wait_state(request, "refused", timeout=options.wait(30))
        self.assertEqual(self.count(f"signer.intent where request = '{request}'"), 0)
        return dict(shown["refusal"])

    # Each of the eight

    def issue(self, profile: str, mailbox: str, **more: Any) -> tuple[str, str]:
        alice = self.person()
        request = self.ask(alice, profile, mailbox, **more)
        self.prove(alice, request, mailbox)
        alice.wait_state(request, "ready", timeout=options.wait(30))
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        return request, openssl(
            "x509", "-noout", "-text", "-nameopt", "sep_comma_plus,utf8,sname",
            given=alice.certificate(request),
        )  # fmt: skip

    def subject_of(self, text: str) -> str:
        return next(line.partition("Subject:")[2] for line in text.split("\n") if "Subject:" in line)

    def issue_each(self, *profiles: str) -> None:
        for profile in profiles:
            kind, generation = PROFILES[profile]
            says, never = WHO[kind]
            below = "beta" if kind in (1, 4) else "alpha"
            with self.subTest(profile):
                request, text = self.issue(profile, f"{profile}@{below}.example")
                subject = self.subject_of(text)
                self.assertIn(f"2.23.140.1.5.{kind}.{generation}", text)
                self.assertIn(f"email:{profile}@{below}.example", text)
                self.assertNotIn("DNS:", text)
                for part in says:
                    self.assertIn(part, subject)
                for part in never:
                    self.assertNotIn(part, subject)
                if generation == STRICT:
                    self.assertNotIn("street", subject)
                    self.assertNotIn("postalCode", subject)
                self.assertEqual(
                    self.value(f"select profile from signer.intent where request = '{request}'"),
                    self.value(
                        "select spec->>'certificate_profile' from policy.document"
                        f" where kind = 'profile' and name = '{profile}'"
                    ),
                )

    def test_mailbox_validated(self) -> None:
        self.issue_each("smime-mailbox", "smime-mailbox-strict")

    def test_organization_validated(self) -> None:
        self.issue_each("smime-organization", "smime-organization-strict")

    def test_sponsor_validated(self) -> None:
        self.issue_each("smime-sponsor", "smime-sponsor-strict")

    def test_individual_validated(self) -> None:
        self.issue_each("smime-individual", "smime-individual-strict")

    def test_a_common_name_repeats_what_was_verified(self) -> None:
        text = self.issue("smime-organization", "cn@alpha.example", common_name="Alpha Widgets AG")[1]
        self.assertIn("CN=Alpha Widgets AG", self.subject_of(text))
        text = self.issue("smime-individual", "cn@beta.example", common_name="Alice Näf")[1]
        self.assertIn("CN=Alice Näf", self.subject_of(text))

    # What people see

    def test_people_see_what_was_verified_and_press_nothing(self) -> None:
        alice = self.person()
        request = self.ask(alice, "smime-sponsor", "seen@alpha.example")
        organization = alice.wait_check(request, "organization-1", "proved")
        person = alice.wait_check(request, "individual-1", "proved")
        alice.wait_check(request, "authority-1", "proved")
        self.assertIn("organizationName=Alpha Widgets AG", organization["verified"])
        self.assertEqual(person["verified"][0], "givenName=Alice")
        self.assertEqual(person["target"], "alice")
        self.assertIn("verified by vera; approved by otto", person["detail"])
        self.assertEqual(person["you"]["do"], "nothing")
        shown = self.csctl("request", "show", request)
        self.assertIn("organizationIdentifier=NTRCH-CHE123456789", shown.stdout)
        alice.cancel(request)

    # Refusals

    def test_nobody_is_somebody_without_a_record(self) -> None:
        """Alice's serves neither bob nor anybody else."""
        bob = self.person("bob-token")
        refusal = self.refusal(bob, self.ask(bob, "smime-individual", "bob@beta.example"))
        self.assertEqual(refusal["code"], "identity-missing")
        self.assertEqual(refusal["field"], "account")
        self.assertEqual(refusal["clause"], "SBR 3.2.4")
        self.assertIn("Ask an operator", refusal["mend"])

    def test_old_and_unapproved_records_do_not_count(self) -> None:
        bob = self.person("bob-token")
        old = self.record("individual", "bob", "surname=Bauer\n", days_ago=826)
        refusal = self.refusal(bob, self.ask(bob, "smime-individual", "bob@beta.example"))
        self.assertEqual(refusal["code"], "identity-stale")
        self.value(f"update policy.identity set withdrawn_at_ms = verified_at_ms where id = '{old}'")
        refusal = self.refusal(bob, self.ask(bob, "smime-individual", "bob@beta.example"))
        self.assertEqual(refusal["code"], "identity-withdrawn")

    def test_a_name_that_was_not_verified_is_refused(self) -> None:
        alice = self.person()
        request = self.ask(alice, "smime-individual", "cn@beta.example", common_name="Mallory")
        self.assertEqual(self.refusal(alice, request)["code"], "common-name")
        request = self.ask(alice, "smime-organization", "cn@alpha.example", common_name="Alice Näf")
        self.assertEqual(self.refusal(alice, request)["code"], "common-name")

    def test_a_record_that_is_withdrawn_serves_no_more(self) -> None:
        """Neither policy, nor the signer, which is told by a no that voids what was stated."""
        operator = self.person("operator-token")
        record = self.record("individual", "operator", "pseudonym=Operator 1\n")
        request = self.ask(operator, "smime-individual", "operator@beta.example")
        self.prove(operator, request, "operator@beta.example")
        operator.wait_state(request, "ready", timeout=options.wait(30))
        mine = f"request = '{request}' and position('individual-1'::bytea in envelope) > 0"
        wait_for(
            lambda: self.count(f"signer.evidence where {mine}") == 1,
            options.wait(20),
            "the signer to have heard who the operator is",
        )
        digest = f"(select check_digest from signer.evidence where {mine})"
        now_ms = str(int(time.time() * 1000))
        self.value(f"update policy.identity set withdrawn_at_ms = {now_ms} where id = '{record}'")
        wait_for(
            lambda: self.count(f"signer.evidence where outcome = 2 and check_digest = {digest}") == 1,
            options.wait(20),
            "the signer to have heard of the withdrawal",
        )
        operator.approve(request)
        self.assertEqual(self.refusal(operator, request)["code"], "identity-withdrawn")
        self.record("individual", "operator", "pseudonym=Operator 1\n", days_ago=0)
        again = self.ask(operator, "smime-individual", "operator@beta.example")
        self.assertEqual(operator.wait_check(again, "individual-1", "proved")["outcome"], "proved")
        operator.cancel(again)

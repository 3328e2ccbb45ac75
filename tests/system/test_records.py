# SPDX-License-Identifier: Apache-2.0
"""Who an organization or a person is: entered by one, approved by another, over the API."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from product import ADMINISTRATOR
from world import SystemTest

ADMIN = {"CS_API_TOKEN": ADMINISTRATOR[0]}
STAFF = """
kind: person
enterprise: demo
name: vera
spec: {roles: [operator]}
---
kind: person
enterprise: demo
name: otto
spec: {roles: [operator]}
---
kind: person
enterprise: demo
name: aud
spec: {roles: [auditor]}
"""
ALICE = ("--attribute", "givenName=Alice", "--attribute", "surname=Näf")


def days_ago(days: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Records(SystemTest):
    tokens: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        test = cls()
        test.ends(0, ADMINISTRATOR[0], "apply", "-f", "-", given=STAFF)
        cls.tokens = {}
        for name in ("vera", "otto", "aud", "alice"):
            words = ["person", "token", "demo", name, "--label", "test", "--scope", "*"]
            cls.tokens[name] = json.loads(test.ends(0, ADMINISTRATOR[0], *words))["token"]

    def runTest(self) -> None:
        pass

    def ends(self, status: int, token: str, *words: str, given: str | None = None) -> str:
        done = self.csctl(*words, given=given, CS_API_TOKEN=token)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def by(self, name: str, status: int, *words: str) -> str:
        return self.ends(status, self.tokens[name], "identity", *words)

    def add(self, name: str, account: str = "alice") -> dict[str, Any]:
        words = ["add", "demo", "--kind", "individual", "--account", account, "--method", "id-document"]
        said = self.by(name, 0, *words, "--source", "file 17", "--verified-at", days_ago(10), *ALICE)
        made: dict[str, Any] = json.loads(said)
        return made

    def test_one_enters_and_another_approves(self) -> None:
        """Identity attributes of individual profiles come from verified records with two-person approval."""
        request = self.person().create(self.csr("id1"), ["alice@alpha.example"], "smime-individual")
        self.person().wait_state(request, "refused")
        self.assertEqual(self.person().show(request)["refusal"]["code"], "identity-missing")
        record = self.add("vera")
        self.assertEqual((record["state"], record["verified_by"]), ("waiting", "demo/vera"))
        request = self.person().create(self.csr("id2"), ["alice@alpha.example"], "smime-individual")
        self.person().wait_state(request, "refused")
        self.assertEqual(self.person().show(request)["refusal"]["code"], "identity-not-approved")
        self.assertIn("second-person", self.by("vera", 1, "approve", "demo", record["id"]))
        approved = json.loads(self.by("otto", 0, "approve", "demo", record["id"]))
        self.assertEqual((approved["state"], approved["approved_by"]), ("approved", "demo/otto"))
        self.assertIn("record-approved", self.by("otto", 1, "approve", "demo", record["id"]))
        request = self.person().create(self.csr("id3"), ["alice@alpha.example"], "smime-individual")
        self.person().wait_planned(request)
        self.person().prove_mailbox(request, "alice@alpha.example")
        self.person().approve(request)
        self.person().wait_state(request, "issued")
        withdrawn = json.loads(self.by("vera", 0, "withdraw", "demo", record["id"]))
        self.assertEqual(withdrawn["state"], "withdrawn")
        self.assertIn("record-withdrawn", self.by("otto", 1, "withdraw", "demo", record["id"]))
        request = self.person().create(self.csr("id4"), ["alice@alpha.example"], "smime-individual")
        self.person().wait_state(request, "refused")
        self.assertEqual(self.person().show(request)["refusal"]["code"], "identity-withdrawn")

    def test_what_is_entered_is_checked(self) -> None:
        for more, field in (
            (("--attribute", "colour=red"), "attributes.colour"),
            (("--attribute", "commonName=x"), "attributes"),
            (("--attribute", "givenName=a\u202eb"), "attributes.givenName"),
        ):
            words = ["add", "demo", "--kind", "individual", "--account", "alice", "--method", "eid"]
            said = self.by("vera", 1, *words, "--source", "x", "--verified-at", days_ago(1), *more)
            self.assertIn(field, said)
        words = ["add", "demo", "--kind", "individual", "--account", "alice", "--source", "x"]
        now, old, future = days_ago(1), days_ago(826), days_ago(-1)
        self.assertIn("id-document", self.by("vera", 1, *words, "--method", "palmistry", "--verified-at", now, *ALICE))
        for when in (old, future, "yesterday"):
            self.assertIn("verified_at", self.by("vera", 1, *words, "--method", "eid", "--verified-at", when, *ALICE))
        nobody = [word if word != "alice" else "nobody" for word in words]
        self.assertIn("no person", self.by("vera", 1, *nobody, "--method", "eid", "--verified-at", now, *ALICE))

    def test_who_may(self) -> None:
        record = self.add("vera", "bob")
        self.assertIn("403", self.by("aud", 1, "approve", "demo", record["id"]))
        self.assertIn("403", self.by("alice", 1, "approve", "demo", record["id"]))
        self.assertIn("403", self.by("alice", 1, "list", "demo"))
        self.assertIn(record["id"], self.by("aud", 0, "list", "demo"))
        self.assertIn("404", self.by("aud", 1, "show", "rival", record["id"]))
        self.assertIn("404", self.by("aud", 1, "show", "demo", "0b2f2b6e-9f6e-7c39-9a34-0d8a1c8f9d11"))

    def test_nobody_says_who_they_are_themselves(self) -> None:
        words = ["add", "demo", "--kind", "individual", "--account", "vera", "--method", "eid", "--source", "x"]
        self.assertIn("own-identity", self.by("vera", 1, *words, "--verified-at", days_ago(1), *ALICE))
        record = json.loads(self.by("otto", 0, *words, "--verified-at", days_ago(1), *ALICE))
        self.assertIn("own-identity", self.by("vera", 1, "approve", "demo", record["id"]))

    def test_it_is_in_the_audit(self) -> None:
        record = self.add("vera", "bob")
        self.by("otto", 0, "approve", "demo", record["id"])
        changes = self.ends(0, ADMINISTRATOR[0], "config", "history", "demo")
        self.assertIn(record["id"], changes)
        self.assertIn("demo/otto", changes)

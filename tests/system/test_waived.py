# SPDX-License-Identifier: Apache-2.0
"""A profile of private trust that does without CAA and other perspectives: what it lets through, and who is told."""

import json
import tempfile
from pathlib import Path

from world import SystemTest, wait_for  # first: finds the others

from mail_cas import MailCas
from options import options

MAILBOX = "alice@w.caa-deny.example"  # where CAA forbids us


class Waived(SystemTest):
    mail_below = ("caa-deny.example",)
    cas: MailCas  # "own" is of the enterprise's root, "ec" of a public one

    @classmethod
    def prepare(cls) -> None:
        cls.cas = MailCas(cls.stack)
        cls.settings = cls.cas.settings()

    def profile(self, name: str, like: str, **more: bool) -> None:
        spec = self.value(f"select spec from policy.document where kind = 'profile' and name = '{like}'")
        self.stack.document("profile", name, {**json.loads(spec), **more})

    def steps(self, request: str) -> dict[str, str]:
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

    def test_private_trust_does_without_and_says_so(self) -> None:
        self.profile("bare", "smime-private-details", caa=False, mpic=False)
        self.profile("with-caa", "smime-private-details", mpic=False)
        alice = self.person()
        request = alice.create(self.csr("bare"), [MAILBOX], "bare")
        shown = alice.wait_planned(request)
        self.assertEqual([check["id"] for check in shown["checks"]], ["mailbox-1"])
        self.assertEqual(shown["waived"], ["caa", "mpic"])
        self.assertIn("does without CAA", json.dumps(shown["notes"]))
        alice.prove_mailbox(request, MAILBOX)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        said = self.steps(request)
        self.assertIn("private trust", said["waived"])
        self.assertIn("caa,mpic", said["waived"])
        detail = self.value(f"select detail from signer.audit where action = 'intent' and request = '{request}'")
        self.assertIn(" waived=caa,mpic ", detail)
        # The same mailbox, proved: CAA alone stands in the way where it is asked for.
        for profile in ("with-caa", "smime-mailbox"):
            request = alice.create(self.csr(profile), [MAILBOX], profile)
            alice.wait_planned(request)
            alice.approve(request)
            refusal = alice.wait_state(request, "refused", timeout=options.wait(60))["refusal"]
            # The perspectives read what we read, and their no may come first.
            self.assertIn(refusal["check"], ("caa-1",) if profile == "with-caa" else ("caa-1", "mpic-caa-1"))
            self.assertEqual(alice.show(request).get("waived", []), ["mpic"] if profile == "with-caa" else [])

    def test_a_document_that_waives_for_public_trust_waives_nothing(self) -> None:
        """Whoever owns the database writes what no API lets in."""
        self.profile("stolen", "smime-mailbox", caa=False, mpic=False, dnssec=False)
        alice = self.person()
        request = alice.create(self.csr("stolen"), ["bob@w.caa-deny.example"], "stolen")
        shown = alice.wait_planned(request)
        self.assertEqual([check["id"] for check in shown["checks"]], ["mailbox-1", "caa-1", "mpic-caa-1"])
        self.assertNotIn("waived", shown)

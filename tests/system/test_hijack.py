# SPDX-License-Identifier: Apache-2.0
"""Somebody took over the network near us, or near some perspectives: what they see, others do not."""

from pathlib import Path

from world import Refused, SystemTest, wait_for  # first: finds the others

from options import options


class Hijack(SystemTest):
    """`liars` ask a tree of names of their own; it has the keys of the true one."""

    services = False  # they start when that tree is there
    liars: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.lies = cls.stack.dns_view("lies")
            hints = {"CS_DNS_ROOT_HINTS_FILE": str(cls.lies.hints_file)}
            cls.stack.start_product(1, {name: hints for name in cls.liars})
        except BaseException:
            cls.stack.down(failed=True)
            raise

    def ask(self, zone: str) -> tuple[str, str]:
        """alice's request that wants the zone proved, her mailbox proved; and the value to publish."""
        mailbox, alice = f"alice@{zone}", self.person()
        csr: Path = self.csr(mailbox)
        request = alice.create(csr, [mailbox], "smime-domain-mailbox", domains=[zone])
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        value: str = alice.what_to_publish(request)["record"]["value"]
        return request, value

    def pressed(self, request: str) -> bool:
        """Verify, as often as it takes: presses within five seconds are one."""
        self.person().verify(request, "domain-1")
        check = self.person().check(request, "mpic-domain-1")
        return check is not None and check["state"] == "proved"

    def nothing_was_intended(self, request: str) -> None:
        self.assertEqual(self.count(f"signer.intent where request = '{request}'"), 0)


class HijackNearUs(Hijack):
    liars = ("domain-validator", "caa-dnssec")

    def test_what_only_we_see_proves_no_domain(self) -> None:
        request, value = self.ask("beta.example")
        self.lies.set("beta.example", "_countersign-challenge", "TXT", f'"{value}"')
        self.person().verify(request, "domain-1")
        self.person().wait_check(request, "domain-1", "proved")
        seen = self.person().wait_check(request, "mpic-domain-1", "refused", "could-not-tell")
        self.assertEqual((seen["state"], seen["reason"]), ("refused", "mpic-disagree"))
        with self.assertRaises(Refused):
            self.person().approve(request)
        self.nothing_was_intended(request)

    def test_a_caa_record_that_is_hidden_from_us_forbids(self) -> None:
        request, value = self.ask("alpha.example")
        for view in (self.lies, self.stack.dns):
            view.set("alpha.example", "_countersign-challenge", "TXT", f'"{value}"')
        self.stack.dns.set("alpha.example", "@", "CAA", '0 issuemail ";"')
        self.person().verify(request, "domain-1")
        self.person().wait_check(request, "mpic-domain-1", "proved")
        self.person().approve(request)
        shown = self.person().wait_state(request, "refused", timeout=options.wait(30))
        refusal = shown["refusal"]
        self.assertEqual((refusal["check"], refusal["code"]), ("mpic-caa-1", "mpic-disagree"))
        self.nothing_was_intended(request)


class HijackElsewhere(Hijack):
    liars = ("mpic-perspective-newyork", "mpic-perspective-nairobi")

    def test_two_perspectives_that_see_nothing_are_too_many(self) -> None:
        """And when they see it, one of five may still be away."""
        request, value = self.ask("alpha.example")
        self.stack.dns.set("alpha.example", "_countersign-challenge", "TXT", f'"{value}"')
        self.person().verify(request, "domain-1")
        seen = self.person().wait_check(request, "mpic-domain-1", "refused", "could-not-tell")
        self.assertEqual((seen["state"], seen["reason"]), ("refused", "mpic-disagree"))
        with self.assertRaises(Refused):
            self.person().approve(request)
        self.nothing_was_intended(request)
        self.lies.set("alpha.example", "_countersign-challenge", "TXT", f'"{value}"')
        self.stack.kill("mpic-perspective-singapore")
        wait_for(
            lambda: self.pressed(request), options.wait(60), "four of five to agree", pause=0.5
        )
        self.person().approve(request)
        self.person().wait_state(request, "issued", timeout=options.wait(60))
        self.stack.restart_service("mpic-perspective-singapore")

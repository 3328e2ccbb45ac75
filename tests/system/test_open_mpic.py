# SPDX-License-Identifier: Apache-2.0
"""A connector leads to an Open MPIC service of somebody else's: it is asked beside our perspectives, and may object."""

from typing import Any

from world import Refused, wait_for  # first: finds the others

from connector_test import ROOT, ConnectorTest
from open_mpic import OpenMpic
from options import options
from zones import Dns

KEY = "a key that nobody else has"
MPIC = "mpic-domain-1"


class OpenMpicService(ConnectorTest):
    mail_below = ("alpha.example", "beta.example", "caa-allow.example", "bench.example")
    of_connectors = ("mpic-coordinator",)
    elsewhere: Dns

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.elsewhere = cls.stack.dns_view("elsewhere")
        except BaseException:
            cls.stack.down(failed=True)
            raise

    def service(self, view: Dns | None = None, certificate: str = "good", **spec: Any) -> OpenMpic:
        """The enterprise's connector leads to it; it looks at the true names, or at another view of them."""
        dns = view or self.stack.dns
        made = OpenMpic(self.providers, dns.hints_file, dns.anchor_file, KEY, certificate)
        self.addCleanup(made.close)
        self.put("demo", "outside", **{"type": "open-mpic", "quorum": 4, "endpoint": made.url, "secret": KEY, **spec})
        self.addCleanup(self.forget, "outside")
        self.tried("demo", "outside")  # the rounds of all that follows are by it
        return made

    def taken(self) -> int:
        """How often mpic-coordinator took what was set, or was gone."""
        return (self.stack.root / "log" / "mpic-coordinator.log").read_text().count("connector taken")

    def forget(self, name: str) -> None:
        before, path = self.taken(), f"/v1/config/demo/connector/{name}"
        if self.call(ROOT, "GET", path).status == 404:
            return
        self.delete(path)
        wait_for(lambda: self.taken() > before, options.wait(20), "mpic-coordinator to hear that it is gone")

    def ask(self, zone: str) -> tuple[str, str]:
        """A request that wants the zone proved, its mailbox proved, its record published; and the value."""
        mailbox, alice = f"{self.id().rpartition('.')[2]}@{zone}", self.person()
        request = alice.create(self.csr(mailbox), [mailbox], "smime-domain-mailbox", domains=[zone])
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        record = alice.what_to_publish(request)["record"]
        self.stack.dns.set(zone, "_countersign-challenge", "TXT", f'"{record["value"]}"')
        return request, str(record["value"])

    def pressed(self, request: str, *states: str) -> dict[str, Any]:
        """Verify, and what becomes of the perspectives' check."""
        self.person().verify(request, "domain-1")
        return self.person().wait_check(request, MPIC, *states)

    # Trying it out

    def test_it_is_tried_with_its_key(self) -> None:
        service = self.service()
        tried = self.tried("demo", "outside")
        self.assertEqual(tried["result"], "good", tried)
        seen = "\n".join(tried["seen"])
        self.assertIn(f"{service.url} was asked for CAA of example.com", seen)
        self.assertIn("eu-1 agrees; us-1 agrees", seen)
        self.assertIn("5 of its 5 perspectives could look; 4 must agree", seen)
        self.assertEqual(service.asked[-1]["caa_check_parameters"]["certificate_type"], "s-mime")
        service.down = ["eu-1", "sa-1"]
        tried = self.tried("demo", "outside")
        self.assertEqual(tried["result"], "bad", tried)
        self.assertIn("sa-1 could not look (mpic_error:coordinator:remote_check)", "\n".join(tried["seen"]))

    def test_a_key_that_is_not_its_own_is_refused_by_it(self) -> None:
        self.service(secret="another key")
        tried = self.tried("demo", "outside")
        self.assertEqual((tried["result"], tried["seen"][1]), ("bad", "it answered 403"))

    def test_a_certificate_that_is_not_good_ends_it(self) -> None:
        for certificate, why in (("expired", "certificate has expired"), ("stranger", "self-signed certificate")):
            service = self.service(certificate=certificate)
            tried = self.tried("demo", "outside")
            self.assertEqual(tried["result"], "bad")
            self.assertIn(why, tried["seen"][1])
            self.assertEqual(service.asked, [])

    def test_an_enterprise_leads_to_public_addresses_alone(self) -> None:
        self.put("demo", "inside", type="open-mpic", quorum=4, endpoint="https://10.9.8.7", secret=KEY)
        self.addCleanup(self.forget, "inside")
        tried = self.tried("demo", "inside")
        self.assertEqual(tried["result"], "bad")
        self.assertIn("address-refused", tried["seen"][1])

    # Rounds

    def test_it_agrees_and_the_certificate_is_issued(self) -> None:
        service = self.service()
        request, value = self.ask("alpha.example")
        shown = self.pressed(request, "proved")
        self.assertIn("of the service demo/outside 5 of 5 agree, 4 are wanted", shown["text"])
        self.assertIn("demo/outside: eu-1 agrees; us-1 agrees", shown["detail"])
        asked = next(one for one in service.asked if one["check_type"] == "dcv")
        self.assertEqual(asked["domain_or_ip_target"], "alpha.example")
        self.assertEqual(asked["dcv_check_parameters"]["challenge_value"], value)
        self.person().approve(request)
        self.person().wait_state(request, "issued", timeout=options.wait(60))
        caa = [one for one in service.asked if one["check_type"] == "caa" and one["domain_or_ip_target"] == "alpha.example"]
        self.assertNotEqual(caa, [])

    def test_what_it_does_not_see_proves_nothing(self) -> None:
        """Our perspectives see the value; where it looks from, nothing was published."""
        self.service(self.elsewhere)
        request, _ = self.ask("beta.example")
        shown = self.pressed(request, "refused")
        self.assertEqual(shown["reason"], "mpic-service-disagrees")
        self.assertIn("5 of 5 perspectives in 5 regions corroborate", shown["text"])
        self.assertIn("eu-1 says no", shown["detail"])
        with self.assertRaises(Refused):
            self.person().approve(request)
        self.assertEqual(self.count(f"signer.intent where request = '{request}'"), 0)

    def test_a_service_that_is_away_is_waited_for(self) -> None:
        service = self.service()
        request, _ = self.ask("caa-allow.example")
        service.twist = lambda answer: {**answer, "trace_identifier": "of an answer before"}
        shown = self.pressed(request, "could-not-tell")
        self.assertEqual(shown["reason"], "mpic-service-unreadable")
        self.assertIn("the answer is to another question", shown["detail"])
        service.twist = lambda answer: answer

        def proved() -> bool:
            self.person().verify(request, "domain-1")
            return bool((self.person().check(request, MPIC) or {})["state"] == "proved")

        wait_for(proved, options.wait(40), "the next look", pause=2)  # presses within five seconds are one

    def test_one_that_is_switched_off_is_not_asked(self) -> None:
        service = self.service(active=False)
        before = len(service.asked)  # it was tried
        request, _ = self.ask("bench.example")
        shown = self.pressed(request, "proved")
        self.assertNotIn("service", shown.get("text", ""))
        self.assertEqual(len(service.asked), before)

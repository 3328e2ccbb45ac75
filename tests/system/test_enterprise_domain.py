# SPDX-License-Identifier: Apache-2.0
"""A domain that operators have verified once, for all requests of their enterprise."""

import json
from typing import Any

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

from options import options

ZONE = "alpha.example"


class DomainsOfDemo(SystemTest):
    """The enterprise "demo", and what its operators have verified."""

    @property
    def operator(self) -> Applicant:
        return self.person("operator-token")

    @property
    def root(self) -> Applicant:
        return self.person("root-token")

    def asked(self, domain: str, token: str = "operator-token") -> Any:
        """What csctl says of a verification that is asked for."""
        return self.csctl("domain", "verify", domain, CS_API_TOKEN=token)

    def verified(self, zone: str = ZONE, token: str = "operator-token") -> str:
        """Proved by a record, whatever stood before: where a proof stands nothing is published."""
        request, operator = str(json.loads(self.asked(zone, token).stdout)["id"]), self.person(token)
        operator.wait_planned(request)
        operator.prove_domain_by_txt(request, zone)
        self.wait_standing(request, "domain-1", "mpic-domain-1")
        return request

    def is_refused(self, status: int, code: str, call: Any) -> None:
        with self.assertRaises(Refused) as refused:
            call()
        self.assertEqual((status, code), (refused.exception.status, refused.exception.problem["code"]))

    def put(self, kind: str, name: str, enterprise: str = "demo", **spec: Any) -> None:
        """A setting as an administrator of the platform makes it, or changes some fields of it."""
        root, path = self.root, f"/v1/config/{enterprise}/{kind}/{name}"
        try:
            there = root.call("GET", path)
        except Refused:
            root.call("PUT", path, spec, {"If-None-Match": "*"})
            return
        root.call("PUT", path, {**there["spec"], **spec}, {"If-Match": f'"{there["version"]}"'})

    def set_mode(self, mode: str) -> None:
        self.put("enterprise", "demo", domain_mode=mode)

    def ask(self, who: str, zone: str) -> tuple[Applicant, str, dict[str, Any]]:
        """A wish for a mailbox on the strength of its domain, and what was made of it."""
        person, mailbox = self.person(f"{who}-token"), f"{who}@{zone}"
        request = person.create(self.csr(f"{mailbox}-{self.id()[-8:]}"), [mailbox], "smime-domain", domains=[zone])
        return person, request, person.wait_planned(request)


class EnterpriseDomain(DomainsOfDemo):
    def test_a_proof_by_operators_serves_the_requests_of_users(self) -> None:
        request = self.verified()
        shown = self.operator.wait_state(request, "ready")
        self.assertEqual(["domain-1", "mpic-domain-1"], [check["id"] for check in shown["checks"]])
        self.assertEqual("domain", shown["kind"])
        self.assertNotIn("profile", shown)
        self.assertNotIn("approve", shown["links"])
        self.is_refused(409, "no-certificate", lambda: self.operator.approve(request))

        alice = self.person("alice-token")
        mailbox = f"alice@{ZONE}"
        hers = alice.create(self.csr(mailbox), [mailbox], "smime-domain", domains=[ZONE])
        alice.wait_planned(hers)
        for check in ("domain-1", "mpic-domain-1"):
            alice.wait_check(hers, check, "standing")
        alice.approve(hers)
        alice.wait_state(hers, "issued", timeout=options.wait(60))
        # The signer judged by evidence that was made for a request of which it keeps nothing else.
        self.assertEqual(2, self.count(f"signer.evidence where request = '{request}' and outcome = 1"))
        self.assertEqual(0, self.count(f"signer.final_plan where request = '{request}'"))

    def test_operators_alone_and_each_time_anew(self) -> None:
        alice = self.person("alice-token")
        for token, domain, said in (
            ("alice-token", ZONE, "not-an-operator"),
            ("operator-token", "co.uk", "TBR"),
        ):
            done = self.asked(domain, token)
            self.assertNotEqual(0, done.returncode)
            self.assertIn(said, done.stderr)
        first, second = self.verified(), self.verified()
        self.assertNotEqual(first, second)
        for request in (first, second):
            self.operator.wait_state(request, "ready")
            self.is_refused(404, "not-found", lambda request=request: alice.show(request))


class DomainModes(DomainsOfDemo):
    """Which domains people may name, and whose they are then."""

    def test_approved_is_what_is_listed_active_and_verified(self) -> None:
        self.set_mode("approved")
        for active, code in ((None, "domain-not-approved"), (False, "domain-not-active"), (True, "domain-not-verified")):
            if active is not None:
                self.put("domain", ZONE, active=active, issuers=[])
            self.assertEqual(code, self.ask("alice", ZONE)[2]["refusal"]["code"])
        self.verified()
        status = self.root.call("GET", f"/v1/config/demo/domain/{ZONE}")["status"]
        self.assertIn("verified_until", status)
        alice, request, shown = self.ask("alice", ZONE)
        self.assertEqual("ready", alice.wait_state(request, "ready")["state"], shown)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))

    def wish(self, person: Applicant, mailbox: str, profile: str, zone: str) -> tuple[str, dict[str, Any]]:
        """Its id, and what was made of it: the code of the refusal, or the states of its checks."""
        request = person.create(self.csr(f"{mailbox}-{person.token[:8]}"), [mailbox], profile, domains=[zone])
        shown = person.wait_planned(request)
        return request, shown.get("refusal", {}).get("code") or {c["id"]: c["state"] for c in shown["checks"]}

    def get_it(self, person: Applicant, request: str) -> None:
        person.wait_state(request, "ready", timeout=options.wait(30))
        person.approve(request)
        person.wait_state(request, "issued", timeout=options.wait(60))

    def test_an_approved_domain_serves_its_enterprise_and_no_colleagues_mailbox(self) -> None:
        """What is Verified without validation is the domain; a mailbox in it is proved by, or assigned to, whoever asks."""
        zone, both = "delta.example", "smime-domain-mailbox"
        alice, bob = self.person("alice-token"), self.person("bob-token")
        self.set_mode("approved")
        self.put("domain", zone, active=True)
        self.put("assignment", f"*@{zone}", people=["alice"])
        self.verified(zone)
        request, states = self.wish(alice, f"alice@{zone}", "smime-domain", zone)
        self.assertEqual((states["domain-1"], states["mpic-domain-1"]), ("standing", "standing"))
        self.get_it(alice, request)
        # A second user may name the domain, which nobody owns here, and gets no mailbox for it: no colleague's, and not the own.
        for mailbox in (f"alice@{zone}", f"bob@{zone}"):
            self.assertEqual(self.wish(bob, mailbox, "smime-domain", zone)[1], "mailbox-not-assigned")
        request, states = self.wish(bob, f"bob@{zone}", both, zone)
        self.assertEqual((states["domain-1"], states["mailbox-1"]), ("standing", "needed"))
        bob.prove_mailbox(request, f"bob@{zone}")
        self.get_it(bob, request)
        # What he proved is his: to a colleague the mailbox is not proved, whoever the domain is.
        request, states = self.wish(alice, f"bob@{zone}", both, zone)
        self.assertEqual((states["domain-1"], states["mailbox-1"]), ("standing", "needed"))
        self.is_refused(409, "not-ready", lambda: alice.approve(request))

    def test_a_second_enterprise_proves_the_same_domain_itself(self) -> None:
        zone = "caa-allow.example"
        self.set_mode("approved")
        self.put("domain", zone, active=True)
        self.verified(zone)
        self.put("enterprise", "rival", "rival", domain_mode="approved", profiles=["*"])
        operator, rita = self.person_of("rival", "olga", "operator"), self.person_of("rival", "rita", "user")
        self.put("assignment", f"*@{zone}", "rival", people=["rita"])
        wish = lambda: self.wish(rita, f"rita@{zone}", "smime-domain", zone)  # noqa: E731
        self.assertEqual(wish()[1], "domain-not-approved")  # there; here nobody has listed it
        self.put("domain", zone, "rival", active=True)
        self.assertEqual(wish()[1], "domain-not-verified")  # though demo has
        request = str(operator.call("POST", f"/v1/domains/{zone}/verification")["id"])
        shown = operator.wait_planned(request)
        self.assertNotIn("standing", [check["state"] for check in shown["checks"]])
        self.is_refused(404, "not-found", lambda: self.operator.show(request))
        operator.prove_domain_by_txt(request, zone)
        self.wait_standing(request, "domain-1", "mpic-domain-1")
        request, states = wish()
        self.assertEqual((states["domain-1"], states["mpic-domain-1"]), ("standing", "standing"))
        self.get_it(rita, request)

    def person_of(self, enterprise: str, name: str, role: str) -> Applicant:
        """A new person, by an API token."""
        self.put("person", name, enterprise, roles=[role], profiles=["*"])
        made = {"scopes": ["*"], "label": "test", "days": 1}
        return self.person(self.root.call("POST", f"/v1/config/{enterprise}/person/{name}/tokens", made)["token"])

    def test_the_first_who_proves_a_domain_has_it_until_it_is_transferred(self) -> None:
        zone = "beta.example"
        self.set_mode("any-owned")
        self.put("assignment", f"*@{zone}", people=["alice", "bob"])
        alice, hers, _ = self.ask("alice", zone)
        bob, his, _ = self.ask("bob", zone)
        self.assertEqual([], self.owners(zone))
        alice.prove_domain_by_txt(hers, zone)
        wait_for(lambda: self.owners(zone) == ["alice"], options.wait(30), "the domain to be bound")
        self.assertEqual("domain-of-another", self.ask("bob", zone)[2]["refusal"]["code"])
        bob.prove_domain_by_txt(his, zone)  # it was planned before, and now he has proved it too
        self.wait_standing(his, "domain-1", "mpic-domain-1")
        bob.approve(his)
        refused = bob.wait_state(his, "refused")
        self.assertEqual("domain-of-another", refused["refusal"]["code"])
        self.assertEqual(["alice"], self.owners(zone))
        self.put("ownership", zone, person="bob")
        alice.approve(hers)
        self.assertEqual("domain-of-another", alice.wait_state(hers, "refused")["refusal"]["code"])
        bob, again, _ = self.ask("bob", zone)
        bob.wait_state(again, "ready")
        bob.approve(again)
        bob.wait_state(again, "issued", timeout=options.wait(60))

    def owners(self, zone: str) -> list[str]:
        return [row[0] for row in self.rows(
            f"""select d.spec ->> 'person' from policy.document d where d.kind = 'ownership' and d.name = '{zone}'"""
        )]


class ChangedSettings(DomainsOfDemo):
    def test_who_proves_things_is_told_what_is_new_and_why(self) -> None:
        profile, mailbox = "smime-mailbox", f"alice@{ZONE}"
        alice = self.person("alice-token")
        request = alice.create(self.csr(mailbox), [mailbox], profile)
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.wait_state(request, "ready")
        self.put("profile", profile, "platform", validation="both")
        asked = alice.wait_check(request, "domain-1", "needed")
        self.assertIn("profile was changed", asked["new_because"])
        shown = alice.show(request)
        self.assertEqual("validating", shown["state"])
        self.assertNotIn("new_because", shown["checks"][0])
        self.assertIn(shown["checks"][0]["state"], ("proved", "standing"))
        alice.prove_domain_by_txt(request, ZONE)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))

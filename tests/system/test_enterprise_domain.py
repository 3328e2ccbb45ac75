# SPDX-License-Identifier: Apache-2.0
"""A domain that operators have verified once, for all requests of their enterprise."""

import json
from typing import Any

from world import Applicant, Refused, SystemTest  # first: finds the others

from options import options

ZONE = "alpha.example"


class EnterpriseDomain(SystemTest):
    @property
    def operator(self) -> Applicant:
        return self.person("operator-token")

    def asked(self, domain: str, token: str = "operator-token") -> Any:
        """What csctl says of a verification that is asked for."""
        return self.csctl("domain", "verify", domain, CS_API_TOKEN=token)

    def verified(self) -> str:
        """Proved by a record, whatever stood before: where a proof stands nothing is published."""
        request = str(json.loads(self.asked(ZONE).stdout)["id"])
        self.operator.wait_planned(request)
        self.operator.prove_domain_by_txt(request, ZONE)
        return request

    def is_refused(self, status: int, code: str, call: Any) -> None:
        with self.assertRaises(Refused) as refused:
            call()
        self.assertEqual((status, code), (refused.exception.status, refused.exception.problem["code"]))

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
        self.assertEqual(0, self.count(f"signer.statement where request = '{request}'"))

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

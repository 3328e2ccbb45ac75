# SPDX-License-Identifier: Apache-2.0
"""What each stolen signing key can and cannot obtain: the table of services/signer/README.md, tried.

A thief has the signing key and the NATS credentials of a service, silences the service, and is a
customer besides.  Rows that say yes are what such a key may state; they also show that the forgeries
of the rows that say no fail for what they say and not for how they are written.
"""

from world import Applicant, SystemTest  # first: it makes the other modules findable

from options import options
from product import PERSPECTIVES, SERVICES
from thief import AtOnce, Thief, Wish, drain

INTAKE, POLICY, MAILBOX, DOMAIN = SERVICES[:4]
CAA, MPIC = SERVICES[4:6]
VOICES = tuple(p.service for p in PERSPECTIVES)
ONE = VOICES[:1]
ENOUGH = VOICES[:4]  # of five

# What he wants: a mailbox that nobody proved; one that is his own, where CAA forbids us; one that
# another account proved; one in a domain that the enterprise proved, for an account to which it
# is not assigned; one in a domain that nobody proved, for an account to which it would be assigned;
# one that is his own, in a certificate that names him as a person who he is not; one that is his own,
# where CAA forbids us, by a plan that does without CAA and other perspectives.
WISHES = ("unproved", "forbidden", "of-alice", "unassigned", "unproved-domain", "named", "waived")

TABLE: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    # what is stolen, which keys, and what he gets
    ("nothing", (), ()),
    ("intake", (INTAKE,), ("of-alice", "unassigned")),
    ("policy", (POLICY,), ("unassigned", "named")),
    ("intake and policy", (INTAKE, POLICY), ("of-alice", "unassigned", "named")),
    ("intake and policy, approving at once", (INTAKE, POLICY), ("of-alice", "unassigned", "named")),
    ("mailbox-validator", (MAILBOX,), ("unproved", "of-alice")),
    ("domain-validator", (DOMAIN,), ()),
    ("caa-dnssec", (CAA,), ()),
    ("mpic-coordinator", (MPIC,), ()),
    ("one perspective", ONE, ()),
    ("mpic-coordinator and one perspective", (MPIC, *ONE), ()),
    ("caa-dnssec and mpic-coordinator", (CAA, MPIC), ()),
    ("domain-validator and mpic-coordinator", (DOMAIN, MPIC), ()),
    ("domain, mpic and four perspectives", (DOMAIN, MPIC, *ENOUGH), ("unproved-domain",)),
    ("caa, mpic and four perspectives", (CAA, MPIC, *ENOUGH), ("forbidden",)),
]


class StolenKeys(SystemTest):
    mail_below = ("beta.example", "caa-deny.example")
    settings = {INTAKE: {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        test = cls()
        alice = test.person("alice-token")
        test.prove(alice, "alice@beta.example")
        # The enterprise proves alpha.example, which is assigned to alice, not to bob.
        request = alice.create(test.csr("domain"), ["it@alpha.example"], "smime-domain")
        alice.wait_planned(request)
        alice.prove_domain_by_txt(request, "alpha.example")
        test.wait_standing(request, "domain-1", "mpic-domain-1")
        cls.stack.assign(*(f"*@unproved{n}.beta.example" for n in range(1, 100)))
        cls.number = 0

    def prove(self, person: Applicant, mailbox: str, approve: bool = False) -> None:
        request = person.create(self.csr(mailbox), [mailbox], "smime-mailbox")
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        self.wait_standing(request, "mailbox-1")
        if approve:
            person.approve(request)
            person.wait_state(request, "issued", timeout=options.wait(60))

    def runTest(self) -> None:
        """unittest wants a name for a case that is made by hand."""

    def wish(self, name: str, stolen: tuple[str, ...]) -> Wish:
        """A fresh name each time where an earlier attempt could have left something standing."""
        type(self).number += 1
        number = self.number
        if name == "unproved":
            return Wish(f"victim{number}@s{number}.beta.example", "bob")
        if name == "forbidden":
            mailbox = f"bob@s{number}.caa-deny.example"
            self.prove(self.person("bob-token"), mailbox)
            return Wish(mailbox, "bob")
        if name == "waived":
            return self.wish("forbidden", stolen)._replace(waived=("caa", "mpic"))
        if name == "of-alice":
            # With intake's key he asks in her name; otherwise in his own.
            return Wish("alice@beta.example", "alice" if INTAKE in stolen else "bob")
        if name == "unassigned":
            account = "alice" if INTAKE in stolen else "bob"
            return Wish(f"boss{number}@alpha.example", account, "smime-domain", ("alpha.example",))
        if name == "named":
            bob, mailbox = self.person("bob-token"), f"bob{number}@beta.example"
            self.prove(bob, mailbox, approve=True)  # then CAA stands too
            return Wish(mailbox, "bob", "smime-individual", person="givenName=Eve\nsurname=Queen\n")
        domain = f"unproved{number}.beta.example"
        return Wish(f"me@{domain}", "alice", "smime-domain", (domain,))

    def test_each_row_of_the_table(self) -> None:
        for label, stolen, gets in TABLE:
            if options.quick and len(stolen) > 2:
                continue
            with self.subTest(label):
                names = [name for name in WISHES if self.makes_sense(name, stolen)]
                wishes = {name: self.wish(name, stolen) for name in names}
                maker = AtOnce if label.endswith("at once") else Thief
                with maker(self, stolen) as thief:
                    got = thief.try_for(wishes)
                self.assertEqual(tuple(got), gets, f"with the key of {label}")
                drain(self)
        # Nothing was lacking in that plan but what public trust does not do without.
        refused = "select count(*) from signer.audit where action = 'refused' and detail like 'code=waiver-public %'"
        self.assertEqual(self.value(refused), "3")

    def makes_sense(self, name: str, stolen: tuple[str, ...]) -> bool:
        """Time is short: rows about CAA and domains are tried with the keys that concern them."""
        concerns = {
            "forbidden": {INTAKE, POLICY, MAILBOX, CAA, MPIC, *VOICES},
            "unproved-domain": {INTAKE, POLICY, DOMAIN, MPIC, *VOICES},
            "unassigned": {INTAKE, POLICY, MAILBOX, DOMAIN},
            "of-alice": {INTAKE, POLICY, MAILBOX},
            "named": {INTAKE, POLICY, MAILBOX},
            "waived": {POLICY},
        }
        return not stolen or name not in concerns or bool(concerns[name] & set(stolen))

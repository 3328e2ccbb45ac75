# SPDX-License-Identifier: Apache-2.0
"""OpenSSL, GnuPG and NSS accept what is issued, read each other's mail by it, and learn what was revoked."""

import itertools
import re
import urllib.request
from pathlib import Path
from typing import Any

from world import Applicant, SystemTest, openssl, wait_for  # first: finds the others

from applicant import make_csr
from mail_cas import CAS, MailCas
from mail_clients import CLIENTS, Failed, Person, Revoked, ask_status
from options import options
from verified import record_everything

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
TEXT = b"Content-Type: text/plain\r\n\r\nWe meet at noon.\r\n"
# Every profile, and the zone of its mailboxes: where the enterprise, or a host, is certified, it proves the domain.
ZONES = {
    "smime-mailbox": "beta.example",
    "smime-mailbox-strict": "beta.example",
    "smime-organization": "alpha.example",
    "smime-organization-strict": "alpha.example",
    "smime-sponsor": "alpha.example",
    "smime-sponsor-strict": "alpha.example",
    "smime-individual": "beta.example",
    "smime-individual-strict": "beta.example",
    "smime-private": "alpha.example",
    "smime-private-person": "alpha.example",
}
# Profile, key, use of the key: one profile with all, all with a key that every program can use for everything.
ROWS = (
    *itertools.product(("smime-mailbox",), ("rsa", "ec"), ("signing", "encryption", "dual")),
    *((profile, "rsa", "dual") for profile in ZONES if profile != "smime-mailbox"),
)
# One certificate of each CA is revoked.
REVOKED = {"ec": "smime-mailbox-strict", "rsa": "smime-sponsor", "own": "smime-private"}


class MailClients(SystemTest):
    """One certificate a row, and each of three mail programs with all of them."""

    mail_below = ("beta.example",)
    requests: dict[str, str]
    cas: MailCas
    people: dict[tuple[str, str, str], Person]
    clients: list[Any]

    @classmethod
    def prepare(cls) -> None:
        cls.cas = MailCas(cls.stack)
        cls.settings = {**cls.cas.settings(), "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.clients, cls.people, cls.requests = [], {}, {}
        try:
            record_everything(cls.stack)
            for row in ROWS:
                cls.people[row] = cls.issue(*row)
            for client in CLIENTS:
                where = cls.stack.root / "out" / client.name
                where.mkdir(mode=0o700)
                cls.clients.append(client(where))
                cls.clients[-1].take(list(cls.people.values()))
        except BaseException:
            cls.failed = True
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        for client in cls.clients:
            client.close()
        super().tearDownClass()

    @classmethod
    def issue(cls, profile: str, algorithm: str, use: str, **more: Any) -> Person:
        name = more.pop("name", f"{profile}-{algorithm}-{use}")
        zone = ZONES[profile]
        mailbox = f"{name}@{zone}"
        where = cls.stack.root / "out"
        where.mkdir(exist_ok=True)
        key, csr = make_csr(where, name, algorithm)
        alice = Applicant(cls.stack, "alice-token")
        more = {"common_name": mailbox, **more}  # NSS has one name for all certificates of a subject
        if profile.startswith("smime-private"):
            more = {"domains": [zone], **more}
        request = cls.requests[name] = alice.create(csr, [mailbox], profile, key_use=use, **more)
        alice.wait_planned(request)
        cls.prove(alice, request, mailbox)
        alice.wait_state(request, "ready", timeout=options.wait(30))
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        chain = PEM.findall(alice.certificate(request, "chain").decode())
        root = next(root for root in map(cls.cas.root, CAS) if root.read_text() == chain[-1])
        person = Person(name, mailbox, key, chain, root)
        wait_for(lambda: ": good" in ask_status(person), options.wait(30), f"certificate-status to hear of {name}")
        return person

    @staticmethod
    def prove(alice: Applicant, request: str, mailbox: str) -> None:
        for check in alice.show(request)["checks"]:
            if check["state"] in ("proved", "standing"):
                continue
            if check["kind"] == "domain":
                alice.prove_domain_by_txt(request, check["target"], check["id"])
            elif check["kind"] == "mailbox":
                alice.prove_mailbox(request, mailbox, check["id"])

    def those(self, *uses: str) -> list[Person]:
        return [person for (_, _, use), person in self.people.items() if use in uses]

    def able(self, person: Person, verb: str) -> list[Any]:
        return [client for client in self.clients if verb in client.can[person.algorithm]]

    def test_each_accepts_the_chain(self) -> None:
        for purpose, uses in (("sign", ("signing", "dual")), ("encrypt", ("encryption", "dual"))):
            for person in self.those(*uses):
                for client in self.clients:
                    with self.subTest(client=client.name, purpose=purpose, of=person.name):
                        client.accept(person, purpose)

    def test_what_one_signs_all_verify(self) -> None:
        for person in self.those("signing", "dual"):
            for signer in self.able(person, "sign"):
                signed = signer.sign(person, TEXT)
                for verifier in self.clients:
                    with self.subTest(signer=signer.name, verifier=verifier.name, of=person.name):
                        self.assertEqual(verifier.verify(person, signed), TEXT)

    def test_what_was_altered_none_verifies(self) -> None:
        for person in self.those("dual"):
            signed = self.clients[0].sign(person, TEXT)
            altered = signed.replace(b"noon", b"dawn")
            self.assertNotEqual(altered, signed)
            for verifier in self.clients:
                with self.subTest(verifier=verifier.name, of=person.name):
                    with self.assertRaises(Failed):
                        verifier.verify(person, altered)

    def test_what_one_encrypts_all_decrypt(self) -> None:
        for person in self.those("encryption", "dual"):
            for sender in self.able(person, "encrypt"):
                encrypted = sender.encrypt(person, TEXT)
                self.assertNotIn(b"noon", encrypted)
                for recipient in self.able(person, "decrypt"):
                    with self.subTest(sender=sender.name, recipient=recipient.name, to=person.name):
                        self.assertEqual(recipient.decrypt(person, encrypted), TEXT)

    def test_what_a_program_cannot_do_it_refuses(self) -> None:
        """So that the table of what each can do stays true when they learn more."""
        for person in self.those("dual"):
            encrypted = self.clients[0].encrypt(person, TEXT)
            for client in self.clients:
                for verb in sorted({"sign", "encrypt", "decrypt"} - client.can[person.algorithm]):
                    with self.subTest(client=client.name, verb=verb, of=person.name):
                        with self.assertRaises(Failed):
                            getattr(client, verb)(person, encrypted if verb == "decrypt" else TEXT)

    def test_a_key_serves_its_use_alone(self) -> None:
        """A certificate for encryption is no signer's, one for signing gets no mail."""
        openssl, gpgsm, nss = self.clients
        for person in self.those("encryption"):
            for client in (openssl, nss):
                with self.subTest(of=person.name, client=client.name), self.assertRaises(Failed):
                    client.accept(person, "sign")
        for person in self.those("signing"):
            # NSS takes digitalSignature of an EC key for agreement too.
            for client in (openssl, nss) if person.algorithm == "rsa" else (openssl,):
                with self.subTest(of=person.name, client=client.name), self.assertRaises(Failed):
                    client.accept(person, "encrypt")
            with self.subTest(of=person.name, client="gpgsm"), self.assertRaises(Failed):
                gpgsm.encrypt(person, TEXT)

    def test_a_certificate_without_a_subject(self) -> None:
        """As the rules allow it: by the mailboxes alone.  GnuPG's library cannot read one (libksba 1.6)."""
        person = self.issue("smime-mailbox", "rsa", "dual", name="nameless", common_name="")
        openssl, gpgsm, nss = self.clients
        openssl.accept(person, "sign")
        self.assertEqual(openssl.verify(person, openssl.sign(person, TEXT)), TEXT)
        nss.add(person)
        nss.accept(person, "encrypt")
        self.assertEqual(nss.decrypt(person, openssl.encrypt(person, TEXT)), TEXT)
        with self.assertRaises(Failed):
            gpgsm.gpgsm("--import", person.certificate)
            gpgsm.accept(person, "sign")

    # Revocation

    def test_a_certificates_status_is_good_for_all(self) -> None:
        """Each program asks by the addresses in the certificate, as it would at home."""
        for person in self.people.values():
            for client in self.clients:
                for ask in (client.check_list, client.check_ocsp):
                    with self.subTest(client=client.name, of=person.name, by=ask.__name__):
                        if person.certified_by in client.checks:
                            ask(person)
                            continue
                        with self.assertRaises(Failed) as caught:  # the table of what it can stays true
                            ask(person)
                        self.assertNotIsInstance(caught.exception, Revoked)

    def fetch_list(self, person: Person) -> Path:
        """The list that its certificate names, as it is served now."""
        shown = openssl("x509", "-in", person.certificate, "-noout", "-ext", "crlDistributionPoints")
        url = shown.partition("URI:")[2].split()[0]
        path = self.stack.root / "out" / f"{person.name}.crl"
        with urllib.request.urlopen(url, timeout=20) as answer:
            path.write_bytes(answer.read())
        return path

    def revoke(self, person: Person) -> None:
        body = {"reason": "superseded", "text": "It has another."}
        self.person().call("POST", f"/v1/requests/{self.requests[person.name]}/revoke", body)

        def listed() -> bool:
            try:
                self.clients[0].check_list(person)
            except Revoked:
                return True
            return False

        wait_for(listed, options.wait(60), f"a list with {person.name}")

    def test_what_is_revoked_all_know(self) -> None:
        for label, profile in REVOKED.items():
            person = self.issue(profile, "rsa", "dual", name=f"gone-{label}")
            for client in self.clients:
                client.add(person)
            able = [client for client in self.clients if person.certified_by in client.checks]
            for client in able:
                with self.subTest(client=client.name, ca=label, when="before"):
                    client.check_list(person)
                    client.check_ocsp(person)
                    client.accept(person, "sign")
                    client.take_list(self.fetch_list(person))
                    signed = self.clients[0].sign(person, TEXT)
                    self.assertEqual(client.verify_checked(person, signed), TEXT)
            self.revoke(person)
            signed = self.clients[0].sign(person, TEXT)  # NSS asks for the time that the signer states
            for client in able:
                with self.subTest(client=client.name, ca=label, when="after"):
                    with self.assertRaises(Revoked):
                        client.check_ocsp(person)
                    client.take_list(self.fetch_list(person))
                    with self.assertRaises(Revoked):
                        client.check_list(person)
                    with self.assertRaises(Revoked):
                        client.verify_checked(person, signed)
            for client in set(able) & set(self.clients[1:]):
                with self.subTest(client=client.name, ca=label, when="after, as a recipient"):
                    with self.assertRaises(Revoked):
                        client.accept(person, "encrypt")

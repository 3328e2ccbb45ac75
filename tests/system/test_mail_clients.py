# SPDX-License-Identifier: Apache-2.0
"""OpenSSL, GnuPG and NSS accept what is issued, and read each other's mail by it."""

import itertools
import re
from typing import Any

from world import Applicant, SystemTest  # first: finds the others

from applicant import make_csr
from mail_clients import CLIENTS, Failed, Person
from options import options

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.DOTALL)
TEXT = b"Content-Type: text/plain\r\n\r\nWe meet at noon.\r\n"
# Profile, key, use of the key.  A profile that is added here is tried by all three.
ROWS = tuple(itertools.product(("smime-mailbox",), ("rsa", "ec"), ("signing", "encryption", "dual")))


class MailClients(SystemTest):
    """One certificate a row, and each of three mail programs with all of them."""

    mail_below = ("beta.example",)
    people: dict[tuple[str, str, str], Person]
    clients: list[Any]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.clients, cls.people = [], {}
        try:
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
        mailbox = f"{name}@beta.example"
        where = cls.stack.root / "out"
        where.mkdir(exist_ok=True)
        key, csr = make_csr(where, name, algorithm)
        alice = Applicant(cls.stack, "alice-token")
        request = alice.create(csr, [mailbox], profile, key_use=use, **{"common_name": mailbox, **more})
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        chain = PEM.findall(alice.certificate(request, "chain").decode())
        return Person(name, mailbox, key, chain, cls.stack.ca / "root.cert.pem")

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

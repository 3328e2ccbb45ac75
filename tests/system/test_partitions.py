# SPDX-License-Identifier: Apache-2.0
"""Revocation lists in partitions: each certificate names one, which says what it is, and openssl goes by it."""

import uuid
from pathlib import Path

from world import SystemTest, openssl, wait_for  # first: it makes the other modules findable

import ed25519
import forge
from nats_client import NatsClient
from options import options
from product import ENTERPRISE
from secrets_dir import private_file

PARTITIONS = 3
MAILBOX = "ann@alpha.example"
URL = "http://crl.example/issuing-1/{}.crl"


class Partitions(SystemTest):
    mail_below = ("alpha.example",)

    @classmethod
    def prepare(cls) -> None:
        issuers = cls.stack.root / "secrets" / "issuers"
        lines = (
            "[issuing-1]",
            f"chain = {cls.stack.ca}/chain.pem",
            f"key = {cls.stack.ca}/issuing.key.pem",
            "profiles = all",
            f"crl = {URL.format('{partition}')}",
            f"crl-partitions = {PARTITIONS}",
        )
        private_file(issuers, "\n".join(lines) + "\n")
        cls.settings = {
            "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"},
            "signer": {
                "CS_ISSUERS_FILE": str(issuers),
                "CS_ISSUER_KEY_FILE": "",
                "CS_ISSUER_CHAIN_FILE": "",
                "CS_CRL_AFTER_SECONDS": "0",
            },
        }

    def setUp(self) -> None:
        self.out = self.stack.root / "out"
        self.issued: list[str] = []

    def issue(self) -> tuple[str, int]:
        """Returns the request and the partition that its certificate names."""
        person = self.person()
        request = str(person.create(self.csr(uuid.uuid4().hex), [MAILBOX], "smime-mailbox"))
        person.wait_planned(request)
        if not self.issued:
            person.prove_mailbox(request, MAILBOX)
        person.approve(request)
        person.wait_state(request, "issued")
        self.issued.append(request)
        self.certificate(request).write_bytes(person.certificate(request))
        text = openssl("x509", "-in", self.certificate(request), "-noout", "-ext", "crlDistributionPoints")
        (named,) = [p for p in range(PARTITIONS + 1) if URL.format(p) in text]
        return request, named

    def certificate(self, request: str) -> Path:
        return self.out / f"{request}.pem"

    def revoke(self, request: str) -> None:
        now = forge.now_ms()
        asked = {
            "request_id": uuid.UUID(request).bytes,
            "enterprise": ENTERPRISE,
            "by": 2,
            "reason": 5,
            "text": "a test wants it",
            "asked_at_ms": now,
            "known_at_ms": now,
            "due_at_ms": now + 86400_000,
        }
        key = ed25519.load(self.stack.key_file("request-intake"))
        sealed = forge.seal(key, "revocation", forge.encode("RevocationAsked", asked))
        with NatsClient.of(self.stack, "request-intake") as client:
            subject = "request.revocation-asked"
            heads = forge.headers(subject, uuid.UUID(request).bytes)
            client.store(f"cs.{subject}", sealed, heads)

    def list_of(self, partition: int) -> Path:
        """The newest, in PEM, when openssl has verified it."""
        der, pem = self.out / f"{partition}.crl", self.out / f"{partition}.crl.pem"
        newest = (
            "select encode(der, 'hex') from signer.crl"
            f" where crl_partition = {partition} order by number desc limit 1"
        )
        der.write_bytes(bytes.fromhex(self.value(newest)))
        chain = ["-CAfile", self.stack.ca / "chain.pem"]
        said = openssl("crl", "-inform", "DER", "-in", der, *chain, "-out", pem)
        self.assertIn("verify OK", said)
        return pem

    def text_of(self, partition: int) -> str:
        return openssl("crl", "-in", self.list_of(partition), "-noout", "-text")

    def serial(self, request: str) -> str:
        return self.value(
            f"select upper(encode(serial, 'hex')) from signer.certificate where request = '{request}'"
        )

    def verdict(self, request: str, partition: int) -> str:
        """What openssl says of a certificate by this list."""
        ca = self.stack.ca
        trust = ["-CAfile", ca / "root.cert.pem", "-untrusted", ca / "chain.pem"]
        by = ["-crl_check", "-extended_crl", "-CRLfile", self.list_of(partition)]
        try:
            return openssl("verify", *trust, *by, self.certificate(request))
        except AssertionError as refusal:
            return str(refusal)

    def test_each_certificate_is_listed_where_it_says(self) -> None:
        lists = "signer.crl_list where made_number > 0"
        wait_for(lambda: self.count(lists) == PARTITIONS + 1, options.wait(20), "the first lists")
        found: dict[int, list[str]] = {}
        for _ in range(60):
            request, partition = self.issue()
            found.setdefault(partition, []).append(request)
            if len(found) == PARTITIONS and max(map(len, found.values())) > 1:
                break
        self.assertEqual(sorted(found), list(range(1, PARTITIONS + 1)))
        here = next(p for p, requests in found.items() if len(requests) > 1)
        there = here % PARTITIONS + 1
        gone, stays = found[here][:2]
        self.revoke(gone)
        pending = "signer.crl_change"
        revoked = f"signer.revocation where request = '{gone}'"
        wait_for(
            lambda: self.count(revoked) == 1 and self.count(pending) == 0,
            options.wait(20),
            "the lists that say so",
        )
        for partition in range(PARTITIONS + 1):
            text = self.text_of(partition)
            self.assertEqual(self.serial(gone) in text, partition in (0, here), partition)
            if partition == 0:
                self.assertNotIn("Issuing Distribution Point", text)
            else:
                self.assertIn("X509v3 Issuing Distribution Point: critical", text)
                self.assertIn(URL.format(partition), text)
        self.assertIn("Cessation Of Operation", self.text_of(here))
        self.assertIn("certificate revoked", self.verdict(gone, here))
        self.assertIn(": OK", self.verdict(stays, here))
        self.assertIn("certificate revoked", self.verdict(gone, 0))
        # Another partition's list says nothing about it: openssl does not take it for this certificate's.
        self.assertNotIn(": OK", self.verdict(gone, there))
        self.assertNotIn("certificate revoked", self.verdict(gone, there))

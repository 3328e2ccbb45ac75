# SPDX-License-Identifier: Apache-2.0
"""Three replicas of every service, and the last two proofs of a request at the same instant.

Two events of one request are then handled by two replicas at once, neither of which sees what the
other is about to store: none may be left waiting, and none may be issued twice.
"""

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from world import Applicant, SystemTest, wait_for  # first: finds the others

import checkers
import ed25519
import forge
from nats_client import NatsClient, frame
from options import options
from product import PERSPECTIVES, SERVICES
from thief import Wish, checks

MAILBOX = "alice@beta.example"
SECONDS = 40.0  # for as many rounds as fit, and longer when these are too few
AT_LEAST = 1000
SHORT_MS = 5 * 60 * 1000  # so long is evidence good: too short to stand for the next request


class Replicas(SystemTest):
    mail_below = ("beta.example",)
    replicas = 3
    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "1000000", "CS_PRESSES_PER_HOUR": "1000000"}
    }

    def setUp(self) -> None:
        self.random = options.random(self.id())
        instances = [f"request-intake{suffix}" for suffix in ("", "-2", "-3")]
        self.people = [Applicant(self.stack, "alice-token", instance) for instance in instances]
        self.shared = self.csr("replicas")

    def test_1_each_replica_takes_part(self) -> None:
        """With the validators themselves: each request is for a domain of its own."""
        alice = self.people[0]
        request = alice.create(self.shared, [MAILBOX], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, MAILBOX)
        alice.approve(request)
        alice.wait_state(request, "issued")
        count = options.many(40, 10)
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(self.issue_for_a_domain_of_its_own, range(count)))
        checkers.settle(self)
        checkers.issued_exactly_once(self, self.accepted())
        checkers.nothing_parked(self)
        busy = [
            service
            for service in SERVICES
            if sum(self.works(f"{service}{suffix}") for suffix in ("", "-2", "-3")) >= 2
        ]
        # Which replica gets an event is the server's choice; nobody else's replicas all stand idle.
        self.assertGreater(len(busy), len(SERVICES) // 2, busy)

    def works(self, instance: str) -> bool:
        """Has it handled any event?  By its log, which names each."""
        return "event=" in (self.stack.root / "log" / f"{instance}.log").read_text()

    def issue_for_a_domain_of_its_own(self, number: int) -> None:
        person = self.people[number % 3]
        mailbox = f"r@r{number}.beta.example"
        request = person.create(self.shared, [mailbox], "smime-mailbox")
        person.wait_planned(request)
        self.people[(number + 1) % 3].prove_mailbox(request, mailbox)
        self.people[(number + 2) % 3].approve(request)
        person.wait_state(request, "issued", timeout=options.wait(60))

    def test_2_the_last_two_proofs_arrive_at_the_same_instant(self) -> None:
        """Thousands of times: the test itself says what CAA is, and what the perspectives see."""
        for service in ("caa-dnssec", "mpic-coordinator"):
            for suffix in ("", "-2", "-3"):
                self.stack.stop_service(service + suffix)
        self.caa = ed25519.load(self.stack.key_file("caa-dnssec"))
        self.mpic = ed25519.load(self.stack.key_file("mpic-coordinator"))
        self.voices = [
            (p.name, p.region, ed25519.load(self.stack.key_file(p.service))) for p in PERSPECTIVES
        ]
        self.plan_checks = checks(Wish(MAILBOX, "alice"))
        # What stood from the first test would leave nothing to be proved now.
        self.value("delete from policy.standing where kind in (3, 5)")
        size, done = options.many(150, 20), 0
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline or done < options.many(AT_LEAST, 20):
            done += self.round(size, number=done // size)
        checkers.settle(self)
        checkers.issued_exactly_once(self, self.accepted())
        checkers.nothing_parked(self)
        checkers.audited(self)
        waiting = "signer.request where state <> 'issued'"
        self.assertEqual(self.count(waiting), 0, "left waiting")
        checkers.in_time(self, "select request from policy.plan where state <> 'ended'", [], "plans left open")
        print(f"[{done} times]", end=" ", flush=True)

    def round(self, size: int, number: int) -> int:
        with ThreadPoolExecutor(6) as pool:
            requests = list(pool.map(self.create, range(size)))
            listed = ", ".join(f"'{request}'" for request in requests)
            self.wait_count(
                f"request_intake.request where state = 'ready' and id in ({listed})", size
            )
            list(pool.map(self.approve, range(size), requests))
        proofs = self.proofs(requests, listed)
        # The signer has all but these two.
        self.wait_count(f"signer.final_plan where request in ({listed})", size)
        if number % 3 == 1:
            proofs = (proofs[0], proofs[1][::-1])
        self.publish_together(*proofs, one_by_one=number % 3 == 2)
        self.wait_count(f"signer.certificate where request in ({listed})", size)
        return size

    def create(self, number: int) -> str:
        return self.people[number % 3].create(self.shared, [MAILBOX], "smime-mailbox")

    def approve(self, number: int, request: str) -> None:
        self.people[(number + 1) % 3].approve(request)

    def wait_count(self, what: str, wanted: int) -> None:
        try:
            wait_for(lambda: self.count(what) == wanted, options.wait(40), what[:60], pause=0.03)
        except TimeoutError:
            raise AssertionError(f"{self.count(what)} of {wanted}: {what[:60]}") from None

    def proofs(self, requests: list[str], listed: str) -> tuple[list[bytes], list[bytes]]:
        """For each request both proofs, ready to be sent."""
        digests = self.rows(
            f"select id, encode(digest, 'hex') from request_intake.submission where id in ({listed})"
        )
        digest = {row[0]: bytes.fromhex(row[1]) for row in digests}
        caa, mpic = [], []
        for request in requests:
            key = uuid.UUID(request).bytes
            about = {"request_id": key, "request_digest": digest[request]}
            until = forge.now_ms() + SHORT_MS
            one = {**about, "check": self.plan_checks["caa-1"]}
            stated = forge.evidence(one, valid_until_ms=until)
            caa.append(self.framed("evidence.caa", self.caa, stated, key))
            other = {**about, "check": self.plan_checks["mpic-caa-1"]}
            stated = forge.mpic_evidence(other, self.voices, valid_until_ms=until)  # type: ignore[arg-type]
            mpic.append(self.framed("evidence.mpic", self.mpic, stated, key))
        return caa, mpic

    def framed(
        self, subject: str, key: ed25519.Key, stated: dict[str, object], request: bytes
    ) -> bytes:
        body = forge.seal(key, "evidence", forge.encode("Evidence", stated))
        return frame(f"cs.{subject}", body, forge.headers(subject, request))

    def publish_together(self, caa: list[bytes], mpic: list[bytes], one_by_one: bool) -> None:
        """Over two connections; both start at once, and keep step when one by one."""
        together = threading.Barrier(2)

        def publish(user: str, frames: list[bytes]) -> None:
            with NatsClient.of(self.stack, user) as client:
                together.wait(10)
                if one_by_one:
                    for octets in frames:
                        together.wait(10)
                        client.send_frames(octets)
                else:
                    client.send_frames(b"".join(frames))
                client.flush()

        with ThreadPoolExecutor(2) as pool:
            for done in [
                pool.submit(publish, "caa-dnssec", caa),
                pool.submit(publish, "mpic-coordinator", mpic),
            ]:
                done.result()

    def accepted(self) -> list[str]:
        return [row[0] for row in self.rows("select id from request_intake.request")]

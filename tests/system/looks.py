# SPDX-License-Identifier: Apache-2.0
"""Looks that running services make on orders over the bus, as policy and mpic-coordinator give these."""

import base64
import secrets
import uuid
from typing import Any, Iterator

from world import SystemTest, wait_for

import forge
from nats_client import NatsClient
from options import options
from product import ISSUER_DOMAIN

LIMIT = 45.0  # seconds: no look takes longer
TERMS = f"issuers={ISSUER_DOMAIN} account=acct:demo@{ISSUER_DOMAIN} methods=email-token".encode()


def new_request() -> bytes:
    """A UUIDv7: services read the time of birth in it."""
    octets = bytearray(forge.now_ms().to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    octets[6] = octets[6] & 0x0F | 0x70
    return bytes(octets)


def check_of(name: str, **more: Any) -> dict[str, Any]:
    check = {"id": "check-1", "target": name, "enterprise": "demo", "attempt": 1, "freshness_ms": 3_600_000, **more}
    check["deadline_ms"] = forge.now_ms() + int(options.wait(LIMIT)) * 1000
    return {**check, "check_digest": forge.check_digest(check)}


class CaaOrders:
    """To caa-dnssec; what it states is read in its lane."""

    def __init__(self, test: SystemTest) -> None:
        self.policy = NatsClient.of(test.stack, "policy")
        self.observer = NatsClient.of(test.stack, "observer")
        self.sequence = self.observer.api("STREAM.INFO.EVIDENCE")["state"]["last_seq"]

    def close(self) -> None:
        self.policy.close()
        self.observer.close()

    def send(self, names: list[str]) -> None:
        for name in names:
            more = {"kind": forge.CAA, "method": "caa-issuemail", "issuer_domains": [ISSUER_DOMAIN], "expected": TERMS}
            asked = {"request_id": new_request(), "request_digest": bytes(32), "check": check_of(name, **more)}
            body = forge.encode("CheckAsked", {**asked, "asked_at_ms": forge.now_ms()})
            self.policy.send("cs.plan.caa-asked", body, forge.headers("plan.caa-asked", asked["request_id"]))
        self.policy.flush()

    def evidence(self, count: int) -> list[dict[str, Any]]:
        """The next `count` of all evidence, in order of arrival."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found.extend(self._new())
            return len(found) >= count

        wait_for(there, options.wait(LIMIT), f"evidence of {count} orders")
        return found

    def _new(self) -> Iterator[dict[str, Any]]:
        while True:
            asked = {"seq": self.sequence + 1, "next_by_subj": "cs.evidence.caa"}
            message = self.observer.api("STREAM.MSG.GET.EVIDENCE", asked).get("message")
            if message is None:
                return
            self.sequence = message["seq"]
            yield forge.opened("Evidence", base64.b64decode(message["data"]))


class Perspective:
    """Asked as mpic-coordinator asks it."""

    def __init__(self, test: SystemTest, name: str) -> None:
        self.subject = f"ask.perspective.{name}"
        self.client = NatsClient.of(test.stack, "mpic-coordinator")
        self.inbox = f"_INBOX_mpic-coordinator.{secrets.token_hex(8)}.perspective.{name}"
        self.sid = self.client.subscribe(f"{self.inbox}.*")

    def close(self) -> None:
        self.client.close()

    def files(self, hosts: list[str], value: bytes) -> dict[str, dict[str, Any]]:
        """What it says of a file at each of these, all asked at once."""
        for number, host in enumerate(hosts):
            check = check_of(host, kind=forge.MPIC_DOMAIN, method="http-file", expected=value)
            ask = {"nonce": secrets.token_bytes(16), "check": check, "request_id": new_request(), "attempt": 1}
            body = forge.encode("PerspectiveAsk", {**ask, "deadline_ms": check["deadline_ms"]})
            self.client.send(self.subject, body, None, f"{self.inbox}.{number}")
        self.client.flush()
        found: dict[str, dict[str, Any]] = {}
        while len(found) < len(hosts):
            answer = self.client.next(self.sid, options.wait(LIMIT))
            if answer is None or not answer.body:
                raise TimeoutError(f"{self.subject}: {len(hosts) - len(found)} answers are missing; {answer}")
            host = hosts[int(answer.subject.rsplit(".", 1)[1])]
            found[host] = forge.opened("PerspectiveAnswer", answer.body)
        return found

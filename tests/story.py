# SPDX-License-Identifier: Apache-2.0
"""Tells live what passes on the bus: which service, which event, what was proved, how long it took."""

import json
import os
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent / "stack"))

from stack import Stack  # noqa: E402
from wait import wait_for  # noqa: E402

Say = Callable[[str], None]


def what(subject: str, body: dict[str, Any]) -> str:
    """One event in a person's words."""
    kind = str(body.get("kind", "")).removeprefix("CHECK_KIND_").lower().replace("_", "-")
    outcome = str(body.get("outcome", "")).removeprefix("OUTCOME_").lower().replace("_", " ")
    dnssec = str(body.get("security", "")).removeprefix("DNSSEC_").lower()
    checks = body.get("checks", [])
    match subject:
        case "request.submitted":
            approves = " and approves it, if all of that stands proved" if body.get("approved_factor") else ""
            return f"asks for {', '.join(body.get('mailboxes', []))} with profile {body.get('profile')}{approves}"
        case "request.verification-asked":
            return f"Verify was pressed for {body.get('check_id')}"
        case "request.generation-approved":
            return "Generate was pressed"
        case "plan.made":
            open_ = [c["id"] for c in checks if "standing_sha256" not in c]
            return f"to prove: {', '.join(open_)}" + (
                f"; {len(checks) - len(open_)} proofs still stand" if len(open_) < len(checks) else ""
            )
        case "plan.final":
            now = [c["id"] for c in checks if "standing_sha256" not in c]
            return f"revision {body.get('revision')}: {len(checks)} checks, {', '.join(now) or 'none'} to be made now"
        case "plan.refused" | "certificate.refused":
            return f"{body.get('code')}: {body.get('text')} ({body.get('clause')})"
        case "evidence.mailbox-challenge":
            return f"mail with a token {body.get('state')}"
        case "evidence.domain-challenge":
            return f"publish {body.get('dns_name')} TXT, or {body.get('file_url')}"
        case "certificate.issued":
            return f"serial {body.get('serial')}"
        case "notice.sent":
            return f"told about: {body.get('kind')} ({body.get('state')})"
    if subject.startswith("plan."):
        check = body.get("check", {})
        return f"{check.get('id')} for {check.get('target')}, attempt {check.get('attempt', '-')}"
    text = f"{kind} of {body.get('target')}: {outcome}, {body.get('reason')}"
    if "perspectives" in body:
        yes = sum(1 for p in body["perspectives"] if p.get("corroborates"))
        text += f", {yes} of {len(body['perspectives'])} perspectives"
    return text + (f", DNSSEC {dnssec}" if dnssec else "")


class Story:
    """Prints each event of the lanes as it passes."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self.say = say
        self.last: dict[str, float] = {}
        self.seen: list[tuple[str, str]] = []  # request, subject
        environment = {**os.environ, **stack.environment("observer")}
        argv = [stack.binaries / "csctl", "events", "tail", "--json"]
        self.process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        wait_for(lambda: self._subscribed(stack), 10, "the observer's subscription")

    def _subscribed(self, stack: Stack) -> bool:
        connections: Any = stack.nats.ask("connz?subs=1").get("connections", [])
        return any("cs.>" in c.get("subscriptions_list", []) for c in connections)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            request, at = event["request"], datetime.fromisoformat(event["time"]).timestamp()
            took = at - self.last.get(request, at)
            self.last[request] = at
            service = event["source"].rsplit("/", 1)[-1]
            body = event.get("body") or {}
            self.say(f"{took * 1000:6.0f} ms  {service:<18} {event['subject']:<28} {what(event['subject'], body)}")
            self.seen.append((request, event["subject"]))

    def wait(self, request: str, subject: str, timeout: float = 30) -> None:
        wait_for(lambda: (request, subject) in self.seen, timeout, f"{subject} of {request}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.thread.join(5)



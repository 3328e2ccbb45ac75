# SPDX-License-Identifier: Apache-2.0
"""The trust table while everything runs: keys follow each other under load, and retired ones state nothing more."""

import base64
import json
import re
import shutil
import time
from pathlib import Path

from world import SystemTest, wait_for  # first: it makes the other modules findable

import checkers
import ed25519
import forge
from crowd import Crowd
from options import options
from thief import Thief, Wish

READERS = ("signer", "policy", "mpic-coordinator")  # of the table
ROTATED = ("mailbox-validator", "policy", "caa-dnssec", "mpic-coordinator", "request-intake")
ENVELOPES = "select envelope from signer.final_plan union all select envelope from signer.evidence"
BUSY = {"CS_CREATIONS_PER_HOUR": "100000", "CS_PRESSES_PER_HOUR": "1000000"}


class BackDated(Thief):
    """He kept a key that is retired since, and writes a time from before."""

    when_ms = 0

    def _state(self, service: str, subject: str, stated: dict) -> bytes:  # type: ignore[type-arg]
        return super()._state(service, subject, {**stated, "checked_at_ms": self.when_ms})


class Trust(SystemTest):
    mail_below = ("alpha.example", "beta.example")
    settings = {"request-intake": BUSY}

    @property
    def where(self) -> Path:
        return self.stack.root / "trust"

    def trust(self, *words: str) -> str:
        done = self.csctl("trust", *words, **self.files())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def files(self) -> dict[str, str]:
        return {
            "CS_TRUST_FILE": str(self.where / "trust"),
            "CS_APPROVERS_FILE": str(self.where / "approvers"),
        }

    def refused(self, why: str, *words: str) -> None:
        done = self.csctl("trust", *words, **self.files())
        self.assertEqual((done.returncode, why in done.stderr), (2, True), done.stderr)

    def version(self) -> int:
        return int(self.trust("show").split()[1].rstrip(","))

    def change(self, *words: str) -> int:
        """Proposed, approved by two, installed, and taken by everybody who reads it; the new version."""
        proposal = str(self.where / "proposal")
        self.trust("propose", "--out", proposal, *words)
        for number in (1, 2):
            self.trust("approve", proposal, "--key", str(self.where / f"approver-{number}.pem"))
        self.trust("install", proposal)
        version = self.version()
        for name in READERS:
            self.wait_log(name, f"trust table taken version={version}")
        return version

    def times_said(self, service: str, text: str) -> int:
        """So often."""
        return (self.stack.root / "log" / f"{service}.log").read_text().count(text)

    def wait_log(self, service: str, text: str, times: int = 1) -> None:
        wait_for(lambda: self.times_said(service, text) >= times, options.wait(20), f"{service}: {text}")

    def keyid(self, service: str) -> str:
        """Of the key that it signs by now: the last of its rows that still counts."""
        rows = [line.split() for line in self.trust("show").splitlines()[1:]]
        return max((row for row in rows if row[1] == service), key=lambda row: row[2])[0]

    def rotate(self, service: str) -> tuple[str, Path]:
        """A new key beside the old one, then the service with it; the old one's id and file."""
        old_id, file = self.keyid(service), self.stack.key_file(service)
        new, old = file.with_suffix(".new"), self.where / f"{service}-{time.monotonic_ns()}.old"
        self.csctl("key", "new", str(new))
        self.change("--add", f"{service}={new}")
        shutil.copy2(file, old)
        new.replace(file)
        self.stack.restart_service(service)
        return old_id, old

    def retire(self, keyid: str, seconds: float) -> None:
        """From a moment on that is far enough for what lies in outboxes to arrive."""
        at = time.time() + seconds
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03}Z"
        self.change("--retire", keyid, "--at", text)

    def test_keys_follow_each_other_under_load(self) -> None:
        count = options.many(80, 25)
        crowd = Crowd(self.stack, options.wait(120), 4)
        for number in range(count):
            zone, token = (("alpha", "alice-token"), ("beta", "bob-token"))[number % 2]
            mailbox = f"ann{number % 8}@s{number % 8}.{zone}.example"
            crowd.ask_for(token, self.csr(f"load-{number}"), mailbox, "smime-mailbox")
        before = self.version()
        others = {row[0] for row in self.rows("select request from signer.certificate")}
        retired = {service: self.rotate(service)[0] for service in ROTATED}
        for service, keyid in retired.items():
            if service != "request-intake":
                self.retire(keyid, 10)
        stated = {service: self.keyid(service) for service in ROTATED}
        late = Crowd(self.stack, options.wait(60), 1)  # the others may have been done before the last key came
        late.ask_for("alice-token", self.csr("late"), "late@late.alpha.example", "smime-mailbox")
        ends = {**crowd.wait(), **late.wait()}
        self.retire(retired["request-intake"], 0.5)  # it counts until the requests that it stated have ended
        self.assertEqual(len(ends), count + 1)
        crowd.accepted |= late.accepted
        for service, keyid in stated.items():
            self.assertNotIn(keyid, retired.values())
            self.assertGreater(self.count(f"({ENVELOPES}) e where position('{keyid}'::bytea in envelope) > 0"), 0, service)
        self.assertEqual([end for end in ends.values() if not end.endswith(" issued")], [])
        self.assertEqual(self.version(), before + 2 * len(ROTATED))
        checkers.settle(self)
        checkers.issued_exactly_once(self, others | set(crowd.accepted))
        checkers.nothing_parked(self)

    def test_a_retired_key_states_nothing_more_however_it_is_dated(self) -> None:
        service = "mailbox-validator"
        wish = lambda number: Wish(f"victim{number}@s{number}.beta.example", "bob")  # noqa: E731
        keyid, old = self.rotate(service)
        with BackDated(self, [service]) as thief:
            thief.keys[service] = ed25519.load(old)
            thief.when_ms = forge.now_ms()
            got = thief.try_for({"before": wish(1)})  # both keys count still
            self.assertEqual(got, ["before"], "the forgery is not good enough to prove anything")
            self.retire(keyid, 0.5)
            end = time.time() + 1
            wait_for(lambda: time.time() > end, 5, "the end of the key")
            thief.when_ms = forge.now_ms() - 60_000
            self.assertEqual(thief.try_for({"after": wish(2)}), [])
        parked = self.rows("select error from signer.parked where subject = 'evidence.mailbox'")
        self.assertTrue(any("no longer in use" in row[0] for row in parked), parked)
        self.value("delete from signer.parked")
        self.value("delete from policy.parked")

    def test_an_older_table_is_not_taken_and_stops_a_signer_that_starts(self) -> None:
        current, older = self.where / "trust", self.where / "older"
        shutil.copy2(current, older)
        version = self.version()
        keyid = self.rotate("caa-dnssec")[0]
        self.change("--distrust", keyid)
        newest = self.where / "newest"
        shutil.copy2(current, newest)
        shutil.copy2(older, self.where / "swap")
        (self.where / "swap").replace(current)
        self.wait_log("signer", f"version {version} does not follow version {version + 2}")
        self.stack.restart_service("signer")
        person = self.person()
        request = person.create(self.csr("older"), ["ann@old.alpha.example"], "smime-mailbox")
        person.wait_planned(request)
        person.prove_mailbox(request, "ann@old.alpha.example")  # of which the signer hears too
        self.wait_log("signer", f"version {version + 2} was in force before")
        taken = f"trust table taken version={version + 2}"
        before = self.times_said("signer", taken)
        shutil.copy2(newest, self.where / "swap")
        (self.where / "swap").replace(current)
        self.wait_log("signer", taken, before + 1)
        person.approve(request)
        person.wait_state(request, "issued")
        checkers.settle(self)
        checkers.nothing_parked(self)

    def test_a_proposal_does_not_replace_the_table_in_force(self) -> None:
        table = self.where / "trust"
        before = table.read_bytes()
        for out in (str(table), str(self.where / ".." / "trust" / "trust")):
            self.refused("the table in force", "propose", "--out", out, "--retire", self.keyid("signer"))
        self.assertEqual(table.read_bytes(), before)

    def test_what_was_shown_is_what_is_signed(self) -> None:
        """Somebody puts another proposal into the place of the one that the approver has read."""
        shown, other = self.where / "shown", self.where / "swapped"
        key = str(self.where / "approver-1.pem")
        said = self.trust("propose", "--out", str(shown), "--distrust", self.keyid("policy"))
        octets = re.search(r"^octets ([0-9a-f]{64})$", said, re.M)
        assert octets is not None
        self.trust("propose", "--out", str(other), "--retire", self.keyid("signer"))
        before = other.read_bytes()
        self.refused("other octets", "approve", str(other), "--key", key, "--octets", octets[1])
        self.assertEqual(other.read_bytes(), before)
        self.trust("approve", str(shown), "--key", key, "--octets", octets[1])
        # What nobody can show, nobody signs.
        proposal = json.loads(before)
        table = json.loads(base64.b64decode(proposal["payload"]))
        table["keys"][0]["service"] += "\x1b[1A\x1b[2K"
        proposal["payload"] = base64.b64encode(json.dumps(table).encode()).decode()
        other.write_text(json.dumps(proposal))
        self.refused("breaks a rule", "approve", str(other), "--key", key)
        self.refused("breaks a rule", "show", str(other))
        self.assertEqual(json.loads(other.read_text())["signatures"], [])

    def test_one_approver_is_not_enough(self) -> None:
        proposal = str(self.where / "alone")
        first, policy = self.where / "approver-1.pem", self.stack.key_file("policy")
        self.trust("propose", "--out", proposal, "--distrust", self.keyid("policy"))
        self.trust("approve", proposal, "--key", str(first))
        self.refused("signed it twice", "approve", proposal, "--key", str(first))
        self.refused("two approvers", "install", proposal)
        self.refused("not an approver", "approve", proposal, "--key", str(policy))
        self.assertIn("approved by 1 of 2: approver-1", self.trust("show", proposal))

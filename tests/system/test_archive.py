# SPDX-License-Identifier: Apache-2.0
"""What operators can still see: the same story from the lanes and from the outboxes, and after the lanes are gone."""

import json
from typing import Any

from world import SystemTest, wait_for  # first: finds the others

from options import options
from product import SERVICES

WITHOUT_OUTBOX = {"caa-dnssec", "mpic-coordinator"}
Events = list[dict[str, Any]]


def publisher(event: dict[str, Any]) -> str:
    return str(event["source"].rpartition("/")[2])


def by_id(events: Events) -> dict[str, dict[str, Any]]:
    """Numbers count in the lane or in the outbox: they differ."""
    return {
        event["id"]: {name: event[name] for name in event if name != "sequence"} for event in events
    }


class Archive(SystemTest):
    """The observer of the bus is the observer of the database, and neither can change anything."""

    mail_below = ("beta.example",)

    def told(self, *words: str, user: str = "observer") -> str:
        url = self.stack.environment(user)["CS_DATABASE_URL"]
        done = self.csctl("events", *words, CS_DATABASE_URL=url)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def events(self, source: str, request: str, *words: str) -> Events:
        text = self.told(source, "--request", request, "--json", *words)
        return [json.loads(line) for line in text.splitlines()]

    def create(self, mailbox: str) -> str:
        person = self.person()
        request = str(person.create(self.csr(mailbox), [mailbox], "smime-mailbox"))
        person.wait_planned(request)
        return request

    def issue(self, mailbox: str) -> str:
        """In a domain of its own: its CAA is asked for.  Returns when the last event is in its lane."""
        request = self.create(mailbox)
        self.person().prove_mailbox(request, mailbox)
        self.person().approve(request)
        self.person().wait_state(request, "issued")
        wait_for(
            lambda: "notice.sent" in self.told("replay", "--request", request),
            options.wait(20),
            "the last event of the request",
        )
        return request

    def test_the_archive_tells_the_story_of_the_lanes_and_outlives_them(self) -> None:
        request = self.issue("alice@s1.beta.example")
        lanes, archive = self.events("replay", request), self.events("archive", request)
        self.assertEqual(set(map(publisher, lanes)), {*SERVICES} - {"domain-validator", "certificate-status"})
        kept = [event for event in lanes if publisher(event) not in WITHOUT_OUTBOX]
        self.assertEqual(by_id(archive), by_id(kept))
        self.assertEqual(len(archive), len(by_id(archive)))
        for story in (lanes, archive):  # over all lanes, and all outboxes
            times = [event["time"] for event in story]
            self.assertEqual(times, sorted(times))
        self.assertEqual([event["subject"] for event in (lanes[0], lanes[-1])], ["request.submitted", "notice.sent"])
        # In lines for people too.
        lines = self.told("archive", "--request", request).splitlines()
        self.assertEqual(len(lines), len(archive))
        of_lanes = self.told("replay", "--request", request).splitlines()
        self.assertEqual(set(lines) - set(of_lanes), set())

        goes_on = self.create("bob@beta.example")
        self.stack.nats.wipe()
        wait_for(
            lambda: "request.submitted"
            in self.csctl("events", "replay", "--request", goes_on).stdout,
            options.wait(30),
            "what the lanes get back",
        )
        self.assertNotIn("request.submitted", self.told("replay", "--request", request))
        self.assertEqual(self.events("archive", request), archive)

    def test_a_piece_of_the_past_is_shown(self) -> None:
        request = self.issue("carol@s2.beta.example")
        whole = self.events("archive", request)
        self.assertEqual(self.events("archive", request, "--limit", "3"), whole[:3])
        middle = whole[len(whole) // 2]["time"]
        before = [event for event in whole if event["time"] < middle]
        self.assertTrue(0 < len(before) < len(whole))
        self.assertEqual(self.events("archive", request, "--until", middle), before)
        self.assertEqual(self.events("archive", request, "--since", middle), whole[len(before) :])
        plans = [event for event in whole if event["subject"].startswith("plan.")]
        self.assertEqual(self.events("archive", request, "--lane", "PLAN"), plans)
        final = [event for event in plans if event["subject"] == "plan.final"]
        self.assertEqual(self.events("archive", request, "--type", "plan.final"), final)
        self.assertTrue(final)
        # Without a request, among all others.
        everything = [json.loads(line) for line in self.told("archive", "--json").splitlines()]
        mine = [event for event in everything if event["request"] == request]
        self.assertEqual(mine, whole)

    def test_a_service_sees_no_outbox_but_its_own(self) -> None:
        url = self.stack.environment("policy")["CS_DATABASE_URL"]
        done = self.csctl("events", "archive", CS_DATABASE_URL=url)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("outbox", done.stderr)

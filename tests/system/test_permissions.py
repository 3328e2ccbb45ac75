# SPDX-License-Identifier: Apache-2.0
"""Who may say what on the bus: the server's rules are the catalogue's, for every user and subject."""

import base64
from typing import Any

from world import SystemTest, wait_for  # first: it makes the other modules findable

from catalogue import CONSUMERS, EVENTS, LANES, QUESTIONS  # noqa: E402
from nats_client import Forbidden, NatsClient  # noqa: E402
from options import options  # noqa: E402
from product import PERSPECTIVES, SERVICES  # noqa: E402
from secrets_dir import make_nkey  # noqa: E402

USERS = (*SERVICES, *(p.service for p in PERSPECTIVES), "provisioner", "observer")
PERSPECTIVE = "mpic-perspective"


def service_of(user: str) -> str:
    return PERSPECTIVE if user.startswith(PERSPECTIVE) else user


class Permissions(SystemTest):
    """No service runs here: what is published stays in the lanes and nobody reads it."""

    services = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.clients = {user: NatsClient.of(cls.stack, user) for user in USERS}

    @classmethod
    def tearDownClass(cls) -> None:
        for client in cls.clients.values():
            client.close()
        super().tearDownClass()

    def may(self, user: str, subject: str) -> bool:
        try:
            self.clients[user].publish(subject, b"x")
        except Forbidden:
            return False
        return True

    def may_subscribe(self, user: str, subject: str) -> bool:
        try:
            self.clients[user].subscribe(subject)
        except Forbidden:
            return False
        return True

    def streams(self) -> dict[str, Any]:
        """Everything about streams that a person with bad intentions would want to change."""
        found = {}
        for name in LANES:
            info = self.clients["observer"].api(f"STREAM.INFO.{name}")
            state = {key: info["state"][key] for key in ("messages", "first_seq", "last_seq")}
            found[name] = (info["config"], state, info["state"]["consumer_count"])
        return found

    def test_each_event_is_published_by_its_owner_alone(self) -> None:
        for event in EVENTS:
            can = [user for user in USERS if self.may(user, f"cs.{event.subject}")]
            self.assertEqual(can, [event.publisher], event.subject)

    def test_what_the_owner_publishes_is_stored(self) -> None:
        for event in EVENTS:
            stored = self.clients[event.publisher].store(f"cs.{event.subject}", b"x")
            self.assertEqual(stored["stream"], event.subject.partition(".")[0].upper())

    def test_nobody_publishes_beside_the_catalogue(self) -> None:
        lanes = [subjects.removesuffix("*") for subjects in LANES.values()]
        invented = [
            f"{lane}{word}" for lane in lanes for word in ("anything", "issued.now", "submitted2")
        ]
        for subject in [*invented, "cs.request", "anything", "$SYS.REQ.SERVER.PING"]:
            can = [user for user in USERS if self.may(user, subject)]
            self.assertEqual(can, [], subject)

    def test_dead_letters_are_written_by_their_service_alone(self) -> None:
        for service in SERVICES:
            can = [user for user in USERS if self.may(user, f"cs.deadletter.{service}")]
            self.assertEqual(can, [service])

    def test_questions_are_asked_by_their_asker_alone(self) -> None:
        for question in QUESTIONS:
            for name in [p.name for p in PERSPECTIVES] if "*" in question.subject else [""]:
                subject = question.subject.replace("*", name)
                can = [user for user in USERS if self.may(user, subject)]
                self.assertEqual(can, [question.asked_by], subject)

    def test_questions_are_heard_by_their_answerer_alone(self) -> None:
        for question in QUESTIONS:
            for name in [p.name for p in PERSPECTIVES] if "*" in question.subject else [""]:
                subject = question.subject.replace("*", name)
                can = [user for user in USERS if self.may_subscribe(user, subject)]
                self.assertEqual(
                    can, [f"{question.answered_by}-{name}" if name else question.answered_by]
                )

    def test_answers_reach_the_asker_alone(self) -> None:
        for user in USERS:
            service = service_of(user)
            can = [u for u in USERS if self.may_subscribe(u, f"_INBOX_{service}.stolen.>")]
            self.assertEqual(can, [u for u in USERS if service_of(u) == service])
        for user in USERS:
            self.assertFalse(self.may(user, "_INBOX_policy.stolen"), "answers nobody asked for")

    def test_answers_are_given_by_who_was_asked_alone(self) -> None:
        for question in QUESTIONS:
            for name in [p.name for p in PERSPECTIVES] if "*" in question.subject else [""]:
                what = question.subject.removeprefix("ask.").replace("*", name)
                place = f"_INBOX_{question.asked_by}.0a.{what}.1"
                can = [user for user in USERS if self.may(user, place)]
                answerer = f"{question.answered_by}-{name}" if name else question.answered_by
                self.assertEqual(can, [answerer], place)
                elsewhere = [f"_INBOX_{question.asked_by}.0a.{what}", f"_INBOX_{question.asked_by}.1"]
                for place in [*elsewhere, f"_INBOX_observer.0a.{what}.1"]:
                    self.assertEqual([user for user in USERS if self.may(user, place)], [], place)

    def test_nobody_listens_to_everything(self) -> None:
        for subject in (">", "*.>", "_INBOX.>", "_INBOX_*.>", "ask.>", "$JS.>", "$SYS.>", "cs.*.*"):
            can = [user for user in USERS if self.may_subscribe(user, subject)]
            self.assertEqual(can, ["observer"] if subject == "cs.*.*" else [], subject)
        can = [user for user in USERS if self.may_subscribe(user, "cs.>")]
        self.assertEqual(can, ["observer"])

    def test_consumers_serve_their_service_alone(self) -> None:
        for consumer in CONSUMERS:
            stream, durable = consumer.stream, consumer.durable
            for subject in (
                f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}",
                f"$JS.ACK.{stream}.{durable}.1.1.1.1.0",
            ):
                can = [user for user in USERS if self.may(user, subject)]
                self.assertEqual(can, [consumer.service], subject)

    def test_streams_and_consumers_are_changed_by_the_provisioner_alone(self) -> None:
        before = self.streams()
        for lane in LANES:
            consumer = next((c.durable for c in CONSUMERS if c.stream == lane), "x")
            for subject, allowed in (
                (f"STREAM.CREATE.{lane}", ["provisioner"]),
                (f"STREAM.UPDATE.{lane}", ["provisioner"]),
                (f"STREAM.DELETE.{lane}", []),
                (f"STREAM.PURGE.{lane}", []),
                (f"STREAM.MSG.DELETE.{lane}", []),
                (f"STREAM.SNAPSHOT.{lane}", []),
                (f"STREAM.RESTORE.{lane}", []),
                (f"STREAM.PEER.REMOVE.{lane}", []),
                (f"STREAM.LEADER.STEPDOWN.{lane}", []),
                (f"CONSUMER.CREATE.{lane}.{consumer}", []),
                (f"CONSUMER.CREATE.{lane}", []),
                (f"CONSUMER.DURABLE.CREATE.{lane}.{consumer}", ["provisioner"]),
                (f"CONSUMER.DELETE.{lane}.{consumer}", []),
                (f"CONSUMER.PAUSE.{lane}.{consumer}", []),
            ):
                # The body is no request at all, so that whoever may ask changes nothing either.
                can = [user for user in USERS if self.may(user, f"$JS.API.{subject}")]
                self.assertEqual(can, allowed, subject)
        self.assertEqual(self.streams(), before)

    def test_the_observer_sees_everything_and_can_change_nothing(self) -> None:
        self.clients["policy"].store("cs.plan.made", b"a plan")
        observer = self.clients["observer"]
        before = self.streams()
        last = observer.api("STREAM.MSG.GET.PLAN", {"last_by_subj": "cs.plan.made"})
        self.assertEqual(last["message"]["subject"], "cs.plan.made")
        words = ("cs.plan.made", "$JS.API.STREAM.PURGE.PLAN", "$JS.API.STREAM.DELETE.PLAN")
        for subject in (*words, "$JS.API.CONSUMER.DELETE.PLAN.signer-plan-final"):
            with self.assertRaises(Forbidden):
                observer.publish(subject, b"")
        for event in EVENTS:
            self.assertFalse(self.may("observer", f"cs.{event.subject}"))
        self.assertEqual(self.streams(), before)

    def test_even_the_provisioner_cannot_take_away_what_is_stored(self) -> None:
        before = self.streams()
        provisioner = self.clients["provisioner"]
        self.clients["policy"].store("cs.plan.made", b"a plan")
        config = before["PLAN"][0]
        for change in ({"deny_delete": False}, {"deny_purge": False}, {"retention": "interest"}):
            answer = provisioner.api("STREAM.UPDATE.PLAN", {**config, **change})
            self.assertIn("error", answer, change)
        self.assertEqual(self.streams()["PLAN"][0], config)

    def test_strangers_do_not_get_in(self) -> None:
        make_nkey(self.stack.root / "stranger.seed")
        with self.assertRaises(ConnectionError):
            NatsClient(
                self.stack.nats.url, self.stack.nats.ca_file, self.stack.root / "stranger.seed"
            )

    def test_the_lanes_keep_what_the_catalogue_says(self) -> None:
        for name, subjects in LANES.items():
            config = self.clients["observer"].api(f"STREAM.INFO.{name}")["config"]
            self.assertEqual(config["subjects"], [subjects])
            self.assertEqual(config["storage"], "file")
            self.assertEqual(config["discard"], "old")
            self.assertTrue(config["deny_delete"] and config["deny_purge"])
            listed = self.clients["observer"].api(f"CONSUMER.NAMES.{name}")["consumers"] or []
            wanted = [c.durable for c in CONSUMERS if c.stream == name]
            self.assertEqual(sorted(listed), sorted(wanted))

    def test_what_the_server_says_into_a_foreign_lane_is_no_event(self) -> None:
        """A reply subject is the sender's choice, and the server's receipt goes there: it has no headers."""
        for user in SERVICES:
            own = next((e.subject for e in EVENTS if e.publisher == user), "")
            if own and not own.startswith("certificate."):
                self.clients[user].send(f"cs.{own}", b"x", reply="cs.certificate.issued")
                self.clients[user].flush()
        ask = {"last_by_subj": "cs.certificate.issued"}

        def receipt() -> dict[str, Any] | None:
            """What came in last, if it is one: others were published there before."""
            last = self.clients["observer"].api("STREAM.MSG.GET.CERTIFICATE", ask).get("message", {})
            return last if b'"stream"' in base64.b64decode(last.get("data", "")) else None

        last = wait_for(receipt, options.wait(20), "the server's receipt in the foreign lane")
        assert last is not None
        self.assertNotIn("hdrs", last)

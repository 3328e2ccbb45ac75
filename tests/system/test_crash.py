# SPDX-License-Identifier: Apache-2.0
"""Crash safety: services, NATS and PostgreSQL die under load, and every request is issued once."""

import os
import re
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

from world import SystemTest, crew_of, wait_for  # first: it makes the other modules findable

import checkers
from crowd import Crowd
from nats_client import NatsClient
from options import options
from product import PERSPECTIVES, SERVICES

READY_WITHIN = 10.0
# So many presses in an hour are not a person's.
BUSY = {"CS_CREATIONS_PER_HOUR": "100000", "CS_PRESSES_PER_HOUR": "1000000"}
TOKENS = ("alice-token", "bob-token")
DOMAINS = ("alpha.example", "beta.example", "caa-allow.example", "bench.example")

FEW = 4  # requests under way: no load any more


class Crash(SystemTest):
    mail_below = ("alpha.example", "beta.example", "caa-allow.example", "bench.example")
    durable = True
    settings = {"request-intake": BUSY}

    accepted: set[str]  # by all tests of this class

    def setUp(self) -> None:
        self.random = options.random(self.id())
        self.sent = 0
        if not hasattr(Crash, "accepted"):
            Crash.accepted = set()
            self.prove_mailboxes()

    def crowd(self, seconds: float, threads: int = 8) -> Crowd:
        return Crowd(self.stack, options.wait(seconds), threads)

    def prove_mailboxes(self) -> None:
        """A handful of mailboxes that each account may use from now on without a new proof."""
        crowd = self.crowd(60)
        for number, domain in enumerate(DOMAINS):
            token = TOKENS[number % 2]
            mailbox = f"known{number}@{domain}"
            crowd.ask_for(token, self.key(number), mailbox, "smime-mailbox")
        crowd.wait()
        Crash.accepted |= set(crowd.accepted)

    def key(self, number: int) -> Path:
        """Another one for each request; two accounts never share one."""
        return self.csr(f"{self._testMethodName}-{number}")

    def send(self, crowd: Crowd, count: int) -> None:
        """Most on standing proofs; every fifth proves a mailbox of its own, a few prove a domain."""
        numbers = range(100 + self.sent, 100 + self.sent + count)
        self.sent += count
        with ThreadPoolExecutor(4) as pool:
            keys = list(pool.map(self.key, numbers))
        for number, csr in zip(numbers, keys):
            which = number % len(DOMAINS)
            token = TOKENS[which % 2]
            if number % 20 == 7:
                zone = DOMAINS[which]
                more = {"domains": [zone]}
                crowd.ask_for(token, csr, f"known{which}@{zone}", "smime-domain-mailbox", **more)
            elif number % 5 == 0:
                mailbox = f"{self._testMethodName[-6:]}{number}@s{number}.{DOMAINS[which]}"
                crowd.ask_for(token, csr, mailbox, "smime-mailbox")
            else:
                mailbox = f"known{which}@{DOMAINS[which]}"
                crowd.ask_for(token, csr, mailbox, "smime-mailbox")

    def check(self, crowd: Crowd) -> None:
        ends = crowd.wait()
        self.assertEqual(len(ends), self.sent)
        Crash.accepted |= set(crowd.accepted)
        self.assertEqual([end for end in ends.values() if not end.endswith(" issued")], [])
        checkers.settle(self)
        checkers.issued_exactly_once(self, Crash.accepted)
        checkers.nothing_parked(self)
        checkers.audited(self)
        checkers.trusted(self)

    def disturb(self, crowd: Crowd, harm: Callable[[], None], pause: float, times: range) -> int:
        """Does harm at random moments while requests are under way; says how often.

        However fast these are, the least number of times is spread over them, and more follow when they were too fast.
        """
        done, moment, total = 0, threading.Event(), crowd.unfinished
        while done < times.stop and (crowd.unfinished or done < times.start):
            if crowd.unfinished < FEW and done < times.start:
                self.send(crowd, 2 * FEW)
            until = time.monotonic() + self.random.uniform(0, pause)
            latest = max(0, total * (times.start - done) // (times.start + 1))
            while time.monotonic() < until and crowd.unfinished > latest:
                moment.wait(0.005)
            harm()
            done += 1
        return done

    def test_services_are_killed_at_random_moments(self) -> None:
        count = options.many(200, 40)
        crowd = self.crowd(150, threads=4)
        self.send(crowd, count)
        names = [*SERVICES, *(p.service for p in PERSPECTIVES)]
        order: list[str] = []
        kills: Counter[str] = Counter()
        slowest = 0.0

        def kill_some() -> None:
            """One, or every fourth time two at once."""
            nonlocal slowest
            if len(order) < 2:
                order.extend(self.random.sample(names, len(names)))
            dead = {order.pop() for _ in range(2 if self.random.random() < 0.25 else 1)}
            for name in dead:
                self.stack.kill(name)
            kills.update(dead)
            begun = time.monotonic()
            for name in dead:
                self.stack.restart_service(name)
            slowest = max(slowest, time.monotonic() - begun)

        self.disturb(crowd, kill_some, 0.05, range(options.many(len(names), 1), 120))
        self.check(crowd)
        print(f"[{kills.total()} kills, {crowd.retries} retries]", end=" ", flush=True)
        self.assertLess(slowest, options.wait(READY_WITHIN))

    def look_while_they_stand_still(self) -> None:
        """They are killed for it with the look in hand, which then could not tell; others take their places."""
        person = self.person()
        mailbox = "ann@still.alpha.example"  # a domain of which nothing stands
        request = str(person.create(self.csr("still"), [mailbox], "smime-mailbox"))
        person.wait_planned(request)
        stopped = self.crew("caa-dnssec")
        for child in stopped:
            os.kill(child, signal.SIGSTOP)
        person.verify(request, "caa-1")
        shown = person.wait_check(request, "caa-1", "could-not-tell", "proved", timeout=options.wait(30))
        self.assertEqual((shown["state"], shown["reason"]), ("could-not-tell", "prober-died"))
        person.cancel(request)

        def others() -> bool:
            now = self.children_of("caa-dnssec")
            return len(now) == crew_of("caa-dnssec") and not set(now) & set(stopped)

        wait_for(others, options.wait(15), "others in their places")

    def test_children_that_look_are_killed_at_random_moments(self) -> None:
        """What a child had in hand could not be told: it is asked again, and the service lives on."""
        count = options.many(150, 30)
        parent = self.stack.processes.pid("caa-dnssec")
        self.look_while_they_stand_still()
        crowd = self.crowd(150, threads=4)
        self.send(crowd, count)

        moment = threading.Event()
        killed: set[int] = set()

        def kill_one() -> None:
            """Stopped before, so that it has something in hand."""
            children = set(self.children_of("caa-dnssec")) - killed  # these may not be gone yet
            if children:
                victim = self.random.choice(sorted(children))
                os.kill(victim, signal.SIGSTOP)
                moment.wait(self.random.uniform(0, 0.1))
                os.kill(victim, signal.SIGKILL)
                killed.add(victim)

        self.disturb(crowd, kill_one, 0.2, range(options.many(10, 4), 200))
        self.check(crowd)
        self.assertEqual(self.stack.processes.pid("caa-dnssec"), parent)
        all_again = lambda: len(self.children_of("caa-dnssec")) == crew_of("caa-dnssec")  # noqa: E731
        wait_for(all_again, options.wait(15), "all children again")
        log = (self.stack.root / "log" / "caa-dnssec.log").read_text()
        in_hand = log.count("reason=prober-died")
        page = self.stack.get("caa-dnssec", "metrics")[1]
        ends = re.findall(r'children_total\{fact="(?:died|not-started)"\} (\d+)', page)
        self.assertEqual(sum(map(int, ends)), len(killed))
        print(f"[{len(killed)} kills, {in_hand} looks lost]", end=" ", flush=True)

    def test_nats_and_postgres_restart_under_load(self) -> None:
        count = options.many(120, 30)
        crowd = self.crowd(120)
        self.send(crowd, count)
        nats, postgres = self.stack.nats, self.stack.postgres

        def kill_nats() -> None:
            nats.kill()
            nats.start()

        def kill_postgres() -> None:
            postgres.kill()
            postgres.start()

        harms = [kill_nats, postgres.restart, nats.restart, kill_postgres]
        turn = iter(range(1 << 30))
        times = self.disturb(crowd, lambda: harms[next(turn) % 4](), 1, range(4, 13))
        self.check(crowd)
        print(f"[{times} restarts, {crowd.retries} retries]", end=" ", flush=True)

    def test_the_nats_store_is_wiped_under_load(self) -> None:
        count = options.many(200, 30)
        crowd = self.crowd(120, threads=4)
        self.send(crowd, count)
        times = self.disturb(crowd, self.stack.nats.wipe, 3, range(2, 4))
        self.check(crowd)
        print(f"[{times} wipes, {crowd.retries} retries]", end=" ", flush=True)

    def test_zz_no_dead_letter_was_written(self) -> None:
        with NatsClient.of(self.stack, "observer") as observer:
            ask = lambda: observer.api("STREAM.INFO.DEADLETTER").get("state")  # noqa: E731
            state = wait_for(ask, options.wait(10), "the stream of dead letters")
        self.assertEqual(state["messages"], 0)

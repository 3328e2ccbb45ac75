# SPDX-License-Identifier: Apache-2.0
"""Name servers and web servers that attack us: each has its verdict, its reason, and its end.

Looked at through `csctl check`, which runs the code of the services; the numbers of the threats are in the
names of the tests.  All looks are made at once, because most of them wait.
"""

import json
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from world import SystemTest, wait_for  # first: finds the others

import hostile_table as table
from hostile import Hostile
from hostile_table import Row
from hostile_web import TOKEN
from options import options
from product import ISSUER_DOMAIN
from watched import Watched, watch

AT_ONCE = 64
CPU_S = 1.0  # of one look
KIB, SANITIZED_KIB = 64 * 1024, 512 * 1024


class HostileServers(SystemTest):
    services = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.hostile = Hostile(cls.stack)
            cls.hostile.start()
            cls.pool = ThreadPoolExecutor(AT_ONCE)
            slowest_first = sorted(table.ALL, key=lambda row: -row.limit)
            cls.looks: dict[Row, Future[Watched]] = {row: cls.pool.submit(cls.look, row) for row in slowest_first}
        except BaseException:
            cls.stack.down(failed=True)
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        cls.pool.shutdown(cancel_futures=True)
        super().tearDownClass()

    @classmethod
    def look(cls, row: Row) -> Watched:
        words = {
            "caa": ["caa", row.name, "--issuer", ISSUER_DOMAIN],
            "file": ["domain", row.name, "--method", "file", "--value", TOKEN.decode()],
        }[row.method]
        dns = ["--root-hints", cls.stack.dns.hints_file, "--anchor", cls.stack.dns.anchor_file]
        public = ["--test-public-nets", cls.stack.block.network, "--json"]
        return watch([cls.stack.binaries / "csctl", "check", *words, *dns, *public], options.wait(row.limit))

    def judge(self, rows: list[Row]) -> None:
        for row in rows:
            with self.subTest(row.name):
                ran = self.looks[row].result()
                said = json.loads(ran.out) if ran.status in (0, 1) else {"errors": ran.errors}
                self.assertEqual((said.get("verdict"), said.get("reason")), (row.verdict, row.reason), said)
                if row.dnssec:
                    self.assertEqual(said["dnssec"], row.dnssec, said)
                self.assertLess(ran.cpu_s, options.wait(CPU_S), "processor time")
                self.assertLess(ran.peak_kib, SANITIZED_KIB if options.quick else KIB, "memory")

    def test_caa_1_what_fails_is_not_no_record(self) -> None:
        self.judge(table.FAILURES)

    def test_caa_5_answers_of_any_size_have_an_end(self) -> None:
        self.judge(table.SIZES)

    def test_caa_5_aliases_have_an_end(self) -> None:
        self.judge(table.ALIASES)

    def test_caa_6_signatures_that_do_not_hold(self) -> None:
        self.judge(table.SIGNATURES)

    def test_caa_6_denials_that_prove_nothing(self) -> None:
        self.judge(table.DENIALS)

    def test_caa_10_what_crashed_resolvers_crashes_nothing(self) -> None:
        self.judge(table.CRASHERS)

    def test_caa_10_many_keys_and_iterations_cost_little(self) -> None:
        self.judge(table.EXHAUSTION)

    def test_dom_1_a_name_server_inside_is_not_asked(self) -> None:
        self.judge(table.NAME_SERVER_INSIDE)

    def test_dom_1_addresses_that_are_not_public(self) -> None:
        self.judge(table.NOT_PUBLIC_ADDRESSES)

    def test_dom_2_a_name_that_changes_its_mind(self) -> None:
        self.judge(table.REBINDING)

    def test_dom_3_redirects(self) -> None:
        self.judge(table.REDIRECTS)

    def test_dom_3_redirects_to_tls(self) -> None:
        self.judge(table.HANDSHAKES)

    def test_dom_4_what_a_browser_would_follow(self) -> None:
        self.judge(table.FOLLOWED_BY_BROWSERS)

    def test_dom_5_slow_and_endless(self) -> None:
        self.judge(table.ENDLESS)

    def test_dom_5_not_http_as_it_should_be(self) -> None:
        self.judge(table.NOT_HTTP)

    def test_dom_6_a_server_that_repeats_what_it_is_asked(self) -> None:
        self.judge(table.REPEATED)

    def test_dom_7_the_value_and_nothing_else(self) -> None:
        self.judge(table.CONTENTS)

    def test_dom_10_answers_to_something_else(self) -> None:
        self.judge(table.SPOOFS)

    def test_y_i15_no_packet_to_where_nobody_may_be_sent(self) -> None:
        wait(self.looks.values())
        self.assertEqual(self.hostile.touched(), [])

    def test_z_the_canary_sees_whoever_comes(self) -> None:
        """Otherwise its silence would say nothing."""
        for port in (80, 443):
            socket.create_connection((self.hostile.private, port), timeout=5).close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"x", (self.hostile.private, 53))

        def seen() -> bool:
            return sorted(place["port"] for place in self.hostile.touched()) == [53, 80, 443]

        wait_for(seen, options.wait(5), "the canary to notice")


class HostileCustomer(SystemTest):
    """One who has nothing but names with many labels, and servers that say nothing."""

    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}
    }
    REQUESTS, MAILBOXES, LABELS = 10, 10, 16
    PATIENCE = 7  # seconds of whoever else wants a certificate

    def ask_for_silence(self) -> list[str]:
        """His CAA checks, as many as he may have; each is as many lookups as its name has labels."""
        mallory, asked = self.person("alice-token"), []
        for number in range(self.REQUESTS):
            deep = ".".join("x" * self.LABELS)
            boxes = [f"m@{deep}.b{number}-{n}.h-silent.example" for n in range(self.MAILBOXES)]
            request = mallory.create(self.csr(f"mallory-{number}"), boxes, "smime-mailbox")
            checks = mallory.wait_planned(request)["checks"]
            for check in [check["id"] for check in checks if check["id"].startswith("caa-")]:
                mallory.verify(request, check)
                mallory.wait_check(request, check, "waiting", "could-not-tell", "refused")
            asked.append(request)
        return asked

    def test_caa_10_silent_servers_make_nobody_else_wait(self) -> None:
        Hostile(self.stack).start()
        asked, bob, took = self.ask_for_silence(), self.person("bob-token"), []
        for number in range(5):
            mailbox = f"bob-{number}@alpha.example"
            request = bob.create(self.csr(mailbox), [mailbox], "smime-mailbox")
            bob.wait_planned(request)
            bob.prove_mailbox(request, mailbox)
            begun = time.monotonic()
            bob.approve(request)
            bob.wait_state(request, "issued", timeout=options.wait(60))
            took.append(time.monotonic() - begun)
        self.assertLess(max(took), options.wait(self.PATIENCE), took)
        for request in asked:
            states = {c["state"] for c in self.person("alice-token").show(request)["checks"]}
            self.assertNotIn("proved", states)

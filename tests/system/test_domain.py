# SPDX-License-Identifier: Apache-2.0
"""Domains, proved by each method of libs/smime/method.c, by a schedule, and not too often."""

import json
import re
import socket
import socketserver
import ssl
import threading
from pathlib import Path
from typing import Any, Callable

from world import Applicant, SystemTest, openssl, wait_for  # first: finds the others

from options import options
from zones import WEB_HOST, Zone

DAY_MS = 86_400_000


class AlpnServer:
    """Port 443 of the web host: one certificate of RFC 8737 for each name that was published."""

    def __init__(self, where: Path, address: str) -> None:
        self.where, self.contexts = where, dict[str, ssl.SSLContext]()
        contexts = self.contexts

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(5)
                hello = self.request.recv(4096, socket.MSG_PEEK)
                for name, context in contexts.items():
                    if name.encode() in hello:
                        try:
                            with context.wrap_socket(self.request, server_side=True) as tls:
                                tls.recv(1)
                        except OSError:
                            pass  # whoever looks has seen enough

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64  # many perspectives at once

        self.server = Server((address, 443), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, name: str, identifier: str) -> None:
        key, certificate = self.where / f"{name}.key", self.where / f"{name}.pem"
        words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        words += ["-nodes", "-days", "2", "-subj", "/CN=challenge", "-keyout", str(key)]
        words += ["-addext", f"subjectAltName=DNS:{name}", "-out", str(certificate)]
        words += ["-addext", f"1.3.6.1.5.5.7.1.31=critical,DER:0420{identifier}"]
        openssl(*words)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["acme-tls/1"])
        self.contexts[name] = context

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Domains(SystemTest):
    """Zones of their own, whose web server is also their mail server; alice may have every mailbox."""

    @property
    def alice(self) -> Applicant:
        return self.person("alice-token")

    @property
    def web_address(self) -> str:
        return self.stack.block.address(WEB_HOST)

    def zone(self, name: str, assigned: str | None = None) -> str:
        web = self.web_address
        self.stack.dns.add_zone(
            Zone(
                name,
                rrsets={
                    ("@", "A"): [web],
                    ("@", "MX"): ["10 post", "20 other"],
                    ("post", "A"): [web],
                    ("other", "A"): [web],
                },
            )
        )
        for mailboxes in (name, assigned):
            if mailboxes:
                self.stack.assign(f"*@{mailboxes}")
        return name

    def ask(self, domain: str) -> str:
        """alice's request for a mailbox in the domain, with what to publish known."""
        mailbox = f"ann@{domain}"
        request = self.alice.create(self.csr(mailbox), [mailbox], "smime-domain", domains=[domain])
        self.alice.wait_planned(request)
        self.alice.what_to_publish(request)
        return str(request)

    def ways(self, request: str) -> dict[str, dict[str, str]]:
        """What people are shown, by method."""
        return {way["method"]: way for way in self.you(request)["publish"]}

    def you(self, request: str) -> dict[str, Any]:
        check = self.alice.check(request, "domain-1")
        assert check is not None
        return dict(check["you"])

    def publish(self, zone: str, way: dict[str, str]) -> None:
        """As a person copies it, with the name of the mail server put in."""
        name = way["name"].replace("MAIL-SERVER", f"post.{zone}")
        if way["type"] == "file":
            host, path = re.fullmatch(r"http://([^/]+)/(.*)", name).groups()  # type: ignore[union-attr]
            self.stack.web.put(host, path, way["value"])
            return
        owner = name.removesuffix("." + zone)
        value = f'"{way["value"]}"' if way["type"] == "TXT" else way["value"] + "."
        self.stack.dns.set(zone, owner, way["type"], value)

    def verified(self, request: str) -> dict[str, Any]:
        self.alice.verify(request, "domain-1")
        found: dict[str, Any] = self.alice.wait_check(request, "domain-1", "proved")
        self.alice.wait_check(request, "mpic-domain-1", "proved")
        return found

    def issued(self, request: str) -> None:
        self.alice.approve(request)
        self.alice.wait_state(request, "issued", timeout=options.wait(60))


class DomainMethods(Domains):
    """One after the other, on one stack."""

    def prove_by(self, method: str, covers: bool) -> dict[str, Any]:
        zone = self.zone(f"by-{method}.example")
        request = self.ask(zone)
        self.publish(zone, self.ways(request)[method])
        found = self.verified(request)
        self.assertEqual(found["method"], method)
        self.assertEqual(found["proved_for"], zone)
        self.assertEqual(found["covers_subdomains"], covers)
        self.assertEqual(found["dnssec"], "secure")
        self.assertIn(f"{method}: ", found["detail"])
        self.issued(request)
        return found

    def test_dns_txt(self) -> None:
        self.prove_by("dns-txt", True)

    def test_dns_cname(self) -> None:
        self.prove_by("dns-cname", True)

    def test_dns_persist(self) -> None:
        """TBR 3.2.2.4.22: the proof serves for ten days, though the profile would have it for 398."""
        found = self.prove_by("dns-persist", True)
        ends = "select valid_until_ms - checked_at_ms from policy.standing where method = 'dns-persist'"
        self.assertEqual({int(row[0]) for row in self.rows(ends)}, {10 * DAY_MS})
        self.assertIn("acct:demo@ca.countersign.example", " ".join(found["seen"]))

    def test_http_file(self) -> None:
        self.prove_by("http-file", False)

    def test_acme_http(self) -> None:
        self.prove_by("acme-http", False)

    def test_mx_dns_txt(self) -> None:
        self.prove_by("mx-dns-txt", False)

    def test_mx_http_file(self) -> None:
        self.prove_by("mx-http-file", False)

    def test_acme_tls_alpn(self) -> None:
        zone = self.zone("by-acme-tls-alpn.example")
        server = AlpnServer(self.stack.root / "web", self.web_address)
        self.addCleanup(server.close)
        request = self.ask(zone)
        way = self.ways(request)["acme-tls-alpn"]
        self.assertEqual((way["type"], way["name"]), ("certificate", f"{zone}:443"))
        server.publish(zone, way["value"])
        found = self.verified(request)
        self.assertEqual((found["method"], found["covers_subdomains"]), ("acme-tls-alpn", False))
        self.issued(request)

    def test_every_way_is_shown_with_texts_to_copy(self) -> None:
        request = self.ask(self.zone("shown.example"))
        ways = self.you(request)["publish"]
        self.assertEqual(
            [way["method"] for way in ways],
            [
                "dns-txt",
                "dns-cname",
                "dns-persist",
                "http-file",
                "acme-http",
                "acme-tls-alpn",
                "mx-dns-txt",
                "mx-http-file",
            ],
        )
        for way in ways:
            for member in ("clause", "what", "type", "name", "value", "note"):
                self.assertTrue(way[member], way)
        self.assertIn("next_look_at", self.you(request))
        shown = self.csctl("request", "show", request)
        for way in ways:
            self.assertIn(way["value"], shown.stdout)
        lines = self.csctl("request", "publish", request).stdout.splitlines()
        for way in ways:
            for text in (way["name"], way["value"]):
                self.assertIn("    " + text, lines)  # alone in its line, to be copied

    def look(self, *words: str) -> tuple[int, dict[str, Any]]:
        """csctl check, which needs nothing but the network."""
        env = self.stack.environment("observer")
        where = ["--root-hints", env["CS_DNS_ROOT_HINTS_FILE"], "--json"]
        where += ["--anchor", env["CS_DNS_ANCHOR_FILE"]]
        where += ["--test-public-nets", env["CS_TEST_PUBLIC_NETS"]]
        done = self.csctl("check", *words, *where)
        return done.returncode, json.loads(done.stdout)

    def test_the_operators_tool_looks_as_the_validator_does(self) -> None:
        zone, value = self.zone("tool.example"), "abcdefghijklmnopqrstuvwxyz234567"
        account = "ca.countersign.example; accounturi=acct:demo@ca.countersign.example"
        self.stack.dns.set(zone, "_countersign-challenge", "TXT", f'"{value}"')
        self.stack.dns.set(zone, "_countersign-challenge.cn", "CNAME", f"{value}.cn.{zone}.")
        self.stack.dns.set(zone, "_validation-persist", "TXT", f'"{account}"')
        by_account = ["--issuer", "ca.countersign.example", "--enterprise"]
        for host, words, reason in [
            (zone, ["--method", "dns-txt", "--value", value], "txt-matches"),
            (zone, ["--method", "txt", "--value", value + "8"], "txt-differs"),
            (f"cn.{zone}", ["--method", "dns-cname", "--value", value], "cname-matches"),
            (zone, ["--method", "dns-persist", *by_account, "demo"], "persist-matches"),
            (zone, ["--method", "dns-persist", *by_account, "demo2"], "persist-other-account"),
            (zone, ["--method", "http-file", "--value", value], "http-status"),
            (zone, ["--method", "acme-http", "--value", value], "acme-value-unfit"),
            (zone, ["--method", "mx-dns-txt", "--value", value], "txt-no-record"),
        ]:
            with self.subTest(words=words):
                status, said = self.look("domain", host, *words)
                good = reason.endswith("-matches")
                self.assertEqual((said["reason"], status), (reason, 0 if good else 1))
                self.assertEqual(said["verdict"], "accept" if good else "refuse")
        status, said = self.look("mail-route", zone)
        self.assertEqual((status, said["reason"]), (0, "mx-found"))
        self.assertEqual(said["seen"], [f"10 post.{zone}", f"20 other.{zone}"])
        self.stack.dns.set(zone, "@", "MX", "0 .")
        status, said = self.look("mail-route", zone)
        self.assertEqual((status, said["reason"], said["clause"]), (1, "mx-null", "RFC 7505"))

    def test_a_name_above_may_be_proved_instead(self) -> None:
        """TBR 3.2.2.4, ADN: the proof is of the name where it was found, and serves all below."""
        zone = self.zone("above.example", "east.above.example")
        request = self.ask(f"east.{zone}")
        way = self.ways(request)["dns-txt"]
        self.assertEqual(way["name"], f"_countersign-challenge.east.{zone}")
        self.publish(zone, {**way, "name": f"_countersign-challenge.{zone}"})
        found = self.verified(request)
        self.assertEqual((found["target"], found["proved_for"]), (f"east.{zone}", zone))
        self.assertTrue(found["covers_subdomains"])
        self.issued(request)
        self.stack.assign(f"*@west.{zone}")
        mailbox = f"ann@west.{zone}"
        second = self.alice.create(
            self.csr(mailbox), [mailbox], "smime-domain", domains=[f"west.{zone}"]
        )
        self.alice.wait_check(second, "domain-1", "standing")
        self.issued(second)

    def test_a_mail_server_proves_no_subdomain(self) -> None:
        zone = self.zone("mx-only.example", "east.mx-only.example")
        request = self.ask(zone)
        self.publish(zone, self.ways(request)["mx-dns-txt"])
        self.verified(request)
        self.wait_standing(request, "domain-1", "mpic-domain-1")
        below = self.ask(f"east.{zone}")
        check = self.alice.check(below, "domain-1")
        assert check is not None
        self.assertEqual(check["state"], "needed")

    def test_a_value_from_before_proves_until_its_end(self) -> None:
        """Verify makes another value when one ends soon; what was published already still counts."""
        zone = self.zone("renewed.example")
        request = self.ask(zone)
        old = self.ways(request)["dns-txt"]
        self.publish(zone, old)
        self.value(
            "update domain_validator.challenge set expires_ms = made_ms + 3600000"
            f" where request = '{request}'"
        )
        found = self.verified(request)
        self.assertIn(old["value"], " ".join(found["seen"]))
        new = self.value(f"select value from domain_validator.challenge where request = '{request}'")
        self.assertNotEqual(new, old["value"])
        self.issued(request)

    def test_a_bogus_zone_is_shown_with_what_broke(self) -> None:
        self.stack.assign("*@bogus.example")
        request = self.ask("bogus.example")
        self.alice.verify(request, "domain-1")
        found = self.alice.wait_check(request, "domain-1", "refused", "could-not-tell")
        self.assertEqual((found["reason"], found["dnssec"]), ("dnssec-bogus", "bogus"))
        broken = [lookup for lookup in found["lookups"] if lookup["dnssec"] == "bogus"]
        self.assertTrue(broken, found["lookups"])
        self.assertIn("_countersign-challenge.bogus.example", broken[0]["name"])
        self.assertIn("bogus.example", broken[0]["why"])
        self.assertIn("_countersign-challenge.bogus.example is broken", found["text"])
        self.assertEqual(found["text"].count("is broken"), 1)  # not once for each method
        self.assertIn("DS record", found["mend"])


class DomainWatch(Domains):
    """Looks without a press, and the limits on those with one."""

    settings = {
        "domain-validator": {"CS_LOOK_SCHEDULE_S": "1", "CS_FAILURES_PER_ACCOUNT": "2"},
        "request-intake": {"CS_PRESSES_PER_HOUR": "10000"},
    }

    def challenge(self, request: str, column: str) -> int:
        return int(
            self.value(
                f"select {column} from domain_validator.challenge where request = '{request}'"
            )
        )

    def pressed(self) -> int:
        return self.count("request_intake.outbox where subject = 'request.verification-asked'")

    def test_a_domain_is_proved_without_a_press(self) -> None:
        zone = self.zone("watched.example")
        request, presses = self.ask(zone), self.pressed()
        self.assertIn("next_look_at", self.you(request))
        self.alice.wait_check(request, "domain-1", "refused")  # the first look found nothing
        self.publish(zone, self.ways(request)["dns-txt"])
        found = self.alice.wait_check(request, "domain-1", "proved")
        self.alice.wait_check(request, "mpic-domain-1", "proved")
        self.assertEqual(found["method"], "dns-txt")
        self.assertGreater(found["attempt"], 1)
        self.assertEqual(self.pressed(), presses)
        self.assertEqual(self.challenge(request, "next_ms"), 0)  # a proof ends the schedule
        self.issued(request)

    def test_the_end_of_a_request_ends_its_schedule(self) -> None:
        request = self.ask(self.zone("left.example"))
        self.alice.wait_check(request, "domain-1", "refused")
        self.alice.cancel(request)
        wait_for(
            lambda: self.challenge(request, "next_ms") == 0,
            options.wait(30),
            "the end of the schedule",
        )

    def test_who_presses_and_fails_again_and_again_has_a_pause(self) -> None:
        request = self.ask(self.zone("hasty.example"))
        for number in (1, 2):
            self.press_until(
                request,
                lambda: self.failures("hasty.example") >= number,  # noqa: B023
                f"press {number} to find nothing",
            )
        self.press_until(request, lambda: "held" in self.you(request), "the word that it pauses")
        you = self.you(request)
        self.assertEqual(you["held"], "failed-too-often")
        self.assertIn(you["held_until"], you["text"])

    def press_until(self, request: str, done: Callable[[], bool], what: str) -> None:
        """A press is none where the look before it, or one of the schedule, is not told yet."""

        def pressed() -> bool:
            if done():
                return True
            self.alice.verify(request, "domain-1")
            return False

        wait_for(pressed, options.wait(60), what, pause=0.2)

    def failures(self, domain: str) -> int:
        """Of presses: the schedule has no account."""
        return self.count(f"domain_validator.look where domain = '{domain}' and failed and account <> ''")

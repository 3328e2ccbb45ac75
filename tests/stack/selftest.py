#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the test stack itself: two at once, every server really asked, and nothing left behind."""

import base64
import http.server
import json
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import control
from claims import CLAIMS, Claims
from procs import Processes, left_behind, read_records, run, same_process
from resolver import Answer, Resolver
from secrets_dir import nkey_seed
from stack import Stack
from wait import wait_for
from zones import SILENT, Zone

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser import Browser  # noqa: E402

STACK = Path(__file__).with_name("stack.py")
ED25519_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def read_env(root: Path) -> dict[str, str]:
    text = run([sys.executable, STACK, "exec", "--dir", root, "--", "env", "-0"])
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


class NatsClient:
    """Just enough of the protocol: verified TLS, nkey login, a request and its answer."""

    def __init__(self, env: dict[str, str]) -> None:
        host, port = env["CS_NATS_URL"].removeprefix("tls://").split(":")
        plain = socket.create_connection((host, int(port)), timeout=5)
        info = _line(plain)
        self.info = json.loads(info.removeprefix(b"INFO "))
        tls = ssl.create_default_context(cafile=env["CS_NATS_CA_FILE"])
        self.socket = tls.wrap_socket(plain, server_hostname=host)
        seed_file = Path(env["CS_NATS_SEED_FILE"])
        signature = (
            base64.urlsafe_b64encode(_sign(seed_file, self.info["nonce"].encode()))
            .decode()
            .rstrip("=")
        )
        user = seed_file.read_text().split()[1]
        login = {
            "verbose": False,
            "pedantic": True,
            "tls_required": True,
            "nkey": user,
            "sig": signature,
        }
        self.socket.sendall(
            b"CONNECT "
            + json.dumps(login | {"lang": "test", "version": "1"}).encode()
            + b"\r\nPING\r\n"
        )
        answer = _line(self.socket)
        if answer != b"PONG":
            self.close()
            raise ConnectionError(answer.decode())

    def ask(self, subject: str, body: bytes = b"") -> dict[str, Any]:
        head = f"SUB _INBOX.t 1\r\nPUB {subject} _INBOX.t {len(body)}\r\n".encode()
        self.socket.sendall(head + body + b"\r\n")
        while not (line := _line(self.socket)).startswith(b"MSG "):
            pass
        left, octets = int(line.split()[-1]) + 2, b""
        while len(octets) < left:
            octets += self.socket.recv(left - len(octets))
        answer: dict[str, Any] = json.loads(octets)
        return answer

    def close(self) -> None:
        self.socket.close()


def _line(stream: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\r\n"):
        octet = stream.recv(1)
        if not octet:
            raise ConnectionError(f"the server went away after {line!r}")
        line += octet
    return line.strip()


def _sign(seed_file: Path, nonce: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as where:
        key, text = Path(where) / "key.der", Path(where) / "nonce"
        key.write_bytes(ED25519_PKCS8 + nkey_seed(seed_file))
        text.write_bytes(nonce)
        argv = [
            "openssl",
            "pkeyutl",
            "-sign",
            "-rawin",
            "-keyform",
            "DER",
            "-inkey",
            str(key),
            "-in",
            str(text),
        ]
        return subprocess.run(argv, check=True, capture_output=True).stdout


def resolve(env: dict[str, str], name: str, kind: str) -> Answer:
    with Resolver(Path(env["CS_DNS_ROOT_HINTS_FILE"]), Path(env["CS_DNS_ANCHOR_FILE"])) as resolver:
        return resolver.ask(name, kind)


class TwoStacksAtOnce(unittest.TestCase):
    """Kept by processes of their own, as `make run` has them."""

    here: Path
    roots: list[Path]
    envs: list[dict[str, str]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.here = Path(tempfile.mkdtemp(prefix="countersign-self-", dir="/tmp"))
        cls.here.chmod(0o711)
        cls.roots = [cls.here / "one", cls.here / "two"]
        up = [[sys.executable, STACK, "up", "--dir", root] for root in cls.roots]
        with ThreadPoolExecutor() as pool:
            list(pool.map(run, up))
        cls.envs = [read_env(root) for root in cls.roots]

    @classmethod
    def tearDownClass(cls) -> None:
        """The last test stops the stacks; this is for when nobody got there."""
        for root in cls.roots:
            if root.exists():
                subprocess.run([sys.executable, STACK, "down", "--dir", root], check=False)
        shutil.rmtree(cls.here, ignore_errors=True)

    def test_they_share_no_address(self) -> None:
        for name in ("CS_TEST_PUBLIC_NETS", "CS_NATS_URL", "CS_DATABASE_URL", "CS_SMTP_URL"):
            self.assertNotEqual(self.envs[0][name], self.envs[1][name], name)

    def test_nats_speaks_tls_and_has_jetstream(self) -> None:
        for env in self.envs:
            client = NatsClient(env)
            account = client.ask("$JS.API.INFO")
            client.close()
            self.assertTrue(client.info["tls_required"])
            self.assertEqual(account["type"], "io.nats.jetstream.api.v1.account_info_response")
            self.assertNotIn("error", account)

    def test_nats_refuses_a_key_of_the_other_stack(self) -> None:
        mixed = self.envs[0] | {"CS_NATS_SEED_FILE": self.envs[1]["CS_NATS_SEED_FILE"]}
        with self.assertRaisesRegex(ConnectionError, "Authorization Violation"):
            NatsClient(mixed)

    def test_nats_can_be_killed_and_wiped(self) -> None:
        root, env = self.roots[0], self.envs[0]
        stream = json.dumps({"name": "T", "subjects": ["t.>"]}).encode()
        self._nats(env, "$JS.API.STREAM.CREATE.T", stream)
        control.call(root, "nats.kill")
        control.call(root, "nats.start")
        self.assertEqual(self._nats(env, "$JS.API.STREAM.NAMES")["streams"], ["T"])
        control.call(root, "nats.wipe")
        self.assertEqual(self._nats(env, "$JS.API.STREAM.NAMES")["streams"], None)

    def _nats(self, env: dict[str, str], subject: str, body: bytes = b"") -> dict[str, Any]:
        client = NatsClient(env)
        try:
            return client.ask(subject, body)
        finally:
            client.close()

    def test_postgres_keeps_what_was_committed_through_a_kill(self) -> None:
        root, env = self.roots[0], self.envs[0]
        psql = ["psql", "-XqAt", env["CS_DATABASE_URL"], "-c"]
        run([*psql, "create table kept as select 42 as answer"])
        control.call(root, "postgres.kill")
        control.call(root, "postgres.start")
        self.assertEqual(run([*psql, "select answer from kept"]).strip(), "42")
        self.assertEqual(run([*psql, "show fsync"]).strip(), "on")

    def test_postgres_wants_the_password(self) -> None:
        without = self.envs[0]["CS_DATABASE_URL"].partition("&passfile=")[0]
        done = subprocess.run(
            ["psql", "-Xw", without, "-c", "select 1"], capture_output=True, check=False
        )
        self.assertIn(b"no password supplied", done.stderr)

    def test_every_zone_is_what_its_name_says(self) -> None:
        states = {
            ".": "secure",
            "example": "secure",
            "mail": "secure",
            "alpha.example": "secure",
            "gamma.mail": "secure",
            "delta.example": "secure",
            "bench.example": "secure",
            "beta.example": "insecure",
            "bogus.example": "bogus",
            "expired.example": "bogus",
        }
        for env in self.envs:
            for name, want in states.items():
                answer = resolve(env, name, "MX" if "." in name.strip(".") else "SOA")
                self.assertEqual(
                    (answer.state, len(answer.records)), (want, 1), f"{name} {answer.why}"
                )
        self.assertIn("signature expired", resolve(self.envs[0], "expired.example", "MX").why)
        self.assertIn(
            "signature verification failed", resolve(self.envs[0], "bogus.example", "MX").why
        )

    def test_absence_is_proved(self) -> None:
        for name in ("alpha.example", "gamma.mail", "delta.example"):
            nothing, nobody = resolve(self.envs[0], name, "CAA"), resolve(
                self.envs[0], "no." + name, "A"
            )
            self.assertEqual((nothing.state, nothing.rcode, nothing.records), ("secure", 0, []))
            self.assertEqual((nobody.state, nobody.rcode, nobody.records), ("secure", 3, []))

    def test_caa_records_deny_and_allow(self) -> None:
        deny, allow = resolve(self.envs[0], "caa-deny.example", "CAA"), resolve(
            self.envs[0], "caa-allow.example", "CAA"
        )
        self.assertEqual((deny.state, deny.records), ("secure", [b"\0\x09issuemail;"]))
        self.assertEqual(
            (allow.state, allow.records), ("secure", [b"\0\x09issuemailca.countersign.example"])
        )

    def test_the_silent_server_takes_queries_and_answers_none(self) -> None:
        address = f"{self.envs[0]['CS_STACK_BLOCK']}.{SILENT}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            client.connect((address, 53))
            client.send(b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\1\0\1")
            self.assertRaises(TimeoutError, client.recv, 512)

    def test_a_record_can_be_set_and_removed_while_the_other_stack_does_not_see_it(self) -> None:
        root = self.roots[0]
        control.call(root, "dns.set", "alpha.example", "_cs-abc", "TXT", '"one"')
        control.call(root, "dns.add", "alpha.example", "_cs-abc", "TXT", '"two"')
        mine, other = (resolve(env, "_cs-abc.alpha.example", "TXT") for env in self.envs)
        self.assertEqual((mine.state, sorted(mine.records)), ("secure", [b"\x03one", b"\x03two"]))
        self.assertEqual((other.state, other.rcode), ("secure", 3))
        control.call(root, "dns.remove", "alpha.example", "_cs-abc", "TXT")
        self.assertEqual(resolve(self.envs[0], "_cs-abc.alpha.example", "TXT").rcode, 3)

    def test_a_zone_can_change_its_signing(self) -> None:
        for signing, want in (
            ("bogus", "bogus"),
            ("insecure", "insecure"),
            ("expired", "bogus"),
            ("future", "bogus"),
            ("wrong-ds", "bogus"),
            ("secure", "secure"),
        ):
            control.call(self.roots[1], "dns.sign", "caa-allow.example", signing)
            self.assertEqual(resolve(self.envs[1], "caa-allow.example", "MX").state, want, signing)

    def test_a_zone_can_come_and_go(self) -> None:
        control.call(self.roots[1], "dns.add_zone", "later.example")
        control.call(self.roots[1], "dns.set", "later.example", "@", "A", "192.0.2.1")
        self.assertEqual(resolve(self.envs[1], "later.example", "A").state, "secure")
        control.call(self.roots[1], "dns.remove_zone", "later.example")
        self.assertEqual(resolve(self.envs[1], "later.example", "A").rcode, 3)

    def test_mail_is_kept_and_shown(self) -> None:
        env = self.envs[0]
        exchanger = resolve(env, "mail.alpha.example", "A").records[0]
        with smtplib.SMTP(socket.inet_ntoa(exchanger), 25, timeout=5) as client:
            tls = ssl.create_default_context(cafile=env["CS_NATS_CA_FILE"])
            # The name that the certificate must bear; the connection was made by address.
            client._host = "mail.alpha.example"  # type: ignore[attr-defined]
            client.starttls(context=tls)
            client.sendmail(
                "ca@nic.example", ["bob@alpha.example"], "Subject: hello\r\n\r\ntoken 1234\r\n"
            )
        with urllib.request.urlopen(
            f"{env['CS_STACK_MAIL_URL']}/mails?to=bob@alpha.example", timeout=5
        ) as answer:
            mails = json.load(answer)
        self.assertEqual(
            [(mail["from"], mail["to"], mail["tls"]) for mail in mails],
            [
                ("ca@nic.example", ["bob@alpha.example"], True),
            ],
        )
        with urllib.request.urlopen(
            f"{env['CS_STACK_MAIL_URL']}/mails/{mails[0]['number']}", timeout=5
        ) as answer:
            self.assertIn(b"token 1234", answer.read())

    def test_mail_can_be_refused(self) -> None:
        host, port = self.envs[1]["CS_SMTP_URL"].removeprefix("smtp://").split(":")
        for behaviour in ("550", "451"):
            control.call(self.roots[1], "mail.behave", "@beta.example", behaviour)
            with smtplib.SMTP(host, int(port), timeout=5) as client:
                with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                    client.sendmail("ca@nic.example", ["eve@beta.example"], "Subject: no\r\n\r\n")
            self.assertEqual(refused.exception.recipients["eve@beta.example"][0], int(behaviour))

    def test_a_mailbox_can_hang(self) -> None:
        host, port = self.envs[1]["CS_SMTP_URL"].removeprefix("smtp://").split(":")
        control.call(self.roots[1], "mail.behave", "slow@alpha.example", "hang")
        client = smtplib.SMTP(host, int(port), timeout=0.5)
        client.ehlo()
        client.mail("ca@nic.example")
        self.assertRaises(
            (TimeoutError, smtplib.SMTPServerDisconnected), client.rcpt, "slow@alpha.example"
        )
        client.close()

    def test_the_web_server_knows_its_hosts(self) -> None:
        env = self.envs[0]
        address = socket.inet_ntoa(resolve(env, "alpha.example", "A").records[0])
        site = Path(env["CS_STACK_WEB_DIR"]) / "alpha.example" / ".well-known"
        site.mkdir(parents=True)
        (site / "proof.txt").write_text("proof")
        moved = {"status": 302, "headers": {"Location": "http://beta.example/"}}
        control.call(self.roots[0], "web.hook", "alpha.example", "/moved", moved)
        self.assertEqual(
            self._get(address, "alpha.example", "/.well-known/proof.txt"), (200, "proof", None)
        )
        self.assertEqual(self._get(address, "beta.example", "/.well-known/proof.txt")[0], 404)
        self.assertEqual(self._get(address, "alpha.example", "/../requests.log")[0], 404)
        self.assertEqual(self._get(address, "alpha.example", "/.hooks.json")[0], 404)
        self.assertEqual(self._get(address, "..", "/requests.log")[0], 404)
        self.assertEqual(
            self._get(address, "alpha.example", "/moved"), (302, "", "http://beta.example/")
        )

    def _get(self, address: str, host: str, path: str) -> tuple[int, str, str | None]:
        with socket.create_connection((address, 80), timeout=5) as client:
            client.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            head, _, body = client.makefile("rb").read().decode().partition("\r\n\r\n")
        location = next(
            (line[10:] for line in head.splitlines() if line.startswith("Location: ")), None
        )
        return int(head.split()[1]), body, location

    def test_zz_down_leaves_nothing(self) -> None:
        recorded = [record for root in self.roots for record in read_records(root)]
        self.assertGreaterEqual(len(recorded), 2 * 7)
        for root in self.roots:
            run([sys.executable, STACK, "down", "--dir", root])
            self.assertFalse(root.exists())
        self.assertEqual(
            [record for record in recorded if same_process(record.pid, record.started)], []
        )
        self.assertEqual(left_behind(self.here), [])
        for env in self.envs:
            self.assertFalse((CLAIMS / env["CS_STACK_BLOCK"]).exists())


class EndsBadly(unittest.TestCase):
    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="countersign-self-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)

    def test_nothing_survives_the_death_of_the_owner(self) -> None:
        run([sys.executable, STACK, "up", "--fast", "--dir", self.root])
        env = read_env(self.root)
        recorded = read_records(self.root)
        keeper = json.loads((self.root / "keeper").read_text())["pid"]
        os.kill(keeper, signal.SIGKILL)
        wait_for(lambda: not (self.root / "pids").exists(), 20, "the watchdog")
        wait_for(lambda: not (CLAIMS / env["CS_STACK_BLOCK"]).exists(), 5, "the end of the claim")
        self.assertEqual(
            [record for record in recorded if same_process(record.pid, record.started)], []
        )
        self.assertEqual(left_behind(self.root), [])

    def test_down_tells_of_a_process_that_died_by_itself(self) -> None:
        run([sys.executable, STACK, "up", "--fast", "--dir", self.root])
        web = next(record for record in read_records(self.root) if record.name == "web")
        os.kill(web.pid, signal.SIGKILL)
        done = subprocess.run(
            [sys.executable, STACK, "down", "--dir", self.root], capture_output=True, check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"web ended by itself, status -9", done.stdout)
        self.assertTrue((self.root / "log" / "web.log").exists())


class InThisProcess(unittest.TestCase):
    def test_a_service_is_started_killed_and_stopped(self) -> None:
        """A small program stands in for a service: what is tested is the handling of processes."""
        lines: list[str] = []
        with Stack(say=lines.append, durable=False) as stack:
            fake = stack.root / "fake-service"
            fake.write_text(FAKE_SERVICE.format(python=sys.executable))
            fake.chmod(0o755)
            stack.binaries = stack.root
            self.assertEqual(
                stack.start_service("policy", {"CS_EXTRA": "x"}, "fake-service", 2),
                ["policy", "policy-2"],
            )
            self.assertEqual(stack.get("policy-2", "metrics"), (200, "x policy"))
            first = stack.processes.pid("policy")
            stack.kill("policy")
            self.assertEqual(stack.get("policy", "readyz"), (0, ""))
            stack.restart_service("policy")
            self.assertNotEqual(stack.processes.pid("policy"), first)
            self.assertEqual(stack.get("policy", "readyz"), (200, "x policy"))
            for number, name in enumerate(("hijack", "another"), 66):
                view = stack.dns_view(name)
                view.set("beta.example", "@", "A", f"192.0.2.{number}")
                lie = {
                    "CS_DNS_ROOT_HINTS_FILE": str(view.hints_file),
                    "CS_DNS_ANCHOR_FILE": str(view.anchor_file),
                }
                self.assertEqual(resolve(lie, "beta.example", "A").records, [bytes([192, 0, 2, number])])
            with self.assertRaisesRegex(RuntimeError, "view hijack: it exists"):
                stack.dns_view("hijack")
            self.assertNotIn(
                resolve(stack.environment("policy"), "beta.example", "A").records,
                [[bytes([192, 0, 2, 66])], [bytes([192, 0, 2, 67])]],
            )
            stack.dns.add_zone(Zone("own.example", rrsets={("@", "TXT"): ['"mine"']}))
            self.assertEqual(
                resolve(stack.environment("policy"), "own.example", "TXT").records, [b"\x04mine"]
            )
        self.assertFalse(stack.root.exists(), "\n".join(lines))

    def test_a_crashed_start_is_told_with_its_log(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "signer has ended:\nno key"):
            with Stack(say=lambda _: None, durable=False) as stack:
                self.addCleanup(shutil.rmtree, stack.root, ignore_errors=True)
                broken = stack.root / "broken"
                broken.write_text("#!/bin/sh\necho no key\nexit 3\n")
                broken.chmod(0o755)
                stack.binaries = stack.root
                stack.start_service("signer", binary="broken")
        self.assertTrue((stack.root / "log" / "signer.log").exists())
        self.assertEqual(left_behind(stack.root), [])

    def test_a_sanitizer_is_heard_though_its_process_was_killed(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / "log").mkdir()
            processes = Processes(root, lambda _: None)
            words = "echo 'WARNING: ThreadSanitizer: data race (pid=7)'; exec sleep 60"
            processes.start("loud", ["sh", "-c", words])
            wait_for((root / "log" / "loud.log").read_text, 5, "its words")
            processes.kill("loud")
            processes.stop_all()
            self.assertEqual(processes.problems, ["a sanitizer complains in loud.log"])


class Claiming(unittest.TestCase):
    def test_a_claim_excludes_others_until_it_is_released(self) -> None:
        mine, other = Claims(), Claims()
        prefix = mine.block().prefix
        self.assertFalse(other.take(prefix))
        self.assertFalse(mine.take(prefix))
        mine.release()
        self.assertTrue(other.take(prefix))
        other.release()
        self.assertFalse((CLAIMS / prefix).exists())


class HalfAPage(http.server.BaseHTTPRequestHandler):
    """Answers the first half of a page at once, and the other when the test says so."""

    rest = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        # More than the parser waits for, so that the first half is shown.
        self.wfile.write(b"<title>half</title><p>" + b"x" * 65536 + b"</p>")
        self.wfile.flush()
        self.rest.wait(20)
        self.wfile.write(b"<p id=late>there</p>")

    def log_message(self, *_: Any) -> None:
        pass


class Browsing(unittest.TestCase):
    def test_a_page_that_comes_in_pieces_is_waited_for(self) -> None:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), HalfAPage)
        threading.Thread(target=server.serve_forever).start()
        try:
            with Browser(20) as browser:
                browser.send("Page.navigate", url=f"http://127.0.0.1:{server.server_port}/")
                wait_for(lambda: browser.run("document.title === 'half'"), 20, "the first half")
                self.assertEqual(browser.run("document.getElementById('late')"), None)
                threading.Timer(0.1, HalfAPage.rest.set).start()
                self.assertEqual(browser.until("document.getElementById('late').textContent"), "there")
        finally:
            HalfAPage.rest.set()
            server.shutdown()
            server.server_close()


FAKE_SERVICE = """#!{python}
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        who = os.environ["CS_NATS_SEED_FILE"].rpartition("/")[2].removesuffix(".seed")
        self.wfile.write((os.environ["CS_EXTRA"] + " " + who).encode())
host, port = os.environ["CS_LISTEN"].split(":")
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""

if __name__ == "__main__":
    unittest.main(verbosity=2)

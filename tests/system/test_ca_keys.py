# SPDX-License-Identifier: Apache-2.0
"""Issuing CAs: their keys in a token, made by the ceremony; chosen by profile; one following another under load."""

import base64
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from world import SystemTest, openssl, wait_for  # first: finds the others

import checkers
from crowd import Crowd
from options import options
from procs import run
from secrets_dir import private_file

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
MULTIPURPOSE, STRICT, PRIVATE = "smime-mailbox", "smime-mailbox-strict", "smime-private"


class CaKeys(SystemTest):
    """Four CAs below two roots.  The keys of `multi` and `strict` never leave their token."""

    mail_below = ("beta.example",)
    replicas = 2

    @classmethod
    def prepare(cls) -> None:
        """The ceremony, as operators do it."""
        cls.where = cls.stack.root / "secrets" / "cas"
        cls.where.mkdir(mode=0o700)
        cls.token = {"SOFTHSM2_CONF": str(cls.where / "softhsm2.conf")}
        cls.make_token()
        names = ("ann", "bob")
        lines = [f"{name} {cls.ca_tool('key', 'new', f'{name}.pem').strip()}\n" for name in names]
        (cls.where / "approvers").write_text("".join(lines))
        for root in ("root", "own"):
            private_file(cls.where / f"{root}.pass", "a pass phrase of twenty octets or more\n")
            key = ["--key", f"{root}.key", "--password", f"{root}.pass"]
            cls.ca_tool("ca", "root", *cls.names(root), "--out", f"{root}.pem", *key, *cls.record())
        cls.make_ca("multi", "root", cls.in_token("multi"), "rsa4096")
        cls.make_ca("strict", "root", cls.in_token("strict"), "p384", "--client-auth")
        cls.make_ca("next", "root", cls.in_file("next"), "p256")
        cls.make_ca("inner", "own", cls.in_file("inner"), "p256")
        cls.issuers = cls.where / "issuers"
        cls.write_issuers(cls.section("multi", "mailbox-multipurpose"))
        empty = {"CS_ISSUER_KEY_FILE": "", "CS_ISSUER_CHAIN_FILE": ""}
        many = {"CS_CREATIONS_PER_HOUR": "100000", "CS_PRESSES_PER_HOUR": "100000"}
        signer = {"CS_ISSUERS_FILE": str(cls.issuers), **empty, **cls.token}
        cas = [(cls.where / f"{name}.cert.pem").read_text() for name in ("multi", "strict", "next", "inner")]
        (cls.where / "cas.pem").write_text("".join(cas))
        notifier = {"CS_ISSUER_CHAIN_FILE": str(cls.where / "cas.pem")}
        cls.settings = {
            "signer": signer,
            "notifier": notifier,
            "request-intake": many,
            "certificate-status": {"CS_STATUS_CA_DIR": str(cls.publish()), "CS_OCSP_DIR": ""},
        }

    @classmethod
    def publish(cls) -> Path:
        """What certificate-status shows of CAs."""
        where = cls.where / "status"
        where.mkdir()
        files = {name: f"{name}.cert.pem" for name in ("multi", "strict", "next", "inner")}
        for label, pem in {**files, "root": "root.pem", "own": "own.pem"}.items():
            openssl("x509", "-in", cls.where / pem, "-outform", "DER", "-out", where / f"{label}.cer")
        for root in ("root", "own"):
            by = ["--root", f"{root}.pem", "--key", f"{root}.key", "--password", f"{root}.pass"]
            cls.ca_tool("ca", "crl", *by, *cls.record(), "--out", str(where / f"{root}.crl"))
        return where

    @classmethod
    def make_token(cls) -> None:
        (cls.where / "tokens").mkdir(mode=0o700)
        (cls.where / "softhsm2.conf").write_text(f"directories.tokendir = {cls.where}/tokens\n")
        private_file(cls.where / "pin", "1234\n")
        words = ["--init-token", "--free", "--label", "countersign", "--so-pin", "5678", "--pin", "1234"]
        run(["softhsm2-util", *words], env=cls.environment())

    @classmethod
    def environment(cls) -> dict[str, str]:
        approvers = {"CS_APPROVERS_FILE": str(cls.where / "approvers")}
        return {**cls.stack.environment("observer"), **cls.token, **approvers}

    @classmethod
    def ca_tool(cls, *words: str) -> str:
        return run([cls.stack.binaries / "csctl", *words], env=cls.environment(), cwd=cls.where)

    @classmethod
    def names(cls, name: str) -> list[str]:
        return ["--name", f"Test {name}", "--organization", "Countersign", "--country", "DE"]

    @classmethod
    def record(cls) -> list[str]:
        return ["--record", "ceremony"]

    @classmethod
    def in_token(cls, label: str) -> list[str]:
        return ["--module", MODULE, "--token", "countersign", "--object", label, "--pin", "pin"]

    @classmethod
    def in_file(cls, name: str) -> list[str]:
        private_file(cls.where / f"{name}.pass", "another pass phrase of that length\n")
        return ["--key", f"{name}.key", "--password", f"{name}.pass"]

    @classmethod
    def make_ca(cls, name: str, root: str, key: list[str], algorithm: str, *more: str) -> None:
        request = [*cls.names(name), "--out", f"{name}.csr", "--algorithm", algorithm, *key]
        cls.ca_tool("ca", "request", *request, *cls.record())
        what = ["--root", f"{root}.pem", "--csr", f"{name}.csr", "--crl", f"http://crl.example/{root}.crl"]
        cls.ca_tool("ca", "propose", *what, "--out", f"{name}.proposal", *more)
        for approver in ("ann", "bob"):
            cls.ca_tool("ca", "approve", f"{name}.proposal", "--key", f"{approver}.pem")
        by = ["--root", f"{root}.pem", "--key", f"{root}.key", "--password", f"{root}.pass"]
        cls.ca_tool("ca", "sign", f"{name}.proposal", *by, "--out", name, *cls.record())

    @classmethod
    def section(cls, label: str, profiles: str, *more: str) -> str:
        where = cls.where
        token = f"module = {MODULE}\ntoken = countersign\nobject = {label}\npin = {where}/pin"
        file = f"key = {where}/{label}.key\npassword = {where}/{label}.pass"
        lines = [
            f"[{label}]",
            f"chain = {where}/{label}.chain.pem",
            token if label in ("multi", "strict") else file,
            f"profiles = {profiles}",
            f"crl = http://crl.example/{label}.crl",
            *more,
        ]
        return "\n".join(lines) + "\n"

    @classmethod
    def write_issuers(cls, *sections: str) -> None:
        cls.issuers.write_text("\n".join(sections))

    def restart_signers(self) -> None:
        """One replica after the other, as a rolling update does."""
        for instance in ("signer", "signer-2"):
            self.stack.restart_service(instance)

    def issue(self, name: str, profile: str, mailbox: str) -> str:
        """Returns the issuing CA that openssl sees, having checked the chain up to its root."""
        alice = self.person()
        request = alice.create(self.csr(name), [mailbox], profile)
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        return self.issuer_of(request)

    def issuer_of(self, request: str) -> str:
        alice = self.person()
        out = self.stack.root / "out"
        certificate, chain = out / f"{request}.pem", out / f"{request}.chain.pem"
        certificate.write_bytes(alice.certificate(request))
        chain.write_bytes(alice.certificate(request, "chain"))
        issuer = self.value(f"select issuer from signer.intent where request = '{request}'")
        root = self.where / ("own.pem" if issuer == "inner" else "root.pem")
        trust = ["-CAfile", root, "-untrusted", chain, "-purpose", "smimesign", "-x509_strict"]
        self.assertIn(": OK", openssl("verify", *trust, certificate))
        name = openssl("x509", "-in", certificate, "-noout", "-issuer")
        self.assertIn(f"CN = Test {issuer}", name)
        return issuer

    def test_1_the_record_of_the_ceremony_is_in_order(self) -> None:
        said = self.ca_tool("ca", "verify", "ceremony")
        self.assertEqual(said.count("approved by ann and bob"), 4)
        self.assertIn("12 lines, all as they should be", said)
        self.assertEqual(self.tool("ca", "verify", "ceremony")[0], 0)
        lines = (self.where / "ceremony").read_text().splitlines(keepends=True)
        altered = {
            "a time": [line.replace('"at":"2', '"at":"1', 1) for line in lines],
            "a line taken out": [*lines[:3], *lines[4:]],
            "two lines changed over": [lines[1], lines[0], *lines[2:]],
            "half a line": [*lines, lines[0][:20]],
        }
        for what, text in altered.items():
            with self.subTest(what):
                (self.where / "altered").write_text("".join(text))
                self.assertEqual(self.tool("ca", "verify", "altered")[0], 1)

    def test_1_a_ca_without_approvals_is_found_whatever_it_is_called(self) -> None:
        lines = (self.where / "ceremony").read_text().splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if '"what":"certificate"' in line)
        entry = json.loads(lines[at])
        del entry["proposal"]
        entry["what"] = "ocsp-signer"
        as_written = json.dumps(entry, separators=(",", ":"))
        (self.where / "renamed").write_text("".join([*lines[:at], as_written, "\n"]))
        status, said = self.tool("ca", "verify", "renamed")
        self.assertEqual((status, "approv" in said), (1, True), said)

    def test_1a_nobody_alone_makes_a_root_sign(self) -> None:
        request = [*self.names("alone"), "--out", "alone.csr", *self.in_file("alone")]
        self.ca_tool("ca", "request", *request)
        what = ["--root", "root.pem", "--csr", "alone.csr", "--crl", "http://crl.example/root.crl"]
        self.ca_tool("ca", "propose", *what, "--out", "alone.proposal")
        by = ["--root", "root.pem", "--key", "root.key", "--password", "root.pass"]
        sign = ["ca", "sign", "alone.proposal", *by, "--out", "alone", *self.record()]
        self.assertEqual(self.tool(*sign)[0], 1)
        self.ca_tool("ca", "approve", "alone.proposal", "--key", "ann.pem")
        status, said = self.tool("ca", "approve", "alone.proposal", "--key", "ann.pem")
        self.assertEqual((status, "twice" in said), (2, True), said)
        self.ca_tool("key", "new", "stranger.pem")
        status, said = self.tool("ca", "approve", "alone.proposal", "--key", "stranger.pem")
        self.assertEqual((status, "not an approver's" in said), (2, True), said)
        status, said = self.tool(*sign)
        self.assertEqual((status, "approved by 1" in said), (1, True), said)
        self.assertFalse((self.where / "alone.cert.pem").exists())
        self.ca_tool("ca", "approve", "alone.proposal", "--key", "bob.pem")
        other = [word.replace("root.", "own.") for word in sign]
        status, said = self.tool(*other)
        self.assertEqual((status, "another root" in said), (1, True), said)
        proposal = json.loads((self.where / "alone.proposal").read_text())
        payload = json.loads(base64.b64decode(proposal["payload"]))
        octets = bytearray(base64.b64decode(payload["tbs"]))
        octets[-1] ^= 1
        payload["tbs"] = base64.b64encode(octets).decode()
        proposal["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        (self.where / "alone.proposal").write_text(json.dumps(proposal))
        status, said = self.tool(*sign)
        self.assertEqual((status, "not that of an approver" in said), (2, True), said)

    def test_1a_what_is_certified_is_the_key_of_the_request(self) -> None:
        """A proposal shows a good request, and has the octets for a key that nobody showed to have."""
        for name in ("honest", "other"):
            self.ca_tool("ca", "request", *self.names(name), "--out", f"{name}.csr", *self.in_file(name))
        what = ["--root", "root.pem", "--crl", "http://crl.example/root.crl"]
        self.ca_tool("ca", "propose", *what, "--csr", "other.csr", "--out", "swapped.proposal")
        proposal = json.loads((self.where / "swapped.proposal").read_text())
        status, said = self.tool("ca", "approve", "swapped.proposal", "--key", "ann.pem", "--octets", "00" * 32)
        self.assertEqual((status, "other octets" in said), (2, True), said)
        payload = json.loads(base64.b64decode(proposal["payload"]))
        payload["csr"] = "".join((self.where / "honest.csr").read_text().splitlines()[1:-1])
        proposal["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
        (self.where / "swapped.proposal").write_text(json.dumps(proposal))
        for approver in ("ann", "bob"):
            status, said = self.tool("ca", "approve", "swapped.proposal", "--key", f"{approver}.pem")
            self.assertEqual((status, "another key than that of its request" in said), (2, True), said)
        self.assertEqual(json.loads((self.where / "swapped.proposal").read_text())["signatures"], [])

    def test_1a_a_root_signs_nothing_that_cannot_be_written(self) -> None:
        self.ca_tool("ca", "request", *self.names("twice"), "--out", "twice.csr", *self.in_file("twice"))
        what = ["--root", "root.pem", "--csr", "twice.csr", "--crl", "http://crl.example/root.crl"]
        self.ca_tool("ca", "propose", *what, "--out", "twice.proposal")
        for approver in ("ann", "bob"):
            self.ca_tool("ca", "approve", "twice.proposal", "--key", f"{approver}.pem")
        by = ["--root", "root.pem", "--key", "root.key", "--password", "root.pass"]
        (self.where / "twice.chain.pem").write_text("something else")
        status, said = self.tool("ca", "sign", "twice.proposal", *by, "--out", "twice", "--record", "twice.record")
        self.assertEqual((status, "twice.chain.pem: is there already" in said), (2, True), said)
        self.assertFalse((self.where / "twice.record").exists())
        self.assertEqual((self.where / "twice.chain.pem").read_text(), "something else")

    def test_1b_a_root_lists_what_it_revoked(self) -> None:
        by = ["--root", "own.pem", "--key", "own.key", "--password", "own.pass", *self.record()]
        shown = self.ca_tool("ca", "show", "inner.cert.pem").split()
        serial = shown[shown.index("serial") + 1]
        self.ca_tool("ca", "crl", *by, "--out", "own-1.crl")
        revoke = ["--revoke", f"{serial}=cessation"]
        self.ca_tool("ca", "crl", *by, "--out", "own-2.crl", *revoke)
        self.assertEqual(self.tool("ca", "crl", *by, "--out", "own-3.crl", *revoke)[0], 2)
        said = self.ca_tool("ca", "crl", *by, "--out", "own-3.crl")
        self.assertIn("number 4, 1 CAs revoked", said)
        text = openssl(
            "crl", "-inform", "DER", "-in", self.where / "own-3.crl", "-CAfile", self.where / "own.pem", "-text"
        )
        self.assertIn("verify OK", text)
        self.assertIn(serial.upper(), text)
        self.assertIn("Cessation Of Operation", text)
        self.assertEqual(self.tool("ca", "verify", "ceremony")[0], 0)

    def tool(self, *words: str) -> tuple[int, str]:
        argv = [str(self.stack.binaries / "csctl"), *words]
        done = subprocess.run(
            argv, env=self.environment(), cwd=self.where, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def test_2_a_key_in_a_token_issues(self) -> None:
        """RSA 4096 by PKCS#1, and by PSS when the file says so."""
        self.assertEqual(self.issue("token", MULTIPURPOSE, "one@beta.example"), "multi")
        self.write_issuers(
            self.section("multi", "mailbox-multipurpose", "scheme = pss"),
            self.section("strict", "mailbox-strict"),
        )
        self.restart_signers()
        self.assertEqual(self.issue("pss", MULTIPURPOSE, "two@beta.example"), "multi")
        self.assertEqual(self.issue("p384", STRICT, "three@beta.example"), "strict")

    def test_3_a_token_that_is_gone_is_named_and_comes_back(self) -> None:
        """The keys move away while the signer runs: nothing is lost, and nothing else is signed."""
        self.write_issuers(self.section("multi", "mailbox-multipurpose"))
        self.restart_signers()
        (token,) = (self.where / "tokens").iterdir()
        away = self.where / "away"
        token.rename(away)
        self.addCleanup(lambda: away.exists() and away.rename(token))
        self.stack.stop_service("signer-2")
        binary = str(self.stack.binaries / "signer")
        environment = self.stack.services["signer"].env
        check = self.run_to_its_end([binary, "--check-settings"], environment)
        self.assertEqual(check[0], 2, check)
        self.assertIn('[multi] line 1: 0 tokens have the label "countersign"', check[1])
        self.kill_workers()
        alice = self.person()
        request = alice.create(self.csr("away"), ["away@beta.example"], MULTIPURPOSE)
        alice.wait_planned(request)
        alice.prove_mailbox(request, "away@beta.example")
        alice.approve(request)
        log = self.stack.root / "log" / "signer.log"
        wait_for(lambda: "signing failed" in log.read_text(), options.wait(30), "the token to be missed")
        self.assertEqual(self.count(f"signer.certificate where request = '{request}'"), 0)
        away.rename(token)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertEqual(self.issuer_of(request), "multi")
        self.assertEqual(self.run_to_its_end([binary, "--check-settings"], environment)[0], 0)
        self.stack.restart_service("signer-2")

    def run_to_its_end(self, argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    def kill_workers(self) -> None:
        """As when a vendor's library crashes: supervisors stay, and start others."""
        supervisors = self.processes_of({self.stack.processes.pid("signer")})
        for worker in self.processes_of(supervisors):
            os.kill(worker, signal.SIGKILL)

    @staticmethod
    def processes_of(parents: set[int]) -> set[int]:
        found = set()
        for line in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, words = int(line.parent.name), line.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(words[1]) in parents and b"--token-child" in (line.parent / "cmdline").read_bytes():
                found.add(pid)
        return found

    def test_4_a_private_ca_certifies_private_profiles_alone(self) -> None:
        everything = [self.section("multi", "all"), self.section("inner", "all", "trust = private")]
        self.write_issuers(*everything)
        self.restart_signers()
        self.assertEqual(self.issue("public", MULTIPURPOSE, "four@beta.example"), "multi")
        alice = self.person()
        request = alice.create(
            self.csr("inner"), ["alice@alpha.example"], PRIVATE, domains=["alpha.example"]
        )
        alice.wait_planned(request)
        alice.prove_domain_by_txt(request, "alpha.example")
        alice.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertEqual(self.issuer_of(request), "inner")

    def test_5_one_ca_follows_another_under_load(self) -> None:
        """From `multi` to `next` while people ask: no request fails, and both have certified."""
        self.write_issuers(self.section("multi", "all"))
        self.restart_signers()
        before = self.accepted()
        crowd = Crowd(self.stack, options.wait(120), threads=4)
        csr = self.csr("crowd")
        for number in range(options.many(60, 12)):
            crowd.ask_for("alice-token", csr, f"c{number}@beta.example", MULTIPURPOSE)
        done = threading.Event()

        def roll() -> None:
            wanted = len(before) + options.many(15, 3)
            wait_for(lambda: self.count("signer.certificate") >= wanted, options.wait(60), "some")
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            self.write_issuers(
                self.section("next", "all", f"from = {now}"),
                self.section("multi", "all"),
            )
            self.restart_signers()
            done.set()

        rolling = threading.Thread(target=roll)
        rolling.start()
        ended = crowd.wait()
        rolling.join(options.wait(60))
        self.assertTrue(done.is_set(), "the signers were not restarted")
        late = Crowd(self.stack, options.wait(60), threads=1)  # the others may all have been done before
        late.ask_for("alice-token", csr, "late@beta.example", MULTIPURPOSE)
        ended |= late.wait()
        self.assertEqual([end for end in ended.values() if not end.endswith(" issued")], [])
        listed = ", ".join(f"'{request}'" for request in ended)
        issuers = {
            row[0]
            for row in self.rows(f"select distinct issuer from signer.intent where request in ({listed})")
        }
        self.assertEqual(issuers, {"multi", "next"})
        checkers.settle(self)
        checkers.issued_exactly_once(self, self.accepted())
        checkers.nothing_parked(self)

    def accepted(self) -> list[str]:
        return [row[0] for row in self.rows("select id from request_intake.request")]

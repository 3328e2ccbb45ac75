# SPDX-License-Identifier: Apache-2.0
"""Certificates of every profile, read by another reader and compared with tables of its own."""

import json
import shutil
import subprocess
import tempfile
import unittest
from itertools import product
from pathlib import Path
from typing import Any

from world import SystemTest, openssl, wait_for  # first: it makes the other modules findable

import certificate_tables as tables
import der as reader
from certificate_tables import C, CN, GN, L, O, ORG_ID, OU, POSTAL, PSEUDONYM, SERIAL, SN, ST, STREET, TITLE
from options import REPOSITORY, options

# The person and the organization of libs/gate/tests/fake_certs.c.
ORGANIZATION = {O: "Müller & Söhne GmbH", ORG_ID: "NTRDE-DER3306.HRB12345"}
PERSON = {GN: "Ann", SN: "Müller"}
PSEUDO = {PSEUDONYM: "Person 4711"}
MORE = {
    SERIAL: "A-1234", TITLE: "Dr.", STREET: "Hauptstraße 1", L: "Berlin", ST: "Berlin", POSTAL: "10115", C: "DE",
}  # fmt: skip
UNIT = {OU: "Müller Dienste GmbH"}
PUBLIC_KEYS = ["rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521"]
USES = ["dual", "signing", "encryption"]


def writer() -> Path:
    """The unit test that also writes what it builds; beside the executables under test, if it was built there."""
    for build in (options.binaries.parent, REPOSITORY / "build"):
        path = build / "libs/gate/tests/test_tbs"
        if path.exists():
            return path
    raise AssertionError("libs/gate/tests/test_tbs is not built (make tests-built)")


def csctl(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(options.binaries / "csctl"), *words], capture_output=True, text=True, timeout=60, check=False
    )


# Whose subject a private profile can have; of private-details nobody verified it.
PRIVATE = {"private-person": "sponsor", "private-details": "sponsor"}


def csctl_json(*words: str) -> Any:
    return json.loads(csctl(*words, "--json").stdout)


def subject_of(name: str, identity: str) -> dict[str, str]:
    """What the subject must be: of what was proved, all that the profile may name, and who it is as commonName."""
    profile = tables.PROFILES[name]
    kind = name.split("-")[0] if profile.policy else PRIVATE.get(name, "mailbox")
    if kind == "mailbox":
        return {}
    whole: dict[str, str] = {}
    if kind in ("organization", "sponsor"):
        whole |= ORGANIZATION | (UNIT if identity != "short" else {})
    if kind in ("sponsor", "individual"):
        whole |= PSEUDO if identity == "pseudonym" else PERSON
    if identity != "short":
        whole |= MORE
    whole[CN] = {"organization": ORGANIZATION[O]}.get(
        kind, PSEUDO[PSEUDONYM] if identity == "pseudonym" else "Ann Müller"
    )
    return {oid: value for oid, value in whole.items() if oid in profile.must | profile.may}


class Profiles(unittest.TestCase):
    """Nothing runs but a program that builds certificates of all profiles, keys and uses."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.kept = tempfile.TemporaryDirectory(prefix="cs-profiles-")
        cls.where = Path(cls.kept.name)
        done = subprocess.run(
            [str(writer()), "--write", str(cls.where)], capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        der = subprocess.run(
            ["openssl", "x509", "-in", str(cls.where / "issuing.pem"), "-outform", "DER"],
            capture_output=True,
            check=True,
        ).stdout
        cls.issuer = tables.Issuer.of(der)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kept.cleanup()

    def wanted(self) -> dict[str, tables.Expected]:
        """By the names of their files: all that there must be, and no more."""
        found = {}
        for name, profile in tables.PROFILES.items():
            edwards = ["ed25519", "ed448"] if profile.edwards else []
            for key, use, identity in product(PUBLIC_KEYS + edwards, USES, ["named", "pseudonym", "short"]):
                if use not in tables.USAGE[tables.family(key)]:
                    continue
                found[f"{name}.{key}.{use}.{identity}.der"] = tables.Expected(
                    profile=name,
                    key=key,
                    use=use,
                    issuer=self.issuer,
                    mailboxes=["ann@sales.example", "医生@dev.example"],
                    hosts=["dev.example", "sales.example"],
                    days=365,
                    subject=subject_of(name, identity),
                    crl=["http://ca.example/issuing.crl"],
                    access=[
                        ("1.3.6.1.5.5.7.48.1", "http://ocsp.ca.example/"),
                        ("1.3.6.1.5.5.7.48.2", "http://ca.example/issuing.cer"),
                    ],
                )
        return found

    def test_every_field_is_what_the_tables_say(self) -> None:
        wanted = self.wanted()
        self.assertEqual({path.name for path in self.where.glob("*.der")}, set(wanted))
        for name, want in wanted.items():
            with self.subTest(name):
                tables.judge(self, (self.where / name).read_bytes(), want)

    def test_the_tables_tell_profiles_keys_and_uses_apart(self) -> None:
        wanted = {name: want for name, want in self.wanted().items() if name.endswith("named.der")}
        for name, want in wanted.items():
            other = next(n for n, w in wanted.items() if (w.profile, w.use) != (want.profile, want.use))
            with self.subTest(name), self.assertRaises(AssertionError):
                tables.judge(self, (self.where / other).read_bytes(), want)

    def test_openssl_takes_them_for_mail(self) -> None:
        files = sorted(self.where.glob("*.der"))
        out = openssl(
            "verify", "-CAfile", self.where / "root.pem", "-untrusted", self.where / "issuing.pem",
            "-purpose", "smimesign", "-x509_strict", "-attime", "1795440000",
            *(f for f in files if ".encryption." not in f.name),
        )  # fmt: skip
        self.assertEqual(out.count(": OK"), sum(".encryption." not in f.name for f in files))
        out = openssl(
            "verify", "-CAfile", self.where / "root.pem", "-untrusted", self.where / "issuing.pem",
            "-purpose", "smimeencrypt", "-x509_strict", "-attime", "1795440000",
            *(f for f in files if ".encryption.named" in f.name and "rsa" in f.name),
        )  # fmt: skip
        self.assertIn(": OK", out)

    def test_csctl_explains_the_same_table(self) -> None:
        shown = {profile["name"]: profile for profile in csctl_json("profile", "list")}
        self.assertEqual(set(shown), set(tables.PROFILES))
        for name, profile in tables.PROFILES.items():
            with self.subTest(name):
                self.compare(csctl_json("profile", "show", name), name, profile)
                self.assertEqual(shown[name], csctl_json("profile", "show", name))

    def compare(self, shown: Any, name: str, profile: tables.Profile) -> None:
        subject = {
            tables.ATTRIBUTES[oid]: "must" if oid in profile.must else "may" if oid in profile.may else "must-not"
            for oid in tables.ATTRIBUTES
        }
        self.assertEqual(shown["subject"], subject)
        self.assertEqual(shown["policy_oid"], profile.policy)
        self.assertEqual(shown["trust"], "public" if profile.policy else "private")
        self.assertEqual(shown["unverified"], profile.unverified)
        self.assertEqual((shown["max_days"], shown["default_days"]), (825, 365))
        self.assertEqual(set(shown["common_name"]), profile.common_name)
        self.assertEqual(
            shown["subject_alt_name"],
            {"rfc822Name": "may", "SmtpUTF8Mailbox": "may", "dNSName": "may" if profile.hosts else "must-not"},
        )
        self.assertEqual(
            shown["extended_key_usage"],
            {"emailProtection": "must", "clientAuth": "may" if profile.client_auth else "must-not"},
        )
        usage = {"RSA": tables.USAGE["rsa"], "EC": tables.USAGE["ec"]}
        if profile.edwards:
            usage |= {"Ed25519": tables.USAGE["edwards"], "Ed448": tables.USAGE["edwards"]}
        self.assertEqual(
            shown["key_usage"],
            {
                key: {use: [tables.BITS[bit] for bit in sorted(bits)] for use, bits in uses.items()}
                for key, uses in usage.items()
            },
        )
        extensions = [(e["oid"], e["presence"], e["critical"]) for e in shown["extensions"]]
        self.assertEqual(
            extensions,
            [
                (tables.AKI, "must", "no"),
                (tables.SKI, "must", "no"),
                ("2.5.29.19", "must-not", "no"),  # basicConstraints
                (tables.KU, "must", "yes"),
                (tables.EKU, "must", "no"),
                (tables.POLICIES, "must" if profile.policy else "may", "no"),
                (tables.SAN, "must", "without-subject"),
                (tables.CRL, "must", "no"),
                (tables.AIA, "may", "no"),
            ],
        )

    def test_legacy_is_refused_by_its_clause(self) -> None:
        for kind in ("mailbox", "organization", "sponsor", "individual"):
            done = csctl("profile", "show", f"{kind}-legacy")
            self.assertEqual(done.returncode, 1)
            self.assertIn("SBR 7.1.6.1", done.stderr)
            self.assertIn("2025-07-15", done.stderr)

    def test_what_if_tells_what_changes(self) -> None:
        def values(day: str) -> dict[str, int]:
            words = ["profile", "what-if", "mailbox-strict", "--from", "2026-11-28", "--date", day]
            return {row["rule"]: row["then"] for row in csctl_json(*words)["rules"]}

        self.assertEqual((values("2026-12-14")["mpic-min-remotes"], values("2026-12-15")["mpic-min-remotes"]), (4, 5))
        self.assertEqual((values("2027-06-30")["eku-clean"], values("2027-07-01")["eku-clean"]), (0, 1))
        self.assertEqual((values("2027-09-14")["issuer-rsa-bits"], values("2027-09-15")["issuer-rsa-bits"]), (2048, 3072))
        later = csctl_json(
            "profile", "what-if", "mailbox-strict", "--from", "2026-11-28", "--date", "2028-03-15"
        )
        begins = {row["lint"] for row in later["lints"] if row["then"] and not row["today"]}
        self.assertEqual(begins, {"eku-not-clean"})
        usable = {row["number"]: row["usable"] for row in later["domain_methods"]}
        self.assertEqual((usable[4], usable[7], usable[13]), (False, True, False))

    def test_csctl_lints_anybodys_certificate(self) -> None:
        for name in tables.PROFILES:
            file = str(self.where / f"{name}.p256.dual.named.der")
            own = ["--profile", name] if name.startswith("private") else []
            found = csctl_json("lint", file, *own)
            self.assertEqual((found["profile"], found["findings"], found["date"]), (name, [], "2026-11-23"))
        file = str(self.where / "sponsor-multipurpose.p256.dual.named.der")
        found = csctl_json("lint", file, "--profile", "sponsor-strict")
        ids = {finding["lint"] for finding in found["findings"]}
        self.assertEqual(ids, {"subject-attribute-prohibited", "policy-not-the-profiles"})
        self.assertEqual(csctl("lint", file, "--profile", "sponsor-strict").returncode, 1)
        listed = {lint["id"]: lint for lint in csctl_json("lint", "list")}
        self.assertLessEqual(ids, set(listed))
        self.assertEqual(listed["eku-not-clean"]["from"], "2027-07-01")


class Issued(SystemTest):
    """What the running system issues, field by field."""

    def test_an_issued_certificate_is_what_the_tables_say(self) -> None:
        alice, mailbox = self.person(), "alice@alpha.example"
        chain = openssl("x509", "-in", self.stack.ca / "chain.pem", "-outform", "PEM").encode()
        issuing = subprocess.run(
            ["openssl", "x509", "-outform", "DER"], input=chain, capture_output=True, check=True
        ).stdout
        usual = {"2.5.4.3": mailbox}  # the common name, unless none is asked for
        for algorithm, key, use, days, more, subject in (
            ("ec", "p256", "signing", 90, {}, usual),
            ("rsa", None, "dual", 365, {"common_name": ""}, {}),
        ):
            csr = self.csr(f"profiles-{use}", algorithm)
            wish = {"validity_days": days, "key_use": use, **more}
            request = alice.create(csr, [mailbox], "smime-mailbox", **wish)
            alice.wait_planned(request)
            if use == "signing":  # the proof stands for the next one
                alice.prove_mailbox(request, mailbox)
            alice.approve(request)
            alice.wait_state(request, "issued")
            tables.judge(
                self,
                alice.certificate(request, "der"),
                tables.Expected(
                    profile="mailbox-multipurpose",
                    use=use,
                    issuer=tables.Issuer.of(issuing),
                    mailboxes=[mailbox],
                    hosts=[],
                    days=days,
                    subject=subject,
                    key=key,
                ),
            )


class AnotherLinter(SystemTest):
    """The signer asks a linter of the operator's, which here says what a file says."""

    LINTER = "#!/bin/sh\ncat >{0}/certificate\n. {0}/says\n"
    PASSES = "echo '{\"e_a\":{\"result\":\"pass\"}}'"
    REFUSES = "echo '{\"e_smime_bad_day\":{\"result\":\"error\",\"details\":\"not today\"}}'"
    where: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.where = Path(tempfile.mkdtemp(prefix="cs-linter-", dir="/tmp"))
        linter = cls.where / "lint"
        linter.write_text(cls.LINTER.format(cls.where))
        linter.chmod(0o755)
        cls.say(cls.PASSES)
        cls.settings = {"signer": {"CS_LINT_COMMAND": str(linter), "CS_LINT_TIMEOUT_MS": "2000"}}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        shutil.rmtree(cls.where)

    @classmethod
    def say(cls, script: str) -> None:
        (cls.where / "says").write_text(script + "\n")

    def approved(self, mailbox: str) -> str:
        alice = self.person()
        request = alice.create(self.csr(mailbox), [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)
        return request

    def test_it_passes_refuses_and_fails(self) -> None:
        alice = self.person()
        request = self.approved("alice@alpha.example")
        alice.wait_state(request, "issued")
        linted = openssl("x509", "-in", self.where / "certificate", "-outform", "PEM").encode()
        issued = alice.certificate(request)

        def tbs(pem: bytes) -> bytes:
            der = subprocess.run(
                ["openssl", "x509", "-outform", "DER"], input=pem, capture_output=True, check=True
            ).stdout
            return reader.read(der).items[0].whole

        self.assertEqual(tbs(linted), tbs(issued))  # the very octets, and another signature
        self.assertNotEqual(linted.strip(), issued.strip())

        self.say(self.REFUSES)
        request = self.approved("bob@alpha.example")
        shown = alice.wait_state(request, "refused")
        self.assertEqual(shown["refusal"]["code"], "lint-external-e_smime_bad_day")
        self.assertEqual(self.value(f"select count(*) from signer.certificate where request = '{request}'"), "0")

        self.say("kill -9 $$")
        request = self.approved("carol@alpha.example")
        log = self.stack.root / "log" / "signer.log"
        wait_for(lambda: "another linter gave no verdict" in log.read_text(), options.wait(20), "the signer to complain")
        self.assertEqual(alice.show(request)["state"], "approved")
        self.say(self.PASSES)
        alice.wait_state(request, "issued", timeout=options.wait(30))

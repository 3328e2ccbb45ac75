#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The main job, told live: two S/MIME certificates from request to signed mail.

    demo.py          starts everything on loopback, issues two certificates, stops everything
    demo.py --keep   keeps the directory with logs and certificates
    demo.py --run    starts everything, says where it is, and waits for Ctrl-C
"""

import argparse
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from applicant import Applicant, Refused, make_csr  # noqa: E402  (first: finds the others)
from ca_files import ISSUER  # noqa: E402
from control import serve  # noqa: E402
from product import ADMINISTRATOR, API_TOKENS, ISSUER_DOMAIN  # noqa: E402
from stack import REPOSITORY, Stack, Stopped, stop_on  # noqa: E402
from story import Story  # noqa: E402
from wait import wait_for  # noqa: E402

PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n")
MESSAGE = "From: alice@alpha.example\nSubject: hello\n\nSigned with a certificate of our own making.\n"


def openssl(*words: Any, stdin: bytes | None = None) -> str:
    done = subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]} failed: {done.stderr.decode()}")
    return (done.stdout + done.stderr).decode(errors="replace").strip()


def fetched(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError:
        return None


class Demo:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.out = stack.root / "out"
        self.out.mkdir()
        self.alice = Applicant(stack, API_TOKENS[0][0])
        self.root = stack.ca / "root.cert.pem"

    def say(self, text: str) -> None:
        print(text, flush=True)

    def step(self, text: str) -> None:
        self.say(f"\n== {text}")

    def issue(self, mailbox: str, method: str) -> Path:
        """One request from the CSR to the certificate; returns the path without its suffix."""
        zone = mailbox.partition("@")[2]
        _, csr = make_csr(self.out, mailbox)
        self.step(f"{mailbox}: a request with a CSR made by openssl")
        request = self.alice.create(
            csr, [mailbox], "smime-domain-mailbox", domains=[zone], common_name=mailbox, agreement="v1"
        )
        shown = self.alice.wait_planned(request)
        for note in shown.get("notes", []):
            self.say(f"           note: {note['text']} ({note['clause']})")
        checks = {c["id"]: c for c in shown["checks"]}
        if checks["mailbox-1"]["state"] != "standing":
            self.step(f"{mailbox}: Verify is pressed, a mail arrives over SMTP, its token is typed in")
            self.alice.prove_mailbox(request, mailbox)
        if checks["domain-1"]["state"] != "standing":
            self.step(f"{mailbox}: {zone} is proved by {'a TXT record' if method == 'txt' else 'a file'}")
            if method == "txt":
                record = self.alice.what_to_publish(request)["record"]
                self.say(f"           publishing {record['name']} TXT \"{record['value']}\"")
                self.alice.prove_domain_by_txt(request, zone)
            else:
                self.say(f"           publishing {self.alice.what_to_publish(request)['file']['url']}")
                self.alice.prove_domain_by_file(request)
        self.step(f"{mailbox}: Generate is pressed; CAA, DNSSEC and the perspectives are asked now")
        self.alice.approve(request)
        self.alice.wait_state(request, "issued")
        stem = self.out / mailbox
        Path(f"{stem}.cert.pem").write_bytes(self.alice.certificate(request))
        chain = self.alice.certificate(request, "chain").decode()
        Path(f"{stem}.chain.pem").write_text("".join(PEM.findall(chain)[1:]))  # without its own first
        self.story.wait(request, "notice.sent")
        return stem

    def use(self, stem: Path) -> None:
        """openssl is the second opinion: it verifies the certificate and mail signed with it."""
        certificate, chain = f"{stem}.cert.pem", f"{stem}.chain.pem"
        self.step(f"{stem.name}: the certificate, as openssl reads it")
        shown = openssl("x509", "-in", certificate, "-noout", "-subject", "-issuer", "-dates", "-serial")
        names = "subjectAltName,keyUsage,extendedKeyUsage,certificatePolicies"
        self.say(shown + "\n" + openssl("x509", "-in", certificate, "-noout", "-ext", names))
        trust = ["-CAfile", self.root, "-untrusted", chain, "-purpose", "smimesign"]
        self.say("openssl verify: " + openssl("verify", *trust, certificate))
        signed, plain = f"{stem}.signed.eml", f"{stem}.plain.eml"
        Path(plain).write_text(MESSAGE)
        key = ["-signer", certificate, "-inkey", f"{stem}.key.pem", "-certfile", chain]
        openssl("cms", "-sign", "-in", plain, *key, "-out", signed)
        verify = openssl("cms", "-verify", "-in", signed, "-CAfile", self.root, "-purpose", "smimesign")
        self.say("openssl cms: " + verify.splitlines()[-1])

    def ask(self, stem: Path) -> None:
        """Its status, from where the certificate says it is to be had."""
        certificate, issuers = f"{stem}.cert.pem", self.stack.ca / "chain.pem"
        self.step(f"{stem.name}: its status, by OCSP and by the CRL, from where the certificate says")
        url = openssl("x509", "-in", certificate, "-noout", "-ocsp_uri")
        self.say(f"openssl ocsp -url {url}")
        issuer = ["-issuer", self.stack.ca / "issuing.cert.pem"]
        self.say(openssl("ocsp", *issuer, "-cert", certificate, "-url", url, "-CAfile", issuers))
        points = openssl("x509", "-in", certificate, "-noout", "-ext", "crlDistributionPoints")
        url = next(line.strip().removeprefix("URI:") for line in points.splitlines() if "URI:" in line)
        crl = Path(f"{stem}.crl.pem")
        wait_for(lambda: fetched(url) is not None, 30, "the first CRL")
        crl.write_text(openssl("crl", "-inform", "DER", stdin=fetched(url)) + "\n")
        self.say(f"{url}: " + " ".join(openssl("crl", "-in", crl, "-noout", "-crlnumber", "-nextupdate").split("\n")))
        check = openssl("verify", "-crl_check", "-CAfile", issuers, "-CRLfile", crl, certificate)
        self.say("openssl verify -crl_check: " + check)

    def run(self) -> None:
        self.story = Story(self.stack, self.say)
        try:
            stems = [
                self.issue("alice@alpha.example", "txt"),
                self.issue("alice@beta.example", "file"),
            ]
        finally:
            self.story.stop()
        for stem in stems:
            self.use(stem)
        self.ask(stems[0])
        self.say("\n" + Path(f"{stems[0]}.cert.pem").read_text())


def settings_file(stack: Stack, api: str) -> Path:
    """What a person's csctl needs: the API as alice, the bus as observer, the database as owner."""
    known = stack.environment("csctl")
    named = ("CS_DATABASE_URL", "CS_NATS_URL", "CS_NATS_CA_FILE", "CS_TRUST_FILE", "CS_APPROVERS_FILE")
    values = {name: known[name] for name in named}
    values["CS_NATS_SEED_FILE"] = str(stack.nats.seed_file("observer"))
    values["CS_API_URL"], values["CS_API_TOKEN"] = f"http://{api}", API_TOKENS[0][0]
    values["MAIL_SINK"] = stack.mail.url
    hints, anchor = stack.dns.hints_file, stack.dns.anchor_file
    values["DNS_OPTIONS"] = f"--root-hints {hints} --anchor {anchor} --issuer {ISSUER_DOMAIN}"
    path = stack.root / "csctl.env"
    path.write_text("".join(f"export {n}={shlex.quote(v)}\n" for n, v in values.items()))
    return path


def where(stack: Stack) -> None:
    api = stack.services["request-intake"].env["CS_HTTP_LISTEN"]
    serve(stack.root / "control", stack.calls())
    print(f"\nAPI      http://{api}/v1/requests   (description: http://{api}/openapi.json)")
    for token, _, account, _ in API_TOKENS:
        print(f"         Authorization: Bearer {token}   (account {account})")
    print(f"         Authorization: Bearer {ADMINISTRATOR[0]}   (administrator of the platform)")
    print(f"mail     {stack.mail.url}/mails, /mails/1, ...   (SMTP on {stack.mail.relay})")
    print(f"status   {stack.status_url}/ocsp/{ISSUER}, /crl/{ISSUER}.crl, /ca/{ISSUER}.cer")
    for name, service in stack.services.items():
        print(f"metrics  http://{service.listen}/metrics   {name}")
    print(f"logs     {stack.root}/log")
    print(f"DNS      tests/stack/stack.py call --dir {stack.root} dns.set ZONE NAME TXT '\"VALUE\"'")
    print(f"csctl    . {settings_file(stack, api)}   (in another terminal, before build/bin/csctl)")
    print("\nCtrl-C stops all of it.", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
    options = parser.parse_args()
    begun = time.monotonic()
    stop_on(signal.SIGINT, signal.SIGTERM)
    with Stack(keep=options.keep, binaries=options.bin, product=True) as stack:
        try:
            stack.start_product()
            if options.run:
                where(stack)
                signal.pause()
            else:
                Demo(stack).run()
        except Stopped:
            print("\nstopping", flush=True)
            raise
    if not options.run:
        print(f"demo done in {time.monotonic() - begun:.1f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Stopped:
        print("stopped", flush=True)
    except (RuntimeError, TimeoutError, AssertionError, Refused) as failure:
        sys.exit(f"demo: {failure}")

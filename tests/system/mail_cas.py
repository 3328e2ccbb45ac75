# SPDX-License-Identifier: Apache-2.0
"""Three issuing CAs, each below a root of its own, made by the ceremony, with lists and OCSP answers of their own."""

from pathlib import Path
from typing import Mapping

from procs import plain_environment, run
from secrets_dir import private_file
from stack import Stack

# Label: algorithm, trust, profiles.  The two public ones share out what they certify.
CAS = {
    "ec": ("p256", "public", "mailbox-multipurpose, mailbox-strict"),
    "rsa": (
        "rsa4096",
        "public",
        "organization-multipurpose, organization-strict, sponsor-multipurpose, sponsor-strict,"
        " individual-multipurpose, individual-strict",
    ),
    "own": ("p256", "private", "all"),
}


class MailCas:
    """Their files in a folder of the stack's, before the product starts."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.where = stack, stack.root / "secrets" / "cas"
        self.published, self.ocsp = self.where / "published", self.where / "ocsp"
        for path in (self.where, self.published, self.ocsp):
            path.mkdir(mode=0o700)
        lines = [f"{name} {self.csctl('key', 'new', f'{name}.pem').strip()}\n" for name in ("ann", "bob")]
        (self.where / "approvers").write_text("".join(lines))
        for label, (algorithm, _, _) in CAS.items():
            self._make(label, algorithm)
        (self.where / "issuers").write_text("\n".join(map(self._section, CAS)))
        (self.where / "all.pem").write_text("".join(self._pem(label, "cert") for label in CAS))

    def csctl(self, *words: str) -> str:
        more = {"CS_APPROVERS_FILE": str(self.where / "approvers")}
        tool = [self.stack.binaries / "csctl", *words]
        return run(tool, env={**plain_environment(), **self.stack.environment("observer"), **more}, cwd=self.where)

    def root(self, label: str) -> Path:
        return self.where / f"{label}.root.pem"

    def issuing(self, label: str) -> Path:
        return self.where / f"{label}.cert.pem"

    def settings(self) -> dict[str, Mapping[str, str]]:
        """What services must know of these CAs."""
        return {
            "signer": {
                "CS_ISSUERS_FILE": str(self.where / "issuers"),
                "CS_ISSUER_KEY_FILE": "",
                "CS_ISSUER_CHAIN_FILE": "",
                "CS_CRL_AFTER_SECONDS": "0",
            },
            "notifier": {"CS_ISSUER_CHAIN_FILE": str(self.where / "all.pem")},
            "certificate-status": {"CS_STATUS_CA_DIR": str(self.published), "CS_OCSP_DIR": str(self.ocsp)},
        }

    def _pem(self, label: str, what: str) -> str:
        return (self.where / f"{label}.{what}.pem").read_text()

    def _names(self, name: str) -> list[str]:
        return ["--name", name, "--organization", "Countersign", "--country", "DE"]

    def _make(self, label: str, algorithm: str) -> None:
        record = ["--record", "ceremony"]
        kind = ["--algorithm", algorithm]
        private_file(self.where / f"{label}.pass", "a pass phrase of twenty octets or more\n")
        key = ["--key", f"{label}.root.key", "--password", f"{label}.pass"]
        by = ["--root", f"{label}.root.pem", *key, *record]
        self.csctl("ca", "root", *self._names(f"Root {label}"), "--out", f"{label}.root.pem", *key, *kind, *record)
        request = ["--out", f"{label}.csr", "--key", f"{label}.key.pem", "--plain-key", *kind, *record]
        self.csctl("ca", "request", *self._names(f"Issuing {label}"), *request)
        named = ["--root", f"{label}.root.pem", "--csr", f"{label}.csr"]
        named += ["--crl", f"{self.stack.status_url}/crl/{label}-root.crl", "--client-auth"]
        self.csctl("ca", "propose", *named, "--out", f"{label}.proposal")
        for approver in ("ann", "bob"):
            self.csctl("ca", "approve", f"{label}.proposal", "--key", f"{approver}.pem")
        self.csctl("ca", "sign", f"{label}.proposal", *by, "--out", label)
        self.csctl("ca", "crl", *by, "--out", str(self.published / f"{label}-root.crl"))
        for name, pem in ((label, "cert"), (f"{label}-root", "root")):
            der = ["-outform", "DER", "-out", self.published / f"{name}.cer"]
            run(["openssl", "x509", "-in", self.where / f"{label}.{pem}.pem", *der])
        self._make_responder(label, algorithm)

    def _make_responder(self, label: str, algorithm: str) -> None:
        """With a key of the CA's own kind: a client that reads the one reads the other."""
        kind = ["-newkey", "rsa:4096"] if algorithm.startswith("rsa") else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        csr, key = self.ocsp / f"{label}.csr", self.ocsp / f"{label}.key.pem"
        new = ["openssl", "req", "-new", *kind, "-nodes", "-keyout", key, "-subj", f"/C=DE/O=Countersign/CN=OCSP {label}"]
        run([*new, "-out", csr])
        by = ["--chain", f"{label}.chain.pem", "--key", f"{label}.key.pem"]
        certified = str(self.ocsp / f"{label}.cert.pem")
        self.csctl("ca", "ocsp", "--csr", str(csr), *by, "--out", certified, "--days", "30", "--record", "ceremony")
        csr.unlink()

    def _section(self, label: str) -> str:
        _, trust, profiles = CAS[label]
        return "\n".join(
            (
                f"[{label}]",
                f"chain = {self.where}/{label}.chain.pem",
                f"key = {self.where}/{label}.key.pem",
                f"profiles = {profiles}",
                f"trust = {trust}",
                f"crl = {self.stack.status_url}/crl/{label}.crl",
                f"ocsp = {self.stack.status_url}/ocsp/{label}",
                f"ca-issuers = {self.stack.status_url}/ca/{label}.cer",
                "",
            )
        )

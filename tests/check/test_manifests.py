#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manifests.py notices: one text changed in what k8s/base renders to, one complaint wanted.  And k8s/secrets.sh
makes the files that the manifests say their Secrets hold.

    test_manifests.py BINARIES
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from manifests import make_files, problems, secrets_in_comments

ROOT = Path(__file__).resolve().parents[2]
CASES = (  # what is changed (its first occurrence), into what, part of the complaint
    ("namespace: countersign", "namespace: countersign", ""),
    ("- domain-validator", "- signer", "signer: it may reach"),
    ("- 10.0.0.0/8", "- 11.0.0.0/8", "internet and private networks"),
    ("CS_SEAL_KEY_FILE", "CS_SEAL_KEY", "signer: CS_SEAL_KEY is no setting of it"),
    ("CS_SMTP_URL", "CS_SMTP_URI", "notifier: it refuses its settings: CS_SMTP_URL"),
    ("CS_LOG_LEVEL: info", "CS_LOG_LEVEL: loud", "it refuses its settings"),
    ("CS_LOG_LEVEL: info", "CS_TEST_PUBLIC_NETS: x", "a setting for tests"),
    ("secrets/countersign/token.key", "secrets/countersign/tokens.key", "its Secret is said to hold"),
    ("/etc/countersign/chain.pem", "/etc/countersign/mail-ca.pem", "the first certificate is not a CA's"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "securityContext is"),
    ("runAsNonRoot: true", "runAsNonRoot: false", "securityContext.runAsNonRoot"),
    ("defaultMode: 256", "defaultMode: 420", "has mode 644"),
    ("memory: 640Mi", "cpu: 1", "no memory limit"),
    ("path: /livez", "path: /readyz", "probes are"),
    ("automountServiceAccountToken: false\n      containers", "automountServiceAccountToken: true\n      containers", "token is mounted"),
    ("enforce: restricted", "enforce: baseline", "does not enforce Pod Security"),
    ("serviceAccountName: signer", "serviceAccountName: singer", "no such account"),
    ("name: signer\n  namespace: countersign\nspec:\n  maxUnavailable", "name: s\n  namespace: countersign\nspec:\n  maxUnavailable",
     "signer: no disruption budget"),
)


def judge(rendered: str, before: str, after: str, says: str, binaries: Path, files: Path) -> str:
    if before not in rendered:
        return f"{before!r} is not there to be changed"
    found = list(problems(list(yaml.safe_load_all(rendered.replace(before, after, 1))), binaries, files))
    if any(says in line for line in found) if says else not found:
        return ""
    return f"{before!r} -> {after!r}: got {found}, want {says!r}"


def judge_secrets(binaries: Path) -> str:
    with tempfile.TemporaryDirectory() as directory:
        words = [str(ROOT / "k8s" / "secrets.sh"), directory, str(binaries / "csctl")]
        for _ in range(2):  # the second time changes nothing
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PERSPECTIVES": "oslo"})
        made = {
            folder.name.removesuffix("-oslo"): {file.name for file in folder.iterdir()}
            for folder in (Path(directory) / "secret").iterdir()
        }
    said = secrets_in_comments()
    return "" if made == said else f"secrets.sh makes {made}, the manifests say {said}"


def main() -> int:
    words = ["kubectl", "kustomize", str(ROOT / "k8s" / "base")]
    rendered = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    binaries = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        files = make_files(Path(directory), binaries)
        said = [judge(rendered, *case, binaries, files) for case in CASES]
    said.append(judge_secrets(binaries))
    print("".join(f"test_manifests: {line}\n" for line in said if line), end="")
    return 1 if any(said) else 0


if __name__ == "__main__":
    sys.exit(main())

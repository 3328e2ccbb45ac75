#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""OCSP answers a second of one certificate-status; prints figures.

    status.py [--seconds N] [--connections N] [--certificates N] [--keys P-256,2048] [--bin DIR]

file     the CA's certificate from the same HTTP server: what an answer costs that is only given
kept     answers without a nonce, of many certificates, signed before the clock starts
fresh    answers with a nonce, each signed for its question

for responders with a key of each kind, beside `openssl speed` of that key on one core.  By GET on connections
that stay open.  Status 1 when an answer is a refusal, or is none.
"""

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
import uuid
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "stack")]

from ca_files import ISSUER, make_responder  # noqa: E402
from stack import REPOSITORY, Stack  # noqa: E402
from wait import wait_for  # noqa: E402

SERVICE = "certificate-status"
SPEED = {"P-256": ("ecdsap256", r"ecdsa \(nistp256\)"), "P-384": ("ecdsap384", r"ecdsa \(nistp384\)"),
         "2048": ("rsa2048", r"rsa 2048 bits"), "3072": ("rsa3072", r"rsa 3072 bits")}


def compiled(where: Path) -> Path:
    binary = where / "status_load"
    words = ["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O2", "-D_GNU_SOURCE", "-o", binary]
    subprocess.run([*words, HERE / "status_load.c"], check=True)
    return binary


def speed(key: str) -> tuple[float, float]:
    """Signatures and verifications a second of one core."""
    name, line = SPEED[key]
    done = subprocess.run(["openssl", "speed", "-seconds", "2", name], capture_output=True, text=True, check=True)
    found = re.search(line + r"\s+\S+s\s+\S+s\s+([0-9.]+)\s+([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1)), float(found.group(2))


def fill(stack: Stack, serials: list[str]) -> None:
    """Certificates as the signer's events would leave them in the table."""
    rows = ", ".join(
        f"('{uuid.uuid4()}', '{ISSUER}', '\\x{serial}', false, 0, 0, 1900000000000, 1, pg_current_xact_id()::text::bigint)"
        for serial in serials
    )
    stack.postgres.query(f"insert into certificate_status.certificate values {rows}")

    def known() -> bool:
        text = stack.get(SERVICE, "metrics")[1]
        return f'countersign_status_certificates{{state="known"}} {len(serials)}' in text

    wait_for(known, 20, "memory to have them")


def paths(stack: Stack, serials: list[str], nonce: str) -> list[str]:
    file, made = stack.root / "question", []
    for serial in serials:
        words = ["openssl", "ocsp", "-issuer", stack.ca / "issuing.cert.pem", "-serial", f"0x{serial}"]
        subprocess.run([*words, nonce, "-reqout", file], check=True, capture_output=True)
        made.append(f"/ocsp/{ISSUER}/" + urllib.parse.quote(base64.b64encode(file.read_bytes()).decode(), safe=""))
    return made


def cpu_seconds(stack: Stack) -> float:
    text = stack.get(SERVICE, "metrics")[1]
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("process_cpu_seconds_total ")))


def measure(stack: Stack, load: Path, options: argparse.Namespace, octets: int, asked: list[str]) -> dict[str, Any]:
    address, port = stack.status_address.split(":")
    before = cpu_seconds(stack)
    words = [load, address, port, str(options.connections), str(options.seconds), str(octets), *asked]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    spent = cpu_seconds(stack) - before
    figures["each_us"] = spent / figures["answers"] * 1e6
    figures["server_cpu"] = spent / (options.seconds + 1)
    return figures


def show(name: str, figures: dict[str, Any]) -> None:
    print(f"{name:16} {figures['rate']:>8} a second   p50 {figures['p50_us']:>6} us   p99 {figures['p99_us']:>6} us   "
          f"CPU: {figures['each_us']:.0f} us each, server {figures['server_cpu']:.2f}, generator {figures['cpu']:.2f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--certificates", type=int, default=200)
    parser.add_argument("--keys", default="P-256,2048")
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
    options = parser.parse_args()
    serials = [f"41{number:030x}" for number in range(options.certificates)]
    with tempfile.TemporaryDirectory() as where, Stack(binaries=options.bin, product=True, say=lambda _: None) as stack:
        load = compiled(Path(where))
        stack.prepare_product()
        stack.start_provisioner()
        stack.start_service(SERVICE, {"CS_OCSP_SIGN_PERCENT": "95"})
        fill(stack, serials)
        kept, fresh = (paths(stack, serials, nonce) for nonce in ("-no_nonce", "-nonce"))
        print(f"{options.connections} connections, {options.seconds:g} s each, {len(serials)} certificates")
        show("file", measure(stack, load, options, 100, [f"/ca/{ISSUER}.cer"]))
        for key in options.keys.split(","):
            make_responder(stack.ca, stack.status_dir / "ocsp", ISSUER, key=key)
            stack.restart_service(SERVICE)
            show(f"kept, {key}", measure(stack, load, options, 5, kept))
            show(f"fresh, {key}", measure(stack, load, options, 5, fresh))
            signs, verifies = speed(key)
            print(f"{'':16} openssl speed: {signs:.0f} signatures, {verifies:.0f} verifications a second")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as failure:
        sys.exit(f"status.py: {failure.cmd[0]}: {failure.stderr}")

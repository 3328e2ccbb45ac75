#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""S1: signatures of the signer alone, beside `openssl speed` of the same kind of key on the same core.

Both are rates of processor time, measured in turns, so that a busy machine disturbs them alike.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SPEED = {"p256": "ecdsap256", "rsa2048": "rsa2048", "rsa3072": "rsa3072", "rsa4096": "rsa4096"}


def run(*words: str) -> str:
    done = subprocess.run(["taskset", "-c", "1", *words], check=True, capture_output=True, text=True)
    return done.stdout


def bare(algorithm: str, seconds: int) -> float:
    """Signatures a second, as lines +F2 (RSA) and +F4 (ECDSA) have them."""
    for line in run("openssl", "speed", "-mr", "-seconds", str(seconds), SPEED[algorithm]).splitlines():
        if line.startswith(("+F2:", "+F4:")):
            return float(line.split(":")[3])
    raise RuntimeError(f"openssl speed says nothing of {algorithm}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    binary = "build/services/signer/tests/bench_sign"
    subprocess.run(["make", "-s", binary], cwd=REPOSITORY, check=True)
    print(f"load average {os.getloadavg()[0]:.1f}")
    print("| issuer | certificates a second | openssl speed | ratio |\n|---|---|---|---|")
    for algorithm in SPEED:
        ours, theirs = [], []
        for _ in range(options.rounds):
            theirs.append(bare(algorithm, options.seconds))
            ours.append(float(run(str(REPOSITORY / binary), algorithm, str(options.seconds))))
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        print(f"| {algorithm} | {statistics.median(ours):,.0f} | {statistics.median(theirs):,.0f} | {ratio:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

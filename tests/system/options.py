# SPDX-License-Identifier: Apache-2.0
"""What the command line of tests/run.py says, for all tests."""

import random
import secrets
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Options:
    binaries: Path = REPOSITORY / "build" / "bin"
    quick: bool = False  # fewer requests and longer waits: binaries with sanitizers
    seed: int = secrets.randbelow(1 << 31)

    def many(self, normal: int, quick: int) -> int:
        """How many of something."""
        return quick if self.quick else normal

    def wait(self, seconds: float) -> float:
        return seconds * 4 if self.quick else seconds

    def random(self, test: str) -> random.Random:
        """Each test has a sequence of its own, whichever tests ran before it."""
        return random.Random(f"{self.seed} {test}")


options = Options()

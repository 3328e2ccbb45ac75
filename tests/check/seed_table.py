#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test that the seed's table in services/policy/README.md names exists in the file that it names."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "services/policy/README.md"
HEAD = "| the seed says | what binds here | shown by |"


def main() -> int:
    _, found, table = README.read_text().partition(HEAD)
    wrong, named, where = [], 0, None
    for line in table.split("\n\n")[0].splitlines()[2:]:
        for word in re.findall(r"`([^`]+)`", line.split("|")[3]):
            if word.endswith((".c", ".py")):
                where = README.parent / word if (README.parent / word).exists() else ROOT / word
            elif where is None or not where.exists():
                wrong.append(f"no file {where} for {word}")
            else:
                named += 1
                if not re.search(rf"^(\s*def )?{re.escape(word)}\(", where.read_text(), re.M):
                    wrong.append(f"{where.relative_to(ROOT)} has no test {word}")
        where = None
    if not found or not named:
        wrong.append("there is no table")
    for text in wrong:
        print(f"services/policy/README.md: {text}")
    return bool(wrong)


sys.exit(main())

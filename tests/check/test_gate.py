#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The compatibility gate refuses what it must and permits what it may: one change each to the real files."""

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from proto_gate import gate

PROTO = Path(__file__).resolve().parents[2] / "proto"


class Case(NamedTuple):
    name: str
    file: str
    pattern: str  # replaced once, in the new version
    by: str
    says: str  # part of the breach; empty: the change is compatible
    first: tuple[str, str] = ("", "")  # replaced in both versions before


RESERVED = 'message NoticeSent {\n  reserved 9;\n  reserved "mood";'
CASES = (
    Case("nothing changes", "plan.proto", "syntax", "syntax", ""),
    Case("a field is added", "notice.proto", r"  uint32 attempts = 6;", "  uint32 attempts = 6;\n  string more = 7;", ""),
    Case("a message is added", "notice.proto", r"\Z", "message Another { string a = 1; }\n", ""),
    Case("an enum value is added", "request.proto", r"(  KEY_USE_ENCRYPTION = 3;)", r"\1\n  KEY_USE_NEW = 4;", ""),
    Case("a comment changes", "notice.proto", r"// of the SMTP server, escaped", "// other words", ""),
    Case("a field goes and is reserved", "notice.proto", r"  string reply = 4;", '  reserved 4;\n  reserved "reply";', ""),
    Case("a subject is added", "catalogue.def", r"\Z", 'EVENT("notice.lost", "NoticeSent", "notifier", false, "x")\n', ""),
    Case("a field goes", "notice.proto", r"  string reply = 4;", "", "reply = 4 went"),
    Case("its name alone is reserved", "notice.proto", r"  string reply = 4;", '  reserved "reply";', "reply = 4 went"),
    Case("a type changes", "notice.proto", r"uint32 attempts", "uint64 attempts", "number 6 was singular uint32"),
    Case("string becomes bytes", "plan.proto", r"string contact = 8", "bytes contact = 8", "is singular bytes contact"),
    Case("a name changes", "notice.proto", r"string reply", "string answer", "number 4 was"),
    Case("a label changes", "notice.proto", r"string reply", "repeated string reply", "is repeated string reply"),
    Case("presence changes", "notice.proto", r"string reply", "optional string reply", "optional reply"),
    Case("an enum is another", "evidence.proto", r"CheckKind kind = 4", "Outcome kind = 4", "countersign.v1.Outcome"),
    Case("a field moves", "notice.proto", r"string reply = 4", "string reply = 7", "reply was used before, is number 7"),
    Case("an enum value moves", "request.proto", r"KEY_USE_ENCRYPTION = 3", "KEY_USE_ENCRYPTION = 5", "number 5 now"),
    Case("an enum value goes", "request.proto", r"  KEY_USE_ENCRYPTION = 3;", "", "KEY_USE_ENCRYPTION = 3 went"),
    Case("a message goes", "request.proto", r"message RequestCancelled", "message Cancelled", "RequestCancelled: the message went"),
    Case("a package goes", "envelope.proto", r"package countersign.v1;", "package countersign.v2;", "v1.Envelope: the message went"),
    Case("a number is used again", "notice.proto", r"  reserved 9;\n", "  string other = 9;\n", "was reserved",
         ("message NoticeSent {", RESERVED)),
    Case("a name is used again", "notice.proto", r'  reserved "mood";', "  string mood = 10;", "mood was used before",
         ("message NoticeSent {", RESERVED)),
    Case("a reservation goes", "notice.proto", r"  reserved 9;", "", "no longer reserved",
         ("message NoticeSent {", RESERVED)),
    Case("a subject goes", "catalogue.def", r'EVENT\("notice.sent".*\n', "", "notice.sent: the subject went"),
    Case("a subject carries another message", "catalogue.def", r'"notice.sent", "NoticeSent"', '"notice.sent", "Plan"',
         "notice.sent: another message"),
)


def changed(case: Case, root: Path) -> tuple[Path, Path]:
    old, new = root / "old", root / "new"
    for copy in (old, new):
        shutil.copytree(PROTO, copy)
        file = copy / case.file
        if case.first[0]:
            file.write_text(file.read_text().replace(*case.first, 1))
    before = (new / case.file).read_text()
    after, n = re.subn(case.pattern, case.by, before, count=1)
    assert n == 1, f"{case.name}: the pattern is not in {case.file}"
    (new / case.file).write_text(after)
    return old, new


def judge(case: Case) -> str:
    """What is wrong with the gate's answer."""
    with tempfile.TemporaryDirectory() as root:
        breaches = gate(*changed(case, Path(root)))
    if not case.says:
        return f"got {breaches}, want none" if breaches else ""
    return "" if any(case.says in breach for breach in breaches) else f"got {breaches}, want \"{case.says}\""


def main() -> int:
    # envelope.proto names nothing of the other files, so that its package can change alone.
    wrong = [f"{case.name}: {said}" for case in CASES if (said := judge(case))]
    print("".join(f"test_gate: {line}\n" for line in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

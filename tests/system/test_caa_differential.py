# SPDX-License-Identifier: Apache-2.0
"""Two implementations of CAA that know nothing of each other, over sets of records that nobody would publish."""

import random
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from caa_reference import Question, decide, parse  # noqa: E402
from options import options  # noqa: E402

ACCOUNT = "acct:demo@ca.example"
LABELS = {
    "dns-txt": ("ca-tbr-7",),
    "acme-http": ("http-01", "ca-tbr-19"),
    "email-token": ("ca-sbr-2",),
    "email-reply": ("email-reply-00", "ca-sbr-4"),
}
TAGS = [b"issuemail"] * 8 + [b"issue", b"issuewild", b"iodef", b"ISSUEMAIL", b"IssueMail", b"IssueWild"]
TAGS += [b"issuemai", b"issuemaill", b"contactemail", b"ContactPhone", b"unknowntag", b"issuevmc", b"issue-mail"]
TAGS += [b"", b"a", b"x" * 63, b"issue mail", b"issuemail\0"]
NAMES = [b"ca.example"] * 6 + [b"CA.Example", b"ca-two.example", b"other.example", b"ca.example.evil.test"]
NAMES += [b"evilca.example", b"ca.example.", b"", b".", b"ca..example", b"-ca.example", b"ca-.example", b"c--a.example"]
NAMES += [b"ca_x.example", b"ca example", b"xn--ca.example"]
PARAMETERS = [b"accounturi=" + ACCOUNT.encode()] * 3 + [b"AccountURI=" + ACCOUNT.encode()]
PARAMETERS += [b"accounturi=acct:rival@ca.example", b"accounturi=", b"accounturi", b"accounturi==x", b"a=b", b"a=b c"]
PARAMETERS += [b"validationmethods=" + text for text in (
    b"ca-tbr-7", b"ca-sbr-2", b"ca-tbr-7,ca-sbr-2", b"http-01", b"ca-tbr-19,email-reply-00", b"ca-tbr-7,", b",ca-tbr-7",
    b"", b"CA-TBR-7", b"ca-tbr-70", b"ca_tbr_7", b"http-01,ca-tbr-19,ca-tbr-7,ca-sbr-2,ca-sbr-4", b"a,,b")]  # fmt: skip
PARAMETERS += [b"ValidationMethods=ca-tbr-7", b"", b"=", b"=x", b"-a=b", b"a-=b", b"a--b=c", b"policy=ev"]
BLANKS = [b"", b"", b"", b" ", b"\t", b"  ", b" \t "]
OCTETS = [b"\0", b"\xff", b"\r\n", b"\n", b"\x7f", b"\x80", b";", b";;", b"=", b",", b"<script>", b" ", b"%", b'"', b"."]


def some_value(draw: random.Random) -> bytes:
    parts = [draw.choice(NAMES)]
    parts += [draw.choice(PARAMETERS) for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 15, 16, 17)))]
    value = b"".join(
        (b";" if number else b"") + draw.choice(BLANKS) + part + draw.choice(BLANKS)
        for number, part in enumerate(parts)
    )
    if draw.random() < 0.15:
        value += b";" + draw.choice(BLANKS)
    return mutated(draw, value) if draw.random() < 0.3 else value


def mutated(draw: random.Random, octets: bytes) -> bytes:
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(len(octets) + 1)
        what = draw.random()
        if what < 0.4:
            octets = octets[:at] + draw.choice(OCTETS) + octets[at:]
        elif what < 0.7:
            octets = octets[:at] + octets[at + 1 :]
        else:
            octets = octets[:at] + bytes([draw.randrange(256)]) + octets[at + 1 :]
    return octets


def some_record(draw: random.Random) -> bytes:
    tag = draw.choice(TAGS)
    flags = draw.choice((0, 0, 0, 0, 0, 1, 2, 127, 128, 130, 255))
    rdata = bytes([flags, len(tag)]) + tag + some_value(draw)
    return mutated(draw, rdata) if draw.random() < 0.05 else rdata


def some_question(draw: random.Random) -> Question:
    methods = draw.sample(sorted(LABELS), draw.choice((0, 1, 1, 1, 2, 3)))
    return Question(
        draw.choice(("issuemail", "issuemail", "issuemail", "issue", "issuewild")),
        draw.choice((("ca.example",), ("ca.example", "ca-two.example"), ())),
        draw.choice((ACCOUNT, ACCOUNT, "")),
        tuple(LABELS[name] for name in methods),
    )


def words_of(question: Question) -> list[str]:
    words = ["--tag", question.tag]
    for issuer in question.issuers:
        words += ["--issuer", issuer]
    if question.account:
        words += ["--account", question.account]
    for labels in question.methods:
        words += ["--method", next(name for name in LABELS if LABELS[name] == labels)]
    return words


class Differential(unittest.TestCase):
    failed = False  # set by the runner

    def judged(self, question: Question, sets: list[list[bytes]]) -> list[tuple[str, str]]:
        text = "".join(" ".join(rdata.hex() or "-" for rdata in records) + "\n" for records in sets)
        done = subprocess.run(
            [options.binaries / "csctl", "check", "caa-records", "-", *words_of(question)],
            input=text,
            capture_output=True,
            text=True,
            timeout=options.wait(60),
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), len(sets))
        return [(line[0], line[1]) for line in lines]

    def test_both_say_the_same_of_every_set(self) -> None:
        draw = options.random("caa")
        reasons: dict[str, int] = {}
        for _ in range(options.many(60, 10)):
            question = some_question(draw)
            sets = [
                [some_record(draw) for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 8)))]
                for _ in range(500)
            ]
            for records, got in zip(sets, self.judged(question, sets)):
                want = decide(question, records)
                reasons[want[1]] = reasons.get(want[1], 0) + 1
                if got != want:
                    self.fail(f"{question}\n{records}\ncsctl {got}, reference {want}")
        # Otherwise the sets would show nothing.
        self.assertEqual(len(reasons), 7, reasons)
        self.assertGreater(min(reasons.values()), options.many(100, 10), reasons)

    def test_values_alone(self) -> None:
        """More shapes of one value than sets would come to: what the grammar says shows in the reason."""
        draw = options.random("caa values")
        question = Question("issuemail", ("ca.example",), ACCOUNT, (LABELS["dns-txt"],))
        values = [some_value(draw) for _ in range(options.many(20000, 2000))]
        sets = [[b"\0\x09issuemail" + value] for value in values]
        parsed = 0
        for value, records, got in zip(values, sets, self.judged(question, sets)):
            parsed += parse(value) is not None
            if got != decide(question, records):
                self.fail(f"{value!r}: csctl {got}, reference {decide(question, records)}")
        self.assertGreater(parsed, len(values) // 10)
        self.assertLess(parsed, len(values) - len(values) // 10)

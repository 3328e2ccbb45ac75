# SPDX-License-Identifier: Apache-2.0
"""A second reader of mail addresses, and many addresses on which both must agree.

    differential.py PROGRAM...     PROGRAM answers as it_differential.c says
    CS_SEED=N differential.py ...  the same addresses as in that run

Written from RFC 5321 4.1.2 (dot-string), RFC 5322 3.2.3, RFC 1035 2.3.4, RFC 5890 and what we refuse beside
(quotes, literals, routes, encoded words), not from the C.  Names with "xn--" and all that is not ASCII stand in
the tables below: whole IDNA is not written a second time.  MBX-8.
"""

import os
import random
import re
import secrets
import subprocess
import sys

COUNT = 120_000
ATEXT = "A-Za-z0-9#$&'*+/=?^_`{|}~-"  # RFC 5322 3.2.3, without % and !
LOCAL = re.compile(rf"[{ATEXT}]+(\.[{ATEXT}]+)*")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as a last label: an IPv4 address in one of its forms


def second_opinion(octets: bytes) -> str | None:
    """The canonical form; None: refused.  Of ASCII without A-labels."""
    text = octets.decode("latin-1")
    if text.count("@") != 1:
        return None
    local, domain = text.split("@")
    if not LOCAL.fullmatch(local) or len(local) > 64 or "=?" in local:
        return None
    domain = re.sub("[A-Z]", lambda found: found[0].lower(), domain)
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > 253 or NUMBER.fullmatch(labels[-1]):
        return None
    if any(not LABEL.fullmatch(label) or label[2:4] == "--" for label in labels):
        return None
    return f"{local}@{domain}" if len(local) + 1 + len(domain) <= 254 else None


def ours_to_judge(octets: bytes) -> bool:
    return max(octets, default=0) < 0x80 and b"xn--" not in octets.lower()


# Letters of one script each, lower case and composed: their A-labels follow from RFC 3492 alone.
U_LABELS = "bücher straße faß βόλος привет президент 例え 点看 こんにちは 안녕 ไทย मराठी ørsted žluť"
NO_DOMAINS = (
    "BÜCHER.example",  # mapping
    "ｂｕｃｈ.example",  # full width
    "a。example",  # another dot
    "bu\u0308cher.example",  # not composed
    "☃.example",
    "a\u200db.example",
    "a\u00adb.example",
    "\ufeffa.example",
    "ﬁ.example",
    "a\u202eb.example",
    "xn--.example",
    "xn--a.example",
    "xn--bcher-kva-.example",
    "xn--abc.example",  # nothing that punycode makes
    "\u0301a.example",  # begins with a mark
)
UTF8_LOCALS = ("δοκιμή", "почта", "用户", "jörg", "ユーザー", "Jörg.Müller+tag")
NO_LOCALS = (
    "аdmin",  # the first letter is Cyrillic
    "a\u202eb",
    "a\u200bb",
    "\ufeffa",
    "a\u0000b",
    "ö..b",
    ".ö",
    "ö\u0085",
    "a\u00a0b",
    "ö\u2028",
)


def vectors() -> list[tuple[bytes, str | None]]:
    found: list[tuple[bytes, str | None]] = []
    for label in U_LABELS.split():
        name = "xn--" + label.encode("punycode").decode()
        found.append((f"a@{label}.example".encode(), f"a@{name}.example"))
        found.append((f"a@{name}.example".encode(), f"a@{name}.example"))
        found.append((f"a@{name.upper()}.EXAMPLE".encode(), f"a@{name}.example"))
    found += [(f"a@{domain}".encode(), None) for domain in NO_DOMAINS]
    found += [(f"{local}@b.example".encode(), f"{local}@b.example") for local in UTF8_LOCALS]
    found += [(f"{local}@b.example".encode(), None) for local in NO_LOCALS]
    broken = (b"\xff@b.example", b"\xc0\x80@b.example", b"\xed\xa0\x80@b.example", b"a@\xc3.example", b"\xc3\xb6" * 33 + b"@b.example")
    return found + [(octets, None) for octets in broken]


# Addresses that are nearly right


ATOMS = ["a", "A", "0", "-", "_", "+", "x" * 30, "x" * 64, "x" * 65, "=?", "=", "?", "'", "~", "root", "{}", "a" * 63]
LABELS = ["a", "B", "0", "-", "example", "com", "a-b", "a--b", "ab--c", "x" * 63, "x" * 64, "127", "0x7f", "0x", "1a", "-a", "a-"]
ODD = '"()<>,;:[]%!\\@. \t\r\n\0\x7f*_/#&'


GOOD = 7  # so many of the atoms and labels, the first, are usually taken


def some(chance: random.Random, words: list[str], counts: tuple[int, ...]) -> str:
    usual = chance.random() < 0.7
    return ".".join(chance.choice(words[:GOOD] if usual else words) for _ in range(chance.choice(counts)))


def address(chance: random.Random) -> bytes:
    local = some(chance, ATOMS, (1, 1, 1, 2, 3, 5))
    domain = some(chance, LABELS, (1, 2, 2, 3, 4, 8))
    text = list(f"{local}@{domain}")
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 4))):
        at = chance.randrange(len(text) + 1)
        what = chance.random()
        if what < 0.4:
            text.insert(at, chance.choice(ODD))
        elif what < 0.6:
            text.insert(at, chr(chance.randrange(128)))
        elif what < 0.8 and at < len(text):
            del text[at]
        elif at < len(text):
            text[at:at] = text[at : at + chance.randrange(40)]
    return "".join(text).encode()


def edges() -> list[bytes]:
    """Around each length that there is."""
    found = [b"", b"@", b"a@", b"@b.c", b"a@b"]
    found += [b"x" * n + b"@b.example" for n in range(60, 68)]
    found += [b"a@" + b"x" * n + b".example" for n in range(60, 67)]
    names = [(b"x" * 63 + b".") * 3 + b"y" * n + tail for n in range(40, 64) for tail in (b"", b".a", b".example")]
    found += [local + b"@" + name for name in names for local in (b"a", b"ab", b"x" * 64)]
    return found


def main() -> int:
    seed = int(os.environ.get("CS_SEED") or secrets.randbelow(1 << 31))
    chance = random.Random(seed)
    asked = [(octets, second_opinion(octets)) for octets in edges()]
    while len(asked) < COUNT:
        octets = address(chance)
        if ours_to_judge(octets):
            asked.append((octets, second_opinion(octets)))
    asked += vectors()
    lines = "".join(f"{octets.hex()}\n" for octets, _ in asked)
    done = subprocess.run(sys.argv[1:], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = done.stdout.splitlines()
    if len(answers) != len(asked):
        print(f"{len(answers)} answers to {len(asked)} addresses")
        return 1
    wrong = 0
    for (octets, want), got in zip(asked, answers):
        kind = "rfc822Name" if want is not None and want.partition("@")[0].isascii() else "SmtpUTF8Mailbox"
        expected = "no" if want is None else f"yes {want.encode().hex()} {kind}"
        if got != expected:
            wrong += 1
            print(f"{octets!r}: the parser says {got!r}, the second reader {expected!r}")
    taken = sum(want is not None for _, want in asked)
    print(f"seed {seed}: {len(asked)} addresses, {taken} of them good, {wrong} disagreements")
    # Of inputs that are all refused nothing could be learned.
    return 1 if wrong or taken < len(asked) // 10 else 0


if __name__ == "__main__":
    sys.exit(main())

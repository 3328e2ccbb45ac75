# SPDX-License-Identifier: Apache-2.0
"""What a look at each hostile name server and web server of tests/stack must say, and by when."""

from typing import NamedTuple

from world import SystemTest  # noqa: F401  first: finds the others

from hostile import CHAIN, NOT_PUBLIC, NOT_PUBLIC_6

# Seconds, on a busy machine: an answer that comes; one that comes after a second try; none at all.
SOON, TRIED, NEVER = 6.0, 14.0, 34.0
FETCHED, DRIPPED = 8.0, 20.0  # by HTTP


class Row(NamedTuple):
    method: str  # "caa" or "file"
    name: str
    verdict: str
    reason: str
    limit: float
    dnssec: str = ""  # where it matters


def caa(name: str, verdict: str, reason: str, dnssec: str = "", limit: float = SOON) -> Row:
    return Row("caa", f"{name}.example", verdict, f"caa-{reason}", limit, dnssec)


def failed(*names: str, limit: float = TRIED) -> list[Row]:
    return [caa(f"h-{name}", "deny", "lookup-failed", "indeterminate", limit) for name in names]


def below(label: str, kind: str, limit: float = TRIED) -> Row:
    return caa(f"{label}.h-{kind}", "deny", "lookup-failed", "indeterminate", limit)


def bogus(names: str) -> list[Row]:
    return [caa(f"h-{name}", "deny", "dnssec-bogus", "bogus") for name in names.split()]


def site(reason: str, names: str, limit: float = FETCHED) -> list[Row]:
    verdict = "accept" if reason == "matches" else "refuse"
    return [Row("file", f"{name}.evil.example", verdict, f"http-{reason}", limit) for name in names.split()]


FAILURES = [
    *failed("servfail", "refused", "formerr", "notimp", "nonsense-code", "lame", "empty", "a-query"),
    *failed("silent", "late", limit=NEVER),
]
SIZES = [
    *failed("no-tcp", "cut-short"),
    *failed("truncated", "drip", limit=NEVER),
    caa("h-huge", "allow", "authorized", "insecure"),
    caa("h-many", "deny", "not-authorized", "insecure"),
]
ALIASES = [
    below("a", "loop"),
    below("self", "loop"),
    below("c0", "chain"),
    caa(f"c{CHAIN - 11}.h-chain", "allow", "authorized", "insecure"),
    below("x", "fan-out", NEVER),
    below("a-label-too-much", "long-alias"),
]
SIGNATURES = bogus(
    "sig-altered data-altered sig-gone sig-parent sig-prolonged sig-wildcard expired not-yet wrong-ds"
)
DENIALS = [
    caa("h-nsec3-true", "allow", "no-caa", "secure"),
    *bogus("emptied denied denied-name denied-replay denied-name-replay"),
    *bogus("nsec3-denied nsec3-denied-replay nsec3-denied-name-replay"),
]
CRASHERS = [
    *failed("self-pointer", "forward-pointer", "head-pointer", "long-data", "no-data", "more-counted", "odd-records"),
    caa("h-short-data", "deny", "not-authorized"),
    caa("h-long-tag", "deny", "malformed"),
    caa("h-no-tag", "deny", "malformed"),
]
EXHAUSTION = [
    *bogus("keytrap"),
    # RFC 9276 3.2: resolvers call such a zone unsigned.  Its denials are signed and checked by nobody: anybody on
    # the way could answer with that of another name.
    caa("h-nsec3-absurd", "deny", "dnssec-unchecked", "indeterminate"),
]
SPOOFS = [
    *failed("wrong-question", "wrong-type", "wrong-case"),
    *failed("wrong-id", limit=NEVER),
    caa("h-spoofed", "deny", "not-authorized", "insecure"),
    caa("h-flood", "deny", "not-authorized", "insecure"),
    # Our question, and nothing that answers it: the zone's own server says that there is nothing.
    caa("h-other-name", "allow", "no-caa", "insecure"),
    caa("h-other-class", "allow", "no-caa", "insecure"),
    caa("h-less-counted", "allow", "no-caa", "insecure"),
    caa("h-trailing", "allow", "authorized", "insecure"),
]
NAME_SERVER_INSIDE = failed("inward")

NOT_PUBLIC_ADDRESSES = site(
    "address-refused",
    " ".join([*NOT_PUBLIC, *NOT_PUBLIC_6, "private mixed mixed-6 mapped to-name to-mixed to-mapped"]),
)
# The address of its name server changes as well: it takes a while to find that again.
REBINDING = [Row("file", "a.h-rebinding.example", "refuse", "http-address-refused", DRIPPED)]
REDIRECTS = [
    *site("bad-redirect", "to-address to-loopback to-short to-shortest to-number to-hex to-octal to-mapped-literal"),
    *site("bad-redirect", "to-six to-metadata to-percent to-full-width to-dot to-dotted-address to-localhost"),
    *site("bad-redirect", "to-port to-port-25 to-port-long to-user to-user-port to-backslash to-fragment to-tab"),
    *site("bad-redirect", "to-underscore to-nothing to-ftp to-gopher to-dict to-ldap to-file to-long to-two"),
    *site("bad-redirect", "to-injected"),
    *site("matches", "status-301 status-302 status-307 status-308 count-10 unclosed"),
    *site("status", "status-300 status-303 status-305"),
    *site("too-many-redirects", "count-11 round"),
    *site("too-large", "to-longer"),
]
# TBR asks for no certificate; a handshake must end all the same.
HANDSHAKES = [
    *site("matches", "to-tls to-tls-expired to-tls-self-signed"),
    *site("timed-out", "to-tls-stall", DRIPPED),
    *site("tls", "to-tls-garbage"),
]
FOLLOWED_BY_BROWSERS = site("differs", "refresh meta")
ENDLESS = [
    *site("timed-out", "silent head-drip line-drip body-drip chunk-drip", DRIPPED),
    *site("too-large", "endless-head endless-line endless-body endless-information"),
    *site("too-large", "head-10-mib head-line head-many informed megabyte"),
    *site("broken", "endless-size"),
    *site("status", "endless-missing"),
]
NOT_HTTP = [
    *site("broken", "http-0-9 http-2 http-1-2 smtp bare-cr folded switched nul-in-head"),
    *site("broken", "status-2000 status-0200 status-word cut-body cut-head nothing"),
    *site("broken", "two-lengths two-lengths-alike length-list length-minus length-plus length-hex length-huge"),
    *site("broken", "length-and-chunks chunk-cut chunk-huge chunk-minus"),
    *site("broken", "gzip gzip-bomb gzip-transfer gzip-chunked"),
    # RFC 9112 2.2 lets a lone LF end a line, and no second message follows that it could smuggle in.
    *site("matches", "bare-lf identity good"),
]
REPEATED = site("differs", "echo")
CONTENTS = [
    *site("differs", "commented other-case behind-nul before-nul prefixed twice two-line-ends wide marked in-a-field"),
    *site("status", "partial created missing failing pipelined"),
]

ALL = [
    *(FAILURES + SIZES + ALIASES + SIGNATURES + DENIALS + CRASHERS + EXHAUSTION + SPOOFS + NAME_SERVER_INSIDE),
    *(NOT_PUBLIC_ADDRESSES + REBINDING + REDIRECTS + HANDSHAKES + FOLLOWED_BY_BROWSERS + ENDLESS + NOT_HTTP),
    *(REPEATED + CONTENTS),
]

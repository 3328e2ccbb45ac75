# SPDX-License-Identifier: Apache-2.0
"""What one set of CAA records says, written anew from the RFCs: the second opinion on libs/dns/caa.c.

RFC 8659 4.1 (records), 4.2 (grammar); RFC 8657 (accounturi, validationmethods); RFC 9495 (issuemail).
Nothing is shared with the C code but the names of the reasons; where the RFCs leave the CA a choice,
the choice is said.
"""

import re
from typing import NamedTuple

LABEL = rb"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
ISSUER = re.compile(rb"[ \t]*(" + LABEL + rb"(?:\." + LABEL + rb")*)?[ \t]*")
PARAMETER = re.compile(
    rb"[ \t]*(" + LABEL + rb")[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)[ \t]*"
)
METHODS = re.compile(rb"[A-Za-z0-9-]+(?:,[A-Za-z0-9-]+)*")
TAG = re.compile(rb"[A-Za-z0-9]+")
# Those whose meaning we know, so that the critical flag does not stop us.
KNOWN = {b"issue", b"issuewild", b"issuemail", b"iodef", b"contactemail", b"contactphone"}
MOST_PARAMETERS = 16  # our choice: a value with more is as one outside the grammar


class Question(NamedTuple):
    tag: str
    issuers: tuple[str, ...]
    account: str  # "": every accounturi is a stranger's
    methods: tuple[tuple[str, ...], ...]  # the labels of each method that is used


def parse(value: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]] | None:
    """issue-value: the issuer ("" for nobody) and the parameters; None: outside the grammar."""
    head, semicolon, tail = value.partition(b";")
    issuer = ISSUER.fullmatch(head)
    if issuer is None:
        return None
    parameters = []
    if tail.strip(b" \t"):
        for part in tail.split(b";"):
            found = PARAMETER.fullmatch(part)
            if found is None:
                return None
            parameters.append((found[1], found[2]))
    if len(parameters) > MOST_PARAMETERS:
        return None
    return issuer[1] or b"", parameters


def permits(question: Question, value: bytes) -> str:
    """ "yes", or why this property does not authorise us."""
    parsed = parse(value)
    if parsed is None:
        return "bad-value"
    issuer, parameters = parsed
    if not issuer:
        return "nobody"
    if issuer.lower().decode() not in question.issuers:
        return "other-issuer"
    seen: set[bytes] = set()
    for tag, text in parameters:
        name = tag.lower()
        if name in seen and name in (b"accounturi", b"validationmethods"):
            return "mismatch"  # RFC 8657 3: more than one cannot be satisfied
        seen.add(name)
        if name == b"accounturi":
            if not question.account or text != question.account.encode():
                return "mismatch"
        elif name == b"validationmethods":
            if METHODS.fullmatch(text) is None or not question.methods:
                return "mismatch"
            listed = {label.decode() for label in text.split(b",")}
            if not all(listed & set(labels) for labels in question.methods):
                return "mismatch"
        else:
            return "mismatch"  # our choice: a condition that we do not know is not met
    return "yes"


def split(rdata: bytes) -> tuple[bool, bytes, bytes] | None:
    """critical, tag in lower case, value; None: no record that can be read."""
    if len(rdata) < 2 or rdata[1] == 0 or len(rdata) < 2 + rdata[1]:
        return None
    tag = rdata[2 : 2 + rdata[1]]
    if TAG.fullmatch(tag) is None:
        return None
    return bool(rdata[0] & 0x80), tag.lower(), rdata[2 + rdata[1] :]


def decide(question: Question, records: list[bytes]) -> tuple[str, str]:
    """The verdict and the reason."""
    if not records:
        return "allow", "no-caa"
    properties = []
    for rdata in records:
        found = split(rdata)
        if found is None:
            return "deny", "malformed"
        properties.append(found)
    if any(critical and tag not in KNOWN for critical, tag, _ in properties):
        return "deny", "critical-unknown-tag"
    wanted = question.tag.encode()
    values = [value for _, tag, value in properties if tag == wanted]
    if not values and wanted == b"issuewild":
        values = [value for _, tag, value in properties if tag == b"issue"]
    if not values:
        return "allow", "unrestricted"
    said = {permits(question, value) for value in values}
    if "yes" in said:
        return "allow", "authorized"
    return "deny", "parameter-mismatch" if "mismatch" in said else "not-authorized"

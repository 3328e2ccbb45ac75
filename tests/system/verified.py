# SPDX-License-Identifier: Apache-2.0
"""What an operator would enter about organizations and people, straight into policy's table."""

import time

from stack import Stack

DAY_MS = 86_400_000
ORGANIZATION = (
    "organizationName=Alpha Widgets AG\norganizationIdentifier=NTRCH-CHE123456789\n"
    "streetAddress=Weg 1\nlocalityName=Bern\npostalCode=3000\ncountryName=CH\n"
)
ALICE = "givenName=Alice\nsurname=Näf\n"
METHODS = {"organization": "register", "authority": "reliable-contact", "individual": "id-document"}


def record(stack: Stack, kind: str, account: str, attributes: str, days_ago: float = 400, **more: str) -> str:
    """Verified and approved by two; returns its id."""
    values = {
        "kind": kind,
        "enterprise": "demo",
        "account": account,
        "attributes": attributes,
        "method": METHODS[kind],
        "source": "file 4711",
        "verified_by": "vera",
        "approved_by": "otto",
        "verified_at_ms": str(int(time.time() * 1000 - days_ago * DAY_MS)),
        **more,
    }
    texts = ", ".join(f"$x${value}$x$" for value in values.values())
    sql = f"insert into policy.identity ({', '.join(values)}) values ({texts}) returning id"
    return stack.postgres.query(sql).split("\n")[0]


def record_everything(stack: Stack) -> None:
    """The enterprise, that it may ask, and alice."""
    record(stack, "organization", "", ORGANIZATION)
    record(stack, "authority", "", ORGANIZATION)
    record(stack, "individual", "alice", ALICE)

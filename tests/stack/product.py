# SPDX-License-Identifier: Apache-2.0
"""What the stack knows of the product: names of services, perspectives and users."""

from typing import NamedTuple

SERVICES = (
    "request-intake",
    "policy",
    "mailbox-validator",
    "domain-validator",
    "caa-dnssec",
    "mpic-coordinator",
    "signer",
    "notifier",
    "certificate-status",
)
WITH_LMTP = ("mailbox-validator",)  # mail servers bring to these what comes back
WITH_LINKS = ("mailbox-validator",)  # these mail links to a page of request-intake
WITH_HTTP = ("request-intake", "certificate-status")  # these serve people on CS_HTTP_LISTEN beside health and metrics
WITHOUT_STATEMENTS = ("certificate-status",)  # the trust table has no key of it


class Perspective(NamedTuple):
    name: str
    region: str  # the service region of a regional Internet registry, as the signer counts it

    @property
    def service(self) -> str:
        return f"mpic-perspective-{self.name}"


PERSPECTIVES = (
    Perspective("amsterdam", "ripe"),
    Perspective("newyork", "arin"),
    Perspective("saopaulo", "lacnic"),
    Perspective("singapore", "apnic"),
    Perspective("nairobi", "afrinic"),
)

# Names of NATS users, each with a seed file; "test" is for the tests of libraries.
USERS = (
    *SERVICES,
    *(perspective.service for perspective in PERSPECTIVES),
    "provisioner",
    "csctl",
    "observer",
    "test",
)


# Names under which CAA records permit us to issue.
ISSUER_DOMAIN = "ca.countersign.example"
# Bounces and answers of mailbox owners come back to addresses in it.
RETURN_DOMAIN = "return.countersign.example"
ENTERPRISE = "demo"
# API tokens of the file, which need no person: (token, enterprise, account, role after it in the file).
API_TOKENS = (
    ("alice-token", ENTERPRISE, "alice", ""),
    ("bob-token", ENTERPRISE, "bob", ""),
    ("operator-token", ENTERPRISE, "operator", "operator"),
)
# Who sets everything up, by a token that needs no person.
PLATFORM = "platform"
ADMINISTRATOR = ("root-token", PLATFORM, "root", "administrator")
OBSERVER = "countersign_observer"  # the database role that may read outboxes


def role(service: str) -> str:
    """The database role and schema of a service."""
    return service.replace("-", "_")

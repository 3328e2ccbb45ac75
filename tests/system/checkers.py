# SPDX-License-Identifier: Apache-2.0
"""What must hold whatever happened, read from the tables by their owner."""

from typing import Iterable

from options import options
from wait import wait_for
from world import SystemTest, openssl

# Intents of which no certificate came: void ones, and those that still wait for their signature.
NOT_ISSUED = (
    "signer.intent i where not exists (select from signer.certificate c where c.request = i.request)"
)


def schemas(test: SystemTest) -> list[str]:
    sql = "select schemaname from pg_tables where tablename = 'outbox' order by 1"
    return [row[0] for row in test.rows(sql)]


def settle(test: SystemTest) -> None:
    """Waits until nothing is under way any more."""
    where = schemas(test)
    sql = " union all ".join(
        f"select '{s}', (select count(*) from {s}.outbox_unsent),"
        f" (select count(*) from {s}.work)"
        for s in where
    )

    def quiet() -> bool:
        return all(row[1:] == ["0", "0"] for row in test.rows(sql))

    try:
        wait_for(quiet, options.wait(30), "outboxes and work to be empty", pause=0.2)
    except TimeoutError as failure:
        raise AssertionError(f"{failure}: {test.rows(sql)}") from None


def nothing_parked(test: SystemTest) -> None:
    for schema in schemas(test):
        sql = f"select subject, id, error from {schema}.parked"
        test.assertEqual(test.rows(sql), [], f"{schema} parked something")


def in_time(test: SystemTest, sql: str, wanted: list[str], what: str) -> None:
    """What the first column of these rows becomes: each service hears of the end by itself."""
    found = lambda: [row[0] for row in test.rows(sql)]  # noqa: E731
    try:
        wait_for(lambda: found() == wanted, options.wait(60), what, pause=0.2)
    except TimeoutError:
        test.assertEqual(found(), wanted, what)


def issued_exactly_once(test: SystemTest, accepted: Iterable[str]) -> None:
    """I5, I6, I7: each request that was accepted, once, and no other; no serial twice."""
    wanted = sorted(accepted)
    listed = [row[0] for row in test.rows("select request from signer.certificate order by 1")]
    test.assertEqual(listed, wanted, "certificates are not those of the accepted requests")
    in_time(test, "select id from request_intake.request where state = 'issued' order by 1", wanted, "people are shown")
    certificates = [
        (serial, bytes.fromhex(der))
        for serial, der in test.rows(
            "select encode(serial, 'hex'), encode(der, 'hex') from signer.certificate"
        )
    ]
    serials = [serial_of(der) for _, der in certificates]
    test.assertEqual([int(serial, 16) for serial, _ in certificates], serials)
    test.assertEqual(len(set(serials)), len(wanted), "a serial was used twice")
    test.assertEqual(test.count(NOT_ISSUED), 0, "intents left over")
    issued_events = "signer.outbox where subject = 'certificate.issued'"
    test.assertEqual(test.count(issued_events), len(wanted), "published once each")


def trusted(test: SystemTest) -> None:
    """Every certificate chains to the root, by openssl."""
    where = test.stack.root / "out" / "issued"
    where.mkdir(parents=True, exist_ok=True)
    files = []
    for serial, der in test.rows(
        "select encode(serial, 'hex'), encode(der, 'hex') from signer.certificate"
    ):
        (where / f"{serial}.der").write_bytes(bytes.fromhex(der))
        files.append(where / f"{serial}.der")
    ca = test.stack.ca
    chain = ["-CAfile", ca / "root.cert.pem", "-untrusted", ca / "chain.pem"]
    said = openssl("verify", *chain, "-purpose", "smimesign", *files)
    test.assertEqual(said.count(": OK"), len(files))


def audited(test: SystemTest) -> None:
    """I9, I11: the tree holds, and each signature is behind a record of its intent."""
    broken = (
        "select seq from (select seq, row_number() over (order by seq) as place from signer.audit) counted"
        " where seq <> place union all select size from signer.audit_head"
        " where size <> (select count(*) from signer.audit)"
    )
    test.assertEqual(test.rows(broken), [], "the audit log has gaps")
    behind = (
        "select c.request from signer.certificate c where not exists (select from signer.audit i"
        " join signer.audit d using (request) where request = c.request and i.action = 'intent'"
        " and d.action = 'issued' and i.seq < d.seq)"
    )
    test.assertEqual(test.rows(behind), [], "signed without a record of the intent")


def serial_of(der: bytes) -> int:
    """RFC 5280: SEQUENCE { SEQUENCE { [0] { version } INTEGER ... } }."""
    at = _into(der, _into(der, 0, 0x30), 0x30)
    at = _over(der, at, 0xA0)
    inside = _into(der, at, 0x02)
    return int.from_bytes(der[inside : _over(der, at, 0x02)], "big")


def _into(der: bytes, at: int, tag: int) -> int:
    if der[at] != tag:
        raise AssertionError(f"tag {der[at]:02x} at {at}, not {tag:02x}")
    return at + 2 + (der[at + 1] & 0x7F if der[at + 1] & 0x80 else 0)


def _over(der: bytes, at: int, tag: int) -> int:
    inside = _into(der, at, tag)
    first = der[at + 1]
    length = int.from_bytes(der[at + 2 : inside], "big") if first & 0x80 else first
    return inside + length

# SPDX-License-Identifier: Apache-2.0
"""I11, DB-2: whatever the owner of the database does to the signer's audit log is found, at the right place."""

import hashlib
import json
import struct
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from world import SystemTest, wait_for  # first: finds the others

from options import options

LABEL = b"countersign/audit/v2\0"
TRIES = 5
COLUMNS = ("seq", "at_ms", "request", "action", "detail", "leaf")
KINDS = {
    "start", "trust", "intent", "renewed", "issued", "void", "refused", "stopped",
    "revoked", "revocation-refused", "reason-changed", "crl", "crl-made",
}  # fmt: skip
# Records of requests of our own making, in the form that the signer gives them.
MADE = ("trust", "intent", "renewed", "void", "refused", "revocation-refused")


class Record(NamedTuple):
    seq: int
    at_ms: int
    request: str
    action: str
    detail: str

    def leaf(self) -> bytes:
        octets = LABEL + struct.pack(">QQ", self.seq, self.at_ms) + uuid.UUID(self.request).bytes
        for text in (self.action, self.detail):
            octets += struct.pack(">Q", len(text.encode())) + text.encode()
        return hashlib.sha256(b"\0" + octets).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, as it is written there."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    middle = 1
    while 2 * middle < len(leaves):
        middle *= 2
    return hashlib.sha256(b"\1" + root_of(leaves[:middle]) + root_of(leaves[middle:])).digest()


def peaks_of(leaves: list[bytes]) -> bytes:
    peaks, at = b"", 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            peaks += root_of(leaves[at : at + (1 << bit)])
            at += 1 << bit
    return peaks


class Audit(SystemTest):
    """A log with records of all kinds; each test leaves it as it found it."""

    mail_below = ("beta.example",)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        test = cls()
        test.issue("ann@a1.beta.example")
        test.revoke(test.issue("bea@a2.beta.example"))
        test.stop("cid@a3.beta.example")
        cls.kept = test.end_signed()
        test.append_made()

    # A log with everything in it

    def issue(self, mailbox: str) -> str:
        person = self.person()
        request = str(person.create(self.csr(mailbox), [mailbox], "smime-mailbox"))
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        person.approve(request)
        person.wait_state(request, "issued")
        return request

    def stop(self, mailbox: str) -> None:
        person = self.person()
        request = str(person.create(self.csr(mailbox), [mailbox], "smime-mailbox"))
        person.wait_planned(request)
        person.prove_mailbox(request, mailbox)
        self.stack.stop_service("caa-dnssec")
        person.approve(request)
        person.cancel(request)
        self.stack.restart_service("caa-dnssec")

    def revoke(self, request: str) -> None:
        """For less first, then because its key is known to others; its lists say so."""
        for number, reason in enumerate(("superseded", "keyCompromise"), 1):
            done = self.csctl("request", "revoke", request, "--reason", reason)
            self.assertEqual(done.returncode, 0, done.stderr)
            told = f"select count(*) from signer.audit where request = '{request}' and detail like '%asked_by%'"
            wait_for(lambda n=number: self.value(told) == str(n), options.wait(20), f"{reason} to be recorded")

    def end_signed(self) -> Path:
        """Nothing is written any more, and all of it is below a head that somebody keeps."""
        for _ in range(TRIES):
            self.wait_head()
            kept = self.outside()
            self.stack.stop_service("signer")
            if self.has_head():  # else it wrote something, a list perhaps, as its last
                return kept
            self.stack.restart_service("signer")
        raise AssertionError("the signer always wrote something more")

    def outside(self) -> Path:
        """Heads, as somebody keeps them who listens to the bus."""
        newest = self.value("select max(size) from signer.audit_tree_head")

        def there() -> str:
            said = self.csctl("events", "replay", "--type", "certificate.audit-head", "--json").stdout
            return said if f'"size":{newest},' in said else ""

        lines = wait_for(there, options.wait(20), "the newest head in its lane")
        path = self.stack.root / "heads"
        path.write_text(lines)
        return path

    def records(self) -> list[Record]:
        rows = self.rows("select seq, at_ms, request, action, detail from signer.audit order by seq")
        return [Record(int(row[0]), int(row[1]), *row[2:]) for row in rows]

    def append_made(self) -> None:
        """What this stack did not come to: a void intent, judged twice, and another trust table."""
        request, at = str(uuid.uuid4()), 1_795_437_296_789
        digests = {kind: hashlib.sha256(kind.encode()).hexdigest() for kind in ("request", "approval", "plan")}
        tbs = hashlib.sha256(b"tbs").hexdigest()
        judged = f"serial=5a5a tbs_sha256={tbs} request_digest=00 " + " ".join(
            [*(f"{kind}={digest}" for kind, digest in digests.items()), "evidence= lint=1 issuer=i partition=0 profile=p"]
        )
        details = ("trust=2:00:00", judged, judged, "serial=5a5a not_after=0 code=evidence-expired", "code=evidence-expired field=x", "code=not-yours")
        self.owner(
            "insert into signer.final_plan (request, revision, sha256, envelope, plan_len, request_at,"
            f" request_len, approval_at, received_at_ms) values ('{request}', 1, sha256('plan-request-approval'),"
            f" 'plan-request-approval', 4, 5, 7, 13, {at});"
            "insert into signer.request (request, state, code, version, changed_at_ms)"
            f" values ('{request}', 'refused', 'evidence-expired', 1, {at});"
            "insert into signer.intent (request, issuer, profile, crl_partition, serial, not_before_s, tbs,"
            " tbs_sha256, evidence, state, judged_at_ms, void_at_ms) values"
            f" ('{request}', 'i', 'p', 0, '\\x5a5a', 0, 'tbs', sha256('tbs'), '', 'void', {at + 2}, {at + 3});"
            "insert into signer.revocation (request, what, issuer, crl_partition, serial, reason, revoked_by,"
            " text, revoked_at_ms, known_at_ms, due_at_ms, reason_at_ms, not_after_s) values"
            f" ('{request}', 'void', 'i', 0, '\\x5a5a', 0, 5, '', {at + 3}, {at + 3}, {at + 3}, {at + 3}, 0);"
        )
        records = self.records()
        for number, (action, detail) in enumerate(zip(MADE, details)):
            records.append(Record(len(records) + 1, at + number, request, action, detail))
            self.insert(records[-1])
        self.write_end(records)

    def insert(self, record: Record) -> None:
        self.owner(
            f"insert into signer.audit values ({record.seq}, {record.at_ms}, '{record.request}',"
            f" '{record.action}', '{record.detail}', '\\x{record.leaf().hex()}');"
        )

    def write_end(self, records: list[Record]) -> None:
        peaks = peaks_of([record.leaf() for record in records])
        self.owner(f"update signer.audit_head set size = {len(records)}, peaks = '\\x{peaks.hex()}';")

    # What a DBA does, and what is said of it

    def owner(self, sql: str) -> None:
        self.stack.postgres.query(f"set session_replication_role = replica; {sql}")

    def verify(self, *words: str) -> tuple[int, dict[str, Any]]:
        url = self.stack.environment("observer")["CS_DATABASE_URL"]
        done = self.csctl("audit", "verify", "--json", *words, CS_DATABASE_URL=url)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def finds(self, change: str, undo: str, what: str, first: int | None, *words: str) -> dict[str, Any]:
        """The first finding after the change; afterwards everything is as before."""
        self.owner(change)
        try:
            status, told = self.verify(*words)
        finally:
            self.owner(undo)
        self.assertEqual(status, 1, change)
        found: dict[str, Any] = told["findings"][0]
        self.assertEqual(found["what"], what, f"{change}: {told['findings']}")
        if first is not None:
            self.assertEqual(found["first"], first, f"{change}: {told['findings']}")
        return found

    def holds(self, *words: str) -> dict[str, Any]:
        status, told = self.verify(*words)
        self.assertEqual((status, told["findings"]), (0, []))
        return told

    # Tests

    def test_an_untouched_log_holds_and_another_program_finds_the_same_root(self) -> None:
        told = self.holds("--heads", str(self.kept))
        records = self.records()
        self.assertEqual(told["records"], len(records))
        self.assertGreaterEqual(told["heads"], 1)
        self.assertEqual(told["signed"], len(records) - len(MADE))
        kinds = {record.action for record in records}
        self.assertEqual(kinds, KINDS)
        head = json.loads(self.csctl("audit", "head").stdout)
        self.assertEqual(head["root"], root_of([record.leaf() for record in records][: head["size"]]).hex())
        # For people: one sentence, and it says how much is signed.
        said = self.csctl("audit", "verify").stdout
        self.assertIn(f"{len(records)} records, as they were written", said)
        self.assertIn(f"signed: records 1 to {head['size']}", said)

    def test_each_column_of_each_kind_of_record_counts(self) -> None:
        seen = set()
        for record in self.records():
            if record.action in seen:
                continue
            seen.add(record.action)
            where = f"where seq = {record.seq}"
            free = record.seq + 1_000_000
            changes = {
                "seq": (f"seq = {free} {where}", f"seq = {record.seq} where seq = {free}"),
                "at_ms": (f"at_ms = at_ms + 1 {where}", f"at_ms = at_ms - 1 {where}"),
                "request": (
                    f"request = '{uuid.uuid4()}' {where}",
                    f"request = '{record.request}' {where}",
                ),
                "action": (f"action = 'other' {where}", f"action = '{record.action}' {where}"),
                "detail": (f"detail = detail || ' ' {where}", f"detail = '{record.detail}' {where}"),
                "leaf": (
                    f"leaf = sha256(leaf) {where}",
                    f"leaf = '\\x{record.leaf().hex()}' {where}",
                ),
            }
            self.assertEqual(tuple(changes), COLUMNS)  # which are those of the table: see below
            for column, (change, undo) in changes.items():
                with self.subTest(kind=record.action, column=column):
                    last = record.seq == len(self.records())
                    what = "altered" if column != "seq" else "cut" if last else "missing"
                    self.finds(
                        f"update signer.audit set {change}", f"update signer.audit set {undo}", what, record.seq
                    )
        self.assertEqual(seen, KINDS)
        columns = self.rows(
            "select column_name from information_schema.columns"
            " where table_schema = 'signer' and table_name = 'audit' order by ordinal_position"
        )
        self.assertEqual(tuple(row[0] for row in columns), COLUMNS)
        self.holds()

    def test_records_that_are_gone_or_moved_are_named(self) -> None:
        records = self.records()
        for record in (records[0], records[2], records[-1]):
            what = "cut" if record is records[-1] else "missing"
            self.owner(f"delete from signer.audit where seq = {record.seq};")
            try:
                status, told = self.verify()
            finally:
                self.insert(record)
            self.assertEqual((status, told["findings"][0]["what"]), (1, what))
            self.assertEqual(told["findings"][0]["first"], record.seq)
        swap = "update signer.audit set seq = case seq when 2 then 4 else 2 end where seq in (2, 4)"
        twice = f"update signer.audit set seq = -seq where seq in (2, 4); {swap.replace('seq when 2', '-seq when 2').replace('(2, 4)', '(-2, -4)')}"
        found = self.finds(twice, twice, "reordered", 2)
        self.assertIn("written as number 4", found["text"])
        self.holds()

    def test_a_log_that_was_written_anew_is_found_by_heads(self) -> None:
        """Leaves and end fit what was written; only what was signed does not."""
        records = self.records()
        signed = int(self.value("select max(size) from signer.audit_tree_head"))
        for at in (0, signed - 1):
            forged = [record._replace(detail=record.detail + " ") if i == at else record for i, record in enumerate(records)]
            change = f"update signer.audit set detail = '{forged[at].detail}', leaf = '\\x{forged[at].leaf().hex()}' where seq = {at + 1};"
            self.owner(change)
            self.write_end(forged)
            try:
                status, told = self.verify()
            finally:
                self.owner(
                    f"update signer.audit set detail = '{records[at].detail}',"
                    f" leaf = '\\x{records[at].leaf().hex()}' where seq = {at + 1};"
                )
                self.write_end(records)
            first = told["findings"][0]
            self.assertEqual((status, first["what"]), (1, "head"))
            self.assertTrue(first["first"] <= at + 1 <= first["last"], first)
        # The tail is cut, with the end and every head that the database has: one that was kept elsewhere knows.
        self.owner(
            "create table signer.kept_audit as select * from signer.audit where seq > 1;"
            "create table signer.kept_heads as select * from signer.audit_tree_head;"
            "create table signer.kept_outbox as select * from signer.outbox where subject = 'certificate.audit-head';"
            "delete from signer.audit where seq > 1; delete from signer.audit_tree_head;"
            "delete from signer.outbox where subject = 'certificate.audit-head';"
        )
        self.write_end(records[:1])
        try:
            status, told = self.verify("--heads", str(self.kept))
        finally:
            self.owner(
                "insert into signer.audit select * from signer.kept_audit;"
                "insert into signer.audit_tree_head select * from signer.kept_heads;"
                "insert into signer.outbox overriding system value select * from signer.kept_outbox;"
                "drop table signer.kept_audit, signer.kept_heads, signer.kept_outbox;"
            )
            self.write_end(records)
        cuts = [found for found in told["findings"] if found["what"] == "cut"]
        self.assertEqual((status, cuts[0]["first"]), (1, 2))
        self.holds("--heads", str(self.kept))

    def test_the_end_and_the_heads_count_column_by_column(self) -> None:
        end = "update signer.audit_head set "
        size, peaks = self.rows("select size, encode(peaks, 'hex') from signer.audit_head")[0]
        back = f"{end} size = {size}, peaks = '\\x{peaks}'"
        self.finds(f"{end} size = size - 1", back, "behind", int(size))
        self.finds(f"{end} size = size + 1", back, "cut", int(size) + 1)
        self.finds(f"{end} peaks = overlay(peaks placing '\\x00000000' from 1)", back, "end", 1)
        head = "update signer.audit_tree_head set "
        newest = "where size = (select max(size) from signer.audit_tree_head)"
        row = self.rows(
            "select size, encode(root, 'hex'), at_ms, keyid, encode(signature, 'hex')"
            f" from signer.audit_tree_head {newest}"
        )[0]
        back = (
            f"{head} size = {row[0]}, root = '\\x{row[1]}', at_ms = {row[2]}, keyid = '{row[3]}',"
            f" signature = '\\x{row[4]}' {newest}"
        )
        for change in ("size = size + 1", "root = sha256(root)", "at_ms = at_ms + 1",
                       "keyid = reverse(keyid)", "signature = sha256(signature) || sha256(root)"):  # fmt: skip
            found = self.finds(f"{head} {change} {newest}", back, "forged", 0)
            self.assertRegex(found["text"], "forged|not in the trust table")
        self.holds()

    def test_rows_without_their_records_are_found(self) -> None:
        """The log is whole; what it is about is not."""
        issued = next(record for record in self.records() if record.action == "issued").request
        void = next(record for record in self.records() if record.action == "void").request
        stopped = next(record for record in self.records() if record.action == "stopped").request
        revoked = next(record for record in self.records() if record.action == "revoked").request
        for table, column, change, request in (
            ("intent", "serial", "sha256(serial)", issued),
            ("intent", "tbs", "tbs || '\\x00'", issued),
            ("intent", "tbs_sha256", "sha256(tbs_sha256)", issued),
            ("intent", "evidence", "sha256(evidence)", issued),
            ("intent", "issuer", "issuer || 'x'", issued),
            ("intent", "profile", "profile || 'x'", issued),
            ("intent", "crl_partition", "crl_partition + 1", issued),
            ("intent", "judged_at_ms", "judged_at_ms + 1", issued),
            ("intent", "state", "'open'", void),
            ("intent", "void_at_ms", "void_at_ms + 1", void),
            ("certificate", "serial", "sha256(serial)", issued),
            ("certificate", "der", "der || '\\x00'", issued),
            ("certificate", "sha256", "sha256(sha256)", issued),
            ("certificate", "spki_sha256", "sha256(spki_sha256)", issued),
            ("certificate", "not_after_s", "not_after_s + 1", issued),
            ("certificate", "issued_at_ms", "issued_at_ms + 1", issued),
            ("certificate", "issuer", "issuer || 'x'", issued),
            ("certificate", "crl_partition", "crl_partition + 1", issued),
            ("certificate", "enterprise", "enterprise || 'x'", issued),
            ("certificate", "account", "account || 'x'", issued),
            ("request", "state", "'waiting'", stopped),
            ("request", "code", "'other'", stopped),
            ("final_plan", "envelope", "envelope || '\\x00'", issued),
            ("final_plan", "envelope", "envelope || '\\x00', sha256 = sha256(envelope || '\\x00')", issued),
            ("final_plan", "sha256", "sha256(sha256)", issued),
            ("final_plan", "plan_len", "plan_len + 1", issued),
            ("final_plan", "request_at", "request_at + 1", issued),
            ("final_plan", "request_len", "request_len - 1", issued),
            ("final_plan", "approval_at", "approval_at + 1", issued),
            ("evidence", "envelope", "envelope || '\\x00'", issued),
            ("revocation", "serial", "sha256(serial)", revoked),
            ("revocation", "reason", "0", revoked),
            ("revocation", "revoked_by", "5", revoked),
            ("revocation", "revoked_at_ms", "revoked_at_ms - 1", revoked),
            ("revocation", "reason_at_ms", "reason_at_ms - 1", revoked),
            ("revocation", "issuer", "issuer || 'x'", revoked),
            ("revocation", "crl_partition", "crl_partition + 1", revoked),
            ("revocation", "not_after_s", "1", revoked),
            ("revocation", "not_after_s", "1", void),
            ("revocation_statement", "envelope", "envelope || '\\x00'", revoked),
        ):
            with self.subTest(table=table, column=column):
                keep = f"create table signer.kept as select * from signer.{table} where request = '{request}';"
                back = (
                    f"delete from signer.{table} where request = '{request}';"
                    f"insert into signer.{table} select * from signer.kept; drop table signer.kept;"
                )
                change = f"update signer.{table} set {column} = {change} where request = '{request}';"
                found = self.finds(keep + change, back, "row", None)
                self.assertIn(request, found["text"])
        for table in ("certificate", "intent", "request", "final_plan"):
            with self.subTest(gone=table):
                keep = f"create table signer.kept as select * from signer.{table} where request = '{issued}';"
                back = f"insert into signer.{table} select * from signer.kept; drop table signer.kept;"
                if table == "request":
                    keep = keep.replace(issued, stopped)
                gone = f"delete from signer.{table} where request = '{stopped if table == 'request' else issued}';"
                self.finds(keep + gone, back, "row", None)
        for table in ("blocked_key", "key_owner"):
            with self.subTest(gone=table):
                which = f"where spki_sha256 = (select spki_sha256 from signer.certificate where request = '{revoked}')"
                keep = f"create table signer.kept as select * from signer.{table} {which};"
                back = f"insert into signer.{table} select * from signer.kept; drop table signer.kept;"
                found = self.finds(f"{keep} delete from signer.{table} {which};", back, "row", None)
                self.assertIn(revoked, found["text"])
        self.holds()

    def test_a_list_that_was_made_without_a_revocation_is_found(self) -> None:
        """Somebody hid a row while the list was made, and put it back."""
        revoked = next(record for record in self.records() if record.action == "revoked").request
        keep = f"create table signer.kept as select * from signer.revocation where request = '{revoked}';"
        early = f"update signer.revocation set revoked_at_ms = revoked_at_ms - 86400000 where request = '{revoked}';"
        lists = "select count(*) from signer.crl c join signer.crl_list l on l.issuer = c.issuer where c.entries = 0"
        self.assertGreater(int(self.value(lists)), 0)
        self.owner(keep + early)
        try:
            _, told = self.verify()
        finally:
            self.owner(
                f"delete from signer.revocation where request = '{revoked}';"
                "insert into signer.revocation select * from signer.kept; drop table signer.kept;"
            )
        self.assertTrue([found for found in told["findings"] if "lacks what was revoked" in found["text"]], told)
        self.holds()

    def test_a_record_is_proved_without_a_database(self) -> None:
        proof = self.stack.root / "proof.json"
        size = int(self.value("select max(size) from signer.audit_tree_head"))
        for seq in (1, size):
            proof.write_text(self.csctl("audit", "prove", str(seq)).stdout)
            done = self.csctl("audit", "check", str(proof), CS_DATABASE_URL="")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"record {seq}, ", done.stdout)
        good = json.loads(proof.read_text())
        for member, change in (
            ("record", {"seq": 1}), ("record", {"at_ms": 1}), ("record", {"action": "issue"}),
            ("record", {"detail": ""}), ("record", {"request": str(uuid.uuid4())}),
            ("head", {"size": size + 1}), ("head", {"root": "00" * 32}), ("head", {"at_ms": 1}),
            ("head", {"signature": "00" * 64}), ("head", {"keyid": "00" * 16}),
        ):  # fmt: skip
            proof.write_text(json.dumps({**good, member: {**good[member], **change}}))
            done = self.csctl("audit", "check", str(proof))
            self.assertEqual(done.returncode, 1, f"{member} {change}: {done.stdout}{done.stderr}")
        proof.write_text(json.dumps({**good, "path": good["path"][1:]}))
        self.assertEqual(self.csctl("audit", "check", str(proof)).returncode, 1)
        # What is not under a signed head yet has no proof.
        done = self.csctl("audit", "prove", str(size + 1))
        self.assertEqual(done.returncode, 2)
        self.assertIn("no signed head", done.stderr)

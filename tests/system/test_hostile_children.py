# SPDX-License-Identifier: Apache-2.0
"""What attacks csctl in test_hostile.py, sent to the children of running services.

All of it at once to the same few processes: none of them may die, none may say yes where the table says no, and
whoever has done no harm is answered in between.
"""

from pathlib import Path
from typing import Any

from world import SystemTest  # first: finds the others

import forge
import hostile_table as table
from hostile import Hostile
from hostile_table import Row
from hostile_web import TOKEN
from looks import CaaOrders, Perspective
from options import options
from product import PERSPECTIVES

EACH = 4  # after so many hostile orders comes a good one
GOOD = "caa-allow.example"
GOOD_SITE = "good.evil.example"
DNSSEC = ("", "secure", "insecure", "bogus", "indeterminate")
BOGUS, FAILED = "caa-dnssec-bogus", "caa-lookup-failed"
BY_TCP = ("h-many.example", "h-huge.example")
AT_ONCE = 32  # at one web server
KIB, SANITIZED_KIB = 64 * 1024, 512 * 1024


def peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


class HostileToChildren(SystemTest):
    services = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        try:
            cls.stack.prepare_product()
            cls.where = PERSPECTIVES[0]
            named = {"CS_PERSPECTIVE_NAME": cls.where.name, "CS_PERSPECTIVE_REGION": cls.where.region}
            cls.stack.start_service("caa-dnssec")
            cls.stack.start_service(cls.where.service, named, "mpic-perspective")
            Hostile(cls.stack).start()
        except BaseException:
            cls.stack.down(failed=True)
            raise

    def judge(self, row: Row, said: dict[str, Any]) -> None:
        with self.subTest(row.name):
            if said["reason"] == FAILED and (row.reason == BOGUS or row.name in BY_TCP or options.quick):
                # Verifying may take longer than a lookup may; and libunbound, it seems, asks a server over one connection
                # for many zones, so that here, where all have one server, some wait behind a silent one.
                self.assertEqual(said["outcome"], forge.COULD_NOT_TELL, said)
                return
            self.assertEqual(said["outcome"] == forge.PROVED, row.verdict in ("allow", "accept"), said)
            self.assertEqual(said["reason"], row.reason, said)
            if row.dnssec:
                self.assertEqual(said["security"], DNSSEC.index(row.dnssec), said)

    def unharmed(self, service: str, before: list[int]) -> None:
        """The very same processes, none of which needed much."""
        self.assertEqual(sorted(self.children_of(service)), before)
        for pid in before:
            self.assertLess(peak_kib(pid), SANITIZED_KIB if options.quick else KIB)

    def test_name_servers_harm_no_child_of_caa_dnssec(self) -> None:
        rows = {row.name: row for row in table.ALL if row.method == "caa"}
        before = sorted(self.crew("caa-dnssec"))
        names = [name for number, row in enumerate(rows) for name in ([row, GOOD] if number % EACH == 0 else [row])]
        orders = CaaOrders(self)
        self.addCleanup(orders.close)
        orders.send(names)
        found = orders.evidence(len(names))
        targets = [said["target"] for said in found]
        self.assertEqual(sorted(targets), sorted(names))
        never = [number for number, name in enumerate(targets) if name in rows and rows[name].limit == table.NEVER]
        last_good = max(number for number, name in enumerate(targets) if name == GOOD)
        self.assertLess(last_good, min(never), "it waited for name servers that say nothing")
        for said in found:
            if said["target"] in rows:
                self.judge(rows[said["target"]], said)
            else:
                self.assertEqual((said["outcome"], said["reason"]), (forge.PROVED, "caa-authorized"), said)
        self.unharmed("caa-dnssec", before)

    def test_web_servers_harm_no_child_of_a_perspective(self) -> None:
        rows = [row for row in table.ALL if row.method == "file"]
        before = sorted(self.crew(self.where.service))
        perspective = Perspective(self, self.where.name)
        self.addCleanup(perspective.close)
        for first in range(0, len(rows), AT_ONCE):
            some = {row.name: row for row in rows[first : first + AT_ONCE]}
            found = perspective.files([*{**some, GOOD_SITE: None}], TOKEN)
            for name, row in some.items():
                self.judge(row, found[name])
            self.assertEqual(found[GOOD_SITE]["outcome"], forge.PROVED)
        self.unharmed(self.where.service, before)

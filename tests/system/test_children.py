# SPDX-License-Identifier: Apache-2.0
"""What looks at the outside holds nothing of what its service holds, and is locked in."""

import base64
import os
import re
from pathlib import Path
from typing import Iterator

from world import SystemTest  # first: it makes the other modules findable

from product import PERSPECTIVES  # noqa: E402

LOOKING = ("caa-dnssec", "domain-validator", PERSPECTIVES[0].service)
LARGEST = 1 << 25  # octets of one mapping; beside a sanitizer there are terabytes of nothing


def proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def descriptors(pid: int) -> dict[int, str]:
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            pass  # of a look that has just ended
    return found


def memory(pid: int) -> Iterator[bytes]:
    """Everything that the process could read."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as whole:
        for line in proc(pid, "maps").splitlines():
            first, last, may = re.match(r"(\w+)-(\w+) (\S+)", line).groups()  # type: ignore[union-attr]
            begin, end = int(first, 16), int(last, 16)
            if may[0] != "r" or end - begin > LARGEST or "[v" in line:
                continue
            try:
                yield os.pread(whole.fileno(), end - begin, begin)
            except OSError:
                pass  # a page of a file that is not there


class Children(SystemTest):
    def secrets_of(self, instance: str) -> dict[str, bytes]:
        """What the service has read: the seed of its bus user, and its signing key, as text and as a number."""
        seed = self.stack.nats.seed_file(instance).read_bytes().strip()
        pem = self.stack.key_file(instance).read_text().splitlines()
        key = base64.b64decode("".join(line for line in pem if not line.startswith("-")))[-32:]
        return {"seed": seed, "key": key, "key in PEM": "".join(pem[1:-1]).encode()}

    def test_a_child_has_no_secret_of_its_service(self) -> None:
        for instance in LOOKING:
            secrets = self.secrets_of(instance)
            parent = self.stack.processes.pid(instance)
            kept = {name for part in memory(parent) for name, it in secrets.items() if it in part}
            self.assertTrue(kept, "the search finds nothing where something is")
            children = self.children_of(instance)
            self.assertEqual(len(children), 2, instance)
            for child in children:
                for part in memory(child):
                    for name, secret in secrets.items():
                        self.assertNotIn(secret, part, f"{instance}: its {name}")

    def test_a_child_has_neither_settings_nor_descriptors_of_its_service(self) -> None:
        for instance in LOOKING:
            parent = self.stack.processes.pid(instance)
            theirs = descriptors(parent)
            for child in self.children_of(instance):
                environment = proc(child, "environ").split("\0")
                self.assertEqual([v for v in environment if v and "SAN_OPTIONS=" not in v], [])
                self.assertEqual(
                    proc(child, "cmdline"), "countersign\0--sandbox-child\0probe\0"
                )
                ours = descriptors(child)
                self.assertEqual((ours[0], ours[1]), ("/dev/null", "/dev/null"))
                self.assertEqual(ours[2], theirs[2])  # where both log
                rest = [to for fd, to in ours.items() if fd > 2]
                self.assertEqual([to for to in rest if to.startswith("/")], [])
                shared = {to for to in rest if to.startswith(("socket:", "pipe:"))}
                self.assertEqual(shared & set(theirs.values()), set())

    def test_a_child_is_locked_in(self) -> None:
        for instance in LOOKING:
            for child in self.children_of(instance):
                status = dict(
                    line.split(":\t", 1) for line in proc(child, "status").splitlines()
                )
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(status["Seccomp"], "2")  # a filter
                self.assertRegex(proc(child, "limits"), r"Max core file size +0 +0 ")

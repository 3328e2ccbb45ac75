# SPDX-License-Identifier: Apache-2.0
"""What looks at the outside holds nothing of what its service holds, and is locked in."""

import base64
import os
import platform
import re
from pathlib import Path
from typing import Any, Iterator

from world import SystemTest, crew_of, wait_for  # first: it makes the other modules findable

import forge  # noqa: E402
from looks import CaaOrders  # noqa: E402
from options import options  # noqa: E402
from product import PERSPECTIVES  # noqa: E402

# For x86-64: execve(nothing) and, should that return, an instruction that there is not: no SIGSYS then, but SIGILL.
CRIME = bytes.fromhex("b83b000000 31ff 0f05 0f0b")
WAITS = (232, 281, 441)  # epoll_wait() and its like
STRETCHING = "request-intake"  # which stretches passwords
BINDING = "notifier"  # which asks directories and providers
LOOKING = ("caa-dnssec", "domain-validator", PERSPECTIVES[0].service)
MAIL = "mailbox-validator"  # which looks, and reads mails in one child and verifies them in another
TRIES = 10
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


def take_over(pid: int) -> None:
    """
    Puts code of ours where it is about to go on, as an answer that broke a parser would: whatever wakes it makes
    it commit the crime.  For root alone, and nothing in the product helps with it.
    """

    def waiting_at() -> int:
        words = proc(pid, "syscall").split()
        return int(words[-1], 16) if words[0].isdigit() and int(words[0]) in WAITS else 0

    where = wait_for(waiting_at, options.wait(10), f"{pid} to wait for something to do")
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as whole:
        os.pwrite(whole.fileno(), CRIME, where)


class Children(SystemTest):
    def secrets_of(self, instance: str) -> dict[str, bytes]:
        """What the service has read: the seed of its bus user, and its signing key, as text and as a number."""
        seed = self.stack.nats.seed_file(instance).read_bytes().strip()
        pem = self.stack.key_file(instance).read_text().splitlines()
        key = base64.b64decode("".join(line for line in pem if not line.startswith("-")))[-32:]
        return {"seed": seed, "key": key, "key in PEM": "".join(pem[1:-1]).encode()}

    def test_a_child_has_no_secret_of_its_service(self) -> None:
        for instance in (*LOOKING, STRETCHING, BINDING):
            secrets = self.secrets_of(instance)
            parent = self.stack.processes.pid(instance)
            kept = {name for part in memory(parent) for name, it in secrets.items() if it in part}
            self.assertTrue(kept, "the search finds nothing where something is")
            for child in self.crew(instance):
                for part in memory(child):
                    for name, secret in secrets.items():
                        self.assertNotIn(secret, part, f"{instance}: its {name}")

    def test_a_child_has_neither_settings_nor_descriptors_of_its_service(self) -> None:
        for instance in (*LOOKING, STRETCHING, BINDING):
            roles = {STRETCHING: ("stretch", "trial"), BINDING: ("directory", "login")}.get(instance, ("probe",))
            parent = self.stack.processes.pid(instance)
            theirs = descriptors(parent)
            for child in self.crew(instance):
                environment = proc(child, "environ").split("\0")
                self.assertEqual([v for v in environment if v and "SAN_OPTIONS=" not in v], [])
                self.assertIn(
                    proc(child, "cmdline"), [f"countersign\0--sandbox-child\0{role}\0" for role in roles]
                )
                ours = descriptors(child)
                self.assertEqual((ours[0], ours[1]), ("/dev/null", "/dev/null"))
                self.assertEqual(ours[2], theirs[2])  # where both log
                rest = [to for fd, to in ours.items() if fd > 2]
                self.assertEqual([to for to in rest if to.startswith("/")], [])
                shared = {to for to in rest if to.startswith(("socket:", "pipe:"))}
                self.assertEqual(shared & set(theirs.values()), set())

    def test_a_child_is_locked_in(self) -> None:
        for instance in (*LOOKING, STRETCHING, BINDING):
            for child in self.crew(instance):
                status = dict(
                    line.split(":\t", 1) for line in proc(child, "status").splitlines()
                )
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(status["Seccomp"], "2")  # a filter
                self.assertRegex(proc(child, "limits"), r"Max core file size +0 +0 ")

    # Locked in means that one forbidden call is the end; the roles' own tests show it on any machine

    def only_here(self) -> None:
        if platform.machine() != "x86_64":
            self.skipTest("the code that is put into a child is for x86-64")

    def dead_of_it(self, instance: str, role: str, children: list[int]) -> None:
        """Each has its line in the log, and others have taken their places."""
        log = self.stack.root / "log" / f"{instance}.log"

        def told() -> bool:
            text = log.read_text(errors="replace")
            return all(f"child died role={role} pid={pid} signal=SIGSYS" in text for pid in children)

        wait_for(told, options.wait(20), f"the end of {children} of {instance}")

        def replaced() -> bool:
            now = self.children_of(instance)
            return len(now) >= len(children) and not set(now) & set(children)

        wait_for(replaced, options.wait(20), f"others than {children} of {instance}")

    def of_role(self, instance: str, role: str) -> list[int]:
        word = f"\0{role}\0"
        found = []
        for pid in self.children_of(instance):
            try:
                found += [pid] if proc(pid, "cmdline").endswith(word) else []
            except OSError:
                pass  # it has ended meanwhile
        return found

    def look_by_the_taken_over(self, orders: CaaOrders) -> dict[str, Any]:
        children = self.of_role("caa-dnssec", "probe")
        for child in children:
            take_over(child)
        orders.send(["caa-allow.example"])
        found = orders.evidence(1)[0]
        self.dead_of_it("caa-dnssec", "probe", children)
        return found

    def test_a_look_by_a_child_that_was_taken_over_could_not_tell(self) -> None:
        self.only_here()
        orders = CaaOrders(self)
        self.addCleanup(orders.close)
        for _ in range(TRIES):
            found = self.look_by_the_taken_over(orders)
            if found["reason"] == "prober-died":
                break  # else a ping woke them before the look
        self.assertEqual((found["outcome"], found["reason"]), (forge.COULD_NOT_TELL, "prober-died"), found)
        orders.send(["caa-allow.example"])
        found = orders.evidence(1)[0]
        self.assertEqual((found["outcome"], found["reason"]), (forge.PROVED, "caa-authorized"), found)

    def test_each_kind_of_child_dies_of_its_first_forbidden_call(self) -> None:
        self.only_here()
        for instance, role in [*((name, "probe") for name in (*LOOKING, MAIL)), (MAIL, "reply"), (STRETCHING, "stretch"), (STRETCHING, "trial"), (BINDING, "directory"), (BINDING, "login")]:
            wanted = {"probe": crew_of(instance), "trial": 1}.get(role, 2)
            wait_for(
                lambda: len(self.of_role(instance, role)) == wanted,  # noqa: B023
                options.wait(20),
                f"{wanted} children of {instance}: {role}",
            )
            children = self.of_role(instance, role)
            for child in children:
                take_over(child)
            self.dead_of_it(instance, role, children)  # at the next ping

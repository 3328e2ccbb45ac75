# SPDX-License-Identifier: Apache-2.0
"""The signer gave up what it does not need: who takes it over can neither start a program nor call anybody."""

import errno
import os
import platform
import signal
import socket
import struct
from pathlib import Path

from world import SystemTest, wait_for  # first: it makes the other modules findable

from options import options
from test_children import CRIME, WAITS, proc


def calling(port: int) -> bytes:
    """For x86-64: connects to this port of 127.0.0.1, and ends the process with what came of it as its status."""
    address = struct.pack("<H", socket.AF_INET) + struct.pack(">H", port) + bytes([127, 0, 0, 1])
    return b"".join(
        bytes.fromhex(text) if isinstance(text, str) else text
        for text in (
            "b829000000 bf02000000 be01000000 31d2 0f05",  # socket(AF_INET, SOCK_STREAM, 0)
            "89c7 48b8",  # its descriptor; the address, on the stack
            address,
            "50 4889e6 ba10000000 b82a000000 0f05",  # connect()
            "f7d8 89c7 b8e7000000 0f05",  # exit_group(-result)
        )
    )


class Confined(SystemTest):
    def status(self, task: Path) -> dict[str, str]:
        return dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())

    def test_every_thread_of_the_signer_is_confined(self) -> None:
        pid = self.stack.processes.pid("signer")
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        self.assertGreater(len(tasks), 2)
        for task in tasks:
            status = self.status(task)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), task)
        self.assertRegex(proc(pid, "limits"), r"Max core file size +0 +0 ")
        log = (self.stack.root / "log" / "signer.log").read_text()
        self.assertIn("confined ports=2 datagrams=0", log)

    def end_of(self, code: bytes) -> int:
        """What the signer ends with that goes on with this code; it is started again."""
        process = self.stack.processes.running["signer"][1]

        def waiting_at() -> int:
            words = proc(process.pid, "syscall").split()
            return int(words[-1], 16) if words[0].isdigit() and int(words[0]) in WAITS else 0

        where = wait_for(waiting_at, options.wait(10), "the signer to wait for something to do")
        with open(f"/proc/{process.pid}/mem", "r+b", buffering=0) as whole:
            os.pwrite(whole.fileno(), code, where)
        status = process.wait(options.wait(20))
        self.stack.processes.killed.add("signer")
        self.stack.restart_service("signer")
        return status

    def test_a_signer_that_was_taken_over_gets_nowhere(self) -> None:
        if platform.machine() != "x86_64":
            self.skipTest("the code that is put into it is for x86-64")
        self.assertEqual(self.end_of(CRIME), -signal.SIGSYS)
        self.assertEqual(self.end_of(calling(self.stack.nats.port)), 0)
        web = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(web.close)
        self.assertEqual(self.end_of(calling(web.getsockname()[1])), errno.EACCES)

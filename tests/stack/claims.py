# SPDX-License-Identifier: Apache-2.0
"""What parallel stacks on one machine must share out: blocks of loopback addresses and ports.

A claim is a lock (flock) on a small file.  The kernel drops it with the last process that holds
the file open, so a stack that dies leaves nothing claimed, at worst an empty unlocked file.
"""

import fcntl
import os
import random
import socket
from pathlib import Path

CLAIMS = Path("/tmp/countersign-blocks")
# Below the ephemeral range, so that no outgoing connection takes a port between claim and use.
PORTS = range(20000, 32000)


class Claims:
    """The claims of one stack; `files` are open as long as the stack lives."""

    def __init__(self) -> None:
        self.files: dict[Path, int] = {}
        CLAIMS.mkdir(mode=0o1777, exist_ok=True)

    def take(self, name: str) -> bool:
        path = CLAIMS / name
        if path in self.files:
            return False
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A former holder unlinks the file before it lets go: then this is a lock on nothing.
            if os.stat(path).st_ino == os.fstat(file).st_ino:
                self.files[path] = file
                return True
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(file)
        return False

    def release(self) -> None:
        for path, file in self.files.items():
            path.unlink(missing_ok=True)
            os.close(file)
        self.files.clear()

    def block(self) -> "Block":
        """A private network 127.A.B.0/24, A in 64..127."""
        for _ in range(1000):
            first, second = random.randint(64, 127), random.randint(0, 255)
            if self.take(f"127.{first}.{second}"):
                return Block(f"127.{first}.{second}")
        raise RuntimeError("no free block of loopback addresses")

    def ports(self, count: int) -> list[int]:
        """TCP ports on 127.0.0.1 for this stack alone."""
        found: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == count:
                return found
            if _bindable(port) and self.take(f"port-{port}"):
                found.append(port)
        raise RuntimeError("not enough free ports")


class Block:
    """The addresses that stand for the public Internet in one stack."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.network = f"{prefix}.0/24"

    def address(self, last: int) -> str:
        return f"{self.prefix}.{last}"


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

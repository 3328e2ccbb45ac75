# SPDX-License-Identifier: Apache-2.0
"""A command with its children, and what it took: seconds, processor time, memory."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

PAUSE = 0.02  # between two looks at the memory


class Watched(NamedTuple):
    status: int
    out: str
    errors: str
    seconds: float
    cpu_s: float
    peak_kib: int  # of the process and its children, together


def watch(words: list[Any], limit: float) -> Watched:
    """Runs it, at the longest for `limit` seconds."""
    begun = time.monotonic()
    process = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = 0
    try:
        while True:
            peak = max(peak, _memory(process.pid))
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - begun > limit:
                raise TimeoutError(f"{' '.join(map(str, words))}: longer than {limit:g} s")
            time.sleep(PAUSE)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.kill()
        out, errors = process.communicate()
    took = time.monotonic() - begun
    return Watched(process.returncode, out, errors, took, used.ru_utime + used.ru_stime, peak)


def _memory(pid: int) -> int:
    """The most it ever had, so that looking seldom is enough."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return own + sum(_memory(int(child)) for child in children)

# SPDX-License-Identifier: Apache-2.0
"""The processes of a stack: started, recorded, signalled, and never outliving it.

Every process is recorded in DIR/pids with its start time (a pid alone may be somebody else's by
now) and leads a session of its own.  A watchdog holds one end of a pipe; when the owner of the
stack dies in whatever way, the pipe breaks and the watchdog stops everything that is recorded.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Collection, Iterable, Mapping, NamedTuple, Sequence

from claims import Claims
from wait import wait_for

Say = Callable[[str], None]
STOP_TIMEOUT = 20.0  # a service may take ten seconds for what it began (DRAIN_MS), and must then end
# Not every status tells: a test may have killed the process that complained.
SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer:|: runtime error: ")
HARMLESS = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGSTOP, signal.SIGCONT)


class Record(NamedTuple):
    name: str
    pid: int
    started: int  # clock ticks after boot, from /proc
    stop: int  # the signal for an orderly end


class Processes:
    def __init__(self, root: Path, say: Say) -> None:
        self.root, self.say = root, say
        self.running: dict[str, tuple[Record, subprocess.Popen[bytes]]] = {}
        self.killed: set[str] = set()  # by a test, so no surprise
        self.problems: list[str] = []
        self.lock = threading.Lock()
        self.watchdog: subprocess.Popen[bytes] | None = None

    def guard(self, claims: Claims) -> None:
        """Starts the watchdog; from now on nothing survives this process."""
        files = [f"{file}:{path}" for path, file in claims.files.items()]
        with open(self.root / "log" / "watchdog.log", "ab") as log:
            self.watchdog = subprocess.Popen(
                [sys.executable, __file__, str(self.root), *files],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=list(claims.files.values()),
                start_new_session=True,
                cwd="/",
            )

    def unguard(self) -> None:
        if self.watchdog is None or self.watchdog.stdin is None:
            return
        try:
            self.watchdog.stdin.write(b"done\n")
            self.watchdog.stdin.close()
        except BrokenPipeError:
            pass
        self.watchdog.wait(2 * STOP_TIMEOUT)
        self.watchdog = None

    def start(
        self,
        name: str,
        argv: Sequence[object],
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        stop: int = signal.SIGTERM,
    ) -> int:
        """Starts `argv` in a directory of its own, output in DIR/log/NAME.log; returns the pid."""
        if self.alive(name):
            raise RuntimeError(f"{name} runs already")
        home = self.root / "run" / name
        home.mkdir(parents=True, exist_ok=True)
        log = self.root / "log" / f"{name}.log"
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**plain_environment(), **(env or {})},
                cwd=home,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )
        record = Record(name, process.pid, start_time(process.pid), stop)
        with self.lock:
            self.running[name] = (record, process)
            self.killed.discard(name)
            self._write()
        return process.pid

    def alive(self, name: str) -> bool:
        entry = self.running.get(name)
        return entry is not None and entry[1].poll() is None

    def pid(self, name: str) -> int:
        return self.running[name][0].pid

    def must_live(self, name: str) -> None:
        """Raises with the end of the log when a process that should run has ended."""
        if not self.alive(name):
            raise RuntimeError(f"{name} has ended:\n{tail(self.root / 'log' / f'{name}.log')}")

    def kill(self, name: str, sig: int = signal.SIGKILL) -> None:
        """Sends a signal to the process alone; after SIGKILL waits for its end."""
        process = self.running[name][1]
        if sig not in HARMLESS:
            self.killed.add(name)
        process.send_signal(sig)
        if sig == signal.SIGKILL:
            process.wait(STOP_TIMEOUT)

    def signal_group(self, name: str, sig: str) -> None:
        """Sends a signal, by its name, to the process and all that it started."""
        os.killpg(self.pid(name), signal.Signals[sig])

    def session(self, name: str) -> list[int]:
        """The pids of the process and all that it started and that did not leave its session."""
        return [pid for pid in _all_pids() if _stat(pid)[3:4] == [str(self.pid(name))]]

    def stop(self, name: str) -> None:
        """Ends a process and its group: politely, after STOP_TIMEOUT by force."""
        record, process = self.running[name]
        if process.poll() is not None and name not in self.killed:
            self._problem(f"{name} ended by itself, status {process.returncode}")
            self.killed.add(name)
        process.send_signal(record.stop)
        _continue_group(record.pid)  # a test may have frozen it
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._problem(f"{name} did not stop within {STOP_TIMEOUT:g} s and was killed")
            self.killed.add(name)
        _kill_group(record.pid)
        if process.wait(STOP_TIMEOUT) not in (0, -record.stop) and name not in self.killed:
            self._problem(f"{name} ended with status {process.returncode}")
        with self.lock:
            del self.running[name]
            self._write()

    def stop_all(self, groups: Sequence[Collection[str]] = ()) -> None:
        """Each group at once, one group after the other; then the others, last first."""
        for group in groups:
            with ThreadPoolExecutor() as pool:
                list(pool.map(self.stop, [name for name in group if name in self.running]))
        for name in reversed(list(self.running)):
            self.stop(name)
        for log in sorted((self.root / "log").glob("*.log")):
            if SANITIZER.search(log.read_text(errors="replace")):
                self._problem(f"a sanitizer complains in {log.name}")

    def _problem(self, text: str) -> None:
        self.problems.append(text)
        self.say(text)

    def _write(self) -> None:
        fresh = self.root / "pids.new"
        lines = [json.dumps(record._asdict()) for record, _ in self.running.values()]
        fresh.write_text("".join(line + "\n" for line in lines))
        fresh.rename(self.root / "pids")


def read_records(root: Path) -> list[Record]:
    try:
        lines = (root / "pids").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [Record(**json.loads(line)) for line in lines]


def stop_recorded(root: Path) -> None:
    """Stops what DIR/pids names, last first, without being the parent of it."""
    for record in reversed(read_records(root)):
        if same_process(record.pid, record.started):
            _signal(record.pid, record.stop)
            _continue_group(record.pid)
            try:
                wait_for(
                    lambda: not same_process(record.pid, record.started), STOP_TIMEOUT, record.name
                )
            except TimeoutError:
                pass
        # The leader may be gone while its group is not: a pid stays taken as long as its group.
        if start_time(record.pid) in (0, record.started):
            _kill_group(record.pid)
    (root / "pids").unlink(missing_ok=True)


def left_behind(root: Path) -> list[str]:
    """The processes whose working directory lies in DIR: each process of a stack has it there."""
    found = []
    for pid in _all_pids():
        try:
            where = Path(os.readlink(f"/proc/{pid}/cwd"))
            what = (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
            )
        except OSError:
            continue
        if root in (where, *where.parents):
            found.append(f"{pid} {what.strip()}")
    return found


def same_process(pid: int, started: int) -> bool:
    return started != 0 and start_time(pid) == started


def tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


def run(
    argv: Sequence[object],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    given: str | None = None,
) -> str:
    """Runs a tool to its end and returns what it wrote; says its error output when it fails."""
    words = [str(word) for word in argv]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=env,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        input=given,
    )
    if done.returncode != 0:
        command = " ".join(words)
        raise RuntimeError(f"{command} failed ({done.returncode}):\n{done.stderr}{done.stdout}")
    return done.stdout


def start_time(pid: int) -> int:
    """When the process started; 0 when it is gone."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none when the process is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [] if fields[0] in "ZX" else fields


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _signal(pid: int, sig: int) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def _kill_group(leader: int) -> None:
    _signal_group(leader, signal.SIGKILL)


def _continue_group(leader: int) -> None:
    _signal_group(leader, signal.SIGCONT)


def _signal_group(leader: int, sig: int) -> None:
    try:
        os.killpg(leader, sig)
    except ProcessLookupError:
        pass


def plain_environment() -> dict[str, str]:
    """What a process inherits: nothing that a developer happens to have set, but for the sanitizers."""
    sanitizers = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", **sanitizers}


def _watch(root: Path, claimed: Iterable[str]) -> None:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)
    if sys.stdin.buffer.read() == b"done\n":
        return
    print(f"the owner of {root} died: stopping what it left", file=sys.stderr, flush=True)
    stop_recorded(root)
    for claim in claimed:
        Path(claim.partition(":")[2]).unlink(missing_ok=True)


if __name__ == "__main__":
    _watch(Path(sys.argv[1]), sys.argv[2:])

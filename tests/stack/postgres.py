# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL cluster of its own, on a Unix socket alone, with one owner role."""

import os
import pwd
import secrets
import shutil
import signal
from pathlib import Path
from urllib.parse import urlencode

from procs import Processes, run
from secrets_dir import private_file
from wait import wait_for

OWNER = "countersign_owner"
DATABASE = "countersign"
HBA = """local all all scram-sha-256
"""


def bin_dir() -> Path:
    versions = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()
    ]
    if not versions:
        raise RuntimeError("PostgreSQL is not installed (package postgresql)")
    return max(versions, key=lambda path: int(path.parent.name))


class Postgres:
    name = "postgres"

    def __init__(self, root: Path, processes: Processes, port: int, durable: bool) -> None:
        self.processes, self.port, self.durable = processes, port, durable
        self.settings: dict[str, str] = {}  # more of the server's, before it starts
        self.root = root / "pg"
        self.data = self.root / "data"
        self.pass_file = root / "secrets" / "pgpass"
        # The server refuses to run as root: then it gets the account that its package made.
        self.user = "postgres" if os.geteuid() == 0 else None
        self.url = self.url_for(OWNER, self.pass_file)

    def url_for(self, role: str, pass_file: Path) -> str:
        where = {"host": self.root, "port": self.port, "passfile": pass_file}
        return f"postgresql://{role}@/{DATABASE}?{urlencode(where)}"

    def create(self) -> None:
        self.root.mkdir(parents=True)
        password = secrets.token_hex(16)
        private_file(self.pass_file, f"*:*:*:{OWNER}:{password}\n")
        given = private_file(self.root / "password", password + "\n")
        if self.user:
            account = pwd.getpwnam(self.user)
            for path in (self.root, given):
                os.chown(path, account.pw_uid, account.pw_gid)
        initdb = [
            bin_dir() / "initdb",
            "--pgdata",
            self.data,
            "--username",
            OWNER,
            "--pwfile",
            given,
        ]
        initdb += [
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
        ]
        run(initdb, cwd=self.root, user=self.user)
        given.unlink()
        (self.data / "pg_hba.conf").write_text(HBA)

    def start(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": str(self.port),  # the name of the socket
            "unix_socket_directories": str(self.root),
            "max_connections": "200",
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "shared_buffers": "64MB",
            "log_min_duration_statement": "1s",
            "log_line_prefix": "%m [%p] %q%u ",
            **self.settings,
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        # SIGINT is the fast shutdown: sessions are ended, the data directory is left clean.
        argv = [bin_dir() / "postgres", "-D", self.data, *options]
        self.processes.start(self.name, argv, user=self.user, stop=signal.SIGINT)
        wait_for(self.ready, 30, "PostgreSQL")

    def ready(self) -> bool:
        self.processes.must_live(self.name)
        try:
            run([bin_dir() / "pg_isready", "-q", "-h", self.root, "-p", str(self.port)])
        except RuntimeError:
            return False
        return True

    def create_database(self) -> None:
        self.query(f"create database {DATABASE} template template0", database="postgres")

    def query(self, sql: str, database: str = DATABASE) -> str:
        """Runs SQL as the owner; columns are separated by tabs, rows by newlines."""
        url = self.url.replace(f"/{DATABASE}?", f"/{database}?")
        psql = [
            bin_dir() / "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            url,
        ]
        return run([*psql, "-c", sql]).rstrip("\n")

    def stop(self) -> None:
        self.processes.stop(self.name)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """The postmaster and, because it is gone, its backends; start() recovers from the log."""
        self.processes.kill(self.name, signal.SIGKILL)
        wait_for(lambda: not self._backends(), 10, "the end of the backends")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> None:
        self.processes.kill(self.name, signal.SIGSTOP)

    def thaw(self) -> None:
        self.processes.kill(self.name, signal.SIGCONT)

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def _backends(self) -> list[Path]:
        """Processes that still work in the data directory."""
        return [entry for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, self.data)]


def _works_in(entry: Path, where: Path) -> bool:
    try:
        return os.readlink(entry / "cwd") == str(where)
    except OSError:
        return False

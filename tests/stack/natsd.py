# SPDX-License-Identifier: Apache-2.0
"""nats-server with JetStream over TLS; users and their rights come from a generated auth.conf."""

import json
import shutil
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable, Sequence

from procs import Processes
from secrets_dir import make_nkey
from wait import wait_for

# Given a directory for the seed files (NAME.seed) and the names, returns the text of auth.conf.
MakeUsers = Callable[[Path, Sequence[str]], str]

CONFIG = """server_name: countersign-test
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
jetstream {{ store_dir: "{store}", max_memory_store: 64MB, max_file_store: 4GB }}
tls {{
  cert_file: "{tls}/server.crt"
  key_file: "{tls}/server.key"
  ca_file: "{tls}/ca.crt"
  timeout: 3
}}
include "auth.conf"
"""
AUTH = """accounts {{
  SYS {{ users: [ {{ nkey: {system} }} ] }}
  CS {{
    jetstream: enabled
    users: [
{users}
    ]
  }}
}}
system_account: SYS
"""


def users_without_limits(seeds: Path, names: Sequence[str]) -> str:
    """Every user may do everything: for the tests of a library, before there is a catalogue.

    The product's stack runs under the permissions that `csctl catalogue nats-users` generates.
    """
    users = "\n".join(
        f"    {{ nkey: {make_nkey(seeds / f'{name}.seed')} }} # {name}" for name in names
    )
    system = make_nkey(seeds / "system.seed")
    return AUTH.format(system=system, users=users)


class Nats:
    name = "nats"

    def __init__(self, root: Path, processes: Processes, port: int, monitor: int) -> None:
        self.root, self.processes = root / "nats", processes
        self.tls, self.seeds = root / "tls", root / "nats" / "seeds"
        self.store = self.root / "store"
        self.port, self.monitor = port, monitor
        self.url = f"tls://127.0.0.1:{port}"
        self.ca_file = self.tls / "ca.crt"

    def configure(self, make_users: MakeUsers, names: Sequence[str]) -> None:
        self.seeds.mkdir(parents=True, exist_ok=True)
        (self.root / "auth.conf").write_text(make_users(self.seeds, names))
        values = {"port": self.port, "monitor": self.monitor, "store": self.store, "tls": self.tls}
        (self.root / "nats.conf").write_text(CONFIG.format(**values))

    def seed_file(self, user: str) -> Path:
        return self.seeds / f"{user}.seed"

    def start(self) -> None:
        # SIGINT and SIGTERM both end it orderly, but only after SIGINT is its status 0.  Memory is collected less
        # often than by default, and by one thread it does its work without others looking for some in vain: a tenth and
        # a fifth of its processor time under load on a machine that it shares.
        argv = ["nats-server", "-c", self.root / "nats.conf"]
        self.processes.start(self.name, argv, env={"GOGC": "400", "GOMAXPROCS": "1"}, stop=signal.SIGINT)
        wait_for(self.healthy, 15, "nats-server")

    def stop(self) -> None:
        self.processes.stop(self.name)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """As when the machine loses power; start() brings it back."""
        self.processes.kill(self.name, signal.SIGKILL)

    def freeze(self) -> None:
        self.processes.kill(self.name, signal.SIGSTOP)

    def thaw(self) -> None:
        self.processes.kill(self.name, signal.SIGCONT)

    def wipe(self) -> None:
        """Comes back with an empty store: streams and consumers are gone."""
        self.stop()
        shutil.rmtree(self.store, ignore_errors=True)
        self.start()

    def reload_users(self) -> None:
        self.processes.kill(self.name, signal.SIGHUP)

    def healthy(self) -> bool:
        self.processes.must_live(self.name)
        try:
            return self.ask("healthz").get("status") == "ok"
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def ask(self, page: str) -> dict[str, object]:
        """One of the monitoring pages: varz, jsz?streams=1&consumers=1, connz?auth=1, healthz."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/{page}", timeout=2) as answer:
            found: dict[str, object] = json.load(answer)
            return found

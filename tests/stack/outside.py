# SPDX-License-Identifier: Apache-2.0
"""The world outside the product that people see: mailboxes and web sites."""

import json
import shutil
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from claims import Block
from procs import Processes
from wait import wait_for
from zones import MAIL_HOST, WEB_HOST

HERE = Path(__file__).parent


class Mail:
    """Every mailbox of all domains whose MX is the block's mail host; and a relay on 127.0.0.1."""

    name = "mail"

    def __init__(
        self, root: Path, processes: Processes, block: Block, relay: int, view: int
    ) -> None:
        self.root, self.tls, self.processes = root / "mail", root / "tls", processes
        self.mx = f"{block.address(MAIL_HOST)}:25"
        self.relay = f"127.0.0.1:{relay}"
        self.view = f"127.0.0.1:{view}"
        self.url = f"http://{self.view}"

    def start(self) -> None:
        self.root.mkdir(exist_ok=True)
        argv = [sys.executable, HERE / "mail_sink.py", "--dir", self.root, "--view", self.view]
        argv += ["--smtp", self.mx, "--smtp", self.relay]
        argv += ["--certificate", self.tls / "server.crt", "--key", self.tls / "server.key"]
        self.processes.start(self.name, argv)
        wait_for(self._answers, 15, "the mail sink")

    def stop(self) -> None:
        self.processes.stop(self.name)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        self.processes.kill(self.name, signal.SIGKILL)

    def behave(self, recipient: str, how: str) -> None:
        """For "bob@alpha.example", "@alpha.example" or "*": accept, 550, 451 or hang."""
        file = self.root / "behaviour.json"
        rules = json.loads(file.read_text()) if file.exists() else {}
        fresh = self.root / "behaviour.new"
        fresh.write_text(json.dumps({**rules, recipient: how}))
        fresh.rename(file)

    def find(self, to: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Envelopes, oldest first: number, from, to, time, tls, file."""
        query = urlencode({"after": after, **({"to": to} if to else {})})
        with urllib.request.urlopen(f"{self.url}/mails?{query}", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    def wait(self, to: str, after: int = 0, timeout: float = 15) -> str:
        """The text of the first mail to an address, once it is there."""
        found = wait_for(lambda: self.find(to, after), timeout, f"a mail to {to}", pause=0.05)
        return self.read(found[0]["number"])

    def read(self, number: int) -> str:
        return (self.root / f"{number:06}.eml").read_text(errors="replace")

    def _answers(self) -> bool:
        self.processes.must_live(self.name)
        try:
            return self.find() is not None
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class Web:
    """http://HOST/PATH for every host whose address is the block's web host."""

    name = "web"

    def __init__(self, root: Path, processes: Processes, block: Block) -> None:
        self.root, self.processes = root / "web", processes
        self.listen = f"{block.address(WEB_HOST)}:80"

    def start(self) -> None:
        self.root.mkdir(exist_ok=True)
        argv = [sys.executable, HERE / "web_server.py", "--dir", self.root, "--listen", self.listen]
        self.processes.start(self.name, argv)
        wait_for(self._answers, 15, "the web server")

    def stop(self) -> None:
        self.processes.stop(self.name)

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        self.processes.kill(self.name, signal.SIGKILL)

    def put(self, host: str, path: str, text: str) -> None:
        file = self.root / host / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def remove(self, host: str, path: str) -> None:
        (self.root / host / path.lstrip("/")).unlink(missing_ok=True)

    def remove_host(self, host: str) -> None:
        shutil.rmtree(self.root / host, ignore_errors=True)

    def hook(self, host: str, path: str, answer: dict[str, Any] | None) -> None:
        """Overrides one path: status, headers, body, size, delay (web_server.py); None ends it."""
        file = self.root / host / ".hooks.json"
        hooks = json.loads(file.read_text()) if file.exists() else {}
        hooks.pop(path, None)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({**hooks, **({path: answer} if answer is not None else {})}))
        fresh.rename(file)

    def redirect(self, host: str, path: str, location: str, status: int = 302) -> None:
        self.hook(host, path, {"status": status, "headers": {"Location": location}})

    def requests(self) -> list[dict[str, Any]]:
        """What was asked for so far: from, host, path, status, agent."""
        log = self.root / "requests.log"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def _answers(self) -> bool:
        self.processes.must_live(self.name)
        try:
            urllib.request.urlopen(f"http://{self.listen}/", timeout=2).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 404
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

# SPDX-License-Identifier: Apache-2.0
"""The web servers of all customers' hosts: http://HOST/PATH is the file DIR/HOST/PATH.

    web_server.py --dir DIR --listen 127.64.0.80:80

DIR/HOST/.hooks.json overrides single paths; it is read at each request:

    {"/.well-known/pki-validation/x": {"status": 302, "headers": {"Location": "http://..."},
                                        "body": "text", "size": 100000, "delay": 3.5}}

"size" pads the body to that many octets, "delay" waits that many seconds before the answer.
DIR/requests.log gets one JSON line for each request.
"""

import argparse
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")


class Site(BaseHTTPRequestHandler):
    where: Path
    lock: threading.Lock
    server_version = "TestWeb"

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0].lower().rstrip(".")
        path = unquote(urlsplit(self.path).path)
        status = self._serve(host, path)
        line = {"from": self.client_address[0], "host": host, "path": self.path, "status": status}
        line["agent"] = self.headers.get("User-Agent", "")
        with self.lock, open(self.where / "requests.log", "a") as log:
            log.write(json.dumps(line) + "\n")

    do_HEAD = do_GET

    def _serve(self, host: str, path: str) -> int:
        root = self.where / host
        if not HOST.fullmatch(host) or not root.is_dir():
            return self._answer(404, b"no such host\n")
        hook = self._hook(root, path)
        if hook is not None:
            threading.Event().wait(hook.get("delay", 0))
            body = hook.get("body", "").encode()
            return self._answer(
                hook.get("status", 200), body.ljust(hook.get("size", 0)), hook.get("headers", {})
            )
        file = (root / path.lstrip("/")).resolve()
        if root.resolve() not in file.parents or not file.is_file() or file.name == ".hooks.json":
            return self._answer(404, b"no such page\n")
        return self._answer(200, file.read_bytes())

    def _hook(self, root: Path, path: str) -> dict[str, Any] | None:
        try:
            hooks: dict[str, dict[str, Any]] = json.loads((root / ".hooks.json").read_text())
        except FileNotFoundError:
            return None
        return hooks.get(path)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> int:
        self.send_response(status)
        fields = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            try:
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True
        return status

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # many perspectives at once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    site = type("BoundSite", (Site,), {"where": options.dir, "lock": threading.Lock()})
    Server((host, int(port)), site).serve_forever()


if __name__ == "__main__":
    main()

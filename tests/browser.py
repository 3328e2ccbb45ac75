# SPDX-License-Identifier: Apache-2.0
"""A real browser (Chromium), headless, over the pipe of its DevTools protocol: no port, no driver."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    " --disable-background-networking --disable-component-update --disable-dev-shm-usage"
    " --remote-debugging-pipe"
).split()


class Browser:
    """One browser with one page.  Use as a context: it and its profile are gone afterwards."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.profile = tempfile.mkdtemp(prefix="cs-browser-", dir="/tmp")
        said, self.out = os.pipe()
        self.into, says = os.pipe()
        # Descriptors 3 and 4 are the protocol's; the shell puts ours there.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec chromium "$@" 3<&{said} 4>&{says}', "chromium", *FLAGS,
             f"--user-data-dir={self.profile}", "about:blank"],
            pass_fds=(said, says),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(said)
        os.close(says)
        self.buffer, self.number, self.session = b"", 0, None
        self.requests: list[str] = []  # every URL that the page asked for
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.into], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            octets = os.read(self.into, 1 << 16)
            if not octets:
                raise RuntimeError("the browser has ended")
            self.buffer += octets
        message, self.buffer = self.buffer.split(b"\0", 1)
        return dict(json.loads(message))

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            answer = self.read(deadline)
            if answer.get("method") == "Network.requestWillBeSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def run(self, script: str) -> Any:
        """The value of this expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def until(self, script: str) -> Any:
        """Waits, in the page, until it is there as a whole and the expression is true; returns its value."""
        return self.run(
            "new Promise((resolve, reject) => { const end = Date.now() + "
            f"{int(self.timeout * 1000)}; const look = () => {{"
            f" const value = document.readyState === 'complete' && ({script});"
            " if (value) resolve(value); else if (Date.now() > end)"
            " reject(new Error('waited in vain; the page says: ' + document.body.innerText));"
            " else setTimeout(look, 20); }; look(); })"
        )

    def open(self, url: str) -> None:
        self.send("Page.navigate", url="about:blank")
        self.until("location.href === 'about:blank'")
        self.send("Page.navigate", url=url)
        self.until("location.href !== 'about:blank'")

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

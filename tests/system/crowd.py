# SPDX-License-Identifier: Apache-2.0
"""People who want certificates while the servers fail: they try again, and do what they are told.

What to do next is never known here: each request says it of each check ("you": "do").
"""

import http.client
import json
import threading
import time
import urllib.error
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, TypeVar

from world import Applicant, Refused  # first: it makes the other modules findable

from applicant import ENDED, TOKEN, mail_text  # noqa: E402

AWAY = (ConnectionError, TimeoutError, urllib.error.URLError, http.client.HTTPException)
PAUSE = 0.1
Answer = TypeVar("Answer")


class Crowd:
    """Requests under way, each on a thread until it has ended."""

    def __init__(self, stack: Any, seconds: float, threads: int) -> None:
        self.stack = stack
        self.deadline = time.monotonic() + seconds
        self.pool = ThreadPoolExecutor(threads)
        self.ended = threading.Event()  # all of them
        self.running: list[Future[str]] = []
        self.accepted: dict[str, str] = {}  # id: mailbox
        self.retries = 0

    def ask_for(self, token: str, csr: Path, mailbox: str, profile: str, **more: Any) -> None:
        person = Applicant(self.stack, token)
        task = self.pool.submit(self._pursue, person, csr, mailbox, profile, more)
        self.running.append(task)

    def wait(self) -> dict[str, str]:
        """What became of all of them: id to state."""
        try:
            return {self._id(task): task.result() for task in self.running}
        finally:
            self.pool.shutdown(cancel_futures=True)

    def _id(self, task: Future[str]) -> str:
        return task.result().partition(" ")[0]

    @property
    def unfinished(self) -> int:
        return sum(not task.done() for task in self.running)

    def _pursue(
        self, person: Applicant, csr: Path, mailbox: str, profile: str, more: dict[str, Any]
    ) -> str:
        key = str(uuid.uuid4())
        request = self.patiently(
            lambda: person.create(csr, [mailbox], profile, idempotency_key=key, **more)
        )
        self.accepted[request] = mailbox
        while True:
            shown = self.patiently(lambda: person.show(request))
            if shown["state"] in ENDED:
                return f"{request} {shown['state']}"
            if shown["state"] == "ready":
                self._approve(person, request)
            for check in shown.get("checks", []):
                self._do(person, request, check)
            self.pause()

    def _approve(self, person: Applicant, request: str) -> None:
        """A lost answer may have been a yes: then the second attempt is refused."""
        self.patiently(lambda: allowed(lambda: person.approve(request), 409))

    def _do(self, person: Applicant, request: str, check: dict[str, Any]) -> None:
        what, name = check["you"]["do"], check["id"]
        if what == "publish" and "record" in check["you"]:
            record, zone = check["you"]["record"], check["target"]
            owner = record["name"].removesuffix("." + zone)
            self.stack.dns.set(zone, owner, "TXT", f'"{record["value"]}"')
        if what in ("verify", "publish"):
            self.patiently(lambda: allowed(lambda: person.verify(request, name), 409))
        if what == "enter-token":
            self._enter_token(person, request, check)

    def _enter_token(self, person: Applicant, request: str, check: dict[str, Any]) -> None:
        for mail in reversed(self.stack.mail.find(check["target"])):
            found = TOKEN.search(mail_text(self.stack.mail.read(mail["number"])))
            if found and self._submit(person, request, check["id"], found.group(1)):
                return

    def _submit(self, person: Applicant, request: str, check: str, token: str) -> bool:
        """Not yet sent, wrong or used: the mail is another one's, or an older one."""
        send = lambda: person.submit_token(request, check, token)  # noqa: E731
        return self.patiently(lambda: allowed(send, 404, 409, 410, 422))

    def patiently(self, call: Callable[[], Answer]) -> Answer:
        """Until there is an answer that is no "try again"."""
        while True:
            try:
                return call()
            except AWAY as why:
                self._again(why)
            except (json.JSONDecodeError, Refused) as why:
                if isinstance(why, Refused) and why.status != 503:
                    raise
                self._again(why)

    def _again(self, why: Exception) -> None:
        self.retries += 1
        if time.monotonic() > self.deadline:
            raise TimeoutError(f"no answer: {why}") from why
        self.pause()

    def pause(self) -> None:
        if time.monotonic() > self.deadline:
            raise TimeoutError("the crowd waited too long")
        time.sleep(PAUSE)  # as a browser polls


def allowed(call: Callable[[], Any], *statuses: int) -> bool:
    """Whether it was done; these refusals are no surprise."""
    try:
        call()
    except Refused as refusal:
        if refusal.status not in statuses:
            raise
        return False
    return True

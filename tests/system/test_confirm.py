# SPDX-License-Identifier: Apache-2.0
"""The link of a mail: who only fetches it confirms nothing, who made the request presses a button."""

import re
import urllib.error
import urllib.request

from world import Applicant, SystemTest  # first: finds the others

from applicant import TOKEN, mail_text
from browser import Browser
from options import options

LINK = re.compile(r"^\s*(http://\S+/confirm#\S+)\s*$", re.MULTILINE)


class Confirm(SystemTest):
    """A real browser, and a scanner that opens every link."""

    @property
    def alice(self) -> Applicant:
        return self.person("alice-token")

    def asked(self, mailbox: str) -> tuple[str, str, str]:
        """A request whose mail has arrived: its id, the link and the token of the mail."""
        request = str(self.alice.create(self.csr(f"key-of-{mailbox}"), [mailbox], "smime-mailbox"))
        self.alice.wait_planned(request)
        self.alice.verify(request, "mailbox-1")
        body = mail_text(self.stack.mail.wait(mailbox, timeout=options.wait(20)))
        link, token = LINK.search(body), TOKEN.search(body)
        assert link and token, body
        self.alice.wait_check(request, "mailbox-1", "waiting")
        return request, link.group(1), token.group(1)

    def state(self, request: str) -> str:
        return str(next(c["state"] for c in self.alice.show(request)["checks"] if c["id"] == "mailbox-1"))

    def test_a_scanner_confirms_nothing(self) -> None:
        """It fetches the link, with every method, and runs the page's script: the token stays where it is."""
        request, link, token = self.asked("scanned@alpha.example")
        for method in ("GET", "HEAD", "POST"):
            asked = urllib.request.Request(link, method=method, data=b"" if method == "POST" else None)
            try:
                with urllib.request.urlopen(asked, timeout=options.wait(10)) as answer:
                    self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
                    self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
            except urllib.error.HTTPError as error:
                self.assertEqual((method, error.code), ("POST", 405))
        with Browser(options.wait(20)) as browser:
            browser.open(link)
            browser.run("document.querySelectorAll('button').forEach((button) => button.click())")
            browser.until("document.getElementById('status').textContent.includes('nothing')")
            self.assertFalse([url for url in browser.requests if token in url or "/v1/" in url])
            self.assertTrue(browser.run("document.getElementById('confirm').hidden"))
        self.assertEqual(self.state(request), "waiting")
        for log in (self.stack.root / "log").glob("*.log"):
            self.assertNotIn(token, log.read_text(errors="replace"), log.name)

    def log_in(self, browser: Browser, token: str) -> None:
        browser.run(f"document.getElementById('key').value = '{token}'")
        browser.run("document.querySelector('#login button').click()")

    def test_only_who_asked_confirms_and_by_a_button(self) -> None:
        request, link, token = self.asked("linked@alpha.example")
        with Browser(options.wait(20)) as browser:
            browser.open(link)
            self.assertEqual(browser.run("location.href"), link.split("#")[0])
            self.assertEqual(browser.run("history.length && location.hash"), "")
            for stranger, told in (("no-such-token", "not valid"), ("bob-token", "did not make")):
                self.log_in(browser, stranger)
                browser.until(f"document.getElementById('status').textContent.includes('{told}')")
            # An operator of the enterprise sees the request, and has no mailbox to confirm.
            self.log_in(browser, "operator-token")
            browser.until("!document.getElementById('confirm').hidden")
            browser.run("document.querySelector('#confirm button').click()")
            browser.until("document.getElementById('status').textContent.includes('Log in as who made it')")
            self.assertTrue(browser.run("document.getElementById('confirm').hidden"))
            self.assertFalse(browser.run("document.getElementById('login').hidden"))
            self.assertEqual(self.state(request), "waiting")
            self.log_in(browser, "alice-token")
            browser.until("!document.getElementById('confirm').hidden")
            self.assertEqual(
                browser.run("document.getElementById('mailbox').textContent"), "linked@alpha.example"
            )
            self.assertEqual(self.state(request), "waiting")
            browser.screenshot(self.stack.root / "out" / "confirm.png")  # stays with the logs
            browser.run("document.querySelector('#confirm button').click()")
            browser.until("document.getElementById('status').className === 'good'")
        self.alice.wait_check(request, "mailbox-1", "proved")

    def test_a_cut_link_says_so(self) -> None:
        with Browser(options.wait(20)) as browser:
            browser.open(f"{self.alice.base}/confirm#half")
            browser.until("document.getElementById('status').className === 'bad'")
            self.assertTrue(browser.run("document.getElementById('login').hidden"))

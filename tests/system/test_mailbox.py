# SPDX-License-Identifier: Apache-2.0
"""Mailboxes: where mail can go at all, what people see of a mail, and what a mail is."""

import email
import email.policy
import email.utils
import re
from email.message import EmailMessage
from typing import Any

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

from applicant import TOKEN, mail_text, make_csr
from options import options
from product import RETURN_DOMAIN

ONCE = ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
ENVELOPE = re.compile(r"b[a-z2-7]{60}@" + re.escape(RETURN_DOMAIN))
MAILS = "mailbox_validator.mail"


class Mailbox(SystemTest):
    """All on one stack."""

    settings = {
        "request-intake": {"CS_CREATIONS_PER_HOUR": "10000", "CS_PRESSES_PER_HOUR": "10000"}
    }

    @property
    def alice(self) -> Applicant:
        return self.person("alice-token")

    def create(self, mailbox: str) -> str:
        where = self.stack.root / "out"
        where.mkdir(exist_ok=True)
        request = self.alice.create(make_csr(where, f"key-{mailbox}")[1], [mailbox], "smime-mailbox")
        self.alice.wait_planned(request)
        return request

    def mail_is(self, request: str, state: str, timeout: float = 30) -> dict[str, Any]:
        """What is shown of the mail, once it is in this state."""
        found: dict[str, Any] = {}

        def there() -> bool:
            found.clear()
            found.update(self.alice.check(request, "mailbox-1") or {})
            return bool(found.get("mail", {}).get("state") == state)

        wait_for(there, options.wait(timeout), f"the mail of {request} to be {state}: {found}")
        return found

    def press(self, mailbox: str, state: str, timeout: float = 30) -> tuple[str, dict[str, Any]]:
        request = self.create(mailbox)
        self.alice.verify(request, "mailbox-1")
        return request, self.mail_is(request, state, timeout)

    def try_now(self, request: str) -> None:
        """As if the time of the next try had come."""
        self.value(f"update mailbox_validator.work set due_ms = 0 where key = '{request}'")

    # Where mail can go

    def test_a_domain_that_takes_no_mail_is_refused_until_it_does(self) -> None:
        self.stack.dns.add_mail_zone("nomail.example")
        self.stack.dns.set("nomail.example", "@", "MX", "0 .")
        request, check = self.press("ann@nomail.example", "refused")
        self.assertEqual(check["state"], "refused")
        self.assertEqual(check["reason"], "mx-null")
        self.assertIn("RFC 7505", check["clause"])
        self.assertIn("MX", check["mail"]["mend"])
        self.assertEqual(check["mail"]["dnssec"] if check["mail"]["hosts"] else "secure", "secure")
        self.assertEqual(check["you"]["do"], "verify")
        self.assertEqual(self.stack.mail.find("ann@nomail.example"), [])
        # Who mends it need not wait: the next press looks again.
        self.stack.dns.set("nomail.example", "@", "MX", "10 mail")
        self.alice.prove_mailbox(request, "ann@nomail.example")
        proved = self.alice.check(request, "mailbox-1")
        assert proved is not None
        self.assertEqual(proved["dnssec"], "secure")
        self.assertTrue(proved["seen"][0].startswith("10 mail.nomail.example"), proved["seen"])
        self.assertIn("mx", [lookup["type"] for lookup in proved["lookups"]])

    def test_a_domain_that_does_not_exist_is_refused(self) -> None:
        _, check = self.press("ann@nosuchdomain.example", "refused")
        self.assertEqual(check["reason"], "mx-no-such-domain")
        self.assertIn("how the domain is written", check["mail"]["mend"])

    def test_hosts_that_nobody_can_reach_are_refused(self) -> None:
        self.stack.dns.add_mail_zone("nohost.example")
        self.stack.dns.set("nohost.example", "@", "MX", "10 gone")
        _, check = self.press("ann@nohost.example", "refused")
        self.assertEqual(check["reason"], "mx-none-usable")

    def test_broken_signatures_are_refused(self) -> None:
        _, check = self.press("eve@bogus.example", "refused")
        self.assertEqual(check["reason"], "dnssec-bogus")
        self.assertIn("DNSSEC", check["text"])
        self.assertEqual(self.stack.mail.find("eve@bogus.example"), [])

    def test_a_silent_name_server_defers(self) -> None:
        _, check = self.press("who@silent.example", "deferred", timeout=60)
        self.assertEqual(check["reason"], "dns-failed")
        self.assertIn("next_try_at", check["mail"])
        self.assertEqual(self.stack.mail.find("who@silent.example"), [])

    def test_an_unsigned_domain_is_known_to_be_unsigned(self) -> None:
        request = self.create("ann@beta.example")
        self.alice.prove_mailbox(request, "ann@beta.example")
        self.assertEqual(self.alice.check(request, "mailbox-1")["dnssec"], "insecure")  # type: ignore[index]

    # What the mail server says

    def test_a_refused_mail_shows_the_servers_words(self) -> None:
        mailbox = "nobody@beta.example"
        self.stack.mail.behave(mailbox, "550")
        request, check = self.press(mailbox, "refused")
        self.assertEqual(check["reason"], "smtp-refused")
        self.assertEqual(check["mail"]["status"], "5.1.1")
        self.assertEqual(check["mail"]["reply"], "550 5.1.1 No such mailbox")
        self.assertTrue(check["mail"]["mend"])
        self.assertNotIn("next_try_at", check["mail"])
        self.assertEqual(self.value(f"select void from {MAILS} where request = '{request}'"), "t")

    def test_a_deferred_mail_is_tried_again_by_itself(self) -> None:
        mailbox = "later@beta.example"
        self.stack.mail.behave(mailbox, "451")
        request, check = self.press(mailbox, "deferred")
        self.assertEqual(check["reason"], "smtp-later")
        self.assertEqual(check["mail"]["status"], "4.3.0")
        self.assertEqual(check["mail"]["sent"], 0)
        due = "select due_ms - (extract(epoch from now()) * 1000)::bigint from mailbox_validator.work"
        wait = int(self.value(f"{due} where key = '{request}'"))
        self.assertTrue(0 < wait <= 60_000, wait)
        self.stack.mail.behave(mailbox, "accept")
        self.try_now(request)
        check = self.mail_is(request, "sent")
        self.assertEqual(check["mail"]["sent"], 1)
        self.assertEqual(check["you"]["do"], "enter-token")
        found = TOKEN.search(mail_text(self.stack.mail.wait(mailbox)))
        assert found is not None
        self.alice.submit_token(request, "mailbox-1", found.group(1))
        self.alice.wait_check(request, "mailbox-1", "proved")

    def test_a_second_press_is_told_why_it_must_wait(self) -> None:
        request, check = self.press("twice@beta.example", "sent")
        self.assertEqual(check["mail"]["tries_left"], 5)
        with self.assertRaises(Refused):
            self.alice.submit_token(request, "mailbox-1", "AAAA-" * 7 + "AAAA")
        other = self.create("twice@beta.example")
        self.alice.verify(other, "mailbox-1")
        check = self.mail_is(other, "deferred")
        self.assertEqual(check["reason"], "limit")
        self.assertIn("less than a minute ago", check["text"])
        self.assertTrue(check["mail"]["mend"])

    # What a mail is

    def read_mail(self, mailbox: str) -> tuple[dict[str, Any], EmailMessage]:
        envelope = self.stack.mail.find(mailbox)[-1]
        octets = (self.stack.mail.root / envelope["file"]).read_bytes()
        message = email.message_from_bytes(octets, policy=email.policy.SMTP)
        assert isinstance(message, EmailMessage)
        return envelope, message

    def test_mails_are_right_by_a_second_parser(self) -> None:
        mailbox = "letter@beta.example"
        self.press(mailbox, "sent")
        envelope, message = self.read_mail(mailbox)
        self.assertEqual(message.defects, [])
        for name in ONCE:
            values = message.get_all(name, [])
            self.assertEqual(len(values), 1, name)
            self.assertEqual(list(getattr(values[0], "defects", ())), [], name)
        self.assertEqual(set(message.keys()) - {"Content-Transfer-Encoding"}, set(ONCE))
        self.assertEqual([a.addr_spec for a in message["To"].addresses], [mailbox])
        self.assertEqual(message["From"].addresses[0].addr_spec, "noreply@countersign.example")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertRegex(str(message["Message-ID"]), r"^<[0-9a-f-]{36}@countersign\.example>$")
        when = email.utils.parsedate_to_datetime(str(message["Date"])).timestamp()
        self.assertLess(abs(when - envelope["time"]), 60)
        self.assertEqual(message.get_content_type(), "text/plain")
        self.assertFalse(message.is_multipart())
        text = message.get_content()
        self.assertEqual(len(TOKEN.findall(text)), 1)
        self.assertNotIn("://", text)
        # Nothing that the person chose: neither the account nor the mailbox.
        self.assertNotIn("alice", text)
        self.assertNotIn("letter@", text)

    def test_each_mail_comes_from_an_address_of_its_own(self) -> None:
        seen = set()
        for mailbox in ("from1@beta.example", "from2@beta.example"):
            self.press(mailbox, "sent")
            envelope, _ = self.read_mail(mailbox)
            self.assertRegex(envelope["from"], ENVELOPE)
            self.assertEqual(envelope["to"], [mailbox])
            seen.add(envelope["from"])
        self.assertEqual(len(seen), 2)

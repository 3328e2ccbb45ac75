# SPDX-License-Identifier: Apache-2.0
"""Mailboxes: where mail can go at all, what people see of a mail, and what a mail is."""

import email
import email.policy
import email.utils
import re
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

from applicant import TOKEN, mail_text, make_csr
from options import options
from product import RETURN_DOMAIN
from signed_mail import SIGNED, Headers, SigningDomain, answer, bounce, deliver, whole

ONCE = ("Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
ENVELOPE = re.compile(r"b[a-z2-7]{60}@" + re.escape(RETURN_DOMAIN))
MAILS = "mailbox_validator.mail"


class MailTest(SystemTest):
    """What both classes of tests do."""

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

    @property
    def lmtp(self) -> str:
        return self.stack.services["mailbox-validator"].env["CS_LMTP_LISTEN"]


class Mailbox(MailTest):
    """All on one stack."""

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
        request, _ = self.press(mailbox, "sent")
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
        # One link, of our own page; what is behind "#" is sent to no server.
        page = self.stack.services["mailbox-validator"].env["CS_CONFIRM_URL"]
        link = re.escape(f"{page}#{request}/mailbox-1/") + r"[A-Z2-7-]{39}"
        self.assertRegex(" ".join(re.findall(r"\S+://\S+", text)), f"^{link}$")
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

    # What comes back

    def test_a_bounce_is_shown_and_voids_the_token(self) -> None:
        mailbox = "gone@beta.example"
        request, _ = self.press(mailbox, "sent")
        to = self.stack.mail.find(mailbox)[-1]["from"]
        found = TOKEN.search(mail_text(self.stack.mail.wait(mailbox)))
        assert found is not None
        dsn = bounce(to, mailbox, "failed", "5.1.1", "550 5.1.1 unknown user")
        self.assertEqual([code for code, _ in deliver(self.lmtp, "", [to], dsn)], [250, 250])
        check = self.mail_is(request, "refused")
        self.assertEqual(check["state"], "refused")
        self.assertEqual(check["reason"], "bounced")
        self.assertEqual(check["mail"]["status"], "5.1.1")
        self.assertIn("unknown user", check["mail"]["reply"])
        self.assertEqual(check["you"]["do"], "verify")
        with self.assertRaises(Refused):
            self.alice.submit_token(request, "mailbox-1", found.group(1))

    def test_a_delay_is_shown_and_the_token_stays(self) -> None:
        mailbox = "slow@beta.example"
        request, _ = self.press(mailbox, "sent")
        to = self.stack.mail.find(mailbox)[-1]["from"]
        dsn = bounce(to, mailbox, "delayed", "4.4.7", "451 busy")
        deliver(self.lmtp, "", [to], dsn)
        check = self.mail_is(request, "deferred")
        self.assertEqual((check["reason"], check["mail"]["status"]), ("delayed", "4.4.7"))
        self.assertEqual(check["you"]["do"], "enter-token")
        found = TOKEN.search(mail_text(self.stack.mail.wait(mailbox)))
        assert found is not None
        self.alice.submit_token(request, "mailbox-1", found.group(1))
        self.alice.wait_check(request, "mailbox-1", "proved")

    def test_forged_return_paths_are_unknown(self) -> None:
        mailbox = "forged@beta.example"
        request, _ = self.press(mailbox, "sent")
        to = self.stack.mail.find(mailbox)[-1]["from"]
        local, _, domain = to.partition("@")
        other = "c" if local[20] != "c" else "d"
        for forged in (
            f"{local[:20]}{other}{local[21:]}@{domain}",
            f"r{local[1:]}@{domain}",
            f"{local}@beta.example",
            f"{local[:-1]}@{domain}",
            f"postmaster@{domain}",
        ):
            dsn = bounce(forged, mailbox, "failed", "5.1.1", "550 no")
            self.assertEqual([code for code, _ in deliver(self.lmtp, "", [forged], dsn)], [550], forged)
        self.assertEqual(self.mail_is(request, "sent")["you"]["do"], "enter-token")
        # Two at once are by nobody who was given them.
        second = "forged2@beta.example"
        self.press(second, "sent")
        both = [to, self.stack.mail.find(second)[-1]["from"]]
        dsn = bounce(to, mailbox, "failed", "5.1.1", "550 no")
        self.assertEqual([code for code, _ in deliver(self.lmtp, "", both, dsn)], [250, 250, 550, 550])
        self.assertEqual(self.mail_is(request, "sent")["you"]["do"], "enter-token")

    def test_other_mail_to_a_return_path_says_nothing(self) -> None:
        """An absence note, and somebody's mail with the token in it: neither proves nor voids."""
        mailbox = "away@beta.example"
        request, _ = self.press(mailbox, "sent")
        to = self.stack.mail.find(mailbox)[-1]["from"]
        text = mail_text(self.stack.mail.wait(mailbox))
        for auto in ("auto-replied", "no"):
            headers = [("From", mailbox), ("To", to), ("Subject", "Re: token"), ("Auto-Submitted", auto)]
            mail = whole(headers, text.replace("\r\n", "\n").replace("\n", "\r\n"))
            self.assertEqual([code for code, _ in deliver(self.lmtp, mailbox, [to], mail)], [250, 250])
        check = self.mail_is(request, "sent")
        self.assertEqual((check["state"], check["you"]["do"]), ("waiting", "enter-token"))


class AnswerTest(MailTest):
    """What tests of answers do (RFC 8823)."""

    ours: SigningDomain
    theirs: SigningDomain

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        methods = {"mailbox_methods": ["email-reply", "email-token"]}
        cls.stack.document("profile", "smime-mailbox", methods, enterprise="platform")
        where = cls.stack.root / "out"
        where.mkdir(exist_ok=True)
        cls.ours, cls.theirs = SigningDomain(where, "alpha.example"), SigningDomain(where, "beta.example")
        for domain in (cls.ours, cls.theirs):
            cls.stack.dns.set(domain.domain, domain.owner, "TXT", domain.record())

    def challenge(self, mailbox: str) -> tuple[str, str]:
        """Presses Verify for an answer; the request and the mail as it arrived."""
        request = self.create(mailbox)
        mails = self.stack.mail.find(mailbox)
        after = mails[-1]["number"] if mails else 0
        self.alice.call(
            "POST", f"/v1/requests/{request}/checks/mailbox-1/verify", {"method": "email-reply"}
        )
        raw = self.stack.mail.wait(mailbox, after=after, timeout=options.wait(30))
        self.mail_is(request, "sent")
        return request, raw

    def made(self, request: str, raw: str) -> str:
        done = self.csctl("request", "reply", request, "--check", "mailbox-1", given=raw)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def send(self, headers: Headers, body: str, signer: SigningDomain | None, names: str = SIGNED) -> None:
        signature = signer.sign(headers, body, names) if signer else None
        to, sender = dict(headers)["To"], dict(headers)["From"]
        replies = deliver(self.lmtp, sender, [to], whole(headers, body, signature))
        self.assertEqual([code for code, _ in replies], [250, 250], replies)

    def refused_for(self, request: str, *reasons: str) -> None:
        found: list[Any] = []

        def told() -> bool:
            found[:] = [(self.alice.check(request, "mailbox-1") or {}).get("mail", {}).get("reason")]
            return found[0] in reasons

        wait_for(told, options.wait(20), f"{reasons}, not {found}")


class Answers(AnswerTest):
    """Mailboxes that are proved by an answer."""

    def test_the_mail_is_a_challenge(self) -> None:
        mailbox = "form@alpha.example"
        request, raw = self.challenge(mailbox)
        message = email.message_from_string(raw, policy=email.policy.default)
        self.assertRegex(str(message["Subject"]), r"^ACME: [A-Za-z0-9_-]{40}$")
        self.assertEqual(message["Auto-Submitted"], "auto-generated; type=acme")
        self.assertRegex(str(message["Reply-To"]), r"^r[a-z2-7]{60}@" + re.escape(RETURN_DOMAIN) + "$")
        told = self.alice.call("GET", f"/v1/requests/{request}/checks/mailbox-1/reply")
        self.assertNotIn(told["token"], raw)
        check = self.alice.check(request, "mailbox-1")
        assert check is not None
        self.assertEqual(check["you"]["do"], "answer-mail")
        self.assertNotIn(told["token"], str(self.alice.show(request)))
        for secret in (told["token"], str(message["Subject"]).removeprefix("ACME: ")):
            for table in ("outbox", "inbox", "work", "mail", "challenge"):
                rows = self.count(f"mailbox_validator.{table} t where t::text like '%{secret}%'")
                self.assertEqual(rows, 0, f"{table} holds a part of the token")
        with self.assertRaises(Refused) as caught:
            self.person("bob-token").call("GET", f"/v1/requests/{request}/checks/mailbox-1/reply")
        self.assertIn(caught.exception.status, (404, 409))

    def test_a_signed_answer_proves_the_mailbox_for_its_request(self) -> None:
        mailbox = "answers@alpha.example"
        request, raw = self.challenge(mailbox)
        headers, body = answer(self.made(request, raw), mailbox)
        self.send(headers, body, self.ours)
        self.alice.wait_check(request, "mailbox-1", "proved")
        check = self.alice.check(request, "mailbox-1")
        assert check is not None
        self.assertEqual(check["reason"], "answer-returned")
        self.assertIn("SBR 3.2.2.4", check["clause"])
        self.assertEqual(check["dnssec"], "secure")
        self.assertIn("txt", [lookup["type"] for lookup in check["lookups"]])
        self.alice.approve(request)
        self.alice.wait_state(request, "issued")
        # It serves no other request, though the same account asks for the same mailbox.
        other = self.create(mailbox)
        self.assertEqual(self.alice.check(other, "mailbox-1")["state"], "needed")  # type: ignore[index]

    def test_what_is_no_answer_proves_nothing(self) -> None:
        mailbox = "strict@alpha.example"
        request, raw = self.challenge(mailbox)
        headers, body = answer(self.made(request, raw), mailbox)

        def without(*names: str) -> Headers:
            return [field for field in headers if field[0] not in names]

        self.send(headers, body, None)
        self.refused_for(request, "reply-unsigned")
        self.send(headers, body, self.theirs)
        self.refused_for(request, "reply-misaligned")
        self.send([("From", "eve@alpha.example"), *without("From")], body, self.ours)
        self.refused_for(request, "reply-from-other")
        self.send(headers, body, self.ours, names="From:To:Subject:Date")
        self.refused_for(request, "reply-not-covered")
        self.send([*headers, ("List-Id", "list.alpha.example")], body, self.ours)
        self.refused_for(request, "reply-list")
        self.send([*headers, ("Auto-Submitted", "auto-replied")], body, self.ours)
        self.refused_for(request, "reply-auto")
        self.send(headers, re.sub("(?m)^", "> ", body), self.ours)
        self.refused_for(request, "reply-no-block")
        # Altered on its way: the signature is over other octets.
        signature = self.ours.sign(headers, body)
        altered = whole(headers, body.replace("Yes", "No"), signature)
        deliver(self.lmtp, mailbox, [dict(headers)["To"]], altered)
        self.refused_for(request, "dkim-body", "dkim-body-hash", "dkim-bad-body")
        self.assertEqual(self.alice.check(request, "mailbox-1")["state"], "waiting")  # type: ignore[index]
        self.assertEqual(self.count(f"mailbox_validator.outbox where subject = 'evidence.mailbox' and key = '{request}'"), 0)
        # None of this used up the right one.
        self.send(headers, body, self.ours)
        self.alice.wait_check(request, "mailbox-1", "proved")

    def test_a_key_that_cannot_be_had_is_told_and_the_answer_comes_again(self) -> None:
        """Two keys where one must be; then a zone whose signatures are broken: never "no key", never a proof."""
        self.stack.dns.add_mail_zone("keys.example")
        keys = SigningDomain(self.stack.root / "out", "keys.example")
        self.stack.dns.set("keys.example", keys.owner, "TXT", keys.record(), '"v=DKIM1; p=AAAA"')
        mailbox = "ann@keys.example"
        request, raw = self.challenge(mailbox)
        headers, body = answer(self.made(request, raw), mailbox)
        self.send(headers, body, keys)
        self.refused_for(request, "dkim-key-many")
        self.stack.dns.set("keys.example", keys.owner, "TXT", keys.record())
        self.stack.dns.sign("keys.example", "bogus")
        mail = whole(headers, body, keys.sign(headers, body))
        replies = deliver(self.lmtp, mailbox, [dict(headers)["To"]], mail)
        self.assertEqual([code for code, _ in replies], [250, 451], replies)
        self.refused_for(request, "reply-key-unknown")
        shown = self.alice.check(request, "mailbox-1")["mail"]  # type: ignore[index]
        self.assertIn(f"{keys.owner}.keys.example", str(shown))
        self.assertIn("a signature does not fit", str(shown))
        self.assertIn("brings the answer again", shown["mend"])
        self.stack.dns.sign("keys.example", "secure")
        self.send(headers, body, keys)
        self.alice.wait_check(request, "mailbox-1", "proved")

    def test_an_answer_to_one_request_is_none_to_another(self) -> None:
        mailbox = "replay@alpha.example"
        first, raw = self.challenge(mailbox)
        headers, body = answer(self.made(first, raw), mailbox)
        # Nobody need wait a minute after a mail that found no way; then it is as it was.
        state = f"update mailbox_validator.mail set state = '%s' where request = '{first}'"
        self.value(state % "unrouted")
        second, raw2 = self.challenge(mailbox)
        self.value(state % "sent")
        headers2, _ = answer(self.made(second, raw2), mailbox)
        self.send(headers2, body, self.ours)  # the first one's digest
        self.refused_for(second, "reply-digest")
        for _ in range(2):
            self.send(headers2, body, self.ours)
        self.mail_is(second, "refused")
        self.send(headers, body, self.ours)
        self.alice.wait_check(first, "mailbox-1", "proved")
        proofs = "mailbox_validator.outbox where subject = 'evidence.mailbox'"
        self.send(headers, body, self.ours)  # again
        self.assertEqual(self.count(f"{proofs} and key = '{first}'"), 1)
        self.assertEqual(self.count(f"{proofs} and key = '{second}'"), 0)

    def test_a_method_that_the_profile_does_not_offer_is_refused(self) -> None:
        where = self.stack.root / "out"
        csr = make_csr(where, "key-other-profile")[1]
        request = self.alice.create(csr, ["other@alpha.example"], "smime-domain-mailbox")
        self.alice.wait_planned(request)
        self.alice.call(
            "POST", f"/v1/requests/{request}/checks/mailbox-1/verify", {"method": "email-reply"}
        )
        self.assertEqual(self.mail_is(request, "deferred")["reason"], "method-not-allowed")
        self.assertEqual(self.stack.mail.find("other@alpha.example"), [])


class AnswersAtTwoReplicas(AnswerTest):
    """One answer, brought to two replicas at once, and while the database is away."""

    replicas = 2

    def bring(self, headers: Headers, body: str, times: int) -> list[int]:
        """The same signed mail so often at once, to each replica in turn: what is said of it."""
        mail = whole(headers, body, self.ours.sign(headers, body))
        to, sender = dict(headers)["To"], dict(headers)["From"]
        names = [name for name in self.stack.services if name.startswith("mailbox-validator")]
        doors = [self.stack.services[name].env["CS_LMTP_LISTEN"] for name in names]
        self.assertEqual(len(set(doors)), 2)
        with ThreadPoolExecutor(times) as pool:
            replies = pool.map(lambda n: deliver(doors[n % 2], sender, [to], mail), range(times))
            return [reply[1][0] for reply in replies]

    def proofs(self, request: str) -> int:
        outbox = "mailbox_validator.outbox where subject = 'evidence.mailbox'"
        return self.count(f"{outbox} and key = '{request}'")

    def is_shown(self, request: str) -> bool:
        try:
            return bool(self.alice.show(request))
        except Refused:
            return False

    def test_many_at_once_prove_once(self) -> None:
        for number in range(options.many(8, 3)):
            mailbox = f"at-once-{number}@alpha.example"
            request, raw = self.challenge(mailbox)
            headers, body = answer(self.made(request, raw), mailbox)
            # Whoever is later finds it proved; one that lost a race may be told to come again.
            self.assertLessEqual(set(self.bring(headers, body, 6)), {250, 451})
            self.assertEqual(self.bring(headers, body, 2), [250, 250])
            self.alice.wait_check(request, "mailbox-1", "proved")
            self.assertEqual(self.proofs(request), 1)

    def test_wrong_ones_at_once_are_all_counted(self) -> None:
        mailbox = "wrong-at-once@alpha.example"
        request, raw = self.challenge(mailbox)
        headers, body = answer(self.made(request, raw), mailbox)
        digest = re.search(r"BEGIN ACME RESPONSE-----\r\n(.)", body)
        assert digest
        at = digest.start(1)
        wrong = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]
        wait_for(lambda: 451 not in self.bring(headers, wrong, 6), options.wait(60), "all to be counted", pause=0)
        bad = f"select bad_answers from mailbox_validator.mail where request = '{request}'"
        self.assertEqual(self.value(bad), "3")
        self.assertEqual(self.bring(headers, body, 2), [250, 250])  # too late: it is void
        self.assertEqual(self.proofs(request), 0)

    def test_an_answer_waits_in_the_mail_server_while_the_database_is_away(self) -> None:
        mailbox = "away-db@alpha.example"
        request, raw = self.challenge(mailbox)
        headers, body = answer(self.made(request, raw), mailbox)
        self.stack.postgres.stop()
        try:
            self.assertEqual(self.bring(headers, body, 4), [451] * 4)
        finally:
            self.stack.postgres.start()
        wait_for(
            lambda: set(self.bring(headers, body, 2)) == {250},
            options.wait(60),
            "the answer to be taken once the database is back",
        )
        wait_for(lambda: self.is_shown(request), options.wait(30), "request-intake to be back, too")
        self.alice.wait_check(request, "mailbox-1", "proved")
        self.assertEqual(self.proofs(request), 1)

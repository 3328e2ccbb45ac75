# SPDX-License-Identifier: Apache-2.0
"""The one door to settings, people and requests: whose token it is, what it may do, and on whose behalf."""

import json
from typing import Any
from urllib.parse import quote

from world import Refused, SystemTest, wait_for  # first: finds the others

from applicant import TOKEN, mail_text
from options import options

ROOT, ALICE, BOB, OPERATOR = "root-token", "alice-token", "bob-token", "operator-token"
CARD = "/v1/config/demo/assignment/" + quote("*@cards.beta.example", safe="")


class Door(SystemTest):
    mail_below = ("beta.example",)

    def code(self, token: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code."""
        answer = self.call(token, method, path, body, **headers)
        return answer.status, answer.code

    def token_of(self, name: str, *roles: str, scopes: tuple[str, ...] = ("*",), enterprise: str = "demo") -> str:
        """An API token of a new person."""
        person = f"/v1/config/{enterprise}/person/{name}"
        spec = {"title": "", "active": True, "roles": list(roles), "profiles": ["*"]}
        made = self.call(ROOT, "PUT", person, spec, If_None_Match="*")
        self.assertEqual(made.status, 201, made.body)
        made = self.call(ROOT, "POST", f"{person}/tokens", {"scopes": list(scopes), "label": "test", "days": 1})
        self.assertEqual(made.status, 201, made.body)
        return str(made.json["token"])

    def asked(self, token: str, mailbox: str, **more: Any) -> str:
        csr = self.csr(mailbox.replace("@", "-at-"))
        return self.person(token).create(csr, [mailbox], "smime-mailbox", **more)

    # Settings

    def test_nobody_overwrites_what_they_have_not_seen(self) -> None:
        alice, bob = {"people": ["alice"]}, {"people": ["bob"]}
        self.assertEqual(self.call(ROOT, "PUT", CARD, alice).status, 428)
        made = self.call(ROOT, "PUT", CARD, alice, If_None_Match="*")
        self.assertEqual((made.status, made.json["name"], made.json["spec"]), (201, "*@cards.beta.example", alice))
        self.assertEqual(self.call(ROOT, "PUT", CARD, bob, If_None_Match="*").status, 412)
        changed = self.call(ROOT, "PUT", CARD, bob, If_Match=made.etag)
        self.assertEqual(changed.status, 200)
        self.assertNotEqual(made.etag, changed.etag)
        self.assertEqual(self.call(ROOT, "PUT", CARD, alice, If_Match=made.etag).status, 412)
        shown = self.call(ROOT, "GET", CARD)
        self.assertEqual((shown.status, shown.json["spec"], shown.etag), (200, bob, changed.etag))
        no = self.call(ROOT, "PUT", CARD, {"people": ["nobody-here"]}, If_Match=changed.etag)
        self.assertEqual(no.status, 422)
        self.assertIn("people", no.json["field"])
        self.assertTrue(no.json["mend"])
        would = self.call(ROOT, "DELETE", CARD + "?dry_run=true", If_Match=changed.etag)
        self.assertEqual((would.status, would.json["changes"][0]["action"]), (200, "delete"))
        self.assertEqual(self.call(ROOT, "DELETE", CARD, If_Match=changed.etag).status, 204)
        self.assertEqual(self.call(ROOT, "GET", CARD).status, 404)
        history = self.call(ROOT, "GET", "/v1/config/demo/changes?limit=10").json["changes"]
        mine = [c for c in history if c["name"] == "*@cards.beta.example"]
        self.assertEqual([c["who"] for c in mine], ["platform/root"] * 3)
        self.assertEqual(mine[0]["source"], "127.0.0.0/24")

    def test_what_one_may_not_see_answers_like_what_is_not_there(self) -> None:
        for path in ("/v1/config/demo/person/bob", "/v1/config/nowhere/person/bob", "/v1/config/other/changes"):
            answer, nothing = self.call(ALICE, "GET", path), self.call(ALICE, "GET", "/v1/config/demo/person/not-there")
            self.assertEqual((answer.status, answer.json), (404, nothing.json), path)
        self.assertEqual(self.code("nobody-token", "GET", CARD), (401, "unauthorized"))

    # Rights

    def test_a_token_is_good_for_its_scopes_until_it_is_deleted(self) -> None:
        reads = self.token_of("gina", "user", scopes=("requests:read",))
        self.assertEqual(self.call(reads, "GET", "/v1/requests").status, 200)
        self.assertEqual(self.code(reads, "POST", "/v1/requests", {}), (403, "scope"))
        tokens = "/v1/config/demo/person/gina/tokens"
        for token in self.call(ROOT, "GET", tokens).json["tokens"]:
            self.assertEqual(self.call(ROOT, "DELETE", f"{tokens}/{token['id']}").status, 204)
        self.assertEqual(self.call(reads, "GET", "/v1/requests").status, 401)

    def test_roles_say_what_people_see_and_do(self) -> None:
        request = self.asked(ALICE, "roles@one.beta.example")
        path = f"/v1/requests/{request}"
        auditor = self.token_of("audrey", "auditor")
        administrator = self.token_of("adam", "administrator")
        everywhere = self.token_of("otto", "operator", enterprise="platform")
        for token in (auditor, everywhere):
            self.assertEqual(self.call(token, "GET", path).json["account"], "alice")
        for token in (administrator, BOB):
            self.assertEqual(self.code(token, "GET", path), (404, "not-found"))
        self.assertEqual(self.code(auditor, "POST", f"{path}/cancel"), (403, "role"))
        self.assertEqual(self.code(everywhere, "POST", f"{path}/approve"), (403, "not-yours"))
        self.assertEqual(self.code(everywhere, "GET", "/v1/requests"), (400, "query"))
        listed = self.call(everywhere, "GET", "/v1/requests?enterprise=demo").json["requests"]
        self.assertIn(request, [r["id"] for r in listed])
        self.assertEqual(self.call(everywhere, "POST", f"{path}/cancel").status, 200)

    def test_a_right_that_is_taken_away_is_gone_at_once(self) -> None:
        request = self.asked(ALICE, "gone@one.beta.example")
        token = self.token_of("oscar", "operator")
        self.assertEqual(self.call(token, "GET", f"/v1/requests/{request}").status, 200)
        person = "/v1/config/demo/person/oscar"
        shown = self.call(ROOT, "GET", person)
        changed = self.call(ROOT, "PUT", person, {**shown.json["spec"], "roles": ["user"]}, If_Match=shown.etag)
        self.assertEqual(changed.status, 200)
        self.assertEqual(self.call(token, "GET", f"/v1/requests/{request}").status, 404)

    def test_policy_away_whoever_was_known_is_let_in(self) -> None:
        known, stranger = self.token_of("kim", "user"), self.token_of("sue", "user")
        self.assertEqual(self.call(known, "GET", "/v1/requests").status, 200)
        self.stack.stop_service("policy")
        try:
            self.assertEqual(self.call(known, "GET", "/v1/requests").status, 200)
            self.assertEqual(self.code(stranger, "GET", "/v1/requests"), (503, "try-again"))
            self.assertEqual(self.code(known, "PUT", CARD, {}, If_None_Match="*"), (503, "outcome-unknown"))
        finally:
            self.stack.restart_service("policy")
        wait_for(
            lambda: self.call(stranger, "GET", "/v1/requests").status == 200, options.wait(30), "policy to answer again"
        )

    # On behalf of others

    def test_an_operator_asks_on_behalf_and_approves_but_reads_no_mail(self) -> None:
        mailbox = "behalf@one.beta.example"
        operator, alice = self.person(OPERATOR), self.person(ALICE)
        request = self.asked(OPERATOR, mailbox, **{"for": "alice"})
        operator.wait_planned(request)
        self.assertEqual(operator.show(request)["submitted_by"], "operator")
        self.assertEqual(alice.show(request)["account"], "alice")
        self.assertEqual(self.code(BOB, "GET", f"/v1/requests/{request}"), (404, "not-found"))
        operator.verify(request, "mailbox-1")
        found = TOKEN.search(mail_text(self.stack.mail.wait(mailbox, timeout=options.wait(30))))
        assert found
        with self.assertRaises(Refused) as refused:
            operator.submit_token(request, "mailbox-1", found.group(1))
        self.assertEqual(refused.exception.status, 404)
        alice.submit_token(request, "mailbox-1", found.group(1))
        operator.wait_state(request, "ready", timeout=options.wait(30))
        operator.approve(request)
        alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertTrue(alice.certificate(request))
        where = f"where request = '{request}' and lines like e'%\\tapproved-on-behalf\\toperator\\t%'"
        self.assertEqual(self.count(f"request_intake.history {where}"), 1)

    def test_csctl_asks_on_behalf_and_lists_one_enterprise(self) -> None:
        mailbox, csr = "tool@one.beta.example", self.csr("tool-behalf")
        words = ("request", "submit", "--csr", str(csr), "--mailbox", mailbox, "--for", "bob")
        made = self.csctl(*words, CS_API_TOKEN=OPERATOR)
        self.assertEqual(made.returncode, 0, made.stderr)
        shown = json.loads(made.stdout)
        self.assertEqual((shown["account"], shown["submitted_by"]), ("bob", "operator"))
        self.assertIn("not-an-operator", self.csctl(*words, CS_API_TOKEN=ALICE).stderr)
        everywhere = self.token_of("olga", "operator", enterprise="platform")
        self.assertEqual(self.csctl("request", "list", CS_API_TOKEN=everywhere).returncode, 1)
        for words in (("request", "list"), ("report", "list")):
            listed = self.csctl(*words, "--enterprise", "demo", CS_API_TOKEN=everywhere)
            self.assertEqual(listed.returncode, 0, listed.stderr)
            self.assertEqual(shown["id"] in listed.stdout, words[0] == "request")

    def test_nobody_asks_on_behalf_of_whom_there_is_not(self) -> None:
        request = self.asked(OPERATOR, "none@one.beta.example", **{"for": "not-there"})
        shown = self.person(OPERATOR).wait_state(request, "refused", timeout=options.wait(30))
        self.assertTrue(shown["refusal"]["code"])
        csr = self.csr("behalf-of-bob").read_text()
        body = {"profile": "smime-mailbox", "csr": csr, "mailboxes": ["bob@one.beta.example"], "for": "bob"}
        self.assertEqual(self.code(ALICE, "POST", "/v1/requests", body), (403, "not-an-operator"))

# SPDX-License-Identifier: Apache-2.0
"""API tokens of people: what their scopes and roles let through, and when they end."""

import json
from typing import Any

from product import ADMINISTRATOR
from world import Applicant, Refused, SystemTest, wait_for

from options import options

ADMIN = {"CS_API_TOKEN": ADMINISTRATOR[0]}
PERSON = """
kind: person
enterprise: demo
name: {name}
spec: {{roles: [{roles}], active: {active}}}
"""


class PersonTokens(SystemTest):
    def ends(self, status: int, *words: str, given: str | None = None, **more: str) -> str:
        done = self.csctl(*words, given=given, **(more or ADMIN))
        self.assertEqual((done.returncode, status), (status, status), done.stdout + done.stderr)
        return done.stdout + done.stderr

    def put(self, name: str, roles: str = "user", active: str = "true") -> None:
        self.ends(0, "apply", "-f", "-", given=PERSON.format(name=name, roles=roles, active=active))

    def token(self, name: str, *scopes: str, **more: str) -> dict[str, Any]:
        wanted = [word for scope in scopes for word in ("--scope", scope)]
        said = self.ends(0, "person", "token", "demo", name, "--label", "test", *wanted, **more)
        made: dict[str, Any] = json.loads(said)
        return made

    def status(self, token: str, *words: str) -> str:
        """What csctl says of a refusal; nothing: it was let through."""
        done = self.csctl(*words, CS_API_TOKEN=token)
        return "" if done.returncode == 0 else done.stderr

    def test_scopes_narrow_what_the_roles_allow(self) -> None:
        self.put("max")
        reads = self.token("max", "requests:read")["token"]
        writes = self.token("max", "requests:read", "requests:write")["token"]
        request = Applicant(self.stack, writes).create(self.csr("max"), ["max@alpha.example"], "smime-mailbox")
        self.assertEqual(Applicant(self.stack, reads).show(request)["account"], "max")
        with self.assertRaises(Refused) as no:
            Applicant(self.stack, reads).create(self.csr("max2"), ["max@alpha.example"], "smime-mailbox")
        self.assertEqual(no.exception.status, 403)
        self.assertIn("403", self.status(reads, "config", "list", "demo", "note"))
        settings = self.token("max", "config:read")["token"]
        self.assertEqual(self.status(settings, "config", "list", "demo", "note"), "")
        with self.assertRaises(Refused) as no:
            Applicant(self.stack, settings).show(request)
        self.assertEqual(no.exception.status, 403)

    def test_a_person_makes_own_tokens_and_hands_on_no_more_than_it_has(self) -> None:
        self.put("nora")
        own = self.token("nora", "people:write", "config:read", "requests:read")["token"]
        made = self.token("nora", "requests:read", CS_API_TOKEN=own)
        for name, scope, status in (("nora", "requests:write", "403"), ("alice", "requests:read", "404")):
            words = ("person", "token", "demo", name, "--label", "x", "--scope", scope)
            self.assertIn(status, self.ends(1, *words, CS_API_TOKEN=own))
        listed = json.loads(self.ends(0, "person", "tokens", "demo", "nora", CS_API_TOKEN=own))["tokens"]
        self.assertEqual({one["made_by"] for one in listed}, {"platform/root", "demo/nora"})
        self.assertNotIn(made["token"], json.dumps(listed))

    def test_who_ends_a_token_or_a_person_is_obeyed_at_once(self) -> None:
        """A token's answer may be remembered for some seconds, no longer."""
        self.put("otto")
        made = self.token("otto", "requests:read")
        other = self.token("otto", "requests:read")["token"]
        self.assertEqual(self.status(made["token"], "request", "list"), "")
        self.assertEqual(self.status(other, "request", "list"), "")
        self.ends(0, "person", "end-token", "demo", "otto", made["id"])
        wait_for(lambda: "401" in self.status(made["token"], "request", "list"), options.wait(15), "the token's end")
        self.assertEqual(self.status(other, "request", "list"), "")
        self.put("otto", active="false")
        wait_for(lambda: "401" in self.status(other, "request", "list"), options.wait(15), "the person's end")
        self.put("otto")
        wait_for(lambda: self.status(other, "request", "list") == "", options.wait(15), "the person to be back")

    def test_a_role_that_is_taken_away_is_gone_from_every_token(self) -> None:
        self.put("paula", roles="user, auditor")
        token = self.token("paula", "*")["token"]
        request = self.person().create(self.csr("alice"), ["alice@alpha.example"], "smime-mailbox")
        paula = Applicant(self.stack, token)
        self.assertEqual(paula.show(request)["account"], "alice")
        self.put("paula")

        def is_hidden() -> bool:
            try:
                paula.show(request)
            except Refused as no:
                return no.status == 404
            return False

        wait_for(is_hidden, options.wait(15), "alice's request to be hidden from paula")

# SPDX-License-Identifier: Apache-2.0
"""People come in by an invitation, with a password that stays where it was typed in, and go out again."""

import secrets
import threading

from world import Answer, Applicant, Refused, SystemTest, wait_for  # first: finds the others

from options import options

ROOT = "root-token"
PASSWORD = "three lamps, no wick: äöü"
OTHER = "a heron and two kettles"
COST = (3, 65536)  # passes and KiB that policy wants today, at the least


class People(SystemTest):
    # What an administrator does

    def put_person(self, name: str, *roles: str) -> None:
        spec = {"title": name.title(), "active": True, "roles": list(roles or ("user",)), "profiles": ["*"]}
        answer = self.call(ROOT, "PUT", f"/v1/config/demo/person/{name}", spec, If_None_Match="*")
        self.assertIn(answer.status, (200, 201), answer.body)

    def invite(self, name: str) -> str:
        answer = self.call(ROOT, "POST", f"/v1/config/demo/person/{name}/invitation", {})
        self.assertIn(answer.status, (200, 201), answer.body)
        return str(answer.json["invitation"])

    # What a person does

    def log_in(self, name: str, password: str = PASSWORD) -> Answer:
        return self.call("", "POST", "/v1/sessions", {"enterprise": "demo", "account": name, "password": password})

    def session(self, name: str, password: str = PASSWORD) -> str:
        answer = self.log_in(name, password)
        self.assertEqual(answer.status, 201, answer.body)
        return str(answer.json["token"])

    def accept(self, invitation: str, password: str = PASSWORD) -> Answer:
        return self.call("", "POST", "/v1/password", {"invitation": invitation, "new_password": password})

    def come_in(self, name: str, *roles: str) -> str:
        """A new person, who has set the password and logged in."""
        self.put_person(name, *roles)
        self.assertEqual(self.accept(self.invite(name)).status, 204)
        return self.session(name)

    def me(self, token: str) -> Answer:
        return self.call(token, "GET", "/v1/me")

    # From the invitation to the end of the session

    def test_a_person_comes_in_by_an_invitation_and_goes(self) -> None:
        self.put_person("carol")
        self.assertEqual(self.log_in("carol").code, "login-wrong")  # no password yet
        invitation = self.invite("carol")
        weak = self.accept(invitation, "password2026!")
        self.assertEqual((weak.status, weak.code), (422, "password-common"))
        named = self.accept(invitation, "carol of demo, carol")
        self.assertEqual((named.status, named.code), (422, "password-name"))
        self.assertEqual(self.accept(invitation).status, 204)
        again = self.accept(invitation, OTHER)
        self.assertEqual((again.status, again.code), (422, "invitation-unknown"))
        token = self.session("carol")
        me = self.me(token).json
        self.assertEqual((me["enterprise"], me["account"], me["roles"]), ("demo", "carol", ["user"]))
        self.assertEqual((me["factor"], me["must_change"]), ("password", False))
        self.assertEqual(self.call(token, "DELETE", "/v1/sessions/current").status, 204)
        self.assertEqual(self.me(token).status, 401)
        self.assertEqual(self.call(token, "GET", "/v1/requests").status, 401)

    def test_a_session_asks_and_approves_by_password(self) -> None:
        """The signed approval says that it was a password, and whose."""
        token = self.come_in("dora")
        dora = Applicant(self.stack, token)
        request = dora.create(self.csr("dora"), ["dora@alpha.example"], "smime-mailbox")
        dora.wait_planned(request)
        dora.prove_mailbox(request, "dora@alpha.example")
        dora.wait_state(request, "ready", timeout=options.wait(30))
        dora.approve(request)
        dora.wait_state(request, "issued", timeout=options.wait(60))
        with self.assertRaises(Refused) as other:
            self.person("bob-token").show(request)
        self.assertEqual(other.exception.status, 404)
        approval = self.value(
            "select encode(body, 'escape') from request_intake.outbox"
            f" where subject like '%generation-approved' and key = '{request}'"
        )
        self.assertIn("password", approval)

    def test_nobody_learns_who_is_there(self) -> None:
        self.come_in("erin")
        wrong, absent = self.log_in("erin", OTHER), self.log_in("nobody-like-this")
        elsewhere = self.call(
            "", "POST", "/v1/sessions", {"enterprise": "not-here", "account": "erin", "password": PASSWORD}
        )
        self.assertEqual([a.status for a in (wrong, absent, elsewhere)], [401, 401, 401])
        self.assertEqual({a.body for a in (wrong, absent, elsewhere)}, {wrong.body})

    def test_a_new_password_ends_every_session(self) -> None:
        first = self.come_in("frank")
        second = self.session("frank")
        self.assertEqual(self.me(second).status, 200)
        wrong = self.call(first, "POST", "/v1/password", {"old_password": OTHER, "new_password": "neither of the two"})
        self.assertEqual((wrong.status, wrong.code), (422, "password-wrong"))
        change = {"old_password": PASSWORD, "new_password": OTHER}
        self.assertEqual(self.call(first, "POST", "/v1/password", change).status, 204)
        self.assertEqual([self.me(token).status for token in (first, second)], [401, 401])
        self.assertEqual(self.log_in("frank").status, 401)
        self.assertEqual(self.me(self.session("frank", OTHER)).status, 200)

    def test_who_is_deleted_is_out(self) -> None:
        token = self.come_in("gina")
        self.assertEqual(self.me(token).status, 200)
        shown = self.call(ROOT, "GET", "/v1/config/demo/person/gina")
        gone = self.call(ROOT, "DELETE", "/v1/config/demo/person/gina", If_Match=shown.etag)
        self.assertIn(gone.status, (200, 204), gone.body)
        self.assertEqual(self.me(token).status, 401)
        self.assertEqual(self.log_in("gina").code, "login-wrong")

    # What it costs, and what stays where

    def test_who_guesses_waits_longer_and_longer(self) -> None:
        """From the owner's own network here; meanwhile nothing is judged, and after it the right one is right."""
        self.come_in("hans")

        def guess_in_vain() -> bool:
            answer = self.log_in("hans", f"wrong guess {secrets.token_hex(4)}")
            self.assertIn(answer.code, ("login-wrong", "login-locked"))
            return int(answer.headers["Retry-After"] or 0) > 6

        wait_for(guess_in_vain, options.wait(90), "a wait of more than six seconds")
        self.assertEqual(self.log_in("hans").code, "login-locked")  # also for the right one
        wait_for(lambda: self.log_in("hans").status == 201, options.wait(60), "the end of the wait")

    def test_a_password_stays_where_it_was_typed_in(self) -> None:
        password = f"seen by nobody {secrets.token_hex(8)}"
        self.put_person("ivan")
        invitation = self.invite("ivan")
        self.assertEqual(self.accept(invitation, password).status, 204)
        token = self.session("ivan", password)
        self.assertEqual(self.log_in("ivan", password + "x").status, 401)
        for path, octets in self.octets_below(self.stack.root):  # logs, streams, the database's files
            for name, secret in (("password", password), ("invitation", invitation), ("token", token)):
                self.assertNotIn(secret.encode(), octets, f"the {name} in {path}")
        passes, memory = self.rows("select passes, memory_kib from policy.login where account = 'ivan'")[0]
        self.assertGreaterEqual((int(passes), int(memory)), COST)

    def test_many_at_once_are_served_or_told_to_come_again(self) -> None:
        self.come_in("jane")
        answers: list[Answer] = []
        people = [threading.Thread(target=lambda: answers.append(self.log_in("jane"))) for _ in range(40)]
        for one in people:
            one.start()
        for one in people:
            one.join(options.wait(60))
        said = {answer.status for answer in answers}
        self.assertEqual(len(answers), 40)
        self.assertLessEqual(said, {201, 503}, said)
        self.assertIn(201, said)
        self.assertIn(503, said)  # more than two at once and sixteen that wait
        self.assertTrue(all(a.headers["Retry-After"] for a in answers if a.status == 503))
        self.assertEqual(self.log_in("jane").status, 201)

    def test_without_policy_nobody_logs_in_and_with_it_again(self) -> None:
        self.come_in("kate")
        self.stack.kill("policy")
        self.assertEqual(self.log_in("kate").status, 503)
        self.stack.restart_service("policy")
        wait_for(lambda: self.log_in("kate").status == 201, options.wait(30), "policy to answer again")

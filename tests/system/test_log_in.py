# SPDX-License-Identifier: Apache-2.0
"""People from the command line: an invitation becomes a password, a password a session, a token what its scopes say."""

import json
from typing import Any

from product import ADMINISTRATOR
from world import SystemTest

ADMIN = ADMINISTRATOR[0]
FIRST, SECOND = "an ocean of green tea", "seven mild winters"


class LogIn(SystemTest):
    def ends(self, status: int, words: str, token: str = ADMIN, given: str | None = None) -> str:
        done = self.csctl(*words.split(), given=given, CS_API_TOKEN=token)
        self.assertEqual((done.returncode, status), (status, status), done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def shown(self, words: str, token: str = ADMIN) -> Any:
        return json.loads(self.ends(0, words, token))

    def make(self, account: str, password: str) -> None:
        self.ends(0, f"config put demo person {account} -f - --create", given="roles: [user]")
        invitation = self.shown(f"person invite demo {account}")["invitation"]
        self.ends(0, "password --invitation", token="", given=f"{invitation}\n{password}\n")

    def log_in(self, account: str, password: str) -> str:
        return self.ends(0, f"login demo {account}", token="", given=password + "\n").strip()

    def test_an_invitation_becomes_a_password_and_a_password_a_session(self) -> None:
        self.make("dora", FIRST)
        session = self.log_in("dora", FIRST)
        me = self.shown("me", session)
        self.assertEqual((me["enterprise"], me["account"], me["roles"]), ("demo", "dora", ["user"]))
        self.ends(0, "request list", session)
        self.ends(0, "password", session, given=f"{FIRST}\n{SECOND}\n")
        self.assertIn("status 401", self.ends(1, "me", session))
        self.assertIn("status 401", self.ends(1, "login demo dora", token="", given=FIRST + "\n"))
        session = self.log_in("dora", SECOND)
        self.ends(0, "logout", session)
        self.assertIn("status 401", self.ends(1, "me", session))

    def test_a_reset_ends_sessions_and_the_password(self) -> None:
        self.make("emil", FIRST)
        session = self.log_in("emil", FIRST)
        self.ends(0, "person reset-password demo emil")
        self.assertIn("status 401", self.ends(1, "me", session))
        self.ends(0, "person unlock demo emil")
        self.assertIn("status 401", self.ends(1, "login demo emil", token="", given=FIRST + "\n"))

    def test_a_token_may_do_what_its_scopes_say_until_it_ends(self) -> None:
        self.ends(0, "config put demo person fritz -f - --create", given="roles: [user, operator]")
        made = self.shown("person token demo fritz --label ci --scope requests:read --days 2")
        self.ends(0, "request list", made["token"])
        self.assertIn("status 403", self.ends(1, "config list demo domain", made["token"]))
        listed = self.shown("person tokens demo fritz")
        self.assertIn(made["id"], [token["id"] for token in listed["tokens"]])
        self.assertNotIn(made["token"], json.dumps(listed))
        self.ends(0, f"person end-token demo fritz {made['id']}")
        self.assertIn("status 401", self.ends(1, "me", made["token"]))

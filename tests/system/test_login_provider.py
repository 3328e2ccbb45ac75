# SPDX-License-Identifier: Apache-2.0
"""Second factors by a login at a provider of OpenID Connect.  The seed: "OIDC Authentication", "Azure Authentication"; "After the
selected method is successfully verified, the certificate is generated."
"""

import re
from typing import Any
from urllib.parse import urlsplit

from world import Refused, wait_for  # first: finds the others

from browser import Browser
from login_test import LoginTest
from oidc_provider import OidcProvider, members, with_member
from options import options

CLIENT, SECRET = "countersign ra", "s3cret: that only notifier opens"
SUBJECT, OID = "248289761001", "6f1c9a1e-0000-4b2c-9d0e-0123456789ab"
TENANT = "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"  # as Microsoft's endpoints begin
STRANGER = {"sub": "248289761002", "oid": "7f1c9a1e-0000-4b2c-9d0e-0123456789ab"}


class LoginProvider(LoginTest):
    method = "oidc"
    mail_below = ("beta.example",)

    def setUp(self) -> None:
        super().setUp()
        self.put("/v1/config/demo/person/alice", provider_id=SUBJECT)
        self.provider = self.connect("/realms/a")

    def connect(self, path: str, **more: Any) -> OidcProvider:
        """A provider that demo's connector leads to, and notifier has heard of it."""
        provider = OidcProvider(self.providers, CLIENT, SECRET, path)
        self.addCleanup(provider.close)
        provider.person = {"sub": SUBJECT, "oid": OID}
        spec = {"type": "oidc", "endpoint": provider.issuer, "username": CLIENT, "secret": SECRET, "active": True}
        self.tell_connector({**spec, **more})
        return provider

    # A browser that does what it is told

    def log_in(self, url: str) -> str:
        """At the provider; where it sends the browser back to."""
        status, fields, _ = self.fetch(url)
        self.assertEqual(status, 302)
        back = fields["Location"]
        query = members(urlsplit(back).query)
        self.seen += [query[name] for name in ("state", "code") if name in query]
        self.assertTrue(back.startswith(f"{self.person().base}/second-factor/oidc/demo?"), back)
        return back

    def land(self, back: str) -> dict[str, str]:
        """What the page is told that the browser lands on."""
        return self.landed(self.fetch(back))

    def code_of(self, url: str, request: str) -> str:
        return self.code_in(self.land(self.log_in(url)), request)

    # What the seed says

    def test_a_login_lets_the_certificate_be_made(self) -> None:
        alice = self.person()
        request = self.ready("logged-in@beta.example")
        self.assertEqual(alice.show(request)["second_factor"]["codes"], ["login"])
        self.problem(403, "second-factor-needed", lambda: alice.approve(request))
        url = self.start(request)
        asked = members(urlsplit(url).query)
        self.assertEqual((asked["scope"], asked["prompt"], asked["client_id"]), ("openid", "login", CLIENT))
        # Before the login there is nothing that could be guessed.
        problem = self.problem(409, "second-factor-not-sent", lambda: self.type(request, "12345678"))
        self.assertIn("Nobody has logged in", problem["detail"])
        code = self.code_of(url, request)
        wrong = code[:-1] + ("1" if code[-1] == "0" else "0")
        problem = self.problem(422, "second-factor-wrong", lambda: self.type(request, wrong))
        self.assertEqual(problem["tries_left"], 4)
        self.type(request, f"{code[:4]} {code[4:]}")
        shown = alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn("proved_at", shown["second_factor"])
        history = f"request_intake.history where request = '{request}' and lines like e'%\\tsecond-factor-proved\\t%'"
        self.assertEqual(self.count(history), 1)
        self.nowhere([*self.seen, SECRET, *(form["code_verifier"] for form in self.provider.exchanged)])

    def test_azure_names_a_person_by_oid(self) -> None:
        """Entra ID: one tenant's issuer, and the claim that is the same in all applications of the tenant."""
        self.provider = self.connect(TENANT, claim="oid")
        self.put("/v1/config/demo/person/alice", provider_id=OID)
        self.addCleanup(self.put, "/v1/config/demo/connector/idp", claim="")
        request = self.ready("azure@beta.example")
        url = self.start(request)
        self.assertEqual(members(urlsplit(url).query)["scope"], "openid profile")
        self.type(request, self.code_of(url, request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_somebody_elses_login_shows_no_code(self) -> None:
        request = self.ready("another@beta.example")
        self.provider.person = STRANGER
        self.assertEqual(self.land(self.log_in(self.start(request))), {"error": "login-of-another"})
        self.problem(409, "second-factor-not-sent", lambda: self.type(request, "12345678"))
        self.provider.person = None
        self.assertEqual(self.land(self.log_in(self.start(request))), {"error": "oidc-denied"})
        self.provider.person = {"sub": SUBJECT}
        self.type(request, self.code_of(self.start(request), request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_a_state_is_good_once_and_none_can_be_made_up(self) -> None:
        request = self.ready("replayed@beta.example")
        back = self.log_in(self.start(request))
        state = members(urlsplit(back).query)["state"]
        bent = state[:-1] + ("A" if state[-1] != "A" else "B")
        for forged in (bent, "A" * 72, state[:-1], ""):
            self.assertEqual(self.land(with_member(back, "state", forged)), {"error": "login-unknown"})
        # Nor is it good for what another's provider sends back.
        for owner in ("platform", "beta"):
            self.assertEqual(self.land(back.replace("/oidc/demo?", f"/oidc/{owner}?")), {"error": "login-unknown"})
        # Who only looks uses nothing up.
        self.assertEqual(self.fetch(back, "HEAD")[0], 303)
        self.assertEqual(self.provider.exchanged, [])
        self.assertIn("code", self.land(back))
        self.assertEqual(self.land(back), {"error": "login-used"})
        self.assertEqual(len(self.provider.exchanged), 1)
        # A newer start ends what the older one began.
        older = self.log_in(self.start(request))
        newer = self.start(request)
        self.assertEqual(self.land(older), {"error": "login-over"})
        self.type(request, self.code_of(newer, request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_a_login_is_over_after_ten_minutes(self) -> None:
        request = self.ready("late@beta.example")
        back = self.log_in(self.start(request))
        # The table's own time is set back: ten minutes are not waited for.
        self.value(f"update notifier.code_challenge set expires_ms = made_ms where request = '{request}'")
        self.assertEqual(self.land(back), {"error": "login-over"})

    def test_who_writes_to_the_table_leads_no_login_astray(self) -> None:
        request = self.ready("written@beta.example")
        self.provider.person = STRANGER
        back = self.log_in(self.start(request))
        set_to = f"set identity = '{STRANGER['sub']}'"
        self.value(f"update notifier.code_challenge {set_to} where request = '{request}'")
        self.assertIn(self.land(back).get("error"), ("oidc-not-exchanged", "oidc-claim-nonce"))

    def test_a_code_of_somebody_elses_login_is_not_taken(self) -> None:
        """A stranger's own code, put into the return of alice's login (RFC 9700 4.5)."""
        request = self.ready("injected@beta.example")
        stolen = members(urlsplit(self.log_in(self.start(request))).query)["code"]
        back = with_member(self.log_in(self.start(request)), "code", stolen)
        self.assertEqual(self.land(back), {"error": "oidc-not-exchanged"})

    def test_a_provider_that_lies_or_is_away_is_named(self) -> None:
        request = self.ready("away@beta.example")
        back = self.log_in(self.start(request))
        self.provider.refuses = True
        self.assertEqual(self.land(back), {"error": "oidc-unreachable"})
        problem = self.problem(409, "oidc-unreachable", lambda: self.start(request))
        self.assertEqual(problem["field"], "second_factor")
        self.assertEqual(problem["clause"], "OpenID Connect Core 3.1")
        self.assertEqual(problem["detail"], "The provider does not answer now as it should.")
        self.provider.refuses = False
        lies = (({"nonce": "n"}, "oidc-claim-nonce"), ({"aud": "x"}, "oidc-claim-audience"), ({"auth_time": 1}, "oidc-claim-login"))
        for lie, refusal in lies:
            self.provider.lies = lie
            error = self.land(self.log_in(self.start(request))).get("error", "")
            self.assertEqual(error, refusal)
        self.provider.lies = {}
        back = with_member(self.log_in(self.start(request)), "iss", "https://evil.example")
        self.assertEqual(self.land(back), {"error": "oidc-redirect-issuer"})
        # Nothing of it is in the way of a new start.
        self.type(request, self.code_of(self.start(request), request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_what_is_not_set_up_is_named(self) -> None:
        request = self.ready("unset@beta.example")
        self.put("/v1/config/demo/person/alice", provider_id="")
        problem = self.problem(409, "second-factor-no-address", lambda: self.start(request))
        self.assertEqual(problem["field"], "provider_id")
        self.put("/v1/config/demo/person/alice", provider_id=SUBJECT)
        # The platform's does not step in: whoever is called so there may be somebody else.
        spec = {"type": "oidc", "endpoint": self.provider.issuer, "username": CLIENT, "secret": SECRET}
        self.tell_connector({**spec, "active": True}, "platform")
        self.addCleanup(self.tell_connector, {"active": False}, "platform")
        self.put("/v1/config/demo/connector/idp", active=False)

        def no_connector() -> bool:
            with self.assertRaises(Refused) as refused:
                self.start(request)
                raise Refused(200, {"code": "begun"})  # notifier has not heard of it yet
            return bool(refused.exception.problem["code"] == "second-factor-no-connector")

        wait_for(no_connector, options.wait(20), "nobody to be able to log in")

    def test_csctl_prints_where_to_log_in(self) -> None:
        request = self.ready("printed@beta.example")
        done = self.csctl("request", "approve", request)
        self.assertIn("csctl request second-factor ID", done.stderr)
        done = self.csctl("request", "second-factor", request)
        self.assertEqual(done.returncode, 0, done.stderr)
        url = re.search(r"https://\S+/authorize\?[^\s\"]+", done.stdout)
        assert url, done.stdout
        code = self.code_of(url.group(0), request)
        done = self.csctl("request", "approve", request, "--codes", given=code + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_a_browser_shows_the_code_and_forgets_it(self) -> None:
        request = self.ready("browsed@beta.example")
        with Browser(options.wait(20)) as browser:
            browser.open(self.log_in(self.start(request)))
            browser.until("!document.getElementById('shown').hidden")
            self.assertEqual(browser.run("location.pathname + location.search + location.hash"), "/second-factor")
            self.assertEqual(browser.run("document.getElementById('request').textContent"), request)
            self.assertEqual(browser.run("document.getElementById('account').textContent"), "alice")
            code = browser.run("document.getElementById('code').textContent")
            self.assertFalse([url for url in browser.requests if "/v1/" in url])
            browser.screenshot(self.stack.root / "out" / "second-factor.png")  # stays with the logs
            said_of = (
                ("login-of-another", "somebody else"),
                ("oidc-claim-nonce", "oidc-claim-nonce"),
                ("oidc-not-exchanged", "old or used"),
                ("oidc-claim-login-time", "Microsoft Entra"),
                ("oidc-claim-person", "lacks the claim"),
                ("oidc-claim-email", "verify addresses"),
                ("saml-name-transient", "another NameID"),
                ("oidc-never-heard-of", "oidc-never-heard-of"),
                ("constructor", "(constructor)"),
            )
            for word, said in said_of:
                browser.open(f"{self.person().base}/second-factor?{word}#error={word}")
                browser.until(f"document.getElementById('status').textContent.includes('{said}')")
            browser.open(f"{self.person().base}/second-factor?markup#error=<b>x</b>")
            browser.until("document.getElementById('status').className === 'bad'")
            self.assertEqual(browser.run("document.querySelectorAll('#status b').length"), 0)
            # What somebody else puts behind "#" is not shown as if we said it.
            for number, account in enumerate(("", "call%20this%20number", "a" * 129, "%E2%80%AEa", "a%0Ab", ".a")):
                shown = f"code=12345678&request={request}&account={account}"
                browser.open(f"{self.person().base}/second-factor?shown{number}#{shown}")
                browser.until("document.getElementById('status').className === 'bad'")
                self.assertTrue(browser.run("document.getElementById('shown').hidden"), account)
                self.assertEqual(browser.run("document.getElementById('account').textContent"), "")
        self.type(request, code)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

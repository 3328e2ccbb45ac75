# SPDX-License-Identifier: Apache-2.0
"""Second factors by a login at a provider of OpenID Connect.  The seed: "OIDC Authentication", "Azure Authentication"; "After the
selected method is successfully verified, the certificate is generated."
"""

import http.client
import re
import ssl
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

from browser import Browser
from oidc_provider import OidcProvider, members, with_member
from options import options
from product import ADMINISTRATOR
from provider import make_ca

ROOT = ADMINISTRATOR[0]
CLIENT, SECRET = "countersign ra", "s3cret: that only notifier opens"
SUBJECT, OID = "248289761001", "6f1c9a1e-0000-4b2c-9d0e-0123456789ab"
TENANT = "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"  # as Microsoft's endpoints begin
STRANGER = {"sub": "248289761002", "oid": "7f1c9a1e-0000-4b2c-9d0e-0123456789ab"}


class LoginProvider(SystemTest):
    mail_below = ("beta.example",)

    @classmethod
    def prepare(cls) -> None:
        cls.providers = cls.stack.root / "providers"
        make_ca(cls.providers)
        address = cls.stack.free_address()
        cls.settings = {
            "notifier": {
                "CS_CONNECTOR_CA_FILE": str(cls.providers / "ca.crt"),
                "CS_REDIRECT_BASE": f"http://{address}",
            },
            "request-intake": {
                "CS_HTTP_LISTEN": address,
                "CS_CREATIONS_PER_HOUR": "10000",
                "CS_PRESSES_PER_HOUR": "100000",
            },
        }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        spec = {"validation": "mailbox", "certificate_profile": "mailbox-multipurpose", "second_factor": "oidc"}
        Applicant(cls.stack, ROOT).call("PUT", "/v1/config/demo/profile/by-oidc", spec, {"If-None-Match": "*"})

    def setUp(self) -> None:
        self.value("delete from notifier.code_sent")  # ten an hour: each test has its own hour
        self.put("/v1/config/demo/person/alice", provider_id=SUBJECT)
        self.provider = self.connect("/realms/a")
        self.seen: list[str] = []  # what nobody else may ever see

    # Settings

    def put(self, path: str, **spec: Any) -> None:
        """As it is, and these fields otherwise."""
        root = self.person(ROOT)
        try:
            shown = root.call("GET", path)
            known, old = {"If-Match": f'"{shown["version"]}"'}, shown["spec"]
        except Refused:
            known, old = {"If-None-Match": "*"}, {}
        root.call("PUT", path, {**old, **spec}, known)

    def connect(self, path: str, **more: Any) -> OidcProvider:
        """A provider that demo's connector leads to, and notifier has heard of it."""
        provider = OidcProvider(self.providers, CLIENT, SECRET, path)
        self.addCleanup(provider.close)
        provider.person = {"sub": SUBJECT, "oid": OID}
        spec = {"type": "oidc", "endpoint": provider.issuer, "username": CLIENT, "secret": SECRET, "active": True}
        log = self.stack.root / "log" / "notifier.log"
        taken = "connector taken name=demo/idp"
        before = log.read_text(errors="replace").count(taken)
        self.put("/v1/config/demo/connector/idp", **spec, **more)
        wait_for(
            lambda: log.read_text(errors="replace").count(taken) > before,
            options.wait(20),
            "notifier to hear of the provider",
        )
        return provider

    # Requests

    def ready(self, mailbox: str) -> str:
        """All that is missing is the approval."""
        alice = self.person()
        request = alice.create(self.csr(f"login-{uuid.uuid4()}"), [mailbox], "by-oidc")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.wait_state(request, "ready")
        return str(request)

    def problem(self, status: int, code: str, call: Any) -> dict[str, Any]:
        with self.assertRaises(Refused) as refused:
            call()
        self.assertEqual((refused.exception.status, refused.exception.problem["code"]), (status, code))
        return refused.exception.problem

    def start(self, request: str) -> str:
        """The URL that the person opens."""
        started = self.person().call("POST", f"/v1/requests/{request}/second-factor")
        self.assertEqual((started["method"], started["codes"][0]["channel"]), ("oidc", "login"))
        return str(started["codes"][0]["url"])

    def type(self, request: str, code: str) -> None:
        self.person().call("POST", f"/v1/requests/{request}/approve", {"code": code})

    # A browser that does what it is told

    def fetch(self, url: str, method: str = "GET") -> tuple[int, dict[str, str]]:
        parts = urlsplit(url)
        context = ssl.create_default_context(cafile=str(self.providers / "ca.crt"))
        assert parts.hostname is not None
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.hostname, parts.port, timeout=options.wait(60), context=context)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=options.wait(60))
        )
        try:
            connection.request(method, f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            answer.read()
            return answer.status, dict(answer.getheaders())
        finally:
            connection.close()

    def log_in(self, url: str) -> str:
        """At the provider; where it sends the browser back to."""
        status, fields = self.fetch(url)
        self.assertEqual(status, 302)
        back = fields["Location"]
        query = members(urlsplit(back).query)
        self.seen += [query[name] for name in ("state", "code") if name in query]
        self.assertTrue(back.startswith(f"{self.person().base}/second-factor/oidc?"), back)
        return back

    def land(self, back: str) -> dict[str, str]:
        """What the page is told that the browser lands on."""
        status, fields = self.fetch(back)
        self.assertEqual(status, 303)
        self.assertEqual((fields["Cache-Control"], fields["Referrer-Policy"]), ("no-store", "no-referrer"))
        page, _, fragment = fields["Location"].partition("#")
        self.assertEqual(page, "/second-factor")
        return {name: values[0] for name, values in parse_qs(fragment).items()}

    def code_of(self, url: str, request: str) -> str:
        shown = self.land(self.log_in(url))
        self.assertEqual((shown.get("request"), shown.get("account")), (request, "alice"), shown)
        self.seen.append(shown["code"])
        return shown["code"]

    def nowhere(self) -> None:
        """Neither a code nor what a browser carried is in an event, a row or a log."""
        secrets = [*self.seen, SECRET, *(form["code_verifier"] for form in self.provider.exchanged)]
        tables = self.rows("select schemaname, tablename from pg_tables where schemaname in ('notifier', 'request_intake')")
        for secret in secrets:
            for schema, table in tables:
                where = f"t::text like '%{secret}%' or t::text like '%{secret.encode().hex()}%'"
                self.assertEqual(self.count(f"{schema}.{table} t where {where}"), 0, (table, secret))
            for log in (self.stack.root / "log").glob("*.log"):
                self.assertNotIn(secret, log.read_text(errors="replace"), log.name)

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
        self.problem(409, "second-factor-not-sent", lambda: self.type(request, "12345678"))
        code = self.code_of(url, request)
        wrong = code[:-1] + ("1" if code[-1] == "0" else "0")
        problem = self.problem(422, "second-factor-wrong", lambda: self.type(request, wrong))
        self.assertEqual(problem["tries_left"], 4)
        self.type(request, f"{code[:4]} {code[4:]}")
        shown = alice.wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn("proved_at", shown["second_factor"])
        history = f"request_intake.history where request = '{request}' and reason = 'second-factor-proved'"
        self.assertEqual(self.count(history), 1)
        self.nowhere()

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
        for forged in (bent, "A" * 64, state[:-1], ""):
            self.assertEqual(self.land(with_member(back, "state", forged)), {"error": "login-unknown"})
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
            for word, said in (("login-of-another", "somebody else"), ("oidc-claim-nonce", "oidc-claim-nonce")):
                browser.open(f"{self.person().base}/second-factor?{word}#error={word}")
                browser.until(f"document.getElementById('status').textContent.includes('{said}')")
            browser.open(f"{self.person().base}/second-factor?markup#error=<b>x</b>")
            browser.until("document.getElementById('status').className === 'bad'")
            self.assertEqual(browser.run("document.querySelectorAll('#status b').length"), 0)
        self.type(request, code)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

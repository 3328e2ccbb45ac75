# SPDX-License-Identifier: Apache-2.0
"""Second factors by a login at an identity provider of SAML 2.0.  The seed: "SAML Authentication"."""

import base64
from xml.etree import ElementTree

from world import wait_for  # first: finds the others

from browser import Browser
from login_test import LoginTest
from options import options
from saml_provider import METADATA, Form, SamlProvider, form_of

NAME, UPN = "248289761001", "alice@corp.example"
UPN_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"


class SamlProviders(LoginTest):
    method = "saml"
    mail_below = ("beta.example",)

    def setUp(self) -> None:
        super().setUp()
        self.put("/v1/config/demo/person/alice", provider_id=NAME)
        self.provider = SamlProvider(self.providers)
        self.addCleanup(self.provider.close)
        self.provider.name_id = NAME
        self.connect()

    def connect(self, **more: str) -> None:
        spec = {"type": "saml", "endpoint": self.provider.metadata_at, "active": True, "claim": ""}
        self.tell_connector({**spec, **more})

    # A browser that does what it is told

    def log_in(self, url: str) -> Form:
        """At the provider; what its page posts."""
        status, _, page = self.fetch(url)
        self.assertEqual(status, 200, page)
        form = form_of(page)
        self.assertEqual(form.to, f"{self.person().base}/second-factor/saml")
        self.seen += [form.fields["RelayState"], form.fields["SAMLResponse"][:60]]
        return form

    def come_back(self, form: Form) -> dict[str, str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.provider.base}
        return self.landed(self.fetch(form.to, "POST", form.body(), kind))

    def code_of(self, url: str, request: str) -> str:
        return self.code_in(self.come_back(self.log_in(url)), request)

    # What the seed says

    def test_a_login_lets_the_certificate_be_made(self) -> None:
        request = self.ready("saml@beta.example")
        self.problem(403, "second-factor-needed", lambda: self.person().approve(request))
        code = self.code_of(self.start(request), request)
        self.type(request, code)
        shown = self.person().wait_state(request, "issued", timeout=options.wait(60))
        self.assertIn("proved_at", shown["second_factor"])
        self.nowhere(self.seen)

    def test_an_attribute_may_name_the_person(self) -> None:
        self.provider.name_id, self.provider.attributes = "somebody", {"groups": "x", UPN_CLAIM: UPN}
        self.connect(claim=UPN_CLAIM)
        self.put("/v1/config/demo/person/alice", provider_id=UPN)
        request = self.ready("attribute@beta.example")
        self.type(request, self.code_of(self.start(request), request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_somebody_elses_login_shows_no_code(self) -> None:
        request = self.ready("saml-another@beta.example")
        self.provider.name_id = "248289761002"
        self.assertEqual(self.come_back(self.log_in(self.start(request))), {"error": "login-of-another"})
        self.problem(409, "second-factor-not-sent", lambda: self.type(request, "12345678"))
        self.provider.declines = True
        self.assertEqual(self.come_back(self.log_in(self.start(request))), {"error": "saml-denied"})
        self.provider.declines, self.provider.name_id = False, NAME
        self.type(request, self.code_of(self.start(request), request))

    def test_an_answer_is_good_once_and_for_its_own_login(self) -> None:
        request = self.ready("saml-once@beta.example")
        form = self.log_in(self.start(request))
        state = form.fields["RelayState"]
        for forged in (state[:-1] + ("A" if state[-1] != "A" else "B"), "A" * 72, state[:-1], ""):
            bent = form._replace(fields={**form.fields, "RelayState": forged})
            self.assertEqual(self.come_back(bent), {"error": "login-unknown"})
        self.assertIn("code", self.come_back(form))
        self.assertEqual(self.come_back(form), {"error": "login-used"})
        # The answer to one login in the return of another.
        stolen = form.fields["SAMLResponse"]
        other = self.log_in(self.start(request))
        injected = other._replace(fields={**other.fields, "SAMLResponse": stolen})
        self.assertEqual(self.come_back(injected), {"error": "saml-request"})
        # By the way of another kind of provider.
        back = f"{self.person().base}/second-factor/oidc/demo?code=x&state={self.log_in(self.start(request)).fields['RelayState']}"
        self.assertEqual(self.landed(self.fetch(back)), {"error": "login-unknown"})

    def test_what_is_not_signed_so_is_refused(self) -> None:
        request = self.ready("saml-lies@beta.example")
        lies = (
            ({"audience": "https://evil.example"}, "saml-audience"),
            ({"recipient": "https://evil.example"}, "saml-recipient"),
            ({"until": "2020-01-01T00:00:00Z"}, "saml-expired"),
            ({"login": "2020-01-01T00:00:00Z"}, "saml-login"),
        )
        for lie, refusal in lies:
            self.provider.lies = lie
            self.assertEqual(self.come_back(self.log_in(self.start(request))), {"error": refusal})
        self.provider.lies = {}
        form = self.log_in(self.start(request))
        honest = self.provider.signer
        self.provider.signer = self.provider.new_signer(self.providers)
        # Its key is no longer in the metadata when it comes back.
        self.assertEqual(self.come_back(form), {"error": "saml-signature"})
        self.provider.signer = honest
        self.provider.lies = {"name_id": f"{NAME}<!-- not seen -->"}
        self.type(request, self.code_of(self.start(request), request))
        self.person().wait_state(request, "issued", timeout=options.wait(60))

    def test_a_provider_that_is_away_is_named(self) -> None:
        request = self.ready("saml-away@beta.example")
        form = self.log_in(self.start(request))
        self.provider.refuses = True
        self.assertEqual(self.come_back(form), {"error": "saml-unreachable"})
        problem = self.problem(409, "saml-unreachable", lambda: self.start(request))
        self.assertEqual(problem["field"], "second_factor")
        self.provider.refuses = False
        self.type(request, self.code_of(self.start(request), request))

    def test_our_metadata_says_where_answers_go(self) -> None:
        base = self.person().base
        status, fields, text = self.fetch(f"{base}/second-factor/saml/metadata")
        self.assertEqual((status, fields["Content-Type"]), (200, "application/samlmetadata+xml"))
        entity = ElementTree.fromstring(text)
        asked = self.provider.read(self.query_of(self.start(self.ready("saml-metadata@beta.example"))))
        self.assertEqual(entity.get("entityID"), asked.issuer)
        answer_at = entity.find(f"{{{METADATA}}}SPSSODescriptor/{{{METADATA}}}AssertionConsumerService")
        assert answer_at is not None
        self.assertEqual(answer_at.get("Location"), asked.answer_at)

    @staticmethod
    def is_there(browser: Browser) -> bool:
        try:
            return bool(browser.run("location.pathname === '/second-factor'"))
        except RuntimeError:  # between two pages
            return False

    def test_a_browser_posts_it_and_shows_the_code(self) -> None:
        request = self.ready("saml-browsed@beta.example")
        with Browser(options.wait(20)) as browser:
            page = self.fetch(self.start(request))[2]
            # From an origin of its own, as the provider's page is.
            browser.open("data:text/html;base64," + base64.b64encode(page.encode()).decode())
            browser.run("document.getElementById('go').click()")
            wait_for(lambda: self.is_there(browser), options.wait(20), "the browser to come back")
            browser.until("!document.getElementById('shown').hidden")
            self.assertEqual(browser.run("location.pathname + location.search + location.hash"), "/second-factor")
            self.assertEqual(browser.run("document.getElementById('request').textContent"), request)
            code = browser.run("document.getElementById('code').textContent")
            browser.open(f"{self.person().base}/second-factor?said#error=saml-denied")
            browser.until("document.getElementById('status').textContent.includes('did not let you in')")
        self.type(request, code)
        self.person().wait_state(request, "issued", timeout=options.wait(60))

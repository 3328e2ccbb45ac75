# SPDX-License-Identifier: Apache-2.0
"""Logins at providers as second factors: what is the same whatever the provider speaks."""

import http.client
import ssl
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from world import Applicant, Refused, SystemTest, wait_for  # first: finds the others

from oidc_provider import members
from options import options
from product import ADMINISTRATOR
from provider import make_ca

ROOT = ADMINISTRATOR[0]
Answer = tuple[int, dict[str, str], str]


class LoginTest(SystemTest):
    method = ""

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
                "CS_REDIRECT_BASE": f"http://{address}",
                "CS_CREATIONS_PER_HOUR": "10000",
                "CS_PRESSES_PER_HOUR": "100000",
            },
        }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        spec = {"validation": "mailbox", "certificate_profile": "mailbox-multipurpose", "second_factor": cls.method}
        path = f"/v1/config/demo/profile/by-{cls.method}"
        Applicant(cls.stack, ROOT).call("PUT", path, spec, {"If-None-Match": "*"})

    def setUp(self) -> None:
        self.value("delete from notifier.code_sent")  # ten an hour: each test has its own hour
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

    def tell_connector(self, spec: dict[str, Any], enterprise: str = "demo") -> None:
        """The enterprise's, and notifier has heard of it."""
        log = self.stack.root / "log" / "notifier.log"
        taken = f"connector taken name={enterprise}/idp"
        before = log.read_text(errors="replace").count(taken)
        self.put(f"/v1/config/{enterprise}/connector/idp", **spec)
        wait_for(
            lambda: log.read_text(errors="replace").count(taken) > before,
            options.wait(20),
            "notifier to hear of the provider",
        )

    # Requests

    def ready(self, mailbox: str) -> str:
        """All that is missing is the approval."""
        alice = self.person()
        request = alice.create(self.csr(f"login-{uuid.uuid4()}"), [mailbox], f"by-{self.method}")
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
        self.assertEqual((started["method"], started["codes"][0]["channel"]), (self.method, "login"))
        return str(started["codes"][0]["url"])

    def type(self, request: str, code: str) -> None:
        self.person().call("POST", f"/v1/requests/{request}/approve", {"code": code})

    # A browser that does what it is told

    @staticmethod
    def query_of(url: str) -> dict[str, str]:
        return members(urlsplit(url).query)

    def fetch(self, url: str, method: str = "GET", body: str = "", fields: dict[str, str] | None = None) -> Answer:
        parts = urlsplit(url)
        context = ssl.create_default_context(cafile=str(self.providers / "ca.crt"))
        assert parts.hostname is not None
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.hostname, parts.port, timeout=options.wait(60), context=context)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.hostname, parts.port, timeout=options.wait(60))
        )
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, target, body.encode() if body else None, fields or {})
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, dict(answer.getheaders()), text
        finally:
            connection.close()

    def landed(self, answer: Answer) -> dict[str, str]:
        """What the page is told that the browser lands on."""
        status, fields, _ = answer
        self.assertEqual(status, 303)
        self.assertEqual((fields["Cache-Control"], fields["Referrer-Policy"]), ("no-store", "no-referrer"))
        page, _, fragment = fields["Location"].partition("#")
        self.assertEqual(page, "/second-factor")
        return {name: values[0] for name, values in parse_qs(fragment).items()}

    def code_in(self, shown: dict[str, str], request: str) -> str:
        self.assertEqual((shown.get("request"), shown.get("account")), (request, "alice"), shown)
        self.seen.append(shown["code"])
        return shown["code"]

    def nowhere(self, secrets: list[str]) -> None:
        """Neither a code nor what a browser carried is in an event, a row or a log."""
        schemas = "('notifier', 'request_intake')"
        tables = self.rows(f"select schemaname, tablename from pg_tables where schemaname in {schemas}")
        for secret in secrets:
            for schema, table in tables:
                where = f"t::text like '%{secret}%' or t::text like '%{secret.encode().hex()}%'"
                self.assertEqual(self.count(f"{schema}.{table} t where {where}"), 0, (table, secret))
            for log in (self.stack.root / "log").glob("*.log"):
                self.assertNotIn(secret, log.read_text(errors="replace"), log.name)

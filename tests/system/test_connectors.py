# SPDX-License-Identifier: Apache-2.0
"""Connectors: set by the API, sealed, told to the services that use them, and tried out."""

import base64
import json
from typing import Any

from world import wait_for  # first: finds the others

from connector_test import ROOT, ConnectorTest

from directory import Directory
from nats_client import NatsClient
from options import options
from provider import Provider, Talk, answers, endless, silent

SECRET = "a pass phrase that nobody else sees"
WELL_KNOWN = "/.well-known/openid-configuration"
GREETING = "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"  # a bind of LDAP that names nobody
METADATA = (
    b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/saml">'
    b'<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor>'
    b'<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
    b"MIIBgTCCASegAwIBAgIUPNMMN04z4wRf/scEVwblbdsxrcwwCgYIKoZIzj0EAwIw"
    b"FjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjE0OTMwWhcNMzYxMTI1"
    b"MjE0OTMwWjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG"
    b"SM49AwEHA0IABLgOp8IiAD+78iQAA0BV2ry+ITI7kXWeT7LFjqml9/qNph3o5usw"
    b"AF1JOhwTFbCdgUBBAtG5kBC7HaWWN7yYpNWjUzBRMB0GA1UdDgQWBBQt3x1aUZpZ"
    b"AuxgTvxaflzhW3tOwzAfBgNVHSMEGDAWgBQt3x1aUZpZAuxgTvxaflzhW3tOwzAP"
    b"BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIFXjVwGsNAuXiufvl82c"
    b"y4SWA45/uLpUcE2QI+1L17V7AiEAoPvo9Ag2PfdUt6CfIoipalFKyU6u9gHdpgTu"
    b"JH2UtXg="
    b"</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService "
    b'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>'
    b"</IDPSSODescriptor></EntityDescriptor>"
)


class Connectors(ConnectorTest):
    mail_below = ("beta.example",)

    of_connectors = ("request-intake",)

    def issue(self, mailbox: str) -> int:
        """The number of the last mail before the notice."""
        alice = self.person()
        request = alice.create(self.csr(mailbox), [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        last = int(self.stack.mail.find(mailbox)[-1]["number"])
        alice.approve(request)
        alice.wait_state(request, "issued")
        return last

    def notice(self, mailbox: str, after: int) -> dict[str, Any]:
        self.stack.mail.wait(mailbox, after=after, timeout=options.wait(30))
        return self.stack.mail.find(mailbox, after)[0]

    # Mails

    def test_mails_go_by_the_relay_of_the_enterprise(self) -> None:
        relay = f"smtp://{self.stack.mail.relay}"
        self.put("demo", "relay", type="smtp", endpoint=relay, **{"from": "ra@demo.example"})
        tried = self.tried("demo", "relay")
        self.assertEqual(tried["result"], "good", tried)
        self.assertIn(f"spoken to {relay}", tried["seen"])
        mailbox = "by-relay@beta.example"
        self.assertEqual(self.notice(mailbox, self.issue(mailbox))["from"], "ra@demo.example")

        self.delete("/v1/config/demo/connector/relay")
        self.put("platform", "relay", type="smtp", endpoint=relay, **{"from": "ra@platform.example"})
        self.assertEqual(self.tried("platform", "relay")["result"], "good")
        mailbox = "by-platform@beta.example"
        self.assertEqual(self.notice(mailbox, self.issue(mailbox))["from"], "ra@platform.example")

    def test_what_was_set_is_known_after_a_restart(self) -> None:
        self.put(
            "demo", "kept", type="smtp", endpoint=f"smtp://{self.stack.mail.relay}", **{"from": "kept@demo.example"}
        )
        self.assertEqual(self.tried("demo", "kept")["result"], "good")
        self.stack.restart_service("notifier")
        self.assertEqual(self.tried("demo", "kept")["result"], "good")
        mailbox = "restarted@beta.example"
        self.assertEqual(self.notice(mailbox, self.issue(mailbox))["from"], "kept@demo.example")

    def test_what_was_set_outlives_the_lane(self) -> None:
        """JetStream promises nothing: a lane that was lost is filled again from the outbox."""
        self.put("demo", "wiped", type="open-mpic", quorum=4)
        self.assertEqual(self.tried("demo", "wiped")["result"], "good")
        self.stack.nats.wipe()
        wait_for(lambda: any(b"wiped" in body for body in self.lane()), options.wait(60), "the lane to be filled again")
        # Whoever reads along notices that the lane begins anew.
        self.assertEqual(self.tried("demo", "wiped")["result"], "good")  # everybody is back on the bus
        self.put("demo", "wiped", type="open-mpic", quorum=5)
        self.assertEqual(self.tried("demo", "wiped")["result"], "good")
        self.stack.restart_service("mpic-coordinator")
        self.assertEqual(self.tried("demo", "wiped")["result"], "good")

    def test_a_relay_that_is_not_there_is_called_bad(self) -> None:
        self.put("demo", "gone", type="smtp", active=False, endpoint="smtp://127.0.0.1:1", **{"from": "a@demo.example"})
        tried = self.tried("demo", "gone")
        self.assertEqual(tried["result"], "bad")
        self.assertIn("could not speak to smtp://127.0.0.1:1", tried["seen"])

    # Identity providers, directories and messages

    def provider(self, talk: Talk, certificate: str = "good") -> Provider:
        made = Provider(self.providers, talk, certificate)
        self.addCleanup(made.close)
        return made

    def looked(self, kind: str, endpoint: str, enterprise: str = "demo") -> tuple[str, str]:
        """The result, and all that was seen."""
        more = {"bind_dn": "{login}@corp.example"} if kind == "ldap" else {}
        self.put(enterprise, "looked", type=kind, endpoint=endpoint, **more)
        answer = self.call(ROOT, "POST", f"/v1/config/{enterprise}/connector/looked/test")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json["result"], "\n".join(answer.json["seen"])

    def assert_bad(self, why: str, found: tuple[str, str]) -> None:
        self.assertEqual(found[0], "bad", found)
        self.assertIn(why, found[1])

    def oidc(self, change: Any = None, certificate: str = "good") -> tuple[tuple[str, str], Provider]:
        """What is seen of a provider whose document was changed like that."""
        provider = self.provider(lambda connection, path: said[0](connection, path), certificate)
        issuer = f"https://127.0.0.1:{provider.port}/realm"
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        document: dict[str, Any] = {"issuer": issuer, **{name: f"{issuer}/{name}" for name in names}}
        document["response_types_supported"] = ["code"]
        document["id_token_signing_alg_values_supported"] = ["RS256"]
        said = [answers("200 OK", json.dumps({**document, **(change or {})}).encode())]
        return self.looked("oidc", issuer), provider

    def test_a_provider_of_openid_is_looked_at(self) -> None:
        (result, seen), provider = self.oidc()
        self.assertEqual(result, "good", seen)
        self.assertEqual(provider.asked, [f"GET /realm{WELL_KNOWN} HTTP/1.1"])
        self.assertIn("good.provider", seen)  # whose certificate it is
        for word in ("its issuer is the endpoint", "authorization_endpoint: ", "token_endpoint: ", "jwks_uri: ", "signs by RS256"):
            self.assertIn(word, seen)

    def test_a_provider_that_is_somebody_else_is_bad(self) -> None:
        self.assert_bad("its issuer is another one: https://evil.example", self.oidc({"issuer": "https://evil.example"})[0])
        self.assert_bad("it has no jwks_uri", self.oidc({"jwks_uri": None})[0])
        self.assert_bad("token_endpoint is not under TLS", self.oidc({"token_endpoint": "http://a.example/"})[0])
        self.assert_bad("signs by none of", self.oidc({"id_token_signing_alg_values_supported": ["HS256"]})[0])

    def test_a_certificate_that_is_not_good_ends_it(self) -> None:
        found, provider = self.oidc(certificate="expired")
        self.assert_bad("certificate has expired", found)
        self.assertEqual(provider.asked, [])
        found, provider = self.oidc(certificate="stranger")
        self.assert_bad("self-signed certificate", found)
        self.assertEqual(provider.asked, [])

    def test_a_redirect_is_told_and_not_followed(self) -> None:
        inner = self.provider(answers("200 OK"))
        for kind in ("oidc", "saml", "sms"):
            goal = f"https://127.0.0.1:{inner.port}/"
            provider = self.provider(answers("302 Found", b"", f"Location: {goal}"))
            self.assert_bad(f'leads to "{goal}": nobody went there', self.looked(kind, f"https://127.0.0.1:{provider.port}"))
        self.assertEqual(inner.connections, 0)

    def test_an_answer_without_an_end_has_one(self) -> None:
        for kind in ("oidc", "saml"):
            provider = self.provider(endless)
            self.assert_bad("too-large", self.looked(kind, f"https://127.0.0.1:{provider.port}"))
        provider = self.provider(silent)
        self.assert_bad("timed-out", self.looked("oidc", f"https://127.0.0.1:{provider.port}"))

    def test_names_are_resolved_and_none_is_said_so(self) -> None:
        provider = self.provider(answers("404 Not Found"))
        result, seen = self.looked("sms", f"https://localhost:{provider.port}")
        self.assertEqual(result, "good", seen)
        self.assertIn("at 127.0.0.1", seen)
        found = self.looked("sms", "https://nobody.invalid")
        self.assertEqual(found[0], "bad", found)
        self.assertRegex(found[1], r"\((not-resolved|timed-out)\)")
        self.assertEqual(self.looked("sms", f"https://localhost:{provider.port}")[0], "good")

    def test_tenants_lead_to_public_addresses_alone(self) -> None:
        for host in ("10.9.8.7", "169.254.169.254", "192.168.0.1"):
            for kind, scheme in (("oidc", "https"), ("ldap", "ldaps")):
                self.assert_bad("address-refused", self.looked(kind, f"{scheme}://{host}"))
        self.assert_bad("address-refused", self.looked("sms", "https://169.254.169.254", "platform"))

    def test_metadata_of_saml_is_read(self) -> None:
        provider = self.provider(answers("200 OK", METADATA))
        result, seen = self.looked("saml", f"https://127.0.0.1:{provider.port}/metadata.xml")
        self.assertEqual(result, "good", seen)
        self.assertEqual(provider.asked, ["GET /metadata.xml HTTP/1.1"])
        self.assertIn("entityID: https://idp.example/saml", seen)
        self.assertIn("its signature was not checked", seen)
        for why, document in (
            ("document type", b'<!DOCTYPE a [<!ENTITY b "c">]>' + METADATA),
            ("no identity provider", METADATA.replace(b"IDPSSO", b"SPSSO")),
            ("no certificate", METADATA.replace(b"X509Certificate", b"X509CRL")),
            ("SingleSignOnService", METADATA.replace(b"HTTP-Redirect", b"SOAP")),
            ("not well-formed", METADATA[:-3]),
        ):
            provider = self.provider(answers("200 OK", document))
            self.assert_bad(why, self.looked("saml", f"https://127.0.0.1:{provider.port}"))

    def test_a_gateway_of_messages_is_sent_nothing(self) -> None:
        provider = self.provider(answers("405 Method Not Allowed"))
        result, seen = self.looked("sms", f"https://127.0.0.1:{provider.port}/send")
        self.assertEqual(result, "good", seen)
        self.assertIn("it answered 405\nnothing was sent", seen)
        self.assertEqual(provider.asked, ["GET /send HTTP/1.1"])
        provider = self.provider(answers("503 Later"))
        self.assert_bad("out of order", self.looked("sms", f"https://127.0.0.1:{provider.port}"))

    def test_a_directory_is_greeted_and_no_more(self) -> None:
        directory = Directory(self.stack.root / "directory", self.providers, {})
        self.addCleanup(directory.stop)
        directory.start()
        result, seen = self.looked("ldap", directory.endpoint)
        self.assertEqual(result, "good", seen)
        self.assertIn("good.provider", seen)
        self.assertIn("it speaks LDAP: a bind as nobody ended with result 0\nnobody logged in", seen)
        self.assertEqual(directory.binds(), [""])

    def test_what_is_no_directory_or_out_of_order_is_told(self) -> None:
        provider = self.provider(answers("400 Bad Request"))
        self.assert_bad("does not speak LDAP", self.looked("ldap", f"ldaps://127.0.0.1:{provider.port}"))
        self.assertEqual(provider.asked, [GREETING])
        for result, good in ((48, "good"), (51, "bad"), (52, "bad")):
            said = f"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01{chr(result)}\x04\x00\x04\x00".encode("latin-1")
            provider = self.provider(lambda connection, _, said=said: connection.sendall(said))
            found, seen = self.looked("ldap", f"ldaps://127.0.0.1:{provider.port}")
            self.assertEqual(found, good, seen)
            self.assertIn(f"result {result}", seen)
        expired = self.provider(silent, "expired")
        self.assert_bad("certificate has expired", self.looked("ldap", f"ldaps://127.0.0.1:{expired.port}"))

    # Secrets

    def test_a_secret_lies_and_travels_sealed(self) -> None:
        shown = self.put(
            "demo",
            "sealed",
            type="smtp",
            active=False,
            endpoint="smtps://mail.demo.example",
            username="ra",
            secret=SECRET,
            **{"from": "ra@demo.example"},
        )
        self.assertNotIn("secret", shown["spec"])
        self.assertEqual((shown["status"]["secret"], shown["status"]["service"]), (True, "notifier"))
        again = self.call(ROOT, "GET", "/v1/config/demo/connector/sealed").json
        changes = self.call(ROOT, "GET", "/v1/config/demo/changes").json
        for what in (shown, again, changes):
            self.assertNotIn(SECRET, json.dumps(what))
            self.assertNotIn("sealed\":", json.dumps(what))
        stored = self.value("select spec from policy.document where kind = 'connector' and name = 'sealed'")
        self.assertIn("sealed", stored)
        octets = self.value("select string_agg(encode(body, 'escape'), '') from policy.outbox")
        self.assertNotIn(SECRET, stored + octets)
        told = lambda: any(b"mail.demo.example" in body for body in self.lane())  # noqa: E731
        wait_for(told, options.wait(20), "the connector in its lane")
        self.assertFalse(any(SECRET.encode() in body for body in self.lane()))
        for log in (self.stack.root / "log").glob("*.log"):
            self.assertNotIn(SECRET, log.read_text(errors="replace"), log.name)
        self.tried("demo", "sealed")  # notifier opens it: else it would say so
        answer = self.call(
            ROOT,
            "PUT",
            "/v1/config/demo/connector/sealed",
            {**shown["spec"], "endpoint": "smtps://mail.evil.example"},
            If_Match=f'"{shown["version"]}"',
        )
        self.assertEqual((answer.status, answer.code), (422, "connector-secret-bound"))

    def lane(self) -> list[bytes]:
        """Every event of connectors, as a stranger who reads the lane sees it."""
        observer = NatsClient(self.stack.nats.url, self.stack.nats.ca_file, self.stack.nats.seed_file("observer"))
        self.addCleanup(observer.close)
        # nats-server 2.9.10 panics when it is asked for a message of a stream that it is just making: that one has none.
        last = observer.api("STREAM.INFO.CONFIG").get("state", {}).get("last_seq", 0)
        found, at = [], 1
        while at <= last:
            asked = {"seq": at, "next_by_subj": "cs.config.connector"}
            message = observer.api("STREAM.MSG.GET.CONFIG", asked).get("message")
            if message is None:
                break
            found.append(base64.b64decode(message["data"]))
            at = int(message["seq"]) + 1
        return found

    def test_connectors_are_told_again(self) -> None:
        """The lane forgets after 30 days, and who follows it keeps nothing."""
        self.put("demo", "again", type="open-mpic", quorum=4)
        self.tried("demo", "again")
        before = len(self.lane())
        self.stack.postgres.query("update policy.config_head set told_ms = 0")
        wait_for(lambda: len(self.lane()) > before, options.wait(20), "connectors to be told again")
        self.assertEqual(self.tried("demo", "again")["result"], "good")

    # Perspectives

    def test_a_quorum_below_the_rules_is_refused(self) -> None:
        answer = self.call(
            ROOT, "PUT", "/v1/config/demo/connector/low", {"type": "open-mpic", "quorum": 2}, If_None_Match="*"
        )
        self.assertEqual((answer.status, answer.json["field"]), (422, "spec.quorum"))
        self.assertIn("TBR 3.2.2.9", answer.json["clause"])

    def test_a_quorum_of_all_is_not_met_without_one(self) -> None:
        self.put("demo", "all", type="open-mpic", quorum=5)
        tried = self.tried("demo", "all")
        self.assertEqual(tried["result"], "good", tried)
        self.stack.stop_service("mpic-perspective-nairobi")
        mailbox = "quorum@beta.example"
        alice = self.person()
        request = alice.create(self.csr(mailbox), [mailbox], "smime-mailbox")
        alice.wait_planned(request)
        alice.prove_mailbox(request, mailbox)
        alice.approve(request)

        def wanted() -> bool:
            check = alice.check(request, "mpic-caa-1")
            return check is not None and "5 are wanted" in json.dumps(check)

        wait_for(wanted, options.wait(40), "a round that four of five corroborate")
        self.assertNotEqual(alice.show(request)["state"], "issued")
        self.stack.restart_service("mpic-perspective-nairobi")
        alice.wait_state(request, "issued", timeout=options.wait(90))

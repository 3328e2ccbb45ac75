# SPDX-License-Identifier: Apache-2.0
"""An identity provider of SAML 2.0 over TLS: it reads what it is asked as such a provider must, and signs what it
answers by xmlsec1, a program of others than those who verify it."""

import base64
import html
import re
import secrets
import ssl
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from oidc_provider import members
from procs import run

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

SIGNATURE = f"""<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#%s"><ds:Transforms>
<ds:Transform Algorithm="{DSIG}enveloped-signature"/><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>
<ds:SignatureValue/></ds:Signature>"""


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Asked(NamedTuple):
    """An AuthnRequest."""

    id: str
    issuer: str
    answer_at: str
    state: str


class SamlProvider:
    """Listens until close(), with a certificate of provider.make_ca().  `person`: NameID and attributes of whoever is at
    the browser; None: they decline.  `refuses`: each visit is answered 503.  `lies`: texts in the place of honest ones."""

    def __init__(self, certificates: Path, certificate: str = "good") -> None:
        self.name_id, self.attributes = "", {}  # type: tuple[str, dict[str, str]]
        self.declines = self.refuses = False
        self.lies: dict[str, str] = {}
        self.signer, self.made = self.new_signer(certificates), certificates
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def log_message(self, *_: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.metadata_at, self.entity_id = f"{self.base}/metadata.xml", f"{self.base}/idp"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def new_signer(where: Path) -> Path:
        """A key beside its certificate, whose names differ in their end."""
        key = where / f"saml-{secrets.token_hex(4)}.key"
        words = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=idp.example"]
        run(["openssl", "req", "-x509", *words, "-keyout", key, "-out", key.with_suffix(".crt")])
        return key

    # What it answers

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        if self.refuses:
            status, kind, body = 503, "text/plain", ""
        elif url.path == "/metadata.xml":
            status, kind, body = 200, "application/samlmetadata+xml", self.metadata()
        elif url.path == "/sso":
            status, kind, body = 200, "text/html", self.page(self.read(members(url.query)))
        else:
            status, kind, body = 404, "text/plain", ""
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode())

    def metadata(self) -> str:
        lines = self.signer.with_suffix(".crt").read_text().strip().split("\n")
        key = f"""<X509Data xmlns="{DSIG}"><X509Certificate>{"".join(lines[1:-1])}</X509Certificate></X509Data>"""
        return f"""<?xml version="1.0"?>
<EntityDescriptor xmlns="{METADATA}" entityID="{self.entity_id}">
<IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" WantAuthnRequestsSigned="false">
<KeyDescriptor use="signing"><KeyInfo xmlns="{DSIG}">{key}</KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="{BINDINGS}:HTTP-Redirect" Location="{self.base}/sso?realm=a"/>
</IDPSSODescriptor></EntityDescriptor>"""

    @staticmethod
    def read(query: dict[str, str]) -> Asked:
        """Inflated and judged, as a provider does that is strict."""
        assert query["realm"] == "a", query
        request = ElementTree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"], validate=True), wbits=-15))
        issuer = request.findtext(f"{{{ASSERTION}}}Issuer")
        assert request.tag == f"{{{PROTOCOL}}}AuthnRequest" and request.get("Version") == "2.0", query
        assert request.get("ForceAuthn") == "true" and request.get("ProtocolBinding") == f"{BINDINGS}:HTTP-POST", query
        assert re.fullmatch(r"[A-Za-z_][-.\w]*", request.get("ID", "")) and issuer and len(query["RelayState"]) <= 80, query
        return Asked(request.get("ID", ""), issuer, request.get("AssertionConsumerServiceURL", ""), query["RelayState"])

    def page(self, asked: Asked) -> str:
        """Posted by whoever is shown it (Bindings 3.5.4)."""
        # In lines, as many write it.
        form = base64.encodebytes(self.response(asked).encode()).decode()
        fields = {"SAMLResponse": form, "RelayState": asked.state}
        inputs = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in fields.items())
        return f"""<!DOCTYPE html><title>SAML</title>
<form method="post" action="{html.escape(asked.answer_at)}">{inputs}<button id="go">Continue</button></form>"""

    # What is signed

    def response(self, asked: Asked) -> str:
        now = time.time()
        status = "urn:oasis:names:tc:SAML:2.0:status:Responder" if self.declines else SUCCESS
        assertion = "" if self.declines else self.sign(self.assertion(asked, now))
        return f"""<samlp:Response xmlns:samlp="{PROTOCOL}" ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{at(now)}"
 Destination="{asked.answer_at}" InResponseTo="{asked.id}"><saml:Issuer xmlns:saml="{ASSERTION}">{self.entity_id}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>{assertion}</samlp:Response>"""

    def assertion(self, asked: Asked, now: float) -> str:
        said = {
            "audience": asked.issuer,
            "recipient": asked.answer_at,
            "request": asked.id,
            "until": at(now + 300),
            "login": at(now),
            "name_id": self.name_id,
            **self.lies,
        }
        attributes = "".join(
            f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'
            for name, value in self.attributes.items()
        )
        name = f"_{secrets.token_hex(16)}"
        return f"""<saml:Assertion xmlns:saml="{ASSERTION}" ID="{name}" Version="2.0" IssueInstant="{at(now)}">
<saml:Issuer>{self.entity_id}</saml:Issuer>{SIGNATURE % name}<saml:Subject><saml:NameID>{said["name_id"]}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 Recipient="{said["recipient"]}" InResponseTo="{said["request"]}" NotOnOrAfter="{said["until"]}"/></saml:SubjectConfirmation>
</saml:Subject><saml:Conditions NotBefore="{at(now - 5)}" NotOnOrAfter="{said["until"]}"><saml:AudienceRestriction>
<saml:Audience>{said["audience"]}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{said["login"]}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"""

    def sign(self, xml: str) -> str:
        bare = self.made / f"{secrets.token_hex(8)}.xml"
        signed = bare.with_suffix(".signed")
        bare.write_text(xml)
        words = ["--id-attr:ID", f"{ASSERTION}:Assertion", "--privkey-pem", self.signer, "--output", signed]
        run(["xmlsec1", "--sign", *words, bare])
        return signed.read_text().split("?>\n", 1)[1]


class Form(NamedTuple):
    """What the provider's page posts, and where."""

    to: str
    fields: dict[str, str]

    def body(self) -> str:
        return urlencode(self.fields)


def form_of(page: str) -> Form:
    to = re.search(r'<form method="post" action="([^"]*)"', page)
    assert to, page
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return Form(html.unescape(to.group(1)), {name: html.unescape(value) for name, value in fields})

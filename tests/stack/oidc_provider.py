# SPDX-License-Identifier: Apache-2.0
"""A provider of OpenID Connect over TLS: the code flow with PKCE, as a client that does it right needs it."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote_plus, urlencode, urlsplit

from procs import run

LARGEST = 65536


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def members(text: str) -> dict[str, str]:
    found = parse_qs(text, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values()), text
    return {name: values[0] for name, values in found.items()}


class Asked(NamedTuple):
    """A login that has begun: what the authorization endpoint was asked."""

    query: dict[str, str]
    claims: dict[str, Any]


class OidcProvider:
    """Listens until close(), with a certificate of provider.make_ca().  `person`: the claims of whoever is at the
    browser; None: they decline.  `path`: of the issuer.  `refuses`: each visit is answered 503."""

    def __init__(self, certificates: Path, client: str, secret: str, path: str, certificate: str = "good") -> None:
        self.client, self.secret, self.path = client, secret, path
        self.person: dict[str, Any] | None = None
        self.refuses = False
        self.lies: dict[str, Any] = {}  # claims that it puts in the place of honest ones
        self.codes: dict[str, Asked] = {}
        self.exchanged: list[dict[str, str]] = []
        self.key = certificates / f"oidc-{secrets.token_hex(4)}.key"
        run(["openssl", "genrsa", "-out", self.key, "2048"])
        modulus = run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"]).strip().split("=")[1]
        self.modulus = base64url(bytes.fromhex(modulus))
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def do_POST(self) -> None:
                provider.post(self)

            def log_message(self, *_: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.issuer = self.base + path
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # What it answers

    @staticmethod
    def say(handler: BaseHTTPRequestHandler, status: int, said: Any, **fields: str) -> None:
        body = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        if self.refuses:
            self.say(handler, 503, {})
        elif url.path == f"{self.path}/.well-known/openid-configuration":
            self.say(handler, 200, self.document())
        elif url.path == f"{self.path}/keys":
            key = {"kty": "RSA", "kid": "k-1", "use": "sig", "alg": "RS256", "n": self.modulus, "e": "AQAB"}
            self.say(handler, 200, {"keys": [key]})
        elif url.path == f"{self.path}/authorize":
            self.say(handler, 302, {}, Location=self.log_in(members(url.query)))
        else:
            self.say(handler, 404, {})

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def log_in(self, query: dict[str, str]) -> str:
        """Where the browser goes on to."""
        assert query["response_type"] == "code" and query["client_id"] == self.client, query
        assert query["code_challenge_method"] == "S256" and query["prompt"] == "login", query
        back = {"state": query["state"], "iss": self.issuer}
        if self.person is None:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(600)  # some are long
            self.codes[back["code"]] = Asked(query, self.person)
        return query["redirect_uri"] + "?" + urlencode({**back, "session_state": "s"})

    def post(self, handler: BaseHTTPRequestHandler) -> None:
        form = members(handler.rfile.read(min(int(handler.headers["Content-Length"]), LARGEST)).decode())
        scheme, _, pair = handler.headers.get("Authorization", " ").partition(" ")
        given = tuple(map(unquote_plus, base64.b64decode(pair).decode().split(":")))
        self.exchanged.append(form)
        if self.refuses:
            self.say(handler, 503, {})
        elif scheme != "Basic" or given != (self.client, self.secret):
            self.say(handler, 401, {"error": "invalid_client"})
        elif not self.fits(form):
            self.say(handler, 400, {"error": "invalid_grant"})
        else:
            asked = self.codes.pop(form["code"])  # each once
            self.say(handler, 200, {"token_type": "Bearer", "access_token": "at", "id_token": self.token(asked)})

    def fits(self, form: dict[str, str]) -> bool:
        asked = self.codes.get(form.get("code", ""))
        challenge = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        return (
            asked is not None
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked.query["redirect_uri"]
            and challenge == asked.query["code_challenge"]
        )

    def token(self, asked: Asked) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked.query["nonce"],
            **asked.claims,
            **self.lies,
        }
        parts = ({"alg": "RS256", "typ": "JWT", "kid": "k-1"}, claims)
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        made = self.key.with_suffix(f".{secrets.token_hex(4)}")
        made.write_text(signed)
        run(["openssl", "dgst", "-sha256", "-sign", self.key, "-out", f"{made}.sig", made])
        return f"{signed}.{base64url(Path(f'{made}.sig').read_bytes())}"


def with_member(url: str, name: str, value: str) -> str:
    """The same with another value of this member."""
    parts = urlsplit(url)
    query = {**members(parts.query), name: value}
    return parts._replace(query=urlencode(query, quote_via=quote)).geturl()

# SPDX-License-Identifier: Apache-2.0
"""Tests that set connectors, and try them out."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from world import SystemTest, wait_for  # first: finds the others

from options import options
from product import ADMINISTRATOR
from provider import make_ca

ROOT = ADMINISTRATOR[0]


class ConnectorTest(SystemTest):
    """`of_connectors`: services that judge servers by the CA of `providers`."""

    of_connectors: tuple[str, ...] = ()
    providers: Path

    @classmethod
    def prepare(cls) -> None:
        cls.providers = cls.stack.root / "providers"
        make_ca(cls.providers)
        cls.settings = {name: {"CS_CONNECTOR_CA_FILE": str(cls.providers / "ca.crt")} for name in cls.of_connectors}

    def call(self, method: str, path: str, body: Any = None, token: str = ROOT, **headers: str) -> tuple[int, Any, str]:
        request = urllib.request.Request(self.person("").base + path, method=method)
        request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=options.wait(30)) as answer:
                return answer.status, json.loads(answer.read() or b"null"), answer.headers.get("ETag", "")
        except urllib.error.HTTPError as no:
            return no.code, json.loads(no.read() or b"null"), ""

    def put(self, enterprise: str, name: str, **spec: Any) -> dict[str, Any]:
        path = f"/v1/config/{enterprise}/connector/{name}"
        _, _, etag = self.call("GET", path)
        known = {"If_Match": etag} if etag else {"If_None_Match": "*"}
        status, document, _ = self.call("PUT", path, spec, **known)
        self.assertIn(status, (200, 201), document)
        self.addCleanup(self.delete, path)
        return dict(document)

    def delete(self, path: str) -> None:
        _, _, etag = self.call("GET", path)
        if etag:
            self.assertEqual(self.call("DELETE", path, If_Match=etag)[0], 204)

    def tried(self, enterprise: str, name: str) -> dict[str, Any]:
        """What the service says that uses it, once it has heard of this version."""
        found: dict[str, Any] = {}

        def heard() -> bool:
            status, answer, _ = self.call("POST", f"/v1/config/{enterprise}/connector/{name}/test")
            if status == 503:  # nobody answers yet: the service, or the bus, has just started again
                return False
            self.assertEqual(status, 200, answer)
            found.update(answer)
            return bool(answer["result"] != "not-yet")

        wait_for(heard, options.wait(40), f"{enterprise}/{name} to be known")
        return found

# SPDX-License-Identifier: Apache-2.0
"""Tests that set connectors, and try them out."""

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

    def put(self, enterprise: str, name: str, **spec: Any) -> dict[str, Any]:
        path = f"/v1/config/{enterprise}/connector/{name}"
        etag = self.call(ROOT, "GET", path).etag
        known = {"If_Match": etag} if etag else {"If_None_Match": "*"}
        answer = self.call(ROOT, "PUT", path, spec, **known)
        self.assertIn(answer.status, (200, 201), answer.body)
        self.addCleanup(self.delete, path)
        return dict(answer.json)

    def delete(self, path: str) -> None:
        etag = self.call(ROOT, "GET", path).etag
        if etag:
            self.assertEqual(self.call(ROOT, "DELETE", path, If_Match=etag).status, 204)

    def tried(self, enterprise: str, name: str) -> dict[str, Any]:
        """What the service says that uses it, once it has heard of this version."""
        found: dict[str, Any] = {}

        def heard() -> bool:
            answer = self.call(ROOT, "POST", f"/v1/config/{enterprise}/connector/{name}/test")
            if answer.status == 503:  # nobody answers yet: the service, or the bus, has just started again
                return False
            self.assertEqual(answer.status, 200, answer.body)
            found.update(answer.json)
            return bool(found["result"] != "not-yet")

        wait_for(heard, options.wait(40), f"{enterprise}/{name} to be known")
        return found

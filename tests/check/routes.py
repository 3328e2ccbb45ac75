#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the routes that request-intake answers those of its openapi.json, and no others?

Tests that start from the description look at every route only if every route is in it.
"""

import json
import re
import sys
from pathlib import Path

SERVICE = Path(__file__).resolve().parents[2] / "services" / "request-intake"
NOT_CODE = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
DEFINE = re.compile(r'^#define ([A-Z_]+)[ \t]+((?:[A-Z_]+|"[^"\n]*")(?:[ \t]+(?:[A-Z_]+|"[^"\n]*"))*)[ \t]*$', re.M)
TABLE = re.compile(r"const struct http_route ([a-z_]+)\[\] = \{(.*?)\n\};", re.S)
ROW = re.compile(r'\{\s*"([A-Z]+)",\s*([^{},]*(?:"[^"]*"[^{},]*)*),\s*[a-z_]+\s*\}')
ROWS = re.compile(r"\{\s*(?!NULL\b)\"")
# Pages for a browser, by which a mailed token is entered, or where it comes back from a provider; no part of the API
PAGES = {("GET", f"/{page}{kind}") for page in ("confirm", "second-factor") for kind in ("", ".js", ".css")}
PAGES |= {("GET", "/second-factor-words.js")}
PAGES |= {("GET", "/second-factor/oidc/{owner}"), ("POST", "/second-factor/saml"), ("GET", "/second-factor/saml/metadata")}


def text_of(words: str, defined: dict[str, str]) -> str:
    """Strings and names of strings, one after the other."""
    found = re.findall(r'"[^"]*"|[A-Z_]+', words)
    return "".join(word[1:-1] if word.startswith('"') else text_of(defined[word], defined) for word in found)


def routes_of(source: str) -> set[tuple[str, str]]:
    code = NOT_CODE.sub("", source)
    defined = dict(DEFINE.findall(code))
    found = set()
    for _, table in TABLE.findall(code):
        rows = ROW.findall(table)
        if len(rows) != len(ROWS.findall(table)):
            raise ValueError(f"a row of this table is not understood: {table}")
        found |= {(method, text_of(path, defined)) for method, path in rows}
    return found


def idle_tables() -> list[str]:
    """Those that main.c gives to no server."""
    names = [name for path in SERVICE.glob("*.c") for name, _ in TABLE.findall(path.read_text())]
    used = (SERVICE / "main.c").read_text()
    return [name for name in names if not re.search(rf"\b{name}\b", used)]


def described() -> set[tuple[str, str]]:
    paths = json.loads((SERVICE / "openapi.json").read_text())["paths"]
    return {(method.upper(), path) for path, item in paths.items() for method in item if method != "parameters"}


def main() -> int:
    answered = set().union(*(routes_of(path.read_text()) for path in SERVICE.glob("*.c")))
    wrong = [f"no page of this name: {' '.join(page)}" for page in PAGES - answered]
    answered -= PAGES
    wrong += [f"answered, but not in openapi.json: {' '.join(route)}" for route in answered - described()]
    wrong += [f"in openapi.json, but not answered: {' '.join(route)}" for route in described() - answered]
    wrong += [f"a table that main.c does not name: {name}" for name in idle_tables()]
    print("\n".join(sorted(wrong)) or f"routes: {len(answered)}, each described")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

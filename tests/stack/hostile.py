# SPDX-License-Identifier: Apache-2.0
"""Zones, name servers and web servers of whoever wants to harm us, beside those of a stack."""

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hostile_dns
import hostile_web
from hostile_dns import KINDS, PREFIX, trap_keys
from procs import run
from wait import wait_for
from zones import CUSTOMERS, Signing, Zone, serial_at

if TYPE_CHECKING:
    from stack import Stack

NAMES, WEB, STALL, GARBAGE = 40, 41, 42, 43  # last octets
CHAIN = 20  # aliases, one after the other
MANY = 1001  # records of one set
ABSURD = 2500  # iterations of NSEC3
DENY, ALLOW = '0 issuemail ";"', f'0 issuemail "{hostile_dns.MINE}"'


class Hostile:
    def __init__(self, stack: "Stack") -> None:
        self.stack, self.processes = stack, stack.processes
        self.root = stack.root / "hostile"
        # Addresses that do not count as public: whoever connects there could be made to connect anywhere.
        self.private = stack.claims.block().address(1)

    def start(self) -> None:
        """Some seconds: the zones are signed."""
        address = self.stack.block.address
        self.root.mkdir()
        self._make_certificates()
        here = Path(__file__).parent
        argv: list[Any] = [here / "hostile_dns.py", "--listen", address(NAMES), "--truth", address(CUSTOMERS)]
        argv += ["--public", address(WEB), "--private", self.private]
        self.processes.start("hostile-dns", ["/usr/bin/python3", *argv])
        argv = [here / "hostile_web.py", "--dir", self.root, "--address", address(WEB)]
        argv += ["--stall", address(STALL), "--garbage", address(GARBAGE), "--private", self.private]
        self.processes.start("hostile-web", ["/usr/bin/python3", *argv])
        self.stack.dns.add_zones([*map(self._zone, KINDS), self._web_zone()])
        # A delegation into our own network.
        inward = {("h-inward", "NS"): ["ns.h-inward"], ("ns.h-inward", "A"): [self.private]}
        self.stack.dns.change("example", inward)
        wait_for(lambda: self._answers(address(WEB)), 15, "the hostile web server")
        wait_for(lambda: serial_at(address(NAMES), f"{PREFIX}many.example") is not None, 15, "the hostile name server")

    def touched(self) -> list[dict[str, Any]]:
        """Connections to where nobody may be sent."""
        return [json.loads(line) for line in (self.root / "canary.log").read_text().splitlines()]

    def _answers(self, address: str) -> bool:
        self.processes.must_live("hostile-web")
        with socket.socket() as client:
            return client.connect_ex((address, 80)) == 0

    def _zone(self, kind: str) -> Zone:
        signed = KINDS[kind].signed
        zone = Zone(f"{PREFIX}{kind}.example", NAMES, truth=CUSTOMERS)
        zone.nsec3 = signed in ("nsec3", "absurd")
        zone.iterations = ABSURD if signed == "absurd" else 0
        zone.signing = Signing.SECURE if zone.nsec3 else Signing(signed)
        zone.rrsets = {("@", "CAA"): [DENY], ("only-text", "TXT"): ['"nothing else"']}
        zone.rrsets |= MORE.get(kind, {})
        if kind == "keytrap":
            zone.rrsets[("@", "DNSKEY")] = trap_keys()
        return zone

    def _web_zone(self) -> Zone:
        address, private = self.stack.block.address, self.private
        zone = Zone("evil.example", signing=Signing.INSECURE, rrsets={("*", "A"): [address(WEB)]})
        zone.rrsets |= {(name, "A"): [value] for name, value in NOT_PUBLIC.items()}
        zone.rrsets |= {(name, "AAAA"): [value] for name, value in NOT_PUBLIC_6.items()}
        zone.rrsets |= {
            ("private", "A"): [private],
            ("_private", "A"): [private],
            ("mixed", "A"): [address(WEB), private],
            ("mixed-6", "A"): [address(WEB)],
            ("mixed-6", "AAAA"): [f"::ffff:{private}"],
            ("mapped", "AAAA"): [f"::ffff:{private}"],
            ("stall", "A"): [address(STALL)],
            ("garbage", "A"): [address(GARBAGE)],
        }
        return zone

    def _make_certificates(self) -> None:
        for name in hostile_web.TLS:
            days = -1 if name == "expired" else 30
            host = "somebody-else.example" if name == "other-name" else f"{name}.{hostile_web.DOMAIN}"
            key, request, made = (self.root / f"{name}.{end}" for end in ("key", "csr", "crt"))
            words = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
            run([*words, "-subj", f"/CN={host}", "-keyout", key, "-out", request])
            run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-out", made])


# Beside the records that every zone has.
MORE: dict[str, dict[tuple[str, str], list[str]]] = {
    "many": {("@", "CAA"): [f'0 issuemail "ca{n}.example.net"' for n in range(MANY - 1)] + [DENY]},
    "loop": {("a", "CNAME"): ["b"], ("b", "CNAME"): ["a"], ("self", "CNAME"): ["self"]},
    "chain": {(f"c{n}", "CNAME"): [f"c{n + 1}"] for n in range(CHAIN)} | {(f"c{CHAIN}", "CAA"): [ALLOW]},
    "nsec3-true": {("@", "CAA"): []},
    "nsec3-absurd": {("@", "CAA"): []},
    "sig-wildcard": {("*", "CAA"): [ALLOW]},
}
NOT_PUBLIC = {
    "zero": "0.0.0.0",
    "ten": "10.0.0.1",
    "cgnat": "100.64.0.1",
    "loopback": "127.0.0.1",
    "metadata": "169.254.169.254",
    "house": "172.16.0.1",
    "protocol": "192.0.0.8",
    "documentation": "192.0.2.1",
    "home": "192.168.0.1",
    "benchmark": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
}
NOT_PUBLIC_6 = {
    "any-6": "::",
    "loopback-6": "::1",
    "compatible-6": "::7f00:1",
    "mapped-6": "::ffff:127.0.0.1",
    "nat64-6": "64:ff9b::7f00:1",
    "nat64-local-6": "64:ff9b:1::7f00:1",
    "discard-6": "100::1",
    "teredo-6": "2001:0:7f00:1::1",
    "documentation-6": "2001:db8::1",
    "to4-6": "2002:7f00:1::1",
    "ula-6": "fd00:ec2::254",
    "link-6": "fe80::1",
    "site-6": "fec0::1",
    "multicast-6": "ff02::1",
}

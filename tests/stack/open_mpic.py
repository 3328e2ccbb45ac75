# SPDX-License-Identifier: Apache-2.0
"""An Open MPIC service (API 3.9) on loopback, under TLS: three perspectives that ask the DNS of the test.

It looks up what it is asked for, TXT for "dns-change" and CAA for "s-mime", by a resolver that validates; who changes
`twist` has it lie.  All perspectives have one view, since what differs between views is tested elsewhere.
"""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

from resolver import Answer, Resolver

CODES = ("eu-1", "us-1", "ap-1", "sa-1", "af-1")


def texts(record: bytes) -> str:
    """The strings of a TXT record, joined with nothing between."""
    joined, at = b"", 0
    while at < len(record):
        joined += record[at + 1 : at + 1 + record[at]]
        at += 1 + record[at]
    return joined.decode("latin-1")


class OpenMpic:
    """Serves until close().  `asked`: what came, with its x-api-key; `key`: who does not show it gets 403."""

    def __init__(self, certificates: Path, hints: Path, anchor: Path, key: str = "", certificate: str = "good") -> None:
        self.hints, self.anchor, self.key = hints, anchor, key
        self.asked: list[dict[str, Any]] = []
        self.twist: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        self.down: list[str] = []  # perspectives that cannot look
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{certificate}.crt", certificates / f"{certificate}.key")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(service) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 40

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append(body)
                if self.path != "/v1/mpic":
                    self.answer(404, {"detail": "Not Found"})
                elif self.headers.get("x-api-key", "") != service.key:
                    self.answer(403, {"message": "Forbidden"})
                else:
                    self.answer(200, service.twist(service.look(body)))

            def answer(self, status: int, value: dict[str, Any]) -> None:
                octets = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    # What each perspective finds

    def resolve(self, name: str, kind: str) -> Answer:
        with Resolver(self.hints, self.anchor) as resolver:
            return resolver.ask(name, kind)

    def find(self, question: dict[str, Any]) -> tuple[bool, bool, dict[str, Any]]:
        """Completed, passed, details."""
        target = question["domain_or_ip_target"]
        if question["check_type"] == "caa":
            return self.find_caa(target, question["caa_check_parameters"])
        wanted = question["dcv_check_parameters"]
        if wanted["validation_method"] != "dns-change" or wanted["dns_record_type"] != "TXT":
            raise ValueError(wanted)
        answer = self.resolve(f"{wanted['dns_name_prefix']}.{target}", "TXT")
        seen = [texts(record) for record in answer.records]
        return answer.state in ("secure", "insecure"), wanted["challenge_value"] in seen, {"records_seen": seen}

    def find_caa(self, name: str, wanted: dict[str, Any]) -> tuple[bool, bool, dict[str, Any]]:
        """RFC 8659 3: at the name, and then at those above it."""
        while name:
            answer = self.resolve(name, "CAA")
            if answer.state not in ("secure", "insecure"):
                return False, False, {"caa_record_present": None, "found_at": None}
            values = [record[2 + record[1] :].decode() for record in answer.records if record[2 : 2 + record[1]] == b"issuemail"]
            if answer.records:
                allowed = not values or any(value.partition(";")[0].strip() in wanted["caa_domains"] for value in values)
                return True, allowed, {"caa_record_present": True, "found_at": name}
            name = name.partition(".")[2]
        return True, True, {"caa_record_present": False, "found_at": None}

    def look(self, question: dict[str, Any]) -> dict[str, Any]:
        completed, passed, details = self.find(question)
        wanted = question["orchestration_parameters"]
        perspectives = []
        for code in CODES[: wanted["perspective_count"]]:
            here = completed and code not in self.down
            response = {
                "check_completed": here,
                "check_passed": here and passed,
                "check_type": question["check_type"],
                "errors": None if here else [{"error_type": "mpic_error:coordinator:remote_check", "error_message": "away"}],
                "timestamp_ns": time.time_ns(),
                "details": details,
            }
            perspectives.append({"perspective_code": code, "check_response": response})
        agreed = sum(one["check_response"]["check_passed"] for one in perspectives)  # type: ignore[index]
        return {
            "mpic_completed": True,
            "request_orchestration_parameters": wanted,
            "actual_orchestration_parameters": {**wanted, "attempt_count": 1},
            "check_type": question["check_type"],
            "domain_or_ip_target": question["domain_or_ip_target"],
            "is_valid": agreed >= wanted["quorum_count"],
            "trace_identifier": question["trace_identifier"],
            "perspectives": perspectives,
            "previous_attempt_results": None,
        }

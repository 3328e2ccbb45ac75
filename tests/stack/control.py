# SPDX-License-Identifier: Apache-2.0
"""Calls into a stack that another process keeps: one JSON line each way over DIR/control."""

import json
import socket
import socketserver
import threading
from pathlib import Path
from typing import Any, Callable, Mapping

LONGEST_CALL = 120.0

Calls = Mapping[str, Callable[..., Any]]


def serve(path: Path, calls: Calls) -> socketserver.BaseServer:
    """Answers calls, one after the other, on a thread of its own until shutdown()."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            answer = _answer(calls, self.rfile.readline())
            self.wfile.write(json.dumps(answer).encode() + b"\n")

    server = socketserver.UnixStreamServer(str(path), Handler)
    path.chmod(0o600)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def call(root: Path, name: str, *args: Any) -> Any:
    """What the keeper's function answers, as JSON; RuntimeError with its message when it fails."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(LONGEST_CALL)
        client.connect(str(root / "control"))
        client.sendall(json.dumps({"call": name, "args": args}).encode() + b"\n")
        with client.makefile() as reader:
            answer = json.loads(reader.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["result"]


def _answer(calls: Calls, line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line)
        return {"result": calls[asked["call"]](*asked["args"])}
    except KeyError as unknown:
        return {"error": f"no such thing: {unknown}"}
    except Exception as failure:  # whatever it is belongs to the caller, who is another process
        return {"error": f"{type(failure).__name__}: {failure}"}

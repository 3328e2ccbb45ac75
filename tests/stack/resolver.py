# SPDX-License-Identifier: Apache-2.0
"""What a validating resolver says about a name: libunbound, the library that the product uses."""

import ctypes
from pathlib import Path
from typing import NamedTuple

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "CAA": 257}


class Answer(NamedTuple):
    state: str  # secure, insecure, bogus or failed
    rcode: int
    records: list[bytes]  # in the format of the wire
    why: str


class _Result(ctypes.Structure):
    """struct ub_result of unbound.h."""

    _fields_ = [
        ("qname", ctypes.c_char_p),
        ("qtype", ctypes.c_int),
        ("qclass", ctypes.c_int),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("len", ctypes.POINTER(ctypes.c_int)),
        ("canonname", ctypes.c_char_p),
        ("rcode", ctypes.c_int),
        ("answer_packet", ctypes.c_void_p),
        ("answer_len", ctypes.c_int),
        ("havedata", ctypes.c_int),
        ("nxdomain", ctypes.c_int),
        ("secure", ctypes.c_int),
        ("bogus", ctypes.c_int),
        ("why_bogus", ctypes.c_char_p),
        ("was_ratelimited", ctypes.c_int),
        ("ttl", ctypes.c_int),
    ]


class Resolver:
    """One context, nothing cached from before; use it as a context manager."""

    def __init__(self, hints: Path, anchor: Path) -> None:
        self.unbound = ctypes.CDLL("libunbound.so.8")
        self.unbound.ub_ctx_create.restype = ctypes.c_void_p
        self.unbound.ub_strerror.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.unbound.ub_ctx_create())
        options = {"root-hints:": str(hints), "do-not-query-localhost:": "no", "do-ip6:": "no"}
        options |= {"val-sig-skew-min:": "0", "val-sig-skew-max:": "0"}  # a signature has its time
        for option, value in options.items():
            self._check(
                self.unbound.ub_ctx_set_option(self.context, option.encode(), value.encode())
            )
        self._check(self.unbound.ub_ctx_add_ta_file(self.context, str(anchor).encode()))

    def __enter__(self) -> "Resolver":
        return self

    def __exit__(self, *_: object) -> None:
        self.unbound.ub_ctx_delete(self.context)

    def ask(self, name: str, kind: str) -> Answer:
        result = ctypes.POINTER(_Result)()
        question = (self.context, name.encode(), TYPES[kind], 1, ctypes.byref(result))
        self._check(self.unbound.ub_resolve(*question))
        try:
            return _read(result.contents)
        finally:
            self.unbound.ub_resolve_free(result)

    def _check(self, code: int) -> None:
        if code != 0:
            raise RuntimeError(f"libunbound: {self.unbound.ub_strerror(code).decode()}")


def _read(result: _Result) -> Answer:
    records: list[bytes] = []
    while result.data and result.data[len(records)]:
        records.append(ctypes.string_at(result.data[len(records)], result.len[len(records)]))
    failed = result.rcode not in (0, 3)
    state = (
        "bogus"
        if result.bogus
        else "failed"
        if failed
        else "secure"
        if result.secure
        else "insecure"
    )
    return Answer(state, result.rcode, records, (result.why_bogus or b"").decode())

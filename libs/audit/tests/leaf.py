#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The leaf of test_tree.c's record, by another program than ours."""

import hashlib
import struct

LABEL = b"countersign/audit/v2\0"


def leaf(seq: int, at_ms: int, request: bytes, action: bytes, detail: bytes) -> bytes:
    record = LABEL + struct.pack(">QQ", seq, at_ms) + request
    for text in (action, detail):
        record += struct.pack(">Q", len(text)) + text
    return hashlib.sha256(b"\0" + record).digest()


if __name__ == "__main__":
    print(leaf(1, 1795437296789, bytes([7]) * 16, b"intent", b"a=b").hex())

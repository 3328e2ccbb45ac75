# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures by libcrypto, for keys that a test has in a file."""

import base64
import ctypes
import ctypes.util
import hashlib
from pathlib import Path

NID_ED25519 = 1087  # EVP_PKEY_ED25519
_crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for _name in ("EVP_PKEY_new_raw_private_key", "EVP_MD_CTX_new"):
    getattr(_crypto, _name).restype = ctypes.c_void_p
_crypto.EVP_PKEY_new_raw_private_key.argtypes = [
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
]
_crypto.EVP_PKEY_get_raw_public_key.argtypes = [ctypes.c_void_p] * 3
_crypto.EVP_DigestSignInit.argtypes = [ctypes.c_void_p] * 5
_crypto.EVP_DigestSign.argtypes = [
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
]
_crypto.EVP_MD_CTX_free.argtypes = [ctypes.c_void_p]
_crypto.EVP_PKEY_free.argtypes = [ctypes.c_void_p]


class Key:
    def __init__(self, seed: bytes) -> None:
        self._key = _crypto.EVP_PKEY_new_raw_private_key(NID_ED25519, None, seed, 32)
        if len(seed) != 32 or not self._key:
            raise ValueError("not the seed of an Ed25519 key")
        public, length = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
        if _crypto.EVP_PKEY_get_raw_public_key(self._key, public, ctypes.byref(length)) != 1:
            raise ValueError("a key without a public half")
        self.public = public.raw
        # How envelopes name a key: libs/claim/trust.h.
        self.keyid = hashlib.sha256(self.public).hexdigest()[:32]

    def __del__(self) -> None:
        if getattr(self, "_key", None):
            _crypto.EVP_PKEY_free(self._key)

    def sign(self, octets: bytes) -> bytes:
        context = _crypto.EVP_MD_CTX_new()
        signature, length = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        done = (
            _crypto.EVP_DigestSignInit(context, None, None, None, self._key) == 1
            and _crypto.EVP_DigestSign(
                context, signature, ctypes.byref(length), octets, len(octets)
            )
            == 1
        )
        _crypto.EVP_MD_CTX_free(context)
        if not done:
            raise ValueError("libcrypto did not sign")
        return signature.raw


def load(path: Path) -> Key:
    """A private key in PEM, as `csctl key new` writes it: PKCS#8, whose last 32 octets are the seed."""
    return Key(base64.b64decode("".join(path.read_text().splitlines()[1:-1]))[-32:])

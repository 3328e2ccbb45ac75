# SPDX-License-Identifier: Apache-2.0
"""Throw-away keys of a stack: a CA with one server certificate, Ed25519 keys, NATS nkeys."""

import base64
import binascii
import os
from pathlib import Path

from procs import run

OPENSSL_CONFIG = """[req]
distinguished_name = name
prompt = no
[name]
CN = Countersign test stack
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = IP:127.0.0.1, DNS:localhost{names}
"""
NKEY_SEED_OF_USER = bytes([0x95, 0x00])
NKEY_USER = bytes([0xA0])


def private_file(path: Path, text: str) -> Path:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return path


def make_tls(where: Path, addresses: list[str], hosts: list[str]) -> None:
    """Writes ca.crt, server.crt and server.key; the CA's own key is thrown away at once."""
    names = "".join(f", IP:{address}" for address in addresses) + "".join(
        f", DNS:{host}" for host in hosts
    )
    config = where / "openssl.cnf"
    config.write_text(OPENSSL_CONFIG.format(names=names))
    request = [
        "openssl",
        "req",
        "-x509",
        "-config",
        config,
        "-newkey",
        "ec",
        "-nodes",
        "-days",
        "30",
    ]
    request += ["-pkeyopt", "ec_paramgen_curve:P-256"]
    run([*request, "-extensions", "ca", "-keyout", where / "ca.key", "-out", where / "ca.crt"])
    issuer = ["-CA", where / "ca.crt", "-CAkey", where / "ca.key", "-subj", "/CN=localhost"]
    run(
        [
            *request,
            *issuer,
            "-extensions",
            "server",
            "-keyout",
            where / "server.key",
            "-out",
            where / "server.crt",
        ]
    )
    (where / "ca.key").unlink()


def make_ed25519(path: Path) -> Path:
    """A private key in PEM, as CS_KEY_FILE names it."""
    private_file(path, run(["openssl", "genpkey", "-algorithm", "ed25519"]))
    return path


def make_nkey(path: Path) -> str:
    """Writes a seed file of two lines, SU... and U..., for its owner alone; returns the U...."""
    pem = run(["openssl", "genpkey", "-algorithm", "ed25519"])
    private = base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:]
    public_pem = run(["openssl", "pkey", "-pubout"], given=pem)
    public = base64.b64decode("".join(public_pem.splitlines()[1:-1]))[-32:]
    user = _nkey(NKEY_USER + public)
    private_file(path, f"{_nkey(NKEY_SEED_OF_USER + private)}\n{user}\n")
    return user


def nkey_seed(path: Path) -> bytes:
    """The 32 octets of the Ed25519 key in a seed file."""
    text = path.read_text().split()[0]
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    if not raw.startswith(NKEY_SEED_OF_USER) or _crc(raw[:-2]) != raw[-2:]:
        raise ValueError(f"{path} holds no seed of a user")
    return raw[2:-2]


def _nkey(octets: bytes) -> str:
    return base64.b32encode(octets + _crc(octets)).decode().rstrip("=")


def _crc(octets: bytes) -> bytes:
    return binascii.crc_hqx(octets, 0).to_bytes(2, "little")  # CRC-16/XMODEM

# SPDX-License-Identifier: Apache-2.0
"""What a CA gives certificate-status: certificates, a root's CRL, and a key for OCSP with its certificate."""

from pathlib import Path
from typing import Iterable

from procs import run
from secrets_dir import private_file

ISSUER = "issuing-1"
RESPONDER = """[req]
distinguished_name = name
prompt = no
[name]
CN = Countersign test OCSP
[responder]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
subjectKeyIdentifier = none
authorityKeyIdentifier = keyid
"""
ROOT_CRL = """[ca]
default_ca = root
[root]
database = {work}/index.txt
crlnumber = {work}/crlnumber
default_md = sha384
default_crl_days = 300
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
"""


def publish_ca(ca: Path, to: Path) -> None:
    """Makes TO/ca and TO/ocsp from what `csctl ca init` wrote into CA."""
    for name in ("ca", "ocsp"):
        (to / name).mkdir(parents=True, exist_ok=True)
    for name, label in (("root", "root"), ("issuing", ISSUER)):
        der = ["-outform", "DER", "-out", to / "ca" / f"{label}.cer"]
        run(["openssl", "x509", "-in", ca / f"{name}.cert.pem", *der])
    make_root_crl(ca, to / "ca" / "root.crl")
    make_responder(ca, to / "ocsp", ISSUER)


def make_root_crl(ca: Path, out: Path) -> None:
    work = out.parent.parent / "root-crl"
    work.mkdir(exist_ok=True)
    (work / "index.txt").touch()
    if not (work / "crlnumber").exists():
        (work / "crlnumber").write_text("01\n")
    config = work / "openssl.cnf"
    config.write_text(ROOT_CRL.format(work=work))
    signer = ["-keyfile", ca / "root.key.pem", "-cert", ca / "root.cert.pem"]
    run(["openssl", "ca", "-gencrl", "-config", config, *signer, "-out", work / "root.crl.pem"])
    run(["openssl", "crl", "-in", work / "root.crl.pem", "-outform", "DER", "-out", out])


def make_responder(ca: Path, where: Path, label: str, days: int = 30, key: str = "P-256") -> None:
    """A delegated responder, LABEL.cert.pem and LABEL.key.pem; an old one is replaced."""
    config, request = where / "openssl.cnf", where / f"{label}.csr"
    config.write_text(RESPONDER)
    kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:" + key] if key.isdigit() else ["EC", "-pkeyopt", "ec_paramgen_curve:" + key]
    private_file(where / f"{label}.key.new", run(["openssl", "genpkey", "-algorithm", *kind]))
    run(["openssl", "req", "-new", "-config", config, "-key", where / f"{label}.key.new", "-out", request])
    signer = ["-CA", ca / "issuing.cert.pem", "-CAkey", ca / "issuing.key.pem"]
    given = ["-days", str(days), "-extfile", config, "-extensions", "responder"]
    run(["openssl", "x509", "-req", "-in", request, *signer, *given, "-out", where / f"{label}.cert.new"])
    for name in ("cert", "key"):
        (where / f"{label}.{name}.new").rename(where / f"{label}.{name}.pem")
    config.unlink()
    request.unlink()


def make_crl(ca: Path, work: Path, revoked: Iterable[str], number: int, begins: str | None = None, url: str = "") -> bytes:
    """A CRL of the issuing CA, DER; `begins`: thisUpdate as GeneralizedTime; `url`: of a partition's list."""
    work.mkdir(exist_ok=True)
    rows = [f"R\t351231000000Z\t260101000000Z,keyCompromise\t{serial.upper()}\tunknown\t/CN=x\n" for serial in revoked]
    (work / "index.txt").write_text("".join(rows))
    (work / "crlnumber").write_text(f"{number:02X}\n" if len(f"{number:X}") % 2 == 0 or number < 16 else f"0{number:X}\n")
    config = work / "openssl.cnf"
    point = f"issuingDistributionPoint = critical, @point\n[point]\nfullname = URI:{url}\n" if url else ""
    config.write_text(ROOT_CRL.format(work=work).replace("sha384", "sha256").replace("_days = 300", "_days = 7") + point)
    signer = ["-keyfile", ca / "issuing.key.pem", "-cert", ca / "issuing.cert.pem"]
    when = ["-crl_lastupdate", begins, "-crl_nextupdate", str(int(begins[:4]) + 1) + begins[4:]] if begins else []
    run(["openssl", "ca", "-gencrl", "-config", config, *signer, *when, "-out", work / "crl.pem"])
    run(["openssl", "crl", "-in", work / "crl.pem", "-outform", "DER", "-out", work / "crl.der"])
    return (work / "crl.der").read_bytes()

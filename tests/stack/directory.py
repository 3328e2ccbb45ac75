# SPDX-License-Identifier: Apache-2.0
"""A directory: slapd on loopback, under TLS alone, with people whose passwords can be set."""

import re
import signal
import socket
import subprocess
from pathlib import Path

from procs import plain_environment, run
from wait import wait_for

SUFFIX = "dc=beta,dc=example"
SCHEMAS = ("core", "cosine", "inetorgperson")
LONGEST = 30.0  # seconds that it starts or ends


def person(uid: str, password: str) -> str:
    return (
        f"dn: uid={uid},{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: Example\n"
        f"userPassword: {password}\n\n"
    )


class Directory:
    """Listens from start() until stop(), with a certificate of provider.make_ca(); what is in it stays."""

    def __init__(self, where: Path, certificates: Path, people: dict[str, str], certificate: str = "good") -> None:
        self.where = where
        self.process: subprocess.Popen[bytes] | None = None
        (where / "db").mkdir(parents=True)
        include = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in SCHEMAS)
        self.settings = where / "slapd.conf"
        self.settings.write_text(
            f"{include}\npidfile {where}/slapd.pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
            f"TLSCertificateFile {certificates}/{certificate}.crt\nTLSCertificateKeyFile {certificates}/{certificate}.key\n"
            f'database mdb\nmaxsize 10485760\nsuffix "{SUFFIX}"\ndirectory {where}/db\n'
        )
        entries = where / "people.ldif"
        top = f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: beta\no: Beta\n\n"
        entries.write_text(top + "".join(person(uid, password) for uid, password in people.items()))
        run(["/usr/sbin/slapadd", "-f", self.settings, "-l", entries])
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint = f"ldaps://127.0.0.1:{self.port}"

    def start(self) -> None:
        with open(self.where / "slapd.log", "ab") as log:
            words = ["/usr/sbin/slapd", "-f", str(self.settings), "-h", f"{self.endpoint}/", "-d", "256"]
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env=plain_environment())
        wait_for(self._listens, LONGEST, "slapd to listen")

    def _listens(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError((self.where / "slapd.log").read_text(errors="replace"))
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LONGEST)
        self.process = None

    def binds(self) -> list[str]:
        """The names that somebody tried to bind with, in their order."""
        log = (self.where / "slapd.log").read_text(errors="replace")
        return re.findall(r'BIND dn="([^"]*)" method=128', log)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of architecture.sh bites: a small tree that keeps all of them, and one breach at a time."""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).resolve().parent / "architecture.sh"
LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
GOOD = {
    "libs/base/err.h": "int cs_fail(void);\n",
    "libs/base/err.c": '#include "base/err.h"\nint cs_fail(void)\n{\n\treturn 1;\n}\n',
    "libs/pki/hash.c": '#include <openssl/sha.h>\n\n#include "base/err.h"\nint a = 0 * sizeof(SHA256_CTX);\n'.replace("int a", "const int a"),
    "libs/svc/svc.c": '#include "pki/hash.h"\nint x(void);\nint log_info(void);\nint x(void)\n{\n\treturn log_info();\n}\n',
    "libs/pki/hash.h": "int pki_hash(const void *);\n",
    "services/policy/policy.h": "int policy_decide(const char *);\n",
    "services/policy/policy.c": '#include "policy.h"\n\n#include <string.h>\n\n#include "pki/hash.h"\n'
    "static const char *const names[] = { \"a\", \"b\" };\n"
    "int policy_decide(const char *x)\n{\n\treturn pki_hash(names[strlen(x) & 1]);\n}\n",
    "services/policy/config.c": "int config(void);\nint config(void)\n{\n\treturn 5;\n}\n",
    "services/policy/people.c": "int people(void);\nint people(void)\n{\n\treturn 4;\n}\n",
    "services/policy/store.c": 'const char *const q = "SELECT a FROM b";\n',
    "libs/gate/gate.c": "int gate(void);\nint gate(void)\n{\n\treturn 3;\n}\n",
    "services/signer/signer.h": "int signer(void);\n",
    "services/signer/signer.c": '#include "signer.h"\nint signer(void)\n{\n\treturn 2;\n}\n',
}


class Case(NamedTuple):
    file: str
    more: str  # appended to the file, which is made when it is not there
    says: str  # part of the breach; empty: none


CASES = (
    Case("libs/base/err.c", "", ""),
    Case("services/policy/store.c", "#include <libpq-fe.h>\n", "only libs/db may include it"),
    Case("libs/svc/svc.c", "#include <nats/nats.h>\n", "only libs/bus may include it"),
    Case("libs/pki/csr.h", "#include <unbound.h>\n", "only libs/dns may include it"),
    Case("services/signer/signer.c", "#include <openssl/evp.h>\n", "only libs/pki may include it"),
    Case("services/signer/signer.c", "#include <seccomp.h>\n", "only libs/sandbox may include it"),
    Case("services/policy/people.c", "#include <argon2.h>\n", "only libs/stretch may include it"),
    Case("libs/claim/dsse.c", "#include <sodium/crypto_sign.h>\n", "only libs/pki may include it"),
    Case("libs/pki/hash.h", '#include "svc/svc.h"\n', "libs/pki may not include it"),
    Case("libs/pki/hash.h", '#include "dns/dns.h"\n', "libs/pki may not include it"),
    Case("libs/base/err.h", '#include "pki/hash.h"\n', "libs/base may not include it"),
    Case("libs/common/x.h", "int x;\n", "not in the table of edges"),
    Case("libs/svc/svc.c", '#include "services/policy/policy.h"\n', "a library includes a service"),
    Case("services/policy/policy.h", '#include "../signer/signer.h"\n', "an include climbs"),
    Case("services/policy/policy.h", '#include "signer.h"\n', "not a header of this service"),
    Case("services/policy/tests/test_a.c", '#include "../policy.h"\n', ""),
    Case("services/policy/tests/test_a.c", '#include "../../signer/signer.h"\n', "an include climbs too far"),
    Case("services/policy/handler.h", '#include "proto/plan.pb-c.h"\n', "generated types belong into wire.[ch]"),
    Case("services/policy/wire.h", '#include "proto/plan.pb-c.h"\n', ""),
    Case("libs/pack/pack.h", "#include <protobuf-c/protobuf-c.h>\n", ""),
    Case("libs/pack/pack.h", '#include "proto/plan.pb-c.h"\n', "libs/pack knows no message"),
    Case("services/policy/handler.h", '#include "pack/pack.h"\n', "generated types belong into wire.[ch]"),
    Case("services/policy/handler.h", '#define Q "DELETE FROM b"\n', "SQL belongs into store.c"),
    Case("services/policy/policy.c", 'const char *const q = "select a from b";\n', "SQL belongs into store.c"),
    Case("services/policy/tests/it_store.c", 'const char *q = "DELETE FROM b";\n', ""),
    Case("libs/pki/hash.c", "int log_warn(int);\nint w(void);\nint w(void)\n{\n\treturn log_warn(1);\n}\n", "a library does not log"),
    Case("services/signer/signer.c", '#include "pki/issuer_raw.h"\n', "signs what was not linted"),
    Case("services/signer/tests/test_a.c", '#include "pki/issuer_raw.h"\n', ""),
    Case("services/policy/policy.h", "typedef struct {\n\tint a;\n} thing;\n", "no typedef for a struct"),
    Case("services/policy/policy.h", "/* TODO: later */\n", "TODO has an issue number"),
    Case("services/policy/policy.h", "/* TODO(#12): later */\n", ""),
    Case("services/policy/handler.c", "int calls;\n", "a writable global: services/policy/handler.o: calls"),
    Case("libs/base/err.c", "int n(void);\nint n(void)\n{\n\tstatic int k = 3;\n\treturn k++;\n}\n", "a writable global: libs/base/err.o: k"),
    Case("services/policy/handler.c", "#include <stdlib.h>\nvoid *h(void);\nvoid *h(void)\n{\n\treturn malloc(3);\n}\n",
         "memory that is not an arena's"),
    Case("services/policy/policy.c", "#include <time.h>\nlong t(void);\nlong t(void)\n{\n\treturn time(0);\n}\n", "needs time"),
    Case("services/policy/policy_x.c", "#include <unistd.h>\nlong r(char *, unsigned long);\n"
         "long r(char *to, unsigned long n)\n{\n\tchar b[9];\n\tlong k = read(0, b, n);\n\t*to = b[0];\n\treturn k;\n}\n", "needs read"),
    Case("libs/gate/gate.c", "int db_query(int);\nint d(void);\nint d(void)\n{\n\treturn db_query(1);\n}\n", "needs db_query"),
)


def compile_tree(root: Path) -> None:
    """Objects as the Makefile makes them; what names headers that do not exist here is not compiled."""
    for source in root.rglob("*.c"):
        target = root / "build" / source.relative_to(root).with_suffix(".o")
        target.parent.mkdir(parents=True, exist_ok=True)
        words = ["gcc", "-O2", "-D_FORTIFY_SOURCE=2", "-fPIE", "-iquote", root / "libs", "-c", "-o", target, source]
        subprocess.run(words, stderr=subprocess.DEVNULL)


def judge(case: Case) -> str:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for name, body in GOOD.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(LICENCE + body)
        target = root / case.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((target.read_text() if target.exists() else LICENCE) + case.more)
        (root / "tests" / "check").mkdir(parents=True)
        copy = shutil.copy(SCRIPT, root / "tests" / "check")
        compile_tree(root)
        done = subprocess.run([copy, str(root / "build")], capture_output=True, text=True)
    said = done.stdout + done.stderr
    if case.says:
        return "" if done.returncode == 1 and case.says in said else f"got {said!r}, want {case.says!r}"
    return f"got {said!r}, want nothing" if said or done.returncode else ""


def main() -> int:
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(judge, CASES))
    wrong = [f"{case.file} with {case.more!r}: {said}" for case, said in zip(CASES, answers) if said]
    print("".join(f"test_architecture: {line}\n" for line in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs fuzz targets (clang's libFuzzer), as many at once as there are processors.

    fuzz.py --seconds 60 BUILD/DIR/tests/fuzz_NAME...

A target starts from the files in DIR/tests/corpus/NAME, which are written for people:

    *.textproto   a message of proto/; its first line is "# proto-message: NAME"
    *.octets      octets in hexadecimal, "text" between quotes, and # comments
    *.pem         as it is, and once more as the DER in it
    any other     as it is

and, unless --seed is given, from what it found in earlier runs (BUILD/.../fuzz_NAME.corpus).  A failure
leaves its input beside the target, whose name is printed with the end of its log.  What was found is then
read once more by the clock: no input may take longer than SLOW_MS of processor time.
"""

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
TOKEN = re.compile(r'"([^"]*)"|([0-9a-f]{2}(?:[0-9a-f]{2})*)\b|#.*|\s+')
LIMITS = ["-timeout=10", "-rss_limit_mb=1024", "-max_len=16384"]
SLOW_MS = 10
# To judge an RSA key of 4096 bits takes an exponentiation of that size, whoever sends it: pki/keycheck.c.  A target of SAML
# judges each answer several ways, with a signature of RSA for each: 8 ms of a sanitizer's time.
RSA_MS = 40
RSA = (
    "pki/tests/fuzz_csr",
    "pki/tests/fuzz_cert",
    "intake/tests/fuzz_json",
    "intake/tests/fuzz_api",
    "saml/tests/fuzz_saml",
)
SUSPECTS, REPEATS = 5, 20


def octets(text: str) -> bytes:
    out, at = b"", 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"neither octets nor text: {text[at:].splitlines()[0]}")
        out += (found.group(1) or "").encode() + bytes.fromhex(found.group(2) or "")
        at = found.end()
    return out


def message(text: bytes) -> bytes:
    name = text.split(b"\n", 1)[0].removeprefix(b"# proto-message: ").decode()
    files = sorted((REPOSITORY / "proto").glob("*.proto"))
    words = ["protoc", f"--proto_path={REPOSITORY / 'proto'}", f"--encode=countersign.v1.{name}"]
    return subprocess.run([*words, *files], input=text, stdout=subprocess.PIPE, check=True).stdout


def seeds(file: Path) -> Iterator[tuple[str, bytes]]:
    """The inputs that a file of a corpus stands for, with their names."""
    content = file.read_bytes()
    if file.suffix == ".textproto":
        yield file.stem, message(content)
    elif file.suffix == ".octets":
        yield file.stem, octets(content.decode())
    else:
        yield file.name, content
    if file.suffix == ".pem":
        for number, block in enumerate(re.findall(rb"-----\n([^-]+)-----END", content)):
            yield f"{file.stem}-{number}.der", base64.b64decode(block)


def prepare(target: Path, build: Path) -> Path:
    source = REPOSITORY / target.absolute().relative_to(build.absolute())
    corpus = source.parent / "corpus" / source.name.removeprefix("fuzz_")
    where = Path(f"{target}.seeds")
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    for file in sorted(corpus.iterdir()):
        for name, content in seeds(file):
            (where / name).write_bytes(content)
    return where


def wall_ms(target: Path, files: list[Path]) -> dict[Path, int]:
    done = subprocess.run(
        [target.absolute(), *files], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    )
    lines = re.findall(rb"^Executed (.+) in (\d+) ms$", done.stdout, re.MULTILINE)
    return {Path(os.fsdecode(name)): int(ms) for name, ms in lines}


def cpu_ms(target: Path, file: Path, runs: int) -> float:
    words = [target.absolute(), f"-runs={runs}", file]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{target} {file}: {child.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def slow(target: Path, where: list[Path]) -> list[str]:
    """Inputs that take longer than they may: by the clock, and then, among them, by the processor's time."""
    files = [file for directory in where for file in sorted(directory.iterdir())]
    may = RSA_MS if str(target).endswith(RSA) else SLOW_MS
    took: dict[Path, int] = {}
    for at in range(0, len(files), 1000):
        took |= wall_ms(target, files[at : at + 1000])
    suspects = sorted((file for file in took if took[file] > may), key=lambda file: -took[file])
    found = []
    for file in suspects[:SUSPECTS]:
        ms = (cpu_ms(target, file, 1 + REPEATS) - cpu_ms(target, file, 1)) / REPEATS
        if ms > may:
            found.append(f"{file}: {ms:.0f} ms")
    return found


def run(target: Path, given: argparse.Namespace) -> bool:
    where = [prepare(target, given.build)]
    words = [target.absolute(), f"-max_total_time={given.seconds}", f"-artifact_prefix={target}."]
    if given.seed is None:
        where.insert(0, Path(f"{target}.corpus"))  # the first is where it keeps what it finds
        where[0].mkdir(exist_ok=True)
    else:
        words.append(f"-seed={given.seed}")
    log, begun = Path(f"{target}.log"), time.monotonic()
    with open(log, "wb") as output:
        done = subprocess.run([*words, *LIMITS, *where], stdout=output, stderr=output, check=False)
    text = log.read_text(errors="replace")
    name = target.relative_to(given.build)
    if done.returncode != 0:
        print("\n".join([*text.splitlines()[-40:], f"FAILED: {name}, see {log}"]), flush=True)
        return False
    too_slow = slow(target, where) if given.seed is None else []
    if too_slow:
        print(f"FAILED: {name} is slow", *too_slow, sep="\n", flush=True)
        return False
    tries, edges = re.findall(r"^#(\d+)\t.* cov: (\d+)", text, re.MULTILINE)[-1]
    took = f"{time.monotonic() - begun:.0f} s"
    print(f"  {name} held: {tries} inputs, {edges} edges reached ({took})", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, help="the same run each time, from the corpus alone")
    parser.add_argument("--build", type=Path, default=Path("build/fuzz"))
    parser.add_argument("targets", type=Path, nargs="+")
    given = parser.parse_args()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        held = list(pool.map(lambda target: run(target, given), given.targets))
    if not all(held):
        return 1
    print(f"fuzz: {len(held)} parsers held")
    return 0


if __name__ == "__main__":
    sys.exit(main())

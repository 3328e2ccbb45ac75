#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what k8s/overlays/dev renders to, by podman on one machine: images, settings, Secrets, TLS, roles.

    k8s/try.py [CSCTL]        after `make images`; as root; about a minute

NATS and PostgreSQL come as README.md asks for them, with the files of secrets.sh: NATS users by the catalogue, database
roles by client certificate.  Then the Job migrates, the provisioner provisions, and every service must become ready.
Only networks differ: all is on loopback, so no network policy is tried.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
POSTGRES = Path("/usr/lib/postgresql/15/bin")
HOSTS = ("nats.nats.svc.cluster.local", "postgres.postgres.svc.cluster.local")
CONFINED = ("--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=640m")
NATS_CONF = """listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{where}/js" }}
tls {{ cert_file: "{where}/server.crt", key_file: "{where}/server.key", ca_file: "{where}/ca.crt" }}
include "auth.conf"
"""
POSTGRES_CONF = """listen_addresses = '127.0.0.1'
unix_socket_directories = '{where}'
port = {port}
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'ca.crt'
"""
HBA = "local all all trust\nhostssl countersign all all cert\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_postgres(*words: object) -> None:
    command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *map(str, words)]
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


class Platform:
    """NATS and PostgreSQL as the cluster would give them."""

    def __init__(self, root: Path, installation: Path) -> None:
        self.nats_port, self.postgres_port = free_port(), free_port()
        self.nats, self.data = root / "nats", root / "pg"
        shutil.copytree(installation / "nats", self.nats)
        (self.nats / "nats.conf").write_text(NATS_CONF.format(port=self.nats_port, where=self.nats))
        self.data.mkdir()
        shutil.chown(self.data, "postgres", "postgres")
        as_postgres(POSTGRES / "initdb", "-D", self.data, "-A", "reject", "--auth-local=trust")
        for file in (installation / "postgres").iterdir():
            shutil.copy(file, self.data)
            shutil.chown(self.data / file.name, "postgres", "postgres")
            (self.data / file.name).chmod(0o600)
        (self.data / "postgresql.auto.conf").write_text(POSTGRES_CONF.format(where=self.data, port=self.postgres_port))
        (self.data / "pg_hba.conf").write_text(HBA)

    def __enter__(self) -> "Platform":
        log = open(self.nats / "log", "w")
        self.server = subprocess.Popen(["nats-server", "-c", self.nats / "nats.conf"], stderr=log)
        as_postgres(POSTGRES / "pg_ctl", "-D", self.data, "-l", self.data / "log", "-w", "start")
        for sql in ("create role countersign_owner login createrole",
                    "create database countersign owner countersign_owner"):
            as_postgres("psql", "-q", "-h", self.data, "-p", self.postgres_port, "-d", "postgres", "-c", sql)
        return self

    def __exit__(self, *_: object) -> None:
        as_postgres(POSTGRES / "pg_ctl", "-D", self.data, "-m", "fast", "stop")
        self.server.terminate()
        self.server.wait()


class Pod:
    """One rendered Deployment or Job, as a container."""

    def __init__(self, document: dict[str, Any], documents: list[dict[str, Any]], root: Path) -> None:
        self.name = document["metadata"]["name"]
        spec = document["spec"]["template"]["spec"]
        self.container = spec["containers"][0]
        self.secret = next(v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v)
        maps = {d["metadata"]["name"]: d["data"] for d in documents if d["kind"] == "ConfigMap"}
        self.settings: dict[str, str] = {}
        for source in self.container["envFrom"]:
            self.settings |= maps[source["configMapRef"]["name"]]
        self.settings |= {e["name"]: e["value"] for e in self.container.get("env", [])}
        self.volumes = root / "volumes" / self.name
        self.instance = f"countersign-try-{os.getpid()}-{self.name}"
        self.listen = f"127.0.0.1:{free_port()}"

    def mount(self, installation: Path) -> None:
        """As a kubelet does under fsGroup 65532: files of root that this group may read."""
        for source, name, mode in (("secret/" + self.secret, "secret", 0o440), ("public", "public", 0o644)):
            shutil.copytree(installation / source, self.volumes / name)
            (self.volumes / name).chmod(0o755)
            for file in (self.volumes / name).iterdir():
                os.chown(file, 0, 65532)
                file.chmod(mode)

    def command(self, platform: Platform, how: str) -> list[str]:
        url = self.settings["CS_NATS_URL"].replace(":4222", f":{platform.nats_port}")
        moved = {"CS_NATS_URL": url, "PGPORT": str(platform.postgres_port), "CS_LISTEN": self.listen}
        if "CS_HTTP_LISTEN" in self.settings:
            moved["CS_HTTP_LISTEN"] = f"127.0.0.1:{free_port()}"
        words = ["podman", "run", how, "--name", self.instance, *CONFINED]
        words += [f"--add-host={host}:127.0.0.1" for host in HOSTS]
        words += [f"--env={name}={value}" for name, value in (self.settings | moved).items()]
        words += [f"--volume={self.volumes}/secret:/run/secrets/countersign:ro",
                  f"--volume={self.volumes}/public:/etc/countersign:ro",
                  "--mount=type=tmpfs,destination=/scratch,tmpfs-mode=1777"]
        return [*words, self.container["image"], *self.container.get("args", [])]

    def wait_ready(self) -> str:
        """Empty, or why it is not ready."""
        why = ""
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://{self.listen}/readyz", timeout=5):
                    return ""
            except urllib.error.HTTPError as refusal:
                why = refusal.read().decode()
            except OSError as error:
                why = str(error)
            time.sleep(0.2)
        logs = subprocess.run(["podman", "logs", self.instance], capture_output=True, text=True)
        return f"{why}\n{logs.stdout[-1500:]}{logs.stderr[-1500:]}"

    def remove(self) -> None:
        subprocess.run(["podman", "rm", "--force", "--ignore", "--time=5", self.instance], capture_output=True)


def run_all(pods: list[Pod], platform: Platform) -> bool:
    """The Job first and to its end; then all others at once."""
    for pod in sorted(pods, key=lambda pod: pod.name != "migrate"):
        how = "--rm" if pod.name == "migrate" else "--detach"
        done = subprocess.run(pod.command(platform, how), capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{pod.name}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
            return False
    fine = True
    for pod in pods:
        if pod.name in ("migrate", "provisioner"):
            continue
        why = pod.wait_ready()
        print(f"{pod.name}: {why or 'ready'}", flush=True)
        fine = fine and not why
    return fine


def main() -> int:
    csctl = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "bin" / "csctl").resolve()
    os.environ.setdefault("CONTAINERS_CONF", str(ROOT / "build" / "images" / "containers.conf"))
    words = ["kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / "dev")]
    rendered = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    documents = [document for document in yaml.safe_load_all(rendered) if document]
    with tempfile.TemporaryDirectory(prefix="countersign-try-") as directory:
        root, installation = Path(directory), Path(directory) / "installation"
        root.chmod(0o711)
        subprocess.run([str(ROOT / "k8s" / "secrets.sh"), str(installation), str(csctl)], check=True)
        pods = [Pod(d, documents, root) for d in documents if d["kind"] in ("Deployment", "Job")]
        for pod in pods:
            pod.mount(installation)
        with Platform(root, installation) as platform:
            try:
                return 0 if run_all(pods, platform) else 1
            finally:
                for pod in pods:
                    pod.remove()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is this a rendered set of manifests that we would apply?

    manifests.py NAME RENDERED BINARIES

Every pod keeps Pod Security "restricted" and has a read-only root; every service accepts exactly the settings it is
given and the files that k8s/secrets.sh makes for it, asked of the service itself; nobody may reach more than the table
below says; what is referred to exists.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parents[2]
SECRETS, PUBLIC = "/run/secrets/countersign/", "/etc/countersign/"
PRIVATE = {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}

# Where each may open connections beside the cluster's name service: namespace or internet, and ports.
NATS, POSTGRES = "nats:4222", "postgres:5432"
MAIL = {"mail:465", "mail:587"}
DNS = {"internet:53"}
HTTP = {"internet:80", "internet:443"}
RELAYS = {"internet:443", "internet:465", "internet:587", "internet:636"}  # and gateways for SMS, and directories
PROVIDERS = {"internet:443", "internet:636"}
REACH = {
    "request-intake": {NATS, POSTGRES} | PROVIDERS,
    "policy": {NATS, POSTGRES},
    "mailbox-validator": {NATS, POSTGRES} | MAIL | DNS,
    "domain-validator": {NATS, POSTGRES} | DNS | HTTP,
    "caa-dnssec": {NATS, POSTGRES} | DNS,
    "mpic-coordinator": {NATS, "internet:443"},
    "signer": {NATS, POSTGRES},
    "notifier": {NATS, POSTGRES} | MAIL | RELAYS,
    "certificate-status": {NATS, POSTGRES},
    "mpic-perspective": {"internet:4222"} | DNS | HTTP,
    "provisioner": {NATS},
    "migrate": {POSTGRES},
}

Document = dict[str, Any]


def of_kind(documents: list[Document], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def names(documents: list[Document], kind: str) -> set[str]:
    return {document["metadata"]["name"] for document in of_kind(documents, kind)}


# Pods


def check_pod(pod: Document) -> Iterator[str]:
    context = pod.get("securityContext", {})
    wanted = {"runAsNonRoot": True, "runAsUser": 65532, "fsGroup": 65532}
    for key, value in wanted.items():
        if context.get(key) != value:
            yield f"securityContext.{key} is {context.get(key)}, want {value}"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "an account's token is mounted"
    for volume in pod["volumes"]:
        if not {"configMap", "secret", "emptyDir"} & set(volume):
            yield f"volume {volume['name']} is of another kind"
        if volume.get("secret", {}).get("defaultMode", 0o400) != 0o400:
            yield f"secret {volume['name']} has mode {volume['secret']['defaultMode']:o}"
    for container in pod["containers"] + pod.get("initContainers", []):
        yield from check_container(container, {volume["name"] for volume in pod["volumes"]})


def check_container(container: Document, volumes: set[str]) -> Iterator[str]:
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    if container.get("securityContext") != wanted:
        yield f"securityContext is {container.get('securityContext')}"
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "no memory limit"
    for mount in container["volumeMounts"]:
        if mount["name"] not in volumes:
            yield f"{mount['name']} is mounted but is no volume"


def check_deployment(document: Document, documents: list[Document]) -> Iterator[str]:
    spec, name = document["spec"], document["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    if not spec["selector"]["matchLabels"].items() <= labels.items():
        yield "the selector does not find its pods"
    if document["metadata"].get("labels", {}).get("app.kubernetes.io/component") != "service":
        return
    probes = {probe: spec["template"]["spec"]["containers"][0].get(f"{probe}Probe", {}).get("httpGet", {}).get("path")
              for probe in ("startup", "liveness", "readiness")}
    if probes != {"startup": "/startupz", "liveness": "/livez", "readiness": "/readyz"}:
        yield f"probes are {probes}"
    if name not in names(documents, "PodDisruptionBudget"):
        yield "no disruption budget"


# Settings


def environment(container: Document, documents: list[Document]) -> dict[str, str]:
    maps = {d["metadata"]["name"]: d["data"] for d in of_kind(documents, "ConfigMap")}
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]
    return found | {variable["name"]: variable["value"] for variable in container.get("env", [])}


def secrets_in_comments() -> dict[str, set[str]]:
    """What the files say of each Secret: "# Secret NAME: file, file"."""
    text = "".join(path.read_text() for path in sorted(ROOT.glob("k8s/**/*.yaml")))
    found = re.findall(r"Secret ([a-z-]+): ([a-z0-9., -]+(?: and [a-z.]+)?)", text)
    return {name: set(re.split(r", | and ", files.split(" of ")[0].strip())) for name, files in found}


def files_of(service: str, settings: dict[str, str], known: set[str]) -> set[str]:
    wanted = {value for name, value in settings.items() if name in known}
    if "CS_DATABASE_URL" in known:
        wanted |= {value for name, value in settings.items() if name.startswith("PGSSL")}
    if "CS_OCSP_DIR" in known:  # a directory: our one issuing CA's responder lies in it
        wanted |= {f"{settings['CS_OCSP_DIR']}/issuing-1.{part}.pem" for part in ("cert", "key")}
    return {value.removeprefix(SECRETS) for value in wanted if value.startswith(SECRETS)}


def make_files(directory: Path, binaries: Path) -> Path:
    """What k8s/secrets.sh makes for an installation with one perspective."""
    words = [ROOT / "k8s" / "secrets.sh", directory, binaries / "csctl"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"PERSPECTIVES": "oslo"})
    (directory / "secret" / "mpic-perspective-oslo").rename(directory / "secret" / "mpic-perspective")
    return directory


def file_in(files: Path, service: str, value: str) -> Path | None:
    """The file that this setting names in a pod."""
    if value.startswith(SECRETS):
        return files / "secret" / service / value.removeprefix(SECRETS)
    return files / "public" / value.removeprefix(PUBLIC) if value.startswith(PUBLIC) else None


def check_settings(
    service: str, container: Document, documents: list[Document], binaries: Path, files: Path
) -> Iterator[str]:
    settings = environment(container, documents)
    help_text = subprocess.run([binaries / service, "--help"], capture_output=True, text=True).stdout
    known = set(re.findall(r"^  (CS_[A-Z_]+)", help_text, re.M))
    for variable in container.get("env", []):
        if variable["name"] not in known:
            yield f"{variable['name']} is no setting of it"
    if any(name.startswith("CS_TEST_") for name in settings):
        yield "a setting for tests"
    with tempfile.TemporaryDirectory() as directory:
        given = {"PATH": os.environ["PATH"]}
        for name, value in settings.items():
            source = file_in(files, service, value)
            if source:
                value = f"{directory}/{source.name}"
            if source and source.is_file():
                shutil.copyfile(source, value)
                os.chmod(value, 0o400)
            given[name] = value
        done = subprocess.run([binaries / service, "--check-settings"], env=given, capture_output=True, text=True)
        for file in Path(directory).iterdir():
            file.chmod(0o444)
        open_to_all = subprocess.run([binaries / service, "--check-settings"], env=given, capture_output=True, text=True)
    if done.returncode != 0:
        yield "it refuses its settings: " + done.stderr.strip().replace("\n", "; ")
    for name in sorted(known & settings.keys()):
        if settings[name].startswith(SECRETS) and name != "CS_SMTP_USER_FILE" and f"{name}: " not in open_to_all.stderr:
            yield f"it takes {name} from a file that all may read"
    said, used = secrets_in_comments().get(service, set()), files_of(service, settings, known)
    if said != used:
        yield f"its Secret is said to hold {sorted(said)}, what is used is {sorted(used)}"


# Networks


def selects(selector: Document, labels: dict[str, str]) -> bool:
    for rule in selector.get("matchExpressions", []):
        if (labels.get(rule["key"]) in rule["values"]) != (rule["operator"] == "In"):
            return False
    return selector.get("matchLabels", {}).items() <= labels.items()


def place(peer: Document) -> str:
    if "ipBlock" not in peer:
        return peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", "this")
    block = peer["ipBlock"]
    if block["cidr"] == "0.0.0.0/0" and not PRIVATE <= set(block.get("except", [])):
        return "internet and private networks"
    return "internet"


def reach(labels: dict[str, str], documents: list[Document]) -> set[str]:
    """All that the policies let this pod connect to, as place:port."""
    found: set[str] = set()
    for policy in of_kind(documents, "NetworkPolicy"):
        if selects(policy["spec"]["podSelector"], labels):
            for rule in policy["spec"].get("egress", []):
                peers = [place(peer) for peer in rule.get("to", [{}])]
                found |= {f"{peer}:{port['port']}" for peer in peers for port in rule.get("ports", [{"port": "any"}])}
    return found - {"kube-system:53"}


def check_reach(name: str, labels: dict[str, str], documents: list[Document]) -> Iterator[str]:
    got = reach(labels, documents)
    if got != REACH[name]:
        yield f"it may reach {sorted(got)}, want {sorted(REACH[name])}"


# All


def check(document: Document, documents: list[Document], binaries: Path, files: Path) -> Iterator[str]:
    name, template = document["metadata"]["name"], document["spec"]["template"]
    container = template["spec"]["containers"][0]
    yield from check_pod(template["spec"])
    yield from check_reach(name, template["metadata"]["labels"], documents)
    if template["spec"]["serviceAccountName"] not in names(documents, "ServiceAccount"):
        yield "no such account"
    if document["kind"] == "Deployment":
        yield from check_deployment(document, documents)
    if document["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "service":
        yield from check_settings(name, container, documents, binaries, files)


def problems(documents: list[Document], binaries: Path, files: Path) -> Iterator[str]:
    denied = [p for p in of_kind(documents, "NetworkPolicy") if p["spec"]["podSelector"] == {} and not {"egress", "ingress"} & set(p["spec"])]
    if not denied:
        yield "nothing denies by default"
    for space in of_kind(documents, "Namespace"):
        if space["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield "the namespace does not enforce Pod Security"
    for document in of_kind(documents, "Deployment", "Job"):
        for problem in check(document, documents, binaries, files):
            yield f"{document['metadata']['name']}: {problem}"


def main() -> int:
    name, rendered, binaries = sys.argv[1:]
    documents = [document for document in yaml.safe_load_all(Path(rendered).read_text()) if document]
    with tempfile.TemporaryDirectory() as directory:
        found = list(problems(documents, Path(binaries), make_files(Path(directory), Path(binaries))))
    print("".join(f"{name}: {line}\n" for line in found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

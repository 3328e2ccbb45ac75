#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A whole private world on loopback: NATS, PostgreSQL, DNS, mail, web, and the product in it.

    stack.py up --dir DIR [--fast] [--product] [--bin DIR]   start, and keep it in the background
    stack.py exec --dir DIR -- COMMAND...                    run something in its environment
    stack.py call --dir DIR NAME [ARG...]                    dns.set alpha.example _x TXT '"v"'
    stack.py down --dir DIR [--keep]                         stop; status 1 when something was wrong

As a module, in a process that owns the stack:

    with Stack() as stack:
        stack.dns.set("alpha.example", "_cs-abc", "TXT", '"value"')
"""

import argparse
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple, Sequence

import control
from claims import Claims
from natsd import MakeUsers, Nats, users_without_limits
from outside import Mail, Web
from postgres import Postgres
from procs import Processes, Say, left_behind, run, same_process, start_time, stop_recorded
from product import ADMINISTRATOR, API_TOKENS, ENTERPRISE, ISSUER_DOMAIN, OBSERVER, PERSPECTIVES
from product import RETURN_DOMAIN, SERVICES, USERS, WITH_HTTP, WITH_LINKS, WITH_LMTP, WITHOUT_STATEMENTS, role
from ca_files import ISSUER, publish_ca
from secrets_dir import make_tls, private_file
from wait import wait_for
from zones import MAIL_HOST, VIEW_BASES, Dns, Zone

PORTS = 96  # claimed at the start: servers, and two for each process of the product
LONGEST_SOCKET_PATH = 100
REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = REPOSITORY / "tests/stack/demo.yaml"
WEAK_KEYS = REPOSITORY / "libs/pki/tests/fixtures/debian-weak.txt"


class Stopped(BaseException):
    """SIGTERM, or Ctrl-C: an orderly end, no failure."""


class Service(NamedTuple):
    """How an instance was started, to start it again."""

    argv: list[Path]
    env: dict[str, str]
    listen: str


class Stack:
    """Owns everything it starts; nothing outlives it, or the process that holds it."""

    def __init__(
        self,
        root: Path | None = None,
        say: Say | None = None,
        durable: bool = True,
        keep: bool = False,
        binaries: Path = REPOSITORY / "build" / "bin",
        make_users: MakeUsers | None = None,
        product: bool = False,
    ) -> None:
        self.root = _fresh_directory(root)
        self.keep, self.binaries = keep, binaries
        self.make_users = make_users or (self.product_users if product else users_without_limits)
        self.born = time.monotonic()
        self._say = say or (lambda text: print(text, flush=True))
        self.services: dict[str, Service] = {}
        self.claims = Claims()
        self.block = self.claims.block()
        self.ports = iter(self.claims.ports(PORTS))
        self.processes = Processes(self.root, self.say)
        self.status_address = self.free_address()  # certificates name it before it is there
        self.nats = Nats(self.root, self.processes, next(self.ports), next(self.ports))
        self.postgres = Postgres(self.root, self.processes, next(self.ports), durable)
        self.dns = Dns(self.root, self.processes, self.block)
        self.views: dict[str, Dns] = {}
        self.mail = Mail(self.root, self.processes, self.block, next(self.ports), next(self.ports))
        self.web = Web(self.root, self.processes, self.block)

    def say(self, text: str) -> None:
        """The one way to tell people what happens."""
        self._say(f"{time.monotonic() - self.born:7.2f}  {text}")

    # The whole

    def __enter__(self) -> "Stack":
        self.up()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self.down(failed=failed not in (None, Stopped))

    def up(self) -> None:
        """Starts the servers; when one cannot start, nothing stays."""
        try:
            _check_low_ports()
            self.processes.guard(self.claims)
            self.say(f"addresses {self.block.network}, directory {self.root}")
            names = ["mail." + zone.name for zone in self.dns.zones.values() if "." in zone.name]
            make_tls(self.root / "tls", [self.block.address(MAIL_HOST)], names)
            self.nats.configure(self.make_users, USERS)
            with ThreadPoolExecutor() as pool:
                for done in [pool.submit(start) for start in self._starts()]:
                    done.result()
            (self.root / "env").write_text(_shell(self.test_environment()))
        except BaseException as why:
            self.down(failed=not isinstance(why, Stopped))
            raise

    def down(self, failed: bool = False) -> bool:
        """Stops everything, last first.  True when all went well; else the logs are kept."""
        for view in self.views.values():
            view.be_quiet()
        self.dns.be_quiet()
        looking = [name for name in self.services if name.startswith("mpic-perspective")]
        self.processes.stop_all([[name for name in self.services if name not in looking], looking])
        left = left_behind(self.root)
        self.processes.unguard()
        self.claims.release()
        for line in left:
            self.say(f"left behind: {line}")
        fine = not left and not self.processes.problems and not failed
        if fine and not self.keep:
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            self.say(f"logs are in {self.root}/log")
        return fine

    def _starts(self) -> list[Callable[[], None]]:
        servers = {
            "nats-server": self.nats.start,
            "name servers": self.dns.start,
            "mail sink": self.mail.start,
        }
        servers |= {"PostgreSQL": self._start_postgres, "web server": self.web.start}

        def started(what: str, start: Callable[[], None]) -> Callable[[], None]:
            def work() -> None:
                start()
                self.say(f"{what} started")

            return work

        return [started(what, start) for what, start in servers.items()]

    def _start_postgres(self) -> None:
        self.postgres.create()
        self.postgres.start()
        self.postgres.create_database()

    def dns_view(self, name: str) -> Dns:
        """A second name tree with the same keys and hints of its own: a hijacked region's view."""
        if name in self.views or len(self.views) == len(VIEW_BASES):
            raise RuntimeError(f"view {name}: it exists, or there are {len(VIEW_BASES)} already, which is all")
        view = self.dns.another_view(name, VIEW_BASES[len(self.views)])
        self.views[name] = view
        view.start()
        return view

    # The product

    def prepare_product(self, algorithm: str = "p256") -> None:
        """Roles, schemas, streams, CA and trust: all that services need before they start."""
        signers = (*SERVICES, *(perspective.service for perspective in PERSPECTIVES), "csctl")
        for service in signers:
            self.csctl("key", "new", str(self.key_file(service)))
        passwords = self.root / "secrets" / "passwords"
        passwords.mkdir(mode=0o700)
        self.csctl("migrate", "--passwords", str(passwords))
        for service in SERVICES:
            password = passwords / f"{service}.password"
            if password.exists():
                line = f"*:*:*:{role(service)}:{password.read_text().strip()}\n"
                private_file(self.pass_file(service), line)
        password = passwords / "observer.password"
        private_file(self.pass_file("observer"), f"*:*:*:{OBSERVER}:{password.read_text().strip()}\n")
        self.csctl("provision", user="provisioner")
        ca = ["ca", "init", "--dir", str(self.ca), "--algorithm", algorithm]
        self.csctl(*ca, *(["--bench"] if algorithm == "rsa3072" else []))
        publish_ca(self.ca, self.status_dir)
        self._make_trust(signers)
        self.csctl("weak-keys", "convert", str(WEAK_KEYS), "--out", str(self.root / "weak-keys"))
        for name in ("token.key", "seal.key", "code.key"):
            private_file(self.root / "secrets" / name, secrets.token_hex(32))
        key = self.csctl("key", "new-sealing", str(self.root / "secrets" / "sealing.key")).strip()
        (self.root / "trust" / "sealing-keys").write_text(f"notifier {key}\nmpic-coordinator {key}\n")
        lines = [
            " ".join([hashlib.sha256(token.encode()).hexdigest(), enterprise, account, role]).strip()
            for token, enterprise, account, role in (*API_TOKENS, ADMINISTRATOR)
        ]
        private_file(self.root / "secrets" / "api-tokens", "\n".join(lines) + "\n")

    def _make_trust(self, signers: Sequence[str]) -> None:
        """Two approvers sign the table that says which key may state what."""
        approvers = [self.root / "trust" / f"approver-{number}.pem" for number in (1, 2)]
        lines = [f"{path.stem} {self.csctl('key', 'new', str(path)).strip()}\n" for path in approvers]
        (self.root / "trust" / "approvers").write_text("".join(lines))
        words = ["trust", "write", "--out", str(self.root / "trust" / "trust")]
        for path in approvers:
            words += ["--approver", str(path)]
        words += [f"{name}={self.key_file(name)}" for name in signers if name not in WITHOUT_STATEMENTS]
        self.csctl(*words)

    def document(self, kind: str, name: str, spec: dict[str, Any], enterprise: str = ENTERPRISE) -> None:
        """Makes a document of policy, or changes these fields of it, past the API: for tests about other things."""
        values = [text.replace("'", "''") for text in (kind, enterprise, name, json.dumps(spec))]
        self.postgres.query(
            "with head as (update policy.config_head set last_version = last_version + 1 returning last_version)"
            " insert into policy.document select '{}', '{}', '{}', gen_random_uuid(), last_version, '{}'::jsonb, 0, 'test'"
            " from head on conflict (kind, enterprise, name) do update set version = excluded.version,"
            " spec = document.spec || excluded.spec".format(*values)
        )

    def assign(self, *mailboxes: str, to: str = "alice") -> None:
        """Gives somebody mailboxes, or "*@domain", on the strength of the domain."""
        for mailbox in mailboxes:
            self.document("assignment", mailbox, {"people": [to]})

    @property
    def ca(self) -> Path:
        return self.root / "secrets" / "ca"

    @property
    def status_dir(self) -> Path:
        """What certificate-status has: certificates of CAs, and its own keys for OCSP."""
        return self.root / "secrets" / "status"

    @property
    def status_url(self) -> str:
        return f"http://{self.status_address}"

    def product_users(self, seeds: Path, names: Sequence[str]) -> str:
        """auth.conf with the least permissions that the catalogue allows each service."""
        perspectives = [word for p in PERSPECTIVES for word in ("--perspective", p.name)]
        run([self.binaries / "csctl", "nats-keys", str(seeds), *perspectives])
        words = ["catalogue", "nats-users", "--keys", str(seeds), *perspectives]
        return run([self.binaries / "csctl", *words])

    def start_product(
        self, replicas: int = 1, settings: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """Everything of the product; `settings`: more of the environment, by service."""
        more = settings or {}
        self.prepare_product()
        self.start_provisioner()
        instances: list[str] = []
        for perspective in PERSPECTIVES:
            where = {
                "CS_PERSPECTIVE_NAME": perspective.name,
                "CS_PERSPECTIVE_REGION": perspective.region,
                **more.get(perspective.service, {}),
            }
            instances += self.launch_service(perspective.service, where, "mpic-perspective")
        for service in SERVICES:
            instances += self.launch_service(service, more.get(service), replicas=replicas)
        for instance in instances:
            self.wait_ready(instance)
        self.csctl("apply", "-f", str(SETTINGS), CS_API_TOKEN=ADMINISTRATOR[0])

    def start_provisioner(self) -> None:
        """Makes streams and consumers again when they are gone."""
        argv = [self.binaries / "csctl", "provision", "--watch"]
        self.processes.start("provisioner", argv, self.environment("provisioner"))

    def csctl(self, *words: str, user: str = "observer", **more: str) -> str:
        """Runs the operator's tool, on the bus as this user and in the database as its owner."""
        environment = {
            **os.environ,
            **self.environment(user),
            "CS_DATABASE_URL": self.postgres.url,
            **more,
        }
        if "request-intake" in self.services:
            environment["CS_API_URL"] = self.api_url
        self.say("csctl " + " ".join(words[:2]))
        return run([self.binaries / "csctl", *words], env=environment, cwd=self.root)

    def start_service(
        self,
        name: str,
        env: Mapping[str, str] | None = None,
        binary: str | None = None,
        replicas: int = 1,
    ) -> list[str]:
        """Starts instances NAME, NAME-2, ..., all of user NAME, and waits until they are ready."""
        instances = self.launch_service(name, env, binary, replicas)
        for instance in instances:
            self.wait_ready(instance)
        return instances

    def launch_service(
        self,
        name: str,
        env: Mapping[str, str] | None = None,
        binary: str | None = None,
        replicas: int = 1,
    ) -> list[str]:
        """As start_service, but waits for nothing."""
        instances = [
            name if number == 1 else f"{name}-{number}" for number in range(1, replicas + 1)
        ]
        for instance in instances:
            listen = self.free_address()
            settings = {**self.environment(name), "CS_LISTEN": listen, **(env or {})}
            if instance == "certificate-status":
                settings.setdefault("CS_HTTP_LISTEN", self.status_address)
            if name in WITH_HTTP and "CS_HTTP_LISTEN" not in settings:
                settings["CS_HTTP_LISTEN"] = self.free_address()
            if name in WITH_LMTP and "CS_LMTP_LISTEN" not in settings:
                settings["CS_LMTP_LISTEN"] = self.free_address()
            if name in WITH_LINKS and "request-intake" in self.services:
                page = self.services["request-intake"].env["CS_HTTP_LISTEN"]
                settings.setdefault("CS_CONFIRM_URL", f"http://{page}/confirm")
            self.services[instance] = Service(
                [self.binaries / (binary or name)], settings, settings["CS_LISTEN"]
            )
            self._launch(instance)
        return instances

    def restart_service(self, instance: str) -> None:
        """Stops it, if it still runs, and starts it with the same settings and addresses."""
        if instance in self.processes.running:
            self.processes.stop(instance)
        self._launch(instance)
        self.wait_ready(instance)

    def stop_service(self, instance: str) -> None:
        self.processes.stop(instance)

    def kill(self, instance: str, sig: int = signal.SIGKILL) -> None:
        self.processes.kill(instance, sig)

    def wait_ready(self, instance: str, timeout: float = 60) -> None:
        def ready() -> bool:
            self.processes.must_live(instance)
            return self.get(instance, "readyz")[0] == 200

        wait_for(ready, timeout, f"{instance} to be ready")

    def get(self, instance: str, page: str) -> tuple[int, str]:
        """readyz, livez or metrics of an instance: status (0: no answer) and text."""
        url = f"http://{self.services[instance].listen}/{page}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(errors="replace")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0, ""

    @property
    def api_url(self) -> str:
        return "http://" + self.services["request-intake"].env["CS_HTTP_LISTEN"]

    def free_address(self) -> str:
        return f"127.0.0.1:{next(self.ports)}"

    def key_file(self, service: str) -> Path:
        return self.root / "secrets" / f"{service}.pem"

    def pass_file(self, service: str) -> Path:
        return self.root / "secrets" / f"{role(service)}.pgpass"

    def _launch(self, instance: str) -> None:
        service = self.services[instance]
        self.processes.start(instance, service.argv, service.env)
        self.say(f"{instance} started, pid {self.processes.pid(instance)}")

    # Environments

    def environment(self, user: str) -> dict[str, str]:
        """The settings that all services have in common, as one of them sees these."""
        return {
            **self._database(user),
            "CS_NATS_URL": self.nats.url,
            "CS_NATS_CA_FILE": str(self.nats.ca_file),
            "CS_NATS_SEED_FILE": str(self.nats.seed_file(user)),
            "CS_KEY_FILE": str(self.key_file(user)),
            "CS_TRUST_FILE": str(self.root / "trust" / "trust"),
            "CS_APPROVERS_FILE": str(self.root / "trust" / "approvers"),
            "CS_LOG_LEVEL": "info",
            "CS_TEST_MODE": "1",
            "CS_HTTP_PER_SOURCE": "4096",  # all clients of a test have one address
            "CS_CREATIONS_PER_NETWORK_HOUR": "100000000",
            "CS_PRESSES_PER_NETWORK_HOUR": "100000000",
            "CS_LOGINS_PER_NETWORK_HOUR": "100000000",
            "CS_RETURNS_PER_NETWORK_HOUR": "100000000",
            "CS_DNS_ROOT_HINTS_FILE": str(self.dns.hints_file),
            "CS_DNS_ANCHOR_FILE": str(self.dns.anchor_file),
            "CS_TEST_PUBLIC_NETS": self.block.network,
            "CS_LOOKS_PER_DOMAIN": "1000000",  # all customers of a test have few domains
            "CS_FAILURES_PER_ACCOUNT": "1000000",
            "CS_SMTP_URL": f"smtp://{self.mail.relay}",
            "CS_MAIL_FROM": "noreply@countersign.example",
            "CS_MAIL_RETURN_DOMAIN": RETURN_DOMAIN,
            "CS_TOKEN_KEY_FILE": str(self.root / "secrets" / "token.key"),
            "CS_CODE_KEY_FILE": str(self.root / "secrets" / "code.key"),
            "CS_SEAL_KEY_FILE": str(self.root / "secrets" / "seal.key"),
            "CS_SEALING_KEY_FILE": str(self.root / "secrets" / "sealing.key"),
            "CS_SEALING_KEYS_FILE": str(self.root / "trust" / "sealing-keys"),
            "CS_AUDIT_KEY_FILE": str(self.key_file("signer")),
            "CS_AUDIT_HEAD_SECONDS": "1",
            "CS_WEAK_KEYS_FILE": str(self.root / "weak-keys"),
            "CS_API_TOKENS_FILE": str(self.root / "secrets" / "api-tokens"),
            "CS_ISSUER_DOMAINS": ISSUER_DOMAIN,
            "CS_ISSUER_KEY_FILE": str(self.ca / "issuing.key.pem"),
            "CS_ISSUER_CHAIN_FILE": str(self.ca / "chain.pem"),
            "CS_ISSUER_LABEL": ISSUER,
            "CS_CRL_URLS": f"{self.status_url}/crl/{ISSUER}.crl",
            "CS_OCSP_URLS": f"{self.status_url}/ocsp/{ISSUER}",
            "CS_CA_ISSUERS_URLS": f"{self.status_url}/ca/{ISSUER}.cer",
            "CS_STATUS_CA_DIR": str(self.status_dir / "ca"),
            "CS_OCSP_DIR": str(self.status_dir / "ocsp"),
            "CS_PERSPECTIVES": ",".join(f"{p.name}:{p.region}" for p in PERSPECTIVES),
        }

    def _database(self, user: str) -> dict[str, str]:
        """Services come with their own role, tools with the owner's, perspectives with none."""
        if user in SERVICES:
            return {"CS_DATABASE_URL": self.postgres.url_for(role(user), self.pass_file(user))}
        if user == "observer":
            return {"CS_DATABASE_URL": self.postgres.url_for(OBSERVER, self.pass_file(user))}
        return {"CS_DATABASE_URL": self.postgres.url} if user in ("csctl", "test") else {}

    def test_environment(self) -> dict[str, str]:
        """For tests that run beside the product: DIR/env and `stack.py exec`."""
        return {
            **self.environment("test"),
            "CS_STACK_DIR": str(self.root),
            "CS_STACK_SEEDS_DIR": str(self.nats.seeds),
            "CS_STACK_NATS_MONITOR_URL": f"http://127.0.0.1:{self.nats.monitor}",
            "CS_STACK_BLOCK": self.block.prefix,
            "CS_STACK_MAIL_URL": self.mail.url,
            "CS_STACK_WEB_DIR": str(self.web.root),
            "CS_STACK_CALL": f"{sys.executable} {Path(__file__).resolve()} call --dir {self.root}",
        }

    def calls(self) -> dict[str, Callable[..., Any]]:
        """What other processes may ask the keeper of this stack to do."""
        found: dict[str, Callable[..., Any]] = {
            "dns.set": self.dns.set,
            "dns.add": self.dns.add,
            "dns.remove": self.dns.remove,
            "dns.sign": self.dns.sign,
            "dns.add_zone": lambda name: self.dns.add_zone(Zone(name)),
            "dns.remove_zone": self.dns.remove_zone,
            "dns.add_mail_zone": self.dns.add_mail_zone,
            "dns.mute": self.dns.mute,
            "dns.freeze": self.dns.freeze,
            "dns.thaw": self.dns.thaw,
            "mail.behave": self.mail.behave,
            "web.hook": self.web.hook,
            "service.start": lambda name: self.start_service(name),
            "service.stop": self.stop_service,
            "service.restart": self.restart_service,
            "service.kill": lambda name: self.kill(name),
            "service.get": self.get,
        }
        servers: list[Nats | Postgres | Mail | Web] = [
            self.nats,
            self.postgres,
            self.mail,
            self.web,
        ]
        for server in servers:
            for verb in ("start", "stop", "restart", "kill", "freeze", "thaw"):
                if hasattr(server, verb):
                    found[f"{server.name}.{verb}"] = getattr(server, verb)
        found["nats.wipe"] = self.nats.wipe
        return found


def _fresh_directory(root: Path | None) -> Path:
    """An empty directory that the database's account may pass through."""
    if root is None:
        root = Path(tempfile.mkdtemp(prefix="countersign-", dir="/tmp"))
    root = _fresh(root)
    if len(str(root / "pg" / ".s.PGSQL.32000")) > LONGEST_SOCKET_PATH:
        raise RuntimeError(f"{root} is too long for the path of a socket")
    root.chmod(0o711)
    for name in ("log", "run", "tls", "trust"):
        (root / name).mkdir()
    (root / "secrets").mkdir(mode=0o700)
    return root


def _fresh(root: Path) -> Path:
    root = root.absolute()
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise RuntimeError(f"{root} is not empty")
    return root


def _check_low_ports() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if os.geteuid() != 0 and first > 25:
        raise RuntimeError("ports 25, 53 and 80: sysctl net.ipv4.ip_unprivileged_port_start=25")


def _shell(environment: Mapping[str, str]) -> str:
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())


# The command


def keep_stack(options: argparse.Namespace) -> int:
    """The background process behind `up`: owns the stack until SIGTERM."""
    stop_on(signal.SIGTERM)
    stack = Stack(
        options.dir,
        durable=not options.fast,
        keep=True,
        binaries=options.bin,
        product=options.product,
    )
    me = {"pid": os.getpid(), "started": start_time(os.getpid())}
    (stack.root / "keeper").write_text(json.dumps(me))
    try:
        with stack:
            if options.product:
                stack.start_product()
            control.serve(stack.root / "control", stack.calls())
            (stack.root / "ready").touch()
            stack.say("ready")
            _move_output(
                stack.root / "log" / "keeper.log"
            )  # `up` sees the end of its pipe and returns
            while True:
                signal.pause()
    except Stopped:
        (stack.root / "outcome").write_text(
            "".join(f"{problem}\n" for problem in stack.processes.problems)
        )
    return 1 if stack.processes.problems else 0


def stop_on(*signals: signal.Signals) -> None:
    """From now on they raise Stopped, also where whoever started us had them ignored."""

    def stop(*_: object) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)  # once is enough; the rest is cleaning up
        raise Stopped

    for number in signals:
        signal.signal(number, stop)


def _move_output(log: Path) -> None:
    sys.stdout.flush()
    with open(log, "ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())


def up(options: argparse.Namespace) -> int:
    root = _fresh(options.dir)
    argv = [sys.executable, __file__, "keep", *sys.argv[2:]]
    keeper = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    )
    assert keeper.stdout is not None
    try:
        for line in keeper.stdout:
            print(line, end="", flush=True)
    except KeyboardInterrupt:
        keeper.terminate()
        keeper.communicate()
        return 130
    return 0 if (root / "ready").exists() else 1


def down(options: argparse.Namespace) -> int:
    root = options.dir.absolute()
    problems = _end_keeper(root)
    stop_recorded(root)
    problems += [f"left behind: {line}" for line in left_behind(root)]
    print("".join(f"{problem}\n" for problem in problems), end="")
    if options.keep or problems:
        print(f"logs are in {root}/log")
    else:
        shutil.rmtree(root)
    return 1 if problems else 0


def _end_keeper(root: Path) -> list[str]:
    me = json.loads((root / "keeper").read_text())
    if not same_process(me["pid"], me["started"]):
        return ["the keeper of the stack is gone"]
    os.kill(me["pid"], signal.SIGTERM)
    wait_for(lambda: not same_process(me["pid"], me["started"]), 120, "the end of the stack")
    outcome = root / "outcome"
    return outcome.read_text().splitlines() if outcome.exists() else ["the stack left no outcome"]


def execute(options: argparse.Namespace) -> int:
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    shell = 'set -e; . "$0"; exec "$@"'
    os.execvp("sh", ["sh", "-c", shell, str(options.dir.absolute() / "env"), *words])


def call(options: argparse.Namespace) -> int:
    result = control.call(options.dir.absolute(), options.words[0], *options.words[1:])
    if result is not None:
        print(result if isinstance(result, str) else json.dumps(result))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for name, command in (
        ("up", up),
        ("keep", keep_stack),
        ("down", down),
        ("exec", execute),
        ("call", call),
    ):
        sub = commands.add_parser(name)
        sub.set_defaults(command=command)
        sub.add_argument("--dir", type=Path, required=True)
        if command in (up, keep_stack):
            sub.add_argument("--fast", action="store_true", help="PostgreSQL without fsync")
            sub.add_argument("--product", action="store_true", help="the services too")
            sub.add_argument("--bin", type=Path, default=REPOSITORY / "build" / "bin")
        elif command is down:
            sub.add_argument("--keep", action="store_true", help="keep the directory with the logs")
        elif command in (execute, call):
            sub.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    status: int = options.command(options)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, TimeoutError, OSError) as failure:
        sys.exit(f"stack.py: {failure}")

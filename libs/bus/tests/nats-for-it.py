#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program with a nats-server of its own: TLS, nkey users with permissions, JetStream.

    nats-for-it.py PROGRAM [ARGUMENT...]

The program gets CS_NATS_URL, CS_NATS_CA_FILE, CS_NATS_SEED_FILE (what a service may),
CS_NATS_ADMIN_SEED_FILE (may make streams), CS_NATS_POLICY_SEED_FILE (what that service may),
CS_NATS_TESTER_SEED_FILE (may everything) and CS_NATS_CONTROL: a local socket that takes one line
("stop", "start", "wipe", "freeze", "thaw", "keep" its store, or "return" to what was kept) per connection and answers with a line when it is done.
"""
import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

CONFIG = """
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{dir}/js", max_memory_store: 16MB, max_file_store: 256MB }}
tls {{ cert_file: "{dir}/server.crt", key_file: "{dir}/server.key", timeout: 3 }}
accounts {{
  CS {{
    jetstream: enabled
    users: [
      {{ nkey: {admin}, permissions: {{ publish: {{ allow: ["$JS.API.>"] }},
          subscribe: {{ allow: ["_INBOX_admin.>"] }} }} }}
      {{ nkey: {it}, permissions: {{
          publish: {{ allow: ["it.event.*", "it.nowhere", "ask.it.*", "_INBOX_it.*.it.*.*",
              "$JS.API.CONSUMER.MSG.NEXT.IT.*", "$JS.API.CONSUMER.INFO.IT.*",
              "$JS.API.STREAM.INFO.IT", "$JS.API.STREAM.MSG.GET.IT", "$JS.ACK.IT.>"] }},
          subscribe: {{ allow: ["_INBOX_it.>", "ask.it.*"] }} }} }}
      {{ nkey: {policy}, permissions: {{
          publish: {{ allow: ["cs.plan.*", "cs.deadletter.policy", "_INBOX_tester.*.mailbox.submit.*",
              "$JS.API.CONSUMER.MSG.NEXT.REQUEST.*", "$JS.API.STREAM.INFO.PLAN",
              "$JS.API.STREAM.INFO.EVIDENCE", "$JS.API.STREAM.INFO.CONFIG",
              "$JS.ACK.REQUEST.>"] }},
          subscribe: {{ allow: ["_INBOX_policy.>", "ask.mailbox.submit"] }} }} }}
      {{ nkey: {tester} }}
    ]
  }}
}}
"""


def run(*args):
    return subprocess.run(args, check=True, capture_output=True).stdout


def crc16(data):
    crc = 0
    for octet in data:
        crc ^= octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc.to_bytes(2, "little")


def key_text(data):
    return base64.b32encode(data + crc16(data)).decode().rstrip("=")


def make_user(path):
    """Writes the seed file of a new user and gives its public key."""
    pem = path + ".pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", pem)
    seed = run("openssl", "pkey", "-in", pem, "-outform", "DER")[-32:]
    public = run("openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]
    key = key_text(b"\xa0" + public)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(key_text(b"\x95\x00" + seed) + "\n" + key + "\n")
    return key


def make_certificates(dir):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "2", "-subj", "/CN=it CA", "-keyout", dir + "/ca.key",
        "-out", dir + "/ca.crt")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", "/CN=it server", "-keyout", dir + "/server.key", "-out", dir + "/server.csr")
    with open(dir + "/ext", "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-in", dir + "/server.csr", "-CA", dir + "/ca.crt", "-CAkey",
        dir + "/ca.key", "-CAcreateserial", "-days", "2", "-extfile", dir + "/ext",
        "-out", dir + "/server.crt")


class Server:
    def __init__(self, dir, port):
        self.dir = dir
        self.port = port
        self.process = None

    def start(self):
        if self.process:
            return
        log = open(self.dir + "/log", "a")
        self.process = subprocess.Popen(
            ["nats-server", "-c", self.dir + "/nats.conf"], stdout=log, stderr=log)
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                try:  # waits a little, or until the server is gone
                    self.process.wait(0.05)
                except subprocess.TimeoutExpired:
                    pass
        raise SystemExit("nats-server did not start: " + open(self.dir + "/log").read())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def wipe(self):
        self.stop()
        shutil.rmtree(self.dir + "/js", ignore_errors=True)

    def keep(self):
        self.stop()
        shutil.rmtree(self.dir + "/kept", ignore_errors=True)
        shutil.copytree(self.dir + "/js", self.dir + "/kept")
        self.start()

    def return_to_kept(self):
        """As after a crash of the machine: what was written last is gone."""
        self.wipe()
        shutil.copytree(self.dir + "/kept", self.dir + "/js")
        self.start()


def obey(server, listener):
    verbs = {"stop": server.stop, "start": server.start, "wipe": server.wipe,
             "freeze": server.freeze, "thaw": server.thaw, "keep": server.keep,
             "return": server.return_to_kept}
    while True:
        with listener.accept()[0] as client:
            verbs[client.makefile().readline().strip()]()
            client.sendall(b"done\n")


def main():
    dir = tempfile.mkdtemp()
    make_certificates(dir)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    users = {name: make_user(dir + "/" + name) for name in ("admin", "it", "policy", "tester")}
    with open(dir + "/nats.conf", "w") as file:
        file.write(CONFIG.format(dir=dir, port=port, **users))
    server = Server(dir, port)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(dir + "/control")
    listener.listen()
    controller = threading.Thread(target=obey, args=(server, listener), daemon=True)
    try:
        server.start()
        controller.start()
        env = dict(os.environ, CS_NATS_URL="tls://127.0.0.1:%d" % port,
                   CS_NATS_CA_FILE=dir + "/ca.crt", CS_NATS_SEED_FILE=dir + "/it",
                   CS_NATS_ADMIN_SEED_FILE=dir + "/admin",
                   CS_NATS_POLICY_SEED_FILE=dir + "/policy",
                   CS_NATS_TESTER_SEED_FILE=dir + "/tester", CS_NATS_CONTROL=dir + "/control")
        return subprocess.run(sys.argv[1:], env=env).returncode
    finally:
        server.stop()
        shutil.rmtree(dir, ignore_errors=True)


sys.exit(main())

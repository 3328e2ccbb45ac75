# SPDX-License-Identifier: Apache-2.0
"""A mail relay that behaves as the recipient's local part says.  Usage: relay.py DIRECTORY"""
import asyncio
import base64
import logging
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

directory = sys.argv[1]


def read(name):
    with open(f"{directory}/{name}", encoding="ascii") as file:
        return file.read().rstrip("\n")


class Handler:
    refusals = {"temporary": "451 4.3.0 come again", "permanent": "550 5.1.1 nobody of that name"}
    after_data = {
        "data-temporary": "452 4.2.2 full",
        "data-permanent": "554 5.7.1 not this one",
        "data-odd": "354 more of it",
        "babble": "\r\n".join(["250-on and on"] * 200 + ["250 done"]),
        "loud": "250 " + "x" * 5000,
        "double": "250 yes\r\n250 yes, it is",
        "control": "554 a\x1b[2J\x07b",
    }

    async def handle_RCPT(self, server, session, envelope, address, options):
        word = address.split("@")[0]
        if word in self.refusals:
            return self.refusals[word]
        envelope.rcpt_tos.append(address)
        return "250 yes"

    async def handle_DATA(self, server, session, envelope):
        word = envelope.rcpt_tos[0].split("@")[0]
        if word == "silent":
            await asyncio.sleep(3600)
        if word == "hang-up":
            server.transport.abort()
            return "250 nobody hears this"
        if word == "drip":
            for octet in b"250 yes\r\n" * 1000:
                server.transport.write(bytes([octet]))
                await asyncio.sleep(0.3)
        if word in self.after_data:
            return self.after_data[word]
        login = session.auth_data.login.decode() if session.authenticated else ""
        data = base64.b64encode(envelope.content).decode()
        return (f"250 helo={session.host_name} peer={session.peer[1]} from=<{envelope.mail_from.strip('<>')}>"
                f" tls={int(session.ssl is not None)} login={login} data={data}")


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login.decode(), data.password.decode()) == (read("user"), read("password"))
    return AuthResult(success=good, handled=good, auth_data=data)


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/server.pem", f"{directory}/server.key")
    return context


async def serve(factory):
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]


class Speaker(asyncio.Protocol):
    """Says these octets and then nothing."""

    def __init__(self, text):
        self.text = text

    def connection_made(self, transport):
        transport.write(self.text)


class Scripted(asyncio.Protocol):
    """Says yes to every step but one, where it says this."""

    YES = {"GREETING": b"220 hello", "EHLO": b"250 hello", "HELO": b"250 hello", "MAIL": b"250 yes",
           "RCPT": b"250 yes", "DATA": b"354 go on", "END": b"250 yes", "QUIT": b"221 bye"}

    def __init__(self, step, reply):
        self.says = {**self.YES, step: reply, **({"HELO": reply} if step == "EHLO" else {})}
        self.rest, self.in_data = b"", False

    def connection_made(self, transport):
        self.transport = transport
        self.say("GREETING")

    def say(self, step):
        self.transport.write(self.says.get(step, b"500 what") + b"\r\n")

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            if self.in_data:
                if line == b".":
                    self.in_data = False
                    self.say("END")
                continue
            verb = line[:4].decode("latin-1").upper()
            self.say(verb)
            self.in_data = verb == "DATA" and self.says["DATA"].startswith(b"354")


STEPS = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END")
REPLIES = {"LATER": b"451 4.3.0 come again", "NEVER": b"550 5.7.1 no", "ODD": b"999 what", "GARBAGE": b"\xff\0\x01 [31m"}


def scripted(step, reply):
    return lambda: Scripted(step, reply)


async def main():
    handler = Handler()
    ports = {
        "PLAIN": await serve(lambda: SMTP(handler, hostname="relay.example")),
        "STARTTLS": await serve(lambda: SMTP(
            handler, hostname="relay.example", tls_context=tls_context(),
            require_starttls=True)),
        "LOGIN": await serve(lambda: SMTP(
            handler, hostname="relay.example", tls_context=tls_context(), require_starttls=True,
            authenticator=authenticate, auth_required=True)),
        "CLOSED": await serve(lambda: Speaker(b"554 5.3.2 not today\r\n")),
        "MUTE": await serve(lambda: Speaker(b"")),
        "ENDLESS": await serve(lambda: Speaker(b"220-and\r\n" * 5000)),
    }
    for step in STEPS:
        for name, reply in REPLIES.items():
            ports[f"{step}_{name}"] = await serve(scripted(step, reply))
    print(*(f"CS_SMTP_IT_{name}={port}" for name, port in ports.items()), flush=True)
    await asyncio.sleep(3600)


logging.disable()  # what goes wrong here is meant to
asyncio.run(main())

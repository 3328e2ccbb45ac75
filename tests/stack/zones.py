# SPDX-License-Identifier: Apache-2.0
"""The name tree of a stack: a signed root of its own, two TLDs and customers' zones, served by nsd.

Root, TLDs and customers are separate servers on separate addresses, so a resolver walks real
delegations.  Zones are Python data; a change at run time is written, signed and reloaded before
the call returns.  A second view of the tree (other addresses, same keys) can lie to whoever uses
its root hints: what a hijacked region sees.
"""

import copy
import socket
import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from claims import Block
from procs import Processes, run
from wait import wait_for

HOUR, DAY = 3600, 86400
# Last octets of the addresses of a view, added to the base of the view.
ROOT, EXAMPLE, MAIL, CUSTOMERS, SILENT = 1, 2, 3, 10, 19
WEB_HOST, MAIL_HOST = 80, 25
VIEW_BASES = range(100, 240, 20)  # of further views; a block has 254 addresses
NSD_PROCESSES = 3  # transfer daemon, main process, one that answers


class Signing(Enum):
    SECURE = "secure"  # signed, DS in the parent
    INSECURE = "insecure"  # not signed, and the parent proves that there is no DS
    BOGUS = "bogus"  # DS in the parent, but every signature over data is broken
    EXPIRED = "expired"  # DS in the parent, the signatures ended an hour ago
    FUTURE = "future"  # DS in the parent, the signatures begin in an hour
    WRONG_DS = "wrong-ds"  # the DS in the parent is of a key that is not there
    SILENT = "silent"  # delegated to an address where nothing ever answers


@dataclass
class Zone:
    """A zone; owners are relative to it ("@", "_cs"), values are in the presentation format."""

    name: str
    last: int = CUSTOMERS  # of the server's address, before the base of the view is added
    signing: Signing = Signing.SECURE
    nsec3: bool = False
    iterations: int = 0  # of NSEC3
    truth: int = 0  # last octet of where it is served, when somebody stands in front; 0: at `last`
    ttl: int = 1  # short, so that a resolver's cache hides no change
    rrsets: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    serial: int = 0
    algorithm: str = "ECDSAP256SHA256"  # of ldns-keygen

    @property
    def parent(self) -> str:
        return self.name.partition(".")[2] if "." in self.name else ""

    @property
    def fqdn(self) -> str:
        return self.name + "."

    @property
    def server(self) -> str:
        return "root" if not self.name else "customers" if "." in self.name else "tlds"

    @property
    def served(self) -> int:
        return self.truth or self.last

    @property
    def file(self) -> str:
        return (self.name or "root") + ".zone"


class Dns:
    def __init__(
        self, root: Path, processes: Processes, block: Block, view: str = "dns", base: int = 0
    ) -> None:
        self.root, self.processes, self.block = root / view, processes, block
        self.view, self.base = view, base
        self.keys = root / "dns-keys"
        self.zones = {zone.name: zone for zone in first_zones(block)}
        self.lock = threading.RLock()
        self.silence: list[socket.socket] = []
        self.hints_file = self.root / "root.hints"
        self.anchor_file = self.keys / "root.anchor"

    def address(self, last: int) -> str:
        return self.block.address(self.base + last)

    # Start and stop

    def start(self) -> None:
        for directory in (self.root / "zones", self.keys):
            directory.mkdir(parents=True, exist_ok=True)
        self._listen_and_say_nothing()
        # Children first: a parent holds their DS.
        for zone in sorted(
            self.zones.values(), key=lambda zone: -zone.name.count(".") - bool(zone.name)
        ):
            self._write(zone)
        self._write_hints()
        for server in self._servers():
            self._configure(server)
            self._launch(server)
        for zone in self.zones.values():
            self._wait_until_served(zone)

    def stop(self) -> None:
        for server in self._servers():
            self.processes.stop(self._process(server))
        self.be_quiet()

    def be_quiet(self) -> None:
        """Closes the sockets of the silent address."""
        for quiet in self.silence:
            quiet.close()
        self.silence.clear()

    def restart(self) -> None:
        """One server after the other; names that are cached nowhere fail meanwhile."""
        for server in self._servers():
            self.processes.stop(self._process(server))
            self._launch(server)
        for zone in self.zones.values():
            self._wait_until_served(zone)

    def freeze(self, server: str) -> None:
        """root, tlds or customers: silent until thaw(), as behind a broken network."""
        self.processes.signal_group(self._process(server), "SIGSTOP")

    def thaw(self, server: str) -> None:
        self.processes.signal_group(self._process(server), "SIGCONT")

    # Changes at run time; each is served when the call returns

    def set(self, zone: str, owner: str, kind: str, *values: str) -> None:
        """Replaces an RRset; without values removes it."""
        self.change(zone, {(owner, kind): list(values)})

    def add(self, zone: str, owner: str, kind: str, *values: str) -> None:
        with self.lock:
            self.set(zone, owner, kind, *self.zones[zone].rrsets.get((owner, kind), []), *values)

    def remove(self, zone: str, owner: str, kind: str) -> None:
        self.set(zone, owner, kind)

    def change(self, zone: str, rrsets: dict[tuple[str, str], list[str]]) -> None:
        """Replaces several RRsets at once; what cannot be served leaves the zone as it was."""
        with self.lock:
            target = self.zones[zone]
            before = dict(target.rrsets)
            for key, values in rrsets.items():
                if values:
                    target.rrsets[key] = values
                else:
                    target.rrsets.pop(key, None)
            try:
                self._publish(target)
            except (RuntimeError, TimeoutError):
                target.rrsets = before
                self._publish(target)
                raise

    def sign(self, zone: str, signing: str) -> None:
        """Makes a zone secure, insecure, bogus or expired, DS in the parent included."""
        with self.lock:
            target = self.zones[zone]
            if Signing.SILENT in (target.signing, Signing(signing)):
                raise ValueError("a zone cannot become or stop being silent")
            target.signing = Signing(signing)
            self._publish(target)
            self._publish(self.zones[target.parent])

    def add_zone(self, zone: Zone) -> None:
        """Serves a new zone below a TLD and delegates it."""
        self.add_zones([zone])

    def add_zones(self, zones: list[Zone]) -> None:
        """Several at once, of one parent."""
        with self.lock:
            for zone in zones:
                if zone.name in self.zones or zone.parent not in self.zones:
                    raise ValueError(f"{zone.name} exists, or its parent does not")
                self.zones[zone.name] = zone
                self._write(zone)
            self._configure(zones[0].server)
            self._control(zones[0].server, "reconfig")
            for zone in zones:
                self._wait_until_served(zone)
            self._publish(self.zones[zones[0].parent])

    def add_mail_zone(self, name: str) -> None:
        """Serves a new zone whose mail goes to the block's mail host."""
        mail = self.block.address(MAIL_HOST)
        self.add_zone(Zone(name, rrsets={("@", "MX"): ["10 mail"], ("mail", "A"): [mail]}))

    def mute(self, name: str) -> None:
        """From now on the zone is delegated to the address where nothing ever answers."""
        with self.lock:
            zone = self.zones[name]
            zone.last, zone.signing = SILENT, Signing.SILENT
            self._publish(self.zones[zone.parent])

    def remove_zone(self, name: str) -> None:
        with self.lock:
            zone = self.zones.pop(name)
            self._publish(self.zones[zone.parent])
            self._configure(zone.server)
            self._control(zone.server, "reconfig")

    def another_view(self, name: str, base: int) -> "Dns":
        """A tree of its own with the same zones and keys; start() it, change it, use its hints."""
        other = Dns(self.root.parent, self.processes, self.block, f"dns-{name}", base)
        other.zones = copy.deepcopy(self.zones)
        other.zones["nic.example"].rrsets[("ns-root", "A")] = [other.address(ROOT)]
        return other

    # Zones to files

    def _publish(self, zone: Zone) -> None:
        self._write(zone)
        if zone.signing is not Signing.SILENT:
            self._control(zone.server, "reload", zone.name or ".")
            self._wait_until_served(zone)

    def _write(self, zone: Zone) -> None:
        if zone.signing is Signing.SILENT:
            return
        zone.serial += 1
        plain, fresh = (
            self.root / "zones" / f"{zone.file}.plain",
            self.root / "zones" / f"{zone.file}.new",
        )
        plain.write_text(self._render(zone))
        if zone.signing is Signing.INSECURE:
            plain.rename(fresh)
        else:
            self._sign(zone, plain, fresh)
        fresh.rename(self.root / "zones" / zone.file)

    def _render(self, zone: Zone) -> str:
        soa = f"{server_name(zone.name)} hostmaster.nic.example. {zone.serial} 3600 600 {7 * DAY} 1"
        lines = [f"$ORIGIN {zone.fqdn}", f"$TTL {zone.ttl}", f"@ IN SOA {soa}"]
        lines += self._name_server(zone, "@")
        for (owner, kind), values in zone.rrsets.items():
            lines += [f"{owner} IN {kind} {value}" for value in values]
        for child in self.zones.values():
            if child.name and child.parent == zone.name:
                lines += self._name_server(child, child.fqdn)
                lines += self._delegation_signer(child)
        return "\n".join(lines) + "\n"

    def _name_server(self, zone: Zone, owner: str) -> list[str]:
        name = server_name(zone.name)
        # The root's server has a name below a TLD: in the root zone its address is glue.
        return [f"{owner} 300 IN NS {name}", f"{name} 300 IN A {self.address(zone.last)}"]

    def _delegation_signer(self, zone: Zone) -> list[str]:
        if zone.signing in (Signing.INSECURE, Signing.SILENT):
            return []
        line = Path(f"{self._key(zone)}.ds").read_text().replace("IN\tDS", "1 IN DS").strip()
        if zone.signing is Signing.WRONG_DS:
            line = line[:-8] + line[-8:].translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
        return [line]

    def _sign(self, zone: Zone, plain: Path, signed: Path) -> None:
        now = int(time.time())
        since, until = {
            Signing.EXPIRED: (now - 9 * DAY, now - HOUR),
            Signing.FUTURE: (now + HOUR, now + 30 * DAY),
        }.get(zone.signing, (now - DAY, now + 30 * DAY))
        nsec3 = ["-n", "-t", zone.iterations] if zone.nsec3 else []
        run(
            [
                "ldns-signzone",
                "-i",
                since,
                "-e",
                until,
                *nsec3,
                "-o",
                zone.fqdn,
                "-f",
                signed,
                plain,
                self._key(zone),
            ]
        )
        if zone.signing is Signing.BOGUS:
            signed.write_text("".join(_break(line) for line in signed.read_text().splitlines(True)))

    def _key(self, zone: Zone) -> str:
        """The base name of the zone's only key; made when first asked for, shared by all views."""
        name = self.keys / f"{zone.name or 'root'}.name"
        if not name.exists():
            made = run(
                ["ldns-keygen", "-a", zone.algorithm, "-k", zone.fqdn], cwd=self.keys
            ).strip()
            name.write_text(str(self.keys / made))
        return name.read_text()

    def _write_hints(self) -> None:
        name = server_name("")
        self.hints_file.write_text(f". 3600 IN NS {name}\n{name} 3600 IN A {self.address(ROOT)}\n")
        key = Path(f"{self._key(self.zones[''])}.key").read_text().partition(";")[0].strip()
        self.anchor_file.write_text(key.replace(".\tIN", ". 3600 IN") + "\n")

    # Servers

    def _servers(self) -> list[str]:
        return ["root", "tlds", "customers"]

    def _process(self, server: str) -> str:
        return f"{self.view}-{server}"

    def _launch(self, server: str) -> None:
        self.processes.start(
            self._process(server), ["nsd", "-d", "-c", self.root / f"{server}.conf"]
        )

    def _configure(self, server: str) -> None:
        zones = [
            zone
            for zone in self.zones.values()
            if zone.server == server and zone.signing is not Signing.SILENT
        ]
        addresses = sorted({self.address(zone.served) for zone in zones})
        where = self.root
        lines = ["server:", *(f"  ip-address: {address}" for address in addresses)]
        lines += ['  username: ""', '  chroot: ""', '  pidfile: ""', '  database: ""']
        lines += [
            f'  zonesdir: "{where}/zones"',
            f'  xfrdfile: "{where}/{server}.xfrd"',
            f'  xfrdir: "{where}"',
        ]
        lines += [
            f'  zonelistfile: "{where}/{server}.list"',
            "  server-count: 1",
            "  tcp-count: 200",
        ]
        lines += ["  rrl-ratelimit: 0", "  zonefiles-write: 0", "  hide-version: yes"]
        lines += [
            "remote-control:",
            "  control-enable: yes",
            f"  control-interface: {where}/{server}.sock",
        ]
        for zone in zones:
            lines += ["zone:", f'  name: "{zone.fqdn}"', f'  zonefile: "{zone.file}"']
        (where / f"{server}.conf").write_text("\n".join(lines) + "\n")

    def _control(self, server: str, *words: str) -> None:
        run(["nsd-control", "-c", self.root / f"{server}.conf", *words])

    def _wait_until_served(self, zone: Zone) -> None:
        if zone.signing is Signing.SILENT:
            return
        address = self.address(zone.served)

        def served() -> bool:
            process = self._process(zone.server)
            self.processes.must_live(process)
            if serial_at(address, zone.name) != zone.serial:
                return False
            # Right after a reload the old child still takes some of the queries.
            return len(self.processes.session(process)) == NSD_PROCESSES

        wait_for(served, 10, f"serial {zone.serial} of {zone.fqdn} at {address}", pause=0.005)

    def _listen_and_say_nothing(self) -> None:
        """Takes queries by UDP and TCP and never reads them; a closed port would send ICMP."""
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            quiet = socket.socket(socket.AF_INET, kind)
            quiet.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            quiet.bind((self.address(SILENT), 53))
            if kind == socket.SOCK_STREAM:
                quiet.listen()
            self.silence.append(quiet)


def first_zones(block: Block) -> list[Zone]:
    """What every stack starts with; {web} and {mail} stand for the addresses of its servers."""
    web, mail = block.address(WEB_HOST), block.address(MAIL_HOST)
    zones = [
        Zone("", ROOT),
        Zone("example", EXAMPLE),
        Zone("mail", MAIL, nsec3=True),
        Zone("nic.example"),
        Zone("alpha.example"),
        Zone("beta.example", signing=Signing.INSECURE),
        Zone("bogus.example", signing=Signing.BOGUS),
        Zone("expired.example", signing=Signing.EXPIRED),
        Zone("silent.example", SILENT, Signing.SILENT),
        Zone("caa-deny.example", rrsets={("@", "CAA"): ['0 issuemail ";"']}),
        Zone("caa-allow.example", rrsets={("@", "CAA"): ['0 issuemail "ca.countersign.example"']}),
        Zone("bench.example", ttl=300),
        Zone("gamma.mail", nsec3=True),
        Zone("delta.example", nsec3=True),
        Zone("ed448.example", algorithm="ED448"),  # libunbound takes it for unsigned
    ]
    for zone in zones:
        if zone.server == "customers":
            zone.rrsets |= {
                ("@", "A"): [web],
                ("@", "MX"): ["10 mail"],
                ("mail", "A"): [mail],
            }
    by_name = {zone.name: zone for zone in zones}
    # The authority's own name for the root server; the root and the hints carry the same as glue.
    by_name["nic.example"].rrsets[("ns-root", "A")] = [block.address(ROOT)]
    return zones


def server_name(zone: str) -> str:
    """The name of the one server of a zone; it lies in the zone itself except for the root's."""
    return f"ns1.{zone}." if zone else "ns-root.nic.example."


def serial_at(address: str, zone: str) -> int | None:
    """The serial that a server has of a zone; None when it does not answer or does not have it."""
    labels = [label.encode() for label in zone.split(".") if label]
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\6\0\1"  # SOA IN
    query = b"\x43\x53\0\0\0\1\0\0\0\0\0\0" + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        try:
            client.connect((address, 53))
            client.send(query)
            answer = client.recv(4096)
        except OSError:
            return None
    if answer[3] & 15 or answer[6:8] != b"\0\1" or not answer[2] & 4:
        return None
    record = 12 + len(question) + (2 if labels else 1)  # the owner: a pointer, or the root itself
    data = record + 10
    end = data + int.from_bytes(answer[data - 2 : data], "big")
    return int.from_bytes(answer[end - 20 : end - 16], "big")


def _break(line: str) -> str:
    """Alters the signature of one RRSIG line; the keys stay good, so only the data is bogus."""
    words = line.split()
    if "RRSIG" not in words[:4] or "DNSKEY" in words[4:5]:
        return line
    signature = words[-1]
    return line.replace(signature, ("B" if signature[0] == "A" else "A") + signature[1:])

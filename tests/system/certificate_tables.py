# SPDX-License-Identifier: Apache-2.0
"""What certificates of each profile must be, written down a second time, from the rules and not from the product.

SBR 7.1 (S/MIME Baseline Requirements 1.0.16): policy 7.1.6.1, subject 7.1.4.2.2, names 7.1.4.2.1, extensions 7.1.2.3,
algorithms 7.1.3.  The profiles for private roots are ours.  `judge` reads a certificate field by field.
"""

import hashlib
import unittest
from dataclasses import dataclass

import der

CN, SN, SERIAL, C, L, ST, STREET, O, OU, TITLE, POSTAL, GN, PSEUDONYM, ORG_ID, EMAIL = (
    "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.10", "2.5.4.11",
    "2.5.4.12", "2.5.4.17", "2.5.4.42", "2.5.4.65", "2.5.4.97", "1.2.840.113549.1.9.1",
)  # fmt: skip
ATTRIBUTES = {
    CN: "commonName", SN: "surname", SERIAL: "serialNumber", C: "countryName", L: "localityName",
    ST: "stateOrProvinceName", STREET: "streetAddress", O: "organizationName", OU: "organizationalUnitName",
    TITLE: "title", POSTAL: "postalCode", GN: "givenName", PSEUDONYM: "pseudonym",
    ORG_ID: "organizationIdentifier", EMAIL: "emailAddress",
}  # fmt: skip
ORDER = [C, ST, L, STREET, POSTAL, O, ORG_ID, OU, TITLE, GN, SN, PSEUDONYM, SERIAL, CN, EMAIL]
STRING_TYPE = {C: 0x13, SERIAL: 0x13, EMAIL: 0x16}  # others: UTF8String
LONGEST = {CN: 64, O: 64, OU: 64, L: 128, ST: 128, TITLE: 64, SERIAL: 64, PSEUDONYM: 128, EMAIL: 255, STREET: 128, POSTAL: 40, C: 2}

# Every type of certificate may have these (7.1.4.2.2).
ANY = {CN, SERIAL, EMAIL}
PLACE = {L, ST, C}
ADDRESS = {STREET, POSTAL}  # not in Strict
PERSON = {GN, SN, PSEUDONYM, TITLE}


@dataclass(frozen=True)
class Profile:
    policy: str | None
    must: frozenset[str]
    may: frozenset[str]
    common_name: frozenset[str]
    client_auth: bool = False  # the rules allow it; we never write it
    hosts: bool = False
    edwards: bool = False
    unverified: bool = False  # names what people say of themselves, or nobody


def profile(policy: str | None, must: set[str], may: set[str], names: set[str], **more: bool) -> Profile:
    return Profile(policy, frozenset(must), frozenset(may), frozenset(names), **more)


BASE = "2.23.140.1.5"
ORGANIZATION, INDIVIDUAL = {OU} | PLACE, PERSON | PLACE
PROFILES = {
    "mailbox-multipurpose": profile(f"{BASE}.1.2", set(), ANY, {"mailbox"}, client_auth=True),
    "mailbox-strict": profile(f"{BASE}.1.3", set(), ANY, {"mailbox"}),
    "organization-multipurpose": profile(
        f"{BASE}.2.2", {O, ORG_ID}, ANY | ORGANIZATION | ADDRESS, {"mailbox", "organizationName"}, client_auth=True
    ),
    "organization-strict": profile(f"{BASE}.2.3", {O, ORG_ID}, ANY | ORGANIZATION, {"mailbox", "organizationName"}),
    "sponsor-multipurpose": profile(
        f"{BASE}.3.2", {O, ORG_ID}, ANY | ORGANIZATION | PERSON | ADDRESS, {"mailbox", "person"}, client_auth=True
    ),
    "sponsor-strict": profile(f"{BASE}.3.3", {O, ORG_ID}, ANY | ORGANIZATION | PERSON, {"mailbox", "person"}),
    "individual-multipurpose": profile(
        f"{BASE}.4.2", set(), ANY | INDIVIDUAL | ADDRESS, {"mailbox", "person"}, client_auth=True
    ),
    "individual-strict": profile(f"{BASE}.4.3", set(), ANY | INDIVIDUAL, {"mailbox", "person"}),
    "private-mailbox": profile(None, set(), ANY, {"mailbox"}, client_auth=True, hosts=True, edwards=True),
    "private-person": profile(
        None, {O}, ANY | ORGANIZATION | PERSON | ADDRESS | {ORG_ID}, {"mailbox", "person"},
        client_auth=True, hosts=True, edwards=True,
    ),
    "private-details": profile(
        None, set(), ANY | ORGANIZATION | PERSON | ADDRESS | {O, ORG_ID}, {"mailbox", "person"},
        client_auth=True, hosts=True, edwards=True, unverified=True,
    ),
}  # fmt: skip

# 7.1.3.1, octet for octet.
KEYS = {
    "rsa": "300d06092a864886f70d0101010500",
    "p256": "301306072a8648ce3d020106082a8648ce3d030107",
    "p384": "301006072a8648ce3d020106052b81040022",
    "p521": "301006072a8648ce3d020106052b81040023",
    "ed25519": "300506032b6570",
    "ed448": "300506032b6571",
}
# 7.1.3.2, octet for octet, of what an issuing CA may sign with.
SIGNATURES = {
    "300d06092a864886f70d01010b0500", "300d06092a864886f70d01010c0500", "300d06092a864886f70d01010d0500",
    "300a06082a8648ce3d040302", "300a06082a8648ce3d040303", "300a06082a8648ce3d040304",
    *(
        "304106092a864886f70d01010a3034a00f300d060960864801650304020" + number + "0500a11c301a06092a864886f70d010108"
        "300d060960864801650304020" + number + "0500a2030201" + salt
        for number, salt in (("1", "20"), ("2", "30"), ("3", "40"))
    ),
}  # fmt: skip

# 7.1.2.3 e, without what is only allowed: named bits 0 digitalSignature, 2 keyEncipherment, 4 keyAgreement.
USAGE = {
    "rsa": {"dual": {0, 2}, "signing": {0}, "encryption": {2}},
    "ec": {"dual": {0, 4}, "signing": {0}, "encryption": {4}},
    "edwards": {"signing": {0}},
}
BITS = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement"]

AKI, SKI, KU, EKU, POLICIES, SAN, CRL, AIA = (
    "2.5.29.35", "2.5.29.14", "2.5.29.15", "2.5.29.37", "2.5.29.32", "2.5.29.17", "2.5.29.31", "1.3.6.1.5.5.7.1.1",
)  # fmt: skip
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"


def family(key: str) -> str:
    return "rsa" if key.startswith("rsa") else "edwards" if key.startswith("ed") else "ec"


def algorithm(key: str) -> str:
    return KEYS["rsa" if key.startswith("rsa") else key]


@dataclass(frozen=True)
class Issuer:
    name: bytes
    key_id: bytes

    @classmethod
    def of(cls, certificate: bytes) -> "Issuer":
        body = der.read(certificate).items[0].items
        for extension in body[7].items[0].items:
            if extension.items[0].oid == SKI:
                return cls(body[5].whole, der.read(extension.items[-1].body).body)
        raise der.Malformed("a CA without subjectKeyIdentifier")


@dataclass(frozen=True)
class Expected:
    """What this one certificate must say."""

    profile: str
    use: str  # "dual", "signing", "encryption"
    issuer: Issuer
    mailboxes: list[str]
    hosts: list[str]
    days: int
    subject: dict[str, str]  # all of it
    key: str | None = None  # "p256"; None: any
    crl: list[str] | None = None
    access: list[tuple[str, str]] | None = None


def judge(test: unittest.TestCase, certificate: bytes, want: Expected) -> None:
    outer = der.read(certificate).expect(0x30).items
    test.assertEqual(len(outer), 3)
    tbs = outer[0].expect(0x30).items
    test.assertEqual([e.tag for e in tbs], [0xA0, 0x02, 0x30, 0x30, 0x30, 0x30, 0x30, 0xA3])
    version, serial, signature, issuer, validity, subject, key, extensions = tbs
    test.assertEqual(version.items[0].integer, 2)
    test.assertTrue(0 < serial.integer < 1 << 159)
    test.assertGreaterEqual(len(serial.body), 9)  # 64 bits and more
    test.assertEqual(signature.whole, outer[1].whole)
    test.assertIn(signature.whole.hex(), SIGNATURES)
    test.assertEqual(issuer.whole, want.issuer.name)
    judge_validity(test, validity, want)
    judge_subject(test, subject, want)
    judge_key(test, key, want)
    judge_extensions(test, extensions, key, len(subject.items) == 0, want)


def judge_validity(test: unittest.TestCase, validity: der.Element, want: Expected) -> None:
    begin, end = validity.items
    test.assertEqual((begin.tag, end.tag), (0x17, 0x17))  # UTCTime before 2050
    test.assertEqual((end.time - begin.time).total_seconds() + 1, want.days * 86400)
    test.assertLessEqual(want.days, 825)


def judge_subject(test: unittest.TestCase, subject: der.Element, want: Expected) -> None:
    profile, found = PROFILES[want.profile], {}
    for rdn in subject.items:
        test.assertEqual(len(rdn.expect(0x31).items), 1)
        kind, value = rdn.items[0].expect(0x30).items
        test.assertNotIn(kind.oid, found)
        test.assertEqual(value.tag, STRING_TYPE.get(kind.oid, 0x0C), ATTRIBUTES[kind.oid])
        test.assertLessEqual(len(value.text), LONGEST.get(kind.oid, 32768))
        found[kind.oid] = value.text
    test.assertEqual(list(found), [oid for oid in ORDER if oid in found])
    test.assertEqual(found, want.subject)
    test.assertLessEqual(profile.must, found.keys())
    test.assertLessEqual(found.keys(), profile.must | profile.may)
    if "person" in profile.common_name:
        test.assertFalse(PSEUDONYM in found and (GN in found or SN in found))
        test.assertTrue(profile.unverified or {PSEUDONYM, GN, SN} & found.keys())
    if {L, ST, POSTAL} & found.keys():
        test.assertIn(C, found)
    if STREET in found:
        test.assertTrue({L, ST} & found.keys())
    if CN in found:
        allowed = list(want.mailboxes)
        if "organizationName" in profile.common_name:
            allowed.append(found[O])
        if "person" in profile.common_name:
            name = " ".join(found[oid] for oid in (GN, SN) if oid in found)
            allowed.append(found.get(PSEUDONYM, name))
        test.assertIn(found[CN], allowed)


def judge_key(test: unittest.TestCase, key: der.Element, want: Expected) -> None:
    identifier, bits = key.items
    test.assertEqual(bits.expect(0x03).body[0], 0)
    if want.key is not None:
        test.assertEqual(identifier.whole.hex(), algorithm(want.key))
    if identifier.whole.hex() == KEYS["rsa"]:
        modulus, exponent = der.read(bits.body[1:]).items
        test.assertIn(modulus.integer.bit_length(), (2048, 3072, 4096))
        test.assertEqual(exponent.integer, 65537)


def kind_of(key: der.Element) -> str:
    return next(family(name) for name, octets in KEYS.items() if octets == key.items[0].whole.hex())


def judge_extensions(
    test: unittest.TestCase, extensions: der.Element, key: der.Element, nameless: bool, want: Expected
) -> None:
    profile, found, critical = PROFILES[want.profile], {}, set()
    for extension in extensions.items[0].items:
        oid, *flag, value = extension.items
        test.assertNotIn(oid.oid, found)
        test.assertEqual([f.whole for f in flag], [b"\x01\x01\xff"] * len(flag))
        if flag:
            critical.add(oid.oid)
        found[oid.oid] = der.read(value.expect(0x04).body)
    order = [AKI, SKI, KU, EKU, *([POLICIES] if profile.policy else []), SAN, CRL, AIA]
    test.assertEqual(list(found), order)
    test.assertEqual(critical, {KU, SAN} if nameless else {KU})

    test.assertEqual([(e.tag, e.body) for e in found[AKI].items], [(0x80, want.issuer.key_id)])
    digest = hashlib.sha256(key.items[1].body[1:]).digest()[:20]  # RFC 7093 2 (1)
    test.assertEqual((found[SKI].tag, found[SKI].body), (0x04, digest))
    test.assertEqual(found[KU].bits, USAGE[kind_of(key)][want.use])
    test.assertTrue(profile.edwards or kind_of(key) != "edwards")
    test.assertEqual([e.oid for e in found[EKU].items], [EMAIL_PROTECTION])
    if profile.policy:
        test.assertEqual([[e.oid for e in p.items] for p in found[POLICIES].items], [[profile.policy]])
    judge_names(test, found[SAN], want)
    judge_urls(test, found[CRL], found[AIA], want)


def judge_names(test: unittest.TestCase, names: der.Element, want: Expected) -> None:
    mailboxes, hosts = [], []
    for name in names.expect(0x30).items:
        if name.tag == 0x81:
            mailboxes.append(name.body.decode("ascii"))
        elif name.tag == 0xA0:
            kind, value = name.items
            test.assertEqual(kind.oid, "1.3.6.1.5.5.7.8.9")  # SmtpUTF8Mailbox, RFC 9598
            (text,) = value.expect(0xA0).items
            mailboxes.append(text.expect(0x0C).text)
            test.assertFalse(mailboxes[-1].isascii())
        else:
            test.assertEqual(name.tag, 0x82)
            hosts.append(name.body.decode("ascii"))
    test.assertEqual(mailboxes, want.mailboxes)
    test.assertEqual(hosts, want.hosts if PROFILES[want.profile].hosts else [])


def judge_urls(test: unittest.TestCase, crl: der.Element, aia: der.Element, want: Expected) -> None:
    (point,) = crl.items
    (name,) = point.items
    (full,) = name.expect(0xA0).items
    uris = full.expect(0xA0).items
    test.assertEqual({u.tag for u in uris}, {0x86})
    urls = [u.body.decode("ascii") for u in uris]
    access = [(e.items[0].oid, e.items[1].expect(0x86).body.decode("ascii")) for e in aia.items]
    test.assertTrue(all(url.startswith("http://") for url in urls + [url for _, url in access]))
    if want.crl is not None:
        test.assertEqual(urls, want.crl)
    if want.access is not None:
        test.assertEqual(access, want.access)

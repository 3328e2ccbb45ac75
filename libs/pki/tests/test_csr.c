/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_applicant.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/hash.h"
#include "pki/pem.h"

struct world {
	struct cs_arena *arena;
	EVP_PKEY *key;
};

static int
open_world(void **state)
{
	static struct world world;

	world = (struct world){ cs_arena_new(), applicant_key("P-256") };
	*state = &world;
	return 0;
}

static int
close_world(void **state)
{
	struct world *world = *state;

	EVP_PKEY_free(world->key);
	cs_arena_free(world->arena);
	return 0;
}

static const char *
read_flags(struct cs_arena *arena, struct cs_span text, unsigned flags, struct pki_csr *ret_csr)
{
	struct cs_refusal why = { 0 };

	if (pki_csr_read(arena, text, flags, ret_csr, &why))
		return "good";
	if (why.text == NULL || why.mend == NULL || why.clause == NULL ||
	    strcmp(why.field, "csr") != 0)
		return "an incomplete refusal";
	return why.code;
}

static const char *
read_csr(struct cs_arena *arena, struct cs_span text)
{
	struct pki_csr csr;

	return read_flags(arena, text, 0, &csr);
}

static const struct {
	const char *name, *want, *key, *algorithm;
} files[] = {
	{ "p256.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "p256.der", "good", "P-256", "ECDSA SHA-256" },
	{ "p384.pem", "good", "P-384", "ECDSA SHA-384" },
	{ "p521.pem", "good", "P-521", "ECDSA SHA-512" },
	{ "rsa2048.pem", "good", "RSA 2048", "RSA SHA-256" },
	{ "rsa3072.pem", "good", "RSA 3072", "RSA SHA-384" },
	{ "rsa4096.pem", "good", "RSA 4096", "RSA SHA-512" },
	{ "pss.pem", "good", "RSA 2048", "RSA-PSS SHA-256" },
	{ "empty-subject.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "multi-rdn.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "utf8.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "san.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "newhdr.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "text-before.pem", "good", "P-256", "ECDSA SHA-256" },
	{ "ed25519.pem", "KEYALG", NULL, NULL },
	{ "two.pem", "PEM", NULL, NULL },
	{ "public-key.pem", "PEM", NULL, NULL },
	{ "sha1.pem", "SIGALG", NULL, NULL },
	{ "rsa-sha1.pem", "SIGALG", NULL, NULL },
	{ "rsa-md5.pem", "SIGALG", NULL, NULL },
	{ "sha224.pem", "SIGALG", NULL, NULL },
	{ "sha3.pem", "SIGALG", NULL, NULL },
	{ "pss-salt20.pem", "SIGALG", NULL, NULL },
	{ "rsa1024.pem", "KEYSIZE", NULL, NULL },
	{ "rsa2047.pem", "KEYSIZE", NULL, NULL },
	{ "rsa2056.pem", "KEYSIZE", NULL, NULL },
	{ "rsa8192.pem", "KEYSIZE", NULL, NULL },
	{ "rsa-e3.pem", "EXPONENT", NULL, NULL },
	{ "rsapss.pem", "KEYALG", NULL, NULL },
	{ "secp256k1.pem", "CURVE", NULL, NULL },
	{ "p192.pem", "CURVE", NULL, NULL },
	{ "explicit.pem", "CURVE", NULL, NULL },
	{ "compressed.pem", "POINT", NULL, NULL },
	{ "hybrid.pem", "POINT", NULL, NULL },
	{ "ed448.pem", "KEYALG", NULL, NULL },
	{ "dsa.pem", "KEYALG", NULL, NULL },
	{ "private-pkcs8-ec.pem", "PRIVATEKEY", NULL, NULL },
	{ "private-sec1.pem", "PRIVATEKEY", NULL, NULL },
	{ "private-pkcs8-rsa.pem", "PRIVATEKEY", NULL, NULL },
	{ "private-pkcs1.pem", "PRIVATEKEY", NULL, NULL },
	{ "private-pkcs8-ed25519.pem", "PRIVATEKEY", NULL, NULL },
	{ "private-encrypted.pem", "PRIVATEKEY", NULL, NULL },
};

static void
judges_what_the_openssl_command_line_makes(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct pki_csr csr = { 0 };
		const char *got =
		    read_flags(world->arena, fixture(world->arena, files[i].name), 0, &csr);

		if (strcmp(got, files[i].want) != 0)
			fail_msg("%s: got %s, want %s", files[i].name, got, files[i].want);
		if (files[i].key == NULL) {
			assert_null(csr.der.data);
			continue;
		}
		assert_string_equal(pki_key_name(&csr.key), files[i].key);
		assert_string_equal(csr.signature_algorithm, files[i].algorithm);
	}
}

static void
edwards_keys_are_taken_where_the_profile_allows_it(void **state)
{
	struct world *world = *state;
	struct pki_csr csr;

	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "ed25519.pem"), PKI_ALLOW_EDDSA, &csr),
	    "good");
	assert_string_equal(pki_key_name(&csr.key), "Ed25519");
	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "ed448.pem"), PKI_ALLOW_EDDSA, &csr),
	    "good");
	assert_string_equal(pki_key_name(&csr.key), "Ed448");
	assert_string_equal(csr.signature_algorithm, "Ed448");
}

static void
shows_what_was_wished(void **state)
{
	struct world *world = *state;
	struct pki_csr csr;

	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "san.pem"), 0, &csr), "good");
	assert_int_equal(csr.n_mailboxes, 3);
	assert_string_equal(csr.mailboxes[0], "alice@example.com");
	assert_string_equal(csr.mailboxes[1], "bob@example.com");
	assert_string_equal(csr.mailboxes[2], "\xe5\x8c\xbb\xe7\x94\x9f@example.com");
	assert_int_equal(csr.n_subject, 1);
	assert_string_equal(csr.subject[0].oid, "2.5.4.3");
	assert_string_equal(csr.subject[0].value, "alice@example.com");
	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "multi-rdn.pem"), 0, &csr), "good");
	assert_int_equal(csr.n_subject, 4);
	assert_string_equal(csr.subject[1].value, "Beispiel GmbH");
	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "utf8.pem"), 0, &csr), "good");
	assert_string_equal(csr.subject[0].value, "J\xc3\xbcrgen M\xc3\xbcller");
	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "empty-subject.pem"), 0, &csr), "good");
	assert_int_equal(csr.n_subject, 0);
}

static void
pem_and_der_are_the_same_request(void **state)
{
	struct world *world = *state;
	const struct cs_span der = fixture_der(world->arena, "p256.pem");
	struct pki_csr a, b;
	uint8_t digest[32];

	assert_string_equal(read_flags(world->arena, der, 0, &a), "good");
	assert_string_equal(
	    read_flags(world->arena, fixture(world->arena, "p256.pem"), 0, &b), "good");
	assert_true(cs_span_equal(a.der, b.der));
	pki_sha256(a.key.spki, digest);
	assert_memory_equal(digest, b.key.spki_sha256, 32);
}

/* attributes: [0] { SEQUENCE { extensionRequest, SET { SEQUENCE { extensions } } } } */
static struct cs_span
extension_request(struct cs_arena *arena, const char *hex_extensions)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t a = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(0));
	const size_t b = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_oid(&out, "1.2.840.113549.1.9.14");
	const size_t c = pki_der_begin(&out, PKI_SET), d = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, unhex(arena, hex_extensions));
	pki_der_end(&out, d);
	pki_der_end(&out, c);
	pki_der_end(&out, b);
	pki_der_end(&out, a);
	return cs_buf_span(&out);
}

#define SAN(len2, len1, names) "30" len2 "0603551d1104" len1 names
#define KU "300e0603551d0f0101ff0404030205a0"

static void
judges_extensions_and_attributes(void **state)
{
	static const struct {
		const char *name, *extensions, *want;
	} cases[] = {
		{ "key usage", KU, "good" },
		{ "key usage twice", KU KU, "DUPLICATE" },
		{ "FALSE spelled out", "300e0603551d0f0101000404030205a0", "DER" },
		{ "no value", "30050603551d0f", "DER" },
		{ "a value and more", "30100603551d0f0101ff0404030205a00500", "DER" },
		{ "san", SAN("0e", "07", "30058103614062"), "good" },
		{ "san of nothing", SAN("09", "02", "3000"), "DER" },
		{ "san that is no sequence", SAN("0b", "04", "81026162"), "DER" },
		{ "san with octets after it", SAN("10", "09", "300581036140620500"), "DER" },
		{ "NUL in a mailbox", SAN("0f", "08", "3006810461400062"), "NAME" },
		{ "line feed in a mailbox", SAN("0f", "08", "3006810461400a62"), "NAME" },
		{ "eight bits in a mailbox", SAN("0f", "08", "300681046140e962"), "NAME" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct applicant_parts parts = { .attributes = extension_request(
							   world->arena, cases[i].extensions) };
		const char *got =
		    read_csr(world->arena, applicant_request(world->arena, world->key, &parts));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
	}
}

static struct cs_span
many_mailboxes(struct cs_arena *arena, int n)
{
	struct cs_buf out = cs_buf_new(arena);
	const size_t ext = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_oid(&out, "2.5.29.17");
	const size_t value = pki_der_begin(&out, PKI_OCTET_STRING);
	const size_t names = pki_der_begin(&out, PKI_SEQUENCE);
	while (n-- > 0)
		pki_der_put_text(&out, PKI_CONTEXT(1), "a@b.example");
	pki_der_end(&out, names);
	pki_der_end(&out, value);
	pki_der_end(&out, ext);
	return extension_request(arena, cs_hex(arena, cs_buf_span(&out)));
}

static void
takes_ten_mailboxes_and_not_eleven(void **state)
{
	struct world *world = *state;
	struct applicant_parts parts = { .attributes = many_mailboxes(world->arena, 10) };

	assert_string_equal(
	    read_csr(world->arena, applicant_request(world->arena, world->key, &parts)), "good");
	parts.attributes = many_mailboxes(world->arena, 11);
	assert_string_equal(
	    read_csr(world->arena, applicant_request(world->arena, world->key, &parts)), "NAME");
}

#define EXT_REQ(set) "06092a864886f70d01090e" set
#define EXT_MS(set)              \
	"060a2b0601040182370201" \
	"0e" set

static void
judges_the_parts_of_a_request(void **state)
{
	static const struct {
		const char *name, *want;
		const char *version, *subject, *attributes, *sigalg, *signature, *after;
	} cases[] = {
		{ "as it should be", "good", "", "", "", "", "", "" },
		{ "version 1", "DER", "020101", "", "", "", "", "" },
		{ "version minus 1", "DER", "0201ff", "", "", "", "", "" },
		{ "padded version", "DER", "02020000", "", "", "", "", "" },
		{ "octets after the signature", "DER", "", "", "", "", "", "0500" },
		{ "no attributes element", "DER", "", "", "3000", "", "", "" },
		{ "two attribute elements", "DER", "", "", "a000a000", "", "", "" },
		{ "attribute without values", "DER", "", "", "a00f300d" EXT_REQ("3100"), "", "",
		    "" },
		{ "empty extension request", "good", "", "", "a011300f" EXT_REQ("31023000"), "", "",
		    "" },
		{ "two extension requests", "DUPLICATE", "", "",
		    "a022300f" EXT_REQ("31023000") "300f" EXT_REQ("31023000"), "", "", "" },
		{ "one of them Microsoft's", "DUPLICATE", "", "",
		    "a023300f" EXT_REQ("31023000") "3010" EXT_MS("31023000"), "", "", "" },
		{ "two lists of extensions", "DUPLICATE", "", "",
		    "a0133011" EXT_REQ("310430003000"), "", "", "" },
		{ "attributes out of order", "DER", "", "",
		    "a022300f06092a864886f70d01090f31023000300f" EXT_REQ("31023000"), "", "", "" },
		{ "attributes in order", "good", "", "",
		    "a022300f" EXT_REQ("31023000") "300f06092a864886f70d01090f31023000", "", "",
		    "" },
		{ "empty RDN", "NAME", "", "30023100", "", "", "", "" },
		{ "RDN of something else", "NAME", "", "300431020500", "", "", "", "" },
		{ "two attributes in an RDN", "good", "",
		    "30163114"
		    "3008060355040a0c0141"
		    "300806035504"
		    "0b0c0141",
		    "", "", "", "" },
		{ "RDN out of order", "DER", "",
		    "30163114"
		    "3008060355040b0c0141"
		    "3008060355040a0c0141",
		    "", "", "", "" },
		{ "NUL in a name", "NAME", "", "300e310c300a06035504030c03610062", "", "", "", "" },
		{ "line feed in a name", "NAME", "", "300e310c300a06035504030c03610a62", "", "", "",
		    "" },
		{ "DEL in a name", "NAME", "", "300e310c300a06035504030c03617f62", "", "", "", "" },
		{ "right-to-left override in a name", "NAME", "",
		    "300e310c300a06035504030c03e280ae", "", "", "", "" },
		{ "overlong UTF-8 in a name", "DER", "", "300d310b300906035504030c02c0af", "", "",
		    "", "" },
		{ "BMPString", "good", "", "300d310b300906035504031e0200fc", "", "", "", "" },
		{ "surrogate in a BMPString", "NAME", "", "300d310b300906035504031e02d800", "", "",
		    "", "" },
		{ "eight bits of Teletex", "NAME", "",
		    "300c310a30080603550403"
		    "1401e9",
		    "", "", "", "" },
		{ "a number for a name", "NAME", "",
		    "300c310a300806035504030201"
		    "01",
		    "", "", "", "" },
		{ "ECDSA with parameters", "SIGALG", "", "", "", "300c06082a8648ce3d0403020500", "",
		    "" },
		{ "signature of an RSA algorithm", "POP", "", "", "",
		    "300d06092a864886f70d01010b0500", "", "" },
		{ "wrong hash", "POP", "", "", "", "300a06082a8648ce3d040303", "", "" },
		{ "empty signature", "POP", "", "", "", "", "00", "" },
		{ "unused bits in the signature", "POP", "", "", "", "", "0430060201010201f0", "" },
		{ "r and s are zero", "POP", "", "", "", "", "003006020100020100", "" },
		{ "r and s are one", "POP", "", "", "", "", "003006020101020101", "" },
		{ "r is the order", "POP", "", "", "", "",
		    "003026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101",
		    "" },
		{ "s is the order", "POP", "", "", "", "",
		    "003026020101022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
		    "" },
		{ "negative r", "POP", "", "", "", "", "0030060201ff020101", "" },
		{ "s is padded", "POP", "", "", "", "", "00300702010102020001", "" },
		{ "octets after s", "POP", "", "", "", "", "0030080201010201010500", "" },
		{ "signature of nothing", "POP", "", "", "", "", "003000", "" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct applicant_parts parts = {
			.version = unhex(world->arena, cases[i].version),
			.subject = unhex(world->arena, cases[i].subject),
			.attributes = unhex(world->arena, cases[i].attributes),
			.sigalg = unhex(world->arena, cases[i].sigalg),
			.signature = unhex(world->arena, cases[i].signature),
			.after = unhex(world->arena, cases[i].after),
		};
		const char *got =
		    read_csr(world->arena, applicant_request(world->arena, world->key, &parts));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
	}
}

static void
a_signature_serves_only_its_own_request(void **state)
{
	struct world *world = *state;
	EVP_PKEY *other = applicant_key("P-256");
	const struct applicant_parts stolen = { .spki = applicant_spki(world->arena, other) };

	assert_string_equal(
	    read_csr(world->arena, applicant_request(world->arena, world->key, &stolen)), "POP");
	EVP_PKEY_free(other);
}

static struct cs_span
joined(struct cs_arena *arena, const char *before, struct cs_span middle, const char *after)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, before);
	cs_buf_add_span(&out, middle);
	cs_buf_add_str(&out, after);
	return cs_buf_span(&out);
}

static void
judges_pem(void **state)
{
	static const struct {
		const char *name, *before, *after, *want;
	} cases[] = {
		{ "text before", "Dear CA,\n", "", "good" },
		{ "text that looks like DER before", "0\x82 hello\n", "", "good" },
		{ "white space around", " \r\n\t", "\r\n\n ", "good" },
		{ "text after", "", "regards", "PEM" },
		{ "a dot after", "", ".", "PEM" },
		{ "a private key after", "", "-----BEGIN EC PRIVATE KEY-----", "PRIVATEKEY" },
		{ "a broken block before", "-----BEGIN CERTIFICATE REQUEST-----\n", "", "PEM" },
		{ "a certificate before",
		    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "PEM" },
	};
	static const char *const broken[] = {
		"",
		"hello",
		"-----BEGIN CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\nAAA\n-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE-----",
		"-----BEGIN \n-----\nAAAA\n-----END \n-----",
	};
	struct world *world = *state;
	const struct cs_span pem = fixture(world->arena, "p256.pem");

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = read_csr(
		    world->arena, joined(world->arena, cases[i].before, pem, cases[i].after));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
	}
	for (size_t i = 0; i < COUNT(broken); i++) {
		const char *got = read_csr(world->arena, cs_span_str(broken[i]));

		if (strcmp(got, i == 0 ? "SIZE" : "PEM") != 0)
			fail_msg("%s: got %s", broken[i], got);
	}
	struct cs_span nul = cs_arena_copy_span(world->arena, joined(world->arena, "x", pem, ""));
	((uint8_t *)(uintptr_t)nul.data)[0] = '\0';
	assert_string_equal(read_csr(world->arena, nul), "PEM");
}

static void
a_request_has_at_most_16_kib(void **state)
{
	struct world *world = *state;
	const struct cs_span pem = fixture(world->arena, "p256.pem");
	char *space = cs_arena_alloc(world->arena, PKI_CSR_MAX);

	memset(space, ' ', PKI_CSR_MAX - pem.len);
	assert_string_equal(read_csr(world->arena, joined(world->arena, space, pem, "")), "good");
	assert_string_equal(read_csr(world->arena, joined(world->arena, space, pem, " ")), "SIZE");
}

static bool
openssl_accepts(struct cs_span der)
{
	const unsigned char *at = der.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
	EVP_PKEY *key = req != NULL ? X509_REQ_get0_pubkey(req) : NULL;
	const bool good = key != NULL && X509_REQ_verify(req, key) == 1;

	X509_REQ_free(req);
	return good;
}

/* Nothing that we accept may be refused by others; most of what we refuse they accept. */
static void
what_is_accepted_openssl_accepts_too(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct pki_csr csr;

		if (strcmp(read_flags(world->arena, fixture(world->arena, files[i].name), 0, &csr),
			"good") == 0 &&
		    !openssl_accepts(csr.der))
			fail_msg("%s", files[i].name);
	}
}

static void
refuses_a_request_cut_anywhere(void **state)
{
	static const char *const names[] = { "san.pem", "rsa2048.pem" };
	struct world *world = *state;

	for (size_t n = 0; n < COUNT(names); n++) {
		const struct cs_span der = fixture_der(world->arena, names[n]);

		for (size_t len = 0; len < der.len; len++) {
			struct cs_arena *arena = cs_arena_new();

			if (strcmp(read_csr(arena, cs_span_of(der.data, len)), "good") == 0)
				fail_msg("%s cut to %zu", names[n], len);
			cs_arena_free(arena);
		}
	}
}

static void
refuses_a_request_with_any_bit_changed(void **state)
{
	struct world *world = *state;
	const struct cs_span der = fixture_der(world->arena, "san.pem");
	uint8_t *copy = (uint8_t *)(uintptr_t)cs_arena_copy_span(world->arena, der).data;

	for (size_t bit = 0; bit < 8 * der.len; bit++) {
		struct cs_arena *arena = cs_arena_new();

		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (strcmp(read_csr(arena, cs_span_of(copy, der.len)), "good") == 0)
			fail_msg("bit %zu", bit);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		cs_arena_free(arena);
	}
}

static void
knows_whose_private_key_was_pasted(void **state)
{
	static const struct {
		const char *private_key, *request;
	} pairs[] = {
		{ "private-pkcs8-ec.pem", "p256.pem" },
		{ "private-sec1.pem", "p256.pem" },
		{ "private-pkcs8-rsa.pem", "rsa2048.pem" },
		{ "private-pkcs1.pem", "rsa2048.pem" },
		{ "private-pkcs8-ed25519.pem", "ed25519.pem" },
	};
	struct world *world = *state;
	uint8_t digest[32];

	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct cs_span text = fixture(world->arena, pairs[i].private_key);
		struct pki_csr csr;

		assert_string_equal(
		    read_flags(world->arena, fixture(world->arena, pairs[i].request),
			PKI_ALLOW_EDDSA, &csr),
		    "good");
		if (!pki_csr_leaked_key(text, digest) ||
		    memcmp(digest, csr.key.spki_sha256, sizeof(digest)) != 0)
			fail_msg("%s", pairs[i].private_key);
		/* as DER, and with the request before it */
		const struct cs_span der = fixture_der(world->arena, pairs[i].private_key);
		assert_true(pki_csr_leaked_key(der, digest));
		assert_string_equal(read_csr(world->arena, der), "PRIVATEKEY");
		const struct cs_span both = joined(world->arena,
		    (const char *)fixture(world->arena, pairs[i].request).data, text, "");
		assert_true(pki_csr_leaked_key(both, digest));
		assert_memory_equal(digest, csr.key.spki_sha256, sizeof(digest));
	}
	assert_false(pki_csr_leaked_key(fixture(world->arena, "private-encrypted.pem"), digest));
	assert_false(pki_csr_leaked_key(fixture(world->arena, "p256.pem"), digest));
	assert_false(pki_csr_leaked_key(cs_span_str("-----BEGIN PRIVATE KEY-----"), digest));
	assert_false(pki_csr_leaked_key(cs_span_str(""), digest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_what_the_openssl_command_line_makes),
		cmocka_unit_test(edwards_keys_are_taken_where_the_profile_allows_it),
		cmocka_unit_test(shows_what_was_wished),
		cmocka_unit_test(pem_and_der_are_the_same_request),
		cmocka_unit_test(judges_extensions_and_attributes),
		cmocka_unit_test(takes_ten_mailboxes_and_not_eleven),
		cmocka_unit_test(judges_the_parts_of_a_request),
		cmocka_unit_test(a_signature_serves_only_its_own_request),
		cmocka_unit_test(judges_pem),
		cmocka_unit_test(a_request_has_at_most_16_kib),
		cmocka_unit_test(what_is_accepted_openssl_accepts_too),
		cmocka_unit_test(refuses_a_request_cut_anywhere),
		cmocka_unit_test(refuses_a_request_with_any_bit_changed),
		cmocka_unit_test(knows_whose_private_key_was_pasted),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}

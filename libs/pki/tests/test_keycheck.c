/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "fake_applicant.h"
#include "pki/csr.h"
#include "pki/keycheck.h"

static int
make_arena(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
drop_arena(void **state)
{
	cs_arena_free(*state);
	return 0;
}

/* p is 9600a35a099950d9; k rounds lie between the root of N and the middle of its factors. */
static void
finds_close_primes_in_exactly_its_rounds(void **state)
{
	static const struct {
		const char *name, *n;
		bool by_100, by_110;
	} cases[] = {
		{ "k = 0", "57e4bf6ed120a62ea0f3728cdd02f153", true, true },
		{ "k = 1", "57e4bf6f793d584151401a20c3eebb29", true, true },
		{ "k = 99", "57e4bf7a93076c4c3534734f11832c63", true, true },
		{ "k = 100", "57e4bf7aa34476487208abfa79192143", false, true },
		{ "k = 109", "57e4bf7b31ec6cd614c324e80a25dd09", false, true },
		{ "k = 110", "57e4bf7b416800dce027757972ff94f3", false, false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct cs_span n = unhex(*state, cases[i].n);

		if (pki_weak_close_primes(n, 100) != cases[i].by_100 ||
		    pki_weak_close_primes(n, 110) != cases[i].by_110)
			fail_msg("%s", cases[i].name);
	}
	assert_true(pki_weak_close_primes(unhex(*state, "57e4bf6ed120a62ea0f3728cdd02f153"), 1));
	assert_false(pki_weak_close_primes(unhex(*state, "57e4bf6f793d584151401a20c3eebb29"), 1));
	assert_true(pki_weak_close_primes(unhex(*state, "00"), 1));
	assert_true(pki_weak_close_primes(unhex(*state, "09"), 1));
}

/* M is the product of the odd primes up to 167. */
static void
knows_the_mark_of_roca(void **state)
{
	assert_true(pki_weak_roca(
	    unhex(*state, "02ca707528e6403dc534dd0ec0f68c1884dc2c8d77ad403bf2af0a18")));
	assert_true(pki_weak_roca(/* v + M */
	    unhex(*state, "075cd6488033300e075e9ce5239b30880aee198f9e73962c699ab7fb")));
	assert_false(pki_weak_roca(/* v + 2 */
	    unhex(*state, "02ca707528e6403dc534dd0ec0f68c1884dc2c8d77ad403bf2af0a1a")));
	assert_true(pki_weak_roca(unhex(*state, "010001")));
	assert_true(pki_weak_roca(unhex(*state, "01")));
}

static void
small_factors_end_at_751(void **state)
{
	assert_true(pki_weak_small_factor(unhex(*state, "02ef")));  /* 751 */
	assert_false(pki_weak_small_factor(unhex(*state, "02f5"))); /* 757 */
	assert_true(pki_weak_small_factor(unhex(*state, "00")));
	assert_true(pki_weak_small_factor(unhex(*state, "02")));
}

static const char *
judge(struct cs_span spki, unsigned flags, struct pki_key *ret_key)
{
	struct cs_refusal why = { 0 };

	if (pki_key_judge(spki, flags, ret_key, &why))
		return "good";
	if (why.text == NULL || why.mend == NULL || why.clause == NULL)
		return "an incomplete refusal";
	return why.code;
}

static void
refuses_weak_moduli(void **state)
{
	char *text = cs_arena_strdup(*state, (const char *)fixture(*state, "weak-moduli.txt").data);
	size_t weak = 0, good = 0;
	char *line_end;

	for (char *line = strtok_r(text, "\n", &line_end); line != NULL;
	     line = strtok_r(NULL, "\n", &line_end)) {
		char *hex = strchr(line, ' ');
		struct pki_key key;

		*hex++ = '\0';
		const bool fine = strcmp(line, "factor-757") == 0;
		const char *got = judge(applicant_rsa_spki(*state, unhex(*state, hex)), 0, &key);
		if (strcmp(got, fine ? "good" : "WEAKKEY") != 0)
			fail_msg("%s: got %s", line, got);
		weak += !fine;
		good += fine;
	}
	assert_int_equal(weak, 9);
	assert_int_equal(good, 1);
}

#define OID_EC "06072a8648ce3d0201"
#define P256 "3013" OID_EC "06082a8648ce3d030107"
/* The base point of P-256. */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define P "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"

static void
judges_the_form_of_points(void **state)
{
	static const struct {
		const char *name, *hex, *want;
		unsigned flags;
	} cases[] = {
		{ "the base point", "3059" P256 "03420004" GX GY, "good", 0 },
		{ "off the curve",
		    "3059" P256 "03420004" GX
		    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
		    "POINT", 0 },
		{ "x is p", "3059" P256 "03420004" P GY, "POINT", 0 },
		{ "y is p", "3059" P256 "03420004" GX P, "POINT", 0 },
		{ "zero",
		    "3059" P256 "03420004"
		    "0000000000000000000000000000000000000000000000000000000000000000"
		    "0000000000000000000000000000000000000000000000000000000000000000",
		    "POINT", 0 },
		{ "infinity",
		    "3018" P256 "03"
		    "01"
		    "00",
		    "POINT", 0 },
		{ "infinity as one octet", "3019" P256 "03020000", "POINT", 0 },
		{ "compressed", "3039" P256 "03220003" GX, "POINT", 0 },
		{ "hybrid", "3059" P256 "03420007" GX GY, "POINT", 0 },
		{ "one octet more", "305a" P256 "03430004" GX GY "00", "POINT", 0 },
		{ "octets after the key", "305b" P256 "03420004" GX GY "0500", "DER", 0 },
		{ "unused bits", "3059" P256 "03420104" GX GY, "DER", 0 },
		{ "secp256k1", "3056301006072a8648ce3d020106052b8104000a03420004" GX GY, "CURVE",
		    0 },
		{ "no curve",
		    "304d"
		    "3009" OID_EC "03420004" GX GY,
		    "DER", 0 },
		{ "NULL for a curve",
		    "3051"
		    "300b" OID_EC "0500"
		    "03420004" GX GY,
		    "CURVE", 0 },
		{ "Ed25519 by profile only",
		    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		    "KEYALG", 0 },
		{ "Ed25519",
		    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		    "good", PKI_ALLOW_EDDSA },
		{ "Ed25519 with parameters",
		    "302c300706032b65700500032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		    "SPKI", PKI_ALLOW_EDDSA },
		{ "Ed25519 of order one",
		    "302a300506032b65700321000100000000000000000000000000000000000000000000000000000000000000",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 of order two",
		    "302a300506032b6570032100ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 of order four",
		    "302a300506032b65700321000000000000000000000000000000000000000000000000000000000000000080",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 of order eight",
		    "302a300506032b657003210026e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 above the prime",
		    "302a300506032b6570032100eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 one octet short",
		    "3029300506032b6570032000d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "X25519",
		    "302a300506032b656e032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		    "KEYALG", PKI_ALLOW_EDDSA },
		{ "Ed25519 off the curve",
		    "302a300506032b65700321000200000000000000000000000000000000000000000000000000000000000000",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed25519 off the curve, other sign",
		    "302a300506032b65700321000200000000000000000000000000000000000000000000000000000000000080",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448",
		    "3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		    "good", PKI_ALLOW_EDDSA },
		{ "Ed448 off the curve",
		    "3043300506032b6571033a00020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 of order one",
		    "3043300506032b6571033a00010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 of order two",
		    "3043300506032b6571033a00fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 of order four",
		    "3043300506032b6571033a00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000080",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 above the prime",
		    "3043300506032b6571033a0000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 with a bit beside the sign",
		    "3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256184",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 one octet short",
		    "3042300506032b65710339005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe82561",
		    "POINT", PKI_ALLOW_EDDSA },
		{ "Ed448 with parameters",
		    "3045300706032b65710500033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		    "SPKI", PKI_ALLOW_EDDSA },
		{ "X448",
		    "3042300506032b656f0339000505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505",
		    "KEYALG", PKI_ALLOW_EDDSA },
		{ "Ed448 by profile only",
		    "3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
		    "KEYALG", 0 },
		{ "RSA without NULL",
		    "301a300b06092a864886f70d010101030b003008020105"
		    "0203010001",
		    "SPKI", 0 },
		{ "tiny RSA",
		    "301b300d06092a864886f70d0101010500030a003007"
		    "0202"
		    "0085"
		    "020103",
		    "KEYSIZE", 0 },
		{ "negative modulus",
		    "301b300d06092a864886f70d0101010500030a003007"
		    "0202"
		    "8501"
		    "020103",
		    "DER", 0 },
		{ "padded modulus",
		    "301b300d06092a864886f70d0101010500030a003007"
		    "0202"
		    "0005"
		    "020103",
		    "DER", 0 },
		{ "zero modulus", "301a300d06092a864886f70d01010105000309003006020100020103",
		    "KEYSIZE", 0 },
		{ "nothing", "3000", "DER", 0 },
		{ "empty", "", "DER", 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pki_key key;
		const char *got = judge(unhex(*state, cases[i].hex), cases[i].flags, &key);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
	}
}

static void
says_what_a_key_is(void **state)
{
	struct pki_key key;
	uint8_t id[20];

	assert_string_equal(judge(unhex(*state, "3059" P256 "03420004" GX GY), 0, &key), "good");
	assert_int_equal(key.kind, PKI_KEY_EC);
	assert_int_equal(key.bits, 256);
	assert_string_equal(pki_key_name(&key), "P-256");
	assert_int_equal(key.point.len, 65);
	pki_key_id(key.spki, id);
	/* sha256 of 04 Gx Gy, from sha256sum */
	assert_string_equal(
	    cs_hex(*state, cs_span_of(id, 20)), "698bea63dc44a344663ff1429aea10842df27b6b");
}

static void
put_list(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void
a_list_of_weak_keys_finds_its_keys_and_no_others(void **state)
{
	static const char head[] = "countersign weak keys 1\ndebian 2008-05\n";
	struct pki_weak_list *list = NULL;
	struct pki_key key;
	struct cs_err err;
	char path[] = "/tmp/test_weak.XXXXXX";
	struct cs_buf file = cs_buf_new(*state);
	uint8_t low[10] = { 0 }, high[10];

	close(mkstemp(path));
	memset(high, 0xff, sizeof(high));
	assert_string_equal(judge(unhex(*state, "3059" P256 "03420004" GX GY), 0, &key), "good");
	cs_buf_add_str(&file, head);
	cs_buf_add(&file, low, 10);
	cs_buf_add(&file, key.spki_sha256, 10);
	cs_buf_add(&file, high, 10);
	put_list(path, file.data, file.len);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_OK);
	assert_string_equal(pki_weak_list_version(list), "debian 2008-05");
	assert_true(pki_weak_list_has(list, &key));
	key.spki_sha256[9] ^= 1;
	assert_false(pki_weak_list_has(list, &key));
	pki_weak_list_free(list);

	put_list(path, file.data, sizeof(head) - 1); /* nobody's key yet */
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_OK);
	assert_false(pki_weak_list_has(list, &key));
	pki_weak_list_free(list);

	put_list(path, file.data, file.len - 1); /* cut */
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_MALFORMED);
	memcpy(file.data + sizeof(head) - 1, high, 10); /* out of order */
	put_list(path, file.data, file.len);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_MALFORMED);
	put_list(path, "countersign weak keys 1\n\0debian\n", 32); /* a version that nobody sees */
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_MALFORMED);
	put_list(path, "something else\nx\n", 17);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_MALFORMED);
	put_list(path, "", 0);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_MALFORMED);
	unlink(path);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_NOT_FOUND);
}

/* Two keys that Debian's openssl made in 2006 to 2008, each in a list as such lists were published. */
static void
a_list_has_keys_by_their_spki_and_by_their_modulus(void **state)
{
	static const struct {
		const char *file;
		bool by_spki, by_modulus;
	} cases[] = { { "debian-1000.pem", true, false }, { "debian-10000.pem", false, true },
		{ "rsa2048.pem", false, false }, { "p256.pem", false, false } };
	/* SHA-256 of the SPKI of one, SHA-1 of what `openssl rsa -modulus` prints of the other. */
	struct pki_weak_key keys[] = { { .of_modulus = true }, { .of_modulus = false },
		{ .of_modulus = true } };
	struct pki_weak_list *list = NULL;
	struct cs_err err;
	char path[] = "/tmp/test_weak.XXXXXX";
	size_t n = 0;

	assert_true(cs_hex_decode("9610ed7303e8f4c385df", keys[0].digest, PKI_WEAK_DIGEST));
	assert_true(cs_hex_decode("56510da4eb530916eaa1", keys[1].digest, PKI_WEAK_DIGEST));
	keys[2] = keys[0];
	close(mkstemp(path));
	assert_int_equal(
	    pki_weak_list_write(path, "two", keys, COUNT(keys), &n, &err), CS_CONFLICT);
	unlink(path);
	assert_int_equal(
	    pki_weak_list_write(path, "a\nb", keys, COUNT(keys), &n, &err), CS_MALFORMED);
	assert_int_equal(pki_weak_list_write(path, "two", keys, COUNT(keys), &n, &err), CS_OK);
	assert_int_equal(n, 2);
	assert_int_equal(pki_weak_list_load(path, &list, &err), CS_OK);
	assert_string_equal(pki_weak_list_version(list), "two");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pki_csr csr;
		struct cs_refusal why;

		assert_true(pki_csr_read(*state, fixture(*state, cases[i].file), 0, &csr, &why));
		if (pki_weak_list_has(list, &csr.key) != (cases[i].by_spki || cases[i].by_modulus))
			fail_msg("%s", cases[i].file);
	}
	pki_weak_list_free(list);
	unlink(path);
}

static void
a_list_that_counts_wrongly_is_none(void **state)
{
	static const char *const counts[] = { "", "x", "-1", "2", "01", "1 ", "99999999999" };
	struct pki_weak_list *list = NULL;
	struct cs_err err;
	char path[] = "/tmp/test_weak.XXXXXX";

	close(mkstemp(path));
	for (size_t i = 0; i <= COUNT(counts); i++) {
		const char *text =
		    cs_arena_printf(*state, "countersign weak keys 2\nv\n%s\n0123456789",
			i < COUNT(counts) ? counts[i] : "1");

		put_list(path, text, strlen(text));
		const enum cs_code code = pki_weak_list_load(path, &list, &err);
		if (code != (i < COUNT(counts) ? CS_MALFORMED : CS_OK))
			fail_msg(
			    "\"%s\": %s", i < COUNT(counts) ? counts[i] : "1", cs_code_name(code));
	}
	pki_weak_list_free(list);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_close_primes_in_exactly_its_rounds),
		cmocka_unit_test(knows_the_mark_of_roca),
		cmocka_unit_test(small_factors_end_at_751),
		cmocka_unit_test(refuses_weak_moduli),
		cmocka_unit_test(judges_the_form_of_points),
		cmocka_unit_test(says_what_a_key_is),
		cmocka_unit_test(a_list_of_weak_keys_finds_its_keys_and_no_others),
		cmocka_unit_test(a_list_has_keys_by_their_spki_and_by_their_modulus),
		cmocka_unit_test(a_list_that_counts_wrongly_is_none),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}

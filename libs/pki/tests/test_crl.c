/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists: what is built is what OpenSSL reads; every lint notices its own fault. */
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "fake_hierarchy.h"
#include "pki/crl.h"
#include "pki/der.h"
#include "pki/pem.h"

#define SERIAL 17
#define DAY_S INT64_C(86400)

static const char *const urls[] = { "http://crl.countersign.example/issuing-1/3.crl",
	"http://crl2.countersign.example/issuing-1/3.crl", NULL };

static struct pki_crl_rules
rules(struct hierarchy *h)
{
	return (struct pki_crl_rules){
		.issuer = pki_issuer_name(h->issuing),
		.authority_key_id = pki_issuer_key_id(h->issuing),
		.sigalg = pki_issuer_sigalg(h->issuing),
		.now_s = NOW_S,
		.last_number = 6,
		.last_this_update_s = NOW_S - DAY_S,
	};
}

static struct pki_crl_template template(struct hierarchy *h)
{
	return (struct pki_crl_template){
		.issuer = pki_issuer_name(h->issuing),
		.authority_key_id = pki_issuer_key_id(h->issuing),
		.sigalg = pki_issuer_sigalg(h->issuing),
		.this_update_s = NOW_S,
		.next_update_s = NOW_S + 7 * DAY_S,
		.number = 7,
	};
}

/* `n` entries with serials that rise; reasons in turn. */
static const struct pki_crl_entry *
entries(struct cs_arena *arena, size_t n)
{
	static const uint32_t reasons[] = { 0, 1, 3, 4, 5, 9 };
	struct pki_crl_entry *all = CS_NEW_ARRAY(arena, n, struct pki_crl_entry);

	for (size_t i = 0; i < n; i++) {
		uint8_t serial[SERIAL] = { 0x40 };

		for (int k = 0; k < 4; k++)
			serial[1 + k] = (uint8_t)(i >> (24 - 8 * k));
		all[i] = (struct pki_crl_entry){ cs_arena_copy(arena, serial, SERIAL),
			NOW_S - (int64_t)i % 1000, reasons[i % COUNT(reasons)] };
	}
	return all;
}

static struct cs_span
tbs_of(struct hierarchy *h, const struct pki_crl_template *t)
{
	struct cs_err err = { 0 };
	struct cs_span tbs;

	if (pki_crl_tbs(h->arena, t, &tbs, &err) != CS_OK)
		fail_msg("%s", err.text);
	return tbs;
}

static struct cs_span
signed_list(struct hierarchy *h, const struct pki_crl_template *t)
{
	struct pki_crl_rules r = rules(h);
	struct cs_err err = { 0 };
	struct cs_span der;

	r.urls = t->urls;
	if (pki_crl_sign(h->issuing, h->arena, tbs_of(h, t), &r, &der, &err) != CS_OK)
		fail_msg("%s", err.text);
	return der;
}

static struct pki_crl
read_list(struct hierarchy *h, struct cs_span der)
{
	struct cs_err err = { 0 };
	struct pki_crl crl;

	if (pki_crl_read(h->arena, der, &crl, &err) != CS_OK)
		fail_msg("%s", err.text);
	return crl;
}

static X509_CRL *
theirs_of(struct cs_span der)
{
	const unsigned char *at = der.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);

	assert_non_null(crl);
	assert_ptr_equal(at, der.data + der.len);
	return crl;
}

static int64_t
seconds(const ASN1_TIME *time)
{
	struct tm tm;

	assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
	return timegm(&tm);
}

/* ---- what is built ---- */

static void
openssl_reads_what_was_built(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_template t = template(h);

	t.entries = entries(h->arena, 12);
	t.n = 12;
	const struct cs_span der = signed_list(h, &t);
	X509_CRL *crl = theirs_of(der);
	const unsigned char *ca_at = pki_issuer_certificate(h->issuing)->der.data;
	X509 *ca = d2i_X509(NULL, &ca_at, (long)pki_issuer_certificate(h->issuing)->der.len);
	ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);

	assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(ca)), 1);
	assert_int_equal(X509_CRL_get_version(crl), 1);
	assert_int_equal(ASN1_INTEGER_get(number), 7);
	assert_int_equal(seconds(X509_CRL_get0_lastUpdate(crl)), NOW_S);
	assert_int_equal(seconds(X509_CRL_get0_nextUpdate(crl)), NOW_S + 7 * DAY_S);
	assert_int_equal(X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1), -1);
	assert_int_equal(sk_X509_REVOKED_num(revoked), 12);
	for (int i = 0; i < 12; i++) {
		X509_REVOKED *one = sk_X509_REVOKED_value(revoked, i);
		int critical = -1;
		ASN1_ENUMERATED *reason =
		    X509_REVOKED_get_ext_d2i(one, NID_crl_reason, &critical, NULL);

		assert_int_equal(
		    seconds(X509_REVOKED_get0_revocationDate(one)), t.entries[i].revoked_at_s);
		assert_memory_equal(ASN1_STRING_get0_data(X509_REVOKED_get0_serialNumber(one)),
		    t.entries[i].serial.data, SERIAL);
		assert_int_equal(
		    reason != NULL ? ASN1_ENUMERATED_get(reason) : 0, t.entries[i].reason);
		assert_int_equal(critical, reason != NULL ? 0 : -1);
		ASN1_ENUMERATED_free(reason);
	}
	ASN1_INTEGER_free(number);
	X509_free(ca);
	X509_CRL_free(crl);
}

static void
a_partition_names_its_point_critically(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_template t = template(h);
	int critical = -1;

	t.urls = urls;
	X509_CRL *crl = theirs_of(signed_list(h, &t));
	ISSUING_DIST_POINT *point =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);

	assert_non_null(point);
	assert_int_equal(critical, 1);
	assert_int_equal(point->distpoint->type, 0);
	assert_int_equal(sk_GENERAL_NAME_num(point->distpoint->name.fullname), 2);
	for (int i = 0; i < 2; i++) {
		const GENERAL_NAME *name =
		    sk_GENERAL_NAME_value(point->distpoint->name.fullname, i);

		assert_int_equal(name->type, GEN_URI);
		assert_memory_equal(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
		    urls[i], strlen(urls[i]));
	}
	assert_int_equal(point->onlyuser, 0);
	assert_int_equal(point->onlyCA, 0);
	assert_int_equal(point->indirectCRL, 0);
	ISSUING_DIST_POINT_free(point);
	X509_CRL_free(crl);
}

static void
what_was_built_reads_back(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_template t = template(h);
	static const uint8_t padded[SERIAL + 1] = { 0, 0x40, 0, 0, 0, 4 };

	t.entries = entries(h->arena, 30);
	t.n = 30;
	t.urls = urls;
	const struct pki_crl crl = read_list(h, signed_list(h, &t));

	assert_int_equal(crl.number, 7);
	assert_int_equal(crl.this_update_s, t.this_update_s);
	assert_int_equal(crl.next_update_s, t.next_update_s);
	assert_true(cs_span_equal(crl.issuer, t.issuer));
	assert_true(cs_span_equal(crl.authority_key_id, t.authority_key_id));
	assert_string_equal(crl.urls[0], urls[0]);
	assert_string_equal(crl.urls[1], urls[1]);
	assert_null(crl.urls[2]);
	assert_int_equal(crl.n, 30);
	for (size_t i = 0; i < 30; i++) {
		const struct pki_crl_entry *found = pki_crl_find(&crl, t.entries[i].serial);

		assert_ptr_equal(found, &crl.entries[i]);
		assert_int_equal(found->reason, t.entries[i].reason);
		assert_int_equal(found->revoked_at_s, t.entries[i].revoked_at_s);
	}
	assert_ptr_equal(pki_crl_find(&crl, cs_span_of(padded, sizeof(padded))), &crl.entries[4]);
	assert_null(pki_crl_find(&crl, cs_span_of(padded, sizeof(padded) - 1)));
	assert_true(pki_crl_signed_by(&crl, pki_issuer_certificate(h->issuing)));
	assert_false(pki_crl_signed_by(&crl, pki_issuer_certificate(h->root)));
}

static void
an_empty_list_has_no_entries_and_no_urls(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_crl_template t = template(h);
	const struct pki_crl crl = read_list(h, signed_list(h, &t));

	assert_int_equal(crl.n, 0);
	assert_null(crl.urls);
	assert_null(pki_crl_find(&crl, cs_span_str("x")));
}

static void
a_hundred_thousand_entries_take_seconds(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_template t = template(h);
	const clock_t start = clock();

	t.n = 100000;
	t.entries = entries(h->arena, t.n);
	const struct cs_span der = signed_list(h, &t);
	const struct pki_crl crl = read_list(h, der);
	const double took_s = (double)(clock() - start) / CLOCKS_PER_SEC;

	assert_int_equal(crl.n, t.n);
	assert_non_null(pki_crl_find(&crl, t.entries[99999].serial));
	assert_true(pki_crl_signed_by(&crl, pki_issuer_certificate(h->issuing)));
	if (took_s > 10) /* 0.1 s without sanitizers and valgrind */
		fail_msg("took %.1f s of processor time", took_s);
}

/* ---- what is refused ---- */

static void
templates_that_break_a_rule_are_refused(void **state)
{
	struct hierarchy *h = *state;
	static const char *const no_urls[] = { NULL };
	static const uint8_t zero[] = { 0, 1 }, high[20] = { 0x80 };
	struct pki_crl_entry two[2], bad = { cs_span_of(zero, 2), NOW_S, 0 };
	struct pki_crl_template cases[7];
	struct cs_err err = { 0 };
	struct cs_span tbs;

	for (size_t i = 0; i < COUNT(cases); i++)
		cases[i] = template(h);
	two[0] = entries(h->arena, 2)[1];
	two[1] = entries(h->arena, 2)[0];
	cases[0].number = 0;
	cases[1].next_update_s = cases[1].this_update_s;
	cases[2].urls = no_urls;
	cases[3].entries = two; /* not in order */
	cases[3].n = 2;
	cases[5].entries = &bad;
	cases[5].n = 1;
	cases[6].authority_key_id.len = 0;
	cases[4].number = (uint64_t)INT64_MAX + 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (pki_crl_tbs(h->arena, &cases[i], &tbs, &err) != CS_MALFORMED)
			fail_msg("case %zu was built", i);
	}
	bad = (struct pki_crl_entry){ cs_span_of(high, sizeof(high)), NOW_S, 0 };
	assert_int_equal(pki_crl_tbs(h->arena, &cases[5], &tbs, &err), CS_MALFORMED);
	bad = (struct pki_crl_entry){ cs_span_of(high, 16), NOW_S, 8 };
	assert_int_equal(pki_crl_tbs(h->arena, &cases[5], &tbs, &err), CS_MALFORMED);
	two[1] = two[0];
	assert_int_equal(pki_crl_tbs(h->arena, &cases[3], &tbs, &err), CS_MALFORMED);
}

static void
expect_lint(struct hierarchy *h, const struct pki_crl_template *t, const struct pki_crl_rules *r,
    const char *want)
{
	struct cs_refusal why = { .code = "none" };
	struct cs_err err = { 0 };
	struct cs_span der;
	const struct cs_span tbs = tbs_of(h, t);
	const bool good = pki_crl_lint(h->arena, tbs, r, &why);

	if (strcmp(good ? "none" : why.code, want) != 0)
		fail_msg("got %s, want %s", good ? "none" : why.code, want);
	if (!good)
		assert_int_equal(
		    pki_crl_sign(h->issuing, h->arena, tbs, r, &der, &err), CS_MALFORMED);
}

static void
each_lint_notices_its_fault(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_crl_template good = template(h);
	const struct pki_crl_rules want = rules(h);
	struct pki_crl_entry entry = entries(h->arena, 1)[0];
	struct pki_crl_template t = good;
	struct pki_crl_rules r = want;

	expect_lint(h, &good, &want, "none");
	t.issuer = pki_issuer_name(h->root);
	expect_lint(h, &t, &want, "crl-issuer");
	t = good;
	t.authority_key_id = pki_issuer_key_id(h->root);
	expect_lint(h, &t, &want, "crl-issuer");
	t = good;
	t.sigalg = pki_issuer_sigalg(h->root);
	expect_lint(h, &t, &want, "crl-algorithm");
	r.last_number = 7;
	expect_lint(h, &good, &r, "crl-number");
	r = want;
	r.now_s = NOW_S - 1;
	expect_lint(h, &good, &r, "crl-this-update");
	r.now_s = NOW_S + 3600;
	expect_lint(h, &good, &r, "crl-this-update");
	r.now_s = NOW_S + 3599;
	expect_lint(h, &good, &r, "none");
	r.last_this_update_s = NOW_S + 1;
	expect_lint(h, &good, &r, "crl-this-update");
	t = good;
	t.next_update_s = NOW_S + 10 * DAY_S;
	expect_lint(h, &t, &want, "none");
	t.next_update_s++;
	expect_lint(h, &t, &want, "crl-next-update");
	t = good;
	t.entries = &entry;
	t.n = 1;
	entry.revoked_at_s = NOW_S + 1;
	expect_lint(h, &t, &want, "crl-revocation-date");
}

static void
reasons_are_those_of_the_rules(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_entry entry = entries(h->arena, 1)[0];
	struct pki_crl_template t = template(h);
	struct pki_crl_rules r = rules(h);

	t.entries = &entry;
	t.n = 1;
	for (uint32_t reason = 0; reason <= 10; reason++) {
		const bool subscriber = reason <= 9 && (0x23bu >> reason & 1) != 0;

		if (reason == 7 || reason == 8)
			continue; /* cannot be built */
		entry.reason = reason;
		expect_lint(h, &t, &r, subscriber ? "none" : "crl-reason");
		r.may_hold = true;
		expect_lint(h, &t, &r, subscriber || reason == 6 ? "none" : "crl-reason");
		r.of_cas = true;
		expect_lint(
		    h, &t, &r, (subscriber && reason != 0) || reason == 2 ? "none" : "crl-reason");
		r.may_hold = r.of_cas = false;
	}
}

static void
the_point_is_that_of_the_certificates(void **state)
{
	struct hierarchy *h = *state;
	static const char *const other[] = { "http://crl.countersign.example/issuing-1/4.crl",
		NULL };
	static const char *const https[] = { "https://crl.countersign.example/1.crl", NULL };
	const char *const one[] = { urls[0], NULL };
	struct pki_crl_template t = template(h);
	struct pki_crl_rules r = rules(h);

	r.urls = urls;
	expect_lint(h, &t, &r, "crl-distribution-point");
	t.urls = one;
	expect_lint(h, &t, &r, "crl-distribution-point");
	t.urls = other;
	expect_lint(h, &t, &r, "crl-distribution-point");
	t.urls = urls;
	expect_lint(h, &t, &r, "none");
	r.urls = NULL;
	expect_lint(h, &t, &r, "crl-distribution-point");
	t.urls = r.urls = https;
	expect_lint(h, &t, &r, "crl-distribution-point");
}

static void
no_changed_octet_verifies(void **state)
{
	struct hierarchy *h = *state;
	struct pki_crl_template t = template(h);

	t.entries = entries(h->arena, 3);
	t.n = 3;
	const struct cs_span der = signed_list(h, &t);
	uint8_t *octets = cs_arena_alloc(h->arena, der.len);

	for (size_t i = 0; i < der.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct cs_arena *arena = cs_arena_new();
			struct pki_crl crl;

			memcpy(octets, der.data, der.len);
			octets[i] ^= (uint8_t)(1u << bit);
			if (pki_crl_read(arena, cs_span_of(octets, der.len), &crl, NULL) == CS_OK &&
			    pki_crl_signed_by(&crl, pki_issuer_certificate(h->issuing)))
				fail_msg("octet %zu bit %u", i, bit);
			cs_arena_free(arena);
		}
	}
}

/* ---- what others made ---- */

/* A list by OpenSSL, signed by nobody's key. */
struct made {
	bool number, key_id, unordered, twice, reason_zero, critical, indirect, v1;
};

static void
add_number(X509_CRL *crl)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	ASN1_INTEGER_set(number, 7);
	assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0), 1);
	ASN1_INTEGER_free(number);
}

static void
add_key_id(X509_CRL *crl)
{
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();

	id->keyid = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(id->keyid, (const unsigned char *)"key", 3);
	assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, id, 0, 0), 1);
	AUTHORITY_KEYID_free(id);
}

static void
add_unknown(X509_CRL *crl)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, "x", 1);
	assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_netscape_comment, text, 1, 0), 1);
	ASN1_IA5STRING_free(text);
}

/* Of other issuers' certificates too, which we neither make nor read. */
static void
add_indirect(X509_CRL *crl)
{
	ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();

	point->indirectCRL = 0xff;
	assert_int_equal(
	    X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0), 1);
	ISSUING_DIST_POINT_free(point);
}

static void
add_revoked(X509_CRL *crl, long serial, bool reason_zero)
{
	X509_REVOKED *revoked = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, NOW_S);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

	ASN1_INTEGER_set(number, serial);
	X509_REVOKED_set_serialNumber(revoked, number);
	X509_REVOKED_set_revocationDate(revoked, when);
	ASN1_ENUMERATED_set(reason, 0);
	if (reason_zero)
		assert_int_equal(
		    X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason, 0, 0), 1);
	assert_int_equal(X509_CRL_add0_revoked(crl, revoked), 1);
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(when);
}

static struct cs_span
made_by_openssl(struct hierarchy *h, struct made how)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	ASN1_TIME *now = ASN1_TIME_set(NULL, NOW_S), *later = ASN1_TIME_set(NULL, NOW_S + DAY_S);
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *name = X509_NAME_new();
	unsigned char *der = NULL;

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0);
	X509_CRL_set_version(crl, how.v1 ? 0 : 1);
	X509_CRL_set_issuer_name(crl, name);
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, later);
	add_revoked(crl, how.unordered ? 9 : 3, how.reason_zero);
	add_revoked(crl, how.twice ? 9 : 5, false);
	if (how.key_id)
		add_key_id(crl);
	if (how.number)
		add_number(crl);
	if (how.critical)
		add_unknown(crl);
	if (how.indirect)
		add_indirect(crl);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	const int len = i2d_X509_CRL(crl, &der);
	const struct cs_span kept = cs_arena_copy(h->arena, der, (size_t)len);

	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	ASN1_TIME_free(later);
	EVP_PKEY_free(key);
	return kept;
}

static void
lists_of_others_are_read_strictly(void **state)
{
	struct hierarchy *h = *state;
	const struct {
		const char *name;
		struct made how;
		bool good;
	} rows[] = {
		{ "as it should be", { .number = true, .key_id = true }, true },
		{ "not in order", { .number = true, .key_id = true, .unordered = true }, true },
		{ "a serial twice",
		    { .number = true, .key_id = true, .unordered = true, .twice = true }, false },
		{ "no number", { .key_id = true }, false },
		{ "no key identifier", { .number = true }, false },
		{ "reason 0", { .number = true, .key_id = true, .reason_zero = true }, false },
		{ "unknown and critical", { .number = true, .key_id = true, .critical = true },
		    false },
		{ "indirect", { .number = true, .key_id = true, .indirect = true }, false },
		{ "version 1", { .v1 = true }, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pki_crl crl;
		const enum cs_code code =
		    pki_crl_read(h->arena, made_by_openssl(h, rows[i].how), &crl, NULL);

		if (code != (rows[i].good ? CS_OK : CS_MALFORMED))
			fail_msg("%s: got %s", rows[i].name, cs_code_name(code));
		if (code == CS_OK) {
			assert_int_equal(crl.n, 2);
			assert_non_null(pki_crl_find(&crl, crl.entries[0].serial));
			assert_true(
			    pki_crl_compare(crl.entries[0].serial, crl.entries[1].serial) < 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_reads_what_was_built),
		cmocka_unit_test(a_partition_names_its_point_critically),
		cmocka_unit_test(what_was_built_reads_back),
		cmocka_unit_test(an_empty_list_has_no_entries_and_no_urls),
		cmocka_unit_test(a_hundred_thousand_entries_take_seconds),
		cmocka_unit_test(templates_that_break_a_rule_are_refused),
		cmocka_unit_test(each_lint_notices_its_fault),
		cmocka_unit_test(reasons_are_those_of_the_rules),
		cmocka_unit_test(the_point_is_that_of_the_certificates),
		cmocka_unit_test(no_changed_octet_verifies),
		cmocka_unit_test(lists_of_others_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, hierarchy_open, hierarchy_close);
}

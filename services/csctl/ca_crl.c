/* SPDX-License-Identifier: Apache-2.0 */
/* ca_crl.c: the root's revocation list: what the list before had, and what is revoked now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "ca_tools.h"
#include "ceremony.h"
#include "pki/crl.h"

#define ENTRIES_MAX 256
#define SERIAL_MAX 20

/* RFC 5280 5.3.1, as far as a CA may be revoked for it (SBR 7.2.2). */
static const struct {
	const char *name;
	uint32_t reason;
} reasons[] = {
	{ "key-compromise", PKI_CRL_KEY_COMPROMISE },
	{ "ca-compromise", PKI_CRL_CA_COMPROMISE },
	{ "affiliation-changed", PKI_CRL_AFFILIATION_CHANGED },
	{ "superseded", PKI_CRL_SUPERSEDED },
	{ "cessation", PKI_CRL_CESSATION },
	{ "privilege-withdrawn", PKI_CRL_PRIVILEGE_WITHDRAWN },
};

struct listing {
	struct args *args;
	struct pki_crl_entry entries[ENTRIES_MAX];
	size_t n;
	uint64_t number;       /* of the list before; 0: none */
	int64_t this_update_s; /* of the list before */
	int64_t now_s;
};

/* ---- what the record has ---- */

static enum cs_code
take_last(
    struct listing *l, struct cs_span der, const struct pki_cert_info *root, struct cs_err *err)
{
	struct pki_crl crl;

	if (pki_crl_read(l->args->arena, der, &crl, err))
		return err->code;
	if (!pki_crl_signed_by(&crl, root))
		return CS_OK; /* another root's */
	if (crl.n > ENTRIES_MAX)
		return cs_fail(err, CS_MALFORMED, "more than %d CAs are revoked", ENTRIES_MAX);
	for (size_t i = 0; i < crl.n; i++)
		l->entries[i] = crl.entries[i];
	l->n = crl.n;
	l->number = crl.number;
	l->this_update_s = crl.this_update_s;
	return CS_OK;
}

static enum cs_code
take_record(
    struct listing *l, const char *path, const struct pki_cert_info *root, struct cs_err *err)
{
	struct ceremony_entry *entries;
	char last[CEREMONY_HASH];
	size_t n;

	if (ceremony_read(l->args->arena, path, &entries, &n, last, err))
		return err->code;
	for (size_t i = 0; i < n; i++)
		if (entries[i].crl.len > 0 && take_last(l, entries[i].crl, root, err))
			return err->code;
	return CS_OK;
}

/* ---- what is revoked now ---- */

static int
compare(const void *a, const void *b)
{
	return pki_crl_compare(
	    ((const struct pki_crl_entry *)a)->serial, ((const struct pki_crl_entry *)b)->serial);
}

/* "SERIAL=REASON", the serial in hexadecimal. */
static enum cs_code
add(struct listing *l, const char *word, struct cs_err *err)
{
	const size_t digits = strcspn(word, "=");
	uint8_t *serial = cs_arena_alloc(l->args->arena, SERIAL_MAX);
	const char *hex = cs_arena_strndup(l->args->arena, word, digits);
	struct pki_crl_entry entry = { .revoked_at_s = l->now_s };

	if (word[digits] == '\0' || digits == 0 || digits % 2 != 0 || digits > 2 * SERIAL_MAX ||
	    !cs_hex_decode(hex, serial, digits / 2) || l->n == ENTRIES_MAX)
		return cs_fail(err, CS_MALFORMED, "%.60s: want SERIAL=REASON", word);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].name, word + digits + 1) == 0)
			entry.reason = reasons[i].reason;
	if (entry.reason == PKI_CRL_NO_REASON)
		return cs_fail(err, CS_MALFORMED,
		    "%.60s: a CA is revoked for key-compromise, ca-compromise, affiliation-changed,"
		    " superseded, cessation or privilege-withdrawn",
		    word + digits + 1);
	entry.serial = cs_span_of(serial, digits / 2);
	for (size_t i = 0; i < l->n; i++)
		if (pki_crl_compare(l->entries[i].serial, entry.serial) == 0)
			return cs_fail(err, CS_CONFLICT, "%s is in the list already", hex);
	l->entries[l->n++] = entry;
	return CS_OK;
}

static enum cs_code
sign(struct listing *l, struct pki_issuer *root, uint32_t days, struct cs_span *ret_der,
    struct cs_err *err)
{
	const struct pki_crl_template template = { .issuer = pki_issuer_name(root),
		.authority_key_id = pki_issuer_key_id(root),
		.sigalg = pki_issuer_sigalg(root),
		.this_update_s = l->now_s,
		.next_update_s = l->now_s + days * CA_DAY_S,
		.number = l->number + 1,
		.entries = l->entries,
		.n = l->n };
	const struct pki_crl_rules rules = { .issuer = template.issuer,
		.authority_key_id = template.authority_key_id,
		.sigalg = template.sigalg,
		.now_s = l->now_s,
		.last_number = l->number,
		.last_this_update_s = l->this_update_s,
		.of_cas = true };
	struct cs_span tbs;

	if (pki_crl_tbs(l->args->arena, &template, &tbs, err) ||
	    pki_crl_sign(root, l->args->arena, tbs, &rules, ret_der, err))
		return err->code;
	return CS_OK;
}

static enum cs_code
make(struct listing *l, const struct ca_key_place *place, const char *record, uint32_t days,
    struct cs_span *ret_der, struct cs_err *err)
{
	struct pki_issuer *root;
	const char *word;
	enum cs_code code;

	if (pki_issuer_load(&place->files, &root, err))
		return err->code;
	code = take_record(l, record, pki_issuer_certificate(root), err);
	while (code == CS_OK && (word = args_option(l->args, "--revoke", NULL)) != NULL)
		code = add(l, word, err);
	qsort(l->entries, l->n, sizeof(l->entries[0]), compare);
	if (code == CS_OK)
		code = sign(l, root, days, ret_der, err);
	pki_issuer_free(root);
	return code;
}

static int
run_ca_crl(struct args *args)
{
	const char *root = args_option(args, "--root", NULL),
		   *out = args_option(args, "--out", NULL);
	const char *record = args_option(args, "--record", NULL);
	struct listing *l = CS_NEW(args->arena, struct listing);
	struct ca_key_place place;
	struct cs_err err = { 0 };
	struct cs_span der = { 0 };
	uint32_t days = 365;

	*l = (struct listing){ .args = args, .now_s = cs_now_ms() / 1000 };
	if (!args_number(args, "--days", 1, 365, &days))
		return COULD_NOT_RUN;
	if (!ca_take_place(args, &place) || root == NULL || out == NULL || record == NULL)
		return usage(args);
	place.files.chain = root;
	if (make(l, &place, record, days, &der, &err))
		return could_not(&err);
	if (!args_end(args))
		return usage(args);
	const struct ceremony_entry entry = { .what = "crl", .at_ms = l->now_s * 1000, .crl = der };
	if (ceremony_note(args->arena, record, &entry, &err) || ca_write_file(out, der, &err))
		return could_not(&err);
	(void)printf(
	    "%s: number %llu, %zu CAs revoked\n", out, (unsigned long long)l->number + 1, l->n);
	return DONE;
}

const struct command ca_crl_commands[] = {
	{ "ca crl",
	    "--root CERT --out FILE --record FILE " CA_KEY_USAGE
	    " [--revoke SERIAL=REASON]... [--days N]",
	    "signs the root's next revocation list (DER): what the last one had, and these",
	    run_ca_crl },
	{ NULL, NULL, NULL, NULL },
};

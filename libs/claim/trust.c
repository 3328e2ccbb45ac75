/* SPDX-License-Identifier: Apache-2.0 */
/* trust.c: may this key state this?  And how the table is changed for a newer one while it is in use. */
#include "claim/trust.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "claim/dsse.h"
#include "claim/seen.h"
#include "claim/trust_file.h"

struct claim_trust {
	_Atomic(const struct trust_table *) table; /* the one in force; those before it behind it */
	const char *path, *approvers_path;
	struct claim_seen *seen;
	struct cs_arena *arena; /* of the first table, and of this struct */
};

/* ---- the question ---- */

static int
compare_rows(const void *a, const void *b)
{
	const struct claim_trust_row *left = a, *right = b;

	return strcmp(left->keyid, right->keyid);
}

const struct claim_trust_row *
claim_trust_find(const struct claim_trust *trust, const char *keyid)
{
	const struct trust_table *table = atomic_load(&trust->table);
	const struct claim_trust_row wanted = { .keyid = keyid };

	if (table->n_rows == 0)
		return NULL;
	return bsearch(&wanted, table->rows, table->n_rows, sizeof(wanted), compare_rows);
}

bool
claim_trust_verify(const struct claim_trust *trust, const struct claim_trust_row *row,
    struct cs_span data, struct cs_span signature)
{
	return signature.len == CLAIM_SIGNATURE &&
	       claim_seen_verify(trust->seen, row->public_key, data, signature.data);
}

static bool
names(const struct claim_texts *texts, const char *word)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], word) == 0)
			return true;
	}
	return false;
}

enum cs_code
claim_trust_permits(
    const struct claim_trust_row *row, const struct claim_stated *stated, struct cs_err *err)
{
	const char *why = NULL;
	const bool serves = names(&row->enterprises, "*") ||
			    (stated->enterprise != NULL && strcmp(stated->enterprise, "*") != 0 &&
				names(&row->enterprises, stated->enterprise));

	if (!names(&row->states, stated->state))
		why = "may not state this";
	else if (!serves)
		why = "may not state this for this enterprise";
	else if (stated->at_ms > stated->now_ms + CLAIM_AHEAD_MS)
		why = "states something of the future";
	else if (stated->at_ms < row->not_before_ms)
		why = "was not yet in use";
	else if (stated->at_ms > row->not_after_ms || stated->now_ms > row->not_after_ms)
		why = "was no longer in use";
	else if (row->distrusted_at_ms != 0 && (stated->at_ms >= row->distrusted_at_ms ||
						   stated->now_ms >= row->distrusted_at_ms))
		why = "is distrusted";
	if (why == NULL)
		return CS_OK;
	return cs_fail(err, CS_MALFORMED, "key %s %s (%s)", row->keyid, why, stated->state);
}

bool
claim_trust_state_known(const char *state)
{
	static const char *const known[] = { "request", "approval", "plan", "perspective",
		"evidence.mailbox", "evidence.domain", "evidence.caa", "evidence.mpic-domain",
		"evidence.mpic-caa", "evidence.organization", "evidence.authority",
		"evidence.individual", "revocation", "setting", "factor-order", "factor",
		"audit-head", "evidence-pack" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i], state) == 0)
			return true;
	}
	return false;
}

uint32_t
claim_trust_version(const struct claim_trust *trust)
{
	return atomic_load(&trust->table)->version;
}

uint32_t
claim_trust_identity(const struct claim_trust *trust, uint8_t ret_table[static CLAIM_DIGEST],
    uint8_t ret_approvers[static CLAIM_DIGEST])
{
	const struct trust_table *table = atomic_load(&trust->table);

	memcpy(ret_table, table->sha256, CLAIM_DIGEST);
	memcpy(ret_approvers, table->approvers_sha256, CLAIM_DIGEST);
	return table->version;
}

enum cs_code
claim_trust_key(const struct claim_trust *trust, const char *keyid, const char *state,
    int64_t at_ms, int64_t now_ms, uint8_t ret_public[static 32], struct cs_err *err)
{
	const struct claim_trust_row *row = claim_trust_find(trust, keyid);
	const struct claim_stated stated = { state, NULL, at_ms, now_ms };

	if (row == NULL)
		return cs_fail(err, CS_MALFORMED, "key %s is not in the trust table", keyid);
	if (claim_trust_permits(row, &stated, err) != CS_OK)
		return CS_MALFORMED;
	memcpy(ret_public, row->public_key, sizeof(row->public_key));
	return CS_OK;
}

size_t
claim_trust_rows(const struct claim_trust *trust, const struct claim_trust_row **ret_rows)
{
	const struct trust_table *table = atomic_load(&trust->table);

	*ret_rows = table->rows;
	return table->n_rows;
}

/* ---- life ---- */

enum cs_code
claim_trust_load(
    const char *path, const char *approvers_path, struct claim_trust **ret, struct cs_err *err)
{
	const struct trust_table *table;

	enum cs_code code =
	    trust_file_read(path, approvers_path, TRUST_APPROVALS, &table, NULL, err);
	if (code != CS_OK)
		return code;
	struct claim_trust *trust = CS_NEW(table->arena, struct claim_trust);
	atomic_init(&trust->table, table);
	trust->path = cs_arena_strdup(table->arena, path);
	trust->approvers_path = cs_arena_strdup(table->arena, approvers_path);
	trust->seen = claim_seen_new();
	trust->arena = table->arena;
	*ret = trust;
	return CS_OK;
}

/*
 * Rows of an earlier table may be in use by another thread, and their memory is small: it stays until the
 * end.  Whoever can make it grow holds the keys of two approvers.
 */
enum cs_code
claim_trust_reload(struct claim_trust *trust, bool *ret_changed, struct cs_err *err)
{
	const struct trust_table *old = atomic_load(&trust->table), *table;

	*ret_changed = false;
	enum cs_code code =
	    trust_file_read(trust->path, trust->approvers_path, TRUST_APPROVALS, &table, NULL, err);
	if (code != CS_OK)
		return code;
	if (table->version <= old->version) {
		const bool same = memcmp(table->sha256, old->sha256, sizeof(old->sha256)) == 0;
		const uint32_t version = table->version;

		trust_file_free(table);
		return same ? CS_OK
			    : cs_fail(err, CS_CONFLICT,
				  "trust table: version %u does not follow version %u", version,
				  old->version);
	}
	((struct trust_table *)(uintptr_t)table)->before = old;
	atomic_store(&trust->table, table);
	*ret_changed = true;
	return CS_OK;
}

void
claim_trust_free(struct claim_trust *trust)
{
	if (trust == NULL)
		return;
	claim_seen_free(trust->seen);
	const struct trust_table *table = atomic_load(&trust->table);
	struct cs_arena *own = trust->arena;
	while (table != NULL) {
		const struct trust_table *before = table->before;

		if (table->arena != own)
			trust_file_free(table);
		table = before;
	}
	cs_arena_free(own);
}

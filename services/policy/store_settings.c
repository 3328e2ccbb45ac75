/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_settings.c: the documents that concern the requests of a batch, in one query: the enterprise, the person,
 * the profile, and whatever is set for the mailboxes and domains that are named, and for what is above these.
 */
#include "store_settings.h"

#include <stdlib.h>
#include <string.h>

#include "config_settings.h"
#include "db/db.h"
#include "policy.h"
#include "smime/address.h"
#include "store.h"
#include "store_identity.h"

static const char load_sql[] =
    "select w.at, d.kind, d.enterprise, d.name, d.version, d.spec::text, h.last_version"
    " from unnest($1::integer[], $2::text[], $3::text[], $4::text[]) as w(at, kind, enterprise, name)"
    " join document d on d.kind = w.kind and d.enterprise = w.enterprise and d.name = w.name"
    " cross join config_head h"
    " order by w.at, d.enterprise <> $5 desc, d.kind, d.name";

/* Parallel arrays, an element for each document that is looked up; `at`: for which aggregate. */
struct wanted {
	struct cs_arena *arena;
	int32_t *at;
	const char **kind, **enterprise, **name;
	size_t n, cap;
};

static void *
grown(struct wanted *wanted, const void *old, size_t size)
{
	uint8_t *new = cs_arena_array(wanted->arena, wanted->cap, size);

	if (wanted->n > 0)
		memcpy(new, old, wanted->n * size);
	return new;
}

static void
want(struct wanted *wanted, size_t at, enum config_kind kind, const char *enterprise,
    const char *name)
{
	if (wanted->n == wanted->cap) {
		wanted->cap = wanted->cap == 0 ? 256 : 2 * wanted->cap;
		wanted->at = grown(wanted, wanted->at, sizeof(wanted->at[0]));
		wanted->kind = grown(wanted, wanted->kind, sizeof(wanted->kind[0]));
		wanted->enterprise =
		    grown(wanted, wanted->enterprise, sizeof(wanted->enterprise[0]));
		wanted->name = grown(wanted, wanted->name, sizeof(wanted->name[0]));
	}
	wanted->at[wanted->n] = (int32_t)at;
	wanted->kind[wanted->n] = config_kind_name(kind);
	wanted->enterprise[wanted->n] = enterprise;
	wanted->name[wanted->n++] = name;
}

/* A domain may be asked for twice: its rows are taken once. */
static void
want_domain(struct wanted *wanted, size_t at, const char *enterprise, const char *domain)
{
	for (const char *d = domain; d != NULL && strchr(d, '.') != NULL;
	     d = smime_domain_parent(d)) {
		want(wanted, at, CONFIG_DOMAIN, enterprise, d);
		want(wanted, at, CONFIG_OWNERSHIP, enterprise, d);
	}
}

static void
want_mailbox(struct wanted *wanted, size_t at, const char *enterprise, const char *mailbox)
{
	struct smime_address address;
	struct cs_refusal why;

	if (!smime_address_parse(wanted->arena, cs_span_str(mailbox), &address, &why))
		return;
	want(wanted, at, CONFIG_ASSIGNMENT, enterprise, mailbox);
	want(wanted, at, CONFIG_ASSIGNMENT, enterprise,
	    cs_arena_printf(wanted->arena, "*@%s", address.domain));
	want_domain(wanted, at, enterprise, address.domain);
}

static void
want_request(struct wanted *wanted, size_t at, const struct claim_request *request)
{
	const char *enterprise = request->enterprise, *of;
	const char *submitter = config_submitter(request, &of);

	if (submitter != NULL)
		want(wanted, at, CONFIG_PERSON, of, submitter);
	want(wanted, at, CONFIG_ENTERPRISE, enterprise, enterprise);
	want(wanted, at, CONFIG_PERSON, enterprise, request->account);
	want(wanted, at, CONFIG_PROFILE, enterprise, request->profile);
	want(wanted, at, CONFIG_PROFILE, CONFIG_PLATFORM, request->profile);
	for (size_t i = 0; i < request->mailboxes.n; i++)
		want_mailbox(wanted, at, enterprise, request->mailboxes.items[i]);
	for (size_t i = 0; i < request->domains.n; i++)
		want_domain(wanted, at, enterprise, request->domains.items[i]);
}

enum cs_code
store_ask_settings(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct wanted wanted = { .arena = batch->arena };

	*ret_rows = NULL;
	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);

		if (request != NULL)
			want_request(&wanted, i, request);
	}
	if (wanted.n == 0)
		return CS_OK;
	const struct db_param params[] = {
		db_i32_array(batch->arena, wanted.at, wanted.n),
		db_text_array(batch->arena, wanted.kind, wanted.n),
		db_text_array(batch->arena, wanted.enterprise, wanted.n),
		db_text_array(batch->arena, wanted.name, wanted.n),
		db_text(CONFIG_PLATFORM),
	};

	return db_ask(batch->db, batch->arena, load_sql, params, 5, ret_rows, err);
}

static bool
is_repeated(const struct config_doc *doc, const struct config_found *found)
{
	const struct config_doc *last = found->n > 0 ? &found->docs[found->n - 1] : NULL;

	return last != NULL && last->kind == doc->kind && strcmp(last->name, doc->name) == 0 &&
	       strcmp(last->enterprise, doc->enterprise) == 0;
}

static void
take_row(const struct db_rows *rows, size_t row, struct config_found *found)
{
	struct config_doc doc = { .enterprise = db_get_text(rows, row, 2),
		.name = db_get_text(rows, row, 3),
		.version = (uint64_t)db_get_i64(rows, row, 4),
		.spec = cs_span_str(db_get_text(rows, row, 5)) };

	if (config_kind_parse(db_get_text(rows, row, 1), &doc.kind) && !is_repeated(&doc, found))
		found->docs[found->n++] = doc;
}

enum cs_code
store_read_settings(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	const size_t n = db_rows_count(rows);
	size_t row = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);
		struct policy_case *c = batch->aggregates[i].state;
		struct config_found found = { 0 };
		const size_t first = row;

		while (row < n && (size_t)db_get_i32(rows, row, 0) == i)
			row++;
		if (request == NULL)
			continue;
		found.docs = CS_NEW_ARRAY(batch->arena, row - first, struct config_doc);
		for (size_t k = first; k < row; k++)
			take_row(rows, k, &found);
		if (row > first)
			c->settings_version = (uint64_t)db_get_i64(rows, first, 6);
		if (config_settings(batch->arena, &found, request, &c->config, err))
			return err->code;
	}
	return CS_OK;
}

/* ---- plans that settings may have changed ---- */

#define CHANGES_MS (POLICY_FIRST_MS + CS_DAY_MS) /* no first plan is open for longer */

/* The newest change of each document first: that of a month are few, and plans behind them hardly any. */
static const char due_sql[] =
    "with c as (select kind, enterprise, name, max(version) as v from change"
    "  where kind in ('enterprise', 'profile', 'domain', 'person') and at_ms > $1"
    "  group by kind, enterprise, name)"
    " select p.request from c join plan p on p.state = 'made' and p.settings_version < c.v"
    "  and p.enterprise = c.enterprise and (c.kind <> 'profile' or p.profile = c.name)"
    "  and (c.kind <> 'person' or p.account = c.name)"
    " union select p.request from c join plan p on p.state = 'made' and p.settings_version < c.v"
    "  and c.enterprise = $3 and c.kind = 'profile' and p.profile = c.name limit $2";

enum cs_code
store_due_changes(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms - CHANGES_MS), db_i64((int64_t)max),
		db_text(CONFIG_PLATFORM) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, due_sql, params, 3, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_keys = CS_NEW_ARRAY(arena, *ret_n, struct cs_id);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_keys)[i] = db_get_id(rows, i, 0);
	return CS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_settings.c: the documents that concern the requests of a batch: the enterprise, the person, the profile, and
 * whatever is set for the mailboxes and domains that are named, and for what is above these.  One query says which
 * state all settings are in, and what those documents are that were not read in this state before (kept.h).
 */
#include "store_settings.h"

#include <stdlib.h>
#include <string.h>

#include "config_settings.h"
#include "db/db.h"
#include "handler.h"
#include "kept.h"
#include "smime/address.h"
#include "store.h"
#include "store_identity.h"

/* As of one snapshot; a row without a document when there is none of them. */
static const char load_sql[] =
    "select h.last_version, pg_postmaster_start_time(), d.at, d.version, d.spec"
    " from config_head h left join lateral (select w.at, t.version, t.spec::text"
    "  from unnest($1::integer[], $2::text[], $3::text[], $4::text[])"
    "   as w(at, kind, enterprise, name)"
    "  join document t on t.kind = w.kind and t.enterprise = w.enterprise and t.name = w.name)"
    " as d on true";

struct store_wish {
	size_t at; /* for which aggregate */
	enum config_kind kind;
	const char *enterprise, *name;
};

struct wishing {
	struct cs_arena *arena;
	struct store_settings *to;
	size_t cap, first; /* of the wishes: of the request that is looked at */
};

/* Each once for a request. */
static bool
is_wanted(const struct wishing *in, enum config_kind kind, const char *enterprise, const char *name)
{
	for (size_t i = in->first; i < in->to->n; i++) {
		const struct store_wish *wish = &in->to->wishes[i];

		if (wish->kind == kind && strcmp(wish->name, name) == 0 &&
		    strcmp(wish->enterprise, enterprise) == 0)
			return true;
	}
	return false;
}

static void
want(struct wishing *in, size_t at, enum config_kind kind, const char *enterprise, const char *name)
{
	struct store_settings *to = in->to;

	if (is_wanted(in, kind, enterprise, name))
		return;
	if (to->n == in->cap) {
		struct store_wish *old = to->wishes;

		in->cap = in->cap == 0 ? 256 : 2 * in->cap;
		to->wishes = CS_NEW_ARRAY(in->arena, in->cap, struct store_wish);
		if (to->n > 0)
			memcpy(to->wishes, old, to->n * sizeof(old[0]));
	}
	to->wishes[to->n++] = (struct store_wish){ at, kind, enterprise, name };
}

static void
want_domain(struct wishing *in, size_t at, const char *enterprise, const char *domain)
{
	for (const char *d = domain; d != NULL && strchr(d, '.') != NULL;
	     d = smime_domain_parent(d)) {
		want(in, at, CONFIG_DOMAIN, enterprise, d);
		want(in, at, CONFIG_OWNERSHIP, enterprise, d);
	}
}

static void
want_mailbox(struct wishing *in, size_t at, const char *enterprise, const char *mailbox)
{
	struct smime_address address;
	struct cs_refusal why;

	if (!smime_address_parse(in->arena, cs_span_str(mailbox), &address, &why))
		return;
	want(in, at, CONFIG_ASSIGNMENT, enterprise,
	    cs_arena_printf(in->arena, "*@%s", address.domain));
	want(in, at, CONFIG_ASSIGNMENT, enterprise, mailbox);
	want_domain(in, at, enterprise, address.domain);
}

static void
want_request(struct wishing *in, size_t at, const struct claim_request *request)
{
	const char *enterprise = request->enterprise, *of;
	const char *submitter = config_submitter(request, &of);

	in->first = in->to->n;
	if (submitter != NULL)
		want(in, at, CONFIG_PERSON, of, submitter);
	want(in, at, CONFIG_ENTERPRISE, enterprise, enterprise);
	want(in, at, CONFIG_PERSON, enterprise, request->account);
	want(in, at, CONFIG_PROFILE, enterprise, request->profile);
	want(in, at, CONFIG_PROFILE, CONFIG_PLATFORM, request->profile);
	for (size_t i = 0; i < request->mailboxes.n; i++)
		want_mailbox(in, at, enterprise, request->mailboxes.items[i]);
	for (size_t i = 0; i < request->domains.n; i++)
		want_domain(in, at, enterprise, request->domains.items[i]);
}

static struct kept *
kept_of(const struct svc_batch *batch)
{
	return ((const struct policy_service *)batch->self)->kept;
}

static const struct kept_doc *
find(const struct svc_batch *batch, const struct store_wish *wish)
{
	return kept_find(kept_of(batch), wish->kind, wish->enterprise, wish->name);
}

/* For those of the wishes that were not read before, and for the state that all settings are in. */
static enum cs_code
ask(struct svc_batch *batch, struct store_settings *settings, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	int32_t *at = CS_NEW_ARRAY(arena, settings->n, int32_t);
	const char **kind = CS_NEW_ARRAY(arena, settings->n, const char *);
	const char **enterprise = CS_NEW_ARRAY(arena, settings->n, const char *);
	const char **name = CS_NEW_ARRAY(arena, settings->n, const char *);
	size_t n = 0;

	for (size_t i = 0; i < settings->n; i++) {
		const struct store_wish *wish = &settings->wishes[i];

		if (find(batch, wish) != NULL)
			continue;
		at[n] = (int32_t)i;
		kind[n] = config_kind_name(wish->kind);
		enterprise[n] = wish->enterprise;
		name[n++] = wish->name;
	}
	const struct db_param params[] = {
		db_i32_array(arena, at, n),
		db_text_array(arena, kind, n),
		db_text_array(arena, enterprise, n),
		db_text_array(arena, name, n),
	};

	settings->n_asked = n;
	return db_ask(batch->db, arena, load_sql, params, 4, &settings->rows, err);
}

enum cs_code
store_ask_settings(struct svc_batch *batch, struct store_settings *ret, struct cs_err *err)
{
	struct wishing in = { .arena = batch->arena, .to = ret };

	*ret = (struct store_settings){ .rows = NULL };
	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);

		if (request != NULL)
			want_request(&in, i, request);
	}
	if (ret->n == 0)
		return CS_OK;
	kept_trim(kept_of(batch));
	return ask(batch, ret, err);
}

static enum cs_code
read_as_of(const struct db_rows *rows, struct kept_as_of *ret, struct cs_err *err)
{
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_INTERNAL, "config_head has no row");
	*ret = (struct kept_as_of){ (uint64_t)db_get_i64(rows, 0, 0), db_get_time(rows, 0, 1) };
	return CS_OK;
}

/* What was found in memory is worth nothing once there is another state: then all is asked for again. */
static enum cs_code
catch_up(struct svc_batch *batch, struct store_settings *settings, struct kept_as_of *ret_as_of,
    struct cs_err *err)
{
	if (read_as_of(settings->rows, ret_as_of, err))
		return err->code;
	if (kept_is_of(kept_of(batch), *ret_as_of))
		return CS_OK;
	kept_begin(kept_of(batch), *ret_as_of);
	if (settings->n_asked == settings->n)
		return CS_OK;
	if (ask(batch, settings, err) || db_settle(batch->db, err) ||
	    read_as_of(settings->rows, ret_as_of, err))
		return err->code;
	kept_begin(kept_of(batch), *ret_as_of);
	return CS_OK;
}

static void
keep(struct svc_batch *batch, const struct store_settings *settings)
{
	const struct db_rows *rows = settings->rows;

	for (size_t row = 0; row < db_rows_count(rows); row++) {
		if (db_is_null(rows, row, 2))
			continue;
		const struct store_wish *wish = &settings->wishes[db_get_i32(rows, row, 2)];

		kept_add(kept_of(batch), wish->kind, wish->enterprise, wish->name,
		    (uint64_t)db_get_i64(rows, row, 3), db_get_text(rows, row, 4));
	}
	for (size_t i = 0; i < settings->n; i++) {
		const struct store_wish *wish = &settings->wishes[i];

		kept_add(kept_of(batch), wish->kind, wish->enterprise, wish->name, 0, NULL);
	}
}

/* The names are the batch's: documents are kept until there is another state only. */
static void
take(struct config_found *found, const struct store_wish *wish, const struct kept_doc *kept)
{
	if (kept->spec == NULL)
		return;
	found->docs[found->n] = (struct config_doc){ .kind = wish->kind,
		.enterprise = wish->enterprise,
		.name = wish->name,
		.version = kept->version };
	found->specs[found->n++] = kept->spec;
}

enum cs_code
store_read_settings(struct svc_batch *batch, struct store_settings *settings, struct cs_err *err)
{
	struct kept_as_of as_of;
	size_t at = 0;

	if (catch_up(batch, settings, &as_of, err))
		return err->code;
	keep(batch, settings);
	while (at < settings->n) {
		const size_t first = at, i = settings->wishes[first].at;
		struct policy_case *c = batch->aggregates[i].state;
		struct config_found found = { 0 };

		while (at < settings->n && settings->wishes[at].at == i)
			at++;
		found.docs = CS_NEW_ARRAY(batch->arena, at - first, struct config_doc);
		found.specs = CS_NEW_ARRAY(batch->arena, at - first, json_t *);
		for (size_t k = first; k < at; k++)
			take(&found, &settings->wishes[k], find(batch, &settings->wishes[k]));
		c->settings_version = as_of.last_version;
		if (config_settings(batch->arena, &found, store_request_of(&batch->aggregates[i]),
			&c->config, err))
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

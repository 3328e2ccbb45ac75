/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "draft.h"

#define MAX 64
#define LINES 4096

struct known {
	uint8_t spki[CLAIM_DIGEST];
	const char *enterprise, *account;
};

static struct {
	struct cs_arena *arena;
	struct intake_request requests[MAX];
	size_t n;
	struct store_line lines[LINES];
	size_t n_lines;
	struct known keys[MAX];
	size_t n_keys, saves;
	int conflicts;
	bool away;
} store;

void
fake_store_reset(void)
{
	cs_arena_free(store.arena);
	memset(&store, 0, sizeof(store));
	store.arena = cs_arena_new();
}

static struct intake_request *
get(struct cs_id id)
{
	for (size_t i = 0; i < store.n; i++)
		if (cs_id_equal(store.requests[i].id, id))
			return &store.requests[i];
	return NULL;
}

const struct intake_request *
fake_store_get(struct cs_id id)
{
	return get(id);
}

size_t
fake_store_count(void)
{
	return store.n;
}

void
fake_store_conflict(int n)
{
	store.conflicts = n;
}

void
fake_store_away(bool away)
{
	store.away = away;
}

size_t
fake_store_saves(void)
{
	return store.saves;
}

bool
fake_store_is_blocked(const uint8_t spki_sha256[static CLAIM_DIGEST])
{
	for (size_t i = 0; i < store.n_keys; i++)
		if (memcmp(store.keys[i].spki, spki_sha256, CLAIM_DIGEST) == 0 &&
		    !store.keys[i].enterprise[0])
			return true;
	return false;
}

void
fake_store_learn(
    const uint8_t spki_sha256[static CLAIM_DIGEST], const char *enterprise, const char *account)
{
	struct known *key = &store.keys[store.n_keys++];

	cs_assert(store.n_keys <= MAX);
	memcpy(key->spki, spki_sha256, CLAIM_DIGEST);
	key->enterprise = cs_arena_strdup(store.arena, enterprise);
	key->account = cs_arena_strdup(store.arena, account);
}

static void
mark_keys(struct intake_request *req, const struct svc_event *ev)
{
	const struct draft *draft = draft_is_for(ev->subject) ? ev->what : NULL;
	const struct intake_caller *caller = ev->context;

	for (size_t i = 0; draft && i < store.n_keys; i++) {
		const struct known *key = &store.keys[i];

		if (memcmp(key->spki, draft->spki_sha256, CLAIM_DIGEST) != 0)
			continue;
		req->key_blocked |= !key->enterprise[0];
		req->key_of_another |=
		    key->enterprise[0] && (strcmp(key->enterprise, caller->enterprise) != 0 ||
					      strcmp(key->account, caller->account) != 0);
	}
}

static bool
has_event(const struct svc_aggregate *aggregate, bool creation)
{
	for (size_t i = 0; i < aggregate->n_events; i++)
		if (draft_is_for(aggregate->events[i]->subject) == creation)
			return true;
	return false;
}

/* What the request of this event shall follow. */
static void
mark_earlier(struct cs_arena *arena, struct intake_request *req, const struct svc_event *ev)
{
	const struct draft *draft = draft_is_for(ev->subject) ? ev->what : NULL;
	const struct intake_request *stored =
	    draft && draft->follows ? get(draft->request.previous) : NULL;

	if (!stored)
		return;
	struct intake_request *earlier = CS_NEW(arena, struct intake_request);

	*earlier = *stored;
	req->earlier = earlier;
	if (draft->spki.len == 0)
		req->key_blocked |= fake_store_is_blocked(stored->spki_sha256);
}

/* As the real one leaves out refusals, the octets of evidence, challenge and certificate, and envelopes. */
enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	if (store.away)
		return cs_fail(err, CS_UNAVAILABLE, "away");
	for (size_t i = 0; i < batch->n; i++) {
		struct svc_aggregate *aggregate = &batch->aggregates[i];
		struct intake_request *req = CS_NEW(batch->arena, struct intake_request);
		const struct intake_request *stored = get(aggregate->key);

		if (stored) {
			*req = *stored;
			req->checks =
			    CS_NEW_ARRAY(batch->arena, stored->n_checks, struct intake_check);
			for (size_t k = 0; k < stored->n_checks; k++) {
				req->checks[k] = stored->checks[k];
				req->checks[k].evidence = req->checks[k].told = cs_span_str(NULL);
			}
			req->certificate = cs_span_str(NULL);
			req->refusal = (struct cs_refusal){ .code = NULL };
			req->refused_check = NULL;
			if (!has_event(aggregate, false))
				req->n_checks = 0;
			if (!has_event(aggregate, true))
				req->envelope = cs_span_str(NULL);
		}
		for (size_t k = 0; k < aggregate->n_events; k++) {
			mark_keys(req, aggregate->events[k]);
			mark_earlier(batch->arena, req, aggregate->events[k]);
		}
		aggregate->state = req;
	}
	return CS_OK;
}

static const char *
keep(const char *text)
{
	return text ? cs_arena_strdup(store.arena, text) : NULL;
}

static struct cs_span
keep_octets(struct cs_span fresh, struct cs_span old)
{
	return fresh.len > 0 ? cs_arena_copy_span(store.arena, fresh) : old;
}

static struct claim_texts
keep_names(struct claim_texts names)
{
	struct claim_texts kept = { CS_NEW_ARRAY(store.arena, names.n, const char *), names.n };

	for (size_t i = 0; i < names.n; i++)
		kept.items[i] = keep(names.items[i]);
	return kept;
}

static void
keep_checks(
    struct intake_request *to, const struct intake_request *from, const struct intake_request *old)
{
	to->checks = CS_NEW_ARRAY(store.arena, from->n_checks, struct intake_check);
	for (size_t i = 0; i < from->n_checks; i++) {
		struct intake_check *check = &to->checks[i];
		const struct intake_check *before =
		    old ? intake_find_check(old, from->checks[i].id) : NULL;

		*check = from->checks[i];
		check->changed = false;
		check->stored = true;
		check->id = keep(check->id);
		check->target = keep(check->target);
		check->method = keep(check->method);
		check->allowed_methods = keep(check->allowed_methods);
		check->evidence =
		    keep_octets(check->evidence, before ? before->evidence : cs_span_str(NULL));
		check->told = keep_octets(check->told, before ? before->told : cs_span_str(NULL));
	}
}

static void
keep_notes(const struct intake_request *from)
{
	for (const struct intake_note *note = from->notes; note; note = note->next) {
		cs_assert(store.n_lines < LINES);
		store.lines[store.n_lines++] =
		    (struct store_line){ from->id, note->seq, note->at_ms, keep(note->check),
			    keep(note->state), keep(note->reason), keep(note->text), false };
	}
}

/* One of an earlier batch is shown while the request stays refused. */
static void
keep_refusal(
    struct intake_request *to, const struct intake_request *from, const struct intake_request *old)
{
	const struct intake_request *of = from->refusal.code || !old ? from : old;

	memset(&to->refusal, 0, sizeof(to->refusal));
	to->refused_check = "";
	if (from->state != INTAKE_REFUSED)
		return;
	to->refusal = (struct cs_refusal){ keep(of->refusal.code), keep(of->refusal.field),
		keep(of->refusal.clause), keep(of->refusal.text), keep(of->refusal.mend) };
	to->refused_check = keep(of->refused_check);
}

static struct intake_revocation
keep_revocation(const struct intake_revocation *from)
{
	struct intake_revocation kept = *from;

	kept.account = keep(from->account);
	kept.text = keep(from->text);
	kept.report = keep(from->report);
	kept.note_version = keep(from->note_version);
	kept.refusal_code = keep(from->refusal_code);
	kept.refusal_text = keep(from->refusal_text);
	kept.proof = cs_span_str(NULL);
	kept.challenge = NULL;
	kept.changed = false;
	return kept;
}

static void
keep_request(const struct intake_request *from)
{
	struct intake_request *old = get(from->id), to = *from;

	keep_checks(&to, from, old);
	keep_notes(from);
	to.enterprise = keep(from->enterprise);
	to.account = keep(from->account);
	to.envelope = keep_octets(from->envelope, old ? old->envelope : cs_span_str(NULL));
	to.profile = keep(from->profile);
	to.mailboxes = keep_names(from->mailboxes);
	to.domains = keep_names(from->domains);
	keep_refusal(&to, from, old);
	to.note_version = keep(from->note_version);
	to.revocation = keep_revocation(&from->revocation);
	to.asking = NULL;
	to.earlier = NULL;
	to.serial = keep(from->serial ? from->serial : old ? old->serial : NULL);
	to.fingerprint = keep(from->fingerprint ? from->fingerprint
			      : old             ? old->fingerprint
						: NULL);
	to.certificate = keep_octets(from->certificate, old ? old->certificate : cs_span_str(NULL));
	to.notes = to.last_note = NULL;
	to.changed = to.learnt_key = to.leaked_key = to.key_blocked = to.key_of_another = false;
	to.version = from->version + 1;
	cs_assert(old || store.n < MAX);
	cs_assert(!old || old->version == from->version);
	*(old ? old : &store.requests[store.n++]) = to;
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	if (store.conflicts > 0 && store.conflicts-- > 0)
		return cs_fail(err, CS_CONFLICT, "another replica was faster");
	for (size_t i = 0; i < batch->n; i++) {
		const struct intake_request *req = batch->aggregates[i].state;

		if (req->changed)
			keep_request(req);
		if (req->learnt_key)
			fake_store_learn(req->spki_sha256, req->enterprise, req->account);
		if (req->leaked_key)
			fake_store_learn(req->leaked_spki_sha256, "", "");
	}
	store.saves++;
	return CS_OK;
}

enum cs_code
store_due_requests(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	size_t n = 0;

	(void)self;
	(void)db;
	(void)err;
	*ret_keys = CS_NEW_ARRAY(arena, store.n, struct cs_id);
	for (size_t i = 0; i < store.n && n < max; i++)
		if (store.requests[i].state <= INTAKE_READY &&
		    store.requests[i].ends_at_ms <= now_ms)
			(*ret_keys)[n++] = store.requests[i].id;
	*ret_n = n;
	return CS_OK;
}

enum cs_code
store_find(struct db *db, struct cs_arena *arena, struct cs_id id, struct intake_request *ret_req,
    struct cs_err *err)
{
	(void)db;
	(void)arena;
	if (store.away)
		return cs_fail(err, CS_UNAVAILABLE, "away");
	if (!get(id))
		return cs_fail(err, CS_NOT_FOUND, "no such request");
	*ret_req = *get(id);
	ret_req->checks = NULL;
	ret_req->n_checks = 0;
	return CS_OK;
}

enum cs_code
store_find_checks(
    struct db *db, struct cs_arena *arena, struct intake_request *req, struct cs_err *err)
{
	(void)db;
	(void)arena;
	(void)err;
	req->checks = get(req->id)->checks;
	req->n_checks = get(req->id)->n_checks;
	return CS_OK;
}

static int64_t
time_of(const struct intake_request *req, const struct store_page *page)
{
	return page->has_since ? req->moved_at_ms : req->created_at_ms;
}

static bool
is_before(const struct intake_request *req, const struct store_page *page)
{
	if (time_of(req, page) != page->before_ms)
		return time_of(req, page) < page->before_ms;
	return cs_id_compare(req->id, page->before) < 0;
}

static bool
is_wanted(const struct intake_request *req, const struct store_page *page)
{
	return is_before(req, page) && (page->state == INTAKE_NONE || page->state == req->state) &&
	       (!page->has_since || req->moved_at_ms >= page->since_ms);
}

/* As the real one: only what a list shows. */
static struct intake_request
listed(const struct intake_request *req)
{
	return (struct intake_request){ .id = req->id,
		.state = req->state,
		.account = req->account,
		.created_at_ms = req->created_at_ms,
		.changed_at_ms = req->changed_at_ms,
		.moved_at_ms = req->moved_at_ms,
		.profile = req->profile,
		.mailboxes = req->mailboxes,
		.domains = req->domains,
		.kind = req->kind,
		.previous = req->previous,
		.revocation = req->revocation,
		.refusal = req->refusal,
		.refused_check = req->refused_check };
}

/* The greatest of what comes after `page`; NULL: none. */
static const struct intake_request *
next_of(const struct intake_caller *caller, const struct store_page *page)
{
	const struct intake_request *best = NULL;

	for (size_t i = 0; i < store.n; i++) {
		const struct intake_request *req = &store.requests[i];
		const struct store_page here = { .before_ms = time_of(req, page),
			.before = req->id,
			.has_since = page->has_since };

		if (intake_may_see(req, caller) && is_wanted(req, page) &&
		    (!best || is_before(best, &here)))
			best = req;
	}
	return best;
}

enum cs_code
store_list(struct db *db, struct cs_arena *arena, const struct intake_caller *caller,
    const struct store_page *page, struct intake_request **ret_reqs, size_t *ret_n,
    struct cs_err *err)
{
	struct store_page at = *page;
	struct intake_request *reqs = CS_NEW_ARRAY(arena, page->limit, struct intake_request);
	size_t n = 0;

	(void)db;
	(void)err;
	for (const struct intake_request *req = NULL;
	     n < page->limit && (req = next_of(caller, &at)) != NULL;) {
		reqs[n++] = listed(req);
		at.before_ms = time_of(req, page);
		at.before = req->id;
	}
	*ret_reqs = reqs;
	*ret_n = n;
	return CS_OK;
}

enum cs_code
store_history(struct db *db, struct cs_arena *arena, const struct store_watch *watch,
    struct store_line **ret_lines, size_t *ret_n, struct cs_err *err)
{
	struct store_line *lines = CS_NEW_ARRAY(arena, watch->limit, struct store_line);
	size_t n = 0;

	(void)db;
	(void)err;
	for (size_t w = 0; w < watch->n; w++)
		for (size_t i = 0; i < store.n_lines && n < watch->limit; i++)
			if (cs_id_equal(store.lines[i].request, watch->ids[w]) &&
			    store.lines[i].seq > (uint64_t)watch->after[w]) {
				const struct intake_request *req = get(watch->ids[w]);

				lines[n] = store.lines[i];
				lines[n++].last =
				    intake_ended(req->state) && store.lines[i].seq == req->seq;
			}
	*ret_lines = lines;
	*ret_n = n;
	return CS_OK;
}

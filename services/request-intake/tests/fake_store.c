/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "draft.h"
#include "store_note.h"
#include "store_report.h"

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
	struct report reports[MAX];
	size_t n_reports;
	struct note notes[MAX]; /* as policy told them last */
	struct notes in_force;
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

void
fake_store_set_key(struct cs_id id, const uint8_t spki_sha256[static CLAIM_DIGEST])
{
	memcpy(get(id)->spki_sha256, spki_sha256, CLAIM_DIGEST);
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
		req->key_of_another |= key->enterprise[0] &&
				       (strcmp(key->enterprise, caller->enterprise) != 0 ||
					   strcmp(key->account, draft_account(draft, caller)) != 0);
	}
}

static void
mark_blocked(struct intake_request *req, const struct svc_event *ev)
{
	if (strcmp(ev->subject, "api.approve") == 0)
		req->key_blocked |= fake_store_is_blocked(req->spki_sha256);
}

static bool
is_created(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++)
		if (draft_is_for(aggregate->events[i]->subject))
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

static struct report *
get_report(struct cs_id id)
{
	for (size_t i = 0; i < store.n_reports; i++)
		if (cs_id_equal(store.reports[i].id, id))
			return &store.reports[i];
	return NULL;
}

static void
add_report(struct cs_arena *arena, struct intake_request *req, struct report report)
{
	if (!req->reports)
		req->reports = CS_NEW_ARRAY(arena, 2 * MAX, struct report);
	if (!report_find(req, report.id))
		req->reports[req->n_reports++] = report;
}

static void
load_reports(struct cs_arena *arena, const struct svc_aggregate *aggregate)
{
	for (size_t k = 0; k < aggregate->n_events; k++) {
		const struct svc_event *ev = aggregate->events[k];

		for (size_t i = 0; i < store.n_reports; i++)
			if (store.reports[i].state == REPORT_ASKED &&
			    cs_id_equal(store.reports[i].request, aggregate->key) &&
			    strncmp(ev->subject, "certificate.revo", 16) == 0)
				add_report(arena, aggregate->state, store.reports[i]);
		if (!report_is_for(ev->subject))
			continue;
		const struct cs_id id = ((const struct report_command *)ev->what)->id;
		const struct report *stored = get_report(id);

		add_report(arena, aggregate->state, stored ? *stored : (struct report){ .id = id });
	}
}

static struct intake_check *
without_octets(struct cs_arena *arena, const struct intake_request *req)
{
	struct intake_check *checks = CS_NEW_ARRAY(arena, req->n_checks, struct intake_check);

	for (size_t i = 0; i < req->n_checks; i++) {
		checks[i] = req->checks[i];
		checks[i].evidence = checks[i].told = cs_span_str(NULL);
	}
	return checks;
}

/* What only a repeated creation shows. */
static void
leave_out_draft(struct intake_request *req)
{
	req->envelope = cs_span_str(NULL);
	memset(req->body_sha256, 0, sizeof(req->body_sha256));
	req->profile = req->note_version = "";
	req->mailboxes = req->domains = (struct claim_texts){ NULL, 0 };
	req->previous = (struct cs_id){ { 0 } };
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
			req->checks = without_octets(batch->arena, stored);
			req->certificate = cs_span_str(NULL);
			req->refusal = (struct cs_refusal){ .code = NULL };
			req->refused_check = NULL;
			if (!is_created(aggregate))
				leave_out_draft(req);
		}
		for (size_t k = 0; k < aggregate->n_events; k++) {
			mark_keys(req, aggregate->events[k]);
			mark_earlier(batch->arena, req, aggregate->events[k]);
			mark_blocked(req, aggregate->events[k]);
		}
		req->to_read = &store.in_force;
		aggregate->state = req;
		load_reports(batch->arena, aggregate);
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
		check->id = keep(check->id);
		check->target = keep(check->target);
		check->method = keep(check->method);
		check->allowed_methods = keep(check->allowed_methods);
		check->new_because = keep(check->new_because);
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

static struct claim_values
keep_values(struct claim_values from)
{
	struct claim_values kept = { CS_NEW_ARRAY(store.arena, from.n, struct claim_value),
		from.n };

	for (size_t i = 0; i < from.n; i++)
		kept.items[i] = (struct claim_value){ keep(from.items[i].name),
			keep(from.items[i].value), keep(from.items[i].source) };
	return kept;
}

static void
keep_request(const struct intake_request *from)
{
	struct intake_request *old = get(from->id), to = *from;
	const struct intake_request *draft = old ? old : from; /* it never changes */

	keep_checks(&to, from, old);
	keep_notes(from);
	to.enterprise = keep(from->enterprise);
	to.account = keep(from->account);
	to.envelope = keep_octets(from->envelope, old ? old->envelope : cs_span_str(NULL));
	memcpy(to.body_sha256, draft->body_sha256, sizeof(to.body_sha256));
	to.previous = draft->previous;
	to.profile = keep(draft->profile);
	to.mailboxes = keep_names(draft->mailboxes);
	to.domains = keep_names(draft->domains);
	to.subject = keep_values(from->subject);
	to.waived = keep_names(from->waived);
	to.second_factor = from->second_factor ? keep(from->second_factor) : NULL;
	keep_refusal(&to, from, old);
	to.note_version = keep(draft->note_version);
	to.revocation = keep_revocation(&from->revocation);
	to.asking = NULL;
	to.reports = NULL;
	to.n_reports = 0;
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

static void
keep_report(const struct report *from)
{
	struct report *old = get_report(from->id), to = *from;

	cs_assert((old != NULL) == from->stored);
	to.enterprise = keep(from->enterprise);
	to.category = keep(from->category);
	to.text = keep(from->text);
	to.contact = keep(from->contact);
	to.preliminary_text = keep(from->preliminary_text);
	to.preliminary_by = keep(from->preliminary_by);
	to.ground = keep(from->ground);
	to.decision_text = keep(from->decision_text);
	to.decided_by = keep(from->decided_by);
	to.stored = true;
	to.changed = false;
	cs_assert(old || store.n_reports < MAX);
	*(old ? old : &store.reports[store.n_reports++]) = to;
}

static void
keep_note(const struct note *from)
{
	struct note *at = store.notes;
	size_t n = store.in_force.n;

	while (n > 0 && (at->kind != from->kind || at->screen != from->screen ||
			    strcmp(at->enterprise, from->enterprise) != 0)) {
		at++;
		n--;
	}
	if (n > 0 && at->version >= from->version)
		return;
	cs_assert(store.in_force.n < MAX);
	store.in_force.items = store.notes;
	store.in_force.n += n == 0;
	*at = *from;
	at->enterprise = keep(from->enterprise);
	at->text = keep(from->text);
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
		for (size_t k = 0; k < req->n_reports; k++)
			if (req->reports[k].changed)
				keep_report(&req->reports[k]);
		if (req->heard_note)
			keep_note(req->heard_note);
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
	ret_req->checks = without_octets(arena, ret_req);
	return CS_OK;
}

enum cs_code
store_find_issued(struct db *db, struct cs_arena *arena, struct cs_id id,
    struct intake_request *ret_req, struct cs_err *err)
{
	if (store_find(db, arena, id, ret_req, err))
		return err->code;
	*ret_req = (struct intake_request){ .id = id,
		.enterprise = ret_req->enterprise,
		.account = ret_req->account,
		.state = ret_req->state,
		.certificate = ret_req->certificate };
	return CS_OK;
}

enum cs_code
store_find_octets(
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
		.submitted_by = req->submitted_by,
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

/* ---- problem reports ---- */

enum cs_code
store_find_certificate(struct db *db, struct cs_arena *arena, const struct report_subject *subject,
    struct cs_id *ret_request, struct cs_err *err)
{
	(void)db;
	(void)arena;
	if (store.away)
		return cs_fail(err, CS_UNAVAILABLE, "away");
	for (size_t i = 0; i < store.n; i++) {
		const struct intake_request *req = &store.requests[i];

		if (!req->serial)
			continue;
		if (subject->fingerprint ? strcmp(subject->fingerprint, req->fingerprint) == 0
		    : subject->serial    ? strcmp(subject->serial, req->serial) == 0
					 : cs_id_equal(subject->request, req->id)) {
			*ret_request = req->id;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_NOT_FOUND, "no such certificate");
}

enum cs_code
store_find_report(struct db *db, struct cs_arena *arena, struct cs_id id, struct report *ret_report,
    struct cs_err *err)
{
	const struct report *report = get_report(id);

	(void)db;
	(void)arena;
	if (!report)
		return cs_fail(err, CS_NOT_FOUND, "no such report");
	*ret_report = *report;
	return CS_OK;
}

static bool
is_after(const struct report *report, int64_t due_ms, struct cs_id id)
{
	return report->due_at_ms != due_ms ? report->due_at_ms > due_ms
					   : cs_id_compare(report->id, id) > 0;
}

static const struct report *
next_report(const char *enterprise, const struct store_reports_page *at)
{
	const struct report *best = NULL;

	for (size_t i = 0; i < store.n_reports; i++) {
		const struct report *report = &store.reports[i];

		if (strcmp(report->enterprise, enterprise) == 0 && report->state == at->state &&
		    is_after(report, at->after_ms, at->after) &&
		    (!best || is_after(best, report->due_at_ms, report->id)))
			best = report;
	}
	return best;
}

enum cs_code
store_list_reports(struct db *db, struct cs_arena *arena, const char *enterprise,
    const struct store_reports_page *page, struct report **ret_reports, size_t *ret_n,
    struct cs_err *err)
{
	struct store_reports_page at = *page;
	const struct report *report = NULL;

	(void)db;
	(void)err;
	*ret_reports = CS_NEW_ARRAY(arena, page->limit, struct report);
	for (*ret_n = 0; *ret_n < page->limit && (report = next_report(enterprise, &at)) != NULL;) {
		(*ret_reports)[(*ret_n)++] = *report;
		at.after_ms = report->due_at_ms;
		at.after = report->id;
	}
	return CS_OK;
}

enum cs_code
store_report_clock(struct db *db, struct cs_arena *arena, int64_t now_ms,
    struct store_report_clock *ret_clock, struct cs_err *err)
{
	(void)db;
	(void)arena;
	(void)err;
	*ret_clock = (struct store_report_clock){ 0 };
	for (size_t i = 0; i < store.n_reports; i++) {
		const struct report *report = &store.reports[i];

		if (report->state != REPORT_OPEN && report->state != REPORT_ASKED)
			continue;
		ret_clock->open++;
		ret_clock->overdue +=
		    report->due_at_ms <= now_ms ||
		    (report->preliminary_at_ms == 0 && report->preliminary_due_ms <= now_ms);
		if (ret_clock->oldest_open_ms == 0 ||
		    report->received_at_ms < ret_clock->oldest_open_ms)
			ret_clock->oldest_open_ms = report->received_at_ms;
	}
	return CS_OK;
}

enum cs_code
store_find_notes(struct db *db, struct cs_arena *arena, const struct store_notes *which,
    struct notes *ret_notes, struct cs_err *err)
{
	(void)db;
	if (store.away)
		return cs_fail(err, CS_UNAVAILABLE, "away");
	*ret_notes = (struct notes){ CS_NEW_ARRAY(arena, MAX, struct note), 0 };
	for (size_t i = 0; i < store.in_force.n; i++) {
		const struct note *note = &store.notes[i];

		if (note->text[0] && strcmp(note->enterprise, which->enterprise) == 0 &&
		    (which->kind < 0 || which->kind == (int)note->kind) &&
		    (which->screen < 0 || which->screen == (int)note->screen))
			ret_notes->items[ret_notes->n++] = *note;
	}
	return CS_OK;
}

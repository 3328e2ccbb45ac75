/* SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"

static void
make_room(const struct svc_batch *batch, struct changes *changes)
{
	struct cs_arena *arena = batch->arena;
	size_t checks = 0, reports = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct intake_request *req = batch->aggregates[i].state;

		checks += req->n_checks;
		reports += req->n_reports;
	}
	changes->created = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->moved = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->refused = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->issued = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->revocations = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->new_reports = CS_NEW_ARRAY(arena, reports, const struct report *);
	changes->old_reports = CS_NEW_ARRAY(arena, reports, const struct report *);
	changes->octets = CS_NEW_ARRAY(arena, 2 * checks, struct changed_octets);
	changes->noted = CS_NEW_ARRAY(arena, batch->n, const struct intake_request *);
	changes->request_notes = CS_NEW_ARRAY(arena, batch->n, const struct note *);
	changes->keys = CS_NEW_ARRAY(arena, 2 * batch->n, struct changed_key);
}

static void
add_octets(struct changes *to, struct cs_id request, const char *check, const char *what,
    struct cs_span body)
{
	if (body.len == 0)
		return; /* nothing came in this batch: what is stored stays */
	to->octets[to->n_octets++] = (struct changed_octets){ request, check, what, body };
}

static void
add_received(struct changes *to, const struct intake_request *req)
{
	for (size_t i = 0; i < req->n_checks; i++) {
		const struct intake_check *check = &req->checks[i];

		if (!check->changed)
			continue;
		add_octets(to, req->id, check->id, "evidence", check->evidence);
		add_octets(to, req->id, check->id, "challenge", check->told);
	}
}

/* Loading leaves refusals and certificates out: what is there is of this batch. */
static void
add_request(struct changes *to, const struct intake_request *req)
{
	if (req->version == 0)
		to->created[to->n_created++] = req;
	else
		to->moved[to->n_moved++] = req;
	if (req->refusal.code)
		to->refused[to->n_refused++] = req;
	if (req->certificate.len > 0)
		to->issued[to->n_issued++] = req;
	if (req->revocation.changed)
		to->revocations[to->n_revocations++] = req;
	if (req->notes)
		to->noted[to->n_noted++] = req;
	add_received(to, req);
}

/* Also of requests that are never stored: a key that leaked is remembered, and nothing else of it. */
static void
add_keys(struct changes *to, const struct intake_request *req)
{
	if (req->learnt_key)
		to->keys[to->n_keys++] =
		    (struct changed_key){ req->spki_sha256, req->enterprise, req->account };
	if (req->leaked_key)
		to->keys[to->n_keys++] = (struct changed_key){ req->leaked_spki_sha256, "", "" };
}

/* Also of requests that did not change themselves. */
static void
add_reports(struct changes *to, const struct intake_request *req)
{
	for (size_t i = 0; i < req->n_reports; i++) {
		const struct report *report = &req->reports[i];

		if (report->changed && report->stored)
			to->old_reports[to->n_old_reports++] = report;
		else if (report->changed)
			to->new_reports[to->n_new_reports++] = report;
	}
}

struct changes
changes_of(const struct svc_batch *batch)
{
	struct changes changes = { 0 };

	make_room(batch, &changes);
	for (size_t i = 0; i < batch->n; i++) {
		const struct intake_request *req = batch->aggregates[i].state;

		if (req->changed)
			add_request(&changes, req);
		add_keys(&changes, req);
		add_reports(&changes, req);
		if (req->heard_note)
			changes.request_notes[changes.n_request_notes++] = req->heard_note;
	}
	return changes;
}

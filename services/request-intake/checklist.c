/* SPDX-License-Identifier: Apache-2.0 */
#include "checklist.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"

bool
checklist_changed(const struct intake_request *req)
{
	for (size_t i = 0; i < req->n_checks; i++)
		if (req->checks[i].changed)
			return true;
	return false;
}

/* What is new comes last: lines of earlier versions lack it. */
static void
write_check(struct cs_buf *out, const struct intake_check *check)
{
	fields_add(out, check->id);
	fields_add_i64(out, check->kind);
	fields_add_i64(out, check->position);
	fields_add_i64(out, check->planned);
	fields_add_i64(out, check->plan_attempt);
	fields_add_i64(out, check->standing_until_ms);
	fields_add_i64(out, check->asked_at_ms);
	fields_add_i64(out, check->challenge);
	fields_add_i64(out, check->challenge_at_ms);
	fields_add_i64(out, check->challenge_until_ms);
	fields_add_i64(out, check->attempt);
	fields_add_i64(out, check->outcome);
	fields_add_i64(out, check->checked_at_ms);
	fields_add_i64(out, check->valid_until_ms);
	fields_add_i64(out, check->shown);
	fields_add(out, check->target);
	fields_add(out, check->method);
	fields_add(out, check->allowed_methods);
	fields_add(out, check->new_because);
	fields_end(out);
}

static struct intake_check
read_check(struct fields *fields)
{
	struct intake_check check = { .id = fields_text(fields) };

	check.kind = (enum claim_kind)fields_i64(fields);
	check.position = (uint32_t)fields_i64(fields);
	check.planned = fields_i64(fields) != 0;
	check.plan_attempt = (uint32_t)fields_i64(fields);
	check.standing_until_ms = fields_i64(fields);
	check.asked_at_ms = fields_i64(fields);
	check.challenge = (enum intake_challenge)fields_i64(fields);
	check.challenge_at_ms = fields_i64(fields);
	check.challenge_until_ms = fields_i64(fields);
	check.attempt = (uint32_t)fields_i64(fields);
	check.outcome = (enum claim_outcome)fields_i64(fields);
	check.checked_at_ms = fields_i64(fields);
	check.valid_until_ms = fields_i64(fields);
	check.shown = (enum intake_shown)fields_i64(fields);
	check.target = fields_text(fields);
	check.method = fields_text(fields);
	check.allowed_methods = fields_text(fields);
	check.new_because = fields_text(fields);
	return check;
}

const char *
checklist_write(struct cs_arena *arena, const struct intake_request *req)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < req->n_checks; i++)
		write_check(&out, &req->checks[i]);
	return (const char *)cs_buf_span(&out).data;
}

static int
compare(const void *a, const void *b)
{
	const struct intake_check *x = a, *y = b;

	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return strcmp(x->id, y->id);
}

void
checklist_read(struct cs_arena *arena, const char *text, struct intake_request *req)
{
	struct fields fields = fields_read(arena, text);

	req->n_checks = fields_lines(text);
	req->checks = CS_NEW_ARRAY(arena, req->n_checks, struct intake_check);
	for (size_t i = 0; i < req->n_checks; i++) {
		req->checks[i] = read_check(&fields);
		fields_next(&fields);
	}
	if (req->n_checks > 1)
		qsort(req->checks, req->n_checks, sizeof(*req->checks), compare);
}

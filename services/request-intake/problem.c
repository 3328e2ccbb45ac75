/* SPDX-License-Identifier: Apache-2.0 */
/* The type is always about:blank: `code` tells problems apart (RFC 9457 section 4.2.1). */
#include "problem.h"

#include "http/server.h"
#include "notes.h"
#include "out.h"
#include "view.h"

/* Of what the status itself means; a rule that was broken says more. */
static const struct {
	unsigned status;
	const char *clause;
} clauses[] = {
	{ 400, "RFC 9110 15.5.1" },
	{ 401, "RFC 9110 15.5.2" },
	{ 403, "RFC 9110 15.5.4" },
	{ 404, "RFC 9110 15.5.5" },
	{ 406, "RFC 9110 15.5.7" },
	{ 409, "RFC 9110 15.5.10" },
	{ 410, "RFC 9110 15.5.11" },
	{ 415, "RFC 9110 15.5.16" },
	{ 422, "RFC 9110 15.5.21" },
	{ 429, "RFC 6585 4" },
	{ 503, "RFC 9110 15.6.4" },
};

static const char *
clause_of(unsigned status, const struct cs_refusal *why)
{
	if (why->clause && why->clause[0] != '\0')
		return why->clause;
	for (size_t i = 0; i < sizeof(clauses) / sizeof(clauses[0]); i++)
		if (clauses[i].status == status)
			return clauses[i].clause;
	return "RFC 9110 15";
}

static void
write_members(struct out *out, unsigned status, const struct cs_refusal *why)
{
	out_text(out, "type", "about:blank");
	out_text(out, "title", http_phrase((int)status));
	out_number(out, "status", status);
	out_text_if(out, "code", why->code);
	out_text_if(out, "detail", why->text);
	out_text_if(out, "field", why->field);
	out_text(out, "clause", clause_of(status, why));
	out_text_if(out, "mend", why->mend);
}

struct cs_span
problem_write(struct cs_arena *arena, unsigned status, const struct cs_refusal *why)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_members(&out, status, why);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
problem_write_tries(
    struct cs_arena *arena, unsigned status, const struct cs_refusal *why, unsigned tries_left)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_members(&out, status, why);
	out_number(&out, "tries_left", tries_left);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
problem_write_note(struct cs_arena *arena, const struct note *note)
{
	const struct cs_refusal why = { .code = "note-unread",
		.field = "note_version",
		.text = "A note of your enterprise must be read before this.",
		.mend = "Read the note, then send its version as note_version." };
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_members(&out, 409, &why);
	notes_write(&out, "note", note);
	out_end_object(&out);
	return out_done(&out);
}

struct cs_span
problem_write_factor(
    struct cs_arena *arena, const struct cs_refusal *why, struct cs_id request, const char *method)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	write_members(&out, 403, why);
	view_factor(&out, request, method, 0);
	out_end_object(&out);
	return out_done(&out);
}

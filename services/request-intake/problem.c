/* SPDX-License-Identifier: Apache-2.0 */
/* The type is always about:blank: `code` tells problems apart (RFC 9457 section 4.2.1). */
#include "problem.h"

#include "out.h"

static const struct {
	unsigned status;
	const char *title;
	const char *clause; /* of what the status itself means; a rule that was broken says more */
} titles[] = {
	{ 400, "Bad Request", "RFC 9110 15.5.1" },
	{ 401, "Unauthorized", "RFC 9110 15.5.2" },
	{ 403, "Forbidden", "RFC 9110 15.5.4" },
	{ 404, "Not Found", "RFC 9110 15.5.5" },
	{ 406, "Not Acceptable", "RFC 9110 15.5.7" },
	{ 409, "Conflict", "RFC 9110 15.5.10" },
	{ 410, "Gone", "RFC 9110 15.5.11" },
	{ 415, "Unsupported Media Type", "RFC 9110 15.5.16" },
	{ 422, "Unprocessable Content", "RFC 9110 15.5.21" },
	{ 429, "Too Many Requests", "RFC 6585 4" },
	{ 503, "Service Unavailable", "RFC 9110 15.6.4" },
};

const char *
problem_title(unsigned status)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Internal Server Error";
}

static const char *
clause_of(unsigned status, const struct cs_refusal *why)
{
	if (why->clause && why->clause[0] != '\0')
		return why->clause;
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].clause;
	return "RFC 9110 15";
}

static void
write_members(struct out *out, unsigned status, const struct cs_refusal *why)
{
	out_text(out, "type", "about:blank");
	out_text(out, "title", problem_title(status));
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

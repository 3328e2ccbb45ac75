/* SPDX-License-Identifier: Apache-2.0 */
/* The type is always about:blank: `code` tells problems apart (RFC 9457 section 4.2.1). */
#include "problem.h"

#include "out.h"

static const struct {
	unsigned status;
	const char *title;
} titles[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 406, "Not Acceptable" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 503, "Service Unavailable" },
};

const char *
problem_title(unsigned status)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Internal Server Error";
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
	out_text_if(out, "clause", why->clause);
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

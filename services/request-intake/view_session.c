/* SPDX-License-Identifier: Apache-2.0 */
#include "view_session.h"

#include "out.h"

struct cs_span
view_welcome(struct cs_arena *arena, const struct wire_welcome *welcome)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_text(&out, "token", welcome->token);
	out_time_if(&out, "ends_at", welcome->ends_at_ms);
	out_bool(&out, "must_change", welcome->must_change);
	out_end_object(&out);
	return out_done(&out);
}

/* The names of the bits that are set. */
static void
write_names(struct out *out, const char *name, unsigned bits, const char *(*name_of)(unsigned bit))
{
	const char *names[8];
	struct claim_texts texts = { names, 0 };

	for (unsigned bit = 1; bit <= bits && texts.n < 8; bit <<= 1)
		if (bits & bit)
			names[texts.n++] = name_of(bit);
	out_texts(out, name, texts);
}

static const char *
role_name(unsigned bit)
{
	return who_role_name((enum who_role)bit);
}

static const char *
scope_name(unsigned bit)
{
	return who_scope_name((enum who_scope)bit);
}

struct cs_span
view_me(struct cs_arena *arena, const struct who *who)
{
	struct out out = out_new(arena);

	out_object(&out, NULL);
	out_text(&out, "enterprise", who->enterprise);
	out_text(&out, "account", who->account);
	write_names(&out, "roles", who->roles, role_name);
	write_names(&out, "scopes", who->scopes, scope_name);
	out_text(&out, "factor", who->by_password ? "password" : "api-token");
	out_time_if(&out, "ends_at", who->ends_at_ms);
	out_bool(&out, "must_change", who->must_change);
	out_end_object(&out);
	return out_done(&out);
}

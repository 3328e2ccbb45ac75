/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c: what a provider says of itself (OpenID Connect Discovery 1.0), told line by line.  Pure. */
#include "internal.h"
#include "oidc/discovery.h"

static void
tell_issuer(struct trial_lines *lines, const struct oidc_said *said)
{
	if (said->verdict == OIDC_MISSING)
		trial_blame(lines, "it names no issuer");
	else if (said->verdict == OIDC_ANOTHER)
		trial_blame(lines, "its issuer is another one: %s",
		    trial_quote(lines, cs_span_str(said->text)));
	else
		trial_say(lines, "its issuer is the endpoint");
}

static void
tell_endpoint(struct trial_lines *lines, const char *name, const struct oidc_said *said)
{
	const char *text = trial_quote(lines, cs_span_str(said->text));

	if (said->verdict == OIDC_MISSING)
		trial_blame(lines, "it has no %s", name);
	else if (said->verdict == OIDC_CLEAR)
		trial_blame(lines, "its %s is not under TLS: %s", name, text);
	else if (said->verdict == OIDC_NO_PLACE)
		trial_blame(lines, "its %s is nowhere to ask: %s", name, text);
	else
		trial_say(lines, "%s: %s", name, text);
}

/* What no line was for yet, once there is somewhere to ask. */
static void
tell_rest(struct trial_lines *lines, const struct oidc_provider *provider)
{
	struct cs_buf names = cs_buf_new(lines->arena);
	struct cs_refusal why;

	if (!oidc_provider_judge(provider, &why)) {
		trial_blame(lines, "%s", why.text);
		return;
	}
	for (enum oidc_algorithm i = 0; i < OIDC_ALGORITHMS; i++)
		if ((provider->algorithms & OIDC_SET(i)) != 0)
			cs_buf_printf(&names, " %s", oidc_algorithm_name(i));
	trial_say(lines, "it answers with a code, and signs by%s",
	    (const char *)cs_buf_span(&names).data);
}

void
trial_oidc_judge(struct trial_lines *lines, const char *issuer, struct cs_span document)
{
	struct oidc_provider provider;

	if (!oidc_discovery_read(lines->arena, issuer, document, &provider)) {
		trial_blame(lines, "what came is not a JSON object with each member once");
		return;
	}
	tell_issuer(lines, &provider.said[OIDC_ISSUER]);
	for (enum oidc_part part = OIDC_ISSUER + 1; part < OIDC_PARTS; part++)
		tell_endpoint(lines, oidc_part_name(part), &provider.said[part]);
	if (lines->good)
		tell_rest(lines, &provider);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* domain.c: what operators do about the domains of their enterprise. */
#include "api.h"
#include "base/text.h"

/* What to publish and what became of it `request publish`, `request verify` and `request show` say. */
static int
run_verify(struct args *args)
{
	const char *key = args_option(args, "--idempotency-key", NULL);
	const char *domain = args_word(args);
	struct api api;

	if (domain == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	return api_post(&api,
	    api_any_url(&api, cs_arena_printf(args->arena, "/v1/domains/%s/verification",
				  cs_percent_encode(args->arena, domain))),
	    json_object(), key);
}

const struct command domain_commands[] = {
	{ "domain verify", "NAME [--idempotency-key KEY]",
	    "has a domain of the enterprise verified, for all its requests", run_verify },
	{ NULL, NULL, NULL, NULL },
};

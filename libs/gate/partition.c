/* SPDX-License-Identifier: Apache-2.0 */
/* partition.c: which revocation list a certificate names, and where it lies. */
#include <string.h>

#include "base/text.h"
#include "gate/tbs.h"

#define MARK "{partition}"

uint32_t
gate_partition(uint32_t n, const uint8_t serial[static GATE_SERIAL])
{
	uint64_t rest = 0;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < GATE_SERIAL; i++)
		rest = (rest << 8 | serial[i]) % n;
	return 1 + (uint32_t)rest;
}

static const char *
replace(struct cs_arena *arena, const char *url, uint32_t partition)
{
	const char *mark = strstr(url, MARK);

	if (mark == NULL)
		return url;
	return cs_arena_printf(
	    arena, "%.*s%u%s", (int)(mark - url), url, partition, mark + strlen(MARK));
}

const char *const *
gate_crl_urls(struct cs_arena *arena, const struct gate_ca *ca, uint32_t partition)
{
	const char **urls;
	size_t n = 0;

	while (ca->crl_urls[n] != NULL)
		n++;
	urls = CS_NEW_ARRAY(arena, n + 1, const char *);
	for (size_t i = 0; i < n; i++)
		urls[i] = replace(arena, ca->crl_urls[i], partition);
	return urls;
}

bool
gate_crl_urls_fit(const struct gate_ca *ca, uint32_t n)
{
	for (const char *const *url = ca->crl_urls; *url != NULL; url++) {
		if ((strstr(*url, MARK) != NULL) != (n > 0))
			return false;
	}
	return true;
}

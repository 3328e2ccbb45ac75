/* SPDX-License-Identifier: Apache-2.0 */
/* Specs, endpoints and files of sealing keys: what is read is written so that it reads the same. */
#include <string.h>

#include "connector/connector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
specs(struct cs_arena *arena, struct cs_span in)
{
	struct connector connector, again;

	if (connector_read(arena, "demo", "x", in, &connector, NULL) != CS_OK)
		return;
	struct cs_span out = connector_write(arena, &connector);

	cs_assert(connector_read(arena, "demo", "x", out, &again, NULL) == CS_OK);
	cs_assert(connector_same_place(&connector, &again));
	cs_assert(cs_span_equal(connector_write(arena, &again), out));
}

static void
endpoints(struct cs_arena *arena, const char *text)
{
	struct connector_url url;

	if (!connector_url_parse(arena, text, &url))
		return;
	cs_assert(url.host[0] != '\0' && strpbrk(url.host, "@/?#\\ ") == NULL);
	cs_assert(url.path[0] == '\0' || url.path[0] == '/');
	(void)connector_url_is_loopback(&url);
}

static void
keys(struct cs_arena *arena, struct cs_span in)
{
	struct connector_recipient *recipients;
	size_t n;

	if (connector_read_recipients(arena, in, &recipients, &n, NULL) != CS_OK)
		return;
	for (size_t i = 0; i < n; i++)
		cs_assert(
		    connector_recipient_of(recipients, n, recipients[i].service) == &recipients[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();

	specs(arena, cs_span_of(data, size));
	keys(arena, cs_span_of(data, size));
	endpoints(arena, cs_arena_strndup(arena, (const char *)data, size));
	cs_arena_free(arena);
	return 0;
}

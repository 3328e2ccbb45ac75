/* SPDX-License-Identifier: Apache-2.0 */
/* event.c: what a decision may ask for. */
#include <string.h>

#include "pki/hash.h"
#include "svc/internal.h"

/*
 * The n-th identifier of this decision: it follows from the skeleton's random octets alone.  A decision about many
 * documents asks for more than an octet counts; the number of octets keeps its identifiers apart from the first.
 */
static struct cs_id
next_id(struct svc_event *ev)
{
	const uint32_t n = ev->outgoing->next_id++;
	uint8_t seed[34], digest[PKI_SHA256];

	cs_assert(n <= UINT16_MAX);
	memcpy(seed, ev->random, 32);
	seed[32] = (uint8_t)n;
	seed[33] = (uint8_t)(n >> 8);
	pki_sha256(cs_span_of(seed, n <= UINT8_MAX ? 33 : 34), digest);
	return cs_id_at(ev->now_ms, digest);
}

void
svc_emit(struct svc_event *ev, const char *subject, struct cs_span body)
{
	struct out_event *out = CS_NEW(ev->arena, struct out_event);

	*out = (struct out_event){ .id = next_id(ev),
		.key = ev->key,
		.causation = ev->id,
		.subject = cs_arena_strdup(ev->arena, subject),
		.body = body,
		.time_ms = ev->now_ms };
	*ev->outgoing->events_tail = out;
	ev->outgoing->events_tail = &out->next;
}

void
svc_reply(struct svc_event *ev, uint32_t status, struct cs_span body)
{
	cs_assert(!ev->outgoing->has_reply);
	ev->outgoing->has_reply = true;
	ev->outgoing->status = status;
	ev->outgoing->reply = body;
}

void
svc_work(struct svc_event *ev, const char *kind, struct cs_span body, int64_t due_ms)
{
	struct out_work *out = CS_NEW(ev->arena, struct out_work);

	*out = (struct out_work){ .id = next_id(ev),
		.key = ev->key,
		.kind = cs_arena_strdup(ev->arena, kind),
		.body = body,
		.due_ms = due_ms,
		.attempt = 1 };
	*ev->outgoing->works_tail = out;
	ev->outgoing->works_tail = &out->next;
}

void
svc_work_again(struct svc_event *ev, int64_t due_ms)
{
	ev->outgoing->again = true;
	ev->outgoing->again_ms = due_ms;
}

void
svc_ended(struct svc_event *ev)
{
	ev->outgoing->ended = true;
}

size_t
svc_list(struct cs_arena *arena, const char *text, const char ***ret_parts)
{
	const char **parts = CS_NEW_ARRAY(arena, strlen(text) / 2 + 1, const char *);
	size_t n = 0;

	while (*text != '\0') {
		size_t skip = strspn(text, ", \t"), len = strcspn(text + skip, ", \t");

		if (len > 0)
			parts[n++] = cs_arena_strndup(arena, text + skip, len);
		text += skip + len;
	}
	*ret_parts = parts;
	return n;
}

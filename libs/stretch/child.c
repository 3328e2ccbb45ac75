/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: stretching inside a sandboxed child. */
#include <string.h>

#include "internal.h"

/* Beside the memory of Argon2id: the executable and its libraries. */
#define ROOM_MIB 192

/* Nothing is kept between passwords. */
static enum cs_code
child_open(struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err)
{
	(void)base;
	(void)settings;
	(void)err;
	*ret_self = NULL;
	return CS_OK;
}

static void
child_ask(struct sandbox_question *question)
{
	struct stretch_question ask;
	uint8_t *proof = cs_arena_alloc(question->arena, STRETCH_PROOF);
	struct cs_err err = { 0 };

	cs_assert(question->octets.len == sizeof(ask));
	memcpy(&ask, question->octets.data, sizeof(ask));
	/* The octets are this question's own copy. */
	explicit_bzero((void *)(uintptr_t)question->octets.data, question->octets.len);
	cs_assert(ask.salt_len <= sizeof(ask.salt) && ask.password_len <= sizeof(ask.password));
	const bool done = stretch_now(cs_span_of(ask.password, ask.password_len),
			      cs_span_of(ask.salt, ask.salt_len), &ask.cost, proof, &err) == CS_OK;

	explicit_bzero(&ask, sizeof(ask));
	sandbox_answer(question, cs_span_of(proof, done ? STRETCH_PROOF : 0));
}

const struct sandbox_role stretch_role = {
	.name = "stretch",
	.memory_mib = STRETCH_MEMORY_MAX_KIB / 1024 + ROOM_MIB,
	.open = child_open,
	.ask = child_ask,
};

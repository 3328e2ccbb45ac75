/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: reading and verifying inside a sandboxed child. */
#include "pki/rsa.h"
#include "reply/crew.h"
#include "reply/mime.h"
#include "reply/wire.h"

/* Nothing is kept between mails. */
static enum cs_code
child_open(struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err)
{
	(void)base;
	(void)settings;
	(void)err;
	mime_start();
	pki_load_verifiers();
	*ret_self = NULL;
	return CS_OK;
}

static struct cs_span
read_mail(struct cs_arena *arena, const struct wire_ask *ask)
{
	struct reply_reading reading = { .finding = REPLY_PROVED };

	if (!reply_read(arena, ask->mail, ask->envelope_from, &reading.facts, &reading.why))
		reading.finding = REPLY_REFUSED;
	return wire_put_reading(arena, &reading);
}

static struct cs_span
verify_mail(struct cs_arena *arena, const struct wire_ask *ask)
{
	struct reply_verdict verdict;

	reply_verify(arena, ask->mail, ask->keys, ask->keys_len, ask->now_ms, ask->flags, &verdict);
	return wire_put_verdict(arena, &verdict);
}

static void
child_ask(struct sandbox_question *question)
{
	struct cs_arena *arena = question->arena;
	struct wire_ask ask;
	struct cs_err err;

	cs_assert(wire_read_ask(arena, question->octets, &ask, &err) == CS_OK);
	sandbox_answer(question, ask.verify ? verify_mail(arena, &ask) : read_mail(arena, &ask));
}

const struct sandbox_role reply_role = {
	.name = "reply", .memory_mib = 256, .open = child_open, .ask = child_ask
};

/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the parent's side: mails are given to children, and what these say is read strictly. */
#include "reply/crew.h"

#include <stdlib.h>

#include "reply/wire.h"

/* Replaced after one, within a second: what a mail did to its reader, few others meet (crew.h). */
#define READER_MAILS 1
#define ASK_MS 20000 /* a mail of 1 MiB takes some tens of milliseconds */

struct reply_crew {
	struct sandbox *readers, *verifiers;
};

struct crew_ask {
	struct cs_arena *arena;
	reply_read_done *read;
	reply_verify_done *verify;
	void *arg;
	bool null_sender;
	struct reply_key *keys; /* owners and whether they were known; without texts */
	size_t keys_len;
};

static enum cs_code
open_one(const struct reply_crew_settings *settings, uint32_t children, uint32_t questions_max,
    struct event_base *base, struct sandbox **ret_sandbox, struct cs_err *err)
{
	const struct sandbox_settings sandbox = { .role = &reply_role,
		.children = children == 0 ? 1 : children,
		.questions_max = questions_max,
		.told = settings->told,
		.told_arg = settings->told_arg };

	return sandbox_open(&sandbox, base, ret_sandbox, err);
}

enum cs_code
reply_crew_open(const struct reply_crew_settings *settings, struct event_base *base,
    struct reply_crew **ret_crew, struct cs_err *err)
{
	struct reply_crew *crew = calloc(1, sizeof(*crew));

	cs_assert(crew != NULL);
	enum cs_code code =
	    open_one(settings, settings->readers, READER_MAILS, base, &crew->readers, err);

	if (code == CS_OK)
		code = open_one(settings, settings->verifiers, 0, base, &crew->verifiers, err);
	if (code != CS_OK) {
		reply_crew_close(crew);
		return code;
	}
	*ret_crew = crew;
	return CS_OK;
}

void
reply_crew_close(struct reply_crew *crew)
{
	if (crew == NULL)
		return;
	sandbox_close(crew->readers);
	sandbox_close(crew->verifiers);
	free(crew);
}

static struct cs_refusal
no_answer(struct cs_arena *arena, const char *how)
{
	return (struct cs_refusal){ .code = "reply-reader",
		.field = "mail",
		.clause = "",
		.text = cs_arena_printf(arena, "the mail could not be read: %s", how),
		.mend = "nothing: it is read again" };
}

/* NULL: there is an answer. */
static const char *
how_it_failed(enum sandbox_result result)
{
	return result == SANDBOX_ANSWERED ? NULL : sandbox_result_name(result);
}

static void
on_read(void *arg, enum sandbox_result result, struct cs_span answer)
{
	const struct crew_ask *ask = arg;
	struct reply_reading *reading = CS_NEW(ask->arena, struct reply_reading);
	const char *failed = how_it_failed(result);
	struct cs_err err;

	if (failed == NULL && wire_read_reading(ask->arena, answer, reading, &err) != CS_OK)
		failed = cs_arena_strdup(ask->arena, err.text);
	if (failed != NULL)
		*reading = (struct reply_reading){ .finding = REPLY_COULD_NOT_TELL,
			.why = no_answer(ask->arena, failed) };
	reading->facts.null_sender = ask->null_sender; /* that much we know ourselves */
	ask->read(ask->arg, reading);
}

static void
on_verified(void *arg, enum sandbox_result result, struct cs_span answer)
{
	const struct crew_ask *ask = arg;
	struct reply_verdict *verdict = CS_NEW(ask->arena, struct reply_verdict);
	const char *failed = how_it_failed(result);
	struct cs_err err;

	if (failed == NULL &&
	    wire_read_verdict(ask->arena, answer, ask->keys, ask->keys_len, verdict, &err) != CS_OK)
		failed = cs_arena_strdup(ask->arena, err.text);
	if (failed != NULL)
		*verdict = (struct reply_verdict){ .finding = REPLY_COULD_NOT_TELL,
			.why = no_answer(ask->arena, failed) };
	ask->verify(ask->arg, verdict);
}

/* What is larger is refused by the child, which then need not get all of it. */
static struct cs_span
cut(struct cs_span octets)
{
	return octets.len <= DKIM_MAIL_MAX ? octets
					   : (struct cs_span){ octets.data, DKIM_MAIL_MAX + 1 };
}

void
reply_crew_read(struct reply_crew *crew, struct cs_span octets, const char *envelope_from,
    struct cs_arena *arena, reply_read_done *done, void *arg)
{
	struct crew_ask *ask = CS_NEW(arena, struct crew_ask);
	struct cs_arena *question = cs_arena_new();

	*ask = (struct crew_ask){
		.arena = arena, .read = done, .arg = arg, .null_sender = envelope_from[0] == '\0'
	};
	sandbox_ask(crew->readers,
	    wire_put_ask(question,
		&(struct wire_ask){ .mail = cut(octets), .envelope_from = envelope_from }),
	    ASK_MS, on_read, ask);
	cs_arena_free(question);
}

void
reply_crew_verify(struct reply_crew *crew, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, int64_t now_ms, unsigned flags, struct cs_arena *arena,
    reply_verify_done *done, void *arg)
{
	struct crew_ask *ask = CS_NEW(arena, struct crew_ask);
	struct cs_arena *question = cs_arena_new();

	*ask = (struct crew_ask){ .arena = arena,
		.verify = done,
		.arg = arg,
		.keys = CS_NEW_ARRAY(arena, keys_len + 1, struct reply_key),
		.keys_len = keys_len };
	for (size_t i = 0; i < keys_len; i++)
		ask->keys[i] = (struct reply_key){ .owner = cs_arena_strdup(arena, keys[i].owner),
			.unknown = keys[i].unknown };
	sandbox_ask(crew->verifiers,
	    wire_put_ask(question, &(struct wire_ask){ .verify = true,
				       .mail = cut(octets),
				       .keys = keys,
				       .keys_len = keys_len,
				       .now_ms = now_ms,
				       .flags = flags }),
	    ASK_MS, on_verified, ask);
	cs_arena_free(question);
}

size_t
reply_crew_pids(const struct reply_crew *crew, int *ret_pids, size_t max)
{
	const size_t n = sandbox_pids(crew->readers, ret_pids, max);

	return n + sandbox_pids(
		       crew->verifiers, n < max ? ret_pids + n : ret_pids, n < max ? max - n : 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: a probe inside a sandboxed child. */
#include <string.h>

#include "pki/hash.h"
#include "probe/wire.h"
#include "sandbox/sandbox.h"

/* A look in hand in a child. */
struct child_look {
	struct sandbox_question *question;
	struct claim_check check;
	enum probe_tag tag;
};

static void
resolve_nothing(void *arg, const char *host, struct http_resolution *ticket)
{
	(void)arg;
	(void)host;
	http_resolved(ticket, NULL, 0, "not meant to be used");
}

/* libcurl and OpenSSL read their files and tables when they are first used: here, not when locked in. */
static enum cs_code
warm_up(struct event_base *base, struct cs_err *err)
{
	const struct http_fetcher_settings settings = { .resolve = resolve_nothing,
		.user_agent = "none" };
	struct http_fetcher *fetcher;
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(""), digest);
	if (http_fetcher_new(base, &settings, &fetcher, err))
		return err->code;
	http_fetcher_free(fetcher);
	return CS_OK;
}

static enum cs_code
child_open(struct event_base *base, struct cs_span octets, void **ret_self, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct probe_settings settings;
	struct probe *probe;
	enum cs_code code = probe_wire_read_settings(arena, octets, &settings, err);

	if (code == CS_OK)
		code = warm_up(base, err);
	if (code == CS_OK)
		code = probe_open(&settings, base, &probe, err);
	cs_arena_free(arena);
	if (code == CS_OK)
		*ret_self = probe;
	return code;
}

static void
on_found(void *arg, const struct probe_finding *finding)
{
	struct sandbox_question *question = ((struct child_look *)arg)->question;

	sandbox_answer(question, probe_wire_answer(question->arena, finding));
}

static void
child_ask(struct sandbox_question *question)
{
	struct child_look *look = CS_NEW(question->arena, struct child_look);
	struct cs_err err;

	look->question = question;
	cs_assert(probe_wire_read_ask(
		      question->arena, question->octets, &look->check, &look->tag, &err) == CS_OK);
	if (look->check.kind == CLAIM_CAA || look->check.kind == CLAIM_MPIC_CAA)
		probe_caa(question->self, &look->check, look->tag, question->arena, on_found, look);
	else
		probe_start(question->self, &look->check, question->arena, on_found, look);
}

static void
child_close(void *self)
{
	probe_close(self);
}

/* Descriptors enough for the resolver (dns.h), and for the fetches beside it. */
const struct sandbox_role probe_role = { .name = "probe",
	.flags = SANDBOX_NETWORK,
	.memory_mib = 512,
	.files_max = 32768,
	.open = child_open,
	.ask = child_ask,
	.close = child_close };

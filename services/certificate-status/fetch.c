/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c: one round: which CRLs there are, then each that is newer, part by part.  Whatever goes wrong ends
 * the round, and the next one begins anew.
 */
#include "fetch.h"

#include <event2/event.h>
#include <string.h>

#include "base/time.h"
#include "crls.h"
#include "pki/hash.h"
#include "wire.h"

#define ROUND_S 30
#define ANSWER_MS 5000

struct fetch {
	struct status_service *status;
	struct event *timer;
	struct cs_arena *arena; /* of the round; owned */
	bool busy, once_more;
	struct wire_crl *crls;
	size_t n, at; /* of crls: the one in hand */
	struct cs_buf octets;
};

static void next_crl(struct fetch *fetch);
static void begin_round(struct fetch *fetch);

static void
end_round(struct fetch *fetch, const char *why)
{
	const struct timeval wait = { fetch->once_more && why == NULL ? 0 : ROUND_S, 0 };

	if (why != NULL)
		log_warn(svc_log(fetch->status->svc), "crls not fetched reason=\"%s\"", why);
	fetch->busy = false;
	fetch->once_more = false;
	crls_store(fetch->status);
	cs_assert(evtimer_add(fetch->timer, &wait) == 0);
}

/* ---- one CRL ---- */

/* One that is refused does not keep the others away. */
static void
take(struct fetch *fetch)
{
	struct status_service *status = fetch->status;
	const struct wire_crl *crl = &fetch->crls[fetch->at];
	const struct cs_span der = cs_buf_span(&fetch->octets);
	const struct authority *of =
	    authority_find(&status->authorities, crl->issuer, strlen(crl->issuer));
	uint8_t digest[PKI_SHA256];
	struct cs_err err = { 0 };

	pki_sha256(der, digest);
	if (!cs_span_equal(crl->sha256, cs_span_of(digest, sizeof(digest))))
		(void)cs_fail(
		    &err, CS_MALFORMED, "CRL of %s is not what its digest says", crl->issuer);
	else if (crls_adopt(status, (size_t)(of - status->authorities.items), crl->partition, der,
		     false, cs_now_ms(), &err) == CS_OK)
		svc_count(status->svc, "crls", "result", "adopted");
	if (err.code == CS_MALFORMED) {
		log_error(svc_log(status->svc), "crl refused reason=\"%s\"", err.text);
		svc_count(status->svc, "crls", "result", "refused");
	}
	fetch->at++;
	next_crl(fetch);
}

static void ask_part(struct fetch *fetch);

static void
on_part(void *arg, bool ok, uint32_t code, struct cs_span body)
{
	struct fetch *fetch = arg;
	const struct wire_crl *crl = &fetch->crls[fetch->at];
	struct cs_span octets;
	struct cs_err err;

	(void)code;
	if (!ok) {
		end_round(fetch, "the signer does not answer");
		return;
	}
	if (wire_read_part(fetch->arena, body, crl, fetch->octets.len, &octets, &err)) {
		end_round(fetch, err.text);
		return;
	}
	cs_buf_add_span(&fetch->octets, octets);
	if (fetch->octets.len == crl->size)
		take(fetch);
	else
		ask_part(fetch);
}

static void
ask_part(struct fetch *fetch)
{
	svc_question(fetch->status->svc, "ask.signer.crl",
	    wire_write_part_ask(fetch->arena, &fetch->crls[fetch->at], fetch->octets.len),
	    ANSWER_MS, on_part, fetch);
}

static bool
is_newer(const struct fetch *fetch, const struct wire_crl *crl)
{
	const struct status_service *status = fetch->status;
	const struct authority *of =
	    authority_find(&status->authorities, crl->issuer, strlen(crl->issuer));

	if (of == NULL) {
		svc_count(status->svc, "crls", "result", "of-unknown-ca");
		return false;
	}
	const struct crl *ours =
	    crls_find(status, (size_t)(of - status->authorities.items), crl->partition);

	return ours == NULL || ours->number < crl->number;
}

static void
next_crl(struct fetch *fetch)
{
	while (fetch->at < fetch->n && !is_newer(fetch, &fetch->crls[fetch->at]))
		fetch->at++;
	if (fetch->at == fetch->n) {
		end_round(fetch, NULL);
		return;
	}
	fetch->octets = cs_buf_new(fetch->arena);
	ask_part(fetch);
}

/* ---- the round ---- */

static void
on_list(void *arg, bool ok, uint32_t code, struct cs_span body)
{
	struct fetch *fetch = arg;
	size_t left_out;
	struct cs_err err;

	(void)code;
	if (!ok) {
		end_round(fetch, "the signer does not answer");
		return;
	}
	/* The answer lives no longer than this call. */
	if (wire_read_crls(fetch->arena, cs_arena_copy_span(fetch->arena, body), &fetch->crls,
		&fetch->n, &left_out, &err)) {
		end_round(fetch, err.text);
		return;
	}
	if (left_out > 0) {
		log_error(svc_log(fetch->status->svc), "crls cannot be served n=%zu", left_out);
		svc_count(fetch->status->svc, "crls", "result", "unusable");
	}
	fetch->at = 0;
	next_crl(fetch);
}

static void
begin_round(struct fetch *fetch)
{
	fetch->busy = true;
	fetch->once_more = false;
	cs_arena_reset(fetch->arena);
	svc_question(fetch->status->svc, "ask.signer.crls", wire_write_crls_ask(fetch->arena),
	    ANSWER_MS, on_list, fetch);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *fetch = arg;

	(void)fd;
	(void)what;
	if (!fetch->busy)
		begin_round(fetch);
}

void
fetch_now(struct fetch *fetch)
{
	if (fetch->busy)
		fetch->once_more = true;
	else
		begin_round(fetch);
}

struct fetch *
fetch_open(struct status_service *status)
{
	struct fetch *fetch = CS_NEW(status->arena, struct fetch);
	const struct timeval soon = { 1, 0 };

	fetch->status = status;
	fetch->arena = cs_arena_new();
	fetch->timer = evtimer_new(svc_base(status->svc), on_timer, fetch);
	cs_assert(fetch->timer != NULL && evtimer_add(fetch->timer, &soon) == 0);
	return fetch;
}

void
fetch_close(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	event_free(fetch->timer);
	cs_arena_free(fetch->arena);
}

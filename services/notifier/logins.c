/* SPDX-License-Identifier: Apache-2.0 */
#include "logins.h"

#include <string.h>

#include "pki/hash.h"

struct logins_begun
logins_begun_of(const struct codes_setting *in, const struct codes_challenge *challenge)
{
	struct logins_begun begun = { .request = in->request,
		.challenge = challenge->id,
		.enterprise = challenge->enterprise,
		.account = challenge->account,
		.method = challenge->method,
		.identity = challenge->identity,
		.made_ms = challenge->made_ms,
		.expires_ms = challenge->expires_ms };

	memcpy(begun.request_digest, challenge->request_digest, CLAIM_DIGEST);
	return begun;
}

/* With their NUL, behind what has one length: no two lists look alike. */
static void
add_texts(struct cs_buf *buf, const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cs_buf_add(buf, texts[i], strlen(texts[i]) + 1);
}

struct cs_span
logins_bound(struct cs_arena *arena, const struct logins_begun *login)
{
	const char *texts[] = { login->enterprise, login->account, login->method, login->identity,
		cs_arena_printf(
		    arena, "%lld %lld", (long long)login->made_ms, (long long)login->expires_ms) };
	struct cs_buf bound = cs_buf_new(arena);

	cs_buf_add(&bound, login->request_digest, CLAIM_DIGEST);
	add_texts(&bound, texts, sizeof(texts) / sizeof(texts[0]));
	return cs_buf_span(&bound);
}

struct cs_span
logins_bound_at(
    struct cs_arena *arena, const struct logins_begun *login, const struct logins_place *place)
{
	const char *texts[] = { place->endpoint, place->client, place->claim };
	struct cs_buf bound = cs_buf_new(arena);

	cs_buf_add_span(&bound, logins_bound(arena, login));
	add_texts(&bound, texts, sizeof(texts) / sizeof(texts[0]));
	return cs_buf_span(&bound);
}

/* NULL: somebody may log in for it. */
static const char *
why_over(const struct codes_setting *in, const struct codes_challenge *old)
{
	const struct factor_method *method =
	    old->method != NULL ? factor_method_find(old->method) : NULL;

	if (cs_id_is_zero(old->id) || old->state != CODES_OPEN || method == NULL ||
	    !method->sends[FACTOR_LOGIN] || in->now_ms >= old->expires_ms)
		return LOGIN_OVER;
	return NULL;
}

struct logins_returned
logins_decide_return(const struct codes_setting *in, const struct codes_challenge *old)
{
	struct logins_returned returned = { why_over(in, old), *old };

	if (returned.refusal == NULL && old->returned)
		returned.refusal = LOGIN_USED;
	if (returned.refusal == NULL)
		returned.next.returned = returned.next.changed = true;
	return returned;
}

/* Final: no try of any kind is left for this challenge. */
static void
refuse(struct logins_judged *judged, const char *refusal)
{
	judged->refusal = refusal;
	judged->next.failed[FACTOR_LOGIN] = true;
	judged->next.changed = true;
}

/* The row was read anew, and a table can be written to: it is whom the provider was asked about that counts. */
static bool
is_still_of(const struct codes_setting *in, const struct codes_challenge *old,
    const struct logins_outcome *outcome)
{
	const struct logins_begun begun = logins_begun_of(in, old);

	return cs_span_equal(logins_bound(in->arena, &begun), outcome->bound);
}

static void
make_code(const struct codes_setting *in, struct logins_judged *judged)
{
	uint8_t nonce[CODE_NONCE];
	struct cs_id unused;

	code_seed(in->key, in->now_ms, in->random, &unused, nonce);
	codes_make(in, &judged->next, FACTOR_LOGIN, nonce, judged->code);
	judged->next.changed = true;
	pki_wipe(nonce, sizeof(nonce));
}

struct logins_judged
logins_decide_judged(const struct codes_setting *in, const struct codes_challenge *old,
    const struct logins_outcome *outcome)
{
	struct logins_judged judged = { why_over(in, old), *old, "" };

	/* Only who came back just now is judged, and once. */
	if (judged.refusal == NULL && (!old->returned || old->failed[FACTOR_LOGIN]))
		judged.refusal = LOGIN_OVER;
	if (judged.refusal != NULL)
		return judged;
	if (!is_still_of(in, old, outcome))
		refuse(&judged, LOGIN_OVER);
	else if (outcome->name == NULL)
		refuse(&judged, outcome->refusal);
	else if (strcmp(outcome->name, old->identity) != 0)
		refuse(&judged, LOGIN_OF_ANOTHER);
	else
		make_code(in, &judged);
	return judged;
}

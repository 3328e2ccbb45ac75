/* SPDX-License-Identifier: Apache-2.0 */
#include "logins.h"

#include <string.h>

#include "pki/hash.h"

struct logins_begun
logins_begun_of(const struct codes_setting *in, const struct codes_challenge *challenge)
{
	return (struct logins_begun){ in->request, challenge->id, challenge->enterprise,
		challenge->account, challenge->method, challenge->identity, challenge->made_ms,
		challenge->expires_ms };
}

struct cs_span
logins_bound(struct cs_arena *arena, const struct logins_begun *login, const char *endpoint,
    const char *client)
{
	const char *texts[] = { login->enterprise, login->account, login->method, login->identity,
		cs_arena_printf(
		    arena, "%lld %lld", (long long)login->made_ms, (long long)login->expires_ms),
		endpoint, client };
	struct cs_buf bound = cs_buf_new(arena);

	/* With their NUL: no two lists look alike. */
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cs_buf_add(&bound, texts[i], strlen(texts[i]) + 1);
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

/* Somebody else's login is a wrong try, as a wrong code would be. */
static void
refuse(struct logins_judged *judged, const char *refusal)
{
	judged->refusal = refusal;
	judged->next.failed[FACTOR_LOGIN] = true;
	judged->next.changed = true;
	if (strcmp(refusal, LOGIN_OF_ANOTHER) == 0)
		judged->next.tries++;
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
	if (outcome->name == NULL)
		refuse(&judged, outcome->refusal);
	else if (strcmp(outcome->name, old->identity) != 0)
		refuse(&judged, LOGIN_OF_ANOTHER);
	else
		make_code(in, &judged);
	return judged;
}

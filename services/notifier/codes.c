/* SPDX-License-Identifier: Apache-2.0 */
#include "codes.h"

#include <string.h>

#include "pki/hash.h"

const char *
codes_state_name(enum codes_state state)
{
	static const char *const names[] = {
		[CODES_OPEN] = "open",
		[CODES_VOID] = "void",
		[CODES_USED] = "used",
	};

	return names[state];
}

const char *
codes_verdict_name(enum codes_verdict verdict)
{
	static const char *const names[] = {
		[CODES_PROVED] = "proved",
		[CODES_WRONG] = "wrong",
		[CODES_IS_VOID] = "void",
		[CODES_EXPIRED] = "expired",
		[CODES_IS_USED] = "used",
		[CODES_NOT_SENT] = "not-sent",
		[CODES_MISSING] = "missing",
	};

	return names[verdict];
}

static void
mac_of(const struct codes_setting *in, const struct codes_challenge *challenge,
    enum factor_channel channel, const uint8_t tag[static CODE_MAC],
    uint8_t ret_mac[static CODE_MAC])
{
	const struct code_binding binding = {
		.request = in->request,
		.challenge = challenge->id,
		.request_digest = challenge->request_digest,
		.enterprise = challenge->enterprise,
		.account = challenge->account,
		.method = challenge->method,
		.channel = channel,
		.expires_ms = challenge->expires_ms,
	};

	code_mac(in->arena, in->key, tag, &binding, ret_mac);
}

/* ---- sending ---- */

void
codes_make(const struct codes_setting *in, struct codes_challenge *challenge,
    enum factor_channel channel, const uint8_t nonce[static CODE_NONCE],
    char ret_code[static CODE_TEXT])
{
	uint8_t tag[CODE_MAC];

	code_make(in->key, challenge->id, channel, nonce, ret_code);
	code_tag(in->key, ret_code, tag);
	mac_of(in, challenge, channel, tag, challenge->macs[channel]);
	pki_wipe(tag, sizeof(tag));
}

static void
write_letter(const struct codes_setting *in, struct codes_sent *sent, enum factor_channel channel,
    const char *to, const uint8_t nonce[static CODE_NONCE])
{
	struct codes_challenge *next = &sent->next;
	struct codes_letter *letter = &sent->letters[sent->n_letters++];
	char code[CODE_TEXT];

	codes_make(in, next, channel, nonce, code);
	pki_wipe(code, sizeof(code));
	*letter = (struct codes_letter){ .request = in->request,
		.challenge = next->id,
		.channel = channel,
		.to = to,
		.enterprise = next->enterprise,
		.account = next->account,
		.expires_ms = next->expires_ms };
	memcpy(letter->nonce, nonce, CODE_NONCE);
}

static struct codes_sent
send_nothing(const struct codes_challenge *old, enum codes_sending result, const char *says)
{
	return (struct codes_sent){ .result = result, .next = *old, .says = says };
}

struct codes_sent
codes_decide_send(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, struct codes_tally *tally)
{
	const struct factor_method *method = factor_method_find(order->method);
	const char *const to[FACTOR_CHANNELS] = {
		[FACTOR_EMAIL] = order->email, [FACTOR_SMS] = order->phone
	};
	struct codes_sent sent;
	uint8_t nonce[CODE_NONCE];

	cs_assert(method != NULL); /* as it was read */
	if (in->now_ms - order->ordered_at_ms > CODES_ORDER_MS)
		return send_nothing(old, CODES_STALE, "order is too old");
	if (tally->n >= CODES_PER_HOUR) {
		sent = send_nothing(old, CODES_TOO_MANY, "too many codes");
		sent.retry_ms = tally->oldest_ms + CS_HOUR_MS;
		return sent;
	}
	tally->n++;
	if (tally->oldest_ms == 0)
		tally->oldest_ms = in->now_ms;
	sent = (struct codes_sent){ .result = CODES_SENT,
		.next = { .enterprise = order->enterprise,
		    .account = order->account,
		    .method = method->name,
		    .made_ms = in->now_ms,
		    .expires_ms = in->now_ms + CODES_LIFE_MS,
		    .version = old->version,
		    .changed = true,
		    .is_new = true },
		.says = "codes made" };
	memcpy(sent.next.request_digest, order->request_digest, CLAIM_DIGEST);
	code_seed(in->key, in->now_ms, in->random, &sent.next.id, nonce);
	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++)
		if (method->sends[channel] && channel != FACTOR_LOGIN)
			write_letter(in, &sent, channel, to[channel], nonce);
	sent.logs_in = method->sends[FACTOR_LOGIN];
	sent.next.identity = sent.logs_in ? order->identity : "";
	pki_wipe(nonce, sizeof(nonce));
	return sent;
}

/* ---- proving ---- */

/* Which channels' codes are wanted, and how many. */
static size_t
wanted(const struct codes_challenge *challenge, bool ret_sends[static FACTOR_CHANNELS])
{
	const struct factor_method *method = factor_method_find(challenge->method);
	size_t n = 0;

	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		ret_sends[channel] = method != NULL && method->sends[channel];
		n += ret_sends[channel];
	}
	return n;
}

/* A lone code without a channel is that of the one there is. */
static struct codes_typed
named(const struct codes_typed *typed, const bool sends[static FACTOR_CHANNELS])
{
	struct codes_typed names = *typed;

	if (!typed->unnamed)
		return names;
	memset(names.given, 0, sizeof(names.given));
	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		if (!sends[channel])
			continue;
		names.given[channel] = true;
		names.readable[channel] = typed->readable[0];
		memcpy(names.tags[channel], typed->tags[0], CODE_MAC);
	}
	return names;
}

/* Before the login there is nothing that could be typed. */
static bool
has_code(const struct codes_challenge *challenge, enum factor_channel channel)
{
	static const uint8_t none[CODE_MAC];

	return memcmp(challenge->macs[channel], none, CODE_MAC) != 0;
}

/* All are compared, whichever is wrong: nobody learns which. */
static bool
all_right(const struct codes_setting *in, const struct codes_challenge *challenge,
    const struct codes_typed *typed, const bool sends[static FACTOR_CHANNELS])
{
	bool right = !typed->strange;

	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		uint8_t mac[CODE_MAC];

		if (!sends[channel]) {
			right &= !typed->given[channel];
			continue;
		}
		mac_of(in, challenge, channel, typed->tags[channel], mac);
		right &= cs_equal_constant_time(mac, challenge->macs[channel], CODE_MAC);
		right &= typed->readable[channel];
	}
	return right;
}

static struct codes_proved
verdict(const struct codes_challenge *old, enum codes_verdict is, const char *channel)
{
	return (struct codes_proved){ .verdict = is,
		.next = *old,
		.tries_left = old->tries < CODES_TRIES ? CODES_TRIES - old->tries : 0,
		.channel = channel };
}

static struct codes_proved
judge(const struct codes_setting *in, const struct codes_challenge *old,
    const struct codes_typed *typed, const bool sends[static FACTOR_CHANNELS])
{
	struct codes_challenge next = *old;

	next.changed = true;
	if (all_right(in, old, typed, sends)) {
		next.state = CODES_USED;
		return verdict(&next, CODES_PROVED, "");
	}
	next.tries++;
	if (next.tries >= CODES_TRIES)
		next.state = CODES_VOID;
	return verdict(&next, next.state == CODES_VOID ? CODES_IS_VOID : CODES_WRONG, "");
}

struct codes_proved
codes_decide_prove(const struct codes_setting *in, const struct codes_challenge *old,
    const struct codes_typed *typed)
{
	bool sends[FACTOR_CHANNELS];

	if (cs_id_is_zero(old->id) || strcmp(old->enterprise, typed->enterprise) != 0 ||
	    strcmp(old->account, typed->account) != 0)
		return verdict(old, CODES_NOT_SENT, "");
	const size_t n = wanted(old, sends);

	if (old->state == CODES_USED)
		return verdict(old, CODES_IS_USED, "");
	if (old->state == CODES_VOID || n == 0)
		return verdict(old, CODES_IS_VOID, "");
	if (in->now_ms >= old->expires_ms)
		return verdict(old, CODES_EXPIRED, "");
	const struct codes_typed names = n == 1 ? named(typed, sends) : *typed;

	for (enum factor_channel channel = 0; channel < FACTOR_CHANNELS; channel++) {
		const char *name = factor_channel_row(channel)->name;

		if (sends[channel] && (old->failed[channel] || !has_code(old, channel)))
			return verdict(old, CODES_NOT_SENT, name);
		if (sends[channel] && (!names.given[channel] || (n > 1 && typed->unnamed)))
			return verdict(old, CODES_MISSING, name);
	}
	return judge(in, old, &names, sends);
}

struct claim_factor
codes_claim(const struct codes_setting *in, const struct codes_challenge *challenge)
{
	struct claim_factor factor = { .request = in->request,
		.enterprise = challenge->enterprise,
		.account = challenge->account,
		.method = challenge->method,
		.proved_at_ms = in->now_ms };

	memcpy(factor.request_digest, challenge->request_digest, CLAIM_DIGEST);
	return factor;
}

/* ---- what became of a letter ---- */

/* 2, 5, 15 seconds, then every half minute: people are waiting. */
static int64_t
wait_ms(uint32_t attempt)
{
	static const int64_t seconds[] = { 2, 5, 15, 30 };
	const uint32_t n = sizeof(seconds) / sizeof(seconds[0]);

	return seconds[attempt >= 1 && attempt < n ? attempt - 1 : n - 1] * CS_SECOND_MS;
}

struct codes_step
codes_decide_delivered(const struct codes_setting *in, const struct codes_challenge *old,
    const struct codes_delivered *delivered)
{
	struct codes_step step = { .next = *old, .says = "code sent" };

	if (!cs_id_equal(old->id, delivered->challenge) || old->state != CODES_OPEN) {
		step.says = "code is of no use any more";
		return step;
	}
	if (delivered->delivery == CODES_ACCEPTED)
		return step;
	const int64_t again_ms = in->now_ms + wait_ms(delivered->attempt);

	if (delivered->delivery == CODES_TRY_AGAIN && again_ms < old->expires_ms) {
		step.again_ms = again_ms;
		step.says = "code deferred";
		return step;
	}
	step.next.failed[delivered->channel] = true;
	step.next.changed = true;
	step.says = "code cannot be sent";
	return step;
}

/* ---- showing ---- */

static const char *
mask(struct cs_arena *arena, const char *text, size_t from, size_t until)
{
	char *masked = cs_arena_strdup(arena, text);

	for (size_t i = from; i < until && masked[i] != '\0'; i++)
		masked[i] = '*';
	return masked;
}

/* Letters beyond ASCII are hidden whole. */
static const char *
mask_identity(struct cs_arena *arena, const char *identity)
{
	const size_t len = strlen(identity), at = strcspn(identity, "@");
	char *masked =
	    cs_arena_strdup(arena, at < len ? mask(arena, identity, 1, at)
					    : mask(arena, identity, 2, len > 6 ? len - 2 : len));

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)masked[i] > '~')
			masked[i] = '*';
	return masked;
}

const char *
codes_mask(struct cs_arena *arena, enum factor_channel channel, const char *to)
{
	const size_t len = strlen(to);

	if (channel == FACTOR_LOGIN)
		return mask_identity(arena, to);
	if (channel == FACTOR_EMAIL)
		return mask(arena, to, 1, strcspn(to, "@"));
	return mask(arena, to, 3, len > 5 ? len - 2 : len);
}

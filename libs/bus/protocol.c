/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.c: subjects, headers and seed files.  The server is ours, but what flows through it may be
 * anybody's, so every text is bounded and checked before anything is made of it.
 */
#include "bus/protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define ACK_PREFIX "$JS.ACK."
#define TOKENS_MAX 16

struct token {
	const char *text;
	size_t len;
};

bool
protocol_is_ack_subject(const char *subject)
{
	return strncmp(subject, ACK_PREFIX, strlen(ACK_PREFIX)) == 0;
}

/* 0: more than there may be, or an empty one. */
static size_t
split(const char *subject, struct token tokens[static TOKENS_MAX])
{
	size_t n = 0;

	for (;;) {
		const size_t len = strcspn(subject, ".");

		if (n == TOKENS_MAX || len == 0)
			return 0;
		tokens[n++] = (struct token){ subject, len };
		if (!subject[len])
			return n;
		subject += len + 1;
	}
}

static bool
read_number(struct token token, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < token.len; i++) {
		const unsigned digit = (unsigned char)token.text[i] - (unsigned)'0';

		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return token.len > 0;
}

static bool
read_name(struct token token, char ret_name[static PROTOCOL_NAME_MAX + 1])
{
	if (token.len > PROTOCOL_NAME_MAX)
		return false;
	memcpy(ret_name, token.text, token.len);
	ret_name[token.len] = '\0';
	return true;
}

/* stream, durable, deliveries, stream sequence, consumer sequence, nanoseconds, pending */
static bool
read_delivery_tokens(const struct token *tokens, struct protocol_delivery *delivery)
{
	uint64_t deliveries, consumer_sequence, ns;

	if (!read_name(tokens[0], delivery->stream) || !read_name(tokens[1], delivery->durable) ||
	    !read_number(tokens[2], &deliveries) || !read_number(tokens[3], &delivery->sequence) ||
	    !read_number(tokens[4], &consumer_sequence) || !read_number(tokens[5], &ns) ||
	    !read_number(tokens[6], &delivery->pending))
		return false;
	delivery->deliveries = deliveries > UINT32_MAX ? UINT32_MAX : (uint32_t)deliveries;
	delivery->stored_ms = (int64_t)(ns / 1000000);
	return true;
}

bool
protocol_read_delivery(const char *subject, struct protocol_delivery *ret_delivery)
{
	struct token tokens[TOKENS_MAX];
	struct protocol_delivery delivery = { 0 };

	if (!protocol_is_ack_subject(subject))
		return false;
	const size_t n = split(subject, tokens);
	/* The longer form puts the domain and a hash of the account in front. */
	const size_t first = n == 9 ? 2 : 4;
	if ((n != 9 && n < 11) || !read_delivery_tokens(tokens + first, &delivery))
		return false;
	*ret_delivery = delivery;
	return true;
}

bool
protocol_subject_ok(const char *subject, bool wild)
{
	struct token tokens[TOKENS_MAX];
	const size_t n = split(subject, tokens);

	if (n == 0 || strlen(subject) > BUS_SUBJECT_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char first = tokens[i].text[0];
		const bool is_wild = tokens[i].len == 1 && (first == '*' || first == '>');

		if (is_wild && (!wild || (first == '>' && i + 1 < n)))
			return false;
		for (size_t k = 0; !is_wild && k < tokens[i].len; k++)
			if (tokens[i].text[k] <= ' ' || tokens[i].text[k] > '~' ||
			    strchr("*>", tokens[i].text[k]))
				return false;
	}
	return true;
}

bool
protocol_name_ok(const char *name)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const size_t len = strlen(name);

	return len > 0 && len <= PROTOCOL_NAME_MAX && strspn(name, allowed) == len;
}

static bool
value_ok(const char *value)
{
	const size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return false;
	return len <= BUS_HEADER_MAX;
}

bool
protocol_header_ok(const struct bus_header *header)
{
	return protocol_name_ok(header->name) && value_ok(header->value);
}

/* The next line without its CRLF; false at the end or when there is no CRLF. */
static bool
next_line(struct cs_span *rest, struct cs_span *ret_line)
{
	const uint8_t *end = rest->len ? memmem(rest->data, rest->len, "\r\n", 2) : NULL;

	if (!end)
		return false;
	const size_t len = (size_t)(end - rest->data);
	*ret_line = cs_span_of(rest->data, len);
	*rest = cs_span_of(end + 2, rest->len - len - 2);
	return true;
}

static struct cs_span
trim(struct cs_span span)
{
	while (span.len > 0 && (span.data[0] == ' ' || span.data[0] == '\t'))
		span = cs_span_of(span.data + 1, span.len - 1);
	while (span.len > 0 && (span.data[span.len - 1] == ' ' || span.data[span.len - 1] == '\t'))
		span = cs_span_of(span.data, span.len - 1);
	return span;
}

bool
protocol_find_header(struct cs_span block, const char *name, struct cs_span *ret_value)
{
	struct cs_span line;

	if (!next_line(&block, &line) || line.len < 8 || memcmp(line.data, "NATS/1.0", 8) != 0)
		return false;
	while (next_line(&block, &line) && line.len > 0) {
		const uint8_t *colon = memchr(line.data, ':', line.len);
		if (!colon)
			return false;
		const size_t len = (size_t)(colon - line.data);
		if (!cs_span_is_nocase(cs_span_of(line.data, len), name))
			continue;
		const struct cs_span value = trim(cs_span_of(colon + 1, line.len - len - 1));
		if (value.len > BUS_HEADER_MAX || (value.len && memchr(value.data, 0, value.len)))
			return false;
		*ret_value = value;
		return true;
	}
	return false;
}

static bool
seed_line(struct cs_span *rest, char prefix, size_t want, char *ret_text)
{
	const uint8_t *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	const size_t used = len + (end != NULL);

	while (len > 0 && (rest->data[len - 1] == '\r' || rest->data[len - 1] == ' '))
		len--;
	if (len != want || rest->data[0] != (uint8_t)prefix)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", rest->data[i]) || !rest->data[i])
			return false;
	memcpy(ret_text, rest->data, len);
	ret_text[len] = '\0';
	*rest = cs_span_of(rest->data + used, rest->len - used);
	return true;
}

bool
protocol_read_seed(struct cs_span text, struct protocol_seed *ret_seed)
{
	/* Only user keys: 'S' 'U' for the seed, 'U' for the public key. */
	return seed_line(&text, 'S', PROTOCOL_SEED_LEN, ret_seed->seed) &&
	       ret_seed->seed[1] == 'U' && seed_line(&text, 'U', PROTOCOL_KEY_LEN, ret_seed->key);
}

void
protocol_write_token(uint32_t slot, uint32_t generation, char ret_text[static PROTOCOL_TOKEN_MAX])
{
	snprintf(ret_text, PROTOCOL_TOKEN_MAX, "%" PRIx32 "-%" PRIx32, slot, generation);
}

/* Digits in lower case up to `end`, at most `max`; *text is then behind `end`. */
static bool
read_hex(const char **text, char end, size_t max, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t n = 0;

	for (; (*text)[n] && (*text)[n] != end; n++) {
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, (*text)[n]);

		if (!digit || n == max)
			return false;
		number = number << 4 | (uint64_t)(digit - digits);
	}
	if (n == 0 || (*text)[n] != end)
		return false;
	*text += n + (end != '\0');
	*ret_number = number;
	return true;
}

#define HEX_32 8
#define HEX_64 16

bool
protocol_read_token(const char *text, uint32_t *ret_slot, uint32_t *ret_generation)
{
	uint64_t slot, generation;

	if (!read_hex(&text, '-', HEX_32, &slot) || !read_hex(&text, '\0', HEX_32, &generation))
		return false;
	*ret_slot = (uint32_t)slot;
	*ret_generation = (uint32_t)generation;
	return true;
}

void
protocol_write_secret_token(uint32_t slot, uint32_t generation, uint64_t secret,
    char ret_text[static PROTOCOL_SECRET_TOKEN_MAX])
{
	snprintf(ret_text, PROTOCOL_SECRET_TOKEN_MAX, "%" PRIx32 "-%" PRIx32 "-%" PRIx64, slot,
	    generation, secret);
}

bool
protocol_read_secret_token(
    const char *text, uint32_t *ret_slot, uint32_t *ret_generation, uint64_t *ret_secret)
{
	uint64_t slot, generation, secret;

	if (!read_hex(&text, '-', HEX_32, &slot) || !read_hex(&text, '-', HEX_32, &generation) ||
	    !read_hex(&text, '\0', HEX_64, &secret))
		return false;
	*ret_slot = (uint32_t)slot;
	*ret_generation = (uint32_t)generation;
	*ret_secret = secret;
	return true;
}

/* ---- where questions are answered ---- */

#define ASK_PREFIX "ask."
#define INBOX_PREFIX "_INBOX_"

bool
protocol_is_question(const char *subject)
{
	return strncmp(subject, ASK_PREFIX, strlen(ASK_PREFIX)) == 0;
}

/* Two tokens after "ask.": the permissions of the server count on it. */
static bool
question_ok(const char *question)
{
	struct token tokens[TOKENS_MAX];

	return protocol_is_question(question) && protocol_subject_ok(question, false) &&
	       split(question, tokens) == 3;
}

bool
protocol_answer_subject(const char *question, const char *inbox, const char *token,
    char ret_subject[static PROTOCOL_REPLY_MAX])
{
	if (!question_ok(question))
		return false;
	const int len = snprintf(ret_subject, PROTOCOL_REPLY_MAX, "%s%s.%s", inbox,
	    question + strlen(ASK_PREFIX), token);
	return len > 0 && len < PROTOCOL_REPLY_MAX;
}

static bool
same_token(struct token one, struct token other)
{
	return one.len == other.len && memcmp(one.text, other.text, one.len) == 0;
}

bool
protocol_answers(const char *question, const char *reply)
{
	struct token asked[TOKENS_MAX], answered[TOKENS_MAX];

	return question_ok(question) && protocol_subject_ok(reply, false) &&
	       strncmp(reply, INBOX_PREFIX, strlen(INBOX_PREFIX)) == 0 &&
	       split(question, asked) == 3 && split(reply, answered) == 5 &&
	       same_token(asked[1], answered[2]) && same_token(asked[2], answered[3]);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "lmtp/parse.h"
#include "tests/check.h"

static const struct {
	const char *line;
	enum lmtp_verb verb;
	const char *want; /* the address, or how the reply begins */
} commands[] = {
	{ "LHLO mx.example", LMTP_LHLO, "" },
	{ "lhlo [127.0.0.1]", LMTP_LHLO, "" },
	{ "LHLO", LMTP_WRONG, "501 5.5.4" },
	{ "HELO x", LMTP_WRONG, "500 5.5.1" },
	{ "EHLO x", LMTP_WRONG, "500 5.5.1" },
	{ "MAIL FROM:<>", LMTP_MAIL, "" },
	{ "mail from:<a@b.example>", LMTP_MAIL, "a@b.example" },
	{ "MAIL FROM:<a@b.example> BODY=8BITMIME SIZE=1048576", LMTP_MAIL, "a@b.example" },
	{ "MAIL FROM:<a@b.example> size=1048577", LMTP_WRONG, "552 5.3.4" },
	{ "MAIL FROM:<a@b.example> SIZE=x", LMTP_WRONG, "501 5.5.4" },
	{ "MAIL FROM:<a@b.example> SIZE=1000000000000000", LMTP_WRONG, "501 5.5.4" },
	{ "MAIL FROM:<a@b.example> BODY=BINARYMIME", LMTP_WRONG, "555 5.5.4" },
	{ "MAIL FROM:<a@b.example> AUTH=<>", LMTP_WRONG, "555 5.5.4" },
	{ "MAIL FROM:<\xc3\xa4@b.example>", LMTP_WRONG, "553 5.6.7" },
	{ "MAIL FROM:<\xc3\xa4@b.example> SMTPUTF8", LMTP_MAIL, "\xc3\xa4@b.example" },
	{ "MAIL FROM:<\xff@b.example> SMTPUTF8", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM: <a@b.example>", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM:a@b.example", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM:<a b@c.example>", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM:<a@b.example", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM:<a@b.example>x", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL FROM:<@c.example:a@b.example>", LMTP_WRONG, "501 5.1.7" },
	{ "MAIL", LMTP_WRONG, "501 5.1.7" },
	{ "RCPT TO:<a+b=c@d.example>", LMTP_RCPT, "a+b=c@d.example" },
	{ "RCPT TO:<>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<postmaster>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<\"a\"@d.example>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<a..b@d.example>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<a.@d.example>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<a@[192.0.2.1]>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<a@b@d.example>", LMTP_WRONG, "550 5.1.3" },
	{ "RCPT TO:<a@d.example> NOTIFY=NEVER", LMTP_WRONG, "555 5.5.4" },
	{ "DATA", LMTP_DATA, "" },
	{ "DATA x", LMTP_WRONG, "501 5.5.4" },
	{ "RSET", LMTP_RSET, "" },
	{ "NOOP anything", LMTP_NOOP, "" },
	{ "QUIT", LMTP_QUIT, "" },
	{ "QUIT now", LMTP_WRONG, "501 5.5.4" },
	{ "AUTH PLAIN", LMTP_WRONG, "500 5.5.1" },
	{ "STARTTLS", LMTP_WRONG, "500 5.5.1" },
	{ "", LMTP_WRONG, "500 5.5.1" },
	{ " NOOP", LMTP_WRONG, "500 5.5.1" },
	{ "NOOPx", LMTP_WRONG, "500 5.5.1" },
};

static void
reads_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct lmtp_command got;

		lmtp_command_read(cs_span_str(commands[i].line), &got);
		const bool right =
		    got.verb == LMTP_WRONG
			? strncmp(got.reply, commands[i].want, strlen(commands[i].want)) == 0
			: strcmp(got.address, commands[i].want) == 0;
		if (got.verb != commands[i].verb || !right)
			fail_msg("\"%s\": got %d \"%s\" \"%s\"", commands[i].line, (int)got.verb,
			    got.address, got.reply == NULL ? "" : got.reply);
	}
}

static void
takes_addresses_of_254_octets(void **state)
{
	struct lmtp_command got;
	char line[300] = "MAIL FROM:<";

	(void)state;
	memset(line + 11, 'a', 254);
	strcpy(line + 11 + 254, ">");
	lmtp_command_read(cs_span_str(line), &got);
	assert_int_equal(got.verb, LMTP_MAIL);
	assert_int_equal(strlen(got.address), 254);
	strcpy(line + 11 + 254, "a>");
	lmtp_command_read(cs_span_str(line), &got);
	assert_int_equal(got.verb, LMTP_WRONG);
}

static const struct {
	const char *name, *octets;
	const char *want; /* the mail, or how the refusal begins; NULL: it does not end */
	size_t left;      /* octets after the end */
} mails[] = {
	{ "a line", "a\r\n.\r\n", "a\r\n", 0 },
	{ "nothing", ".\r\n", "", 0 },
	{ "a stuffed dot", "..\r\n..a\r\n.b\r\n.\r\n", ".\r\n.a\r\nb\r\n", 0 },
	{ "dots inside", "a.\r\na..\r\n.\r\n", "a.\r\na..\r\n", 0 },
	{ "what comes after", "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
	{ "no end", "a\r\n", NULL, 0 },
	{ "dot without line", "a\r\n.", NULL, 0 },
	{ "dot in line", "a.\r\n", NULL, 0 },
	{ "no line before the dot", "a.\r\n.\r\n", "a.\r\n", 0 },
	{ "line feed alone", "a\nb\r\n.\r\n", "554 5.6.0", 0 },
	{ "end in line feeds", "a\n.\nMAIL FROM:<>\r\n.\r\n", "554 5.6.0", 0 },
	{ "end after a line feed", "a\n.\r\nMAIL FROM:<>\r\n.\r\n", "554 5.6.0", 0 },
	{ "end with a line feed", "a\r\n.\nMAIL FROM:<>\r\n.\r\n", "554 5.6.0", 0 },
	{ "end with a carriage return", "a\r\n.\rMAIL\r\n.\r\n", "554 5.6.0", 0 },
	{ "two carriage returns", "a\r\r\n.\r\n", "554 5.6.0", 0 },
	{ "carriage return alone", "a\rb\r\n.\r\n", "554 5.6.0", 0 },
	{ "carriage return after a dot", "a\r\n.\r\r\nb\r\n.\r\n", "554 5.6.0", 0 },
};

/* In pieces of `piece` octets; returns what was kept, in `arena`. */
static struct cs_span
feed(struct cs_arena *arena, struct lmtp_data *data, struct cs_span octets, size_t piece,
    size_t *ret_used)
{
	struct cs_buf kept = cs_buf_new(arena);
	uint8_t *out = cs_arena_alloc(arena, piece + 2);
	size_t used = 0;

	*data = (struct lmtp_data){ .len = 0 };
	while (used < octets.len && data->state != LMTP_ENDED) {
		const size_t rest = octets.len - used;
		size_t len;

		used += lmtp_data_take(
		    data, octets.data + used, rest < piece ? rest : piece, out, &len);
		assert_true(len <= piece + 2);
		cs_buf_add(&kept, out, len);
	}
	*ret_used = used;
	return cs_buf_span(&kept);
}

static void
unstuffs_mails_in_pieces_of_any_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		const struct cs_span octets = cs_span_str(mails[i].octets);

		for (size_t piece = 1; piece <= octets.len; piece++) {
			struct cs_arena *arena = cs_arena_new();
			struct lmtp_data data;
			size_t used;
			const struct cs_span got = feed(arena, &data, octets, piece, &used);
			const bool ended = data.state == LMTP_ENDED;
			const char *want = mails[i].want;

			if (ended != (want != NULL) ||
			    (ended && data.bad == NULL && !cs_span_is(got, want)) ||
			    (ended && data.bad != NULL &&
				strncmp(data.bad, want, strlen(want)) != 0) ||
			    (ended && octets.len - used != mails[i].left))
				fail_msg("%s by %zu: got %d \"%.*s\" %s", mails[i].name, piece,
				    ended, (int)got.len, (const char *)got.data,
				    data.bad == NULL ? "" : data.bad);
			cs_arena_free(arena);
		}
	}
}

static void
refuses_nul(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct lmtp_data data;
	size_t used;

	(void)state;
	(void)feed(arena, &data, cs_span_of("a\0b\r\n.\r\n", 8), 8, &used);
	assert_int_equal(data.state, LMTP_ENDED);
	assert_memory_equal(data.bad, "554", 3);
	cs_arena_free(arena);
}

static const char *
bad_of(size_t line, size_t total)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf mail = cs_buf_new(arena);
	uint8_t *text = cs_arena_alloc(arena, line);
	struct lmtp_data data;
	size_t used;

	memset(text, 'a', line);
	text[line - 2] = '\r';
	text[line - 1] = '\n';
	while (mail.len + line <= total)
		cs_buf_add(&mail, text, line);
	cs_buf_add(&mail, text + line - (total - mail.len), total - mail.len);
	assert_int_equal(mail.len, total);
	cs_buf_add_str(&mail, ".\r\n");
	(void)feed(arena, &data, cs_buf_span(&mail), 4096, &used);
	assert_int_equal(data.state, LMTP_ENDED);
	assert_true(data.len <= LMTP_MAIL_MAX);
	cs_arena_free(arena);
	return data.bad == NULL ? "" : data.bad;
}

static void
keeps_its_limits(void **state)
{
	(void)state;
	assert_string_equal(bad_of(LMTP_LINE_MAX, LMTP_LINE_MAX), "");
	assert_memory_equal(bad_of(LMTP_LINE_MAX + 1, LMTP_LINE_MAX + 1), "554 5.6.0", 9);
	assert_string_equal(bad_of(1024, LMTP_MAIL_MAX), "");
	assert_memory_equal(bad_of(1024, LMTP_MAIL_MAX + 2), "552 5.3.4", 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_commands),
		cmocka_unit_test(takes_addresses_of_254_octets),
		cmocka_unit_test(unstuffs_mails_in_pieces_of_any_size),
		cmocka_unit_test(refuses_nul),
		cmocka_unit_test(keeps_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The gate in front of libcurl, which sends what it is given. */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "http/smtp_mail.h"
#include "tests/check.h"

static void
lets_only_plain_addresses_through(void **state)
{
	static const struct {
		const char *address;
		bool want;
	} cases[] = {
		{ "a@b.example", true },
		{ "a.b+c=d_e@x-y.example", true },
		{ "root@localhost", true },
		{ "", false },
		{ "@b.example", false },
		{ "a@", false },
		{ "a", false },
		{ "a@b@c.example", false },
		{ "a@b.example\r\nRCPT TO:<c@d.example>", false },
		{ "a\n@b.example", false },
		{ "a@b.example\n", false },
		{ "a@b.example>", false },
		{ "<a@b.example>", false },
		{ "a@b.example SIZE=1", false },
		{ "a b@c.example", false },
		{ "a\x7f@b.example", false },
		{ "\xc3\xa9@b.example", false },
		{ "a@b\xc3\xa9.example", false },
		{ "\"a\"@b.example", false },
		{ "a@[192.0.2.1]", false },
		{ ".a@b.example", false },
		{ "a.@b.example", false },
		{ "a..b@b.example", false },
		{ "a@b..example", false },
		{ "a@.b.example", false },
		{ "a@b.example.", false },
		{ "a@-b.example", false },
		{ "a@b-", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (smtp_address_valid(cases[i].address) != cases[i].want)
			fail_msg("\"%s\": want %d", cases[i].address, cases[i].want);
}

static void
keeps_the_lengths_of_rfc_5321(void **state)
{
	char a[300], text[600];

	(void)state;
	memset(a, 'a', sizeof(a));
	snprintf(text, sizeof(text), "%.64s@b.example", a);
	assert_true(smtp_address_valid(text));
	snprintf(text, sizeof(text), "%.65s@b.example", a);
	assert_false(smtp_address_valid(text));
	snprintf(text, sizeof(text), "a@%.63s.example", a);
	assert_true(smtp_address_valid(text));
	snprintf(text, sizeof(text), "a@%.64s.example", a);
	assert_false(smtp_address_valid(text));
	snprintf(text, sizeof(text), "%.64s@%.63s.%.63s.%.61s", a, a, a, a); /* 254 */
	assert_true(smtp_address_valid(text));
	snprintf(text, sizeof(text), "%.64s@%.63s.%.63s.%.62s", a, a, a, a);
	assert_false(smtp_address_valid(text));
}

static void
lets_only_whole_lines_through(void **state)
{
	static const struct {
		const char *name;
		struct cs_span text;
		bool want;
	} cases[] = {
#define ROW(name, text, want) { name, { (const uint8_t *)(text), sizeof(text) - 1 }, want }
		ROW("a line", "a\r\n", true),
		ROW("an empty line", "\r\n", true),
		ROW("dots", "a\r\n.\r\n..\r\n", true),
		ROW("octets above ASCII", "\xc3\xa9\r\n", true),
		ROW("nothing", "", false),
		ROW("no line end", "a", false),
		ROW("no line end at the end", "a\r\nb", false),
		ROW("a line feed alone", "a\n", false),
		ROW("a line feed first", "\n", false),
		ROW("a dot between line feeds", "a\n.\nb\r\n", false),
		ROW("a dot between mixed line ends", "a\r\n.\nb\r\n", false),
		ROW("a carriage return alone", "a\rb\r\n", false),
		ROW("two carriage returns", "a\r\r\n", false),
		ROW("a carriage return last", "a\r\n\r", false),
		ROW("NUL", "a\0b\r\n", false),
	};
	char line[1002];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (smtp_message_valid(cases[i].text) != cases[i].want)
			fail_msg("%s: want %d", cases[i].name, cases[i].want);
	memset(line, 'a', sizeof(line));
	memcpy(line + 998, "\r\n", 2);
	assert_true(smtp_message_valid(cs_span_of(line, 1000)));
	memcpy(line + 998, "a\r\n", 3);
	assert_false(smtp_message_valid(cs_span_of(line, 1001)));
}

static void
refuses_settings_that_cannot_be_meant(void **state)
{
	static const struct {
		const char *name;
		struct smtp_settings settings;
	} bad[] = {
#define GOOD .url = "smtp://relay.example", .from = "a@b.example"
		{ "no URL", { .from = "a@b.example" } },
		{ "another scheme", { .url = "http://relay.example", .from = "a@b.example" } },
		{ "no host", { .url = "smtp://", .from = "a@b.example" } },
		{ "userinfo", { .url = "smtp://u:p@relay.example", .from = "a@b.example" } },
		{ "a path", { .url = "smtp://relay.example/x", .from = "a@b.example" } },
		{ "half a port", { .url = "smtp://relay.example:", .from = "a@b.example" } },
		{ "half an address", { .url = "smtp://[::1", .from = "a@b.example" } },
		{ "no sender", { .url = "smtp://relay.example" } },
		{ "sender with a name",
		    { .url = "smtp://relay.example", .from = "A <a@b.example>" } },
		{ "our name with a space", { GOOD, .helo = "a b" } },
		{ "user without password", { GOOD, .starttls = true, .user_file = "/dev/null" } },
		{ "password without TLS",
		    { GOOD, .user_file = "/etc/hostname", .password_file = "/etc/hostname" } },
		{ "empty user", { GOOD, .starttls = true, .user_file = "/dev/null",
				    .password_file = "/dev/null" } },
		{ "no such file", { GOOD, .starttls = true, .user_file = "/nowhere",
				      .password_file = "/nowhere" } },
		{ "a binary user", { GOOD, .starttls = true, .user_file = "/dev/zero",
				       .password_file = "/dev/zero" } },
		{ "a user in words without password", { GOOD, .starttls = true, .user = "u" } },
		{ "a password in words without TLS", { GOOD, .user = "u", .password = "p" } },
		{ "a user in words of two lines",
		    { GOOD, .starttls = true, .user = "u\r\nRSET", .password = "p" } },
		{ "an empty password", { GOOD, .starttls = true, .user = "u", .password = "" } },
	};
	static const char *const good_urls[] = { "smtp://relay.example", "smtp://127.0.0.1:25",
		"smtps://[::1]:465", "smtp://localhost" };
	struct event_base *base = event_base_new();

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct smtp *smtp = NULL;
		struct cs_err err;

		if (smtp_open(base, &bad[i].settings, &smtp, &err) != CS_MALFORMED || smtp != NULL)
			fail_msg("%s: was accepted", bad[i].name);
	}
	for (size_t i = 0; i < COUNT(good_urls); i++) {
		struct smtp *smtp;
		struct cs_err err = { 0 };
		const struct smtp_settings settings = { .url = good_urls[i],
			.from = "a@b.example" };

		if (smtp_open(base, &settings, &smtp, &err) != CS_OK)
			fail_msg("%s: %s", good_urls[i], err.text);
		smtp_close(smtp);
	}
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_only_plain_addresses_through),
		cmocka_unit_test(keeps_the_lengths_of_rfc_5321),
		cmocka_unit_test(lets_only_whole_lines_through),
		cmocka_unit_test(refuses_settings_that_cannot_be_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_message.c: whatever the values are, a mail that is written has exactly the fields that we meant,
 * in lines that are short enough, and its body reads back as it was given.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/encode.h"
#include "mail/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fields[] = { "Date: ", "From: ", "To: ", "Subject: ", "Message-ID: ",
	"Auto-Submitted: auto-generated\r", "MIME-Version: 1.0\r",
	"Content-Type: text/plain; charset=utf-8\r", "Content-Transfer-Encoding: " };

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* The text up to the next NUL, and what follows it. */
static const char *
take(struct cs_arena *arena, const uint8_t **data, size_t *size)
{
	size_t len = strnlen((const char *)*data, *size);
	const char *text = cs_arena_strndup(arena, (const char *)*data, len);
	size_t used = len < *size ? len + 1 : len;

	*data += used;
	*size -= used;
	return text;
}

static const char *
check_fields(const char *at)
{
	for (size_t n = 0; strncmp(at, "\r\n", 2) != 0; n++) {
		require(n < sizeof(fields) / sizeof(fields[0]));
		require(strncmp(at, fields[n], strlen(fields[n])) == 0);
		do
			at = strstr(at, "\r\n") + 2;
		while (*at == ' ');
	}
	return at + 2;
}

/* An address in a field may be long; of a body's lines RFC 5322 2.1.1 says how long. */
static void
check_lines(const char *at)
{
	size_t longest = 300;

	while (*at != '\0') {
		size_t len = strcspn(at, "\r\n");

		require(len <= longest && at[len] == '\r' && at[len + 1] == '\n');
		if (len == 0)
			longest = 998;
		at += len + 2;
	}
}

static struct cs_span
unquote(struct cs_arena *arena, const char *at)
{
	struct cs_buf out = cs_buf_new(arena);

	while (*at != '\0') {
		if (strncmp(at, "=\r\n", 3) == 0) {
			at += 3;
		} else if (*at == '=') {
			char hex[3] = { at[1], at[2], '\0' };
			uint8_t octet = (uint8_t)strtoul(hex, NULL, 16);

			cs_buf_add(&out, &octet, 1);
			at += 3;
		} else {
			cs_buf_add(&out, at++, 1);
		}
	}
	return cs_buf_span(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct mail_message m = { .from = "ra@ca.example", .to = "a@b.example" };
	struct cs_span got;

	m.subject = take(arena, &data, &size);
	m.from_name = take(arena, &data, &size);
	m.body = take(arena, &data, &size);
	if (size > 0)
		m.to = take(arena, &data, &size);
	if (mail_message_write(&m, arena, &got, NULL) == CS_OK) {
		const char *text = (const char *)got.data;

		require(strlen(text) == got.len);
		check_lines(text);
		const char *body = check_fields(text);
		struct cs_span want = mail_crlf_lines(arena, cs_span_str(m.body));

		static const char plain[] = "7bit\r\n\r\n";
		size_t head = (size_t)(body - text);

		if (strncmp(text + head - strlen(plain), plain, strlen(plain)) == 0)
			require(cs_span_is(want, body));
		else
			require(cs_span_equal(unquote(arena, body), want));
	}
	cs_arena_free(arena);
	return 0;
}

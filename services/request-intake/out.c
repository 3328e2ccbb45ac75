/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <inttypes.h>

#include "base/time.h"

struct out
out_new(struct cs_arena *arena)
{
	return (struct out){ .buf = cs_buf_new(arena) };
}

/* RFC 8259 section 7; "<" too, so that no page can be broken out of by a text that it embeds. */
static bool
is_plain(char c)
{
	return c != '"' && c != '\\' && c != '<' && c != 0x7f && (unsigned char)c >= 0x20;
}

static void
escape(struct out *out, char c)
{
	if (c == '"' || c == '\\')
		cs_buf_printf(&out->buf, "\\%c", c);
	else
		cs_buf_printf(&out->buf, "\\u%04x", (unsigned)(unsigned char)c);
}

static void
add_escaped(struct out *out, const char *text)
{
	while (*text != '\0') {
		size_t n = 0;

		while (is_plain(text[n]))
			n++;
		cs_buf_add(&out->buf, text, n);
		text += n;
		if (*text != '\0')
			escape(out, *text++);
	}
}

static void
quote(struct out *out, const char *text)
{
	cs_buf_add(&out->buf, "\"", 1);
	add_escaped(out, text);
	cs_buf_add(&out->buf, "\"", 1);
}

static void
begin(struct out *out, const char *name)
{
	if (out->needs_comma)
		cs_buf_add_str(&out->buf, ",");
	if (name) {
		quote(out, name);
		cs_buf_add_str(&out->buf, ":");
	}
	out->needs_comma = true;
}

static void
open_with(struct out *out, const char *name, const char *bracket)
{
	begin(out, name);
	cs_buf_add_str(&out->buf, bracket);
	out->needs_comma = false;
}

static void
close_with(struct out *out, const char *bracket)
{
	cs_buf_add_str(&out->buf, bracket);
	out->needs_comma = true;
}

void
out_object(struct out *out, const char *name)
{
	open_with(out, name, "{");
}

void
out_array(struct out *out, const char *name)
{
	open_with(out, name, "[");
}

void
out_end_object(struct out *out)
{
	close_with(out, "}");
}

void
out_end_array(struct out *out)
{
	close_with(out, "]");
}

void
out_text(struct out *out, const char *name, const char *text)
{
	begin(out, name);
	quote(out, text);
}

void
out_text_of(struct out *out, const char *name, const char *const *parts, size_t n)
{
	begin(out, name);
	cs_buf_add(&out->buf, "\"", 1);
	for (size_t i = 0; i < n; i++)
		add_escaped(out, parts[i]);
	cs_buf_add(&out->buf, "\"", 1);
}

void
out_text_if(struct out *out, const char *name, const char *text)
{
	if (text && text[0])
		out_text(out, name, text);
}

void
out_number(struct out *out, const char *name, int64_t value)
{
	begin(out, name);
	cs_buf_printf(&out->buf, "%" PRId64, value);
}

void
out_bool(struct out *out, const char *name, bool value)
{
	begin(out, name);
	cs_buf_add_str(&out->buf, value ? "true" : "false");
}

void
out_time_if(struct out *out, const char *name, int64_t ms)
{
	char text[CS_TIME_TEXT];

	if (ms == 0)
		return;
	cs_time_format(ms, text);
	out_text(out, name, text);
}

void
out_texts(struct out *out, const char *name, struct claim_texts texts)
{
	out_array(out, name);
	for (size_t i = 0; i < texts.n; i++)
		out_text(out, NULL, texts.items[i]);
	out_end_array(out);
}

struct cs_span
out_done(struct out *out)
{
	return cs_buf_span(&out->buf);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "dkim/canon.h"

static bool
is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

/* Puts what stays of one line: runs of blanks become one space, at the end none. */
static void
squeeze(uint8_t *out, size_t *len, struct cs_span line)
{
	bool blank = false;

	for (size_t i = 0; i < line.len; i++) {
		if (is_blank(line.data[i])) {
			blank = true;
			continue;
		}
		if (blank)
			out[(*len)++] = ' ';
		blank = false;
		out[(*len)++] = line.data[i];
	}
}

/* 3.4.2: name in lower case, unfolded, no blanks around the value. */
static void
add_relaxed(struct cs_buf *out, struct cs_span name, struct cs_span value)
{
	uint8_t *line = cs_arena_alloc(out->arena, value.len + 1);
	uint8_t *text = cs_arena_alloc(out->arena, value.len + 1);
	size_t line_len = 0, len = 0;

	for (size_t i = 0; i < name.len; i++) {
		const uint8_t c = name.data[i];
		const uint8_t folded = c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;

		cs_buf_add(out, &folded, 1);
	}
	cs_buf_add_str(out, ":");
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] != '\r' && value.data[i] != '\n')
			line[line_len++] = value.data[i];
	squeeze(text, &len, (struct cs_span){ line, line_len });
	/* One space at the front is what is left of blanks there. */
	const size_t skip = len > 0 && text[0] == ' ' ? 1 : 0;
	cs_buf_add(out, text + skip, len - skip);
}

void
dkim_canon_field(struct cs_buf *out, const struct dkim_field *field, enum dkim_canon canon)
{
	if (canon == DKIM_RELAXED) {
		add_relaxed(out, field->name, field->value);
	} else {
		cs_buf_add_span(out, field->name);
		cs_buf_add_str(out, ":");
		cs_buf_add_span(out, field->value);
	}
	cs_buf_add_str(out, "\r\n");
}

void
dkim_canon_own_field(
    struct cs_buf *out, const struct dkim_field *field, struct cs_span hole, enum dkim_canon canon)
{
	struct cs_buf value = cs_buf_new(out->arena);
	const size_t before = (size_t)(hole.data - field->value.data);

	cs_buf_add(&value, field->value.data, before);
	cs_buf_add(&value, hole.data + hole.len, field->value.len - before - hole.len);
	if (canon == DKIM_RELAXED) {
		add_relaxed(out, field->name, cs_buf_span(&value));
		return;
	}
	cs_buf_add_span(out, field->name);
	cs_buf_add_str(out, ":");
	cs_buf_add_span(out, cs_buf_span(&value));
}

/* Without the empty lines at the end; every line that is left ends in CRLF. */
static struct cs_span
end_lines(uint8_t *body, size_t len)
{
	while (len >= 2 && body[len - 1] == '\n' && (len == 2 || body[len - 3] == '\n'))
		len -= 2;
	if (len > 0 && body[len - 1] != '\n') {
		body[len++] = '\r';
		body[len++] = '\n';
	}
	return (struct cs_span){ body, len };
}

struct cs_span
dkim_canon_body(struct cs_arena *arena, struct cs_span body, enum dkim_canon canon)
{
	uint8_t *out = cs_arena_alloc(arena, body.len + 3);
	size_t len = 0, begin = 0;

	for (size_t i = 0; i < body.len; i++) {
		const bool ends = body.data[i] == '\r' || i + 1 == body.len;

		if (!ends)
			continue;
		const size_t end = body.data[i] == '\r' ? i : i + 1;
		const struct cs_span line = { body.data + begin, end - begin };

		if (canon == DKIM_RELAXED)
			squeeze(out, &len, line);
		else
			for (size_t k = 0; k < line.len; k++)
				out[len++] = line.data[k];
		if (body.data[i] == '\r') {
			out[len++] = '\r';
			out[len++] = '\n';
			i++;
		}
		begin = i + 1;
	}
	const struct cs_span lines = end_lines(out, len);
	/* 3.4.3: an empty body is one line; 3.4.4: relaxed, it is nothing. */
	return lines.len == 0 && canon == DKIM_SIMPLE ? cs_span_str("\r\n") : lines;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pem.h"

#include <string.h>

#include "base/text.h"

#define LINE 64 /* RFC 7468 2 */
#define LABEL_MAX 64

char *
pki_pem(struct cs_arena *arena, const char *label, struct cs_span der)
{
	struct cs_buf out = cs_buf_new(arena);
	const char *text = cs_base64(arena, der);

	cs_buf_printf(&out, "-----BEGIN %s-----\n", label);
	for (size_t len = strlen(text); len > 0;) {
		const size_t n = len < LINE ? len : LINE;

		cs_buf_add(&out, text, n);
		cs_buf_add(&out, "\n", 1);
		text += n;
		len -= n;
	}
	cs_buf_printf(&out, "-----END %s-----\n", label);
	return (char *)out.data;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip(struct cs_span *in, size_t n)
{
	*in = (struct cs_span){ in->data + n, in->len - n };
}

/* Up to the end of `mark`, giving what stood before it. */
static bool
cut(struct cs_span *in, const char *mark, struct cs_span *ret_before)
{
	const uint8_t *at = in->len > 0 ? memmem(in->data, in->len, mark, strlen(mark)) : NULL;

	if (at == NULL)
		return false;
	*ret_before = (struct cs_span){ in->data, (size_t)(at - in->data) };
	skip(in, ret_before->len + strlen(mark));
	return true;
}

static bool
is_label(struct cs_span label)
{
	if (label.len == 0 || label.len > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (label.data[i] < 0x20 || label.data[i] > 0x7e || label.data[i] == '-')
			return false;
	return true;
}

/* Base64 in lines of any length: white space goes, everything else must be canonical. */
static bool
decode(struct cs_arena *arena, struct cs_span body, struct cs_span *ret_der)
{
	struct cs_buf text = cs_buf_new(arena);

	for (size_t i = 0; i < body.len;) {
		size_t n = 0;

		while (i + n < body.len && !is_space(body.data[i + n]))
			n++;
		cs_buf_add(&text, body.data + i, n);
		i += n;
		while (i < body.len && is_space(body.data[i]))
			i++;
	}
	return cs_base64_decode(arena, cs_buf_span(&text), ret_der) && ret_der->len > 0;
}

bool
pki_pem_next(struct cs_arena *arena, struct cs_span *in, const char **ret_label,
    struct cs_span *ret_der, const char **ret_why)
{
	struct cs_span rest = *in, before, label, body, der;

	*ret_why = NULL;
	if (!cut(&rest, "-----BEGIN ", &before))
		return false;
	*ret_why = "a BEGIN line that does not end";
	if (!cut(&rest, "-----", &label) || !is_label(label))
		return false;
	*ret_why = "there is no END line for the BEGIN line";
	const char *name = cs_arena_strndup(arena, (const char *)label.data, label.len);
	if (!cut(&rest, cs_arena_printf(arena, "-----END %s-----", name), &body))
		return false;
	*ret_why = "what stands between BEGIN and END is not base64";
	if (!decode(arena, body, &der))
		return false;
	*in = rest;
	*ret_label = name;
	*ret_der = der;
	return true;
}

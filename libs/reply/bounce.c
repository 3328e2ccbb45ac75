/* SPDX-License-Identifier: Apache-2.0 */
#include "reply/bounce.h"

#include <string.h>

#include "base/text.h"
#include "reply/fields.h"

#define GROUPS_MAX 16 /* recipients of one report; our mails have one */

const char *
reply_bounce_kind_name(enum reply_bounce_kind kind)
{
	static const char *const names[REPLY_BOUNCE_KINDS] = { "none", "failed", "delayed", "other",
		"auto-reply", "unknown" };

	return names[kind];
}

/* What follows "rfc822;" or "smtp;"; without a type all of it. */
static struct cs_span
after_type(struct cs_span value)
{
	const uint8_t *semicolon = value.len > 0 ? memchr(value.data, ';', value.len) : NULL;

	if (semicolon == NULL)
		return value;
	struct cs_span rest = { semicolon + 1, value.len - (size_t)(semicolon - value.data) - 1 };

	while (rest.len > 0 && rest.data[0] == ' ')
		rest = (struct cs_span){ rest.data + 1, rest.len - 1 };
	return rest;
}

static const char *
shown(struct cs_arena *arena, const struct dkim_mail *group, const char *name)
{
	const struct dkim_field *field = dkim_mail_first(group, name);

	if (field == NULL)
		return NULL;
	return cs_escape(arena, after_type(reply_unfold(arena, field->value)), REPLY_SHOWN - 3);
}

/* RFC 3463 2: class "." subject "." detail. */
static const char *
read_status(struct cs_arena *arena, const struct dkim_mail *group)
{
	const struct dkim_field *field = dkim_mail_first(group, "Status");
	const struct cs_span word =
	    field == NULL ? (struct cs_span){ NULL, 0 } : reply_first_word(arena, field->value);
	size_t dots = 0, digits = 0;

	if (word.len < 5 || (word.data[0] != '2' && word.data[0] != '4' && word.data[0] != '5'))
		return NULL;
	for (size_t i = 0; i < word.len; i++) {
		const bool dot = word.data[i] == '.';

		if (!dot && (word.data[i] < '0' || word.data[i] > '9'))
			return NULL;
		if (dot && digits == 0)
			return NULL;
		digits = dot ? 0 : digits + 1;
		dots += dot;
		if (digits > 3 || (dots == 0 && digits > 1))
			return NULL;
	}
	if (dots != 2 || digits == 0)
		return NULL;
	return cs_arena_strndup(arena, (const char *)word.data, word.len);
}

static enum reply_bounce_kind
kind_of(struct cs_arena *arena, const struct dkim_mail *group)
{
	const struct dkim_field *field = dkim_mail_first(group, "Action");
	const struct cs_span word =
	    field == NULL ? (struct cs_span){ NULL, 0 } : reply_first_word(arena, field->value);

	if (cs_span_is_nocase(word, "failed"))
		return REPLY_BOUNCE_FAILED;
	return cs_span_is_nocase(word, "delayed") ? REPLY_BOUNCE_DELAYED : REPLY_BOUNCE_OTHER;
}

/* The fields of one recipient, of which the worst counts: failed before delayed before others. */
static void
read_group(struct cs_arena *arena, const struct dkim_mail *group, struct reply_bounce *bounce)
{
	const enum reply_bounce_kind kind = kind_of(arena, group);

	if (bounce->recipient != NULL && kind >= bounce->kind)
		return;
	bounce->kind = kind;
	bounce->recipient = shown(arena, group, "Final-Recipient");
	if (bounce->recipient == NULL)
		bounce->recipient = shown(arena, group, "Original-Recipient");
	bounce->status = read_status(arena, group);
	bounce->diagnostic = shown(arena, group, "Diagnostic-Code");
}

/* Servers end lines as they like inside a part; fields are read with CRLF. */
static struct cs_span
with_crlf(struct cs_arena *arena, struct cs_span text)
{
	uint8_t *out = cs_arena_alloc(arena, 2 * text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\r')
			continue;
		if (text.data[i] == '\n')
			out[len++] = '\r';
		out[len++] = text.data[i];
	}
	return (struct cs_span){ out, len };
}

static const char *
read_original(struct cs_arena *arena, struct cs_span header)
{
	const struct cs_span *ids;
	struct cs_refusal why;
	struct dkim_mail mail;
	size_t len;

	if (!dkim_fields_read(arena, with_crlf(arena, header), &mail, &why))
		return NULL;
	const struct dkim_field *field = dkim_mail_first(&mail, "Message-ID");

	if (field == NULL || !reply_ids(arena, field->value, &ids, &len) || len != 1)
		return NULL;
	return cs_arena_strndup(arena, (const char *)ids[0].data, ids[0].len);
}

/* RFC 3464 2.1: fields of the message, then those of each recipient, with empty lines between. */
static void
read_status_part(struct cs_arena *arena, struct cs_span status, struct reply_bounce *bounce)
{
	struct cs_span rest = with_crlf(arena, status);
	struct cs_refusal why;
	struct dkim_mail group;

	for (size_t i = 0; i <= GROUPS_MAX && rest.len > 0; i++) {
		if (!dkim_fields_read(arena, rest, &group, &why))
			return;
		if (dkim_mail_first(&group, "Final-Recipient") != NULL ||
		    dkim_mail_first(&group, "Action") != NULL)
			read_group(arena, &group, bounce);
		rest = group.body;
	}
}

void
bounce_read(struct cs_arena *arena, const struct mime *mime, bool null_sender,
    const char *auto_submitted, struct reply_bounce *ret_bounce)
{
	struct reply_bounce bounce = { .kind = REPLY_NO_BOUNCE };
	/* RFC 3834 5: absence notes may come from the null sender, too. */
	const bool noted = auto_submitted != NULL &&
			   cs_span_is_nocase(cs_span_str(auto_submitted), "auto-replied");

	if (mime->shape == MIME_REPORT) {
		bounce.kind = REPLY_BOUNCE_OTHER;
		read_status_part(arena, mime->status, &bounce);
		bounce.message_id = read_original(arena, mime->original);
	} else if (noted) {
		bounce.kind = REPLY_BOUNCE_AUTO_REPLY;
	} else if (null_sender) {
		bounce.kind = REPLY_BOUNCE_UNKNOWN;
	}
	*ret_bounce = bounce;
}

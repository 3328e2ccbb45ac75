/* SPDX-License-Identifier: Apache-2.0 */
#include "reply/mime.h"

#include <gmime/gmime.h>
#include <string.h>

#include "reply/fields.h"

#define CHILDREN_MAX 16 /* of a multipart that are looked at */
#define MARKS_MAX 1000  /* lines that may begin a part: gmime takes 20 us for each */

/* What gmime is given: an entity, not a message, so that it parses no address and no subject. */
static struct cs_span
entity_of(struct cs_arena *arena, const struct dkim_mail *mail)
{
	static const char *const kept[] = { "Content-Type", "Content-Transfer-Encoding" };
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const struct dkim_field *field = dkim_mail_first(mail, kept[i]);

		cs_assert(dkim_mail_count(mail, cs_span_str(kept[i])) <= 1);
		if (field == NULL)
			continue;
		cs_buf_printf(&out, "%s: ", kept[i]);
		cs_buf_add_span(&out, reply_unfold(arena, field->value));
		cs_buf_add_str(&out, "\r\n");
	}
	cs_buf_add_str(&out, "\r\n");
	cs_buf_add_span(&out, mail->body);
	return cs_buf_span(&out);
}

static bool
is_type(GMimeObject *object, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static struct cs_span
take_memory(struct cs_arena *arena, GMimeStream *stream)
{
	const GByteArray *octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));

	return cs_arena_copy(arena, octets->data, octets->len);
}

/* gmime takes an encoding that it does not know for none at all. */
static bool
can_decode(struct cs_arena *arena, GMimeObject *object)
{
	static const char *const known[] = { "7bit", "8bit", "binary", "quoted-printable",
		"base64" };
	const char *value = g_mime_object_get_header(object, "Content-Transfer-Encoding");

	if (value == NULL)
		return true;
	const struct cs_span word = reply_first_word(arena, cs_span_str(value));

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cs_span_is_nocase(word, known[i]))
			return true;
	return false;
}

static struct cs_span
content_of(struct cs_arena *arena, GMimeObject *object)
{
	struct cs_span octets = { NULL, 0 };
	GMimeDataWrapper *content =
	    GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object)) : NULL;

	if (content == NULL)
		return octets;
	GMimeStream *stream = g_mime_stream_mem_new();

	if (g_mime_data_wrapper_write_to_stream(content, stream) >= 0)
		octets = take_memory(arena, stream);
	g_object_unref(stream);
	return octets;
}

static void
read_text(struct cs_arena *arena, GMimeObject *object, struct mime *mime)
{
	if (mime->texts++ > 0)
		return;
	mime->text_undecodable = !can_decode(arena, object);
	mime->text = content_of(arena, object);
}

/* Of an attached mail only the header, as it was sent. */
static struct cs_span
header_of(struct cs_arena *arena, GMimeObject *object)
{
	GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
	GMimeStream *stream = g_mime_stream_mem_new();
	struct cs_span octets = { NULL, 0 };

	if (message != NULL &&
	    g_mime_header_list_write_to_stream(
		g_mime_object_get_header_list(GMIME_OBJECT(message)), NULL, stream) >= 0)
		octets = take_memory(arena, stream);
	g_object_unref(stream);
	return octets;
}

static void
read_report_part(struct cs_arena *arena, GMimeObject *object, struct mime *mime)
{
	if (is_type(object, "message", "delivery-status") ||
	    is_type(object, "message", "global-delivery-status"))
		mime->status = content_of(arena, object);
	else if (is_type(object, "text", "rfc822-headers") ||
		 is_type(object, "message", "global-headers"))
		mime->original = content_of(arena, object);
	else if (GMIME_IS_MESSAGE_PART(object))
		mime->original = header_of(arena, object);
}

static void
read_object(struct cs_arena *arena, GMimeObject *object, struct mime *mime)
{
	if (is_type(object, "text", "plain")) {
		mime->shape = MIME_PLAIN;
		read_text(arena, object, mime);
		return;
	}
	if (!GMIME_IS_MULTIPART(object))
		return;
	if (is_type(object, "multipart", "alternative"))
		mime->shape = MIME_ALTERNATIVE;
	if (is_type(object, "multipart", "report"))
		mime->shape = MIME_REPORT;
	const int n = g_mime_multipart_get_count(GMIME_MULTIPART(object));

	for (int i = 0; i < n && i < CHILDREN_MAX; i++) {
		GMimeObject *child = g_mime_multipart_get_part(GMIME_MULTIPART(object), i);

		if (mime->shape == MIME_ALTERNATIVE && is_type(child, "text", "plain"))
			read_text(arena, child, mime);
		if (mime->shape == MIME_REPORT)
			read_report_part(arena, child, mime);
	}
}

void
mime_start(void)
{
	g_mime_init(); /* only the first time does anything */
}

/* What gmime is not given: a million octets of boundaries keep it busy for seconds. */
static bool
has_too_many_parts(struct cs_span body)
{
	size_t marks = 0;

	while (body.len > 1 && marks <= MARKS_MAX) {
		const uint8_t *end = memchr(body.data, '\n', body.len);
		const size_t used = end == NULL ? body.len : (size_t)(end - body.data) + 1;

		marks += body.data[0] == '-' && body.data[1] == '-';
		body = (struct cs_span){ body.data + used, body.len - used };
	}
	return marks > MARKS_MAX;
}

void
mime_read(struct cs_arena *arena, const struct dkim_mail *mail, struct mime *ret_mime)
{
	*ret_mime = (struct mime){ .shape = MIME_OTHER };
	if (has_too_many_parts(mail->body))
		return;
	const struct cs_span entity = entity_of(arena, mail);

	mime_start();
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer((const char *)entity.data, entity.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeObject *object = g_mime_parser_construct_part(parser, NULL);

	if (object != NULL) {
		read_object(arena, object, ret_mime);
		g_object_unref(object);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

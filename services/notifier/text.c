/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <string.h>

#include "base/text.h"

#define VALUE_MAX 1024 /* octets of one value as it is shown */

struct template
{
	const char *subject;
	const char *const *lines; /* each as it is; without the values it names it is left out */
};

static const char *const issued_lines[] = {
	"Your certificate for signed and encrypted mail (S/MIME) has been issued.",
	"",
	"    mailboxes      {mailboxes}",
	"    serial number  {serial}",
	"    issued by      {issuer}",
	"    valid          {not_before} to {not_after}",
	"    asked for by   {account} of {enterprise}",
	"    request        {request}",
	"",
	"SHA-256 of the certificate:",
	"",
	"    {fingerprint}",
	"",
	"If you did not want it, have it revoked where it was requested: somebody else",
	"may hold its key.",
	"",
	"The certificate, then the one of its issuer:",
	"",
	"{*pem}",
	NULL,
};

static const char *const refused_lines[] = {
	"Your request for an S/MIME certificate was refused.  No certificate exists.",
	"",
	"    request        {request}",
	"    code           {code}",
	"    about          {field}",
	"    check          {check}",
	"    rule           {clause}",
	"",
	"{text}",
	"",
	"What would help: {mend}",
	NULL,
};

static const char *const revoked_lines[] = {
	"Your certificate for signed and encrypted mail (S/MIME) has been revoked: nobody shall",
	"rely on it any more.  Mail that was encrypted for it can still be read with its key.",
	"",
	"    mailboxes      {mailboxes}",
	"    serial number  {serial}",
	"    issued by      {issuer}",
	"    revoked        {revoked_at}",
	"    asked for by   {by}",
	"    reason         {reason}",
	"    request        {request}",
	"",
	"What was said: {text}",
	"",
	"If nobody of yours asked for it, talk to the operator of your enterprise.  For another",
	"certificate make a new request{with_key}.",
	NULL,
};

static const char *const expiring_lines[] = {
	"Your certificate for signed and encrypted mail (S/MIME) ends in {days} days.",
	"Your certificate for signed and encrypted mail (S/MIME) ends {tomorrow}.",
	"",
	"    mailboxes      {mailboxes}",
	"    serial number  {serial}",
	"    issued by      {issuer}",
	"    valid until    {not_after}",
	"    request        {request}",
	"",
	"To go on with the same key and names, where it was requested or by:",
	"",
	"    csctl request renew {request}",
	"",
	"With a new key:",
	"",
	"    csctl request rekey {request} --csr FILE",
	"",
	"What was proved before and still stands need not be proved again.  Keep the old key:",
	"mail that was encrypted for it needs it.",
	NULL,
};

static const struct template templates[NOTIFY_KINDS] = {
	[NOTIFY_ISSUED] = { "Your certificate has been issued", issued_lines },
	[NOTIFY_REFUSED] = { "Your certificate request was refused", refused_lines },
	[NOTIFY_REVOKED] = { "Your certificate has been revoked", revoked_lines },
	[NOTIFY_EXPIRING_30] = { "Your certificate ends in 30 days", expiring_lines },
	[NOTIFY_EXPIRING_14] = { "Your certificate ends in 14 days", expiring_lines },
	[NOTIFY_EXPIRING_7] = { "Your certificate ends in 7 days", expiring_lines },
	[NOTIFY_EXPIRING_1] = { "Your certificate ends tomorrow", expiring_lines },
};

static const struct text_value *
value_of(const struct text_value *values, const char *name, size_t len)
{
	for (; values->name != NULL; values++)
		if (strlen(values->name) == len && memcmp(values->name, name, len) == 0)
			return values;
	return NULL;
}

/* One line of printable ASCII. */
static const char *
shown(struct cs_arena *arena, const struct text_value *value)
{
	const char *text = value->text;
	size_t len = strlen(text);

	if (value->name[0] == '*')
		return text;
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f) /* also what is not ASCII */
			return cs_escape(arena, cs_span_str(text), VALUE_MAX);
	return len <= VALUE_MAX ? text : cs_arena_strndup(arena, text, VALUE_MAX);
}

/* False: the line names a value that is empty. */
static bool
fill_line(struct cs_arena *arena, const struct text_value *values, const char *line,
    struct cs_buf *ret_line)
{
	while (*line != '\0') {
		size_t plain = strcspn(line, "{");

		cs_buf_add(ret_line, line, plain);
		line += plain;
		if (*line == '\0')
			break;
		size_t name = strcspn(line, "}");
		const struct text_value *value = value_of(values, line + 1, name - 1);

		cs_assert(line[name] == '}' && value != NULL); /* of our own tables */
		if (value->text[0] == '\0')
			return false;
		cs_buf_add_str(ret_line, shown(arena, value));
		line += name + 1;
	}
	cs_buf_add_str(ret_line, "\n");
	return true;
}

void
text_fill(struct cs_arena *arena, const struct text_value *values, struct notify_outcome *outcome)
{
	const struct template *template = &templates[outcome->kind];
	struct cs_buf body = cs_buf_new(arena);

	for (const char *const *line = template->lines; *line != NULL; line++) {
		struct cs_buf filled = cs_buf_new(arena);

		if (fill_line(arena, values, *line, &filled))
			cs_buf_add_span(&body, cs_buf_span(&filled));
	}
	outcome->subject = template->subject;
	outcome->body = (const char *)cs_buf_span(&body).data;
}

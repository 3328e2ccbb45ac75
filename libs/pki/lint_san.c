/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint_san.c: subjectAltName (SBR 7.1.4.2.1, RFC 9598).  The check of addresses is written here
 * again, smaller and on purpose apart from the parser that made them.
 */
#include <string.h>

#include "base/text.h"
#include "pki/der.h"
#include "pki/lint_rules.h"
#include "pki/name.h"

static bool
is_label(struct cs_span label)
{
	if (label.len == 0 || label.len > 63 || label.data[0] == '-' ||
	    label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		const uint8_t c = label.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

/* Lower-case A-labels, two at least, the last of them not a number. */
static bool
is_domain(struct cs_span domain)
{
	size_t labels = 0;
	struct cs_span label = { NULL, 0 };

	if (domain.len > 253)
		return false;
	while (domain.len > 0) {
		const uint8_t *dot = memchr(domain.data, '.', domain.len);

		label =
		    cs_span_of(domain.data, dot != NULL ? (size_t)(dot - domain.data) : domain.len);
		if (!is_label(label))
			return false;
		labels++;
		if (dot != NULL && dot + 1 == domain.data + domain.len)
			return false; /* a trailing dot */
		const size_t past = label.len + (dot != NULL);
		domain = cs_span_of(domain.data + past, domain.len - past);
	}
	return labels >= 2 && !(label.data[0] >= '0' && label.data[0] <= '9');
}

static bool
is_local(struct cs_span local, bool *ret_ascii)
{
	uint8_t before = '.';

	*ret_ascii = true;
	if (local.len == 0 || local.len > 64)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		const uint8_t c = local.data[i];

		if (c <= 0x20 || c == 0x7f || strchr("\"\\(),:;<>@[]%!", c) != NULL ||
		    (c == '.' && before == '.'))
			return false;
		*ret_ascii = *ret_ascii && c < 0x80;
		before = c;
	}
	return before != '.';
}

static bool
is_mailbox(struct cs_span text, bool *ret_ascii)
{
	const uint8_t *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;

	if (at == NULL || text.len > 254 || pki_text_fault(text) != NULL)
		return false;
	const size_t len = (size_t)(at - text.data);
	return is_local(cs_span_of(text.data, len), ret_ascii) &&
	       is_domain(cs_span_of(at + 1, text.len - len - 1));
}

static void
lint_mailbox(struct lint *lint, struct cs_span text, bool utf8)
{
	bool ascii = true;

	if (!is_mailbox(text, &ascii)) {
		lint_error(lint, "mailbox-malformed", "RFC 5321 4.1.2", "%s is not a mailbox",
		    lint_quote(lint, text));
		return;
	}
	if (ascii == utf8)
		lint_error(lint, "mailbox-wrong-form", "RFC 9598 3",
		    "SmtpUTF8Mailbox is for local parts outside ASCII, rfc822Name for all others");
	const char *mailbox = cs_arena_strndup(lint->arena, (const char *)text.data, text.len);
	for (size_t i = 0; i < lint->n_mailboxes; i++)
		if (strcmp(lint->mailboxes[i], mailbox) == 0)
			lint_error(
			    lint, "mailbox-twice", "SBR 7.1.4.2.1", "a mailbox is there twice");
	if (lint->n_mailboxes == LINT_MAILBOXES)
		lint_error(lint, "mailbox-too-many", "SBR 7.1.4.2.1", "more than 32 mailboxes");
	else
		lint->mailboxes[lint->n_mailboxes++] = mailbox;
}

static void
lint_other_name(struct lint *lint, struct cs_span body)
{
	struct cs_span oid, value, text;

	if (!pki_der_take(&body, PKI_OID, &oid) || !pki_der_oid_is(oid, PKI_OID_SMTP_UTF8)) {
		lint_error(lint, "san-prohibited-other-name", "SBR 7.1.4.2.1",
		    "an otherName of another type");
		return;
	}
	if (!pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &value) || body.len > 0 ||
	    !pki_der_take(&value, PKI_UTF8_STRING, &text) || value.len > 0) {
		lint_error(lint, "mailbox-malformed", "RFC 9598 3",
		    "an SmtpUTF8Mailbox that is no UTF8String");
		return;
	}
	lint_mailbox(lint, text, true);
}

void
lint_alternative_names(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq;
	struct pki_element name;

	if (critical != (lint->n_subject == 0))
		lint_error(lint, "san-criticality", "SBR 7.1.2.3 h, RFC 5280 4.2.1.6",
		    "it is critical exactly when the subject is empty");
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0) {
		lint_error(
		    lint, "extension-malformed", "RFC 5280 4.2.1.6", "subjectAltName is no list");
		return;
	}
	while (pki_der_next(&seq, &name)) {
		if (name.tag == PKI_CONTEXT(1))
			lint_mailbox(lint, name.body, false);
		else if (name.tag == PKI_CONTEXT_CONSTRUCTED(0))
			lint_other_name(lint, name.body);
		else
			lint_error(lint, "san-prohibited-name", "SBR 7.1.4.2.1",
			    "a name of the type [%d], which is no mailbox", name.tag & 0x1f);
	}
	if (lint->n_mailboxes == 0)
		lint_error(lint, "san-without-mailbox", "SBR 7.1.4.2.1", "there is no mailbox");
}

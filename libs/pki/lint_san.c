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

/* RFC 6761, RFC 7686 and names that networks use inside; "example" and "test" are let be. */
static bool
is_internal(struct cs_span domain)
{
	static const char *const tops[] = { "local", "localhost", "localdomain", "internal",
		"invalid", "onion", "home", "corp", "lan", "intranet", "private", "arpa", NULL };
	const uint8_t *dot = domain.len > 0 ? memrchr(domain.data, '.', domain.len) : NULL;

	if (dot == NULL)
		return true;
	for (size_t i = 0; tops[i] != NULL; i++)
		if (cs_span_is(
			cs_span_of(dot + 1, domain.len - (size_t)(dot + 1 - domain.data)), tops[i]))
			return true;
	return false;
}

static void
lint_internal(struct lint *lint, struct cs_span domain)
{
	if (is_internal(domain))
		lint_say(
		    lint, LINT_INTERNAL_DOMAIN_NAME, "nobody can own %s", lint_quote(lint, domain));
}

static void
lint_host(struct lint *lint, struct cs_span host)
{
	const char *text;

	if (!lint->profile->may_dns) {
		lint_say(lint, LINT_SAN_PROHIBITED_NAME, "a dNSName, which is no mailbox");
		return;
	}
	if (!is_domain(host)) {
		lint_say(lint, LINT_HOST_MALFORMED, "%s is not a host", lint_quote(lint, host));
		return;
	}
	lint_internal(lint, host);
	text = cs_arena_strndup(lint->arena, (const char *)host.data, host.len);
	for (size_t i = 0; i < lint->n_hosts; i++)
		if (strcmp(lint->hosts[i], text) == 0)
			lint_say(lint, LINT_HOST_MALFORMED, "a host is there twice");
	if (lint->n_hosts == LINT_MAILBOXES)
		lint_say(lint, LINT_HOST_MALFORMED, "more than 32 hosts");
	else
		lint->hosts[lint->n_hosts++] = text;
}

static void
lint_mailbox(struct lint *lint, struct cs_span text, bool utf8)
{
	bool ascii = true;

	if (!is_mailbox(text, &ascii)) {
		lint_say(
		    lint, LINT_MAILBOX_MALFORMED, "%s is not a mailbox", lint_quote(lint, text));
		return;
	}
	if (ascii == utf8)
		lint_say(lint, LINT_MAILBOX_WRONG_FORM,
		    "SmtpUTF8Mailbox is for local parts outside ASCII, rfc822Name for all others");
	const uint8_t *at = memchr(text.data, '@', text.len);
	lint_internal(lint, cs_span_of(at + 1, text.len - (size_t)(at + 1 - text.data)));
	const char *mailbox = cs_arena_strndup(lint->arena, (const char *)text.data, text.len);
	for (size_t i = 0; i < lint->n_mailboxes; i++)
		if (strcmp(lint->mailboxes[i], mailbox) == 0)
			lint_say(lint, LINT_MAILBOX_TWICE, "a mailbox is there twice");
	if (lint->n_mailboxes == LINT_MAILBOXES)
		lint_say(lint, LINT_MAILBOX_TOO_MANY, "more than 32 mailboxes");
	else
		lint->mailboxes[lint->n_mailboxes++] = mailbox;
}

static void
lint_other_name(struct lint *lint, struct cs_span body)
{
	struct cs_span oid, value, text;

	if (!pki_der_take(&body, PKI_OID, &oid) || !pki_der_oid_is(oid, PKI_OID_SMTP_UTF8)) {
		if (lint->profile->strict)
			lint_say(
			    lint, LINT_SAN_PROHIBITED_OTHER_NAME, "an otherName of another type");
		if (lint->profile->ours)
			lint_say(lint, LINT_SAN_NAME_NOT_OURS, "an otherName of another type");
		return;
	}
	if (!pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(0), &value) || body.len > 0 ||
	    !pki_der_take(&value, PKI_UTF8_STRING, &text) || value.len > 0) {
		lint_say(lint, LINT_MAILBOX_MALFORMED, "an SmtpUTF8Mailbox that is no UTF8String");
		return;
	}
	lint_mailbox(lint, text, true);
}

static void
lint_general_name(struct lint *lint, const struct pki_element *name)
{
	switch (name->tag) {
	case PKI_CONTEXT(1):
		lint_mailbox(lint, name->body, false);
		return;
	case PKI_CONTEXT_CONSTRUCTED(0):
		lint_other_name(lint, name->body);
		return;
	case PKI_CONTEXT(2):
		lint_host(lint, name->body);
		return;
	case PKI_CONTEXT_CONSTRUCTED(4):
		/* A directoryName of what the subject may hold is allowed; we look into none. */
		if (lint->profile->ours)
			lint_say(lint, LINT_SAN_NAME_NOT_OURS, "a directoryName");
		return;
	default:
		lint_say(lint, LINT_SAN_PROHIBITED_NAME,
		    "a name of the type [%d], which is no mailbox", name->tag & 0x1f);
	}
}

void
lint_alternative_names(struct lint *lint, struct cs_span value, bool critical)
{
	struct cs_span seq;
	struct pki_element name;

	if (critical != (lint->n_subject == 0))
		lint_say(
		    lint, LINT_SAN_CRITICALITY, "it is critical exactly when the subject is empty");
	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0) {
		lint_say(lint, LINT_EXTENSION_MALFORMED, "subjectAltName is no list");
		return;
	}
	while (pki_der_next(&seq, &name))
		lint_general_name(lint, &name);
	if (seq.len > 0)
		lint_say(lint, LINT_EXTENSION_MALFORMED, "subjectAltName is no list");
	if (lint->n_mailboxes == 0)
		lint_say(lint, LINT_SAN_WITHOUT_MAILBOX, "there is no mailbox");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* signature.c: the DKIM-Signature field (RFC 6376 3.5).  Whether a signature can count at all. */
#include <string.h>

#include "base/time.h"
#include "dkim/dkim.h"
#include "dkim/tags.h"
#include "smime/domain.h"

#define SELECTOR_MAX 128 /* octets */

static bool
refuse(struct dkim_signature *sig, const char *code, const char *clause, const char *text)
{
	return cs_refuse(
	    &sig->why, (struct cs_refusal){ .code = code,
			   .field = "DKIM-Signature",
			   .clause = clause,
			   .text = text,
			   .mend = "send from a mail server that signs as RFC 6376 says" });
}

static struct cs_span
value_of(const struct dkim_tags *tags, const char *name)
{
	const struct dkim_tag *tag = dkim_tags_find(tags, name);

	return tag == NULL ? (struct cs_span){ NULL, 0 } : tag->value;
}

static bool
read_algorithm(const struct dkim_tags *tags, struct dkim_signature *sig)
{
	const struct cs_span a = value_of(tags, "a");

	if (cs_span_is(a, "rsa-sha256"))
		sig->algorithm = DKIM_RSA_SHA256;
	else if (cs_span_is(a, "ed25519-sha256"))
		sig->algorithm = DKIM_ED25519_SHA256;
	else if (cs_span_is(a, "rsa-sha1"))
		return refuse(sig, "dkim-algorithm", "RFC 8301 3.1",
		    "the signature rests on SHA-1, which proves nothing");
	else
		return refuse(sig, "dkim-algorithm", "RFC 6376 3.3",
		    "the signature is of an algorithm that is not known");
	return true;
}

static bool
canon_named(struct cs_span name, enum dkim_canon *ret_canon)
{
	*ret_canon = cs_span_is(name, "relaxed") ? DKIM_RELAXED : DKIM_SIMPLE;
	return *ret_canon == DKIM_RELAXED || cs_span_is(name, "simple");
}

/* "relaxed/simple"; without a body's it is simple, without any both are. */
static bool
read_canon(const struct dkim_tags *tags, struct dkim_signature *sig)
{
	const struct cs_span c = value_of(tags, "c");
	const uint8_t *slash = c.len > 0 ? memchr(c.data, '/', c.len) : NULL;

	if (dkim_tags_find(tags, "c") == NULL)
		return true;
	const size_t len = slash == NULL ? c.len : (size_t)(slash - c.data);
	if (!canon_named((struct cs_span){ c.data, len }, &sig->header_canon) ||
	    (slash != NULL &&
		!canon_named((struct cs_span){ slash + 1, c.len - len - 1 }, &sig->body_canon)))
		return refuse(sig, "dkim-canonicalization", "RFC 6376 3.4",
		    "the canonicalization is not known");
	return true;
}

/* Labels of letters, digits, hyphens and underscores: what is looked up below _domainkey. */
static const char *
selector_of(struct cs_arena *arena, struct cs_span s)
{
	size_t label = 0;

	if (s.len == 0 || s.len > SELECTOR_MAX)
		return NULL;
	char *text = cs_arena_strndup(arena, (const char *)s.data, s.len);

	for (size_t i = 0; i < s.len; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] | 0x20);
		const bool good = (text[i] >= 'a' && text[i] <= 'z') ||
				  (text[i] >= '0' && text[i] <= '9') || text[i] == '-' ||
				  text[i] == '_';

		if (!good && (text[i] != '.' || label == 0))
			return NULL;
		label = good ? label + 1 : 0;
		if (label > 63)
			return NULL;
	}
	return label == 0 ? NULL : text;
}

static bool
read_owner(struct cs_arena *arena, const struct dkim_tags *tags, struct dkim_signature *sig)
{
	struct cs_refusal why;

	if (!smime_domain_spell(arena, value_of(tags, "d"), &sig->domain, &why))
		return refuse(sig, "dkim-domain", "RFC 6376 3.5, RFC 8616 4",
		    "d= is not the name of a domain");
	sig->selector = selector_of(arena, value_of(tags, "s"));
	if (sig->selector == NULL)
		return refuse(sig, "dkim-domain", "RFC 6376 3.5",
		    "s= is not a selector of letters and digits");
	sig->owner = cs_arena_printf(arena, "%s._domainkey.%s", sig->selector, sig->domain);
	if (strlen(sig->owner) > DKIM_OWNER_MAX)
		return refuse(
		    sig, "dkim-domain", "RFC 1035 2.3.4", "the name of the key is too long");
	return true;
}

/* 3.5: i= is in the domain of d= or below it. */
static bool
read_identity(struct cs_arena *arena, const struct dkim_tags *tags, struct dkim_signature *sig)
{
	const struct dkim_tag *tag = dkim_tags_find(tags, "i");
	struct cs_refusal why;
	const char *domain;

	if (tag == NULL)
		return true;
	const struct cs_span i = dkim_tag_compact(arena, tag->value);
	const uint8_t *at = i.len > 0 ? memrchr(i.data, '@', i.len) : NULL;

	if (at == NULL ||
	    !smime_domain_spell(
		arena, cs_span_of(at + 1, (size_t)(i.data + i.len - at) - 1), &domain, &why) ||
	    !smime_domain_is_under(domain, sig->domain))
		return refuse(
		    sig, "dkim-identity", "RFC 6376 3.5", "i= is not in the domain of d=");
	sig->identity_below = strcmp(domain, sig->domain) != 0;
	return true;
}

static bool
read_names(struct cs_arena *arena, const struct dkim_tags *tags, struct dkim_signature *sig)
{
	struct cs_span *names = CS_NEW_ARRAY(arena, DKIM_NAMES_MAX, struct cs_span);
	struct cs_span rest = value_of(tags, "h"), name;
	bool from = false;

	sig->names = names;
	while (dkim_tag_next(&rest, &name)) {
		if (name.len == 0 || name.len > DKIM_NAME_MAX || sig->names_len == DKIM_NAMES_MAX)
			return refuse(sig, "dkim-headers", "RFC 6376 3.5",
			    "h= is not a list of names, or too long");
		from = from || cs_span_is_nocase(name, "from");
		names[sig->names_len++] = name;
	}
	return from || refuse(sig, "dkim-from", "RFC 6376 5.4",
			   "the signature does not cover who the mail is from");
}

static bool
read_times(const struct dkim_tags *tags, struct dkim_signature *sig)
{
	const bool has_t = dkim_tags_find(tags, "t") != NULL;
	const bool has_x = dkim_tags_find(tags, "x") != NULL;
	int64_t t = 0, x = 0;

	if ((has_t && !dkim_tag_number(value_of(tags, "t"), &t)) ||
	    (has_x && (!dkim_tag_number(value_of(tags, "x"), &x) || x <= t)))
		return refuse(sig, "dkim-time", "RFC 6376 3.5",
		    "t= or x= is not a time, or it ends before it begins");
	sig->signed_ms = t * CS_SECOND_MS;
	sig->expires_ms = x * CS_SECOND_MS;
	return true;
}

static bool
read_octets(struct cs_arena *arena, const struct dkim_tags *tags, struct dkim_signature *sig)
{
	const struct dkim_tag *b = dkim_tags_find(tags, "b");

	if (b == NULL || !dkim_tag_base64(arena, b->value, &sig->signature) ||
	    !dkim_tag_base64(arena, value_of(tags, "bh"), &sig->body_hash) ||
	    sig->body_hash.len != 32)
		return refuse(sig, "dkim-base64", "RFC 6376 3.5",
		    "b= is not base64, or bh= is not that of 32 octets");
	sig->hole = b->raw;
	return true;
}

static bool
judge(struct cs_arena *arena, struct dkim_signature *sig)
{
	struct dkim_tags tags;

	if (!dkim_tags_read(sig->field->value, &tags))
		return refuse(sig, "dkim-tags", "RFC 6376 3.2",
		    "the signature is not a list of tags with values");
	if (!cs_span_is(value_of(&tags, "v"), "1"))
		return refuse(
		    sig, "dkim-version", "RFC 6376 3.5", "the signature is not version 1");
	if (!read_owner(arena, &tags, sig) || !read_algorithm(&tags, sig) ||
	    !read_canon(&tags, sig) || !read_identity(arena, &tags, sig) ||
	    !read_names(arena, &tags, sig))
		return false;
	if (dkim_tags_find(&tags, "l") != NULL)
		return refuse(sig, "dkim-length", "RFC 6376 8.2",
		    "the signature covers only the beginning of the mail (l=)");
	if (dkim_tags_find(&tags, "q") != NULL && !dkim_tag_lists(value_of(&tags, "q"), "dns/txt"))
		return refuse(
		    sig, "dkim-query", "RFC 6376 3.5", "the key is not published in DNS (q=)");
	return read_times(&tags, sig) && read_octets(arena, &tags, sig);
}

size_t
dkim_signatures_read(struct cs_arena *arena, const struct dkim_mail *mail,
    const struct dkim_signature **ret_signatures)
{
	struct dkim_signature *sigs =
	    CS_NEW_ARRAY(arena, DKIM_SIGNATURES_MAX, struct dkim_signature);
	size_t n = 0;

	for (size_t i = 0; i < mail->fields_len && n < DKIM_SIGNATURES_MAX; i++) {
		if (!cs_span_is_nocase(mail->fields[i].name, "dkim-signature"))
			continue;
		sigs[n].field = &mail->fields[i];
		(void)!judge(arena, &sigs[n]);
		n++;
	}
	*ret_signatures = sigs;
	return n;
}

bool
dkim_covers(const struct dkim_mail *mail, const struct dkim_signature *signature, bool absent_too,
    const char **ret_missing)
{
	static const char *const wanted[] = { "From", "Sender", "Reply-To", "To", "CC", "Subject",
		"Date", "In-Reply-To", "References", "Message-ID", "Content-Type",
		"Content-Transfer-Encoding" };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		const size_t there = dkim_mail_count(mail, cs_span_str(wanted[i]));
		size_t listed = 0;

		for (size_t k = 0; k < signature->names_len; k++)
			listed += cs_span_is_nocase(signature->names[k], wanted[i]);
		if (listed < there || (absent_too && listed == 0)) {
			*ret_missing = wanted[i];
			return false;
		}
	}
	return true;
}

const char *
dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithm == DKIM_ED25519_SHA256 ? "ed25519-sha256" : "rsa-sha256";
}

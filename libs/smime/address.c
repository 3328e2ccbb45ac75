/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/address.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "smime/domain.h"
#include "smime/script.h"

static bool
refuse(struct cs_refusal *ret_why, const char *clause, const char *text, const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = "mailbox-syntax",
				      .field = "mailbox",
				      .clause = clause,
				      .text = text,
				      .mend = mend });
}

/* Characters by which mail systems quote, comment, route or hide; one sentence for each. */
static const struct {
	uint8_t octet;
	const char *clause, *text, *mend;
} refused[] = {
	{ '"', "RFC 5321 4.1.2", "a quoted local part", "use the mailbox's plain name" },
	{ '\\', "RFC 5321 4.1.2", "a backslash", "use the mailbox's plain name" },
	{ '(', "RFC 5322 3.2.2", "a comment", "remove the parentheses" },
	{ ')', "RFC 5322 3.2.2", "a comment", "remove the parentheses" },
	{ '<', "SBR 1.6.1 Mailbox Address", "angle brackets or a display name",
	    "give only the address" },
	{ '>', "SBR 1.6.1 Mailbox Address", "angle brackets or a display name",
	    "give only the address" },
	{ ',', "RFC 5321 4.1.2", "a list of addresses or a source route", "give one address" },
	{ ';', "RFC 5321 4.1.2", "a list or a group of addresses", "give one address" },
	{ ':', "RFC 5321 4.1.2", "a source route, a group or a URL", "give only the address" },
	{ '[', "RFC 5321 4.1.3", "an address literal", "use the mailbox's domain" },
	{ ']', "RFC 5321 4.1.3", "an address literal", "use the mailbox's domain" },
	{ '%', "RFC 5321 3.6.1", "a route in the local part (%)",
	    "use the mailbox at its own domain" },
	{ '!', "RFC 5321 3.6.1", "a route in the local part (!)",
	    "use the mailbox at its own domain" },
	{ ' ', "RFC 5321 4.1.2", "a space", "remove the spaces" },
};

/* RFC 5322 3.2.3 atext, without '%' and '!'. */
static bool
is_atom_octet(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("#$&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
judge_octet(uint8_t c, struct cs_refusal *ret_why)
{
	if (is_atom_octet(c) || c == '.' || c >= 0x80)
		return true;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (c == refused[i].octet)
			return refuse(ret_why, refused[i].clause, refused[i].text, refused[i].mend);
	return refuse(
	    ret_why, "RFC 5321 4.1.2", "a control character", "type the address again by hand");
}

static bool
judge_dots(struct cs_span local, struct cs_refusal *ret_why)
{
	if (local.data[0] == '.' || local.data[local.len - 1] == '.' ||
	    memmem(local.data, local.len, "..", 2) != NULL)
		return refuse(ret_why, "RFC 5321 4.1.2",
		    "the local part starts or ends with a dot, or has two in a row",
		    "give the address as the mail system knows it");
	return true;
}

static bool
judge_utf8(struct cs_span local, struct cs_refusal *ret_why)
{
	if (!cs_utf8_valid(local))
		return refuse(ret_why, "RFC 6532 3.1", "the local part is not valid UTF-8",
		    "send it as UTF-8");
	const char *fault = smime_script_fault(local);
	if (fault != NULL)
		return refuse(
		    ret_why, "RFC 9598 3, UTS 39 5.2", fault, "type the address again by hand");
	return true;
}

static bool
is_ascii(struct cs_span span)
{
	for (size_t i = 0; i < span.len; i++)
		if (span.data[i] >= 0x80)
			return false;
	return true;
}

static bool
judge_local(struct cs_span local, struct cs_refusal *ret_why)
{
	if (local.len == 0)
		return refuse(ret_why, "RFC 5321 4.1.2", "nothing stands before the @",
		    "give the whole address");
	if (local.len > SMIME_LOCAL_MAX)
		return refuse(ret_why, "RFC 5321 4.5.3.1.1",
		    "the local part is longer than 64 octets", "use a shorter mailbox");
	for (size_t i = 0; i < local.len; i++)
		if (!judge_octet(local.data[i], ret_why))
			return false;
	/* Mail systems were taken over by decoding "=?x?q?...?=" into another address. */
	if (memmem(local.data, local.len, "=?", 2) != NULL)
		return refuse(ret_why, "RFC 2047 5", "an encoded word", "write the address itself");
	if (!judge_dots(local, ret_why))
		return false;
	return is_ascii(local) || judge_utf8(local, ret_why);
}

static bool
split(struct cs_span text, struct cs_span *ret_local, struct cs_span *ret_domain,
    struct cs_refusal *ret_why)
{
	const uint8_t *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;

	if (at == NULL)
		return refuse(ret_why, "RFC 5321 4.1.2", "there is no @", "give the whole address");
	const size_t local_len = (size_t)(at - text.data);
	const struct cs_span rest = { at + 1, text.len - local_len - 1 };
	if (rest.len > 0 && memchr(rest.data, '@', rest.len) != NULL)
		return refuse(
		    ret_why, "RFC 5321 4.1.2", "there is more than one @", "give one address");
	*ret_local = (struct cs_span){ text.data, local_len };
	*ret_domain = rest;
	return true;
}

static bool
spell_domain(struct cs_arena *arena, struct cs_span text, const char **ret_domain,
    struct cs_refusal *ret_why)
{
	struct cs_refusal why;

	if (smime_domain_spell(arena, text, ret_domain, &why))
		return true;
	why.code = "mailbox-domain";
	why.field = "mailbox";
	return cs_refuse(ret_why, why);
}

bool
smime_address_parse(struct cs_arena *arena, struct cs_span text, struct smime_address *ret_address,
    struct cs_refusal *ret_why)
{
	struct cs_span local, domain_text;
	const char *domain;

	if (!split(text, &local, &domain_text, ret_why) || !judge_local(local, ret_why) ||
	    !spell_domain(arena, domain_text, &domain, ret_why))
		return false;
	if (local.len + 1 + strlen(domain) > SMIME_ADDRESS_MAX)
		return refuse(ret_why, "RFC 5321 4.5.3.1.3",
		    "the address is longer than 254 octets", "use a shorter mailbox");
	const char *local_text = cs_arena_strndup(arena, (const char *)local.data, local.len);
	*ret_address = (struct smime_address){
		.local = local_text,
		.domain = domain,
		.canonical = cs_arena_printf(arena, "%s@%s", local_text, domain),
		.utf8_local = !is_ascii(local),
	};
	return true;
}

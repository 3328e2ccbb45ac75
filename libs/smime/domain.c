/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libidn2 maps full-width and upper-case letters and other dots before it looks at them; the answer
 * is judged again below, so whatever it made of the input is letters, digits and hyphens.  Its
 * IDN2_USE_STD3_ASCII_RULES drops characters instead of refusing them and must never be used here.
 */
#include "smime/domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "smime/address.h"

struct smime_psl {
	psl_ctx_t *ctx; /* owned */
};

enum cs_code
smime_psl_load(const char *path, struct smime_psl **ret_psl, struct cs_err *err)
{
	psl_ctx_t *ctx;

	if (path == NULL) {
		ctx = psl_latest(NULL);
		if (ctx == NULL)
			return cs_fail(err, CS_NOT_FOUND, "libpsl has no built-in list");
	} else {
		ctx = psl_load_file(path);
		if (ctx == NULL)
			return cs_fail(err, access(path, R_OK) != 0 ? CS_NOT_FOUND : CS_MALFORMED,
			    "cannot read the public suffix list %s", path);
	}
	/* A file that is something else loads as an empty list, under which all names look private. */
	if (!psl_is_public_suffix2(ctx, "com", PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)) {
		psl_free(ctx);
		return cs_fail(err, CS_MALFORMED, "%s is not a public suffix list",
		    path == NULL ? "the built-in list" : path);
	}
	struct smime_psl *psl = calloc(1, sizeof(*psl));
	cs_assert(psl != NULL);
	psl->ctx = ctx;
	*ret_psl = psl;
	return CS_OK;
}

void
smime_psl_free(struct smime_psl *psl)
{
	if (psl == NULL)
		return;
	psl_free(psl->ctx);
	free(psl);
}

static bool
refuse(struct cs_refusal *ret_why, const char *clause, const char *text, const char *mend)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = "domain-syntax",
				      .field = "domain",
				      .clause = clause,
				      .text = text,
				      .mend = mend });
}

/* What can be said of the input before libidn2 sees it; one sentence for each usual mistake. */
static const struct {
	uint8_t octet;
	const char *text, *mend;
} common_mistakes[] = {
	{ '*', "a wildcard is not the name of a domain", "give the domain itself" },
	{ '_', "an underscore cannot stand in a domain name",
	    "give the domain without service labels" },
	{ ':', "this looks like a URL, a port or an IPv6 address", "give only the domain name" },
	{ '/', "this looks like a URL", "give only the domain name" },
	{ '@', "this looks like a mail address", "give what follows the @" },
	{ ' ', "a domain name has no spaces", "remove the spaces" },
	{ '[', "an address literal is not a domain name", "give a domain name" },
};

static bool
judge_octet(uint8_t octet, struct cs_refusal *ret_why)
{
	if (octet >= 0x80 || (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') ||
	    (octet >= 'A' && octet <= 'Z') || octet == '-' || octet == '.')
		return true;
	for (size_t i = 0; i < sizeof(common_mistakes) / sizeof(common_mistakes[0]); i++)
		if (octet == common_mistakes[i].octet)
			return refuse(ret_why, "RFC 5321 4.1.2", common_mistakes[i].text,
			    common_mistakes[i].mend);
	return refuse(ret_why, "RFC 5321 4.1.2", "a character that cannot stand in a domain name",
	    "use letters, digits, hyphens and dots");
}

static bool
judge_raw(struct cs_span text, struct cs_refusal *ret_why)
{
	if (text.len == 0)
		return refuse(
		    ret_why, "RFC 1035 2.3.1", "the domain is empty", "give a domain name");
	/* A U-label takes up to four octets where its A-label takes one or more: no honest name is longer. */
	if (text.len > 4 * SMIME_DOMAIN_MAX)
		return refuse(ret_why, "RFC 1035 2.3.4", "the domain is longer than 253 octets",
		    "give a shorter one");
	for (size_t i = 0; i < text.len; i++)
		if (!judge_octet(text.data[i], ret_why))
			return false;
	if (!cs_utf8_valid(text))
		return refuse(
		    ret_why, "RFC 3629", "the domain is not valid UTF-8", "send it as UTF-8");
	if (text.data[text.len - 1] == '.')
		return refuse(
		    ret_why, "RFC 5321 4.1.2", "the domain ends with a dot", "remove the last dot");
	return true;
}

/*
 * libidn2 maps these to the full stop (UTS 46) or to nothing.  A name in which they stand looks like
 * another one, so they are refused instead of mapped.
 */
static bool
holds_disguise(struct cs_span text)
{
	static const char *const disguises[] = {
		"\xe3\x80\x82", "\xef\xbc\x8e",
		"\xef\xbd\xa1", /* U+3002, U+FF0E, U+FF61: other dots */
		"\xc2\xad", "\xe2\x80\x8b",
		"\xe2\x81\xa0",             /* soft hyphen, zero width space, word joiner */
		"\xef\xbb\xbf", "\xcd\x8f", /* byte order mark, grapheme joiner */
	};

	for (size_t i = 0; i < sizeof(disguises) / sizeof(disguises[0]); i++)
		if (memmem(text.data, text.len, disguises[i], strlen(disguises[i])) != NULL)
			return true;
	return false;
}

static bool
judge_label(const char *label, size_t len, struct cs_refusal *ret_why)
{
	if (len == 0)
		return refuse(
		    ret_why, "RFC 1035 2.3.1", "the domain has an empty label", "remove a dot");
	if (len > 63)
		return refuse(ret_why, "RFC 1035 2.3.4",
		    "a label of the domain is longer than 63 octets", "give a shorter name");
	if (label[0] == '-' || label[len - 1] == '-')
		return refuse(ret_why, "RFC 5890 2.3.1", "a label starts or ends with a hyphen",
		    "remove the hyphen");
	if (len >= 4 && label[2] == '-' && label[3] == '-' && strncmp(label, "xn", 2) != 0)
		return refuse(ret_why, "RFC 5891 4.2.3.1",
		    "a label has hyphens in its third and fourth place",
		    "give the name as registered");
	for (size_t i = 0; i < len; i++)
		if (!((label[i] >= 'a' && label[i] <= 'z') ||
			(label[i] >= '0' && label[i] <= '9') || label[i] == '-'))
			return refuse(ret_why, "RFC 5890 2.3.1",
			    "a character that cannot stand in a domain name",
			    "use letters, digits, hyphens and dots");
	return true;
}

static bool
is_number(const char *label)
{
	if (label[0] == '0' && label[1] == 'x')
		return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

/* `name` is what libidn2 made of the input: judged as if it were hostile, too. */
static bool
judge_labels(const char *name, struct cs_refusal *ret_why)
{
	if (strlen(name) > SMIME_DOMAIN_MAX)
		return refuse(ret_why, "RFC 1035 2.3.4", "the domain is longer than 253 octets",
		    "give a shorter one");
	for (const char *label = name; label != NULL;) {
		const char *dot = strchr(label, '.');

		if (!judge_label(
			label, dot != NULL ? (size_t)(dot - label) : strlen(label), ret_why))
			return false;
		label = dot != NULL ? dot + 1 : NULL;
	}
	const char *last = strrchr(name, '.');
	/* Resolvers and URL parsers read 1.2.3.4, 127.1 and 0x7f000001 as addresses. */
	if (is_number(last != NULL ? last + 1 : name))
		return refuse(ret_why, "RFC 3696 2", "an IP address is not a domain name",
		    "give the domain name of the mail system");
	if (last == NULL)
		return refuse(ret_why, "SBR 1.6.1", "the domain is a single label",
		    "give the full name, with its top-level domain");
	return true;
}

/* ASCII letters only: other capitals are mapping, and mapping is refused. */
static char *
lower_ascii(struct cs_arena *arena, struct cs_span text)
{
	char *lower = cs_arena_strndup(arena, (const char *)text.data, text.len);

	for (size_t i = 0; i < text.len; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] += 'a' - 'A';
	return lower;
}

static int
lookup(struct cs_arena *arena, const char *input, int flags, const char **ret_name)
{
	uint8_t *name = NULL;
	int rc = idn2_lookup_u8((const uint8_t *)input, &name, flags);

	cs_assert(rc != IDN2_MALLOC);
	if (rc == IDN2_OK)
		*ret_name = cs_arena_strdup(arena, (const char *)name);
	idn2_free(name);
	return rc;
}

/*
 * Asked twice, with and without the mappings of UTS 46: where the answers differ, the input was not
 * the name but something that merely becomes it (full-width letters, ligatures, capitals, letters
 * beside their accents).
 */
static bool
to_a_labels(
    struct cs_arena *arena, const char *input, const char **ret_name, struct cs_refusal *ret_why)
{
	const char *mapped, *strict;
	int rc = lookup(arena, input, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL, &mapped);

	if (rc == IDN2_TOO_BIG_DOMAIN || rc == IDN2_TOO_BIG_LABEL)
		return refuse(ret_why, "RFC 1035 2.3.4", "the domain or a label of it is too long",
		    "give a shorter name");
	if (rc != IDN2_OK)
		return refuse(ret_why, "RFC 5891 4.2",
		    cs_arena_printf(
			arena, "not an internationalized domain name: %s", idn2_strerror(rc)),
		    "give the name as it is registered");
	if (lookup(arena, input, IDN2_NO_TR46, &strict) != IDN2_OK || strcmp(mapped, strict) != 0)
		return refuse(ret_why, "RFC 5895",
		    "the domain has characters that only stand for others, as capitals, full-width letters or loose accents",
		    "write it in its plain lower-case form");
	*ret_name = mapped;
	return true;
}

/*
 * Letters, digits, hyphens and dots without a reserved label ("xn--"): IDNA leaves these alone, and
 * nearly every name is one.  libidn2 would say so too, after a hundred times as long.
 */
static bool
is_plain(const char *lower)
{
	for (const char *at = lower; *at != '\0'; at++)
		if ((uint8_t)*at >= 0x80 || (at[0] == '-' && at[1] == '-'))
			return false;
	return true;
}

bool
smime_domain_spell(
    struct cs_arena *arena, struct cs_span text, const char **ret_name, struct cs_refusal *ret_why)
{
	const char *name;

	if (!judge_raw(text, ret_why))
		return false;
	name = lower_ascii(arena, text);
	const bool plain = is_plain(name);
	if (!plain && holds_disguise(text))
		return refuse(ret_why, "RFC 5892 2.6", "an invisible character or a disguised dot",
		    "type the name again by hand");
	if ((!plain && !to_a_labels(arena, name, &name, ret_why)) || !judge_labels(name, ret_why))
		return false;
	*ret_name = name;
	return true;
}

/*
 * IANA "Special-Use Domain Names" and, with internal, what ICANN keeps out of the root: nobody can
 * prove anything about them (TBR 1.6.1 Internal Name).
 */
static const char *const special_names[] = {
	"alt",
	"arpa",
	"internal",
	"invalid",
	"local",
	"localhost",
	"onion",
	"test",
};
static const char *const documentation_names[] = {
	"example",
	"example.com",
	"example.net",
	"example.org",
};

static const char *
under_one_of(const char *name, const char *const *parents, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (smime_domain_is_under(name, parents[i]))
			return parents[i];
	return NULL;
}
#define UNDER(name, list) under_one_of((name), (list), sizeof(list) / sizeof((list)[0]))

static bool
refuse_suffix(
    struct cs_arena *arena, const char *name, const char *text, struct cs_refusal *ret_why)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = "domain-suffix",
				      .field = "domain",
				      .clause = "SBR 3.2.2, TBR 1.6.1 Base Domain Name",
				      .text = cs_arena_printf(arena, "%s %s", name, text),
				      .mend = "give a name that you registered" });
}

static bool
judge_suffix(struct cs_arena *arena, const char *name, const struct smime_psl *psl, unsigned flags,
    struct cs_refusal *ret_why)
{
	const int known = PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE;
	const char *top = strrchr(name, '.') + 1;

	if (psl_is_public_suffix2(psl->ctx, name, known))
		return refuse_suffix(arena, name,
		    "is a public suffix, under which everybody may register names", ret_why);
	if ((flags & SMIME_REFUSE_PRIVATE_SUFFIX) != 0 &&
	    psl_is_public_suffix2(psl->ctx, name, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE))
		return refuse_suffix(
		    arena, name, "is shared by the customers of a hosting service", ret_why);
	if (!psl_is_public_suffix2(psl->ctx, top, known) &&
	    UNDER(name, documentation_names) == NULL)
		return refuse_suffix(arena, name, "is under no public top-level domain", ret_why);
	return true;
}

bool
smime_domain_judge(struct cs_arena *arena, const char *name, const struct smime_psl *psl,
    unsigned flags, struct cs_refusal *ret_why)
{
	const char *special = UNDER(name, special_names);

	if (special == NULL && (flags & SMIME_REFUSE_DOCUMENTATION) != 0)
		special = UNDER(name, documentation_names);
	if (special != NULL)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ .code = "domain-special",
				 .field = "domain",
				 .clause = "RFC 6761",
				 .text = cs_arena_printf(
				     arena, "%s is under the special-use name %s", name, special),
				 .mend = "give a name of the public DNS" });
	return judge_suffix(arena, name, psl, flags, ret_why);
}

bool
smime_domain_parse(struct cs_arena *arena, struct cs_span text, const struct smime_psl *psl,
    unsigned flags, const char **ret_name, struct cs_refusal *ret_why)
{
	const char *name;

	if (!smime_domain_spell(arena, text, &name, ret_why) ||
	    !smime_domain_judge(arena, name, psl, flags, ret_why))
		return false;
	*ret_name = name;
	return true;
}

const char *
smime_domain_registrable(const struct smime_psl *psl, const char *name)
{
	return psl_registrable_domain(psl->ctx, name);
}

bool
smime_domain_is_under(const char *child, const char *parent)
{
	size_t child_len = strlen(child), parent_len = strlen(parent);

	if (parent_len == 0 || child_len < parent_len ||
	    strcmp(child + child_len - parent_len, parent) != 0)
		return false;
	return child_len == parent_len || child[child_len - parent_len - 1] == '.';
}

const char *
smime_domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : NULL;
}

const char *
smime_domain_display(struct cs_arena *arena, const char *name)
{
	char *unicode = NULL;

	if (idn2_to_unicode_8z8z(name, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return name;
	const char *shown = cs_arena_strdup(arena, unicode);
	idn2_free(unicode);
	return shown;
}

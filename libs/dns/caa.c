/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/caa.h"

#include "base/text.h"

#define CRITICAL \
	0x80 /* RFC 8659 4.1: bit 0 is the most significant; 1 is a common mistake, and ignored */
#define SHOWN 512 /* octets of a record's text */
#define SHOWN_TAG 64

/* --- the grammar of values: RFC 8659 4.2 ----------------------------------------------------- */

enum state {
	BAD, /* first, so that what the table does not name is this */
	START,
	LABEL,
	LABEL_HYPHEN,
	LABEL_DOT,
	ISSUER_END,
	FIRST, /* after the ';' of the issuer: parameters may follow */
	TAG,
	TAG_HYPHEN,
	TAG_END,
	EQUALS,
	VALUE,
	VALUE_END,
	NEXT, /* after the ';' of a parameter: another one must follow */
	STATES
};

enum kind { CONTROL, BLANK, ALNUM, HYPHEN, DOT, SEMICOLON, EQUAL_SIGN, VISIBLE, KINDS };

/* One step an octet and no way back: a hostile value costs its length, no more. */
static const uint8_t moves[STATES][KINDS] = {
	[START] = { [BLANK] = START, [ALNUM] = LABEL, [SEMICOLON] = FIRST },
	[LABEL] = { [BLANK] = ISSUER_END,
	    [ALNUM] = LABEL,
	    [HYPHEN] = LABEL_HYPHEN,
	    [DOT] = LABEL_DOT,
	    [SEMICOLON] = FIRST },
	[LABEL_HYPHEN] = { [ALNUM] = LABEL, [HYPHEN] = LABEL_HYPHEN },
	[LABEL_DOT] = { [ALNUM] = LABEL },
	[ISSUER_END] = { [BLANK] = ISSUER_END, [SEMICOLON] = FIRST },
	[FIRST] = { [BLANK] = FIRST, [ALNUM] = TAG },
	[TAG] = { [BLANK] = TAG_END, [ALNUM] = TAG, [HYPHEN] = TAG_HYPHEN, [EQUAL_SIGN] = EQUALS },
	[TAG_HYPHEN] = { [ALNUM] = TAG, [HYPHEN] = TAG_HYPHEN },
	[TAG_END] = { [BLANK] = TAG_END, [EQUAL_SIGN] = EQUALS },
	[EQUALS] = { [BLANK] = EQUALS,
	    [ALNUM] = VALUE,
	    [HYPHEN] = VALUE,
	    [DOT] = VALUE,
	    [SEMICOLON] = NEXT,
	    [EQUAL_SIGN] = VALUE,
	    [VISIBLE] = VALUE },
	[VALUE] = { [BLANK] = VALUE_END,
	    [ALNUM] = VALUE,
	    [HYPHEN] = VALUE,
	    [DOT] = VALUE,
	    [SEMICOLON] = NEXT,
	    [EQUAL_SIGN] = VALUE,
	    [VISIBLE] = VALUE },
	[VALUE_END] = { [BLANK] = VALUE_END, [SEMICOLON] = NEXT },
	[NEXT] = { [BLANK] = NEXT, [ALNUM] = TAG },
};

static const bool may_end[STATES] = { [START] = true,
	[LABEL] = true,
	[ISSUER_END] = true,
	[FIRST] = true,
	[EQUALS] = true,
	[VALUE] = true,
	[VALUE_END] = true };

static bool
alnum(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
	       (octet >= 'a' && octet <= 'z');
}

static enum kind
kind_of(uint8_t octet)
{
	if (alnum(octet))
		return ALNUM;
	switch (octet) {
	case ' ':
	case '\t':
		return BLANK;
	case '-':
		return HYPHEN;
	case '.':
		return DOT;
	case ';':
		return SEMICOLON;
	case '=':
		return EQUAL_SIGN;
	default:
		return octet > ' ' && octet < 0x7f ? VISIBLE : CONTROL;
	}
}

/* Makes `span` reach up to and including `at`, from there if it is still empty. */
static void
extend(struct cs_span *span, const uint8_t *at)
{
	if (span->data == NULL)
		span->data = at;
	span->len = (size_t)(at - span->data) + 1;
}

/* What an octet that led from one state to the next belongs to.  False: one parameter too many. */
static bool
keep(struct caa_value *value, enum state from, enum state to, const uint8_t *at)
{
	if (to == LABEL)
		extend(&value->issuer, at);
	if (to == TAG && (from == FIRST || from == NEXT)) {
		if (value->parameters_len == CAA_MAX_PARAMETERS)
			return false;
		value->parameters_len++;
	}
	if (to == TAG)
		extend(&value->parameters[value->parameters_len - 1].tag, at);
	if (to == VALUE)
		extend(&value->parameters[value->parameters_len - 1].value, at);
	return true;
}

bool
caa_value_parse(struct cs_span text, struct caa_value *ret_value)
{
	struct caa_value value = { 0 };
	enum state state = START;

	for (size_t i = 0; i < text.len && state != BAD; i++) {
		enum state next = moves[state][kind_of(text.data[i])];

		value.steps++;
		state = keep(&value, state, next, text.data + i) ? next : BAD;
	}
	*ret_value = value;
	return may_end[state];
}

/* --- parameters: RFC 8657 -------------------------------------------------------------------- */

static bool
ours(const struct caa_question *question, struct cs_span issuer)
{
	for (size_t i = 0; i < question->issuers_len; i++)
		if (cs_span_is_nocase(issuer, question->issuers[i]))
			return true;
	return false;
}

/* The methods that this label permits, a bit each. */
static uint32_t
permitted_by(const struct caa_question *question, struct cs_span label)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < question->methods_len; i++)
		for (const char *const *own = question->methods[i].labels; *own != NULL; own++)
			if (cs_span_is(label, *own))
				bits |= UINT32_C(1) << i;
	return bits;
}

/*
 * RFC 8657 4: [*(label ",") label].  Outside the grammar it permits nothing; labels are lower case.
 */
static uint32_t
methods_listed(const struct caa_question *question, struct cs_span list)
{
	struct cs_span label = { list.data, 0 };
	uint32_t bits = 0;

	for (size_t i = 0; i <= list.len; i++) {
		if (i < list.len && list.data[i] != ',') {
			if (!alnum(list.data[i]) && list.data[i] != '-')
				return 0;
			label.len++;
			continue;
		}
		if (label.len == 0)
			return 0;
		bits |= permitted_by(question, label);
		if (i < list.len)
			label = (struct cs_span){ list.data + i + 1, 0 };
	}
	return bits;
}

/* Names may be proved by several methods: each must be permitted. */
static bool
all_listed(const struct caa_question *question, struct cs_span list)
{
	uint64_t all = (UINT64_C(1) << question->methods_len) - 1;

	cs_assert(question->methods_len <= CAA_MAX_METHODS);
	return all != 0 && methods_listed(question, list) == all;
}

enum known { UNKNOWN, ACCOUNT, METHODS, KNOWN };

static enum known
known_parameter(struct cs_span tag)
{
	if (cs_span_is_nocase(tag, "accounturi"))
		return ACCOUNT;
	return cs_span_is_nocase(tag, "validationmethods") ? METHODS : UNKNOWN;
}

/*
 * SBR 4.2.2.1 leaves other parameters to the CA: a condition that we do not understand is not met.
 */
static enum caa_effect
parameter_effect(const struct caa_question *question, struct cs_span tag, struct cs_span value)
{
	switch (known_parameter(tag)) {
	case ACCOUNT:
		return question->account_uri != NULL && cs_span_is(value, question->account_uri)
			   ? CAA_FITS
			   : CAA_OTHER_ACCOUNT;
	case METHODS:
		return all_listed(question, value) ? CAA_FITS : CAA_OTHER_METHOD;
	default:
		return CAA_UNKNOWN_PARAMETER;
	}
}

/* The first parameter that does not fit decides. */
static enum caa_effect
parameters_effect(const struct caa_question *question, const struct caa_value *value,
    struct cs_span *ret_parameter)
{
	bool seen[KNOWN] = { false };

	for (size_t i = 0; i < value->parameters_len; i++) {
		struct cs_span tag = value->parameters[i].tag;
		enum known known = known_parameter(tag);
		enum caa_effect effect =
		    parameter_effect(question, tag, value->parameters[i].value);

		if (known != UNKNOWN && seen[known])
			effect = CAA_DOUBLE_PARAMETER;
		seen[known] = true;
		if (effect != CAA_FITS) {
			*ret_parameter = tag;
			return effect;
		}
	}
	return CAA_FITS;
}

/* --- one record ------------------------------------------------------------------------------ */

static const char *const tags[] = {
	[CAA_ISSUEMAIL] = "issuemail", [CAA_ISSUE] = "issue", [CAA_ISSUEWILD] = "issuewild"
};

/* Those whose critical flag does not stop us, because we know what they mean. */
static bool
understood(struct cs_span tag)
{
	static const char *const others[] = { "iodef", "contactemail", "contactphone" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (cs_span_is_nocase(tag, tags[i]))
			return true;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (cs_span_is_nocase(tag, others[i]))
			return true;
	return false;
}

/* flags(1) tag-length(1) tag value; a tag is letters and digits, at least one. */
static bool
split(struct cs_span rdata, struct caa_property *property)
{
	if (rdata.len < 2 || rdata.data[1] == 0 || rdata.len - 2 < rdata.data[1])
		return false;
	property->flags = rdata.data[0];
	property->odd_flags = (rdata.data[0] & ~CRITICAL) != 0;
	property->tag = cs_span_of(rdata.data + 2, rdata.data[1]);
	property->value =
	    cs_span_of(property->tag.data + property->tag.len, rdata.len - 2 - property->tag.len);
	for (size_t i = 0; i < property->tag.len; i++)
		if (!alnum(property->tag.data[i]))
			return false;
	return true;
}

static enum caa_effect
value_effect(const struct caa_question *question, struct cs_span text, size_t *steps,
    struct cs_span *ret_parameter)
{
	struct caa_value value;
	bool readable = caa_value_parse(text, &value);

	*steps += value.steps;
	if (!readable)
		return CAA_BAD_VALUE;
	if (value.issuer.len == 0)
		return CAA_NOBODY;
	if (!ours(question, value.issuer))
		return CAA_OTHER_ISSUER;
	return parameters_effect(question, &value, ret_parameter);
}

static const char *
property_text(struct cs_arena *arena, const struct caa_property *property)
{
	return cs_arena_printf(arena, "%u %s \"%s\"", property->flags,
	    cs_escape(arena, property->tag, SHOWN_TAG), cs_escape(arena, property->value, SHOWN));
}

static void
read_property(struct cs_arena *arena, struct cs_span rdata, struct caa_property *property)
{
	property->parameter = "";
	if (!split(rdata, property)) {
		property->text = cs_escape(arena, rdata, SHOWN);
		property->effect = CAA_BAD_RECORD;
		return;
	}
	property->text = property_text(arena, property);
	property->effect = CAA_NO_EFFECT;
	if ((property->flags & CRITICAL) != 0 && !understood(property->tag))
		property->effect = CAA_BLOCKS;
}

/* --- the set --------------------------------------------------------------------------------- */

struct set {
	struct cs_arena *arena;
	const struct caa_question *question;
	struct caa_property *properties;
	size_t len;
	size_t steps;
};

/* The properties with this tag get their effect; false: there are none. */
static bool
apply_tag(struct set *set, enum caa_tag tag)
{
	bool any = false;

	for (size_t i = 0; i < set->len; i++) {
		struct caa_property *property = &set->properties[i];
		struct cs_span parameter = { NULL, 0 };

		if (!cs_span_is_nocase(property->tag, tags[tag]))
			continue;
		any = true;
		property->effect =
		    value_effect(set->question, property->value, &set->steps, &parameter);
		if (parameter.len > 0)
			property->parameter = cs_escape(set->arena, parameter, SHOWN_TAG);
	}
	return any;
}

static const struct caa_property *
first(const struct set *set, enum caa_effect effect)
{
	for (size_t i = 0; i < set->len; i++)
		if (set->properties[i].effect == effect)
			return &set->properties[i];
	return NULL;
}

/* From what decides first to what decides last; the first that some record has is the reason. */
static const struct verdict {
	enum caa_effect effect;
	enum caa_finding finding;
	enum caa_reason reason;
	const char *clause, *text;
} verdicts[] = {
	{ CAA_FITS, CAA_ALLOW, CAA_AUTHORIZED, "RFC 8659 4.2", "authorises this CA" },
	{ CAA_DOUBLE_PARAMETER, CAA_DENY, CAA_PARAMETER_MISMATCH, "RFC 8657 3",
	    "names this CA, and one parameter twice" },
	{ CAA_OTHER_ACCOUNT, CAA_DENY, CAA_PARAMETER_MISMATCH, "RFC 8657 3",
	    "names this CA for another account" },
	{ CAA_OTHER_METHOD, CAA_DENY, CAA_PARAMETER_MISMATCH, "RFC 8657 4",
	    "names this CA for another validation method" },
	{ CAA_UNKNOWN_PARAMETER, CAA_DENY, CAA_PARAMETER_MISMATCH, "RFC 8659 4.2",
	    "names this CA with a parameter that it does not understand" },
	{ CAA_BAD_VALUE, CAA_DENY, CAA_NOT_AUTHORIZED, "RFC 8659 4.2",
	    "is outside the grammar and authorises nobody" },
	{ CAA_OTHER_ISSUER, CAA_DENY, CAA_NOT_AUTHORIZED, "RFC 8659 4.2", "names another CA" },
	{ CAA_NOBODY, CAA_DENY, CAA_NOT_AUTHORIZED, "RFC 8659 4.2", "authorises nobody" },
};

/* What stops every issuance, whatever else the set says. */
static const struct verdict stops[] = {
	{ CAA_BAD_RECORD, CAA_DENY, CAA_MALFORMED, "RFC 8659 4.1",
	    "is not a CAA record that can be read" },
	{ CAA_BLOCKS, CAA_DENY, CAA_CRITICAL_UNKNOWN_TAG, "RFC 8659 4.1",
	    "is critical, and its tag is not understood" },
};

/* What the person would have to put there, as far as it is ours to say. */
static const char *
hint(const struct set *set, enum caa_effect effect)
{
	const struct caa_question *question = set->question;
	struct cs_buf buf = cs_buf_new(set->arena);

	if (effect == CAA_OTHER_ACCOUNT && question->account_uri != NULL)
		cs_buf_printf(&buf, " (this account is %s)", question->account_uri);
	if (effect != CAA_OTHER_METHOD)
		return (const char *)cs_buf_span(&buf).data;
	cs_buf_add_str(&buf, question->methods_len > 0 ? " (used:" : " (no method is known yet)");
	for (size_t i = 0; i < question->methods_len; i++)
		cs_buf_printf(&buf, "%s %s", i > 0 ? "," : "", question->methods[i].name);
	if (question->methods_len > 0)
		cs_buf_add_str(&buf, ")");
	return (const char *)cs_buf_span(&buf).data;
}

static bool
judge(const struct set *set, const struct verdict *list, size_t len, struct caa_decision *ret)
{
	for (size_t i = 0; i < len; i++) {
		const struct caa_property *property = first(set, list[i].effect);

		if (property == NULL)
			continue;
		ret->finding = list[i].finding;
		ret->reason = list[i].reason;
		ret->clause = list[i].clause;
		ret->detail = cs_arena_printf(set->arena, "%s %s%s%s%s", property->text,
		    list[i].text, property->parameter[0] != '\0' ? ": " : "", property->parameter,
		    hint(set, list[i].effect));
		return true;
	}
	return false;
}

static void
judge_set(struct set *set, struct caa_decision *ret)
{
	enum caa_tag tag = set->question->tag;
	bool restricted;

	if (judge(set, stops, sizeof(stops) / sizeof(stops[0]), ret))
		return;
	restricted = apply_tag(set, tag) || (tag == CAA_ISSUEWILD && apply_tag(set, CAA_ISSUE));
	if (restricted) {
		bool judged = judge(set, verdicts, sizeof(verdicts) / sizeof(verdicts[0]), ret);

		cs_assert(judged);
		return;
	}
	ret->finding = CAA_ALLOW;
	ret->reason = CAA_UNRESTRICTED;
	ret->clause = tag == CAA_ISSUEMAIL ? "RFC 9495 4" : "RFC 8659 4.2";
	ret->detail = cs_arena_printf(set->arena, "the set has no %s record", tags[tag]);
}

void
caa_decide(struct cs_arena *arena, const struct caa_question *question,
    const struct dns_record *records, size_t records_len, struct caa_decision *ret_decision)
{
	struct set set = { .arena = arena, .question = question, .len = records_len };
	struct caa_decision decision = { .finding = CAA_ALLOW,
		.reason = CAA_NO_CAA,
		.clause = "RFC 8659 3",
		.detail = "no CAA record up to the top-level domain" };

	set.properties = CS_NEW_ARRAY(arena, records_len + 1, struct caa_property);
	for (size_t i = 0; i < records_len; i++)
		read_property(arena, records[i].rdata, &set.properties[i]);
	if (records_len > 0)
		judge_set(&set, &decision);
	decision.properties = set.properties;
	decision.properties_len = set.len;
	decision.steps = set.steps;
	*ret_decision = decision;
}

const char *
caa_finding_name(enum caa_finding finding)
{
	static const char *const names[] = {
		[CAA_COULD_NOT_TELL] = "could-not-tell", [CAA_ALLOW] = "allow", [CAA_DENY] = "deny"
	};

	return names[finding];
}

const char *
caa_reason_name(enum caa_reason reason)
{
	static const char *const names[CAA_REASONS] = { [CAA_LOOKUP_FAILED] = "lookup-failed",
		[CAA_NO_CAA] = "no-caa",
		[CAA_UNRESTRICTED] = "unrestricted",
		[CAA_AUTHORIZED] = "authorized",
		[CAA_NOT_AUTHORIZED] = "not-authorized",
		[CAA_PARAMETER_MISMATCH] = "parameter-mismatch",
		[CAA_CRITICAL_UNKNOWN_TAG] = "critical-unknown-tag",
		[CAA_MALFORMED] = "malformed",
		[CAA_DNSSEC_BOGUS] = "dnssec-bogus",
		[CAA_DNSSEC_UNSUPPORTED] = "dnssec-unsupported-algorithm",
		[CAA_DNSSEC_UNCHECKED] = "dnssec-unchecked" };

	return names[reason];
}

const char *
caa_effect_name(enum caa_effect effect)
{
	static const char *const names[] = { [CAA_NO_EFFECT] = "no-effect",
		[CAA_FITS] = "fits",
		[CAA_OTHER_ISSUER] = "other-issuer",
		[CAA_NOBODY] = "nobody",
		[CAA_BAD_VALUE] = "bad-value",
		[CAA_OTHER_ACCOUNT] = "other-account",
		[CAA_OTHER_METHOD] = "other-method",
		[CAA_UNKNOWN_PARAMETER] = "unknown-parameter",
		[CAA_DOUBLE_PARAMETER] = "double-parameter",
		[CAA_BLOCKS] = "blocks",
		[CAA_BAD_RECORD] = "bad-record" };

	return names[effect];
}

const char *
caa_tag_name(enum caa_tag tag)
{
	return tags[tag];
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuers_file.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define LABEL_MAX 64
#define VALUE_MAX 2048
#define PARTITIONS_MAX 1024

enum kind { TEXT, TIME, NUMBER, SCHEME, TRUST };

static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
	bool required;
} fields[] = {
#define FIELD(name, kind, member, required)                               \
	{                                                                 \
		name, kind, offsetof(struct issuers_ca, member), required \
	}
	FIELD("chain", TEXT, chain, true),
	FIELD("key", TEXT, key, false),
	FIELD("password", TEXT, password, false),
	FIELD("module", TEXT, token.module, false),
	FIELD("token", TEXT, token.token, false),
	FIELD("object", TEXT, token.object, false),
	FIELD("id", TEXT, token.id, false),
	FIELD("pin", TEXT, token.pin_file, false),
	FIELD("scheme", SCHEME, pss, false),
	FIELD("trust", TRUST, trust, false),
	FIELD("profiles", TEXT, profiles, true),
	FIELD("from", TIME, from_ms, false),
	FIELD("until", TIME, until_ms, false),
	FIELD("crl", TEXT, crl, true),
	FIELD("ocsp", TEXT, ocsp, false),
	FIELD("ca-issuers", TEXT, ca_issuers, false),
	FIELD("crl-partitions", NUMBER, crl_partitions, false),
#undef FIELD
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

struct reader {
	struct cs_arena *arena;
	const char *name;
	uint32_t line;
	struct issuers_ca *cas;
	size_t n;
	uint32_t given; /* bit of each field of this section */
	struct cs_err *err;
};

static enum cs_code
fault(struct reader *r, const char *field, const char *what)
{
	return cs_fail(
	    r->err, CS_MALFORMED, "%.100s line %u: %.30s: %s", r->name, r->line, field, what);
}

/* ---- values ---- */

static enum cs_code
read_word(struct reader *r, const struct field *field, const char *value, const char *zero,
    const char *one, uint32_t *ret)
{
	if (strcmp(value, zero) != 0 && strcmp(value, one) != 0)
		return fault(r, field->name, cs_arena_printf(r->arena, "is %s or %s", zero, one));
	*ret = strcmp(value, one) == 0;
	return CS_OK;
}

static enum cs_code
read_number(struct reader *r, const struct field *field, const char *value, uint32_t *ret)
{
	char *end;
	const unsigned long number = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || number > PARTITIONS_MAX)
		return fault(r, field->name, "is a number from 0 to 1024");
	*ret = (uint32_t)number;
	return CS_OK;
}

static enum cs_code
read_value(struct reader *r, const struct field *field, const char *value)
{
	void *at = (char *)&r->cas[r->n - 1] + field->offset;

	switch (field->kind) {
	case TEXT:
		*(const char **)at = value;
		return CS_OK;
	case TIME:
		if (cs_time_parse(value, at, NULL) != CS_OK || *(int64_t *)at <= 0)
			return fault(r, field->name, "is a time like 2026-11-28T00:00:00Z");
		return CS_OK;
	case NUMBER:
		return read_number(r, field, value, at);
	case SCHEME:
		return read_word(r, field, value, "pkcs1", "pss", at);
	case TRUST:
		return read_word(r, field, value, smime_trust_name(SMIME_TRUST_PUBLIC),
		    smime_trust_name(SMIME_TRUST_PRIVATE), at);
	}
	return CS_OK;
}

/* ---- sections ---- */

static bool
is_given(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].name, name) == 0)
			return (r->given & (UINT32_C(1) << i)) != 0;
	return false;
}

/* A key is in a file or in a token, and then all that finds it is said. */
static enum cs_code
judge_key(struct reader *r)
{
	static const char *const of_tokens[] = { "token", "object", "id", "pin" };

	if (is_given(r, "key") == is_given(r, "module"))
		return fault(r, "key", "a CA's key is in a file (key) or in a token (module)");
	if (is_given(r, "password") && !is_given(r, "key"))
		return fault(r, "password", "belongs to a key in a file");
	for (size_t i = 0; i < sizeof(of_tokens) / sizeof(of_tokens[0]); i++)
		if (is_given(r, of_tokens[i]) && !is_given(r, "module"))
			return fault(r, of_tokens[i], "belongs to a key in a token (module)");
	if (!is_given(r, "module"))
		return CS_OK;
	if (!is_given(r, "token") || !is_given(r, "pin"))
		return fault(r, "module", "wants token and pin too");
	if (!is_given(r, "object") && !is_given(r, "id"))
		return fault(r, "module", "wants object or id too");
	return CS_OK;
}

static enum cs_code
end_section(struct reader *r)
{
	if (r->n == 0)
		return CS_OK;
	const struct issuers_ca *ca = &r->cas[r->n - 1];
	const uint32_t here = r->line;
	r->line = ca->line;
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].required && (r->given & (UINT32_C(1) << i)) == 0)
			return fault(r, fields[i].name, "is missing in this section");
	if (ca->until_ms != 0 && ca->until_ms <= ca->from_ms)
		return fault(r, "until", "is not after from");
	if (judge_key(r))
		return CS_MALFORMED;
	r->line = here;
	return CS_OK;
}

bool
issuers_is_label(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", label[i]) == NULL)
			return false;
	return true;
}

static enum cs_code
begin_section(struct reader *r, const char *line)
{
	const size_t len = strlen(line);

	if (end_section(r))
		return CS_MALFORMED;
	if (line[len - 1] != ']' || !issuers_is_label(line + 1, len - 2))
		return fault(r, "section", "is [label]: small letters, digits, \"-\" and \".\"");
	if (r->n == ISSUERS_MAX)
		return fault(r, "section", "one CA too many");
	const char *label = cs_arena_strndup(r->arena, line + 1, len - 2);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->cas[i].label, label) == 0)
			return fault(r, label, "is the label of a section before");
	r->cas[r->n++] = (struct issuers_ca){ .line = r->line,
		.label = label,
		.chain = "",
		.key = "",
		.password = "",
		.token = { .module = "", .token = "", .object = "", .id = "", .pin_file = "" },
		.profiles = "",
		.crl = "",
		.ocsp = "",
		.ca_issuers = "" };
	r->given = 0;
	return CS_OK;
}

/* ---- lines ---- */

static char *
trim(char *text)
{
	size_t len;

	while (*text == ' ' || *text == '\t')
		text++;
	for (len = strlen(text); len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t');)
		text[--len] = '\0';
	return text;
}

static enum cs_code
read_field(struct reader *r, char *line)
{
	char *equals = strchr(line, '=');

	if (equals == NULL)
		return fault(r, "line", "is neither [label] nor name = value");
	*equals = '\0';
	const char *name = trim(line), *value = trim(equals + 1);
	if (r->n == 0)
		return fault(r, name, "stands before the first [label]");
	for (size_t i = 0; i < FIELDS; i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		if ((r->given & (UINT32_C(1) << i)) != 0)
			return fault(r, name, "is given twice");
		if (value[0] == '\0' || strlen(value) > VALUE_MAX)
			return fault(r, name, "is empty or too long");
		r->given |= UINT32_C(1) << i;
		return read_value(r, &fields[i], value);
	}
	return fault(r, name, "is no field of a CA");
}

static enum cs_code
read_line(struct reader *r, char *line)
{
	for (const char *at = line; *at != '\0'; at++)
		if ((*at < ' ' && *at != '\t') || *at > '~')
			return fault(r, "line", "holds something else than printable ASCII");
	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return CS_OK;
	return line[0] == '[' ? begin_section(r, line) : read_field(r, line);
}

enum cs_code
issuers_file_parse(struct cs_arena *arena, const char *name, struct cs_span text,
    struct issuers_ca ret_cas[static ISSUERS_MAX], size_t *ret_n, struct cs_err *err)
{
	struct reader r = { .arena = arena, .name = name, .cas = ret_cas, .err = err };
	char *rest = (char *)(uintptr_t)cs_arena_copy_span(arena, text).data, *line;

	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
		return cs_fail(err, CS_MALFORMED, "%s: holds a NUL", name);
	while ((line = strsep(&rest, "\n")) != NULL) {
		r.line++;
		if (read_line(&r, line))
			return CS_MALFORMED;
	}
	if (end_section(&r))
		return CS_MALFORMED;
	if (r.n == 0)
		return cs_fail(err, CS_MALFORMED, "%s: holds no [label]", name);
	*ret_n = r.n;
	return CS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/terms.h"

#include <string.h>

static const char issuers_key[] = "issuers=", account_key[] = " account=",
		  methods_key[] = " methods=";

/* ---- writing ---- */

/* One word: visible ASCII without what separates words, and not empty. */
static bool
is_word(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == ',' || *c == ';')
			return false;
	return text[0] != '\0';
}

static bool
may_be_written(const struct smime_terms *terms)
{
	if (terms->n_issuers > SMIME_TERMS_NAMES || terms->n_methods > SMIME_TERMS_METHODS)
		return false;
	if (terms->account_uri[0] != '\0' && !is_word(terms->account_uri))
		return false;
	for (size_t i = 0; i < terms->n_issuers; i++)
		if (!is_word(terms->issuers[i]))
			return false;
	return true;
}

/* In the order of the table, each once, whatever the order in which they were used. */
static void
add_methods(struct cs_buf *buf, const struct smime_terms *terms)
{
	size_t n;
	const struct smime_method *table = smime_methods(&n);
	const char *comma = "";

	for (size_t i = 0; i < n; i++) {
		if (!smime_terms_has_method(terms, table[i].name))
			continue;
		cs_buf_printf(buf, "%s%s", comma, table[i].name);
		comma = ",";
	}
}

bool
smime_terms_write(struct cs_arena *arena, const struct smime_terms *terms, struct cs_span *ret)
{
	struct cs_buf buf = cs_buf_new(arena);

	if (!may_be_written(terms))
		return false;
	cs_buf_add_str(&buf, issuers_key);
	for (size_t i = 0; i < terms->n_issuers; i++)
		cs_buf_printf(&buf, "%s%s", i > 0 ? "," : "", terms->issuers[i]);
	cs_buf_printf(&buf, "%s%s%s", account_key, terms->account_uri, methods_key);
	add_methods(&buf, terms);
	if (buf.len > SMIME_TERMS_OCTETS)
		return false;
	*ret = cs_buf_span(&buf);
	return true;
}

/* ---- reading ---- */

/* What lies between `key` at the start of *rest and `next`; NULL: it does not start so, or ends without. */
static char *
take(struct cs_arena *arena, const char **rest, const char *key, const char *next)
{
	const char *value = *rest + strlen(key), *end;

	if (strncmp(*rest, key, strlen(key)) != 0)
		return NULL;
	end = next == NULL ? value + strlen(value) : strstr(value, next);
	if (end == NULL)
		return NULL;
	*rest = end;
	return cs_arena_strndup(arena, value, (size_t)(end - value));
}

static bool
split_issuers(struct cs_arena *arena, char *list, struct smime_terms *terms)
{
	const char **names = CS_NEW_ARRAY(arena, SMIME_TERMS_NAMES, const char *);

	if (list[0] == '\0')
		return true;
	for (char *name = strsep(&list, ","); name != NULL; name = strsep(&list, ",")) {
		if (terms->n_issuers == SMIME_TERMS_NAMES)
			return false;
		names[terms->n_issuers++] = name;
	}
	terms->issuers = names;
	return true;
}

static bool
split_methods(struct cs_arena *arena, char *list, struct smime_terms *terms)
{
	const struct smime_method **methods =
	    CS_NEW_ARRAY(arena, SMIME_TERMS_METHODS, const struct smime_method *);

	if (list[0] == '\0')
		return true;
	for (char *name = strsep(&list, ","); name != NULL; name = strsep(&list, ",")) {
		const struct smime_method *method = smime_method_find(name);

		if (method == NULL || terms->n_methods == SMIME_TERMS_METHODS)
			return false;
		methods[terms->n_methods++] = method;
	}
	terms->methods = methods;
	return true;
}

/* Whatever the parts look like: what would not be written so is not read either. */
bool
smime_terms_read(struct cs_arena *arena, struct cs_span text, struct smime_terms *ret)
{
	struct smime_terms terms = { 0 };
	struct cs_span again;

	if (text.len == 0 || text.len > SMIME_TERMS_OCTETS ||
	    memchr(text.data, '\0', text.len) != NULL)
		return false;
	const char *rest = cs_arena_strndup(arena, (const char *)text.data, text.len);
	char *issuers = take(arena, &rest, issuers_key, account_key);
	char *account = issuers == NULL ? NULL : take(arena, &rest, account_key, methods_key);
	char *methods = account == NULL ? NULL : take(arena, &rest, methods_key, NULL);

	if (methods == NULL || !split_issuers(arena, issuers, &terms) ||
	    !split_methods(arena, methods, &terms))
		return false;
	terms.account_uri = account;
	if (!smime_terms_write(arena, &terms, &again) || !cs_span_equal(again, text))
		return false;
	*ret = terms;
	return true;
}

/* ---- asking ---- */

bool
smime_terms_names_issuer(const struct smime_terms *terms, const char *issuer)
{
	for (size_t i = 0; i < terms->n_issuers; i++)
		if (strcmp(terms->issuers[i], issuer) == 0)
			return true;
	return false;
}

bool
smime_terms_has_method(const struct smime_terms *terms, const char *method)
{
	for (size_t i = 0; i < terms->n_methods; i++)
		if (strcmp(terms->methods[i]->name, method) == 0)
			return true;
	return false;
}

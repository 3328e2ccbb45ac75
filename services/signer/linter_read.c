/* SPDX-License-Identifier: Apache-2.0 */
#include "linter_read.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"

#define ID_MAX 100
#define TEXT_MAX 300

static struct linter_verdict
cannot_tell(const char *text)
{
	return (struct linter_verdict){ LINTER_CANNOT_TELL, "", text };
}

bool
linter_format_read(const char *text, enum linter_format *ret)
{
	if (strcmp(text, "zlint") == 0)
		*ret = LINTER_ZLINT;
	else if (strcmp(text, "pkilint") == 0)
		*ret = LINTER_PKILINT;
	else
		return false;
	return true;
}

static bool
is_id(const char *id)
{
	const size_t len = id != NULL ? strlen(id) : 0;

	return len > 0 && len <= ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		   len;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

/* The first error counts; what comes later is still read, so that garbage behind it is noticed. */
static void
refuse(struct cs_arena *arena, struct linter_verdict *verdict, const char *id, const char *text)
{
	if (verdict->says == LINTER_REFUSED)
		return;
	*verdict = (struct linter_verdict){ LINTER_REFUSED, cs_arena_strdup(arena, id),
		cs_escape(arena, cs_span_str(text), TEXT_MAX) };
}

/* ---- zlint ---- */

static bool
read_zlint(struct cs_arena *arena, json_t *root, int status, struct linter_verdict *verdict)
{
	static const char *const harmless[] = { "NA", "NE", "pass", "info", "warn", NULL };
	static const char *const errors[] = { "error", "fatal", NULL };
	const char *id;
	json_t *lint;

	if (status != 0 || !json_is_object(root) || json_object_size(root) == 0)
		return false;
	json_object_foreach(root, id, lint)
	{
		const char *result = json_string_value(json_object_get(lint, "result"));
		json_t *details = json_object_get(lint, "details");

		if (!is_id(id) || result == NULL || (details != NULL && !json_is_string(details)))
			return false;
		if (is_one_of(result, errors))
			refuse(
			    arena, verdict, id, details != NULL ? json_string_value(details) : id);
		else if (!is_one_of(result, harmless))
			return false;
	}
	return true;
}

/* ---- pkilint ---- */

static bool
read_finding(struct cs_arena *arena, json_t *finding, struct linter_verdict *verdict)
{
	static const char *const harmless[] = { "WARNING", "NOTICE", "INFO", "DEBUG", NULL };
	static const char *const errors[] = { "ERROR", "FATAL", NULL };
	const char *severity = json_string_value(json_object_get(finding, "severity"));
	const char *code = json_string_value(json_object_get(finding, "code"));
	json_t *message = json_object_get(finding, "message");

	if (severity == NULL || !is_id(code) ||
	    (!json_is_string(message) && !json_is_null(message)))
		return false;
	if (is_one_of(severity, errors))
		refuse(arena, verdict, code,
		    json_is_string(message) ? json_string_value(message) : code);
	return is_one_of(severity, errors) || is_one_of(severity, harmless);
}

static bool
read_pkilint(struct cs_arena *arena, json_t *root, int status, struct linter_verdict *verdict)
{
	json_t *results = json_object_get(root, "results"), *result, *finding;
	size_t i, j, n = 0;

	if (!json_is_array(results) || json_object_size(root) != 1)
		return false;
	json_array_foreach(results, i, result)
	{
		json_t *findings = json_object_get(result, "finding_descriptions");

		if (json_string_value(json_object_get(result, "node_path")) == NULL ||
		    json_string_value(json_object_get(result, "validator")) == NULL ||
		    !json_is_array(findings))
			return false;
		json_array_foreach(findings, j, finding)
		{
			if (!read_finding(arena, finding, verdict))
				return false;
			n++;
		}
	}
	/* The exit status counts the findings, or is that of a crash. */
	return status == 0 ? verdict->says != LINTER_REFUSED : n > 0;
}

struct linter_verdict
linter_read(struct cs_arena *arena, enum linter_format format, int status, struct cs_span output)
{
	struct linter_verdict verdict = { LINTER_PASSED, "", "" };
	json_t *root =
	    json_loadb((const char *)output.data, output.len, JSON_REJECT_DUPLICATES, NULL);
	bool good = false;

	if (root != NULL && format == LINTER_ZLINT)
		good = read_zlint(arena, root, status, &verdict);
	else if (root != NULL)
		good = read_pkilint(arena, root, status, &verdict);
	json_decref(root);
	return good ? verdict
		    : cannot_tell(
			  cs_arena_printf(arena, "no verdict of the linter: exit status %d, \"%s\"",
			      status, cs_escape(arena, output, TEXT_MAX)));
}

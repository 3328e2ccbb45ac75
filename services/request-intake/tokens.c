/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c: reads the file of API tokens once, at the start. */
#include "tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pki/hash.h"

#define TOKENS_MAX 4096
#define LINE_MAX_OCTETS 512
#define NAME_MAX_OCTETS 128

struct tokens {
	struct cs_arena *arena;
	struct token *items;
	size_t n;
};

static bool
is_name(const char *text)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";

	return text[0] && strlen(text) <= NAME_MAX_OCTETS && text[strspn(text, allowed)] == '\0';
}

/* Splits at blanks, in place.  Returns how many words there are, at most `max` + 1. */
static size_t
split(char *line, char **words, size_t max)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(line, " \t\r\n", &rest); word;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (n == max)
			return max + 1;
		words[n++] = word;
	}
	return n;
}

static enum cs_code
read_line(struct tokens *tokens, char *line, unsigned number, struct cs_err *err)
{
	char *words[4] = { NULL };
	size_t n = 0;
	struct token token = { .index = tokens->n };

	if (strchr(line, '#'))
		*strchr(line, '#') = '\0';
	n = split(line, words, 4);
	if (n == 0)
		return CS_OK;
	if (n < 3 || n > 4 || !cs_hex_decode(words[0], token.sha256, sizeof(token.sha256)) ||
	    !is_name(words[1]) || !is_name(words[2]) ||
	    (n == 4 && strcmp(words[3], "operator") != 0))
		return cs_fail(err, CS_MALFORMED,
		    "line %u: not \"<sha256> <enterprise> <account> [operator]\"", number);
	if (tokens->n == TOKENS_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "line %u: more than %d tokens", number, TOKENS_MAX);
	token.caller =
	    (struct intake_caller){ .enterprise = cs_arena_strdup(tokens->arena, words[1]),
		    .account = cs_arena_strdup(tokens->arena, words[2]),
		    .is_operator = n == 4 };
	tokens->items[tokens->n++] = token;
	return CS_OK;
}

static enum cs_code
read_lines(struct tokens *tokens, FILE *file, struct cs_err *err)
{
	char line[LINE_MAX_OCTETS];

	for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
		if (!strchr(line, '\n') && !feof(file))
			return cs_fail(err, CS_MALFORMED, "line %u: too long", number);
		if (read_line(tokens, line, number, err))
			return err->code;
	}
	if (ferror(file))
		return cs_fail(err, CS_MALFORMED, "cannot be read");
	return CS_OK;
}

enum cs_code
tokens_load(const char *path, struct tokens **ret_tokens, struct cs_err *err)
{
	struct cs_arena *arena = NULL;
	struct tokens *tokens = NULL;
	struct cs_err why = { 0 };
	FILE *file = fopen(path, "re");

	if (!file)
		return cs_fail(err, CS_NOT_FOUND, "API tokens %s: %s", path, strerror(errno));
	arena = cs_arena_new();
	tokens = CS_NEW(arena, struct tokens);
	tokens->arena = arena;
	tokens->items = CS_NEW_ARRAY(arena, TOKENS_MAX, struct token);
	if (read_lines(tokens, file, &why)) {
		(void)fclose(file);
		cs_arena_free(arena);
		return cs_fail(err, CS_MALFORMED, "API tokens %s: %s", path, why.text);
	}
	(void)fclose(file);
	*ret_tokens = tokens;
	return CS_OK;
}

void
tokens_free(struct tokens *tokens)
{
	if (tokens)
		cs_arena_free(tokens->arena);
}

size_t
tokens_count(const struct tokens *tokens)
{
	return tokens->n;
}

const struct token *
tokens_find(const struct tokens *tokens, const char *bearer)
{
	uint8_t digest[PKI_SHA256];
	const struct token *found = NULL;

	pki_sha256(cs_span_str(bearer), digest);
	/*
	 * All of them, so that time tells nothing; the digest keeps even the comparison from
	 * telling.
	 */
	for (size_t i = 0; i < tokens->n; i++)
		if (cs_equal_constant_time(digest, tokens->items[i].sha256, sizeof(digest)))
			found = &tokens->items[i];
	return found;
}

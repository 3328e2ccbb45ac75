/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c: reads the file of tokens once, at the start. */
#include "tokens.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define TOKENS_MAX 4096
#define LINE_MAX_OCTETS 512
#define NAME_MAX_OCTETS 128
#define WORDS (3 + PEOPLE_ROLES)

struct token {
	uint8_t sha256[PEOPLE_SHA256];
	const char *enterprise, *account;
	unsigned roles;
};

struct tokens {
	struct token *items;
	size_t n;
};

static bool
is_name(const char *text)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";

	return text[0] != '\0' && strlen(text) <= NAME_MAX_OCTETS &&
	       text[strspn(text, allowed)] == '\0';
}

/* Splits at blanks, in place.  Returns how many words there are, at most `max` + 1. */
static size_t
split(char *line, char **words, size_t max)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(line, " \t\r\n", &rest); word != NULL;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (n == max)
			return max + 1;
		words[n++] = word;
	}
	return n;
}

static bool
read_roles(char *const *words, size_t n, unsigned *ret)
{
	*ret = n == 0 ? PEOPLE_USER : 0;
	for (size_t i = 0; i < n; i++) {
		const unsigned role = people_role(words[i]);

		if (role == 0)
			return false;
		*ret |= role;
	}
	return true;
}

static enum cs_code
read_line(
    struct tokens *tokens, struct cs_arena *arena, char *line, unsigned number, struct cs_err *err)
{
	char *words[WORDS] = { NULL };
	struct token token = { .roles = 0 };

	line[strcspn(line, "#")] = '\0';
	const size_t n = split(line, words, WORDS);

	if (n == 0)
		return CS_OK;
	if (n < 3 || n > WORDS || !cs_hex_decode(words[0], token.sha256, sizeof(token.sha256)) ||
	    !is_name(words[1]) || !is_name(words[2]) || !read_roles(words + 3, n - 3, &token.roles))
		return cs_fail(err, CS_MALFORMED,
		    "line %u: not \"<sha256> <enterprise> <account> [role...]\"", number);
	if (tokens->n == TOKENS_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "line %u: more than %d tokens", number, TOKENS_MAX);
	token.enterprise = cs_arena_strdup(arena, words[1]);
	token.account = cs_arena_strdup(arena, words[2]);
	tokens->items[tokens->n++] = token;
	return CS_OK;
}

static enum cs_code
read_lines(struct tokens *tokens, struct cs_arena *arena, FILE *file, struct cs_err *err)
{
	char line[LINE_MAX_OCTETS];

	for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		if (strchr(line, '\n') == NULL && !feof(file))
			return cs_fail(err, CS_MALFORMED, "line %u: too long", number);
		if (read_line(tokens, arena, line, number, err))
			return err->code;
	}
	if (ferror(file))
		return cs_fail(err, CS_MALFORMED, "cannot be read");
	return CS_OK;
}

enum cs_code
tokens_load(
    const char *path, struct cs_arena *arena, struct tokens **ret_tokens, struct cs_err *err)
{
	struct tokens *tokens = CS_NEW(arena, struct tokens);
	struct cs_err why = { 0 };

	if (path[0] != '\0') {
		FILE *file = fopen(path, "re");

		if (file == NULL)
			return cs_fail(
			    err, CS_NOT_FOUND, "API tokens %s: %s", path, strerror(errno));
		tokens->items = CS_NEW_ARRAY(arena, TOKENS_MAX, struct token);
		const enum cs_code code = read_lines(tokens, arena, file, &why);

		(void)fclose(file);
		if (code != CS_OK)
			return cs_fail(err, CS_MALFORMED, "API tokens %s: %s", path, why.text);
	}
	*ret_tokens = tokens;
	return CS_OK;
}

size_t
tokens_count(const struct tokens *tokens)
{
	return tokens->n;
}

static struct people_credential *
credential_of(const struct token *token, struct cs_arena *arena)
{
	struct people_person *person = CS_NEW(arena, struct people_person);
	struct people_credential *credential = CS_NEW(arena, struct people_credential);

	*person = (struct people_person){
		.id = people_id(token->enterprise, token->account),
		.enterprise = token->enterprise,
		.account = token->account,
		.active = true,
		.roles = token->roles,
	};
	*credential = (struct people_credential){
		.id = people_token_id(token->sha256),
		.kind = PEOPLE_API_TOKEN,
		.person = person,
		.label = "",
		.scopes = PEOPLE_EVERYTHING,
		.from_file = true,
	};
	memcpy(credential->sha256, token->sha256, PEOPLE_SHA256);
	return credential;
}

struct people_credential *
tokens_find(
    const struct tokens *tokens, const uint8_t sha256[static PEOPLE_SHA256], struct cs_arena *arena)
{
	const struct token *found = NULL;

	/* All of them, so that time tells nothing. */
	for (size_t i = tokens->n; i-- > 0;)
		if (cs_equal_constant_time(sha256, tokens->items[i].sha256, PEOPLE_SHA256))
			found = &tokens->items[i];
	return found == NULL ? NULL : credential_of(found, arena);
}

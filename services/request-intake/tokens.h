/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h: API tokens: who may ask, until people log in.  The file holds no token, only SHA-256
 * digests; one a line: "<64 hexadecimal digits> <enterprise> <account> [operator]"; "#" begins a
 * comment.
 */
#ifndef INTAKE_TOKENS_H
#define INTAKE_TOKENS_H

#include "base/err.h"
#include "intake.h"

struct token {
	uint8_t sha256[32];
	struct intake_caller caller;
	size_t index; /* from 0, in the order of the file */
};

struct tokens;

/* CS_NOT_FOUND, CS_MALFORMED (with the line). */
CS_MUST_USE enum cs_code
tokens_load(const char *path, struct tokens **ret_tokens, struct cs_err *err);
void tokens_free(struct tokens *tokens); /* takes NULL */
size_t tokens_count(const struct tokens *tokens);
/* Borrowed.  NULL: nobody's.  Takes the same time wherever it stands in the file. */
const struct token *tokens_find(const struct tokens *tokens, const char *bearer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h: the file of tokens that need no person: for the first administrator, and for tests.  It
 * holds no token, only SHA-256 digests; one a line: "<64 hexadecimal digits> <enterprise> <account> [role...]";
 * without a role it is a user's; "#" begins a comment.
 */
#ifndef POLICY_TOKENS_H
#define POLICY_TOKENS_H

#include "base/err.h"
#include "people.h"

struct tokens;

/*
 * Read once; owned by `arena`.  An empty path is an empty file.  CS_NOT_FOUND, CS_MALFORMED (with the line).
 */
CS_MUST_USE enum cs_code tokens_load(
    const char *path, struct cs_arena *arena, struct tokens **ret_tokens, struct cs_err *err);
size_t tokens_count(const struct tokens *tokens);
/*
 * The credential with this digest and its person, active and with the roles of the line, new in `arena`; NULL:
 * there is none.  The first line of a digest counts.
 */
struct people_credential *tokens_find(const struct tokens *tokens,
    const uint8_t sha256[static PEOPLE_SHA256], struct cs_arena *arena);

#endif

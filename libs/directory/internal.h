/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what is said to a directory and what it answers; how crew and child speak.  Pure. */
#ifndef DIRECTORY_INTERNAL_H
#define DIRECTORY_INTERNAL_H

#include "directory/directory.h"

#define DIRECTORY_ANSWER_MAX 16384 /* octets; more is no answer to a bind */

/* ---- LDAP (RFC 4511) ---- */

/* The LDAPMessage of a BindRequest, of version 3, simple.  In `arena`, to be wiped by the caller. */
struct cs_span
directory_bind_request(struct cs_arena *arena, const char *name, struct cs_span password);

enum directory_heard { DIRECTORY_MORE, DIRECTORY_ANSWER, DIRECTORY_NONSENSE };
/* The answer to the bind, of what came so far; *ret_code: its resultCode.  What comes behind it is not looked at. */
enum directory_heard directory_hear(struct cs_span octets, uint32_t *ret_code);
enum directory_outcome directory_judge(uint32_t code);

/* ---- wire ---- */

/* The password is last: it may hold any octet.  In `arena`, to be wiped by the caller. */
struct cs_span directory_wire_question(struct cs_arena *arena, const struct directory_bind *bind);
/* The password borrows from `octets`. */
CS_MUST_USE bool directory_wire_read_question(
    struct cs_arena *arena, struct cs_span octets, struct directory_bind *ret);

struct directory_answer {
	enum directory_outcome outcome;
	const char *said;
};
struct cs_span directory_wire_answer(struct cs_arena *arena, const struct directory_answer *answer);
/* Strictly: who answers may have been taken over. */
CS_MUST_USE bool directory_wire_read_answer(
    struct cs_arena *arena, struct cs_span octets, struct directory_answer *ret);

#endif

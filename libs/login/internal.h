/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: how crew and child speak: texts one after the other, each ended by its NUL. */
#ifndef LOGIN_INTERNAL_H
#define LOGIN_INTERNAL_H

#include "login/login.h"

#define LOGIN_SAID_MAX 300 /* characters */
#define LOGIN_URL_MAX 8192

struct login_question {
	bool saml;     /* else OpenID Connect */
	bool finishes; /* else it starts */
	struct login_start start;
	struct login_finish finish;
	struct login_saml_start saml_start;
	struct login_saml_finish saml_finish;
};
/* Holds a secret: wiped by the caller. */
struct cs_span login_wire_question(struct cs_arena *arena, const struct login_question *question);
/* From the parent, in the child.  Borrows from `octets`. */
CS_MUST_USE bool login_wire_read_question(struct cs_span octets, struct login_question *ret);

/* NULL: there is none of this word, neither in libs/oidc nor in libs/saml. */
const struct cs_refusal *login_refusal_find(const char *code);
struct cs_span login_wire_answer(struct cs_arena *arena, const struct login_told *told);
/* Strictly: who answers may have been taken over.  It can name nobody whom libs/oidc could not name. */
CS_MUST_USE bool
login_wire_read_answer(struct cs_arena *arena, struct cs_span octets, struct login_told *ret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* fake_policy.h: policy's side of ask.policy.who: people of a table, and whether it answers. */
#ifndef INTAKE_TESTS_FAKE_POLICY_H
#define INTAKE_TESTS_FAKE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct fake_person {
	const char *token, *enterprise, *account;
	const char *roles;  /* "user operator" */
	const char *scopes; /* "*"; the same way */
	const char *credential;
	const char *factor; /* NULL: "api-token" */
	int64_t ends_at_ms; /* 0: never */
	bool must_change;
};

/* Ends with a zero row; borrowed.  Nothing was asked yet, and policy answers. */
void fake_policy_use(const struct fake_person *people);
void fake_policy_away(bool away);
unsigned fake_policy_asked(void);     /* how often */
const char *fake_policy_source(void); /* of the last question */

/* Who logs in. */
struct fake_login {
	const char *enterprise, *account, *password;
	const char *token;      /* that a login opens, and with which the password may be changed */
	const char *invitation; /* NULL: none */
	bool locked, must_change;
};
/* The only one that a person of this table sets. */
#define FAKE_POLICY_NEW_PASSWORD "a heron and two kettles"
/* Ends with a zero row; borrowed, and changed when a password is. */
void fake_policy_let_in(struct fake_login *logins);
/* When who is locked may try again; 0 at first: not said. */
void fake_policy_retry_at(int64_t ms);
/* From now on questions of this subject are answered with nonsense; NULL: none. */
void fake_policy_garble(const char *subject);
/* ask.policy.salt, .login, .password and .logout; false: no answer. */
bool fake_policy_people(
    struct cs_arena *arena, const char *subject, struct cs_span ask, struct cs_span *ret_answer);

/* For fake_svc.c.  False: no answer. */
bool fake_policy_answer(struct cs_arena *arena, struct cs_span ask, struct cs_span *ret_answer);

#endif

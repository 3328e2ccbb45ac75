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

/* For fake_svc.c.  False: no answer. */
bool fake_policy_answer(struct cs_arena *arena, struct cs_span ask, struct cs_span *ret_answer);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_people.h: calls about how one person comes in: /v1/config/ENTERPRISE/person/NAME/..., as decisions.  No
 * I/O.
 *
 *	GET, POST tokens    DELETE tokens/ID    POST invitation    POST unlock    POST password-reset
 *
 * Whoever sees the person's document sees these too, and nobody else learns whether there is one.  People make and
 * end their own API tokens; administrators do everything; operators end waits (unlock).
 */
#ifndef POLICY_CONFIG_PEOPLE_H
#define POLICY_CONFIG_PEOPLE_H

#include "config.h"
#include "people.h"

#define CONFIG_TOKENS_MAX 50      /* API tokens of a person that have not ended */
#define CONFIG_TOKEN_DAYS_MAX 730 /* that an API token lives */
#define CONFIG_INVITATION_DAYS 7  /* that an invitation does, unless another number is asked for */
#define CONFIG_INVITATION_DAYS_MAX 30
#define CONFIG_LABEL_MAX 100 /* octets */

enum config_people_act {
	CONFIG_TOKENS,
	CONFIG_NEW_TOKEN,
	CONFIG_END_TOKEN,
	CONFIG_INVITE,
	CONFIG_UNLOCK,
	CONFIG_RESET
};

struct config_people_call {
	enum config_people_act act;
	const char *enterprise, *account;
	struct cs_id token;    /* END_TOKEN */
	const char *label;     /* NEW_TOKEN, and so on */
	unsigned scopes, days; /* days: also INVITE */
	bool must_change;      /* RESET: the password stays until it is changed */
	unsigned status;       /* of `why`; 0: it can be read */
	struct cs_refusal why;
};

/* False: the path is not of these.  True: *ret says what it asks for, or what is wrong with it. */
bool config_people_read(
    struct cs_arena *arena, const struct config_http *http, struct config_people_call *ret);
bool config_people_writes(const struct config_people_call *call);

/*
 * `caller` NULL: nobody is known by the token.  What changes is noted in `world`, and in `state` for the audit.
 * The answer says a token or an invitation once; nothing keeps it.
 */
struct config_answer config_people_decide(const struct config_setting *in,
    struct config_state *state, struct people_world *world, const struct people_caller *caller,
    const char *source, const struct config_people_call *call);

/* A person set a new password by this credential: a line of the audit. */
void config_people_note_password(const struct config_setting *in, struct config_state *state,
    const struct people_credential *by, const char *source);

#endif

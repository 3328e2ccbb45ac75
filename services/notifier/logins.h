/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logins.h: is who comes back from a provider of identities the person whom policy's order names?  Then there is a code
 * for them, as any other.  Pure.
 *
 * The challenge of a person for a request (codes.h) begins without a code.  A browser comes back from its login once;
 * what comes of that is decided after the provider was asked, and is final: whoever is refused begins anew.
 */
#ifndef NOTIFY_LOGINS_H
#define NOTIFY_LOGINS_H

#include "base/refusal.h"
#include "codes.h"

/* Words of what is refused here; those of libs/oidc and libs/saml beside them. */
#define LOGIN_UNKNOWN "login-unknown" /* no login of ours began like that */
#define LOGIN_OVER "login-over"       /* it was another challenge's, or too late */
#define LOGIN_USED "login-used"       /* a browser came back before */
#define LOGIN_OF_ANOTHER "login-of-another"
#define LOGIN_NO_CONNECTOR "login-no-connector"

/* A login that is open, for whoever asks the provider. */
struct logins_begun {
	struct cs_id request, challenge;
	const char *enterprise, *account, *method, *identity;
	uint8_t request_digest[CLAIM_DIGEST];
	int64_t made_ms, expires_ms;
};
struct logins_begun
logins_begun_of(const struct codes_setting *in, const struct codes_challenge *challenge);
/* Of all that makes it this login but its ids, which its state has. */
struct cs_span logins_bound(struct cs_arena *arena, const struct logins_begun *login);
/* At whom, in what name of ours, and by what they name people. */
struct logins_place {
	const char *endpoint, *client, *claim;
};
/* Of all that makes it this login at this provider: see login_secrets(). */
struct cs_span logins_bound_at(
    struct cs_arena *arena, const struct logins_begun *login, const struct logins_place *place);

/* One browser. */
struct logins_returned {
	const char *refusal; /* NULL: the provider is asked; else no more than this */
	struct codes_challenge next;
};
/* `old`: that with this id; all zero: there is none. */
struct logins_returned
logins_decide_return(const struct codes_setting *in, const struct codes_challenge *old);

/*
 * What the provider said: `name` of who logged in, or NULL and why not.  `bound`: logins_bound() of the login that it
 * was asked for, with whose secrets it answered.
 */
struct logins_outcome {
	const char *name, *refusal;
	struct cs_span bound;
};
struct logins_judged {
	const char *refusal; /* NULL: there is a code, to be shown and wiped */
	struct codes_challenge next;
	char code[CODE_TEXT];
};
/* `old`: as it is now; one that has become another's since is refused, whoever logged in. */
struct logins_judged logins_decide_judged(const struct codes_setting *in,
    const struct codes_challenge *old, const struct logins_outcome *outcome);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.h: is this the password of that name?  One simple bind (RFC 4511 4.2, RFC 4513 5.1.3) at a directory,
 * Active Directory or another, in a sandboxed child (sandbox.h): nothing is searched and nothing read.
 *
 * Directories are hostile: the address that is connected to is judged (http/visit.h), certificates are checked, referrals
 * are not followed, 8 seconds and 16 KiB are the end, and what they say for people is not passed on.  Tenants lead to
 * public addresses alone, the platform also to those of RFC 1918 and RFC 4193; in test mode an endpoint that is loopback
 * itself may be visited there, also in clear.  Many binds are under way in one child: a silent one holds up no other.
 *
 * Passwords are copied into the child, wiped there and here when the bind has ended, and named in no answer.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "sandbox/sandbox.h"

struct event_base;
struct directories; /* one thread, in the caller's event loop */

#define DIRECTORY_PASSWORD_MAX 256 /* octets */
#define DIRECTORY_SAID_MAX 300     /* octets */

extern const struct sandbox_role directory_role;

struct directories_settings {
	const char *ca_file; /* PEM that servers are judged by; "": the system's */
	bool test_mode;
	sandbox_told *told; /* NULL: nobody is told of children */
	void *told_arg;
};
/* As sandbox_open(). */
CS_MUST_USE enum cs_code directories_open(const struct directories_settings *settings,
    struct event_base *base, struct directories **ret, struct cs_err *err);
/* What is under way ends without `done`.  Not from a callback.  Takes NULL. */
void directories_close(struct directories *directories);

/* Borrowed for the call. */
struct directory_bind {
	bool platform;        /* the directory is no tenant's */
	const char *endpoint; /* ldaps://HOST[:PORT], in test mode on loopback ldap:// too */
	const char *name;     /* connector/bind.h; not empty */
	struct cs_span password;
};
enum directory_outcome {
	DIRECTORY_BOUND,
	DIRECTORY_WRONG,   /* it knows no such name with that password, or lets it in no more */
	DIRECTORY_NO_NAME, /* it takes the name for none */
	DIRECTORY_AWAY     /* nobody knows: not reached, not judged genuine, or not understood */
};
const char *directory_outcome_name(enum directory_outcome outcome); /* "bound", "no-name" */
/* `said`: printable ASCII for logs, of our own words and an address; borrowed for the call. */
typedef void directory_done(void *arg, enum directory_outcome outcome, const char *said);
/*
 * Exactly one call of `done`, from the loop, never before this returns, after 12 seconds at the latest.  False, and
 * no call: the password is empty, which a directory may take for a bind as nobody, and grant (RFC 4513 5.1.2); or
 * it is longer than DIRECTORY_PASSWORD_MAX.
 */
CS_MUST_USE bool directory_bind(struct directories *directories, const struct directory_bind *bind,
    directory_done *done, void *arg);

/* ---- does it speak LDAP?  For who tries a connector out; pure ---- */

/* The message of a bind as nobody (RFC 4513 5.1.1): neither a name nor a password is in it.  In `arena`. */
struct cs_span directory_greeting(struct cs_arena *arena);
/* An http_whole: nothing more of the answer to a bind need be waited for. */
bool directory_whole(struct cs_span octets);
/* The resultCode of RFC 4511 4.1.9, whichever it is: also a refusal is an answer.  False: this is not LDAP. */
CS_MUST_USE bool directory_greeted(struct cs_span octets, uint32_t *ret_code);

#endif

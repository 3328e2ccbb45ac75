/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people.h: who asks, and how people come in.  Pure: no I/O, no clock, no memory but the arena.
 *
 * Load gathers, for all questions of a batch, the credentials and persons that they name into one struct
 * people_world, which all its aggregates share; decisions change what is in it, and save writes what changed.
 *
 * Each ask.policy.* question's `what` begins with a struct people_ask: read fills it, and load looks up
 * what it names.  A question that only wants to know who asks sets `sha256` (people_ask_token) and is
 * answered by people_identify().
 */
#ifndef POLICY_PEOPLE_H
#define POLICY_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/time.h"

#define PEOPLE_PLATFORM "platform" /* the enterprise whose people act everywhere */
#define PEOPLE_SHA256 32
#define PEOPLE_TOKEN_MAX 512 /* octets of a bearer token */

#define PEOPLE_SESSION_MS (12 * CS_HOUR_MS) /* that a session lasts at most */
#define PEOPLE_IDLE_MS (30 * CS_MINUTE_MS)  /* that it lasts unused */
#define PEOPLE_USED_MS \
	(30 * CS_SECOND_MS) /* so much earlier it may end: uses are noted no closer */
#define PEOPLE_TOKEN_USED_MS (5 * CS_MINUTE_MS) /* and those of an API token */

/* Roles, a bit each. */
enum people_role {
	PEOPLE_USER = 1,
	PEOPLE_OPERATOR = 2,
	PEOPLE_AUDITOR = 4,
	PEOPLE_ADMINISTRATOR = 8,
};
#define PEOPLE_ROLES 4

/* What a credential may be used for, within what the roles allow; a bit each. */
enum people_scope {
	PEOPLE_REQUESTS_READ = 1,
	PEOPLE_REQUESTS_WRITE = 2,
	PEOPLE_CONFIG_READ = 4,
	PEOPLE_CONFIG_WRITE = 8,
	PEOPLE_PEOPLE_WRITE = 16,
	PEOPLE_EVERYTHING = 32, /* "*": also what will be added */
};
#define PEOPLE_SCOPES 6

/* The bit of "user", "requests:read", ...; 0: there is no such role or scope. */
unsigned people_role(const char *name);
unsigned people_scope(const char *name);
/* Their names in the order above; NULL past the end. */
const char *people_role_name(size_t i);
const char *people_scope_name(size_t i);

enum people_kind { PEOPLE_API_TOKEN, PEOPLE_SESSION, PEOPLE_INVITATION };
/* "api-token", "session", "invitation". */
const char *people_kind_name(enum people_kind kind);

struct people_person {
	struct people_person *next;
	struct cs_id id; /* of the two names: people_id() */
	const char *enterprise, *account;
	bool active;    /* the document is there and active, and so is the enterprise */
	unsigned roles; /* as the document says */
	bool stored;    /* there is a row of login */
	bool must_change;
};

struct people_credential {
	struct people_credential *next;
	struct cs_id id;
	enum people_kind kind;
	uint8_t sha256[PEOPLE_SHA256]; /* of the token as it is sent */
	struct people_person *person;
	const char *label;
	unsigned scopes;
	int64_t made_ms, ends_ms, used_ms; /* ends_ms 0: never */
	bool from_file;                    /* of the file of tokens: no row */
	bool used;                         /* used_ms is new */
};

/* What the questions of a batch are about. */
struct people_world {
	struct people_person *persons;
	struct people_credential *credentials;
};

/* The beginning of each question's `what`. */
struct people_ask {
	bool has_token;
	uint8_t sha256[PEOPLE_SHA256]; /* of a bearer token or an invitation */
	const char *enterprise,
	    *account;       /* the person that it is about; NULL: none beside the token's */
	const char *source; /* network address, or "" */
};

/* Notes the digest of a bearer token; the token is not kept.  Empty: nobody's. */
void people_ask_token(struct people_ask *ask, const char *token);

/* The key of a person in tables and of its aggregate. */
struct cs_id people_id(const char *enterprise, const char *account);
/* The key of what belongs to one token. */
struct cs_id people_token_id(const uint8_t sha256[static PEOPLE_SHA256]);
/* NULL: not loaded, or not there. */
struct people_person *
people_find_person(const struct people_world *world, const char *enterprise, const char *account);
struct people_credential *people_find_credential(
    const struct people_world *world, const uint8_t sha256[static PEOPLE_SHA256]);

/* Who asks, as of this instant. */
struct people_caller {
	const char *enterprise, *account;
	unsigned roles, scopes;
	struct cs_id credential;
	enum people_kind kind; /* API token or session */
	int64_t ends_ms;       /* 0: never */
	bool must_change;      /* the password, before anything else is answered */
};

/*
 * False: the token is nobody's, ended, of somebody who is not active, or an invitation; these cannot be told
 * apart.  True: *ret is filled, and that the credential was used is noted in it for save.
 */
bool people_identify(struct people_world *world, const struct people_ask *ask, int64_t now_ms,
    struct people_caller *ret);
/* May a credential with these scopes be used for this one? */
bool people_allows(unsigned scopes, enum people_scope scope);
/* Is the caller of this enterprise, or of the platform, with one of these roles? */
bool people_has_role(const struct people_caller *caller, const char *enterprise, unsigned roles);

#endif

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

#define PEOPLE_SALT 16
#define PEOPLE_PROOF 32 /* what Argon2id makes of a password and its salt */

/* A password, as far as it is known here.  The costs are those of Argon2id (RFC 9106 3.1). */
struct people_password {
	bool set;
	uint8_t salt[PEOPLE_SALT];
	uint32_t passes, memory_kib, lanes;
	uint8_t proof_sha256[PEOPLE_SHA256];
};

struct people_person {
	struct people_person *next;
	struct cs_id id; /* of the two names: people_id() */
	const char *enterprise, *account;
	bool there;     /* the document is */
	bool active;    /* it is there and active, and so is the enterprise */
	unsigned roles; /* as the document says */
	struct people_password password;
	bool must_change;
	bool changed;  /* password or must_change is new */
	bool logs_out; /* sessions and invitations end, but for those that are new */
	bool unlocked; /* nobody waits for failures of the past */
	bool lists;    /* load gives all credentials of it */
	bool locked;   /* load holds the row; a decision may change it */
};

struct people_credential {
	struct people_credential *next;
	struct cs_id id;
	enum people_kind kind;
	uint8_t sha256[PEOPLE_SHA256]; /* of the token as it is sent */
	struct people_person *person;
	const char *label, *made_by;
	unsigned scopes;
	int64_t made_ms, ends_ms, used_ms; /* ends_ms 0: never */
	bool from_file;                    /* of the file of tokens: no row */
	bool is_new, ended;
	bool must_be_there; /* ended by being used: of two who use it at once, one does */
	bool used;          /* used_ms is new */
};

/* How often somebody failed to come in. */
struct people_tally {
	struct people_tally *next;
	struct cs_id account; /* people_id(); all zero: whoever it was */
	const char *network;  /* people_network(); "": wherever it was */
	uint32_t failures;
	int64_t failed_ms;  /* the last of them */
	int64_t welcome_ms; /* the last time that it went well; 0: never */
	bool changed;
};

/* What the questions of a batch are about. */
struct people_world {
	struct people_person *persons;
	struct people_credential *credentials;
	struct people_tally *tallies;
	uint8_t salt_key
	    [PEOPLE_SHA256]; /* of the salts of those who have none; only for PEOPLE_SALTS */
};

enum people_question {
	PEOPLE_WHO,
	PEOPLE_SALTS,
	PEOPLE_LOGIN,
	PEOPLE_NEW_PASSWORD,
	PEOPLE_LOGOUT,
	PEOPLE_CREDENTIALS /* all of the person that it is about, who may change */
};

/* The beginning of each question's `what`. */
struct people_ask {
	enum people_question question; /* what load must look up and lock beside who asks */
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

struct people_tally *
people_find_tally(const struct people_world *world, struct cs_id account, const char *network);

/* The token's credential, when it has not ended and its person is active; else NULL. */
struct people_credential *
people_find_live(const struct people_world *world, const struct people_ask *ask, int64_t now_ms);

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

/* ---- coming in ---- */

#define PEOPLE_SESSION_NETWORK "session" /* where a session's own wrong old passwords are counted */

/* What new passwords are stretched with: the second choice of RFC 9106 4. */
#define PEOPLE_PASSES 3
#define PEOPLE_MEMORY_KIB 65536
#define PEOPLE_LANES 4

/* The network of an address, an IPv4 /24 or an IPv6 /48; of anything else the text itself. */
const char *people_network(struct cs_arena *arena, const char *source);

struct people_setting {
	int64_t now_ms;
	const uint8_t
	    *random; /* 32 octets, of this decision alone: tokens and salts come from it */
	struct cs_arena *arena;
};

struct people_salt {
	bool known; /* false: there is no such invitation */
	uint8_t salt[PEOPLE_SALT], new_salt[PEOPLE_SALT];
	uint32_t passes, memory_kib,
	    lanes; /* with the salt; with the new one it is PEOPLE_PASSES, ... */
	const struct people_person *invited; /* NULL: by no invitation */
};
/* For a person (who need not be there: nobody can tell), or for an invitation. */
struct people_salt people_decide_salt(const struct people_setting *in,
    const struct people_world *world, const struct people_ask *ask);

struct people_login_ask {
	struct people_ask who;
	uint8_t proof_sha256[PEOPLE_SHA256];
};

enum people_verdict { PEOPLE_UNKNOWN, PEOPLE_WRONG, PEOPLE_LOCKED, PEOPLE_WELCOME };
/* "unknown", "wrong", "locked", "welcome". */
const char *people_verdict_name(enum people_verdict verdict);

struct people_login {
	enum people_verdict verdict;
	const char *token; /* secret */
	int64_t ends_ms, retry_ms;
	bool must_change;
};
/*
 * Wrong passwords cost waiting: the account's, from there; the account's, from everywhere; and everybody's, from
 * there.  The last two do not count where the account came in within a month, so that no stranger elsewhere can
 * keep anybody out.  While somebody waits nothing is judged and nothing is counted.
 */
struct people_login people_decide_login(const struct people_setting *in, struct people_world *world,
    const struct people_login_ask *ask);

struct people_password_ask {
	struct people_ask who; /* by an invitation, or by a session */
	bool by_invitation;
	uint8_t old_proof_sha256[PEOPLE_SHA256];
	struct people_password wanted;
};
/* WELCOME: it is set, and sessions and invitations have ended.  A new one may not be stretched less than ours. */
enum people_verdict people_decide_password(const struct people_setting *in,
    struct people_world *world, const struct people_password_ask *ask);

/* Sessions and invitations of the person end. */
void people_log_out(struct people_world *world, struct people_person *person);
/* A new secret of this kind, its digest and the id of its credential: once a decision. */
const char *people_draw_token(const struct people_setting *in, enum people_kind kind,
    uint8_t ret_sha256[static PEOPLE_SHA256], struct cs_id *ret_id);

/* Whether there was such a session. */
bool people_decide_logout(struct people_world *world, const struct people_ask *ask, int64_t now_ms);

/* In one place: when may a tally's next try be made, by its failures?  0: at once. */
enum people_count { PEOPLE_OF_BOTH, PEOPLE_OF_ACCOUNT, PEOPLE_OF_NETWORK };
int64_t
people_wait_until(enum people_count count, const struct people_tally *tally, int64_t now_ms);

#endif

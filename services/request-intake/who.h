/* SPDX-License-Identifier: Apache-2.0 */
/*
 * who.h: whose token it is, as policy said not long ago.  Pure: no I/O, no clock.
 *
 * No token is kept, only its SHA-256.  What policy knows and what it does not know lie apart, each in a
 * table of a fixed size: strangers who try tokens push out nobody.
 */
#ifndef INTAKE_WHO_H
#define INTAKE_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define WHO_FRESH_MS INT64_C(5000)  /* so long an answer of policy is not asked for again */
#define WHO_STALE_MS INT64_C(60000) /* so long it counts while policy does not answer */
#define WHO_RETRY_MS INT64_C(1000)  /* policy did not answer: so long it is not asked again */
#define WHO_UNKNOWN_MS \
	INT64_C(3000) /* so long a token that policy does not know is not asked for */
#define WHO_NAME 129  /* octets of a name, with its NUL */
#define WHO_SHA256 32

/* What a person may be; policy gives them. */
enum who_role {
	WHO_USER = 1 << 0,
	WHO_OPERATOR = 1 << 1,
	WHO_AUDITOR = 1 << 2,
	WHO_ADMINISTRATOR = 1 << 3
};

/* What a token may be used for, of that which the roles allow. */
enum who_scope {
	WHO_READS_REQUESTS = 1 << 0,
	WHO_WRITES_REQUESTS = 1 << 1,
	WHO_READS_CONFIG = 1 << 2,
	WHO_WRITES_CONFIG = 1 << 3,
	WHO_WRITES_PEOPLE = 1 << 4
};

/* 0: no such name, which allows nothing. */
unsigned who_role_of(const char *name);
const char *who_role_name(enum who_role role);
unsigned who_scopes_of(const char *name); /* "*": all of them */
const char *who_scope_name(enum who_scope scope);

struct who {
	char enterprise[WHO_NAME]; /* "platform": of no enterprise, and of all of them */
	char account[WHO_NAME];
	char credential[WHO_NAME];
	unsigned roles, scopes;
	bool by_password;   /* the credential is a session, of whoever logged in */
	bool must_change;   /* the password: nothing else is answered until then */
	int64_t ends_at_ms; /* 0: never */
};

enum who_found {
	WHO_ASK, /* policy must be asked: it has not answered for too long, or the token has ended */
	WHO_KNOWN, /* asked for not long ago */
	WHO_STALE, /* the same, but policy should be asked again; it counts when there is no answer */
	WHO_UNKNOWN, /* nobody's token */
};

struct who_cache;
struct who_cache *who_cache_new(struct cs_arena *arena);
/* *ret_who is written when it is KNOWN or STALE. */
enum who_found who_find(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256],
    int64_t now_ms, struct who *ret_who);
/* What policy answered; `who` NULL: it knows no such token. */
void who_keep(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256],
    const struct who *who, int64_t now_ms);
/* Policy did not answer: what is stale counts as known for a moment. */
void
who_unanswered(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256], int64_t now_ms);
/* It was known here before, however long ago: not a stranger's. */
bool who_is_familiar(const struct who_cache *cache, const uint8_t sha256[static WHO_SHA256]);
/* A session ended. */
void who_forget(struct who_cache *cache, const uint8_t sha256[static WHO_SHA256]);
/* People or their rights changed: policy is asked again for each before it counts. */
void who_expire_all(struct who_cache *cache);

#endif

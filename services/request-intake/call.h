/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h: one call of the HTTP API: who makes it, within which limits, and how it is answered.  What all
 * routes share.  Loop thread only.
 */
#ifndef INTAKE_CALL_H
#define INTAKE_CALL_H

#include "http/server.h"
#include "query.h"
#include "service.h"
#include "source.h"
#include "sse.h"
#include "usage.h"
#include "who.h"

#define CALL_JSON "application/json"
#define CALL_CHALLENGE "Bearer realm=\"countersign\"" /* of a 401 (RFC 6750 3) */

struct asking;
struct json_approve;

struct api {
	struct cs_arena *arena; /* its own */
	struct intake_service *intake;
	struct svc *svc;
	struct sse *sse;
	struct usages *usages;
	struct sources *sources;
	struct who_cache *who;
	struct asking *asking; /* questions to policy under way: see door.h */
};

/* One request under way; lives in the request's arena. */
struct call {
	struct api *api;
	struct http_request *req;
	struct cs_arena *arena;
	const struct who *who; /* NULL: a route that asks for no token */
	struct query query;    /* caller and id are always set */
	const char *check;     /* "" when the path names none */
	uint64_t watch_after;
	struct cs_span body;              /* of a command that follows a query */
	const struct json_approve *typed; /* codes or a password that came with an approval */
	const char *method;               /* of a second factor */
};

/*
 * NULL: already answered: no token that counts, one that may not be used for this, or a path that names nothing.
 * Behind the door (door.h).  What is only read needs the scope requests:read, anything else requests:write and
 * a person who is a user or an operator.
 */
struct call *call_begin(void *self, struct http_request *req);
/* The same for a route that only reads, but what nobody shall read who may not write. */
struct call *call_begin_writing(void *self, struct http_request *req);
/*
 * The same for routes of the token itself and those that policy judges: with whatever scopes, and also when the
 * password must be changed first.
 */
struct call *call_begin_any(void *self, struct http_request *req);
/* The same for routes that are open to everybody: the caller is nobody. */
struct call *call_begin_open(void *self, struct http_request *req);

/* The token that came with the call counts no more, for all that is known here. */
void call_forget_token(const struct call *call);

/* Where the call comes from, behind the proxies that are trusted. */
struct source_network call_network_of(const struct api *api, const struct http_request *req);
/* The same as others are told: "192.0.2.0/24". */
const char *call_source(const struct call *call);
/* What is counted for whoever asks: the API token, or the person who logged in, with however many sessions. */
struct usage *call_usage(const struct call *call);

/* Each of these is true, or has answered. */
bool call_has_lasting_password(struct call *call); /* none that must be changed first */
bool call_is_json(struct call *call);
bool
call_has_no_body(struct call *call); /* an action without parameters: no body, or an empty object */
bool call_within_limit(struct call *call, bool is_creation);
/* For routes without a token: only the network counts.  `limit`: for this act in an hour. */
bool call_within_network(struct call *call, enum source_act act, uint32_t limit);
void call_too_many(struct call *call, const char *text); /* 429 */
bool call_has_room(struct call *call);                   /* new requests are shed first */
/* Sets the id of what is created: that of the Idempotency-Key, or a new one. */
bool call_read_key(struct call *call);

void call_reply(struct call *call, unsigned status, const char *type, struct cs_span body,
    const struct http_header *extra);
void call_reply_body(struct call *call, unsigned status, struct cs_span body);
void call_problem(struct call *call, unsigned status, struct cs_refusal why);
void call_problem_with(
    struct call *call, unsigned status, struct cs_refusal why, const struct http_header *extra);
void call_busy(struct call *call);         /* 503 */
void call_unauthorized(struct call *call); /* 401: no token that counts came with it */
/* Answers 400 for a parameter of the query; false. */
bool call_refuse_query(struct call *call, const char *field, const char *text, const char *mend);

/* What people say travels far: no private key is in it, or it was refused (422). */
bool call_holds_no_key(struct call *call, const char *text);
/*
 * For lists: operators and auditors of the platform name the enterprise that they mean in the query, and count
 * as its own from here on.  False: answered.
 */
bool call_read_enterprise(struct call *call);
/* From 1 to 100; false: it is something else. */
bool call_parse_limit(const char *text, uint32_t *ret);

/* An event of the id's aggregate; `answered` gets the call. */
void
call_command(struct call *call, const char *subject, struct cs_span body, svc_answered *answered);
void call_query(struct call *call, svc_query *fn, svc_answered *answered);
/* The status and body of a command or query are the client's. */
svc_answered call_answered;
/* The same; a 201 says where it is: `collection` and the id. */
void call_created(
    struct call *call, const char *collection, bool ok, uint32_t status, struct cs_span body);

#endif

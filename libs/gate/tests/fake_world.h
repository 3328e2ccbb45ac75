/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_world.h: everything that one certificate needs, made with real keys: a request for ann@sales.example
 * (proved by mail, for an earlier request) and bob@dev.example (by a TXT record at dev.example and four
 * of five perspectives or more), CAA of both domains, the approval and the final plan.  A test changes
 * one thing at one step; what is computed later is computed from what it changed.
 *
 * With world_identify() the certificate names the organization acme and the person u-1 as well, or one of
 * them: policy states who they are.
 */
#ifndef GATE_FAKE_WORLD_H
#define GATE_FAKE_WORLD_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */

#include "base/time.h"
#include "gate/gate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NOW INT64_C(1795437296789) /* 2026-11-23: four remote perspectives are enough */
#define REMOTES 5

/* What CAA was read for. */
#define WORLD_TERMS(methods) \
	"issuers=ca.countersign.example account=acct:acme@ca.countersign.example methods=" methods

enum world_key {
	KEY_ANN, /* approvers of the trust table */
	KEY_BOB,
	KEY_INTAKE,
	KEY_POLICY,
	KEY_MAILBOX,
	KEY_DOMAIN,
	KEY_CAA,
	KEY_MPIC,
	KEY_REMOTE, /* the first of five */
	KEY_STRANGER = KEY_REMOTE + REMOTES,
	KEYS
};
#define ROWS (KEY_STRANGER - KEY_INTAKE)

/* The checks of the plan, in its order. */
enum {
	MAILBOX,
	DOMAIN,
	MPIC_DOMAIN,
	CAA_SALES,
	MPIC_SALES,
	CAA_DEV,
	MPIC_DEV,
	CHECKS,
	ORGANIZATION = CHECKS, /* these three after world_identify() alone */
	AUTHORITY,
	INDIVIDUAL,
	ALL_CHECKS
};

#define WORLD_ORGANIZATION                                                      \
	"organizationName=Acme AG\norganizationIdentifier=NTRCH-CHE123456789\n" \
	"streetAddress=Weg 1\nlocalityName=Bern\npostalCode=3000\ncountryName=CH\n"
#define WORLD_INDIVIDUAL "givenName=Ann\nsurname=Ng\ntitle=Dr.\n"

enum world_step {
	STEP_FACTS,   /* nothing is computed yet */
	STEP_REQUEST, /* the request's digest is computed and copied to whoever names it */
	STEP_PROOFS,  /* digests of checks and evidence are computed; answers are signed next */
	STEP_PLAN,    /* evidence, request and approval are sealed; the plan names them */
	STEP_CASE     /* everything is sealed and in the case */
};

struct world {
	struct cs_arena *arena; /* of one case: reset by world_make */
	struct cs_arena *kept;
	char dir[64];
	struct claim_key *keys[KEYS];
	struct claim_trust_row rows[ROWS]; /* of KEY_INTAKE and those after it */
	struct claim_trust *trust;
	bool trust_changed;

	struct claim_request request;
	struct claim_approval approval;
	struct claim_check checks[ALL_CHECKS];
	struct claim_evidence evidence[ALL_CHECKS];
	struct claim_perspective_answer answers[ALL_CHECKS][REMOTES];
	struct claim_perspective_result results[ALL_CHECKS][REMOTES];
	struct claim_plan plan;
	size_t n_checks;
	enum world_key request_key, approval_key, plan_key, evidence_key[ALL_CHECKS];
	enum world_key answer_key[ALL_CHECKS][REMOTES];

	struct cs_span sealed[ALL_CHECKS]; /* evidence */
	struct gate_evidence stored[ALL_CHECKS + 2];
	struct gate_denial denials[2];
	struct gate_case c;
	struct gate_rules rules;
	int64_t now_ms;
};

typedef void world_change(struct world *w, enum world_step step);

/* A world_change: `facts` in STEP_FACTS, and then, or in another step, what alone is otherwise. */
#define WORLD_CHANGE(name, when, facts, ...)                    \
	static void name(struct world *w, enum world_step step) \
	{                                                       \
		if (step == STEP_FACTS) {                       \
			facts;                                  \
		}                                               \
		if (step == (when)) {                           \
			__VA_ARGS__;                            \
		}                                               \
	}

/* What the gate answers when one thing is changed. */
struct world_case {
	const char *name;
	world_change *change;
	const char *want; /* NULL: complete; "check why": missing; "code": refused */
};

struct world *world_new(void);
void world_free(struct world *w);
/* cmocka's setup and teardown: the state is a new world, which nothing has made yet. */
int world_setup(void **state);
int world_teardown(void **state);
/* Makes everything anew, calling `change` (or NULL) after each step. */
void world_make(struct world *w, world_change *change);
/* Another evidence beside those; gives its index in c.evidence. */
size_t world_store(struct world *w, const struct claim_evidence *e, enum world_key key);
/* The keys of the trust table again, as `rows` say now. */
void world_trust(struct world *w);
/* Signs what is changed in STEP_PLAN again: evidence i. */
void world_seal(struct world *w, size_t i);

/* In STEP_FACTS: a certificate of this profile, for bob@dev.example alone, of whose domain acme has proof. */
void world_identify(struct world *w, const char *certificate_profile);

/* What plan.final would bring: the plan with whatever else is in the other two (one alone: they are equal). */
struct cs_span world_final(struct world *w, const struct claim_case *c);

/* The verdict in the words of world_case.want, or "complete". */
const char *world_answer(struct world *w, const struct gate_verdict *v);
/* Makes each case's world and fails at the first that is answered otherwise. */
void world_expect(struct world *w, const struct world_case *cases, size_t n);

struct claim_texts world_texts(const char *const *items, size_t n);

#endif

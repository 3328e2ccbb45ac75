/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h: documents: what a call about them is, and what becomes of it.  Pure: no I/O, no clock.
 *
 * A change is all or nothing and keeps every rule between documents: what is referred to is there, what is in
 * use does not go away, nobody overwrites what they have not seen.  Versions are numbers of one sequence, so that
 * a document that was deleted and made again never has a version that it had before.
 */
#ifndef POLICY_CONFIG_H
#define POLICY_CONFIG_H

#include "base/id.h"
#include "config_rights.h"

#define CONFIG_WISHES_MAX 500 /* documents of one call */
#define CONFIG_PAGE_MAX 100
#define CONFIG_USES_SHOWN 20
#define CONFIG_USERS_MAX 2000 /* documents that may use what goes away */

/* ---- documents ---- */

struct config_doc {
	struct config_doc *next;
	enum config_kind kind;
	const char *enterprise, *name;
	struct cs_id id;
	uint64_t version;
	struct cs_span spec; /* canonical */
	int64_t changed_ms;
	const char *changed_by;    /* "demo/operator" */
	int64_t verified_until_ms; /* of a domain: its evidence stands so long; 0: not verified */
	bool deleted;              /* in the state of a call: it has just gone away */
};

/* One line of the audit. */
struct config_change {
	struct config_change *next;
	enum config_kind kind;
	const char *enterprise, *name;
	uint64_t version;
	int64_t at_ms;
	const char *who, *credential, *source; /* who: "demo/operator" */
	struct cs_span before, after;          /* empty: it was not there; it is gone */
};

/* ---- calls ---- */

enum config_act {
	CONFIG_SHOW_KINDS,
	CONFIG_LIST,
	CONFIG_SHOW,
	CONFIG_PUT,
	CONFIG_DELETE,
	CONFIG_APPLY,
	CONFIG_CHANGES,
	CONFIG_PEOPLE,   /* how a person comes in: config_people.h */
	CONFIG_IDENTITY, /* config_identity.h */
	CONFIG_FORM,     /* config_form.h */
	CONFIG_TEST      /* of a connector */
};

/* What shall be set, or go away. */
struct config_wish {
	enum config_kind kind;
	const char *enterprise, *name;
	bool deletes;
	struct cs_span spec; /* canonical; empty when it deletes */
	struct config_refs refs;
};

/* As it came, before anybody asked who it is from. */
struct config_http {
	const char *token, *method, *path, *query, *if_match, *if_none_match, *source;
	struct cs_span body;
};

struct config_ask {
	enum config_act act;
	enum config_kind kind; /* of all but KINDS, APPLY and CHANGES */
	const char *enterprise, *name;
	const char *person; /* of FORM, whose `name` is a profile */
	bool dry_run;
	uint32_t limit;
	const char *after;  /* LIST: names behind this one */
	uint64_t before;    /* CHANGES: versions below this one; 0: the newest */
	uint64_t if_match;  /* 0: not said */
	bool if_none_match; /* it must not be there */
	struct config_wish *wishes;
	size_t n_wishes;
	bool writes_people; /* of PEOPLE and IDENTITY */
	unsigned status;    /* of `why`; 0: it can be read */
	struct cs_refusal why;
};

/* Reads a call: path, query, preconditions and body.  What is wrong with it is in `status` and `why`. */
struct config_ask config_read(
    const struct policy_rules *rules, struct cs_arena *arena, const struct config_http *http);
bool config_writes(const struct config_ask *ask);

/* ---- what was loaded for a call, and what it leaves ---- */

struct config_record_change;

struct config_state {
	struct config_doc *docs; /* those that it names or refers to, and enterprises of them */
	/* Documents that may refer to one that shall go away, or lie in an enterprise that shall. */
	struct config_doc *users;
	bool more_users;               /* than were handed out: nothing goes away */
	struct config_doc *page;       /* of LIST, in order */
	struct config_change *history; /* of CHANGES, the newest first */
	bool more;                     /* behind the page */
	uint64_t last_version;
	struct config_change *changes, *last_change; /* that were made, in order */
	/* Of calls about identities: those of the enterprise, or the one that is named. */
	struct policy_identity *records;
	size_t n_records;
	struct config_record_change *record_changes; /* that were made, the last first */
};

struct config_setting {
	const struct policy_rules *rules;
	struct cs_arena *arena;
	int64_t now_ms;
	const uint8_t *random; /* 32 octets: ids of new documents come from it */
};

struct config_answer {
	unsigned status;
	struct cs_span body;
	const char *etag;
	const char *ask;             /* of TEST: the question that goes on; NULL: none */
	const char *type, *endpoint; /* of TEST without one: what request-intake looks at itself */
	struct config_change *made;  /* what this call changed, in order; NULL: nothing */
};

/* `state` is as after the call then. */
struct config_answer config_decide(const struct config_setting *in, struct config_state *state,
    const struct config_caller *caller, const struct config_ask *ask);

/* Does what others may refer to go away by it: is it deleted, or of no use to profiles any more? */
bool config_takes_away(const struct config_wish *wish);

/* Has the document this name, deleted or not? */
bool config_is_document(
    const struct config_doc *doc, enum config_kind kind, const char *enterprise, const char *name);
/* NULL: it is not there. */
const struct config_doc *config_find(
    const struct config_doc *docs, enum config_kind kind, const char *enterprise, const char *name);
/* What other services are told of a spec: of a person only rights. */
struct cs_span
config_public_spec(struct cs_arena *arena, enum config_kind kind, struct cs_span spec);
/* RFC 9457. */
struct cs_span
config_problem(struct cs_arena *arena, unsigned status, const struct cs_refusal *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vouch.c: a proof of a domain that rests on answers without DNSSEC: are they really without?  Where DS
 * records say that a zone is signed, in a way that our resolver cannot check, it proves nothing (dns/unsigned.h).
 * CAA looks into that by itself, with fewer lookups: it knows the names above.
 */
#include "dns/unsigned.h"
#include "internal.h"

#define LIMIT_MS 8000
#define CLAUSE "SBR 4.2.2.1.1; RFC 4035 5.2"

struct vouching {
	struct look *look;
	struct unsigned_ds *ds; /* one for each name that is asked about */
	size_t n, waiting;
};

struct asked {
	struct vouching *vouching;
	struct unsigned_ds *ds;
};

static void
add_path(struct look *look, const char *name)
{
	if (look->paths == NULL)
		look->paths = CS_NEW_ARRAY(look->arena, PATHS_MAX, struct unsigned_path);
	if (look->n_paths < PATHS_MAX)
		look->paths[look->n_paths++] =
		    (struct unsigned_path){ cs_arena_strdup(look->arena, name), NULL };
	else
		look->too_many_paths = true;
}

void
look_note_insecure(struct look *look, const struct dns_result *result)
{
	const struct dns_answer *answer = result->answer;

	if (result->state != DNS_INSECURE || answer == NULL || result->type == DNS_TYPE_DS)
		return;
	for (size_t i = 0; i < answer->aliases_len; i++)
		add_path(look, answer->aliases[i]);
	if (answer->aliases_len == 0)
		add_path(look, answer->name);
}

bool
look_needs_vouching(const struct look *look)
{
	return look->n_paths > 0 && !look->vouched && look->check->kind != CLAIM_MAILBOX &&
	       look->check->kind != CLAIM_CAA && look->check->kind != CLAIM_MPIC_CAA;
}

static void
decide(struct vouching *vouching)
{
	struct look *look = vouching->look;
	struct unsigned_decision decision;

	unsigned_decide(
	    look->arena, look->paths, look->n_paths, vouching->ds, vouching->n, &decision);
	switch (decision.finding) {
	case UNSIGNED_PROVED:
		look_end(look, CLAIM_PROVED, look->finding.reason, look->finding.clause,
		    look->finding.text);
		return;
	case UNSIGNED_UNCHECKED:
		look_weaken(look, DNS_INDETERMINATE);
		look_end(look, CLAIM_REFUSED, "dnssec-unchecked", CLAUSE, decision.text);
		return;
	case UNSIGNED_UNSUPPORTED:
		look_weaken(look, DNS_INDETERMINATE);
		look_end(
		    look, CLAIM_REFUSED, "dnssec-unsupported-algorithm", CLAUSE, decision.text);
		return;
	case UNSIGNED_BOGUS:
		look_end(
		    look, CLAIM_REFUSED, "dnssec-bogus", "TBR 3.2.2.4; RFC 4035 5", decision.text);
		return;
	case UNSIGNED_UNKNOWN:
		look_end(look, CLAIM_COULD_NOT_TELL, "dns-failed", CLAUSE, decision.text);
		return;
	}
}

static void
answered(struct vouching *vouching)
{
	if (--vouching->waiting == 0)
		decide(vouching);
}

/* Read again from a copy of the packet: the answer is gone when this returns. */
static void
on_answer(void *arg, const struct dns_result *result)
{
	struct asked *asked = arg;
	struct look *look = asked->vouching->look;
	struct dns_answer *answer = CS_NEW(look->arena, struct dns_answer);
	const struct cs_span wire = cs_arena_copy_span(look->arena, result->wire);

	if (look->probe->closing)
		return;
	look_add_lookup(look, result);
	asked->ds->state = result->state;
	asked->ds->why = cs_arena_strdup(look->arena, result->why);
	if (result->answer != NULL && dns_answer_parse(look->arena, wire, asked->ds->name,
					  DNS_TYPE_DS, answer, NULL) == CS_OK)
		asked->ds->answer = answer;
	answered(asked->vouching);
}

static void
ask(struct vouching *vouching, const char *const *names)
{
	struct look *look = vouching->look;

	vouching->waiting = 1; /* ours, until all are asked */
	for (size_t i = 0; i < vouching->n; i++) {
		struct asked *asked = CS_NEW(look->arena, struct asked);
		const struct dns_question question = {
			.name = names[i], .type = DNS_TYPE_DS, .limit_ms = LIMIT_MS
		};

		vouching->ds[i] = (struct unsigned_ds){ .name = names[i], .why = "" };
		*asked = (struct asked){ vouching, &vouching->ds[i] };
		vouching->waiting++;
		dns_lookup(look->probe->dns, &question, on_answer, asked);
	}
	answered(vouching);
}

void
look_vouch(struct look *look)
{
	struct vouching *vouching = CS_NEW(look->arena, struct vouching);
	const char **names;
	size_t n;

	look->vouched = true;
	if (look->too_many_paths ||
	    !unsigned_names(look->arena, look->paths, look->n_paths, &names, &n)) {
		look_end(look, CLAIM_COULD_NOT_TELL, "dns-failed", CLAUSE,
		    "too many names without DNSSEC are on the way to this proof");
		return;
	}
	*vouching = (struct vouching){
		.look = look, .ds = CS_NEW_ARRAY(look->arena, n, struct unsigned_ds), .n = n
	};
	ask(vouching, names);
}
